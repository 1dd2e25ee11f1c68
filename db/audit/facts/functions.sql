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
