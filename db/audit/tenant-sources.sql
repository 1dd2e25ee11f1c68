-- Where the tenant is taken from

-- C11 high: The tenant is not taken from what a session has or can make
-- Examines: policies
-- Reference: checklist 3 | LLM01:2026 | AISVS 5.2.2
-- Why: Its address, process, cursors, locks, large objects, temporary tables and the like are a session's own choice,
--   or the pooler's. Whoever has the session, or gets it next, has the tenant.
-- Remedy: Bind the tenant with a value that SQL cannot forge: a sealed or signed context, such as
--   `ragwall.current_tenant()` returns.
select 'C11', null, 'fail', t.name,
  format('%s take the tenant from %s: a session has or makes it itself', string_agg(distinct s.name, ', '),
    string_agg(distinct w.word, ', ')),
  'Bind the tenant with a value that SQL cannot forge: a sealed or signed context, such as ragwall.current_tenant() '
    'returns.'
from tenant_table as t
join source as s on s.polrelid = t.oid
join (
  select d.code, (regexp_matches(d.code, f.session, 'g'))[1] as word
  from (select distinct code from source) as d
  cross join pattern as f
) as w on w.code = s.code
group by t.name

-- C12 medium: No login chooses the tenant by SET ROLE
-- Examines: policies
-- Reference: checklist 3 | LLM01:2026
-- Why: Where the tenant is the current user, a login that is a member of several roles changes the tenant with one
--   statement, and so does SQL that is injected.
-- Remedy: Compare with session_user, give each tenant a login of its own, or bind a sealed or signed context.
select 'C12', null, 'warn', t.name,
  format('its policies compare with the current user, and %s can become %s', string_agg(distinct a.name, ', '),
    string_agg(distinct a.roles, ', ')),
  'Compare with session_user, with a login for each tenant; or bind a sealed or signed context.'
from tenant_table as t
join condition as c on c.polrelid = t.oid and c.meaning = 'tenant' and c.own ~ '\mCURRENT_(USER|ROLE)\M'
cross join (
  select l.rolname as name, string_agg(r.rolname, ', ' order by r.rolname) as roles
  from app_role as l
  join membership as m on m.member = l.oid
  join app_role as r on r.oid = m.roleid
  where l.rolcanlogin
  group by l.rolname
  having count(*) > 1
) as a
group by t.name

-- C13 high: No application role can write the rows that decide which tenant is bound
-- Examines: policies
-- Reference: checklist 3 | AISVS 8.1.2
-- Why: Policies that look up a table of sessions or members believe its rows. Whoever can insert one gives itself
--   another tenant.
-- Remedy: Revoke the privilege, or have policies on that table keep each row to whom it belongs.
select 'C13', null, 'fail', r.name,
  format('policies of %s believe its rows, and %s may write them', string_agg(distinct t.name, ', '), g.writers),
  format('revoke insert, update on %s from %s; or enable row-level security on it, with policies that compare the '
    'owner of a row', r.name, g.idents)
from (
  select p.polrelid, d.refobjid as relation
  from pg_catalog.pg_policy as p
  join pg_catalog.pg_depend as d on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid
    and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid <> p.polrelid
  union
  select f.polrelid, m.relation from policy_function as f join mention as m on m.oid = f.oid
) as s
join tenant_table as t on t.oid = s.polrelid
join relation as r on r.oid = s.relation and r.relkind in ('r', 'p', 'f')
join relation_grant as g on g.oid = r.oid and g.writers is not null
where r.oid in (select o.oid from open_relation as o where o.writable)
group by r.name, g.writers, g.idents

-- C14 high: Functions that policies call look up tables in fixed schemas
-- Examines: functions in policies
-- Reference: checklist 3 | CVE-2018-1058 | CWE-426
-- Why: A function without a search_path looks up names in its caller's. A temporary table of the same name, which comes
--   first, then says who the tenant is.
-- Remedy: `alter function … set search_path = <schemas>, pg_temp`.
select distinct 'C14', null, 'fail', f.name,
  format('policies call it, and it looks up %s in its caller''s search_path, where a temporary table comes first',
    m.names),
  format('alter function %s set search_path = <the schemas that its body names>, pg_temp', f.name)
