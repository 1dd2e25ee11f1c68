--! Previous: sha1:08041d30e4e9a1fb81b6bebf8bf6a0aa8d3f4434
--! Hash: sha1:30d5d95aca9017e8977f98e45c3ac06e9a52c317
--! Message: search-in-search-tables

-- Search in a search table, and what a search may be refused for.

do $$ begin perform ragwall.begin_migration(9); end $$;

-- The settings of the functions below are pgvector's, and are known once its library is loaded.
do $$ begin perform '[1]':::VECTOR_SCHEMA.halfvec; end $$;

set local role ragwall_owner;

create type ragwall.match as (
  tenant_id text,
  id uuid,
  source text,
  "position" integer,
  content text,
  metadata jsonb,
  similarity double precision
);

comment on type ragwall.match is 'A document that was found. similarity: the cosine, -1 to 1.';

create function ragwall.refuse_search(query_vec :VECTOR_SCHEMA.halfvec, k integer)
  returns void
  language plpgsql
  stable
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
begin
  perform ragwall.require_tenant();
  if query_vec is null then
    raise exception 'the query vector is null'
      using errcode = 'RW101', hint = 'Embed the question with the model that embedded the documents.';
  end if;
  if :VECTOR_SCHEMA.vector_dims(query_vec) <> ragwall.embedding_dimensions() then
    raise exception 'the query vector is expected to have % dimensions, and has %',
        ragwall.embedding_dimensions(), :VECTOR_SCHEMA.vector_dims(query_vec)
      using errcode = 'RW102', hint = 'Embed the question with the model that embedded the documents.';
  end if;
  if :VECTOR_SCHEMA.l2_norm(query_vec) = 0 then
    raise exception 'the query vector is all zeros, which have no direction'
      using errcode = 'RW103', hint = 'Embed a text that is not empty.';
  end if;
  if k is null or k not between 1 and 1000 then
    raise exception 'k is expected to be 1 to 1000'
      using errcode = 'RW104';
  end if;
end
$$;

comment on function ragwall.refuse_search(:VECTOR_SCHEMA.halfvec, integer) is
  'Raises what is wrong with a search: RW001 if no tenant is bound, RW101 if query_vec is null, RW102 if its '
  'dimensions are wrong, RW103 if it is all zeros, RW104 if k is null or out of range. Returns if nothing is. '
  'Called by search_documents() where its one condition has failed.';

grant execute on function ragwall.refuse_search(:VECTOR_SCHEMA.halfvec, integer) to ragwall_search;
grant execute on function ragwall.require_tenant() to ragwall_search;

-- How the k nearest are found: the search table gives ids that may be among them, and every id of the tail may be, too.
-- All of these are looked up in the documents, where the policies hold, and compared as they are now. The answer is
-- complete if k of them have not changed since the search table was brought up to date: what has, the tail gives.
create function ragwall_search.search_table(
  entry ragwall_search.directory,
  query_vec :VECTOR_SCHEMA.halfvec,
  k integer,
  filter jsonb,
  path jsonpath
)
  returns ragwall.match[]
  language plpgsql
  stable
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  tail constant uuid[] := array(
    select t.id from ragwall_search.tail as t where t.tenant_id = entry.tenant_id
  );
  -- Candidates that have changed take the places of others. Seldom are there many among the nearest.
  depth double precision := case when tail = '{}' then k else 2 * k + 10 end;
  attempt integer := 0;
  ef double precision;
  share double precision;
  all_that_match boolean;
  ids uuid[];
  expected integer;
  unchanged integer;
  found ragwall.match[];
