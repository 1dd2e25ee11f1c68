-- What a search gives by a search table, and what upkeep makes of one: at angles, so that the right answer is known.
begin;
select plan(46);

-- 40 documents at 0, 4, 8 … 156 degrees, content the number of degrees, and a twin of the last; metadata: half of them,
-- and one in ten.
insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model, metadata)
select tenant, tests.id(n), case n when 40 then 'twin' else (4 * n)::text end, tests.vec(4.0 * least(n, 39)), 'test',
  jsonb_build_object('half', n % 2, 'tenth', n % 10)
from unnest(array['large', 'other']) as tenant, generate_series(0, 40) as n;
select from tests.enlarge('other');
select from set_config('tests.relation', tests.enlarge('large'), true);
update ragwall_search.directory set ef_10 = 40, ef_100 = 100;
select tests.become('large');

create function tests.found(degrees double precision, k integer, filter jsonb default null)
  returns text
  language sql
  set search_path = pg_catalog, pg_temp
as $$
  select string_agg(m.content, ' ' order by m.ordinality)
  from ragwall.match_documents(tests.vec(degrees), k, filter) with ordinality as m
$$;
create function tests.rows_of(relation text)
  returns bigint
  language plpgsql
as $$
declare
  counted bigint;
begin
  execute format('select count(*) from ragwall_search.%I', relation) into counted;
  return counted;
end
$$;

-- Whether the search table was asked: without its rows only the tail would be left.
select is(tests.found(1, 3), '0 4 8', 'the nearest come first');
select is(tests.found(156, 3), '156 twin 152', 'ties by id');
select is(tests.found(1, 3, '{"half": 1}'), '4 12 20', 'of half of the documents');
select is(tests.found(1, 3, '{"tenth": 9}'), '36 76 116', 'of one in ten');
select is(tests.found(1, 10, '{"tenth": 9}'), '36 76 116 156', 'as many as match');
select is(tests.found(1, 3, '{"tenth": 10}'), null, 'none, if none matches');
-- With as many documents as the directory says here, too many would match for the index of the metadata.
update ragwall_search.directory set documents = 1000000;
select is(tests.found(1, 3, '{"half": 1}'), '4 12 20', 'of half of the documents, by the HNSW index');
select is(tests.found(90, 3, '{"half": 1}'), '92 84 100', 'of half of the documents, the nearest');
update ragwall_search.directory set documents = 41, ef_10 = null, ef_100 = null;
select is(tests.found(90, 3, '{"half": 1}'), '92 84 100', 'of half of the documents, without an HNSW index');
select is(tests.found(89, 3), '88 92 84', 'of all documents, without an HNSW index');
update ragwall_search.directory set ef_10 = 40, ef_100 = null;
select is(tests.found(1, 11), '0 4 8 12 16 20 24 28 32 36 40', 'more than ten, where ten alone can be found by it');
update ragwall_search.directory set ef_10 = 40, ef_100 = 100;
select is((select count(*)::integer from ragwall.match_documents(tests.vec(1), 1000)), 41, 'as many as there are');
select is(
  (select round(m.similarity::numeric, 3) from ragwall.match_documents(tests.vec(60), 1) as m), 1.000,
  'the similarity is the cosine'
);
select is(current_setting('hnsw.ef_search', true), '40', 'no setting of the search stays');
select is(current_setting('enable_sort'), 'on', 'nor another');

do $$
begin
  execute format('create table tests.kept as select * from ragwall_search.%I', current_setting('tests.relation'));
  execute format('delete from ragwall_search.%I where id <> tests.id(3)', current_setting('tests.relation'));
end
$$;
select is(tests.found(1, 1), '12', 'control: it is the search table that gives the candidates');
select is(tests.found(1, 1, '{"half": 1}'), '12', 'control: of a filter, too');
select is(tests.found(1, 3), '0 4 8', 'fewer than k candidates are no answer: then the search is exact');
do $$
begin
  execute format('insert into ragwall_search.%I select * from tests.kept on conflict do nothing', current_setting('tests.relation'));
end
$$;

