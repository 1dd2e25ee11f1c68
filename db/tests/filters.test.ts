/** Filters fit what docs/filters.md says, whatever metadata there are: as one jsonpath, by the indexes, and in searches. */
import fc from 'fast-check';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { vectorText } from '../../src/client/vector.js';
import type { JsonObject } from '../../src/index.js';
import { fuzz } from './bad-input.js';
import { declared, filter, fits, metadata, rangeFilter } from './engine/filters.js';
import { needs, rolledBack } from './engine/session.js';
import { useSession } from './engine/use-session.js';

const engine = inject('engine');
const session = useSession({ clear: true });

const { seed } = fuzz(1);
const sample = <T>(arbitrary: fc.Arbitrary<T>, runs: number) => fc.sample(arbitrary, fuzz(runs));
const chunks = <T>(all: readonly T[], size: number) =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));

/** What has to be empty: at most three cases that are wrong, to be tried again by RAGWALL_FUZZ_SEED. */
function expectNone(wrong: readonly unknown[]) {
  expect(wrong.slice(0, 3), `seed ${seed}: ${wrong.length} are wrong`).toEqual([]);
}

describe('on any metadata', () => {
  const objects = sample(metadata, 300);

  it('a filter fits exactly the metadata that the reference says', async () => {
    const wrong: unknown[] = [];
    const shares: number[] = [];
    // Each filter is tried on every tenth object.
    for (const filters of chunks(sample(fc.oneof(filter, filter, rangeFilter), 10_000), 1_000)) {
      const rows = await session.admin(
        (sql) => sql<{ fitting: string }[]>`
          with object as materialized (
            select o.value, o.n from jsonb_array_elements(${JSON.stringify(objects)}::text::jsonb) with ordinality as o (value, n)
          ), path as materialized (
            select ragwall.filter_path(f.filter) as path, f.n
            from jsonb_array_elements(${JSON.stringify(filters)}::text::jsonb) with ordinality as f (filter, n)
          )
          select string_agg((o.value @? p.path)::integer::text, '' order by o.n) as fitting
          from path as p join object as o on o.n % 10 = p.n % 10 group by p.n order by p.n`,
      );
      expect(rows).toHaveLength(filters.length);
      for (const [n, one] of filters.entries()) {
        const found = rows[n]?.fitting as string;
        const tried = objects.filter((_, at) => at % 10 === n % 10);
        shares.push([...found].filter((bit) => bit === '1').length / tried.length);
        for (const [at, object] of tried.entries()) {
          const right = fits(object, one);
          if (found[at] !== (right ? '1' : '0')) wrong.push({ filter: one, metadata: object, right });
        }
      }
    }
    expectNone(wrong);
    // Control: the filters tell something.
    expect(shares.filter((share) => share > 0 && share < 1).length).toBeGreaterThan(shares.length / 5);
  }, 60_000);

  it('whatever fits fulfils the condition for the indexes of ranges, and little else does', async () => {
    const filters = sample(rangeFilter, 400);
    const rows = await session.admin((sql) =>
      rolledBack(sql, async (tx) => {
        await tx`
          create temporary table s on commit drop as
          select o.value as metadata from jsonb_array_elements(${JSON.stringify(objects.slice(0, 100))}::text::jsonb) as o (value)`;
        await tx.unsafe(`
          create function pg_temp.missed(filter jsonb, out condition text, out missed jsonb[], out passed integer)
            language plpgsql
          as $$
          begin
            condition := ragwall_search.range_condition(filter, '{${declared.map((name) => JSON.stringify(name).replaceAll("'", "''")).join()}}');
            execute format('select array_agg(metadata) filter (where (true %1$s) is not true and metadata @? $1),
              count(*) filter (where true %1$s) from pg_temp.s', condition)
            into missed, passed using ragwall.filter_path(filter);
          end
          $$`);
        return await tx<{ condition: string; missed: unknown; passed: number; filter: unknown }[]>`
          select m.condition, to_jsonb(m.missed) as missed, m.passed, f.value as filter
          from jsonb_array_elements(${JSON.stringify(filters)}::text::jsonb) as f, pg_temp.missed(f.value) as m`;
      }),
    );
    expectNone(rows.filter(({ missed }) => missed !== null));
    expectNone(rows.filter(({ condition }) => !condition.startsWith(' and (ragwall_search.range_key(')));
    // Of a hundred objects; those that have a list there always pass.
    expect(rows.filter(({ passed }) => passed < 50).length).toBe(rows.length);
  }, 60_000);
});

