/** The client against a real database: what it returns, what it refuses, and what it never sends. */
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { forTenant, needs, poolOptions } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import type { Embedder } from '../embedders/embedder.js';
import type { Connections } from './connections.js';
import { deleteDocuments, matchDocuments, type NewDocument } from './documents.js';
import { handleOf, type TenantTransaction } from './handle.js';
import { setTenant } from './tenant.js';

const session = useSession();
beforeEach(() => session.admin((sql) => sql`delete from ragwall.documents`));

/** A unit vector at an angle in degrees: two of them have the cosine of their difference as similarity. */
function vec(degrees: number): Float32Array {
  const vector = new Float32Array(1536);
  vector[0] = Math.cos((degrees * Math.PI) / 180);
  vector[1] = Math.sin((degrees * Math.PI) / 180);
  return vector;
}

const passage = (position: number, content: string, degrees: number): NewDocument => ({
  source: 'handbook.md',
  position,
  content,
  embedding: vec(degrees),
  embeddingModel: 'angles',
});

async function seed() {
  for (const tenant of ['acme', 'globex']) {
    await forTenant(session.app, tenant).upsertDocuments(
      [0, 1, 2].map((n) => ({ ...passage(n, `${tenant} ${n}`, n * 30), metadata: { even: n % 2 === 0, tenant } })),
    );
  }
}

describe('matchDocuments', () => {
  beforeEach(seed);

  it('returns the nearest documents of its tenant, nearest first', async () => {
    const found = await forTenant(session.app, 'acme').matchDocuments(vec(0), { k: 2 });
    expect(found.map(({ id: _, ...rest }) => ({ ...rest, similarity: rest.similarity.toFixed(3) }))).toEqual([
      {
        tenantId: 'acme',
        ...{ source: 'handbook.md', position: 0, content: 'acme 0' },
        ...{ metadata: { even: true, tenant: 'acme' }, similarity: '1.000' },
      },
      {
        tenantId: 'acme',
        ...{ source: 'handbook.md', position: 1, content: 'acme 1' },
        ...{ metadata: { even: false, tenant: 'acme' }, similarity: '0.866' },
      },
    ]);
    const stored = { id: '00000000-0000-4000-8000-000000000001', content: 'by id', embeddingModel: 'angles' };
    await forTenant(session.app, 'acme').upsertDocuments([{ ...stored, embedding: vec(-80) }]);
    expect(await forTenant(session.app, 'acme').matchDocuments(vec(-80), { k: 1 })).toMatchObject([
      { id: stored.id, source: null, position: null },
    ]);
  });

  it('gives each tenant its own answer to the same question', async () => {
    const [a, b] = await Promise.all(
      ['acme', 'globex'].map((tenant) => forTenant(session.app, tenant).matchDocuments(vec(0))),
    );
    expect(a?.map((row) => row.content)).toEqual(['acme 0', 'acme 1', 'acme 2']);
    expect(b?.map((row) => row.content)).toEqual(['globex 0', 'globex 1', 'globex 2']);
  });

  it('accepts number[] and filters by metadata', async () => {
    const acme = forTenant(session.app, 'acme');
    const found = await acme.matchDocuments([...vec(60)], { filter: { even: true } });
    expect(found.map((row) => row.content)).toEqual(['acme 2', 'acme 0']);
    expect(await acme.matchDocuments(vec(0), { filter: { tenant: 'globex' } })).toEqual([]);
  });

  it('returns the same rows in sql.begin, in transaction() and on its own', async () => {
    const acme = forTenant(session.app, 'acme');
    const single = await acme.matchDocuments(vec(20), { k: 3, filter: { tenant: 'acme' } });
    const begun = await session.app.begin(async (tx) => {
      await setTenant(tx, 'acme');
      return matchDocuments(tx, vec(20), 3, { tenant: 'acme' });
    });
    const guarded = await acme.transaction((tx) => tx.matchDocuments(vec(20), { k: 3, filter: { tenant: 'acme' } }));
    expect(single).toHaveLength(3);
    expect(begun).toEqual(single);
    expect(guarded).toEqual(single);
  });

  it('leaves no tenant behind on the connection', async () => {
    await forTenant(session.app, 'acme').matchDocuments(vec(0));
    await forTenant(session.app, 'acme').transaction(async (tx) => tx.sql`select 1`);
    expect(await session.app`select id from ragwall.documents`).toEqual([]);
    expect(await session.app`select ragwall.current_tenant() as tenant`).toEqual([{ tenant: null }]);
  });

  it('fails without a tenant instead of returning nothing', async () => {
    await expect(session.app.begin((tx) => matchDocuments(tx, vec(0), 3))).rejects.toMatchObject({
      code: 'RW001',
      hint: expect.stringContaining('ragwall.set_tenant'),
    });
  });
});

