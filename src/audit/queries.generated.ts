// Generated from db/audit/ by `npm run generate`. Not to be edited.

/** The number of the last migration of this release. */
export const lastMigration = 30;

/** The checks that the probe makes, by their ids. */
export const probeChecks = {
  "B00": {
    "area": "rls",
    "expects": "Every tenant table can be tried, as every role of the application",
    "severity": "medium",
    "reference": "testing 1",
    "remedy": "Try such a table by hand, or name the roles that use it with `--app-role`."
  },
  "B02": {
    "area": "rls",
    "expects": "As one tenant the application does not read another’s rows",
    "severity": "critical",
    "reference": "checklist 1 · testing 1 · LLM09:2026 · AISVS 8.1.3",
    "remedy": "Enable and force row-level security, and have every policy compare the tenant."
  },
  "B03": {
    "area": "rls",
    "expects": "As one tenant the application does not change or delete another’s rows",
    "severity": "critical",
    "reference": "checklist 1 · testing 1 · AISVS 8.1.2",
    "remedy": "Have the policies for UPDATE and DELETE compare the tenant, or revoke the privilege."
  },
  "B04": {
    "area": "rls",
    "expects": "As one tenant the application does not write rows in another’s name",
    "severity": "critical",
    "reference": "checklist 1 · testing 1 · AISVS 8.1.2",
    "remedy": "Give the policies a with check that compares the tenant, and revoke the privilege to write its column."
  },
  "B05": {
    "area": "rls",
    "expects": "A search as one tenant does not find another’s rows",
    "severity": "critical",
    "reference": "checklist 1 · testing 2 · LLM09:2026 · AISVS 5.2.2",
    "remedy": "Have the function run with its caller’s rights, and compare the tenant itself."
  },
  "B07": {
    "area": "rls",
    "expects": "As one tenant, no error tells whether a guess about another’s row is right",
    "severity": "critical",
    "reference": "checklist 1 · testing 3 · LLM01:2026 · CWE-203",
    "remedy": "Have a restrictive policy compare the tenant at no cost; see `T14`."
  },
  "B08": {
    "area": "rls",
    "expects": "No token binds a tenant but one that was signed for this database and has not expired",
    "severity": "critical",
    "reference": "checklist 3 · LLM01:2026 · AISVS 5.2.2",
    "remedy": "Restore `ragwall.set_tenant_from_token()` and what it calls as they were released."
  },
  "B09": {
    "area": "rls",
    "expects": "Without a tenant no function of Ragwall returns anything",
    "severity": "critical",
    "reference": "checklist 4 · testing 4 · AISVS 5.2.1",
    "remedy": "Restore the function as it was released."
  },
  "B01": {
    "area": "context",
    "expects": "Without a tenant the application reads nothing",
    "severity": "critical",
    "reference": "checklist 4 · testing 4 · AISVS 5.2.1",
    "remedy": "Have the policies be false for a tenant that is null or empty, on each table and partition."
  },
  "B06": {
    "area": "context",
    "expects": "A setting that SQL forges opens no other tenant",
    "severity": "critical",
    "reference": "checklist 4 · testing 3 · LLM01:2026 · AISVS 5.2.2",
    "remedy": "Have the policies read a context that SQL cannot make up: ragwall.current_tenant(), in signed mode."
  }
} as const;

