-- How every function runs: as whom, with which names resolved, and how often it may be folded.
begin;
select plan(6);

select set_eq(
  $$
    select p.oid::regprocedure || ' as ' || p.proowner::regrole
    from pg_proc as p
    where p.pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
      and p.prosecdef
  $$,
  array[
    'ragwall.current_tenant() as ragwall_context',
    'ragwall.graph_name(text) as ragwall_context',
    'ragwall.set_tenant(text) as ragwall_context',
    'ragwall.set_tenant_from_token(text) as ragwall_context',
    'ragwall.search_graph(halfvec,integer,jsonb) as ragwall_owner',
    'ragwall.agent_match_documents(halfvec,integer,jsonb) as ragwall_owner',
    'ragwall.delete_documents(uuid[]) as ragwall_owner',
    'ragwall.delete_source(text,integer) as ragwall_owner'
  ],
  'these are the security definer functions, and there are no others'
);

select is_empty(
  $$
    select p.oid::regprocedure
    from pg_proc as p
    where p.pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
      and p.prosecdef
      and obj_description(p.oid, 'pg_proc') not like '%Security definer: %'
  $$,
  'the comment of every security definer function gives the reason'
);

select is_empty(
  $$
    select p.oid::regprocedure
    from pg_proc as p
    where p.pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
      and not (p.proconfig is not null and 'search_path=pg_catalog, pg_temp' = any (p.proconfig))
      and (p.prosqlbody is null or p.prosecdef)
  $$,
  'every function pins its search path, pg_temp last, or is no definer and binds its names at creation [E11d]'
);

select is_empty(
  $$
    select p.oid::regprocedure
    from pg_proc as p
    where p.pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
      and p.proleakproof
  $$,
  'no function claims to be leakproof'
);

