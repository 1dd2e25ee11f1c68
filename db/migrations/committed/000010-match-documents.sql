--! Previous: sha1:30d5d95aca9017e8977f98e45c3ac06e9a52c317
--! Hash: sha1:9e1bc17e04d159832e7f163ea651b886be7bd7cd
--! Message: match-documents

-- Search: the nearest documents of the tenant that is bound, and the functions that applications search by.

do $$ begin perform ragwall.begin_migration(10); end $$;

do $$ begin perform '[1]':::VECTOR_SCHEMA.halfvec; end $$;

grant create on schema ragwall to ragwall_search;
set local role ragwall_search;

-- The plans are kept by the session. No caller's condition gets into them, and every setting by which a caller could
-- change them is fixed, so they are the same for everybody: one partition, by a key that leads with the tenant.
create function ragwall.search_documents(query_vec :VECTOR_SCHEMA.halfvec, k integer, filter jsonb)
  returns setof ragwall.match
  language plpgsql
  stable
  parallel unsafe
  security definer
  rows 10
  set search_path = pg_catalog, pg_temp
  set hnsw.iterative_scan = off
  set hnsw.ef_search = 40
as $$
#variable_conflict use_variable
declare
  tenant constant text := ragwall.current_tenant();
  path jsonpath;
  entry ragwall_search.directory;
  found ragwall.match[];
begin
  if (
    tenant is not null
    and :VECTOR_SCHEMA.vector_dims(query_vec) = ragwall.embedding_dimensions()
    and query_vec operator(:VECTOR_SCHEMA.<=>) query_vec < 2
    and k between 1 and 1000
  ) is not true then
    perform ragwall.refuse_search(query_vec, k);
  end if;
  if filter <> '{}' then
    path := ragwall.filter_path(filter);
  end if;

  select s.* into entry from ragwall_search.directory as s where s.tenant_id = tenant;
  if entry.relation is not null then
    found := ragwall_search.search_table(entry, query_vec, k, filter, path);
    if found is not null then
      return query select f.* from unnest(found) as f;
      return;
    end if;
  end if;

  return query
  select r.tenant_id, r.id, r.source, r.position, r.content, r.metadata,
    1 - (r.embedding operator(:VECTOR_SCHEMA.<=>) query_vec) as similarity
  from ragwall.documents_rows as r
  where r.tenant_id = tenant
    and (path is null or r.metadata @? path)
  order by similarity desc, r.id
  limit k;
end
$$;

comment on function ragwall.search_documents(:VECTOR_SCHEMA.halfvec, integer, jsonb) is
  'Returns the k documents of the bound tenant that are nearest to query_vec among those whose metadata fits '
  'filter: nearest first, ties by id, fewer than k only if fewer match. Exact, unless the tenant has a search table '
  '(see search_tables), which may miss a document for one that is nearly as near. query_vec: embedding_dimensions() '
  'numbers, not all zero. k: 1 to 1000. filter: a JSON object (filter_path()); null for none. Raises what '
  'refuse_search() and filter_path() do. Security definer: its owner, ragwall_search, reads the documents where they '
  'are stored, and is bound by the policies there.';

select ragwall.fix_plans('ragwall.search_documents(:VECTOR_SCHEMA.halfvec, integer, jsonb)', 'generic');

grant execute on function ragwall.search_documents(:VECTOR_SCHEMA.halfvec, integer, jsonb)
  to app_user, app_reader, agent_reader, ragwall_owner;

reset role;
revoke create on schema ragwall from ragwall_search;
set local role ragwall_owner;

create function ragwall.match_documents(query_vec :VECTOR_SCHEMA.halfvec, k integer, filter jsonb)
  returns setof ragwall.match
  language sql
  stable
  parallel unsafe
  security invoker
  rows 10
begin atomic
  select m.* from ragwall.search_documents(query_vec, k, filter) as m;
end;

comment on function ragwall.match_documents(:VECTOR_SCHEMA.halfvec, integer, jsonb) is
  'Returns the k documents of the bound tenant that are nearest to query_vec among those whose metadata fits '
  'filter: nearest first, ties by id, fewer than k only if fewer match. Exact, unless the tenant has a search table '
  '(see search_tables), which may miss a document for one that is nearly as near. similarity: the cosine, -1 to 1. '
  'query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON object (filter_path()); null '
  'for none. Raises RW001 if no tenant is bound, RW101 if query_vec is null, RW102 if its dimensions are wrong, RW103 '
  'if it is all zeros, RW104 if k is null or out of range, RW105, RW107 and RW108 as '
  'filter_path() does.';

grant execute on function ragwall.match_documents(:VECTOR_SCHEMA.halfvec, integer, jsonb)
  to app_user, app_reader, agent_reader;

