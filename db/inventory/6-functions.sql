-- Functions, types and languages.
routine_fact (kind, object, property, value) as (
  select r.kind, r.name, f.property, f.value
  from routine as r
  cross join lateral (
    values
      ('owner', r.proowner::regrole::text),
      ('language', (select quote_ident(l.lanname) from pg_catalog.pg_language as l where l.oid = r.prolang)),
      ('arguments', nullif(pg_get_function_arguments(r.oid), '')),
      ('result', pg_get_function_result(r.oid)),
      ('volatility', case r.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end),
      ('parallel', case r.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end),
      ('security definer', case when r.prosecdef then 'true' end),
      ('leakproof', case when r.proleakproof then 'true' end),
      ('strict', case when r.proisstrict then 'true' end),
      -- The planner evaluates a cheap function first, also before a policy.
      ('cost', nullif(r.procost, case when r.prolang in (12, 13) then 1 else 100 end)::text),
      ('support', nullif(r.prosupport, 0)::regproc::text),
      -- Deparsed: normalised and hashed in the last file.
      ('SQL body', pg_get_function_sqlbody(r.oid)),
      ('body', case when r.prosqlbody is null then encode(sha256(convert_to(
        concat_ws(E'\n', r.prosrc, r.probin, (
          select concat_ws(E'\n', a.aggtransfn::regprocedure, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.agginitval)
          from pg_catalog.pg_aggregate as a where a.aggfnoid = r.oid
        )), 'UTF8'
      )), 'hex') end)
  ) as f (property, value)
  union all
  select r.kind, r.name, 'setting ' || split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
  from routine as r
  cross join lateral unnest(r.proconfig) as c
  union all
  select t.kind, t.name, f.property, f.value
  from type as t
  cross join lateral (
    values
      ('owner', t.typowner::regrole::text),
      ('definition', case t.typtype
        when 'e' then (
          select 'enum ' || string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
          from pg_catalog.pg_enum as e where e.enumtypid = t.oid
        )
        when 'c' then (
          select string_agg(
            quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum
          )
          from pg_catalog.pg_attribute as a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        )
        when 'd' then concat_ws(
          ' ', format_type(t.typbasetype, t.typtypmod), nullif(t.typcollation, 0)::regcollation,
          case when t.typnotnull then 'not null' end, 'default ' || pg_get_expr(t.typdefaultbin, 0)
        )
        when 'r' then (
          select concat_ws(' ', 'range of', g.rngsubtype::regtype, g.rngsubdiff)
          from pg_catalog.pg_range as g where g.rngtypid = t.oid
        )
        else concat_ws(' ', 'input', t.typinput, 'output', t.typoutput)
      end)
  ) as f (property, value)
  union all
  select 'collation', c.oid::regcollation::text, 'definition', concat_ws(
    ' ', c.collprovider, c.collcollate, c.collctype, j.c ->> 'colliculocale', j.c ->> 'colllocale',
    j.c ->> 'collicurules', case when not c.collisdeterministic then 'nondeterministic' end
  )
  from pg_catalog.pg_collation as c
  cross join lateral (select to_jsonb(c)) as j (c)
  where c.oid >= 16384
    and (c.tableoid, c.oid) not in (select classid, objid from extension_part)
  union all
  select 'cast', format('%s as %s', c.castsource::regtype, c.casttarget::regtype), 'definition', concat_ws(
    ' ', case c.castcontext when 'i' then 'implicit' when 'a' then 'in assignments' else 'explicit' end,
    case c.castmethod when 'b' then 'without a function' when 'i' then 'by text' else c.castfunc::regprocedure::text end
  )
  from pg_catalog.pg_cast as c
  where c.oid >= 16384
    and (c.tableoid, c.oid) not in (select classid, objid from extension_part)
  union all
  select 'operator', o.oid::regoperator::text, f.property, f.value
  from pg_catalog.pg_operator as o
  cross join lateral (
    values
      ('owner', o.oprowner::regrole::text),
      ('definition', concat_ws(
        ' ', o.oprcode::regprocedure, 'restrict ' || nullif(o.oprrest, 0)::regproc,
        'join ' || nullif(o.oprjoin, 0)::regproc
      ))
  ) as f (property, value)
  where o.oid >= 16384
    and (o.tableoid, o.oid) not in (select classid, objid from extension_part)
  union all
  select 'language', l.name, f.property, f.value
  from language as l
  cross join lateral (
    values ('owner', l.lanowner::regrole::text), ('trusted', case when l.lanpltrusted then 'true' end)
  ) as f (property, value)
),
