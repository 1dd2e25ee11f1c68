--! Previous: sha1:d77963e508fefd39bfb55e3109d01fe5ab8176bc
--! Hash: sha1:bcc9bee75b0b6fb19c94477a40623f640a00fba5
--! Message: graphs

-- Graphs: an HNSW index for each large tenant, the search in it, and which graphs are due.

set local role ragwall_owner;

-- The settings of search_graph() below are pgvector's, and are known once its library is loaded.
do $$ begin perform '[1]'::public.halfvec; end $$;

reset role;
grant create on schema ragwall to ragwall_context;
set local role ragwall_context;

-- A hash, because names of tenants are customers' names, and 63 bytes are not enough for all of them; keyed, because
-- anybody may ask whether a relation of some name is there.
create function ragwall.graph_name(tenant text)
  returns text
  language plpgsql
  stable
  parallel restricted
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  inner_key bytea;
  outer_key bytea;
begin
  if (tenant = ragwall.current_tenant() or pg_has_role(session_user, 'ragwall_owner', 'member')) is not true then
    return null;
  end if;
  select k.inner_key, k.outer_key
  into inner_key, outer_key
  from ragwall_private.seal_key as k
  where k.only_row;
  return 'documents_graph_' || left(
    encode(sha256(outer_key || sha256(inner_key || convert_to('graph ' || tenant, 'UTF8'))), 'hex'), 32
  );
end
$$;

comment on function ragwall.graph_name(text) is
  'The name of the HNSW index that holds one tenant''s documents and no others; it is there if index_plan() found the '
  'tenant large enough. Null unless the tenant is bound, or for a member of ragwall_owner. Security definer: the name '
  'is a hash with the key of the seals.';

grant execute on function ragwall.graph_name(text) to app_user, app_reader, agent_reader, ragwall_owner;

-- Every graph is a partial index with this function in its predicate. Postgres uses a partial index only for queries
-- that repeat its predicate, and only ragwall_owner may name this function. So no caller's query can use or measure
-- anybody's graph. Otherwise one could search the graph of another tenant, whose rows the policies drop only after
-- EXPLAIN has counted them. In plpgsql, because the planner would inline SQL.
create function ragwall_private.in_graph(tenant text)
  returns boolean
  language plpgsql
  immutable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
begin
  return true;
end
$$;

comment on function ragwall_private.in_graph(text) is
  'Returns true, for null as well. It is in the predicate of every graph, and only ragwall_owner, as which '
  'search_graph() runs, may name it: no query of a caller can use a graph.';

grant usage on schema ragwall_private to ragwall_owner;
-- A role that writes a document evaluates the predicates of the graphs.
grant execute on function ragwall_private.in_graph(text) to ragwall_owner, app_user;

reset role;
revoke create on schema ragwall from ragwall_context;
set local role ragwall_owner;

create type ragwall.ranked_document as (
  tenant_id text,
  id uuid,
  content text,
  metadata jsonb,
  distance double precision
);

comment on type ragwall.ranked_document is 'A document and its cosine distance to a query, 0 to 2.';

-- A custom plan has the tenant as a constant: one partition remains, its own index can be chosen and no
-- other tenant's, and the policies that compare it fold into a check that is made once. A generic plan would
-- lock every tenant's graph when it is made. The planner is not left to choose between graph and exact
-- search: it flips to exact as ef_search rises. Nor to believe that an iterative scan returns its rows in
-- order: distance + 0 is sorted. Whatever is set here ends with the function, because the function names it.
create function ragwall.search_graph(query_vec public.halfvec, k integer, filter jsonb)
  returns ragwall.ranked_document[]
  language plpgsql
  stable
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_custom_plan
  set enable_seqscan = off
  set enable_sort = off
  set enable_indexscan = on
  set jit = off
  set max_parallel_workers_per_gather = 0
  set hnsw.iterative_scan = relaxed_order
  set hnsw.ef_search = 100
  set hnsw.max_scan_tuples = 2000
as $$
#variable_conflict use_column
declare
  tenant constant text := ragwall.require_tenant();
  found ragwall.ranked_document[];
begin
  if k between 34 and 1000 then
    perform
      set_config('hnsw.ef_search', least(1000, 3 * k)::text, true),
      set_config('hnsw.max_scan_tuples', greatest(2000, 20 * k)::text, true);
  end if;
  select array_agg(row(n.*)::ragwall.ranked_document order by n.distance + 0, n.id)
  into found
  from (
    select d.tenant_id, d.id, d.content, d.metadata,
      d.embedding operator(public.<=>) query_vec as distance
    from ragwall.documents as d
    where d.tenant_id = tenant
      and ragwall_private.in_graph(d.tenant_id)
      and (filter is null or d.metadata @> filter)
    order by distance
    limit least(k, 1000)
  ) as n;
  return found;
