--! Previous: sha1:f6e16823a402ac64bad9273ac7b5e23712cb3389
--! Hash: sha1:e0e3844368fe5bd4dfd407d9d88a98b27c082f8e
--! Message: upsert-documents

-- Ingest: repeating an ingest changes nothing and needs no new embeddings.

do $$ begin perform ragwall.begin_migration(17); end $$;

set local role ragwall_owner;

-- Two sessions that store the same source at the same time get the same id for each passage, so one of them updates
-- the other's row.
create function ragwall.document_id(tenant text, source text, "position" integer)
  returns uuid
  language plpgsql
  stable
  strict
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
declare
  hash bytea := sha256(
    int4send(octet_length(tenant)) || int4send("position")
    || convert_to(tenant, 'UTF8') || convert_to(source, 'UTF8')
  );
begin
  hash := set_byte(hash, 6, get_byte(hash, 6) & 15 | 128);
  hash := set_byte(hash, 8, get_byte(hash, 8) & 63 | 128);
  return encode(substr(hash, 1, 16), 'hex')::uuid;
end
$$;

comment on function ragwall.document_id(text, text, integer) is
  'Returns the id that upsert_documents() gives to a new document of this tenant, source and position: a UUID of '
  'version 8, from the SHA-256 of the three. position: 0 and up. Null if an argument is null.';

grant execute on function ragwall.document_id(text, text, integer) to app_user;

create function ragwall.upsert_documents(documents jsonb)
  returns table (ordinal integer, tenant_id text, id uuid, status text)
  language plpgsql
  volatile
  parallel unsafe
  security invoker
  rows 100
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  tenant constant text := ragwall.require_tenant();
  bad integer;
  ids uuid[];
  done integer[] := '{}';
