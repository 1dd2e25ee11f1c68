-- Every deployment

-- M01 high: All migrations of this release are applied
-- Examines: schema ragwall
-- Reference: checklist 6
-- Why: A later migration may mend a wall.
-- Remedy: Apply the migrations: `ragwall migrate`, or the tool that you apply them with.
select 'M01', case when m.done > :last_migration then 'medium' end, 'fail', 'schema ragwall',
  format('the last migration that was applied is %s of %s, so M06 to M12 do not apply', coalesce(m.done, 0),
    :last_migration),
  case when m.done > :last_migration then 'Use the audit of the release that was applied.'
    else 'Apply the migrations: ragwall migrate.' end
from schema as s
cross join lateral (
  select max((regexp_match(f.body, 'RETURN (\d+)'))[1]::integer) as done
  from routine as f
  where f.nspname = 'ragwall' and f.proname = 'migration'
) as m
where s.nspname = 'ragwall' and m.done is distinct from :last_migration

-- M02 high: Default privileges grant nothing to application roles or PUBLIC
-- Examines: database
-- Reference: checklist 6
-- Why: Default privileges open every object that a migration creates later, before anybody has decided who may use
--   it.
-- Remedy: `alter default privileges for role … revoke all on … from …`.
select 'M02', case when k.kind in ('sequences', 'functions') then 'low'
    when g.oid <> 0 and not bool_or(a.privilege_type = 'TRUNCATE') then 'medium' end,
  case when k.kind in ('sequences', 'functions') then 'warn' else 'fail' end,
  format('default privileges of %s%s on %s for %s', d.defaclrole::regrole,
    coalesce(' in ' || quote_ident(s.nspname), ''), k.kind, g.name),
  format('%s is granted on every one that is created later', string_agg(a.privilege_type, ', ')),
  format('alter default privileges for role %s %srevoke all on %s from %s',
    d.defaclrole::regrole, coalesce('in schema ' || quote_ident(s.nspname) || ' ', ''), k.kind, g.ident)
from pg_catalog.pg_default_acl as d
join (
  values ('r', 'tables'), ('S', 'sequences'), ('f', 'functions'), ('n', 'schemas'), ('L', 'large objects')
) as k (type, kind)
  on k.type = d.defaclobjtype::text
left join pg_catalog.pg_namespace as s on s.oid = d.defaclnamespace
cross join lateral pg_catalog.aclexplode(d.defaclacl) as a
join grantee as g on g.oid = a.grantee
-- EXECUTE on functions for PUBLIC is M03, which names only the owners that matter.
where (d.defaclobjtype, d.defaclnamespace, g.oid) <> ('f', 0, 0) and g.oid <> d.defaclrole
group by d.defaclrole, s.nspname, k.kind, g.oid, g.name, g.ident

-- M03 low: Functions that an owner creates later are not executable by PUBLIC
-- Examines: tables
-- Reference: checklist 6
-- Why: PostgreSQL grants EXECUTE on each new function to PUBLIC, security definer functions included.
-- Remedy: `alter default privileges for role … revoke execute on functions from public`.
select 'M03', null, 'warn', o.owner::regrole::text, 'PUBLIC may execute every function that this owner creates',
  format('alter default privileges for role %s revoke execute on functions from public', o.owner::regrole)
from (select relowner as owner from tenant_table union select proowner from context_function) as o
where o.owner not in (select oid from grantee) and not exists (
  select from pg_catalog.pg_default_acl as d
  where d.defaclrole = o.owner and d.defaclobjtype = 'f' and d.defaclnamespace = 0
    and not exists (select from pg_catalog.aclexplode(d.defaclacl) as a where a.grantee = 0)
)

-- M04 high: Event triggers run only functions of superusers that have a fixed search_path
-- Examines: event triggers
-- Reference: checklist 6
-- Why: The function of an event trigger runs with the rights of whoever executes DDL, often a superuser. Whoever
--   can change what the function does gets these rights.
-- Remedy: Give the function to a superuser, and fix its search_path.
select 'M04', case when r.rolsuper then 'low' end, case when r.rolsuper then 'warn' else 'fail' end,
  'event trigger ' || quote_ident(e.evtname),
  case when not r.rolsuper
    then format('its function %s runs with the rights of whoever executes DDL, and belongs to %s, who is no superuser',
      f.name, r.rolname)
    else format('its function %s has no search_path: names are looked up in that of whoever executes DDL', f.name) end,
  case when not r.rolsuper then format('alter function %s owner to <a superuser>', f.name)
    else format('alter function %s set search_path = pg_catalog, pg_temp', f.name) end
from pg_catalog.pg_event_trigger as e
join routine as f on f.oid = e.evtfoid
join pg_catalog.pg_roles as r on r.oid = f.proowner
where not r.rolsuper or not f.names_resolved and f.search_path is null

-- M05 high: The isolation tests pass on every deployment
-- Reference: checklist 6
-- Why: A migration can open what an earlier one closed.
-- Remedy: Run `ragwall audit` and the test suites in CI.
-- Not in SQL: the database cannot tell whether ragwall audit and the test suites run in CI

-- G01 high: The login of the application may use the schema ragwall
-- Reference: checklist 6
-- Why: Without the schema every request fails; the check at start-up says so before the first one.
-- Remedy: Apply the migrations, and grant the login app_user or app_reader.
-- Only by: assertIsolation() at start-up
