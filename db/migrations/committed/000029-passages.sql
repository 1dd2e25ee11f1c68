--! Previous: sha1:9dd2bf651d835d86bde4474d3642d141125a1223
--! Hash: sha1:8b17add4735dc7556032c371b0dafef5818f3059
--! Message: passages

-- A face for tools that insert rows, upsert and delete them by id, and know no tenant. In a schema of its own, because
-- PostgREST exposes all that a schema has.

do $$ begin perform ragwall.begin_migration(29); end $$;

do $$
begin
  execute format('grant create on database %I to ragwall_owner', current_database());
end
$$;
set local role ragwall_owner;

create schema ragwall_api;

comment on schema ragwall_api is
  'For tools that know tables and no tenants: the view passages and the search match_passages(). The tenant is that '
  'which is bound to the transaction.';

grant usage on schema ragwall_api to app_user, app_reader;

-- Without tenant_id: a tool that reads keys from the catalog, as PostgREST does, would look for duplicates by it.
create view ragwall_api.passages
  with (security_invoker = true)
as
select d.id, d.source, d.position, d.content, d.metadata, d.embedding, d.embedding_model
from ragwall.documents as d;

comment on view ragwall_api.passages is
  'The documents of the bound tenant as rows without a tenant. INSERT replaces the document that has the same id. '
  'Every write raises RW001 if no tenant is bound. Runs with the rights of its caller, so the policies of '
  'ragwall.documents hold. Each row is written by a statement of its own.';
comment on column ragwall_api.passages.id is
  'Unique within the tenant. If none is given: for a new source and position as document_id() makes it, else random.';
comment on column ragwall_api.passages.source is
  'What the passage was taken from, 1 to 1024 bytes, or null. Does not change.';
comment on column ragwall_api.passages.position is
  'The number of the passage in its source, from 0. Null exactly if source is null. Does not change.';
comment on column ragwall_api.passages.content is
  'The text of the passage. Whoever changes it has to change its embedding.';
comment on column ragwall_api.passages.metadata is 'A JSON object to filter by. If none is given: an empty object.';
comment on column ragwall_api.passages.embedding is
  'The embedding of content by embedding_model: embedding_dimensions() half-precision numbers, not all zero.';
comment on column ragwall_api.passages.embedding_model is
  'The model that made the embedding, 1 to 200 bytes. For tools that do not know it, the owner sets a default: '
  'alter view ragwall_api.passages alter column embedding_model set default ''…''.';

create function ragwall.write_passage()
  returns trigger
  language plpgsql
  volatile
  parallel unsafe
  security invoker
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := ragwall.require_tenant();
  stored record;
begin
  if tg_level = 'STATEMENT' then
    return null;
  elsif tg_op = 'DELETE' then
    -- Not counted if another session was faster.
    if ragwall.delete_documents(array[old.id]) = 0 then
      return null;
    end if;
    return old;
  end if;

  if new.embedding_model is null then
    raise exception 'the passage has no embedding_model'
      using errcode = 'RW206', hint = 'Name the model with each row, or have its owner set a default: '
        'alter view ragwall_api.passages alter column embedding_model set default ''…''.';
  end if;
  if tg_op = 'UPDATE' then
    if (new.id, new.source, new.position) is distinct from (old.id, old.source, old.position) then
      raise exception 'id, source and position of a passage do not change'
        using errcode = 'RW207', hint = 'Insert the passage anew, then delete the old one.';
    end if;
    -- Nobody has locked the row since it was read. So it is compared, and what another session wrote is not lost.
    update ragwall.documents as d
    set content = new.content,
      embedding = new.embedding,
      embedding_model = new.embedding_model,
      metadata = new.metadata
    where d.tenant_id = tenant
      and d.id = old.id
      and (d.content, d.embedding_model, d.metadata) = (old.content, old.embedding_model, old.metadata)
      and d.embedding operator(:VECTOR_SCHEMA.=) old.embedding;
    if not found then
      if exists (select from ragwall.documents as d where d.tenant_id = tenant and d.id = old.id) then
        raise exception 'the passage was changed while it was being updated'
          using errcode = '40001', hint = 'Run the transaction again.';
      end if;
      return null;
    end if;
    return new;
  end if;

  new.metadata := coalesce(new.metadata, '{}');
  if new.id is null and new.source is not null then
    new.id := coalesce(
      (
        select d.id
        from ragwall.documents as d
        where d.tenant_id = tenant and d.source = new.source and d.position = new.position
      ),
      ragwall.document_id(tenant, new.source, new.position)
    );
  end if;
  new.id := coalesce(new.id, gen_random_uuid());
  -- No row of another tenant can be in conflict, because the key leads with the tenant.
  insert into ragwall.documents as d (id, source, position, content, embedding, embedding_model, metadata)
  values (new.id, new.source, new.position, new.content, new.embedding, new.embedding_model, new.metadata)
  on conflict (tenant_id, id) do update
  set content = excluded.content,
    embedding = excluded.embedding,
    embedding_model = excluded.embedding_model,
    metadata = excluded.metadata
  where (excluded.source is null or (d.source, d.position) = (excluded.source, excluded.position))
    and (
      (d.content, d.embedding_model, d.metadata) <> (excluded.content, excluded.embedding_model, excluded.metadata)
      or d.embedding operator(:VECTOR_SCHEMA.<>) excluded.embedding
    )
  returning d.source, d.position into stored;
  if not found then
    -- It is there already, either as it was given, or with another source.
    select d.source, d.position into stored from ragwall.documents as d where d.tenant_id = tenant and d.id = new.id;
    if new.source is not null and (stored.source, stored.position) is distinct from (new.source, new.position) then
      raise exception 'another passage has the id of this one'
        using errcode = 'RW204', hint = 'Name each passage either by id, or by source and position.';
    end if;
  end if;
  new.source := stored.source;
  new.position := stored.position;
  return new;
