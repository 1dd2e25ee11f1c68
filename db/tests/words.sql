-- Searches by words, and by words and vectors: what is kept, what is found, with which scores.
begin;
select plan(75);

create function tests.put(tenant text, n integer, content text, metadata jsonb default '{}')
  returns void
  language sql
begin atomic
  insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model, metadata)
  values (tenant, tests.id(n), content, tests.vec(n), 'test', metadata)
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
create view tests.kept as
select tenant_id collate "default" as tenant_id, id, cardinality(terms) as terms from ragwall_search.words;

delete from ragwall_search.stored;
select
from (values (1, 'the red fox jumps'), (2, 'a fox and a fox'), (3, 'the lazy dog sleeps')) as d (n, content),
  tests.put('acme', n, content, jsonb_build_object('n', n));
select from tests.put('globex', 1, 'the secret fox of globex');

-- Off
select is(ragwall.words_configuration(), null, 'words are off at first');
select is_empty('table tests.kept', 'then none are kept');
select is_empty($$select from ragwall_search.words_due()$$, 'and none are due');
select tests.become('acme');
select throws_ok(call, 'RW110', 'words are not enabled, or not yet of all documents', call)
from unnest(array[
  $$select ragwall.search_words('fox', 1)$$, $$select ragwall.match_hybrid(tests.vec(0), 'fox', 1)$$
]) as call;

-- Enabling
select throws_ok(
  format('select ragwall.enable_words(%L)', configuration), 'RW306',
  format('there is no text search configuration "%s"', configuration), format('enable_words(%L) is refused', configuration)
)
from unnest(array['klingon', '', 'english; drop table x', 'pg_catalog.english']) as configuration;
select throws_ok('select ragwall.enable_words(null)', 'RW306', null, 'enable_words(null) is refused');
select lives_ok($$select ragwall.enable_words('english')$$, 'words are enabled');
select is(ragwall.words_configuration(), null, 'they are not searched before all documents have them');
select throws_ok(
  $$select ragwall.search_words('fox', 1)$$, 'RW110', 'words are not enabled, or not yet of all documents',
  'nor does a search pretend that they are'
);
select from tests.put('acme', 4, 'another fox');
select is((select array_agg(id) from tests.kept), array[tests.id(4)], 'the words of what is written from then on are kept');
select tests.become(null);
select results_eq(
  'select * from ragwall_search.words_due()',
  $$select format('select ragwall.set_tenant(%L); select ragwall.fill_words(1000)', tenant)
    from unnest(array['acme', 'globex']) as tenant$$,
  'those of the others are due, tenant by tenant'
);
select tests.become('acme');
select is(ragwall.fill_words(2), 2, 'they are made by so many at a time');
select is(ragwall.fill_words(2), 1, 'until all are');
select is(ragwall.fill_words(2), 0, 'and not again');
select throws_ok(
  format('select ragwall.fill_words(%s)', most), 'RW302', 'the number of documents is expected to be 1 to 100000',
  format('fill_words(%s) is refused', most)
)
from unnest(array['null', '0', '100001']) as most;
select tests.become('globex');
select is(ragwall.fill_words(100000), 1, 'and those of another tenant');
select tests.become('acme');
select results_eq(
  'select * from ragwall_search.words_due()', array['select ragwall.words_filled()'], 'then they are to be searched'
);
select is(current_setting('app.current_tenant'), 'acme', 'whoever asks what is due stays bound to its tenant');
select tests.become(null);
select is(
  ragwall.words_filled(), 'waiting for transactions that began before',
  'but not before those have ended that may have written without'
);
update ragwall_search.word_settings set filled = true;
select is(ragwall.words_configuration(), 'english', 'they are enabled');
select is_empty('select * from ragwall_search.words_due()', 'nothing is due any more');
select is(ragwall.words_filled(), 'nothing to do', 'and nothing is left to do');

-- What is found
select tests.become('acme');
select is(tests.worded('foxes'), 'a fox and a fox, another fox, the red fox jumps', 'by stems, shorter texts and more often first');
select is(tests.worded('foxes', 2), 'a fox and a fox, another fox', 'the k best');
select is(tests.worded('red foxes'), 'the red fox jumps, a fox and a fox, another fox', 'a rare word counts for more');
select is(tests.worded('fox', 10, '{"n": {"$lt": 2}}'), 'the red fox jumps', 'of those that fit a filter');
select is(tests.worded('of the'), null, 'nothing by words that the configuration leaves out');
select is(tests.worded('secret'), null, 'nothing of another tenant');
select is(tests.worded(''), null, 'nothing by an empty text');
select is(tests.worded(E'\\ '' & | ! :* <-> () "fox" \u0001'), 'a fox and a fox, another fox, the red fox jumps', 'no character is an operator');
select is(
  (select array_agg(distinct (similarity is null and words = score and words > 0)) from ragwall.search_words('fox', 10)),
  array[true], 'the score is that of the words'
);
select throws_ok(call, code, message, call)
from (
  values
    ($$select ragwall.search_words(null, 1)$$, 'RW109', 'the text to search for is null'),
    ($$select ragwall.search_words('fox', 0)$$, 'RW104', 'k is expected to be 1 to 1000'),
    ($$select ragwall.search_words('fox', null)$$, 'RW104', 'k is expected to be 1 to 1000'),
    ($$select ragwall.search_words('fox', 1001)$$, 'RW104', 'k is expected to be 1 to 1000'),
    ($$select ragwall.search_words('fox', 1, '{"n": {"$x": 1}}')$$, 'RW107', 'the filter has an unknown operator, "$x", at "n"'),
    ($$select ragwall.match_hybrid(tests.vec(0), null, 1)$$, 'RW109', 'the text to search for is null'),
    ($$select ragwall.match_hybrid(null, 'fox', 1)$$, 'RW101', 'the query vector is null'),
    ($$select ragwall.match_hybrid(tests.vec(0), 'fox', 0)$$, 'RW104', 'k is expected to be 1 to 1000'),
    ($$select ragwall.match_hybrid(tests.vec(0), 'fox', null)$$, 'RW104', 'k is expected to be 1 to 1000'),
    ($$select ragwall.match_hybrid(tests.vec(0), 'fox', 1, null, 1.5)$$, 'RW111', 'weight is expected to be 0 to 1'),
    ($$select ragwall.match_hybrid(tests.vec(0), 'fox', 1, null, 'NaN')$$, 'RW111', 'weight is expected to be 0 to 1'),
    ($$select ragwall.match_hybrid(tests.vec(0), 'fox', 1, null, null)$$, 'RW111', 'weight is expected to be 0 to 1')
) as c (call, code, message);

