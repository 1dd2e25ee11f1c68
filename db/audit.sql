-- Generated from db/audit/ by `npm run generate`. Not to be edited.
--
-- Whether tenants are isolated in this database: one row for each check that passes, and one for each finding.
--
--   PGOPTIONS='-c jit=off -c search_path=pg_catalog,pg_temp' psql "$DATABASE_URL" -f db/audit.sql
--   select * from ragwall.audit();                where Ragwall and db/audit-install.sql are installed
--
-- It only reads catalogs. It installs nothing and needs no privilege, with Ragwall or without, on PostgreSQL 15 and
-- later. Where db/agents.sql was run, it needs the privileges of pg_monitor. Three settings supply what is not in the
-- catalogs, each a list of names separated by commas:
--
--   ragwall.tenant_columns    names of tenant columns; default: tenant_id, org_id and the like
--   ragwall.app_roles         roles of the application; default: the roles with privileges on tenant tables
--   ragwall.untrusted_roles   those of them that run SQL written by others; default: agent_reader, agent_caller
--
-- A finding is identified by the id of its check and its object. docs/checks.md explains each check.

with recursive
-- The settings that a user makes. Where code sends the query, the generator puts a parameter before each setting.
given (tenant_columns, app_roles, untrusted_roles) as (
  select
    nullif(current_setting('ragwall.tenant_columns', true), ''),
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
-- Relations that applications have a privilege on. names: of the roles; idents: quoted for SQL; users: those that may
-- read or write; readers: those that may read; writers: those that may insert or update.
relation_grant as materialized (
  select p.oid, p.name, p.relkind, p.relrowsecurity,
    string_agg(distinct g.name, ', ') as names,
    string_agg(distinct g.ident, ', ') as idents,
    string_agg(distinct g.name, ', ')
      filter (where p.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')) as users,
    string_agg(distinct g.name, ', ') filter (where p.privilege_type = 'SELECT') as readers,
    string_agg(distinct g.name, ', ') filter (where p.privilege_type in ('INSERT', 'UPDATE')) as writers
  from privilege as p
  join grantee as g on g.oid = p.grantee
  group by p.oid, p.name, p.relkind, p.relrowsecurity
),
-- Each privilege of an application on a tenant table, or on its column attname.
tenant_privilege as materialized (
  select t.oid, t.name, t.attname as tenant, t.typname, t.child, t.relrowsecurity,
    p.privilege_type, p.is_grantable, p.attname,
    g.oid as grantee, g.name as grantee_name, g.ident
  from tenant_table as t
  join privilege as p on p.oid = t.oid
  join grantee as g on g.oid = p.grantee
),
-- Functions that applications may call.
callable_routine as materialized (
  select f.*, c.names, c.idents
  from routine as f
  join (
    select e.oid, string_agg(distinct g.name, ', ') as names, string_agg(distinct g.ident, ', ') as idents
    from execution as e join grantee as g on g.oid = e.grantee
    group by e.oid
  ) as c on c.oid = f.oid
),
-- Privileges of applications on this database.
database_grant as materialized (
  select g.name, g.ident, a.privilege_type, quote_ident(d.datname) as database
  from pg_catalog.pg_database as d
  cross join lateral pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) as a
  join grantee as g on g.oid = a.grantee
  where d.datname = current_database() and a.grantee <> d.datdba
),
-- Settings that a role or a database presets for each of its sessions.
preset as materialized (
  select split_part(c, '=', 1) as setting, substr(c, strpos(c, '=') + 1) as value,
    s.setrole = 0 or s.setrole in (select oid from app_role) as for_app,
    coalesce(nullif(concat_ws(' in ', case when s.setrole <> 0 then 'role ' || s.setrole::regrole end,
      case when s.setdatabase <> 0 then 'database ' || quote_ident(d.datname) end), ''), 'role all') as place
  from pg_catalog.pg_db_role_setting as s
  left join pg_catalog.pg_database as d on d.oid = s.setdatabase
  cross join lateral unnest(s.setconfig) as c
  where s.setdatabase in (0, (select database from setting))
),
-- Operators for which only equal bytes are equal: "=" of the server's own types, as its indexes are sorted.
identity as materialized (
  select string_agg(distinct o.amopopr::text, '|') as operators,
    coalesce(
      (select string_agg(c.oid::text, '|') from pg_catalog.pg_collation as c where not c.collisdeterministic), '-'
    ) as vague
  from pg_catalog.pg_amop as o
  where o.amopmethod = 403 and o.amopstrategy = 3 and o.amopopr < 16384
    and 1042 not in (o.amoplefttype, o.amoprighttype)
    and (
      select count(distinct f.amproclefttype) from pg_catalog.pg_amproc as f
      where f.amprocfamily = o.amopfamily and f.amprocnum = 4
        and f.amproclefttype in (o.amoplefttype, o.amoprighttype)
    ) = case when o.amoplefttype = o.amoprighttype then 1 else 2 end
),
-- The predicate of an index as its tree of nodes, reduced from within. A column becomes <V7>, a constant that is not
-- null <C>, "column = constant" <P7>; AND becomes what is in it; every other node X. Names have no braces: escaped
-- characters are masked first.
reduction (indexrelid, tree) as (
  select i.indexrelid, regexp_replace(i.indpred::text, '\\.', '_', 'g')
  from pg_catalog.pg_index as i
  where i.indpred is not null
  union all
  select r.indexrelid,
    case when s.tree <> r.tree then s.tree else regexp_replace(r.tree, '\{[^{}]*\}', 'X', 'g') end
  from reduction as r
  cross join identity as e
  cross join lateral regexp_replace(r.tree, '\{VAR :varno 1 :varattno (\d+) [^{}]*\}', '<V\1>', 'g') as a (tree)
  cross join lateral regexp_replace(a.tree, '\{CONST [^{}]*:constisnull false [^{}]*\}', '<C>', 'g') as b (tree)
  cross join lateral regexp_replace(b.tree, '\{RELABELTYPE :arg (<V\d+>|<C>) [^{}]*\}', '\1', 'g') as c (tree)
  cross join lateral regexp_replace(c.tree, format('\{OPEXPR :opno (?:%s) [^{}]*:inputcollid (?!(?:%s) )\d+ '
    ':args \((?:<V(\d+)> <C>|<C> <V(\d+)>)\)[^{}]*\}', e.operators, e.vague), '<P\1\2>', 'g') as d (tree)
  cross join lateral regexp_replace(d.tree, '\{BOOLEXPR :boolop and :args \(([^{}()]*)\)[^{}]*\}', '\1', 'g')
    as s (tree)
  where r.tree ~ '\{'
),
-- The columns that are the same in all rows of an index that is no parent: by its predicate, or because its table, or
-- what that is a partition of, is a list partition for one value.
pinned_leaf as materialized (
  select r.indexrelid, a.attname
  from reduction as r
  join pg_catalog.pg_index as i on i.indexrelid = r.indexrelid
  cross join lateral regexp_matches(r.tree, '<P(\d+)>', 'g') as p (attnum)
  join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = p.attnum[1]::smallint
  where r.tree !~ '\{'
  union
  select i.indexrelid, a.attname
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as t on t.oid = i.indrelid and t.relispartition
  cross join lateral pg_catalog.pg_partition_ancestors(t.oid) as b (relid)
  join pg_catalog.pg_class as c on c.oid = b.relid
  join pg_catalog.pg_inherits as h on h.inhrelid = c.oid
  join pg_catalog.pg_partitioned_table as k on k.partrelid = h.inhparent and k.partnatts = 1
  join pg_catalog.pg_attribute as a on a.attrelid = k.partrelid and a.attnum = (k.partattrs::smallint[])[0]
  join pg_catalog.pg_opclass as o on o.oid = (k.partclass::oid[])[0] and o.oid < 16384
  where c.relpartbound::text ~ ('^\{PARTITIONBOUNDSPEC :strategy l :is_default false [^{}]*:listdatums '
      '\(\{CONST [^{}]*:constisnull false [^{}]*\}\)')
    and o.opcintype <> 1042
    and exists (
      select from pg_catalog.pg_amproc as f
      where f.amprocfamily = o.opcfamily and f.amproclefttype = o.opcintype and f.amprocnum = 4
    )
    and not exists (
      select from pg_catalog.pg_collation as l where l.oid = (k.partcollation::oid[])[0] and not l.collisdeterministic
    )
),
-- The same of all indexes. A parent's columns are those of all of its leaves.
pinned_column as materialized (
  select c.oid as indexrelid, p.attname
  from pg_catalog.pg_class as c
  join pinned_leaf as p on p.indexrelid = c.oid
  where c.relkind = 'i'
  union all
  select c.oid, p.attname
  from pg_catalog.pg_class as c
  cross join lateral pg_catalog.pg_partition_tree(c.oid) as l
  left join pinned_leaf as p on p.indexrelid = l.relid
  where c.relkind = 'I' and l.isleaf
  group by c.oid, p.attname
  having count(*) = (select count(*) from pg_catalog.pg_partition_tree(c.oid) as e where e.isleaf)
    and p.attname is not null
),
-- Functions whose result SQL cannot forge: they compare a seal or signature by a key that no application can read, or
-- call a function that does, and read no setting themselves.
seal_function as materialized (
  select f.oid
  from routine as f
  where f.prosecdef and f.code ~ '\m\w*(seal|sha(224|256|384|512)|hmac|digest|verif|signature)\w*"?\s*\('
    and exists (
      select from mention as m
      where m.oid = f.oid and (
        -- Whether an application can read ours, another check tells.
        m.name like 'ragwall_private.%'
        or m.relation not in (select g.oid from relation_grant as g where g.readers is not null)
      )
    )
),
sealed_function as materialized (
  select oid from seal_function
  union all
  select f.oid
  from routine as f
  where f.oid not in (select oid from seal_function) and f.code !~ '\mcurrent_setting\s*\('
    and exists (select from call as c join seal_function as s on s.oid = c.callee where c.oid = f.oid)
),
-- Tables of which a policy for all roles and commands requires the tenant that a sealed function returns. Whatever
-- their other policies trust, it has to hold as well.
sealed_table as materialized (
  select c.polrelid
  from condition as c
  where not c.polpermissive and c.polcmd = '*' and 0 = any (c.polroles) and c.part = 'using' and c.meaning = 'tenant'
    and c.expression !~* '\mcurrent_setting\('
    and (
      select bool_and(r.oid in (select oid from sealed_function))
      from pg_catalog.pg_depend as d
      join routine as r on r.oid = d.refobjid
      where d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = c.oid
        and d.refclassid = 'pg_catalog.pg_proc'::regclass
    )
),
-- The texts that decide which tenant is bound: conditions of policies, and functions that they call, without sealed
-- functions and what these call.
source_function (oid, polrelid) as (
  select p.oid, p.polrelid from policy_function as p
  where p.direct and p.oid not in (select s.oid from sealed_function as s)
  union
  select c.callee, x.polrelid
  from source_function as x
  join call as c on c.oid = x.oid
  where c.callee not in (select s.oid from sealed_function as s)
),
source as materialized (
  select c.polrelid, 'its policies' as name, lower(c.expression) as code from condition as c
  union all
  select s.polrelid, f.name, f.code from source_function as s join routine as f on f.oid = s.oid
),
-- Relations in which no policy keeps rows apart: without row-level security, or with a policy that is true for an
-- application role that policies bind.
open_relation as materialized (
  select r.oid,
    not r.relrowsecurity or coalesce(bool_or(
      o.polcmd in ('*', 'r') and pg_catalog.pg_get_expr(o.polqual, r.oid) = 'true'
    ), false) as readable,
    not r.relrowsecurity or coalesce(bool_or(
      o.polcmd in ('*', 'a', 'w')
        and coalesce(pg_catalog.pg_get_expr(o.polwithcheck, r.oid), pg_catalog.pg_get_expr(o.polqual, r.oid)) = 'true'
    ), false) as writable
  from relation as r
  left join pg_catalog.pg_policy as o on o.polrelid = r.oid and o.polpermissive and o.polroles && array(
    select 0::oid union all select a.oid from app_role as a where not (a.rolsuper or a.rolbypassrls)
  )
  group by r.oid, r.relrowsecurity
),
-- Tables that have a row for each tenant, and no tenant column: a tenant column refers to their key, or is named like
-- one of theirs: org_id, and orgs (id).
tenant_list as materialized (
  select k.confrelid as oid, a.attname as key, t.name as child
  from pg_catalog.pg_constraint as k
  join tenant_table as t on t.oid = k.conrelid and k.conkey = array[t.attnum]
  join pg_catalog.pg_attribute as a on a.attrelid = k.confrelid and a.attnum = k.confkey[1]
  where k.contype = 'f' and k.confrelid not in (select oid from tenant_table)
  union
  select r.oid, a.attname, t.name
  from tenant_table as t
  join relation as r on regexp_replace(lower(r.relname), 's$', '') = regexp_replace(lower(t.attname), '_?id$', '')
  join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attname in ('id', t.attname) and a.atttypid = t.atttypid
  where t.attname ~* 'id$' and r.oid not in (select oid from tenant_table)
),
-- Roles whose privileges those have who run SQL that others write: they themselves, their groups, and PUBLIC.
untrusted_grantee as materialized (
  select oid from app_role where untrusted
  union
  select m.roleid from app_role as a join membership as m on m.member = a.oid where a.untrusted
  union
  select 0 from app_role where untrusted and rolcanlogin
),
-- Indexes of tenant tables.
tenant_index as materialized (
  select i.*, c.relname, c.relkind, m.amname, t.name as table_name, t.attnum, t.attname, t.relrowsecurity,
    format('%s on %s', quote_ident(c.relname), t.name) as name,
    (i.indkey::smallint[])[0] = t.attnum as leads_with_tenant,
    t.attnum = any ((i.indkey::smallint[])[0:i.indnkeyatts - 1]) as contains_tenant,
    i.indnkeyatts = 1 and exists (
      select from pg_catalog.pg_attrdef as d
      where d.adrelid = i.indrelid and d.adnum = (i.indkey::smallint[])[0]
        and pg_catalog.pg_get_expr(d.adbin, d.adrelid) ~ 'random_uuid|uuid_generate_v4'
    ) as random_key,
    exists (select from pg_catalog.pg_inherits as h where h.inhrelid = i.indexrelid) as attached,
    exists (
      select from pinned_column as p where p.indexrelid = i.indexrelid and p.attname = t.attname
    ) as single_tenant,
    -- Access methods with an operator of the class that orders by distance; the server's own return exact results.
    i.indclass::oid[] && array(
      select o.oid from pg_catalog.pg_opclass as o
      where o.opcfamily in (select a.amopfamily from pg_catalog.pg_amop as a where a.amoppurpose = 'o')
    ) and m.amname not in ('gist', 'spgist', 'btree') as approximate
  from tenant_table as t
  join pg_catalog.pg_index as i on i.indrelid = t.oid
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_am as m on m.oid = c.relam
),
-- Indexes that hold rows of several tenants. Of a partitioned index the parent alone is listed.
shared_index as materialized (
  select i.*
  from tenant_index as i
  where not i.attached and not i.single_tenant
),
-- What is in the schemas of Ragwall, and what its roles are: one fact a row. What was released, in released.sql, was
-- read by the same queries. parent: the relation of a column, policy and the like, or the object of a privilege, of
-- which name is the holder. Left out are search tables of tenants as they are built: they come and go with documents.
own_schema as materialized (
  select oid, nspname, nspowner, nspacl from pg_catalog.pg_namespace
  where nspname in ('ragwall', 'ragwall_private', 'ragwall_search', 'ragwall_api')
),
own_relation as materialized (
  select c.*, format('%I.%I', s.nspname, c.relname) as name,
    case when c.relispartition then (
      select i.inhparent::regclass::text from pg_catalog.pg_inherits as i where i.inhrelid = c.oid
    ) end as root,
    s.nspname = 'ragwall_search' and c.relname ~ '^search_[0-9a-f]{32}$' and c.relkind = 'r' and c.relpersistence = 'p'
      and c.relowner = s.nspowner and not c.relispartition as search_table
  from pg_catalog.pg_class as c
  join own_schema as s on s.oid = c.relnamespace
  where c.relkind not in ('i', 'I', 't')
),
-- replaced: db/audit-install.sql makes it, or puts it in the place of one that only raises an error.
own_routine as materialized (
  select p.*, l.lanname, format('%s.%I(%s)', s.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)) as name,
    s.nspname = 'ragwall'
      and p.proname in ('audit', 'inventory', 'fingerprint', 'tenant_tables', 'app_roles', 'pinned_columns') as replaced
  from pg_catalog.pg_proc as p
  join own_schema as s on s.oid = p.pronamespace
  join pg_catalog.pg_language as l on l.oid = p.prolang
),
-- The roles that own objects. Those of the application are left to the checks of roles.
own_role as materialized (
  select * from pg_catalog.pg_roles where rolname in ('ragwall_owner', 'ragwall_context', 'ragwall_search')
),
own_relation_fact (kind, parent, name, property, value) as materialized (
  select 'schema', null, nspname::text, 'owner', nspowner::regrole::text from own_schema
  union all
  select k.kind, null, r.name, f.property, f.value
  from own_relation as r
  cross join lateral (
    select case r.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
      when 'f' then 'foreign table' when 'c' then 'type' else 'table' end
  ) as k (kind)
  cross join lateral (
    values
      ('owner', r.relowner::regrole::text),
      ('persistence', case r.relpersistence when 'p' then 'logged' else 'unlogged' end),
      ('partitions', pg_get_partkeydef(r.oid)),
      ('parents', (
        select string_agg(concat_ws(' ', i.inhparent::regclass, pg_get_expr(r.relpartbound, r.oid)), ', ')
        from pg_catalog.pg_inherits as i where i.inhrelid = r.oid
      )),
      -- Before PostgreSQL 16 the columns of a view of one table have the table's alias in front.
      ('query', case when r.relkind in ('v', 'm') then
        concat_ws(' ', r.reloptions::text, regexp_replace(pg_get_viewdef(r.oid), '\md\.', '', 'g')) end)
  ) as f (property, value)
  where not r.search_table
  union all
  select 'row-level security', name, name, 'state', concat_ws(' and ',
    case when relrowsecurity then 'enabled' else 'disabled' end, case when relforcerowsecurity then 'forced' end)
  from own_relation
  where relkind in ('r', 'p') and not search_table
  union all
  select 'column', r.name, a.attname, f.property, f.value
  from own_relation as r
  join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  left join pg_catalog.pg_attrdef as d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
  -- Which model is the default of passages, its owner decides.
  cross join lateral (
    select case when concat_ws('.', r.name, a.attname) <> 'ragwall_api.passages.embedding_model'
      or e.text !~ '^''([^'']|'''')*''::text$' then e.text end as text
    from (values (pg_get_expr(d.adbin, d.adrelid))) as e (text)
  ) as x
  cross join lateral (
    values
      ('type', concat_ws(' ', format_type(a.atttypid, null), case when a.attcollation not in (0, 100)
        then 'collate ' || a.attcollation::regcollation end, case when a.attnotnull then 'not null' end)),
      ('default', concat_ws(' ', case when a.attgenerated <> '' then 'generated' end,
        case when a.attidentity <> '' then 'identity' end, x.text)),
      ('statistics', nullif(coalesce(a.attstattarget, -1), -1)::text)
  ) as f (property, value)
  where r.relkind <> 'S' and not (r.search_table and a.attname in ('id', 'embedding', 'metadata', 'terms', 'words'))
  union all
  -- A partition cannot lose a constraint that it inherits.
  select 'constraint', r.name, k.conname, 'definition', concat(pg_get_constraintdef(k.oid), (
      select ', not checked' from pg_catalog.pg_trigger as g
      where g.tgconstraint = k.oid and g.tgenabled in ('D', 'R') limit 1
    ))
  from own_relation as r
  join pg_catalog.pg_constraint as k on k.conrelid = r.oid and k.contype in ('c', 'f', 'p', 'u', 'x')
  where not r.search_table and k.conparentid = 0 and (k.conislocal or k.coninhcount = 0)
  union all
  -- Without the indexes of constraints.
  select 'index', r.name, c.relname, 'definition', pg_get_indexdef(c.oid)
  from own_relation as r
  join pg_catalog.pg_index as i on i.indrelid = r.oid
  join pg_catalog.pg_class as c on c.oid = i.indexrelid and not c.relispartition
  where not r.search_table and not exists (
    select from pg_catalog.pg_constraint as k where k.conindid = c.oid and k.contype in ('p', 'u', 'x')
  )
  union all
  select 'trigger', r.name, g.tgname, f.property, f.value
  from own_relation as r
  join pg_catalog.pg_trigger as g on g.tgrelid = r.oid and not g.tgisinternal
  cross join lateral (
    values ('definition', pg_get_triggerdef(g.oid)), ('fires', case g.tgenabled when 'O' then 'outside of replicas'
      when 'A' then 'always' when 'R' then 'on replicas' else 'never' end)
  ) as f (property, value)
  union all
  select 'rule', r.name, w.rulename, 'definition', pg_get_ruledef(w.oid)
  from own_relation as r
  join pg_catalog.pg_rewrite as w on w.ev_class = r.oid and w.rulename <> '_RETURN'
  union all
  select 'policy', r.name, p.polname, f.property, f.value
  from own_relation as r
  join pg_catalog.pg_policy as p on p.polrelid = r.oid
  cross join lateral (
    values
      ('mode', case when p.polpermissive then 'permissive' else 'restrictive' end),
      ('command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
        when 'd' then 'delete' else 'all' end),
      ('roles', (
        -- In an order that does not change with the names that were chosen.
        select string_agg(n.name, ', ' order by
          array_position(array['app_user', 'app_reader', 'agent_reader', 'agent_caller'], n.name), n.name collate "C")
        from unnest(p.polroles) as o (oid)
        cross join lateral (select case o.oid when 0 then 'PUBLIC' else o.oid::regrole::text end) as n (name)
      )),
      ('using', pg_get_expr(p.polqual, p.polrelid)),
      ('with check', pg_get_expr(p.polwithcheck, p.polrelid))
  ) as f (property, value)
),
-- The other facts of Ragwall's schemas: functions, types, event triggers, roles and privileges.
own_acl (parent, owner, acl, attname, search_table) as materialized (
  select 'schema ' || nspname, nspowner, nspacl, null::name, false from own_schema
  union all
  select name, relowner, relacl, null, search_table from own_relation
  union all
  select r.name, r.relowner, a.attacl, a.attname, false
  from own_relation as r
  join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attacl is not null
  union all
  select name, proowner, coalesce(proacl, pg_catalog.acldefault('f', proowner)), null, false from own_routine
  union all
  select 'type ' || t.oid::regtype, t.typowner, t.typacl, null, false
  from pg_catalog.pg_type as t
  where t.typnamespace in (select oid from own_schema) and t.typacl is not null
  union all
  select concat_ws(' ', 'default privileges of', d.defaclrole::regrole,
      'in ' || nullif(d.defaclnamespace, 0)::regnamespace, 'on', case d.defaclobjtype when 'r' then 'tables'
        when 'S' then 'sequences' when 'f' then 'functions' else 'schemas' end),
    d.defaclrole, d.defaclacl, null, false
  from pg_catalog.pg_default_acl as d
  where d.defaclobjtype <> 'T'
    and (d.defaclrole in (select oid from own_role) or d.defaclnamespace in (select oid from own_schema))
),
own_other_fact (kind, parent, name, property, value) as materialized (
  select 'function', null, p.name, f.property, f.value
  from own_routine as p
  cross join lateral (
    values
      -- The function of an event trigger belongs to who applied the migrations: M04.
      ('owner', case when p.prorettype <> 'event_trigger'::regtype or p.proowner in (select oid from own_role)
        then p.proowner::regrole::text else 'who applied the migrations' end),
      ('result', pg_get_function_result(p.oid)),
      ('arguments', pg_get_function_arguments(p.oid)),
      ('attributes', concat_ws(', ', case when not p.replaced then 'language ' || p.lanname end,
        'kind ' || nullif(p.prokind::text, 'f'),
        case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
        case p.proparallel when 's' then 'parallel safe' when 'r' then 'parallel restricted' end,
        case when p.proisstrict then 'strict' end, case when p.prosecdef then 'security definer' end,
        case when p.proleakproof then 'leakproof' end,
        'cost ' || nullif(p.procost, case when p.lanname in ('c', 'internal') then 1 else 100 end),
        'support ' || nullif(p.prosupport, 0)::regproc)),
      -- Dimensions and names of roles are chosen when the migrations are applied.
      ('body', case when not p.replaced then regexp_replace(
        coalesce(pg_get_function_sqlbody(p.oid), concat_ws(' ', p.prosrc, p.probin)),
        case p.proname when 'embedding_dimensions' then '^RETURN \d+$'
          when 'application_roles' then '^RETURN ''{(\w+,){3}\w+}''::name\[\]$' else '^$' end, 'RETURN …'
      ) end)
  ) as f (property, value)
  union all
  select 'function', null, p.name, 'setting ' || split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
  from own_routine as p
  cross join lateral unnest(p.proconfig) as c
  where not p.replaced or c ~ '^search_path='
  union all
  -- Types, operators and whatever else a schema can have.
  select 'object', null, concat_ws(' ', i.type, i.identity), 'existence', 'present'
  from pg_catalog.pg_depend as d
  cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) as i
  where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid in (select oid from own_schema)
    and d.classid not in (
      'pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_default_acl'::regclass
    )
    and not exists (select from pg_catalog.pg_type as y where y.oid = d.objid and y.typrelid <> 0)
  union all
  select 'event trigger', null, e.evtname, f.property, f.value
  from pg_catalog.pg_event_trigger as e
  join own_routine as p on p.oid = e.evtfoid
  cross join lateral (
    values ('definition', concat_ws(' ', e.evtevent, array_to_string(e.evttags, ', '), 'execute', p.name)),
      ('fires', case e.evtenabled when 'O' then 'outside of replicas' when 'A' then 'always'
        when 'R' then 'on replicas' else 'never' end)
  ) as f (property, value)
  union all
  select 'role', null, r.rolname, f.property, 'yes'
  from own_role as r
  cross join lateral (
    values ('superuser', r.rolsuper), ('bypassrls', r.rolbypassrls), ('replication', r.rolreplication),
      ('createrole', r.rolcreaterole), ('createdb', r.rolcreatedb), ('login', r.rolcanlogin)
  ) as f (property, value)
  where f.value
  union all
  select 'role', null, r.rolname, 'member of ' || m.roleid::regrole, 'yes'
  from own_role as r
  join pg_catalog.pg_auth_members as m on m.member = r.oid
    and m.roleid::regrole::text not in ('app_user', 'app_reader', 'agent_reader', 'agent_caller')
  union all
  select 'privilege', a.parent, g.name, concat(x.privilege_type, ' (' || quote_ident(a.attname) || ')'),
    case when x.is_grantable then 'with grant option' else 'granted' end
  from own_acl as a
  cross join lateral pg_catalog.aclexplode(a.acl) as x
  cross join lateral (select case x.grantee when 0 then 'PUBLIC' else x.grantee::regrole::text end) as g (name)
  where x.grantee <> a.owner
    and not (a.search_table and g.name = 'ragwall_search' and x.privilege_type = 'SELECT' and not x.is_grantable)
),
-- The extension vector may be in any schema. Here its objects are in public, and those of public are in PUBLIC.
vector_schema (name) as materialized (
  select coalesce((
    select e.extnamespace::regnamespace::text from pg_catalog.pg_extension as e where e.extname = 'vector'
  ), 'public')
),
-- Of a body, of arguments and of a long value the md5.
present (kind, parent, name, property, value) as materialized (
  select distinct f.kind, coalesce(v.parent, ''), v.name, f.property,
    case when length(v.value) > 120 or f.property in ('body', 'arguments') then 'md5 ' || md5(v.value) else v.value end
  from (select * from own_relation_fact union all select * from own_other_fact) as f
  cross join vector_schema as s
  cross join lateral (
    select f.parent, f.name, f.value where s.name = 'public'
    union all
    select
      regexp_replace(regexp_replace(f.parent, '\mpublic\.', 'PUBLIC.', 'g'), p.own, 'public.', 'g'),
      regexp_replace(regexp_replace(f.name, '\mpublic\.', 'PUBLIC.', 'g'), p.own, 'public.', 'g'),
      regexp_replace(regexp_replace(f.value, '\mpublic\.', 'PUBLIC.', 'g'), p.own, 'public.', 'g')
    from (values ('\m' || s.name || '\.')) as p (own)
    where s.name <> 'public'
  ) as v (parent, name, value)
  where f.value <> ''
),
-- What was released: the objects of a database that was just migrated, one a row, each with its properties.
released (kind, parent, name, properties) as (
  values
    ('column', 'ragwall.documents', 'content', '{ "statistics" : "0", "type" : "text not null" }'),
    ('column', 'ragwall.documents', 'created_at', '{ "default" : "now()", "statistics" : "0", "type" : "timestamp with time zone not null" }'),
    ('column', 'ragwall.documents', 'embedding', '{ "statistics" : "0", "type" : "public.halfvec not null" }'),
    ('column', 'ragwall.documents', 'embedding_model', '{ "statistics" : "0", "type" : "text not null" }'),
    ('column', 'ragwall.documents', 'id', '{ "default" : "gen_random_uuid()", "statistics" : "0", "type" : "uuid not null" }'),
    ('column', 'ragwall.documents', 'metadata', '{ "default" : "''{}''::jsonb", "statistics" : "0", "type" : "jsonb not null" }'),
    ('column', 'ragwall.documents', 'position', '{ "statistics" : "0", "type" : "integer" }'),
    ('column', 'ragwall.documents', 'source', '{ "statistics" : "0", "type" : "text" }'),
    ('column', 'ragwall.documents', 'tenant_id', '{ "default" : "ragwall.require_tenant()", "statistics" : "0", "type" : "text collate \"C\" not null" }'),
    ('column', 'ragwall.documents_rows', 'content', '{ "statistics" : "0", "type" : "text not null" }'),
    ('column', 'ragwall.documents_rows', 'created_at', '{ "default" : "now()", "statistics" : "0", "type" : "timestamp with time zone not null" }'),
    ('column', 'ragwall.documents_rows', 'embedding', '{ "statistics" : "0", "type" : "public.halfvec not null" }'),
    ('column', 'ragwall.documents_rows', 'embedding_model', '{ "statistics" : "0", "type" : "text not null" }'),
    ('column', 'ragwall.documents_rows', 'id', '{ "default" : "gen_random_uuid()", "statistics" : "0", "type" : "uuid not null" }'),
    ('column', 'ragwall.documents_rows', 'metadata', '{ "default" : "''{}''::jsonb", "statistics" : "0", "type" : "jsonb not null" }'),
    ('column', 'ragwall.documents_rows', 'position', '{ "statistics" : "0", "type" : "integer" }'),
    ('column', 'ragwall.documents_rows', 'source', '{ "statistics" : "0", "type" : "text" }'),
    ('column', 'ragwall.documents_rows', 'tenant_id', '{ "default" : "ragwall.require_tenant()", "statistics" : "0", "type" : "text collate \"C\" not null" }'),
    ('column', 'ragwall.match', 'content', '{ "type" : "text" }'),
    ('column', 'ragwall.match', 'id', '{ "type" : "uuid" }'),
    ('column', 'ragwall.match', 'metadata', '{ "type" : "jsonb" }'),
    ('column', 'ragwall.match', 'position', '{ "type" : "integer" }'),
    ('column', 'ragwall.match', 'similarity', '{ "type" : "double precision" }'),
    ('column', 'ragwall.match', 'source', '{ "type" : "text" }'),
    ('column', 'ragwall.match', 'tenant_id', '{ "type" : "text" }'),
    ('column', 'ragwall.scored_match', 'content', '{ "type" : "text" }'),
    ('column', 'ragwall.scored_match', 'id', '{ "type" : "uuid" }'),
    ('column', 'ragwall.scored_match', 'metadata', '{ "type" : "jsonb" }'),
    ('column', 'ragwall.scored_match', 'position', '{ "type" : "integer" }'),
    ('column', 'ragwall.scored_match', 'score', '{ "type" : "double precision" }'),
    ('column', 'ragwall.scored_match', 'similarity', '{ "type" : "double precision" }'),
    ('column', 'ragwall.scored_match', 'source', '{ "type" : "text" }'),
    ('column', 'ragwall.scored_match', 'tenant_id', '{ "type" : "text" }'),
    ('column', 'ragwall.scored_match', 'words', '{ "type" : "double precision" }'),
    ('column', 'ragwall.search_tables', 'applied', '{ "type" : "bigint" }'),
    ('column', 'ragwall.search_tables', 'built_at', '{ "type" : "timestamp with time zone" }'),
    ('column', 'ragwall.search_tables', 'bytes', '{ "type" : "bigint" }'),
    ('column', 'ragwall.search_tables', 'documents', '{ "type" : "bigint" }'),
    ('column', 'ragwall.search_tables', 'due', '{ "type" : "text" }'),
    ('column', 'ragwall.search_tables', 'ef_10', '{ "type" : "integer" }'),
    ('column', 'ragwall.search_tables', 'ef_100', '{ "type" : "integer" }'),
    ('column', 'ragwall.search_tables', 'measured_at', '{ "type" : "timestamp with time zone" }'),
    ('column', 'ragwall.search_tables', 'previous', '{ "type" : "name collate \"C\"" }'),
    ('column', 'ragwall.search_tables', 'recall_10', '{ "type" : "double precision" }'),
    ('column', 'ragwall.search_tables', 'recall_100', '{ "type" : "double precision" }'),
    ('column', 'ragwall.search_tables', 'relation', '{ "type" : "name collate \"C\"" }'),
    ('column', 'ragwall.search_tables', 'tail', '{ "type" : "bigint" }'),
    ('column', 'ragwall.search_tables', 'tenant_id', '{ "type" : "text collate \"C\"" }'),
    ('column', 'ragwall.tenant_claim', 'only_row', '{ "default" : "true", "type" : "boolean not null" }'),
    ('column', 'ragwall.tenant_claim', 'path', '{ "type" : "text[] not null" }'),
    ('column', 'ragwall.unprotection', 'column_name', '{ "statistics" : "0", "type" : "name collate \"C\" not null" }'),
    ('column', 'ragwall.unprotection', 'grantee', '{ "statistics" : "0", "type" : "name collate \"C\" not null" }'),
    ('column', 'ragwall.unprotection', 'place', '{ "statistics" : "0", "type" : "integer not null" }'),
    ('column', 'ragwall.unprotection', 'relation', '{ "statistics" : "0", "type" : "regclass not null" }'),
    ('column', 'ragwall.unprotection', 'statement', '{ "statistics" : "0", "type" : "text not null" }'),
    ('column', 'ragwall.unprotection', 'step', '{ "statistics" : "0", "type" : "text not null" }'),
    ('column', 'ragwall.unprotection', 'target', '{ "statistics" : "0", "type" : "regclass not null" }'),
    ('column', 'ragwall_api.passages', 'content', '{ "type" : "text" }'),
    ('column', 'ragwall_api.passages', 'embedding', '{ "type" : "public.halfvec" }'),
    ('column', 'ragwall_api.passages', 'embedding_model', '{ "type" : "text" }'),
    ('column', 'ragwall_api.passages', 'id', '{ "type" : "uuid" }'),
    ('column', 'ragwall_api.passages', 'metadata', '{ "type" : "jsonb" }'),
    ('column', 'ragwall_api.passages', 'position', '{ "type" : "integer" }'),
    ('column', 'ragwall_api.passages', 'source', '{ "type" : "text" }'),
    ('column', 'ragwall_private.seal_key', 'inner_key', '{ "type" : "bytea not null" }'),
    ('column', 'ragwall_private.seal_key', 'only_row', '{ "default" : "true", "type" : "boolean not null" }'),
    ('column', 'ragwall_private.seal_key', 'outer_key', '{ "type" : "bytea not null" }'),
    ('column', 'ragwall_private.signing_key', 'audience', '{ "type" : "text collate \"C\" not null" }'),
    ('column', 'ragwall_private.signing_key', 'created_at', '{ "default" : "now()", "type" : "timestamp with time zone not null" }'),
    ('column', 'ragwall_private.signing_key', 'header', '{ "type" : "text collate \"C\" not null" }'),
    ('column', 'ragwall_private.signing_key', 'inner_pad', '{ "type" : "bytea not null" }'),
    ('column', 'ragwall_private.signing_key', 'kid', '{ "type" : "text collate \"C\" not null" }'),
    ('column', 'ragwall_private.signing_key', 'outer_pad', '{ "type" : "bytea not null" }'),
    ('column', 'ragwall_search.directory', 'applied', '{ "default" : "0", "statistics" : "0", "type" : "bigint not null" }'),
    ('column', 'ragwall_search.directory', 'built_at', '{ "statistics" : "0", "type" : "timestamp with time zone" }'),
    ('column', 'ragwall_search.directory', 'bytes', '{ "default" : "0", "statistics" : "0", "type" : "bigint not null" }'),
    ('column', 'ragwall_search.directory', 'dimensions', '{ "default" : "ragwall.embedding_dimensions()", "statistics" : "0", "type" : "integer not null" }'),
    ('column', 'ragwall_search.directory', 'documents', '{ "default" : "0", "statistics" : "0", "type" : "bigint not null" }'),
    ('column', 'ragwall_search.directory', 'edges', '{ "default" : "16", "statistics" : "0", "type" : "integer not null" }'),
    ('column', 'ragwall_search.directory', 'ef_10', '{ "statistics" : "0", "type" : "integer" }'),
    ('column', 'ragwall_search.directory', 'ef_100', '{ "statistics" : "0", "type" : "integer" }'),
    ('column', 'ragwall_search.directory', 'measured', '{ "default" : "0", "statistics" : "0", "type" : "bigint not null" }'),
    ('column', 'ragwall_search.directory', 'measured_at', '{ "statistics" : "0", "type" : "timestamp with time zone" }'),
    ('column', 'ragwall_search.directory', 'pages', '{ "default" : "0", "statistics" : "0", "type" : "integer not null" }'),
    ('column', 'ragwall_search.directory', 'previous', '{ "statistics" : "0", "type" : "name collate \"C\"" }'),
    ('column', 'ragwall_search.directory', 'ranges', '{ "default" : "''{}''::text[]", "statistics" : "0", "type" : "text[] not null" }'),
    ('column', 'ragwall_search.directory', 'recall_10', '{ "statistics" : "0", "type" : "double precision" }'),
    ('column', 'ragwall_search.directory', 'recall_100', '{ "statistics" : "0", "type" : "double precision" }'),
    ('column', 'ragwall_search.directory', 'relation', '{ "statistics" : "0", "type" : "name collate \"C\"" }'),
    ('column', 'ragwall_search.directory', 'tenant_id', '{ "statistics" : "0", "type" : "text collate \"C\" not null" }'),
    ('column', 'ragwall_search.directory', 'words_version', '{ "statistics" : "0", "type" : "integer" }'),
    ('column', 'ragwall_search.filter_fields', 'field', '{ "statistics" : "0", "type" : "text collate \"C\" not null" }'),
    ('column', 'ragwall_search.stored', 'documents', '{ "default" : "1", "statistics" : "0", "type" : "bigint not null" }'),
    ('column', 'ragwall_search.stored', 'registered', '{ "default" : "false", "statistics" : "0", "type" : "boolean not null" }'),
    ('column', 'ragwall_search.stored', 'tenant_id', '{ "statistics" : "0", "type" : "text collate \"C\" not null" }'),
    ('column', 'ragwall_search.tail', 'id', '{ "statistics" : "0", "type" : "uuid not null" }'),
    ('column', 'ragwall_search.tail', 'tenant_id', '{ "statistics" : "0", "type" : "text collate \"C\" not null" }'),
    ('column', 'ragwall_search.vocabulary', 'documents', '{ "statistics" : "0", "type" : "integer not null" }'),
    ('column', 'ragwall_search.vocabulary', 'tenant_id', '{ "statistics" : "0", "type" : "text collate \"C\" not null" }'),
    ('column', 'ragwall_search.vocabulary', 'term', '{ "statistics" : "0", "type" : "integer not null" }'),
    ('column', 'ragwall_search.word_settings', 'configuration', '{ "statistics" : "0", "type" : "text" }'),
    ('column', 'ragwall_search.word_settings', 'filled', '{ "default" : "false", "statistics" : "0", "type" : "boolean not null" }'),
    ('column', 'ragwall_search.word_settings', 'horizon', '{ "statistics" : "0", "type" : "xid8" }'),
    ('column', 'ragwall_search.word_settings', 'only_row', '{ "default" : "true", "statistics" : "0", "type" : "boolean not null" }'),
    ('column', 'ragwall_search.word_settings', 'version', '{ "default" : "0", "statistics" : "0", "type" : "integer not null" }'),
    ('column', 'ragwall_search.words', 'id', '{ "statistics" : "0", "type" : "uuid not null" }'),
    ('column', 'ragwall_search.words', 'tenant_id', '{ "statistics" : "0", "type" : "text collate \"C\" not null" }'),
    ('column', 'ragwall_search.words', 'terms', '{ "statistics" : "0", "type" : "integer[] not null" }'),
    ('column', 'ragwall_search.words', 'version', '{ "statistics" : "0", "type" : "integer not null" }'),
    ('column', 'ragwall_search.words', 'words', '{ "statistics" : "0", "type" : "public.sparsevec not null" }'),
    ('constraint', 'ragwall.documents', 'documents_check', '{ "definition" : "CHECK (((source IS NULL) = (\"position\" IS NULL)))" }'),
    ('constraint', 'ragwall.documents', 'documents_embedding_check', '{ "definition" : "CHECK ((public.l2_norm(embedding) > (0)::double precision))" }'),
    ('constraint', 'ragwall.documents', 'documents_embedding_model_check', '{ "definition" : "CHECK (((octet_length(embedding_model) >= 1) AND (octet_length(embedding_model) <= 200)))" }'),
    ('constraint', 'ragwall.documents', 'documents_metadata_check', '{ "definition" : "CHECK ((jsonb_typeof(metadata) = ''object''::text))" }'),
    ('constraint', 'ragwall.documents', 'documents_pkey', '{ "definition" : "PRIMARY KEY (tenant_id, id)" }'),
    ('constraint', 'ragwall.documents', 'documents_position_check', '{ "definition" : "CHECK ((\"position\" >= 0))" }'),
    ('constraint', 'ragwall.documents', 'documents_source_check', '{ "definition" : "CHECK (((octet_length(source) >= 1) AND (octet_length(source) <= 1024)))" }'),
    ('constraint', 'ragwall.documents', 'documents_tenant_id_check', '{ "definition" : "CHECK (ragwall.is_tenant_id(tenant_id))" }'),
    ('constraint', 'ragwall.documents', 'documents_tenant_id_source_position_key', '{ "definition" : "UNIQUE (tenant_id, source, \"position\")" }'),
    ('constraint', 'ragwall.documents', 'embedding_has_the_dimensions_of_this_database', '{ "definition" : "CHECK ((public.vector_dims(embedding) = ragwall.embedding_dimensions()))" }'),
    ('constraint', 'ragwall.tenant_claim', 'path_has_one_to_five_names', '{ "definition" : "md5 8724be6bb0592da48c997bc59717cf0b" }'),
    ('constraint', 'ragwall.tenant_claim', 'tenant_claim_only_row_check', '{ "definition" : "CHECK (only_row)" }'),
    ('constraint', 'ragwall.tenant_claim', 'tenant_claim_pkey', '{ "definition" : "PRIMARY KEY (only_row)" }'),
    ('constraint', 'ragwall.tenant_claim', 'users_write_user_metadata_themselves', '{ "definition" : "CHECK ((NOT (path && ''{user_metadata,unsafe_metadata}''::text[])))" }'),
    ('constraint', 'ragwall_private.seal_key', 'seal_key_inner_key_check', '{ "definition" : "CHECK ((octet_length(inner_key) = 64))" }'),
    ('constraint', 'ragwall_private.seal_key', 'seal_key_only_row_check', '{ "definition" : "CHECK (only_row)" }'),
    ('constraint', 'ragwall_private.seal_key', 'seal_key_outer_key_check', '{ "definition" : "CHECK ((octet_length(outer_key) = 64))" }'),
    ('constraint', 'ragwall_private.seal_key', 'seal_key_pkey', '{ "definition" : "PRIMARY KEY (only_row)" }'),
    ('constraint', 'ragwall_private.signing_key', 'signing_key_audience_check', '{ "definition" : "CHECK ((audience ~ ''^[!-~]{1,200}$''::text))" }'),
    ('constraint', 'ragwall_private.signing_key', 'signing_key_inner_pad_check', '{ "definition" : "CHECK ((octet_length(inner_pad) = 64))" }'),
    ('constraint', 'ragwall_private.signing_key', 'signing_key_kid_check', '{ "definition" : "CHECK ((kid ~ ''^[A-Za-z0-9._-]{1,64}$''::text))" }'),
    ('constraint', 'ragwall_private.signing_key', 'signing_key_outer_pad_check', '{ "definition" : "CHECK ((octet_length(outer_pad) = 64))" }'),
    ('constraint', 'ragwall_private.signing_key', 'signing_key_pkey', '{ "definition" : "PRIMARY KEY (header)" }'),
    ('constraint', 'ragwall_search.directory', 'directory_ef_100_check', '{ "definition" : "CHECK (((ef_100 >= 100) AND (ef_100 <= 1000)))" }'),
    ('constraint', 'ragwall_search.directory', 'directory_ef_10_check', '{ "definition" : "CHECK (((ef_10 >= 10) AND (ef_10 <= 1000)))" }'),
    ('constraint', 'ragwall_search.directory', 'directory_pkey', '{ "definition" : "PRIMARY KEY (tenant_id)" }'),
    ('constraint', 'ragwall_search.directory', 'directory_tenant_id_check', '{ "definition" : "CHECK (ragwall.is_tenant_id(tenant_id))" }'),
    ('constraint', 'ragwall_search.filter_fields', 'filter_fields_field_check', '{ "definition" : "CHECK (((octet_length(field) >= 1) AND (octet_length(field) <= 200)))" }'),
    ('constraint', 'ragwall_search.filter_fields', 'filter_fields_field_check1', '{ "definition" : "CHECK ((\"left\"(field, 1) <> ''$''::text))" }'),
    ('constraint', 'ragwall_search.filter_fields', 'filter_fields_pkey', '{ "definition" : "PRIMARY KEY (field)" }'),
    ('constraint', 'ragwall_search.stored', 'stored_tenant_id_check', '{ "definition" : "CHECK (ragwall.is_tenant_id(tenant_id))" }'),
    ('constraint', 'ragwall_search.tail', 'tail_tenant_id_check', '{ "definition" : "CHECK (ragwall.is_tenant_id(tenant_id))" }'),
    ('constraint', 'ragwall_search.vocabulary', 'vocabulary_pkey', '{ "definition" : "PRIMARY KEY (tenant_id, term)" }'),
    ('constraint', 'ragwall_search.vocabulary', 'vocabulary_tenant_id_check', '{ "definition" : "CHECK (ragwall.is_tenant_id(tenant_id))" }'),
    ('constraint', 'ragwall_search.word_settings', 'word_settings_only_row_check', '{ "definition" : "CHECK (only_row)" }'),
    ('constraint', 'ragwall_search.word_settings', 'word_settings_pkey', '{ "definition" : "PRIMARY KEY (only_row)" }'),
    ('constraint', 'ragwall_search.words', 'words_pkey', '{ "definition" : "PRIMARY KEY (tenant_id, id)" }'),
    ('constraint', 'ragwall_search.words', 'words_tenant_id_check', '{ "definition" : "CHECK (ragwall.is_tenant_id(tenant_id))" }'),
    ('event trigger', '', 'ragwall_close_partitions', '{ "definition" : "ddl_command_end CREATE TABLE, ALTER TABLE, CREATE FOREIGN TABLE execute ragwall.close_partitions()", "fires" : "outside of replicas" }'),
    ('function', '', 'ragwall.add_signing_key(text)', '{ "arguments" : "md5 e91ee800335631c8a5278c90ed5ae6a1", "attributes" : "language sql, volatile", "body" : "md5 b816a15b6486834ab464e957d268b162", "owner" : "ragwall_context", "result" : "text" }'),
    ('function', '', 'ragwall.add_signing_key(text, text)', '{ "arguments" : "md5 ae46405c307b97b2c3fd2f343e9d0e9b", "attributes" : "language plpgsql, volatile", "body" : "md5 56302b8eae32191de155f6e8b5534b5a", "owner" : "ragwall_context", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.agent_document(uuid)', '{ "arguments" : "md5 70dbcfe2118c53b177bbcea79237101b", "attributes" : "language plpgsql, stable, security definer", "body" : "md5 fbafbee5a2fdff10b0bd70812ae15b4d", "owner" : "ragwall_owner", "result" : "SETOF ragwall.match", "setting client_min_messages" : "notice", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_generic_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall.agent_match_documents(public.halfvec, integer, jsonb, boolean)', '{ "arguments" : "md5 6babd1317e71d30153460e6fa2f9cc52", "attributes" : "language plpgsql, stable, security definer", "body" : "md5 7b1310c6f0f70f5f3c69314ab11e1144", "owner" : "ragwall_owner", "result" : "SETOF ragwall.match", "setting client_min_messages" : "notice", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.agent_match_hybrid(public.halfvec, text, integer, jsonb)', '{ "arguments" : "md5 74cc42f9fd18658bac93433ee740da05", "attributes" : "language plpgsql, stable, security definer", "body" : "md5 34e1fb5eaafee0c0ab025fd8afb9a905", "owner" : "ragwall_owner", "result" : "SETOF ragwall.match", "setting client_min_messages" : "notice", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.app_roles()', '{ "attributes" : "stable, parallel restricted", "owner" : "ragwall_owner", "result" : "TABLE(role regrole, untrusted boolean)", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.application_roles()', '{ "attributes" : "language sql, immutable, parallel safe", "body" : "md5 f950e9034d177339b79e7da724aa21fb", "owner" : "ragwall_owner", "result" : "name[]" }'),
    ('function', '', 'ragwall.audit()', '{ "attributes" : "stable, parallel restricted", "owner" : "ragwall_owner", "result" : "md5 0a4eba44ecc43e2095b2eebd485b7979", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.begin_migration(integer)', '{ "arguments" : "md5 0dfce38192e694e2acb31c849043c06b", "attributes" : "language plpgsql, volatile", "body" : "md5 b4d8fe36316ff4bd43523504ad479fe1", "owner" : "ragwall_owner", "result" : "void", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.build_search_table()', '{ "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 33bc0cd63f741d9581d03c281e627dc4", "owner" : "ragwall_owner", "result" : "text", "setting jit" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.catch_up(integer)', '{ "arguments" : "md5 28e0d9dc03deb621019f0f94f494c88a", "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 de02b556f04074c0d5e1508bdb220d42", "owner" : "ragwall_owner", "result" : "integer", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_custom_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall.close_partitions()', '{ "attributes" : "language plpgsql, volatile", "body" : "md5 9fe7d94b8fb1388a02fa74796624aa41", "owner" : "who applied the migrations", "result" : "event_trigger", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.column_names(regclass, smallint[])', '{ "arguments" : "md5 894328d2cc9f192ba76cbd83320e7708", "attributes" : "language sql, stable, parallel safe", "body" : "md5 a75bbff127115276ca26ead93f4f8446", "owner" : "ragwall_owner", "result" : "text[]" }'),
    ('function', '', 'ragwall.composite_foreign_keys(jsonb)', '{ "arguments" : "md5 e46ef5b8ad50a4cd004850c51bf8bc74", "attributes" : "language sql, stable, parallel restricted", "body" : "md5 6cebfab823c2db80bbb150f2ca0f7249", "owner" : "ragwall_owner", "result" : "TABLE(id oid, near regclass, far regclass, removal text, key text, addition text)", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.current_tenant()', '{ "attributes" : "language plpgsql, stable, parallel restricted, security definer", "body" : "md5 fee04d1e322b6a11b25ec982fde74876", "owner" : "ragwall_context", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.declare_filter(text)', '{ "arguments" : "md5 ac24f47ade2067edd799fec4d0dee065", "attributes" : "language plpgsql, volatile", "body" : "md5 ee13be42cdf11fba500ca68d6a8091be", "owner" : "ragwall_owner", "result" : "void", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.delete_documents(uuid[])', '{ "arguments" : "md5 3136b8d2a706d3d57080d678efdcd199", "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 03e8176a23b08d8c8d25138837a27977", "owner" : "ragwall_owner", "result" : "integer", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_generic_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall.delete_matching(jsonb)', '{ "arguments" : "md5 0a5fa45e88dd8619de7c1c7f5972c976", "attributes" : "language plpgsql, volatile", "body" : "md5 a58d8489c5fec436f30595db918c85a5", "owner" : "ragwall_owner", "result" : "integer", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_custom_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall.delete_source(text, integer)', '{ "arguments" : "md5 4339bd4a92213a4ae42ea476e1ea83ab", "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 ae19183eeaaf5097fbac814f569f8391", "owner" : "ragwall_owner", "result" : "integer", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_custom_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall.disable_words()', '{ "attributes" : "language plpgsql, volatile", "body" : "md5 67f84abbaf9385b1407f2bb735d846d2", "owner" : "ragwall_owner", "result" : "void", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.document_id(text, text, integer)', '{ "arguments" : "md5 5d484fa9ad2cae1d2b4ccf48e50ccd69", "attributes" : "language plpgsql, stable, parallel safe, strict", "body" : "md5 cd85ebbad53476064dfe6ef95d5e00b8", "owner" : "ragwall_owner", "result" : "uuid", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.drop_search_table()', '{ "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 d3f79d356057b093572869161195c9a2", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.embedding_dimensions()', '{ "attributes" : "language sql, immutable, parallel safe", "body" : "md5 f950e9034d177339b79e7da724aa21fb", "owner" : "ragwall_owner", "result" : "integer" }'),
    ('function', '', 'ragwall.enable_words(text)', '{ "arguments" : "md5 9b6ab11e2027607dc9a4f71cf4ae20c4", "attributes" : "language plpgsql, volatile", "body" : "md5 5dd258333167845e6ad1a54c452ba7b1", "owner" : "ragwall_owner", "result" : "void", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.field_condition(text, jsonb, integer)', '{ "arguments" : "md5 2384c5f6bd39f3d6653b7e36db701649", "attributes" : "language plpgsql, immutable, parallel safe", "body" : "md5 d2a651eef09dc0661c49a609f871638d", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.fill_words(integer)', '{ "arguments" : "md5 28e0d9dc03deb621019f0f94f494c88a", "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 856b2c7c5a4699c95816fd819f63d2d1", "owner" : "ragwall_owner", "result" : "integer", "setting client_min_messages" : "warning", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_custom_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall.filter_condition(jsonb, integer)', '{ "arguments" : "md5 94629f0b95f61e79e6bc44461450ee8d", "attributes" : "language plpgsql, immutable, parallel safe", "body" : "md5 e89b0efca57e4006ac1370c2d5bc6406", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.filter_path(jsonb)', '{ "arguments" : "md5 0a5fa45e88dd8619de7c1c7f5972c976", "attributes" : "language plpgsql, immutable, parallel safe", "body" : "md5 fd00bd00b9c8a4d6ecf40c928b6917b4", "owner" : "ragwall_owner", "result" : "jsonpath", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.fingerprint()', '{ "attributes" : "stable, parallel restricted", "owner" : "ragwall_owner", "result" : "text" }'),
    ('function', '', 'ragwall.fix_plans(regprocedure, text)', '{ "arguments" : "md5 e54ce5c5267f5b08861c7a663a1af556", "attributes" : "language plpgsql, volatile", "body" : "md5 660e7b90db46eaed5948c29ca7fe732f", "owner" : "ragwall_owner", "result" : "void", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.foreign_key_findings(regclass, name)', '{ "arguments" : "md5 61936145e3bd6c58a2c7e30fede35399", "attributes" : "language sql, stable, parallel restricted", "body" : "md5 5b77d0cee1230258f213e6daba01b469", "owner" : "ragwall_owner", "result" : "TABLE(finding text, remedy text)", "setting jit" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.forget_statistics(regclass)', '{ "arguments" : "md5 6630b70198bceeded7bc6d9bba609cf3", "attributes" : "language plpgsql, volatile", "body" : "md5 e0531ddb5b7874b72aca92f7c8b9e56c", "owner" : "ragwall_owner", "result" : "void", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.grant_login(name, name)', '{ "arguments" : "md5 8437cfb96e0bd4238dad5266336721a0", "attributes" : "language plpgsql, volatile", "body" : "md5 a63c53800eacfbf9ebff63f07ee54e45", "owner" : "ragwall_owner", "result" : "void", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.grant_plan(regclass, name, oid, boolean, boolean, regrole[], regrole[])', '{ "arguments" : "md5 ad0236d9ed44314a5e4a8e5a39f88d2a", "attributes" : "language sql, stable, parallel safe", "body" : "md5 d6a6c8a4214dcf3e5ac65de23dc05b06", "owner" : "ragwall_owner", "result" : "TABLE(place integer, step text, statement text)", "setting jit" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.held_privileges(regclass)', '{ "arguments" : "md5 6630b70198bceeded7bc6d9bba609cf3", "attributes" : "language sql, stable, parallel safe", "body" : "md5 af486357938258d3d616b36225669f09", "owner" : "ragwall_owner", "result" : "TABLE(grantee oid, privilege text, column_name name, is_grantable boolean, grantor oid)" }'),
    ('function', '', 'ragwall.index_findings(regclass, name)', '{ "arguments" : "md5 61936145e3bd6c58a2c7e30fede35399", "attributes" : "language sql, stable, parallel restricted", "body" : "md5 cb18033867d886fe39a153eb5591fc42", "owner" : "ragwall_owner", "result" : "TABLE(refused boolean, finding text, remedy text)", "setting jit" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.index_plan()', '{ "attributes" : "language plpgsql, volatile", "body" : "md5 c127ae05c2cb92af1a62ac9d106e8ab5", "owner" : "ragwall_owner", "result" : "SETOF text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.index_search_table()', '{ "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 60244ec9f0d0048a55ae1163b9211228", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.inventory()', '{ "attributes" : "stable, parallel restricted", "owner" : "ragwall_owner", "result" : "TABLE(kind text, object text, property text, value text)", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.is_safe_owner(oid)', '{ "arguments" : "md5 08806685ce849a1a87ac0c679cbecbf3", "attributes" : "language sql, stable, parallel restricted", "body" : "md5 b469e29f3654c9ef9a3bd3a401bf20f4", "owner" : "ragwall_owner", "result" : "boolean" }'),
    ('function', '', 'ragwall.is_tenant_id(text)', '{ "arguments" : "md5 111b08d47146b25e34c0bfc36d05d5c6", "attributes" : "language sql, immutable, parallel safe", "body" : "md5 ca353de10b82293e84a46fefd39585e3", "owner" : "ragwall_owner", "result" : "boolean" }'),
    ('function', '', 'ragwall.join_conditions(text[], text)', '{ "arguments" : "md5 314ba7f67dfcac1de1e458b79f0d67d1", "attributes" : "language plpgsql, immutable, parallel safe", "body" : "md5 abe26d01b989efc59a4d84ddb1c73793", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.match_documents(public.halfvec, integer)', '{ "arguments" : "md5 e00b22bbb5dd09f8a0b8693cd674d5e0", "attributes" : "language sql, stable", "body" : "md5 e0e23c7adf3a63ea04c7f5b0f65143d8", "owner" : "ragwall_owner", "result" : "SETOF ragwall.match" }'),
    ('function', '', 'ragwall.match_documents(public.halfvec, integer, jsonb)', '{ "arguments" : "md5 f778a64cefec422942389e006ab54fa4", "attributes" : "language sql, stable", "body" : "md5 1b9a694e3fab776edb58446cc71d0a35", "owner" : "ragwall_owner", "result" : "SETOF ragwall.match" }'),
    ('function', '', 'ragwall.match_hybrid(public.halfvec, text, integer, jsonb, double precision)', '{ "arguments" : "md5 1ce34bb84b9885c154e09c7fbd753c09", "attributes" : "language plpgsql, stable, security definer", "body" : "md5 753a207a15316f1c976df98d14ef4e53", "owner" : "ragwall_search", "result" : "SETOF ragwall.scored_match", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_generic_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall.measure_search_table()', '{ "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 084827133bd899efeddf26e6ac148d82", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.migration()', '{ "attributes" : "language sql, immutable, parallel safe", "body" : "md5 2a247e984c5f12efcb9d207f26a69bbc", "owner" : "ragwall_owner", "result" : "integer" }'),
    ('function', '', 'ragwall.own_sequences(regclass)', '{ "arguments" : "md5 69ab7d4f3df49aa474d5f077afaec2f7", "attributes" : "language sql, stable, parallel safe", "body" : "md5 27826f539cc86b7a157797b34125f2e0", "owner" : "ragwall_owner", "result" : "SETOF regclass" }'),
    ('function', '', 'ragwall.pinned_columns()', '{ "attributes" : "stable, parallel restricted", "owner" : "ragwall_owner", "result" : "TABLE(index regclass, column_name name)", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.protect_plan(jsonb)', '{ "arguments" : "md5 7cfbec9b243d06a80d1f887031a07186", "attributes" : "language sql, stable", "body" : "md5 5a1842aa4abcde1def60d3bca98cef0f", "owner" : "ragwall_owner", "result" : "TABLE(step text, statement text)", "setting jit" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.protect_table(regclass, name, boolean, boolean, boolean, regrole[], regrole[])', '{ "arguments" : "md5 ab61d76ee2c1ce50bf6d06b71ab69a35", "attributes" : "language plpgsql, volatile", "body" : "md5 8d2fc39670f33db32b9eda6defcefd81", "owner" : "ragwall_owner", "result" : "TABLE(step text, statement text)", "setting jit" : "off", "setting row_security" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.protected_model(jsonb)', '{ "arguments" : "md5 b0bd71782331a2396e8e69978a7414bd", "attributes" : "language sql, stable, parallel restricted", "body" : "md5 b5e2515089be82325c75adc5ae2189f7", "owner" : "ragwall_owner", "result" : "TABLE(relation regclass, tenant_column name, type text, depth integer, parent oid)", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.protection_findings(regclass, name, boolean)', '{ "arguments" : "md5 9a64f40c0e2c45aa1de162ed558ce9a2", "attributes" : "language sql, stable", "body" : "md5 ff0c8d6530eedeeb1328b217d816485e", "owner" : "ragwall_owner", "result" : "TABLE(refused boolean, finding text, remedy text)" }'),
    ('function', '', 'ragwall.protection_plan(regclass, name, boolean, boolean, boolean, regrole[], regrole[])', '{ "arguments" : "md5 ab61d76ee2c1ce50bf6d06b71ab69a35", "attributes" : "language sql, stable", "body" : "md5 994de672ebb8a3821d158537d0713e13", "owner" : "ragwall_owner", "result" : "TABLE(step text, statement text)", "setting jit" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.refuse_search(public.halfvec, integer)', '{ "arguments" : "md5 e00b22bbb5dd09f8a0b8693cd674d5e0", "attributes" : "language plpgsql, stable", "body" : "md5 5dbf905e7bf84a399b9d9129b4844765", "owner" : "ragwall_owner", "result" : "void", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.require_tenant()', '{ "attributes" : "language plpgsql, stable, parallel restricted", "body" : "md5 7094cb43632c6d8fa4e2cca62bfb7e1b", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.restoration(regclass, name)', '{ "arguments" : "md5 61936145e3bd6c58a2c7e30fede35399", "attributes" : "language sql, stable, parallel restricted", "body" : "md5 2be9880c03d1f82c561612034e37a44d", "owner" : "ragwall_owner", "result" : "SETOF ragwall.unprotection", "setting jit" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.retire_signing_key(text)', '{ "arguments" : "md5 e91ee800335631c8a5278c90ed5ae6a1", "attributes" : "language plpgsql, volatile", "body" : "md5 9d366300f844d40c6f4453dcd77199db", "owner" : "ragwall_context", "result" : "void", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.safe_privileges(regclass, name, oid, boolean, boolean, regrole[], regrole[])', '{ "arguments" : "md5 ad0236d9ed44314a5e4a8e5a39f88d2a", "attributes" : "language sql, stable, parallel safe", "body" : "md5 c7f8aed12a60bd93c0fa4a2a6644f37e", "owner" : "ragwall_owner", "result" : "TABLE(relation regclass, grantee oid, privilege text, column_name name)", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.search_as(text, public.halfvec, integer, jsonb)', '{ "arguments" : "md5 d60f9dbfeaaffc586f8015c443008e16", "attributes" : "language plpgsql, volatile", "body" : "md5 b429eda698dbb08f44552650f0bf325e", "owner" : "ragwall_owner", "result" : "SETOF ragwall.match", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.search_documents(public.halfvec, integer, jsonb)', '{ "arguments" : "md5 f778a64cefec422942389e006ab54fa4", "attributes" : "language plpgsql, stable, security definer", "body" : "md5 c00229c9c4d4515800c91ace7e9434e1", "owner" : "ragwall_search", "result" : "SETOF ragwall.match", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting hnsw.ef_search" : "40", "setting hnsw.iterative_scan" : "off", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_generic_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall.search_with_token(text, public.halfvec, integer, jsonb)', '{ "arguments" : "md5 a105c1a370fb18a9303ab54e552ba974", "attributes" : "language plpgsql, volatile", "body" : "md5 021176ddf355c37e5f1dbbf114409bdf", "owner" : "ragwall_owner", "result" : "SETOF ragwall.match", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.search_words(text, integer, jsonb)', '{ "arguments" : "md5 7766665a52ce28b1b502406b1d8737cd", "attributes" : "language plpgsql, stable, security definer", "body" : "md5 b115d1b1cae618b16a504cd6585bb5aa", "owner" : "ragwall_search", "result" : "SETOF ragwall.scored_match", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_generic_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall.set_tenant(text)', '{ "arguments" : "md5 111b08d47146b25e34c0bfc36d05d5c6", "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 ec31c7ab03def008fd260f544fc94a75", "owner" : "ragwall_context", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.set_tenant_from_token(text)', '{ "arguments" : "md5 4453ef337a085498eed0b1342dd866a5", "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 133b7fdfeb95d2f7a5b8ea1fb532237c", "owner" : "ragwall_context", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.signing_keys()', '{ "attributes" : "language sql, stable, parallel safe", "body" : "md5 858552b16e24a14f4191c4037d4755c9", "owner" : "ragwall_context", "result" : "TABLE(kid text, audience text, created_at timestamp with time zone)" }'),
    ('function', '', 'ragwall.table_findings(regclass, name, boolean)', '{ "arguments" : "md5 9a64f40c0e2c45aa1de162ed558ce9a2", "attributes" : "language sql, stable", "body" : "md5 153d909975be097e00b35ba9a5d25e40", "owner" : "ragwall_owner", "result" : "TABLE(refused boolean, finding text, remedy text)", "setting jit" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.tenant_column_of(regclass, regclass, name)', '{ "arguments" : "md5 a239bca9337e24b7059133373250dc21", "attributes" : "language sql, stable, parallel restricted", "body" : "md5 4488cc265afa982caebdf410a19b768b", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.tenant_tables()', '{ "attributes" : "stable, parallel restricted", "owner" : "ragwall_owner", "result" : "TABLE(relation regclass, tenant_column name, bound boolean)", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.undeclare_filter(text)', '{ "arguments" : "md5 ac24f47ade2067edd799fec4d0dee065", "attributes" : "language plpgsql, volatile", "body" : "md5 56f4c321d50510a4642ae204b9028996", "owner" : "ragwall_owner", "result" : "void", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.unprotect_table(regclass)', '{ "arguments" : "md5 69ab7d4f3df49aa474d5f077afaec2f7", "attributes" : "language plpgsql, volatile", "body" : "md5 5d16e1bf6bdd1010334439f1aca1cf68", "owner" : "ragwall_owner", "result" : "TABLE(step text, statement text)", "setting jit" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.upsert_documents(jsonb)', '{ "arguments" : "md5 e0cb7470a8c12a4cfff4dd612b201ac5", "attributes" : "language plpgsql, volatile", "body" : "md5 1b90eddd060c52b4ac38305942d0d1ad", "owner" : "ragwall_owner", "result" : "TABLE(ordinal integer, tenant_id text, id uuid, status text)", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_custom_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall.with_partitions(regclass)', '{ "arguments" : "md5 69ab7d4f3df49aa474d5f077afaec2f7", "attributes" : "language sql, stable, parallel safe", "body" : "md5 e6408f0466c02c35b57e2ea2875df218", "owner" : "ragwall_owner", "result" : "SETOF regclass" }'),
    ('function', '', 'ragwall.words_configuration()', '{ "attributes" : "language sql, stable, parallel safe, security definer", "body" : "md5 55c00294335c17188f7c209d869d432a", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.words_filled()', '{ "attributes" : "language plpgsql, volatile", "body" : "md5 bef6f91338791dcc5cbe269f2fcd40da", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall.write_passage()', '{ "attributes" : "language plpgsql, volatile", "body" : "md5 aa7552f5570f48c7bdd5068daf358474", "owner" : "ragwall_owner", "result" : "trigger", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_generic_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall_api.match_passages(public.halfvec, double precision, jsonb)', '{ "arguments" : "md5 66f04b2de2aa0109252c4f02b5b192be", "attributes" : "language plpgsql, stable", "body" : "md5 3cab539d5ad30835d190ccc0f2c65b78", "owner" : "ragwall_owner", "result" : "md5 9b9c83aa838c4c5af3cdd6d7a6463e82", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_generic_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall_api.set_tenant_from_request()', '{ "attributes" : "language plpgsql, volatile", "body" : "md5 a5ac86b2cd0c5d675ce594436fa03cf4", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_private.base64url(bytea)', '{ "arguments" : "md5 7c12d105e422c0397e5fdf0bd636f744", "attributes" : "language sql, immutable, parallel safe", "body" : "md5 ad1925e3ce29072480ad467179845775", "owner" : "ragwall_context", "result" : "text" }'),
    ('function', '', 'ragwall_private.bind(text, text)', '{ "arguments" : "md5 055b61a77a402eda9f56bff2509db3ec", "attributes" : "language plpgsql, volatile", "body" : "md5 c69ff37e63873bbbaa156c8d10e6cbb0", "owner" : "ragwall_context", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_private.is_seal(bytea, bytea, text, text)', '{ "arguments" : "md5 d77a54794a8777365b8dbe9a47d0b9d3", "attributes" : "language sql, stable, parallel restricted", "body" : "md5 d1035ad9287c1f972f7695a3e8ed4f63", "owner" : "ragwall_context", "result" : "boolean" }'),
    ('function', '', 'ragwall_private.pad(bytea, integer)', '{ "arguments" : "md5 188c2d9aa437abb24b0502beaf5e68e9", "attributes" : "language sql, immutable, parallel safe", "body" : "md5 f4ae7c96d21944af2433ed6657f84215", "owner" : "ragwall_context", "result" : "bytea" }'),
    ('function', '', 'ragwall_private.random_bytes()', '{ "attributes" : "language sql, volatile, parallel safe", "body" : "md5 09b93049c14db09dc6c27ff4adad872e", "owner" : "ragwall_context", "result" : "bytea" }'),
    ('function', '', 'ragwall_private.refuse_residue()', '{ "attributes" : "language plpgsql, volatile", "body" : "md5 ccc3cbfc15713b676584c1dfab5b158c", "owner" : "ragwall_context", "result" : "void", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_private.seal(bytea, bytea, text, text)', '{ "arguments" : "md5 48eb27bbba03499cbb85755816d84e48", "attributes" : "language sql, stable, parallel restricted", "body" : "md5 36b32450229f4f4b11c5ea8a67c51f4d", "owner" : "ragwall_context", "result" : "text" }'),
    ('function', '', 'ragwall_search.best_by_words(text, text, integer, jsonb)', '{ "arguments" : "md5 647701740eb4dd97d0793e3c44436ad3", "attributes" : "language plpgsql, stable", "body" : "md5 beeadaabfd36aa864bcc3ab8e8d51156", "owner" : "ragwall_owner", "result" : "record", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_search.bind(text)', '{ "arguments" : "md5 111b08d47146b25e34c0bfc36d05d5c6", "attributes" : "language plpgsql, volatile", "body" : "md5 5a5f06a1fa3b6ae9a3e47899b601e028", "owner" : "ragwall_owner", "result" : "text[]", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_search.bind_back(text[])', '{ "arguments" : "md5 e2b2ef3f922a7fa56ea70c3568ab5194", "attributes" : "language sql, volatile", "body" : "md5 05697f1660f62a3270ab009fc784e6db", "owner" : "ragwall_owner", "result" : "void" }'),
    ('function', '', 'ragwall_search.entries()', '{ "attributes" : "language plpgsql, volatile", "body" : "md5 390cc1aae66813e62d87f70c80c0dd2b", "owner" : "ragwall_owner", "result" : "TABLE(entry ragwall_search.directory, tail bigint)", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_search.has_documents(text, bigint)', '{ "arguments" : "md5 d6ca6f97786de3fa4ab4f489ceb764d0", "attributes" : "language plpgsql, volatile", "body" : "md5 e4ed43bdfd844bc47c9e29841044540c", "owner" : "ragwall_owner", "result" : "boolean", "setting enable_seqscan" : "off", "setting jit" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_search.index_ranges(name, text[])', '{ "arguments" : "md5 f7ea8bd45ba2848ac13e8881a602bc01", "attributes" : "language plpgsql, volatile", "body" : "md5 14cf71e57377dc844cc2c874f390451c", "owner" : "ragwall_owner", "result" : "text[]", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_search.keep_words()', '{ "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 1ff92510ecad39ba06682a79a0f33aae", "owner" : "ragwall_owner", "result" : "trigger", "setting client_min_messages" : "warning", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_generic_plan", "setting random_page_cost" : "4", "setting row_security" : "on", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall_search.measure(name, bigint)', '{ "arguments" : "md5 cc6536e334ee18a49bda43ae648224bf", "attributes" : "language plpgsql, volatile", "body" : "md5 bad0dc452e5cf205b782da52b6ef077d", "owner" : "ragwall_owner", "result" : "record", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting hnsw.ef_search" : "40", "setting hnsw.iterative_scan" : "off", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_generic_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall_search.note_change()', '{ "attributes" : "language plpgsql, volatile", "body" : "md5 b455f59997c5185ec713c26de3d7a104", "owner" : "ragwall_owner", "result" : "trigger", "setting cpu_index_tuple_cost" : "0.005", "setting cpu_operator_cost" : "0.0025", "setting cpu_tuple_cost" : "0.01", "setting enable_bitmapscan" : "on", "setting enable_hashagg" : "on", "setting enable_hashjoin" : "on", "setting enable_indexonlyscan" : "on", "setting enable_indexscan" : "on", "setting enable_nestloop" : "on", "setting enable_presorted_aggregate" : "on", "setting enable_seqscan" : "off", "setting enable_sort" : "on", "setting enable_tidscan" : "on", "setting jit" : "off", "setting max_parallel_workers_per_gather" : "0", "setting plan_cache_mode" : "force_generic_plan", "setting random_page_cost" : "4", "setting search_path" : "pg_catalog, pg_temp", "setting seq_page_cost" : "1" }'),
    ('function', '', 'ragwall_search.note_stored()', '{ "attributes" : "language plpgsql, volatile, security definer", "body" : "md5 ba97f2da590d703d0c061794d188be72", "owner" : "ragwall_owner", "result" : "trigger", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_search.question_words(ragwall_search.directory, ragwall_search.word_settings, text, text)', '{ "arguments" : "md5 660488c2d28e0d3814422b4944098b35", "attributes" : "language plpgsql, stable", "body" : "md5 49f81dd7a09fb781ca2e8f0fbf8d42b2", "owner" : "ragwall_owner", "result" : "record", "setting client_min_messages" : "warning", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_search.range_condition(jsonb, text[])', '{ "arguments" : "md5 e3e5d1185631de693e9e21866c5921a5", "attributes" : "language plpgsql, immutable, parallel safe", "body" : "md5 56d4c1e42d6c14c4784ea7b39c4603f9", "owner" : "ragwall_owner", "result" : "text", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_search.range_key(jsonb)', '{ "arguments" : "md5 923e289f15a16f24c2c93ee0c7b79460", "attributes" : "language sql, immutable, parallel safe", "body" : "md5 df25137eee81c9d0a8e60fe7a0f0445e", "owner" : "ragwall_owner", "result" : "text" }'),
    ('function', '', 'ragwall_search.search_table(ragwall_search.directory, public.halfvec, integer, jsonb, jsonpath)', '{ "arguments" : "md5 5dd561b96db657fb41af3b1d01d7f7b1", "attributes" : "language plpgsql, stable", "body" : "md5 debd12e779575669d007c743e457ad98", "owner" : "ragwall_owner", "result" : "ragwall.match[]", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_search.terms_of(text, text)', '{ "arguments" : "md5 c8fdd7432ccbf1a83ae52ff84e2fd972", "attributes" : "language sql, stable, parallel safe", "body" : "md5 1b54df80eafecb750b6fdcbcbc6a858f", "owner" : "ragwall_owner", "result" : "TABLE(term integer, frequency integer, length integer)" }'),
    ('function', '', 'ragwall_search.with_bigrams(text)', '{ "arguments" : "md5 95d463e85cc1383afc808fffcdca7184", "attributes" : "language sql, immutable, parallel safe", "body" : "md5 f3e93a228eb9726a6b82f36b4c26bd5c", "owner" : "ragwall_owner", "result" : "text" }'),
    ('function', '', 'ragwall_search.words_due()', '{ "attributes" : "language plpgsql, volatile", "body" : "md5 1aeb98eac9d644a96a48d6a0e7a48fc4", "owner" : "ragwall_owner", "result" : "SETOF text", "setting enable_seqscan" : "off", "setting jit" : "off", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('function', '', 'ragwall_search.words_of(text, text)', '{ "arguments" : "md5 72de9902536b334c6a27dcca362bd7fd", "attributes" : "language plpgsql, stable, parallel safe", "body" : "md5 9082ae172e81ec7932259efea6396f84", "owner" : "ragwall_owner", "result" : "record", "setting search_path" : "pg_catalog, pg_temp" }'),
    ('index', 'ragwall_search.tail', 'tail_by_tenant', '{ "definition" : "CREATE INDEX tail_by_tenant ON ragwall_search.tail USING btree (tenant_id, id)" }'),
    ('policy', 'ragwall.documents', 'delete_own_tenant', '{ "command" : "delete", "mode" : "permissive", "roles" : "ragwall_owner", "using" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))" }'),
    ('policy', 'ragwall.documents', 'insert_own_tenant', '{ "command" : "insert", "mode" : "permissive", "roles" : "app_user", "with check" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))" }'),
    ('policy', 'ragwall.documents', 'select_own_tenant', '{ "command" : "select", "mode" : "permissive", "roles" : "app_user, app_reader, agent_reader, ragwall_owner", "using" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))" }'),
    ('policy', 'ragwall.documents', 'tenant_floor', '{ "command" : "all", "mode" : "restrictive", "roles" : "PUBLIC", "using" : "md5 07771f321d7b2fb94768f8686dab5284", "with check" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))" }'),
    ('policy', 'ragwall.documents', 'update_own_tenant', '{ "command" : "update", "mode" : "permissive", "roles" : "app_user, ragwall_owner", "using" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))", "with check" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))" }'),
    ('policy', 'ragwall.documents_rows', 'select_own_tenant', '{ "command" : "select", "mode" : "permissive", "roles" : "ragwall_search", "using" : "(tenant_id = ( SELECT current_setting(''app.current_tenant''::text, true) AS current_setting))" }'),
    ('policy', 'ragwall.documents_rows', 'tenant_floor', '{ "command" : "all", "mode" : "restrictive", "roles" : "PUBLIC", "using" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))", "with check" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))" }'),
    ('policy', 'ragwall_search.directory', 'own_tenant', '{ "command" : "all", "mode" : "permissive", "roles" : "app_user, ragwall_owner, ragwall_search", "using" : "(tenant_id = ( SELECT current_setting(''app.current_tenant''::text, true) AS current_setting))", "with check" : "(tenant_id = ( SELECT current_setting(''app.current_tenant''::text, true) AS current_setting))" }'),
    ('policy', 'ragwall_search.directory', 'tenant_floor', '{ "command" : "all", "mode" : "restrictive", "roles" : "PUBLIC", "using" : "md5 07771f321d7b2fb94768f8686dab5284", "with check" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))" }'),
    ('policy', 'ragwall_search.stored', 'tenant_floor', '{ "command" : "all", "mode" : "restrictive", "roles" : "PUBLIC", "using" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))", "with check" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))" }'),
    ('policy', 'ragwall_search.tail', 'own_tenant', '{ "command" : "all", "mode" : "permissive", "roles" : "app_user, ragwall_owner, ragwall_search", "using" : "(tenant_id = ( SELECT current_setting(''app.current_tenant''::text, true) AS current_setting))", "with check" : "(tenant_id = ( SELECT current_setting(''app.current_tenant''::text, true) AS current_setting))" }'),
    ('policy', 'ragwall_search.tail', 'tenant_floor', '{ "command" : "all", "mode" : "restrictive", "roles" : "PUBLIC", "using" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))", "with check" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))" }'),
    ('policy', 'ragwall_search.vocabulary', 'own_tenant', '{ "command" : "all", "mode" : "permissive", "roles" : "ragwall_owner, ragwall_search", "using" : "(tenant_id = ( SELECT current_setting(''app.current_tenant''::text, true) AS current_setting))", "with check" : "(tenant_id = ( SELECT current_setting(''app.current_tenant''::text, true) AS current_setting))" }'),
    ('policy', 'ragwall_search.vocabulary', 'tenant_floor', '{ "command" : "all", "mode" : "restrictive", "roles" : "PUBLIC", "using" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))", "with check" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))" }'),
    ('policy', 'ragwall_search.words', 'own_tenant', '{ "command" : "all", "mode" : "permissive", "roles" : "ragwall_owner, ragwall_search", "using" : "(tenant_id = ( SELECT current_setting(''app.current_tenant''::text, true) AS current_setting))", "with check" : "(tenant_id = ( SELECT current_setting(''app.current_tenant''::text, true) AS current_setting))" }'),
    ('policy', 'ragwall_search.words', 'tenant_floor', '{ "command" : "all", "mode" : "restrictive", "roles" : "PUBLIC", "using" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))", "with check" : "(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))" }'),
    ('privilege', 'ragwall.agent_document(uuid)', 'agent_caller', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.agent_match_documents(public.halfvec, integer, jsonb, boolean)', 'agent_caller', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.agent_match_hybrid(public.halfvec, text, integer, jsonb)', 'agent_caller', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.catch_up(integer)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.current_tenant()', 'agent_caller', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.current_tenant()', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.current_tenant()', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.current_tenant()', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.current_tenant()', 'ragwall_owner', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.current_tenant()', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.delete_documents(uuid[])', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.delete_matching(jsonb)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.delete_source(text, integer)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.document_id(text, text, integer)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.documents', 'agent_reader', '{ "SELECT (\"position\")" : "granted", "SELECT (content)" : "granted", "SELECT (created_at)" : "granted", "SELECT (embedding)" : "granted", "SELECT (embedding_model)" : "granted", "SELECT (id)" : "granted", "SELECT (metadata)" : "granted", "SELECT (source)" : "granted", "SELECT (tenant_id)" : "granted" }'),
    ('privilege', 'ragwall.documents', 'app_reader', '{ "SELECT (\"position\")" : "granted", "SELECT (content)" : "granted", "SELECT (created_at)" : "granted", "SELECT (embedding)" : "granted", "SELECT (embedding_model)" : "granted", "SELECT (id)" : "granted", "SELECT (metadata)" : "granted", "SELECT (source)" : "granted", "SELECT (tenant_id)" : "granted" }'),
    ('privilege', 'ragwall.documents', 'app_user', '{ "INSERT (\"position\")" : "granted", "INSERT (content)" : "granted", "INSERT (embedding)" : "granted", "INSERT (embedding_model)" : "granted", "INSERT (id)" : "granted", "INSERT (metadata)" : "granted", "INSERT (source)" : "granted", "SELECT (\"position\")" : "granted", "SELECT (content)" : "granted", "SELECT (created_at)" : "granted", "SELECT (embedding)" : "granted", "SELECT (embedding_model)" : "granted", "SELECT (id)" : "granted", "SELECT (metadata)" : "granted", "SELECT (source)" : "granted", "SELECT (tenant_id)" : "granted", "UPDATE (content)" : "granted", "UPDATE (embedding)" : "granted", "UPDATE (embedding_model)" : "granted", "UPDATE (metadata)" : "granted" }'),
    ('privilege', 'ragwall.documents_rows', 'ragwall_search', '{ "SELECT (\"position\")" : "granted", "SELECT (content)" : "granted", "SELECT (embedding)" : "granted", "SELECT (id)" : "granted", "SELECT (metadata)" : "granted", "SELECT (source)" : "granted", "SELECT (tenant_id)" : "granted" }'),
    ('privilege', 'ragwall.embedding_dimensions()', 'agent_caller', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.embedding_dimensions()', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.embedding_dimensions()', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.embedding_dimensions()', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.embedding_dimensions()', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.field_condition(text, jsonb, integer)', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.field_condition(text, jsonb, integer)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.field_condition(text, jsonb, integer)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.field_condition(text, jsonb, integer)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.filter_condition(jsonb, integer)', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.filter_condition(jsonb, integer)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.filter_condition(jsonb, integer)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.filter_condition(jsonb, integer)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.filter_path(jsonb)', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.filter_path(jsonb)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.filter_path(jsonb)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.filter_path(jsonb)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.fix_plans(regprocedure, text)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.is_tenant_id(text)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.is_tenant_id(text)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.is_tenant_id(text)', 'ragwall_context', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.join_conditions(text[], text)', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.join_conditions(text[], text)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.join_conditions(text[], text)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.join_conditions(text[], text)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.match_documents(public.halfvec, integer)', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.match_documents(public.halfvec, integer)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.match_documents(public.halfvec, integer)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.match_documents(public.halfvec, integer, jsonb)', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.match_documents(public.halfvec, integer, jsonb)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.match_documents(public.halfvec, integer, jsonb)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.match_hybrid(public.halfvec, text, integer, jsonb, double precision)', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.match_hybrid(public.halfvec, text, integer, jsonb, double precision)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.match_hybrid(public.halfvec, text, integer, jsonb, double precision)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.match_hybrid(public.halfvec, text, integer, jsonb, double precision)', 'ragwall_owner', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.migration()', 'agent_caller', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.migration()', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.migration()', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.migration()', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.refuse_search(public.halfvec, integer)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.require_tenant()', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.require_tenant()', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.require_tenant()', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.require_tenant()', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_as(text, public.halfvec, integer, jsonb)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_as(text, public.halfvec, integer, jsonb)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_documents(public.halfvec, integer, jsonb)', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_documents(public.halfvec, integer, jsonb)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_documents(public.halfvec, integer, jsonb)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_documents(public.halfvec, integer, jsonb)', 'ragwall_owner', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_with_token(text, public.halfvec, integer, jsonb)', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_with_token(text, public.halfvec, integer, jsonb)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_with_token(text, public.halfvec, integer, jsonb)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_words(text, integer, jsonb)', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_words(text, integer, jsonb)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_words(text, integer, jsonb)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.search_words(text, integer, jsonb)', 'ragwall_owner', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.set_tenant(text)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.set_tenant(text)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.set_tenant(text)', 'ragwall_owner', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.set_tenant_from_token(text)', 'agent_caller', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.set_tenant_from_token(text)', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.set_tenant_from_token(text)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.set_tenant_from_token(text)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.tenant_claim', 'app_reader', '{ "SELECT (only_row)" : "granted", "SELECT (path)" : "granted" }'),
    ('privilege', 'ragwall.tenant_claim', 'app_user', '{ "SELECT (only_row)" : "granted", "SELECT (path)" : "granted" }'),
    ('privilege', 'ragwall.upsert_documents(jsonb)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.words_configuration()', 'agent_caller', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.words_configuration()', 'agent_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.words_configuration()', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall.words_configuration()', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_api.match_passages(public.halfvec, double precision, jsonb)', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_api.match_passages(public.halfvec, double precision, jsonb)', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_api.passages', 'app_reader', '{ "SELECT" : "granted" }'),
    ('privilege', 'ragwall_api.passages', 'app_user', '{ "DELETE" : "granted", "INSERT (\"position\")" : "granted", "INSERT (content)" : "granted", "INSERT (embedding)" : "granted", "INSERT (embedding_model)" : "granted", "INSERT (id)" : "granted", "INSERT (metadata)" : "granted", "INSERT (source)" : "granted", "SELECT" : "granted", "UPDATE (\"position\")" : "granted", "UPDATE (content)" : "granted", "UPDATE (embedding)" : "granted", "UPDATE (embedding_model)" : "granted", "UPDATE (id)" : "granted", "UPDATE (metadata)" : "granted", "UPDATE (source)" : "granted" }'),
    ('privilege', 'ragwall_api.set_tenant_from_request()', 'app_reader', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_api.set_tenant_from_request()', 'app_user', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_search.best_by_words(text, text, integer, jsonb)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_search.directory', 'app_user', '{ "SELECT (tenant_id)" : "granted" }'),
    ('privilege', 'ragwall_search.directory', 'ragwall_search', '{ "SELECT" : "granted" }'),
    ('privilege', 'ragwall_search.question_words(ragwall_search.directory, ragwall_search.word_settings, text, text)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_search.range_condition(jsonb, text[])', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_search.range_key(jsonb)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_search.search_table(ragwall_search.directory, public.halfvec, integer, jsonb, jsonpath)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_search.tail', 'app_user', '{ "INSERT (id)" : "granted", "INSERT (tenant_id)" : "granted" }'),
    ('privilege', 'ragwall_search.tail', 'ragwall_search', '{ "SELECT" : "granted" }'),
    ('privilege', 'ragwall_search.terms_of(text, text)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_search.vocabulary', 'ragwall_search', '{ "SELECT" : "granted" }'),
    ('privilege', 'ragwall_search.with_bigrams(text)', 'ragwall_search', '{ "EXECUTE" : "granted" }'),
    ('privilege', 'ragwall_search.word_settings', 'ragwall_search', '{ "SELECT" : "granted" }'),
    ('privilege', 'ragwall_search.words', 'ragwall_search', '{ "SELECT" : "granted" }'),
    ('privilege', 'schema ragwall', 'agent_caller', '{ "USAGE" : "granted" }'),
    ('privilege', 'schema ragwall', 'agent_reader', '{ "USAGE" : "granted" }'),
    ('privilege', 'schema ragwall', 'app_reader', '{ "USAGE" : "granted" }'),
    ('privilege', 'schema ragwall', 'app_user', '{ "USAGE" : "granted" }'),
    ('privilege', 'schema ragwall', 'ragwall_context', '{ "USAGE" : "granted" }'),
    ('privilege', 'schema ragwall', 'ragwall_search', '{ "USAGE" : "granted" }'),
    ('privilege', 'schema ragwall_api', 'app_reader', '{ "USAGE" : "granted" }'),
    ('privilege', 'schema ragwall_api', 'app_user', '{ "USAGE" : "granted" }'),
    ('privilege', 'schema ragwall_search', 'app_user', '{ "USAGE" : "granted" }'),
    ('privilege', 'schema ragwall_search', 'ragwall_search', '{ "USAGE" : "granted" }'),
    ('row-level security', 'ragwall.documents', 'ragwall.documents', '{ "state" : "enabled and forced" }'),
    ('row-level security', 'ragwall.documents_rows', 'ragwall.documents_rows', '{ "state" : "enabled and forced" }'),
    ('row-level security', 'ragwall.tenant_claim', 'ragwall.tenant_claim', '{ "state" : "disabled" }'),
    ('row-level security', 'ragwall.unprotection', 'ragwall.unprotection', '{ "state" : "enabled" }'),
    ('row-level security', 'ragwall_private.seal_key', 'ragwall_private.seal_key', '{ "state" : "enabled" }'),
    ('row-level security', 'ragwall_private.signing_key', 'ragwall_private.signing_key', '{ "state" : "enabled" }'),
    ('row-level security', 'ragwall_search.directory', 'ragwall_search.directory', '{ "state" : "enabled and forced" }'),
    ('row-level security', 'ragwall_search.filter_fields', 'ragwall_search.filter_fields', '{ "state" : "disabled" }'),
    ('row-level security', 'ragwall_search.stored', 'ragwall_search.stored', '{ "state" : "enabled" }'),
    ('row-level security', 'ragwall_search.tail', 'ragwall_search.tail', '{ "state" : "enabled and forced" }'),
    ('row-level security', 'ragwall_search.vocabulary', 'ragwall_search.vocabulary', '{ "state" : "enabled and forced" }'),
    ('row-level security', 'ragwall_search.word_settings', 'ragwall_search.word_settings', '{ "state" : "disabled" }'),
    ('row-level security', 'ragwall_search.words', 'ragwall_search.words', '{ "state" : "enabled and forced" }'),
    ('schema', '', 'ragwall', '{ "owner" : "ragwall_owner" }'),
    ('schema', '', 'ragwall_api', '{ "owner" : "ragwall_owner" }'),
    ('schema', '', 'ragwall_private', '{ "owner" : "ragwall_context" }'),
    ('schema', '', 'ragwall_search', '{ "owner" : "ragwall_owner" }'),
    ('sequence', '', 'ragwall_private.retired_at', '{ "owner" : "ragwall_context", "persistence" : "logged" }'),
    ('table', '', 'ragwall.documents', '{ "owner" : "ragwall_owner", "partitions" : "HASH (tenant_id)", "persistence" : "logged" }'),
    ('table', '', 'ragwall.documents_rows', '{ "owner" : "ragwall_owner", "parents" : "ragwall.documents FOR VALUES WITH (modulus 1, remainder 0)", "persistence" : "logged" }'),
    ('table', '', 'ragwall.tenant_claim', '{ "owner" : "ragwall_owner", "persistence" : "logged" }'),
    ('table', '', 'ragwall.unprotection', '{ "owner" : "ragwall_owner", "persistence" : "logged" }'),
    ('table', '', 'ragwall_private.seal_key', '{ "owner" : "ragwall_context", "persistence" : "logged" }'),
    ('table', '', 'ragwall_private.signing_key', '{ "owner" : "ragwall_context", "persistence" : "logged" }'),
    ('table', '', 'ragwall_search.directory', '{ "owner" : "ragwall_owner", "persistence" : "logged" }'),
    ('table', '', 'ragwall_search.filter_fields', '{ "owner" : "ragwall_owner", "persistence" : "logged" }'),
    ('table', '', 'ragwall_search.stored', '{ "owner" : "ragwall_owner", "persistence" : "logged" }'),
    ('table', '', 'ragwall_search.tail', '{ "owner" : "ragwall_owner", "persistence" : "logged" }'),
    ('table', '', 'ragwall_search.vocabulary', '{ "owner" : "ragwall_owner", "persistence" : "logged" }'),
    ('table', '', 'ragwall_search.word_settings', '{ "owner" : "ragwall_owner", "persistence" : "logged" }'),
    ('table', '', 'ragwall_search.words', '{ "owner" : "ragwall_owner", "persistence" : "logged" }'),
    ('trigger', 'ragwall.documents', 'keep_words', '{ "definition" : "md5 1966a6bb0eb73cd1b8d31123af8bde57", "fires" : "always" }'),
    ('trigger', 'ragwall.documents', 'note_change', '{ "definition" : "md5 eb9394929e64ed547110ec497fb0eb9e", "fires" : "always" }'),
    ('trigger', 'ragwall.documents', 'note_stored', '{ "definition" : "md5 4f974dadc4f8a48d64b8b32adcdcc250", "fires" : "always" }'),
    ('trigger', 'ragwall.documents_rows', 'keep_words', '{ "definition" : "md5 829329131405c4002f3989681971ca11", "fires" : "always" }'),
    ('trigger', 'ragwall.documents_rows', 'note_change', '{ "definition" : "md5 ea36e8be296485f7d7cc49a28c4f8469", "fires" : "always" }'),
    ('trigger', 'ragwall.documents_rows', 'note_stored', '{ "definition" : "md5 7d0e050835ce86bccf27fd3ba4e073b1", "fires" : "always" }'),
    ('trigger', 'ragwall_api.passages', 'require_tenant', '{ "definition" : "md5 7eb74158b38f0a54f4f315f56c8ebc43", "fires" : "outside of replicas" }'),
    ('trigger', 'ragwall_api.passages', 'write_passage', '{ "definition" : "md5 94e3528a033ff292231c9f60eb9224f4", "fires" : "outside of replicas" }'),
    ('type', '', 'ragwall.match', '{ "owner" : "ragwall_owner", "persistence" : "logged" }'),
    ('type', '', 'ragwall.scored_match', '{ "owner" : "ragwall_owner", "persistence" : "logged" }'),
    ('view', '', 'ragwall.search_tables', '{ "owner" : "ragwall_owner", "persistence" : "logged", "query" : "md5 c57f370714073aaf9064ea136f046549" }'),
    ('view', '', 'ragwall_api.passages', '{ "owner" : "ragwall_owner", "persistence" : "logged", "query" : "md5 0a3814319c29e271617066d2614cf72d" }')
),
at_release as materialized (
  select from routine as f
  where f.nspname = 'ragwall' and f.proname = 'migration'
    and (regexp_match(f.body, 'RETURN (\d+)'))[1]::integer = 30
),
-- Without the settings that a server of this version does not have. optional: made by db/audit-install.sql, which not
-- every database has.
expected (kind, parent, name, optional, property, value) as materialized (
  select r.kind, r.parent, r.name, r.kind = 'function' and r.properties !~ '"body"', p.key, p.value
  from released as r
  cross join lateral jsonb_each_text(r.properties::jsonb) as p
  where p.key !~ '^setting \w+$' or substr(p.key, 9) in (select name from pg_catalog.pg_settings)
),
difference as materialized (
  select kind, parent, name, property, e.value as expected, p.value as found,
    (kind, parent, name) in (select kind, parent, name from present) as is_there,
    (kind, parent, name) in (select kind, parent, name from expected) as is_ours
  from expected as e
  full join present as p using (kind, parent, name, property)
  where exists (select from at_release)
    and e.value is distinct from p.value
    -- Fewer privileges than were released are none too many.
    and (kind not in ('privilege', 'role') or p.value is not null and e.value is distinct from 'with grant option')
    and (e.optional is not true or (kind, parent, name) in (select kind, parent, name from present))
),
-- Objects that differ: missing, added or changed. What belongs to a missing or added object is not listed, nor what a
-- partition has from its table.
deviation as materialized (
  select d.kind, n.parent, n.name,
    case when not d.is_ours then 'added' when not d.is_there then 'missing' else 'changed' end as state,
    case d.kind when 'column' then format('%s.%I', n.parent, n.name)
      when 'privilege' then n.parent || ' for ' || n.name
      when 'schema' then 'schema ' || n.name when 'event trigger' then 'event trigger ' || n.name
      when 'row-level security' then n.name
      else concat_ws(' on ', case when n.parent = '' then n.name else quote_ident(n.name) end, nullif(n.parent, ''))
      end as object,
    string_agg(d.property, ', ' order by d.property collate "C") as properties,
    string_agg(format('%s: expected %s, found %s', d.property, coalesce(d.expected, 'none'), coalesce(d.found, 'none')),
      '; ' order by d.property collate "C") as evidence,
    case when count(*) = 1 then min(d.property) end as property, min(d.expected) as expected, min(d.found) as found
  from difference as d
  cross join vector_schema as s
  cross join lateral (
    values (
      replace(replace(d.parent, 'public.', s.name || '.'), 'PUBLIC.', 'public.'),
      replace(replace(d.name, 'public.', s.name || '.'), 'PUBLIC.', 'public.')
    )
  ) as n (parent, name)
  where not exists (
      select from difference as o
      where o.name = d.parent and o.parent = '' and d.parent <> '' and not (o.is_there and o.is_ours)
    )
    and not exists (
      select from own_relation as r
      join difference as o on o.parent = r.root and (o.kind, o.name, o.property) = (d.kind, d.name, d.property)
      where r.name = d.parent
    )
  group by d.kind, n.parent, n.name, d.is_there, d.is_ours
),
-- How many objects of each kind were examined. Where there are none, the checks of this kind do not apply.
examined (kind, number) as (
  select 'tables', count(*) from tenant_table
  union all select 'policies', count(*) from policy
  union all select 'functions in policies', count(distinct oid) from context_function
  union all select 'partitions and children', count(*) from tenant_table where child
  union all select 'application roles', count(*) from app_role
  union all select 'untrusted roles that log in', count(*) from app_role where untrusted and rolcanlogin
  union all select 'roles', count(*) from pg_catalog.pg_roles
  union all select 'relations', count(*) from relation
  union all select 'views', count(*) from relation where relkind = 'v'
  union all select 'materialized views', count(*) from relation where relkind = 'm'
  union all select 'foreign tables', count(*) from relation where relkind = 'f'
  union all select 'sequences', count(*) from relation where relkind = 'S'
  union all select 'functions', count(*) from routine
  union all select 'security definer functions', count(*) from routine where prosecdef
  union all select 'schemas', count(*) from schema
  union all select 'indexes', count(*) from tenant_index
  union all select 'vector indexes', count(*) from tenant_index where approximate
  union all select 'foreign keys', count(*)
    from pg_catalog.pg_constraint as k join tenant_table as t on t.oid = k.conrelid where k.contype = 'f'
  union all select 'publications', count(*) from pg_catalog.pg_publication
  union all select 'event triggers', count(*) from pg_catalog.pg_event_trigger
  union all select 'extensions', count(*) from pg_catalog.pg_extension
  union all select 'pgvector', count(*) from pg_catalog.pg_extension where extname = 'vector'
  union all select 'schema ragwall', count(*) from schema where nspname = 'ragwall'
  union all select 'objects of this release', count(*) from expected where exists (select from at_release)
  union all select 'database', 1
),
-- untried: why a query of the catalog cannot make the check.
checks (id, area, severity, kind, expects, reference, untried) as (
  values
    ('T00', 'rls', 'medium', 'database', 'Tables name the tenant in a column that the audit recognises', 'checklist 1', null),
    ('T01', 'rls', 'critical', 'tables', 'Row-level security is enabled on every table that has a tenant column', 'checklist 1 | LLM09:2026 | AISVS 5.2.1', null),
    ('T02', 'rls', 'high', 'tables', 'Row-level security is also forced, so that policies bind the owner of a table', 'checklist 1 | AISVS 5.2.1', null),
    ('T03', 'rls', 'low', 'tables', 'Each privilege granted on a tenant table has a policy that lets rows through', 'checklist 1', null),
    ('T10', 'rls', 'low', 'tables', 'A restrictive policy compares the tenant for all roles and commands', 'checklist 1 | checklist 6', null),
    ('T13', 'rls', 'medium', 'partitions and children', 'Partitions and children are reached through their parent alone', 'checklist 1', null),
    ('T04', 'rls', 'critical', 'policies', 'No policy is always true', 'checklist 1 | LLM09:2026 | AISVS 5.2.1', null),
    ('T05', 'rls', 'high', 'policies', 'No policy lets rows through while no tenant is bound', 'checklist 1 | AISVS 8.1.3', null),
    ('T06', 'rls', 'high', 'policies', 'Every permissive policy compares the tenant column with the bound tenant', 'checklist 1 | AISVS 8.1.3', null),
    ('T07', 'rls', 'medium', 'policies', 'Every policy has a form that the audit can verify', 'checklist 1', null),
    ('T08', 'rls', 'low', 'policies', 'Policies for writing state what may be written in WITH CHECK', 'checklist 1', null),
    ('T09', 'rls', 'low', 'policies', 'Permissive policies name the roles that they apply to', 'checklist 1', null),
    ('T11', 'rls', 'high', 'functions in policies', 'Functions that policies call are declared stable', 'checklist 1', null),
    ('T12', 'rls', 'medium', 'policies', 'Policies compare the tenant column without a cast', 'checklist 1', null),
    ('T14', 'rls', 'critical', 'tables', 'Where others write SQL, none of their conditions is evaluated before the tenant is compared', 'LLM01:2026 | CWE-203', null),
    ('T15', 'rls', 'medium', 'tables', 'Untrusted roles may not read system columns of tenant tables', 'LLM01:2026 | CWE-203', null),
    ('T16', 'rls', 'critical', 'tables', 'A table without tenants has no children with tenants', 'checklist 1 | AISVS 8.1.3', null),
    ('T17', 'rls', 'medium', 'database', 'Policies that name a tenant are on tables whose tenant column the audit recognises', 'checklist 1 | AISVS 8.1.3', null),
    ('R00', 'role', 'high', 'tables', 'There is a role for applications', 'checklist 2', null),
    ('R01', 'role', 'critical', 'application roles', 'No application role is a superuser', 'checklist 2 | testing 5', null),
    ('R02', 'role', 'critical', 'application roles', 'No application role has BYPASSRLS', 'checklist 2 | testing 5', null),
    ('R03', 'role', 'high', 'application roles', 'No application role has REPLICATION', 'checklist 2', null),
    ('R04', 'role', 'high', 'application roles', 'No application role has CREATEROLE', 'checklist 2', null),
    ('R05', 'role', 'low', 'application roles', 'No application role has CREATEDB', 'checklist 2', null),
    ('R06', 'role', 'high', 'application roles', 'No application role is a member of a predefined role', 'checklist 2', null),
    ('R07', 'role', 'critical', 'roles', 'No application role is a member of an owner, or of a role that policies do not bind', 'checklist 2', null),
    ('R08', 'role', 'high', 'application roles', 'No application role owns anything', 'checklist 2', null),
    ('R09', 'role', 'low', 'tables', 'The owners of tenant tables cannot log in, and policies bind them', 'checklist 2', null),
    ('R10', 'role', 'low', 'roles', 'Logins that policies do not bind are known', 'checklist 2', null),
    ('R11', 'role', 'medium', 'application roles', 'No application role may grant its privileges to others', 'checklist 2', null),
    ('R12', 'role', 'medium', 'application roles', 'No application role may set parameters of the server', 'checklist 2', null),
    ('R13', 'role', 'medium', 'schema ragwall', 'Logins of the application connect by grants of their own', 'checklist 2', null),
    ('R14', 'role', 'low', 'schema ragwall', 'No application role may take advisory locks', 'CWE-770', null),
    ('R15', 'role', 'low', 'schema ragwall', 'Logins of the application have limits in time', 'CWE-770', null),
    ('C01', 'tenant', 'medium', 'policies', 'SQL of the application cannot forge the bound tenant', 'checklist 3 | LLM01:2026 | AISVS 5.2.2', null),
    ('C02', 'tenant', 'high', 'functions in policies', 'No application role can replace a function that policies call', 'checklist 3', null),
    ('C03', 'tenant', 'critical', 'relations', 'No application role can read keys', 'checklist 3', null),
    ('C04', 'tenant', 'high', 'database', 'No setting of a role or database holds a secret', 'checklist 3', null),
    ('C05', 'tenant', 'high', 'functions', 'No function body holds a secret', 'checklist 3', null),
    ('C06', 'tenant', 'high', 'tables', 'The tenant column is never null', 'checklist 3 | testing 4', null),
    ('C07', 'tenant', 'high', 'tables', 'Tenants are compared byte by byte', 'checklist 3 | AISVS 8.1.1', null),
    ('C08', 'tenant', 'low', 'tables', 'The tenant is never the empty text', 'checklist 3 | testing 4', null),
    ('C09', 'tenant', 'low', 'tables', 'No application role may update the tenant column', 'checklist 3 | AISVS 8.1.2', null),
    ('C10', 'tenant', 'high', 'schema ragwall', 'Only trusted roles may bind a tenant by its name; untrusted roles present a token', 'checklist 3 | LLM01:2026', null),
    ('C11', 'tenant', 'high', 'policies', 'The tenant is not taken from what a session has or can make', 'checklist 3 | LLM01:2026 | AISVS 5.2.2', null),
    ('C12', 'tenant', 'medium', 'policies', 'No login chooses the tenant by SET ROLE', 'checklist 3 | LLM01:2026', null),
    ('C13', 'tenant', 'high', 'policies', 'No application role can write the rows that decide which tenant is bound', 'checklist 3 | AISVS 8.1.2', null),
    ('C14', 'tenant', 'high', 'functions in policies', 'Functions that policies call look up tables in fixed schemas', 'checklist 3 | CVE-2018-1058 | CWE-426', null),
    ('C15', 'tenant', 'medium', 'tables', 'The tenant column has no constant default', 'checklist 3 | AISVS 8.1.2', null),
    ('C16', 'tenant', 'high', 'functions in policies', 'Without a tenant no function falls back to one', 'checklist 3 | testing 4', null),
    ('C17', 'tenant', 'high', 'policies', 'The tenant is not taken from what a user of the application writes', 'checklist 3 | LLM01:2026 | AISVS 5.2.2', null),
    ('X01', 'context', 'high', 'database', 'No role or database presets a tenant for its sessions', 'checklist 4', null),
    ('X02', 'context', 'medium', 'database', 'No role or database presets row_security, role or session_replication_role', 'checklist 4', null),
    ('B01', 'context', 'critical', null, 'Without a tenant the application reads nothing', 'checklist 4 | testing 4 | AISVS 5.2.1', 'not tried, nor are B02 to B09; ragwall audit --probe tries, and rolls back'),
    ('O01', 'pool', 'high', null, 'A pooler resets a session before it hands it to another client', 'checklist 5 | testing 6', 'not tried; ragwall audit --probe tries, with the application''s connection string in RAGWALL_APP_URL'),
    ('O02', 'pool', 'high', 'functions', 'No function sets a tenant for longer than a transaction', 'checklist 5', null),
    ('O03', 'pool', 'low', 'schema ragwall', 'Sessions with leftovers of an earlier client are refused', 'checklist 5', null),
    ('M01', 'ci', 'high', 'schema ragwall', 'All migrations of this release are applied', 'checklist 6', null),
    ('M02', 'ci', 'high', 'database', 'Default privileges grant nothing to application roles or PUBLIC', 'checklist 6', null),
    ('M03', 'ci', 'low', 'tables', 'Functions that an owner creates later are not executable by PUBLIC', 'checklist 6', null),
    ('M04', 'ci', 'high', 'event triggers', 'Event triggers run only functions of superusers that have a fixed search_path', 'checklist 6', null),
    ('M05', 'ci', 'high', null, 'The isolation tests pass on every deployment', 'checklist 6', 'the database cannot tell whether ragwall audit and the test suites run in CI'),
    ('M06', 'ci', 'critical', 'objects of this release', 'The functions of Ragwall are as released', 'checklist 6', null),
    ('M07', 'ci', 'critical', 'objects of this release', 'The policies on Ragwall''s tables are as released', 'checklist 6', null),
    ('M08', 'ci', 'high', 'objects of this release', 'The tables of Ragwall, their keys and triggers are as released', 'checklist 6', null),
    ('M09', 'ci', 'high', 'objects of this release', 'Nobody has more privileges on objects of Ragwall than were released', 'checklist 6', null),
    ('M10', 'ci', 'high', 'objects of this release', 'The roles that own Ragwall are as released', 'checklist 6', null),
    ('M11', 'ci', 'medium', 'objects of this release', 'The schemas of Ragwall have nothing but what was released', 'checklist 6', null),
    ('M12', 'ci', 'medium', 'objects of this release', 'Partitions that are added later have row-level security', 'checklist 6', null),
    ('F01', 'path', 'critical', 'security definer functions', 'Policies bind the owners of security definer functions that applications call', 'CWE-269', null),
    ('F02', 'path', 'medium', 'security definer functions', 'PUBLIC may not call a security definer function', 'CWE-269', null),
    ('F03', 'path', 'high', 'security definer functions', 'Security definer functions have a fixed search_path with pg_temp last', 'CVE-2018-1058 | CWE-426', null),
    ('F04', 'path', 'high', 'functions', 'No function of this database is leakproof', 'CWE-200', null),
    ('F05', 'path', 'medium', 'database', 'Nothing takes the place of the server''s own functions, operators and casts', 'CVE-2018-1058 | CWE-426', null),
    ('F06', 'path', 'medium', 'functions', 'No application role may call a function in an untrusted language', 'CWE-269', null),
    ('F07', 'path', 'low', 'functions', 'Functions that read tenant tables have a fixed search_path', 'CVE-2018-1058 | CWE-426', null),
    ('F08', 'path', 'medium', 'tables', 'Policies bind the owners of security definer functions that triggers call', 'CWE-269', null),
    ('F09', 'path', 'high', 'security definer functions', 'No security definer function executes what its caller gives it', 'CWE-89 | CWE-269', null),
    ('F10', 'path', 'medium', 'functions', 'No function switches policies, roles or triggers off', 'CWE-269', null),
    ('P01', 'path', 'high', 'tables', 'No application role may TRUNCATE a tenant table', 'CWE-732', null),
    ('P02', 'path', 'high', 'tables', 'No application role may create triggers on a tenant table', 'CWE-732', null),
    ('P03', 'path', 'medium', 'tables', 'No application role may create foreign keys to a tenant table', 'CWE-732', null),
    ('P04', 'path', 'medium', 'tables', 'No application role may MAINTAIN a tenant table', 'CWE-732', null),
    ('P05', 'path', 'medium', 'tables', 'PUBLIC has no privilege on tenant tables', 'CWE-732 | AISVS 5.2.1', null),
    ('P06', 'path', 'low', 'tables', 'No application role may lock a tenant table for all tenants', 'CWE-667', null),
    ('P07', 'path', 'high', 'schemas', 'No application role may create objects in a schema', 'CWE-426', null),
    ('P08', 'path', 'medium', 'database', 'No application role may create schemas or temporary objects', 'CWE-426', null),
    ('P09', 'path', 'medium', 'relations', 'Every table with data of tenants has a tenant column', 'LLM09:2026 | AISVS 5.2.1', null),
    ('P10', 'path', 'medium', 'database', 'There are no large objects', 'CWE-732', null),
    ('P11', 'path', 'high', 'foreign tables', 'No application role may use a foreign table', 'CWE-732', null),
    ('P12', 'path', 'medium', 'untrusted roles that log in', 'Untrusted roles may not call functions that reach other sessions', 'LLM01:2026', null),
    ('P13', 'path', 'medium', 'untrusted roles that log in', 'Untrusted roles may not read catalogs that describe other sessions and tenants', 'LLM01:2026', null),
    ('P14', 'path', 'high', 'database', 'No application role has a privilege on the server''s own tables and functions beyond the defaults', 'CWE-732', null),
    ('P15', 'path', 'high', 'tables', 'Triggers of tenant tables write rows only where policies keep them apart', 'AISVS 8.1.3', null),
    ('P16', 'path', 'high', 'tables', 'No trigger of a tenant table sends its rows by NOTIFY', 'AISVS 8.1.3 | CWE-200', null),
    ('P17', 'path', 'medium', 'tables', 'Triggers and foreign keys of tenant tables are enforced', '', null),
    ('V01', 'path', 'critical', 'views', 'Views run with the rights of their reader', 'AISVS 8.1.3', null),
    ('V02', 'path', 'critical', 'materialized views', 'No application role may read a materialized view of tenants'' rows', 'AISVS 8.1.3', null),
    ('V03', 'path', 'medium', 'tables', 'No rule rewrites statements on a tenant table', 'AISVS 8.1.3', null),
    ('N01', 'path', 'high', 'publications', 'No publication ships the rows of all tenants', 'AISVS 8.1.3', null),
    ('N02', 'path', 'medium', 'database', 'No logical replication slot reads this database', 'AISVS 8.1.3', null),
    ('K01', 'shared', 'medium', 'indexes', 'Unique keys begin with the tenant column', 'AISVS 8.1.1 | CWE-203', null),
    ('K02', 'shared', 'high', 'foreign keys', 'Foreign keys contain the tenant on both sides', 'AISVS 5.3.1 | CWE-203', null),
    ('K03', 'shared', 'low', 'sequences', 'No sequence is shared by tenants', 'AISVS 5.3.1 | CWE-203', null),
    ('K04', 'shared', 'high', 'vector indexes', 'No approximate index covers several tenants', 'LLM09:2026 | AISVS 5.3.1', null),
    ('K05', 'shared', 'low', 'indexes', 'Indexes begin with the tenant column', 'LLM09:2026 | CWE-203', null),
    ('K06', 'shared', 'low', 'indexes', 'The planner can use every index together with policies', '', null),
    ('K07', 'shared', 'low', 'tables', 'No extended statistics cover the rows of several tenants', 'CVE-2024-4317 | CWE-203', null),
    ('K08', 'shared', 'low', 'indexes', 'All indexes of tenant tables are valid', '', null),
    ('K09', 'shared', 'medium', 'tables', 'No application role reads the rows of all tenants in the list of tenants', 'AISVS 8.1.3 | CWE-200', null),
    ('K10', 'shared', 'medium', 'tables', 'No application role reads personal data or secrets of all tenants in a table that tenants share', 'AISVS 8.1.3 | CWE-200', null),
    ('S01', 'server', 'high', 'database', 'The PostgreSQL server has the security fixes that isolation depends on', 'CVE list of PostgreSQL', null),
    ('S02', 'server', 'medium', 'pgvector', 'The extension pgvector has the security fixes that isolation depends on', 'CVE-2026-3172 | CVE-2026-103484', null),
    ('S03', 'server', 'medium', 'extensions', 'No application role may call an extension that reaches past policies', 'CWE-269', null),
    ('S04', 'server', 'low', 'database', 'Two-phase commit is off', 'CWE-667', null)
),
-- M06 to M12 compare with the release. One of them and another check may have found the same.
found (id, severity, status, object, evidence, remedy) as (

  -- [T00] Tables name the tenant in a column that the audit recognises
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

  union all
  -- [T01] Row-level security is enabled on every table that has a tenant column
  select 'T01', case when g.names is null then case when t.child then 'medium' else 'high' end end, 'fail', t.name,
    'row-level security is off' || coalesce('; privileges: ' || g.names, ''),
    format('alter table %s enable row level security', t.name)
  from tenant_table as t
  left join relation_grant as g on g.oid = t.oid
  where not t.relrowsecurity

  union all
  -- [T02] Row-level security is also forced, so that policies bind the owner of a table
  select 'T02', case when t.child then 'low' when exists (select from app_role) and not exists (
      select from app_role as a
      where a.oid = t.relowner or (a.oid, t.relowner) in (select member, roleid from membership)
    ) then 'medium' end, 'fail', t.name, 'its policies do not bind its owner ' || t.relowner::regrole,
    format('alter table %s force row level security; see first which functions run as the owner and rely on '
      'seeing every row', t.name)
  from tenant_table as t
  where t.relrowsecurity and not t.owner_is_bound

  union all
  -- [T03] Each privilege granted on a tenant table has a policy that lets rows through
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

  union all
  -- [T10] A restrictive policy compares the tenant for all roles and commands
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

  union all
  -- [T13] Partitions and children are reached through their parent alone
  select 'T13', null, 'fail', p.name || ' for ' || p.grantee_name,
    string_agg(distinct p.privilege_type, ', ')
      || ' is granted on the partition or child itself, to which the policies of its parent do not apply',
    format('revoke all on %s from %s', p.name, p.ident)
  from tenant_privilege as p
  where p.child and p.relrowsecurity and p.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    and p.oid not in (select o.polrelid from policy as o)
  group by p.name, p.grantee_name, p.ident

  union all
  -- [T04] No policy is always true
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

  union all
  -- [T05] No policy lets rows through while no tenant is bound
  select 'T05', null, 'fail', c.name,
    string_agg(format('%s (%s)', c.part, c.expression), ' and ') || ' lets rows through while no tenant is bound',
    'Compare the tenant column alone; keep rows that all tenants share in a table of their own, which applications may '
      'only read.'
  from condition as c
  where c.meaning = 'true without a tenant'
  group by c.name

  union all
  -- [T06] Every permissive policy compares the tenant column with the bound tenant
  select 'T06', null, 'fail', c.name,
    string_agg(format('%s (%s)', c.part, c.expression), ' and ')
      || format(' does not require that %I is the bound tenant', c.attname),
    format('alter policy %I on %s', c.polname, c.table_name)
      || string_agg(format(' %s (%I = (select <the tenant>))', c.part, c.attname), '')
  from condition as c
  where c.meaning = 'other tenants' or c.meaning = 'no tenant' and c.polpermissive
  group by c.name, c.polname, c.table_name, c.attname

  union all
  -- [T07] Every policy has a form that the audit can verify
  select 'T07', null, 'warn', c.name,
    string_agg(format('%s (%s)', c.part, c.expression), ' and ') || ' has a form that the audit cannot verify',
    format('Have a person read the policy, and accept the finding; or write: %I = (select <the tenant>).', c.attname)
  from condition as c
  where c.meaning = 'unknown'
  group by c.name, c.attname

  union all
  -- [T08] Policies for writing state what may be written in WITH CHECK
  select 'T08', null, 'warn', p.name, 'it has no with check: using alone decides which rows may be written',
    format('alter policy %I on %s with check (%s)', p.polname, p.table_name, p.using_text)
  from policy as p
  where p.polpermissive and p.polcmd in ('*', 'w') and p.check_text is null and p.using_text is not null

  union all
  -- [T09] Permissive policies name the roles that they apply to
  select 'T09', null, 'warn', p.name, 'it applies to PUBLIC, and so to every role that is created later',
    format('alter policy %I on %s to <the application''s roles>', p.polname, p.table_name)
  from policy as p
  where p.polpermissive and 0 = any (p.polroles)

  union all
  -- [T11] Functions that policies call are declared stable
  select distinct on (f.oid) 'T11', case f.provolatile when 'v' then 'medium' end, 'fail', f.name,
    case f.provolatile when 'v' then 'it is volatile: it is called for every row, and the policy cannot use an index'
      else 'it is immutable: a cached plan returns the first tenant''s rows to the next tenant' end,
    format('alter function %s stable', f.name)
  from context_function as f
  where f.direct and f.provolatile = 'v'
    or f.provolatile = 'i' and (f.direct and f.pronargs = 0 or f.code ~ 'current_setting')

  union all
  -- [T12] Policies compare the tenant column without a cast
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

  union all
  -- [T14] Where others write SQL, none of their conditions is evaluated before the tenant is compared
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

  union all
  -- [T15] Untrusted roles may not read system columns of tenant tables
  select 'T15', case when p.untrusted then 'medium' else 'low' end, case when p.untrusted then 'fail' else 'warn' end,
    p.name || ' for ' || p.grantee_name,
    'SELECT on the whole table includes ctid, xmin and tableoid, which tell how much other tenants store and write',
    format('revoke select on %s from %s; grant select (<columns>) on %1$s to %2$s', p.name, p.ident)
  from (select *, grantee in (select u.oid from untrusted_grantee as u) as untrusted from tenant_privilege) as p
  where p.privilege_type = 'SELECT' and p.attname is null and not p.child and p.grantee <> 0
    and (p.untrusted or p.oid in (select s.polrelid from sealed_table as s))

  union all
  -- [T16] A table without tenants has no children with tenants
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

  union all
  -- [T17] Policies that name a tenant are on tables whose tenant column the audit recognises
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

  union all
  -- [R00] There is a role for applications
  select 'R00', null, 'fail', 'database ' || quote_ident(current_database()),
    coalesce('these roles do not exist: ' || n.missing, 'only owners and superusers have a privilege on a tenant table, '
      'so the application must log in as one of them'),
    'Create a role for the application, grant it what it needs, and log in as it. Or name it: --app-role.'
  from (
    select string_agg(n, ', ') as missing
    from setting as s
    cross join unnest(s.app_roles) as n
    where n not in (select rolname from pg_catalog.pg_roles)
  ) as n
  where exists (select from tenant_table) and (n.missing is not null or not exists (select from app_role))

  union all
  -- [R01] No application role is a superuser
  select 'R01', null, 'fail', a.rolname, 'it is a superuser: policies do not bind it',
    format('alter role %I nosuperuser', a.rolname)
  from app_role as a
  where a.rolsuper

  union all
  -- [R02] No application role has BYPASSRLS
  select 'R02', null, 'fail', a.rolname, 'it has BYPASSRLS: policies do not bind it',
    format('alter role %I nobypassrls', a.rolname)
  from app_role as a
  where a.rolbypassrls and not a.rolsuper

  union all
  -- [R03] No application role has REPLICATION
  select 'R03', null, 'fail', a.rolname, 'it has REPLICATION: it can copy every table',
    format('alter role %I noreplication', a.rolname)
  from app_role as a
  where a.rolreplication and not a.rolsuper

  union all
  -- [R04] No application role has CREATEROLE
  select 'R04', null, 'fail', a.rolname, 'it has CREATEROLE: it can make itself a member of other roles',
    format('alter role %I nocreaterole', a.rolname)
  from app_role as a
  where a.rolcreaterole and not a.rolsuper

  union all
  -- [R05] No application role has CREATEDB
  select 'R05', null, 'warn', a.rolname, 'it has CREATEDB: a copy of this database lacks the REVOKEs made on it',
    format('alter role %I nocreatedb', a.rolname)
  from app_role as a
  where a.rolcreatedb and not a.rolsuper

  union all
  -- [R06] No application role is a member of a predefined role
  select 'R06',
    case when o.rolname in ('pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats', 'pg_stat_scan_tables')
      then 'medium' end,
    'fail', format('%I in %I', a.rolname, o.rolname),
    'it is a member of ' || o.rolname || coalesce(' through ' || quote_ident(v.name), ''),
    format('revoke %I from %I', o.rolname, coalesce(v.name, a.rolname))
  from app_role as a
  join membership as m on m.member = a.oid
  join pg_catalog.pg_roles as o on o.oid = m.roleid
  left join last_link as v on v.member = a.oid and v.roleid = o.oid
  where o.rolname ~ '^pg_' and not a.rolsuper and not exists (
    select from membership as i join membership as j on j.member = i.roleid
    where i.member = a.oid and j.roleid = o.oid
      and i.roleid in (select oid from app_role union select oid from pg_catalog.pg_roles where rolname ~ '^pg_')
  )

  union all
  -- [R07] No application role is a member of an owner, or of a role that policies do not bind
  select 'R07', case when a.oid is null then 'medium' end, 'fail', format('%I in %I', r.rolname, o.rolname),
    format('it is a member of %I, which %s,', o.rolname, o.danger) || coalesce(' through ' || quote_ident(v.name), ''),
    format('revoke %I from %I', o.rolname, coalesce(v.name, r.rolname))
  from other_role as o
  join membership as m on m.roleid = o.oid
  join pg_catalog.pg_roles as r on r.oid = m.member
  left join last_link as v on v.member = r.oid and v.roleid = o.oid
  left join app_role as a on a.oid = r.oid
  where o.danger is not null and not r.rolsuper
    and (a.oid is not null or r.rolcanlogin and not r.rolbypassrls and o.danger = 'owns tenant tables')
    and not exists (
      select from membership as i join membership as j on j.member = i.roleid
      where i.member = r.oid and j.roleid = o.oid
        and i.roleid in (select oid from app_role union select oid from other_role where danger is not null)
    )

  union all
  -- [R08] No application role owns anything
  select 'R08', min(o.severity), 'fail', g.name,
    'it owns ' || string_agg(o.name, ', ' order by o.severity, o.name),
    format('reassign owned by %s to <a role that does not log in>', g.ident)
  from grantee as g
  join (
    select r.relowner as owner, r.name, case when t.oid is null then 'medium' else 'critical' end as severity
    from relation as r left join tenant_table as t on t.oid = r.oid
    union all
    select f.proowner, f.name, 'high'
    from routine as f
    where f.oid not in (select c.oid from context_function as c)
      and f.oid not in (select e.evtfoid from pg_catalog.pg_event_trigger as e)
    union all
    select s.nspowner, 'schema ' || quote_ident(s.nspname),
      case when s.oid in (select schema from tenant_table) then 'high' else 'medium' end
    from schema as s
    union all
    select d.datdba, 'database ' || quote_ident(d.datname), 'high'
    from pg_catalog.pg_database as d where d.datname = current_database()
  ) as o on o.owner = g.oid
  where g.oid not in (select oid from pg_catalog.pg_roles where rolsuper)
  group by g.name, g.ident

  union all
  -- [R09] The owners of tenant tables cannot log in, and policies bind them
  select 'R09', null, 'warn', o.rolname,
    concat_ws(' and ', case when o.rolsuper then 'it is a superuser' when o.rolbypassrls then 'it has BYPASSRLS' end,
      case when o.rolcanlogin then 'it can log in' end) || ', and owns ' || count(*) || ' tenant tables',
    'Give the tables to a role that is nologin, nosuperuser and nobypassrls: alter table ... owner to <another>'
  from tenant_table as t
  join pg_catalog.pg_roles as o on o.oid = t.relowner
  where (o.rolsuper or o.rolbypassrls or o.rolcanlogin) and o.oid not in (select oid from app_role)
  group by o.rolname, o.rolsuper, o.rolbypassrls, o.rolcanlogin

  union all
  -- [R10] Logins that policies do not bind are known
  select 'R10', null, 'warn', r.rolname,
    'it can log in and has '
      || concat_ws(' and ', case when r.rolbypassrls then 'BYPASSRLS' end,
        case when r.rolreplication then 'REPLICATION' end),
    'Make sure that its purpose is known, a backup for instance, and that no application uses it.'
  from pg_catalog.pg_roles as r
  where (r.rolbypassrls or r.rolreplication) and r.rolcanlogin and not r.rolsuper
    and r.oid not in (select oid from app_role)

  union all
  -- [R11] No application role may grant its privileges to others
  select 'R11', null, 'fail', p.name || ' for ' || p.grantee_name,
    'it may grant ' || string_agg(distinct p.privilege_type, ', ') || ' to others',
    format('revoke grant option for all on %s from %s', p.name, p.ident)
  from tenant_privilege as p
  where p.is_grantable
  group by p.name, p.grantee_name, p.ident

  union all
  -- [R12] No application role may set parameters of the server
  select 'R12', null, 'fail', format('parameter %s for %s', s.parname, g.name),
    string_agg(a.privilege_type, ', ') || ' on this parameter is granted to ' || g.name,
    format('revoke all on parameter %s from %s', s.parname, g.ident)
  from pg_catalog.pg_parameter_acl as s
  cross join lateral pg_catalog.aclexplode(s.paracl) as a
  join grantee as g on g.oid = a.grantee
  group by s.parname, g.name, g.ident

  union all
  -- [R13] Logins of the application connect by grants of their own
  select 'R13', null, 'fail', 'CONNECT for ' || case g.oid when 0 then 'PUBLIC' else g.oid::regrole::text end,
    'any login that is a member of an application role may connect, whichever database it was made for'
      || coalesce('; there are ' || l.logins, '')
      || coalesce(', which were let into ' || l.databases, ''),
    format('revoke connect on database %I from %s', d.datname,
      case g.oid when 0 then 'public' else g.oid::regrole::text end)
  from pg_catalog.pg_database as d
  cross join lateral pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) as a
  join (select 0::oid as oid union select oid from app_role_root) as g on g.oid = a.grantee
  cross join lateral (
    select string_agg(distinct quote_ident(r.rolname), ', ') as logins, string_agg(distinct o.datname, ', ') as databases
    from app_role as r
    left join (
      select o.datname::text, x.grantee
      from pg_catalog.pg_database as o
      cross join lateral pg_catalog.aclexplode(o.datacl) as x
      where o.datname <> current_database() and x.privilege_type = 'CONNECT'
    ) as o on o.grantee = r.oid
    where r.rolcanlogin and not r.rolsuper and exists (
      select from membership as m where m.member = r.oid and (g.oid = 0 or m.roleid = g.oid)
    )
  ) as l
  where d.datname = current_database()
    and a.grantee <> d.datdba
    and a.privilege_type = 'CONNECT'
    and (g.oid = 0 or l.logins is not null)
    and exists (select from schema where nspname = 'ragwall')

  union all
  -- [R14] No application role may take advisory locks
  select 'R14', null, 'warn', 'pg_advisory_lock for ' || g.name, 'EXECUTE is granted to ' || g.name,
    case g.oid when 0 then 'Run db/bootstrap.sql as a superuser.'
      else format('revoke execute on function pg_catalog.pg_advisory_lock(bigint) from %s', g.ident) end
  from pg_catalog.pg_proc as p
  cross join lateral pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
  join grantee as g on g.oid = a.grantee
  where p.oid = 'pg_catalog.pg_advisory_lock(bigint)'::regprocedure
    and g.oid <> p.proowner
    and g.oid not in (select relowner from tenant_table)
    and not g.untrusted
    and exists (select from schema where nspname = 'ragwall')

  union all
  -- [R15] Logins of the application have limits in time
  select 'R15', null, 'warn', l.rolname, 'it has no ' || string_agg(l.name, ' and no ' order by l.name),
    format('Call ragwall.grant_login(%L, …), or set transaction_timeout (from 17 on) or both of the others.', l.rolname)
  from (
    select a.rolname, n.name, v.value,
      max(v.value) filter (where n.name = 'transaction_timeout') over (partition by a.oid) as whole
    from app_role as a
    cross join (
      values ('statement_timeout'), ('idle_in_transaction_session_timeout'), ('transaction_timeout')
    ) as n (name)
    -- The most specific setting holds; without any the server's, as far as the session of the audit shows it.
    cross join lateral (
      select coalesce((
        select substr(c, strpos(c, '=') + 1)
        from pg_catalog.pg_db_role_setting as s
        cross join lateral unnest(s.setconfig) as c
        where s.setrole in (0, a.oid)
          and s.setdatabase in (0, (select database from setting))
          and split_part(c, '=', 1) = n.name
        order by s.setrole = 0, s.setdatabase = 0
        limit 1
      ), (select p.reset_val from pg_catalog.pg_settings as p where p.name = n.name), '0') as value
    ) as v
    where a.rolcanlogin and not a.rolsuper and has_database_privilege(a.oid, current_database(), 'connect')
  ) as l
  where l.whole ~ '^0*(\D|$)' and l.value ~ '^0*(\D|$)' and l.name <> 'transaction_timeout'
    and exists (select from schema where nspname = 'ragwall')
  group by l.rolname

  union all
  -- [C01] SQL of the application cannot forge the bound tenant
  select 'C01', case when b.of_server then 'high' end, case when b.of_server then 'fail' else 'warn' end, t.name,
    'its policies trust a setting that any SQL of the application can change: ' || b.settings
      || case when b.of_server then '; drivers and poolers set those of the server themselves' else '' end,
    'Bind the tenant with a value that SQL cannot forge: a sealed or signed context, such as ragwall.current_tenant() '
      'returns.'
  from tenant_table as t
  join (
    select s.polrelid, string_agg(distinct coalesce(n.setting, 'a setting'), ', ') as settings,
      bool_or(n.setting !~ '\.') is true as of_server
    from source as s
    left join lateral (
      select (regexp_matches(s.code, 'current_setting\(\s*''([^'']+)''', 'g'))[1] as setting
    ) as n on true
    where s.code ~ '\mcurrent_setting\s*\('
    group by s.polrelid
  ) as b on b.polrelid = t.oid
  where t.oid not in (select x.polrelid from sealed_table as x)

  union all
  -- [C02] No application role can replace a function that policies call
  select distinct 'C02', null, 'fail', f.name, format('policies call it, and the application role %s owns it', g.name),
    format('alter function %s owner to <a role that does not log in>', f.name)
  from context_function as f
  join grantee as g on g.oid = f.proowner

  union all
  -- [C03] No application role can read keys
  select 'C03', case when k.names is null then 'medium' end, 'fail', r.name,
    'it holds keys (' || k.columns || ')' || coalesce(', and SELECT on it is granted to ' || k.names,
      ', and has no row-level security: a member of pg_read_all_data reads them'),
    case when k.names is null then format('alter table %s enable row level security; or drop it, if it is a copy', r.name)
      else format('revoke all on %s from %s', r.name, k.idents) end
  from relation as r
  join lateral (
    select string_agg(distinct c.attname, ', ') as columns, string_agg(distinct g.name, ', ') as names,
      string_agg(distinct g.ident, ', ') as idents
    from pg_catalog.pg_attribute as c
    left join privilege as p on p.oid = r.oid and p.privilege_type = 'SELECT' and coalesce(p.attname = c.attname, true)
    left join grantee as g on g.oid = p.grantee
    where c.attrelid = r.oid and c.attnum > 0 and not c.attisdropped
      and c.attname ~* ('^(jwt_?|signing_?|private_?|inner_?|outer_?|hmac_?|shared_?|master_?)?'
        '(secret|secret_?key|signing_?key|private_?key|inner_?(key|pad)|outer_?(key|pad)|jwt_?key)$')
  ) as k on k.columns is not null
  where r.relkind in ('r', 'p', 'v', 'm', 'f') and (
    k.names is not null and not (r.relrowsecurity and r.oid in (select oid from tenant_table))
    or k.columns in ('inner_key, outer_key', 'inner_pad, outer_pad') and not r.relrowsecurity and r.relkind <> 'v'
  )

  union all
  -- [C04] No setting of a role or database holds a secret
  select 'C04', null, 'fail', s.setting || ' of ' || s.place,
    'the setting looks like a secret, and every role can read it',
    format('alter %s reset %s; draw a new one, and keep it in a table that no application reads', s.place, s.setting)
  from preset as s
  where s.value <> '' and s.setting ~ '\.' and s.setting ~* '(secret|passw|api_?key|_key|\.key|token)$'
    and s.setting !~* 'public_?key$'

  union all
  -- [C05] No function body holds a secret
  select 'C05', null, 'fail', f.name,
    'its body contains what looks like a secret, and every role can read the bodies of functions',
    'Draw a new one, and keep it in a table that no application reads.'
  from routine as f
  where f.body ~* '\mhmac\s*\([^;]*,\s*''[^'']{8,}'''
    or f.body ~* '''[0-9a-f]{64,}'''
    or f.body ~* '''[^'']*\mpassword\s*=\s*[^\s''%$]{4,}[^'']*'''
    or f.body ~ '''eyJ[A-Za-z0-9_-]{10,}'
    or f.body ~* ('(secret|password|passwd|api_?key|signing_?key)\w*\s*(constant\s+)?(text|bytea|varchar)?\s*'
      '(:=|=|default)\s*''[^'']{8,}''')

  union all
  -- [C06] The tenant column is never null
  select 'C06', case when t.relrowsecurity
      and t.oid not in (select c.polrelid from condition as c where c.meaning <> 'tenant') then 'medium' end, 'fail',
    t.name,
    format('%I may be null: such a row belongs to no tenant, or is shown to all', t.attname),
    format('alter table %s alter column %I set not null', t.name, t.attname)
  from tenant_table as t
  where not t.attnotnull and not t.child and not exists (
    select from pg_catalog.pg_constraint as k
    where k.conrelid = t.oid and k.contype = 'c' and k.convalidated and k.conkey = array[t.attnum]
      and pg_catalog.pg_get_expr(k.conbin, t.oid) ~* '^\(?"?\w+"? IS NOT NULL\)?$'
  )

  union all
  -- [C07] Tenants are compared byte by byte
  select 'C07', null, 'fail', t.name,
    format('%I %s: names that differ only in case, accents or trailing spaces are the same tenant', t.attname,
      case when t.typname in ('bpchar', 'citext') then 'is of type ' || t.typname
        else 'has a nondeterministic collation' end),
    format('alter table %s alter column %I type text collate "C", its policies dropped before and created again after',
      t.name, t.attname)
  from tenant_table as t
  left join pg_catalog.pg_collation as c on c.oid = t.attcollation
  where not t.child and (t.typname in ('bpchar', 'citext') or not c.collisdeterministic)

  union all
  -- [C08] The tenant is never the empty text
  select 'C08', case when n.empty then 'medium' else 'low' end, case when n.empty then 'fail' else 'warn' end, t.name,
    format('%I may be the empty text', t.attname) || case when n.empty then ', and policies compare it with a setting, '
      'which is the empty text when its transaction is over: a session without a tenant reads such rows' else '' end,
    format('alter table %s add check (%I ~ ''^[!-~]{1,128}$'')', t.name, t.attname)
  from tenant_table as t
  cross join lateral (
    select t.oid in (
      select c.polrelid from condition as c where c.own ~ 'current_setting\(' and c.own !~ 'NULLIF\('
    ) and t.oid not in (select x.polrelid from sealed_table as x) as empty
  ) as n
  where not t.child and t.typcategory = 'S' and (t.oid, t.attnum) not in (
    select k.conrelid, unnest(k.conkey)
    from pg_catalog.pg_constraint as k
    where k.convalidated and (
      k.contype = 'c' and pg_catalog.pg_get_constraintdef(k.oid) !~* '^CHECK \(\(+"?\w+"? IS NOT NULL\)+$'
      -- Or the tenant is one of those in another table.
      or k.contype = 'f' and cardinality(k.conkey) = 1
    )
  ) and t.atttypid not in (select k.contypid from pg_catalog.pg_constraint as k where k.contype = 'c')

  union all
  -- [C09] No application role may update the tenant column
  select 'C09', null, 'warn', p.name || ' for ' || p.grantee_name,
    format('it may update %I: only policies keep it from giving a row to another tenant', p.tenant),
    format('revoke update on %s from %s; grant update (<other columns>) on %1$s to %2$s', p.name, p.ident)
  from tenant_privilege as p
  where p.privilege_type = 'UPDATE' and p.attname = p.tenant and p.grantee <> 0

  union all
  -- [C10] Only trusted roles may bind a tenant by its name; untrusted roles present a token
  select 'C10', null,
    case when f.untrusted is not null or f.wraps then 'fail' when f.names is not null then 'n/a' else 'pass' end,
    case when f.untrusted is not null or f.wraps then f.name else '' end,
    case when f.untrusted is not null then f.untrusted || ' may bind any tenant with it'
      when f.wraps then f.names || ' may bind any tenant with it, although set_tenant() is revoked'
      when f.names is not null then 'trusting mode: ' || f.names || ' may bind any tenant by its name, and the database '
        'cannot tell where the application takes the name from'
      else 'signed mode: only a signed token binds a tenant' end,
    case when f.untrusted is not null or f.wraps
      then format('revoke execute on function %s from %s', f.name, coalesce(f.idents, f.callers)) else '' end
  from (
    select f.oid, f.name, f.nspname, c.names, string_agg(distinct g.name, ', ') as untrusted,
      string_agg(distinct g.ident, ', ') as idents, c.idents as callers,
      -- In signed mode: a function of somebody else's that binds by name.
      c.names is not null and f.nspname <> 'ragwall' and not exists (
        select from callable_routine as s where s.nspname = 'ragwall' and s.proname = 'set_tenant'
      ) as wraps
    from routine as f
    left join callable_routine as c on c.oid = f.oid
    left join execution as e on e.oid = f.oid
    -- PUBLIC, an untrusted login, or a group of one.
    left join grantee as g on g.oid = e.grantee and (g.oid = 0 or exists (
      select from app_role as a
      where a.untrusted and a.rolcanlogin
        and (a.oid = g.oid or exists (select from membership as m where m.member = a.oid and m.roleid = g.oid))
    ))
    where f.nspname = 'ragwall' and f.proname = 'set_tenant'
      or f.prosecdef and f.body ~* '\m(set_tenant|ragwall_private\.bind)\s*\('
        and f.nspname not in ('ragwall', 'ragwall_private')
    group by f.oid, f.name, f.nspname, c.names, c.idents
  ) as f
  where f.nspname = 'ragwall' or f.untrusted is not null or f.wraps

  union all
  -- [C11] The tenant is not taken from what a session has or can make
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

  union all
  -- [C12] No login chooses the tenant by SET ROLE
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

  union all
  -- [C13] No application role can write the rows that decide which tenant is bound
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

  union all
  -- [C14] Functions that policies call look up tables in fixed schemas
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

  union all
  -- [C15] The tenant column has no constant default
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

  union all
  -- [C16] Without a tenant no function falls back to one
  select distinct 'C16', null, 'fail', f.name, 'policies call it, and it returns a constant where no tenant is bound',
    'Have the function return null while no tenant is bound.'
  from context_function as f
  where f.oid not in (select s.oid from seal_function as s) and (
    f.code ~ ('coalesce\s*\(\s*(nullif\s*\(\s*)?([\w.]*\.)?(current_setting|\w*tenant\w*)\s*\([^()]*\)'
      '(\s*,\s*''''(::\w+)?\s*\))?(\s*::\s*\w+)?\s*,\s*''[^''{}]+''')
    or f.code ~ '\m(return|else)\s+''[^''{}]+''|^\s*select\s+''[^''{}]+''(::\w+)?\s*;?\s*$'
  )

  union all
  -- [C17] The tenant is not taken from what a user of the application writes
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

  union all
  -- [X01] No role or database presets a tenant for its sessions
  select 'X01', null, 'fail', p.setting || ' of ' || p.place, 'every session begins with the tenant ' || p.value,
    format('alter %s reset %s', p.place, p.setting)
  from preset as p
  where p.for_app and p.setting ~ '\.' and p.setting !~ '^ragwall\.' and p.value <> '' and (
    p.setting ~* '(tenant|org(aniz|anis)?|workspace|jwt\.claim|account)'
    or exists (select from condition as c where strpos(c.expression, 'current_setting(''' || p.setting || '''') > 0)
    or exists (select from context_function as f where strpos(f.body, 'current_setting(''' || p.setting || '''') > 0)
  )

  union all
  -- [X02] No role or database presets row_security, role or session_replication_role
  select 'X02', null, 'fail', p.setting || ' of ' || p.place,
    format('every session begins with %s = %s', p.setting, p.value),
    format('alter %s reset %s', p.place, p.setting)
  from preset as p
  where p.for_app and (
    p.setting = 'row_security' and p.value !~* '^(on|t|tr|tru|true|y|ye|yes|1)$'
    or p.setting in ('role', 'session_replication_role')
  )

  union all
  -- [O02] No function sets a tenant for longer than a transaction
  select 'O02', null, 'fail', f.name, 'it sets a tenant for the session: behind a pooler the next client has this tenant',
    'Have the function set the value for the transaction: set_config(..., ..., true).'
  from routine as f
  where f.body ~* ('set_config\s*\([^;,]*(tenant|org|workspace|account|claim)[^;,]*,((?!set_config)[^;])*,'
      '\s*''?(false|f)''?\s*(::\w+\s*)?\)')
    or f.body ~* '\mset\s+(session\s+)?(?!ragwall\.)[a-z_]+\.[a-z_]*(tenant|org|workspace|account)\w*\s*(=|to)\s'

  union all
  -- [O03] Sessions with leftovers of an earlier client are refused
  select 'O03', null, 'warn', p.place,
    'ragwall.residue = allow: sessions with leftovers of an earlier client are not refused',
    format('alter %s reset ragwall.residue', p.place)
  from preset as p
  where p.setting = 'ragwall.residue' and p.value = 'allow'

  union all
  -- [M01] All migrations of this release are applied
  select 'M01', case when m.done > 30 then 'medium' end, 'fail', 'schema ragwall',
    format('the last migration that was applied is %s of %s, so M06 to M12 do not apply', coalesce(m.done, 0),
      30),
    case when m.done > 30 then 'Use the audit of the release that was applied.'
      else 'Apply the migrations: ragwall migrate.' end
  from schema as s
  cross join lateral (
    select max((regexp_match(f.body, 'RETURN (\d+)'))[1]::integer) as done
    from routine as f
    where f.nspname = 'ragwall' and f.proname = 'migration'
  ) as m
  where s.nspname = 'ragwall' and m.done is distinct from 30

  union all
  -- [M02] Default privileges grant nothing to application roles or PUBLIC
  select 'M02', case when k.kind in ('sequences', 'functions') then 'low'
      when g.oid <> 0 and not bool_or(a.privilege_type = 'TRUNCATE') then 'medium' end,
    case when k.kind in ('sequences', 'functions') then 'warn' else 'fail' end,
    format('default privileges of %s%s on %s for %s', d.defaclrole::regrole,
      coalesce(' in ' || quote_ident(s.nspname), ''), k.kind, g.name),
    format('%s is granted on every one that is created later', string_agg(a.privilege_type, ', ')),
    format('alter default privileges for role %s %srevoke all on %s from %s',
      d.defaclrole::regrole, coalesce('in schema ' || quote_ident(s.nspname) || ' ', ''), k.kind, g.ident)
  from pg_catalog.pg_default_acl as d
  join (
    values ('r', 'tables'), ('S', 'sequences'), ('f', 'functions'), ('n', 'schemas'), ('L', 'large objects')
  ) as k (type, kind)
    on k.type = d.defaclobjtype::text
  left join pg_catalog.pg_namespace as s on s.oid = d.defaclnamespace
  cross join lateral pg_catalog.aclexplode(d.defaclacl) as a
  join grantee as g on g.oid = a.grantee
  -- EXECUTE on functions for PUBLIC is M03, which names only the owners that matter.
  where (d.defaclobjtype, d.defaclnamespace, g.oid) <> ('f', 0, 0) and g.oid <> d.defaclrole
  group by d.defaclrole, s.nspname, k.kind, g.oid, g.name, g.ident

  union all
  -- [M03] Functions that an owner creates later are not executable by PUBLIC
  select 'M03', null, 'warn', o.owner::regrole::text, 'PUBLIC may execute every function that this owner creates',
    format('alter default privileges for role %s revoke execute on functions from public', o.owner::regrole)
  from (select relowner as owner from tenant_table union select proowner from context_function) as o
  where o.owner not in (select oid from grantee) and not exists (
    select from pg_catalog.pg_default_acl as d
    where d.defaclrole = o.owner and d.defaclobjtype = 'f' and d.defaclnamespace = 0
      and not exists (select from pg_catalog.aclexplode(d.defaclacl) as a where a.grantee = 0)
  )

  union all
  -- [M04] Event triggers run only functions of superusers that have a fixed search_path
  select 'M04', case when r.rolsuper then 'low' end, case when r.rolsuper then 'warn' else 'fail' end,
    'event trigger ' || quote_ident(e.evtname),
    case when not r.rolsuper
      then format('its function %s runs with the rights of whoever executes DDL, and belongs to %s, who is no superuser',
        f.name, r.rolname)
      else format('its function %s has no search_path: names are looked up in that of whoever executes DDL', f.name) end,
    case when not r.rolsuper then format('alter function %s owner to <a superuser>', f.name)
      else format('alter function %s set search_path = pg_catalog, pg_temp', f.name) end
  from pg_catalog.pg_event_trigger as e
  join routine as f on f.oid = e.evtfoid
  join pg_catalog.pg_roles as r on r.oid = f.proowner
  where not r.rolsuper or not f.names_resolved and f.search_path is null

  union all
  -- [M06] The functions of Ragwall are as released
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

  union all
  -- [M07] The policies on Ragwall's tables are as released
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

  union all
  -- [M08] The tables of Ragwall, their keys and triggers are as released
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

  union all
  -- [M09] Nobody has more privileges on objects of Ragwall than were released
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

  union all
  -- [M10] The roles that own Ragwall are as released
  select 'M10', case d.properties when 'login' then 'low' end, case d.properties when 'login' then 'warn' else 'fail' end,
    d.object, d.properties || ', which was not released',
    (
      select string_agg(case when p ~ '^member of ' then format('revoke %s from %s', substr(p, 11), d.name)
        else format('alter role %s no%s', d.name, p) end, '; ')
      from regexp_split_to_table(d.properties, ', ') as p
    )
  from deviation as d
  where d.kind = 'role'

  union all
  -- [M11] The schemas of Ragwall have nothing but what was released
  select 'M11', null, 'fail', case when d.kind = 'object' then d.object else d.kind || ' ' || d.object end,
    'it is none of Ragwall''s', 'Move it to a schema of yours, or drop it.'
  from deviation as d
  where d.state = 'added' and d.parent = '' and d.kind not in ('role', 'event trigger', 'schema')

  union all
  -- [M12] Partitions that are added later have row-level security
  select 'M12', case when d.state = 'missing' then 'low' end, case when d.state = 'missing' then 'warn' else 'fail' end,
    d.object,
    case d.state when 'missing' then 'it is missing: whoever adds a partition has to enable row-level security on it'
      when 'added' then 'it is none of Ragwall''s' else d.evidence end,
    case when d.state = 'added' then format('drop event trigger %I', d.name)
      when d.property = 'fires' then format('alter event trigger %I enable', d.name)
      else 'As a superuser: its definition is at the end of the migrations that protect tables.' end
  from deviation as d
  where d.kind = 'event trigger'

  union all
  -- [F01] Policies bind the owners of security definer functions that applications call
  select 'F01', case when not k.returns_tenants then 'medium' end,
    case when k.returns_tenants then 'fail' else 'warn' end, f.name,
    format('it runs as %s%s%s, and %s may call it', f.proowner::regrole,
      case when b.oid is not null then ', whom policies do not bind' end, ', and names ' || n.name, f.names),
    format('alter function %s owner to <a role that policies bind>; or revoke execute on it', f.name)
  from callable_routine as f
  left join bypass_role as b on b.oid = f.proowner
  left join lateral (
    -- No policy applies to copied rows and to Ragwall's private tables, whoever owns the function.
    select min(m.name) as name,
      bool_or(m.relation in (select oid from view where copied) or m.name like 'ragwall_private.%') as names_unprotected
    from mention as m
    where m.oid = f.oid and (
      b.oid is not null and m.relation in (select oid from tenant_table)
      or m.relation in (select oid from view where copied)
      or m.name like 'ragwall_private.%' and (f.nspname, f.proname) not in (
        values ('ragwall', 'current_tenant'), ('ragwall', 'set_tenant'), ('ragwall', 'set_tenant_from_token')
      )
    )
  ) as n on true
  cross join lateral (
    -- The function returns rows, does not determine the bound tenant itself, and is not called by a policy.
    select n.names_unprotected or n.name is not null and (
      f.nspname = 'ragwall' or f.returns_rows and f.body !~* '\mcurrent_setting\M' and not exists (
        select from pg_catalog.pg_depend as d
        join routine as q on q.oid = d.refobjid
        where d.classid = 'pg_catalog.pg_policy'::regclass and d.refclassid = 'pg_catalog.pg_proc'::regclass
          and (q.oid = f.oid or f.body ~* ('\m' || regexp_replace(q.proname, '(\W)', '\\\1', 'g') || '\s*\('))
      )
    ) as returns_tenants
  ) as k
  where f.prosecdef and not f.is_trigger and (b.oid is not null or n.name is not null)

  union all
  -- [F02] PUBLIC may not call a security definer function
  select 'F02', null, 'fail', f.name, 'it runs with the rights of ' || f.proowner::regrole || ', and PUBLIC may call it',
    format('revoke execute on function %s from public', f.name)
  from routine as f
  join execution as e on e.oid = f.oid and e.grantee = 0
  where f.prosecdef and not f.is_trigger and (f.nspname, f.proname) <> ('ragwall', 'set_tenant')

  union all
  -- [F03] Security definer functions have a fixed search_path with pg_temp last
  select 'F03', case when n.harmless then 'low' end, case when n.harmless then 'warn' else 'fail' end, f.name,
    'it runs with the rights of ' || f.proowner::regrole || ', and ' || case when f.search_path is null
      then 'has no search_path: names are looked up in its caller''s'
      else 'looks up names in temporary schemas first: pg_temp is not last in its search_path' end,
    format('alter function %s set search_path = %s, pg_temp', f.name, coalesce((
      select nullif(string_agg(e, ', '), '""')
      from unnest(string_to_array(f.search_path, ', ')) as e
      where e !~ '^"?pg_temp"?$'
    ), '<the schemas that its body names>'))
  from routine as f
  cross join lateral (
    -- Only pg_temp is not last, and no application may create temporary objects.
    select f.search_path is not null
      and not exists (select from database_grant where privilege_type = 'TEMPORARY') as harmless
  ) as n
  where f.prosecdef and not f.names_resolved and (
    f.search_path is null or f.search_path !~ '(^|[ ,"])pg_temp"?$' or f.search_path ~ '(^|[ ,"])pg_temp"?,'
  )

  union all
  -- [F04] No function of this database is leakproof
  select 'F04', null, 'fail', f.name,
    'it is leakproof: a condition that calls it may see rows before policies are applied',
    format('alter function %s not leakproof', f.name)
  from routine as f
  where f.proleakproof

  union all
  -- [F05] Nothing takes the place of the server's own functions, operators and casts
  select 'F05', case when f.certain then 'high' else 'medium' end, case when f.certain then 'fail' else 'warn' end,
    f.name, f.evidence, f.remedy
  from (
    select format('operator %I.%s(%s, %s)', s.nspname, o.oprname, o.oprleft::regtype, o.oprright::regtype) as name,
      true as certain, 'it has the name of a built-in operator, and takes built-in types' as evidence,
      format('drop operator %I.%s(%s, %s)', s.nspname, o.oprname, o.oprleft::regtype, o.oprright::regtype) as remedy
    from pg_catalog.pg_operator as o
    join schema as s on s.oid = o.oprnamespace
    where o.oprleft::integer between 1 and 16383 and o.oprright::integer between 1 and 16383
      and exists (
        select from pg_catalog.pg_operator as b
        where b.oprname = o.oprname and b.oprnamespace = 'pg_catalog'::regnamespace
      )
      and not exists (
        select from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_operator'::regclass and d.objid = o.oid and d.deptype = 'e'
      )
    union all
    select 'cast from ' || c.castsource::regtype || ' to ' || c.casttarget::regtype, true,
      'it converts between built-in types',
      format('drop cast (%s as %s)', c.castsource::regtype, c.casttarget::regtype)
    from pg_catalog.pg_cast as c
    where c.oid >= 16384 and c.castsource < 16384 and c.casttarget < 16384
    union all
    select f.name, false,
      'it has the name and the number of arguments of a built-in function, and may be called in its place',
      format('drop function %s', f.name)
    from routine as f
    where exists (
      select from pg_catalog.pg_proc as b
      where b.proname = f.proname and b.pronamespace = 'pg_catalog'::regnamespace
        and b.pronargs = f.pronargs and b.pronargs > 0
    ) and f.nspname in (
      select 'public'
      union all
      select btrim(unnest(string_to_array(value, ',')), ' "') from preset where setting = 'search_path' and for_app
    ) and not f.is_trigger
  ) as f

  union all
  -- [F06] No application role may call a function in an untrusted language
  select 'F06', null, 'fail', f.name,
    format('it is written in %s, which can do whatever the server process can, and %s may call it', l.lanname, f.names),
    format('revoke execute on function %s from %s', f.name, f.idents)
  from callable_routine as f
  join pg_catalog.pg_language as l on l.oid = f.prolang and not l.lanpltrusted
  where f.oid not in (select a.aggfnoid from pg_catalog.pg_aggregate as a)

  union all
  -- [F07] Functions that read tenant tables have a fixed search_path
  select 'F07', null, 'warn', f.name, 'it has no search_path: names are looked up in its caller''s',
    format('alter function %s set search_path = <the schemas that its body names>, pg_temp', f.name)
  from callable_routine as f
  join pg_catalog.pg_language as l on l.oid = f.prolang and l.lanname in ('sql', 'plpgsql')
  where not f.prosecdef and not f.names_resolved and f.search_path is null and not f.is_trigger
    and f.oid in (select m.oid from mention as m where m.relation in (select oid from tenant_table))

  union all
  -- [F08] Policies bind the owners of security definer functions that triggers call
  select 'F08', null, 'warn', format('%I on %s', g.tgname, r.name),
    format('its function %s runs as %s, whom policies do not bind', f.name, f.proowner::regrole),
    format('alter function %s security invoker; or give it to an owner whom policies bind', f.name)
  from relation as r
  join pg_catalog.pg_trigger as g on g.tgrelid = r.oid and not g.tgisinternal and g.tgparentid = 0
  join routine as f on f.oid = g.tgfoid
  where f.prosecdef and f.proowner in (select oid from bypass_role)
    and (
      r.oid in (select oid from tenant_table)
      or f.oid in (select m.oid from mention as m where m.relation in (select oid from tenant_table))
    )

  union all
  -- [F09] No security definer function executes what its caller gives it
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

  union all
  -- [F10] No function switches policies, roles or triggers off
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

  union all
  -- [P01] No application role may TRUNCATE a tenant table
  select distinct 'P01', null, 'fail', p.name || ' for ' || p.grantee_name,
    'TRUNCATE empties the table for all tenants: policies do not apply to it',
    format('revoke truncate on %s from %s', p.name, p.ident)
  from tenant_privilege as p
  where p.privilege_type = 'TRUNCATE'

  union all
  -- [P02] No application role may create triggers on a tenant table
  select distinct 'P02', null, 'fail', p.name || ' for ' || p.grantee_name,
    'TRIGGER lets it run code of its own on the rows of every tenant',
    format('revoke trigger on %s from %s', p.name, p.ident)
  from tenant_privilege as p
  where p.privilege_type = 'TRIGGER'

  union all
  -- [P03] No application role may create foreign keys to a tenant table
  select distinct 'P03', null, 'fail', p.name || ' for ' || p.grantee_name,
    'REFERENCES lets it find out with a foreign key which rows of other tenants exist',
    format('revoke references on %s from %s', p.name, p.ident)
  from tenant_privilege as p
  where p.privilege_type = 'REFERENCES'

  union all
  -- [P04] No application role may MAINTAIN a tenant table
  select distinct 'P04', null, 'fail', p.name || ' for ' || p.grantee_name,
    'MAINTAIN lets it lock the table for all tenants',
    format('revoke maintain on %s from %s', p.name, p.ident)
  from tenant_privilege as p
  where p.privilege_type = 'MAINTAIN'

  union all
  -- [P05] PUBLIC has no privilege on tenant tables
  select 'P05', null, 'fail', p.name,
    'PUBLIC has ' || string_agg(distinct p.privilege_type, ', ') || ', and so has every login of the database',
    format('revoke all on %s from public', p.name)
  from tenant_privilege as p
  where p.grantee = 0 and p.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    and p.relrowsecurity and not p.child
  group by p.name

  union all
  -- [P06] No application role may lock a tenant table for all tenants
  select 'P06', null, 'warn', p.name || ' for ' || p.grantee_name,
    string_agg(distinct p.privilege_type, ' and ')
      || ' on the whole table lets it lock the table for all tenants: lock table ... in access exclusive mode',
    'Grant UPDATE on columns, and delete through a function.'
  from tenant_privilege as p
  where p.attname is null and p.privilege_type in ('UPDATE', 'DELETE') and p.grantee <> 0 and not p.child
  group by p.name, p.grantee_name

  union all
  -- [P07] No application role may create objects in a schema
  select 'P07', null, 'fail', format('schema %I for %s', s.nspname, g.name),
    'it may create objects in the schema that take the place of others',
    format('revoke create on schema %I from %s', s.nspname, g.ident)
  from schema as s
  cross join lateral pg_catalog.aclexplode(s.nspacl) as a
  join grantee as g on g.oid = a.grantee
  where a.privilege_type = 'CREATE' and a.grantee <> s.nspowner

  union all
  -- [P08] No application role may create schemas or temporary objects
  select 'P08', case when bool_or(d.privilege_type = 'CREATE') then 'high' end, 'fail',
    format('database %s for %s', d.database, d.name),
    case when bool_or(d.privilege_type = 'CREATE') then 'it may create schemas'
      else 'it may create temporary objects, which take the place of tables and types for the next client of the session'
      end,
    format('revoke %s on database %s from %s', string_agg(lower(d.privilege_type), ', '), d.database, d.ident)
  from database_grant as d
  where d.privilege_type in ('TEMPORARY', 'CREATE')
  group by d.database, d.name, d.ident

  union all
  -- [P09] Every table with data of tenants has a tenant column
  (with recursive candidate as materialized (
    select r.oid, r.name, r.readers
    from relation_grant as r
    where r.readers is not null and r.relkind in ('r', 'p', 'v', 'm')
      and r.oid not in (select oid from tenant_table union select oid from view)
      and (not r.relrowsecurity or exists (
        select from pg_catalog.pg_policy as o
        where o.polrelid = r.oid and o.polpermissive and pg_catalog.pg_get_expr(o.polqual, r.oid) = 'true'
      ))
  ),
  -- Types that hold rows of tenant tables: arrays, domains and composite types of their row types.
  made_of as materialized (
    select y.oid, y.typelem as part from pg_catalog.pg_type as y where y.typcategory = 'A'
    union all
    select y.oid, y.typbasetype from pg_catalog.pg_type as y where y.typtype = 'd'
    union all
    select c.reltype, a.atttypid
    from pg_catalog.pg_class as c join pg_catalog.pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
    where c.relkind = 'c'
  ),
  row_type (oid, name) as (
    select c.reltype, t.name from tenant_table as t join pg_catalog.pg_class as c on c.oid = t.oid
    union
    select m.oid, x.name from row_type as x join made_of as m on m.part = x.oid
  )
  select distinct on (r.oid) 'P09', case k.rank when 3 then 'medium' else 'high' end,
    case k.rank when 3 then 'warn' else 'fail' end, r.name,
    format('%s, no column names the tenant, and %s may read it', k.why, r.readers),
    'If it holds data of tenants, add a tenant column and protect the table; or revoke the privilege.'
  from candidate as r
  join (
    select 1 as rank, a.attrelid, 'it has vectors' as why
    from pg_catalog.pg_attribute as a
    join pg_catalog.pg_type as y on y.oid = a.atttypid and y.typname in ('vector', 'halfvec', 'sparsevec')
    where a.attrelid in (select oid from candidate) and exists (select from tenant_table)
    union all
    select 2, k.conrelid, 'its rows refer to those of ' || k.confrelid::regclass
    from pg_catalog.pg_constraint as k
    where k.contype = 'f' and k.confrelid in (select oid from tenant_table)
    union all
    select 2, k.conrelid, 'it refers to the list of tenants ' || k.confrelid::regclass
    from pg_catalog.pg_constraint as k
    where k.contype = 'f' and k.confrelid in (select oid from tenant_list)
      and k.conrelid not in (select oid from tenant_list)
    union all
    select 2, a.attrelid, format('its column %I holds rows of %s', a.attname, x.name)
    from row_type as x join pg_catalog.pg_attribute as a on a.atttypid = x.oid and a.attnum > 0 and not a.attisdropped
    where a.attrelid in (select oid from candidate)
    union all
    select 3, a.attrelid, format('the tenant table %s has a column %I, too', c.name, a.attname)
    from (
      select b.attname, b.atttypid, min(t.name) as name
      from tenant_table as t
      join pg_catalog.pg_attribute as b on b.attrelid = t.oid and b.attnum > 0
        and b.atttypid in ('text'::regtype, 'json'::regtype, 'jsonb'::regtype, 'bytea'::regtype)
        and b.attname !~* ('(^|_)(id|key|name|code|slug|type|kind|status|state|title|label|role|locale|email|url|version'
          '|description|metadata|settings|options|config)$')
      group by b.attname, b.atttypid
    ) as c
    join pg_catalog.pg_attribute as a on a.attname = c.attname and a.atttypid = c.atttypid and a.attnum > 0
    where a.attrelid in (select oid from candidate)
  ) as k on k.attrelid = r.oid
  order by r.oid, k.rank, k.why)

  union all
  -- [P10] There are no large objects
  select 'P10', null, 'fail', 'database ' || quote_ident(current_database()),
    format('there are %s large objects, to which policies do not apply', count(*)),
    'Keep what belongs to a tenant in a table: bytea.'
  from pg_catalog.pg_largeobject_metadata
  having count(*) > 0
  union all
  select 'P10', 'high', 'fail', 'lo_compat_privileges', 'every role may read and write every large object',
    'Reset lo_compat_privileges where it is set: for the database, for a role, or in postgresql.conf.'
  where current_setting('lo_compat_privileges', true) = 'on'

  union all
  -- [P11] No application role may use a foreign table
  select 'P11', null, 'fail', r.name, format('a foreign table has no policies, and %s may use it', r.names),
    format('revoke all on %s from %s', r.name, r.idents)
  from relation_grant as r
  where r.relkind = 'f'

  union all
  -- [P12] Untrusted roles may not call functions that reach other sessions
  select 'P12', null, 'fail', a.rolname,
    'it runs SQL that others write, and may call ' || string_agg(f.name, ', ' order by f.name),
    'Run db/agents.sql as a superuser.'
  from app_role as a
  cross join (
    values ('pg_cancel_backend(int)', 'pg_cancel_backend'), ('pg_advisory_lock(bigint)', 'pg_advisory_lock'),
      ('pg_notify(text,text)', 'pg_notify'), ('lo_create(oid)', 'lo_create'),
      ('pg_database_size(oid)', 'pg_database_size'), ('pg_get_indexdef(oid)', 'pg_get_indexdef')
  ) as f (signature, name)
  where a.untrusted and a.rolcanlogin and has_function_privilege(a.oid, 'pg_catalog.' || f.signature, 'execute')
  group by a.rolname

  union all
  -- [P13] Untrusted roles may not read catalogs that describe other sessions and tenants
  select 'P13', null, 'fail', a.rolname,
    'it runs SQL that others write, and may read ' || string_agg(v.name, ', ' order by v.name),
    'Run db/agents.sql as a superuser.'
  from app_role as a
  cross join (values ('pg_stat_activity'), ('pg_locks'), ('pg_class'), ('pg_index'), ('pg_stats')) as v (name)
  where a.untrusted and a.rolcanlogin and has_table_privilege(a.oid, 'pg_catalog.' || v.name, 'select')
  group by a.rolname

  union all
  -- [P14] No application role has a privilege on the server's own tables and functions beyond the defaults
  select 'P14', null, 'fail', format('%s for %s', o.name, g.name),
    string_agg(a.privilege_type, ', ') || ' is granted, which the server does not grant by default',
    format('revoke %s on %s %s from %s', string_agg(lower(a.privilege_type), ', '), o.kind, o.name, g.ident)
  from (
    select c.oid, c.tableoid, 'table' as kind, 'pg_catalog.' || c.relname as name, c.relacl as acl,
      pg_catalog.acldefault('r', c.relowner) as usual
    from pg_catalog.pg_class as c
    where c.relnamespace = 'pg_catalog'::regnamespace
    union all
    select p.oid, p.tableoid, 'function',
      format('pg_catalog.%I(%s)', p.proname, pg_catalog.oidvectortypes(p.proargtypes)), p.proacl,
      pg_catalog.acldefault('f', p.proowner)
    from pg_catalog.pg_proc as p
    where p.pronamespace = 'pg_catalog'::regnamespace
  ) as o
  cross join lateral pg_catalog.aclexplode(o.acl) as a
  join grantee as g on g.oid = a.grantee
  left join pg_catalog.pg_init_privs as i on i.classoid = o.tableoid and i.objoid = o.oid and i.objsubid = 0
  where not exists (
    select from pg_catalog.aclexplode(coalesce(i.initprivs, o.usual)) as u
    where u.grantee in (0, g.oid) and u.privilege_type = a.privilege_type
  )
  group by o.kind, o.name, g.name, g.ident

  union all
  -- [P15] Triggers of tenant tables write rows only where policies keep them apart
  select distinct 'P15', null, 'fail', r.name,
    format('the trigger %I on %s writes into it, no policy keeps its rows apart, and %s may read it', g.tgname, t.name,
      r.readers),
    format('revoke select on %s from %s', r.name, r.idents)
  from tenant_table as t
  join pg_catalog.pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal and g.tgparentid = 0
  join mention as m on m.oid = g.tgfoid and m.written
  join relation_grant as r on r.oid = m.relation and r.relkind in ('r', 'p', 'm', 'f')
  where r.readers is not null and r.oid not in (select o.oid from tenant_table as o)
    and r.oid in (select o.oid from open_relation as o where o.readable)

  union all
  -- [P16] No trigger of a tenant table sends its rows by NOTIFY
  select 'P16', case when k.whole then null else 'medium' end, case when k.whole then 'fail' else 'warn' end,
    format('%I on %s', g.tgname, t.name),
    format('its function %s notifies a channel%s, to which every login of the database can listen', f.name,
      case when k.whole then ' of rows' else '' end),
    'Send nothing, or an id drawn at random that is read under policies.'
  from tenant_table as t
  join pg_catalog.pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal and g.tgparentid = 0
  join routine as f on f.oid = g.tgfoid
  cross join lateral (
    -- The row, or another column of it than an id.
    select f.code ~ ('(row_to_json|to_jsonb?|hstore|jsonb?_build_object|row)\s*\('
      '|\m(new|old)\s*(::|\.(?!"?\w*id\M))') as whole
  ) as k
  where f.code ~ '\mpg_notify\s*\(|\mnotify\s+["\w]'

  union all
  -- [P17] Triggers and foreign keys of tenant tables are enforced
  select 'P17', null, 'warn', t.name,
    'disabled: ' || string_agg(case when g.tgisinternal then 'a foreign key''s' else quote_ident(g.tgname) end, ', '),
    format('alter table %s enable trigger all', t.name)
  from tenant_table as t
  join pg_catalog.pg_trigger as g on g.tgrelid = t.oid and g.tgenabled in ('D', 'R')
  -- Of Ragwall's own, another check tells.
  where t.schema not in (
    select s.oid from schema as s where s.nspname in ('ragwall', 'ragwall_private', 'ragwall_search', 'ragwall_api')
  )
  group by t.name

  union all
  -- [V01] Views run with the rights of their reader
  select 'V01', case when not v.unbound then 'medium' end, case when v.unbound then 'fail' else 'warn' end, v.name,
    format('it shows %s with the rights of its owner %s%s, and %s may use it', v.source_name, v.relowner::regrole,
      case when v.copied then ', from a copy of the rows of all tenants'
        when v.unbound then ', whom policies do not bind' else '' end, g.users),
    format('alter view %s set (security_invoker = true)', v.name)
  from (select *, copied or relowner in (select oid from bypass_role) as unbound from view) as v
  join relation_grant as g on g.oid = v.oid and g.users is not null
  where v.relkind = 'v' and not v.invoker

  union all
  -- [V02] No application role may read a materialized view of tenants' rows
  select 'V02', null, 'fail', r.name,
    format('it is a copy of rows of all tenants%s, and %s may read it', coalesce(' from ' || v.source_name, ''),
      r.readers),
    format('revoke all on %s from %s', r.name, r.idents)
  from relation_grant as r
  left join view as v on v.oid = r.oid
  where r.relkind = 'm' and r.readers is not null and (v.oid is not null or r.oid in (select oid from tenant_column))

  union all
  -- [V03] No rule rewrites statements on a tenant table
  select 'V03', null, 'fail', format('%I on %s', w.rulename, t.name),
    'the rule rewrites statements on the table, and what it adds runs with the rights of the owner',
    format('drop rule %I on %s', w.rulename, t.name)
  from tenant_table as t
  join pg_catalog.pg_rewrite as w on w.ev_class = t.oid

  union all
  -- [N01] No publication ships the rows of all tenants
  select 'N01', null, 'fail', format('publication %I', p.pubname),
    'it ships rows of all tenants: ' || string_agg(t.name, ', ' order by t.name),
    format('alter publication %I set table <a table> where (%I = <a tenant>)', p.pubname, min(t.attname))
  from pg_catalog.pg_publication as p
  join tenant_table as t on p.puballtables and not t.child
    or exists (
      select from pg_catalog.pg_publication_rel as r
      join column_pattern as n on n.oid = r.prrelid
      where r.prpubid = p.oid and r.prrelid = t.oid
        and coalesce(
          regexp_replace(pg_catalog.pg_get_expr(r.prqual, r.prrelid), n.pattern, '{}', 'g')
            !~ '^\({1,2}(\{\}|\(\{\}\)::[\w ]+) = \(*(''[^'']*''|-?\d+)+\)*(::[\w". ]+)?( AND |\)$)',
          true
        )
    )
    or exists (select from pg_catalog.pg_publication_namespace as n where n.pnpubid = p.oid and n.pnnspid = t.schema)
  group by p.pubname

  union all
  -- [N02] No logical replication slot reads this database
  select 'N02', null, 'warn', format('replication slot %I', s.slot_name),
    'whoever reads the slot reads the changes of all tenants',
    'Make sure that its purpose is known; otherwise: select pg_drop_replication_slot(...).'
  from pg_catalog.pg_replication_slots as s
  where s.slot_type = 'logical' and s.database = current_database()

  union all
  -- [K01] Unique keys begin with the tenant column
  select 'K01', case when i.contains_tenant or i.random_key then 'low' end,
    case when i.contains_tenant or i.random_key then 'warn' else 'fail' end, i.name,
    case when i.contains_tenant then format('it is unique, and %I is not its first column', i.attname)
      else 'it is unique across tenants: an insert of a key that another tenant has fails, and so tells that it exists'
        || case when i.random_key then '; the keys are drawn at random, and have to be known' else '' end end,
    format('Make the tenant the first column: (%I, ...).', i.attname)
  from shared_index as i
  where (i.indisunique or i.indisexclusion) and not i.leads_with_tenant

  union all
  -- [K02] Foreign keys contain the tenant on both sides
  select 'K02', case when k.confdeltype in ('a', 'r') then 'medium' end, 'fail', format('%I on %s', k.conname, t.name),
    format('it refers to %s without the tenant on both sides: it tells which rows of other tenants exist, and ', r.name)
      || case when k.confdeltype in ('a', 'r') then 'keeps the other tenant from deleting its row'
        else 'a delete by one tenant changes rows of another' end,
    format('foreign key (%I, ...) references %s (%I, ...)', t.attname, r.name, r.attname)
  from pg_catalog.pg_constraint as k
  join tenant_table as t on t.oid = k.conrelid
  join tenant_table as r on r.oid = k.confrelid
  where k.contype = 'f' and k.conparentid = 0 and not exists (
    select from unnest(k.conkey, k.confkey) as c (here, there) where c.here = t.attnum and c.there = r.attnum
  )

  union all
  -- [K03] No sequence is shared by tenants
  select 'K03', case when g.names is not null then 'medium' end, 'fail', s.name,
    'all tenants draw numbers from it: the gaps tell each how much the others write'
      || coalesce('; and ' || g.names || ' may set it by setval(), and so have inserts of all tenants fail', ''),
    coalesce(format('revoke update on sequence %s from %s; and draw', s.name, g.idents), 'Draw')
      || ' ids at random: uuid default gen_random_uuid().'
  from relation as s
  left join (
    select p.oid, string_agg(distinct g.name, ', ') as names, string_agg(distinct g.ident, ', ') as idents
    from privilege as p
    join grantee as g on g.oid = p.grantee
    where p.relkind = 'S' and p.privilege_type = 'UPDATE'
    group by p.oid
  ) as g on g.oid = s.oid
  where s.relkind = 'S' and (
    exists (
      select from pg_catalog.pg_depend as d join tenant_table as t on t.oid = d.refobjid
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = s.oid and d.deptype in ('a', 'i')
        and d.refclassid = 'pg_catalog.pg_class'::regclass
    )
    or exists (
      select from pg_catalog.pg_depend as d
      join pg_catalog.pg_attrdef as x on x.oid = d.objid
      join tenant_table as t on t.oid = x.adrelid
      where d.classid = 'pg_catalog.pg_attrdef'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
        and d.refobjid = s.oid
    )
  )

  union all
  -- [K04] No approximate index covers several tenants
  select 'K04', null, 'fail', i.name,
    format('an approximate index (%s) over rows of several tenants: what one tenant stores changes what another finds',
      i.amname),
    format('drop index %s; search exactly within the tenant, or give each large tenant an index of its own: '
      'where %I = <a tenant>', i.indexrelid::regclass, i.attname)
  from shared_index as i
  where i.approximate
  union all
  select 'K04', null, 'fail', format('%s on %s', quote_ident(c.relname), r.name),
    format('an approximate index (%s) over rows that policies keep apart: what one user stores changes what another '
      'finds', m.amname),
    format('drop index %s; search exactly among the rows that policies let through', i.indexrelid::regclass)
  from relation as r
  join pg_catalog.pg_index as i on i.indrelid = r.oid
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_am as m on m.oid = c.relam and m.amname not in ('gist', 'spgist', 'btree')
  where r.relrowsecurity and r.oid not in (select oid from tenant_table)
    and r.oid in (select p.polrelid from pg_catalog.pg_policy as p)
    and exists (
      select from pg_catalog.pg_opclass as o join pg_catalog.pg_amop as a on a.amopfamily = o.opcfamily
      where o.oid = any (i.indclass::oid[]) and a.amoppurpose = 'o'
    )

  union all
  -- [K05] Indexes begin with the tenant column
  select 'K05', null, 'warn', i.name,
    format('%I is not its first column: a search reads entries of other tenants, and explain analyze counts them',
      i.attname),
    format('Make the tenant the first column: (%I, ...).', i.attname)
  from shared_index as i
  where i.amname in ('btree', 'hash', 'brin') and not i.indisunique and not i.indisexclusion
    and not i.leads_with_tenant

  union all
  -- [K06] The planner can use every index together with policies
  select 'K06', null, 'warn', i.name,
    format('its operators (%s) are not leakproof: the planner does not use it on a table with policies', i.amname),
    format('drop index %s; use a btree index that begins with the tenant: (%I, ...)', i.indexrelid::regclass, i.attname)
  from tenant_index as i
  where i.relrowsecurity and not i.approximate and not i.attached and not i.indisunique and not i.indisexclusion
    and not exists (
      select from unnest(i.indclass::oid[]) as c
      join pg_catalog.pg_opclass as o on o.oid = c
      join pg_catalog.pg_amop as a on a.amopfamily = o.opcfamily and a.amoppurpose = 's'
      join pg_catalog.pg_operator as p on p.oid = a.amopopr
      join pg_catalog.pg_proc as f on f.oid = p.oprcode and f.proleakproof
    )

  union all
  -- [K07] No extended statistics cover the rows of several tenants
  select 'K07', null, 'warn', format('%I.%I', n.nspname, s.stxname),
    'it is computed from the rows of all tenants: explain shows estimates that are made of their values',
    format('drop statistics %I.%I', n.nspname, s.stxname)
  from pg_catalog.pg_statistic_ext as s
  join pg_catalog.pg_namespace as n on n.oid = s.stxnamespace
  join tenant_table as t on t.oid = s.stxrelid

  union all
  -- [K08] All indexes of tenant tables are valid
  select 'K08', null, 'warn', i.name, 'it is not valid: its build was interrupted, and searches do not use it',
    format('reindex index concurrently %s', i.indexrelid::regclass)
  from tenant_index as i
  where not i.indisvalid and not exists (select from pg_catalog.pg_inherits as h where h.inhparent = i.indexrelid)

  union all
  -- [K09] No application role reads the rows of all tenants in the list of tenants
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

  union all
  -- [K10] No application role reads personal data or secrets of all tenants in a table that tenants share
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

  union all
  -- [S01] The PostgreSQL server has the security fixes that isolation depends on
  select 'S01', null, 'fail', 'PostgreSQL ' || current_setting('server_version'),
    'this version lacks the fixes of ' || string_agg(format('%s (%s)', v.cve, v.what), ', ' order by v.cve),
    format('Update to %s.%s or later.', n.major, max(v.minors[n.major - 14]))
  from (
    select current_setting('server_version_num')::integer / 10000 as major,
      current_setting('server_version_num')::integer % 10000 as minor
  ) as n
  join (
    values
      -- The first minor version of 15, 16, 17 and 18 that has the fix; 0 if the vulnerability was never there.
      ('CVE-2023-2455', array[3, 0, 0, 0], 'an inlined function applies the policies of another role'),
      ('CVE-2023-39418', array[4, 0, 0, 0], 'MERGE past policies'),
      ('CVE-2024-10976', array[9, 5, 1, 0], 'a cached plan applies the policies of another role'),
      ('CVE-2024-10978', array[9, 5, 1, 0], 'SET ROLE resets to another user'),
      ('CVE-2025-8713', array[14, 10, 6, 0], 'statistics show values that policies hide'),
      ('CVE-2026-14666', array[19, 15, 11, 6], 'policies stay the same when roles change'),
      ('CVE-2026-14680', array[19, 15, 11, 6], 'any user runs code'),
      ('CVE-2026-116311', array[20, 16, 12, 7], 'DROP OWNED opens policies'),
      ('CVE-2026-116327', array[20, 16, 12, 7], 'conditions that leak before policies'),
      ('CVE-2026-120141', array[20, 16, 12, 7], 'any user runs code'),
      ('CVE-2026-120154', array[20, 16, 12, 7], 'ON CONFLICT past policies'),
      ('CVE-2026-16237', array[20, 16, 12, 7], 'ON CONFLICT past views')
  ) as v (cve, minors, what) on n.minor < v.minors[n.major - 14]
  group by n.major

  union all
  -- [S02] The extension pgvector has the security fixes that isolation depends on
  select 'S02', null, 'fail', 'extension vector ' || e.extversion,
    'this version lacks the fixes of ' || string_agg(v.cve, ', ' order by v.cve),
    format('Update to %s or later, then: alter extension vector update.', max(v.version))
      || case when e.version < '{0,8,2}'
        then ' Until then: set max_parallel_maintenance_workers = 0 before an HNSW index is built.' else '' end
  from (
    select extversion, string_to_array(regexp_replace(extversion, '[^\d.].*', ''), '.')::integer[] as version
    from pg_catalog.pg_extension where extname = 'vector'
  ) as e
  join (
    values
      ('0.8.2', 'CVE-2026-3172 (an HNSW index that is built in parallel can hold data of other relations)'),
      ('0.8.7', 'CVE-2026-103484 (building an IVFFlat index writes out of bounds)')
  ) as v (version, cve) on e.version < string_to_array(v.version, '.')::integer[]
  group by e.extversion, e.version

  union all
  -- [S03] No application role may call an extension that reaches past policies
  select 'S03', case x.kind when 'pages' then 'high' when 'statements' then 'low' end,
    case x.kind when 'statements' then 'warn' else 'fail' end, 'extension ' || quote_ident(e.extname),
    case x.kind when 'pages' then 'it reads pages or the log of the rows of all tenants'
      when 'statements' then 'it shows a login the statements of all tenants'
      else 'its functions reach data with other rights than the caller''s' end
      || format(', and %s may use it', c.names),
    format('drop extension %I; or revoke execute on its functions and select on its views from %s', e.extname, c.names)
  from pg_catalog.pg_extension as e
  join (
    values ('dblink', 'rights'), ('http', 'rights'), ('pg_background', 'rights'), ('pg_net', 'rights'), ('lo', 'rights'),
      ('adminpack', 'rights'), ('pg_surgery', 'rights'), ('file_fdw', 'rights'), ('orafce', 'rights'),
      ('pg_cron', 'rights'), ('aws_s3', 'rights'), ('aws_lambda', 'rights'), ('azure_storage', 'rights'),
      ('plsh', 'rights'), ('log_fdw', 'rights'), ('pg_tle', 'rights'), ('multicorn', 'rights'), ('wrappers', 'rights'),
      ('pageinspect', 'pages'), ('pg_walinspect', 'pages'), ('pg_buffercache', 'pages'), ('pg_freespacemap', 'pages'),
      ('pgstattuple', 'pages'), ('pg_visibility', 'pages'), ('amcheck', 'pages'), ('pgrowlocks', 'pages'),
      ('pg_logicalinspect', 'pages'), ('pg_dirtyread', 'pages'), ('pg_filedump', 'pages'), ('pg_qualstats', 'pages'),
      ('pg_stat_statements', 'statements'), ('pg_stat_monitor', 'statements'), ('pg_store_plans', 'statements'),
      ('pg_wait_sampling', 'statements'), ('pg_stat_kcache', 'statements'), ('pg_show_plans', 'statements')
  ) as x (extname, kind) on x.extname = e.extname
  cross join lateral (
    select string_agg(distinct g.name, ', ') as names
    from (
      select p.pronamespace as schema, coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)) as acl
      from pg_catalog.pg_depend as d
      join pg_catalog.pg_proc as p on p.oid = d.objid
      where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.refobjid = e.oid
        and d.classid = 'pg_catalog.pg_proc'::regclass and d.deptype = 'e' and p.proname !~ '(handler|validator)$'
      union all
      select r.relnamespace, r.relacl
      from pg_catalog.pg_depend as d
      join pg_catalog.pg_class as r on r.oid = d.objid
      where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.refobjid = e.oid
        and d.classid = 'pg_catalog.pg_class'::regclass and d.deptype = 'e'
    ) as o
    join schema as s on s.oid = o.schema
    cross join lateral pg_catalog.aclexplode(o.acl) as a
    join grantee as g on g.oid = a.grantee
    where a.privilege_type in ('EXECUTE', 'SELECT') and (g.oid <> 0 or s.usable_by_others)
  ) as c
  where c.names is not null

  union all
  -- [S04] Two-phase commit is off
  select 'S04', null, 'warn', 'max_prepared_transactions',
    'two-phase commit is on: any session of a login may end the prepared transactions of its other sessions',
    'alter system set max_prepared_transactions = 0'
  where current_setting('max_prepared_transactions')::integer > 0

),
ranked as materialized (
  select f.*, min(f.rank) filter (where f.compared) over o as rank_compared,
    min(f.rank) filter (where not f.compared) over o as rank_of_others
  from (
    select f.id, coalesce(f.severity, c.severity) as severity, f.status, f.object, f.evidence, f.remedy,
      f.id between 'M06' and 'M12' as compared,
      case when f.status in ('fail', 'warn')
        then array_position(array['critical', 'high', 'medium', 'low'], coalesce(f.severity, c.severity)) end as rank
    from found as f
    join checks as c on c.id = f.id
  ) as f
  window o as (partition by f.object)
),
-- Of two findings on the same object the more severe one; of two alike the other check's, which is more specific. C03
-- and C10 name the table or function where M07 and M09 name what is wrong with its policies or privileges.
finding as (
  select f.*
  from ranked as f
  where f.rank is null or f.id in ('C03', 'C10') or not case
    when f.compared then coalesce(f.rank_of_others <= f.rank, false) or split_part(f.object, ' for ', 1) in (
      select o.object from ranked as o where o.id in ('C03', 'C10') and o.rank is not null
    )
    else coalesce(f.rank_compared < f.rank, false) end
)
select
  i.id,
  i.area,
  i.expects,
  coalesce(f.severity, i.severity) as severity,
  coalesce(f.status, case when i.untried is not null or x.number = 0 then 'n/a' else 'pass' end) as status,
  coalesce(f.object, '') as object,
  coalesce(f.evidence, i.untried, case
    when x.number = 0 then 'no ' || i.kind
    when i.kind in ('database', 'schema ragwall', 'pgvector') then 'nothing found'
    else format('%s %s examined', x.number, i.kind)
  end) as evidence,
  coalesce(f.remedy, '') as remedy,
  -- The middle dot is not in every encoding.
  replace(i.reference, ' | ',
    case pg_catalog.getdatabaseencoding() when 'UTF8' then ' ' || chr(183) || ' ' else ', ' end) as reference
from checks as i
left join finding as f on f.id = i.id
left join examined as x on x.kind = i.kind
where
  -- Evaluated once, before any row is read: how names and expressions are printed. Holds to the end of the transaction.
  (
    select count(set_config(s.name, s.value, true))
    from (
      values ('search_path', 'pg_catalog, pg_temp'), ('quote_all_identifiers', 'off')
    ) as s (name, value)
    where current_setting(s.name) <> s.value
  ) >= 0
order by array_position(array['rls', 'role', 'tenant', 'context', 'pool', 'ci', 'path', 'shared', 'server'], i.area), i.id, f.object
