--! Previous: sha1:235ea70a1e2a446ee6a4cadc1d85955eb8ca37dc
--! Hash: sha1:b7f28c2792876e8a641d670c262af984a51ad42b
--! Message: measure-search-tables

-- How well a search table finds the nearest documents, and by which hnsw.ef_search.

do $$ begin perform ragwall.begin_migration(13); end $$;

set local role ragwall_owner;

do $$ begin perform '[1]':::VECTOR_SCHEMA.halfvec; end $$;

-- Questions are seldom as near to a document as documents are to each other, so a question is made of a document by
-- keeping a tenth of its numbers. A near document that is as near as the last of the right ones counts as right.
create function ragwall_search.measure(
  relation name,
  documents bigint,
  out ef_10 integer,
  out ef_100 integer,
  out recall_10 double precision,
  out recall_100 double precision
)
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set hnsw.iterative_scan = off
  set hnsw.ef_search = 40
as $$
declare
  -- More than the 99 percent that are wanted: the recall for questions of people was up to 0.007 less than for these.
  enough constant double precision := 0.992;
  questions :VECTOR_SCHEMA.halfvec[];
  distances double precision[];
  last_10 double precision[] := '{}';
  last_100 double precision[] := '{}';
  ef integer;
  began timestamptz;
  exact interval;
  share_10 double precision;
  share_100 double precision;
begin
  execute format(
    'select array_agg(case when :VECTOR_SCHEMA.l2_norm(q.masked) > 0 then q.masked else q.embedding end)
    from (
      select s.embedding, (
        select array_agg(case when random() < 0.1 then e.x else 0 end order by e.i)
        from unnest(s.embedding::real[]) with ordinality as e (x, i)
      ):::VECTOR_SCHEMA.halfvec as masked
      from (select r.embedding from ragwall_search.%I as r order by random() limit 100) as s
    ) as q',
    relation
  ) into questions;
  if questions is null then
    return;
  end if;
  perform set_config('enable_seqscan', 'on', true);
  began := clock_timestamp();
  for q in 1..cardinality(questions) loop
    execute format(
      'select array(
        select s.embedding operator(:VECTOR_SCHEMA.<=>) $1 as distance from ragwall_search.%I as s
        order by (s.embedding operator(:VECTOR_SCHEMA.<=>) $1) + 0 limit 100
      )',
      relation
    ) into distances using questions[q];
    last_10 := last_10 || distances[least(10, documents)];
    last_100 := last_100 || distances[least(100, documents)];
  end loop;
  exact := clock_timestamp() - began;
  perform set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
  foreach ef in array array[40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1000] loop
    perform set_config('hnsw.ef_search', ef::text, true);
    share_10 := 0;
    share_100 := 0;
    began := clock_timestamp();
    for q in 1..cardinality(questions) loop
      execute format(
        'select array(
          select s.embedding operator(:VECTOR_SCHEMA.<=>) $1 as distance
          from ragwall_search.%I as s order by distance limit 100
        )',
        relation
      ) into distances using questions[q];
      share_10 := share_10 + (select count(*) from unnest(distances[:10]) as d where d <= last_10[q]);
      share_100 := share_100 + (select count(*) from unnest(distances) as d where d <= last_100[q]);
    end loop;
    -- From here on an exact search takes less time. Who has search tables for less wants them whatever they cost.
    exit when documents >= 1000 and clock_timestamp() - began > exact;
    recall_10 := share_10 / (least(10, documents) * cardinality(questions));
    recall_100 := case when ef >= 100 then share_100 / (least(100, documents) * cardinality(questions)) end;
    if recall_10 >= enough then
      ef_10 := coalesce(ef_10, ef);
    end if;
    if recall_100 >= enough then
      ef_100 := coalesce(ef_100, ef);
    end if;
    exit when ef_10 is not null and ef_100 is not null;
  end loop;
end
$$;

comment on function ragwall_search.measure(name, bigint) is
  'Returns the least hnsw.ef_search by which a search table gives the ten, and the hundred, nearest to 100 questions '
  'that are made of its documents; null if none up to 1000 does, or only in more time than an exact search. recall_10, '
  'recall_100: what share the last one that was tried has found; null if the first took too long. relation: in '
  'ragwall_search. documents: how many it has. For build_search_table() and measure_search_table().';

select ragwall.fix_plans('ragwall_search.measure(name, bigint)', 'generic');

create function ragwall.measure_search_table()
  returns text
  language plpgsql
  volatile
  parallel unsafe
  security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := ragwall.require_tenant();
  entry ragwall_search.directory;
  measured record;
  counted bigint;
begin
  select s.* into entry from ragwall_search.directory as s where s.tenant_id = tenant for update;
  if entry.relation is null then
    return 'no search table';
  end if;
  execute format('select count(*) from ragwall_search.%I', entry.relation) into counted;
  measured := ragwall_search.measure(entry.relation, counted);
  update ragwall_search.directory as s
  set (measured, ef_10, ef_100, recall_10, recall_100, measured_at)
    = (s.applied, measured.ef_10, measured.ef_100, measured.recall_10, measured.recall_100, clock_timestamp())
  where s.tenant_id = tenant;
  return format('measured: recall %s of 10, %s of 100', round(measured.recall_10::numeric, 3),
    round(measured.recall_100::numeric, 3));
end
$$;

comment on function ragwall.measure_search_table() is
  'Measures the recall of the bound tenant''s search table again, sets the hnsw.ef_search of its searches accordingly, '
  'and says what it found. Raises RW001 if no tenant is bound. For members of ragwall_owner. Security definer: it runs '
  'as the owner, who is bound by the policies.';

reset role;
