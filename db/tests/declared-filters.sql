-- declare_filter(): search tables get an index of a field's values, by which ranges are found, and no answer changes.
begin;
select plan(46);

delete from ragwall_search.stored;
insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model, metadata)
select tenant, tests.id(n), n::text, tests.vec(n), 'test',
  jsonb_build_object('year', case n % 4 when 3 then jsonb_build_array(2000 + n) else to_jsonb(2000 + n) end,
    'it''s "%s" \', n::text, 'month', n % 12)
from unnest(array['large', 'other', 'small']) as tenant, generate_series(1, 60) as n;
set local ragwall.search_table_from = 50;
select from tests.enlarge('other');
select from set_config('tests.relation', tests.enlarge('large'), true);
update ragwall_search.directory set ef_10 = null, ef_100 = null;

create function tests.indexes(tenant text)
  returns text
  language sql
  set search_path = pg_catalog, pg_temp
as $$
  select coalesce(string_agg(substring(i.indexdef from 'metadata -> ''(.*)''::text'), ', ' order by i.indexdef), '')
  from pg_indexes as i
  join ragwall_search.directory as s on s.relation = i.tablename
  where s.tenant_id = tenant and i.indexdef like '%range\_key(%'
$$;
comment on function tests.indexes(text) is 'The fields for which the search table of a tenant has an index of ranges.';

create function tests.due(tenant text)
  returns setof text
  language sql
  set search_path = pg_catalog, pg_temp
as $$
  select p from ragwall.index_plan() as p where p like format('%%(%L)%%', tenant)
$$;
comment on function tests.due(text) is 'What index_plan() lists for a tenant.';

create function tests.found(filter jsonb, k integer)
  returns text
  language sql
  set search_path = pg_catalog, pg_temp
as $$
  select string_agg(m.content, ' ' order by m.ordinality)
  from ragwall.match_documents(tests.vec(1), k, filter) with ordinality as m
$$;

create function tests.scans(field text)
  returns bigint
  language sql
  set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(pg_stat_get_xact_numscans(format('ragwall_search.%I', i.indexname)::regclass)), 0)::bigint
  from pg_indexes as i
  where i.tablename = current_setting('tests.relation')
    and case field when '' then i.indexdef like '%USING gin%' else i.indexdef like '%' || field || '%' end
$$;
comment on function tests.scans(text) is
  'How often this transaction has scanned the index of a field, or that of all metadata, of the search table of large.';

select results_eq(
  $$
    select v.value::text from unnest(
      '{-1e400,-1e301,-2.5,-1,-1e-7,0,1e-301,0.1,0.3,1,2,10,1e15,1e301}'::numeric[]
    ) with ordinality as u (value, n) cross join lateral (select u.value::text) as v (value)
    order by ragwall_search.range_key(to_jsonb(u.value)) collate "C", u.n
  $$,
  $$
    select u.value::text from unnest(
      '{-1e400,-1e301,-2.5,-1,-1e-7,0,1e-301,0.1,0.3,1,2,10,1e15,1e301}'::numeric[]
    ) with ordinality as u (value, n) order by u.n
  $$,
  'the keys of numbers are in their order'
);

-- To declare
select throws_ok(
  format('select ragwall.declare_filter(%L)', field), 'RW305',
  'the name of a field is expected to be 1 to 200 bytes, and not to begin with $', 'refused: ' || label
)
from (values ('', 'no name'), (null, 'null'), (repeat('x', 201), '201 bytes'), (repeat('é', 101), '202 bytes'),
  ('$year', 'an operator'), ('$', 'the sign of operators')) as v (field, label);
select is_empty('select * from ragwall_search.filter_fields', 'what is refused declares nothing');
select is_empty($$select tests.due('large')$$, 'nothing is due');
select lives_ok($$select ragwall.declare_filter('year')$$, 'a field can be declared');
select lives_ok($$select ragwall.declare_filter('year')$$, 'and once more');
select results_eq(
  'select field collate "default" from ragwall_search.filter_fields', array['year'], 'which does nothing'
);
select results_eq(
  format('select tests.due(%L)', tenant), array[format(
    'select ragwall.set_tenant(%L); select ragwall.index_search_table()', tenant
  )], 'then its index is due, once: ' || tenant
)
from unnest(array['large', 'other']) as tenant;
select results_eq(
  $$select due from ragwall.search_tables where tenant_id = 'large'$$, array['index'], 'search_tables says so'
);
select is_empty(
  $$select p from ragwall.index_plan() as p where p like '%small%' and p like '%index_search_table%'$$,
  'and not of a tenant without a search table'
);

