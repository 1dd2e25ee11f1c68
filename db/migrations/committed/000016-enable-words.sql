--! Previous: sha1:eca8999c5443d27a23f081c44097578c9a6766ec
--! Hash: sha1:f6e16823a402ac64bad9273ac7b5e23712cb3389
--! Message: enable-words

-- Enabling words, and making those of documents that were there before.

do $$ begin perform ragwall.begin_migration(16); end $$;

set local role ragwall_owner;

create function ragwall.enable_words(configuration text)
  returns void
  language plpgsql
  volatile
  parallel unsafe
  security invoker
  set search_path = pg_catalog, pg_temp
as $$
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

comment on function ragwall.enable_words(text) is
  'Enables searches by words: each write keeps the words of its document from now on. Those of documents that were '
  'there before are made by ragwall index; searches by words are refused until it has made all. configuration: a text '
  'search configuration of the server (english), with its schema if it is not in pg_catalog, or bigrams for texts in '
  'Chinese, Japanese, Korean or Thai; pairs of characters are made of these in any configuration. Of all tenants. '
  'Another one than before has all words made anew. Raises RW306 if there is none of this name. For members of '
  'ragwall_owner.';

create function ragwall.disable_words()
  returns void
  language plpgsql
  volatile
  parallel unsafe
  security invoker
  set search_path = pg_catalog, pg_temp
as $$
begin
  update ragwall_search.word_settings as s
  set configuration = null, version = s.version + 1, filled = false, horizon = null
  where s.configuration is not null;
  truncate ragwall_search.words;
end
$$;

comment on function ragwall.disable_words() is
  'Disables searches by words, and deletes all words; waits for transactions that have read or written words. For '
  'members of ragwall_owner.';

-- The rows are locked, so that no document goes while its words are made. What another session writes meanwhile is
-- newer, and stays.
create function ragwall.fill_words(most integer)
  returns integer
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
  set client_min_messages = warning
as $$
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
  select tenant, l.id, settings.version, o.terms, o.words:::VECTOR_SCHEMA.sparsevec
  from wordless as l
  cross join lateral ragwall_search.words_of(settings.configuration, l.content) as o
  on conflict (tenant_id, id) do update
  set version = excluded.version, terms = excluded.terms, words = excluded.words
  where w.version <> excluded.version;
  get diagnostics made = row_count;
  return made;
end
$$;

comment on function ragwall.fill_words(integer) is
  'Makes the words of documents of the bound tenant that have none by the configuration that is enabled, and returns '
  'of how many. most: how many at once, 1 to 100000. Raises RW001 if no tenant is bound, RW302 if most is null or out '
  'of range. For members of ragwall_owner. Security definer: it runs as the owner, who is bound by the policies of the '
  'documents.';

select ragwall.fix_plans('ragwall.fill_words(integer)', 'custom');

create function ragwall.words_filled()
  returns text
  language plpgsql
  volatile
  parallel unsafe
  security invoker
  set search_path = pg_catalog, pg_temp
as $$
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

comment on function ragwall.words_filled() is
  'Called by ragwall index when no document is without words: notes which transactions are under way, which may have '
  'written before they could see that words are enabled, and once they have ended, and still no document is without '
  'words, lets words be searched. For members of ragwall_owner.';

create function ragwall_search.words_due()
  returns setof text
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set enable_seqscan = off
  set jit = off
as $$
declare
  bound text[];
  settings ragwall_search.word_settings;
  tenant text;
  missing bigint;
  complete boolean := true;
begin
  select s.* into settings from ragwall_search.word_settings as s;
  if settings.configuration is null or settings.filled
    or pg_snapshot_xmin(pg_current_snapshot()) < settings.horizon
  then
    return;
  end if;
  for tenant in select distinct s.tenant_id from ragwall_search.stored as s order by 1 loop
    bound := ragwall_search.bind(tenant);
    select count(*) into missing
    from ragwall.documents as d
    left join lateral (
      select w.version from ragwall_search.words as w where w.tenant_id = tenant and w.id = d.id offset 0
    ) as w on true
    where d.tenant_id = tenant
      and w.version is distinct from settings.version;
    perform ragwall_search.bind_back(bound);
    for batch in 1..(missing + 999) / 1000 loop
      return next format('select ragwall.set_tenant(%L); select ragwall.fill_words(1000)', tenant);
      complete := false;
    end loop;
  end loop;
  if complete then
    return next 'select ragwall.words_filled()';
  end if;
end
$$;

comment on function ragwall_search.words_due() is
  'The rows of index_plan() that make the words of documents that have none. Binds one tenant after the other, and in '
  'the end the one that was bound before.';

reset role;
