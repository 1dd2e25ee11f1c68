-- Attacks L01 to L04 on searches: each wall alone keeps what they find, and where they look, to their tenant.
begin;
select plan(80);
select tests.seed();

-- What acme has alone, and where a search of it looks.
insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model, metadata)
values ('acme', tests.id(900), 'acme only', tests.vec(5), 'test', '{"n": 7}');

create table tests.large as
select tenant, tests.enlarge(tenant) as relation from unnest(array['acme', 'globex']) as tenant;

create table tests.breaches as
select 'pinned tenants' as wall,
  tests.altered(search, 'r.tenant_id = tenant', 'true')
  || tests.altered(of_large, 'r.tenant_id = entry.tenant_id', 'true') as breach
from
  coalesce('ragwall.search_documents(public.halfvec, integer, jsonb)'::regprocedure) as search,
  coalesce('ragwall_search.search_table(ragwall_search.directory, public.halfvec, integer, jsonb, jsonpath)'::regprocedure)
    as of_large
union all
values
  ('directory pinned', tests.altered(
    'ragwall.search_documents(public.halfvec, integer, jsonb)', 's.tenant_id = tenant', 'true')),
  ('policies', 'alter table ragwall.documents_rows disable row level security;'),
  ('floor', 'drop policy tenant_floor on ragwall.documents_rows;'),
  ('permissive', 'alter policy select_own_tenant on ragwall.documents_rows using (true);'),
  ('directory policies', 'alter table ragwall_search.directory disable row level security;');

create function tests.without(variadic walls text[])
  returns text
  language sql
  return (select string_agg(b.breach, ' ') from tests.breaches as b where b.wall = any (walls));
comment on function tests.without(text[]) is 'What takes these walls down.';

create function tests.searched(k integer, degrees integer, filter text)
  returns text
  language sql
  return format(
    $$select string_agg(distinct case tenant_id when ragwall.current_tenant() then 'own' else 'other' end, ' ')
      from ragwall.match_documents(tests.vec(%s), %s, %L)$$, degrees, k, filter
  );
comment on function tests.searched(integer, integer, text) is 'A search that tells whether what it finds is its tenant''s own.';

-- L01, L02: the walls of a search, each alone, where all others are down.
create table tests.searches as
select *
from (
  values
    ('L01', 'an exact search', 'acm', '', tests.searched(1000, 0, null), 'own'),
    ('L01', 'an exact search with a filter', 'acm', '', tests.searched(1000, 0, '{"n": 1}'), 'own'),
    ('L01', 'a search in a search table', 'globex', '', tests.searched(2, 0, null), 'own'),
    ('L01', 'a search in a search table with a filter', 'globex', '', tests.searched(1, 0, '{"n": 1}'), 'own'),
    ('L02', 'a directory that names another''s search table', 'globex', (
      select format('update ragwall_search.directory set relation = %L where tenant_id = ''globex'';', relation)
      from tests.large where tenant = 'acme'
    ), tests.searched(1, 5, null), 'own'),
    ('L02', 'an id of another''s in the search table', 'globex', (
      select format('insert into ragwall_search.%I values (tests.id(900), tests.vec(5), ''{"n": 7}'');', relation)
      from tests.large where tenant = 'globex'
    ), tests.searched(1, 5, null), 'own'),
    ('L02', 'an id of another''s that fits the filter', 'globex', (
      select format('insert into ragwall_search.%I values (tests.id(900), tests.vec(5), ''{"n": 7}'');', relation)
      from tests.large where tenant = 'globex'
    ), tests.searched(1, 5, '{"n": 7}'), 'nothing'),
    ('L02', 'an id of another''s in the tail', 'globex',
      'insert into ragwall_search.tail values (''globex'', tests.id(900));', tests.searched(1, 5, null), 'own')
) as s (vector, label, tenant, change, attack, answer);
select concat(
  tests.become(tenant),
  is(tests.attack(change || breach, attack), answer, format('%s: %s finds nothing of others %s', vector, label, walls))
)
from
  tests.searches,
  lateral (
    values
      ('with all walls', ''),
      ('by the pinned tenant alone', tests.without('policies')),
      ('by the policies alone', tests.without('pinned tenants')),
      ('by the floor alone', tests.without('pinned tenants', 'permissive')),
      ('by the permissive policy alone', tests.without('pinned tenants', 'floor'))
  ) as b (walls, breach);
