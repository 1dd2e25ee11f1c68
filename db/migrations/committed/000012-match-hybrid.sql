--! Previous: sha1:e9ab168886d59f5af56446f11cf5cfd028f69ed2
--! Hash: sha1:235ea70a1e2a446ee6a4cadc1d85955eb8ca37dc
--! Message: match-hybrid

-- Search by words, and by words and vectors together.

do $$ begin perform ragwall.begin_migration(12); end $$;

set local role ragwall_owner;

create type ragwall.scored_match as (
  tenant_id text,
  id uuid,
  source text,
  "position" integer,
  content text,
  metadata jsonb,
  similarity double precision,
  words double precision,
  score double precision
);

comment on type ragwall.scored_match is
  'A document that was found. similarity: the cosine, -1 to 1. words: its score by BM25, from 0. score: what the order '
  'is by.';

reset role;
grant create on schema ragwall to ragwall_search;
set local role ragwall_search;

create function ragwall.search_words(query_text text, k integer, filter jsonb default null)
  returns setof ragwall.scored_match
  language plpgsql
  stable
  parallel unsafe
  security definer
  rows 10
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  tenant constant text := ragwall.require_tenant();
  by_words record;
begin
  if query_text is null then
    raise exception 'the text to search for is null'
      using errcode = 'RW109';
  end if;
  if k is null or k not between 1 and 1000 then
    raise exception 'k is expected to be 1 to 1000'
      using errcode = 'RW104';
  end if;
  by_words := ragwall_search.best_by_words(tenant, query_text, search_words.k, search_words.filter);
  return query
  select r.tenant_id, r.id, r.source, r.position, r.content, r.metadata, null::double precision, r.words, r.words
  from unnest(by_words.ids) as i (id)
  cross join lateral (
    select d.tenant_id, d.id, d.source, d.position, d.content, d.metadata, (
      select -(w.words operator(:VECTOR_SCHEMA.<#>) by_words.words) from ragwall_search.words as w
      where w.tenant_id = tenant and w.id = i.id
    ) as words
    from ragwall.documents_rows as d
    where d.tenant_id = tenant and d.id = i.id
    offset 0
  ) as r
  order by r.words desc, r.id;
end
$$;

comment on function ragwall.search_words(text, integer, jsonb) is
  'Returns the k documents of the bound tenant that score best for a text by their words (BM25) among those whose '
  'metadata fits filter: best first, ties by id, none that has no word of the text; exact. How rare a word is comes '
  'from the tenant''s own documents. similarity is null. query_text: any text; its 32 longest words count. k: 1 to '
  '1000. filter: a JSON object (filter_path()), or null for none. Raises RW001 if no tenant is bound, RW104 if k is '
  'null or out of range, RW109 if query_text is null, RW110 if words are not enabled, RW105, RW107 and RW108 as '
  'filter_path() does. Security definer: its owner, ragwall_search, reads the words, and is bound by the policies '
  'there.';

select ragwall.fix_plans('ragwall.search_words(text, integer, jsonb)', 'generic');

create function ragwall.match_hybrid(
  query_vec :VECTOR_SCHEMA.halfvec,
  query_text text,
  k integer,
  filter jsonb default null,
  weight double precision default 0.5
)
  returns setof ragwall.scored_match
  language plpgsql
  stable
  parallel unsafe
  security definer
  rows 10
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  tenant constant text := ragwall.require_tenant();
  by_words record;
  ids uuid[];
begin
  if query_text is null then
    raise exception 'the text to search for is null'
      using errcode = 'RW109';
  end if;
  if (weight between 0 and 1) is not true then
    raise exception 'weight is expected to be 0 to 1'
      using errcode = 'RW111', hint = '1 is the vector alone, 0 the words alone.';
  end if;
  -- Of each of the two the best fifty.
  ids := array(
    select m.id from ragwall.search_documents(
      query_vec, case when match_hybrid.k between 1 and 49 then 50 else match_hybrid.k end, match_hybrid.filter
    ) as m
  );
  by_words := ragwall_search.best_by_words(tenant, query_text, greatest(match_hybrid.k, 50), match_hybrid.filter);
  -- Both scores of each: of what only one of the two has found, the other score would else count as none.
  return query
  with scored as materialized (
    select d.tenant_id, d.id, d.source, d.position, d.content, d.metadata,
      1 - (d.embedding operator(:VECTOR_SCHEMA.<=>) query_vec) as similarity, coalesce(w.words, 0) as words
    from (select unnest(ids) union select unnest(by_words.ids)) as i (id)
    cross join lateral (
      select r.tenant_id, r.id, r.source, r.position, r.content, r.metadata, r.embedding
      from ragwall.documents_rows as r
      where r.tenant_id = tenant and r.id = i.id
      offset 0
    ) as d
    left join lateral (
      select -(w.words operator(:VECTOR_SCHEMA.<#>) by_words.words) as words from ragwall_search.words as w
      where w.tenant_id = tenant and w.id = i.id
      offset 0
    ) as w on true
  ),
  span as (
    select min(s.similarity) as farthest, nullif(max(s.similarity) - min(s.similarity), 0) as distance,
      min(s.words) as worst, nullif(max(s.words) - min(s.words), 0) as difference
    from scored as s
  )
  select s.tenant_id, s.id, s.source, s.position, s.content, s.metadata, s.similarity, s.words,
    weight * coalesce((s.similarity - p.farthest) / p.distance, 0)
      + (1 - weight) * coalesce((s.words - p.worst) / p.difference, 0) as score
  from scored as s
  cross join span as p
  order by score desc, s.id
  limit match_hybrid.k;
end
$$;

comment on function ragwall.match_hybrid(:VECTOR_SCHEMA.halfvec, text, integer, jsonb, double precision) is
  'Returns the k documents of the bound tenant that are best by meaning and by words among those whose metadata fits '
  'filter: best first, ties by id, fewer than k only if fewer fit. Candidates are the 50 (k, if that is more) best of '
  'match_documents() and of search_words(). Both scores of each are scaled to 0 to 1 over all candidates, and score is '
  'weight times that of the similarity plus 1 - weight times that of the words. query_vec: '
  'embedding_dimensions() numbers, not all zero. query_text: the text that it is the embedding of. k: 1 to 1000. '
  'filter: a JSON object (filter_path()), or null for none. weight: 0 to 1. Raises RW001 if no tenant is bound, RW101 '
  'to RW108 as match_documents() does, RW109 if query_text is null, RW110 if words are not enabled, RW111 if weight is '
  'null or out of range. Security definer: its owner, ragwall_search, reads the documents and words, and is bound by '
  'the policies there.';

select ragwall.fix_plans(
  'ragwall.match_hybrid(:VECTOR_SCHEMA.halfvec, text, integer, jsonb, double precision)', 'generic'
);

grant execute on function ragwall.search_words(text, integer, jsonb),
  ragwall.match_hybrid(:VECTOR_SCHEMA.halfvec, text, integer, jsonb, double precision)
  to app_user, app_reader, agent_reader, ragwall_owner;

reset role;
revoke create on schema ragwall from ragwall_search;
set local role ragwall_owner;

create function ragwall.agent_match_hybrid(
  query_vec :VECTOR_SCHEMA.halfvec,
  query_text text,
  k integer,
  filter jsonb default null
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
  select m.tenant_id, m.id, m.source, m.position, m.content, m.metadata, null::double precision
  from ragwall.match_hybrid(query_vec, query_text, k, filter) as m;
end
$$;

comment on function ragwall.agent_match_hybrid(:VECTOR_SCHEMA.halfvec, text, integer, jsonb) is
  'Calls match_hybrid(query_vec, query_text, k, filter) for agent_caller, as agent_match_documents() does for '
  'match_documents(): without scores. Raises RW106 if the word explain is anywhere in the statement, and what '
  'match_hybrid() raises. Security definer: its caller may not read the table. It runs as the owner, who is bound by '
  'the same policies.';

grant execute on function ragwall.agent_match_hybrid(:VECTOR_SCHEMA.halfvec, text, integer, jsonb) to agent_caller;

reset role;
