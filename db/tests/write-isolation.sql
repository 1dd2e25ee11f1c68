-- Whatever the bound tenant writes, and however, no row of another tenant is added, changed or lost.
begin;
select plan(28);
select tests.seed();

create table tests.before as
select tenant_id, id, content, metadata from ragwall.documents where tenant_id <> 'globex';
grant select on tests.before to public;

set local role app_user;
select tests.become('globex');

select throws_ok(
  $$insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
    values ('acme', 'planted', tests.vec(0), 'test')$$,
  '42501', 'permission denied for table documents', 'nobody can name the tenant of a new row'
);
select throws_ok(
  'update ragwall.documents set id = gen_random_uuid()', '42501', 'permission denied for table documents',
  'nobody can change the id of a row'
);
select throws_ok(
  format('%s ragwall.documents %s', command, rest), '42501', 'permission denied for table documents',
  format('%s is not granted', command)
)
from (
  values
    ('delete from', ''), ('lock table', 'in row exclusive mode')
) as c (command, rest);
select throws_ok(
  'merge into ragwall.documents as d using (values (1)) as v on true when matched then delete',
  '42501', 'permission denied for table documents', 'nobody can delete by merge'
);
select throws_ok(
  format('%s', statement), '42501', null, format('a partition cannot be touched: %s', statement)
)
from unnest(array[
  'select * from ragwall.documents_rows',
  'insert into ragwall.documents_rows (content) values (''x'')',
  'update ragwall.documents_rows set content = ''x''',
  'delete from ragwall.documents_rows'
]) as statement;
select throws_ok(
  'alter table ragwall.documents disable row level security', '42501', 'must be owner of table documents',
  'the application cannot disable row-level security'
);
select lives_ok(
  $$insert into ragwall.documents (id, source, position, content, embedding, embedding_model)
    values (tests.id(7), 'shared.md', 7, 'globex own', tests.vec(0), 'test')$$,
  'a row of one''s own can be added'
);
select is(
  (select tenant_id from ragwall.documents where id = tests.id(7)), 'globex',
  'a new row belongs to the tenant that is bound'
);
select lives_ok(
  $$update ragwall.documents set content = 'overwritten'$$, 'an update without where and returning succeeds'
);
select is(
  (select count(distinct content)::integer from ragwall.documents), 1, 'an update without where and returning changes all rows of one''s own'
);
select lives_ok(
  $$insert into ragwall.documents (id, content, embedding, embedding_model)
    select tests.id(n), 'upserted', tests.vec(0), 'test' from generate_series(0, 2) as n
    on conflict (tenant_id, id) do update set content = excluded.content$$,
  'an upsert on ids that other tenants have too succeeds'
);
select is(
  (select count(*)::integer from ragwall.documents where content = 'upserted'), 3,
  'an upsert on ids that other tenants have too changes the rows of one''s own'
);
select is(ragwall.delete_matching('{"n": 1}'), 1, 'a deletion by a filter that others'' documents fit deletes one''s own');
select is((select count(*)::integer from ragwall.documents where metadata @> '{"n": 1}'), 0, 'and all of these');
select is(ragwall.delete_matching('{"n": 1}'), 0, 'a filter that only others'' documents still fit finds none');
select throws_ok(
  format('select ragwall.delete_matching(%L)', filter), 'RW205',
  'the filter of a deletion is expected to be a JSON object that is not empty', format('no filter of a deletion: %s', filter)
)
from unnest(array[null, '{}', '[]']) as filter;
select is(ragwall.delete_documents(array(select tests.id(n) from generate_series(0, 9) as n)), 3,
  'a deletion by ids that other tenants have too deletes one''s own');
select is(ragwall.delete_source('shared.md', 0), 0, 'a source that only others still have is not there');

select tests.become(null);
select throws_ok(
  $$insert into ragwall.documents (content, embedding, embedding_model) values ('x', tests.vec(0), 'test')$$,
  'RW001', 'no tenant is bound to this transaction', 'without a tenant nothing can be added'
);
select throws_ok(
  'select ragwall.delete_documents(array[tests.id(0)])', 'RW001', 'no tenant is bound to this transaction',
  'without a tenant nothing can be deleted'
);
select throws_ok(
  $$select ragwall.delete_matching('{"n": 2}')$$, 'RW001', 'no tenant is bound to this transaction',
  'nor by a filter'
);

reset role;
select results_eq(
  $$select tenant_id, id, content, metadata from ragwall.documents
    where tenant_id <> 'globex' order by tenant_id, id$$,
  'select tenant_id, id, content, metadata from tests.before order by tenant_id, id',
  'after all this, every row of every other tenant is as it was'
);

select * from finish();
rollback;
