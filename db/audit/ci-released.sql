-- Ragwall is as it was released

-- M06 critical: The functions of Ragwall are as released
-- Examines: objects of this release
-- Reference: checklist 6
-- Why: The walls rest on what these functions do: one that binds a tenant without verifying anything opens every table.
--   Their body, owner, settings and attributes are compared with those of the release.
-- Remedy: Create the function again: its definition is in `db/schema.sql` of the release.
select 'M06',
  case when d.state = 'missing' or d.properties !~ '(^|, )(owner|result|arguments|attributes|body|setting (search_path|'
    'row_security|session_replication_role|role))(, |$)' then 'high' end,
  'fail', d.object, case d.state when 'missing' then 'it is missing' else d.evidence end,
  case
    when d.property = 'owner' then format('alter function %s owner to %s', d.name, d.expected)
    when d.property ~ '^setting ' and d.expected is null
      then format('alter function %s reset %s', d.name, substr(d.property, 9))
    when d.property ~ '^setting ' then format('alter function %s set %s = %s', d.name, substr(d.property, 9),
      case d.property when 'setting search_path' then d.expected else quote_literal(d.expected) end)
    else 'Create it again: its definition is in db/schema.sql of this release.' end
from deviation as d
where d.kind = 'function' and d.state <> 'added'

-- M07 critical: The policies on Ragwall's tables are as released
-- Examines: objects of this release
-- Reference: checklist 6
-- Why: A policy that is changed, added or dropped decides anew who reads which rows. Row-level security that is
--   disabled asks no policy.
-- Remedy: Create the policy again: its definition is in `db/schema.sql` of the release.
select 'M07', case when d.state = 'added' and p.polpermissive is false then 'low' end, 'fail', d.object,
  case d.state when 'missing' then 'it is missing' when 'added' then 'it is none of Ragwall''s' else d.evidence end,
  case
    when d.kind = 'row-level security' then format('alter table %s %s row level security, %sforce row level security',
      d.parent, case when d.expected ~ 'enabled' then 'enable' else 'disable' end,
      case when d.expected ~ 'forced' then '' else 'no ' end)
    when d.state = 'added' then format('drop policy %I on %s', d.name, d.parent)
    else 'Create it again: its definition is in db/schema.sql of this release.' end
from deviation as d
left join own_relation as r on r.name = d.parent
left join pg_catalog.pg_policy as p on p.polrelid = r.oid and p.polname = d.name
where d.kind in ('policy', 'row-level security')

-- M08 high: The tables of Ragwall, their keys and triggers are as released
-- Examines: objects of this release
-- Reference: checklist 6
-- Why: Defaults bind new rows to the tenant, checks and keys refuse those of another, and owners can change it all. A
--   trigger or a rule that is added can copy each row.
-- Remedy: Create it again: its definition is in `db/schema.sql` of the release. What was added belongs into a table of
--   yours.
select 'M08',
  case when d.state = 'added' then case d.kind when 'index' then 'low' when 'column' then 'medium'
    when 'constraint' then 'medium' end when d.property = 'statistics' then 'low' end,
  case when d.state = 'added' and d.kind = 'index' then 'warn' else 'fail' end, d.object,
  case d.state when 'missing' then 'it is missing' when 'added' then 'it is none of Ragwall''s' else d.evidence end,
  case
    when d.property = 'owner' then format('alter %s %s owner to %s', d.kind, d.name, d.expected)
    when d.state = 'added' and d.kind in ('trigger', 'rule') then format('drop %s %I on %s', d.kind, d.name, d.parent)
    when d.state = 'added' and d.kind = 'constraint' then format('alter table %s drop constraint %I', d.parent, d.name)
    when d.state = 'added' and d.kind = 'index'
      then format('drop index %s.%I', split_part(d.parent, '.', 1), d.name)
    when d.state = 'added' then 'Move it to a table of yours.'
    when d.property = 'fires' then format('alter table %s enable %strigger %I', d.parent,
      case d.expected when 'always' then 'always ' when 'on replicas' then 'replica ' else '' end, d.name)
    when d.property = 'statistics'
      then format('alter table %s alter %I set statistics %s', d.parent, d.name, coalesce(d.expected, '-1'))
    when d.kind = 'column' and d.property = 'default' and d.expected is null
      then format('alter table %s alter %I drop default', d.parent, d.name)
    when d.kind = 'column' and d.property = 'default' and d.expected !~ '^md5 '
      then format('alter table %s alter %I set default %s', d.parent, d.name, d.expected)
    else 'Create it again: its definition is in db/schema.sql of this release.' end
