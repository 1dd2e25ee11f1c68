--! Previous: sha1:9e1bc17e04d159832e7f163ea651b886be7bd7cd
--! Hash: sha1:e9ab168886d59f5af56446f11cf5cfd028f69ed2
--! Message: question-words

-- The words of a question, and which documents they find.

do $$ begin perform ragwall.begin_migration(11); end $$;

set local role ragwall_owner;

create function ragwall.words_configuration()
  returns text
  language sql
  stable
  parallel safe
  security definer
  set search_path = pg_catalog, pg_temp
begin atomic
  select s.configuration from ragwall_search.word_settings as s where s.filled;
end;

comment on function ragwall.words_configuration() is
  'Returns the text search configuration by which words are searched; null if they are not enabled, or not yet of all '
  'documents. Security definer: its callers may not read the settings.';

grant execute on function ragwall.words_configuration()
  to app_user, app_reader, agent_reader, agent_caller;

create table ragwall_search.vocabulary (
  tenant_id text collate "C" not null check (ragwall.is_tenant_id(tenant_id)),
  term integer not null,
  documents integer not null,
  primary key (tenant_id, term)
);

comment on table ragwall_search.vocabulary is
  'In how many documents of a large tenant each word was when its search table was built; none that was in one alone.';
comment on column ragwall_search.vocabulary.tenant_id is 'The tenant.';
comment on column ragwall_search.vocabulary.term is 'The word, as in ragwall_search.words.';
comment on column ragwall_search.vocabulary.documents is 'How many documents had it.';

alter table ragwall_search.vocabulary enable row level security;
alter table ragwall_search.vocabulary force row level security;

create policy tenant_floor on ragwall_search.vocabulary
  as restrictive
  for all
  to public
  using (tenant_id = (select ragwall.current_tenant()))
  with check (tenant_id = (select ragwall.current_tenant()));

comment on policy tenant_floor on ragwall_search.vocabulary is
  'Only rows of the bound tenant, for every role and command.';

create policy own_tenant on ragwall_search.vocabulary
  as permissive
  for all
  to ragwall_owner, ragwall_search
  using (tenant_id = (select current_setting('app.current_tenant', true)))
  with check (tenant_id = (select current_setting('app.current_tenant', true)));

comment on policy own_tenant on ragwall_search.vocabulary is
  'What a role has a privilege for, it may do for the tenant that is bound. Without the seal: the floor verifies it.';

grant select on ragwall_search.vocabulary to ragwall_search;

do $$ begin perform ragwall.forget_statistics('ragwall_search.vocabulary'); end $$;

-- In how many documents a word is: in all when the search table was built, or else in a sample of 500.
create function ragwall_search.question_words(
  entry ragwall_search.directory,
  settings ragwall_search.word_settings,
  tenant text,
  question text,
  out words :VECTOR_SCHEMA.sparsevec,
  out terms integer[],
  out weights double precision[]
)
  language plpgsql
  stable
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set client_min_messages = warning
as $$
#variable_conflict use_variable
declare
  asked constant integer[] := array(
    select t.term from ragwall_search.terms_of(settings.configuration, question) as t
    order by t.length desc, t.term limit 32
  );
