-- The query of assertIsolation() where db/agents.sql has revoked the catalogs from the login. Access functions still
-- return whether row-level security applies to it on ragwall.documents, and whether it is a member of the two owners.
with usable as (
  select coalesce(
    pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('ragwall')::oid, 'usage'), false
  ) as schema_usable
),
finding as (
  select 'G01' as "check", current_user::text as object from usable where not schema_usable
  union all
  select 'R07', o.name
  from (values ('ragwall_owner'), ('ragwall_context')) as o (name)
  where pg_catalog.pg_has_role(session_user, pg_catalog.to_regrole(o.name)::oid, 'member')
  union all
  select 'T01', 'ragwall.documents'
  from usable
  where case when schema_usable
    then not pg_catalog.row_security_active(pg_catalog.to_regclass('ragwall.documents')::oid) end
)
select pg_catalog.pg_backend_pid() as backend,
  (select coalesce(pg_catalog.json_agg(f order by f.object), '[]') from finding as f) as found
