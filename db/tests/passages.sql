-- What is written to ragwall_api.passages is written to the documents of the bound tenant. What is refused is an error.
begin;
select plan(43);
select tests.seed();

create function tests.answer(statement text)
  returns text
  language plpgsql
as $$
declare
  one record;
  answer text := '';
begin
  for one in execute statement loop
    answer := answer || one::text;
  end loop;
  return answer;
end
$$;

comment on function tests.answer(text) is 'The rows that a statement returns, one after the other.';

-- As another session would.
create function tests.changed(id uuid)
  returns boolean
  language plpgsql
as $$
begin
  update ragwall.documents as d set metadata = '{"changed": true}' where d.id = changed.id;
  return true;
end
$$;

set local role app_user;
select tests.become('globex');

select results_eq(
  'select id, source, position, content, metadata, embedding, embedding_model from ragwall_api.passages order by id',
  'select id, source, position, content, metadata, embedding, embedding_model from ragwall.documents order by id',
  'passages are the documents of the bound tenant'
);

-- Insertion.
select is(
  tests.answer($$insert into ragwall_api.passages (id, content, metadata, embedding, embedding_model)
    values (tests.id(10), 'ten', '{"a": 1}', tests.vec(10), 'm'), (tests.id(11), 'eleven', null, tests.vec(11), 'm')
    returning id = tests.id(10), source, position, content, metadata, embedding = tests.vec(10), embedding_model$$),
  '(t,,,ten,"{""a"": 1}",t,m)(f,,,eleven,{},f,m)',
  'insertion returns what was stored'
);
select results_eq(
  $$select id, tenant_id collate "default", content, metadata
    from ragwall.documents where id in (tests.id(10), tests.id(11)) order by id$$,
  $$values (tests.id(10), 'globex', 'ten', '{"a": 1}'::jsonb), (tests.id(11), 'globex', 'eleven', '{}')$$,
  'an inserted row belongs to the bound tenant'
);
select isnt(
  tests.answer($$insert into ragwall_api.passages (content, embedding, embedding_model)
    values ('made', tests.vec(12), 'm') returning id$$),
  '()', 'a row without an id gets one'
);
select is(
  tests.answer($$insert into ragwall_api.passages (source, position, content, embedding, embedding_model)
    values ('new.md', 0, 'sourced', tests.vec(13), 'm') returning id$$),
  format('(%s)', ragwall.document_id('globex', 'new.md', 0)), 'the id of a source and position is that of upsert_documents()'
);
select is(
  tests.answer($$insert into ragwall_api.passages (source, position, content, embedding, embedding_model)
    values ('shared.md', 1, 'replaced', tests.vec(13), 'm') returning id$$),
  format('(%s)', tests.id(1)), 'a source and position that are there keep their id'
);
select is(content, 'replaced', 'and the row is replaced') from ragwall.documents where id = tests.id(1);
select is(
  tests.answer($$insert into ragwall_api.passages (id, content, embedding, embedding_model)
    values (tests.id(2), 'by id', tests.vec(13), 'm') returning source, position, content$$),
  '(shared.md,2,"by id")', 'a row that is replaced by its id keeps its source'
);
select is(
  tests.answer($$insert into ragwall_api.passages (id, source, position, content, embedding, embedding_model)
    values (tests.id(2), 'shared.md', 2, 'by both', tests.vec(13), 'm') returning content$$),
  '("by both")', 'a row may name both'
);
select lives_ok(
  $$insert into ragwall_api.passages (id, content, embedding, embedding_model)
    values (tests.id(20), 'first', tests.vec(13), 'm'), (tests.id(20), 'second', tests.vec(13), 'm')$$,
  'a statement may name an id twice'
);
select is(content, 'second', 'the last row of an id counts') from ragwall.documents where id = tests.id(20);
reset role;
select tests.become('globex');
insert into ragwall_search.directory (tenant_id, built_at) values ('globex', now());
set local role app_user;
select is(
  tests.answer($$insert into ragwall_api.passages (id, content, embedding, embedding_model)
    values (tests.id(2), 'by both', tests.vec(13), 'm') returning source, content$$),
  '(shared.md,"by both")', 'a row may be inserted as it is'
);
reset role;
select is_empty('select id from ragwall_search.tail', 'a row that is inserted as it is is not written');
delete from ragwall_search.directory;
set local role app_user;