-- The tail
update ragwall.documents set embedding = tests.vec(170) where tenant_id = 'large' and id = tests.id(0);
select is(tests.found(1, 3), '4 8 12', 'what has moved away is not where the search table has it');
select is(tests.found(170, 2), '0 156', 'what has moved is found where it is');
delete from ragwall.documents where tenant_id = 'large' and id = tests.id(1);
select is(tests.found(1, 3), '8 12 16', 'what is deleted is not found');
insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model, metadata)
values ('large', tests.id(100), 'new', tests.vec(1), 'test', '{"half": 1, "tenth": 11}');
select is(tests.found(1, 3), 'new 8 12', 'what is new is found');
select is(tests.found(1, 3, '{"tenth": 11}'), 'new', 'what is new is found by a filter');
select is(tests.found(1, 2, '{"half": 1}'), 'new 12', 'before what the search table has');
update ragwall.documents set metadata = '{"half": 1, "tenth": 12}' where tenant_id = 'large' and id = tests.id(2);
select is(tests.found(1, 3, '{"half": 0}'), '16 24 32', 'a filter holds for the metadata as they are');
select is(tests.found(1, 3, '{"tenth": 12}'), '8', 'and finds what has come to match');
update ragwall.documents set embedding = tests.vec(160 + n) from generate_series(3, 12) as n
where tenant_id = 'large' and id = tests.id(n);
select is(tests.found(1, 4), 'new 8 52 56', 'many that have moved away do not take the places of others');
select is(tests.found(1, 3, '{"tenth": 3}'), '52 92 132', 'nor of those that match');
update ragwall_search.directory set documents = 1000000;
select is(tests.found(1, 3, '{"half": 1}'), 'new 8 52', 'nor of those that the HNSW index gives');
update ragwall_search.directory set documents = 41;
select is(
  (select count(*)::integer from ragwall_search.tail where tenant_id = 'large'), 14, 'each change is noted, of this tenant'
);
select is((select count(*)::integer from ragwall_search.tail where tenant_id = 'other'), 0, 'and none of another');

-- catch_up()
select is(ragwall.catch_up(5), 5, 'as many as are asked for');
select is((select count(*)::integer from ragwall_search.tail), 9, 'leave the tail');
select is(ragwall.catch_up(100), 9, 'the rest');
select is(tests.rows_of(current_setting('tests.relation')), 41::bigint, 'what is new came in, what was deleted went');
select is(tests.found(1, 4) || ' ' || tests.found(170, 2), 'new 8 52 56 0 40', 'the answers are the same');
select is(tests.found(1, 3, '{"tenth": 12}') || tests.found(1, 3, '{"tenth": 11}'), '8new', 'those of filters, too');
select is(ragwall.catch_up(100), 0, 'nothing is left');
select is(
  (select applied::integer from ragwall_search.directory where tenant_id = 'large'), 14, 'what was brought in is counted'
);
do $$
begin
  execute format('select set_config(''tests.differs'', count(*)::text, true) from (
    (select id, embedding::text, metadata from ragwall.documents where tenant_id = ''large''
      except select id, embedding::text, metadata from ragwall_search.%1$I)
    union all
    (select id, embedding::text, metadata from ragwall_search.%1$I
      except select id, embedding::text, metadata from ragwall.documents where tenant_id = ''large'')
  ) as d', current_setting('tests.relation'));
end
$$;
select is(current_setting('tests.differs'), '0', 'the search table is what the documents are');

-- Keys and foreign rows
update ragwall.documents set id = tests.id(200) where tenant_id = 'large' and id = tests.id(20);
select set_eq(
  $$select id from ragwall_search.tail where tenant_id = 'large'$$, array[tests.id(20), tests.id(200)],
  'a key that changes is noted as it was and as it is'
);
select tests.become('other');
select is(ragwall.catch_up(100), 0, 'catch_up() takes nothing of another tenant');
select is((select count(*)::integer from ragwall_search.tail), 2, 'and leaves it');

-- A table that is gone
do $$ begin execute format('drop table ragwall_search.%I', current_setting('tests.relation')); end $$;
select tests.become('large');
select is(tests.found(1, 3), 'new 8 52', 'where the search table is gone the search is exact');
select is(ragwall.catch_up(100), 0, 'and there is nothing to bring in to');
select matches(ragwall.build_search_table(), 'built: 41 documents', 'until it is built again');

select * from finish();
rollback;
