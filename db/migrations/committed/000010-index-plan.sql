--! Previous: sha1:d30b05c45bd2502bb78065ca0f7c407df8c2e1d0
--! Hash: sha1:5f72e351ef2e6a709ae89aa8510a0895f553a64c
--! Message: index-plan

-- What the DBA sees of the search tables, and which statements are due.

do $$ begin perform ragwall.begin_migration(10); end $$;

set local role ragwall_owner;

create view ragwall.search_tables
  with (security_invoker = true)
as
select s.tenant_id, s.relation, s.previous, s.documents, s.applied, t.tail, b.bytes, s.ef_10, s.ef_100, s.recall_10,
  s.recall_100, s.built_at, s.measured_at,
  case
    when s.relation is null and s.previous is not null then null
    when b.bytes is null
      or t.tail > greatest(1000, s.documents / 5)
      or s.applied + t.tail > greatest(1000, s.documents * 0.3)
      or b.bytes > 2 * s.bytes + 10000000 then 'build'
    -- Before catching up, which is always due where writers never rest.
    when s.applied > s.measured + s.documents * 0.05
      or s.applied > s.measured and s.measured_at < clock_timestamp() - interval '1 day' then 'measure'
    when t.tail > 0 then 'catch up'
  end as due
from ragwall_search.directory as s
cross join lateral (select count(*) as tail from ragwall_search.tail as t where t.tenant_id = s.tenant_id) as t
cross join lateral (select pg_total_relation_size(to_regclass('ragwall_search.' || s.relation)) as bytes) as b;

comment on view ragwall.search_tables is
  'The search tables of large tenants, for members of ragwall_owner. relation: the table, null before it is built and '
  'when it is out of use. previous: the one before it, until it is dropped. documents: when it was built. applied: '
  'changes since then. tail: changes that are not yet in it, with which every search compares. bytes: with its '
  'indexes. ef_10, ef_100: the hnsw.ef_search for the ten and the hundred nearest, null where searches are exact, '
  'because the index is not worth it. recall_10, recall_100: shares that were found, at measured_at. due: what '
  'index_plan() does next, if anything: build (it is missing, or worn, or twice as large as it was), catch up, '
  'measure.';

-- A tenant is looked at if a sample of the pages (two percent of them, at 1,000 documents) suggests that it may be
-- large; then its entries are counted in the key, and no further than it takes.
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
  -- From how many documents on; the search table goes when there are fewer than half of that.
  large constant integer := case
    when coalesce(current_setting('ragwall.search_table_from', true), '') = '' then 1000
    when current_setting('ragwall.search_table_from') ~ '^[0-9]{1,9}$'
      then current_setting('ragwall.search_table_from')::integer
    else 0
  end;
  pages constant bigint := pg_relation_size('ragwall.documents_rows') / current_setting('block_size')::integer;
  share double precision;
  step constant text := 'select ragwall.set_tenant(%L); select ragwall.%s';
  registered text[] := '{}';
  entry ragwall.search_tables;
  candidate text;
  counted integer;
begin
  if large < 1 then
    raise exception 'ragwall.search_table_from is expected to be a whole number from 1'
      using errcode = 'RW301';
  end if;
  share := least(100, greatest(2000.0 / large, 100000.0 / greatest(pages, 1)));
  for candidate in execute format(
    'select d.tenant_id from ragwall.documents_rows as d tablesample system (%s)
    where not exists (select from ragwall_search.directory as s where s.tenant_id = d.tenant_id)
    group by d.tenant_id having count(*) >= %s order by 1',
    share, large * share / 400
  ) loop
    select count(*) into counted
    from (select from ragwall.documents_rows as d where d.tenant_id = candidate limit large) as d;
    if counted >= large then
      return next format(step, candidate, 'build_search_table()');
      registered := registered || candidate;
    end if;
  end loop;
  for entry in select s.* from ragwall.search_tables as s order by s.tenant_id loop
    if entry.previous is not null and entry.built_at < clock_timestamp() - interval '1 minute' then
      return next format(step, entry.tenant_id, 'drop_search_table()');
    end if;
    continue when entry.relation is null and entry.previous is not null;
    select count(*) into counted
    from (select from ragwall.documents_rows as d where d.tenant_id = entry.tenant_id limit large / 2) as d;
    if counted < large / 2 then
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
  return query
  select format(step, u.tenant_id, 'build_search_table()') from unnest(registered) as u (tenant_id);
  if exists (
    select from ragwall_search.tail as t
    where not exists (select from ragwall_search.directory as s where s.tenant_id = t.tenant_id)
  ) then
    return next 'delete from ragwall_search.tail as t '
      'where not exists (select from ragwall_search.directory as s where s.tenant_id = t.tenant_id)';
  end if;
end
$$;

comment on function ragwall.index_plan() is
  'The statements that are due, one a row, each to be run by itself and committed (psql: \gexec): to build the search '
  'table of a tenant that has come to ragwall.search_table_from documents (a setting, default 1000), to bring one up '
  'to date, to measure its recall, to build a worn one anew, to drop one of a tenant that has fewer than half as many. '
  'For a superuser, or a member of ragwall_owner with BYPASSRLS; others get an error, not an empty plan. Raises RW301 '
  'if the setting is no number from 1.';

reset role;
