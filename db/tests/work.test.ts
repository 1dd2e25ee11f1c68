/**
 * The work of a statement does not depend on other tenants: neither planning nor execution touches more pages, opens
 * more relations or takes more locks beside 1,000 search tables of others, or beside 400,000 of their rows.
 */
import type { Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { labDatabase } from '../../scripts/lab/attack-lab/stores.js';
import { connect } from '../../scripts/lab/setup.js';
import type { RunningEngine } from './engine/engine.js';

const engine = inject('engine');
const [fewRows, manyRows, tables] = [60_000, 400_000, 1_000];
const vector = `('[' || (select string_agg((case when i = 1 then 1 else cos(i) / 8 end)::text, ',') from generate_series(1, 64) as i) || ']')::public.halfvec`;

/** Relations that are locked, and pages that are touched: when a session does it for the first time, and again. */
interface Work {
  readonly locks: number;
  readonly first: number;
  readonly again: number;
}

const statements: [string, string, string][] = [
  ['a search of a small tenant', 'small', `select * from ragwall.match_documents(${vector}, 10)`],
  ['a search of a large tenant', 'large', `select * from ragwall.match_documents(${vector}, 10)`],
  ['a filtered search', 'large', `select * from ragwall.match_documents(${vector}, 10, '{"n": 3}')`],
  ['a search by words', 'small', `select * from ragwall.search_words('c', 10)`],
  ['a search of a large tenant by words', 'large', `select * from ragwall.search_words('c', 10)`],
  ['a search by both', 'large', `select * from ragwall.match_hybrid(${vector}, 'c', 10)`],
  [
    'an upsert',
    'small',
    `select * from ragwall.upsert_documents('[{"source": "s", "position": 3, "content": "new"}, {"source": "s", "position": 7, "content": "c"}]')`,
  ],
  ['a deletion', 'small', `select ragwall.delete_source('s', 49)`],
  ['a plain select', 'small', 'select count(*) from ragwall.documents'],
  ['a plain select of a large tenant', 'large', 'select count(*) from ragwall.documents where position < 100'],
  [
    'a search of one’s own',
    'small',
    `select id from ragwall.documents order by embedding operator(public.<=>) ${vector} limit 10`,
  ],
];

describe.skipIf(engine.kind === 'embedded')(
  'beside other tenants (needs a second database: the embedded engine has none)',
  () => {
    let lab: RunningEngine;
    let admin: Sql;
    const seen: Record<string, Work[]> = {};

    async function work(tenant: string, statement: string): Promise<Work> {
      const sql = connect(lab.appUrl as string);
      const explain = async (tx: Sql) => {
        const [row] = await tx.unsafe<
          { 'QUERY PLAN': [{ Plan: Record<string, number>; Planning: Record<string, number> }] }[]
        >(`explain (analyze, buffers, timing off, format json) ${statement}`);
        const told = row?.['QUERY PLAN'][0];
        return ['Shared Hit Blocks', 'Shared Read Blocks'].reduce(
          (sum, kind) => sum + (told?.Plan[kind] ?? 0) + (told?.Planning[kind] ?? 0),
          0,
        );
      };
      try {
        // In transactions that are rolled back, so that every run finds the same.
        const run = () =>
          sql
            .begin(async (tx) => {
              await tx`select ragwall.set_tenant(${tenant})`;
              const pages = await explain(tx as unknown as Sql);
              const [row] = await tx<{ locks: number }[]>`
              select count(distinct relation)::integer as locks from pg_locks
              where pid = pg_backend_pid() and locktype = 'relation' and relation >= 16384`;
              throw Object.assign(new Error('undo'), { pages, locks: row?.locks });
            })
            .catch((error: { pages: number; locks: number }) => error);
        const first = await run();
        await run();
        const again = await run();
        if (first.pages === undefined) throw first;
        return { first: first.pages, again: again.pages, locks: again.locks };
      } finally {
        await sql.end();
      }
    }

    async function observe() {
      await admin`vacuum analyze ragwall.documents_rows, ragwall_search.words`;
      await admin`vacuum analyze pg_catalog.pg_class, pg_catalog.pg_attribute, pg_catalog.pg_index`;
      for (const [name, tenant, statement] of statements) {
        seen[name] = [...(seen[name] ?? []), await work(tenant, statement)];
      }
    }

    const fill = (tenants: string, rows: number) =>
      admin.unsafe(`
      insert into ragwall.documents (tenant_id, source, position, content, embedding, embedding_model, metadata)
      select ${tenants}, 's', n, 'c', ((select array_agg(cos(i * (n % 1000))) from generate_series(1, 64) as i
        where n is not null)::real[])::public.halfvec, 'm', jsonb_build_object('n', n % 50)
      from generate_series(1, ${rows}) as n`);

    /** Stores rows of others, with words that are not made of their texts: that would take minutes. */
    async function crowd(store: () => Promise<unknown>) {
      await admin`update ragwall_search.word_settings set configuration = null`;
      await store();
      await admin`update ragwall_search.word_settings set configuration = 'simple'`;
      await admin`
        insert into ragwall_search.words (tenant_id, id, version, terms, words)
        select tenant_id, id, 1, '{1}', '{1:1}/1000000000' from ragwall.documents where tenant_id <> all ('{small,large}')
        on conflict do nothing`;
    }

    beforeAll(async () => {
      lab = await labDatabase(engine);
      admin = connect(lab.adminUrl, { connection: { 'ragwall.search_table_from': 1000 } } as object);
      for (const table of ['ragwall.documents_rows', 'ragwall_search.words']) {
        await admin.unsafe(`alter table ${table} set (autovacuum_enabled = off)`);
      }
      // Nothing is there yet that could be without words.
      await admin`select ragwall.enable_words('simple')`;
      await admin`update ragwall_search.word_settings set filled = true`;
      await fill(`'small'`, 50);
      await fill(`'large'`, 2_000);
      await crowd(() => fill(`'n' || n % 3000`, fewRows));
      for (const { index_plan } of await admin<{ index_plan: string }[]>`select ragwall.index_plan()`) {
        await admin.unsafe(index_plan);
      }
      await observe();
      await admin.unsafe(`do $$ declare model constant name := (select relation from ragwall_search.directory); begin
      for n in 1..${tables} loop
        execute format('create table ragwall_search.search_%s (like ragwall_search.%I including all)', n, model);
        execute format('alter table ragwall_search.search_%s owner to ragwall_owner', n);
        insert into ragwall_search.directory (tenant_id, relation, documents, ef_10, ef_100, built_at)
        values ('n' || n, 'search_' || n, 20, 40, 100, now());
        insert into ragwall_search.tail select 'n' || n, gen_random_uuid() from generate_series(1, 20);
      end loop; end $$`);
      await observe();
      await crowd(() =>
        admin.unsafe(`
          insert into ragwall.documents (tenant_id, source, position, content, embedding, embedding_model)
          select 'm' || n % 3000, 's', n, 'c', d.embedding, 'm'
          from generate_series(1, ${manyRows - fewRows}) as n,
            (select embedding from ragwall.documents where tenant_id = 'small' limit 1) as d`),
      );
      await observe();
    }, 280_000);
    afterAll(async () => {
      await admin.end();
      await lab.stop();
    });

    describe.each(statements.map(([name]) => name))('%s', (name) => {
      const [alone, besideTables, besideRows] = [0, 1, 2].map((n) => () => seen[name]?.[n] as Work) as [
        () => Work,
        () => Work,
        () => Work,
      ];

      it('opens and locks the same relations', () => {
        expect(alone().locks).toBeLessThan(20);
        expect([besideTables().locks, besideRows().locks]).toEqual([alone().locks, alone().locks]);
      });

      // One page more where a key has become one level deeper.
      it('touches the same pages, beside 1,000 search tables', () => {
        expect(Math.abs(besideTables().again - alone().again)).toBeLessThanOrEqual(3);
        expect(besideTables().first / alone().first).toBeLessThan(1.05);
      });

      it('touches the same pages, beside 400,000 rows', () => {
        expect(Math.abs(besideRows().again - alone().again)).toBeLessThanOrEqual(0.05 * alone().again + 2);
        expect(besideRows().first / alone().first).toBeLessThan(1.05);
      });
    });

    it('the same statements would open every neighbour’s partial index in the table, so the counts can tell', async () => {
      await admin.unsafe(`
      create table public.control (tenant_id text, embedding halfvec(64));
      grant select on public.control to app_user;
      do $$ begin for n in 1..100 loop
        execute format('create index on public.control using hnsw (embedding halfvec_cosine_ops) where tenant_id = %L', 'n' || n);
      end loop; end $$`);
      const { locks } = await work('small', `select count(*) from public.control where tenant_id = 'small'`);
      await admin`drop table public.control`;
      expect(locks).toBeGreaterThan(100);
    });
  },
);
