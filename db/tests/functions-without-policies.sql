-- Without any policy on the table, each function still reads and writes only rows of the bound tenant.
begin;
select plan(16);
select tests.seed();
alter table ragwall.documents disable row level security;

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
select is(
  (select array_agg(content) from unnest(ragwall.search_graph(tests.vec(0), k, filter::jsonb))), contents, label
)
from (
  values
    (10, null, array['acme secret 0', 'acme secret 1', 'acme secret 2'], 'search_graph() finds the documents of its tenant'),
    (2, null, array['acme secret 0', 'acme secret 1'], 'search_graph() finds k documents of its tenant'),
    (10, '{"n": 2}', array['acme secret 2'], 'search_graph() finds the documents of its tenant that match the filter')
) as v (k, filter, contents, label);

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

select is(ragwall.delete_source('shared.md', 1), 2, 'delete_source() deletes the documents of its tenant when others have the source');
select is(tests.others(), current_setting('tests.before'), 'delete_source() has changed and locked no row of another tenant');
select is(ragwall.delete_documents(array[tests.id(0)]), 1, 'delete_documents() deletes the document of its tenant when others have the id');
select is(tests.others(), current_setting('tests.before'), 'delete_documents() has changed and locked no row of another tenant');
select is(
  (select string_agg(content, ', ') from ragwall.documents where tenant_id = 'acme'), 'new',
  'the deletions have left the other document of the tenant'
);

select * from finish();
rollback;
