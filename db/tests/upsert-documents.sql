-- Ingest: repeating it changes nothing, and what has not changed needs no embedding.
begin;
select plan(36);
select tests.seed();
grant usage on schema tests to app_user;

create function tests.upsert(documents jsonb)
  returns setof text
  language sql
begin atomic
  select u.status from ragwall.upsert_documents(documents) as u order by u.ordinal;
end;

create function tests.document(key jsonb, content text, degrees double precision, more jsonb)
  returns jsonb
  language sql
  return jsonb_build_object('content', content, 'embedding_model', 'test')
    || case when degrees is null then '{}' else jsonb_build_object('embedding', tests.vec(degrees)::text) end
    || key || more;

create function tests.versions()
  returns text
  language sql
  security definer
  return (select string_agg(ctid::text, ' ' order by tenant_id, id) from ragwall.documents);
comment on function tests.versions() is 'Where each row lies, which nobody else may ask: elsewhere once it was written.';

set local role app_user;
select tests.become(null);
select throws_ok($$select ragwall.upsert_documents('[]')$$, 'RW001', 'no tenant is bound to this transaction',
  'upsert_documents() without a tenant is refused');
select tests.become('acme');

prepare ingest as
select tests.upsert(jsonb_build_array(
  tests.document('{"source": "a.md", "position": 0}', 'first', 0, '{"metadata": {"v": 1}}'),
  tests.document('{"source": "a.md", "position": 1}', 'second', 10, '{}'),
  tests.document(jsonb_build_object('id', tests.id(9)), 'third', 20, '{}')
));
select results_eq('ingest', array['inserted', 'inserted', 'inserted'], 'new documents are inserted');
select from set_config('tests.versions', tests.versions(), true);
select results_eq('ingest', array['unchanged', 'unchanged', 'unchanged'], 'repeating it changes nothing');
select is(tests.versions(), current_setting('tests.versions'), 'repeating it writes no row');
select is((select count(*)::integer from ragwall.documents), 6, 'repeating it adds no document');

select results_eq(
  format('select tests.upsert(jsonb_build_array(tests.document(%s)))', arguments), array[status], label
)
from (
  values
    ($$'{"source": "a.md", "position": 0}', 'first', null, '{}'$$, 'unchanged',
      'without an embedding: unchanged if the content is'),
    ($$'{"source": "a.md", "position": 0}', 'other', null, '{}'$$, 'embedding required',
      'a changed content requires an embedding'),
    ($$'{"source": "a.md", "position": 0}', 'first', null, '{"embedding_model": "new"}'$$,
      'embedding required', 'another model requires an embedding'),
    ($$'{"source": "b.md", "position": 0}', 'first', null, '{}'$$, 'embedding required',
      'a new document requires an embedding'),
    ($$'{"source": "a.md", "position": 0}', 'first', null, '{"metadata": {"v": 2}}'$$, 'updated',
      'changed metadata require no embedding'),
    ($$'{"source": "a.md", "position": 0}', 'other', 45, '{}'$$, 'updated', 'changed content is updated'),
    ($$'{"source": "a.md", "position": 0}', 'other', 45, '{"embedding_model": "new"}'$$, 'updated',
      'another model is updated'),
    ($$'{"source": "a.md", "position": 0}', 'other', 50, '{"embedding_model": "new"}'$$, 'updated',
      'another embedding is updated'),
    (format($$'{"id": "%s"}', 'by id', 70, '{}'$$, tests.id(0)), 'updated',
      'a document that came with a source can be named by its id')
) as c (arguments, status, label);

select results_eq(
  $$select content, metadata, embedding_model, embedding::text from ragwall.documents
    where source = 'a.md' and position = 0$$,
  $$values ('other', '{"v": 2}'::jsonb, 'new', tests.vec(50)::text)$$, 'absent metadata kept what was stored'
);
select results_eq(
  'select source, position, content from ragwall.documents where id = tests.id(0)',
  $$values ('shared.md', 0, 'by id')$$, 'an update by id keeps the source'
);
select results_eq(
  $$select id from ragwall.documents where source = 'a.md' order by position$$,
  $$select ragwall.document_id('acme', 'a.md', n) from generate_series(0, 1) as n$$,
  'the id of a new document follows from its tenant, source and position'
);

