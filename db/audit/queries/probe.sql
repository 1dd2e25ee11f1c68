-- The targets of ragwall audit --probe: tenant tables, application roles and search functions.
with recursive
\ir ../facts/tenant-tables.sql
\ir ../facts/functions.sql
\ir ../facts/policies.sql
\ir ../facts/views.sql
\ir ../facts/roles.sql
-- Settings that the policies of a table read, or the functions that these policies call.
policy_setting as (
  select distinct s.polrelid, m[1] as setting
  from (
    select polrelid, expression as text from condition
    union all
    select polrelid, body from context_function
  ) as s
  cross join lateral regexp_matches(s.text, 'current_setting\s*\(\s*''([^'']+\.[^'']+)''', 'g') as m
)
select
  current_setting('is_superuser') = 'on' as superuser,
  current_setting('transaction_read_only') = 'on' as "readOnly",
  (
    select coalesce(json_agg(json_build_object(
      'oid', t.oid::bigint,
      'name', t.name,
      'tenantColumn', t.attname,
      'settings', (
        select coalesce(json_agg(s.setting order by s.setting), '[]') from policy_setting as s where s.polrelid = t.oid
      ),
      'byRagwall', exists (
        select from context_function as f
        join routine as r on r.oid = f.oid
        where f.polrelid = t.oid and r.nspname = 'ragwall' and r.proname in ('current_tenant', 'require_tenant')
      )
    ) order by t.name), '[]')
    from tenant_table as t
    where not t.relispartition
  ) as tables,
  (select coalesce(json_agg(rolname order by rolname), '[]') from app_role) as roles,
  (select coalesce(json_agg(rolname), '[]') from app_role where untrusted) as untrusted,
  (
    select coalesce(json_agg(n), '[]')
    from setting as s
    cross join unnest(s.app_roles) as n
    where n not in (select rolname from pg_catalog.pg_roles)
  ) as missing,
  (
    select coalesce(json_agg(json_build_object(
      'name', format('%I.%I', r.nspname, r.proname),
      'needed', p.pronargs - p.pronargdefaults,
      'types', (
        select json_agg(pg_catalog.format_type(y.type, null) order by y.n)
        from unnest(p.proargtypes) with ordinality as y (type, n)
      )
    ) order by r.nspname, r.proname, r.oid), '[]')
    from routine as r
    join pg_catalog.pg_proc as p on p.oid = r.oid
    where r.proname ~ '(match|search)_documents$' and p.proretset
  ) as searches,
  (
    -- Not those that return the same for everybody, nor those that bind the tenant that they are given.
    select coalesce(json_agg(json_build_object(
      'name', format('%I.%I', r.nspname, r.proname),
      'parameters', (
        select coalesce(json_agg(json_build_object(
          'name', n.name, 'type', pg_catalog.format_type(n.type, null)
        ) order by n.at), '[]')
        from rows from (unnest(r.proargtypes), unnest(r.proargnames)) with ordinality as n (type, name, at)
        where n.at <= r.pronargs
      )
    ) order by r.name), '[]')
    from routine as r
    where r.nspname = 'ragwall' and r.provolatile <> 'i' and r.body <> '' and not r.is_trigger
      and coalesce(r.proargnames[1], '') <> 'tenant'
      and exists (
        select from app_role as a
        where pg_catalog.has_schema_privilege(a.oid, r.schema, 'usage')
          and pg_catalog.has_function_privilege(a.oid, r.oid, 'execute')
      )
  ) as functions