begin
  -- To look up a document of the tail costs about twice what it costs in an exact search.
  if to_regclass('ragwall_search.' || entry.relation) is null or cardinality(tail) > entry.documents / 2 then
    return null;
  end if;
  if path is not null then
    -- What share of the documents matches: the first document of each of 64 pages tells.
    execute format(
      'select coalesce(avg((s.metadata @? $1)::integer), 0) from ragwall_search.%I as s where s.ctid = any ($2)',
      entry.relation
    ) into share using path, array(
      select format('(%s,1)', i * entry.pages / 64)::tid from generate_series(0, 63) as i
    );
    depth := case when share > 0 then 1.5 * depth / share else 1000 end;
  end if;
  loop
    attempt := attempt + 1;
    -- As was measured: up to ten by ef_10, up to a hundred by ef_100, and more in proportion.
    ef := case
      when depth <= 10 then entry.ef_10
      when depth <= 100 then entry.ef_100
      else ceil(entry.ef_100 * depth / 100)
    end;
    -- A candidate of the HNSW index costs about ten times what a match costs that the index of the metadata gives.
    all_that_match := ef is null or ef > 1000
      or path is not null and (attempt = 2 or 10 * ef > share * entry.documents) or attempt = 3;
    if all_that_match and path is null then
      return null;
    elsif all_that_match then
      -- Without an index for any of it, its rows are read one after the other.
      perform set_config('enable_seqscan', 'on', true);
      execute format(
        'select array(
          select s.id from ragwall_search.%I as s where s.metadata @? $2%s
          order by (s.embedding operator(:VECTOR_SCHEMA.<=>) $1) + 0, s.id limit $3
        )',
        -- An index of ranges saves nothing where many match.
        entry.relation, case when share < 0.2 then ragwall_search.range_condition(filter, entry.ranges) end
      ) into ids using query_vec, path, k + cardinality(tail);
      perform set_config('enable_seqscan', 'off', true);
    else
      -- Without sorting the index is the only way to the order, however many candidates are asked for.
      perform set_config('hnsw.ef_search', ef::text, true), set_config('enable_sort', 'off', true);
      if path is null then
        execute format(
          'select array(
            select s.id from ragwall_search.%I as s order by s.embedding operator(:VECTOR_SCHEMA.<=>) $1 limit $2
          )',
          entry.relation
        ) into ids using query_vec, depth;
      else
        execute format(
          'select array(
            select c.id from (
              select s.id, s.metadata from ragwall_search.%I as s
              order by s.embedding operator(:VECTOR_SCHEMA.<=>) $1 limit $2
            ) as c
            where c.metadata @? $3
            limit $4
          )',
          entry.relation
        ) into ids using query_vec, depth, path, k + cardinality(tail);
      end if;
      perform set_config('enable_sort', 'on', true);
    end if;

    if tail <> '{}' then
      with candidate as materialized (
        select c.id, c.changed, d.similarity
        from (
          select u.id, bool_or(u.changed) as changed
          from (
            select i.id, false as changed from unnest(ids) as i (id)
            union all
            select t.id, true from unnest(tail) as t (id)
          ) as u
          group by u.id
        ) as c
        cross join lateral (
          select 1 - (r.embedding operator(:VECTOR_SCHEMA.<=>) query_vec) as similarity
          from ragwall.documents_rows as r
          where r.tenant_id = entry.tenant_id
            and r.id = c.id
            and (path is null or r.metadata @? path)
          offset 0
        ) as d
      )
      select
        (select count(*) from (select unnest(ids) except select unnest(tail)) as i),
        (select count(*) from candidate as c where not c.changed),
        array(select c.id from candidate as c order by c.similarity desc, c.id limit k)
      into expected, unchanged, ids;
    end if;
    found := array(
      select row(d.*)::ragwall.match
      from unnest(ids) as c (id)
      cross join lateral (
        select r.tenant_id, r.id, r.source, r.position, r.content, r.metadata,
          1 - (r.embedding operator(:VECTOR_SCHEMA.<=>) query_vec) as similarity
        from ragwall.documents_rows as r
        where r.tenant_id = entry.tenant_id
          and r.id = c.id
          and (path is null or r.metadata @? path)
        offset 0
      ) as d
      order by d.similarity desc, d.id
    );
    if tail = '{}' then
      expected := cardinality(ids);
      unchanged := cardinality(found);
    end if;

    -- If all that match were asked for, fewer than k may be enough: unless one is no longer in the documents.
    if unchanged >= k or all_that_match and unchanged = expected then
      return found[:k];
    elsif all_that_match then
      return null;
    end if;
    depth := 4 * depth + 100;
  end loop;
end
$$;

comment on function ragwall_search.search_table(
  ragwall_search.directory, :VECTOR_SCHEMA.halfvec, integer, jsonb, jsonpath
) is
  'The k nearest documents of a tenant as its search table and its tail give them, nearest first; null if only an '
  'exact search can tell. entry: the tenant''s row of the directory. filter, '
  'path: the filter and its filter_path(), or null for none. For search_documents(), as whose owner it runs.';

grant execute on function ragwall_search.search_table(
  ragwall_search.directory, :VECTOR_SCHEMA.halfvec, integer, jsonb, jsonpath
) to ragwall_search;

reset role;