-- What is refused.
select throws_ok(
  $$insert into ragwall_api.passages (id, source, position, content, embedding, embedding_model)
    values (tests.id(2), 'other.md', 2, 'x', tests.vec(13), 'm')$$,
  'RW204', 'another passage has the id of this one', 'an id does not move to another source'
);
select throws_ok(
  $$insert into ragwall_api.passages (content, embedding) values ('x', tests.vec(13))$$,
  'RW206', 'the passage has no embedding_model', 'a row without a model is refused'
);
select throws_ok(
  format('insert into ragwall_api.passages (source, position, content, embedding, embedding_model, metadata) values %s', row),
  code, null, label
)
from (
  values
    ($$(null, null, null, tests.vec(1), 'm', '{}')$$, '23502', 'a row without content is refused'),
    ($$(null, null, 'x', null, 'm', '{}')$$, '23502', 'a row without an embedding is refused'),
    ($$(null, null, 'x', '[1]', 'm', '{}')$$, '23514', 'an embedding of other dimensions is refused'),
    ($$(null, null, 'x', tests.vec(1), 'm', '[]')$$, '23514', 'metadata that are no object are refused'),
    ($$('s', null, 'x', tests.vec(1), 'm', '{}')$$, '23514', 'a source without a position is refused'),
    ($$(null, 1, 'x', tests.vec(1), 'm', '{}')$$, '23514', 'a position without a source is refused'),
    ($$(null, null, 'x', tests.vec(1), '', '{}')$$, '23514', 'an empty name of a model is refused')
) as r (row, code, label);

reset role;
alter view ragwall_api.passages alter column embedding_model set default 'preset';
set local role app_user;
select is(
  tests.answer($$insert into ragwall_api.passages (content, embedding) values ('x', tests.vec(13)) returning embedding_model$$),
  '(preset)', 'the owner may set a default model'
);

-- Updates.
select is(
  tests.answer($$update ragwall_api.passages set metadata = metadata || '{"b": 2}', content = upper(content), id = id
    where metadata ->> 'a' = '1' returning id = tests.id(10), content, metadata$$),
  '(t,TEN,"{""a"": 1, ""b"": 2}")', 'an update returns what is stored now'
);
select is(content || metadata, 'TEN{"a": 1, "b": 2}', 'and has stored it') from ragwall.documents where id = tests.id(10);
select throws_ok(
  format('update ragwall_api.passages set %s where id = tests.id(2)', change),
  'RW207', 'id, source and position of a passage do not change', format('no update of a key: %s', change)
)
from unnest(array['id = tests.id(99)', 'source = ''other.md''', 'position = 9', 'source = null, position = null']) as change;
select throws_ok(
  'update ragwall_api.passages set content = ''x'' where id = tests.id(2) and tests.changed(id)',
  '40001', 'the passage was changed while it was being updated', 'what was written meanwhile is not lost'
);

-- Deletion.
select is(
  tests.answer($$delete from ragwall_api.passages where id = any (array[tests.id(10), tests.id(11)]::uuid[]) returning id in (tests.id(10), tests.id(11))$$),
  '(t)(t)', 'deletion returns what was deleted'
);
select is_empty(
  $$select id from ragwall.documents where id in (tests.id(10), tests.id(11))$$, 'and it is no longer there'
);
select is(tests.answer($$delete from ragwall_api.passages where id = tests.id(10) returning id$$), '', 'nothing to delete is no error');

-- Search.
select results_eq(
  $$select id, source, position, content, metadata, embedding, similarity
    from ragwall_api.match_passages(query_embedding => tests.vec(0), match_count => 2, filter => '{"n": 0}')$$,
  $$select m.id, m.source, m.position, m.content, m.metadata, d.embedding::real[], m.similarity
    from ragwall.match_documents(tests.vec(0), 2, '{"n": 0}') as m join ragwall.documents as d on d.id = m.id$$,
  'match_passages() finds what match_documents() finds, with embeddings'
);
select results_eq(
  format('select id from ragwall_api.match_passages(%s)', arguments),
  'select id from ragwall.match_documents(tests.vec(0), 1000)', format('without a filter: %s', arguments)
)
from unnest(array['tests.vec(0)', 'tests.vec(0), 1000', 'tests.vec(0), filter => ''{}''', 'tests.vec(0), 1000, null'])
  as arguments;
select throws_ok(
  format('select id from ragwall_api.match_passages(%s)', arguments), code, null, format('%s: %s', code, arguments)
)
from (
  values
    ('null', 'RW101'), ('tests.vec(0), 1.5', 'RW104'), ('tests.vec(0), null', 'RW104'),
    ('tests.vec(0), ''NaN''', 'RW104'), ('tests.vec(0), 1, ''[]''', 'RW105')
) as a (arguments, code);

select * from finish();
rollback;
