-- index_plan() lists what is due for the search tables: to build, to bring up to date, to measure and to drop.
begin;
select plan(52);

-- What other tests have stored in this database would be due to be added up.
delete from ragwall_search.stored;
insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model)
select tenant, tests.id(n), tenant || ' ' || n, tests.vec(n), 'test'
from (values ('large', 60), ('l''arge', 60), ('small', 10), ('middle', 30)) as t (tenant, documents),
  generate_series(1, documents) as n;
set local ragwall.search_table_from = 50;

create function tests.steps(tenants text[], call text)
  returns setof text
  language sql
  return format('select ragwall.set_tenant(%L); select ragwall.%s', unnest(tenants), call);
comment on function tests.steps(text[], text) is 'The rows of index_plan() by which each tenant in turn calls a function.';

create function tests.run()
  returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  step text;
begin
  for step in select s from ragwall.index_plan() as s loop
    perform set_config('app.current_tenant', '', true);
    execute step;
  end loop;
  perform set_config('app.current_tenant', '', true);
end
$$;
comment on function tests.run() is 'Runs what is due.';

create function tests.age(tenant text)
  returns void
  language sql
begin atomic
  update ragwall_search.directory as s set built_at = now() - interval '2 minutes' where s.tenant_id = age.tenant;
end;
comment on function tests.age(text) is 'Makes the last change to a tenant''s search table two minutes old.';

create function tests.call(tenant text, call text)
  returns text
  language plpgsql
as $$
declare
  said text;
begin
  perform tests.become(tenant);
  execute 'select ragwall.' || call into said;
  return said;
end
$$;
comment on function tests.call(text, text) is 'What a function says to a tenant.';

create view tests.known as
select s.tenant_id collate "default" as tenant_id, s.relation, s.previous, s.documents, s.applied, s.tail, s.due from ragwall.search_tables as s;

-- A tenant that becomes large: registered by one statement, built by another.
select results_eq(
  'select ragwall.index_plan()',
  $$
    select tests.steps(array['l''arge', 'large'], 'build_search_table()')
    union all
    select tests.steps(array['l''arge', 'large'], 'build_search_table()')
  $$,
  'of tenants with as many documents as ragwall.search_table_from the first builds are due, and of no others'
);
select is(tests.call(tenant, 'build_search_table()'), 'registered', format('the first call registers %s', tenant))
from unnest(array['large', 'l''arge']) as tenant;
select results_eq(
  'select ragwall.index_plan()', $$select tests.steps(array['l''arge', 'large'], 'build_search_table()')$$,
  'tenants that are registered are due to be built once'
);
select throws_ok(
  $$select tests.call('large', 'build_search_table()')$$, 'RW303',
  'a search table is expected to be built first in a transaction that is read committed and has written nothing',
  'the first build is refused where it could not wait for others'
);
-- Stands for the wait, which a transaction that has written cannot do.
update ragwall_search.directory set built_at = now();
select is(tests.call('large', 'build_search_table()'), 'built: 60 documents', 'the second call builds');
select results_eq(
  'select ragwall.index_plan()', $$select tests.steps(array['l''arge'], 'build_search_table()')$$,
  'what is built is not due any more'
);
select from tests.run();
select is_empty('select ragwall.index_plan()', 'nothing is due once all are built');
select results_eq(
  'select tenant_id, documents, applied, tail, due from tests.known order by 1',
  $$values ('l''arge', 60::bigint, 0::bigint, 0::bigint, null::text), ('large', 60, 0, 0, null)$$,
  'search_tables tells how many documents each was built of'
);
select matches(relation::text, '^search_[0-9a-f]{32}$', 'the name of a search table does not tell whose it is')
from ragwall_search.directory;
select isnt(min(relation), max(relation), 'no two search tables have the same name') from ragwall_search.directory;
select set_eq(
  format('select id, embedding, metadata from ragwall_search.%I', relation),
  $$select id, embedding, metadata from ragwall.documents where tenant_id = 'large'$$,
  'a search table has the documents of its tenant'
)
from ragwall_search.directory where tenant_id = 'large';

