-- Without any policy on any table, each function still reads and writes only rows of the bound tenant.
begin;
select plan(32);
select tests.seed();
select from tests.enlarge('globex');
select from tests.enlarge('acme');
update ragwall.documents set metadata = metadata || '{"changed": 1}' where tenant_id = 'globex';
alter table ragwall.documents disable row level security;
alter table ragwall.documents_rows disable row level security;
alter table ragwall_search.directory disable row level security;
alter table ragwall_search.tail disable row level security;

create function tests.others()
  returns text
  language sql
  security definer
  return (
    select string_agg(
      concat_ws(' ', tenant_id, id, content, case when xmax::text <> '0' then 'locked' end), ', '
      order by tenant_id, id
    )
    from ragwall.documents
    where tenant_id <> 'acme'
  );
create view tests.tail as select tenant_id, id from ragwall_search.tail;
grant select on tests.tail to app_user;

comment on function tests.others() is 'All rows of tenants other than acme, and whether each is locked.';

select from set_config('tests.before', tests.others(), true);
set local role app_user;
select tests.become('acme');
select is(
  (select count(distinct tenant_id)::integer from ragwall.documents), 9, 'control: without policies all tenants'' rows are visible'
);

select results_eq(
  'select tenant_id, content from ragwall.match_documents(tests.vec(0), 10)',
  $$values ('acme', 'acme secret 0'), ('acme', 'acme secret 1'), ('acme', 'acme secret 2')$$,
  'a search finds the documents of its tenant'
);
-- More than there are, without a filter, is searched exactly; the others in the search table.
select results_eq(
  format('select content from ragwall.%s(tests.vec(0), %s, %L)', called, k, filter), contents, format('%s finds %s', called, label)
)
from (
  values
    ('match_documents', 2, null, array['acme secret 0', 'acme secret 1'], 'k documents of its tenant'),
    ('match_documents', 3, '{"n": 2}', array['acme secret 2'], 'the documents of its tenant that match the filter'),
    ('search_documents', 2, null, array['acme secret 0', 'acme secret 1'], 'k documents of its tenant')
) as v (called, k, filter, contents, label);

select results_eq(
  format('select ordinal, tenant_id, status from ragwall.upsert_documents(%L)', documents),
  format($$values (0, 'acme', %L)$$, status), label
)
from (
  values
    (jsonb_build_array(jsonb_build_object('id', tests.id(0), 'content', 'acme secret 0')),
      'unchanged', 'upsert_documents() compares a document with the one of its tenant'),
    (jsonb_build_array(jsonb_build_object(
        'id', tests.id(0), 'content', 'by id', 'embedding', tests.vec(0)::text, 'embedding_model', 'test'
      )),
      'updated', 'upsert_documents() updates the document of its tenant, found by id, when others have the id'),
    (jsonb_build_array(jsonb_build_object(
        'source', 'shared.md', 'position', 1, 'content', 'by source', 'embedding', tests.vec(0)::text,
        'embedding_model', 'test'
      )),
      'updated', 'upsert_documents() updates the document of its tenant, found by source and position, when others have them'),
    (jsonb_build_array(jsonb_build_object(
        'source', 'new.md', 'position', 5, 'content', 'new', 'embedding', tests.vec(0)::text, 'embedding_model', 'test'
      )),
      'inserted', 'upsert_documents() inserts a new document')
) as v (documents, status, label);
select is(
  (select string_agg(content, ', ' order by content) from ragwall.documents where tenant_id = 'acme'),
  'acme secret 2, by id, by source, new', 'all documents that upsert_documents() wrote belong to its tenant'
);
select is(tests.others(), current_setting('tests.before'), 'upsert_documents() has changed and locked no row of another tenant');

select is(ragwall.catch_up(1000), 3, 'catch_up() brings in what its tenant has changed');
select is(
  (select array_agg(distinct tenant_id) from tests.tail), array['globex'], 'catch_up() has left what another tenant has changed'
);
select results_eq(
  'select content from ragwall.match_documents(tests.vec(0), 3)', array['by id', 'by source', 'new'],
  'a search finds what catch_up() has brought in'
);

select is(
  ragwall.delete_matching('{"n": 2}'), 1, 'delete_matching() deletes the document of its tenant when others fit the filter'
);
select is(tests.others(), current_setting('tests.before'), 'delete_matching() has changed and locked no row of another tenant');
select is(ragwall.delete_source('shared.md', 1), 1, 'delete_source() deletes the documents of its tenant when others have the source');
select is(tests.others(), current_setting('tests.before'), 'delete_source() has changed and locked no row of another tenant');
select is(ragwall.delete_documents(array[tests.id(0)]), 1, 'delete_documents() deletes the document of its tenant when others have the id');
select is(tests.others(), current_setting('tests.before'), 'delete_documents() has changed and locked no row of another tenant');
select is(
  (select string_agg(content, ', ') from ragwall.documents where tenant_id = 'acme'), 'new',
  'the deletions have left the other document of the tenant'
);

-- Upkeep. globex has the first entry in the directory, a tail and more documents than acme.
reset role;
create function tests.kept()
  returns text
  language sql
  return (
    select concat_ws(' ', s.relation, s.previous, s.documents, s.built_at, s.measured_at, s.applied,
      (select count(*) from ragwall_search.tail as t where t.tenant_id = 'globex'))
    from ragwall_search.directory as s
    where s.tenant_id = 'globex'
  );
comment on function tests.kept() is 'What the directory and the tail have of globex.';
select from set_config('tests.kept', tests.kept(), true);
select from set_config('tests.was', (select relation::text from ragwall_search.directory where tenant_id = 'acme'), true);
select is(ragwall.build_search_table(), 'built: 1 documents', 'a search table is built of the documents of its tenant');
select is(
  (select previous::text from ragwall_search.directory where tenant_id = 'acme'), current_setting('tests.was'),
  'it takes the place of its tenant''s'
);
select is(tests.kept(), current_setting('tests.kept'), 'and of no other''s');
select matches(ragwall.measure_search_table(), '^measured: ', 'the search table of its tenant is measured');
select is(tests.kept(), current_setting('tests.kept'), 'and no other''s');
select is(ragwall.drop_search_table(), 'dropped', 'the table that it replaced is dropped');
select is(tests.kept(), current_setting('tests.kept'), 'and no other''s');
select is(ragwall.drop_search_table(), 'out of use', 'the search table of its tenant is out of use');
select is(tests.kept(), current_setting('tests.kept'), 'and no other''s');
select is(ragwall.drop_search_table(), 'dropped', 'and dropped');
select is(tests.kept(), current_setting('tests.kept'), 'with nothing of another''s');

select * from finish();
rollback;