from context_function as c
join routine as f on f.oid = c.oid
join pg_catalog.pg_language as l on l.oid = f.prolang and l.lanname in ('sql', 'plpgsql')
join (
  select n.oid, string_agg(distinct r.name, ', ') as names
  from named as n
  join relation as r on lower(r.relname) = n.name
  group by n.oid
) as m on m.oid = f.oid
where not f.prosecdef and not f.names_resolved and f.search_path is null

-- C15 medium: The tenant column has no constant default
-- Examines: tables
-- Reference: checklist 3 | AISVS 8.1.2
-- Why: A row that is inserted without a tenant then belongs to the tenant of the default, instead of being refused.
-- Remedy: `alter table … alter column … set default <the bound tenant>`, or `drop default`.
select 'C15', null, 'warn', t.name,
  format('%I defaults to a constant: a row that is inserted without a tenant belongs to that tenant', t.attname),
  case when d.oid is null then format('alter domain %s drop default', t.atttypid::regtype)
    else format('alter table %s alter column %I drop default', t.name, t.attname) end
from tenant_table as t
join pg_catalog.pg_type as y on y.oid = t.atttypid
left join pg_catalog.pg_attrdef as d on d.adrelid = t.oid and d.adnum = t.attnum
where not t.child
  and coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), pg_catalog.pg_get_expr(y.typdefaultbin, 0))
    ~ '^\(*(''([^'']|'''')+''|-?\d+)|^COALESCE\(.*, ''[^'']+''(::[\w" ]+)?\)$'

-- C16 high: Without a tenant no function falls back to one
-- Examines: functions in policies
-- Reference: checklist 3 | testing 4
-- Why: A request that forgot to bind its tenant should read nothing. With a fallback it works as a tenant of the
--   function's choice.
-- Remedy: Have the function return null while no tenant is bound.
select distinct 'C16', null, 'fail', f.name, 'policies call it, and it returns a constant where no tenant is bound',
  'Have the function return null while no tenant is bound.'
from context_function as f
where f.oid not in (select s.oid from seal_function as s) and (
  f.code ~ ('coalesce\s*\(\s*(nullif\s*\(\s*)?([\w.]*\.)?(current_setting|\w*tenant\w*)\s*\([^()]*\)'
    '(\s*,\s*''''(::\w+)?\s*\))?(\s*::\s*\w+)?\s*,\s*''[^''{}]+''')
  or f.code ~ '\m(return|else)\s+''[^''{}]+''|^\s*select\s+''[^''{}]+''(::\w+)?\s*;?\s*$'
)

-- C17 high: The tenant is not taken from what a user of the application writes
-- Examines: policies
-- Reference: checklist 3 | LLM01:2026 | AISVS 5.2.2
-- Why: A user writes the headers and cookies of a request, and the user_metadata of a profile, which the token repeats.
--   Whoever changes them has another tenant.
-- Remedy: Take the tenant from a claim that only the issuer of the token writes, such as app_metadata.
select 'C17', null, 'fail', w.name, w.evidence,
  'Take the tenant from a claim that only the issuer of the token writes, such as app_metadata.'
from (
  select t.name, format('%s take the tenant from %s', string_agg(distinct s.name, ', '),
    string_agg(distinct m[1], ', ')) as evidence
  from tenant_table as t
  join source as s on s.polrelid = t.oid
  cross join lateral regexp_matches(s.code, '(\w*user_?meta_?data|request\.(?:headers?|cookies?))\M', 'g') as m
  group by t.name
  union all
  select f.name, format('it sets %s, which policies read, from %s', min(m[1]), min(k[1]))
  from routine as f
  cross join lateral regexp_matches(f.code, 'set_config\s*\(\s*''([^'']+)''', 'g') as m
  cross join lateral regexp_matches(f.code, '(\w*user_?meta_?data|request\.(?:headers?|cookies?))\M') as k
  where exists (select from source as s where strpos(s.code, 'current_setting(''' || m[1] || '''') > 0)
  group by f.name
) as w
