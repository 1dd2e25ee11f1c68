-- Attacks L07 on searches by words: each wall alone keeps what they find, and with which score, to their tenant.
begin;
select plan(38);
select tests.seed();
insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model)
values ('acme', tests.id(900), 'acme secret plan', tests.vec(5), 'test'),
  ('globex', tests.id(901), 'globex report', tests.vec(5), 'test');
select tests.enable_words('simple');

-- Large tenants
create table tests.large as
select tenant, tests.enlarge(tenant) as relation from unnest(array['acme', 'globex']) as tenant;
select tests.become(null);

create table tests.breaches as
select 'pinned tenants' as wall,
  tests.altered(worded, 'w.tenant_id = tenant', 'true')
  || replace(tests.altered(question, 'w.tenant_id = tenant', 'true'), 'v.tenant_id = tenant', 'true')
  || tests.altered(search, 'd.tenant_id = tenant', 'true')
  || replace(tests.altered(hybrid, 'r.tenant_id = tenant', 'true'), 'w.tenant_id = tenant', 'true') as breach
from
  coalesce('ragwall_search.best_by_words(text, text, integer, jsonb)'::regprocedure) as worded,
  coalesce('ragwall_search.question_words(ragwall_search.directory, ragwall_search.word_settings, text, text)'::regprocedure)
    as question,
  coalesce('ragwall.search_words(text, integer, jsonb)'::regprocedure) as search,
  coalesce('ragwall.match_hybrid(public.halfvec, text, integer, jsonb, double precision)'::regprocedure) as hybrid
union all
values
  ('words policies', 'alter table ragwall_search.words disable row level security;
    alter table ragwall_search.vocabulary disable row level security;'),
  ('words floor', 'drop policy tenant_floor on ragwall_search.words; drop policy tenant_floor on ragwall_search.vocabulary;'),
  ('words permissive', 'alter policy own_tenant on ragwall_search.words using (true);
    alter policy own_tenant on ragwall_search.vocabulary using (true);'),
  ('documents policies', 'alter table ragwall.documents_rows disable row level security;');

create function tests.without(variadic walls text[])
  returns text
  language sql
  return (select string_agg(b.breach, ' ') from tests.breaches as b where b.wall = any (walls));
comment on function tests.without(text[]) is 'What takes these walls down.';

-- Which words a search reads shows in the scores: the rarity of a word in all tenants is another than in one.
create table tests.searches as
select s.label, s.tenant, s.attack, tests.attack(concat(tests.become(s.tenant)), s.attack) as answer
from (
  select label || size as label, tenant, attack
  from (values (' of a small tenant', 'acm'), (' of a large tenant', 'globex')) as t (size, tenant),
    lateral (
      values
        ('search_words()', $$select string_agg(tenant_id || ' ' || content || ' ' || words, ', ' order by content, tenant_id)
          from ragwall.search_words('secret plan', 1000)$$),
        ('match_hybrid()', $$select string_agg(tenant_id || ' ' || content || ' ' || words, ', ' order by content, tenant_id)
          from ragwall.match_hybrid(tests.vec(0), 'secret plan', 1000)$$)
    ) as c (label, attack)
) as s;
select concat(
  tests.become(tenant),
  is(tests.attack(breach, attack), answer, format('L07: %s finds the same %s', label, walls))
)
from
  tests.searches,
  lateral (
    values
      ('by the pinned tenant alone', tests.without('words policies', 'documents policies')),
      ('by the policies alone', tests.without('pinned tenants')),
      ('by the floor alone', tests.without('pinned tenants', 'words permissive')),
      ('by the permissive policy alone', tests.without('pinned tenants', 'words floor'))
  ) as b (walls, breach);
select concat(
  tests.become(tenant), isnt(tests.attack(breach, attack), answer, format('L07, control: %s does not %s', label, walls))
)
from
  tests.searches,
  lateral (
    values
      ('without the pinned tenant and row-level security',
        tests.without('pinned tenants', 'words policies', 'documents policies')),
      ('without the pinned tenant and both policies of words',
        tests.without('pinned tenants', 'words permissive', 'words floor'))
  ) as b (walls, breach);
select is(
  (select string_agg(answer, ' ') from tests.searches where answer ~ '(acm |globex )*acme |^[0-9A-Z]{5} '), null,
  'L07: and that is of its own tenant'
);

-- What ragwall_search reads of words by itself, and who else reads them.
create function tests.read_as_search(setting text)
  returns text
  language sql
  return format('reset role; set local role ragwall_search; select set_config(''app.current_tenant'', %L, true); '
    'select string_agg(distinct tenant_id, '' '') from ragwall_search.words', setting);
select tests.become(null);
select is(tests.attack('', tests.read_as_search(setting)), 'nothing', format('L07: ragwall_search reads nothing of words %s', label))
from (values ('', 'without a tenant'), ('acme', 'with a setting that has no seal')) as s (setting, label);
select alike(
  tests.attack('alter table ragwall_search.words disable row level security', tests.read_as_search('')), '%acme%globex%',
  'L07, control: without row-level security it reads all'
);
select is(
  tests.attack('', format('select count(*) from ragwall_search.%I', t)), '42501 permission denied for table ' || t,
  format('L07: app_user reads nothing of %s', t)
)
from unnest(array['words', 'vocabulary', 'word_settings', 'filter_fields']) as t;

-- Another tenant's words change nothing: not the ids, not the last bit of a score.
create table tests.before as select * from tests.searches;
select tests.become(null);
insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model)
select 'acme', tests.id(10000 + n), 'plan of a secret plan ' || n, tests.vec(n), 'test' from generate_series(1, 300) as n;
select concat(tests.become(b.tenant), is(
  tests.attack('', b.attack), b.answer, format('L07: %s gives the same after another tenant has grown', b.label)
))
from tests.before as b;

-- A trigger that binds a tenant for those whom no policy binds serves nobody else.
select tests.become('globex');
select is(
  tests.attack('', $$with w as (insert into ragwall.documents (content, embedding, embedding_model)
    values ('x', tests.vec(0), 'test') returning 1) select current_setting('app.current_tenant') from w$$),
  'globex', 'L07: a write leaves its tenant bound'
);
select is(
  tests.attack('', $$with w as (insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
    values ('acme', 'x', tests.vec(0), 'test') returning 1) select count(*) from w$$),
  '42501 permission denied for table documents', 'L07: and no other tenant is named for it'
);

select * from finish();
rollback;
