--! Previous: sha1:b7f28c2792876e8a641d670c262af984a51ad42b
--! Hash: sha1:a2bdb5f079e861d2a1149826e7980a3ea752d92c
--! Message: build-search-tables

-- Building a search table beside the one in use, and dropping one.

do $$ begin perform ragwall.begin_migration(14); end $$;

set local role ragwall_owner;

-- A transaction that is under way may have changed documents before it could see that its tenant is in the directory,
-- so the first build waits until all of them have ended. It may be one of another tenant or database: Postgres does not
-- tell. Whatever is changed from then on is noted, so nothing is locked.
create function ragwall.build_search_table()
  returns text
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
  set jit = off
as $$
declare
  tenant constant text := ragwall.require_tenant();
  fresh constant name := 'search_' || replace(gen_random_uuid()::text, '-', '');
  until constant xid8 := pg_snapshot_xmax(pg_current_snapshot());
  entry ragwall_search.directory;
  m integer;
  indexed text[];
  version integer;
  recall record;
  stored bigint;
begin
  select s.* into entry from ragwall_search.directory as s where s.tenant_id = tenant;
  if not found then
    insert into ragwall_search.directory (tenant_id) values (tenant) on conflict do nothing;
    insert into ragwall_search.stored (tenant_id, documents, registered) values (tenant, 0, true);
    return 'registered';
  end if;
  if entry.built_at is null then
    if pg_current_xact_id_if_assigned() is not null or current_setting('transaction_isolation') <> 'read committed' then
      raise exception 'a search table is expected to be built first in a transaction that is read committed and has '
        'written nothing'
        using errcode = 'RW303', hint = 'Run each statement of ragwall.index_plan() by itself.';
    end if;
    while pg_snapshot_xmin(pg_current_snapshot()) < until loop
      if clock_timestamp() > statement_timestamp() + interval '10 s' then
        raise exception 'a transaction that began before is still under way'
          using errcode = 'RW304', hint = 'Try again when it has ended.', detail = coalesce((
            select string_agg(u.who, '; ')
            from (
              select format('process %s, user %s, database %s', a.pid, a.usename, a.datname) as who
              from pg_stat_activity as a
              where age(a.backend_xid) > age(until::xid)
              union all
              select format('prepared transaction %L, user %s, database %s', p.gid, p.owner, p.database)
              from pg_prepared_xacts as p
              where age(p.transaction) > age(until::xid)
            ) as u
          ), 'It has just ended.');
      end if;
      perform pg_sleep(0.01);
    end loop;
  end if;

  -- Another session that builds for this tenant, or brings its search table up to date, is waited for.
  select s.* into entry from ragwall_search.directory as s where s.tenant_id = tenant for update;
  if entry.previous is not null then
    execute format('drop table if exists ragwall_search.%I', entry.previous);
  end if;
  -- CVE-2026-3172: before pgvector 0.8.2 a parallel build may put what it finds in other relations into the index.
  if (select string_to_array(extversion, '.')::integer[] < '{0,8,2}' from pg_extension where extname = 'vector') then
    perform set_config('max_parallel_maintenance_workers', '0', true);
  end if;
  -- What is noted up to here is in the documents that are read below.
  delete from ragwall_search.tail as t where t.tenant_id = tenant;
  execute format(
    'create table ragwall_search.%I (
      id uuid not null, embedding :VECTOR_SCHEMA.halfvec(%s) not null, metadata jsonb not null, terms integer[],
      words :VECTOR_SCHEMA.sparsevec
    ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1)',
    fresh, entry.dimensions
  );
  execute format(
    'alter table ragwall_search.%I alter embedding set storage %s, alter metadata set storage main, '
      'alter terms set storage main, alter words set storage main',
    fresh, case when entry.dimensions <= 3700 then 'plain' else 'external' end
  );
  perform ragwall.forget_statistics(format('ragwall_search.%I', fresh)::regclass);
  version := (select s.version from ragwall_search.word_settings as s where s.filled);
  execute format(
    'insert into ragwall_search.%I (id, embedding, metadata, terms, words)
    select d.id, d.embedding, d.metadata, w.terms, w.words
    from ragwall.documents as d
    left join lateral (
      select w.terms, w.words from ragwall_search.words as w
      where w.tenant_id = $1 and w.id = d.id and w.version = $2
      offset 0
    ) as w on true
    where d.tenant_id = $1',
    fresh
  ) using tenant, version;
  get diagnostics stored = row_count;
  execute format('alter table ragwall_search.%I add primary key (id)', fresh);
  execute format('create index on ragwall_search.%I using gin (metadata jsonb_path_ops)', fresh);
  execute format('grant select on ragwall_search.%I to ragwall_search', fresh);
  delete from ragwall_search.vocabulary as v where v.tenant_id = tenant;
  if version is not null then
    execute format('create index on ragwall_search.%I using gin (terms)', fresh);
    execute format(
      'insert into ragwall_search.vocabulary (tenant_id, term, documents)
      select $1, u.term, count(*) from ragwall_search.%I as s cross join lateral unnest(s.terms) as u (term)
      group by u.term having count(*) > 1',
      fresh
    ) using tenant;
  end if;
  indexed := ragwall_search.index_ranges(fresh, '{}');
  -- A graph with more edges takes five times as long to build, and is for those that need it.
  foreach m in array array[16, 32] loop
    continue when m < entry.edges;
    if m > entry.edges then
      execute format('drop index ragwall_search.%I', fresh || '_hnsw');
    end if;
    -- A graph that does not fit into the memory is built several times slower.
    perform set_config('maintenance_work_mem', greatest(
      pg_size_bytes(current_setting('maintenance_work_mem')) / 1024,
      least(262144, stored * (2 * entry.dimensions + 40 * m + 300) / 1024)
    ) || 'kB', true);
    execute format(
      'create index %I on ragwall_search.%I using hnsw (embedding :VECTOR_SCHEMA.halfvec_cosine_ops) '
        'with (m = %s, ef_construction = %s)',
      fresh || '_hnsw', fresh, m, case m when 16 then 64 else 200 end
    );
    recall := ragwall_search.measure(fresh, stored);
    exit when recall.ef_100 is not null or stored < 1000;
  end loop;
  if recall.ef_10 is null then
    execute format('drop index ragwall_search.%I', fresh || '_hnsw');
  end if;
  update ragwall_search.directory as s
  set relation = fresh,
    previous = entry.relation,
    documents = stored,
    edges = m,
    applied = 0,
    measured = 0,
    ranges = indexed,
    words_version = version,
    pages = pg_relation_size(format('ragwall_search.%I', fresh)::regclass) / current_setting('block_size')::integer,
    bytes = pg_total_relation_size(format('ragwall_search.%I', fresh)::regclass),
    ef_10 = recall.ef_10,
    ef_100 = recall.ef_100,
    recall_10 = recall.recall_10,
    recall_100 = recall.recall_100,
    built_at = clock_timestamp(),
    measured_at = clock_timestamp()
  where s.tenant_id = tenant;
  return format('built: %s documents', stored);
