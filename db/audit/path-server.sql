-- Other ways to the data: what the server itself offers

-- P12 medium: Untrusted roles may not call functions that reach other sessions
-- Examines: untrusted roles that log in
-- Reference: LLM01:2026
-- Why: Such functions cancel other sessions' statements, take locks for them, or tell how much data they have.
-- Remedy: Run `db/agents.sql` as a superuser.
select 'P12', null, 'fail', a.rolname,
  'it runs SQL that others write, and may call ' || string_agg(f.name, ', ' order by f.name),
  'Run db/agents.sql as a superuser.'
from app_role as a
cross join (
  values ('pg_cancel_backend(int)', 'pg_cancel_backend'), ('pg_advisory_lock(bigint)', 'pg_advisory_lock'),
    ('pg_notify(text,text)', 'pg_notify'), ('lo_create(oid)', 'lo_create'),
    ('pg_database_size(oid)', 'pg_database_size'), ('pg_get_indexdef(oid)', 'pg_get_indexdef')
) as f (signature, name)
where a.untrusted and a.rolcanlogin and has_function_privilege(a.oid, 'pg_catalog.' || f.signature, 'execute')
group by a.rolname

-- P13 medium: Untrusted roles may not read catalogs that describe other sessions and tenants
-- Examines: untrusted roles that log in
-- Reference: LLM01:2026
-- Why: pg_stat_activity shows what other sessions run; catalogs and statistics tell how much data there is, and
--   whose.
-- Remedy: Run `db/agents.sql` as a superuser.
select 'P13', null, 'fail', a.rolname,
  'it runs SQL that others write, and may read ' || string_agg(v.name, ', ' order by v.name),
  'Run db/agents.sql as a superuser.'
from app_role as a
cross join (values ('pg_stat_activity'), ('pg_locks'), ('pg_class'), ('pg_index'), ('pg_stats')) as v (name)
where a.untrusted and a.rolcanlogin and has_table_privilege(a.oid, 'pg_catalog.' || v.name, 'select')
group by a.rolname

-- P14 high: No application role has a privilege on the server's own tables and functions beyond the defaults
-- Examines: database
-- Reference: CWE-732
-- Why: Tables and functions of pg_catalog that only administrators may use read files, passwords or other sessions'
--   memory.
-- Remedy: Revoke the privilege.
select 'P14', null, 'fail', format('%s for %s', o.name, g.name),
  string_agg(a.privilege_type, ', ') || ' is granted, which the server does not grant by default',
  format('revoke %s on %s %s from %s', string_agg(lower(a.privilege_type), ', '), o.kind, o.name, g.ident)
from (
  select c.oid, c.tableoid, 'table' as kind, 'pg_catalog.' || c.relname as name, c.relacl as acl,
    pg_catalog.acldefault('r', c.relowner) as usual
  from pg_catalog.pg_class as c
  where c.relnamespace = 'pg_catalog'::regnamespace
  union all
  select p.oid, p.tableoid, 'function',
    format('pg_catalog.%I(%s)', p.proname, pg_catalog.oidvectortypes(p.proargtypes)), p.proacl,
    pg_catalog.acldefault('f', p.proowner)
  from pg_catalog.pg_proc as p
  where p.pronamespace = 'pg_catalog'::regnamespace
) as o
cross join lateral pg_catalog.aclexplode(o.acl) as a
join grantee as g on g.oid = a.grantee
left join pg_catalog.pg_init_privs as i on i.classoid = o.tableoid and i.objoid = o.oid and i.objsubid = 0
where not exists (
  select from pg_catalog.aclexplode(coalesce(i.initprivs, o.usual)) as u
  where u.grantee in (0, g.oid) and u.privilege_type = a.privilege_type
)
group by o.kind, o.name, g.name, g.ident
