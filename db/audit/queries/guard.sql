-- The query of assertIsolation(): attributes and memberships of the login, and open tenant tables that it can reach.
with
\ir ../facts/tenant-tables.sql
login as materialized (
  select r.oid, r.rolname, r.rolsuper, r.rolbypassrls
  from pg_catalog.pg_roles as r
  where r.rolname in (current_user, session_user)
),
-- The roles whose privileges the login has or can take: the login, and those that it is a member of.
reachable_role as materialized (
  select r.oid, r.rolname, r.rolsuper or r.rolbypassrls as unbound, false as is_login
  from pg_catalog.pg_roles as r
  where r.oid not in (select l.oid from login as l)
    and exists (
      select from login as l where not l.rolsuper and pg_catalog.pg_has_role(l.oid, r.oid, 'member')
    )
  union all
  select l.oid, l.rolname, false, true from login as l
),
-- Tenant tables that the login can read or write, and whose policies are off or do not bind the owner.
open_table as (
  select t.name, t.relrowsecurity
  from tenant_table as t
  where not (t.relrowsecurity and t.owner_is_bound)
    and exists (
      select from reachable_role as m
      where pg_catalog.has_schema_privilege(m.oid, t.schema, 'usage')
        and (
          pg_catalog.has_any_column_privilege(m.oid, t.oid, 'select, insert, update')
          or pg_catalog.has_table_privilege(m.oid, t.oid, 'delete, truncate')
        )
    )
),
finding as (
  select 'G01' as "check", current_user::text as object
  where not exists (
    select from schema as n
    join reachable_role as m on pg_catalog.has_schema_privilege(m.oid, n.oid, 'usage')
    where n.nspname = 'ragwall'
  )
  union all
  select 'R01', l.rolname from login as l where l.rolsuper
  union all
  select 'R02', l.rolname from login as l where l.rolbypassrls
  union all
  select 'R07', m.rolname
  from reachable_role as m
  where not m.is_login
    and (
      m.unbound
      or m.oid in (select t.relowner from tenant_table as t)
      or m.oid in (select n.nspowner from schema as n where n.nspname in ('ragwall', 'ragwall_private'))
    )
  union all
  select 'R08', t.name from tenant_table as t join login as l on l.oid = t.relowner
  union all
  select case when t.relrowsecurity then 'T02' else 'T01' end, t.name from open_table as t
)
select pg_catalog.pg_backend_pid() as backend,
  (select coalesce(pg_catalog.json_agg(f order by f.object), '[]') from finding as f) as found
