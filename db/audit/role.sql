-- Roles

-- R00 high: There is a role for applications
-- Examines: tables
-- Reference: checklist 2
-- Why: Where nobody else has a privilege on a tenant table, the application must log in as the owner or as a
--   superuser, whom policies may not bind.
-- Remedy: Create a role for the application, grant it what it needs, and log in as it. Or name the role:
--   `--app-role`.
select 'R00', null, 'fail', 'database ' || quote_ident(current_database()),
  coalesce('these roles do not exist: ' || n.missing, 'only owners and superusers have a privilege on a tenant table, '
    'so the application must log in as one of them'),
  'Create a role for the application, grant it what it needs, and log in as it. Or name it: --app-role.'
from (
  select string_agg(n, ', ') as missing
  from setting as s
  cross join unnest(s.app_roles) as n
  where n not in (select rolname from pg_catalog.pg_roles)
) as n
where exists (select from tenant_table) and (n.missing is not null or not exists (select from app_role))

-- R01 critical: No application role is a superuser
-- Examines: application roles
-- Reference: checklist 2 | testing 5
-- Why: Row-level security does not apply to superusers.
-- Remedy: `alter role … nosuperuser`.
select 'R01', null, 'fail', a.rolname, 'it is a superuser: policies do not bind it',
  format('alter role %I nosuperuser', a.rolname)
from app_role as a
where a.rolsuper

-- R02 critical: No application role has BYPASSRLS
-- Examines: application roles
-- Reference: checklist 2 | testing 5
-- Why: Row-level security does not apply to roles with BYPASSRLS.
-- Remedy: `alter role … nobypassrls`.
select 'R02', null, 'fail', a.rolname, 'it has BYPASSRLS: policies do not bind it',
  format('alter role %I nobypassrls', a.rolname)
from app_role as a
where a.rolbypassrls and not a.rolsuper

-- R03 high: No application role has REPLICATION
-- Examines: application roles
-- Reference: checklist 2
-- Why: A replication connection copies every table, without policies.
-- Remedy: `alter role … noreplication`.
select 'R03', null, 'fail', a.rolname, 'it has REPLICATION: it can copy every table',
  format('alter role %I noreplication', a.rolname)
from app_role as a
where a.rolreplication and not a.rolsuper

-- R04 high: No application role has CREATEROLE
-- Examines: application roles
-- Reference: checklist 2
-- Why: A role with CREATEROLE can grant itself membership in other roles.
-- Remedy: `alter role … nocreaterole`.
select 'R04', null, 'fail', a.rolname, 'it has CREATEROLE: it can make itself a member of other roles',
  format('alter role %I nocreaterole', a.rolname)
from app_role as a
where a.rolcreaterole and not a.rolsuper

-- R05 low: No application role has CREATEDB
-- Examines: application roles
-- Reference: checklist 2
-- Why: A role with CREATEDB can copy a template database. The copy belongs to the role, and lacks the
--   original's REVOKEs.
-- Remedy: `alter role … nocreatedb`.
select 'R05', null, 'warn', a.rolname, 'it has CREATEDB: a copy of this database lacks the REVOKEs made on it',
  format('alter role %I nocreatedb', a.rolname)
from app_role as a
where a.rolcreatedb and not a.rolsuper

-- R06 high: No application role is a member of a predefined role
-- Examines: application roles
-- Reference: checklist 2
-- Why: Predefined roles such as pg_read_all_data reach past privileges; pg_monitor reads the statements of other
--   sessions.
-- Remedy: `revoke pg_… from …`.
select 'R06',
  case when o.rolname in ('pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats', 'pg_stat_scan_tables')
    then 'medium' end,
  'fail', format('%I in %I', a.rolname, o.rolname),
  'it is a member of ' || o.rolname || coalesce(' through ' || quote_ident(v.name), ''),
  format('revoke %I from %I', o.rolname, coalesce(v.name, a.rolname))
from app_role as a
join membership as m on m.member = a.oid
join pg_catalog.pg_roles as o on o.oid = m.roleid
left join last_link as v on v.member = a.oid and v.roleid = o.oid
where o.rolname ~ '^pg_' and not a.rolsuper and not exists (
  select from membership as i join membership as j on j.member = i.roleid
  where i.member = a.oid and j.roleid = o.oid
    and i.roleid in (select oid from app_role union select oid from pg_catalog.pg_roles where rolname ~ '^pg_')
)

-- R07 critical: No application role is a member of an owner, or of a role that policies do not bind
-- Examines: roles
-- Reference: checklist 2
-- Why: A member of an owner has the owner's rights without SET ROLE, and can switch policies off. A member of a
--   role with BYPASSRLS or of a superuser can become that role.
-- Remedy: `revoke <the role> from …`; for an indirect membership, the finding names the membership to revoke.
select 'R07', case when a.oid is null then 'medium' end, 'fail', format('%I in %I', r.rolname, o.rolname),
  format('it is a member of %I, which %s,', o.rolname, o.danger) || coalesce(' through ' || quote_ident(v.name), ''),
  format('revoke %I from %I', o.rolname, coalesce(v.name, r.rolname))
