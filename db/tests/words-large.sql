-- Searches by words in a search table, and what a search by both is made of.
begin;
select plan(31);

create function tests.put(tenant text, n integer, content text)
  returns void
  language sql
begin atomic
  insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model, metadata)
  values (tenant, tests.id(n), content, tests.vec(n), 'test', jsonb_build_object('half', n % 2))
  on conflict (tenant_id, id) do update set content = excluded.content, metadata = excluded.metadata;
end;
create function tests.worded(question text, k integer default 10, filter jsonb default null)
  returns text
  language sql
  set search_path = pg_catalog, pg_temp
as $$
  select string_agg(m.content, ', ' order by m.ordinality)
  from ragwall.search_words(question, k, filter) with ordinality as m
$$;

create function tests.without_policies()
  returns text
  language sql
  return 'alter table ragwall_search.directory disable row level security; alter table ragwall_search.tail disable row level security;
    alter table ragwall_search.words disable row level security; alter table ragwall_search.vocabulary disable row level security;
    alter table ragwall.documents disable row level security; alter table ragwall.documents_rows disable row level security;';
comment on function tests.without_policies() is 'Takes row-level security from what a search reads.';

-- 60 documents: "common" is in all, "rare" in two, and the others have a number of their own.
select
from generate_series(1, 60) as n, unnest(array['large', 'other']) as tenant,
  tests.put(tenant, n, case when n in (7, 50) then 'rare common ' else 'common ' end || 'n' || n);
select tests.enable_words('simple');
create table tests.tables as
select tenant, tests.enlarge(tenant) as relation from unnest(array['large', 'other']) as tenant;
select tests.become('large');

select is(tests.worded('rare'), 'rare common n7, rare common n50', 'a search table gives what has the word');
select is(tests.worded('rare', 1), 'rare common n7', 'as many as are asked for');
select is(tests.worded('rare common', 3), 'rare common n7, rare common n50, common n1', 'a common word, too, where a rare one gives too few');
select is(tests.worded('n33 rare common', 3), 'common n33, rare common n7, rare common n50', 'the rarest first');
select is(tests.worded('rare', 10, '{"half": 0}'), 'rare common n50', 'of those that fit a filter');
select is(tests.worded('absent'), null, 'nothing by a word that no document has');

create table tests.kept as select * from ragwall_search.vocabulary;
select is((select count(*)::integer from tests.kept where documents = 1), 0, 'of words of one document no number is kept');
select is((select max(documents) from tests.kept where tenant_id = 'large'), 60, 'of the others in how many they are');

-- Whether the search table is asked, and the vocabulary.
savepoint whole;
do $$ begin execute (select format('delete from ragwall_search.%I where id = tests.id(7)', relation) from tests.tables where tenant = 'large'); end $$;
select is(tests.worded('rare'), 'rare common n50', 'control: it is the search table that is asked');
rollback to whole;
update ragwall_search.vocabulary set documents = 60 where tenant_id = 'large';
select is(tests.worded('n33 rare', 1), 'common n33', 'control: it is the vocabulary that tells how rare a word is');
select is(
  (select round(words::numeric, 1) from ragwall.search_words('rare', 1)), 0.0, 'control: a word of all documents counts for little'
);
rollback to whole;

-- What has changed since: a word added, one taken away, a document that went, and one that has no word of the question.
select tests.put('large', 3, 'rare now');
select tests.put('large', 7, 'changed');
delete from ragwall.documents where tenant_id = 'large' and id = tests.id(50);
select tests.put('large', 61, 'rare new');
select tests.put('large', 62, 'nothing of it');
select is((select count(*)::integer from ragwall_search.tail where tenant_id = 'large'), 5, 'five have changed');
select is(tests.worded('rare'), 'rare now, rare new', 'what has changed is found as it is now, and nothing else');
select is(tests.worded('rare', 1), 'rare now', 'as many as are asked for');
select is(tests.worded('rare', 10, '{"half": 0}'), null, 'what has changed has to fit a filter, too');
select is(tests.worded('common n33', 2), 'common n33, common n1', 'what has not changed is found beside it');
update ragwall_search.words set version = 0 where tenant_id = 'large' and id = tests.id(3);
select is(tests.worded('rare'), 'rare new', 'words of another configuration are not searched');
rollback to whole;