-- Both: at the vector of the document 3, by a word of the others.
select is(
  (select string_agg(content, ', ' order by m.ordinality) from ragwall.match_hybrid(tests.vec(3), 'red', 2, null, weight)
    with ordinality as m),
  best, format('match_hybrid() with weight %s', weight)
)
from (
  values (1, 'the lazy dog sleeps, a fox and a fox'), (0, 'the red fox jumps, a fox and a fox'),
    (0.4, 'the red fox jumps, the lazy dog sleeps')
) as w (weight, best);
select is(
  (select array_agg(round(score::numeric, 3) order by score desc) from ragwall.match_hybrid(tests.vec(3), 'red', 10)),
  array[0.5, 0.5, 0.375, 0.375]::numeric[], 'the scores are the halves of both, each from 0 to 1'
);
select is(
  (select string_agg(content, ', ') from ragwall.match_hybrid(tests.vec(3), 'the', 1)), 'the lazy dog sleeps',
  'where no word counts, the vector alone does'
);

-- What is kept, whoever writes: here a superuser, with no tenant bound.
select tests.become(null);
update ragwall.documents set content = 'now a whale' where tenant_id = 'acme' and id = tests.id(1);
delete from ragwall.documents where tenant_id = 'acme' and id = tests.id(2);
update ragwall.documents set tenant_id = 'globex', id = tests.id(9) where tenant_id = 'acme' and id = tests.id(3);
select results_eq(
  'select tenant_id, id from tests.kept order by 1, 2',
  $$values ('acme', tests.id(1)), ('acme', tests.id(4)), ('globex', tests.id(1)), ('globex', tests.id(9))$$,
  'words follow their documents'
);
select is(current_setting('app.current_tenant'), '', 'and no tenant is bound for it afterwards');
select tests.become('acme');
select is(tests.worded('whale fox'), 'now a whale, another fox', 'a changed text is found by its new words');
select is(tests.worded('jumps'), null, 'and not by its old ones');

-- Awkward texts
select lives_ok(
  format('select tests.put(''acme'', %s, %s)', n, content), format('a text is stored: %s', label)
)
from (
  values
    (20, $$repeat('x', 3000)$$, 'a word of 3,000 characters'),
    (21, $$(select string_agg('w' || i, ' ') from generate_series(1, 40000) as i)$$, '40,000 different words'),
    (22, $$(select string_agg(chr(19968 + i % 20000), '') from generate_series(1, 200000) as i)$$, '200,000 characters'),
    (23, $$''$$, 'none'),
    (24, $$(select string_agg(chr(131072 + ('x' || substr(md5(i::text), 1, 4))::bit(16)::integer % 42000), '')
      from generate_series(1, 200000) as i)$$, '200,000 characters of four bytes, in pairs that differ')
) as t (n, content, label);
select is((select max(terms) from tests.kept), 16000, '16,000 words of a text count');

-- Scripts without spaces
select
from (values (0, '東京都の天気は晴れです'), (1, '大阪で食べる'), (2, '猫'), (3, 'ประเทศไทย')) as d (n, content),
  tests.put('acme', 30 + n, content);
select is(tests.worded('京都'), '東京都の天気は晴れです', 'a pair of characters in a run of them is found');
select is(tests.worded('食べる'), '大阪で食べる', 'and several pairs');
select is(tests.worded('猫'), '猫', 'and a single character that stands alone');
select is(tests.worded('ไทย'), 'ประเทศไทย', 'and Thai');
select is(ragwall_search.with_bigrams('日本語 and 猫x'), '日本 語 and 猫x  本語   ', 'other text stays as it is');

-- Another configuration, and one document that has words of the one before.
select ragwall.enable_words('english');
select is(ragwall.words_configuration(), 'english', 'enabling again what is enabled changes nothing');
update ragwall_search.words set version = 0 where tenant_id = 'acme' and id = tests.id(4);
select is(tests.worded('whale fox'), 'now a whale', 'words of another configuration are not searched');
select ragwall.enable_words('simple');
select is(ragwall.words_configuration(), null, 'another configuration is not searched before all documents have its words');
select is(ragwall.fill_words(100000) > 5, true, 'which are all made anew');

select ragwall.disable_words();
select is_empty('table tests.kept', 'once words are disabled, none are kept');
select is(ragwall.words_filled(), 'nothing to do', 'and none are to be searched');

select * from finish();
rollback;
