-- How every function runs: as whom, with which names resolved, and how often it may be folded.
begin;
select plan(6);

select set_eq(
  $$
    select p.oid::regprocedure || ' as ' || p.proowner::regrole
    from pg_proc as p
    where p.pronamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
      and p.prosecdef
  $$,
  array[
    'ragwall.current_tenant() as ragwall_context',
    'ragwall.set_tenant(text) as ragwall_context',
    'ragwall.set_tenant_from_token(text) as ragwall_context',
    'ragwall.search_documents(halfvec,integer,jsonb) as ragwall_search',
    'ragwall.build_search_table() as ragwall_owner',
    'ragwall.measure_search_table() as ragwall_owner',
    'ragwall.drop_search_table() as ragwall_owner',
    'ragwall.catch_up(integer) as ragwall_owner',
    'ragwall_search.note_stored() as ragwall_owner',
    'ragwall_search.keep_words() as ragwall_owner',
    'ragwall.fill_words(integer) as ragwall_owner',
    'ragwall.index_search_table() as ragwall_owner',
    'ragwall.words_configuration() as ragwall_owner',
    'ragwall.search_words(text,integer,jsonb) as ragwall_search',
    'ragwall.match_hybrid(halfvec,text,integer,jsonb,double precision) as ragwall_search',
    'ragwall.agent_match_hybrid(halfvec,text,integer,jsonb) as ragwall_owner',
    'ragwall.agent_document(uuid) as ragwall_owner',
    'ragwall.agent_match_documents(halfvec,integer,jsonb,boolean) as ragwall_owner',
    'ragwall.delete_documents(uuid[]) as ragwall_owner',
    'ragwall.delete_source(text,integer) as ragwall_owner'
  ],
  'these are the security definer functions, and there are no others'
);

select is_empty(
  $$
    select p.oid::regprocedure
    from pg_proc as p
    where p.pronamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
      and p.prosecdef
      and obj_description(p.oid, 'pg_proc') not like '%Security definer: %'
  $$,
  'the comment of every security definer function gives the reason'
);

select is_empty(
  $$
    select p.oid::regprocedure
    from pg_proc as p
    where p.pronamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
      and not (p.proconfig is not null and 'search_path=pg_catalog, pg_temp' = any (p.proconfig))
      and (p.prosqlbody is null or p.prosecdef)
  $$,
  'every function pins its search path, pg_temp last, or is no definer and binds its names at creation [E11d]'
);

select is_empty(
  $$
    select p.oid::regprocedure
    from pg_proc as p
    where p.pronamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
      and p.proleakproof
  $$,
  'no function claims to be leakproof'
);

create function tests.fixed_plans()
  returns text[]
  language sql
  return (
    select array_agg(f.name || '=' || f.value)
    from (values
      ('cpu_index_tuple_cost', '0.005'), ('cpu_operator_cost', '0.0025'), ('cpu_tuple_cost', '0.01'),
      ('enable_bitmapscan', 'on'), ('enable_hashagg', 'on'), ('enable_hashjoin', 'on'), ('enable_indexonlyscan', 'on'),
      ('enable_indexscan', 'on'), ('enable_nestloop', 'on'), ('enable_presorted_aggregate', 'on'),
      ('enable_seqscan', 'off'), ('enable_sort', 'on'), ('enable_tidscan', 'on'), ('jit', 'off'),
      ('max_parallel_workers_per_gather', '0'), ('random_page_cost', '4'),
      ('seq_page_cost', '1')
    ) as f (name, value)
    where exists (select from pg_settings as s where s.name = f.name)
  );
