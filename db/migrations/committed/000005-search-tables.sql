--! Previous: sha1:df7068a0470787dd472aa7678c1fec25f7d20305
--! Hash: sha1:89bbd2025bf1123a094aeb843f72d1cc3e2100f0
--! Message: search-tables

-- Search tables: the embeddings of each large tenant once more, in a table of its own with an HNSW index of its own.
-- Writers do not touch them. A trigger notes which documents of a large tenant have changed: its tail. Searches compare
-- with the tail exactly, until catch_up() has brought it into the search table.

do $$ begin perform ragwall.begin_migration(5); end $$;

set local role ragwall_owner;

create table ragwall_search.directory (
  tenant_id text collate "C" primary key check (ragwall.is_tenant_id(tenant_id)),
  relation name,
  previous name,
  dimensions integer not null default ragwall.embedding_dimensions(),
  documents bigint not null default 0,
  edges integer not null default 16,
  applied bigint not null default 0,
  measured bigint not null default 0,
  pages integer not null default 0,
  ranges text[] not null default '{}',
  words_version integer,
  bytes bigint not null default 0,
  ef_10 integer check (ef_10 between 10 and 1000),
  ef_100 integer check (ef_100 between 100 and 1000),
  recall_10 double precision,
  recall_100 double precision,
  built_at timestamptz,
  measured_at timestamptz
);

comment on table ragwall_search.directory is
  'The tenants that have a search table, or will get one: their changes are noted in the tail. One embedding space '
  'each: the key is to be extended when a tenant can have several.';
comment on column ragwall_search.directory.tenant_id is 'The tenant.';
comment on column ragwall_search.directory.relation is
  'The search table, in the schema ragwall_search. Null before the first is built, and once it is to go. Its name is '
  'random, because everybody can read the names of tables.';
comment on column ragwall_search.directory.previous is
  'The search table before this one. Searches that began earlier may still read it, so it is dropped a minute later.';
comment on column ragwall_search.directory.dimensions is 'Of the embeddings in the search table.';
comment on column ragwall_search.directory.documents is 'How many documents the search table had when it was built.';
comment on column ragwall_search.directory.edges is
  'The parameter m of the HNSW index, 16 or 32: how many edges a document has at most in a layer of the graph.';
comment on column ragwall_search.directory.applied is 'How many changes catch_up() has brought in since it was built.';
comment on column ragwall_search.directory.measured is 'How many of these there were when recall was last measured.';
comment on column ragwall_search.directory.pages is 'How many pages its documents filled when it was built.';
comment on column ragwall_search.directory.ranges is 'The declared fields of metadata that it has an index for.';
comment on column ragwall_search.directory.words_version is
  'The version of the words that it has (word_settings). Null: it has none.';
comment on column ragwall_search.directory.bytes is 'The size of the search table with its indexes when it was built.';
comment on column ragwall_search.directory.ef_10 is
  'The hnsw.ef_search by which 99 percent of the ten nearest are found. Null if none up to 1000 does, or only at more '
  'than an exact search costs: then searches are exact.';
comment on column ragwall_search.directory.ef_100 is
  'The same for the hundred nearest. If it is null, only searches for ten or fewer use the HNSW index.';
comment on column ragwall_search.directory.recall_10 is
  'What share of the ten nearest was found when it was last measured, 0 to 1.';
comment on column ragwall_search.directory.recall_100 is 'The same of the hundred nearest.';
comment on column ragwall_search.directory.built_at is 'When the search table was built, or when it was to go.';
comment on column ragwall_search.directory.measured_at is 'When its recall was last measured.';

create table ragwall_search.tail (
  tenant_id text collate "C" not null check (ragwall.is_tenant_id(tenant_id)),
  id uuid not null
);
create index tail_by_tenant on ragwall_search.tail (tenant_id, id);

comment on table ragwall_search.tail is
  'Which documents of large tenants were inserted, updated or deleted, and are not yet in their search tables as they '
  'are now: one row a change. No two writers ever wait for each other here.';
comment on column ragwall_search.tail.tenant_id is 'The tenant of the document.';
comment on column ragwall_search.tail.id is 'Its id.';

-- Emptied and filled all the time.
alter table ragwall_search.tail set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

do $$
declare
  relation text;
