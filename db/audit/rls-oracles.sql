-- Row-level security: what is evaluated before it, and what it does not cover

-- T14 critical: Where others write SQL, none of their conditions is evaluated before the tenant is compared
-- Examines: tables
-- Reference: LLM01:2026 | CWE-203
-- Why: The planner evaluates a caller's condition before a policy if it is leakproof and costs no more, such as a
--   comparison of texts, and so on rows of other tenants. An error behind it, its time, or `explain analyze` then tells
--   whether it held: any text of another tenant can be read by halving.
-- Remedy: A restrictive policy for all roles and commands that costs nothing:
--   `using ((select jsonb_build_object(coalesce(<the tenant>, ''), true))[tenant_id] is not null)`.
select 'T14', case when r.untrusted is null then 'low' end, case when r.untrusted is null then 'warn' else 'fail' end,
  r.name,
  format('%s may read it, and no restrictive policy compares the tenant at no cost: conditions of a statement''s own '
    'are evaluated before, on rows of other tenants',
    coalesce(r.untrusted || ', by which SQL runs that others write,', r.names)),
  case when p.polname is null then format('create policy tenant_floor on %s as restrictive', r.name)
      else format('alter policy %I on %s', p.polname, r.name) end
    || format(' using ((select jsonb_build_object(coalesce(<the tenant>, ''''), true))[%I] is not null)', r.tenant)
    || case when r.textual then '' else ', the column being made text' end
from (
  select p.oid, p.name, p.tenant, p.typname in ('text', 'varchar') as textual,
    string_agg(distinct p.grantee_name, ', ') as names,
    string_agg(distinct p.grantee_name, ', ')
      filter (where p.grantee in (select u.oid from untrusted_grantee as u)) as untrusted
  from tenant_privilege as p
  where p.privilege_type = 'SELECT' and p.relrowsecurity
  group by p.oid, p.name, p.tenant, p.typname
) as r
left join (
  select polrelid, min(polname::text) as polname
  from policy
  where not polpermissive and polcmd = '*' and using_text is not null
  group by polrelid
) as p on p.polrelid = r.oid
-- Where trusted roles read alone, only a text has a comparison without a cost to be advised.
where (r.untrusted is not null or r.textual and r.oid in (select polrelid from sealed_table))
  -- Of a restrictive policy that compares no tenant, other checks tell.
  and r.oid not in (
    select c.polrelid from condition as c where not c.polpermissive and c.meaning not in ('tenant', 'unknown')
  )
  and r.oid not in (
    select c.polrelid
    from condition as c
    where not c.polpermissive and c.polcmd in ('*', 'r') and 0 = any (c.polroles)
      and c.part = 'using' and c.meaning = 'tenant'
      -- Sub-selects are evaluated once, before. What is left of the expression calls nothing and has no operator.
      and regexp_replace(
        c.own, '\( ?SELECT (?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))*\)', '', 'g'
      ) !~ case when c.typname in ('text', 'varchar') then '[=<>~!@#%&*+/|^-]|\w\(' else '[=<>~!@#%&*+/|^-]|\w\(|::' end
  )

-- T15 medium: Untrusted roles may not read system columns of tenant tables
-- Examines: tables
-- Reference: LLM01:2026 | CWE-203
-- Why: SELECT on a whole table includes ctid, xmin and tableoid. They tell where rows lie, between which others, and
--   how many transactions there were: how much the neighbours store and write.
-- Remedy: Grant SELECT on the columns that are needed.
select 'T15', case when p.untrusted then 'medium' else 'low' end, case when p.untrusted then 'fail' else 'warn' end,
  p.name || ' for ' || p.grantee_name,
  'SELECT on the whole table includes ctid, xmin and tableoid, which tell how much other tenants store and write',
  format('revoke select on %s from %s; grant select (<columns>) on %1$s to %2$s', p.name, p.ident)
from (select *, grantee in (select u.oid from untrusted_grantee as u) as untrusted from tenant_privilege) as p
where p.privilege_type = 'SELECT' and p.attname is null and not p.child and p.grantee <> 0
  and (p.untrusted or p.oid in (select s.polrelid from sealed_table as s))

-- T16 critical: A table without tenants has no children with tenants
-- Examines: tables
-- Reference: checklist 1 | AISVS 8.1.3
-- Why: A select from a parent returns the rows of its children, to which the policies of the parent alone apply.
-- Remedy: `alter table … no inherit …`, or enable row-level security on the parent, without policies.
select 'T16', null, 'fail', p.name,
  format('a select from it returns the rows of %s, whose policies do not apply then; and %s may read it',
    string_agg(t.name, ', ' order by t.name), p.readers),
  format('alter table %s no inherit %s', min(t.name), p.name)
from tenant_table as t
join pg_catalog.pg_inherits as i on i.inhrelid = t.oid
join relation_grant as p on p.oid = i.inhparent
where p.readers is not null and p.oid not in (select o.oid from tenant_table as o) and (
  not p.relrowsecurity or exists (
    select from pg_catalog.pg_policy as o
    where o.polrelid = p.oid and o.polpermissive and pg_catalog.pg_get_expr(o.polqual, p.oid) = 'true'
  )
)
group by p.name, p.readers

-- T17 medium: Policies that name a tenant are on tables whose tenant column the audit recognises
-- Examines: database
-- Reference: checklist 1 | AISVS 8.1.3
-- Why: The checks of policies, keys and indexes examine tables by their tenant column. A tenant within a JSON value, or
--   in a column of another name, keeps a table out of all of them.
-- Remedy: Name the column: `--tenant-column`. Keep the tenant in a column of its own, which is not null.
select 'T17', null, 'warn', r.name,
  'no column of it is recognised as the tenant, and ' || string_agg(distinct e.place, ', ') || ' names one',
  'Name the column that tells tenants apart: --tenant-column; of a tenant within a JSON value make a column.'
from relation as r
join (
  select p.polrelid as oid, format('its policy %I', p.polname) as place,
    concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
      as text
  from pg_catalog.pg_policy as p
  union all
  select k.conrelid, format('its constraint %I', k.conname), pg_catalog.pg_get_expr(k.conbin, k.conrelid)
  from pg_catalog.pg_constraint as k
  where k.contype = 'c' and k.conrelid <> 0
  union all
  select i.indrelid, format('its index %s', i.indexrelid::regclass), pg_catalog.pg_get_indexdef(i.indexrelid)
  from pg_catalog.pg_index as i
  where i.indexprs is not null or i.indpred is not null
) as e on e.oid = r.oid
cross join setting as s
where r.relkind in ('r', 'p') and r.oid not in (select t.oid from tenant_table as t)
  -- Where no table has a column of these names, T00 says so.
  and exists (select from tenant_table as t where lower(replace(t.attname, '_', '')) = any (s.tenant_columns))
  and (
    exists (
      select from regexp_matches(e.text, '->>?\s*''([^'']+)''|\[''([^'']+)''', 'g') as m
      where lower(replace(coalesce(m[1], m[2]), '_', '')) = any (s.tenant_columns)
    )
    or e.text ~* 'current_setting\(''[^'']*(tenant|org|workspace|account|customer|company|team)'
    or e.text ~* ('\m(current|get|my|auth|require)_?'
      '(tenant|org(ani[sz]ation)?|workspace|account|customer|company|team)\w*\(')
  )
  and r.oid not in (select l.oid from tenant_list as l)
  and r.nspname not in ('ragwall', 'ragwall_private', 'ragwall_search', 'ragwall_api')
group by r.name