-- Another tenant's entry, tail and documents: with no policy, by the pinned tenant alone.
do $$ begin execute (select format('delete from ragwall_search.%I where id = tests.id(7)', relation) from tests.tables where tenant = 'large'); end $$;
select tests.become('other');
select is(
  tests.attack(tests.without_policies(), $$select tests.worded('rare')$$), 'rare common n7, rare common n50',
  'a tenant is searched in its own search table, by the pinned tenant alone'
);
rollback to whole;
update ragwall.documents set metadata = '{"half": 0}' where tenant_id = 'other' and id = tests.id(7);
select tests.put('large', 7, 'rare common n7');
select tests.become('large');
select is(tests.attack(tests.without_policies(), attack), answer, label)
from (
  values
    ($$select tests.worded('rare')$$, 'rare common n7, rare common n50', 'a search in a search table, by the pinned tenant alone'),
    ($$select tests.worded('rare', 10, '{"half": 0}')$$, 'rare common n50', 'and with a filter')
) as a (attack, answer, label);
select tests.become(null);
select tests.put('small', 7, 'rare');
select tests.put('small', 8, 'x');
select tests.become('small');
select is(
  tests.attack(tests.without_policies(), $$select tests.worded('rare', 10, '{"half": 0}')$$), 'nothing',
  'a small tenant''s filter is applied to its own documents'
);
update ragwall_search.words set version = 0 where tenant_id = 'small' and id = tests.id(8);
select is(
  (select round(words::numeric, 2) from ragwall.search_words('rare', 1)), 0.48,
  'a document with words of another configuration does not tell how rare a word is'
);
update ragwall_search.word_settings set version = version + 1;
select is(tests.attack(tests.without_policies() || 'grant execute on function ragwall.fill_words(integer) to app_user', 'select ragwall.fill_words(100)'), '2',
  'the words of its own documents alone are made');
select tests.become(null);
update ragwall_search.word_settings set filled = false, horizon = null;
update ragwall_search.words set version = version + 1 where tenant_id = 'large';
alter table ragwall.documents disable row level security;
alter table ragwall_search.words disable row level security;
select set_eq(
  'select * from ragwall_search.words_due()',
  $$select format('select ragwall.set_tenant(%L); select ragwall.fill_words(1000)', tenant) from unnest(array['other', 'small']) as tenant$$,
  'for each tenant what is due of its own'
);
rollback to whole;

-- Declared fields
do $$ begin perform ragwall.declare_filter('half'); end $$;
select tests.become('other');
alter table ragwall_search.directory disable row level security;
do $$ begin perform ragwall.index_search_table(); end $$;
select results_eq(
  $$
    select s.tenant_id collate "default", s.ranges <> '{}', exists (
      select from pg_index as i where i.indrelid = to_regclass('ragwall_search.' || s.relation) and i.indexprs is not null
    )
    from ragwall_search.directory as s order by 1
  $$,
  $$values ('large', false, false), ('other', true, true)$$,
  'an index is made in its own search table alone, by the pinned tenant alone'
);
rollback to whole;

-- A search by both: 60 are near the vector, 61 is far and has the word.
select tests.put('large', 170, 'far away with a unique word');
select tests.become('large');
select is(
  (select string_agg(content, ', ') from ragwall.match_hybrid(tests.vec(1), 'unique', 1, null, 0.1)),
  'far away with a unique word', 'candidates are those of the words, too'
);
select is(
  (select string_agg(content, ', ') from ragwall.match_hybrid(tests.vec(3), 'unique', 1, null, 0.9)),
  'common n3', 'and those of the vector'
);
select is((select count(*)::integer from ragwall.match_hybrid(tests.vec(1), 'rare', 1000)), 61, 'as many as there are');
select is(
  (select array_agg(distinct metadata) from ragwall.match_hybrid(tests.vec(1), 'rare common', 1000, '{"half": 1}')),
  array['{"half": 1}'::jsonb], 'of those that fit a filter'
);
select is(
  (select string_agg(content, ', ') from ragwall.agent_match_hybrid(tests.vec(7), 'rare', 1, '{"half": 0}')),
  'rare common n50', 'an agent''s search has a filter'
);
select is(
  (select count(similarity)::integer from ragwall.agent_match_hybrid(tests.vec(50), 'rare', 5)), 0, 'and tells no score'
);

select * from finish();
rollback;
