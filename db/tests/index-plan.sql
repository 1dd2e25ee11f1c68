-- index_plan() lists graphs to create, to drop and to rebuild.
begin;
select plan(15);

insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
select tenant, tenant || ' ' || n, tests.vec(n), 'test'
from (values ('large', 60), ('l''arge', 60), ('small', 10), ('middle', 30)) as t (tenant, documents),
  generate_series(1, documents) as n;
set local ragwall.graph_from = 50;

select set_eq(
  $$select s from ragwall.index_plan() as s where s like 'create %'$$,
  $$
    select format(
      'create index concurrently %I on %s using hnsw (embedding public.halfvec_cosine_ops) '
        'where tenant_id = %L and ragwall_private.in_graph(tenant_id)',
      ragwall.graph_name(tenant), tests.leaf(tenant), tenant
    )
    from unnest(array['large', 'l''arge']) as tenant
  $$,
  'tenants with as many documents as ragwall.graph_from are due a graph, and no others'
);
select is(
  (select count(*)::integer from ragwall.index_plan() as s where s like 'set %'),
  case when (
    select string_to_array(extversion, '.')::integer[] < '{0,8,2}' from pg_extension where extname = 'vector'
  ) then 1 else 0 end,
  'before pgvector 0.8.2 nothing is built in parallel'
);
select unalike(ragwall.graph_name('large'), '%large%', 'the name of a graph does not tell whose it is');

do $$
declare
  statement text;
begin
  for statement in select s from ragwall.index_plan() as s loop
    execute replace(statement, 'concurrently ', '');
  end loop;
end
$$;
select is_empty('select ragwall.index_plan()', 'nothing is due once the graphs are built');

delete from ragwall.documents where tenant_id = 'large' and content > 'large 5';
select is(
  (select count(*)::integer from ragwall.documents where tenant_id = 'large'), 45,
  'control: the tenant has 45 documents, fewer than graph_from and more than half of it'
);
select is_empty('select ragwall.index_plan()', 'a tenant with more than half of graph_from documents keeps its graph');
delete from ragwall.documents where tenant_id = 'large' and content > 'large 3';
select results_eq(
  $$select s from ragwall.index_plan() as s where s not like 'set %'$$,
  $$select format('drop index concurrently ragwall.%I', ragwall.graph_name('large'))$$,
  'the graph of a tenant with less than half of graph_from documents is due to be dropped'
);
update pg_index set indisvalid = false where indexrelid = ('ragwall.' || ragwall.graph_name('l''arge'))::regclass;
select ok(
  exists (
    select from ragwall.index_plan() as s
    where s = format('reindex index concurrently ragwall.%I', ragwall.graph_name('l''arge'))
  ),
  'a graph that is not valid is due to be rebuilt'
);

-- Valid or not, the answer is the same.
set local role app_user;
select tests.become('l''arge');
select results_eq(
  'select content, round(similarity::numeric, 2) from ragwall.match_documents(tests.vec(0), 3)',
  $$values ('l''arge 1', 1.00), ('l''arge 2', 1.00), ('l''arge 3', 1.00)$$,
  'a graph that is not valid is not used, and the search is exact'
);
reset role;
update pg_index set indisvalid = true where indexrelid = ('ragwall.' || ragwall.graph_name('l''arge'))::regclass;
set local role app_user;
select tests.become('l''arge');
select results_eq(
  'select content, round(similarity::numeric, 2) from ragwall.match_documents(tests.vec(0), 3)',
  $$values ('l''arge 1', 1.00), ('l''arge 2', 1.00), ('l''arge 3', 1.00)$$, 'a valid graph gives the same answer'
);
reset role;
create or replace function ragwall.search_graph(query_vec public.halfvec, k integer, filter jsonb)
  returns ragwall.ranked_document[]
  language sql
  return array[row('l''arge', tests.id(0), 'l''arge 1', '{}', 0)::ragwall.ranked_document];
set local role app_user;
select tests.become('l''arge');
select results_eq(
  'select content from ragwall.match_documents(tests.vec(0), 3)',
  $$values ('l''arge 1'), ('l''arge 2'), ('l''arge 3')$$,
  'if a graph finds fewer than k, the search is repeated exactly'
);
select tests.become(null);
select throws_ok('select ragwall.index_plan()', '42501', 'permission denied for function index_plan',
  'the application cannot see the plan');
reset role;
select throws_ok(
  format('set local ragwall.graph_from = %L; select ragwall.index_plan()', setting), 'RW301',
  'ragwall.graph_from is expected to be a whole number from 1', format('graph_from = %L is refused', setting)
)
from unnest(array['0', 'many']) as setting;
set local role ragwall_owner;
select throws_ok(
  'select ragwall.index_plan()', '42501',
  'query would be affected by row-level security policy for table "documents_00"',
  'a role that row-level security binds gets an error, not an empty plan'
);

select * from finish();
rollback;