select concat(
  tests.become(tenant),
  alike(
    tests.attack(change || breach, attack), 'other%', format('%s, control: %s does without %s', vector, label, walls)
  )
)
from
  tests.searches,
  lateral (
    values
      ('the pinned tenant and row-level security', tests.without('pinned tenants', 'policies')),
      ('the pinned tenant and both policies', tests.without('pinned tenants', 'floor', 'permissive'))
  ) as b (walls, breach);

select tests.become('globex');
select is(tests.attack(change, $$select content from ragwall.match_documents(tests.vec(0), 1)$$), answer, label)
from (
  select format('delete from ragwall_search.%I where id = tests.id(0)', relation) from tests.large where tenant = 'globex'
) as d (deletion),
  lateral (
    values
      ('', 'globex secret 0', 'L01, control: a document that the search table has is found'),
      (deletion, 'globex secret 1', 'L01, control: one that it lacks is not, so that is where the search looks')
  ) as c (change, answer, label);

-- L03: which search table is read. The directory has acme's entry alone, and the documents no policy.
select concat(
  tests.become('globex'),
  alike(
    tests.attack(
      'delete from ragwall_search.directory where tenant_id = ''globex'';' || concat(tests.without('policies'), breach),
      tests.searched(1, 5, null)
    ),
    answer, label
  )
)
from (
  values
    ('own', tests.without('directory policies'), 'L03: the entry of another is not used, by the pinned tenant alone'),
    ('own', tests.without('directory pinned'), 'L03: the entry of another is not used, by its policies alone'),
    ('other%', tests.without('directory pinned', 'directory policies'), 'L03, control: without both it is')
) as d (answer, breach, label);

-- L04: what ragwall_search reads by itself.
create function tests.read_as_search(setting text, query text)
  returns text
  language sql
  return format('reset role; set local role ragwall_search; select set_config(''app.current_tenant'', %L, true); %s',
    setting, query);
insert into ragwall_search.tail (tenant_id, id)
values ('acme', tests.id(900)), ('globex', tests.id(0)), ('globex', tests.id(900));
select tests.become(null);
select is(tests.attack('', tests.read_as_search(setting, query)), 'nothing', format('L04: ragwall_search reads nothing of %s %s', source, label))
from
  unnest(array['ragwall.documents_rows', 'ragwall_search.directory', 'ragwall_search.tail']) as source,
  (values ('', 'without a tenant'), ('acme', 'with a setting that has no seal')) as s (setting, label),
  format($$select string_agg(distinct tenant_id, ' ') from %s$$, source) as query;
select is(
  tests.attack(format('drop policy tenant_floor on %s', source), tests.read_as_search('acme', query)), 'acme',
  format('L04, control: without the floor a setting shows acme''s rows of %s', source)
)
from
  unnest(array['ragwall.documents_rows', 'ragwall_search.directory', 'ragwall_search.tail']) as source,
  format($$select string_agg(distinct tenant_id, ' ') from %s$$, source) as query;
select tests.become('acme');
select alike(tests.attack('', 'reset role; set local role ragwall_search; ' || attack), '42501 permission denied for %', format('L04: ragwall_search cannot %s', attack))
from unnest(array[
  'select id from ragwall.documents',
  'select embedding_model from ragwall.documents_rows',
  'select ctid from ragwall.documents_rows',
  'insert into ragwall.documents_rows (content) values (''x'')',
  'update ragwall.documents_rows set content = ''x''',
  'delete from ragwall.documents_rows',
  'delete from ragwall_search.tail',
  'update ragwall_search.directory set relation = null',
  'select ragwall.set_tenant(''acme'')',
  'select * from ragwall_private.seal_key'
]) as attack;

select * from finish();
rollback;