describe('in a search of a tenant', () => {
  const size = engine.kind === 'embedded' ? 600 : 1_500;
  const stored = new Map<string, JsonObject>();
  const filters = [...sample(filter, 150), ...sample(rangeFilter, 150)];

  /** Stores metadata as documents, and keeps what is stored by id. */
  async function store(objects: readonly JsonObject[], from: number) {
    const rows = await session.admin(
      (sql) => sql<{ id: string; metadata: JsonObject }[]>`
        insert into ragwall.documents as d (tenant_id, id, content, embedding, embedding_model, metadata)
        select 'filtered', tests.id(${from} + o.n::integer), 'c', tests.vec(o.n * 0.1), 'test', o.value
        from jsonb_array_elements(${JSON.stringify(objects)}::text::jsonb) with ordinality as o (value, n)
        on conflict (tenant_id, id) do update set metadata = excluded.metadata
        returning d.id, d.metadata`,
    );
    for (const row of rows) stored.set(row.id, row.metadata);
  }

  /** Searches by all filters, as it is when `directory` is as given, and compares with the reference. */
  async function compare(directory: string) {
    const wrong: unknown[] = [];
    const vector = vectorText(Float32Array.from({ length: 1536 }, (_, n) => (n < 2 ? 1 : 0)));
    const right = filters.map((one) =>
      [...stored]
        .filter(([, object]) => fits(object, one))
        .map(([id]) => id)
        .sort(),
    );
    await session.admin((sql) =>
      rolledBack(sql, async (tx) => {
        await tx.unsafe(`update ragwall_search.directory set ${directory} where tenant_id = 'filtered'`);
        await tx`select tests.become('filtered')`;
        await tx`set local role app_user`;
        for (const part of chunks([...filters.entries()], 50)) {
          const asked = part.flatMap(([n, one]) => {
            const all = right[n]?.length as number;
            const ks = [n % 3 === 0 ? 1000 : Math.min(Math.max(all, 1), 1000), ...(n % 3 === 1 ? [10] : [])];
            return ks.map((k) => ({ n, k, filter: one }));
          });
          const rows = await tx<{ ids: string[] }[]>`
            select array(select m.id from ragwall.match_documents(${vector}, (a.value ->> 'k')::integer, a.value -> 'filter') as m) as ids
            from jsonb_array_elements(${JSON.stringify(asked)}::text::jsonb) with ordinality as a (value, n) order by a.n`;
          for (const [at, { n, k, filter }] of asked.entries()) {
            const fitting = right[n] as string[];
            const ids = [...(rows[at]?.ids ?? [])].sort();
            const good =
              k >= fitting.length
                ? ids.join() === fitting.join()
                : ids.length === k && new Set(ids).size === k && ids.every((id) => fitting.includes(id));
            if (!good) wrong.push({ filter, k, found: ids.length, right: fitting.length });
          }
        }
        return undefined;
      }),
    );
    expectNone(wrong);
    expect(right.filter((ids) => ids.length > 0 && ids.length < stored.size).length).toBeGreaterThan(
      filters.length / 2,
    );
  }

  beforeAll(async () => {
    for (const [n, part] of chunks(sample(metadata, size), 300).entries()) await store(part, n * 300);
  }, 60_000);
  afterAll(() => session.admin((sql) => sql`select tests.clear()`));

  it('that has no search table', () => compare('documents = documents'), 60_000);

  describe('that has one', () => {
    beforeAll(async () => {
      await session.admin(async (sql) => {
        for (const name of declared) await sql`select ragwall.declare_filter(${name})`;
        await sql`select tests.enlarge('filtered')`;
      });
    }, 120_000);
    afterAll(() => session.admin((sql) => sql`delete from ragwall_search.filter_fields`));
    const ways: [string, string][] = [
      ['by its index of metadata and those of ranges', 'ef_10 = null, ef_100 = null'],
      ['by its HNSW index', `documents = 1000000, ef_10 = 40, ef_100 = 100`],
    ];
    it.each(ways)('%s', (_, directory) => compare(directory), 60_000);

    it('whose index is made while catch_up() returns and searches go on', async (context) => {
      needs(context, engine, ['docker', 'url'], 'a second session');
      const [dba, other] = [0, 1].map(() => postgres(engine.adminUrl, { max: 1, onnotice: () => {} })) as [Sql, Sql];
      try {
        await rolledBack(dba, async (tx) => {
          await tx`select ragwall.declare_filter('later')`;
          await tx`select ragwall.set_tenant('filtered')`;
          expect(await tx`select ragwall.index_search_table() as said`).toMatchObject([{ said: 'indexed' }]);
          await other.begin(async (beside) => {
            await beside`set local lock_timeout = '2s'`;
            await beside`select ragwall.set_tenant('filtered')`;
            await beside`update ragwall.documents set content = 'changed' where id = tests.id(1)`;
            expect(await beside`select ragwall.catch_up(10) as n`).toMatchObject([{ n: 0 }]);
            expect(
              await beside`select from ragwall.match_documents(tests.vec(1), 10, '{"n": {"$exists": true}}')`,
            ).toHaveLength(10);
          });
          return undefined;
        });
        // Control: without the lock it brings the change in.
        await other.begin(async (beside) => {
          await beside`select ragwall.set_tenant('filtered')`;
          expect(await beside`select ragwall.catch_up(10) as n`).toMatchObject([{ n: 1 }]);
        });
      } finally {
        await Promise.all([dba.end({ timeout: 1 }), other.end({ timeout: 1 })]);
      }
    }, 30_000);

    describe('and a tail', () => {
      beforeAll(async () => {
        // A tenth has other metadata, another is gone, and some are new.
        await store(sample(metadata, size * 1.1).slice(size, size * 1.1), 0);
        const gone = [...stored.keys()].slice(size / 2, size * 0.6);
        await session.admin(
          (sql) => sql`delete from ragwall.documents where tenant_id = 'filtered' and id = any (${gone})`,
        );
        for (const id of gone) stored.delete(id);
        await store(sample(metadata, size * 1.2).slice(size * 1.1, size * 1.15), size);
      });
      it.each(ways)('%s', (_, directory) => compare(directory), 60_000);
    });
  });
});
