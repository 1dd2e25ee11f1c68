-- Generated from the migrations by `npm run schema`. Not to be edited, not to be run.
SELECT pg_catalog.set_config('search_path', '', false);

CREATE SCHEMA ragwall;

ALTER SCHEMA ragwall OWNER TO ragwall_owner;

COMMENT ON SCHEMA ragwall IS 'Tenant-isolated retrieval. In each transaction first bind a tenant with set_tenant() or set_tenant_from_token(). Then call match_documents(), upsert_documents() or delete_documents(), or query the tables.';

CREATE SCHEMA ragwall_private;

ALTER SCHEMA ragwall_private OWNER TO ragwall_context;

COMMENT ON SCHEMA ragwall_private IS 'The keys of the tenant context and the functions that read them. Only ragwall_context has privileges on it.';

CREATE TYPE ragwall.match AS (
	tenant_id text,
	id uuid,
	source text,
	"position" integer,
	content text,
	metadata jsonb,
	similarity double precision
);

ALTER TYPE ragwall.match OWNER TO ragwall_owner;

COMMENT ON TYPE ragwall.match IS 'A document that was found. similarity: the cosine, -1 to 1.';

CREATE TYPE ragwall.scored_match AS (
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

ALTER TYPE ragwall.scored_match OWNER TO ragwall_owner;

COMMENT ON TYPE ragwall.scored_match IS 'A document that was found. similarity: the cosine, -1 to 1. words: its score by BM25, from 0. score: what the order is by.';

CREATE FUNCTION ragwall.add_signing_key(kid text, audience text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_variable
declare
  key constant bytea := ragwall_private.random_bytes();
  spelling text;
begin
  if (kid ~ '^[A-Za-z0-9._-]{1,64}$' and audience ~ '^[!-~]{1,200}$') is not true then
    raise exception 'the name of a key is expected to be 1 to 64 letters, digits, dots, - and _, and its audience '
      '1 to 200 printable ASCII characters without spaces'
      using errcode = 'RW401';
  end if;
  if exists (select from ragwall_private.signing_key as k where k.kid = kid) then
    raise exception 'there is already a signing key of this name'
      using errcode = 'RW402', hint = 'Give the new key another name, sign with it, then retire the old key.';
  end if;
  foreach spelling in array array[
    '{"alg":"HS256","kid":"%s"}', '{"kid":"%s","alg":"HS256"}',
    '{"alg":"HS256","kid":"%s","typ":"JWT"}', '{"alg":"HS256","typ":"JWT","kid":"%s"}',
    '{"typ":"JWT","alg":"HS256","kid":"%s"}', '{"typ":"JWT","kid":"%s","alg":"HS256"}',
    '{"kid":"%s","alg":"HS256","typ":"JWT"}', '{"kid":"%s","typ":"JWT","alg":"HS256"}'
  ] loop
    insert into ragwall_private.signing_key (header, kid, audience, inner_pad, outer_pad)
    values (
      ragwall_private.base64url(convert_to(format(spelling, kid), 'UTF8')),
      kid, audience, ragwall_private.pad(key, 54), ragwall_private.pad(key, 92)
    );
  end loop;
  return json_build_object(
    'kty', 'oct', 'alg', 'HS256', 'kid', kid, 'aud', audience, 'k', ragwall_private.base64url(key)
  );
end
$_$;

ALTER FUNCTION ragwall.add_signing_key(kid text, audience text) OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall.add_signing_key(kid text, audience text) IS 'Makes a key of 256 bits and returns it as a JWK (RFC 7517), whose member aud is the audience. It is returned only once: store it with the secrets of the application. set_tenant_from_token() accepts its tokens from now on, and still those of older keys. kid: the name of the key, 1 to 64 letters, digits, dots, - and _. audience: what the claim aud of tokens has to be, a name of this database among others that tokens are made for, 1 to 200 printable ASCII characters without spaces. Raises RW401 if an argument is null or ill-formed, RW402 if there is a key of this name. For superusers and ragwall_context.';

CREATE FUNCTION ragwall.add_signing_key(kid text) RETURNS text
    LANGUAGE sql
    RETURN ragwall.add_signing_key(kid, ('ragwall:'::text || (current_database())::text));

ALTER FUNCTION ragwall.add_signing_key(kid text) OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall.add_signing_key(kid text) IS 'Calls add_signing_key(kid, audience) with the audience ragwall: followed by the name of the database. Returns and raises what that does. For superusers and ragwall_context.';

CREATE FUNCTION ragwall.agent_document(id uuid) RETURNS SETOF ragwall.match
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET client_min_messages TO 'notice'
    SET cpu_index_tuple_cost TO '0.005'
    SET cpu_operator_cost TO '0.0025'
    SET cpu_tuple_cost TO '0.01'
    SET enable_bitmapscan TO 'on'
    SET enable_hashagg TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_indexonlyscan TO 'on'
    SET enable_indexscan TO 'on'
    SET enable_nestloop TO 'on'
    SET enable_presorted_aggregate TO 'on'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'on'
    SET enable_tidscan TO 'on'
    SET jit TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET plan_cache_mode TO 'force_generic_plan'
    SET random_page_cost TO '4'
    SET seq_page_cost TO '1'
    AS $$
#variable_conflict use_variable
declare
  tenant constant text := ragwall.require_tenant();
begin
  if current_query() ~* 'explain' then
    raise exception 'this function does not run under explain'
      using errcode = 'RW106',
        hint = 'The statement may not have the word explain anywhere. Pass a text that has it as a parameter.';
  end if;
  return query
  select d.tenant_id, d.id, d.source, d.position, d.content, d.metadata, null::double precision
  from ragwall.documents as d
  where d.tenant_id = tenant
    and d.id = id;
end
$$;

ALTER FUNCTION ragwall.agent_document(id uuid) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.agent_document(id uuid) IS 'Returns the document of the bound tenant that has this id, with null as similarity, for agent_caller, which has no privilege on any table. No row if the tenant has none, though another tenant may have one, or for null. Raises RW106 if the word explain is anywhere in the statement, RW001 if no tenant is bound. Security definer: its caller may not read the table. It runs as the owner, who is bound by the same policies.';

CREATE FUNCTION ragwall.agent_match_documents(query_vec public.halfvec, k integer, filter jsonb, with_similarity boolean DEFAULT false) RETURNS SETOF ragwall.match
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET client_min_messages TO 'notice'
    AS $$
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

ALTER FUNCTION ragwall.agent_match_documents(query_vec public.halfvec, k integer, filter jsonb, with_similarity boolean) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.agent_match_documents(query_vec public.halfvec, k integer, filter jsonb, with_similarity boolean) IS 'Calls match_documents(query_vec, k, filter) for agent_caller, which has no privilege on any table. query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON object, or null for none. similarity is null unless with_similarity is true, because many similarities give a stored vector away. Raises RW106 if the word explain is anywhere in the statement, RW001 if no tenant is bound, RW101 to RW108 for its arguments. Security definer: its caller may not read the table. It runs as the owner, who is bound by the same policies.';

CREATE FUNCTION ragwall.agent_match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb DEFAULT NULL::jsonb) RETURNS SETOF ragwall.match
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET client_min_messages TO 'notice'
    AS $$
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

ALTER FUNCTION ragwall.agent_match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.agent_match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb) IS 'Calls match_hybrid(query_vec, query_text, k, filter) for agent_caller, as agent_match_documents() does for match_documents(): without scores. Raises RW106 if the word explain is anywhere in the statement, and what match_hybrid() raises. Security definer: its caller may not read the table. It runs as the owner, who is bound by the same policies.';

CREATE FUNCTION ragwall.app_roles() RETURNS TABLE(role regrole, untrusted boolean)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS '… db/audit-install.sql …';

ALTER FUNCTION ragwall.app_roles() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.app_roles() IS 'Returns the application roles, as the audit, the probe and protect_table() recognise them: those that the setting ragwall.app_roles names, or else those with privileges on tenant tables; and their members. untrusted: the role runs SQL that others write, as the setting ragwall.untrusted_roles says. The body is db/audit/queries/app-roles.sql. For DBAs: nobody but the owner may execute it.';