/** db/audit/queries/probe.sql. $1: tenant columns, $2: application roles; null: as the settings say. */
export const probeQuery = String.raw`-- The targets of ragwall audit --probe: tenant tables, application roles and search functions.
with recursive
-- The settings that a user makes. Where code sends the query, the generator puts a parameter before each setting.
given (tenant_columns, app_roles, untrusted_roles) as (
  select
    coalesce($1::text, nullif(current_setting('ragwall.tenant_columns', true), '')),
    coalesce($2::text, nullif(current_setting('ragwall.app_roles', true), '')),
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
-- Functions and procedures of this database. code: the body in lower case, without comments.
routine as materialized (
  select p.oid, p.proname, p.proowner, p.prosecdef, p.proleakproof, p.provolatile, p.pronargs, p.proacl, p.prolang,
    p.proargnames, p.proargtypes, p.proconfig,
    s.oid as schema, s.nspname, s.usable_by_others, b.body,
    lower(regexp_replace(b.body, '--[^\n]*|/\*(?:[^*]|\*+[^*/])*\*+/', ' ', 'g')) as code,
    format('%I.%I(%s)', s.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)) as name,
    p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as is_trigger,
    p.proretset or exists (
      select from pg_catalog.pg_type as y
      where y.oid = p.prorettype and (y.typtype = 'c' or y.typname in ('record', 'json', 'jsonb', 'xml'))
    ) as returns_rows,
    -- Names in an SQL-standard body (begin atomic, return) are resolved when the function is created. In any other body
    -- they are looked up in search_path at each call: the function's own, or its caller's where this is null.
    p.prosqlbody is not null as names_resolved,
    (select substr(c, 13) from unnest(p.proconfig) as c where c ~ '^search_path=') as search_path
  from pg_catalog.pg_proc as p
  join schema as s on s.oid = p.pronamespace
  cross join lateral (
    -- Leave out our own audit functions: their text contains every pattern that the checks search for.
    select case when s.nspname = 'ragwall' and p.proname in ('audit', 'inventory', 'tenant_tables', 'app_roles') then ''
      else p.prosrc || coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), '') end as body
  ) as b
  where not exists (
    select from pg_catalog.pg_depend as d
    where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
  )
),
-- Which roles may execute a function, its owner apart; 0 is PUBLIC.
execution as materialized (
  select r.oid, a.grantee
  from routine as r
  cross join lateral pg_catalog.aclexplode(coalesce(r.proacl, pg_catalog.acldefault('f', r.proowner))) as a
  -- PUBLIC may execute every new function, but cannot call one in a schema that PUBLIC may not use.
  where a.grantee <> r.proowner and (a.grantee <> 0 or r.usable_by_others)
),
-- The names in bodies of functions where a relation can stand: behind a keyword, in a list behind one, qualified by a
-- schema, as the type of a row, and as a literal. written: behind insert, merge, update, copy or truncate.
named as materialized (
  select distinct f.oid, regexp_replace(n.name, '["\s]', '', 'g') as name, n.written
  from routine as f
  cross join lateral (
    select m[2] as name, m[1] !~ '^(from|join|table|only)' as written
    from regexp_matches(f.code, '(?<!distinct )\m(from|join|insert\s+into|merge\s+into|update|copy|truncate|table|only)'
      '\s+(?:(?:only|table|lateral)\s+|\()*((?:"[^"]+"|[\w$]+)(?:\s*\.\s*(?:"[^"]+"|[\w$]+))?)', 'g') as m
    union all
    select m[1], false
    from regexp_split_to_table(
      f.code, '\m(?:where|group|order|limit|union|having|returning|loop|set)\M|[;'']'
    ) as c (clause)
    cross join lateral regexp_matches(
      substring(regexp_replace(clause, '\([^()]*\)', '', 'g') from '\m(?:from|using)\s(.*)$'),
      '(?:^|,)\s*((?:"[^"]+"|[\w$]+)(?:\s*\.\s*(?:"[^"]+"|[\w$]+))?)', 'g'
    ) as m
    union all
    select m[1], false
    from regexp_matches(f.code, '((?:"[^"]+"|\m[a-z_][\w$]*)\s*\.\s*(?:"[^"]+"|[a-z_][\w$]*))', 'g') as m
    union all
    select coalesce(m[1], m[2], m[3]), false
    from regexp_matches(
      f.code, '\m([\w$]+)%(?:row)?type|\msetof\s+([\w$]+)|''([\w$]{3,}(?:\.[\w$]+)?)''', 'g'
    ) as m
  ) as n
),
-- Few relations have names that are not one word.
spaced_relation as materialized (
  select oid, name, relname from relation where relname ~ '\W'
),
-- Which relations the body of a function names.
mention as materialized (
  select m.oid, m.relation, r.name, bool_or(m.written) as written
  from (
    select n.oid, r.oid as relation, n.written from named as n join relation as r on lower(r.relname) = n.name
    union all
    select n.oid, r.oid, n.written
    from named as n
    join relation as r on lower(r.nspname || '.' || r.relname) = n.name
    union all
    -- What an SQL-standard body uses is in the catalog.
    select f.oid, d.refobjid, false
    from routine as f
    join pg_catalog.pg_depend as d on d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = f.oid
      and d.refclassid = 'pg_catalog.pg_class'::regclass
    where f.names_resolved
    union all
    select f.oid, r.oid, false
    from spaced_relation as r
    join routine as f on strpos(f.code, lower(r.relname)) > 0
  ) as m
  join relation as r on r.oid = m.relation
  group by m.oid, m.relation, r.name
),
-- Which functions of this database the body of another calls.
call as materialized (
  select distinct f.oid, c.oid as callee
  from routine as f
  cross join lateral regexp_matches(f.code, '(?:([\w$]+)"?\s*\.\s*)?"?\m([\w$]+)"?\s*\(', 'g') as m
  join routine as c on lower(c.proname) = m[2] and (m[1] is null or lower(c.nspname) = m[1]) and c.oid <> f.oid
),
-- Regular expressions that find the tenant column in an expression, also as part of the whole row (table.*).
column_pattern as materialized (
  select oid, format('(?<![\w."])((%s\.)?%s(?![\w"(.])|%1$s\.\*)',
    regexp_replace(quote_ident(relname), '([^\w\s"])', '\\\1', 'g'),
    regexp_replace(quote_ident(attname), '([^\w\s"])', '\\\1', 'g')) as pattern
  from tenant_table
),
policy as materialized (
  select p.oid, p.polname, p.polpermissive, p.polcmd, p.polroles, p.polrelid,
    t.name as table_name, t.attname, c.pattern as column_pattern, t.typname,
    format('%I on %s', p.polname, t.name) as name,
    regexp_replace(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '\s+', ' ', 'g') as using_text,
    regexp_replace(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '\s+', ' ', 'g') as check_text
  from pg_catalog.pg_policy as p
  join tenant_table as t on t.oid = p.polrelid
  join column_pattern as c on c.oid = t.oid
),
-- Functions that policies call, and those that these call: what they return decides which tenant is bound. direct: a
-- policy calls it itself.
policy_function (oid, polrelid, direct) as (
  select d.refobjid, p.polrelid, true
  from policy as p
  join pg_catalog.pg_depend as d on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid
    and d.refclassid = 'pg_catalog.pg_proc'::regclass
  union
  select c.callee, x.polrelid, false from policy_function as x join call as c on c.oid = x.oid
),
context_function as materialized (
  select r.oid, r.name, r.proowner, r.prosecdef, r.provolatile, r.pronargs, r.body, r.code, r.schema, p.polrelid,
    bool_or(p.direct) as direct
  from policy_function as p
  join routine as r on r.oid = p.oid
  group by r.oid, r.name, r.proowner, r.prosecdef, r.provolatile, r.pronargs, r.body, r.code, r.schema, p.polrelid
),
-- The two expressions of a policy. own: the same text with the tenant column replaced by {}, each text constant by 'x',
-- and the empty text by {e}.
expression as materialized (
  select p.*, e.part, e.expression,
    regexp_replace(
      regexp_replace(regexp_replace(e.expression, p.column_pattern, '{}', 'g'), '(?<!'')''''(?!'')', '{e}', 'g'),
      '''[^'']*''', '''x''', 'g'
    ) as own
  from policy as p
  cross join lateral (values ('using', p.using_text), ('with check', p.check_text)) as e (part, expression)
  where e.expression is not null
),
-- Regular expressions. own: the tenant column, bare or cast. value: what may stand for the bound tenant: calls,
-- settings, users and constants, in at most seven levels of parentheses. equality: own = value. session: what a
-- session has or can make, and the tenant must not be taken from.
pattern as materialized (
  select own, value, format('(%s = %s|%2$s = %1$s)', own, value) as equality, session
  from (
    values (
      '(\{\}|\(\{\}\)::[\w." ]+)',
      repeat('(?:(?!COALESCE|LEAST|GREATEST)[\w".]*\(', 7)
        || repeat('\)|E?''x''|\{e\}|::(?:"?\w+"?\.)?"?\w+"?(?: varying)?| ?SELECT | AS "?\w+"?|, | ?#?->>? ?|-?\d+'
          '|(?:true|false|NULL)\M|CURRENT_USER|SESSION_USER|CURRENT_ROLE| COLLATE [\w".]+)*', 7),
      '\m(pg_stat_\w+|inet_client_\w+|inet_server_\w+|pg_backend_pid|pg_(prepared_statement|cursor|lock|setting)s?'
        '|pg_show_all_settings|pg_lock_status|pg_listening_channels|pg_(try_)?advisory_\w+|pg_my_temp_schema|pg_temp'
        '|(create|local)\s+temp(orary)?|lo_(get|open)|loread|pg_largeobject|(obj|col|shobj)_description'
        '|pg_(sh)?description|pg_(sh)?seclabels?|txid_\w+|pg_current_xact_id\w*|current_query|current_schemas?'
        '|setseed|random|clock_timestamp)\M'
    )
  ) as f (own, value, session)
),
-- The effect of an expression: 'tenant' if it requires the bound tenant, 'unknown' if the text does not decide.
verdict as materialized (
  select e.own,
    case
      when e.own ~ '^\(*(true|1 = 1)\)*$' or e.own ~ '( OR true\)|\(true OR )'
        or e.own ~ '\{\}(\)|::[\w ]+)* = [\w".(]*\{\}' or e.own ~ '^\(*\{\}\)?(::\w+)? IS NOT NULL\)*$'
        then 'always true'
      when e.own ~ '\{\}\)?(::[\w ]+)? IS NULL'
        or e.own ~ format('(\(%s\) OR | OR \(%1$s\)|COALESCE\([^{}]*, \(?\{\})',
          format('(COALESCE\()?%s\)?( IS NULL| = \{e\}(::text)?)', f.value))
        then 'true without a tenant'
      -- Ragwall's floor: the tenant column as the subscript of an object that has the bound tenant as its key, or the
      -- bound tenant as the subscript of an object that has the tenant column as its key.
      when e.own ~ '^\(+ ?SELECT (pg_catalog\.)?jsonb_build_object\(COALESCE\('
        '\(*(ragwall\.)?current_tenant\(\)(\)::\w+\)::text)?, '
        '\{e\}::text\), true\) AS jsonb_build_object\)\)?\[\(*\{\}\)?(::text)?\] IS NOT NULL\)*$'
        or e.own ~ '^\(*JSON_OBJECT\(\{\} : true RETURNING jsonb\)\)\[\( ?SELECT '
        '\(\((ragwall\.)?current_tenant\(\)\)::\w+\)::text AS current_tenant\)\] IS NOT NULL\)*$'
        then 'tenant'
      -- The tenant column is compared with a constant instead of the bound tenant.
      when e.own ~ '\{\}(\)|::[\w ]+)* = \(*( ?SELECT \(*)?(''|\{e\}|-?\d|NULL\M)'
        or e.own ~ '(?<![\w"])\(+(''x''|\{e\}|-?\d+|NULL)(\)|::[\w ]+)* = \(*\{\}'
        then 'unknown'
      -- The comparison is the whole expression, or the first or last of several combined with AND.
      when e.own ~ format('^\(%s\)$|^\(\(%1$s\) AND | AND \(%1$s\)\)$', f.equality) then 'tenant'
      when e.own !~ '\{\}' or e.own !~ '(\m[\w.]+"?\(|SELECT|_USER|CURRENT_ROLE)' then 'no tenant'
      when e.own ~ format('^\(%s (<>|[<>]=?|!?~~?\*?) %s\)$|^\(NOT \(%s\)\)$', f.own, f.value, f.equality)
        then 'other tenants'
      else 'unknown'
    end as meaning,
    -- Nothing in it is a setting, a user, or what a session has.
    lower(e.own) !~ ('\m((current|session)_(user|role|setting)|user)\M|' || f.session) as constant
  from (select distinct own from expression) as e
  cross join pattern as f
),
condition as materialized (
  select e.*,
    -- A comparison with what neither a setting, a user nor a function of this database returns is one with a constant.
    case when v.meaning = 'tenant' and v.constant and not exists (
        select from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = e.oid
          and d.refclassid = 'pg_catalog.pg_proc'::regclass
      ) then 'unknown' else v.meaning end as meaning
  from expression as e
  join verdict as v on v.own = e.own
),
-- Tables with a restrictive policy for all roles and commands that requires the tenant, in rows read and written.
floor as materialized (
  select c.polrelid
  from condition as c
  where not c.polpermissive and c.polcmd = '*' and 0 = any (c.polroles)
  group by c.polrelid, c.oid
  having bool_and(c.meaning = 'tenant') and bool_or(c.part = 'using')
),
-- Views and materialized views of tenants' rows, also through other views and functions. copied: the rows come from a
-- materialized view or a foreign table, to which no policy applies.
derived as (
  select r.oid, r.name, r.relkind, r.relowner, r.reloptions, t.oid as source, t.name as source_name,
    t.is_foreign or r.relkind = 'm' as copied
  from (
    select oid, name, false as is_foreign from tenant_table
    union all
    select f.oid, f.name, true from relation as f join tenant_column as n on n.oid = f.oid where f.relkind = 'f'
  ) as t
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = t.oid
    and d.classid = 'pg_catalog.pg_rewrite'::regclass
  join pg_catalog.pg_rewrite as w on w.oid = d.objid and w.ev_class <> t.oid
  join relation as r on r.oid = w.ev_class and r.relkind in ('v', 'm')
  union
  select r.oid, r.name, r.relkind, r.relowner, r.reloptions, t.oid, t.name, true
  from tenant_table as t
  join mention as n on n.relation = t.oid
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_proc'::regclass and d.refobjid = n.oid
    and d.classid = 'pg_catalog.pg_rewrite'::regclass
  join pg_catalog.pg_rewrite as w on w.oid = d.objid
  join relation as r on r.oid = w.ev_class and r.relkind = 'm'
  union
  select r.oid, r.name, r.relkind, r.relowner, r.reloptions, x.source, x.source_name, x.copied or r.relkind = 'm'
  from derived as x
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = x.oid
    and d.classid = 'pg_catalog.pg_rewrite'::regclass
  join pg_catalog.pg_rewrite as w on w.oid = d.objid and w.ev_class <> x.oid
  join relation as r on r.oid = w.ev_class and r.relkind in ('v', 'm')
),
view as materialized (
  select oid, name, relkind, relowner, min(source_name) as source_name, bool_or(copied) as copied,
    relkind = 'v' and coalesce(
      array_to_string(reloptions, ',') ~* '\msecurity_invoker=(t|tr|tru|true|on|y|ye|yes|1)\M', false
    ) as invoker
  from derived
  group by oid, name, relkind, relowner, reloptions
),
-- Memberships by which a role has another's privileges, can become it, or can grant itself either. A role with
-- CREATEROLE is an administrator of the roles that it creates, which gives it nothing of theirs.
direct_membership as materialized (
  select m.member, m.roleid
  from pg_catalog.pg_auth_members as m
  join pg_catalog.pg_roles as r on r.oid = m.member
  where coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
    or coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
    or m.admin_option and not r.rolcreaterole
),
membership as (
  select member, roleid from direct_membership
  union
  select x.member, m.roleid from membership as x join direct_membership as m on m.member = x.roleid
),
-- For an indirect membership: the last role on the way, whose membership would have to be revoked.
last_link as materialized (
  select x.member, m.roleid, min(r.rolname) as name
  from membership as x
  join direct_membership as m on m.member = x.roleid
  join pg_catalog.pg_roles as r on r.oid = m.member
  where (x.member, m.roleid) not in (select member, roleid from direct_membership)
  group by x.member, m.roleid
),
-- Privileges on a relation or one of its columns, those of its owner apart; grantee 0 is PUBLIC.
privilege as materialized (
  select r.oid, r.name, r.relkind, r.relrowsecurity, null::name as attname, a.grantee, a.privilege_type, a.is_grantable
  from relation as r
  cross join lateral pg_catalog.aclexplode(r.relacl) as a
  where a.grantee <> r.relowner
  union all
  select r.oid, r.name, r.relkind, r.relrowsecurity, c.attname, a.grantee, a.privilege_type, a.is_grantable
  from relation as r
  join pg_catalog.pg_attribute as c on c.attrelid = r.oid
  cross join lateral pg_catalog.aclexplode(c.attacl) as a
  where a.grantee <> r.relowner
),
-- The roles that own what Ragwall made. No application is one of them.
owning_role as materialized (
  select oid from pg_catalog.pg_roles where rolname in ('ragwall_owner', 'ragwall_context', 'ragwall_search')
),
-- The roles from which application roles are derived: those that the setting names. Without the setting, the roles
-- with a privilege on a tenant table, on a view of one, or on a security definer function that is in the schema of such
-- a table or names one. An owner of tenant tables, or of security definer functions, counts only for a privilege on
-- another owner's table or view, and if it can log in or a login can become it.
app_role_root as materialized (
  select n.oid from pg_catalog.pg_roles as n cross join setting as s where n.rolname = any (s.app_roles)
  union
  select p.grantee
  from privilege as p
  cross join setting as s
  where s.app_roles is null and p.oid in (select t.oid from tenant_table as t union select v.oid from view as v)
    and p.grantee not in (select oid from owning_role)
    and (p.grantee not in (
      select t.relowner from tenant_table as t union select f.proowner from routine as f where f.prosecdef
    ) or exists (
      select from pg_catalog.pg_roles as l
      where l.rolcanlogin and not l.rolsuper and (
        l.oid = p.grantee or exists (select from membership as m where m.member = l.oid and m.roleid = p.grantee)
      )
    ))
  union
  select e.grantee
  from execution as e
  join routine as f on f.oid = e.oid
  cross join setting as s
  where s.app_roles is null and f.prosecdef
    and (f.schema in (select t.schema from tenant_table as t)
      or f.oid in (select n.oid from mention as n join tenant_table as t on t.oid = n.relation))
    and e.grantee not in (select t.relowner from tenant_table as t)
    and e.grantee not in (
      select c.proowner from context_function as c union select f.proowner from routine as f where f.prosecdef
    )
),
-- Application roles: the roles above, and their members except owners of tenant tables. Those that the setting names as
-- untrusted, and their members, run SQL that others write.
app_role as materialized (
  select r.*, r.rolname = any (s.untrusted_roles) or exists (
      select from membership as m join pg_catalog.pg_roles as u on u.oid = m.roleid
      where m.member = r.oid and u.rolname = any (s.untrusted_roles)
    ) as untrusted
  from pg_catalog.pg_roles as r
  cross join setting as s
  where (
      r.oid in (select oid from app_role_root)
      or r.oid not in (select relowner from tenant_table)
        and exists (select from membership as m where m.member = r.oid and m.roleid in (select oid from app_role_root))
    )
    and (r.oid <> 10 and r.rolname !~ '^pg_' or r.rolname = any (s.app_roles))
),
-- All other roles. danger: why no application role may be a member of it, null if it may.
other_role as materialized (
  select o.oid, o.rolname,
    case when o.rolsuper or o.rolbypassrls then 'policies do not bind'
      when o.rolcreaterole then 'has CREATEROLE'
      when o.rolreplication then 'has REPLICATION'
      when o.oid in (select relowner from tenant_table) then 'owns tenant tables'
      when o.oid in (select proowner from context_function) then 'owns functions that policies call'
      when o.oid in (select oid from owning_role) then 'owns functions of Ragwall' end as danger
  from pg_catalog.pg_roles as o
  where o.rolname !~ '^pg_' and o.oid not in (select oid from app_role)
),
-- The roles whose privileges an application has: its own, those that they are members of, and PUBLIC, which is 0.
grantee as materialized (
  select oid, rolname::text as name, quote_ident(rolname) as ident, untrusted from app_role
  union all
  select o.oid, o.rolname, quote_ident(o.rolname), bool_or(a.untrusted)
  from other_role as o join membership as m on m.roleid = o.oid join app_role as a on a.oid = m.member
  where o.danger is null
  group by o.oid, o.rolname
  union all
  select 0, 'PUBLIC', 'public', false
),
-- Roles that row-level security does not bind.
bypass_role as materialized (
  select oid, rolname from pg_catalog.pg_roles where rolsuper or rolbypassrls
),
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
  ) as functions`;

