-- The list of tenants

-- K09 medium: No application role reads the rows of all tenants in the list of tenants
-- Examines: tables
-- Reference: AISVS 8.1.3 | CWE-200
-- Why: The table that tenant columns refer to has no tenant column itself, and so is easily left without policies. Then
--   every tenant reads who the others are, and what is kept about them.
-- Remedy: `alter table … enable row level security`, and a policy that compares its key with the bound tenant.
select 'K09', case when r.secrets is not null then 'high' end, 'fail', r.name,
  format('it has a row for each tenant of %s, no policy keeps them apart, and %s may read %s of all', r.children,
    r.readers, coalesce(r.secrets, 'those')),
  format('alter table %s enable row level security; alter table %1$s force row level security; create policy '
    'select_own_tenant on %1$s for select to %s using (%I = (select <the tenant>))', r.name, r.readers, r.key)
from (
  select g.oid, g.name, g.readers, n.key, string_agg(distinct n.child, ', ') as children, (
      select string_agg(distinct a.attname, ', ')
      from pg_catalog.pg_attribute as a
      join privilege as p on p.oid = a.attrelid and p.privilege_type = 'SELECT'
        and coalesce(p.attname = a.attname, true)
      join grantee as e on e.oid = p.grantee
      where a.attrelid = g.oid and a.attnum > 0 and not a.attisdropped
        and a.attname ~* '(secret|token|passw|credential|private|api_?key|_key$|stripe|billing|iban|salt|hash$)'
    ) as secrets
  from relation_grant as g
  join tenant_list as n on n.oid = g.oid
  where g.readers is not null and g.relkind in ('r', 'p')
    and (not g.relrowsecurity or exists (
      select from pg_catalog.pg_policy as o
      where o.polrelid = g.oid and o.polpermissive and pg_catalog.pg_get_expr(o.polqual, g.oid) = 'true'
    ))
  group by g.oid, g.name, g.readers, n.key
) as r