create function ragwall.match_documents(query_vec :VECTOR_SCHEMA.halfvec, k integer)
  returns setof ragwall.match
  language sql
  stable
  parallel unsafe
  security invoker
  rows 10
begin atomic
  select m.*
  from ragwall.match_documents(query_vec, k, null::jsonb) as m;
end;

comment on function ragwall.match_documents(:VECTOR_SCHEMA.halfvec, integer) is
  'Calls match_documents(query_vec, k, filter) without a filter: the k documents of the bound tenant that are nearest '
  'to query_vec. query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. Raises RW001 if no tenant is '
  'bound, RW101 to RW104 for null and for arguments out of range.';

grant execute on function ragwall.match_documents(:VECTOR_SCHEMA.halfvec, integer)
  to app_user, app_reader, agent_reader;

-- Binding and search in one call. The tenant comes first, so that a database that is spread over several servers can
-- take the whole call to the one that has the tenant's documents. Security invoker: who may bind is decided by the
-- privileges on the functions that bind, and by them alone.
create function ragwall.search_as(tenant text, query_vec :VECTOR_SCHEMA.halfvec, k integer, filter jsonb)
  returns setof ragwall.match
  language plpgsql
  volatile
  parallel unsafe
  security invoker
  rows 10
  set search_path = pg_catalog, pg_temp
as $$
begin
  perform ragwall.set_tenant(tenant);
  return query select m.* from ragwall.search_documents(query_vec, k, filter) as m;
end
$$;

comment on function ragwall.search_as(text, :VECTOR_SCHEMA.halfvec, integer, jsonb) is
  'Calls set_tenant(tenant), then match_documents(query_vec, k, filter). tenant: 1 to 128 printable ASCII characters '
  'without spaces. query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON object, or '
  'null for none. Raises RW002, RW003, RW004 and RW007 as set_tenant() does, RW101 to RW108 as match_documents() does, '
  'and 42501 in signed mode, in which nobody may execute set_tenant().';

grant execute on function ragwall.search_as(text, :VECTOR_SCHEMA.halfvec, integer, jsonb) to app_user, app_reader;

create function ragwall.search_with_token(token text, query_vec :VECTOR_SCHEMA.halfvec, k integer, filter jsonb)
  returns setof ragwall.match
  language plpgsql
  volatile
  parallel unsafe
  security invoker
  rows 10
  set search_path = pg_catalog, pg_temp
as $$
begin
  perform ragwall.set_tenant_from_token(token);
  return query select m.* from ragwall.search_documents(query_vec, k, filter) as m;
end
$$;

comment on function ragwall.search_with_token(text, :VECTOR_SCHEMA.halfvec, integer, jsonb) is
  'Calls set_tenant_from_token(token), then match_documents(query_vec, k, filter). token: a JWT that a key of '
  'signing_keys() signed. query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON '
  'object, or null for none. Raises RW003 and RW005 to RW007 as set_tenant_from_token() does, RW101 to RW105 as '
  'match_documents() does.';

grant execute on function ragwall.search_with_token(text, :VECTOR_SCHEMA.halfvec, integer, jsonb)
  to app_user, app_reader, agent_reader;

-- For roles that run SQL that others write. Whoever may select from a table can see in EXPLAIN how many rows the
-- planner expects of a guessed tenant. A role that may only execute this function cannot: EXPLAIN does not show the
-- plan of its query, and client_min_messages keeps back the plans that debug_print_plan would send. EXPLAIN (BUFFERS)
-- would count pages, whose number depends on how the rows of other tenants lie among the caller's, so EXPLAIN is
-- refused.
create function ragwall.agent_match_documents(
  query_vec :VECTOR_SCHEMA.halfvec,
  k integer,
  filter jsonb,
  with_similarity boolean default false
)
  returns setof ragwall.match
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
  select m.tenant_id, m.id, m.source, m.position, m.content, m.metadata,
    case when with_similarity then m.similarity end
  from ragwall.match_documents(query_vec, k, filter) as m;
end
$$;

comment on function ragwall.agent_match_documents(:VECTOR_SCHEMA.halfvec, integer, jsonb, boolean) is
  'Calls match_documents(query_vec, k, filter) for agent_caller, which has no privilege on any table. query_vec: '
  'embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON object, or null for none. similarity is '
  'null unless with_similarity is true, because many similarities give a stored vector away. Raises RW106 if the word '
  'explain is anywhere in the statement, RW001 if no tenant is bound, RW101 to RW108 for its arguments. '
  'Security definer: its caller may not read the table. It runs as the owner, who is bound by the same policies.';

grant execute on function ragwall.agent_match_documents(:VECTOR_SCHEMA.halfvec, integer, jsonb, boolean)
  to agent_caller;

reset role;