from deviation as d
where d.kind in ('schema', 'column', 'constraint', 'index', 'trigger', 'rule')
  or d.kind not in ('function', 'policy', 'row-level security', 'privilege', 'role', 'event trigger')
    and d.state <> 'added'

-- M09 high: Nobody has more privileges on objects of Ragwall than were released
-- Examines: objects of this release
-- Reference: checklist 6
-- Why: Which function binds a tenant, and which columns can be written, is decided by privileges. Fewer are no finding:
--   in signed mode nobody may execute set_tenant().
-- Remedy: `revoke … on … from …`.
select 'M09', case when d.parent ~ '^default .* (functions|sequences)$' then 'low'
    when d.parent ~ '^default ' and d.properties !~ 'TRUNCATE' then 'medium' end, 'fail', d.object,
  format('%s, which was not released', d.properties),
  case when d.parent ~ '^default privileges '
    then regexp_replace(d.parent, '^default privileges of (.*?)( in (.*))? on (\w+)$', format(
      'alter default privileges for role \1%s revoke %s on \4 from %s',
      case when d.parent ~ ' in .* on ' then ' in schema \3' else '' end, d.properties, d.name))
    else format('revoke %s on %s from %s', d.properties,
      case when d.parent ~ '\)$' then 'function ' else '' end || d.parent, d.name) end
from deviation as d
where d.kind = 'privilege'
  -- M03 says it of those who own tables and functions of tenants.
  and not (d.parent ~ '^default privileges of ragwall_(owner|context) on functions$' and d.name = 'PUBLIC')

-- M10 high: The roles that own Ragwall are as released
-- Examines: objects of this release
-- Reference: checklist 6
-- Why: What runs with their rights is bound by policies, and reaches nothing else. Row-level security does not bind
--   superusers and roles with BYPASSRLS, and a member of another role has its privileges, too.
-- Remedy: `alter role … no…`, or `revoke … from …`.
select 'M10', case d.properties when 'login' then 'low' end, case d.properties when 'login' then 'warn' else 'fail' end,
  d.object, d.properties || ', which was not released',
  (
    select string_agg(case when p ~ '^member of ' then format('revoke %s from %s', substr(p, 11), d.name)
      else format('alter role %s no%s', d.name, p) end, '; ')
    from regexp_split_to_table(d.properties, ', ') as p
  )
from deviation as d
where d.kind = 'role'

-- M11 medium: The schemas of Ragwall have nothing but what was released
-- Examines: objects of this release
-- Reference: checklist 6
-- Why: Whoever looks for functions and tables that were reviewed looks here. What is added has been reviewed by nobody,
--   and is in the way of a later migration.
-- Remedy: Move it to a schema of yours, or drop it.
select 'M11', null, 'fail', case when d.kind = 'object' then d.object else d.kind || ' ' || d.object end,
  'it is none of Ragwall''s', 'Move it to a schema of yours, or drop it.'
from deviation as d
where d.state = 'added' and d.parent = '' and d.kind not in ('role', 'event trigger', 'schema')

-- M12 medium: Partitions that are added later have row-level security
-- Examines: objects of this release
-- Reference: checklist 6
-- Why: An event trigger enables row-level security on a partition that is added to a protected table, and revokes what
--   default privileges granted on it. Only a superuser can create one.
-- Remedy: As a superuser: `create event trigger …`, as at the end of the migrations.
select 'M12', case when d.state = 'missing' then 'low' end, case when d.state = 'missing' then 'warn' else 'fail' end,
  d.object,
  case d.state when 'missing' then 'it is missing: whoever adds a partition has to enable row-level security on it'
    when 'added' then 'it is none of Ragwall''s' else d.evidence end,
  case when d.state = 'added' then format('drop event trigger %I', d.name)
    when d.property = 'fires' then format('alter event trigger %I enable', d.name)
    else 'As a superuser: its definition is at the end of the migrations that protect tables.' end
from deviation as d
where d.kind = 'event trigger'