select is(
  ragwall.document_id('acme', 'a.md', 0), '229cbed8-d3ac-84d9-8a4b-753438088004'::uuid,
  'the id of a document is the same on every machine'
);
select is(
  (
    select count(distinct ragwall.document_id(tenant, source, n))::integer
    from (values ('ab', 'c'), ('a', 'bc'), ('a', 'c'), ('ab', 'bc')) as t (tenant, source), generate_series(0, 1) as n
  ),
  8, 'documents that differ in tenant, source or position have different ids'
);

select tests.become('globex');
select results_eq('ingest', array['inserted', 'inserted', 'inserted'],
  'the same ids and sources are new to another tenant');
select results_eq('ingest', array['unchanged', 'unchanged', 'unchanged'], 'documents that another tenant has inserted are its own from then on');

select throws_ok(
  format('select ragwall.upsert_documents(%L)', documents), sqlstate, message, format('refused: %s', documents)
)
from (
  values
    (null, 'RW201', 'the documents are expected to be a JSON array'),
    ('{}', 'RW201', 'the documents are expected to be a JSON array'),
    ('[1]', 'RW202', 'document 0 of the array is ill-formed'),
    ('[{"content": "x"}]', 'RW202', 'document 0 of the array is ill-formed'),
    ('[{"content": "x", "source": "a"}]', 'RW202', 'document 0 of the array is ill-formed'),
    ('[{"content": 1, "source": "a", "position": 0}]', 'RW202', 'document 0 of the array is ill-formed'),
    ('[{"content": "x", "source": "a", "position": 0, "id": "' || tests.id(1) || '"}]', 'RW202',
      'document 0 of the array is ill-formed'),
    ('[{"content": "x", "source": "a", "position": 0, "embedding": [1]}]', 'RW202',
      'document 0 of the array is ill-formed'),
    ('[{"content": "x", "source": "a", "position": 0, "metadata": []}]', 'RW202',
      'document 0 of the array is ill-formed'),
    ('[{"content": "x", "source": "a", "position": 0}, {"content": "y", "source": "a", "position": 0}]',
      'RW203', 'document 1 of the array is the same as one before it'),
    (format('[{"content": "x", "id": "%s"}, {"content": "y", "source": "shared.md", "position": 1}]', tests.id(1)),
      'RW203', 'document 1 of the array is the same as one before it'),
    ('[{"content": "x", "id": "0000000A-0000-4000-8000-000000000000"}, '
      || '{"content": "y", "id": "0000000a-0000-4000-8000-000000000000"}]',
      'RW203', 'document 1 of the array is the same as one before it')
) as refused (documents, sqlstate, message);

insert into ragwall.documents (id, content, embedding, embedding_model)
values (ragwall.document_id('globex', 'b.md', 0), 'by hand', tests.vec(0), 'test');
select throws_ok(
  $$select tests.upsert(jsonb_build_array(tests.document('{"source": "b.md", "position": 0}', 'mine', 0, '{}')))$$,
  'RW204', 'document 0 of the array would get an id that another document has', 'an id that was given by hand is not taken'
);
select is(
  (select content from ragwall.documents where id = ragwall.document_id('globex', 'b.md', 0)), 'by hand',
  'a document that was given an id by hand stays'
);

reset role;
select is(
  (select string_agg(content, ', ' order by content) from ragwall.documents where tenant_id = 'acm'),
  'acm secret 0, acm secret 1, acm secret 2', 'other tenants'' documents are as they were'
);

select * from finish();
-- It would outlive the transaction, and the next file may run in this session.
deallocate ingest;
rollback;
