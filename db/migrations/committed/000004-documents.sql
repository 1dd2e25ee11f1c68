--! Previous: sha1:f34fdfac0036ed113cd5410863c08dbe9abd5529
--! Hash: sha1:df7068a0470787dd472aa7678c1fec25f7d20305
--! Message: documents

-- The documents: one table for all tenants, and the policies and grants that separate them.

do $$ begin perform ragwall.begin_migration(4); end $$;

set local role ragwall_owner;

-- A caller's settings hold in the functions that it calls. By those of the planner it could choose plans whose work
-- depends on the rows of other tenants.
create function ragwall.fix_plans(routine regprocedure, plans text)
  returns void
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  setting record;
begin
  for setting in
    select s.name, coalesce(f.value, s.boot_val) as value
    from pg_settings as s
    left join (values
      ('plan_cache_mode', format('force_%s_plan', plans)), ('enable_seqscan', 'off'), ('jit', 'off'),
      ('max_parallel_workers_per_gather', '0')
    ) as f (name, value) on f.name = s.name
    where f.name is not null
      or s.name in (
        'seq_page_cost', 'random_page_cost', 'cpu_tuple_cost', 'cpu_index_tuple_cost', 'cpu_operator_cost',
        'enable_bitmapscan', 'enable_hashagg', 'enable_hashjoin', 'enable_indexonlyscan', 'enable_indexscan',
        'enable_nestloop', 'enable_presorted_aggregate', 'enable_sort', 'enable_tidscan'
      )
  loop
    execute format('alter function %s set %I = %L', routine, setting.name, setting.value);
  end loop;
end
$$;

comment on function ragwall.fix_plans(regprocedure, text) is
  'Gives a function a value of its own for each setting of Query Tuning by which a caller could change its plans: the '
  'default of PostgreSQL, but no sequential scans, no parallel workers and no compilation. plans: generic, which the '
  'session keeps, or custom, which are made for each call. For the owner of the function. Raises 22023 for other '
  'plans, 42601 if routine is null.';

grant execute on function ragwall.fix_plans(regprocedure, text) to ragwall_search;

create table ragwall.documents (
  tenant_id text collate "C" not null default ragwall.require_tenant()
    check (ragwall.is_tenant_id(tenant_id)),
  id uuid not null default gen_random_uuid(),
  source text check (octet_length(source) between 1 and 1024),
  position integer check (position >= 0),
  content text not null,
  -- Without a number of dimensions in its type, so that one database can come to hold embeddings of several.
  embedding :VECTOR_SCHEMA.halfvec not null check (:VECTOR_SCHEMA.l2_norm(embedding) > 0),
  embedding_model text not null check (octet_length(embedding_model) between 1 and 200),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at timestamptz not null default now(),
  unique (tenant_id, source, position),
  check ((source is null) = (position is null)),
  constraint embedding_has_the_dimensions_of_this_database
    check (:VECTOR_SCHEMA.vector_dims(embedding) = ragwall.embedding_dimensions())
)
partition by hash (tenant_id);

-- Made after the other key, because of two that look equally good the planner takes the one that was made last. Where
-- there are few documents, a look-up by id would else read all of its tenant, by a plan that the session then keeps.
alter table ragwall.documents add primary key (tenant_id, id);

comment on table ragwall.documents is
  'The passages that can be retrieved, of all tenants. A role sees and changes only those of the tenant that is bound '
  'to its transaction.';
comment on column ragwall.documents.tenant_id is
  'The tenant that the document belongs to. No application role can write it: the default is the tenant that is bound.';
comment on column ragwall.documents.id is
  'Unique within the tenant. Another tenant may have the same id; neither can find out.';
comment on column ragwall.documents.source is
  'What the passage was taken from: a path or a URL, 1 to 1024 bytes. Null if the document is known by its id alone.';
comment on column ragwall.documents.position is
  'The number of the passage in its source, from 0. Null exactly if source is null.';
comment on column ragwall.documents.content is 'The text of the passage.';
comment on column ragwall.documents.embedding is
  'The embedding of content by embedding_model: embedding_dimensions() half-precision numbers, not all zero.';
comment on column ragwall.documents.embedding_model is
  'The model that made the embedding, 1 to 200 bytes. Vectors of different models cannot be compared.';
comment on column ragwall.documents.metadata is 'A JSON object to filter by. Never null.';
comment on column ragwall.documents.created_at is 'When the document was first stored.';

-- A row with an embedding exceeds the threshold from which Postgres moves columns out of the row, and an exact search
-- would follow a pointer for every row. Columns with storage plain or main stay. A plain column has to fit on a page,
-- which embeddings of more than 3,700 dimensions do not.
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

