-- The settings that a user makes. Where code sends the query, the generator puts a parameter before each setting.
given (tenant_columns, app_roles, untrusted_roles) as (
  select
    nullif(current_setting('ragwall.tenant_columns', true), ''),
    nullif(current_setting('ragwall.app_roles', true), ''),
    nullif(current_setting('ragwall.untrusted_roles', true), '')
),
-- The lists of names, each with its default. Column names are compared in lower case and without underscores.
setting as materialized (
  select
    regexp_split_to_array(lower(replace(btrim(coalesce(
      tenant_columns, 'tenant_id, tenant, tenant_uuid, org_id, organization_id, organisation_id, workspace_id'
    )), '_', '')), '\s*,\s*') as tenant_columns,
    regexp_split_to_array(btrim(app_roles), '\s*,\s*') as app_roles,
    regexp_split_to_array(btrim(coalesce(untrusted_roles, 'agent_reader, agent_caller')), '\s*,\s*') as untrusted_roles,
    (select oid from pg_catalog.pg_database where datname = current_database()) as database
  from given
),
schema as materialized (
  select oid, nspname, nspowner, nspacl,
    exists (
      select from pg_catalog.aclexplode(nspacl) as a where a.grantee <> nspowner and a.privilege_type = 'USAGE'
    ) as usable_by_others
  from pg_catalog.pg_namespace
  where nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_(toast|temp)'
),
-- Relations of this database: not those of the server, not those of extensions.
relation as materialized (
  select c.oid, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.relispartition, c.relacl,
    c.reloptions, s.oid as schema, s.nspname, format('%I.%I', s.nspname, c.relname) as name
  from pg_catalog.pg_class as c
  join schema as s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and not exists (
    select from pg_catalog.pg_depend as d
    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
  )
),
-- Columns whose default is ragwall.require_tenant(), as protect_table() makes them: tenant columns of any name.
bound_column as materialized (
  select a.adrelid, a.adnum
  from pg_catalog.pg_proc as p
  join schema as s on s.oid = p.pronamespace and s.nspname = 'ragwall'
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_proc'::regclass and d.refobjid = p.oid
    and d.classid = 'pg_catalog.pg_attrdef'::regclass
  join pg_catalog.pg_attrdef as a on a.oid = d.objid
  where p.proname = 'require_tenant'
),
-- The column of a relation that names the tenant. Of several, the one that defaults to the bound tenant, or else the
-- one whose name comes first in the list.
tenant_column as materialized (
  select distinct on (r.oid) r.oid, a.attnum, a.attname, a.attnotnull, a.attcollation, a.atttypid,
    b.adnum is not null as bound
  from relation as r
  join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  cross join setting as s
  left join bound_column as b on b.adrelid = a.attrelid and b.adnum = a.attnum
  where b.adnum is not null or lower(replace(a.attname, '_', '')) = any (s.tenant_columns)
  order by r.oid, b.adnum, array_position(s.tenant_columns, lower(replace(a.attname, '_', '')))
),
-- Tables with a tenant column, partitions and inheritance children included.
tenant_table as materialized (
  select
    r.oid, r.name, r.relname, r.relkind, r.relowner, r.relrowsecurity, r.relispartition, r.schema, a.bound,
    -- Which tenants there are, the owner is to read: nobody else has a privilege on ragwall_search.stored.
    r.relforcerowsecurity or r.name = 'ragwall_search.stored' as owner_is_bound,
    a.attnum, a.attname, a.attnotnull or y.typnotnull as attnotnull, a.attcollation, a.atttypid,
    coalesce(b.typname, y.typname) as typname, y.typcategory,
    exists (select from pg_catalog.pg_inherits as i where i.inhrelid = r.oid) as child
  from relation as r
  join tenant_column as a on a.oid = r.oid
  join pg_catalog.pg_type as y on y.oid = a.atttypid
  left join pg_catalog.pg_type as b on b.oid = y.typbasetype
  where r.relkind in ('r', 'p')
),
