--! Previous: sha1:03de2d74313d4a80d42ebf40ab98f50118285be8
--! Hash: sha1:e4e9031c7a6f517a5ff71edfaa516ae3b76c02d5
--! Message: match-documents

-- Retrieval: the nearest documents of the tenant that is bound, exactly, or by the tenant's own graph.

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
  'The name of the HNSW index that holds one tenant''s documents and no others; it is there if index_plan() found '
  'the tenant large enough. Null unless the tenant is bound, or for a member of ragwall_owner. '
  'Security definer: the name is a hash with the key of the seals.';

grant execute on function ragwall.graph_name(text) to app_user, app_reader, ragwall_owner;

-- Where it stands in the predicate of a graph, only a statement that says it too can be answered by the graph, and it
-- takes a privilege on the schema to say it. Otherwise whoever may write a query could search a neighbour's graph,
-- whose rows the policies drop, but not before explain has counted them; and would get from their own as many rows as it
-- has looked at, and not as many as there are. In plpgsql, because the planner would look into SQL.
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
  'True. Only search_graph() and index_plan() can say it, and so only they can use a graph.';

grant usage on schema ragwall_private to ragwall_owner;
-- Whoever writes a document evaluates the predicates of the graphs.
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
  'The nearest documents of the bound tenant as its graph finds them, nearest first; fewer than k, or '
  'null, if it looked at as many as it may and found no more that fit the filter. '
  'For match_documents(), which then searches exactly. '
  'Security definer: nobody else may say in_graph(), and the owner is bound by the same policies.';

grant execute on function ragwall.search_graph(public.halfvec, integer, jsonb) to app_user, app_reader;

-- Planned anew each time, for the same reasons. The settings take two plans away from the planner whose
-- cost depends on neighbours: a scan of the whole partition, and a parallel one.
create function ragwall.match_documents(query_vec public.halfvec, k integer, filter jsonb)
  returns table (tenant_id text, id uuid, content text, metadata jsonb, similarity double precision)
  language plpgsql
  stable
  parallel unsafe
  security invoker
  rows 10
  set search_path = pg_catalog, pg_temp
  set plan_cache_mode = force_custom_plan
  set enable_seqscan = off
  set jit = off
  set max_parallel_workers_per_gather = 0
as $$
#variable_conflict use_column
declare
  tenant constant text := ragwall.require_tenant();
  graph constant regclass := to_regclass('ragwall.' || ragwall.graph_name(tenant));
  found ragwall.ranked_document[];
begin
  if query_vec is null then
    raise exception 'the query vector is expected, and is null'
      using errcode = 'RW101', hint = 'Embed the question with the model that embedded the documents.';
  end if;
  if public.vector_dims(query_vec) <> ragwall.embedding_dimensions() then
    raise exception 'the query vector is expected to have % dimensions, and has %',
        ragwall.embedding_dimensions(), public.vector_dims(query_vec)
      using errcode = 'RW102', hint = 'Embed the question with the model that embedded the documents.';
  end if;
  if public.l2_norm(query_vec) = 0 then
    raise exception 'the query vector is zero, and has no direction'
      using errcode = 'RW103', hint = 'Embed a text that is not empty.';
  end if;
  if k is null or k not between 1 and 1000 then
    raise exception 'k is expected to be 1 to 1000'
      using errcode = 'RW104';
  end if;
  if filter is not null and jsonb_typeof(filter) <> 'object' then
    raise exception 'the filter is expected to be a JSON object, or null for none'
      using errcode = 'RW105', hint = 'A document fits if its metadata contains the filter.';
  end if;

  -- A build that was cut short leaves an index that is not valid.
  if graph is not null and (select i.indisvalid from pg_index as i where i.indexrelid = graph) then
    found := ragwall.search_graph(query_vec, k, filter);
    if cardinality(found) = k then
      return query
      select f.tenant_id, f.id, f.content, f.metadata, 1 - f.distance
      from unnest(found) as f;
      return;
    end if;
  end if;

  return query
  select d.tenant_id, d.id, d.content, d.metadata,
    1 - (d.embedding operator(public.<=>) query_vec) as similarity
  from ragwall.documents as d
  where d.tenant_id = tenant
    and (filter is null or d.metadata @> filter)
  order by similarity desc, d.id
  limit k;
end
$$;

comment on function ragwall.match_documents(public.halfvec, integer, jsonb) is
  'The k documents of the bound tenant that are nearest to query_vec and whose metadata contains filter, '
  'nearest first, ties by id; fewer only if the tenant has fewer. Exact, unless the tenant has a graph (see '
  'index_plan()): then it may miss a near one for one that is nearly as near. similarity is the cosine, -1 to 1. '
  'query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON object, or null. '
  'Raises RW001 without a tenant, RW101 to RW105 for its arguments.';

grant execute on function ragwall.match_documents(public.halfvec, integer, jsonb) to app_user, app_reader;

create function ragwall.match_documents(query_vec public.halfvec, k integer)
  returns table (tenant_id text, id uuid, content text, metadata jsonb, similarity double precision)
  language sql
  stable
  parallel unsafe
  security invoker
  rows 10
begin atomic
  select m.tenant_id, m.id, m.content, m.metadata, m.similarity
  from ragwall.match_documents(query_vec, k, null::jsonb) as m;
end;

comment on function ragwall.match_documents(public.halfvec, integer) is
  'match_documents(query_vec, k, filter) without a filter.';

grant execute on function ragwall.match_documents(public.halfvec, integer) to app_user, app_reader;

-- By the names that Supabase's and LangChain's clients use. Two functions cannot share their argument
-- types; a number in JSON is a double, and with it every call has one best match, typed or not.
create function ragwall.match_documents(
  query_embedding public.halfvec,
  match_count double precision,
  filter jsonb
)
  returns table (tenant_id text, id uuid, content text, metadata jsonb, similarity double precision)
  language sql
  stable
  parallel unsafe
  security invoker
  rows 10
begin atomic
  select m.tenant_id, m.id, m.content, m.metadata, m.similarity
  from ragwall.match_documents(
    query_embedding,
    case when match_count between 1 and 1000 and match_count = trunc(match_count)
      then match_count::integer end,
    filter
  ) as m;
end;

comment on function ragwall.match_documents(public.halfvec, double precision, jsonb) is
  'match_documents(query_vec, k, filter) under the names query_embedding, match_count, filter. '
  'match_count: a whole number, 1 to 1000.';

grant execute on function ragwall.match_documents(public.halfvec, double precision, jsonb)
  to app_user, app_reader;

reset role;
