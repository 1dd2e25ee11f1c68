-- Row-level security: policies

-- T04 critical: No policy is always true
-- Examines: policies
-- Reference: checklist 1 | LLM09:2026 | AISVS 5.2.1
-- Why: Permissive policies are combined with OR. One that is always true shows the rows of every tenant, whatever
--   the others say.
-- Remedy: Compare the tenant column with the bound tenant: `using (tenant_id = (select <the tenant>))`.
select 'T04', case when c.harmless then 'low' when not c.polpermissive then 'high' end,
  case when c.harmless then 'warn' else 'fail' end, c.name,
  string_agg(format('%s (%s)', c.part, c.expression), ' and ') || ' is always true',
  format('alter policy %I on %s', c.polname, c.table_name)
    || string_agg(format(' %s (%I = (select <the tenant>))', c.part, c.attname), '')
from (
  -- A restrictive policy for all roles and commands holds nevertheless, or no application has the policy's roles.
  select *, polpermissive and (
      polrelid in (select polrelid from floor) or not polroles && (select array_agg(oid) from grantee)
    ) as harmless
  from condition
) as c
where c.meaning = 'always true'
group by c.name, c.polname, c.table_name, c.polpermissive, c.harmless

-- T05 high: No policy lets rows through while no tenant is bound
-- Examines: policies
-- Reference: checklist 1 | AISVS 8.1.3
-- Why: A request that forgot to bind its tenant should read nothing. With such a policy it reads everything, or all
--   rows without a tenant.
-- Remedy: Compare the tenant column alone. Keep rows that all tenants share in a table of their own, which
--   applications may only read.
select 'T05', null, 'fail', c.name,
  string_agg(format('%s (%s)', c.part, c.expression), ' and ') || ' lets rows through while no tenant is bound',
  'Compare the tenant column alone; keep rows that all tenants share in a table of their own, which applications may '
    'only read.'
from condition as c
where c.meaning = 'true without a tenant'
group by c.name

-- T06 high: Every permissive policy compares the tenant column with the bound tenant
-- Examines: policies
-- Reference: checklist 1 | AISVS 8.1.3
-- Why: Permissive policies are combined with OR. One that compares something else, or excludes a tenant instead of
--   requiring one, shows rows of other tenants.
-- Remedy: Add the comparison `tenant_id = (select <the tenant>)` to the policy.
select 'T06', null, 'fail', c.name,
  string_agg(format('%s (%s)', c.part, c.expression), ' and ')
    || format(' does not require that %I is the bound tenant', c.attname),
  format('alter policy %I on %s', c.polname, c.table_name)
    || string_agg(format(' %s (%I = (select <the tenant>))', c.part, c.attname), '')
from condition as c
where c.meaning = 'other tenants' or c.meaning = 'no tenant' and c.polpermissive
group by c.name, c.polname, c.table_name, c.attname

-- T07 medium: Every policy has a form that the audit can verify
-- Examines: policies
-- Reference: checklist 1
-- Why: The audit verifies a small set of forms. Any other expression may be right or wrong, and only a person can
--   tell.
-- Remedy: Rewrite the policy as a plain comparison with the tenant column; or have a person read it, and accept the
--   finding.
select 'T07', null, 'warn', c.name,
  string_agg(format('%s (%s)', c.part, c.expression), ' and ') || ' has a form that the audit cannot verify',
  format('Have a person read the policy, and accept the finding; or write: %I = (select <the tenant>).', c.attname)
from condition as c
where c.meaning = 'unknown'
group by c.name, c.attname

-- T08 low: Policies for writing state what may be written in WITH CHECK
-- Examines: policies
-- Reference: checklist 1
-- Why: Without WITH CHECK, USING is applied to new rows too. That is easy to overlook when USING is widened later.
-- Remedy: Repeat the comparison: `alter policy … with check (…)`.
select 'T08', null, 'warn', p.name, 'it has no with check: using alone decides which rows may be written',
  format('alter policy %I on %s with check (%s)', p.polname, p.table_name, p.using_text)
from policy as p
where p.polpermissive and p.polcmd in ('*', 'w') and p.check_text is null and p.using_text is not null

-- T09 low: Permissive policies name the roles that they apply to
-- Examines: policies
-- Reference: checklist 1
-- Why: A policy for PUBLIC also applies to every role that is created later.
-- Remedy: `alter policy … to <the application's roles>`.
select 'T09', null, 'warn', p.name, 'it applies to PUBLIC, and so to every role that is created later',
  format('alter policy %I on %s to <the application''s roles>', p.polname, p.table_name)
from policy as p
where p.polpermissive and 0 = any (p.polroles)

