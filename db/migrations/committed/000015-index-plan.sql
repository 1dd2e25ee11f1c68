--! Previous: sha1:a2bdb5f079e861d2a1149826e7980a3ea752d92c
--! Hash: sha1:eca8999c5443d27a23f081c44097578c9a6766ec
--! Message: index-plan

-- What the DBA sees of the search tables, and which statements are due.

do $$ begin perform ragwall.begin_migration(15); end $$;

set local role ragwall_owner;

create table ragwall_search.stored (
  tenant_id text collate "C" not null check (ragwall.is_tenant_id(tenant_id)),
  documents bigint not null default 1,
  registered boolean not null default false
);

comment on table ragwall_search.stored is
  'Which tenants there are, for index_plan(): a row for each document that was stored, until index_plan() has them '
  'added up. No two writers ever wait for each other here. Row-level security is not forced, so that members of '
  'ragwall_owner read all of it; nobody else has a privilege on it.';
comment on column ragwall_search.stored.tenant_id is 'The tenant.';
comment on column ragwall_search.stored.documents is
  'How many it has stored. Of all rows of a tenant together it is never less than it has.';
comment on column ragwall_search.stored.registered is 'Whether the tenant has come to the directory.';

alter table ragwall_search.stored enable row level security;

create policy tenant_floor on ragwall_search.stored
  as restrictive
  for all
  to public
  using (tenant_id = (select ragwall.current_tenant()))
  with check (tenant_id = (select ragwall.current_tenant()));

comment on policy tenant_floor on ragwall_search.stored is
  'Only rows of the bound tenant, for every command and every role but the owner.';

do $$ begin perform ragwall.forget_statistics('ragwall_search.stored'); end $$;

-- Security definer, so that writers need no privilege here.
create function ragwall_search.note_stored()
  returns trigger
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  insert into ragwall_search.stored (tenant_id) values (new.tenant_id);
  return null;
end
$$;

comment on function ragwall_search.note_stored() is
  'Notes that a document was stored, and whose it is. Security definer: nobody but the owner may read or write there.';

create trigger note_stored
  after insert or update of tenant_id on ragwall.documents
  for each row
  execute function ragwall_search.note_stored();

alter table ragwall.documents enable always trigger note_stored;

-- The policies show one tenant at a time. So tenants are asked for one by one.
create function ragwall_search.entries()
  returns table (entry ragwall_search.directory, tail bigint)
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  bound text[];
  known text;
begin
  for known in
    select s.tenant_id from ragwall_search.stored as s where s.registered
    union
    select s.tenant_id from ragwall_search.directory as s
  loop
    bound := ragwall_search.bind(known);
    return query
    select s, (select count(*) from ragwall_search.tail as t where t.tenant_id = s.tenant_id)
    from ragwall_search.directory as s
    where s.tenant_id = known;
    perform ragwall_search.bind_back(bound);
  end loop;
end
$$;

comment on function ragwall_search.entries() is
  'Returns the directory: each entry, and how many changes its tail has. Binds one tenant after the other, and in the '
  'end the one that was bound before. For the view search_tables.';

create function ragwall_search.has_documents(tenant text, wanted bigint)
  returns boolean
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set jit = off
as $$
declare
  bound constant text[] := ragwall_search.bind(tenant);
  counted bigint;
begin
  select count(*) into counted
  from (select from ragwall.documents as d where d.tenant_id = tenant limit wanted) as d;
  perform ragwall_search.bind_back(bound);
  return counted >= wanted;
end
$$;

comment on function ragwall_search.has_documents(text, bigint) is
  'Returns whether a tenant has at least so many documents. Binds it, and in the end the one that was bound before. '
  'For index_plan().';

create view ragwall.search_tables
  with (security_invoker = true)
as
select s.tenant_id, s.relation, s.previous, s.documents, s.applied, e.tail, b.bytes, s.ef_10, s.ef_100, s.recall_10,
  s.recall_100, s.built_at, s.measured_at,
  case
    when s.relation is null and s.previous is not null then null
    when b.bytes is null
      or e.tail > greatest(1000, s.documents / 5)
      or s.applied + e.tail > greatest(1000, s.documents * 0.3)
      or b.bytes > 2 * s.bytes + 10000000
      or s.words_version is distinct from (select w.version from ragwall_search.word_settings as w where w.filled)
      then 'build'
    when exists (select from ragwall_search.filter_fields as f where f.field <> all (s.ranges)) then 'index'
    -- Before catching up, which is always due where writers never rest.
    when s.applied > s.measured + s.documents * 0.05
      or s.applied > s.measured and s.measured_at < clock_timestamp() - interval '1 day' then 'measure'
    when e.tail > 0 then 'catch up'
  end as due
from ragwall_search.entries() as e
cross join lateral (select (e.entry).*) as s
cross join lateral (select pg_total_relation_size(to_regclass('ragwall_search.' || s.relation)) as bytes) as b;

comment on view ragwall.search_tables is
  'The search tables of large tenants, for members of ragwall_owner. relation: the table, null before it is built and '
  'when it is out of use. previous: the one before it, until it is dropped. documents: when it was built. applied: '
  'changes since then. tail: changes that are not yet in it, with which every search compares. bytes: with its '
  'indexes. ef_10, ef_100: the hnsw.ef_search for the ten and the hundred nearest, null where searches are exact, '
  'because the index is not worth it. recall_10, recall_100: shares that were found, at measured_at. due: what '
  'index_plan() does next, if anything: build (it is missing, or worn, or twice as large as it was, or '
  'words were enabled or disabled), index (a field was declared), catch up, measure.';

create function ragwall.index_plan()
  returns setof text
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
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
$$;

comment on function ragwall.index_plan() is
  'The statements that are due, one a row, each to be run by itself and committed (psql: \gexec): to build the search '
  'table of a tenant that has come to ragwall.search_table_from documents (a setting, default 1000), to bring one up '
  'to date, to measure its recall, to build a worn one anew, to drop one of a tenant that has fewer than half as many, '
  'to add up what small tenants have stored. For superusers and members of ragwall_owner, which the policies bind: it '
  'binds one tenant after the other, and in the end the one that was bound before. Raises RW301 if the setting is no '
  'number from 1.';

reset role;
