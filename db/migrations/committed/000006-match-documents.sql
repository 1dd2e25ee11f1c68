--! Previous: sha1:bcc9bee75b0b6fb19c94477a40623f640a00fba5
--! Hash: sha1:bcb1153c6e4e0c14e7940c28a89352bbdbcca54b
--! Message: match-documents

-- Search: the nearest documents of the tenant that is bound.

set local role ragwall_owner;

-- A plan of its own for every call, in which the tenant is a constant. The settings exclude two plans whose cost
-- depends on the rows of other tenants: a scan of the whole partition, and a parallel scan.
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
    raise exception 'the query vector is null'
      using errcode = 'RW101', hint = 'Embed the question with the model that embedded the documents.';
  end if;
  if public.vector_dims(query_vec) <> ragwall.embedding_dimensions() then
    raise exception 'the query vector is expected to have % dimensions, and has %',
        ragwall.embedding_dimensions(), public.vector_dims(query_vec)
      using errcode = 'RW102', hint = 'Embed the question with the model that embedded the documents.';
  end if;
  if public.l2_norm(query_vec) = 0 then
    raise exception 'the query vector is all zeros, which have no direction'
      using errcode = 'RW103', hint = 'Embed a text that is not empty.';
  end if;
  if k is null or k not between 1 and 1000 then
    raise exception 'k is expected to be 1 to 1000'
      using errcode = 'RW104';
  end if;
  if filter is not null and jsonb_typeof(filter) <> 'object' then
    raise exception 'the filter is expected to be a JSON object, or null for none'
      using errcode = 'RW105', hint = 'A document matches if its metadata contains the filter (jsonb @>).';
  end if;

  -- A build that was interrupted leaves an index that is not valid.
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
  'Returns the k documents of the bound tenant that are nearest to query_vec among those whose metadata contains '
  'filter: nearest first, ties by id, fewer than k only if fewer match. Exact, unless the tenant has a graph (see '
  'index_plan()), which may miss a document for one that is nearly as near. similarity: the cosine, -1 to 1. '
  'query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON object, compared by @>; null '
  'for none. Raises RW001 if no tenant is bound, RW101 if query_vec is null, RW102 if its dimensions are wrong, RW103 '
  'if it is all zeros, RW104 if k is null or out of range, RW105 if filter is no object.';

grant execute on function ragwall.match_documents(public.halfvec, integer, jsonb)
  to app_user, app_reader, agent_reader;

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
  'Calls match_documents(query_vec, k, filter) without a filter: the k documents of the bound tenant that are nearest '
  'to query_vec. query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. Raises RW001 if no tenant is '
  'bound, RW101 to RW104 for null and for arguments out of range.';

grant execute on function ragwall.match_documents(public.halfvec, integer) to app_user, app_reader, agent_reader;

-- With the argument names that clients of Supabase and LangChain use. Its argument types have to differ from those
-- above. A number in JSON is a double precision, and with this type every call, typed or not, has one best match.
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
  'Calls match_documents(query_vec, k, filter) by the argument names of other vector stores. query_embedding: '
  'embedding_dimensions() numbers, not all zero. match_count: a whole number, 1 to 1000. filter: a JSON object, or '
  'null for none. Raises RW001 if no tenant is bound, RW101 to RW105 for its arguments.';

grant execute on function ragwall.match_documents(public.halfvec, double precision, jsonb)
  to app_user, app_reader, agent_reader;

-- For roles that run SQL that others write. Whoever may select from a table can see in EXPLAIN how many rows the
-- planner expects of a guessed tenant. A role that may only execute this function cannot: EXPLAIN does not show the
-- plan of its query, and client_min_messages keeps back the plans that debug_print_plan would send. EXPLAIN (BUFFERS)
-- would count pages, whose number depends on how the rows of other tenants lie among the caller's, so EXPLAIN is
-- refused.
create function ragwall.agent_match_documents(query_vec public.halfvec, k integer, filter jsonb)
  returns table (tenant_id text, id uuid, content text, metadata jsonb, similarity double precision)
  language plpgsql
  stable
  parallel unsafe
  security definer
  rows 10
  set search_path = pg_catalog, pg_temp
  set client_min_messages = notice
as $$
#variable_conflict use_column
begin
  if current_query() ~* 'explain' then
    raise exception 'this function does not run under explain'
      using errcode = 'RW106',
        hint = 'The statement may not have the word explain anywhere. Pass a text that has it as a parameter.';
  end if;
  return query
  select m.tenant_id, m.id, m.content, m.metadata, m.similarity
  from ragwall.match_documents(query_vec, k, filter) as m;
end
$$;

comment on function ragwall.agent_match_documents(public.halfvec, integer, jsonb) is
  'Calls match_documents(query_vec, k, filter) for agent_caller, which has no privilege on any table. query_vec: '
  'embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON object, or null for none. Raises RW106 '
  'if the word explain is anywhere in the statement, RW001 if no tenant is bound, RW101 to RW105 for its arguments. '
  'Security definer: its caller may not read the table. It runs as the owner, who is bound by the same policies.';

grant execute on function ragwall.agent_match_documents(public.halfvec, integer, jsonb) to agent_caller;

reset role;