-- T11 high: Functions that policies call are declared stable
-- Examines: functions in policies
-- Reference: checklist 1
-- Why: An immutable function is evaluated when a plan is made, so a cached plan returns the first tenant's rows to
--   the next. A volatile one is called for each row, and no index can be used.
-- Remedy: `alter function … stable`.
select distinct on (f.oid) 'T11', case f.provolatile when 'v' then 'medium' end, 'fail', f.name,
  case f.provolatile when 'v' then 'it is volatile: it is called for every row, and the policy cannot use an index'
    else 'it is immutable: a cached plan returns the first tenant''s rows to the next tenant' end,
  format('alter function %s stable', f.name)
from context_function as f
where f.direct and f.provolatile = 'v'
  or f.provolatile = 'i' and (f.direct and f.pronargs = 0 or f.code ~ 'current_setting')

-- T12 medium: Policies compare the tenant column without a cast
-- Examines: policies
-- Reference: checklist 1
-- Why: A cast runs on rows of other tenants too. It may raise an error that contains their value, and it keeps the
--   planner from using an index.
-- Remedy: Cast the other side: `tenant_id = (select <the tenant>::type)`.
select 'T12', case when c.textual then 'medium' else 'low' end, case when c.textual then 'fail' else 'warn' end,
  c.name,
  string_agg(c.part, ' and ') || format(' casts %I: ', c.attname) || case when c.textual
    then 'a row of another tenant that cannot be cast raises an error that shows its value'
    else 'the policy cannot use an index, and callers'' conditions may be evaluated before it' end,
  format('Cast the other side: %I = (select <the tenant>::%s).', c.attname, c.typname)
from (select *, typname in ('text', 'varchar', 'bpchar', 'name', 'citext') as textual from condition) as c
where c.own ~ ('\{\}\)?::(?!' || case when c.textual then 'text|character|bpchar|varchar|name|citext'
    else c.typname end || ')\w')
  and c.own !~ '\[\(*\{\}'
group by c.name, c.attname, c.typname, c.textual

-- B00 medium: Every tenant table can be tried, as every role of the application
-- Reference: testing 1
-- Why: A table in which no row could be inserted, or that a role cannot read, says nothing about its walls.
-- Remedy: Try such a table by hand, or name the roles that use it with `--app-role`.
-- Only by: ragwall audit --probe

-- B02 critical: As one tenant the application does not read another’s rows
-- Reference: checklist 1 | testing 1 | LLM09:2026 | AISVS 8.1.3
-- Why: This is the promise. The attempts select by the tenant, by the content and without a condition, and select
--   from partitions directly.
-- Remedy: Enable and force row-level security, and have every policy compare the tenant.
-- Only by: ragwall audit --probe

-- B03 critical: As one tenant the application does not change or delete another’s rows
-- Reference: checklist 1 | testing 1 | AISVS 8.1.2
-- Why: A policy for SELECT alone does not bind UPDATE and DELETE.
-- Remedy: Have the policies for UPDATE and DELETE compare the tenant, or revoke the privilege.
-- Only by: ragwall audit --probe

-- B04 critical: As one tenant the application does not write rows in another’s name
-- Reference: checklist 1 | testing 1 | AISVS 8.1.2
-- Why: Without a check a tenant can insert rows that another tenant's searches find, and give its own rows away.
-- Remedy: Give the policies a with check that compares the tenant, and revoke the privilege to write its column.
-- Only by: ragwall audit --probe

-- B05 critical: A search as one tenant does not find another’s rows
-- Reference: checklist 1 | testing 2 | LLM09:2026 | AISVS 5.2.2
-- Why: A search function that runs with its owner's rights can pass the policies of the table.
-- Remedy: Have the function run with its caller’s rights, and compare the tenant itself.
-- Only by: ragwall audit --probe

-- B07 critical: As one tenant, no error tells whether a guess about another’s row is right
-- Reference: checklist 1 | testing 3 | LLM01:2026 | CWE-203
-- Why: A condition that is evaluated before the policies reads rows of other tenants. The attempts put one that raises
--   an error behind a guess, with settings by which the planner has no reason to begin with the policies.
-- Remedy: Have a restrictive policy compare the tenant at no cost; see `T14`.
-- Only by: ragwall audit --probe

-- B08 critical: No token binds a tenant but one that was signed for this database and has not expired
-- Reference: checklist 3 | LLM01:2026 | AISVS 5.2.2
-- Why: In signed mode the token is the wall. The attempts present tokens without a signature, altered, signed by
--   another key, expired, and for another audience.
-- Remedy: Restore `ragwall.set_tenant_from_token()` and what it calls as they were released.
-- Only by: ragwall audit --probe

-- B09 critical: Without a tenant no function of Ragwall returns anything
-- Reference: checklist 4 | testing 4 | AISVS 5.2.1
-- Why: Functions that run with their owner’s rights are walls themselves.
-- Remedy: Restore the function as it was released.
-- Only by: ragwall audit --probe
