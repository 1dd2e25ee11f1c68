--! Previous: sha1:a168d80a90e064c157eed0d4d4b143128b456173
--! Hash: sha1:03de2d74313d4a80d42ebf40ab98f50118285be8
--! Message: documents

-- The documents: one table for all tenants, and the walls between them.

set local role ragwall_owner;

create function ragwall.embedding_dimensions()
  returns integer
  language sql
  immutable
  parallel safe
  return :EMBEDDING_DIMENSIONS;

comment on function ragwall.embedding_dimensions() is
  'The number of dimensions of every embedding in this database, as its first migration fixed it.';

grant execute on function ragwall.embedding_dimensions() to app_user, app_reader;

create table ragwall.documents (
  tenant_id text collate "C" not null default ragwall.require_tenant()
    check (ragwall.is_tenant_id(tenant_id)),
  id uuid not null default gen_random_uuid(),
  source text check (octet_length(source) between 1 and 1024),
  position integer check (position >= 0),
  content text not null,
  embedding public.halfvec(:EMBEDDING_DIMENSIONS) not null check (public.l2_norm(embedding) > 0),
  embedding_model text not null check (octet_length(embedding_model) between 1 and 200),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, source, position),
  check ((source is null) = (position is null))
)
partition by hash (tenant_id);

comment on table ragwall.documents is
  'The passages that can be retrieved, of all tenants. A role sees and changes those of the tenant that '
  'is bound to its transaction, and no others.';
comment on column ragwall.documents.tenant_id is
  'Whose document it is. Nobody may write it: it is the tenant that is bound.';
comment on column ragwall.documents.id is
  'Unique within the tenant. The same id may exist for another tenant, and nobody can find out.';
comment on column ragwall.documents.source is
  'What it was taken from: a path or a URL, 1 to 1024 bytes. Null if the document is known by its id alone.';
comment on column ragwall.documents.position is
  'Which passage of the source, from 0. Null exactly if source is null.';
comment on column ragwall.documents.content is 'The passage itself.';
comment on column ragwall.documents.embedding is
  'The embedding of content by embedding_model, any length but zero; half precision, stored in the row.';
comment on column ragwall.documents.embedding_model is
  'The model that made the embedding, 1 to 200 bytes. Vectors of different models cannot be compared.';
comment on column ragwall.documents.metadata is 'A JSON object to filter by, never null.';
comment on column ragwall.documents.created_at is 'When the document was first stored.';

-- Every row with an embedding is over the TOAST threshold: what is not plain or main moves out of the
-- row, and an exact search would follow a pointer per row. Plain must fit a page, so that very long
-- embeddings cannot be.
alter table ragwall.documents
  alter column tenant_id set storage plain,
  alter column source set storage main,
  alter column embedding_model set storage main,
  alter column metadata set storage main;
do $$
begin
  if ragwall.embedding_dimensions() <= 3700 then
    alter table ragwall.documents alter column embedding set storage plain;
  else
    alter table ragwall.documents alter column embedding set storage external;
  end if;
end
$$;

alter table ragwall.documents enable row level security;
alter table ragwall.documents force row level security;

-- The planner runs cheap leakproof conditions of the caller's before a policy that costs as much as they
-- do, and a caller's sub-select that raises then tells that a foreign row fitted them. Equality costs an
-- operator, a subscript costs nothing: so the floor comes before whatever a caller can write.
create policy tenant_floor on ragwall.documents
  as restrictive
  for all
  to public
  using (
    (select jsonb_build_object(coalesce(ragwall.current_tenant(), ''), true))[tenant_id] is not null
  )
  with check (tenant_id = (select ragwall.current_tenant()));

comment on policy tenant_floor on ragwall.documents is
  'Holds for every role and command, and a permissive policy that is added later cannot widen it.';

create policy select_own_tenant on ragwall.documents
  as permissive
  for select
  to app_user, app_reader, ragwall_owner
  using (tenant_id = (select ragwall.current_tenant()));

comment on policy select_own_tenant on ragwall.documents is
  'The tenant that is bound reads its own documents. ragwall_owner needs it to delete.';

-- Columns, not the table: so ctid, xmin and tableoid, which tell of neighbours, stay unreadable.
grant select (
  tenant_id, id, source, position, content, embedding, embedding_model, metadata, created_at
) on ragwall.documents to app_user, app_reader;

create policy insert_own_tenant on ragwall.documents
  as permissive
  for insert
  to app_user
  with check (tenant_id = (select ragwall.current_tenant()));

comment on policy insert_own_tenant on ragwall.documents is
  'A new document belongs to the tenant that is bound.';

-- Not tenant_id: the default is the only tenant that a writer can name.
grant insert (id, source, position, content, embedding, embedding_model, metadata)
  on ragwall.documents to app_user;

create policy update_own_tenant on ragwall.documents
  as permissive
  for update
  to app_user, ragwall_owner
  using (tenant_id = (select ragwall.current_tenant()))
  with check (tenant_id = (select ragwall.current_tenant()));

comment on policy update_own_tenant on ragwall.documents is
  'The tenant that is bound changes its own documents, and they stay its own. '
  'ragwall_owner needs it to lock what it deletes.';

-- Columns again: UPDATE on the table would allow LOCK TABLE … IN ACCESS EXCLUSIVE MODE.
grant update (content, embedding, embedding_model, metadata) on ragwall.documents to app_user;

create policy delete_own_tenant on ragwall.documents
  as permissive
  for delete
  to ragwall_owner
  using (tenant_id = (select ragwall.current_tenant()));

comment on policy delete_own_tenant on ragwall.documents is
  'For delete_documents() and delete_source() alone, which run as ragwall_owner.';

-- DELETE exists on whole tables only, and it too would allow the lock that freezes every tenant.
-- Therefore nobody is granted it: deletion goes through functions.

-- Without statistics no estimate of the planner tells how many rows a guessed value has.
create function ragwall.forget_statistics(relation regclass)
  returns void
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
begin
  execute (
    select format('alter table %s ', relation)
      || string_agg(format('alter column %I set statistics 0', attname), ', ')
    from pg_attribute
    where attrelid = relation
      and attnum > 0
      and not attisdropped
  );
end
$$;

comment on function ragwall.forget_statistics(regclass) is
  'Has ANALYZE gather no statistics on any column of a table. For its owner.';

-- A partition is reached through its parent alone: it has no grant and no policy, and RLS denies the
-- rest.
do $$
declare
  leaf text;
begin
  perform ragwall.forget_statistics('ragwall.documents');
  for remainder in 0..31 loop
    leaf := format('documents_%s', lpad(remainder::text, 2, '0'));
    execute format(
      'create table ragwall.%I partition of ragwall.documents for values with (modulus 32, remainder %s)',
      leaf,
      remainder
    );
    execute format('alter table ragwall.%I enable row level security', leaf);
    execute format('alter table ragwall.%I force row level security', leaf);
    perform ragwall.forget_statistics(format('ragwall.%I', leaf)::regclass);
    execute format(
      'comment on table ragwall.%I is %L',
      leaf,
      'A hash partition of ragwall.documents. Reached through its parent alone.'
    );
  end loop;
end
$$;

reset role;
