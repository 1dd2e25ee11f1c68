/** A large tenant is searched by a table of its own: with the answers of the exact search, whatever has changed since. */
import { setTimeout as delay } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { vectorText } from '../../src/client/vector.js';
import type { Filter, NewDocument } from '../../src/index.js';
import { forTenant, needs, rolledBack } from './engine/session.js';
import { useSession } from './engine/use-session.js';

const engine = inject('engine');
const size = engine.kind === 'embedded' ? 1_100 : 1_600;
const clusters = 40;
const session = useSession({ max: 8 });

/** Numbers from −1 to 1, the same on every run. */
function noise(seed: number) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 1073741823.5 - 1;
  };
}

/** Forty clusters in 1536 dimensions; a vector is near the centre of one of them. */
function vector(cluster: number, seed: number): Float32Array {
  const centre = noise(1 + cluster);
  const own = noise(1000 + seed);
  return Float32Array.from({ length: 1536 }, () => centre() + 0.9 * own());
}

const document = (tenant: string, n: number, embedding = vector(n % clusters, n)): NewDocument => ({
  source: 'all',
  position: n,
  content: `${tenant} ${n}`,
  embedding,
  embeddingModel: 'noise',
  metadata: { cluster: n % clusters, half: n % 2 === 0, tenth: n % 10 === 7, rare: n % 100 === 0, unique: n },
});

/** Runs what is due, statement by statement, as a DBA does; what it says of each. */
async function upkeep(sql: Sql): Promise<string[]> {
  const said: string[] = [];
  for (const { statement } of await sql<{ statement: string }[]>`select ragwall.index_plan() as statement`) {
    const results = (await sql.unsafe(statement)) as unknown as Record<string, unknown>[][];
    said.push(String(Object.values(results.at(-1)?.[0] ?? {})[0]));
  }
  return said;
}

const entryOf = (sql: Sql, tenant: string) =>
  sql`
  select relation, documents::integer, applied::integer, tail::integer, ef_10, recall_10, due
  from ragwall.search_tables where tenant_id = ${tenant}`.then(([row]) => row as Record<string, unknown>);

const large = () => forTenant(session.app, 'large');

beforeAll(async () => {
  for (const tenant of ['large', 'other']) {
    await forTenant(session.app, tenant).upsertDocuments(Array.from({ length: size }, (_, n) => document(tenant, n)));
  }
  expect(await session.admin(upkeep)).toEqual([
    'registered',
    'registered',
    `built: ${size} documents`,
    `built: ${size} documents`,
  ]);
}, 120_000);
afterAll(async () => {
  await session.admin(async (sql) => {
    await sql`delete from ragwall.documents`;
    while ((await upkeep(sql)).length > 0) {
      await sql`update ragwall_search.directory set built_at = built_at - interval '2 minutes'`;
    }
    expect(
      await sql`
        select relname from pg_class where relnamespace = 'ragwall_search'::regnamespace and relname ~ '^search_'`,
    ).toHaveLength(0);
  });
}, 60_000);

/** Returns the contents of the exact answer, computed without any function of ours. */
async function exact(query: Float32Array, k: number, filter: Filter = {}) {
  const rows = await session.admin(
    (sql) => sql<{ content: string }[]>`
      select content from ragwall.documents
      where tenant_id = 'large' and metadata @> ${JSON.stringify(filter)}::text::jsonb
      order by (embedding <=> ${vectorText(query)}) + 0, id limit ${k}`,
  );
  return rows.map((row) => row.content);
}

async function found(query: Float32Array, k: number, filter?: Filter) {
  const rows = await large().matchDocuments(query, { k, ...(filter ? { filter } : {}) });
  expect(rows.map((row) => row.similarity)).toEqual(rows.map((row) => row.similarity).sort((a, b) => b - a));
  return rows.map((row) => row.content);
}

const queries = Array.from({ length: engine.kind === 'embedded' ? 6 : 20 }, (_, n) => ({
  cluster: n * 2,
  vector: vector(n * 2, 50_000 + n),
}));

/** What share of the exact answers is found. Every answer is as long as the exact one, and has nothing twice. */
async function recall(k: number, filter?: (cluster: number) => Filter): Promise<number> {
  let hits = 0;
  let all = 0;
  for (const query of queries) {
    const fits = filter?.(query.cluster);
    const truth = await exact(query.vector, k, fits);
    const answer = await found(query.vector, k, fits);
    expect(answer).toHaveLength(truth.length);
    expect(new Set(answer).size).toBe(answer.length);
    hits += answer.filter((content) => truth.includes(content)).length;
    all += truth.length;
  }
  return all === 0 ? 1 : hits / all;
}