-- The planner sorts conditions by cost. Of a policy and a leakproof condition of the caller that costs as much, the
-- caller's may come first, and a subquery in it that raises an error would tell that another tenant has a matching
-- row. "=" costs cpu_operator_cost and a jsonb subscript costs 0, so this policy is always evaluated first.
create policy tenant_floor on ragwall.documents
  as restrictive
  for all
  to public
  using (
    (select jsonb_build_object(coalesce(ragwall.current_tenant(), ''), true))[tenant_id] is not null
  )
  with check (tenant_id = (select ragwall.current_tenant()));

comment on policy tenant_floor on ragwall.documents is
  'Only rows of the bound tenant, for every role and command. It is restrictive: a permissive policy that is added '
  'later cannot widen it.';

create policy select_own_tenant on ragwall.documents
  as permissive
  for select
  to app_user, app_reader, agent_reader, ragwall_owner
  using (tenant_id = (select ragwall.current_tenant()));

comment on policy select_own_tenant on ragwall.documents is
  'A role reads the documents of the tenant that is bound. ragwall_owner needs it for the functions that delete.';

-- On columns, not on the table: ctid, xmin and tableoid, which tell of other tenants' rows, stay unreadable.
grant select (
  tenant_id, id, source, position, content, embedding, embedding_model, metadata, created_at
) on ragwall.documents to app_user, app_reader, agent_reader;

create policy insert_own_tenant on ragwall.documents
  as permissive
  for insert
  to app_user
  with check (tenant_id = (select ragwall.current_tenant()));

comment on policy insert_own_tenant on ragwall.documents is
  'A new document belongs to the tenant that is bound.';

-- Without tenant_id: a writer gets the default, which is the tenant that is bound, and cannot name another.
grant insert (id, source, position, content, embedding, embedding_model, metadata)
  on ragwall.documents to app_user;

create policy update_own_tenant on ragwall.documents
  as permissive
  for update
  to app_user, ragwall_owner
  using (tenant_id = (select ragwall.current_tenant()))
  with check (tenant_id = (select ragwall.current_tenant()));

comment on policy update_own_tenant on ragwall.documents is
  'A role changes documents of the tenant that is bound, and cannot give them to another. ragwall_owner needs it to '
  'lock the rows that it deletes.';

-- On columns, not on the table: UPDATE on the table would allow LOCK TABLE … IN ACCESS EXCLUSIVE MODE, which stops all
-- tenants.
grant update (content, embedding, embedding_model, metadata) on ragwall.documents to app_user;

create policy delete_own_tenant on ragwall.documents
  as permissive
  for delete
  to ragwall_owner
  using (tenant_id = (select ragwall.current_tenant()));

comment on policy delete_own_tenant on ragwall.documents is
  'Only for delete_documents() and delete_source(), which run as ragwall_owner.';

-- No grant of DELETE: it exists only for whole tables, and would allow the same LOCK TABLE. Deletion goes through
-- functions.

-- With statistics, the planner's estimates would tell how many rows a guessed value has.
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
  'Makes ANALYZE gather no statistics on any column of a table. Those that were gathered before stay. For the owner of '
  'the table. Raises 22004 for null.';

-- All rows are in one partition, because a partition has policies of its own, and they hold where it is named: there
-- alone ragwall_search reads. Its statements carry no condition of a caller's, so the floor may be "=", which the
-- planner folds into one check a statement instead of one a row. More partitions would make the plans and locks of
-- every statement that does not name its tenant grow (docs/decisions/one-partition.md).
create table ragwall.documents_rows partition of ragwall.documents for values with (modulus 1, remainder 0);

comment on table ragwall.documents_rows is
  'The rows of ragwall.documents. Only ragwall_search reads them here; everybody else goes through ragwall.documents.';

alter table ragwall.documents_rows enable row level security;
alter table ragwall.documents_rows force row level security;

create policy tenant_floor on ragwall.documents_rows
  as restrictive
  for all
  to public
  using (tenant_id = (select ragwall.current_tenant()))
  with check (tenant_id = (select ragwall.current_tenant()));

comment on policy tenant_floor on ragwall.documents_rows is
  'Only rows of the bound tenant, for every role and command that names the partition.';

create policy select_own_tenant on ragwall.documents_rows
  as permissive
  for select
  to ragwall_search
  using (tenant_id = (select current_setting('app.current_tenant', true)));

comment on policy select_own_tenant on ragwall.documents_rows is
  'ragwall_search reads the documents of the tenant that is bound. Without the seal: the floor verifies it.';

grant select (tenant_id, id, source, position, content, embedding, metadata)
  on ragwall.documents_rows to ragwall_search;

do $$
begin
  perform ragwall.forget_statistics('ragwall.documents');
  perform ragwall.forget_statistics('ragwall.documents_rows');
end
$$;

reset role;
