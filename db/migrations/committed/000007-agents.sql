--! Previous: sha1:407a067e396ca815922ac9f619ece0eac11782ac
--! Hash: sha1:44e745f277948729d4c8f8e5028a02dbae39073f
--! Message: agents

-- For SQL that others write, a language model say: two roles that read only, and prove who is asking by a token.

set local role ragwall_owner;

grant usage on schema ragwall to agent_reader, agent_caller;

alter policy select_own_tenant on ragwall.documents
  to app_user, app_reader, agent_reader, ragwall_owner;

grant select (
  tenant_id, id, source, position, content, embedding, embedding_model, metadata, created_at
) on ragwall.documents to agent_reader;

grant execute on function
  ragwall.require_tenant(),
  ragwall.embedding_dimensions(),
  ragwall.search_graph(public.halfvec, integer, jsonb),
  ragwall.match_documents(public.halfvec, integer),
  ragwall.match_documents(public.halfvec, integer, jsonb),
  ragwall.match_documents(public.halfvec, double precision, jsonb)
  to agent_reader;

-- Why definer: explain tells whoever may select from a table how many rows the planner expects of a guessed
-- tenant. Whoever may only call this is told nothing: the plan inside is neither explained nor, for those who set
-- debug_print_plan, sent as a message; and explain with buffers, whose count of pages depends on how
-- neighbours' rows lie among one's own, is refused. FORCE binds the owner to the same policies.
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
      using errcode = 'RW106', hint = 'The word may not be in the statement at all; pass what has it as a parameter.';
  end if;
  return query
  select m.tenant_id, m.id, m.content, m.metadata, m.similarity
  from ragwall.match_documents(query_vec, k, filter) as m;
end
$$;

comment on function ragwall.agent_match_documents(public.halfvec, integer, jsonb) is
  'match_documents(query_vec, k, filter) for agent_caller, which has no privilege on any table. '
  'Raises RW106 in a statement with the word explain, and what match_documents() raises. '
  'Security definer: its caller may not read the table, and the owner is bound by the same policies.';

grant execute on function ragwall.agent_match_documents(public.halfvec, integer, jsonb) to agent_caller;

reset role;
set local role ragwall_context;

grant execute on function ragwall.current_tenant() to agent_reader, agent_caller;
grant execute on function ragwall.graph_name(text) to agent_reader;

reset role;
