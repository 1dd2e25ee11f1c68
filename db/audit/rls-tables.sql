-- Row-level security: tables

-- T00 medium: Tables name the tenant in a column that the audit recognises
-- Examines: database
-- Reference: checklist 1
-- Why: The audit finds tenant tables by the name of a column. Where it recognises none, every other check passes
--   for lack of anything to examine.
-- Remedy: Name the column: `--tenant-column`, or the setting `ragwall.tenant_columns`.
select 'T00', case when n.names is not null then 'high' end, case when n.names is null then 'warn' else 'fail' end,
  'database ' || quote_ident(current_database()),
  'no table was examined: none has a column named ' || array_to_string(s.tenant_columns, ', ')
    || ', with or without underscores' || coalesce('; policies compare ' || n.names, ''),
  'Name the column that tells tenants apart: --tenant-column, or the setting ragwall.tenant_columns.'
from setting as s
cross join (
  select string_agg(distinct m.name, ', ') as names
  from pg_catalog.pg_policy as p
  cross join lateral (
    select (regexp_matches(
      concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
        pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)),
      '[(. ]("[^"]+"|[a-z_][a-z_0-9]*)\)?(?:::\w+)? = \(*(?: ?SELECT )?[\w".]+\(', 'g'
    ))[1] as name
  ) as m
) as n
where not exists (
  select from tenant_table as t where lower(replace(t.attname, '_', '')) = any (s.tenant_columns)
)

-- T01 critical: Row-level security is enabled on every table that has a tenant column
-- Examines: tables
-- Reference: checklist 1 | LLM09:2026 | AISVS 5.2.1
-- Why: Without row-level security a policy has no effect: whoever may select from the table reads the rows of every
--   tenant.
-- Remedy: `alter table … enable row level security`, and create policies that compare the tenant column.
select 'T01', case when g.names is null then case when t.child then 'medium' else 'high' end end, 'fail', t.name,
  'row-level security is off' || coalesce('; privileges: ' || g.names, ''),
  format('alter table %s enable row level security', t.name)
from tenant_table as t
left join relation_grant as g on g.oid = t.oid
where not t.relrowsecurity

-- T02 high: Row-level security is also forced, so that policies bind the owner of a table
-- Examines: tables
-- Reference: checklist 1 | AISVS 5.2.1
-- Why: Policies do not apply to the owner of a table unless they are forced. The owner's rights reach further than
--   its login: views, security definer functions and members of its role use them.
-- Remedy: `alter table … force row level security`, after a look at the functions that run as the owner and rely on
--   seeing every row.
select 'T02', case when t.child then 'low' when exists (select from app_role) and not exists (
    select from app_role as a
    where a.oid = t.relowner or (a.oid, t.relowner) in (select member, roleid from membership)
  ) then 'medium' end, 'fail', t.name, 'its policies do not bind its owner ' || t.relowner::regrole,
  format('alter table %s force row level security; see first which functions run as the owner and rely on '
    'seeing every row', t.name)
from tenant_table as t
where t.relrowsecurity and not t.owner_is_bound

-- T03 low: Each privilege granted on a tenant table has a policy that lets rows through
-- Examines: tables
-- Reference: checklist 1
-- Why: A privilege without a policy returns no rows. It is a mistake in one of the two, and a policy that somebody
--   adds later silently puts the privilege to use.
-- Remedy: Create the missing policy, or revoke the privilege.
select 'T03', null, 'warn', p.name || ' for ' || p.grantee_name,
  string_agg(distinct p.privilege_type, ', ') || ' is granted, and no policy lets a row through',
  'Create a policy for it, or revoke the privilege.'
from tenant_privilege as p
join (values ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd')) as v (privilege_type, command)
  on v.privilege_type = p.privilege_type
where p.relrowsecurity and not p.child and p.grantee <> 0 and (p.oid, p.grantee, v.command) not in (
  select o.polrelid, m.member, c.command
  from policy as o
  join (
    select member, roleid from membership
    union all
    select oid, oid from grantee
    union all
    select oid, 0 from grantee
  ) as m on m.roleid = any (o.polroles)
  join (values ('r'), ('a'), ('w'), ('d')) as c (command) on o.polcmd::text in (c.command, '*')
  where o.polpermissive
)
group by p.name, p.grantee_name

-- T10 low: A restrictive policy compares the tenant for all roles and commands
-- Examines: tables
-- Reference: checklist 1 | checklist 6
-- Why: Restrictive policies are combined with AND. One such policy keeps tenants apart even after somebody adds a
--   permissive policy that is too wide.
-- Remedy: Create one: `create policy tenant_floor on … as restrictive using (…) with check (…)`.
select 'T10', null, 'warn', t.name,
  'no restrictive policy for all roles and commands compares the tenant: a permissive policy that is added later '
    'can open the table',
  format('create policy tenant_floor on %s as restrictive using (%I = (select <the tenant>)) '
    'with check (%2$I = (select <the tenant>))', t.name, t.attname)
from tenant_table as t
where t.relrowsecurity and not t.child and t.oid not in (
  select p.polrelid from policy as p
  where not p.polpermissive and p.polcmd = '*' and 0 = any (p.polroles) and p.using_text is not null
    and p.oid not in (select c.oid from condition as c where c.meaning = 'no tenant')
)

-- T13 medium: Partitions and children are reached through their parent alone
-- Examines: partitions and children
-- Reference: checklist 1
-- Why: The policies of a parent do not apply to a statement that names a partition or child directly.
-- Remedy: `revoke all on <the partition> from …`.
select 'T13', null, 'fail', p.name || ' for ' || p.grantee_name,
  string_agg(distinct p.privilege_type, ', ')
    || ' is granted on the partition or child itself, to which the policies of its parent do not apply',
  format('revoke all on %s from %s', p.name, p.ident)
from tenant_privilege as p
where p.child and p.relrowsecurity and p.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
  and p.oid not in (select o.polrelid from policy as o)
group by p.name, p.grantee_name, p.ident
