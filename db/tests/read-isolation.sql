-- Whatever the bound tenant reads, and however, it reads its own rows.
begin;
select plan(89);
select tests.seed();
set local role app_user;

select concat(
  tests.become(tenant),
  results_eq(
    query,
    format('values (%L), (%L), (%L)', tenant || ' secret 0', tenant || ' secret 1', tenant || ' secret 2'),
    format('%s sees its own three rows: %s', tenant, query)
  )
)
from
  unnest(array['acme', 'acme-2', 'acm', 'ACME', 'globex', '%', '_', 'public', 'null']) as tenant,
  unnest(array[
    'select content from ragwall.documents order by position',
    'select content from ragwall.documents where tenant_id is not null or true order by position',
    'select content from ragwall.documents where tenant_id like ''%'' order by position',
    'with d as materialized (select * from ragwall.documents) select content from d order by position',
    'select content from only ragwall.documents union all select content from ragwall.documents '
      || 'order by content',
    'select d.content from ragwall.documents as d join ragwall.documents as e using (source, position) '
      || 'order by d.position',
    'select content from ragwall.match_documents(tests.vec(0), 1000)',
    'select content from ragwall.match_documents(tests.vec(0), 1000, ''{}'')',
    'select content from ragwall_api.match_passages(query_embedding => tests.vec(0), match_count => 1000, '
      || 'filter => ''{}'')'
  ]) as query;

select tests.become('globex');
select is_empty(query, format('globex finds nothing of acme: %s', query))
from unnest(array[
  'select content from ragwall.documents where tenant_id = ''acme''',
  'select content from ragwall.documents where content = ''acme secret 0''',
  'select content from ragwall.match_documents(tests.vec(0), 10, ''{"tenant": "acme"}'')'
]) as query;

select tests.become(null);
select is_empty('select * from ragwall.documents', 'without a tenant there is nothing to read');

reset role;
set local role app_reader;
select tests.become('acme');
select results_eq(
  'select content from ragwall.documents order by position',
  $$values ('acme secret 0'), ('acme secret 1'), ('acme secret 2')$$, 'a reader reads the rows of its tenant'
);
select tests.become('acme');
select results_eq(
  'select content from ragwall.match_documents(tests.vec(0), 3)',
  $$values ('acme secret 0'), ('acme secret 1'), ('acme secret 2')$$, 'a reader searches the rows of its tenant'
);

reset role;
set local role ragwall_owner;
select from set_config('app.current_tenant', '', true);
select is_empty('select id from ragwall.documents', 'policies bind the owner too: without a tenant it reads nothing');

select throws_ok(
  'set local row_security = off; select id from ragwall.documents', '42501',
  'query would be affected by row-level security policy for table "documents"',
  'row_security off is an error, not a way round'
);

select * from finish();
rollback;