end
$$;

comment on function ragwall.search_graph(public.halfvec, integer, jsonb) is
  'The nearest documents of the bound tenant as its graph finds them, nearest first; fewer than k, or null, if it '
  'looked at as many as it may and found no more that fit the filter. For match_documents(), which then searches '
  'exactly. Security definer: nobody else may say in_graph(), and the owner is bound by the same policies.';

grant execute on function ragwall.search_graph(public.halfvec, integer, jsonb) to app_user, app_reader, agent_reader;

-- A tenant is looked at if a sample of the pages (two percent of them, at 1,000 documents) suggests that it
-- may be large; then its entries are counted in the key, and no further than it takes.
create function ragwall.index_plan()
  returns setof text
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set row_security = off
  set enable_seqscan = off
  set jit = off
as $$
declare
  -- From how many documents on; it goes when there are fewer than half of that.
  due constant integer := case
    when coalesce(current_setting('ragwall.graph_from', true), '') = '' then 1000
    when current_setting('ragwall.graph_from') ~ '^[0-9]{1,9}$' then current_setting('ragwall.graph_from')::integer
    else 0
  end;
  safe constant boolean := (
    select string_to_array(extversion, '.')::integer[] >= '{0,8,2}'
    from pg_extension
    where extname = 'vector'
  );
  statements text[] := '{}';
  leaf regclass;
  graph record;
  candidate text;
  pages bigint;
  share double precision;
  counted integer;
begin
  if due < 1 then
    raise exception 'ragwall.graph_from is expected to be a whole number from 1'
      using errcode = 'RW301';
  end if;
  for leaf in
    select inhrelid from pg_inherits where inhparent = 'ragwall.documents'::regclass order by inhrelid
  loop
    for graph in
      select c.oid::regclass as name, i.indisvalid as valid, pg_get_expr(i.indpred, i.indrelid) as predicate
      from pg_index as i
      join pg_class as c on c.oid = i.indexrelid
      where i.indrelid = leaf
        and c.relname like 'documents\_graph\_%'
        -- Somebody is building it.
        and not exists (select from pg_stat_progress_create_index as p where p.index_relid = c.oid)
      order by c.oid
    loop
      execute format('select count(*) from (select from %s where %s limit %s) as s', leaf, graph.predicate, due)
      into counted;
      if counted < due / 2 or graph.name::text ~ '_cc(new|old)\d*$' then
        statements := statements || format('drop index concurrently %s', graph.name);
      elsif not graph.valid then
        statements := statements || format('reindex index concurrently %s', graph.name);
      end if;
    end loop;

    pages := pg_relation_size(leaf) / current_setting('block_size')::integer;
    share := least(100, greatest(2000.0 / due, 100000.0 / greatest(pages, 1)));
    for candidate in execute format(
      'select tenant_id from %s tablesample system (%s) group by tenant_id having count(*) >= %s order by 1',
      leaf, share, due * share / 400
    ) loop
      continue when to_regclass('ragwall.' || ragwall.graph_name(candidate)) is not null;
      execute format('select count(*) from (select from %s where tenant_id = %L limit %s) as s', leaf, candidate, due)
      into counted;
      if counted >= due then
        statements := statements || format(
          'create index concurrently %I on %s using hnsw (embedding public.halfvec_cosine_ops) '
            'where tenant_id = %L and ragwall_private.in_graph(tenant_id)',
          ragwall.graph_name(candidate), leaf, candidate
        );
      end if;
    end loop;
  end loop;

  -- CVE-2026-3172: a parallel build may put what it finds in other relations into the index.
  if not safe and cardinality(statements) > 0 then
    return next 'set max_parallel_maintenance_workers = 0';
  end if;
  return query select unnest(statements);
end
$$;

comment on function ragwall.index_plan() is
  'The statements that are due, one a row, each to be run by itself outside a transaction, in one session (psql: '
  '\gexec): to create the HNSW index of a tenant that has come to ragwall.graph_from documents (a setting, default '
  '1000), to drop one of a tenant that has fewer than half of that, to rebuild one that is not valid. For a superuser, '
  'or a member of ragwall_owner with BYPASSRLS; others get an error, not an empty plan. Raises RW301 if the setting is '
  'no number from 1.';

reset role;
