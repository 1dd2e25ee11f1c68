-- Attacks L05 and L06 on what there is for large tenants: only the search reads it, and upkeep is for the DBA.
begin;
select plan(73);
select tests.seed();

-- What acme has alone.
insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model, metadata)
values ('acme', tests.id(900), 'acme only', tests.vec(5), 'test', '{"n": 7}');

create table tests.large as
select tenant, tests.enlarge(tenant) as relation from unnest(array['acme', 'globex']) as tenant;

insert into ragwall_search.tail (tenant_id, id)
values ('acme', tests.id(900)), ('globex', tests.id(0)), ('globex', tests.id(900));

-- L05: what the application can read and write beside the documents.
select tests.become('globex');
create table tests.closed as
select format('select count(*) from ragwall_search.%I', relation) as attack, relation::text as relation from tests.large
union all
values
  ('select id::text from ragwall_search.tail where tenant_id = ''acme''', 'tail'),
  ('select relation::text from ragwall_search.directory', 'directory'),
  ('select documents::text from ragwall_search.directory', 'directory'),
  ('select content from ragwall.documents_rows', 'documents_rows'),
  ('select tenant_id from ragwall_search.stored', 'stored');
select unnest(array[
  is(tests.attack('', attack), '42501 permission denied for table ' || relation, format('L05: app_user cannot read %s', left(relation, 14))),
  unalike(
    tests.attack(format('grant select on %s to app_user', c.oid::regclass), attack), '42501%',
    format('L05, control: with a grant it can: %s', left(relation, 14))
  )
])
from tests.closed join pg_class as c on c.relname = relation and c.relnamespace::regnamespace::text like 'ragwall%';
select unnest(array[
  is(tests.attack(change, attack), answer, 'L05: app_user ' || label),
  is(tests.attack(change || breach, attack), seen, 'L05, control: without row-level security it does: ' || label)
])
from (
  values
    ('', 'alter table ragwall_search.directory disable row level security',
      'select string_agg(tenant_id, '' '' order by tenant_id) from ragwall_search.directory', 'globex', 'acme globex',
      'does not see which other tenants are large'),
    ('', 'alter table ragwall_search.tail disable row level security',
      'insert into ragwall_search.tail (tenant_id, id) values (''acme'', tests.id(1)); select ''noted''',
      '42501 new row violates row-level security policy for table "tail"', 'noted', 'notes nothing for another tenant'),
    ('grant select on ragwall_search.tail to app_user;', 'alter table ragwall_search.tail disable row level security',
      'select string_agg(distinct tenant_id, '' '') from ragwall_search.tail', 'globex', 'acme globex',
      'does not see what others have changed, even with a grant')
) as p (change, breach, attack, answer, seen, label);
select is(
  tests.attack('', 'insert into ragwall_search.tail (tenant_id, id) values (''globex'', tests.id(1)); select ''noted'''),
  'noted', 'L05, control: for its own tenant app_user can note a change'
);
-- Without the floor the policy of the tail trusts the setting, which a client can write.
select is(tests.attack(change, $$select set_config('app.current_tenant', 'acme', true);
  insert into ragwall_search.tail (tenant_id, id) values ('acme', tests.id(1)); select 'noted'$$), answer, label)
from (
  values
    ('', '42501 new row violates row-level security policy "tenant_floor" for table "tail"', 'L05: a setting without a seal notes nothing'),
    ('drop policy tenant_floor on ragwall_search.tail', 'noted', 'L05, control: without the floor it does')
) as p (change, answer, label);

-- L06: upkeep. The application brings its own search table up to date, and nothing else.
create view tests.tail as select distinct tenant_id from ragwall_search.tail;
grant select on tests.tail to app_user;
create function tests.unpinned(wall text)
  returns text
  language sql
  return tests.altered('ragwall.catch_up(integer)', wall, 'true');
select is(tests.attack(change, attack), answer, label)
from
  coalesce('select ragwall.catch_up(1000); select string_agg(tenant_id, '' '') from tests.tail') as caught,
  format('select ragwall.catch_up(1000); reset role; select count(*) from ragwall_search.%I where id = tests.id(900)',
    (select relation from tests.large where tenant = 'globex')) as taken,
  lateral (
    values
      ('', 'select ragwall.catch_up(1000)', '2', 'L06: app_user brings in what its tenant has changed'),
      ('', caught, 'acme', 'L06: what another tenant has changed stays'),
      ('alter table ragwall_search.tail disable row level security', caught, 'acme',
        'L06: what another tenant has changed stays, by the pinned tenant alone'),
      (tests.unpinned('t.tenant_id = tenant'), caught, 'acme',
        'L06: what another tenant has changed stays, by the policies alone'),
      (tests.unpinned('t.tenant_id = tenant') || 'alter table ragwall_search.tail disable row level security', caught,
        'nothing', 'L06, control: without both it goes'),
      ('', taken, '0', 'L06: no document of another gets into a search table'),
      ('alter table ragwall.documents disable row level security', taken, '0',
        'L06: no document of another gets into a search table, by the pinned tenant alone'),
      (tests.unpinned('d.tenant_id = $2'), taken, '0',
        'L06: no document of another gets into a search table, by the policies alone'),
      (tests.unpinned('d.tenant_id = $2') || 'alter table ragwall.documents disable row level security;'
        'delete from ragwall_search.tail where id <> tests.id(900)', taken, '1',
        'L06, control: without both it does')
  ) as u (change, attack, answer, label);
select is(
  tests.attack('', format('select ragwall.catch_up(%s)', most)), 'RW302 the number of documents is expected to be 1 to 100000',
  format('L06: catch_up(%s) is refused', most)
)
from unnest(array['null', '0', '-1', '100001']) as most;
select unnest(array[
  is(tests.attack('', attack), '42501 permission denied for ' || object, format('L06: app_user cannot call %s', call)),
  unalike(tests.attack(change, attack), '42501 permission denied for ' || object, format('L06, control: with a grant it can call %s', call))
])
from
  (
    values
      ('function build_search_table', 'ragwall.build_search_table()'),
      ('function measure_search_table', 'ragwall.measure_search_table()'),
      ('function drop_search_table', 'ragwall.drop_search_table()'),
      ('function index_plan', 'ragwall.index_plan()'),
      ('function refuse_search', 'ragwall.refuse_search(null, null)'),
      ('function measure', 'ragwall_search.measure(null, null)'),
      ('function index_search_table', 'ragwall.index_search_table()'),
      ('function declare_filter', 'ragwall.declare_filter(''n'')'),
      ('function enable_words', 'ragwall.enable_words(''simple'')'),
      ('function disable_words', 'ragwall.disable_words()'),
      ('function fill_words', 'ragwall.fill_words(1)'),
      ('function words_filled', 'ragwall.words_filled()'),
      ('function bind', 'ragwall_search.bind(''acme'')'),
      ('function best_by_words', 'ragwall_search.best_by_words(null, null, null, null)'),
      ('function question_words', 'ragwall_search.question_words(null, null, null, null)'),
      ('function words_due', 'ragwall_search.words_due()'),
      ('function search_table', 'ragwall_search.search_table(null, null, null, null, null)'),
      ('view search_tables', 'ragwall.search_tables')
  ) as f (object, call),
  format('select count(*) from %s', call) as attack,
  coalesce('grant execute on all functions in schema ragwall, ragwall_search to app_user;
    grant select on ragwall.search_tables to app_user') as change;
select tests.become(null);
select is(
  tests.attack('', 'select ragwall.catch_up(1)'), 'RW001 no tenant is bound to this transaction',
  'L06: without a tenant nothing is brought in'
);

select * from finish();
rollback;
