-- Each function keeps to its tenant by itself: with no policy on the table, and each in one statement.
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
comment on function tests.others() is 'All rows of others, and whether somebody locked them.';

select from set_config('tests.before', tests.others(), true);
set local role app_user;
select tests.become('acme');
select is(
  (select count(distinct tenant_id)::integer from ragwall.documents), 9, 'control: the policies are gone'
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
    (10, null, array['acme secret 0', 'acme secret 1', 'acme secret 2'], 'so does one by a graph'),
    (2, null, array['acme secret 0', 'acme secret 1'], 'k of them'),
    (10, '{"n": 2}', array['acme secret 2'], 'that fit the filter')
) as v (k, filter, contents, label);

select results_eq(
  format('select ordinal, tenant_id, status from ragwall.upsert_documents(%L)', documents),
  format($$values (0, 'acme', %L)$$, status),
  label
)
from (
  values
    (
      jsonb_build_array(jsonb_build_object('id', tests.id(0), 'content', 'acme secret 0')),
      'unchanged', 'a document is compared with the tenant''s own'
    ),
    (
      jsonb_build_array(jsonb_build_object(
        'id', tests.id(0), 'content', 'by id', 'embedding', tests.vec(0)::text, 'embedding_model', 'test'
      )),
      'updated', 'one that others have too is known by its id'
    ),
    (
      jsonb_build_array(jsonb_build_object(
        'source', 'shared.md', 'position', 1, 'content', 'by source', 'embedding', tests.vec(0)::text,
        'embedding_model', 'test'
      )),
      'updated', 'or by its source'
    ),
    (
      jsonb_build_array(jsonb_build_object(
        'source', 'new.md', 'position', 5, 'content', 'new', 'embedding', tests.vec(0)::text, 'embedding_model', 'test'
      )),
      'inserted', 'and a new one is added'
    )
) as v (documents, status, label);
select is(
  (select string_agg(content, ', ' order by content) from ragwall.documents where tenant_id = 'acme'),
  'acme secret 2, by id, by source, new',
  'to the tenant'
);
select is(tests.others(), current_setting('tests.before'), 'no row of another tenant was changed, or locked');

select is(ragwall.delete_source('shared.md', 1), 2, 'a source that others have too is deleted');
select is(tests.others(), current_setting('tests.before'), 'for the tenant alone');
select is(ragwall.delete_documents(array[tests.id(0)]), 1, 'and so is a document');
select is(tests.others(), current_setting('tests.before'), 'which others keep');
select is(
  (select string_agg(content, ', ') from ragwall.documents where tenant_id = 'acme'), 'new',
  'deletion takes what it was told, and no more'
);

select * from finish();
rollback;
