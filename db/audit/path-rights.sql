-- Other ways to the data: functions that lend more than they have to

-- F09 high: No security definer function executes what its caller gives it
-- Examines: security definer functions
-- Reference: CWE-89 | CWE-269
-- Why: Text of the caller's in a statement of the owner's is run with the owner's rights: also `alter table … disable
--   row level security`. A name of the caller's choice reads what the owner reads.
-- Remedy: `execute … using` for values, `format('%I')` of a name that is in a list, or `security invoker`.
select 'F09', case when k.quoted then 'medium' end, case when k.quoted then 'warn' else 'fail' end, f.name,
  format('it runs as %s, executes a statement that is made of its argument %s, and %s may call it', f.proowner::regrole,
    k.names, f.names),
  'Pass values by execute ... using, and choose names from a list; or make it security invoker.'
from callable_routine as f
cross join lateral (
  select string_agg(distinct a.name, ', ') as names,
    bool_and(e[1] ~ 'format\s*\(' and e[1] !~ '%\d*\$?-?\d*s|\|\|'
      or e[1] ~ ('quote_\w+\s*\(\s*' || a.name || '\s*\)')) as quoted
  from regexp_matches(f.code, '\mexecute\s+(?!function|procedure|on\M)([^;]*)', 'g') as e
  cross join unnest(f.proargnames) with ordinality as n (name, at)
  cross join lateral (select regexp_replace(lower(n.name), '(\W)', '\\\1', 'g')) as a (name)
  where n.at <= f.pronargs and f.proargtypes[n.at - 1] <> all (array[
      'uuid', 'integer', 'bigint', 'smallint', 'boolean', 'numeric', 'date', 'timestamptz'
    ]::regtype[])
    -- What stands behind using is passed as a value.
    and regexp_replace(e[1], '\musing\s[^'']*$', '') ~ ('\m' || a.name || '\M')
) as k
where f.prosecdef and not f.is_trigger and k.names is not null
  -- F01 names those whose owner policies do not bind.
  and f.proowner not in (select b.oid from bypass_role as b)

-- F10 medium: No function switches policies, roles or triggers off
-- Examines: functions
-- Reference: CWE-269
-- Why: Such a setting holds for everything that the function calls, and, if it is not reset, for what comes after it.
-- Remedy: Have the function run as a role that policies bind, without the setting.
select 'F10', null, 'fail', f.name, 'it sets ' || k.setting || ' for what it executes',
  'Have the function run as a role that policies bind, without the setting.'
from callable_routine as f
cross join lateral (
  select coalesce(
    (
      select split_part(c, '=', 1) from unnest(f.proconfig) as c
      where c ~* '^(row_security=(off|f|false|no|0)|role=|session_authorization=|session_replication_role=)' limit 1
    ),
    (regexp_match(f.code, '\mset\s+(?:local\s+|session\s+)?(row_security|session_replication_role)\s*(?:=|to\M)'))[1],
    -- Within a transaction a caller may become only what it may become without the function.
    (regexp_match(f.code, '\mset\s+(?:session\s+)?(role|session\s+authorization)\s*(?:=|to\M|\s(?!none|default))'))[1],
    (regexp_match(f.code,
      'set_config\s*\(\s*''(row_security|role|session_authorization|session_replication_role)'''))[1]
  ) as setting
) as k
where k.setting is not null