/** db/audit/queries/guard.sql. $1: tenant columns; null: as the setting says. */
export const guardQuery = String.raw`-- The query of assertIsolation(): attributes and memberships of the login, and open tenant tables that it can reach.
with
-- The settings that a user makes. Where code sends the query, the generator puts a parameter before each setting.
given (tenant_columns, app_roles, untrusted_roles) as (
  select
    coalesce($1::text, nullif(current_setting('ragwall.tenant_columns', true), '')),
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
login as materialized (
  select r.oid, r.rolname, r.rolsuper, r.rolbypassrls
  from pg_catalog.pg_roles as r
  where r.rolname in (current_user, session_user)
),
-- The roles whose privileges the login has or can take: the login, and those that it is a member of.
reachable_role as materialized (
  select r.oid, r.rolname, r.rolsuper or r.rolbypassrls as unbound, false as is_login
  from pg_catalog.pg_roles as r
  where r.oid not in (select l.oid from login as l)
    and exists (
      select from login as l where not l.rolsuper and pg_catalog.pg_has_role(l.oid, r.oid, 'member')
    )
  union all
  select l.oid, l.rolname, false, true from login as l
),
-- Tenant tables that the login can read or write, and whose policies are off or do not bind the owner.
open_table as (
  select t.name, t.relrowsecurity
  from tenant_table as t
  where not (t.relrowsecurity and t.owner_is_bound)
    and exists (
      select from reachable_role as m
      where pg_catalog.has_schema_privilege(m.oid, t.schema, 'usage')
        and (
          pg_catalog.has_any_column_privilege(m.oid, t.oid, 'select, insert, update')
          or pg_catalog.has_table_privilege(m.oid, t.oid, 'delete, truncate')
        )
    )
),
finding as (
  select 'G01' as "check", current_user::text as object
  where not exists (
    select from schema as n
    join reachable_role as m on pg_catalog.has_schema_privilege(m.oid, n.oid, 'usage')
    where n.nspname = 'ragwall'
  )
  union all
  select 'R01', l.rolname from login as l where l.rolsuper
  union all
  select 'R02', l.rolname from login as l where l.rolbypassrls
  union all
  select 'R07', m.rolname
  from reachable_role as m
  where not m.is_login
    and (
      m.unbound
      or m.oid in (select t.relowner from tenant_table as t)
      or m.oid in (select n.nspowner from schema as n where n.nspname in ('ragwall', 'ragwall_private'))
    )
  union all
  select 'R08', t.name from tenant_table as t join login as l on l.oid = t.relowner
  union all
  select case when t.relrowsecurity then 'T02' else 'T01' end, t.name from open_table as t
)
select pg_catalog.pg_backend_pid() as backend,
  (select coalesce(pg_catalog.json_agg(f order by f.object), '[]') from finding as f) as found`;

/** db/audit/queries/guard-restricted.sql. */
export const restrictedGuardQuery = `-- The query of assertIsolation() where db/agents.sql has revoked the catalogs from the login. Access functions still
-- return whether row-level security applies to it on ragwall.documents, and whether it is a member of the two owners.
with usable as (
  select coalesce(
    pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('ragwall')::oid, 'usage'), false
  ) as schema_usable
),
finding as (
  select 'G01' as "check", current_user::text as object from usable where not schema_usable
  union all
  select 'R07', o.name
  from (values ('ragwall_owner'), ('ragwall_context')) as o (name)
  where pg_catalog.pg_has_role(session_user, pg_catalog.to_regrole(o.name)::oid, 'member')
  union all
  select 'T01', 'ragwall.documents'
  from usable
  where case when schema_usable
    then not pg_catalog.row_security_active(pg_catalog.to_regclass('ragwall.documents')::oid) end
)
select pg_catalog.pg_backend_pid() as backend,
  (select coalesce(pg_catalog.json_agg(f order by f.object), '[]') from finding as f) as found`;