-- Changes.
update ragwall.documents set embedding = tests.vec(90) where tenant_id = 'large' and id = tests.id(1);
delete from ragwall.documents where tenant_id = 'large' and id = tests.id(2);
insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model)
select tenant, tests.id(100), 'new', tests.vec(1), 'test' from unnest(array['large', 'small']) as tenant;
select results_eq(
  'select tenant_id collate "default", id from ragwall_search.tail order by id',
  $$values ('large', tests.id(1)), ('large', tests.id(2)), ('large', tests.id(100))$$,
  'the tail has what was updated, deleted and inserted for a large tenant, and nothing of a small one'
);
select results_eq(
  'select ragwall.index_plan()', $$select tests.steps(array['large'], 'catch_up(1000)')$$,
  'a search table that is behind is due to be brought up to date'
);
select from tests.run();
select set_eq(
  format('select id, embedding, metadata from ragwall_search.%I', relation),
  $$select id, embedding, metadata from ragwall.documents where tenant_id = 'large'$$,
  'a search table that was brought up to date has the documents of its tenant'
)
from ragwall_search.directory where tenant_id = 'large';
select is((select count(*)::integer from ragwall_search.tail), 0, 'the tail has nothing any more');
select is_empty('select ragwall.index_plan()', 'nothing is due once it is up to date');

update ragwall.documents set content = content where tenant_id = 'large' and id = tests.id(3);
select from tests.run();
select results_eq(
  'select ragwall.index_plan()', $$select tests.steps(array['large'], 'measure_search_table()')$$,
  'its recall is due to be measured once more than a twentieth has changed'
);
select alike(tests.call('large', 'measure_search_table()'), 'measured: recall %', 'measuring tells the recall');
select is_empty('select ragwall.index_plan()', 'nothing is due once it is measured');

select from tests.become(null);
savepoint changes;
update ragwall_search.directory set documents = 100000 where tenant_id = 'large';
insert into ragwall_search.tail (tenant_id, id) select 'large', tests.id(n) from generate_series(1, 2001) as n;
select results_eq(
  'select ragwall.index_plan()',
  $$select tests.steps(array['large', 'large', 'large'], 'catch_up(1000)')$$,
  'a long tail is due to be brought in by a thousand at a time'
);
rollback to changes;

-- Worn, or gone.
update ragwall_search.directory set applied = 1001 where tenant_id = 'large';
select results_eq(
  'select ragwall.index_plan()', $$select tests.steps(array['large'], 'build_search_table()')$$,
  'a search table to which much was applied is due to be built anew'
);
rollback to changes;
insert into ragwall_search.tail (tenant_id, id) select 'large', tests.id(n) from generate_series(1, 1001) as n;
select results_eq(
  'select ragwall.index_plan()', $$select tests.steps(array['large'], 'build_search_table()')$$,
  'a search table that is far behind is due to be built anew'
);
create table tests.worn as select relation from ragwall_search.directory where tenant_id = 'large';
select from tests.run();
select results_eq(
  $$select previous, relation <> previous, documents, applied, tail, due from tests.known where tenant_id = 'large'$$,
  'select relation, true, 60::bigint, 0::bigint, 0::bigint, null::text from tests.worn',
  'another takes its place, and it stays for searches that began earlier'
);
select is_empty('select ragwall.index_plan()', 'the replaced one is not due to be dropped at once');
select from tests.age('large');
select results_eq(
  'select ragwall.index_plan()', $$select tests.steps(array['large'], 'drop_search_table()')$$,
  'the replaced one is due to be dropped after a minute'
);
select from tests.run();
select is(to_regclass(format('ragwall_search.%I', relation)), null, 'the replaced one is dropped') from tests.worn;
select is_empty('select ragwall.index_plan()', 'nothing is due once it is dropped');

do $$
begin
  execute (select format('drop table ragwall_search.%I', relation) from ragwall_search.directory where tenant_id = 'large');
end
$$;
select results_eq(
  'select ragwall.index_plan()', $$select tests.steps(array['large'], 'build_search_table()')$$,
  'a search table that is missing is due to be built'
);
select tests.become('large');
select results_eq(
  'select content from ragwall.match_documents(tests.vec(3), 1)', array['large 3'],
  'while it is missing searches are exact'
);
select from tests.run();
select from tests.age('large');
select from tests.run();