end
$$;

comment on function ragwall.write_passage() is
  'Writes a row of ragwall_api.passages to ragwall.documents, with the rights of whoever writes the row. Raises RW001 '
  'if no tenant is bound, also where there is no row to write; RW204 if the id belongs to another source; RW206 '
  'without a model; RW207 if an update changes id, source or position; 40001 if another session changed the row '
  'meanwhile.';

select ragwall.fix_plans('ragwall.write_passage()', 'generic');

-- Where no tenant is bound there are no rows, so only a trigger of the statement can refuse it.
create trigger require_tenant
  before insert or update or delete on ragwall_api.passages
  for each statement
  execute function ragwall.write_passage();

create trigger write_passage
  instead of insert or update or delete on ragwall_api.passages
  for each row
  execute function ragwall.write_passage();

grant select on ragwall_api.passages to app_user, app_reader;
grant insert (id, source, position, content, metadata, embedding, embedding_model) on ragwall_api.passages to app_user;
grant update (id, source, position, content, metadata, embedding, embedding_model) on ragwall_api.passages to app_user;
-- DELETE exists only for whole relations, and allows LOCK TABLE on the view. It does not reach the table, on which the
-- caller has no such privilege.
grant delete on ragwall_api.passages to app_user;

-- By the argument names of LangChain and Supabase. A number in JSON is a double precision. In plpgsql, so that its
-- plans are fixed: a join that reads other tenants' rows first would take longer the more there are.
create function ragwall_api.match_passages(
  query_embedding :VECTOR_SCHEMA.halfvec,
  match_count double precision default 1000,
  filter jsonb default null
)
  returns table (
    id uuid, source text, "position" integer, content text, metadata jsonb, embedding real[],
    similarity double precision
  )
  language plpgsql
  stable
  parallel unsafe
  security invoker
  rows 10
  set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  select m.id, m.source, m.position, m.content, m.metadata, d.embedding, m.similarity
  from ragwall.match_documents(
    query_embedding,
    case when match_count >= 1 and match_count <= 1000 and match_count = trunc(match_count)
      then match_count::integer end,
    filter
  ) as m
  cross join lateral (
    select d.embedding::real[] from ragwall.documents as d where d.tenant_id = m.tenant_id and d.id = m.id offset 0
  ) as d
  order by m.similarity desc, m.id;
end
$$;

comment on function ragwall_api.match_passages(:VECTOR_SCHEMA.halfvec, double precision, jsonb) is
  'Returns the passages of the bound tenant that are nearest to query_embedding, as match_documents() does, with their '
  'embeddings. query_embedding: embedding_dimensions() numbers, not all zero. match_count: a whole number, 1 to 1000, '
  'which is the default. filter: a JSON object (filter_path()); null or an empty object for none. similarity: the '
  'cosine, -1 to 1. Raises RW001 if no tenant is bound, RW101 to RW108 for its arguments.';

select ragwall.fix_plans('ragwall_api.match_passages(:VECTOR_SCHEMA.halfvec, double precision, jsonb)', 'generic');

grant execute on function ragwall_api.match_passages(:VECTOR_SCHEMA.halfvec, double precision, jsonb)
  to app_user, app_reader;

reset role;
do $$
begin
  execute format('revoke create on database %I from ragwall_owner', current_database());
end
$$;
