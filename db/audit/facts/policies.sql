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