describe('upsertDocuments', () => {
  const counting = (calls: string[][]): Embedder => ({
    model: 'angles',
    embed: async (texts) => {
      calls.push([...texts]);
      return texts.map((_, i) => vec(i));
    },
  });
  const handbook = ['one', 'two', 'three'].map((content, position) => ({ source: 'handbook.md', position, content }));

  it('embeds only what is new or changed, and repeating it changes nothing', async () => {
    const acme = forTenant(session.app, 'acme');
    const calls: string[][] = [];
    const embedder = counting(calls);
    expect(await acme.upsertDocuments(handbook, { embedder, batchSize: 2 })).toEqual({
      inserted: 3,
      updated: 0,
      unchanged: 0,
    });
    expect(calls).toEqual([['one', 'two'], ['three']]);
    const before = await session.admin((sql) => sql`select xmin, * from ragwall.documents order by id`);
    expect(await acme.upsertDocuments(handbook, { embedder })).toEqual({ inserted: 0, updated: 0, unchanged: 3 });
    expect(await session.admin((sql) => sql`select xmin, * from ragwall.documents order by id`)).toEqual(before);
    const changed = handbook.map((document) =>
      document.position === 1 ? { ...document, content: 'TWO', metadata: { edited: true } } : document,
    );
    expect(await acme.upsertDocuments(changed, { embedder })).toEqual({ inserted: 0, updated: 1, unchanged: 2 });
    expect(calls.slice(2)).toEqual([['TWO']]);
  });

  it('takes any length of input, one batch at a time, and reports each', async () => {
    async function* many() {
      for (let n = 0; n < 25; n += 1) yield passage(n, `passage ${n}`, n);
    }
    const sizes: number[] = [];
    const counts = await forTenant(session.app, 'acme').upsertDocuments(many(), {
      batchSize: 10,
      onBatch: (stored) => sizes.push(stored.length),
    });
    expect(counts.inserted).toBe(25);
    expect(sizes).toEqual([10, 10, 5]);
  });

  it('reads the next batch while one is stored, and no further', async () => {
    const seen: string[] = [];
    function* read() {
      for (let n = 0; n < 4; n += 1) {
        seen.push(`read ${n}`);
        yield passage(n, `${n}`, n);
      }
    }
    await forTenant(session.app, 'acme').upsertDocuments(read(), {
      batchSize: 1,
      onBatch: () => void seen.push('stored'),
    });
    expect(seen).toEqual(['read 0', 'read 1', 'stored', 'read 2', 'stored', 'read 3', 'stored', 'stored']);
  });

  it('keeps what was stored before a document that is refused, by itself or by the database', async () => {
    const acme = forTenant(session.app, 'acme');
    const code = (documents: NewDocument[]) =>
      acme.upsertDocuments(documents, { batchSize: 1 }).catch((error) => error.code);
    const [good, bad] = [passage(0, 'good', 0), passage(-1, 'bad', 0)];
    expect(await code([good, bad, passage(2, 'never', 0)])).toBe('INVALID_DOCUMENT');
    const missing = { source: 'handbook.md', position: 3, content: 'missing' };
    expect(await code([good, missing, passage(4, 'read already', 0), passage(5, 'never', 0)])).toBe(
      'EMBEDDER_REQUIRED',
    );
    const rows = await session.admin((sql) => sql`select position from ragwall.documents`);
    expect(rows.map(({ position }) => position)).toEqual([0]);
  });

  it('refuses an embedder that leaves a vector out, and a document of another model', async () => {
    const acme = forTenant(session.app, 'acme');
    const idle = { model: 'angles', embed: async () => [vec(0), vec(1), undefined as unknown as Float32Array] };
    await expect(acme.upsertDocuments(handbook, { embedder: idle })).rejects.toMatchObject({
      code: 'EMBEDDING_FAILED',
    });
    const [first] = handbook;
    await expect(
      acme.upsertDocuments([{ ...(first as NewDocument), embeddingModel: 'other' }], { embedder: idle }),
    ).rejects.toMatchObject({ code: 'INVALID_DOCUMENT' });
  });

  it('keeps metadata that a writer before it has not committed yet', async (context) => {
    needs(context, inject('engine'), ['docker', 'url'], 'a second connection');
    const acme = forTenant(session.app, 'acme');
    await acme.upsertDocuments([passage(0, 'one', 0)]);
    let other: Promise<unknown> | undefined;
    await acme.transaction(async (tx) => {
      await tx.upsertDocuments([{ ...passage(0, 'one', 0), metadata: { acl: 'restricted' } }]);
      other = acme.upsertDocuments([passage(0, 'two', 0)]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
    await other;
    expect((await acme.matchDocuments(vec(0)))[0]).toMatchObject({ content: 'two', metadata: { acl: 'restricted' } });
  });

  it('does not deadlock with deletions of the same source', async () => {
    const acme = forTenant(session.app, 'acme');
    const documents = Array.from({ length: 50 }, (_, n) => passage(n, `passage ${n}`, n));
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([
        acme.upsertDocuments(documents),
        acme.deleteDocuments({ source: 'handbook.md' }),
        acme.upsertDocuments(documents.map((document) => ({ ...document, content: `round ${round}` }))),
        acme.deleteDocuments({ source: 'handbook.md', fromPosition: 25 }),
      ]);
    }
  });

  it('tells what to do when an embedding is missing', async () => {
    await expect(forTenant(session.app, 'acme').upsertDocuments(handbook)).rejects.toMatchObject({
      code: 'EMBEDDER_REQUIRED',
    });
  });

  it('stores the same id for two tenants, and neither learns of the other', async () => {
    const id = '00000000-0000-4000-8000-000000000001';
    for (const tenant of ['acme', 'globex']) {
      const stored: unknown[] = [];
      await forTenant(session.app, tenant).upsertDocuments(
        [{ id, content: tenant, embedding: vec(0), embeddingModel: 'angles' }],
        { onBatch: (batch) => stored.push(...batch) },
      );
      expect(stored).toEqual([{ id, status: 'inserted' }]);
    }
    const globex = forTenant(session.app, 'globex');
    expect(await globex.deleteDocuments({ ids: [id] })).toBe(1);
    expect(await globex.deleteDocuments({ ids: [id] })).toBe(0);
    expect(await forTenant(session.app, 'acme').matchDocuments(vec(0))).toHaveLength(1);
  });

  it('survives two ingests of the same source at once', async () => {
    const acme = forTenant(session.app, 'acme');
    const documents = Array.from({ length: 50 }, (_, n) => passage(n, `passage ${n}`, n));
    const counts = await Promise.all([documents, [...documents].reverse()].map((d) => acme.upsertDocuments(d)));
    expect(counts.reduce((sum, c) => sum + c.inserted + c.updated + c.unchanged, 0)).toBe(100);
    expect(await acme.matchDocuments(vec(0), { k: 100 })).toHaveLength(50);
  });
});

describe('deleteDocuments', () => {
  beforeEach(seed);

  it('deletes a source of its tenant, from a position on, and nobody else’s', async () => {
    const acme = forTenant(session.app, 'acme');
    expect(await acme.deleteDocuments({ source: 'handbook.md', fromPosition: 2 })).toBe(1);
    expect(await acme.transaction((tx) => deleteDocuments(tx.sql, { source: 'handbook.md' }))).toBe(2);
    expect(await acme.matchDocuments(vec(0))).toEqual([]);
    expect(await forTenant(session.app, 'globex').matchDocuments(vec(0))).toHaveLength(3);
  });
});

describe('catchUp', () => {
  beforeEach(seed);
  afterEach(() =>
    session.admin(async (sql) => {
      await sql`delete from ragwall.documents`;
      const [row] = await sql`select relation from ragwall_search.directory`;
      await sql.unsafe(`drop table if exists ragwall_search.${row?.relation ?? 'none'}`);
      await sql`delete from ragwall_search.directory`;
      await sql`delete from ragwall_search.tail`;
    }),
  );

  const build = () =>
    session.admin((sql) => {
      const step = `begin; select ragwall.set_tenant('acme'); select ragwall.build_search_table(); commit;`;
      return sql.unsafe(step).then(() => sql.unsafe(step));
    });
  const add = (count: number) =>
    forTenant(session.app, 'acme').upsertDocuments(
      Array.from({ length: count }, (_, n) => passage(10 + n, `more ${n}`, n)),
    );
  const tails = () =>
    session.admin((sql) =>
      sql`select applied::integer, tail::integer from ragwall.search_tables`.then((rows) => [...rows]),
    );

  it('brings the changes of its tenant into the search table, as many as it was told', async () => {
    const [acme, globex] = [forTenant(session.app, 'acme'), forTenant(session.app, 'globex')];
    expect(await acme.catchUp()).toBe(0);
    await build();
    await add(5);
    expect(await globex.catchUp()).toBe(0);
    const found = await acme.matchDocuments(vec(0), { k: 8 });
    expect(await tails()).toEqual([{ applied: 0, tail: 5 }]);
    expect(await acme.catchUp(2)).toBe(2);
    expect(await acme.transaction((tx) => tx.catchUp(1))).toBe(1);
    expect(await tails()).toEqual([{ applied: 3, tail: 2 }]);
    expect(await acme.catchUp()).toBe(2);
    expect(await acme.catchUp()).toBe(0);
    expect(await tails()).toEqual([{ applied: 5, tail: 0 }]);
    expect(found).toHaveLength(8);
    expect(await acme.matchDocuments(vec(0), { k: 8 })).toEqual(found);
  });

  it('undoes nothing when its transaction is rolled back: the changes stay noted', async () => {
    await build();
    await add(3);
    const failed = forTenant(session.app, 'acme').transaction(async (tx) => {
      expect(await tx.catchUp()).toBe(3);
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    expect(await tails()).toEqual([{ applied: 0, tail: 3 }]);
  });
});

it('answers each call at once on a connection whose prepared statements are gone, after one another', async (context) => {
  needs(context, inject('engine'), ['docker', 'url'], 'a connection of its own');
  await seed();
  const sent: number[] = [];
  const url = inject('engine').appUrl ?? '';
  const sql = postgres(url, { ...poolOptions, max: 1, onnotice: () => {}, debug: () => void sent.push(0) });
  const searchAll = () =>
    Promise.all(
      ['acme', 'globex', 'acme', 'initech'].map(async (tenant) => {
        const found = await forTenant(sql, tenant).matchDocuments(vec(0), { k: 1 });
        sent.push(1);
        return found.map(({ content }) => content);
      }),
    );
  const expected = [['acme 0'], ['globex 0'], ['acme 0'], []];
  try {
    expect(await searchAll()).toEqual(expected);
    for (let n = 0; n < 5; n += 1) {
      await sql.unsafe('deallocate all');
      const late = sleep(3_000, 'hung', { ref: false });
      expect(await Promise.race([searchAll(), late])).toEqual(expected);
    }
    sent.length = 0;
    await searchAll();
    // One is sent when the one before it was answered; its caller learns of it a moment before or after.
    const underWay = sent.map((_, n) => sent.slice(0, n + 1).reduce((sum, told) => sum + 1 - 2 * told, 0));
    expect(underWay).toHaveLength(8);
    expect(Math.max(...underWay)).toBeLessThanOrEqual(2);
  } finally {
    await sql.end({ timeout: 1 });
  }
});

it('is not misled by the rows of a statement that failed half way on the same connection', async () => {
  await seed();
  const acme = forTenant(session.app, 'acme');
  const fail = () => session.app`select 1 / (3 - n) from generate_series(1, 5) as n`.catch(() => {});
  for (let n = 0; n < 8; n += 1) await fail(); // on each connection of the pool
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      expect(Object.keys(await acme.matchDocuments(vec(0)))).toEqual(['0', '1', '2']);
      await fail();
    }),
  );
  await fail();
  expect(await acme.deleteDocuments({ source: 'handbook.md' })).toBe(3);
});

describe('transaction', () => {
  beforeEach(seed);

  it('runs any SQL under the tenant, and rolls back what throws', async () => {
    const acme = forTenant(session.app, 'acme');
    const contents = await acme.transaction(
      (tx) => tx.sql<{ content: string }[]>`select content from ragwall.documents order by content`,
    );
    expect(contents.map((row) => row.content)).toEqual(['acme 0', 'acme 1', 'acme 2']);
    await expect(
      acme.transaction(async (tx) => {
        await tx.upsertDocuments([passage(9, 'never', 0)]);
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await acme.matchDocuments(vec(0))).toHaveLength(3);
  });

  it('fails with what kept its tenant from being bound, whatever its callback makes of it', async () => {
    const forged = forTenant(session.app, 'acme', { signer: async () => 'no token' });
    for (const fn of [
      () => Promise.resolve('done'),
      (tx: TenantTransaction) => tx.sql`select 1`,
      (tx: TenantTransaction) => tx.sql`select 1`.catch(() => 'swallowed'),
      (tx: TenantTransaction) => tx.upsertDocuments([passage(0, 'x', 0)]).catch(() => 'swallowed'),
      () => Promise.reject(new Error('its own')),
    ]) {
      await expect(forged.transaction<unknown>(fn)).rejects.toMatchObject({ code: 'RW005' });
    }
    const [row] = await session.admin(
      (sql) => sql`select count(*)::integer from ragwall.documents where content = 'x'`,
    );
    expect(row?.count).toBe(0);
  });

  it('has the methods of its handle, and reads what it has written', async () => {
    const acme = forTenant(session.app, 'acme');
    const counts = await acme.transaction(async (tx) => {
      expect(Object.isFrozen(tx)).toBe(true);
      expect(tx.tenantId).toBe('acme');
      const deleted = await tx.deleteDocuments({ source: 'handbook.md' });
      const sizes: number[] = [];
      const added = [0, 1, 2].map((n) => passage(n, `new ${n}`, n));
      const counted = await tx.upsertDocuments(added, {
        batchSize: 2,
        onBatch: (stored) => void sizes.push(stored.length),
      });
      expect(await tx.matchDocuments(vec(0), { k: 1 })).toMatchObject([{ content: 'new 0' }]);
      return { deleted, sizes, counted };
    });
    const counted = { inserted: 3, updated: 0, unchanged: 0 };
    expect(counts).toEqual({ deleted: 3, sizes: [2, 1], counted });
    expect(await forTenant(session.app, 'globex').matchDocuments(vec(0))).toHaveLength(3);
  });

  it('embeds nothing, and says so', async () => {
    const acme = forTenant(session.app, 'acme');
    const unembedded = { source: 'handbook.md', position: 7, content: 'new' };
    const embedder = { model: 'angles', embed: () => expect.fail('it embedded') };
    const upsert = (options?: object) => acme.transaction((tx) => tx.upsertDocuments([unembedded], options));
    await expect(upsert({ embedder })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(upsert()).rejects.toMatchObject({ code: 'EMBEDDER_REQUIRED' });
  });

  it('stays with its tenant', async () => {
    await expect(forTenant(session.app, 'acme').transaction((tx) => setTenant(tx.sql, 'globex'))).rejects.toMatchObject(
      { code: 'RW003' },
    );
  });
});

describe('before anything is sent', () => {
  const connections = new Proxy({} as Connections, { get: () => expect.fail('a connection was used') });
  const facts = async () => ({ dimensions: 1536, agent: false });
  const untouchable = { connections, facts, signer: undefined };
  const acme = handleOf('acme', untouchable);
  const id = '00000000-0000-4000-8000-000000000001';
  const content = 'x';

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['the empty text', ''],
    ['a space', ' '],
    ['a trailing space', 'acme '],
    ['a line feed', 'acme\n'],
    ['NUL', 'ac\0me'],
    ['a letter outside ASCII', 'äcme'],
    ['129 letters', 'a'.repeat(129)],
    ['an array', ['acme']],
    ['an object', { toString: () => 'acme' }],
  ])('%s is refused as a tenant', (_, tenant) => {
    expect(() => handleOf(tenant as string, untouchable)).toThrow(expect.objectContaining({ code: 'INVALID_TENANT' }));
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an empty vector', []],
    ['a short vector', [1, 2, 3]],
    ['a long vector', new Float32Array(1537).fill(1)],
    ['NaN', vec(0).fill(Number.NaN, 5, 6)],
    ['an infinity', [...vec(0).slice(1), Number.POSITIVE_INFINITY]],
    ['what half precision cannot hold', vec(0).fill(65505, 5, 6)],
    ['a text', '[1,2,3]'],
    ['texts', Array.from({ length: 1536 }, () => '1')],
    ['a hole', Array.from({ length: 1536 })],
    ['the zero vector', new Float32Array(1536)],
    ['what is zero in half precision', new Float32Array(1536).fill(1e-9)],
  ])('%s is refused as a vector', async (_, vector) => {
    await expect(acme.matchDocuments(vector as number[])).rejects.toMatchObject({ code: 'INVALID_VECTOR' });
  });

  it.each([0, -1, 1001, 1.5, Number.NaN, '5', null])('%s is refused as k', async (k) => {
    await expect(acme.matchDocuments(vec(0), { k: k as number })).rejects.toMatchObject({ code: 'INVALID_K' });
  });

  it.each([0, -1, 100_001, 1.5, Number.NaN, '5', null])('%s is refused as the most to catch up with', async (most) => {
    await expect(acme.catchUp(most as number)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  it.each([
    [[]],
    ['{}'],
    [null],
    [1],
    [undefined],
    [{ department: undefined }],
    [{ all: [{ of: undefined }] }],
    [{ n: Number.NaN }],
    [new Map([['department', 'hr']])],
    [{ text: '\ud800' }],
  ])('%j is refused as a filter', async (filter) => {
    await expect(
      acme.matchDocuments(vec(0), { filter: filter as unknown as Record<string, never> }),
    ).rejects.toMatchObject({ code: 'INVALID_FILTER' });
  });

  it.each<[string, unknown]>([
    ['without a key', { content }],
    ['with two keys', { content, id, source: 'a', position: 0 }],
    ['with an id that is no UUID', { content, id: 'x' }],
    ['with a source without a position', { content, source: 'a' }],
    ['with a negative position', { content, source: 'a', position: -1 }],
    ['with an empty source', { content, source: '', position: 0 }],
    ['without content', { id }],
    ['with NUL in its content', { id, content: '\0' }],
    ['with half a character in its content', { id, content: '\ud800' }],
    ['with undefined in its metadata', { id, content, metadata: { a: undefined } }],
    ['with metadata that are no object', { id, content, metadata: [] }],
    ['with an embedding of no model', { id, content, embedding: vec(0) }],
    ['with an ill-formed embedding', { id, content, embedding: [1], embeddingModel: 'm' }],
  ])('a document %s is refused', async (_, document) => {
    await expect(acme.upsertDocuments([document as NewDocument])).rejects.toMatchObject({
      code: expect.stringMatching(/^INVALID_(DOCUMENT|VECTOR)$/),
    });
  });

  it('an error never repeats the value', async () => {
    const secret = 'sk-secret value';
    expect(() => handleOf(secret, untouchable)).toThrow(expect.not.stringContaining('sk-secret'));
    await expect(acme.upsertDocuments([{ id: secret, content }])).rejects.not.toThrow(/sk-secret/);
  });

  it('a handle cannot be changed', () => {
    expect(() => Object.assign(acme, { tenantId: 'globex' })).toThrow(TypeError);
  });
});