const filters: [string, ((cluster: number) => Filter) | undefined][] = [
  ['no filter', undefined],
  ['half of the documents fit', () => ({ half: true })],
  ['one in ten fits', () => ({ tenth: true })],
  ['one in a hundred fits', () => ({ rare: true })],
  ['the cluster of the question fits', (cluster) => ({ cluster })],
  ['another cluster fits', (cluster) => ({ cluster: (cluster + 20) % clusters })],
  ['one document fits', () => ({ unique: 77 })],
  ['none fits', () => ({ unique: -1 })],
];

describe.each([10, 50, 100])('at k = %i recall is 0.99 or more, and as many come back as there are', (k) => {
  it.each(filters)('%s', async (_, filter) => {
    expect(await recall(k, filter)).toBeGreaterThanOrEqual(0.99);
  });
});

it('k may be 1 to 1000', async () => {
  for (const k of [1, 999, 1000]) expect(await found(queries[0]?.vector as Float32Array, k)).toHaveLength(k);
});

it('other tenants’ documents are never among what is found', async () => {
  for (const { vector } of queries) {
    expect((await found(vector, 1000)).every((content) => content.startsWith('large '))).toBe(true);
  }
});

it('the HNSW index is what answers: without it the search is exact', async () => {
  const used = await session.admin(async (sql) => {
    const scans = async () => {
      await sql`select pg_stat_force_next_flush()`;
      const [row] = await sql<{ scans: number }[]>`
        select idx_scan::integer as scans from pg_stat_user_indexes
        where schemaname = 'ragwall_search' and indexrelname like '%hnsw'
          and relname = (select relation from ragwall_search.directory where tenant_id = 'large')`;
      return row?.scans ?? Number.NaN;
    };
    const before = await scans();
    await rolledBack(sql, async (tx) => {
      await tx`select ragwall.set_tenant('large')`;
      await tx`select ragwall.match_documents(${vectorText(queries[0]?.vector as Float32Array)}, 10)`;
      return undefined;
    });
    await sql`select pg_sleep(0.1)`;
    return (await scans()) - before;
  });
  expect(used).toBe(1);
});

describe('after changes that are not yet in the search table', () => {
  const moved = (n: number) => vector((n + 7) % clusters, 90_000 + n);

  beforeAll(async () => {
    // 150 get another vector, 100 are new, 100 go: the nearest of the first question among them.
    await large().upsertDocuments(Array.from({ length: 150 }, (_, n) => document('large', n, moved(n))));
    await large().upsertDocuments(Array.from({ length: 100 }, (_, n) => document('large', size + n)));
    const near = await large().matchDocuments(queries[0]?.vector as Float32Array, { k: 30 });
    await large().deleteDocuments({ ids: near.map(({ id }) => id) });
    await large().deleteDocuments({ source: 'all', fromPosition: size + 30 });
    expect((await session.admin((sql) => entryOf(sql, 'large'))).tail).toBeGreaterThan(340);
  });

  const answers = () =>
    describe.each([10, 50])('at k = %i', (k) => {
      it.each(filters)('recall is 0.99 or more: %s', async (_, filter) => {
        expect(await recall(k, filter)).toBeGreaterThanOrEqual(0.99);
      });
    });

  describe('before catch_up()', () => {
    answers();

    it('what has a new vector is found by it first, and what is deleted is not found', async () => {
      for (const n of [0, 50, 149]) expect((await found(moved(n), 1))[0]).toBe(`large ${n}`);
      const all = await found(queries[0]?.vector as Float32Array, 1000);
      expect(all).not.toContain(`large ${size + 40}`);
    });

    it('one’s own open transaction finds what it has written, and not what it took back', async () => {
      const fresh = vector(3, 123_456);
      await large()
        .transaction(async (tx) => {
          await tx.upsertDocuments([{ ...document('large', 9_000, fresh), content: 'mine' }]);
          expect((await tx.matchDocuments(fresh, { k: 1 }))[0]?.content).toBe('mine');
          throw new Error('undo');
        })
        .catch(() => {});
      expect((await found(fresh, 1))[0]).not.toBe('mine');
    });
  });

  describe('after it', () => {
    beforeAll(async () => {
      const steps: number[] = [];
      await large().transaction(async (tx) => {
        for (let step = -1; step !== 0; ) {
          const [row] = await tx.sql<{ n: number }[]>`select ragwall.catch_up(100) as n`;
          step = row?.n ?? 0;
          steps.push(step);
        }
      });
      expect(steps.slice(0, -1).every((step) => step > 0 && step <= 100)).toBe(true);
    }, 60_000);
    answers();

    it('the search table is what the documents are', async () => {
      const entry = await session.admin((sql) => entryOf(sql, 'large'));
      expect(entry).toMatchObject({ tail: 0 });
      const difference = await session.admin((sql) =>
        sql.unsafe(`
          (select id, embedding::text, metadata from ragwall.documents where tenant_id = 'large'
           except select id, embedding::text, metadata from ragwall_search.${entry.relation})
          union all
          (select id, embedding::text, metadata from ragwall_search.${entry.relation}
           except select id, embedding::text, metadata from ragwall.documents where tenant_id = 'large')`),
      );
      expect(difference).toHaveLength(0);
    });
  });
});

