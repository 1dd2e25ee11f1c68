-- Attacks E12 to E17: neither the caller's functions, nor plans, nor statistics tell of another tenant's rows.
begin;
select plan(28);
select tests.seed();

create function tests.spy(content text)
  returns boolean
  language plpgsql
  cost 0.0001
as $$
begin
  if content like 'acme%' then
    raise exception 'saw %', content;
  end if;
  return true;
end
$$;

insert into ragwall.documents (tenant_id, source, position, content, embedding, embedding_model)
values ('acme', 'merger.md', 777, 'acme merger', tests.vec(0), 'test');

select tests.become('globex');
select unnest(array[
  is(tests.attack(change, plans || attack), answer, format('%s: %s', vector, label)),
  alike(
    tests.attack(concat_ws(';', change, breach), plans || attack), seen,
    format('%s, control: without the wall that works', vector)
  )
])
from
  (
    values
      ('E12', 'a cheap function of the caller''s sees no other row', '', 'globex',
        'alter table ragwall.documents disable row level security', 'P0001 saw acme %',
        $$select string_agg(distinct tenant_id, ' ') from ragwall.documents where tests.spy(content)$$),
      ('E12b', 'an operator that raises sees no other row', '', 'globex',
        'alter table ragwall.documents disable row level security', '22012 division by zero',
        $$select string_agg(distinct tenant_id, ' ') from ragwall.documents where 1 / (position - 777) <= 0$$),
      ('E12c', 'a function that claims to be leakproof sees no other row', 'alter function tests.spy(text) leakproof', 'globex',
        'alter policy tenant_floor on ragwall.documents using (tenant_id = (select ragwall.current_tenant()))',
        'P0001 saw acme %',
        $$select string_agg(distinct tenant_id, ' ') from ragwall.documents where tests.spy(content)$$),
      ('E12d', 'the owner of a function cannot mark it leakproof', 'alter function tests.spy(text) owner to app_user',
        '42501 only superuser can define a leakproof function', 'alter role app_user superuser', 'done',
        $$alter function tests.spy(text) leakproof; select 'done'$$)
  ) as e (vector, label, change, answer, breach, seen, attack),
  concat('set local enable_indexscan = off; set local enable_bitmapscan = off; set local enable_indexonlyscan = off; ',
    'set local enable_partition_pruning = off; ') as plans;

-- 300 rows of acme's, and names that have none.
insert into ragwall.documents (tenant_id, source, position, content, embedding, embedding_model, created_at)
select 'acme', 'big.md', n, 'we buy initech', tests.vec(0), 'test', '2020-01-01'
from generate_series(1, 300) as n;
analyze ragwall.documents;

create function tests.explained(query text)
  returns text
  language plpgsql
as $$
declare
  line text;
  answer text := '';
begin
  for line in execute query loop
    answer := answer || line || chr(10);
  end loop;
  return answer;
end
$$;

create function tests.told(guess text, setting text, breach text, explain text, condition text)
  returns text
  language sql
  return replace(
    tests.attack(
      breach,
      format(
        'set local %s = off; select tests.explained(%L)', setting,
        format('%s select from ragwall.documents where %s', explain, format(condition, guess))
      )
    ),
    format('%L', guess), '?'
  );

comment on function tests.told(text, text, text, text, text) is
  'What explain tells app_user of a guess, without the guess itself.';

create table tests.guesses as
select *
from
  (
    values
      ('E15', 'a name', 'explain', 'tenant_id = %L', 'acme', 'nobody'),
      ('E15c', 'a content', 'explain', 'content = %L', 'we buy initech', 'we buy zenith'),
      ('E16b', 'a time', 'explain (analyze, buffers off, costs off, timing off, summary off)', 'created_at < %L',
        '2020-01-02 00:00:00+00', '2019-01-02 00:00:00+00'),
      ('E16c', 'a source', 'explain (analyze, buffers off, costs off, timing off, summary off)', 'source = %L',
        'big.md', 'bag.md')
  ) as g (vector, label, explain, condition, hit, miss),
  format(
    case explain when 'explain' then 'alter table %1$s alter tenant_id set statistics 100, alter content set statistics 100;
      analyze %1$s'
    else 'alter table ragwall.documents drop constraint documents_pkey,
      drop constraint documents_tenant_id_source_position_key;
      create index on %1$s (created_at); create index on %1$s (source)' end,
    'ragwall.documents_rows'
  ) as breach;

select tests.become('nobody');
select is(
  tests.told(hit, setting, '', explain, condition), tests.told(miss, setting, '', explain, condition),
  format('%s: explain tells of %s that acme has what it tells of one that nobody has (%s off)', vector, label, setting)
)
from tests.guesses, unnest(array['jit', 'enable_indexscan', 'enable_seqscan', 'enable_partition_pruning']) as setting;

select isnt(
  tests.told(hit, 'enable_seqscan', breach, explain, condition),
  tests.told(miss, 'enable_seqscan', breach, explain, condition),
  format('%s, control: with %s it would tell', vector, case explain when 'explain' then 'statistics' else 'an index' end)
)
from tests.guesses;

select * from finish();
rollback;
