--! Previous: sha1:df1add62e1b7fa7ed1c4705a889f9a89405279af
--! Hash: sha1:08041d30e4e9a1fb81b6bebf8bf6a0aa8d3f4434
--! Message: words

-- Words of the documents, for searches by words (BM25). Off until enable_words(). Each document has a row of its own,
-- which depends on nothing but its text, so writers never wait for each other, and no tenant's words tell of another's.

do $$ begin perform ragwall.begin_migration(8); end $$;

set local role ragwall_owner;

create table ragwall_search.word_settings (
  only_row boolean primary key default true check (only_row),
  configuration text,
  version integer not null default 0,
  filled boolean not null default false,
  horizon xid8
);

comment on table ragwall_search.word_settings is
  'How words are made of texts: one row. ragwall_search reads it; nobody but the owner writes it.';
comment on column ragwall_search.word_settings.only_row is 'True.';
comment on column ragwall_search.word_settings.configuration is
  'The text search configuration that makes words of texts. Null: there are no words.';
comment on column ragwall_search.word_settings.version is
  'How often enable_words() has changed the configuration. Words of another version count as missing.';
comment on column ragwall_search.word_settings.filled is 'Whether all documents have words, so that they are searched.';
comment on column ragwall_search.word_settings.horizon is
  'Transactions before it may have written documents without words. Null until all that could be seen have words.';

insert into ragwall_search.word_settings default values;

create table ragwall_search.words (
  tenant_id text collate "C" not null check (ragwall.is_tenant_id(tenant_id)),
  id uuid not null,
  version integer not null,
  terms integer[] not null,
  words :VECTOR_SCHEMA.sparsevec not null,
  primary key (tenant_id, id)
);

comment on table ragwall_search.words is
  'The words of each document, if words are enabled. ragwall_search reads it; nobody but the owner writes it.';
comment on column ragwall_search.words.tenant_id is 'The tenant.';
comment on column ragwall_search.words.id is 'The document.';
comment on column ragwall_search.words.version is 'As in word_settings when the words were made.';
comment on column ragwall_search.words.terms is
  'Its words, each as a number, 1 to 999999999: a hash, so two words may have the same.';
comment on column ragwall_search.words.words is
  'What each word counts for in this document by BM25, without the share of documents that have the word.';

-- An exact search reads all rows of a tenant; from another place each would cost a page.
alter table ragwall_search.words alter column terms set storage main, alter column words set storage main;

alter table ragwall_search.words enable row level security;
alter table ragwall_search.words force row level security;

create policy tenant_floor on ragwall_search.words
  as restrictive
  for all
  to public
  using (tenant_id = (select ragwall.current_tenant()))
  with check (tenant_id = (select ragwall.current_tenant()));

comment on policy tenant_floor on ragwall_search.words is
  'Only rows of the bound tenant, for every role and command.';

create policy own_tenant on ragwall_search.words
  as permissive
  for all
  to ragwall_owner, ragwall_search
  using (tenant_id = (select current_setting('app.current_tenant', true)))
  with check (tenant_id = (select current_setting('app.current_tenant', true)));

comment on policy own_tenant on ragwall_search.words is
  'What a role has a privilege for, it may do for the tenant that is bound. Without the seal: the floor verifies it.';

grant select on ragwall_search.words, ragwall_search.word_settings to ragwall_search;

do $$
begin
  perform ragwall.forget_statistics('ragwall_search.words');
  perform ragwall.forget_statistics('ragwall_search.word_settings');
end
$$;

-- Text without spaces between words is cut into all pairs of neighbouring characters. The parser would take a whole
-- run of it as one word.
create function ragwall_search.with_bigrams(content text)
  returns text
  language sql
  immutable
  parallel safe
  return (
    select case when content ~ s.run
      then regexp_replace(content, '(' || s.one || ')(' || s.one || ')', '\1\2 ', 'g') || ' '
        || regexp_replace(
          regexp_replace(content, '(^|[^' || s.class || ']+)' || s.one || '|[^' || s.class || ']+$', ' ', 'g'),
          '(' || s.one || ')(' || s.one || ')', '\1\2 ', 'g'
        )
      else content
    end
    from (
      select c.class, '[' || c.class || ']' as one, '[' || c.class || ']{2}' as run
      from (values (
        '\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3040-\u30FF\u3400-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF\uFF66-\uFF9D'
        '\U00020000-\U0003FFFF'
      )) as c (class)
    ) as s
  );

comment on function ragwall_search.with_bigrams(text) is
  'Returns a text in which runs of Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer characters stand as all '
  'pairs of neighbours, so that a text search configuration takes each pair for a word.';

-- A tsvector has at most 1048575 bytes, of which a pair of characters takes up to twelve.
create function ragwall_search.terms_of(configuration text, content text)
  returns table (term integer, frequency integer, length integer)
  language sql
  stable
  parallel safe