describe('upkeep', () => {
  it('builds a worn search table anew beside the old one, which goes a minute later', async () => {
    await session.admin(async (sql) => {
      await upkeep(sql);
      const before = await entryOf(sql, 'other');
      await sql`update ragwall_search.directory set applied = documents where tenant_id = 'other'`;
      expect(await entryOf(sql, 'other')).toMatchObject({ due: 'build' });
      expect(await upkeep(sql)).toContain(`built: ${size} documents`);
      const after = await entryOf(sql, 'other');
      expect(after).toMatchObject({ due: null, applied: 0 });
      expect(after.relation).not.toBe(before.relation);
      const there = () =>
        sql`select from pg_class where relname = ${String(before.relation)}`.then(({ count }) => count);
      expect(await upkeep(sql)).toEqual([]);
      expect(await there()).toBe(1);
      await sql`update ragwall_search.directory set built_at = built_at - interval '2 minutes' where tenant_id = 'other'`;
      expect(await upkeep(sql)).toEqual(['dropped']);
      expect(await there()).toBe(0);
    });
  }, 60_000);

  it('measures again after changes, and does not use an index that finds too little', async () => {
    await session.admin(async (sql) => {
      const relation = String((await entryOf(sql, 'other')).relation);
      await rolledBack(sql, async (tx) => {
        // A graph with so few edges that it leads hardly anywhere.
        await tx.unsafe(`
          drop index ragwall_search.${relation}_hnsw;
          create index on ragwall_search.${relation} using hnsw (embedding halfvec_cosine_ops)
            with (m = 2, ef_construction = 4)`);
        await tx`select ragwall.set_tenant('other')`;
        await tx`select ragwall.measure_search_table()`;
        const [row] = await tx`select ef_10, recall_10 from ragwall_search.directory where tenant_id = 'other'`;
        expect(row?.ef_10 === null || row?.ef_10 > 100).toBe(true);
        return undefined;
      });
    });
  }, 120_000);

  it('answers exactly, and says so, where a search table is missing', async () => {
    await session.admin((sql) =>
      rolledBack(sql, async (tx) => {
        const [row] = await tx`select relation from ragwall_search.directory where tenant_id = 'large'`;
        await tx.unsafe(`drop table ragwall_search.${row?.relation}`);
        expect(await tx`select due from ragwall.search_tables where tenant_id = 'large'`).toMatchObject([
          { due: 'build' },
        ]);
        await tx`select ragwall.set_tenant('large')`;
        const rows = await tx<{ content: string }[]>`
          select content from ragwall.match_documents(${vectorText(queries[1]?.vector as Float32Array)}, 10)`;
        expect(rows.map(({ content }) => content)).toEqual(await exactIn(tx, queries[1]?.vector as Float32Array));
        return undefined;
      }),
    );
  });

  it('answers exactly where documents went without a trigger', async () => {
    await session.admin((sql) =>
      rolledBack(sql, async (tx) => {
        await tx`alter table ragwall.documents disable trigger note_change`;
        await tx`delete from ragwall.documents where tenant_id = 'large' and position % 40 in (0, 2, 4)`;
        await tx`select ragwall.set_tenant('large')`;
        for (const { vector } of queries.slice(0, 3)) {
          for (const filter of [null, '{"half": true}']) {
            const rows = await tx<{ content: string }[]>`
              select content from ragwall.match_documents(${vectorText(vector)}, 50, ${filter}::text::jsonb)`;
            expect(rows.map(({ content }) => content)).toEqual(await exactIn(tx, vector, 50, filter ?? '{}'));
          }
        }
        return undefined;
      }),
    );
  });

  const exactIn = async (tx: postgres.TransactionSql, query: Float32Array, k = 10, filter = '{}') =>
    (
      await tx<{ content: string }[]>`
        select content from ragwall.documents where tenant_id = 'large' and metadata @> ${filter}::text::jsonb
        order by 1 - (embedding <=> ${vectorText(query)}) desc, id limit ${k}`
    ).map(({ content }) => content);

  it('notes what another server’s changes are applied by, and a key that an administrator changes', async () => {
    await session.admin((sql) =>
      rolledBack(sql, async (tx) => {
        const tail = () =>
          tx<{ tenant_id: string }[]>`select tenant_id from ragwall_search.tail order by tenant_id`.then((rows) =>
            rows.map((row) => row.tenant_id),
          );
        await tx`set local session_replication_role = replica`;
        await tx`update ragwall.documents set content = 'replicated' where ctid = (select min(ctid) from ragwall.documents where tenant_id = 'large')`;
        expect(await tail()).toEqual(['large']);
        await tx`update ragwall.documents set tenant_id = 'other', position = 77777
          where ctid = (select max(ctid) from ragwall.documents where tenant_id = 'large')`;
        expect(await tail()).toEqual(['large', 'large', 'other']);
        return undefined;
      }),
    );
  });

  it('takes no lock on documents that stops a reader or a writer', async () => {
    await session.admin((sql) =>
      rolledBack(sql, async (tx) => {
        await tx`select ragwall.set_tenant('other')`;
        await tx`select ragwall.build_search_table()`;
        const modes = await tx<{ mode: string }[]>`
          select distinct mode from pg_locks
          where pid = pg_backend_pid() and relation in (
            select c.oid from pg_class as c where c.relname like 'documents%' and c.relnamespace = 'ragwall'::regnamespace
          )`;
        expect(modes.map(({ mode }) => mode)).toEqual(['AccessShareLock']);
        return undefined;
      }),
    );
  }, 60_000);
});