-- A tenant that becomes small.
savepoint built;
delete from ragwall.documents where tenant_id = 'large' and id > tests.id(45);
select results_eq(
  'select ragwall.index_plan()', $$select tests.steps(array['large'], 'catch_up(1000)')$$,
  'a tenant with at least half of search_table_from documents keeps its search table'
);
delete from ragwall.documents where tenant_id = 'large' and id > tests.id(20);
select results_eq(
  'select ragwall.index_plan()', $$select tests.steps(array['large'], 'drop_search_table()')$$,
  'the search table of a tenant with fewer is due to go'
);
create table tests.gone as select relation from ragwall_search.directory where tenant_id = 'large';
select is(tests.call('large', 'drop_search_table()'), 'out of use', 'the first call takes it out of use');
select results_eq(
  'select content from ragwall.match_documents(tests.vec(3), 1)', array['large 3'], 'from then on searches are exact'
);
select is_empty('select ragwall.index_plan()', 'it is not due to be dropped at once');
select from tests.age('large');
select from tests.run();
select is(to_regclass(format('ragwall_search.%I', relation)), null, 'the next call drops it, after a minute') from tests.gone;
select is_empty(
  $$
    select tenant_id from ragwall_search.directory where tenant_id = 'large'
    union all
    select tenant_id from ragwall_search.tail where tenant_id = 'large'
  $$,
  'of a tenant without search table nothing is left'
);
rollback to built;

-- Noted by a transaction that could not see whether its tenant is large.
insert into ragwall_search.tail (tenant_id, id) values ('small', tests.id(1)), ('large', tests.id(4));
select results_eq(
  'select ragwall.index_plan()',
  $$
    select tests.steps(array['large'], 'catch_up(1000)')
    union all
    select 'delete from ragwall_search.tail as t where not exists (select from ragwall_search.directory as s '
      || 'where s.tenant_id = t.tenant_id)'
  $$,
  'what the tail has of other tenants is due to be deleted'
);

select throws_ok(
  format('set local ragwall.search_table_from = %L; select ragwall.index_plan()', setting), 'RW301',
  'ragwall.search_table_from is expected to be a whole number from 1', format('search_table_from = %L is refused', setting)
)
from unnest(array['0', 'many', '-1', '1e3']) as setting;

-- Who is neither superuser nor has BYPASSRLS.
set local ragwall.search_table_from = 25;
set local role ragwall_owner;
select results_eq(
  'select ragwall.index_plan()',
  $$
    select tests.steps(array['middle'], 'build_search_table()')
    union all
    select tests.steps(array['large'], 'catch_up(1000)')
    union all
    select tests.steps(array['middle'], 'build_search_table()')
  $$,
  'a member of ragwall_owner gets the same plan, but for what the tail has of other tenants'
);
select tests.become('small');
select is_empty($$select tenant_id from ragwall.search_tables where tenant_id not in ('large', 'l''arge')$$,
  'search_tables tells a member of ragwall_owner of the large tenants');
select is(ragwall.current_tenant(), 'small', 'the tenant that was bound is bound again');
select from ragwall.index_plan();
select is(ragwall.current_tenant(), 'small', 'also after index_plan()');
select is_empty($$select tenant_id from ragwall.documents where tenant_id <> 'small'$$,
  'and the member of ragwall_owner reads the documents of no other');
reset role;

-- What was stored is added up, and of a tenant that left nothing stays.
insert into ragwall_search.stored (tenant_id) select 'small' from generate_series(1, 10001);
create table tests.sums as select tenant_id, sum(documents), bool_or(registered) from ragwall_search.stored group by tenant_id;
select from tests.become(null);
select alike(
  (select s from ragwall.index_plan() as s where s not like 'select%' and s not like '%tail%'), 'with s as (delete from ragwall_search.stored %',
  'more than ten thousand rows too many are due to be added up'
);
do $$
begin
  execute (select s from ragwall.index_plan() as s where s like 'with s as %');
end
$$;
select set_eq(
  'select tenant_id, documents, registered from ragwall_search.stored', 'select * from tests.sums',
  'each tenant has one row then, with what it has stored'
);
delete from ragwall.documents where tenant_id = 'small';
select is(tests.call('small', 'drop_search_table()'), 'dropped', 'of a tenant without documents drop_search_table() drops all there is');
select is_empty($$select tenant_id from ragwall_search.stored where tenant_id = 'small'$$, 'nothing is left that tells of it');

select * from finish();
rollback;