from other_role as o
join membership as m on m.roleid = o.oid
join pg_catalog.pg_roles as r on r.oid = m.member
left join last_link as v on v.member = r.oid and v.roleid = o.oid
left join app_role as a on a.oid = r.oid
where o.danger is not null and not r.rolsuper
  and (a.oid is not null or r.rolcanlogin and not r.rolbypassrls and o.danger = 'owns tenant tables')
  and not exists (
    select from membership as i join membership as j on j.member = i.roleid
    where i.member = r.oid and j.roleid = o.oid
      and i.roleid in (select oid from app_role union select oid from other_role where danger is not null)
  )

-- R08 high: No application role owns anything
-- Examines: application roles
-- Reference: checklist 2
-- Why: An owner can switch off the policies of its tables, and replace the body of its functions.
-- Remedy: `reassign owned by … to <a role that does not log in>`.
select 'R08', min(o.severity), 'fail', g.name,
  'it owns ' || string_agg(o.name, ', ' order by o.severity, o.name),
  format('reassign owned by %s to <a role that does not log in>', g.ident)
from grantee as g
join (
  select r.relowner as owner, r.name, case when t.oid is null then 'medium' else 'critical' end as severity
  from relation as r left join tenant_table as t on t.oid = r.oid
  union all
  select f.proowner, f.name, 'high'
  from routine as f
  where f.oid not in (select c.oid from context_function as c)
    and f.oid not in (select e.evtfoid from pg_catalog.pg_event_trigger as e)
  union all
  select s.nspowner, 'schema ' || quote_ident(s.nspname),
    case when s.oid in (select schema from tenant_table) then 'high' else 'medium' end
  from schema as s
  union all
  select d.datdba, 'database ' || quote_ident(d.datname), 'high'
  from pg_catalog.pg_database as d where d.datname = current_database()
) as o on o.owner = g.oid
where g.oid not in (select oid from pg_catalog.pg_roles where rolsuper)
group by g.name, g.ident

-- R09 low: The owners of tenant tables cannot log in, and policies bind them
-- Examines: tables
-- Reference: checklist 2
-- Why: Migrations run as the owner. If the owner can log in or bypasses policies, its credentials open every
--   tenant.
-- Remedy: Give the tables to a role that is nologin, nosuperuser and nobypassrls: `alter table … owner to …`.
select 'R09', null, 'warn', o.rolname,
  concat_ws(' and ', case when o.rolsuper then 'it is a superuser' when o.rolbypassrls then 'it has BYPASSRLS' end,
    case when o.rolcanlogin then 'it can log in' end) || ', and owns ' || count(*) || ' tenant tables',
  'Give the tables to a role that is nologin, nosuperuser and nobypassrls: alter table ... owner to <another>'
from tenant_table as t
join pg_catalog.pg_roles as o on o.oid = t.relowner
where (o.rolsuper or o.rolbypassrls or o.rolcanlogin) and o.oid not in (select oid from app_role)
group by o.rolname, o.rolsuper, o.rolbypassrls, o.rolcanlogin

-- R10 low: Logins that policies do not bind are known
-- Examines: roles
-- Reference: checklist 2
-- Why: Backup and replication need such logins. An application that connects as one of them reads every tenant.
-- Remedy: Make sure that no application uses the login; then accept the finding.
select 'R10', null, 'warn', r.rolname,
  'it can log in and has '
    || concat_ws(' and ', case when r.rolbypassrls then 'BYPASSRLS' end,
      case when r.rolreplication then 'REPLICATION' end),
  'Make sure that its purpose is known, a backup for instance, and that no application uses it.'
from pg_catalog.pg_roles as r
where (r.rolbypassrls or r.rolreplication) and r.rolcanlogin and not r.rolsuper
  and r.oid not in (select oid from app_role)

-- R11 medium: No application role may grant its privileges to others
-- Examines: application roles
-- Reference: checklist 2
-- Why: A grant option lets an application open tenant tables to other roles.
-- Remedy: `revoke grant option for all on … from …`.
select 'R11', null, 'fail', p.name || ' for ' || p.grantee_name,
  'it may grant ' || string_agg(distinct p.privilege_type, ', ') || ' to others',
  format('revoke grant option for all on %s from %s', p.name, p.ident)
from tenant_privilege as p
where p.is_grantable
group by p.name, p.grantee_name, p.ident

-- R12 medium: No application role may set parameters of the server
-- Examines: application roles
-- Reference: checklist 2
-- Why: A privilege on a parameter lets a session change a setting that is reserved to superusers, such as
--   session_replication_role, which disables triggers and foreign keys.
-- Remedy: `revoke all on parameter … from …`.
select 'R12', null, 'fail', format('parameter %s for %s', s.parname, g.name),
  string_agg(a.privilege_type, ', ') || ' on this parameter is granted to ' || g.name,
  format('revoke all on parameter %s from %s', s.parname, g.ident)
from pg_catalog.pg_parameter_acl as s
cross join lateral pg_catalog.aclexplode(s.paracl) as a
join grantee as g on g.oid = a.grantee
group by s.parname, g.name, g.ident