CREATE FUNCTION ragwall.application_roles() RETURNS name[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '{app_user,app_reader,agent_reader,agent_caller}'::name[];

ALTER FUNCTION ragwall.application_roles() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.application_roles() IS 'Returns the names of the four roles of applications, in this order: reads and writes, only reads, runs SQL of others that reads, runs SQL of others that only searches. For DBAs: nobody but the owner may execute it.';

CREATE FUNCTION ragwall.audit() RETURNS TABLE(id text, area text, expects text, severity text, status text, object text, evidence text, remedy text, reference text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS '… db/audit-install.sql …';

ALTER FUNCTION ragwall.audit() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.audit() IS 'Checks whether tenants are isolated in this database. Returns one row for each check that passes or does not apply, and one row for each finding. status: pass, fail, warn or n/a. severity: critical, high, medium or low. Reads catalogs only. The settings ragwall.tenant_columns, ragwall.app_roles and ragwall.untrusted_roles name what the catalogs cannot tell. The body is db/audit.sql. For DBAs: nobody but the owner may execute it.';

CREATE FUNCTION ragwall.begin_migration(number integer) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  applied constant integer := ragwall.migration();
begin
  if number is distinct from applied + 1 then
    raise exception 'migration % cannot be applied: this database has migration %', number, applied
      using errcode = 'RW013', hint = case when number <= applied
        then 'It was applied before, by another tool. `ragwall migrate` applies what is due.'
        else format('Apply %s first, and each migration once.', applied + 1) end;
  end if;
  execute format(
    'create or replace function ragwall.migration() returns integer language sql immutable parallel safe return %s',
    number
  );
end
$$;

ALTER FUNCTION ragwall.begin_migration(number integer) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.begin_migration(number integer) IS 'Begins a migration, in its transaction: makes ragwall.migration() return its number. number: that of the last migration and 1. Raises RW013 for any other. For superusers and members of ragwall_owner.';

CREATE FUNCTION ragwall.build_search_table() RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $_$
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
      id uuid not null, embedding public.halfvec(%s) not null, metadata jsonb not null, terms integer[],
      words public.sparsevec
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
      'create index %I on ragwall_search.%I using hnsw (embedding public.halfvec_cosine_ops) '
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
$_$;

ALTER FUNCTION ragwall.build_search_table() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.build_search_table() IS 'Builds the search table of the bound tenant anew and puts it in the place of the old one, and says how many documents it has. For a tenant that has none: only registers the tenant, and is to be called once more in a transaction of its own. Nobody waits for it; searches and writes go on. Raises RW001 if no tenant is bound; before the first build RW303 if its transaction has written or is not read committed, RW304 if a transaction that began earlier is still under way after ten seconds (the detail says whose). For members of ragwall_owner. Security definer: it runs as the owner, who is bound by the policies.';

CREATE FUNCTION ragwall.catch_up(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET cpu_index_tuple_cost TO '0.005'
    SET cpu_operator_cost TO '0.0025'
    SET cpu_tuple_cost TO '0.01'
    SET enable_bitmapscan TO 'on'
    SET enable_hashagg TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_indexonlyscan TO 'on'
    SET enable_indexscan TO 'on'
    SET enable_nestloop TO 'on'
    SET enable_presorted_aggregate TO 'on'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'on'
    SET enable_tidscan TO 'on'
    SET jit TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET plan_cache_mode TO 'force_custom_plan'
    SET random_page_cost TO '4'
    SET seq_page_cost TO '1'
    AS $_$
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
    where s.embedding operator(public.<>) excluded.embedding or s.metadata <> excluded.metadata
      or s.terms is distinct from excluded.terms or s.words operator(public.<>) excluded.words',
    entry.relation
  ) using taken, tenant, entry.words_version;
  update ragwall_search.directory as s
  set applied = s.applied + cardinality(taken)
  where s.tenant_id = tenant;
  return cardinality(taken);
end
$_$;

ALTER FUNCTION ragwall.catch_up(most integer) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.catch_up(most integer) IS 'Brings documents of the bound tenant that have changed into its search table, and returns how many: 0 if it has none, if nothing has changed, or if another session is at it. most: how many at once, 1 to 100000; each is an insert into the HNSW index. Searches answer rightly without it, and take three to four microseconds longer for each document that it has not yet brought in. Raises RW001 if no tenant is bound, RW302 if most is null or out of range. Security definer: only the owner may write search tables.';

CREATE FUNCTION ragwall.close_partitions() RETURNS event_trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  partition regclass;
  others text;
begin
  for partition, others in
    select t.relid, (
      select string_agg(distinct case a.grantee when 0 then 'public' else a.grantee::regrole::text end, ', ')
      from aclexplode(c.relacl) as a
      where a.grantee <> c.relowner
    )
    from pg_event_trigger_ddl_commands() as d
    join pg_policy as p on p.polrelid = pg_partition_root(d.objid) and p.polname = 'tenant_floor'
    cross join lateral pg_partition_tree(d.objid) as t
    join pg_class as c on c.oid = t.relid and not (c.relrowsecurity and c.relforcerowsecurity)
    where d.classid = 'pg_class'::regclass
      -- Tables created as partitions, and those attached by an ALTER TABLE of the parent. Not a partition that is
      -- itself altered: its owner may disable row-level security on it.
      and c.relispartition
      and (t.relid <> d.objid or d.command_tag like 'CREATE %')
  loop
    execute format('alter table %s enable row level security, force row level security', partition);
    if others is not null then
      execute format('revoke all on table %s from %s cascade', partition, others);
    end if;
  end loop;
end
$$;

ALTER FUNCTION ragwall.close_partitions() OWNER TO postgres;

COMMENT ON FUNCTION ragwall.close_partitions() IS 'Event trigger: enables and forces row-level security on a partition that is added to a protected table, and revokes what default privileges granted on it. The partition has no policy: it can only be reached through its table.';

CREATE FUNCTION ragwall.column_names(relation regclass, numbers smallint[]) RETURNS text[]
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT array_agg(quote_ident((a.attname)::text) ORDER BY n.place) AS array_agg
    FROM (unnest(column_names.numbers) WITH ORDINALITY n(attnum, place)
      LEFT JOIN pg_attribute a ON (((a.attrelid = (column_names.relation)::oid) AND (a.attnum = n.attnum))));
END;

ALTER FUNCTION ragwall.column_names(relation regclass, numbers smallint[]) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.column_names(relation regclass, numbers smallint[]) IS 'Returns the names of columns by their numbers, quoted where necessary, in the given order. Null in place of an expression (number 0) and of a column that does not exist. Null if numbers is null or empty.';

CREATE FUNCTION ragwall.composite_foreign_keys(tenants jsonb) RETURNS TABLE(id oid, near regclass, far regclass, removal text, key text, addition text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
  select
    k.oid, near.relation, far.relation,
    format('alter table %s drop constraint %I', near.relation, k.conname),
    case when rest.far is not null and not exists (
      select
      from pg_index as i
      cross join ragwall.column_names(far.relation, (i.indkey::smallint[])[0:i.indnkeyatts - 1]) as c
      where i.indrelid = far.relation
        and i.indisunique
        and i.indpred is null
        and c @> (far.tenant || rest.far)
        and c <@ (far.tenant || rest.far)
    ) then format('alter table %s add unique (%s)', far.relation, array_to_string(far.tenant || rest.far, ', ')) end,
    case when rest.near is not null then format(
      'alter table %s add constraint %I foreign key (%s) references %s (%s)%s',
      near.relation, k.conname, array_to_string(near.tenant || rest.near, ', '),
      far.relation, array_to_string(far.tenant || rest.far, ', '),
      -- The rest of the definition. ON DELETE SET NULL must not set the tenant to null. MATCH FULL would forbid the
      -- null that is allowed in a single column.
      regexp_replace(
        regexp_replace(
          substr(pg_get_constraintdef(k.oid), 1 + length(format(
            'FOREIGN KEY (%s) REFERENCES %s(%s)',
            array_to_string(near.keys, ', '), far.relation, array_to_string(far.keys, ', ')
          ))),
          'ON DELETE SET (NULL|DEFAULT)(?! \()', 'ON DELETE SET \1 (' || array_to_string(rest.near, ', ') || ')'
        ),
        case when cardinality(near.keys) = 1 then ' MATCH FULL' else '$^' end, ''
      )
    ) end
  from pg_constraint as k
  cross join lateral (
    select k.conrelid::regclass, ragwall.column_names(k.conrelid, k.conkey), tenants ->> k.conrelid::text
  ) as near (relation, keys, tenant)
  cross join lateral (
    select k.confrelid::regclass, ragwall.column_names(k.confrelid, k.confkey), tenants ->> k.confrelid::text
  ) as far (relation, keys, tenant)
  cross join lateral (
    select array_agg(u.near order by place), array_agg(u.far order by place)
    from unnest(near.keys, far.keys) with ordinality as u (near, far, place)
    where u.near <> near.tenant
      and u.far <> far.tenant
  ) as rest (near, far)
  where k.contype = 'f'
    and k.conparentid = 0
    and far.tenant is not null
    and near.tenant is not null
    and not exists (select from unnest(near.keys, far.keys) as u (n, f) where u.n = near.tenant and u.f = far.tenant)
$_$;

ALTER FUNCTION ragwall.composite_foreign_keys(tenants jsonb) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.composite_foreign_keys(tenants jsonb) IS 'Returns the foreign keys between tables by which a row of one tenant can refer to a row of another, and statements that add the tenant to it: removal, then key if the other table has no such key yet, then addition, which is null if the foreign key names a tenant and nothing else. tenants: an object that has the tenant column of a table, quoted where necessary, under the oid of the table; tables without one have no entry, and the columns need not be there yet. A key from tenant to tenant is not returned.';

CREATE FUNCTION ragwall.current_tenant() RETURNS text
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  tenant constant text := nullif(current_setting('app.current_tenant', true), '');
  claimed constant text := nullif(current_setting('app.tenant_seal', true), '');
  inner_key bytea;
  outer_key bytea;
begin
  if tenant is null or claimed is null then
    return null;
  end if;
  select k.inner_key, k.outer_key
  into strict inner_key, outer_key
  from ragwall_private.seal_key as k
  where k.only_row;
  if ragwall_private.is_seal(inner_key, outer_key, tenant, claimed) then
    -- The expiry behind the 64 digits is sealed, so it is what bind() wrote: digits, or nothing.
    if substr(claimed, 65) = '' or clock_timestamp() < to_timestamp(substr(claimed, 65)::float8) then
      return tenant;
    end if;
  end if;
  return null;
end
$$;

ALTER FUNCTION ragwall.current_tenant() OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall.current_tenant() IS 'Returns the tenant that is bound to this transaction, or null if none is. A value counts only with a seal of this transaction: one that was written into app.current_tenant by hand, or that an earlier transaction left there, gives null. So does one that a token bound, from 5 seconds after the token has expired; a statement that is running then ends as it began. Raises P0002 if the key of the seals is missing. Security definer: it reads the key of the seals.';

CREATE FUNCTION ragwall.declare_filter(field text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
  if (octet_length(field) between 1 and 200 and field not like '$%') is not true then
    raise exception 'the name of a field is expected to be 1 to 200 bytes, and not to begin with $'
      using errcode = 'RW305';
  end if;
  insert into ragwall_search.filter_fields (field) values (field) on conflict do nothing;
end
$_$;

ALTER FUNCTION ragwall.declare_filter(field text) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.declare_filter(field text) IS 'Declares that ranges of a field of metadata are searched for ($gt, $gte, $lt, $lte, $between): search tables get an index of its values by the next ragwall index. Changes no document and no answer. field: a field of the metadata itself, 1 to 200 bytes. Raises RW305 otherwise. For members of ragwall_owner.';

CREATE FUNCTION ragwall.delete_documents(ids uuid[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET cpu_index_tuple_cost TO '0.005'
    SET cpu_operator_cost TO '0.0025'
    SET cpu_tuple_cost TO '0.01'
    SET enable_bitmapscan TO 'on'
    SET enable_hashagg TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_indexonlyscan TO 'on'
    SET enable_indexscan TO 'on'
    SET enable_nestloop TO 'on'
    SET enable_presorted_aggregate TO 'on'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'on'
    SET enable_tidscan TO 'on'
    SET jit TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET plan_cache_mode TO 'force_generic_plan'
    SET random_page_cost TO '4'
    SET seq_page_cost TO '1'
    AS $$
declare
  tenant constant text := ragwall.require_tenant();
  one constant uuid := case when cardinality(ids) = 1 then ids[1] end;
  deleted integer;
begin
  -- The plan of "=" is always the primary key's. Where the planner expects few documents, that of "= any" reads all of
  -- the tenant.
  if one is not null then
    delete from ragwall.documents as d
    where d.tenant_id = tenant
      and d.id = one;
    get diagnostics deleted = row_count;
    return deleted;
  end if;
  perform
  from (select distinct i.id from unnest(ids) as i (id) order by i.id) as i
  cross join lateral (
    select from ragwall.documents as d where d.tenant_id = tenant and d.id = i.id offset 0 for update
  ) as d;
  delete from ragwall.documents as d
  where d.tenant_id = tenant
    and d.id = any (ids);
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

ALTER FUNCTION ragwall.delete_documents(ids uuid[]) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.delete_documents(ids uuid[]) IS 'Deletes documents of the bound tenant by id, and returns how many were deleted. Ids that the tenant does not have, which another tenant may have, are ignored; null deletes none. Raises RW001 if no tenant is bound. Security definer: no application role may delete. It runs as the owner, who is bound by the same policies.';

CREATE FUNCTION ragwall.delete_matching(filter jsonb) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET cpu_index_tuple_cost TO '0.005'
    SET cpu_operator_cost TO '0.0025'
    SET cpu_tuple_cost TO '0.01'
    SET enable_bitmapscan TO 'on'
    SET enable_hashagg TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_indexonlyscan TO 'on'
    SET enable_indexscan TO 'on'
    SET enable_nestloop TO 'on'
    SET enable_presorted_aggregate TO 'on'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'on'
    SET enable_tidscan TO 'on'
    SET jit TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET plan_cache_mode TO 'force_custom_plan'
    SET random_page_cost TO '4'
    SET seq_page_cost TO '1'
    AS $$
declare
  tenant constant text := ragwall.require_tenant();
  path jsonpath;
begin
  if filter is null or jsonb_typeof(filter) <> 'object' or filter = '{}' then
    raise exception 'the filter of a deletion is expected to be a JSON object that is not empty'
      using errcode = 'RW205', hint = 'Everything fits an empty filter. To delete all documents of the tenant: '
        'select ragwall.delete_documents(array(select id from ragwall.documents)).';
  end if;
  path := ragwall.filter_path(filter);
  return ragwall.delete_documents(array(
    select d.id
    from ragwall.documents as d
    where d.tenant_id = tenant
      and d.metadata @? path
    order by d.id
    for update
  ));
end
$$;

ALTER FUNCTION ragwall.delete_matching(filter jsonb) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.delete_matching(filter jsonb) IS 'Deletes the documents of the bound tenant whose metadata fits a filter, and returns how many were deleted. filter: a JSON object that is not empty (filter_path()). Raises RW001 if no tenant is bound, RW205 if the filter is null, empty or no object, RW107 and RW108 as filter_path() does.';

CREATE FUNCTION ragwall.delete_source(source text, from_position integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET cpu_index_tuple_cost TO '0.005'
    SET cpu_operator_cost TO '0.0025'
    SET cpu_tuple_cost TO '0.01'
    SET enable_bitmapscan TO 'on'
    SET enable_hashagg TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_indexonlyscan TO 'on'
    SET enable_indexscan TO 'on'
    SET enable_nestloop TO 'on'
    SET enable_presorted_aggregate TO 'on'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'on'
    SET enable_tidscan TO 'on'
    SET jit TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET plan_cache_mode TO 'force_custom_plan'
    SET random_page_cost TO '4'
    SET seq_page_cost TO '1'
    AS $$
#variable_conflict use_column
declare
  tenant constant text := ragwall.require_tenant();
  locked uuid[];
  deleted integer;
begin
  locked := array(
    select d.id
    from ragwall.documents as d
    where d.tenant_id = tenant
      and d.source = delete_source.source
      and d.position >= from_position
    order by d.id
    for update
  );
  delete from ragwall.documents as d
  where d.tenant_id = tenant
    and d.id = any (locked);
  get diagnostics deleted = row_count;
  return deleted;
end
$$;

ALTER FUNCTION ragwall.delete_source(source text, from_position integer) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.delete_source(source text, from_position integer) IS 'Deletes the documents of one source of the bound tenant, from a position on, and returns how many were deleted. from_position: 0 deletes all. A null argument deletes none. Raises RW001 if no tenant is bound. Security definer: no application role may delete. It runs as the owner, who is bound by the same policies.';

CREATE FUNCTION ragwall.disable_words() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  update ragwall_search.word_settings as s
  set configuration = null, version = s.version + 1, filled = false, horizon = null
  where s.configuration is not null;
  truncate ragwall_search.words;
end
$$;

ALTER FUNCTION ragwall.disable_words() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.disable_words() IS 'Disables searches by words, and deletes all words; waits for transactions that have read or written words. For members of ragwall_owner.';

CREATE FUNCTION ragwall.document_id(tenant text, source text, "position" integer) RETURNS uuid
    LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION ragwall.document_id(tenant text, source text, "position" integer) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.document_id(tenant text, source text, "position" integer) IS 'Returns the id that upsert_documents() gives to a new document of this tenant, source and position: a UUID of version 8, from the SHA-256 of the three. position: 0 and up. Null if an argument is null.';

CREATE FUNCTION ragwall.drop_search_table() RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION ragwall.drop_search_table() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.drop_search_table() IS 'Drops the table that the bound tenant''s search table has replaced. If there is none, takes the search table out of use: searches are exact from then on, and the next call drops it. A minute should lie between, because searches that began earlier may still read it. Of a tenant without documents nothing is left then. Raises RW001 if no tenant is bound. For members of ragwall_owner. Security definer: it runs as the owner, who is bound by the policies.';

CREATE FUNCTION ragwall.embedding_dimensions() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 1536;

ALTER FUNCTION ragwall.embedding_dimensions() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.embedding_dimensions() IS 'Returns the number of dimensions of every embedding in this database, 1 to 4000. The first migration fixed it.';

CREATE FUNCTION ragwall.enable_words(configuration text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  known text;
begin
  known := (
    select c.oid::regconfig::text from pg_ts_config as c
    where c.oid::regconfig::text = case configuration when 'bigrams' then 'simple' else configuration end
  );
  if known is null then
    raise exception 'there is no text search configuration "%"', left(configuration, 100)
      using errcode = 'RW306', hint = 'This server has: bigrams, ' || (
        select string_agg(c.oid::regconfig::text, ', ' order by c.oid::regconfig::text) from pg_ts_config as c
      );
  end if;
  update ragwall_search.word_settings as s
  set configuration = known, version = s.version + 1, filled = false, horizon = null
  where s.configuration is distinct from known;
end
$$;

ALTER FUNCTION ragwall.enable_words(configuration text) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.enable_words(configuration text) IS 'Enables searches by words: each write keeps the words of its document from now on. Those of documents that were there before are made by ragwall index; searches by words are refused until it has made all. configuration: a text search configuration of the server (english), with its schema if it is not in pg_catalog, or bigrams for texts in Chinese, Japanese, Korean or Thai; pairs of characters are made of these in any configuration. Of all tenants. Another one than before has all words made anew. Raises RW306 if there is none of this name. For members of ragwall_owner.';

CREATE FUNCTION ragwall.field_condition(field text, wanted jsonb, level integer) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  item constant text := '@.' || to_jsonb(field)::text;
  start constant text := 'exists(' || item || ' ? (@.type() != "array" && (';
  sign constant jsonb := '{"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}';
  key text;
  value jsonb;
  test text;
  bounds text[] := '{}';
  parts text[] := '{}';
begin
  if jsonb_typeof(wanted) = 'array' then
    if exists (select from jsonb_array_elements(wanted) as e where jsonb_typeof(e) = 'array') then
      raise exception 'the filter has a list in a list, at "%"', left(field, 60)
        using errcode = 'RW108', hint = 'A list is expected to hold texts, numbers, true, false, null and objects.';
    elsif octet_length(field) * jsonb_array_length(wanted) > 100000 then
      raise exception 'the filter has a list that is too long, at "%"', left(field, 60)
        using errcode = 'RW108', hint = 'The length of a list times the bytes of its field''s name is expected to be '
          'at most 100000. $in, which takes one of a list, has no such limit.';
    end if;
    -- As @> has it: a list with each of these, in any order.
    parts := array[item || '.type() == "array"'] || array(
      select start || case jsonb_typeof(e)
        when 'object' then '@.type() == "object" && ' || ragwall.filter_condition(e, level + 1)
        else '@ == ' || e::text
      end || ')))'
      from jsonb_array_elements(wanted) as e
    );
    return ragwall.join_conditions(parts, ' && ');
  elsif jsonb_typeof(wanted) <> 'object' then
    return start || '@ == ' || wanted::text || ')))';
  elsif not exists (select from jsonb_object_keys(wanted) as k where k like '$%') then
    return start || '@.type() == "object" && ' || ragwall.filter_condition(wanted, level + 1) || ')))';
  end if;

  for key, value in select e.key, e.value from jsonb_each(wanted) as e loop
    if not key = any ('{$eq,$ne,$gt,$gte,$lt,$lte,$in,$nin,$between,$exists,$not}') then
      raise exception 'the filter has an unknown operator, "%", at "%"', left(key, 60), left(field, 60)
        using errcode = 'RW107', hint = 'A field takes $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $between, $exists '
          'and $not; a filter takes $and, $or and $not.';
    end if;
    if (case
      when key in ('$eq', '$ne') then jsonb_typeof(value) in ('object', 'array')
      when key = '$exists' then jsonb_typeof(value) <> 'boolean'
      when key = '$not' then false
      when key in ('$in', '$nin', '$between') then jsonb_typeof(value) <> 'array'
        or exists (select from jsonb_array_elements(value) as e where jsonb_typeof(e) in ('object', 'array'))
        or key = '$between' and array(select jsonb_typeof(e) from jsonb_array_elements(value) as e)
          not in ('{number,number}', '{string,string}')
      else jsonb_typeof(value) not in ('number', 'string')
    end) then
      raise exception 'the filter has a value that % does not take, at "%"', key, left(field, 60)
        using errcode = 'RW108', hint = '$gt, $gte, $lt and $lte take a number or a text; $between takes two numbers '
          'or two texts, in a list; $in and $nin take a list; $exists takes true or false; $eq and $ne take a text, a '
          'number, true, false or null.';
    end if;
    if key in ('$gt', '$gte', '$lt', '$lte') then
      bounds := bounds || format('@ %s %s', sign ->> key, value);
    elsif key = '$between' then
      bounds := bounds || format('@ >= %s && @ <= %s', value -> 0, value -> 1);
    else
      test := case
        when key = '$exists' then 'exists(' || item || ')'
        when key = '$not'
          then 'exists(@ ? (' || ragwall.filter_condition(jsonb_build_object(field, value), level + 1) || '))'
        when key in ('$eq', '$ne') then start || '@ == ' || value::text || ')))'
        when value = '[]' then '1 == 0'
        else start || ragwall.join_conditions(
          array(select '@ == ' || e::text from jsonb_array_elements(value) as e), ' || '
        ) || ')))'
      end;
      parts := parts || case
        when key in ('$ne', '$nin', '$not') or key = '$exists' and value = 'false' then '!(' || test || ')' else test
      end;
    end if;
  end loop;
  -- One element of a list has to fit all bounds.
  if bounds <> '{}' then
    parts := parts || (start || array_to_string(bounds, ' && ') || ')))');
  end if;
  return array_to_string(parts, ' && ');
end
$_$;

ALTER FUNCTION ragwall.field_condition(field text, wanted jsonb, level integer) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.field_condition(field text, wanted jsonb, level integer) IS 'Returns the part of a jsonpath that a field has to fit. field: its name. wanted: what the filter has for it. level: how deep in the filter. Raises RW107 for an unknown operator, RW108 for a value that an operator does not take. For filter_condition().';

CREATE FUNCTION ragwall.fill_words(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET client_min_messages TO 'warning'
    SET cpu_index_tuple_cost TO '0.005'
    SET cpu_operator_cost TO '0.0025'
    SET cpu_tuple_cost TO '0.01'
    SET enable_bitmapscan TO 'on'
    SET enable_hashagg TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_indexonlyscan TO 'on'
    SET enable_indexscan TO 'on'
    SET enable_nestloop TO 'on'
    SET enable_presorted_aggregate TO 'on'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'on'
    SET enable_tidscan TO 'on'
    SET jit TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET plan_cache_mode TO 'force_custom_plan'
    SET random_page_cost TO '4'
    SET seq_page_cost TO '1'
    AS $$
declare
  tenant constant text := ragwall.require_tenant();
  settings ragwall_search.word_settings;
  made integer;
begin
  if most is null or most not between 1 and 100000 then
    raise exception 'the number of documents is expected to be 1 to 100000'
      using errcode = 'RW302';
  end if;
  select s.* into settings from ragwall_search.word_settings as s;
  if settings.configuration is null then
    return 0;
  end if;
  with wordless as (
    select d.id, d.content
    from ragwall.documents as d
    left join lateral (
      select w.version from ragwall_search.words as w where w.tenant_id = tenant and w.id = d.id offset 0
    ) as w on true
    where d.tenant_id = tenant
      and w.version is distinct from settings.version
    order by d.id
    limit most
    for key share of d
  )
  insert into ragwall_search.words as w (tenant_id, id, version, terms, words)
  select tenant, l.id, settings.version, o.terms, o.words::public.sparsevec
  from wordless as l
  cross join lateral ragwall_search.words_of(settings.configuration, l.content) as o
  on conflict (tenant_id, id) do update
  set version = excluded.version, terms = excluded.terms, words = excluded.words
  where w.version <> excluded.version;
  get diagnostics made = row_count;
  return made;
end
$$;

ALTER FUNCTION ragwall.fill_words(most integer) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.fill_words(most integer) IS 'Makes the words of documents of the bound tenant that have none by the configuration that is enabled, and returns of how many. most: how many at once, 1 to 100000. Raises RW001 if no tenant is bound, RW302 if most is null or out of range. For members of ragwall_owner. Security definer: it runs as the owner, who is bound by the policies of the documents.';

CREATE FUNCTION ragwall.filter_condition(filter jsonb, level integer) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  key text;
  value jsonb;
  parts text[] := '{}';
begin
  if jsonb_typeof(filter) is distinct from 'object' then
    raise exception 'the filter is expected to be a JSON object, or null for none'
      using errcode = 'RW105', hint = 'A filter names fields: {"year": {"$gte": 2026}}. $and and $or take a list of '
        'filters, $not takes one.';
  end if;
  if level > 8 then
    raise exception 'the filter has more than 8 levels'
      using errcode = 'RW108', hint = 'Each $and, $or, $not and object within another is a level.';
  end if;
  for key, value in select e.key, e.value from jsonb_each(filter) as e loop
    if key in ('$and', '$or') then
      if jsonb_typeof(value) <> 'array' or jsonb_array_length(value) not between 1 and 1000 then
        raise exception 'the filter has a value that % does not take', key
          using errcode = 'RW108', hint = '$and and $or take a list of 1 to 1000 filters.';
      end if;
      parts := parts || ('(' || ragwall.join_conditions(
        array(select '(' || ragwall.filter_condition(e, level + 1) || ')' from jsonb_array_elements(value) as e),
        case key when '$and' then ' && ' else ' || ' end
      ) || ')');
    elsif key = '$not' then
      parts := parts || ('!exists(@ ? (' || ragwall.filter_condition(value, level + 1) || '))');
    elsif key like '$%' then
      raise exception 'the filter has an unknown operator, "%"', left(key, 60)
        using errcode = 'RW107', hint = 'A filter takes names of fields, $and, $or and $not.';
    else
      parts := parts || ragwall.field_condition(key, value, level);
    end if;
  end loop;
  return case when parts = '{}' then '1 == 1' else ragwall.join_conditions(parts, ' && ') end;
end
$_$;

ALTER FUNCTION ragwall.filter_condition(filter jsonb, level integer) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.filter_condition(filter jsonb, level integer) IS 'Returns the condition of a jsonpath that says what a filter says. level: how deep in the filter it stands, from 1. Raises RW105 if it is no object, RW107 for an unknown operator, RW108 for a value that an operator does not take or more than 8 levels. For filter_path().';

CREATE FUNCTION ragwall.filter_path(filter jsonb) RETURNS jsonpath
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
begin
  if octet_length(filter::text) > 65536 then
    raise exception 'the filter has more than 65536 bytes'
      using errcode = 'RW108', hint = 'Search once for each part of a long list, or store what the list stands for.';
  end if;
  return ('$ ? (' || ragwall.filter_condition(filter, 1) || ')')::jsonpath;
end
$_$;

ALTER FUNCTION ragwall.filter_path(filter jsonb) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.filter_path(filter jsonb) IS 'Returns a filter as a jsonpath: metadata @? filter_path(filter) is true of the documents that fit it. filter: a JSON object of at most 65536 bytes; what it says is in docs/filters.md. Raises RW105 if it is null or no object, RW107 for an unknown operator, RW108 for a value that an operator does not take, and for more than 8 levels or 65536 bytes.';

CREATE FUNCTION ragwall.inventory() RETURNS TABLE(kind text, object text, property text, value text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET quote_all_identifiers TO 'off'
    SET standard_conforming_strings TO 'on'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO, YMD'
    SET "IntervalStyle" TO 'postgres'
    SET extra_float_digits TO '1'
    SET bytea_output TO 'hex'
    SET lc_monetary TO 'C'
    AS '… db/audit-install.sql …';

ALTER FUNCTION ragwall.inventory() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.inventory() IS 'Returns everything that isolation rests on in this database, one fact a row, sorted: roles, privileges, policies, functions, keys and more, but no data. The rows do not depend on the role or the settings of the caller. The body is db/inventory.sql. For DBAs: nobody but the owner may execute it.';

CREATE FUNCTION ragwall.fingerprint() RETURNS text
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    RETURN (SELECT ('sha256:'::text || encode(sha256(convert_to(string_agg((json_build_array(i.kind, i.object, i.property, i.value))::text, '
'::text ORDER BY (i.kind COLLATE "C"), (i.object COLLATE "C"), (i.property COLLATE "C"), (i.value COLLATE "C")), 'UTF8'::name)), 'hex'::text)) FROM ragwall.inventory() i(kind, object, property, value));

ALTER FUNCTION ragwall.fingerprint() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.fingerprint() IS 'Returns one hash of all rows of ragwall.inventory(): sha256: and 64 hexadecimal digits. It changes when something changes that isolation rests on, and otherwise stays the same. `ragwall audit --fingerprint --diff` prints what has changed. For DBAs: nobody but the owner may execute it.';

CREATE FUNCTION ragwall.fix_plans(routine regprocedure, plans text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION ragwall.fix_plans(routine regprocedure, plans text) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.fix_plans(routine regprocedure, plans text) IS 'Gives a function a value of its own for each setting of Query Tuning by which a caller could change its plans: the default of PostgreSQL, but no sequential scans, no parallel workers and no compilation. plans: generic, which the session keeps, or custom, which are made for each call. For the owner of the function. Raises 22023 for other plans, 42601 if routine is null.';

CREATE FUNCTION ragwall.foreign_key_findings(target regclass, tenant_column name) RETURNS TABLE(finding text, remedy text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
  with neighbour as (
    select r.relation, ragwall.tenant_column_of(r.relation, target, tenant_column) as tenant
    from (
      select k.conrelid::regclass from pg_constraint as k
      where k.confrelid in (select m from ragwall.with_partitions(target) as m)
      union
      select k.confrelid::regclass from pg_constraint as k
      where k.contype = 'f' and k.conrelid in (select m from ragwall.with_partitions(target) as m)
      union
      select m from ragwall.with_partitions(target) as m
    ) as r (relation)
  )
  select
    format(
      case when f.addition is null then 'the foreign key %I of %s names a tenant of %s that need not be its own'
        else 'the foreign key %I of %s names a row of %s without its tenant' end,
      k.conname, f.near, f.far
    ),
    concat_ws('; ', f.removal, f.key, f.addition)
  from ragwall.composite_foreign_keys((
    select jsonb_object_agg(n.relation::oid, n.tenant) from neighbour as n where n.tenant is not null
  )) as f
  join pg_constraint as k on k.oid = f.id
  where exists (select from ragwall.with_partitions(target) as m where m in (f.near, f.far))
  union all
  select
    format('the foreign key %I of %s, where no tenant column is recognised, names rows of %s', k.conname, n.relation,
      k.confrelid::regclass),
    format('alter table %s drop constraint %I', n.relation, k.conname)
  from pg_constraint as k
  join neighbour as n on n.relation = k.conrelid and n.tenant is null
  where k.contype = 'f'
    and k.conparentid = 0
    and k.confrelid in (select m from ragwall.with_partitions(target) as m)
    and not quote_ident(tenant_column) = any (ragwall.column_names(k.confrelid, k.confkey))
$$;

ALTER FUNCTION ragwall.foreign_key_findings(target regclass, tenant_column name) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.foreign_key_findings(target regclass, tenant_column name) IS 'Returns the foreign keys from and to a table by which a row of one tenant can refer to a row of another, each with statements that add the tenant to it. Postgres checks foreign keys beneath row-level security, so they tell which rows other tenants have, and ON DELETE changes those rows. A foreign key to a table without tenants is not returned. tenant_column: the tenant column of target, and of tables that are not protected.';

CREATE FUNCTION ragwall.forget_statistics(relation regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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

ALTER FUNCTION ragwall.forget_statistics(relation regclass) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.forget_statistics(relation regclass) IS 'Makes ANALYZE gather no statistics on any column of a table. Those that were gathered before stay. For the owner of the table. Raises 22004 for null.';

CREATE FUNCTION ragwall.grant_login(login name, role name) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
declare
  roles constant name[] := ragwall.application_roles();
  owners constant name[] := '{ragwall_owner,ragwall_context,ragwall_search}';
  connections constant integer := (select r.rolconnlimit from pg_roles as r where r.rolname = role);
  preset record;
begin
  if (role = any (roles) and (login = role or login <> all (roles || owners))) is not true then
    raise exception 'a login of the application, and one of the roles % are expected', array_to_string(roles, ', ')
      using errcode = 'RW010',
        hint = format('The role comes second: select ragwall.grant_login(''api'', %L).', roles[1]);
  end if;
  if not exists (select from pg_roles as r where r.rolname = login) then
    execute format('create role %I', login);
  end if;
  execute format('alter role %I login', login);
  execute format('grant connect on database %I to %I', current_database(), login);
  if login = role then
    return;
  end if;
  execute format('grant %I to %I', role, login);
  for preset in
    -- Those of this database come last and replace those of all databases.
    select split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1) as value
    from pg_db_role_setting as s
    join pg_roles as r on r.oid = s.setrole
    left join pg_database as d on d.oid = s.setdatabase
    cross join unnest(s.setconfig) as c
    where r.rolname = role
      and (s.setdatabase = 0 or d.datname = current_database())
      and c ~ '^(\w+_(timeout|limit|interval)|track_activities|default_transaction_read_only)='
    order by s.setdatabase
  loop
    execute format('alter role %I in database %I set %I = %L', login, current_database(), preset.name, preset.value);
  end loop;
  if connections <> -1 then
    execute format('alter role %I connection limit %s', login, connections);
  end if;
end
$$;

ALTER FUNCTION ragwall.grant_login(login name, role name) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.grant_login(login name, role name) IS 'Makes a login of a role in this database, without a password: creates it if there is none of the name, lets it connect here, makes it a member of the role, and gives it the limits that the role has, in time and of connections. Limits are copied: repeat the call after they were changed. What the login may do in other databases stays as it is. login: may be the role itself, but then its members may connect here, too. role: app_user, app_reader, agent_reader or agent_caller. Raises RW010 for other arguments. For superusers, and for members of ragwall_owner with CREATEROLE that own the database.';

CREATE FUNCTION ragwall.grant_plan(target regclass, tenant_column name, owner oid, allow_delete boolean, name_tenant boolean, writers regrole[], readers regrole[]) RETURNS TABLE(place integer, step text, statement text)
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
  with safe as (
    select s.relation, s.grantee, s.privilege, s.column_name, false as is_grantable, owner as grantor
    from ragwall.safe_privileges(target, tenant_column, owner, allow_delete, name_tenant, writers, readers) as s
  ),
  held as (
    select c.oid::regclass as relation, h.grantee, h.privilege, h.column_name, h.is_grantable,
      case h.grantor when c.relowner then owner else h.grantor end as grantor
    from (
      select m from ragwall.with_partitions(target) as m
      union all
      select s from ragwall.own_sequences(target) as s
    ) as r (relation)
    join pg_class as c on c.oid = r.relation
    cross join lateral ragwall.held_privileges(r.relation) as h
    where h.grantee <> owner
  ),
  changed as (
    select d.relation, d.grantee,
      case d.grantee when 0 then 'public' else d.grantee::regrole::text end as who,
      case c.relkind when 'S' then 'sequence' else 'table' end as kind
    from (
      select relation, grantee from (table held except table safe) as h
      union
      select relation, grantee from (table safe except table held) as s
    ) as d
    join pg_class as c on c.oid = d.relation
  )
  select 30,
    concat_ws(' ', 'privileges of', c.who, '(' || (
      select 'loses ' || lower(string_agg(distinct h.privilege, ', '))
      from held as h
      where (h.relation, h.grantee) = (c.relation, c.grantee)
        and h.privilege not in (
          select s.privilege from safe as s where (s.relation, s.grantee) = (c.relation, c.grantee)
        )
    ) || ')'),
    format('revoke all on %s %s from %s cascade', c.kind, c.relation, c.who)
  from changed as c
  where exists (select from held as h where (h.relation, h.grantee) = (c.relation, c.grantee))
  union all
  select 80, concat('privileges of ', c.who), format(
    'grant %s on %s %s to %s',
    string_agg(p.privilege, ', ' order by p.privilege), c.kind, c.relation, c.who
  )
  from changed as c
  cross join lateral (
    select lower(s.privilege)
      || coalesce(' (' || string_agg(quote_ident(s.column_name), ', ' order by a.attnum) || ')', '')
    from safe as s
    left join pg_attribute as a on a.attrelid = s.relation and a.attname = s.column_name
    where (s.relation, s.grantee) = (c.relation, c.grantee)
    group by s.privilege
  ) as p (privilege)
  group by c.relation, c.grantee, c.who, c.kind
$$;

ALTER FUNCTION ragwall.grant_plan(target regclass, tenant_column name, owner oid, allow_delete boolean, name_tenant boolean, writers regrole[], readers regrole[]) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.grant_plan(target regclass, tenant_column name, owner oid, allow_delete boolean, name_tenant boolean, writers regrole[], readers regrole[]) IS 'Returns the statements that leave exactly safe_privileges() on a table, its partitions and sequences. Nothing for a role that has just these. step: whose privileges change, and which kinds the role loses.';

CREATE FUNCTION ragwall.held_privileges(relation regclass) RETURNS TABLE(grantee oid, privilege text, column_name name, is_grantable boolean, grantor oid)
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT a.grantee,
     a.privilege_type,
     NULL::name AS name,
     a.is_grantable,
     a.grantor
    FROM (pg_class c
      CROSS JOIN LATERAL aclexplode(c.relacl) a(grantor, grantee, privilege_type, is_grantable))
   WHERE ((c.oid = (held_privileges.relation)::oid) AND (a.grantee <> c.relowner))
 UNION ALL
  SELECT a.grantee,
     a.privilege_type,
     t.attname,
     a.is_grantable,
     a.grantor
    FROM ((pg_class c
      JOIN pg_attribute t ON ((t.attrelid = c.oid)))
      CROSS JOIN LATERAL aclexplode(t.attacl) a(grantor, grantee, privilege_type, is_grantable))
   WHERE ((c.oid = (held_privileges.relation)::oid) AND (a.grantee <> c.relowner) AND (NOT t.attisdropped));
END;

ALTER FUNCTION ragwall.held_privileges(relation regclass) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.held_privileges(relation regclass) IS 'Returns the privileges on a table or sequence and on its columns, except those of its owner. grantee: 0 is PUBLIC. column_name: null for a privilege on the whole.';

CREATE FUNCTION ragwall.index_findings(target regclass, tenant_column name) RETURNS TABLE(refused boolean, finding text, remedy text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
  select
    s.refused,
    concat(
      'the ', coalesce('key ' || quote_ident(i.conname), 'index ' || i.name),
      case
        when i.approximate then format(
          ' is approximate and has the rows of all tenants: create one for each tenant, where %I = …, or none',
          tenant_column
        )
        when s.refused and t.tenant = any (i.keys) then ' compares rows of tenants with those of others'
        when s.refused then ' is unique across tenants, so that errors tell what other tenants have'
        else ' does not begin with the tenant, so that explain counts rows of other tenants in it'
      end
    ),
    case
      when i.conname is not null then format(
        'alter table %s drop constraint %I%s', i.relation, i.conname,
        case when s.with_tenant is not null then format(', add constraint %I %s', i.conname, s.with_tenant) end
      )
      when s.with_tenant is null then format('drop index %s', i.name)
      else format('drop index %s; %s', i.name, s.with_tenant)
    end
  from (
    select x.indexrelid::regclass as name, x.indrelid::regclass as relation, x.indisunique, x.indisexclusion,
      a.amname, k.conname, k.contype,
      ragwall.column_names(x.indrelid, (x.indkey::smallint[])[0:x.indnkeyatts - 1]) as keys, k.conexclop as operators,
      coalesce(pg_get_constraintdef(k.oid), pg_get_indexdef(x.indexrelid)) as definition,
      -- gist and spgist, which are part of the server, return exact results.
      a.amname not in ('gist', 'spgist') and exists (
        select
        from pg_opclass as o
        join pg_amop as p on p.amopfamily = o.opcfamily
        where o.oid = any (x.indclass::oid[])
          and p.amoppurpose = 'o'
      ) as approximate
    from ragwall.with_partitions(target) as m
    join pg_index as x on x.indrelid = m
    join pg_class as c on c.oid = x.indexrelid
    join pg_am as a on a.oid = c.relam
    left join pg_constraint as k on k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x')
    where not c.relispartition
    -- offset 0: the conditions below are evaluated for the indexes of this table only.
    offset 0
  ) as i
  cross join lateral (
    select quote_ident(tenant_column),
      case when i.contype in ('p', 'u') then '(' else format('USING %s (', i.amname) end
  ) as t (tenant, opening)
  cross join lateral (
    select
      -- Exclusions by another operator than "=" compare tenants with each other.
      i.approximate
        or i.indisunique and not coalesce(t.tenant = any (i.keys), false)
        or i.indisexclusion and not exists (
          select
          from unnest(i.keys, i.operators) as e (key, operator)
          join pg_amop as o on o.amopopr = e.operator and o.amopmethod = 403 and o.amopstrategy = 3
          where e.key = t.tenant
        ),
      case
        when t.tenant = any (i.keys) then nullif(
          replace(
            i.definition, format('(%s)', array_to_string(i.keys, ', ')),
            format('(%s)', array_to_string(t.tenant || array_remove(i.keys, t.tenant), ', '))
          ),
          i.definition
        )
        when i.amname = 'btree' or i.indisexclusion then overlay(
          i.definition
          placing concat(t.tenant, case when i.indisexclusion then ' WITH =' end, ', ')
          from strpos(i.definition, t.opening) + length(t.opening)
          for 0
        )
      end
  ) as s (refused, with_tenant)
  where (i.approximate or i.indisexclusion or i.amname in ('btree', 'hash', 'brin'))
    and not exists (
      select from ragwall.pinned_columns() as p where p.index = i.name and p.column_name = tenant_column
    )
    and (i.keys[1] is distinct from t.tenant or i.indisexclusion and s.refused)
$$;

ALTER FUNCTION ragwall.index_findings(target regclass, tenant_column name) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.index_findings(target regclass, tenant_column name) IS 'Returns the indexes of a table that neither begin with the tenant nor have rows of one tenant only, each with statements that correct it. refused: true for those that tell of other tenants by errors and answers, which are unique indexes without the tenant, exclusions that compare tenants, and approximate ones; false for those that only explain shows.';

CREATE FUNCTION ragwall.index_plan() RETURNS SETOF text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  -- From how many documents on; the search table goes when there are fewer than half of that.
  large constant integer := case
    when coalesce(current_setting('ragwall.search_table_from', true), '') = '' then 1000
    when current_setting('ragwall.search_table_from') ~ '^[0-9]{1,9}$'
      then current_setting('ragwall.search_table_from')::integer
    else 0
  end;
  step constant text := 'select ragwall.set_tenant(%L); select ragwall.%s';
  entries ragwall.search_tables[];
  entry ragwall.search_tables;
  registered text[] := '{}';
  candidate text;
begin
  if large < 1 then
    raise exception 'ragwall.search_table_from is expected to be a whole number from 1'
      using errcode = 'RW301';
  end if;
  entries := array(select s from ragwall.search_tables as s order by s.tenant_id);
  for candidate in
    select s.tenant_id from ragwall_search.stored as s
    where s.tenant_id not in (select e.tenant_id from unnest(entries) as e)
    group by s.tenant_id having sum(s.documents) >= large order by s.tenant_id
  loop
    if ragwall_search.has_documents(candidate, large) then
      return next format(step, candidate, 'build_search_table()');
      registered := registered || candidate;
    end if;
  end loop;
  foreach entry in array entries loop
    if entry.previous is not null and entry.built_at < clock_timestamp() - interval '1 minute' then
      return next format(step, entry.tenant_id, 'drop_search_table()');
    end if;
    continue when entry.relation is null and entry.previous is not null;
    if not ragwall_search.has_documents(entry.tenant_id, large / 2) then
      if entry.previous is null then
        return next format(step, entry.tenant_id, 'drop_search_table()');
      end if;
    elsif entry.due = 'catch up' then
      for batch in 0..(entry.tail - 1) / 1000 loop
        return next format(step, entry.tenant_id, 'catch_up(1000)');
      end loop;
    elsif entry.due is not null then
      return next format(step, entry.tenant_id, entry.due || '_search_table()');
    end if;
  end loop;
  return query select ragwall_search.words_due();
  return query
  select format(step, u.tenant_id, 'build_search_table()') from unnest(registered) as u (tenant_id);
  if exists (
    select from ragwall_search.tail as t
    where not exists (select from ragwall_search.directory as s where s.tenant_id = t.tenant_id)
  ) then
    return next 'delete from ragwall_search.tail as t '
      'where not exists (select from ragwall_search.directory as s where s.tenant_id = t.tenant_id)';
  end if;
  if (select count(*) - count(distinct s.tenant_id) from ragwall_search.stored as s) > 10000 then
    return next 'with s as (delete from ragwall_search.stored returning *) '
      'insert into ragwall_search.stored (tenant_id, documents, registered) '
      'select s.tenant_id, sum(s.documents), bool_or(s.registered) from s group by s.tenant_id';
  end if;
end
$_$;

ALTER FUNCTION ragwall.index_plan() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.index_plan() IS 'The statements that are due, one a row, each to be run by itself and committed (psql: \gexec): to build the search table of a tenant that has come to ragwall.search_table_from documents (a setting, default 1000), to bring one up to date, to measure its recall, to build a worn one anew, to drop one of a tenant that has fewer than half as many, to add up what small tenants have stored. For superusers and members of ragwall_owner, which the policies bind: it binds one tenant after the other, and in the end the one that was bound before. Raises RW301 if the setting is no number from 1.';

CREATE FUNCTION ragwall.index_search_table() RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  tenant constant text := ragwall.require_tenant();
  entry ragwall_search.directory;
begin
  -- While the row is locked, catch_up() returns without waiting, so nobody waits for the index.
  select s.* into entry from ragwall_search.directory as s where s.tenant_id = tenant for update;
  if entry.relation is null then
    return 'no search table';
  end if;
  update ragwall_search.directory as s
  set ranges = ragwall_search.index_ranges(entry.relation, entry.ranges)
  where s.tenant_id = tenant;
  return 'indexed';
end
$$;

ALTER FUNCTION ragwall.index_search_table() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.index_search_table() IS 'Gives the search table of the bound tenant an index for each declared field that it has none for. Searches and writes go on. Raises RW001 if no tenant is bound. For members of ragwall_owner. Security definer: it runs as the owner, who is bound by the policies.';

CREATE FUNCTION ragwall.is_safe_owner(owner oid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    BEGIN ATOMIC
 SELECT ((NOT (o.rolcanlogin OR o.rolsuper OR o.rolbypassrls)) AND (NOT (EXISTS ( SELECT
            FROM pg_roles r
           WHERE ((NOT r.rolsuper) AND pg_has_role(r.oid, o.oid, 'member'::text) AND (((current_setting('ragwall.app_roles'::text, true) <> ''::text) AND (r.oid IN ( SELECT a.role
                    FROM ragwall.app_roles() a(role, untrusted)))) OR (EXISTS ( SELECT
                    FROM unnest(ragwall.application_roles()) app(app)
                   WHERE pg_has_role(r.oid, app.app,
                         CASE
                             WHEN ((current_setting('server_version_num'::text))::integer < 160000) THEN 'member'::text
                             ELSE 'usage, set'::text
                         END)))))))))
    FROM pg_roles o
   WHERE (o.oid = is_safe_owner.owner);
END;

ALTER FUNCTION ragwall.is_safe_owner(owner oid) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.is_safe_owner(owner oid) IS 'Returns whether a role may own a protected table. An owner can remove the policies, so it may not log in, be a superuser or bypass row-level security. None of its members may be a role of the application or the agents, or one that the setting ragwall.app_roles names. Null if there is no such role. Raises RW504 before db/audit-install.sql has run.';

CREATE FUNCTION ragwall.is_tenant_id(tenant text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((tenant COLLATE "C") ~ '^[!-~]{1,128}$'::text);

ALTER FUNCTION ragwall.is_tenant_id(tenant text) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.is_tenant_id(tenant text) IS 'Returns whether a text is a well-formed tenant id: 1 to 128 printable ASCII characters without spaces. Case matters. Null for null. Does not tell whether there is such a tenant.';

CREATE FUNCTION ragwall.join_conditions(parts text[], operator text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if cardinality(parts) <= 100 then
    return array_to_string(parts, operator);
  end if;
  return (
    select string_agg('(' || array_to_string(parts[n : n + 99], operator) || ')', operator)
    from generate_series(1, cardinality(parts), 100) as n
  );
end
$$;

ALTER FUNCTION ragwall.join_conditions(parts text[], operator text) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.join_conditions(parts text[], operator text) IS 'Returns conditions of a jsonpath as one, a hundred of them to a pair of parentheses. operator: && or ||. For filter_condition() and field_condition().';

CREATE FUNCTION ragwall.search_documents(query_vec public.halfvec, k integer, filter jsonb) RETURNS SETOF ragwall.match
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "hnsw.iterative_scan" TO 'off'
    SET "hnsw.ef_search" TO '40'
    SET cpu_index_tuple_cost TO '0.005'
    SET cpu_operator_cost TO '0.0025'
    SET cpu_tuple_cost TO '0.01'
    SET enable_bitmapscan TO 'on'
    SET enable_hashagg TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_indexonlyscan TO 'on'
    SET enable_indexscan TO 'on'
    SET enable_nestloop TO 'on'
    SET enable_presorted_aggregate TO 'on'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'on'
    SET enable_tidscan TO 'on'
    SET jit TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET plan_cache_mode TO 'force_generic_plan'
    SET random_page_cost TO '4'
    SET seq_page_cost TO '1'
    AS $$
#variable_conflict use_variable
declare
  tenant constant text := ragwall.current_tenant();
  path jsonpath;
  entry ragwall_search.directory;
  found ragwall.match[];
begin
  if (
    tenant is not null
    and public.vector_dims(query_vec) = ragwall.embedding_dimensions()
    and query_vec operator(public.<=>) query_vec < 2
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
    1 - (r.embedding operator(public.<=>) query_vec) as similarity
  from ragwall.documents_rows as r
  where r.tenant_id = tenant
    and (path is null or r.metadata @? path)
  order by similarity desc, r.id
  limit k;
end
$$;

ALTER FUNCTION ragwall.search_documents(query_vec public.halfvec, k integer, filter jsonb) OWNER TO ragwall_search;

COMMENT ON FUNCTION ragwall.search_documents(query_vec public.halfvec, k integer, filter jsonb) IS 'Returns the k documents of the bound tenant that are nearest to query_vec among those whose metadata fits filter: nearest first, ties by id, fewer than k only if fewer match. Exact, unless the tenant has a search table (see search_tables), which may miss a document for one that is nearly as near. query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON object (filter_path()); null for none. Raises what refuse_search() and filter_path() do. Security definer: its owner, ragwall_search, reads the documents where they are stored, and is bound by the policies there.';

CREATE FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer, filter jsonb) RETURNS SETOF ragwall.match
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
 SELECT m.tenant_id,
     m.id,
     m.source,
     m."position",
     m.content,
     m.metadata,
     m.similarity
    FROM ragwall.search_documents(match_documents.query_vec, match_documents.k, match_documents.filter) m(tenant_id, id, source, "position", content, metadata, similarity);
END;

ALTER FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer, filter jsonb) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer, filter jsonb) IS 'Returns the k documents of the bound tenant that are nearest to query_vec among those whose metadata fits filter: nearest first, ties by id, fewer than k only if fewer match. Exact, unless the tenant has a search table (see search_tables), which may miss a document for one that is nearly as near. similarity: the cosine, -1 to 1. query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON object (filter_path()); null for none. Raises RW001 if no tenant is bound, RW101 if query_vec is null, RW102 if its dimensions are wrong, RW103 if it is all zeros, RW104 if k is null or out of range, RW105, RW107 and RW108 as filter_path() does.';

CREATE FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer) RETURNS SETOF ragwall.match
    LANGUAGE sql STABLE ROWS 10
    BEGIN ATOMIC
 SELECT m.tenant_id,
     m.id,
     m.source,
     m."position",
     m.content,
     m.metadata,
     m.similarity
    FROM ragwall.match_documents(match_documents.query_vec, match_documents.k, NULL::jsonb) m(tenant_id, id, source, "position", content, metadata, similarity);
END;

ALTER FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer) IS 'Calls match_documents(query_vec, k, filter) without a filter: the k documents of the bound tenant that are nearest to query_vec. query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. Raises RW001 if no tenant is bound, RW101 to RW104 for null and for arguments out of range.';

CREATE FUNCTION ragwall.match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb DEFAULT NULL::jsonb, weight double precision DEFAULT 0.5) RETURNS SETOF ragwall.scored_match
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET cpu_index_tuple_cost TO '0.005'
    SET cpu_operator_cost TO '0.0025'
    SET cpu_tuple_cost TO '0.01'
    SET enable_bitmapscan TO 'on'
    SET enable_hashagg TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_indexonlyscan TO 'on'
    SET enable_indexscan TO 'on'
    SET enable_nestloop TO 'on'
    SET enable_presorted_aggregate TO 'on'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'on'
    SET enable_tidscan TO 'on'
    SET jit TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET plan_cache_mode TO 'force_generic_plan'
    SET random_page_cost TO '4'
    SET seq_page_cost TO '1'
    AS $$
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
      1 - (d.embedding operator(public.<=>) query_vec) as similarity, coalesce(w.words, 0) as words
    from (select unnest(ids) union select unnest(by_words.ids)) as i (id)
    cross join lateral (
      select r.tenant_id, r.id, r.source, r.position, r.content, r.metadata, r.embedding
      from ragwall.documents_rows as r
      where r.tenant_id = tenant and r.id = i.id
      offset 0
    ) as d
    left join lateral (
      select -(w.words operator(public.<#>) by_words.words) as words from ragwall_search.words as w
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

ALTER FUNCTION ragwall.match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb, weight double precision) OWNER TO ragwall_search;

COMMENT ON FUNCTION ragwall.match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb, weight double precision) IS 'Returns the k documents of the bound tenant that are best by meaning and by words among those whose metadata fits filter: best first, ties by id, fewer than k only if fewer fit. Candidates are the 50 (k, if that is more) best of match_documents() and of search_words(). Both scores of each are scaled to 0 to 1 over all candidates, and score is weight times that of the similarity plus 1 - weight times that of the words. query_vec: embedding_dimensions() numbers, not all zero. query_text: the text that it is the embedding of. k: 1 to 1000. filter: a JSON object (filter_path()), or null for none. weight: 0 to 1. Raises RW001 if no tenant is bound, RW101 to RW108 as match_documents() does, RW109 if query_text is null, RW110 if words are not enabled, RW111 if weight is null or out of range. Security definer: its owner, ragwall_search, reads the documents and words, and is bound by the policies there.';

CREATE FUNCTION ragwall.measure_search_table() RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  tenant constant text := ragwall.require_tenant();
  entry ragwall_search.directory;
  measured record;
  counted bigint;
begin
  select s.* into entry from ragwall_search.directory as s where s.tenant_id = tenant for update;
  if entry.relation is null then
    return 'no search table';
  end if;
  execute format('select count(*) from ragwall_search.%I', entry.relation) into counted;
  measured := ragwall_search.measure(entry.relation, counted);
  update ragwall_search.directory as s
  set (measured, ef_10, ef_100, recall_10, recall_100, measured_at)
    = (s.applied, measured.ef_10, measured.ef_100, measured.recall_10, measured.recall_100, clock_timestamp())
  where s.tenant_id = tenant;
  return format('measured: recall %s of 10, %s of 100', round(measured.recall_10::numeric, 3),
    round(measured.recall_100::numeric, 3));
end
$$;

ALTER FUNCTION ragwall.measure_search_table() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.measure_search_table() IS 'Measures the recall of the bound tenant''s search table again, sets the hnsw.ef_search of its searches accordingly, and says what it found. Raises RW001 if no tenant is bound. For members of ragwall_owner. Security definer: it runs as the owner, who is bound by the policies.';

CREATE FUNCTION ragwall.migration() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 30;

ALTER FUNCTION ragwall.migration() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.migration() IS 'Returns the number of the last migration that was applied. Clients and the audit compare it with the number they need.';

CREATE FUNCTION ragwall.with_partitions(target regclass) RETURNS SETOF regclass
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT with_partitions.target AS target
 UNION
  SELECT p.relid
    FROM pg_partition_tree(with_partitions.target) p(relid, parentrelid, isleaf, level);
END;

ALTER FUNCTION ragwall.with_partitions(target regclass) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.with_partitions(target regclass) IS 'Returns a table, or an index, and its partitions on all levels. A row that is null for null.';

CREATE FUNCTION ragwall.own_sequences(target regclass) RETURNS SETOF regclass
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT (c.oid)::regclass AS oid
    FROM (pg_depend d
      JOIN pg_class c ON (((c.oid = d.objid) AND (c.relkind = 'S'::"char"))))
   WHERE ((d.classid = ('pg_class'::regclass)::oid) AND (d.refobjid IN ( SELECT m.m
            FROM ragwall.with_partitions(own_sequences.target) m(m))) AND (d.deptype = ANY (ARRAY['a'::"char", 'i'::"char"])));
END;

ALTER FUNCTION ragwall.own_sequences(target regclass) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.own_sequences(target regclass) IS 'Returns the sequences that belong to columns of a table or of its partitions.';

CREATE FUNCTION ragwall.pinned_columns() RETURNS TABLE(index regclass, column_name name)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
with recursive
identity as materialized (
  select string_agg(distinct o.amopopr::text, '|') as operators,
    coalesce(
      (select string_agg(c.oid::text, '|') from pg_catalog.pg_collation as c where not c.collisdeterministic), '-'
    ) as vague
  from pg_catalog.pg_amop as o
  where o.amopmethod = 403 and o.amopstrategy = 3 and o.amopopr < 16384
    and 1042 not in (o.amoplefttype, o.amoprighttype)
    and (
      select count(distinct f.amproclefttype) from pg_catalog.pg_amproc as f
      where f.amprocfamily = o.amopfamily and f.amprocnum = 4
        and f.amproclefttype in (o.amoplefttype, o.amoprighttype)
    ) = case when o.amoplefttype = o.amoprighttype then 1 else 2 end
),
reduction (indexrelid, tree) as (
  select i.indexrelid, regexp_replace(i.indpred::text, '\\.', '_', 'g')
  from pg_catalog.pg_index as i
  where i.indpred is not null
  union all
  select r.indexrelid,
    case when s.tree <> r.tree then s.tree else regexp_replace(r.tree, '\{[^{}]*\}', 'X', 'g') end
  from reduction as r
  cross join identity as e
  cross join lateral regexp_replace(r.tree, '\{VAR :varno 1 :varattno (\d+) [^{}]*\}', '<V\1>', 'g') as a (tree)
  cross join lateral regexp_replace(a.tree, '\{CONST [^{}]*:constisnull false [^{}]*\}', '<C>', 'g') as b (tree)
  cross join lateral regexp_replace(b.tree, '\{RELABELTYPE :arg (<V\d+>|<C>) [^{}]*\}', '\1', 'g') as c (tree)
  cross join lateral regexp_replace(c.tree, format('\{OPEXPR :opno (?:%s) [^{}]*:inputcollid (?!(?:%s) )\d+ '
    ':args \((?:<V(\d+)> <C>|<C> <V(\d+)>)\)[^{}]*\}', e.operators, e.vague), '<P\1\2>', 'g') as d (tree)
  cross join lateral regexp_replace(d.tree, '\{BOOLEXPR :boolop and :args \(([^{}()]*)\)[^{}]*\}', '\1', 'g')
    as s (tree)
  where r.tree ~ '\{'
),
pinned_leaf as materialized (
  select r.indexrelid, a.attname
  from reduction as r
  join pg_catalog.pg_index as i on i.indexrelid = r.indexrelid
  cross join lateral regexp_matches(r.tree, '<P(\d+)>', 'g') as p (attnum)
  join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = p.attnum[1]::smallint
  where r.tree !~ '\{'
  union
  select i.indexrelid, a.attname
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as t on t.oid = i.indrelid and t.relispartition
  cross join lateral pg_catalog.pg_partition_ancestors(t.oid) as b (relid)
  join pg_catalog.pg_class as c on c.oid = b.relid
  join pg_catalog.pg_inherits as h on h.inhrelid = c.oid
  join pg_catalog.pg_partitioned_table as k on k.partrelid = h.inhparent and k.partnatts = 1
  join pg_catalog.pg_attribute as a on a.attrelid = k.partrelid and a.attnum = (k.partattrs::smallint[])[0]
  join pg_catalog.pg_opclass as o on o.oid = (k.partclass::oid[])[0] and o.oid < 16384
  where c.relpartbound::text ~ ('^\{PARTITIONBOUNDSPEC :strategy l :is_default false [^{}]*:listdatums '
      '\(\{CONST [^{}]*:constisnull false [^{}]*\}\)')
    and o.opcintype <> 1042
    and exists (
      select from pg_catalog.pg_amproc as f
      where f.amprocfamily = o.opcfamily and f.amproclefttype = o.opcintype and f.amprocnum = 4
    )
    and not exists (
      select from pg_catalog.pg_collation as l where l.oid = (k.partcollation::oid[])[0] and not l.collisdeterministic
    )
),
pinned_column as materialized (
  select c.oid as indexrelid, p.attname
  from pg_catalog.pg_class as c
  join pinned_leaf as p on p.indexrelid = c.oid
  where c.relkind = 'i'
  union all
  select c.oid, p.attname
  from pg_catalog.pg_class as c
  cross join lateral pg_catalog.pg_partition_tree(c.oid) as l
  left join pinned_leaf as p on p.indexrelid = l.relid
  where c.relkind = 'I' and l.isleaf
  group by c.oid, p.attname
  having count(*) = (select count(*) from pg_catalog.pg_partition_tree(c.oid) as e where e.isleaf)
    and p.attname is not null
)
select indexrelid::regclass, attname from pinned_column
$$;

ALTER FUNCTION ragwall.pinned_columns() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.pinned_columns() IS 'Returns the columns that have one value in all rows of an index, as the audit and protect_table() decide it: its predicate requires that the column equals a constant, or its table is a list partition for one value. Of an index on a partitioned table, the columns of which this is true in every partition. The body is db/audit/queries/pinned-columns.sql. For DBAs: nobody but the owner may execute it.';

CREATE FUNCTION ragwall.protect_plan(tables jsonb DEFAULT NULL::jsonb) RETURNS TABLE(step text, statement text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $_$
  with model as materialized (
    select m.*, quote_ident(m.tenant_column) as tenant
    from ragwall.protected_model(tables) as m
  ),
  index as materialized (
    select m.relation, m.tenant, i.finding, i.remedy
    from model as m
    cross join lateral ragwall.index_findings(m.relation, m.tenant_column) as i
  ),
  foreign_key as materialized (
    select f.*, k.conname
    from ragwall.composite_foreign_keys(
      (select jsonb_object_agg(m.relation::oid, m.tenant) from model as m)
    ) as f
    join pg_constraint as k on k.oid = f.id
  )
  select s.step, s.statement
  from (
    select 10, m.depth, 'a tenant column for ' || m.relation,
      format('alter table %s add column %s %s', m.relation, m.tenant, m.type)
    from model as m
    where m.parent is not null
    union all
    select 11, m.depth, format('its tenants from %s', far.relation), format(
      'update %s as near set %s = far.%s from %s as far where (%s) = (%s) and near.%2$s is null',
      m.relation, m.tenant, far.tenant, far.relation,
      (select string_agg('near.' || c, ', ') from unnest(ragwall.column_names(k.conrelid, k.conkey)) as c),
      (select string_agg('far.' || c, ', ') from unnest(ragwall.column_names(k.confrelid, k.confkey)) as c)
    )
    from model as m
    join pg_constraint as k on k.oid = m.parent
    join model as far on far.relation = k.confrelid
    union all
    select 12, m.depth, 'a tenant in every row',
      format('alter table %s alter column %s set not null', m.relation, m.tenant)
    from model as m
    where not exists (
      select from pg_attribute as a where a.attrelid = m.relation and a.attname = m.tenant_column and a.attnotnull
    )
    union all
    select 20, 0, format('the foreign key %I of %s lacks the tenant', f.conname, f.near), f.removal
    from foreign_key as f
    union all
    select 30, 0, i.finding, i.remedy
    from index as i
    union all
    select 35, 0, 'an index that begins with the tenant', format('create index on %s (%s)', m.relation, m.tenant)
    from model as m
    where not exists (
        select from index as i where i.relation = m.relation and strpos(i.remedy, format('(%s, ', m.tenant)) > 0
      )
      and not exists (
        select
        from pg_index as i
        where i.indrelid = m.relation and (ragwall.column_names(m.relation, i.indkey::smallint[]))[1] = m.tenant
      )
    union all
    -- Of the keys that were replaced above, none has to be added. A removal without an addition stays one.
    select 39, 0, format('a key that %I of %s can refer to', f.conname, f.near), f.key
    from foreign_key as f
    where f.addition is not null
      and not exists (
        select
        from index as i
        join pg_constraint as k on k.oid = f.id
        where i.relation = f.far
          and strpos(
            i.remedy, format('(%s, %s)', i.tenant, array_to_string(ragwall.column_names(k.confrelid, k.confkey), ', '))
          ) > 0
      )
    union all
    select 40, 0, format('the foreign key %I of %s with the tenant', f.conname, f.near), f.addition
    from foreign_key as f
    union all
    select 45, 0, f.finding, f.remedy
    from model as m
    cross join lateral ragwall.table_findings(m.relation, m.tenant_column, false) as f
    where f.refused
    union all
    select 50, m.depth, 'the walls of ' || m.relation,
      format('select * from ragwall.protect_table(%L, %L)', m.relation, m.tenant_column)
    from model as m
    where not exists (select from pg_policy as p where p.polrelid = m.relation and p.polname = 'tenant_floor')
  ) as s (place, depth, step, statement)
  where s.statement is not null
  order by s.place, s.depth, s.statement
$_$;

ALTER FUNCTION ragwall.protect_plan(tables jsonb) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.protect_plan(tables jsonb) IS 'Returns the statements that protect several tables together, in an order that can be executed from top to bottom in one transaction: tenant columns for tables that have none, filled from the tables that they refer to; keys and indexes that begin with the tenant; foreign keys with the tenant on both sides; protect_table() for each. Executes nothing. No row if nothing is left to do. tables: an object that has the tenant column under the name of each table, like {"app.orgs": "id", "app.users": "org_id"}; null takes the tables of ragwall.tenant_tables(). Tables that refer to these belong to the plan, and so does the table of tenants, to which tenant columns refer. Read it before: a key that was unique across tenants becomes unique within each, and approximate indexes are dropped.';

CREATE FUNCTION ragwall.protect_table(target regclass, tenant_column name DEFAULT 'tenant_id'::name, allow_delete boolean DEFAULT true, keep_statistics boolean DEFAULT false, name_tenant boolean DEFAULT true, writers regrole[] DEFAULT '{}'::regrole[], readers regrole[] DEFAULT '{}'::regrole[]) RETURNS TABLE(step text, statement text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET row_security TO 'off'
    AS $_$
declare
  of_text constant boolean := exists (
    select
    from pg_attribute as a
    where a.attrelid = target and a.attname = tenant_column and a.atttypid in ('text'::regtype, 'varchar'::regtype)
  );
  reason constant text := (
    select case
      when c.relnamespace::regnamespace::text in ('ragwall', 'ragwall_private', 'pg_catalog')
        then 'it belongs to Ragwall or to Postgres'
      when c.relkind not in ('r', 'p') or c.relpersistence = 't' then 'it is not a permanent table'
      when c.relispartition then format('it is a partition of %s: protect that', pg_partition_root(target))
      when exists (select from pg_inherits as i where c.relkind = 'r' and target in (i.inhparent, i.inhrelid))
        then 'it inherits, or is inherited from: use partitions or separate tables instead'
      when not exists (
        select from pg_attribute as a where a.attrelid = target and a.attname = tenant_column and a.attnum > 0
      ) then format('it has no column %I: pass the name of its tenant column', tenant_column)
      else ''
    end
    from pg_class as c
    where c.oid = target
  );
  refusals text[];
  tenantless bigint;
begin
  if reason is distinct from '' then
    raise exception 'the table % cannot be protected: %', target, coalesce(reason, 'it does not exist')
      using errcode = 'RW501';
  end if;
  execute format('lock table %s in access exclusive mode', target);
  refusals := array(
    select format('%s: %s', f.finding, f.remedy)
    from ragwall.protection_findings(target, tenant_column, keep_statistics) as f
    where f.refused
  );
  -- A table with a foreign partition is refused already, and reading it could reach another server.
  if not exists (
    select from pg_class as c where c.oid in (select m from ragwall.with_partitions(target) as m) and c.relkind = 'f'
  ) and not exists (
    select
    from pg_constraint as k
    join pg_attribute as a on a.attrelid = target and a.attname = tenant_column and a.attnotnull
    where k.conrelid = target
      and k.conname = 'is_tenant_id'
      and k.convalidated
  ) then
    execute format(
      case when of_text then 'select count(*) from %s where ragwall.is_tenant_id(%I::text) is not true'
        else 'select count(*) from %s where %I is null' end,
      target, tenant_column
    )
    into tenantless;
    if tenantless > 0 then
      refusals := refusals || format(
        'rows without a tenant id, or with an ill-formed one: %s. Correct or delete them: '
          'select tableoid::regclass, ctid from %s where ragwall.is_tenant_id(%I::text) is not true',
        tenantless, target, tenant_column
      );
    end if;
  end if;
  if refusals <> '{}' then
    raise exception 'the table % cannot be protected until this is corrected:%',
        target, E'\n- ' || array_to_string(refusals, E'\n- ')
      using errcode = 'RW502',
        hint = 'Nothing was changed. Each line says what is in the way, and how to correct it. For '
        'tables that refer to each other ragwall.protect_plan() puts all of it into an order that runs.';
  end if;

  if not exists (select from pg_policy as p where p.polrelid = target and p.polname = 'tenant_floor') then
    -- Of a table that had this oid before.
    delete from ragwall.unprotection as u where u.target = protect_table.target;
    insert into ragwall.unprotection select r.* from ragwall.restoration(target, tenant_column) as r;
  end if;
  for step, statement in
    select p.step, p.statement
    from ragwall.protection_plan(
      target, tenant_column, allow_delete, keep_statistics, name_tenant, writers, readers
    ) as p
  loop
    execute statement;
    if step = 'a way into the schema' then
      insert into ragwall.unprotection
      values (
        target, 50, step, target,
        replace(regexp_replace(statement, '^grant (.*) to (.*)$', 'revoke \1 from \2'), '%', '%%'), '', ''
      );
    end if;
    return next;
  end loop;

  return query
  select 'to do: ' || f.finding, f.remedy
  from ragwall.protection_findings(target, tenant_column, keep_statistics) as f
  union all
  select format('to do: %s may delete, and therefore lock the table for all tenants', string_agg(h.role, ', ')),
    format(
      'if others write its SQL: select * from ragwall.protect_table(%L, %L, allow_delete => false)',
      target, tenant_column
    )
  from (
    select distinct p.grantee::regrole::text from ragwall.held_privileges(target) as p where p.privilege = 'DELETE'
    order by 1
  ) as h (role)
  having count(*) > 0
  union all
  select 'to do: no role but its owner has privileges on the table',
    format('if %1$s is to use it: select * from ragwall.protect_table(%2$L, %3$L, writers => ''{%1$s}'')',
      (ragwall.application_roles())[1], target, tenant_column)
  where not exists (select from ragwall.held_privileges(target))
  union all
  select distinct format('to do: the policies call ragwall.current_tenant(), which %s may not', p.grantee::regrole),
    format('grant %I to %s', (ragwall.application_roles())[1], p.grantee::regrole)
  from ragwall.held_privileges(target) as p
  where not has_function_privilege(p.grantee, 'ragwall.current_tenant()', 'execute')
  union all
  select 'to do: statistics that were gathered before are still there', 'repeat protect_table() as a superuser'
  where not keep_statistics
    and current_setting('is_superuser') = 'off';
end
$_$;

ALTER FUNCTION ragwall.protect_table(target regclass, tenant_column name, allow_delete boolean, keep_statistics boolean, name_tenant boolean, writers regrole[], readers regrole[]) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.protect_table(target regclass, tenant_column name, allow_delete boolean, keep_statistics boolean, name_tenant boolean, writers regrole[], readers regrole[]) IS 'Protects a table and its partitions like ragwall.documents. Returns the statements that it executed, and then what is left to do (step begins with to do:). No role gets more than it has, except writers and readers; repeated, it widens nothing. Roles keep SELECT, INSERT and UPDATE of the columns that are there, and DELETE; they lose everything else, the tenant column in an UPDATE, and columns that are added later. The table gets the owner ragwall_owner unless its owner is safe; a former owner keeps these privileges. tenant_column: of type text, varchar, uuid, bigint, integer or smallint. allow_delete: false takes DELETE away, which also allows LOCK TABLE; a function of the owner then has to delete. keep_statistics: true keeps the planner''s statistics, which joins may need, and from which explain tells values of other tenants. name_tenant: false takes the tenant column in an INSERT away; with true a role that may insert it may name the bound tenant and no other. writers: roles that get all this on all columns. readers: roles that get SELECT. The table is locked until the transaction ends, and read once unless it has the valid check is_tenant_id: set lock_timeout before. For superusers, and for members of ragwall_owner who own the table and the schema, or whose schema grants CREATE to ragwall_owner. Raises RW501 if it is no table that can be protected, RW502 with a list of what has to be corrected first.';

CREATE FUNCTION ragwall.protected_model(tables jsonb) RETURNS TABLE(relation regclass, tenant_column name, type text, depth integer, parent oid)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  with recursive
  recognised as materialized (
    select t.relation, t.tenant_column from ragwall.tenant_tables() as t
  ),
  given as (
    select r.key::regclass as relation, r.value::name as tenant_column
    from jsonb_each_text(tables) as r
    union all
    select t.relation, t.tenant_column
    from recognised as t
    join pg_class as c on c.oid = t.relation
    where tables is null
      and not c.relispartition
      and c.relnamespace::regnamespace::text not in ('ragwall', 'ragwall_private', 'ragwall_search')
  ),
  -- The table of tenants: what a tenant column alone refers to.
  root as (
    select distinct on (k.confrelid) k.confrelid::regclass as relation, f.attname as tenant_column
    from given as g
    join pg_constraint as k on k.contype = 'f' and k.conrelid = g.relation and cardinality(k.conkey) = 1
    join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1] and a.attname = g.tenant_column
    join pg_attribute as f on f.attrelid = k.confrelid and f.attnum = k.confkey[1]
    where k.confrelid not in (select g.relation from given as g)
    order by k.confrelid, f.attnum
  ),
  -- Then tables that refer to these. Their tenant column is the one that is recognised, or what refers to the table of
  -- tenants, or what has the same name as in the other table, or else a new one.
  model as (
    select m.relation, m.tenant_column, format_type(a.atttypid, a.atttypmod) as type, 0 as depth, null::oid as parent
    from (table given union all table root) as m
    join pg_attribute as a on a.attrelid = m.relation and a.attname = m.tenant_column and not a.attisdropped
    union
    select k.conrelid::regclass, coalesce(o.own, m.tenant_column), m.type, m.depth + 1,
      case when o.own is null then k.oid end
    from model as m
    join pg_constraint as k on k.contype = 'f' and k.confrelid = m.relation and k.conparentid = 0
    left join recognised as t on t.relation = k.conrelid
    left join pg_attribute as n
      on n.attrelid = k.conrelid and n.attname = m.tenant_column and not n.attisdropped and m.relation <> all (
        select r.relation from root as r
      )
    left join pg_attribute as a
      on a.attrelid = k.conrelid and a.attnum = k.conkey[1] and m.depth = 0
        and ragwall.column_names(k.confrelid, k.confkey) = array[quote_ident(m.tenant_column)]
    cross join lateral coalesce(t.tenant_column, a.attname, n.attname) as o (own)
    where k.conrelid not in (select g.relation from given as g union all select r.relation from root as r)
      and m.depth < 8
  )
  select distinct on (m.relation) m.relation, m.tenant_column, m.type, m.depth, m.parent
  from model as m
  order by m.relation, m.depth, m.parent nulls first
$$;

ALTER FUNCTION ragwall.protected_model(tables jsonb) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.protected_model(tables jsonb) IS 'Returns the tables of a plan with their tenant columns, and of what type these are. tables: as of protect_plan(). parent: a foreign key by which a table without a tenant column belongs to a tenant; null if it has the column. depth: 0, or the number of foreign keys from the table to one that has the column.';

CREATE FUNCTION ragwall.table_findings(target regclass, tenant_column name, keep_statistics boolean) RETURNS TABLE(refused boolean, finding text, remedy text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $_$
  with recursive member as (
    select c.oid, c.oid::regclass as name, c.relkind, c.relname, c.relnamespace
    from ragwall.with_partitions(target) as m
    join pg_class as c on c.oid = m
  ),
  -- Views of the table, and views of such views. One without security_invoker reads with the rights of its owner.
  reader as (
    select m.oid from member as m
    union
    select r.ev_class
    from reader as v
    join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = v.oid
    join pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
  )
  select true,
    format(
      'the column %I is %s: a tenant column is text or varchar with a deterministic collation, uuid, or an integer',
      a.attname, case when a.attgenerated = '' then format_type(a.atttypid, a.atttypmod) else 'generated' end
    ),
    format(case when a.attgenerated = '' then 'alter table %s alter column %I type text collate "C" using %2$I::text'
      else 'alter table %s alter column %I drop expression' end, target, a.attname)
  from pg_attribute as a
  left join pg_collation as c on c.oid = a.attcollation
  where a.attrelid = target
    and a.attname = tenant_column
    and (
      a.atttypid <> all (array['text', 'varchar', 'uuid', 'bigint', 'integer', 'smallint']::regtype[]::oid[])
      or not c.collisdeterministic
      or a.attgenerated <> ''
    )
  union all
  select true, format('the column %I is an identity, but its default has to be the bound tenant', a.attname),
    format('alter table %s alter column %I drop identity', target, a.attname)
  from pg_attribute as a
  where a.attrelid = target
    and a.attname = tenant_column
    and a.attidentity <> ''
  union all
  select false,
    format(
      'before PostgreSQL 16 a condition of a caller may be evaluated before the policies, because of the cast of %I to '
      'text', a.attname
    ),
    format(
      'if others write SQL: alter table %s alter column %I type text collate "C" using %2$I::text', target, a.attname
    )
  from pg_attribute as a
  where a.attrelid = target
    and a.attname = tenant_column
    and a.atttypid in ('uuid'::regtype, 'bigint'::regtype, 'integer'::regtype, 'smallint'::regtype)
    and current_setting('server_version_num')::integer < 160000
  union all
  select true, 'ragwall_owner can log in, bypasses row-level security, or has a member that is the application',
    'alter role ragwall_owner nologin nosuperuser nobypassrls, and revoke it from its members'
  where not ragwall.is_safe_owner('ragwall_owner'::regrole)
  union all
  select true, format('ragwall_owner may not own tables in the schema %s', c.relnamespace::regnamespace),
    format('grant create on schema %s to ragwall_owner', c.relnamespace::regnamespace)
  from pg_class as c
  where c.oid = target
    and not ragwall.is_safe_owner(c.relowner)
    and not has_schema_privilege('ragwall_owner', c.relnamespace, 'create')
    and not has_schema_privilege(c.relnamespace, 'create with grant option')
  union all
  select true, format('the permissive policy %I of %s lets more rows through', p.polname, m.name),
    format('drop policy %I on %s', p.polname, m.name)
  from pg_policy as p
  join member as m on m.oid = p.polrelid
  where p.polpermissive
    and not (m.oid = target and p.polname ~ '^(select|insert|update|delete)_own_tenant$')
  union all
  select true, format('the rule %I of %s rewrites statements', r.rulename, m.name),
    format('drop rule %I on %s', r.rulename, m.name)
  from pg_rewrite as r
  join member as m on m.oid = r.ev_class
  union all
  select true, format('the partition %s is a foreign table, which has no row-level security', m.name),
    format('alter table %s detach partition %s', i.inhparent::regclass, m.name)
  from member as m
  join pg_inherits as i on i.inhrelid = m.oid
  where m.relkind = 'f'
  union all
  select true, format('from the statistics object %I explain tells values of other tenants', e.stxname),
    format('drop statistics %s.%I', e.stxnamespace::regnamespace, e.stxname)
  from pg_statistic_ext as e
  join member as m on m.oid = e.stxrelid
  where not keep_statistics
  union all
  select true, format('%s shows the rows of all tenants to other roles', c.oid::regclass),
    format(
      case c.relkind when 'm' then 'drop materialized view %s' else 'alter view %s set (security_invoker = true)' end,
      c.oid::regclass
    )
  from reader as v
  join pg_class as c on c.oid = v.oid
  join pg_roles as o on o.oid = c.relowner
  where (
      c.relkind = 'm'
      or c.relkind = 'v'
        and (o.rolsuper or o.rolbypassrls)
        and not coalesce(c.reloptions && '{security_invoker=true,security_invoker=on,security_invoker=1}', false)
    )
    and exists (select from aclexplode(c.relacl) as a where a.grantee <> c.relowner)
  union all
  select false,
    format('no index of %s begins with the tenant, so that statements read the rows of all tenants', target),
    format('create index on %s (%I)', target, tenant_column)
  where not exists (
    select
    from pg_index as i
    where i.indrelid = target
      and (ragwall.column_names(target, i.indkey::smallint[]))[1] = quote_ident(tenant_column)
  )
  union all
  select false,
    format('the sequence %s numbers the rows of all tenants, so that gaps tell how many others add', s.oid::regclass),
    'make the column a uuid with the default gen_random_uuid()'
  from pg_class as s
  where s.relkind = 'S'
    and exists (
      select
      from pg_depend as d
      left join pg_attrdef as a on d.classid = 'pg_attrdef'::regclass and a.oid = d.objid
      where d.objid = s.oid and d.deptype in ('a', 'i') and d.refobjid in (select oid from member)
        or d.refobjid = s.oid and a.adrelid in (select oid from member)
    )
  union all
  select false,
    format('the trigger %I of %s runs %s %s', t.tgname, m.name, p.oid::regprocedure, case when p.prosecdef
      then 'with the rights of its owner'
      else 'with every row that is written, also with one that is refused then' end),
    case when p.prosecdef then format('alter function %s security invoker', p.oid::regprocedure)
      else format('read whether it copies or sends rows: select pg_get_functiondef(%L::regprocedure)',
        p.oid::regprocedure) end
  from pg_trigger as t
  join member as m on m.oid = t.tgrelid
  join pg_proc as p on p.oid = t.tgfoid
  where not t.tgisinternal
    and t.tgparentid = 0
  union all
  select distinct false, format('the publication %I sends the rows of all tenants to its subscribers', p.pubname),
    'publish tables by name, and this one only to databases in which it is protected, too'
  from pg_publication_tables as p
  join member as m on m.relname = p.tablename and m.relnamespace::regnamespace::text = quote_ident(p.schemaname)
  union all
  select false, 'a partition that is added later has no walls until protect_table() is called again',
    case when exists (select from pg_event_trigger as e where e.evtname = 'ragwall_close_partitions')
      then 'alter event trigger ragwall_close_partitions enable'
    else 'alter function ragwall.close_partitions() owner to current_user; '
      'create event trigger ragwall_close_partitions on ddl_command_end '
      'when tag in (''CREATE TABLE'', ''ALTER TABLE'', ''CREATE FOREIGN TABLE'') '
      'execute function ragwall.close_partitions()' end
  where exists (select from pg_class as c where c.oid = target and c.relkind = 'p')
    and not exists (
      select from pg_event_trigger as e where e.evtname = 'ragwall_close_partitions' and e.evtenabled in ('O', 'A')
    )
$_$;

ALTER FUNCTION ragwall.table_findings(target regclass, tenant_column name, keep_statistics boolean) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.table_findings(target regclass, tenant_column name, keep_statistics boolean) IS 'Returns what protection_findings() returns, except foreign keys and indexes.';

CREATE FUNCTION ragwall.protection_findings(target regclass, tenant_column name, keep_statistics boolean) RETURNS TABLE(refused boolean, finding text, remedy text)
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT true,
     f.finding,
     f.remedy
    FROM ragwall.foreign_key_findings(protection_findings.target, protection_findings.tenant_column) f(finding, remedy)
 UNION ALL
  SELECT i.refused,
     i.finding,
     i.remedy
    FROM ragwall.index_findings(protection_findings.target, protection_findings.tenant_column) i(refused, finding, remedy)
 UNION ALL
  SELECT t.refused,
     t.finding,
     t.remedy
    FROM ragwall.table_findings(protection_findings.target, protection_findings.tenant_column, protection_findings.keep_statistics) t(refused, finding, remedy);
END;

ALTER FUNCTION ragwall.protection_findings(target regclass, tenant_column name, keep_statistics boolean) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.protection_findings(target regclass, tenant_column name, keep_statistics boolean) IS 'Returns what is in the way of protecting a table, each with statements or advice that mend it. refused: true if protect_table() refuses the table for it, because any role can observe other tenants by it or pass the policies; false if protect_table() goes on and leaves it to do, because only explain, sequence numbers or subscribers show it. tenant_column: the tenant column of the table. keep_statistics: true allows extended statistics.';

CREATE FUNCTION ragwall.protection_plan(target regclass, tenant_column name DEFAULT 'tenant_id'::name, allow_delete boolean DEFAULT true, keep_statistics boolean DEFAULT false, name_tenant boolean DEFAULT true, writers regrole[] DEFAULT '{}'::regrole[], readers regrole[] DEFAULT '{}'::regrole[]) RETURNS TABLE(step text, statement text)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $_$
  with root as (
    select c.relnamespace::regnamespace as schema,
      case when ragwall.is_safe_owner(c.relowner) then c.relowner else 'ragwall_owner'::regrole end::regrole as owner,
      t.of_text, t.bound, format('%I = (select %s)', tenant_column, t.bound) as own,
      format('ragwall.require_tenant()%s', t.type) as standard,
      -- A subscript costs nothing in the planner's eyes, and so comes before a caller's own conditions. One that is no
      -- text would need a cast, which costs as much as these do. JSON_OBJECT makes a text of any key and costs nothing.
      format(
        case
          when t.of_text or current_setting('server_version_num')::integer < 160000
            then '(select jsonb_build_object(coalesce((%1$s)%3$s, ''''), true))[%2$I%3$s] is not null'
          else '(json_object(%2$I : true returning jsonb))[(select (%1$s)%3$s)] is not null'
        end,
        t.bound, tenant_column, case when not t.of_text then '::text' end
      ) as free
    from pg_class as c
    cross join lateral (
      select a.of_text, a.type, concat('ragwall.current_tenant()', a.type)
      from (
        select a.atttypid in ('text'::regtype, 'varchar'::regtype),
          case when a.atttypid not in ('text'::regtype, 'varchar'::regtype) then '::' || a.atttypid::regtype end
        from pg_attribute as a
        where a.attrelid = target and a.attname = tenant_column
      ) as a (of_text, type)
    ) as t (of_text, type, bound)
    where c.oid = target
  ),
  member as (
    select m as name, c.relowner
    from ragwall.with_partitions(target) as m
    join pg_class as c on c.oid = m
  ),
  holder as (
    select s.privilege, string_agg(distinct s.grantee::regrole::text, ', ') as roles
    from root as r
    cross join lateral ragwall.safe_privileges(
      target, tenant_column, r.owner, allow_delete, name_tenant, writers, readers
    ) as s
    where s.relation = target
    group by s.privilege
  )
  select s.step, s.statement
  from (
    select 9 + p.place, 'a safe owner', format(p.statement, r.schema)
    from root as r
    cross join (
      values (0, 'grant create on schema %s to ragwall_owner'), (2, 'revoke create on schema %s from ragwall_owner')
    ) as p (place, statement)
    where not has_schema_privilege(r.owner, r.schema, 'create')
      and exists (select from member as m where m.relowner <> r.owner)
      -- A superuser may give a table to whom it likes.
      and current_setting('is_superuser') = 'off'
    union all
    select 10, 'a safe owner', format('alter table %s owner to %s', m.name, r.owner)
    from root as r, member as m
    where m.relowner <> r.owner
    union all
    select 20, 'a way into the schema',
      format('grant usage on schema %s to %s', r.schema, string_agg(u.role::text, ', ' order by u.role::text))
    from root as r
    cross join lateral (
      select r.owner union select w from unnest(writers) as w union select w from unnest(readers) as w
    ) as u (role)
    where not has_schema_privilege(u.role, r.schema, 'usage')
    group by r.schema
    union all
    select g.place, g.step, g.statement
    from root as r
    cross join lateral ragwall.grant_plan(
      target, tenant_column, r.owner, allow_delete, name_tenant, writers, readers
    ) as g
    union all
    select 40, 'a tenant in every row', format(
      'alter table %s alter column %I set not null, alter column %2$I set default %s%s', target, tenant_column,
      r.standard,
      case
        when not r.of_text then ''
        when exists (
          select
          from pg_constraint as k
          where k.conrelid = target
            and k.conname = 'is_tenant_id'
            and pg_get_constraintdef(k.oid) ~ '^CHECK \(ragwall\.is_tenant_id\('
        ) then ', validate constraint is_tenant_id'
        else format(', add constraint is_tenant_id check (ragwall.is_tenant_id(%I))', tenant_column)
      end
    )
    from root as r
    union all
    select 50, 'row-level security',
      format('alter table %s enable row level security, force row level security', m.name)
    from member as m
    union all
    select 60 + 3 * p.place + s.place, p.step, s.statement
    from root as r
    cross join lateral (
      values
        (0, 'the floor', 'tenant_floor', 'restrictive', 'all', 'public', r.free, r.own,
          'Holds for every role and command, and a permissive policy that is added later cannot widen it.'),
        (1, 'a policy', 'select_own_tenant', 'permissive', 'select', r.owner::text, r.own, null,
          'The tenant that is bound reads its own rows.'),
        (2, 'a policy', 'insert_own_tenant', 'permissive', 'insert', null, null, r.own,
          'A new row belongs to the tenant that is bound.'),
        (3, 'a policy', 'update_own_tenant', 'permissive', 'update', r.owner::text, r.own, r.own,
          'The tenant that is bound changes its own rows, and they stay its own.'),
        (4, 'a policy', 'delete_own_tenant', 'permissive', 'delete', r.owner::text, r.own, null,
          'The tenant that is bound deletes its own rows, or has a function of the owner''s do it.')
    ) as p (place, step, name, kind, command, role, visible, allowed, reason)
    left join holder as h on h.privilege = upper(p.command)
    cross join lateral (
      select 1, format('drop policy %I on %s', p.name, target)
      where exists (select from pg_policy as o where o.polrelid = target and o.polname = p.name)
      union all
      select 2, concat(
        format(
          'create policy %I on %s as %s for %s to %s', p.name, target, p.kind, p.command,
          coalesce(nullif(concat_ws(', ', h.roles, p.role), ''), r.owner::text)
        ),
        ' using (' || p.visible || ')', ' with check (' || p.allowed || ')'
      )
      union all
      select 3, format('comment on policy %I on %s is %L', p.name, target, p.reason)
    ) as s (place, statement)
    union all
    select 90, 'no estimates of guesses', format(
      'alter table %s %s', m.name,
      string_agg(format('alter column %I set statistics 0', a.attname), ', ' order by a.attnum)
    )
    from member as m
    join pg_attribute as a on a.attrelid = m.name and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
    where not keep_statistics
    group by m.name
    union all
    select 91, 'no estimates of guesses',
      format('alter index %s alter column %s set statistics 0', i.indexrelid::regclass, e.place)
    from member as m
    join pg_index as i on i.indrelid = m.name
    cross join unnest(i.indkey::smallint[]) with ordinality as e (attnum, place)
    where not keep_statistics
      and e.attnum = 0
    union all
    -- What was gathered before stays otherwise, and only a superuser may delete it. Before PostgreSQL 17 ANALYZE
    -- gathers that of an index's expressions again.
    select 92, 'no estimates of guesses', format(
      'delete from pg_catalog.pg_statistic where starelid in (%s)',
      string_agg(format('%L::regclass', r.name), ', ' order by r.name::text)
    )
    from (
      select m.name from member as m
      union all
      select i.indexrelid::regclass from member as m join pg_index as i on i.indrelid = m.name
    ) as r (name)
    having not keep_statistics
      and current_setting('is_superuser') = 'on'
  ) as s (place, step, statement)
  order by s.place, s.statement
$_$;

ALTER FUNCTION ragwall.protection_plan(target regclass, tenant_column name, allow_delete boolean, keep_statistics boolean, name_tenant boolean, writers regrole[], readers regrole[]) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.protection_plan(target regclass, tenant_column name, allow_delete boolean, keep_statistics boolean, name_tenant boolean, writers regrole[], readers regrole[]) IS 'Returns the statements that protect_table() executes with the same arguments, in their order. Executes nothing.';

CREATE FUNCTION ragwall.refuse_search(query_vec public.halfvec, k integer) RETURNS void
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform ragwall.require_tenant();
  if query_vec is null then
    raise exception 'the query vector is null'
      using errcode = 'RW101', hint = 'Embed the question with the model that embedded the documents.';
  end if;
  if public.vector_dims(query_vec) <> ragwall.embedding_dimensions() then
    raise exception 'the query vector is expected to have % dimensions, and has %',
        ragwall.embedding_dimensions(), public.vector_dims(query_vec)
      using errcode = 'RW102', hint = 'Embed the question with the model that embedded the documents.';
  end if;
  if public.l2_norm(query_vec) = 0 then
    raise exception 'the query vector is all zeros, which have no direction'
      using errcode = 'RW103', hint = 'Embed a text that is not empty.';
  end if;
  if k is null or k not between 1 and 1000 then
    raise exception 'k is expected to be 1 to 1000'
      using errcode = 'RW104';
  end if;
end
$$;

ALTER FUNCTION ragwall.refuse_search(query_vec public.halfvec, k integer) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.refuse_search(query_vec public.halfvec, k integer) IS 'Raises what is wrong with a search: RW001 if no tenant is bound, RW101 if query_vec is null, RW102 if its dimensions are wrong, RW103 if it is all zeros, RW104 if k is null or out of range. Returns if nothing is. Called by search_documents() where its one condition has failed.';

CREATE FUNCTION ragwall.require_tenant() RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  bound constant text := ragwall.current_tenant();
begin
  if bound is null then
    -- What a caller wrote into the setting changes which of the two errors it gets, and nothing else.
    if (
      case when current_setting('app.tenant_seal', true) ~ '^[0-9a-f]{64}\d{1,12}$'
        then clock_timestamp() >= to_timestamp(substr(current_setting('app.tenant_seal'), 65)::float8) end
    ) then
      raise exception 'the token that bound a tenant to this transaction has expired'
        using errcode = 'RW001', hint = 'Keep transactions shorter than tokens live, or call '
          'ragwall.set_tenant_from_token(…) again in between, with a token that expires later.';
    end if;
    raise exception 'no tenant is bound to this transaction'
      using errcode = 'RW001',
        hint = 'First call ragwall.set_tenant(…) or ragwall.set_tenant_from_token(…) in the same transaction.';
  end if;
  return bound;
end
$_$;

ALTER FUNCTION ragwall.require_tenant() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.require_tenant() IS 'Returns the tenant that is bound to this transaction. Raises RW001 if none is, and says so if the reason is that the token has expired.';

CREATE TABLE ragwall.unprotection (
    target regclass NOT NULL,
    place integer NOT NULL,
    step text NOT NULL,
    relation regclass NOT NULL,
    statement text NOT NULL,
    column_name name NOT NULL,
    grantee name NOT NULL
);
ALTER TABLE ONLY ragwall.unprotection ALTER COLUMN target SET STATISTICS 0;
ALTER TABLE ONLY ragwall.unprotection ALTER COLUMN place SET STATISTICS 0;
ALTER TABLE ONLY ragwall.unprotection ALTER COLUMN step SET STATISTICS 0;
ALTER TABLE ONLY ragwall.unprotection ALTER COLUMN relation SET STATISTICS 0;
ALTER TABLE ONLY ragwall.unprotection ALTER COLUMN statement SET STATISTICS 0;
ALTER TABLE ONLY ragwall.unprotection ALTER COLUMN column_name SET STATISTICS 0;
ALTER TABLE ONLY ragwall.unprotection ALTER COLUMN grantee SET STATISTICS 0;

ALTER TABLE ragwall.unprotection OWNER TO ragwall_owner;

COMMENT ON TABLE ragwall.unprotection IS 'The statements that unprotect_table() executes for a protected table. They restore what there was when protect_table() was called first. Nobody but the owner has privileges on it.';

COMMENT ON COLUMN ragwall.unprotection.target IS 'The protected table.';

COMMENT ON COLUMN ragwall.unprotection.place IS 'Statements of a smaller number are executed first.';

COMMENT ON COLUMN ragwall.unprotection.step IS 'What the statement restores.';

COMMENT ON COLUMN ragwall.unprotection.relation IS 'The table, partition, index or sequence that the statement changes.';

COMMENT ON COLUMN ragwall.unprotection.statement IS 'For format(), with the name of relation as %s.';

COMMENT ON COLUMN ragwall.unprotection.column_name IS 'The statement needs this column of relation. Empty for none.';

COMMENT ON COLUMN ragwall.unprotection.grantee IS 'The statement needs this role. Empty for none.';

CREATE FUNCTION ragwall.restoration(target regclass, tenant_column name) RETURNS SETOF ragwall.unprotection
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$
  with member as (
    select c.oid, c.oid::regclass as relation, c.relowner, c.relrowsecurity, c.relforcerowsecurity
    from ragwall.with_partitions(target) as m
    join pg_class as c on c.oid = m
  )
  select target, s.place, s.step, s.relation,
    concat(s.kind, ' %s ', replace(s.ending, '%', '%%')), coalesce(s.column_name, ''), coalesce(s.grantee, '')
  from (
    select 20, 'row-level security', 'alter table', m.relation, concat(
      case when m.relforcerowsecurity then 'force' else 'no force' end, ' row level security, ',
      case when m.relrowsecurity then 'enable' else 'disable' end, ' row level security'
    ), null::name, null::name
    from member as m
    union all
    -- The table before its partitions, which may have defaults of their own.
    select case m.relation when target then 21 else 22 end, 'the tenant', 'alter table', m.relation,
      format('alter column %I ', a.attname)
        || coalesce('set default ' || pg_get_expr(d.adbin, d.adrelid), 'drop default'),
      a.attname, null
    from member as m
    join pg_attribute as a on a.attrelid = m.oid and a.attname = tenant_column
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    union all
    select 23, 'the tenant', 'alter table', target, format('alter column %I drop not null', a.attname), a.attname, null
    from pg_attribute as a
    where a.attrelid = target and a.attname = tenant_column and not a.attnotnull
    union all
    select 24, 'the tenant', 'alter table', target, 'drop constraint if exists is_tenant_id', null, null
    where not exists (select from pg_constraint as k where k.conrelid = target and k.conname = 'is_tenant_id')
    union all
    select 25, 'statistics', 'alter table', m.relation,
      format('alter column %I set statistics %s', a.attname, coalesce(a.attstattarget, -1)), a.attname, null
    from member as m
    join pg_attribute as a on a.attrelid = m.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
    union all
    select 25, 'statistics', 'alter index', i.indexrelid,
      format('alter column %s set statistics %s', a.attnum, coalesce(a.attstattarget, -1)), a.attname, null
    from member as m
    join pg_index as i on i.indrelid = m.oid
    join pg_attribute as a on a.attrelid = i.indexrelid and i.indkey[a.attnum - 1] = 0
    union all
    select 30, 'the owner', 'alter table', m.relation, format('owner to %s', m.relowner::regrole), null, r.rolname
    from member as m
    join pg_roles as r on r.oid = m.relowner
    where not ragwall.is_safe_owner(m.relowner)
    union all
    select 40, 'privileges',
      concat(
        'grant ', lower(h.privilege), ' (' || replace(quote_ident(h.column_name), '%', '%%') || ')', ' on ', o.kind
      ),
      o.relation,
      concat(
        'to ', case h.grantee when 0 then 'public' else h.grantee::regrole::text end,
        case when h.is_grantable then ' with grant option' end
      ),
      h.column_name, r.rolname
    from (
      select relation, 'table' from member
      union all
      select q, 'sequence' from ragwall.own_sequences(target) as q
    ) as o (relation, kind)
    cross join lateral ragwall.held_privileges(o.relation) as h
    left join pg_roles as r on r.oid = h.grantee
  ) as s (place, step, kind, relation, ending, column_name, grantee)
$$;

ALTER FUNCTION ragwall.restoration(target regclass, tenant_column name) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.restoration(target regclass, tenant_column name) IS 'Returns the statements that restore what protect_table() changes on a table, as it is now: owners, privileges, row-level security, the default, the check and NOT NULL of the tenant column, and statistics targets.';

CREATE FUNCTION ragwall.retire_signing_key(kid text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
begin
  perform setval('ragwall_private.retired_at', ceil(extract(epoch from clock_timestamp()) * 1000000)::bigint);
  delete from ragwall_private.signing_key as k where k.kid = kid;
  if not found then
    raise exception 'there is no signing key of this name'
      using errcode = 'RW403', hint = 'select * from ragwall.signing_keys() lists them.';
  end if;
end
$$;

ALTER FUNCTION ragwall.retire_signing_key(kid text) OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall.retire_signing_key(kid text) IS 'Deletes a signing key. Once this is committed, no token that it signed is accepted. What they have bound stays bound until they expire. kid: its name. Raises RW403 for null and other names. For superusers and ragwall_context.';

CREATE FUNCTION ragwall.safe_privileges(target regclass, tenant_column name, owner oid, allow_delete boolean, name_tenant boolean, writers regrole[], readers regrole[]) RETURNS TABLE(relation regclass, grantee oid, privilege text, column_name name)
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  with held as (
    select h.grantee, h.privilege, h.column_name
    from ragwall.held_privileges(target) as h
    union
    -- Who owned the table until now could do everything. A superuser, and a member of the new owner, still can.
    select c.relowner, p.privilege, null
    from pg_class as c
    join pg_roles as o on o.oid = c.relowner and not o.rolsuper
    cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE']) as p (privilege)
    where c.oid = target
      and not pg_has_role(c.relowner, safe_privileges.owner, 'usage')
    union
    select r.grantee, p.privilege, null
    from (
      select w, array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE'] from unnest(writers) as w
      union all
      select r, array['SELECT'] from unnest(readers) as r
    ) as r (grantee, privileges)
    cross join unnest(r.privileges) as p (privilege)
  )
  select distinct target, h.grantee, h.privilege, a.attname
  from held as h
  join pg_attribute as a on a.attrelid = target and a.attname = coalesce(h.column_name, a.attname)
  where h.privilege in ('SELECT', 'INSERT', 'UPDATE')
    and h.grantee not in (0, owner)
    and a.attnum > 0
    and not a.attisdropped
    and (h.privilege = 'SELECT' or a.attgenerated = '' and a.attidentity <> 'a')
    and (h.privilege = 'SELECT' or a.attname <> tenant_column or h.privilege = 'INSERT' and name_tenant)
  union all
  select target, h.grantee, h.privilege, null
  from held as h
  where h.privilege = 'DELETE'
    and allow_delete
    and h.grantee not in (0, owner)
  union all
  select distinct s, u.grantee, 'USAGE', null::name
  from ragwall.own_sequences(target) as s
  cross join lateral (
    select g.grantee from ragwall.held_privileges(s) as g where g.privilege = 'USAGE'
    union
    select h.grantee from held as h where h.privilege = 'USAGE'
  ) as u
  where u.grantee not in (0, owner)
$$;

ALTER FUNCTION ragwall.safe_privileges(target regclass, tenant_column name, owner oid, allow_delete boolean, name_tenant boolean, writers regrole[], readers regrole[]) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.safe_privileges(target regclass, tenant_column name, owner oid, allow_delete boolean, name_tenant boolean, writers regrole[], readers regrole[]) IS 'Returns the privileges that roles have on a protected table, its columns and its sequences. They are those that the roles have now, as privileges on the columns that are there now; and those of writers and readers, as of protect_table(). So a column that is added later is closed, and so are ctid and tableoid, which tell of other tenants'' rows. Nobody keeps TRUNCATE, REFERENCES, TRIGGER or MAINTAIN, the tenant column in an UPDATE, or the right to grant, and PUBLIC keeps nothing. owner: the owner that the table is to have.';

CREATE FUNCTION ragwall.search_as(tenant text, query_vec public.halfvec, k integer, filter jsonb) RETURNS SETOF ragwall.match
    LANGUAGE plpgsql ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform ragwall.set_tenant(tenant);
  return query select m.* from ragwall.search_documents(query_vec, k, filter) as m;
end
$$;

ALTER FUNCTION ragwall.search_as(tenant text, query_vec public.halfvec, k integer, filter jsonb) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.search_as(tenant text, query_vec public.halfvec, k integer, filter jsonb) IS 'Calls set_tenant(tenant), then match_documents(query_vec, k, filter). tenant: 1 to 128 printable ASCII characters without spaces. query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON object, or null for none. Raises RW002, RW003, RW004 and RW007 as set_tenant() does, RW101 to RW108 as match_documents() does, and 42501 in signed mode, in which nobody may execute set_tenant().';

CREATE FUNCTION ragwall.search_with_token(token text, query_vec public.halfvec, k integer, filter jsonb) RETURNS SETOF ragwall.match
    LANGUAGE plpgsql ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  perform ragwall.set_tenant_from_token(token);
  return query select m.* from ragwall.search_documents(query_vec, k, filter) as m;
end
$$;

ALTER FUNCTION ragwall.search_with_token(token text, query_vec public.halfvec, k integer, filter jsonb) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.search_with_token(token text, query_vec public.halfvec, k integer, filter jsonb) IS 'Calls set_tenant_from_token(token), then match_documents(query_vec, k, filter). token: a JWT that a key of signing_keys() signed. query_vec: embedding_dimensions() numbers, not all zero. k: 1 to 1000. filter: a JSON object, or null for none. Raises RW003 and RW005 to RW007 as set_tenant_from_token() does, RW101 to RW105 as match_documents() does.';

CREATE FUNCTION ragwall.search_words(query_text text, k integer, filter jsonb DEFAULT NULL::jsonb) RETURNS SETOF ragwall.scored_match
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET cpu_index_tuple_cost TO '0.005'
    SET cpu_operator_cost TO '0.0025'
    SET cpu_tuple_cost TO '0.01'
    SET enable_bitmapscan TO 'on'
    SET enable_hashagg TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_indexonlyscan TO 'on'
    SET enable_indexscan TO 'on'
    SET enable_nestloop TO 'on'
    SET enable_presorted_aggregate TO 'on'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'on'
    SET enable_tidscan TO 'on'
    SET jit TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET plan_cache_mode TO 'force_generic_plan'
    SET random_page_cost TO '4'
    SET seq_page_cost TO '1'
    AS $$
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
      select -(w.words operator(public.<#>) by_words.words) from ragwall_search.words as w
      where w.tenant_id = tenant and w.id = i.id
    ) as words
    from ragwall.documents_rows as d
    where d.tenant_id = tenant and d.id = i.id
    offset 0
  ) as r
  order by r.words desc, r.id;
end
$$;

ALTER FUNCTION ragwall.search_words(query_text text, k integer, filter jsonb) OWNER TO ragwall_search;

COMMENT ON FUNCTION ragwall.search_words(query_text text, k integer, filter jsonb) IS 'Returns the k documents of the bound tenant that score best for a text by their words (BM25) among those whose metadata fits filter: best first, ties by id, none that has no word of the text; exact. How rare a word is comes from the tenant''s own documents. similarity is null. query_text: any text; its 32 longest words count. k: 1 to 1000. filter: a JSON object (filter_path()), or null for none. Raises RW001 if no tenant is bound, RW104 if k is null or out of range, RW109 if query_text is null, RW110 if words are not enabled, RW105, RW107 and RW108 as filter_path() does. Security definer: its owner, ragwall_search, reads the words, and is bound by the policies there.';

CREATE FUNCTION ragwall.set_tenant(tenant text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  if ragwall.is_tenant_id(tenant) is not true then
    raise exception 'the tenant id is expected to be 1 to 128 printable ASCII characters without spaces'
      using errcode = 'RW002', hint = 'Take it from a verified token, never from the request itself.';
  end if;
  return ragwall_private.bind(tenant, '');
end
$$;

ALTER FUNCTION ragwall.set_tenant(tenant text) OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall.set_tenant(tenant text) IS 'Binds a tenant to this transaction and returns it. The binding ends with the transaction; binding the same tenant again changes nothing. tenant: 1 to 128 printable ASCII characters without spaces. Raises RW002 if it is null or ill-formed, RW003 if another tenant is bound, RW004 if the key of the seals is missing, RW007 if the session has objects that an earlier client may have left. Whoever may execute it can bind any tenant. In signed mode nobody may, and set_tenant_from_token() is the only way. Security definer: it reads the key of the seals.';

CREATE FUNCTION ragwall.set_tenant_from_token(token text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
declare
  signed constant text := case when octet_length(token) <= 1200
    then substring(token from '^([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]{43}$') end;
  key ragwall_private.signing_key;
  blind bytea;
  claims jsonb;
  at constant numeric := extract(epoch from clock_timestamp());
  began constant numeric := extract(epoch from transaction_timestamp());
begin
  -- Keys are looked up in the snapshot of the transaction, which can be older than the retirement of a key. The five
  -- seconds are for one that began while a retirement was being committed.
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable')
    and (at > began + 5 or pg_sequence_last_value('ragwall_private.retired_at') >= began * 1000000)
  then
    raise exception 'in repeatable read and serializable a token is accepted in the first 5 seconds, if no key was '
      'retired since the transaction began'
      using errcode = 'RW009', hint = 'Begin again, or with isolation level read committed. The snapshot may have a '
        'key that was retired.';
  end if;
  if signed is not null then
    select k.* into key from ragwall_private.signing_key as k where k.header = split_part(token, '.', 1);
    select s.outer_key into blind from ragwall_private.seal_key as s where s.only_row;
  end if;
  if key.header is null
    or blind is null
    or sha256(blind || convert_to(split_part(token, '.', 3), 'UTF8'))
      <> sha256(blind || convert_to(ragwall_private.base64url(
        sha256(key.outer_pad || sha256(key.inner_pad || convert_to(signed, 'UTF8')))
      ), 'UTF8'))
  then
    raise exception 'the token is not accepted'
      using errcode = 'RW005', hint = 'Expected: a JWT signed by HS256 with a key of ragwall.signing_keys(), '
        'whose header has alg, kid and at most typ.';
  end if;

  begin
    claims := convert_from(decode(
      translate(split_part(token, '.', 2), '-_', '+/') || repeat('=', -length(split_part(token, '.', 2)) & 3), 'base64'
    ), 'UTF8');
  exception when data_exception then
    claims := null;
  end;
  if (
    claims ->> 'aud' = key.audience
    and jsonb_typeof(claims -> 'aud') = 'string'
    and jsonb_typeof(claims -> 'tenant_id') = 'string'
    and ragwall.is_tenant_id(claims ->> 'tenant_id')
    and case
      when jsonb_typeof(claims -> 'iat') = 'number' and jsonb_typeof(claims -> 'exp') = 'number'
      then (claims ->> 'iat')::numeric <= at + 5
        and (claims ->> 'exp')::numeric > at
        and (claims ->> 'exp')::numeric <= (claims ->> 'iat')::numeric + 300
        and case jsonb_typeof(coalesce(claims -> 'nbf', '0'))
          when 'number' then coalesce((claims ->> 'nbf')::numeric, 0) <= at + 5 else false end
      else false
    end
  ) is not true then
    raise exception 'the token is authentic, but not valid here and now'
      using errcode = 'RW006',
        hint = 'Expected: tenant_id, aud as in ragwall.signing_keys(), and iat and exp at most 300 '
        'seconds apart. iat and nbf may be at most 5 seconds ahead of the clock of the server.';
  end if;
  return ragwall_private.bind(claims ->> 'tenant_id', (floor((claims ->> 'exp')::numeric) + 5)::text);
end
$_$;

ALTER FUNCTION ragwall.set_tenant_from_token(token text) OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall.set_tenant_from_token(token text) IS 'Verifies a token, binds the tenant that it names to this transaction until 5 seconds after its exp, and returns the tenant. A later token of the tenant prolongs the binding. token: a JWT (RFC 7519) of at most 1200 bytes, signed by HS256 with a key of signing_keys(), with tenant_id, aud, iat, exp and optionally nbf, at most 300 seconds from iat to exp. Raises RW005 if no key signed it or the key of the seals is missing; RW006 if its claims are not valid here and now; RW009 in repeatable read and serializable, if the transaction is over 5 seconds old or began before a key was retired; RW003 and RW007 as set_tenant() does. Security definer: it reads the keys.';

CREATE TABLE ragwall_private.signing_key (
    header text NOT NULL COLLATE pg_catalog."C",
    kid text NOT NULL COLLATE pg_catalog."C",
    audience text NOT NULL COLLATE pg_catalog."C",
    inner_pad bytea NOT NULL,
    outer_pad bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT signing_key_audience_check CHECK ((audience ~ '^[!-~]{1,200}$'::text)),
    CONSTRAINT signing_key_inner_pad_check CHECK ((octet_length(inner_pad) = 64)),
    CONSTRAINT signing_key_kid_check CHECK ((kid ~ '^[A-Za-z0-9._-]{1,64}$'::text)),
    CONSTRAINT signing_key_outer_pad_check CHECK ((octet_length(outer_pad) = 64))
);

ALTER TABLE ragwall_private.signing_key OWNER TO ragwall_context;

COMMENT ON TABLE ragwall_private.signing_key IS 'The keys that tokens are signed with: eight rows each, one for each way to write the header. Who can read them can bind any tenant.';

COMMENT ON COLUMN ragwall_private.signing_key.header IS 'The first segment of a token: base64url of alg (HS256), this kid, and typ (JWT) or no typ, in one of the orders.';

COMMENT ON COLUMN ragwall_private.signing_key.kid IS 'The name of the key: 1 to 64 letters, digits, dots, - and _.';

COMMENT ON COLUMN ragwall_private.signing_key.audience IS 'What the claim aud of a token has to be: the name of this database among others that tokens are made for.';

COMMENT ON COLUMN ragwall_private.signing_key.inner_pad IS 'The key, exclusive or 0x36 in 64 bytes (RFC 2104).';

COMMENT ON COLUMN ragwall_private.signing_key.outer_pad IS 'The key, exclusive or 0x5c in 64 bytes (RFC 2104).';

COMMENT ON COLUMN ragwall_private.signing_key.created_at IS 'When the key was added.';

CREATE FUNCTION ragwall.signing_keys() RETURNS TABLE(kid text, audience text, created_at timestamp with time zone)
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT DISTINCT k.kid,
     k.audience,
     k.created_at
    FROM ragwall_private.signing_key k
   ORDER BY k.created_at, k.kid;
END;

ALTER FUNCTION ragwall.signing_keys() OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall.signing_keys() IS 'Returns the signing keys, oldest first, without their secrets. For superusers and ragwall_context.';

CREATE FUNCTION ragwall.tenant_column_of(relation regclass, target regclass, tenant_column name) RETURNS text
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  select quote_ident(c.name)
  from (
    select tenant_column_of.tenant_column, 0
    where relation in (select m from ragwall.with_partitions(target) as m)
    union all
    select t.tenant_column, case when t.bound then 1 else 3 end
    from ragwall.tenant_tables() as t
    where t.relation = tenant_column_of.relation
    union all
    -- The key of the table of tenants has a name that means something else in other tables.
    select a.attname, 2
    from pg_attribute as a
    where a.attrelid = tenant_column_of.relation
      and a.attname = tenant_column_of.tenant_column
      and not a.attisdropped
      and not exists (
        select
        from pg_index as i
        where i.indrelid = target
          and i.indisunique
          and ragwall.column_names(target, (i.indkey::smallint[])[0:i.indnkeyatts - 1])
            = array[quote_ident(tenant_column_of.tenant_column)]
      )
    union all
    select a.attname, 4
    from pg_constraint as k
    join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f'
      and k.conrelid = tenant_column_of.relation
      and k.confrelid = target
      and ragwall.column_names(target, k.confkey) = array[quote_ident(tenant_column_of.tenant_column)]
  ) as c (name, place)
  order by c.place, c.name limit 1
$$;

ALTER FUNCTION ragwall.tenant_column_of(relation regclass, target regclass, tenant_column name) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.tenant_column_of(relation regclass, target regclass, tenant_column name) IS 'Returns the name of the tenant column of a table, quoted where necessary. Of target and its partitions it is tenant_column. Of another table it is the column whose default is ragwall.require_tenant(), or else the one that is named tenant_column, unless target is the table of tenants, whose key that is, or else the one that ragwall.tenant_tables() recognises by its name, or else one that refers to tenant_column of target. Null if the table has none. Raises RW504 before db/audit-install.sql has run.';

CREATE FUNCTION ragwall.tenant_tables() RETURNS TABLE(relation regclass, tenant_column name, bound boolean)
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS '… db/audit-install.sql …';

ALTER FUNCTION ragwall.tenant_tables() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.tenant_tables() IS 'Returns the tables, partitions included, that have a tenant column, as the audit, the probe, the start-up guard and protect_table() recognise it: the column that defaults to ragwall.require_tenant(), or else one of the names in the setting ragwall.tenant_columns. bound: the column defaults to ragwall.require_tenant(). The body is db/audit/queries/tenant-tables.sql. For DBAs: nobody but the owner may execute it.';

CREATE FUNCTION ragwall.undeclare_filter(field text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
begin
  delete from ragwall_search.filter_fields as f where f.field = undeclare_filter.field;
end
$$;

ALTER FUNCTION ragwall.undeclare_filter(field text) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.undeclare_filter(field text) IS 'Takes declare_filter() back: a search table that is built from then on has no such index. For members of ragwall_owner.';

CREATE FUNCTION ragwall.unprotect_table(target regclass) RETURNS TABLE(step text, statement text)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $_$
begin
  if not exists (select from pg_policy as p where p.polrelid = target and p.polname = 'tenant_floor')
    or not exists (select from ragwall.unprotection as u where u.target = unprotect_table.target)
  then
    raise exception 'the table % was not protected by protect_table()', target
      using errcode = 'RW503';
  end if;
  execute format('lock table %s in access exclusive mode', target);
  for step, statement in
    select s.step, s.statement
    from (
      select distinct 1, 'privileges', format(
        'revoke all on %s %s from %s cascade', o.kind, o.relation,
        case h.grantee when 0 then 'public' else h.grantee::regrole::text end
      )
      from (
        select m, 'table' from ragwall.with_partitions(target) as m
        union all
        select q, 'sequence' from ragwall.own_sequences(target) as q
      ) as o (relation, kind)
      cross join lateral ragwall.held_privileges(o.relation) as h
      union all
      select 2, 'policies', format('drop policy %I on %s', p.polname, target)
      from pg_policy as p
      where p.polrelid = target
        and p.polname ~ '^(tenant_floor|(select|insert|update|delete)_own_tenant)$'
      union all
      select u.place, u.step, format(u.statement, u.relation)
      from ragwall.unprotection as u
      where u.target = unprotect_table.target
        and exists (select from pg_class as c where c.oid = u.relation)
        and (u.grantee = '' or exists (select from pg_roles as r where r.rolname = u.grantee))
        and (u.column_name = '' or exists (
          select from pg_attribute as a where a.attrelid = u.relation and a.attname = u.column_name
        ))
        -- Another protected table may need the way into the schema.
        and (u.place <> 50 or not exists (
          select
          from ragwall.unprotection as o
          join pg_class as c on c.oid = o.target
          join pg_class as t on t.oid = u.target and t.relnamespace = c.relnamespace
          where o.target <> u.target
        ))
    ) as s (place, step, statement)
    order by s.place, s.statement
  loop
    execute statement;
    return next;
  end loop;
  delete from ragwall.unprotection as u where u.target = unprotect_table.target;
  return query select 'to do: the planner has no statistics', format('analyze %s', target);
end
$_$;

ALTER FUNCTION ragwall.unprotect_table(target regclass) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.unprotect_table(target regclass) IS 'Removes the policies of a protected table and restores what there was before protect_table(): owners, privileges, row-level security, default, check and NOT NULL of the tenant column, statistics targets. Returns the statements that it executed, and then what is left to do. Privileges that were granted since are revoked. Raises RW503 if the table is not protected by protect_table().';

CREATE FUNCTION ragwall.upsert_documents(documents jsonb) RETURNS TABLE(ordinal integer, tenant_id text, id uuid, status text)
    LANGUAGE plpgsql ROWS 100
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET cpu_index_tuple_cost TO '0.005'
    SET cpu_operator_cost TO '0.0025'
    SET cpu_tuple_cost TO '0.01'
    SET enable_bitmapscan TO 'on'
    SET enable_hashagg TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_indexonlyscan TO 'on'
    SET enable_indexscan TO 'on'
    SET enable_nestloop TO 'on'
    SET enable_presorted_aggregate TO 'on'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'on'
    SET enable_tidscan TO 'on'
    SET jit TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET plan_cache_mode TO 'force_custom_plan'
    SET random_page_cost TO '4'
    SET seq_page_cost TO '1'
    AS $$
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
            id uuid, source text, "position" integer, content text, embedding public.halfvec,
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
            and known.embedding operator(public.=) coalesce(g.embedding, known.embedding) as unchanged
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

ALTER FUNCTION ragwall.upsert_documents(documents jsonb) OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.upsert_documents(documents jsonb) IS 'Stores documents for the bound tenant, and returns one row for each: ordinal is its place in the array, from 0. documents: a JSON array of objects with content; id, or else source and position; embedding (an array of embedding_dimensions() numbers, or the same as text) and embedding_model, or neither; metadata (an object; if absent, that which is stored is kept). status: inserted; updated; unchanged; embedding required, if no embedding was given and content or model differ from what is stored, in which case nothing was written for this document. Raises RW001 if no tenant is bound, RW201 if documents is null or no array, RW202 if a document is ill-formed, RW203 if two are the same, RW204 if a new one would get the id of another; the DETAIL of these three is ordinal and the place of the document in the array, as ordinal 3.';

CREATE FUNCTION ragwall.words_configuration() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT s.configuration
    FROM ragwall_search.word_settings s
   WHERE s.filled;
END;

ALTER FUNCTION ragwall.words_configuration() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.words_configuration() IS 'Returns the text search configuration by which words are searched; null if they are not enabled, or not yet of all documents. Security definer: its callers may not read the settings.';

CREATE FUNCTION ragwall.words_filled() RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  settings ragwall_search.word_settings;
begin
  select s.* into settings from ragwall_search.word_settings as s for update;
  if settings.configuration is null or settings.filled then
    return 'nothing to do';
  elsif settings.horizon is null then
    update ragwall_search.word_settings set horizon = pg_snapshot_xmax(pg_current_snapshot());
    return 'waiting for transactions that began before';
  elsif pg_snapshot_xmin(pg_current_snapshot()) < settings.horizon then
    return 'waiting for transactions that began before';
  end if;
  update ragwall_search.word_settings set filled = true;
  return 'words are searched';
end
$$;

ALTER FUNCTION ragwall.words_filled() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.words_filled() IS 'Called by ragwall index when no document is without words: notes which transactions are under way, which may have written before they could see that words are enabled, and once they have ended, and still no document is without words, lets words be searched. For members of ragwall_owner.';

CREATE FUNCTION ragwall.write_passage() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET cpu_index_tuple_cost TO '0.005'
    SET cpu_operator_cost TO '0.0025'
    SET cpu_tuple_cost TO '0.01'
    SET enable_bitmapscan TO 'on'
    SET enable_hashagg TO 'on'
    SET enable_hashjoin TO 'on'
    SET enable_indexonlyscan TO 'on'
    SET enable_indexscan TO 'on'
    SET enable_nestloop TO 'on'
    SET enable_presorted_aggregate TO 'on'
    SET enable_seqscan TO 'off'
    SET enable_sort TO 'on'
    SET enable_tidscan TO 'on'
    SET jit TO 'off'
    SET max_parallel_workers_per_gather TO '0'
    SET plan_cache_mode TO 'force_generic_plan'
    SET random_page_cost TO '4'
    SET seq_page_cost TO '1'
    AS $$
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
      and d.embedding operator(public.=) old.embedding;
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
      or d.embedding operator(public.<>) excluded.embedding
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

ALTER FUNCTION ragwall.write_passage() OWNER TO ragwall_owner;

COMMENT ON FUNCTION ragwall.write_passage() IS 'Writes a row of ragwall_api.passages to ragwall.documents, with the rights of whoever writes the row. Raises RW001 if no tenant is bound, also where there is no row to write; RW204 if the id belongs to another source; RW206 without a model; RW207 if an update changes id, source or position; 40001 if another session changed the row meanwhile.';

CREATE FUNCTION ragwall_private.base64url(bytes bytea) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN translate(encode(bytes, 'base64'::text), '+/=
'::text, '-_'::text);

ALTER FUNCTION ragwall_private.base64url(bytes bytea) OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall_private.base64url(bytes bytea) IS 'Returns bytes as base64url without padding (RFC 4648, section 5). Null for null.';

CREATE FUNCTION ragwall_private.bind(tenant text, expires text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  bound constant text := current_setting('app.current_tenant', true);
  claimed constant text := current_setting('app.tenant_seal', true);
  is_bound boolean := false;
begin
  -- Of an empty setting the seal need not be verified.
  if bound <> '' then
    select ragwall_private.is_seal(k.inner_key, k.outer_key, bound, claimed)
    into is_bound
    from ragwall_private.seal_key as k
    where k.only_row;
  end if;
  -- Also where the binding has expired: a transaction has one tenant.
  if is_bound then
    if bound <> tenant then
      raise exception 'this transaction is already bound to another tenant'
        using errcode = 'RW003', hint = 'Bind one tenant in a transaction. Commit or roll back, then bind the next.';
    end if;
    -- Of two expiries the later holds.
    if (
      case when substr(claimed, 65) = '' or expires = '' then substr(claimed, 65) = ''
        else substr(claimed, 65)::bigint >= expires::bigint end
    ) then
      return tenant;
    end if;
  -- This runs in every request, so one expression decides whether refuse_residue() is called.
  elsif pg_my_temp_schema() <> 0
    or exists (select from pg_cursor() where is_holdable)
    or exists (select from pg_listening_channels())
  then
    perform ragwall_private.refuse_residue();
  -- Postgres lists prepared statements only all together, so asking costs more the more the driver has. It is asked
  -- where a token is presented: who has none may have SQL on this session, and a statement of his in the place of one
  -- of the driver's would run in the transaction of who has one. Whoever may name tenants needs no such statement.
  elsif expires <> '' then
    if exists (select from pg_prepared_statement() where from_sql) then
      perform ragwall_private.refuse_residue();
    end if;
  end if;
  perform
    set_config('app.current_tenant', tenant, true),
    set_config('app.tenant_seal', ragwall_private.seal(k.inner_key, k.outer_key, tenant, expires), true)
  from ragwall_private.seal_key as k
  where k.only_row;
  if not found then
    raise exception 'no tenant can be bound, because the key of the seals is missing'
      using errcode = 'RW004',
        hint = 'Restore the row of ragwall_private.seal_key. A dump without data leaves the table empty.';
  end if;
  return tenant;
end
$$;

ALTER FUNCTION ragwall_private.bind(tenant text, expires text) OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall_private.bind(tenant text, expires text) IS 'Binds a tenant to this transaction and returns it. tenant: well-formed, which callers have to check. expires: from when on current_tenant() no longer returns it, seconds since 1970 in digits, or the empty text for the whole transaction; where the tenant is bound already, the later of the two holds. Raises RW003 if another tenant was bound, even if that has expired, RW004 if the key of the seals is missing, RW007 like refuse_residue(). Only for set_tenant() and set_tenant_from_token(), which call it as their owner.';

CREATE FUNCTION ragwall_private.seal(inner_key bytea, outer_key bytea, tenant text, expires text) RETURNS text
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    RETURN (encode(sha256((outer_key || sha256((((inner_key || int4send(pg_backend_pid())) || timestamptz_send(transaction_timestamp())) || convert_to(((expires || ' '::text) || tenant), 'UTF8'::name))))), 'hex'::text) || expires);

ALTER FUNCTION ragwall_private.seal(inner_key bytea, outer_key bytea, tenant text, expires text) OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall_private.seal(inner_key bytea, outer_key bytea, tenant text, expires text) IS 'Returns the seal of a tenant in this transaction: a keyed hash (nested as in HMAC) of the backend process, the start of the transaction, the expiry and the tenant, in 64 hexadecimal digits, and then the expiry. inner_key, outer_key: those of seal_key. expires: seconds since 1970 in digits, or the empty text for no expiry. Null if an argument is null.';

CREATE FUNCTION ragwall_private.is_seal(inner_key bytea, outer_key bytea, tenant text, claimed text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL RESTRICTED
    RETURN (sha256((outer_key || convert_to(claimed, 'UTF8'::name))) = sha256((outer_key || convert_to(ragwall_private.seal(inner_key, outer_key, tenant, substr(claimed, 65)), 'UTF8'::name))));

ALTER FUNCTION ragwall_private.is_seal(inner_key bytea, outer_key bytea, tenant text, claimed text) OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall_private.is_seal(inner_key bytea, outer_key bytea, tenant text, claimed text) IS 'Returns whether a text is the seal of a tenant in this transaction, as seal() makes it. Does not compare the expiry with the clock. Null if an argument is null.';

CREATE FUNCTION ragwall_private.pad(key bytea, mask integer) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT string_agg(set_byte('\x00'::bytea, 0, (
         CASE
             WHEN (i.i < octet_length(pad.key)) THEN get_byte(pad.key, i.i)
             ELSE 0
         END # pad.mask)), '\x'::bytea ORDER BY i.i) AS string_agg
    FROM generate_series(0, 63) i(i);
END;

ALTER FUNCTION ragwall_private.pad(key bytea, mask integer) OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall_private.pad(key bytea, mask integer) IS 'Returns a pad of HMAC-SHA256 (RFC 2104): the key, zeros up to 64 bytes, each exclusive or the mask, 0 to 255.';

CREATE FUNCTION ragwall_private.random_bytes() RETURNS bytea
    LANGUAGE sql PARALLEL SAFE
    RETURN sha256((uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

ALTER FUNCTION ragwall_private.random_bytes() OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall_private.random_bytes() IS 'Returns 32 unpredictable bytes, which have 244 random bits.';

CREATE FUNCTION ragwall_private.refuse_residue() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
declare
  residue constant text := concat_ws(
    ', ',
    case when pg_my_temp_schema() <> 0
      and exists (select from pg_type where typnamespace = pg_my_temp_schema()) then 'temporary objects' end,
    case when exists (select from pg_prepared_statement() where from_sql) then 'statements prepared in SQL' end,
    case when exists (select from pg_cursor() where is_holdable) then 'holdable cursors' end,
    case when exists (select from pg_listening_channels()) then 'channels listened to' end
  );
begin
  if residue = ''
    -- Read from the catalog, because a client can change what current_setting() returns.
    or 'ragwall.residue=allow' in (
      select unnest(s.setconfig)
      from pg_db_role_setting as s
      where s.setrole = 0
        and s.setdatabase = (select d.oid from pg_database as d where d.datname = current_database())
    )
    or (select r.rolsuper from pg_roles as r where r.rolname = session_user)
  then
    return;
  end if;
  raise exception 'this session has objects that an earlier client may have left: %', residue
    using errcode = 'RW007',
      hint = 'Have the pooler run DISCARD ALL after every transaction, or bind the tenant before '
      'such objects are created. If all clients can be trusted: alter database … set ragwall.residue = ''allow''.';
end
$$;

ALTER FUNCTION ragwall_private.refuse_residue() OWNER TO ragwall_context;

COMMENT ON FUNCTION ragwall_private.refuse_residue() IS 'Raises RW007 if the session has temporary objects, statements prepared in SQL, holdable cursors, or channels that it listens to. Allows them to superusers, and to everybody in a database with the setting ragwall.residue = allow.';

CREATE TABLE ragwall.documents (
    tenant_id text DEFAULT ragwall.require_tenant() NOT NULL COLLATE pg_catalog."C",
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    source text,
    "position" integer,
    content text NOT NULL,
    embedding public.halfvec NOT NULL,
    embedding_model text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT documents_check CHECK (((source IS NULL) = ("position" IS NULL))),
    CONSTRAINT documents_embedding_check CHECK ((public.l2_norm(embedding) > (0)::double precision)),
    CONSTRAINT documents_embedding_model_check CHECK (((octet_length(embedding_model) >= 1) AND (octet_length(embedding_model) <= 200))),
    CONSTRAINT documents_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT documents_position_check CHECK (("position" >= 0)),
    CONSTRAINT documents_source_check CHECK (((octet_length(source) >= 1) AND (octet_length(source) <= 1024))),
    CONSTRAINT documents_tenant_id_check CHECK (ragwall.is_tenant_id(tenant_id)),
    CONSTRAINT embedding_has_the_dimensions_of_this_database CHECK ((public.vector_dims(embedding) = ragwall.embedding_dimensions()))
)
PARTITION BY HASH (tenant_id);
ALTER TABLE ONLY ragwall.documents ALTER COLUMN tenant_id SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN tenant_id SET STORAGE PLAIN;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN id SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN source SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN source SET STORAGE MAIN;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN "position" SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN content SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN embedding SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN embedding SET STORAGE PLAIN;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN embedding_model SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN embedding_model SET STORAGE MAIN;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN metadata SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN metadata SET STORAGE MAIN;
ALTER TABLE ONLY ragwall.documents ALTER COLUMN created_at SET STATISTICS 0;

ALTER TABLE ONLY ragwall.documents FORCE ROW LEVEL SECURITY;

ALTER TABLE ragwall.documents OWNER TO ragwall_owner;

COMMENT ON TABLE ragwall.documents IS 'The passages that can be retrieved, of all tenants. A role sees and changes only those of the tenant that is bound to its transaction.';

COMMENT ON COLUMN ragwall.documents.tenant_id IS 'The tenant that the document belongs to. No application role can write it: the default is the tenant that is bound.';

COMMENT ON COLUMN ragwall.documents.id IS 'Unique within the tenant. Another tenant may have the same id; neither can find out.';

COMMENT ON COLUMN ragwall.documents.source IS 'What the passage was taken from: a path or a URL, 1 to 1024 bytes. Null if the document is known by its id alone.';

COMMENT ON COLUMN ragwall.documents."position" IS 'The number of the passage in its source, from 0. Null exactly if source is null.';

COMMENT ON COLUMN ragwall.documents.content IS 'The text of the passage.';

COMMENT ON COLUMN ragwall.documents.embedding IS 'The embedding of content by embedding_model: embedding_dimensions() half-precision numbers, not all zero.';

COMMENT ON COLUMN ragwall.documents.embedding_model IS 'The model that made the embedding, 1 to 200 bytes. Vectors of different models cannot be compared.';

COMMENT ON COLUMN ragwall.documents.metadata IS 'A JSON object to filter by. Never null.';

COMMENT ON COLUMN ragwall.documents.created_at IS 'When the document was first stored.';

CREATE TABLE ragwall.documents_rows (
    tenant_id text DEFAULT ragwall.require_tenant() NOT NULL COLLATE pg_catalog."C",
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    source text,
    "position" integer,
    content text NOT NULL,
    embedding public.halfvec NOT NULL,
    embedding_model text NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT documents_check CHECK (((source IS NULL) = ("position" IS NULL))),
    CONSTRAINT documents_embedding_check CHECK ((public.l2_norm(embedding) > (0)::double precision)),
    CONSTRAINT documents_embedding_model_check CHECK (((octet_length(embedding_model) >= 1) AND (octet_length(embedding_model) <= 200))),
    CONSTRAINT documents_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT documents_position_check CHECK (("position" >= 0)),
    CONSTRAINT documents_source_check CHECK (((octet_length(source) >= 1) AND (octet_length(source) <= 1024))),
    CONSTRAINT documents_tenant_id_check CHECK (ragwall.is_tenant_id(tenant_id)),
    CONSTRAINT embedding_has_the_dimensions_of_this_database CHECK ((public.vector_dims(embedding) = ragwall.embedding_dimensions()))
);
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN tenant_id SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN tenant_id SET STORAGE PLAIN;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN id SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN source SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN source SET STORAGE MAIN;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN "position" SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN content SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN embedding SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN embedding SET STORAGE PLAIN;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN embedding_model SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN embedding_model SET STORAGE MAIN;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN metadata SET STATISTICS 0;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN metadata SET STORAGE MAIN;
ALTER TABLE ONLY ragwall.documents_rows ALTER COLUMN created_at SET STATISTICS 0;

ALTER TABLE ONLY ragwall.documents_rows FORCE ROW LEVEL SECURITY;

ALTER TABLE ragwall.documents_rows OWNER TO ragwall_owner;

COMMENT ON TABLE ragwall.documents_rows IS 'The rows of ragwall.documents. Only ragwall_search reads them here; everybody else goes through ragwall.documents.';

CREATE VIEW ragwall.search_tables WITH (security_invoker='true') AS
 SELECT s.tenant_id,
    s.relation,
    s.previous,
    s.documents,
    s.applied,
    e.tail,
    b.bytes,
    s.ef_10,
    s.ef_100,
    s.recall_10,
    s.recall_100,
    s.built_at,
    s.measured_at,
        CASE
            WHEN ((s.relation IS NULL) AND (s.previous IS NOT NULL)) THEN NULL::text
            WHEN ((b.bytes IS NULL) OR (e.tail > GREATEST((1000)::bigint, (s.documents / 5))) OR (((s.applied + e.tail))::numeric > GREATEST((1000)::numeric, ((s.documents)::numeric * 0.3))) OR (b.bytes > ((2 * s.bytes) + 10000000)) OR (s.words_version IS DISTINCT FROM ( SELECT w.version
               FROM ragwall_search.word_settings w
              WHERE w.filled))) THEN 'build'::text
            WHEN (EXISTS ( SELECT
               FROM ragwall_search.filter_fields f
              WHERE (f.field <> ALL (s.ranges)))) THEN 'index'::text
            WHEN (((s.applied)::numeric > ((s.measured)::numeric + ((s.documents)::numeric * 0.05))) OR ((s.applied > s.measured) AND (s.measured_at < (clock_timestamp() - '1 day'::interval)))) THEN 'measure'::text
            WHEN (e.tail > 0) THEN 'catch up'::text
            ELSE NULL::text
        END AS due
   FROM ((ragwall_search.entries() e(entry, tail)
     CROSS JOIN LATERAL ( SELECT (e.entry).tenant_id AS tenant_id,
            (e.entry).relation AS relation,
            (e.entry).previous AS previous,
            (e.entry).dimensions AS dimensions,
            (e.entry).documents AS documents,
            (e.entry).edges AS edges,
            (e.entry).applied AS applied,
            (e.entry).measured AS measured,
            (e.entry).pages AS pages,
            (e.entry).ranges AS ranges,
            (e.entry).words_version AS words_version,
            (e.entry).bytes AS bytes,
            (e.entry).ef_10 AS ef_10,
            (e.entry).ef_100 AS ef_100,
            (e.entry).recall_10 AS recall_10,
            (e.entry).recall_100 AS recall_100,
            (e.entry).built_at AS built_at,
            (e.entry).measured_at AS measured_at) s)
     CROSS JOIN LATERAL ( SELECT pg_total_relation_size(to_regclass(('ragwall_search.'::text || (s.relation)::text))) AS bytes) b);

ALTER VIEW ragwall.search_tables OWNER TO ragwall_owner;

COMMENT ON VIEW ragwall.search_tables IS 'The search tables of large tenants, for members of ragwall_owner. relation: the table, null before it is built and when it is out of use. previous: the one before it, until it is dropped. documents: when it was built. applied: changes since then. tail: changes that are not yet in it, with which every search compares. bytes: with its indexes. ef_10, ef_100: the hnsw.ef_search for the ten and the hundred nearest, null where searches are exact, because the index is not worth it. recall_10, recall_100: shares that were found, at measured_at. due: what index_plan() does next, if anything: build (it is missing, or worn, or twice as large as it was, or words were enabled or disabled), index (a field was declared), catch up, measure.';

CREATE TABLE ragwall.tenant_claim (
    only_row boolean DEFAULT true NOT NULL,
    path text[] NOT NULL,
    CONSTRAINT path_has_one_to_five_names CHECK (((COALESCE(array_ndims(path), 0) = 1) AND (cardinality(path) <= 5) AND (array_position(path, NULL::text) IS NULL))),
    CONSTRAINT tenant_claim_only_row_check CHECK (only_row),
    CONSTRAINT users_write_user_metadata_themselves CHECK ((NOT (path && '{user_metadata,unsafe_metadata}'::text[])))
);

ALTER TABLE ragwall.tenant_claim OWNER TO ragwall_owner;

COMMENT ON TABLE ragwall.tenant_claim IS 'Which claim of a verified token names the tenant of a request of PostgREST: one row. Without it no tenant is bound. Its owner changes it: update ragwall.tenant_claim set path = ''{app_metadata,tenant_id}''.';

COMMENT ON COLUMN ragwall.tenant_claim.path IS 'The names that lead to the claim, outermost first: {tenant_id}, {app_metadata,tenant_id}, {org_id}, {o,id}. Not user_metadata and not unsafe_metadata: whoever signs in can write these.';

CREATE SEQUENCE ragwall_private.retired_at
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE ragwall_private.retired_at OWNER TO ragwall_context;

COMMENT ON SEQUENCE ragwall_private.retired_at IS 'When a key was retired last: microseconds since 1970.';

CREATE TABLE ragwall_private.seal_key (
    only_row boolean DEFAULT true NOT NULL,
    inner_key bytea NOT NULL,
    outer_key bytea NOT NULL,
    CONSTRAINT seal_key_inner_key_check CHECK ((octet_length(inner_key) = 64)),
    CONSTRAINT seal_key_only_row_check CHECK (only_row),
    CONSTRAINT seal_key_outer_key_check CHECK ((octet_length(outer_key) = 64))
);

ALTER TABLE ragwall_private.seal_key OWNER TO ragwall_context;

COMMENT ON TABLE ragwall_private.seal_key IS 'The key of the seals of this database: one row. A role that can read it can bind any tenant.';

COMMENT ON COLUMN ragwall_private.seal_key.inner_key IS '64 random bytes: one block of SHA-256.';

COMMENT ON COLUMN ragwall_private.seal_key.outer_key IS '64 random bytes, independent of inner_key.';

ALTER TABLE ONLY ragwall.documents ATTACH PARTITION ragwall.documents_rows FOR VALUES WITH (modulus 1, remainder 0);

ALTER TABLE ONLY ragwall.documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY ragwall.documents_rows
    ADD CONSTRAINT documents_rows_pkey PRIMARY KEY (tenant_id, id);

ALTER TABLE ONLY ragwall.documents
    ADD CONSTRAINT documents_tenant_id_source_position_key UNIQUE (tenant_id, source, "position");

ALTER TABLE ONLY ragwall.documents_rows
    ADD CONSTRAINT documents_rows_tenant_id_source_position_key UNIQUE (tenant_id, source, "position");

ALTER TABLE ONLY ragwall.tenant_claim
    ADD CONSTRAINT tenant_claim_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY ragwall_private.seal_key
    ADD CONSTRAINT seal_key_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY ragwall_private.signing_key
    ADD CONSTRAINT signing_key_pkey PRIMARY KEY (header);

ALTER INDEX ragwall.documents_pkey ATTACH PARTITION ragwall.documents_rows_pkey;

ALTER INDEX ragwall.documents_tenant_id_source_position_key ATTACH PARTITION ragwall.documents_rows_tenant_id_source_position_key;

CREATE TRIGGER keep_words AFTER INSERT OR DELETE OR UPDATE OF tenant_id, id, content ON ragwall.documents FOR EACH ROW EXECUTE FUNCTION ragwall_search.keep_words();

ALTER TABLE ragwall.documents ENABLE ALWAYS TRIGGER keep_words;

CREATE TRIGGER note_change AFTER INSERT OR DELETE OR UPDATE ON ragwall.documents FOR EACH ROW EXECUTE FUNCTION ragwall_search.note_change();

ALTER TABLE ragwall.documents ENABLE ALWAYS TRIGGER note_change;

CREATE TRIGGER note_stored AFTER INSERT OR UPDATE OF tenant_id ON ragwall.documents FOR EACH ROW EXECUTE FUNCTION ragwall_search.note_stored();

ALTER TABLE ragwall.documents ENABLE ALWAYS TRIGGER note_stored;

CREATE POLICY delete_own_tenant ON ragwall.documents FOR DELETE TO ragwall_owner USING ((tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant)));

COMMENT ON POLICY delete_own_tenant ON ragwall.documents IS 'Only for delete_documents() and delete_source(), which run as ragwall_owner.';

ALTER TABLE ragwall.documents ENABLE ROW LEVEL SECURITY;

ALTER TABLE ragwall.documents_rows ENABLE ROW LEVEL SECURITY;

CREATE POLICY insert_own_tenant ON ragwall.documents FOR INSERT TO app_user WITH CHECK ((tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant)));

COMMENT ON POLICY insert_own_tenant ON ragwall.documents IS 'A new document belongs to the tenant that is bound.';

CREATE POLICY select_own_tenant ON ragwall.documents FOR SELECT TO agent_reader, app_reader, app_user, ragwall_owner USING ((tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant)));

COMMENT ON POLICY select_own_tenant ON ragwall.documents IS 'A role reads the documents of the tenant that is bound. ragwall_owner needs it for the functions that delete.';

CREATE POLICY select_own_tenant ON ragwall.documents_rows FOR SELECT TO ragwall_search USING ((tenant_id = ( SELECT current_setting('app.current_tenant'::text, true) AS current_setting)));

COMMENT ON POLICY select_own_tenant ON ragwall.documents_rows IS 'ragwall_search reads the documents of the tenant that is bound. Without the seal: the floor verifies it.';

CREATE POLICY tenant_floor ON ragwall.documents AS RESTRICTIVE USING (((( SELECT jsonb_build_object(COALESCE(ragwall.current_tenant(), ''::text), true) AS jsonb_build_object))[tenant_id] IS NOT NULL)) WITH CHECK ((tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant)));

COMMENT ON POLICY tenant_floor ON ragwall.documents IS 'Only rows of the bound tenant, for every role and command. It is restrictive: a permissive policy that is added later cannot widen it.';

CREATE POLICY tenant_floor ON ragwall.documents_rows AS RESTRICTIVE USING ((tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))) WITH CHECK ((tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant)));

COMMENT ON POLICY tenant_floor ON ragwall.documents_rows IS 'Only rows of the bound tenant, for every role and command that names the partition.';

ALTER TABLE ragwall.unprotection ENABLE ROW LEVEL SECURITY;

CREATE POLICY update_own_tenant ON ragwall.documents FOR UPDATE TO app_user, ragwall_owner USING ((tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))) WITH CHECK ((tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant)));

COMMENT ON POLICY update_own_tenant ON ragwall.documents IS 'A role changes documents of the tenant that is bound, and cannot give them to another. ragwall_owner needs it to lock the rows that it deletes.';

ALTER TABLE ragwall_private.seal_key ENABLE ROW LEVEL SECURITY;

ALTER TABLE ragwall_private.signing_key ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA ragwall TO agent_caller;
GRANT USAGE ON SCHEMA ragwall TO agent_reader;
GRANT USAGE ON SCHEMA ragwall TO app_reader;
GRANT USAGE ON SCHEMA ragwall TO app_user;
GRANT USAGE ON SCHEMA ragwall TO ragwall_context;
GRANT USAGE ON SCHEMA ragwall TO ragwall_search;

REVOKE ALL ON FUNCTION ragwall.add_signing_key(kid text, audience text) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.add_signing_key(kid text) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.agent_document(id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.agent_document(id uuid) TO agent_caller;

REVOKE ALL ON FUNCTION ragwall.agent_match_documents(query_vec public.halfvec, k integer, filter jsonb, with_similarity boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.agent_match_documents(query_vec public.halfvec, k integer, filter jsonb, with_similarity boolean) TO agent_caller;

REVOKE ALL ON FUNCTION ragwall.agent_match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.agent_match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb) TO agent_caller;

REVOKE ALL ON FUNCTION ragwall.app_roles() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.application_roles() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.audit() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.begin_migration(number integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.build_search_table() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.catch_up(most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.catch_up(most integer) TO app_user;

REVOKE ALL ON FUNCTION ragwall.close_partitions() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.column_names(relation regclass, numbers smallint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.composite_foreign_keys(tenants jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.current_tenant() FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.current_tenant() TO agent_caller;
GRANT ALL ON FUNCTION ragwall.current_tenant() TO agent_reader;
GRANT ALL ON FUNCTION ragwall.current_tenant() TO app_reader;
GRANT ALL ON FUNCTION ragwall.current_tenant() TO app_user;
GRANT ALL ON FUNCTION ragwall.current_tenant() TO ragwall_owner;
GRANT ALL ON FUNCTION ragwall.current_tenant() TO ragwall_search;

REVOKE ALL ON FUNCTION ragwall.declare_filter(field text) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.delete_documents(ids uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.delete_documents(ids uuid[]) TO app_user;

REVOKE ALL ON FUNCTION ragwall.delete_matching(filter jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.delete_matching(filter jsonb) TO app_user;

REVOKE ALL ON FUNCTION ragwall.delete_source(source text, from_position integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.delete_source(source text, from_position integer) TO app_user;

REVOKE ALL ON FUNCTION ragwall.disable_words() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.document_id(tenant text, source text, "position" integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.document_id(tenant text, source text, "position" integer) TO app_user;

REVOKE ALL ON FUNCTION ragwall.drop_search_table() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.embedding_dimensions() FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.embedding_dimensions() TO agent_caller;
GRANT ALL ON FUNCTION ragwall.embedding_dimensions() TO agent_reader;
GRANT ALL ON FUNCTION ragwall.embedding_dimensions() TO app_reader;
GRANT ALL ON FUNCTION ragwall.embedding_dimensions() TO app_user;
GRANT ALL ON FUNCTION ragwall.embedding_dimensions() TO ragwall_search;

REVOKE ALL ON FUNCTION ragwall.enable_words(configuration text) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.field_condition(field text, wanted jsonb, level integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.field_condition(field text, wanted jsonb, level integer) TO agent_reader;
GRANT ALL ON FUNCTION ragwall.field_condition(field text, wanted jsonb, level integer) TO app_reader;
GRANT ALL ON FUNCTION ragwall.field_condition(field text, wanted jsonb, level integer) TO app_user;
GRANT ALL ON FUNCTION ragwall.field_condition(field text, wanted jsonb, level integer) TO ragwall_search;

REVOKE ALL ON FUNCTION ragwall.fill_words(most integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.filter_condition(filter jsonb, level integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.filter_condition(filter jsonb, level integer) TO agent_reader;
GRANT ALL ON FUNCTION ragwall.filter_condition(filter jsonb, level integer) TO app_reader;
GRANT ALL ON FUNCTION ragwall.filter_condition(filter jsonb, level integer) TO app_user;
GRANT ALL ON FUNCTION ragwall.filter_condition(filter jsonb, level integer) TO ragwall_search;

REVOKE ALL ON FUNCTION ragwall.filter_path(filter jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.filter_path(filter jsonb) TO agent_reader;
GRANT ALL ON FUNCTION ragwall.filter_path(filter jsonb) TO app_reader;
GRANT ALL ON FUNCTION ragwall.filter_path(filter jsonb) TO app_user;
GRANT ALL ON FUNCTION ragwall.filter_path(filter jsonb) TO ragwall_search;

REVOKE ALL ON FUNCTION ragwall.inventory() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.fingerprint() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.fix_plans(routine regprocedure, plans text) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.fix_plans(routine regprocedure, plans text) TO ragwall_search;

REVOKE ALL ON FUNCTION ragwall.foreign_key_findings(target regclass, tenant_column name) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.forget_statistics(relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.grant_login(login name, role name) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.grant_plan(target regclass, tenant_column name, owner oid, allow_delete boolean, name_tenant boolean, writers regrole[], readers regrole[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.held_privileges(relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.index_findings(target regclass, tenant_column name) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.index_plan() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.index_search_table() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.is_safe_owner(owner oid) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.is_tenant_id(tenant text) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.is_tenant_id(tenant text) TO app_reader;
GRANT ALL ON FUNCTION ragwall.is_tenant_id(tenant text) TO app_user;
GRANT ALL ON FUNCTION ragwall.is_tenant_id(tenant text) TO ragwall_context;

REVOKE ALL ON FUNCTION ragwall.join_conditions(parts text[], operator text) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.join_conditions(parts text[], operator text) TO agent_reader;
GRANT ALL ON FUNCTION ragwall.join_conditions(parts text[], operator text) TO app_reader;
GRANT ALL ON FUNCTION ragwall.join_conditions(parts text[], operator text) TO app_user;
GRANT ALL ON FUNCTION ragwall.join_conditions(parts text[], operator text) TO ragwall_search;

REVOKE ALL ON FUNCTION ragwall.search_documents(query_vec public.halfvec, k integer, filter jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.search_documents(query_vec public.halfvec, k integer, filter jsonb) TO agent_reader;
GRANT ALL ON FUNCTION ragwall.search_documents(query_vec public.halfvec, k integer, filter jsonb) TO app_reader;
GRANT ALL ON FUNCTION ragwall.search_documents(query_vec public.halfvec, k integer, filter jsonb) TO app_user;
GRANT ALL ON FUNCTION ragwall.search_documents(query_vec public.halfvec, k integer, filter jsonb) TO ragwall_owner;

REVOKE ALL ON FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer, filter jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer, filter jsonb) TO agent_reader;
GRANT ALL ON FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer, filter jsonb) TO app_reader;
GRANT ALL ON FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer, filter jsonb) TO app_user;

REVOKE ALL ON FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer) TO agent_reader;
GRANT ALL ON FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer) TO app_reader;
GRANT ALL ON FUNCTION ragwall.match_documents(query_vec public.halfvec, k integer) TO app_user;

REVOKE ALL ON FUNCTION ragwall.match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb, weight double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb, weight double precision) TO agent_reader;
GRANT ALL ON FUNCTION ragwall.match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb, weight double precision) TO app_reader;
GRANT ALL ON FUNCTION ragwall.match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb, weight double precision) TO app_user;
GRANT ALL ON FUNCTION ragwall.match_hybrid(query_vec public.halfvec, query_text text, k integer, filter jsonb, weight double precision) TO ragwall_owner;

REVOKE ALL ON FUNCTION ragwall.measure_search_table() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.migration() FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.migration() TO agent_caller;
GRANT ALL ON FUNCTION ragwall.migration() TO agent_reader;
GRANT ALL ON FUNCTION ragwall.migration() TO app_reader;
GRANT ALL ON FUNCTION ragwall.migration() TO app_user;

REVOKE ALL ON FUNCTION ragwall.with_partitions(target regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.own_sequences(target regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.pinned_columns() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.protect_plan(tables jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.protect_table(target regclass, tenant_column name, allow_delete boolean, keep_statistics boolean, name_tenant boolean, writers regrole[], readers regrole[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.protected_model(tables jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.table_findings(target regclass, tenant_column name, keep_statistics boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.protection_findings(target regclass, tenant_column name, keep_statistics boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.protection_plan(target regclass, tenant_column name, allow_delete boolean, keep_statistics boolean, name_tenant boolean, writers regrole[], readers regrole[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.refuse_search(query_vec public.halfvec, k integer) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.refuse_search(query_vec public.halfvec, k integer) TO ragwall_search;

REVOKE ALL ON FUNCTION ragwall.require_tenant() FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.require_tenant() TO agent_reader;
GRANT ALL ON FUNCTION ragwall.require_tenant() TO app_reader;
GRANT ALL ON FUNCTION ragwall.require_tenant() TO app_user;
GRANT ALL ON FUNCTION ragwall.require_tenant() TO ragwall_search;

REVOKE ALL ON FUNCTION ragwall.restoration(target regclass, tenant_column name) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.retire_signing_key(kid text) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.safe_privileges(target regclass, tenant_column name, owner oid, allow_delete boolean, name_tenant boolean, writers regrole[], readers regrole[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.search_as(tenant text, query_vec public.halfvec, k integer, filter jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.search_as(tenant text, query_vec public.halfvec, k integer, filter jsonb) TO app_reader;
GRANT ALL ON FUNCTION ragwall.search_as(tenant text, query_vec public.halfvec, k integer, filter jsonb) TO app_user;

REVOKE ALL ON FUNCTION ragwall.search_with_token(token text, query_vec public.halfvec, k integer, filter jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.search_with_token(token text, query_vec public.halfvec, k integer, filter jsonb) TO agent_reader;
GRANT ALL ON FUNCTION ragwall.search_with_token(token text, query_vec public.halfvec, k integer, filter jsonb) TO app_reader;
GRANT ALL ON FUNCTION ragwall.search_with_token(token text, query_vec public.halfvec, k integer, filter jsonb) TO app_user;

REVOKE ALL ON FUNCTION ragwall.search_words(query_text text, k integer, filter jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.search_words(query_text text, k integer, filter jsonb) TO agent_reader;
GRANT ALL ON FUNCTION ragwall.search_words(query_text text, k integer, filter jsonb) TO app_reader;
GRANT ALL ON FUNCTION ragwall.search_words(query_text text, k integer, filter jsonb) TO app_user;
GRANT ALL ON FUNCTION ragwall.search_words(query_text text, k integer, filter jsonb) TO ragwall_owner;

REVOKE ALL ON FUNCTION ragwall.set_tenant(tenant text) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.set_tenant(tenant text) TO app_reader;
GRANT ALL ON FUNCTION ragwall.set_tenant(tenant text) TO app_user;
GRANT ALL ON FUNCTION ragwall.set_tenant(tenant text) TO ragwall_owner;

REVOKE ALL ON FUNCTION ragwall.set_tenant_from_token(token text) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.set_tenant_from_token(token text) TO agent_caller;
GRANT ALL ON FUNCTION ragwall.set_tenant_from_token(token text) TO agent_reader;
GRANT ALL ON FUNCTION ragwall.set_tenant_from_token(token text) TO app_reader;
GRANT ALL ON FUNCTION ragwall.set_tenant_from_token(token text) TO app_user;

REVOKE ALL ON FUNCTION ragwall.signing_keys() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.tenant_column_of(relation regclass, target regclass, tenant_column name) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.tenant_tables() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.undeclare_filter(field text) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.unprotect_table(target regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.upsert_documents(documents jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.upsert_documents(documents jsonb) TO app_user;

REVOKE ALL ON FUNCTION ragwall.words_configuration() FROM PUBLIC;
GRANT ALL ON FUNCTION ragwall.words_configuration() TO agent_caller;
GRANT ALL ON FUNCTION ragwall.words_configuration() TO agent_reader;
GRANT ALL ON FUNCTION ragwall.words_configuration() TO app_reader;
GRANT ALL ON FUNCTION ragwall.words_configuration() TO app_user;

REVOKE ALL ON FUNCTION ragwall.words_filled() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall.write_passage() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall_private.base64url(bytes bytea) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall_private.bind(tenant text, expires text) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall_private.seal(inner_key bytea, outer_key bytea, tenant text, expires text) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall_private.is_seal(inner_key bytea, outer_key bytea, tenant text, claimed text) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall_private.pad(key bytea, mask integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall_private.random_bytes() FROM PUBLIC;

REVOKE ALL ON FUNCTION ragwall_private.refuse_residue() FROM PUBLIC;

GRANT SELECT(tenant_id) ON TABLE ragwall.documents TO agent_reader;
GRANT SELECT(tenant_id) ON TABLE ragwall.documents TO app_reader;
GRANT SELECT(tenant_id) ON TABLE ragwall.documents TO app_user;

GRANT SELECT(id) ON TABLE ragwall.documents TO agent_reader;
GRANT SELECT(id) ON TABLE ragwall.documents TO app_reader;
GRANT SELECT(id),INSERT(id) ON TABLE ragwall.documents TO app_user;

GRANT SELECT(source) ON TABLE ragwall.documents TO agent_reader;
GRANT SELECT(source) ON TABLE ragwall.documents TO app_reader;
GRANT SELECT(source),INSERT(source) ON TABLE ragwall.documents TO app_user;

GRANT SELECT("position") ON TABLE ragwall.documents TO agent_reader;
GRANT SELECT("position") ON TABLE ragwall.documents TO app_reader;
GRANT SELECT("position"),INSERT("position") ON TABLE ragwall.documents TO app_user;

GRANT SELECT(content) ON TABLE ragwall.documents TO agent_reader;
GRANT SELECT(content) ON TABLE ragwall.documents TO app_reader;
GRANT SELECT(content),INSERT(content),UPDATE(content) ON TABLE ragwall.documents TO app_user;

GRANT SELECT(embedding) ON TABLE ragwall.documents TO agent_reader;
GRANT SELECT(embedding) ON TABLE ragwall.documents TO app_reader;
GRANT SELECT(embedding),INSERT(embedding),UPDATE(embedding) ON TABLE ragwall.documents TO app_user;

GRANT SELECT(embedding_model) ON TABLE ragwall.documents TO agent_reader;
GRANT SELECT(embedding_model) ON TABLE ragwall.documents TO app_reader;
GRANT SELECT(embedding_model),INSERT(embedding_model),UPDATE(embedding_model) ON TABLE ragwall.documents TO app_user;

GRANT SELECT(metadata) ON TABLE ragwall.documents TO agent_reader;
GRANT SELECT(metadata) ON TABLE ragwall.documents TO app_reader;
GRANT SELECT(metadata),INSERT(metadata),UPDATE(metadata) ON TABLE ragwall.documents TO app_user;

GRANT SELECT(created_at) ON TABLE ragwall.documents TO agent_reader;
GRANT SELECT(created_at) ON TABLE ragwall.documents TO app_reader;
GRANT SELECT(created_at) ON TABLE ragwall.documents TO app_user;

GRANT SELECT(tenant_id) ON TABLE ragwall.documents_rows TO ragwall_search;

GRANT SELECT(id) ON TABLE ragwall.documents_rows TO ragwall_search;

GRANT SELECT(source) ON TABLE ragwall.documents_rows TO ragwall_search;

GRANT SELECT("position") ON TABLE ragwall.documents_rows TO ragwall_search;

GRANT SELECT(content) ON TABLE ragwall.documents_rows TO ragwall_search;

GRANT SELECT(embedding) ON TABLE ragwall.documents_rows TO ragwall_search;

GRANT SELECT(metadata) ON TABLE ragwall.documents_rows TO ragwall_search;

GRANT SELECT(only_row) ON TABLE ragwall.tenant_claim TO app_reader;
GRANT SELECT(only_row) ON TABLE ragwall.tenant_claim TO app_user;

GRANT SELECT(path) ON TABLE ragwall.tenant_claim TO app_reader;
GRANT SELECT(path) ON TABLE ragwall.tenant_claim TO app_user;