describe('beside other sessions', () => {
  const open: Sql[] = [];
  const login = (options: object = {}) => {
    const sql = postgres(engine.adminUrl, { max: 1, onnotice: () => {}, ...options });
    open.push(sql);
    return sql;
  };
  afterAll(async () => {
    await Promise.all(open.map((sql) => sql.end({ timeout: 1 })));
  });
  const bound = (sql: Sql, tenant: string, call: string) =>
    sql.unsafe(`select ragwall.set_tenant('${tenant}'); select ragwall.${call}`);

  it('the first build waits for writers that may not have noted, and says who they are', async (context) => {
    needs(context, engine, ['docker', 'url'], 'a second session');
    const [dba, writer] = [login(), login()];
    const fresh = vector(5, 7);
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const [{ pid } = {}] = await writer<{ pid: number }[]>`select pg_backend_pid() as pid`;
    let writing: Promise<unknown> | undefined;
    await new Promise<void>((written) => {
      writing = writer.begin(async (tx) => {
        await tx`
          insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
          values ('late', 'written before', ${vectorText(fresh)}, 'noise')`;
        written();
        await released;
      });
    });
    await dba`
      insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
      select 'late', 'n ' || n, ${vectorText(vector(1, 1))}, 'noise' from generate_series(1, 20) as n`;
    await bound(dba, 'late', 'build_search_table()');
    await expect(bound(dba, 'late', 'build_search_table()')).rejects.toMatchObject({
      code: 'RW304',
      detail: expect.stringContaining(`process ${pid}, user postgres, database `),
    });
    release();
    await writing;
    await bound(dba, 'late', 'build_search_table()');
    expect(await entryOf(dba, 'late')).toMatchObject({ documents: 21, tail: 0 });
    expect((await forTenant(session.app, 'late').matchDocuments(fresh, { k: 1 }))[0]?.content).toBe('written before');
  }, 60_000);

  it('a transaction with an old snapshot notes what it writes', async (context) => {
    needs(context, engine, ['docker', 'url'], 'a second session');
    const [dba, writer] = [login(), login()];
    await dba`
      insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
      select 'snapshot', 'n ' || n, ${vectorText(vector(1, 1))}, 'noise' from generate_series(1, 20) as n`;
    const fresh = vector(6, 8);
    await writer.begin('isolation level repeatable read', async (tx) => {
      await tx`select count(*) from ragwall.documents`;
      await bound(dba, 'snapshot', 'build_search_table()');
      await bound(dba, 'snapshot', 'build_search_table()');
      await tx`
        insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
        values ('snapshot', 'written after', ${vectorText(fresh)}, 'noise')`;
    });
    expect(await entryOf(dba, 'snapshot')).toMatchObject({ documents: 20, tail: 1 });
    expect((await forTenant(session.app, 'snapshot').matchDocuments(fresh, { k: 1 }))[0]?.content).toBe(
      'written after',
    );
  }, 60_000);

  it('a build whose backend is killed leaves nothing behind, and can be run again', async (context) => {
    needs(context, engine, ['docker', 'url'], 'a second session');
    const [dba, builder] = [login(), login()];
    const [{ pid } = {}] = await builder<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const tables = () =>
      dba`select relname from pg_class where relnamespace = 'ragwall_search'::regnamespace and relkind = 'r'`;
    const before = await tables();
    const building = bound(builder, 'large', 'build_search_table()').then(
      () => 'built',
      () => 'lost',
    );
    await delay(150);
    await dba`select pg_terminate_backend(${pid as number})`;
    const outcome = await building;
    if (outcome === 'lost') expect(await tables()).toHaveLength(before.length);
    expect(await recall(10)).toBeGreaterThanOrEqual(0.99);
    await bound(dba, 'large', 'build_search_table()');
    expect(await entryOf(dba, 'large')).toMatchObject({ tail: 0, due: null });
    expect(await recall(10)).toBeGreaterThanOrEqual(0.99);
  }, 60_000);

  it('nothing is lost, stale or twice while documents change, are brought in and the table is built anew', async (context) => {
    needs(context, engine, ['docker', 'url'], 'several sessions');
    const until = Date.now() + 8_000;
    let searches = 0;
    let builds = 0;
    let next = 20_000;
    const fresh = () => {
      next += 1;
      return next;
    };
    const writer = async (seed: number) => {
      const pick = noise(seed);
      while (Date.now() < until) {
        await large()
          .transaction(async (tx) => {
            for (let n = 0; n < 3; n += 1) {
              const at = Math.floor((pick() + 1) * 700);
              if (pick() < -0.5)
                await tx.deleteDocuments({ source: 'all', fromPosition: 19_000 + Math.floor((pick() + 1) * 500) });
              else if (pick() < 0.2) await tx.upsertDocuments([document('large', at, vector(at % clusters, next))]);
              else await tx.upsertDocuments([document('large', fresh())]);
            }
            await delay(Math.abs(pick()) * 30);
          })
          .catch((error) => expect(error.code).toBe('40P01')); // a deadlock of documents in different orders
      }
    };
    const keeper = async () => {
      const sql = login();
      while (Date.now() < until) {
        await bound(sql, 'large', 'catch_up(20)');
        await delay(20);
      }
    };
    const builder = async () => {
      const sql = login();
      while (Date.now() < until) {
        await bound(sql, 'large', 'build_search_table()');
        builds += 1;
        await delay(500);
      }
    };
    let hits = 0;
    let all = 0;
    const searcher = async (seed: number) => {
      const sql = login();
      const pick = noise(seed);
      while (Date.now() < until) {
        const query = vectorText(vector(Math.floor((pick() + 1) * 19), 70_000 + searches));
        // Both answers come from one snapshot.
        await sql.begin('isolation level repeatable read', async (tx) => {
          await tx`select ragwall.set_tenant('large')`;
          await tx`set local role app_user`;
          const rows = await tx<{ id: string; similarity: number; right: number }[]>`
            select m.id, m.similarity, 1 - (d.embedding operator(public.<=>) ${query}::public.halfvec) as right
            from ragwall.match_documents(${query}, 10) as m left join ragwall.documents as d using (id)`;
          const truth = await tx<{ id: string }[]>`
            select id from ragwall.documents order by 1 - (embedding operator(public.<=>) ${query}::public.halfvec) desc, id
            limit 10`;
          expect(rows).toHaveLength(10);
          expect(new Set(rows.map(({ id }) => id)).size).toBe(10);
          for (const row of rows) expect(row.similarity).toBe(row.right);
          hits += rows.filter(({ id }) => truth.some((one) => one.id === id)).length;
          all += 10;
        });
        searches += 1;
      }
    };
    await Promise.all([writer(1), writer(2), writer(3), keeper(), builder(), searcher(4), searcher(5)]);
    expect(searches).toBeGreaterThan(20);
    expect(builds).toBeGreaterThan(0);
    expect(hits / all).toBeGreaterThanOrEqual(0.98);
    await session.admin((sql) => sql`select ragwall.set_tenant('large'), ragwall.catch_up(100000)`);
    expect(await recall(10)).toBeGreaterThanOrEqual(0.98);
  }, 60_000);
});
