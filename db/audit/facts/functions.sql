-- Functions and procedures of this database.
routine as materialized (
  select p.oid, p.proname, p.proowner, p.prosecdef, p.proleakproof, p.provolatile, p.pronargs, p.proacl, p.prolang,
    s.oid as schema, s.nspname, s.usable_by_others,
    format('%I.%I(%s)', s.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)) as name,
    p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as is_trigger,
    -- Leave out our own audit functions: their text contains every pattern that the checks search for.
    case when s.nspname = 'ragwall' and p.proname in ('audit', 'inventory', 'tenant_tables', 'app_roles') then ''
      else p.prosrc || coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), '') end as body,
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
-- Which relations are named in the body of a function.
mention as materialized (
  select distinct f.oid, r.oid as relation, r.name
  from routine as f
  cross join lateral regexp_split_to_table(lower(f.body), '\W+') as w (word)
  join relation as r on lower(r.relname) = w.word
  union
  select f.oid, r.oid, r.name
  from relation as r
  join routine as f on strpos(lower(f.body), lower(r.relname)) > 0
  where r.relname ~ '\W'
),