begin atomic
  select (hashtextextended(t.lexeme collate "C", 0) & 1073741823)::integer % 999999999 + 1,
    sum(cardinality(t.positions))::integer, max(length(t.lexeme))
  from unnest(to_tsvector(configuration::regconfig, ragwall_search.with_bigrams(left(content, 80000)))) as t
  group by 1;
end;

comment on function ragwall_search.terms_of(text, text) is
  'Returns the words of the first 80000 characters of a text. configuration: a text search configuration. term: the '
  'number of the word, 1 to 999999999. frequency: how often it is there. length: its characters.';

-- As BM25 with k1 = 1.2 and b = 0.75, but for an average length of 70 words, so that it depends on this text alone.
-- Rounded, so that no setting of the session has an effect on it.
create function ragwall_search.words_of(configuration text, content text, out terms integer[], out words text)
  language plpgsql
  stable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
begin
  select coalesce(array_agg(w.term order by w.term), '{}'),
    '{' || coalesce(string_agg(w.term || ':' || w.weight, ',' order by w.term), '') || '}/1000000000'
  into terms, words
  from (
    select t.term, round((
      2.2::double precision * t.frequency / (t.frequency + 0.3::double precision
        + 0.9::double precision / 70 * (sum(t.frequency) over ())::double precision)
    )::numeric, 4) as weight
    from ragwall_search.terms_of(configuration, content) as t
    order by weight desc, t.term
    limit 16000
  ) as w
  where w.weight > 0;
end
$$;

comment on function ragwall_search.words_of(text, text) is
  'Returns the words of a text, 16000 at most, as columns of ragwall_search.words; words as the text of a sparsevec. '
  'configuration: a text search configuration.';

grant execute on function ragwall_search.with_bigrams(text), ragwall_search.terms_of(text, text) to ragwall_search;

-- The policies show whoever they bind one tenant at a time, the owner too.
create function ragwall_search.bind(tenant text)
  returns text[]
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  bound constant text[] := array[
    coalesce(current_setting('app.current_tenant', true), ''), coalesce(current_setting('app.tenant_seal', true), '')
  ];
begin
  if bound[1] <> tenant then
    perform set_config('app.current_tenant', '', true), ragwall.set_tenant(tenant);
  end if;
  return bound;
end
$$;

comment on function ragwall_search.bind(text) is
  'Binds a tenant in the place of the one that is bound, and returns what bind_back() takes to bind that again. For '
  'functions that run as the owner.';

create function ragwall_search.bind_back(bound text[])
  returns void
  language sql
  volatile
  parallel unsafe
begin atomic
  select set_config('app.current_tenant', bound[1], true), set_config('app.tenant_seal', bound[2], true);
end;

comment on function ragwall_search.bind_back(text[]) is 'Binds what was bound before bind(), which has returned it.';

-- Security definer, so that writers need no privilege here. Whoever writes a document of a tenant that is not bound is
-- bound by no policy: a restore, an import, a session that applies what was replicated. A restore turns row_security
-- off, which makes an error of what a policy would change.
create function ragwall_search.keep_words()
  returns trigger
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
  set row_security = on
  set client_min_messages = warning
as $$
declare
  settings ragwall_search.word_settings;
  bound text[];
begin
  select s.* into settings from ragwall_search.word_settings as s;
  if settings.configuration is null then
    return null;
  end if;
  if tg_op = 'DELETE' or tg_op = 'UPDATE' and (old.tenant_id, old.id) <> (new.tenant_id, new.id) then
    bound := ragwall_search.bind(old.tenant_id);
    delete from ragwall_search.words as w where w.tenant_id = old.tenant_id and w.id = old.id;
    perform ragwall_search.bind_back(bound);
  end if;
  if tg_op <> 'DELETE' then
    bound := ragwall_search.bind(new.tenant_id);
    insert into ragwall_search.words as w (tenant_id, id, version, terms, words)
    select new.tenant_id, new.id, settings.version, o.terms, o.words:::VECTOR_SCHEMA.sparsevec
    from ragwall_search.words_of(settings.configuration, new.content) as o
    on conflict (tenant_id, id) do update
    set version = excluded.version, terms = excluded.terms, words = excluded.words;
    perform ragwall_search.bind_back(bound);
  end if;
  return null;
end
$$;

comment on function ragwall_search.keep_words() is
  'Keeps the words of a document as its text is, if words are enabled. Security definer: only the owner may write.';

select ragwall.fix_plans('ragwall_search.keep_words()', 'generic');

create trigger keep_words
  after insert or delete or update of tenant_id, id, content on ragwall.documents
  for each row
  execute function ragwall_search.keep_words();

alter table ragwall.documents enable always trigger keep_words;

reset role;