begin
  if documents is null or jsonb_typeof(documents) <> 'array' then
    raise exception 'the documents are expected to be a JSON array'
      using errcode = 'RW201';
  end if;
  select e.ordinality - 1
  into bad
  from jsonb_array_elements(documents) with ordinality as e (document, ordinality)
  where case when jsonb_typeof(document) = 'object'
    then jsonb_typeof(document -> 'content') is distinct from 'string'
      or coalesce(jsonb_typeof(document -> 'source'), 'null') not in ('string', 'null')
      or (document ->> 'id' is null) = (document ->> 'source' is null)
      or (document ->> 'source' is null) <> (document ->> 'position' is null)
      or coalesce(jsonb_typeof(document -> 'embedding'), 'null') not in ('array', 'string', 'null')
      or (document -> 'embedding' <> 'null' and document ->> 'embedding_model' is null)
      or coalesce(jsonb_typeof(document -> 'embedding_model'), 'null') not in ('string', 'null')
      or coalesce(jsonb_typeof(document -> 'metadata'), 'null') not in ('object', 'null')
    else true end
  order by e.ordinality
  limit 1;
  if bad is not null then
    raise exception 'document % of the array is ill-formed', bad
      using detail = 'ordinal ' || bad, errcode = 'RW202',
        hint = 'Expected: an object with content; id, or else source and position; embedding and '
        'embedding_model, or neither; optionally metadata, a JSON object.';
  end if;

  -- Repeated only if another session has meanwhile inserted one of the documents, which is then compared.
  while cardinality(done) < jsonb_array_length(documents) loop
    ids := array(
      select coalesce(
        g.id,
        (
          select d.id
          from ragwall.documents as d
          where d.tenant_id = tenant and d.source = g.source and d.position = g.position
        ),
        ragwall.document_id(tenant, g.source, g.position)
      )
      from rows from (
        jsonb_to_recordset(documents) as (id uuid, source text, "position" integer)
      ) with ordinality as g
      order by g.ordinality
    );
    select max(u.ordinality) - 1
    into bad
    from unnest(ids) with ordinality as u (id, ordinality)
    group by u.id
    having count(*) > 1
    limit 1;
    if bad is not null then
      raise exception 'document % of the array is the same as one before it', bad
        using detail = 'ordinal ' || bad, errcode = 'RW203',
          hint = 'Name each document once: by id, or by source and position, not by both.';
    end if;
    -- Locks what is compared below, so that it does not change before it is written. Every function here locks in the
    -- order of the key, so that two sessions never wait for each other.
    perform
    from (select i.id from unnest(ids) as i (id) order by i.id) as i
    cross join lateral (
      select from ragwall.documents as d where d.tenant_id = tenant and d.id = i.id offset 0 for update
    ) as d;

    for ordinal, tenant_id, id, status in
      with given as materialized (
        select g.*, (g.ordinality - 1)::integer as ordinal, ids[g.ordinality] as key
        from rows from (
          jsonb_to_recordset(documents) as (
            id uuid, source text, "position" integer, content text, embedding :VECTOR_SCHEMA.halfvec,
            embedding_model text, metadata jsonb
          )
        ) with ordinality as g
      ),
      -- offset 0 makes this one index lookup for each document, whatever the planner estimates. It compares with the
      -- column g.key: the expression ids[g.ordinality] has a cast that is not leakproof, and below policies such an
      -- expression cannot be a condition of an index scan.
      compared as materialized (
        select g.ordinal, g.source, g.position, g.content,
          known.id is not null as exists,
          g.source is not null and (known.source, known.position) is distinct from (g.source, g.position) as other,
          g.key as id,
          coalesce(g.metadata, known.metadata, '{}') as metadata,
          coalesce(g.embedding_model, known.embedding_model) as embedding_model,
          coalesce(g.embedding, case when known.content = g.content
            and known.embedding_model = coalesce(g.embedding_model, known.embedding_model)
            then known.embedding end) as embedding,
          known.content = g.content
            and known.metadata = coalesce(g.metadata, known.metadata)
            and known.embedding_model = coalesce(g.embedding_model, known.embedding_model)
            and known.embedding operator(:VECTOR_SCHEMA.=) coalesce(g.embedding, known.embedding) as unchanged
        from given as g
        left join lateral (
          select d.id, d.source, d.position, d.content, d.metadata, d.embedding, d.embedding_model
          from ragwall.documents as d
          where d.tenant_id = tenant and d.id = g.key
          offset 0
        ) as known on true
        where g.ordinal <> all (done)
      ),
      updated as (
        update ragwall.documents as d
        set content = c.content,
          embedding = c.embedding,
          embedding_model = c.embedding_model,
          metadata = c.metadata
        from compared as c
        where d.tenant_id = tenant
          and d.id = c.id
          and d.id = any (ids) -- so that no plan reads more
          and c.exists
          and c.unchanged is not true
          and c.embedding is not null
      ),
      inserted as (
        insert into ragwall.documents as d (
          id, source, position, content, embedding, embedding_model, metadata
        )
        select c.id, c.source, c.position, c.content, c.embedding, c.embedding_model, c.metadata
        from compared as c
        where not c.exists
          and c.embedding is not null
        order by c.id
        on conflict do nothing
        returning d.id
      )
      select c.ordinal, tenant, c.id,
        case when c.exists and c.other then 'other'
          when c.unchanged then 'unchanged'
          when c.embedding is null then 'embedding required'
          when c.exists then 'updated'
          else 'inserted' end
      from compared as c
      where c.exists
        or c.embedding is null
        or c.id in (select i.id from inserted as i)
    loop
      if status = 'other' then
        raise exception 'document % of the array would get an id that another document has', ordinal
          using detail = 'ordinal ' || ordinal, errcode = 'RW204',
            hint = 'The id that document_id() makes of its source and position was given to another document by hand.';
      end if;
      done := done || ordinal;
      return next;
    end loop;
  end loop;
end
$$;

comment on function ragwall.upsert_documents(jsonb) is
  'Stores documents for the bound tenant, and returns one row for each: ordinal is its place in the array, from 0. '
  'documents: a JSON array of objects with content; id, or else source and position; embedding (an array of '
  'embedding_dimensions() numbers, or the same as text) and embedding_model, or neither; metadata (an object; if '
  'absent, that which is stored is kept). status: inserted; updated; unchanged; embedding required, if no embedding '
  'was given and content or model differ from what is stored, in which case nothing was written for this document. '
  'Raises RW001 if no tenant is bound, RW201 if documents is null or no array, RW202 if a document is ill-formed, '
  'RW203 if two are the same, RW204 if a new one would get the id of another; the DETAIL of these three is ordinal and '
  'the place of the document in the array, as ordinal 3.';

select ragwall.fix_plans('ragwall.upsert_documents(jsonb)', 'custom');

grant execute on function ragwall.upsert_documents(jsonb) to app_user;

reset role;