begin
  with sample as materialized (
    select w.words as its from ragwall_search.words as w
    where entry.words_version is distinct from settings.version
      and w.tenant_id = tenant
      and w.version = settings.version
    order by w.id
    limit 500
  ),
  term as materialized (
    select a.term, ('{' || a.term || ':1}/1000000000'):::VECTOR_SCHEMA.sparsevec as one from unnest(asked) as a (term)
  ),
  counted as (
    select t.term, case when entry.words_version = settings.version
      then coalesce((
        select v.documents from ragwall_search.vocabulary as v where v.tenant_id = tenant and v.term = t.term
      ), 1)
      else (select count(*) from sample as s where s.its operator(:VECTOR_SCHEMA.<#>) t.one < 0)
    end as having_it
    from term as t
  ),
  documents as (
    select case when entry.words_version = settings.version
      then greatest(entry.documents, 1) else (select count(*) from sample)
    end as number
  ),
  weighed as (
    select c.term, round(
      ln(1 + (greatest(d.number - c.having_it, 0) + 0.5) / (c.having_it + 0.5))::numeric, 4
    ) as weight
    from counted as c
    cross join documents as d
  )
  select
    ('{' || coalesce(string_agg(w.term || ':' || w.weight, ',' order by w.term) filter (where w.weight > 0), '')
      || '}/1000000000'):::VECTOR_SCHEMA.sparsevec,
    array_agg(w.term order by w.weight desc, w.term),
    array_agg(w.weight::double precision order by w.weight desc, w.term)
  into words, terms, weights
  from weighed as w;
end
$$;

comment on function ragwall_search.question_words(ragwall_search.directory, ragwall_search.word_settings, text, text) is
  'Returns the words of a question, 32 at most: terms, those that fewest documents have first; weights, the logarithm '
  'of their rarity; words, both as a vector, whose inner product with ragwall_search.words is the score by BM25. '
  'terms is null if the question has no word. entry: the tenant''s row of the directory, or null.';

create function ragwall_search.best_by_words(tenant text, question text, k integer, filter jsonb, out ids uuid[],
  out words :VECTOR_SCHEMA.sparsevec)
  language plpgsql
  stable
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  path constant jsonpath := case when filter <> '{}' then ragwall.filter_path(filter) end;
  settings ragwall_search.word_settings;
  entry ragwall_search.directory;
  tail uuid[];
  terms integer[];
  weights double precision[];
  few integer;
  enough integer;
  best record;
begin
  select s.* into settings from ragwall_search.word_settings as s where s.filled;
  if not found then
    raise exception 'words are not enabled, or not yet of all documents'
      using errcode = 'RW110', hint = 'A member of ragwall_owner calls ragwall.enable_words(''english''), and runs '
        '`ragwall index`.';
  end if;
  select s.* into entry from ragwall_search.directory as s where s.tenant_id = tenant;
  select q.words, q.terms, q.weights into words, terms, weights
  from ragwall_search.question_words(entry, settings, tenant, left(question, 10000)) as q;
  ids := '{}';
  if terms is null then
    return;
  end if;
  tail := array(select t.id from ragwall_search.tail as t where t.tenant_id = tenant);
  if entry.words_version = settings.version and to_regclass('ragwall_search.' || entry.relation) is not null
    and cardinality(tail) <= entry.documents / 2
  then
    -- First what has one of the rarer words. A document with none of these scores at most 2.2 times the weights of the
    -- others: if the last of k scores more, no other can be among them. Else words are added until that is so.
    few := (select count(*) from unnest(weights) as w where w >= 0.3 * weights[1]);
    loop
      execute format(
        'select array_agg(c.id) as ids, count(*) as number, min(c.score) as last from (
          select s.id, -(s.words operator(:VECTOR_SCHEMA.<#>) $1) as score from ragwall_search.%I as s
          where s.terms && $2%s
          order by score desc, s.id limit $3
        ) as c',
        entry.relation,
        case when path is not null
          then ' and s.metadata @? $4' || ragwall_search.range_condition(filter, entry.ranges)
        end
      ) into best using words, terms[:few], k + cardinality(tail), path;
      enough := case when best.number < k + cardinality(tail) then cardinality(terms) else (
        select min(n) from generate_series(few, cardinality(terms)) as n
        where 2.2 * (select coalesce(sum(w), 0) from unnest(weights[n + 1:]) as w) < best.last
      ) end;
      exit when enough = few;
      few := enough;
    end loop;
    ids := array(select unnest(best.ids) union select unnest(tail));
    ids := array(
      select i.id
      from unnest(ids) as i (id)
      cross join lateral (
        select -(w.words operator(:VECTOR_SCHEMA.<#>) words) as score from ragwall_search.words as w
        where w.tenant_id = tenant and w.id = i.id and w.version = settings.version offset 0
      ) as w
      where w.score > 0
        and (tail = '{}' or path is null or exists (
          select from ragwall.documents_rows as r where r.tenant_id = tenant and r.id = i.id and r.metadata @? path
        ))
      order by w.score desc, i.id
      limit k
    );
    return;
  end if;
  ids := array(
    select w.id
    from ragwall_search.words as w
    where w.tenant_id = tenant
      and w.version = settings.version
      and w.words operator(:VECTOR_SCHEMA.<#>) words < 0
      and (path is null or exists (
        select from ragwall.documents_rows as r where r.tenant_id = tenant and r.id = w.id and r.metadata @? path
      ))
    order by w.words operator(:VECTOR_SCHEMA.<#>) words, w.id
    limit k
  );
end
$$;

comment on function ragwall_search.best_by_words(text, text, integer, jsonb) is
  'Returns the ids of the k documents of a tenant that fit a filter and score best for a question by BM25, exactly, '
  'and the words of the question as question_words() does. Fewer than k if fewer have one of the words. Raises RW110 '
  'if words are not enabled, and what filter_path() raises. For search_words() and match_hybrid().';

grant execute on function
  ragwall_search.question_words(ragwall_search.directory, ragwall_search.word_settings, text, text),
  ragwall_search.best_by_words(text, text, integer, jsonb)
  to ragwall_search;

reset role;