comment on function tests.fixed_plans() is 'The settings that fix_plans() gives, where the server has them.';
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
      (
        select concat_ws(
          ' ',
          case when p.proconfig @> tests.fixed_plans() then 'fixed plans' end,
          string_agg(s, ' ' order by s) filter (
            where s not like 'search_path=%' and not (p.proconfig @> tests.fixed_plans() and s = any (tests.fixed_plans()))
          )
        )
        from unnest(p.proconfig) as s
      ) as settings
    from pg_proc as p
    where p.pronamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
  $$,
  $$
    values
      ('ragwall.add_signing_key(text)', 'ragwall_context volatile', ''),
      ('ragwall.add_signing_key(text,text)', 'ragwall_context volatile', ''),
      ('ragwall.agent_document(uuid)', 'ragwall_owner definer stable',
        'fixed plans client_min_messages=notice plan_cache_mode=force_generic_plan'),
      ('ragwall.agent_match_documents(halfvec,integer,jsonb,boolean)', 'ragwall_owner definer stable',
        'client_min_messages=notice'),
      ('ragwall.app_roles()', 'ragwall_owner stable leader', 'jit=off'),
      ('ragwall.audit()', 'ragwall_owner stable leader', 'jit=off'),
      ('ragwall.build_search_table()', 'ragwall_owner definer volatile', 'jit=off'),
      ('ragwall.catch_up(integer)', 'ragwall_owner definer volatile',
        'fixed plans plan_cache_mode=force_custom_plan'),
      ('ragwall.close_partitions()', 'superuser volatile', ''),
      ('ragwall.column_names(regclass,smallint[])', 'ragwall_owner stable parallel', ''),
      ('ragwall.composite_foreign_keys(jsonb)', 'ragwall_owner stable leader', ''),
      -- What a worker process would not have: the backend and the transaction that the seal is over.
      ('ragwall.current_tenant()', 'ragwall_context definer stable leader', ''),
      ('ragwall.delete_documents(uuid[])', 'ragwall_owner definer volatile',
        'fixed plans plan_cache_mode=force_generic_plan'),
      ('ragwall.delete_matching(jsonb)', 'ragwall_owner volatile', 'fixed plans plan_cache_mode=force_custom_plan'),
      ('ragwall.delete_source(text,integer)', 'ragwall_owner definer volatile',
        'fixed plans plan_cache_mode=force_custom_plan'),
      ('ragwall.document_id(text,text,integer)', 'ragwall_owner stable parallel strict', ''),
      ('ragwall.drop_search_table()', 'ragwall_owner definer volatile', ''),
      ('ragwall.embedding_dimensions()', 'ragwall_owner immutable parallel', ''),
      ('ragwall.fingerprint()', 'ragwall_owner stable leader', ''),
      ('ragwall.fix_plans(regprocedure,text)', 'ragwall_owner volatile', ''),
      ('ragwall.foreign_key_findings(regclass,name)', 'ragwall_owner stable leader', 'jit=off'),
      ('ragwall.forget_statistics(regclass)', 'ragwall_owner volatile', ''),
      ('ragwall.grant_plan(regclass,name,oid,boolean,boolean,regrole[],regrole[])', 'ragwall_owner stable parallel', 'jit=off'),
      ('ragwall.application_roles()', 'ragwall_owner immutable parallel', ''),
      ('ragwall.grant_login(name,name)', 'ragwall_owner volatile', ''),
      ('ragwall.held_privileges(regclass)', 'ragwall_owner stable parallel', ''),
      ('ragwall.index_findings(regclass,name)', 'ragwall_owner stable leader', 'jit=off'),
      ('ragwall.index_plan()', 'ragwall_owner volatile', ''),
      -- How what it tells is printed.
      ('ragwall.inventory()', 'ragwall_owner stable leader', 'DateStyle=ISO, YMD IntervalStyle=postgres TimeZone=UTC '
        || 'bytea_output=hex extra_float_digits=1 jit=off lc_monetary=C quote_all_identifiers=off standard_conforming_strings=on'),
      ('ragwall.is_safe_owner(oid)', 'ragwall_owner stable leader', ''),
      ('ragwall.is_tenant_id(text)', 'ragwall_owner immutable parallel', ''),
      ('ragwall.match_documents(halfvec,integer)', 'ragwall_owner stable', ''),
      ('ragwall.match_documents(halfvec,integer,jsonb)', 'ragwall_owner stable', ''),
      ('ragwall.measure_search_table()', 'ragwall_owner definer volatile', ''),
      ('ragwall.begin_migration(integer)', 'ragwall_owner volatile', ''),
      ('ragwall.migration()', 'ragwall_owner immutable parallel', ''),
      ('ragwall.own_sequences(regclass)', 'ragwall_owner stable parallel', ''),
      ('ragwall.pinned_columns()', 'ragwall_owner stable leader', 'jit=off'),
      ('ragwall.protect_plan(jsonb)', 'ragwall_owner stable', 'jit=off'),
      ('ragwall.protect_table(regclass,name,boolean,boolean,boolean,regrole[],regrole[])', 'ragwall_owner volatile', 'jit=off row_security=off'),
      ('ragwall.protected_model(jsonb)', 'ragwall_owner stable leader', ''),
      ('ragwall.protection_findings(regclass,name,boolean)', 'ragwall_owner stable', ''),
      ('ragwall.protection_plan(regclass,name,boolean,boolean,boolean,regrole[],regrole[])', 'ragwall_owner stable', 'jit=off'),
      ('ragwall.require_tenant()', 'ragwall_owner stable leader', ''),
      ('ragwall.retire_signing_key(text)', 'ragwall_context volatile', ''),
      ('ragwall.restoration(regclass,name)', 'ragwall_owner stable leader', 'jit=off'),
      ('ragwall.refuse_search(halfvec,integer)', 'ragwall_owner stable', ''),
      ('ragwall.field_condition(text,jsonb,integer)', 'ragwall_owner immutable parallel', ''),
      ('ragwall.filter_condition(jsonb,integer)', 'ragwall_owner immutable parallel', ''),
      ('ragwall.filter_path(jsonb)', 'ragwall_owner immutable parallel', ''),
      ('ragwall.join_conditions(text[],text)', 'ragwall_owner immutable parallel', ''),
      ('ragwall.declare_filter(text)', 'ragwall_owner volatile', ''),
      ('ragwall.undeclare_filter(text)', 'ragwall_owner volatile', ''),
      ('ragwall.index_search_table()', 'ragwall_owner definer volatile', ''),
      ('ragwall.enable_words(text)', 'ragwall_owner volatile', ''),
      ('ragwall.disable_words()', 'ragwall_owner volatile', ''),
      ('ragwall.fill_words(integer)', 'ragwall_owner definer volatile',
        'fixed plans client_min_messages=warning plan_cache_mode=force_custom_plan'),
      ('ragwall.words_filled()', 'ragwall_owner volatile', ''),
      ('ragwall.words_configuration()', 'ragwall_owner definer stable parallel', ''),
      ('ragwall.search_words(text,integer,jsonb)', 'ragwall_search definer stable',
        'fixed plans plan_cache_mode=force_generic_plan'),
      ('ragwall.match_hybrid(halfvec,text,integer,jsonb,double precision)', 'ragwall_search definer stable',
        'fixed plans plan_cache_mode=force_generic_plan'),
      ('ragwall.agent_match_hybrid(halfvec,text,integer,jsonb)', 'ragwall_owner definer stable',
        'client_min_messages=notice'),
      ('ragwall.safe_privileges(regclass,name,oid,boolean,boolean,regrole[],regrole[])', 'ragwall_owner stable parallel', ''),
      ('ragwall.search_as(text,halfvec,integer,jsonb)', 'ragwall_owner volatile', ''),
      ('ragwall.search_documents(halfvec,integer,jsonb)', 'ragwall_search definer stable',
        'fixed plans hnsw.ef_search=40 hnsw.iterative_scan=off plan_cache_mode=force_generic_plan'),
      ('ragwall.search_with_token(text,halfvec,integer,jsonb)', 'ragwall_owner volatile', ''),
      ('ragwall.set_tenant(text)', 'ragwall_context definer volatile', ''),
      ('ragwall.set_tenant_from_token(text)', 'ragwall_context definer volatile', ''),
      ('ragwall.signing_keys()', 'ragwall_context stable parallel', ''),
      ('ragwall.table_findings(regclass,name,boolean)', 'ragwall_owner stable', 'jit=off'),
      ('ragwall.tenant_column_of(regclass,regclass,name)', 'ragwall_owner stable leader', ''),
      ('ragwall.tenant_tables()', 'ragwall_owner stable leader', 'jit=off'),
      ('ragwall.unprotect_table(regclass)', 'ragwall_owner volatile', 'jit=off'),
      ('ragwall.upsert_documents(jsonb)', 'ragwall_owner volatile',
        'fixed plans plan_cache_mode=force_custom_plan'),
      ('ragwall.with_partitions(regclass)', 'ragwall_owner stable parallel', ''),
      ('ragwall.write_passage()', 'ragwall_owner volatile', 'fixed plans plan_cache_mode=force_generic_plan'),
      ('ragwall_api.match_passages(halfvec,double precision,jsonb)', 'ragwall_owner stable',
        'fixed plans plan_cache_mode=force_generic_plan'),
      ('ragwall_api.set_tenant_from_request()', 'ragwall_owner volatile', ''),
      ('ragwall_private.base64url(bytea)', 'ragwall_context immutable parallel', ''),
      ('ragwall_private.bind(text,text)', 'ragwall_context volatile', ''),
      ('ragwall_private.is_seal(bytea,bytea,text,text)', 'ragwall_context stable leader', ''),
      ('ragwall_private.pad(bytea,integer)', 'ragwall_context immutable parallel', ''),
      ('ragwall_private.random_bytes()', 'ragwall_context volatile parallel', ''),
      ('ragwall_private.refuse_residue()', 'ragwall_context volatile', ''),
      ('ragwall_private.seal(bytea,bytea,text,text)', 'ragwall_context stable leader', ''),
      ('ragwall_search.entries()', 'ragwall_owner volatile', ''),
      ('ragwall_search.has_documents(text,bigint)', 'ragwall_owner volatile', 'enable_seqscan=off jit=off'),
      ('ragwall_search.measure(name,bigint)', 'ragwall_owner volatile',
        'fixed plans hnsw.ef_search=40 hnsw.iterative_scan=off plan_cache_mode=force_generic_plan'),
      ('ragwall_search.note_change()', 'ragwall_owner volatile', 'fixed plans plan_cache_mode=force_generic_plan'),
      ('ragwall_search.note_stored()', 'ragwall_owner definer volatile', ''),
      ('ragwall_search.bind(text)', 'ragwall_owner volatile', ''),
      ('ragwall_search.bind_back(text[])', 'ragwall_owner volatile', ''),
      ('ragwall_search.range_key(jsonb)', 'ragwall_owner immutable parallel', ''),
      ('ragwall_search.range_condition(jsonb,text[])', 'ragwall_owner immutable parallel', ''),
      ('ragwall_search.index_ranges(name,text[])', 'ragwall_owner volatile', ''),
      ('ragwall_search.with_bigrams(text)', 'ragwall_owner immutable parallel', ''),
      ('ragwall_search.terms_of(text,text)', 'ragwall_owner stable parallel', ''),
      ('ragwall_search.words_of(text,text)', 'ragwall_owner stable parallel', ''),
      ('ragwall_search.keep_words()', 'ragwall_owner definer volatile',
        'fixed plans client_min_messages=warning plan_cache_mode=force_generic_plan row_security=on'),
      ('ragwall_search.words_due()', 'ragwall_owner volatile', 'enable_seqscan=off jit=off'),
      -- With the settings of search_documents(), search_words() and match_hybrid(), which call these.
      ('ragwall_search.question_words(ragwall_search.directory,ragwall_search.word_settings,text,text)',
        'ragwall_owner stable', 'client_min_messages=warning'),
      ('ragwall_search.best_by_words(text,text,integer,jsonb)', 'ragwall_owner stable', ''),
      ('ragwall_search.search_table(ragwall_search.directory,halfvec,integer,jsonb,jsonpath)', 'ragwall_owner stable', '')
  $$,
  'each runs as its owner or caller, is folded no further, and has its planner settings; none presets anything else'
);

select is_empty(
  $$
    select p.oid::regprocedure
    from pg_proc as p
    where p.pronamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
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
