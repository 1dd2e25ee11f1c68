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

-- K10 medium: No application role reads personal data or secrets of all tenants in a table that tenants share
-- Examines: tables
-- Reference: AISVS 8.1.3 | CWE-200
-- Why: A table of people that tenant tables refer to is often thought of as shared. Then every tenant reads the people
--   of all.
-- Remedy: Enable row-level security on it, with a policy that looks up whom the bound tenant knows; or grant only
--   columns that say nothing.
select 'K10', null, 'warn', g.name,
  format('%s refers to it, no policy keeps its rows apart, and %s may read %s of all', min(t.name), g.readers,
    string_agg(distinct a.attname, ', ')),
  format('alter table %s enable row level security; create a policy that looks up whom the bound tenant knows', g.name)
from relation_grant as g
join pg_catalog.pg_constraint as k on k.contype = 'f' and k.confrelid = g.oid
join tenant_table as t on t.oid = k.conrelid
join pg_catalog.pg_attribute as a on a.attrelid = g.oid and a.attnum > 0 and not a.attisdropped
  and a.attname ~* ('(e_?mail|phone|passw|secret|token|credential|api_?key|birth|ssn|iban|address'
    '|(first|last|full)_?name)')
join privilege as p on p.oid = g.oid and p.privilege_type = 'SELECT' and coalesce(p.attname = a.attname, true)
join grantee as e on e.oid = p.grantee
where g.readers is not null and g.relkind in ('r', 'p') and not g.relrowsecurity
  and g.oid not in (select o.oid from tenant_table as o) and g.oid not in (select l.oid from tenant_list as l)
group by g.name, g.readers