-- The index
select tests.become('large');
select is(tests.found('{"year": {"$gte": 2057}}', 9), '57 58 59 60', 'before it is there a search finds what fits');
select is(ragwall.index_search_table(), 'indexed', 'index_search_table() says what it did');
select is(tests.indexes('large'), 'year', 'the search table has the index');
select results_eq(
  $$select ranges from ragwall_search.directory where tenant_id = 'large'$$, $$values ('{year}'::text[])$$,
  'which the directory knows'
);
select is(ragwall.index_search_table(), 'indexed', 'again');
select is(tests.indexes('large'), 'year', 'there is no second one');
select is_empty($$select tests.due('large')$$, 'nothing is due of this tenant');
select is(tests.indexes('other'), '', 'another tenant has none yet');

-- Whether it is used. The planner is free: seqscan is on here, as everywhere else where all that fit are asked for.
select is(tests.scans('year'), 0::bigint, 'control: nothing has used it yet');
select is(tests.found(filter, 9), answer, 'by the index: ' || filter::text)
from (
  values ('{"year": {"$gte": 2057}}'::jsonb, '57 58 59 60'), ('{"year": {"$between": [2002, 2004]}}', '2 3 4'),
    ('{"$and": [{"year": {"$lt": 2003}}, {"month": 2}]}', '2'), ('{"year": {"$gt": "2057"}}', null)
) as v (filter, answer);
select cmp_ok(tests.scans('year'), '>', 0::bigint, 'searches by a range use the index');
select from set_config('tests.before', tests.scans('year')::text, true);
select is(tests.found(filter, 3), answer, 'without it: ' || filter::text)
from (
  values ('{"$not": {"year": {"$gte": 2003}}}'::jsonb, '1 2'), ('{"$or": [{"year": {"$lt": 2002}}, {"month": 2}]}', '1 2 14')
) as v (filter, answer);
select is(tests.scans('year')::text, current_setting('tests.before'), 'negations and alternatives do not');

-- A build has what is declared.
select ragwall.declare_filter('it''s "%s" \');
select tests.become('other');
select matches(ragwall.build_search_table(), 'built: 60 documents', 'a build');
select is(tests.indexes('other'), 'it''''s "%s" \, year', 'has all indexes at once');
select is_empty($$select tests.due('other')$$, 'so that nothing is due');
update ragwall_search.directory set ef_10 = null, ef_100 = null;
select is(
  tests.found('{"it''s \"%s\" \\": {"$between": ["57", "59"]}}', 9), '57 58 59', 'also of a name with quotes and a backslash'
);

-- And not what was undeclared.
select ragwall.undeclare_filter('year');
select is(tests.indexes('other'), 'it''''s "%s" \, year', 'a field that is undeclared keeps its index');
select is_empty($$select tests.due('other')$$, 'and nothing is due');
select matches(ragwall.build_search_table(), 'built: 60 documents', 'until a build');
select is(tests.indexes('other'), 'it''''s "%s" \', 'which leaves it out');

-- Who may
select tests.become('small');
select is(ragwall.index_search_table(), 'no search table', 'a tenant without a search table is told so');
select tests.become(null);
select throws_ok(
  'select ragwall.index_search_table()', 'RW001', 'no tenant is bound to this transaction', 'nor without a tenant'
);
select is(
  (
    select string_agg(r.rolname || ' ' || f, ', ')
    from pg_roles as r,
      unnest(array['declare_filter(text)', 'undeclare_filter(text)', 'index_search_table()']) as f
    where r.rolname in ('app_user', 'app_reader', 'agent_reader', 'agent_caller', 'ragwall_search', 'ragwall_context')
      and has_function_privilege(r.oid, ('ragwall.' || f)::regprocedure, 'execute')
  ),
  null, 'no role of an application may call any of the three'
);
set local role app_user;
select throws_ok(
  $$select ragwall.declare_filter('x')$$, '42501', 'permission denied for function declare_filter', 'app_user may not'
);
select throws_ok(
  'select * from ragwall_search.filter_fields', '42501', 'permission denied for table filter_fields',
  'nor read what is declared'
);

select * from finish();
rollback;