begin
  foreach relation in array array['directory', 'tail'] loop
    execute format('alter table ragwall_search.%I enable row level security', relation);
    execute format('alter table ragwall_search.%I force row level security', relation);
    -- The application may select from the directory, so its floor is always evaluated first, as that of the documents.
    execute format(
      'create policy tenant_floor on ragwall_search.%I as restrictive for all to public '
        'using (%s) with check (tenant_id = (select ragwall.current_tenant()))',
      relation,
      case relation
        when 'directory'
          then '(select jsonb_build_object(coalesce(ragwall.current_tenant(), ''''), true))[tenant_id] is not null'
        else 'tenant_id = (select ragwall.current_tenant())'
      end
    );
    execute format(
      'comment on policy tenant_floor on ragwall_search.%I is %L',
      relation, 'Only rows of the bound tenant, for every role and command.'
    );
    -- Without the seal: the floor verifies it.
    execute format(
      'create policy own_tenant on ragwall_search.%I for all to ragwall_owner, ragwall_search, app_user '
        'using (tenant_id = (select current_setting(''app.current_tenant'', true))) '
        'with check (tenant_id = (select current_setting(''app.current_tenant'', true)))',
      relation
    );
    execute format(
      'comment on policy own_tenant on ragwall_search.%I is %L',
      relation, 'What a role has a privilege for, it may do for the tenant that is bound.'
    );
  end loop;
end
$$;

grant usage on schema ragwall_search to ragwall_search, app_user;
grant select on ragwall_search.directory, ragwall_search.tail to ragwall_search;
-- For the trigger, which runs with the rights of whoever writes: it looks whether the tenant is large, and notes.
grant select (tenant_id) on ragwall_search.directory to app_user;
grant insert (tenant_id, id) on ragwall_search.tail to app_user;

do $$
begin
  perform ragwall.forget_statistics('ragwall_search.directory');
  perform ragwall.forget_statistics('ragwall_search.tail');
end
$$;

-- A transaction that is not read committed may not see that its tenant became large, so it notes every change.
create function ragwall_search.note_change()
  returns trigger
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := case tg_op when 'DELETE' then old.tenant_id else new.tenant_id end;
begin
  if current_setting('transaction_isolation') <> 'read committed'
    or exists (select from ragwall_search.directory as s where s.tenant_id = tenant)
  then
    insert into ragwall_search.tail (tenant_id, id)
    values (tenant, case tg_op when 'DELETE' then old.id else new.id end);
  end if;
  -- Only an administrator can change a key.
  if tg_op = 'UPDATE' and (old.tenant_id, old.id) <> (new.tenant_id, new.id) then
    insert into ragwall_search.tail (tenant_id, id) values (old.tenant_id, old.id);
  end if;
  return null;
end
$$;

comment on function ragwall_search.note_change() is
  'Notes in the tail that a document of a large tenant was inserted, updated or deleted.';

select ragwall.fix_plans('ragwall_search.note_change()', 'generic');

create trigger note_change
  after insert or update or delete on ragwall.documents
  for each row
  execute function ragwall_search.note_change();

-- Also in sessions that apply what another server has replicated.
alter table ragwall.documents enable always trigger note_change;

-- The rows of the tail go and the search table changes in one transaction, so every search sees both or neither. Rows
-- that are noted meanwhile stay for the next call.
create function ragwall.catch_up(most integer)
  returns integer
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := ragwall.require_tenant();
  entry ragwall_search.directory;
  taken uuid[];
begin
  if most is null or most not between 1 and 100000 then
    raise exception 'the number of documents is expected to be 1 to 100000'
      using errcode = 'RW302';
  end if;
  select s.* into entry
  from ragwall_search.directory as s
  where s.tenant_id = tenant
  for update skip locked;
  if entry.relation is null or to_regclass('ragwall_search.' || entry.relation) is null then
    return 0;
  end if;
  taken := array(
    select distinct t.id
    from (select t.id from ragwall_search.tail as t where t.tenant_id = tenant order by t.id limit most) as t
  );
  if taken = '{}' then
    return 0;
  end if;
  delete from ragwall_search.tail as t
  where t.tenant_id = tenant
    and t.id = any (taken);
  -- This statement sees what the one above saw, or more; what is newer is noted in the tail.
  execute format(
    'with wanted as (
      select u.id, d.embedding, d.metadata, w.terms, w.words
      from unnest($1) as u (id)
      left join lateral (
        select d.embedding, d.metadata from ragwall.documents as d where d.tenant_id = $2 and d.id = u.id offset 0
      ) as d on true
      left join lateral (
        select w.terms, w.words from ragwall_search.words as w
        where w.tenant_id = $2 and w.id = u.id and w.version = $3
        offset 0
      ) as w on true
    ),
    removed as (
      delete from ragwall_search.%1$I as s using wanted as w where s.id = w.id and w.embedding is null
    )
    insert into ragwall_search.%1$I as s (id, embedding, metadata, terms, words)
    select w.id, w.embedding, w.metadata, w.terms, w.words from wanted as w where w.embedding is not null
    on conflict (id) do update
    set embedding = excluded.embedding, metadata = excluded.metadata, terms = excluded.terms, words = excluded.words
    where s.embedding operator(:VECTOR_SCHEMA.<>) excluded.embedding or s.metadata <> excluded.metadata
      or s.terms is distinct from excluded.terms or s.words operator(:VECTOR_SCHEMA.<>) excluded.words',
    entry.relation
  ) using taken, tenant, entry.words_version;
  update ragwall_search.directory as s
  set applied = s.applied + cardinality(taken)
  where s.tenant_id = tenant;
  return cardinality(taken);
end
$$;

comment on function ragwall.catch_up(integer) is
  'Brings documents of the bound tenant that have changed into its search table, and returns how many: 0 if it has '
  'none, if nothing has changed, or if another session is at it. most: how many at once, 1 to 100000; each is an '
  'insert into the HNSW index. Searches answer rightly without it, and take three to four microseconds longer for '
  'each document that it has not yet brought in. Raises RW001 if no tenant is bound, RW302 if most is null or out of '
  'range. Security definer: only the owner may write search tables.';

select ragwall.fix_plans('ragwall.catch_up(integer)', 'custom');

grant execute on function ragwall.catch_up(integer) to app_user;

reset role;
