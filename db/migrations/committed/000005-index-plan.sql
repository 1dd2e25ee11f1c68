--! Previous: sha1:d0158178f86d18bd19001af12b251e72c0275043
--! Hash: sha1:1ec12a429a796370729c94792e00c1564f9bd0e7
--! Message: index-plan

-- Maintenance: which tenants are due a graph of their own, and which no longer need theirs.

set local role ragwall_owner;

-- A tenant is looked at if a sample of the pages (two percent of them, at 1,000 documents) suggests that it
-- may be large; then its entries are counted in the key, and no further than it takes.
create function ragwall.index_plan()
  returns setof text
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set row_security = off
  set enable_seqscan = off
  set jit = off
as $$
declare
  -- From how many documents on; it goes when there are fewer than half of that.
  due constant integer := case
    when coalesce(current_setting('ragwall.graph_from', true), '') = '' then 1000
    when current_setting('ragwall.graph_from') ~ '^[0-9]{1,9}$' then current_setting('ragwall.graph_from')::integer
    else 0
  end;
  safe constant boolean := (
    select string_to_array(extversion, '.')::integer[] >= '{0,8,2}'
    from pg_extension
    where extname = 'vector'
  );
  statements text[] := '{}';
  leaf regclass;
  graph record;
  candidate text;
  pages bigint;
  share double precision;
  counted integer;
begin
  if due < 1 then
    raise exception 'ragwall.graph_from is expected to be a whole number from 1'
      using errcode = 'RW301';
  end if;
  for leaf in
    select inhrelid from pg_inherits where inhparent = 'ragwall.documents'::regclass order by inhrelid
  loop
    for graph in
      select c.oid::regclass as name, i.indisvalid as valid, pg_get_expr(i.indpred, i.indrelid) as predicate
      from pg_index as i
      join pg_class as c on c.oid = i.indexrelid
      where i.indrelid = leaf
        and c.relname like 'documents\_graph\_%'
        -- Somebody is building it.
        and not exists (select from pg_stat_progress_create_index as p where p.index_relid = c.oid)
      order by c.oid
    loop
      execute format('select count(*) from (select from %s where %s limit %s) as s', leaf, graph.predicate, due)
      into counted;
      if counted < due / 2 or graph.name::text ~ '_cc(new|old)\d*$' then
        statements := statements || format('drop index concurrently %s', graph.name);
      elsif not graph.valid then
        statements := statements || format('reindex index concurrently %s', graph.name);
      end if;
    end loop;

    pages := pg_relation_size(leaf) / current_setting('block_size')::integer;
    share := least(100, greatest(2000.0 / due, 100000.0 / greatest(pages, 1)));
    for candidate in execute format(
      'select tenant_id from %s tablesample system (%s) group by tenant_id having count(*) >= %s order by 1',
      leaf, share, due * share / 400
    ) loop
      continue when to_regclass('ragwall.' || ragwall.graph_name(candidate)) is not null;
      execute format('select count(*) from (select from %s where tenant_id = %L limit %s) as s', leaf, candidate, due)
      into counted;
      if counted >= due then
        statements := statements || format(
          'create index concurrently %I on %s using hnsw (embedding public.halfvec_cosine_ops) '
            'where tenant_id = %L and ragwall_private.in_graph(tenant_id)',
          ragwall.graph_name(candidate), leaf, candidate
        );
      end if;
    end loop;
  end loop;

  -- CVE-2026-3172: a parallel build may put what it finds in other relations into the index.
  if not safe and cardinality(statements) > 0 then
    return next 'set max_parallel_maintenance_workers = 0';
  end if;
  return query select unnest(statements);
end
$$;

comment on function ragwall.index_plan() is
  'The statements that are due, one a row, each to be run by itself outside a transaction, in one session '
  '(psql: \gexec): to create the HNSW index of a tenant that has come to ragwall.graph_from documents (a '
  'setting, default 1000), to drop one of a tenant that has fewer than half of that, to rebuild one that is '
  'not valid. For a superuser, or a member of ragwall_owner with BYPASSRLS; others get an error, not an '
  'empty plan. Raises RW301 if the setting is no number from 1.';

reset role;