end
$$;

comment on function ragwall.build_search_table() is
  'Builds the search table of the bound tenant anew and puts it in the place of the old one, and says how many '
  'documents it has. For a tenant that has none: only registers the tenant, and is to be called once more in a '
  'transaction of its own. Nobody waits for it; searches and writes go on. Raises RW001 if no tenant is bound; before '
  'the first build RW303 if its transaction has written or is not read committed, RW304 if a transaction that began '
  'earlier is still under way after ten seconds (the detail says whose). For members of ragwall_owner. Security '
  'definer: it runs as the owner, who is bound by the policies.';

create function ragwall.drop_search_table()
  returns text
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := ragwall.require_tenant();
  entry ragwall_search.directory;
begin
  select s.* into entry from ragwall_search.directory as s where s.tenant_id = tenant for update;
  if entry.relation is not null and entry.previous is null then
    update ragwall_search.directory as s
    set relation = null, previous = entry.relation, built_at = clock_timestamp()
    where s.tenant_id = tenant;
    return 'out of use';
  end if;
  if entry.previous is not null then
    execute format('drop table if exists ragwall_search.%I', entry.previous);
  end if;
  if entry.relation is not null then
    update ragwall_search.directory as s set previous = null where s.tenant_id = tenant;
  else
    delete from ragwall_search.directory as s where s.tenant_id = tenant;
    delete from ragwall_search.vocabulary as v where v.tenant_id = tenant;
    delete from ragwall_search.tail as t where t.tenant_id = tenant;
    delete from ragwall_search.stored as s where s.tenant_id = tenant;
    insert into ragwall_search.stored (tenant_id, documents)
    select tenant, count(*) from ragwall.documents as d where d.tenant_id = tenant having count(*) > 0;
  end if;
  return 'dropped';
end
$$;

comment on function ragwall.drop_search_table() is
  'Drops the table that the bound tenant''s search table has replaced. If there is none, takes the search table out of '
  'use: searches are exact from then on, and the next call drops it. A minute should lie between, because searches '
  'that began earlier may still read it. Of a tenant without documents nothing is left then. Raises RW001 if no tenant '
  'is bound. For members of ragwall_owner. Security definer: it runs as the owner, who is bound by the policies.';

reset role;
