-- Retrieval: the nearest first, exactly k, and a clear error for what cannot be asked.
begin;
select plan(32);
select tests.seed();
set local role app_user;

select throws_ok(
  'select * from ragwall.match_documents(tests.vec(0), 3)', 'RW001', 'no tenant is bound to this transaction',
  'a search without a tenant is refused'
);
select tests.become('acme');

select results_eq(
  'select tenant_id, id, content, metadata, round(similarity::numeric, 3) '
    || 'from ragwall.match_documents(tests.vec(10), 3)',
  $$values
    ('acme', tests.id(0), 'acme secret 0', '{"n": 0, "tenant": "acme"}'::jsonb, 0.985),
    ('acme', tests.id(1), 'acme secret 1', '{"n": 1, "tenant": "acme"}'::jsonb, 0.940),
    ('acme', tests.id(2), 'acme secret 2', '{"n": 2, "tenant": "acme"}'::jsonb, 0.643)$$,
  'the nearest documents come first, with their cosine similarity'
);
select results_eq(
  'select content from ragwall.match_documents(tests.vec(45), 2)', $$values ('acme secret 1'), ('acme secret 2')$$,
  'equal distances are ordered by id'
);
select results_eq(
  'select id, round(similarity::numeric, 3) from ragwall.match_documents(tests.vec(180), 1)',
  'values (tests.id(2), -0.500)', 'similarity is negative for what points away'
);
select results_eq(
  format('select count(*)::integer from ragwall.match_documents(tests.vec(0), %s)', k), array[least(k, 3)],
  format('k = %s returns as many as there are, at most k', k)
)
from unnest(array[1, 2, 3, 1000]) as k;
select results_eq(
  'select content from ragwall.match_documents(tests.vec(0), 3, ''{"n": 2}'')', array['acme secret 2'],
  'a filter keeps what contains it'
);
select is_empty(
  'select content from ragwall.match_documents(tests.vec(0), 3, ''{"n": 9}'')', 'a filter that nothing contains keeps nothing'
);
select results_eq(
  format('select count(*)::integer from ragwall.match_documents(tests.vec(0), 3, %s)', filter), array[3],
  format('the filter %s keeps everything', filter)
)
from unnest(array['null', '''{}''']) as filter;

select results_eq(
  format('select content from ragwall.match_documents(%s)', arguments), $$values ('acme secret 0'), ('acme secret 1')$$,
  format('can be called as (%s)', left(regexp_replace(arguments, '\[[^]]*\]', '[…]'), 90))
)
from unnest(array[
  'tests.vec(0), 2',
  'tests.vec(0)::public.vector, 2',
  'query_vec => tests.vec(0), k => 2',
  format('%L, 2, ''{}''', tests.vec(0)),
  format('%L, ''2'', ''{}''', tests.vec(0)),
  'tests.vec(0)::public.vector, 2, ''{}''::jsonb'
]) as arguments;

select throws_ok(
  format('select * from ragwall.match_documents(%s)', arguments), sqlstate, message, format('refused: %s', message)
)
from (
  values
    ('null::public.halfvec, 3', 'RW101', 'the query vector is null'),
    ('''[1,2,3]'', 3', 'RW102', format('the query vector is expected to have %s dimensions, and has 3',
      ragwall.embedding_dimensions())),
    ('l2_normalize(tests.vec(0) - tests.vec(0)), 3', 'RW103',
      'the query vector is all zeros, which have no direction'),
    ('tests.vec(0), 0', 'RW104', 'k is expected to be 1 to 1000'),
    ('tests.vec(0), 1001', 'RW104', 'k is expected to be 1 to 1000'),
    ('tests.vec(0), null', 'RW104', 'k is expected to be 1 to 1000'),
    ('tests.vec(0), 3, ''[1]''', 'RW105', 'the filter is expected to be a JSON object, or null for none')
) as refused (arguments, sqlstate, message);

select from set_config('tests.vec', tests.vec(0)::text, true);
reset role;
insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model)
  values ('globex', '00000000-0000-4000-8000-00000000beef', 'globex alone', tests.vec(0), 'test');
set local role agent_caller;
select results_eq(
  'select content from ragwall.agent_match_documents(current_setting(''tests.vec'')::public.halfvec, 3, ''{"n": 2}'')',
  array['acme secret 2'], 'agent_match_documents() searches with a filter as match_documents() does'
);
select results_eq(
  format('select count(similarity) from ragwall.agent_match_documents(current_setting(''tests.vec'')::public.halfvec, 3, null%s)', more),
  array[told::bigint], label
)
from (values ('', 0, 'it tells no similarity'), (', true', 3, 'unless it is asked for')) as v (more, told, label);
select results_eq(
  format('select tenant_id, id, source, position, content, metadata, similarity from ragwall.agent_document(%L)',
    '00000000-0000-4000-8000-000000000001'),
  $$values ('acme', '00000000-0000-4000-8000-000000000001'::uuid, 'shared.md', 1, 'acme secret 1',
    '{"n": 1, "tenant": "acme"}'::jsonb, null::double precision)$$,
  'agent_document() returns the one document, though others have one of this id'
);
select is_empty($$select from ragwall.agent_document('00000000-0000-4000-8000-00000000beef')$$, 'none of an id that another tenant alone has');
select is_empty('select from ragwall.agent_document(null)', 'and none for null');
select from set_config('app.current_tenant', '', true);
select throws_ok(
  $$select from ragwall.agent_document('00000000-0000-4000-8000-000000000001')$$,
  'RW001', 'no tenant is bound to this transaction', 'nor without a tenant'
);

select * from finish();
rollback;