select set_eq(
  $$
    select p.oid::regprocedure::text,
      concat_ws(
        ' ',
        case when (select r.rolsuper from pg_roles as r where r.oid = p.proowner) then 'superuser'
          else p.proowner::regrole::text end,
        case when p.prosecdef then 'definer' end,
        case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
        case p.proparallel when 's' then 'parallel' when 'r' then 'leader' end,
        case when p.proisstrict then 'strict' end
      ),
      (select string_agg(s, ' ' order by s) from unnest(p.proconfig) as s where s not like 'search_path=%')
    from pg_proc as p
    where p.pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
  $$,
  $$
    values
      ('ragwall.add_signing_key(text)', 'ragwall_context volatile', null),
      ('ragwall.add_signing_key(text,text)', 'ragwall_context volatile', null),
      ('ragwall.agent_match_documents(halfvec,integer,jsonb)', 'ragwall_owner definer stable',
        'client_min_messages=notice'),
      ('ragwall.app_roles()', 'ragwall_owner stable leader', 'jit=off'),
      ('ragwall.audit()', 'ragwall_owner stable leader', 'jit=off'),
      ('ragwall.close_partitions()', 'superuser volatile', null),
      ('ragwall.column_names(regclass,smallint[])', 'ragwall_owner stable parallel', null),
      -- What a worker process would not have: the backend and the transaction that the seal is over.
      ('ragwall.current_tenant()', 'ragwall_context definer stable leader', null),
      ('ragwall.delete_documents(uuid[])', 'ragwall_owner definer volatile',
        'enable_seqscan=off jit=off plan_cache_mode=force_custom_plan'),
      ('ragwall.delete_source(text,integer)', 'ragwall_owner definer volatile',
        'enable_seqscan=off jit=off plan_cache_mode=force_custom_plan'),
      ('ragwall.document_id(text,text,integer)', 'ragwall_owner stable parallel strict', null),
      ('ragwall.embedding_dimensions()', 'ragwall_owner immutable parallel', null),
      ('ragwall.fingerprint()', 'ragwall_owner stable leader', null),
      ('ragwall.foreign_key_findings(regclass,name)', 'ragwall_owner stable leader', null),
      ('ragwall.forget_statistics(regclass)', 'ragwall_owner volatile', null),
      ('ragwall.graph_name(text)', 'ragwall_context definer stable leader', null),
      ('ragwall.index_findings(regclass,name)', 'ragwall_owner stable parallel', null),
      ('ragwall.index_plan()', 'ragwall_owner volatile', 'enable_seqscan=off jit=off row_security=off'),
      -- How what it tells is printed.
      ('ragwall.inventory()', 'ragwall_owner stable leader', 'DateStyle=ISO, YMD IntervalStyle=postgres TimeZone=UTC '
        || 'bytea_output=hex extra_float_digits=1 jit=off lc_monetary=C quote_all_identifiers=off standard_conforming_strings=on'),
      ('ragwall.is_pinned(regclass,name)', 'ragwall_owner stable parallel', null),
      ('ragwall.is_safe_owner(oid)', 'ragwall_owner stable leader', null),
      ('ragwall.is_tenant_id(text)', 'ragwall_owner immutable parallel', null),
      ('ragwall.match_documents(halfvec,double precision,jsonb)', 'ragwall_owner stable', null),
      ('ragwall.match_documents(halfvec,integer)', 'ragwall_owner stable', null),
      ('ragwall.match_documents(halfvec,integer,jsonb)', 'ragwall_owner stable',
        'enable_seqscan=off jit=off max_parallel_workers_per_gather=0 plan_cache_mode=force_custom_plan'),
      ('ragwall.migration()', 'ragwall_owner immutable parallel', null),
      ('ragwall.protect_table(regclass,name,boolean,boolean)', 'ragwall_owner volatile', 'row_security=off'),
      ('ragwall.protection_findings(regclass,name,boolean)', 'ragwall_owner stable', null),
      ('ragwall.protection_plan(regclass,name,boolean,boolean)', 'ragwall_owner stable', null),
      ('ragwall.require_tenant()', 'ragwall_owner stable leader', null),
      ('ragwall.retire_signing_key(text)', 'ragwall_context volatile', null),
      ('ragwall.revocations(regclass,oid)', 'ragwall_owner stable parallel', null),
      ('ragwall.search_graph(halfvec,integer,jsonb)', 'ragwall_owner definer stable',
        'enable_indexscan=on enable_seqscan=off enable_sort=off hnsw.ef_search=100 hnsw.iterative_scan=relaxed_order '
          || 'hnsw.max_scan_tuples=2000 jit=off max_parallel_workers_per_gather=0 plan_cache_mode=force_custom_plan'),
      ('ragwall.set_tenant(text)', 'ragwall_context definer volatile', null),
      ('ragwall.set_tenant_from_token(text)', 'ragwall_context definer volatile', null),
      ('ragwall.signing_keys()', 'ragwall_context stable parallel', null),
      ('ragwall.tenant_column_of(regclass,name)', 'ragwall_owner stable leader', null),
      ('ragwall.tenant_tables()', 'ragwall_owner stable leader', 'jit=off'),
      ('ragwall.unprotect_table(regclass)', 'ragwall_owner volatile', null),
      ('ragwall.upsert_documents(jsonb)', 'ragwall_owner volatile',
        'enable_seqscan=off jit=off max_parallel_workers_per_gather=0 plan_cache_mode=force_custom_plan'),
      ('ragwall.with_partitions(regclass)', 'ragwall_owner stable parallel', null),
      ('ragwall_private.base64url(bytea)', 'ragwall_context immutable parallel', null),
      ('ragwall_private.bind(text)', 'ragwall_context volatile', null),
      ('ragwall_private.in_graph(text)', 'ragwall_context immutable parallel', null),
      ('ragwall_private.pad(bytea,integer)', 'ragwall_context immutable parallel', null),
      ('ragwall_private.random_bytes()', 'ragwall_context volatile parallel', null),
      ('ragwall_private.refuse_residue()', 'ragwall_context volatile', null),
      ('ragwall_private.seal(bytea,bytea,text)', 'ragwall_context stable leader', null)
  $$,
  'each runs as its owner or caller, is folded no further, and has its planner settings; none presets anything else'
);

select is_empty(
  $$
    select p.oid::regprocedure
    from pg_proc as p
    where p.pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
      and (
        obj_description(p.oid, 'pg_proc') is null
        or p.pronargdefaults > 0 and exists (
          select from pg_proc as o where o.pronamespace = p.pronamespace and o.proname = p.proname and o.oid <> p.oid
        )
      )
  $$,
  'no overloaded function has defaults, which would make calls ambiguous, and each has a comment'
);

select * from finish();
rollback;
