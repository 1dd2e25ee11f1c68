/** The client against a real database: what it returns, what it refuses, and what it never sends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { forTenant, needs, poolOptions } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import type { Embedder } from '../embedders/embedder.js';
import { lexicalEmbedder } from '../embedders/lexical.js';
import type { Connections } from './connections.js';
import { type Deletion, deleteDocuments, type NewDocument, type StoredDocument, upsertDocuments } from './documents.js';
import { RagwallError } from './errors.js';
import { handleOf, type TenantTransaction } from './handle.js';
import { matchDocuments } from './search.js';
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
      expect(stored).toEqual([{ index: 0, id, status: 'inserted' }]);
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

describe('a document that is refused', () => {
  const good = (n: number): NewDocument => passage(n, `passage ${n}`, n);
  const content = 'hidden';
  const angle = { embedding: vec(0), embeddingModel: 'angles' };
  const id = '00000000-0000-4000-8000-00000000000A';
  const at = { source: 'a.md', position: 3 };
  /** What is wrong, its key, and what is told of the document besides its number. */
  const refused: [string, unknown, string | undefined, object][] = [
    ['NUL in its content', { ...at, content: `${content}\0`, ...angle }, 'content', at],
    [
      'half a character in its metadata',
      { ...at, content, metadata: { tags: [1, { of: `${content}\ud800` }] } },
      'metadata.tags[1].of',
      at,
    ],
    ['undefined in its metadata', { ...at, content, metadata: { tags: [1, 2, 3, undefined] } }, 'metadata.tags[3]', at],
    [
      'a key of its metadata that is no text',
      { ...at, content, metadata: { a: { 'b\0': 1 } } },
      'metadata.a["b\\u0000"]',
      at,
    ],
    ['metadata that are a text', { id, content, metadata: content }, 'metadata', { id }],
    ['wrong dimensions', { ...at, content, embedding: [1], embeddingModel: 'angles' }, 'embedding', at],
    ['an embedding without a model', { ...at, content, embedding: vec(0) }, 'embeddingModel', at],
    ['a position that is none', { ...at, position: -1, content, ...angle }, 'position', { source: 'a.md' }],
    ['an id that is none', { id: content, content, ...angle }, 'id', {}],
    ['an unknown member', { id, content, ...angle, contents: content }, 'contents', { id }],
    ['no object', content, undefined, {}],
    ['the key of one before it', good(7), undefined, { source: 'handbook.md', position: 7 }],
  ];

  it.each(refused)(
    'for %s is named, by its number in the call, and never by its content',
    async (_, bad, key, place) => {
      const acme = forTenant(session.app, 'acme');
      const documents = Array.from({ length: 9 }, (_, n) => (n === 8 ? bad : good(n))) as NewDocument[];
      const error = await acme.upsertDocuments(documents, { batchSize: 3 }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: expect.stringMatching(/^INVALID_(DOCUMENT|VECTOR)$/),
        document: { index: 8, ...place },
      });
      expect((error as RagwallError).key).toBe(key);
      expect((error as RagwallError).document).toEqual({ index: 8, ...place });
      expect(inspect(error)).toMatch(/Document 8( \(|: )/);
      expect(inspect(error)).not.toContain(content);
      const rows = await session.admin((sql) => sql`select position from ragwall.documents order by 1`);
      expect(rows.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5]);
    },
  );

  it.each(refused)('for %s is skipped, and the others are stored', async (_, bad, key, place) => {
    const acme = forTenant(session.app, 'acme');
    const documents = Array.from({ length: 10 }, (_, n) => (n === 8 ? bad : good(n))) as NewDocument[];
    const told: number[] = [];
    const { refusals, ...counts } = await acme.upsertDocuments(documents, {
      ...{ batchSize: 5, onError: 'skip' },
      onBatch: (stored, refused) =>
        void told.push(...stored.map(({ index }) => index), ...refused.map(({ document }) => -document.index)),
    });
    expect(counts).toEqual({ inserted: 9, updated: 0, unchanged: 0, refused: 1 });
    expect(refusals).toEqual([
      { document: { index: 8, ...place }, code: expect.stringMatching(/^INVALID_/), message: expect.any(String) },
    ]);
    if (key) expect(refusals?.[0]?.message).toContain(key.split(/[.[]/)[0]);
    expect(inspect(refusals)).not.toContain(content);
    expect(told).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 9, -8]);
    expect(await acme.matchDocuments(vec(0), { k: 20 })).toHaveLength(9);
  });

  it('by the database alone is found, and the others are stored', async () => {
    const names = "check (content not like '%hidden%'), add constraint no_third_position check (position <> 3)";
    await session.admin((sql) => sql.unsafe(`alter table ragwall.documents add constraint nothing_hidden ${names}`));
    try {
      const acme = forTenant(session.app, 'acme');
      const documents = Array.from({ length: 10 }, (_, n) => passage(n, n > 7 ? `hidden ${n}` : `passage ${n}`, n));
      const result = await acme.upsertDocuments(documents, { onError: 'skip' });
      expect(result).toMatchObject({ inserted: 7, refused: 3 });
      expect(result.refusals?.map(({ document, code }) => [document.index, code])).toEqual([
        ...[3, 8, 9].map((index) => [index, '23514']),
      ]);
      expect(result.refusals?.[1]?.message).toBe(
        'The database refuses it with 23514, by the constraint nothing_hidden.',
      );
      expect(inspect(result)).not.toMatch(/hidden \d/);
      await expect(acme.upsertDocuments(documents)).rejects.toMatchObject({ code: '23514' });
    } finally {
      await session.admin((sql) =>
        sql.unsafe('alter table ragwall.documents drop constraint nothing_hidden, drop constraint no_third_position'),
      );
    }
  });

  it('because an id of its own was given to another by hand is named', async () => {
    const acme = forTenant(session.app, 'acme');
    const [row] = await session.app`select ragwall.document_id('acme', 'handbook.md', 1) as id`;
    await acme.upsertDocuments([{ id: row?.id, content: 'by hand', ...angle }]);
    const result = await acme.upsertDocuments([good(0), good(1), good(2)], { onError: 'skip' });
    expect(result).toMatchObject({
      inserted: 2,
      refused: 1,
      refusals: [{ document: { index: 1 }, code: 'INVALID_DOCUMENT' }],
    });
    await expect(acme.transaction((tx) => tx.upsertDocuments([good(0), good(1)]))).rejects.toMatchObject({
      ...{ code: 'INVALID_DOCUMENT', document: { index: 1, source: 'handbook.md', position: 1 } },
    });
    await expect(
      session.app.begin(async (tx) => {
        await setTenant(tx, 'acme');
        return upsertDocuments(tx, [good(0), good(1)]);
      }),
    ).rejects.toMatchObject({ document: { index: 1 } });
  });

  it('for a text that its embedder cannot embed is named, and skipped', async () => {
    const acme = forTenant(session.app, 'acme');
    const embedder = lexicalEmbedder({ dimensions: 1536 });
    const texts = ['one', '…', 'three', '', 'five', '??'];
    const documents = texts.map((content, position) => ({ source: 'a.md', position, content }));
    await expect(acme.upsertDocuments(documents, { embedder })).rejects.toMatchObject({
      ...{ code: 'INVALID_DOCUMENT', document: { index: 1, source: 'a.md', position: 1 }, key: 'content' },
      message: 'Document 1 (source "a.md", position 1): content is expected to have words: letters or digits.',
    });
    const result = await acme.upsertDocuments(documents, { embedder, onError: 'skip', batchSize: 4 });
    expect(result).toMatchObject({ inserted: 3, refused: 3 });
    expect(result.refusals?.map(({ document }) => document.index)).toEqual([1, 3, 5]);
    await expect(embedder.embed(['???'])).rejects.toThrow('The text is expected to have words');
  });

  it('is told from an embedder that fails, which ends the call', async () => {
    const acme = forTenant(session.app, 'acme');
    let calls = 0;
    const down: Embedder = {
      model: 'angles',
      embed: async () => {
        calls += 1;
        throw new RagwallError('EMBEDDING_FAILED', 'The request for embeddings failed.', { provider: { status: 401 } });
      },
    };
    const documents = Array.from({ length: 10 }, (_, position) => ({ source: 'a.md', position, content: 'x' }));
    const failed = acme.upsertDocuments(documents, { embedder: down, onError: 'skip', batchSize: 2 });
    await expect(failed).rejects.toMatchObject({ code: 'EMBEDDING_FAILED', provider: { status: 401 } });
    expect(calls).toBe(1);
    const short: Embedder = { model: 'angles', embed: async (texts) => texts.map(() => [1]) };
    const wrong = forTenant(session.app, 'acme');
    await expect(wrong.upsertDocuments(documents, { embedder: short, onError: 'skip' })).rejects.toMatchObject({
      ...{ code: 'EMBEDDING_FAILED', document: { index: 0 }, key: 'embedding' },
    });
  });

  it('does not let the list of refusals grow without end', async () => {
    const acme = forTenant(session.app, 'acme');
    const bad = { source: 'a.md', position: -1, content: 'x' };
    const result = await acme.upsertDocuments(Array(2_500).fill(bad), { onError: 'skip', batchSize: 1_000 });
    expect(result).toMatchObject({ inserted: 0, refused: 2_500 });
    expect(result.refusals?.map(({ document }) => document.index)).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  });

  it('is an error where onError is neither stop nor skip, or where a transaction would end with it', async () => {
    const acme = forTenant(session.app, 'acme');
    const refusal = { code: 'INVALID_OPTION', message: expect.stringContaining('onError') };
    await expect(acme.upsertDocuments([], { onError: 'ignore' as never })).rejects.toMatchObject(refusal);
    const inTransaction = acme.transaction((tx) => tx.upsertDocuments([], { onError: 'skip' } as never));
    await expect(inTransaction).rejects.toMatchObject(refusal);
  });
});

it.each(['stop', 'skip'] as const)('stores what was read before reading fails (%s)', async (onError) => {
  async function* read() {
    for (let n = 0; n < 5; n += 1) yield passage(n, `passage ${n}`, n);
    throw new Error('the file is torn');
  }
  const acme = forTenant(session.app, 'acme');
  const told: number[] = [];
  const failed = acme.upsertDocuments(read(), {
    ...{ onError, batchSize: 2 },
    onBatch: (stored) => void told.push(...stored.map(({ index }) => index)),
  });
  await expect(failed).rejects.toThrow('the file is torn');
  expect(told).toEqual([0, 1, 2, 3, 4]);
  expect(await acme.matchDocuments(vec(0))).toHaveLength(5);
});

it('tells of each document its number, its key and its id', async () => {
  const acme = forTenant(session.app, 'acme');
  const id = '00000000-0000-4000-8000-000000000001';
  const byId = { id, content: 'by id', embedding: vec(0), embeddingModel: 'angles' };
  const told: StoredDocument[] = [];
  const onBatch = (stored: readonly StoredDocument[]) => void told.push(...stored);
  await acme.upsertDocuments([passage(4, 'x', 0), byId, passage(2, 'y', 0)], { onBatch, batchSize: 2 });
  expect(told).toEqual([
    { index: 0, source: 'handbook.md', position: 4, id: expect.any(String), status: 'inserted' },
    { index: 1, id, status: 'inserted' },
    { index: 2, source: 'handbook.md', position: 2, id: expect.any(String), status: 'inserted' },
  ]);
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

  it('deletes what a filter fits, of its tenant and nobody else’s', async () => {
    const acme = forTenant(session.app, 'acme');
    expect(await acme.deleteDocuments({ filter: { tenant: 'globex' } })).toBe(0);
    expect(await acme.deleteDocuments({ filter: { even: true } })).toBe(2);
    expect(await acme.transaction((tx) => tx.deleteDocuments({ filter: { even: false } }))).toBe(1);
    expect(await acme.matchDocuments(vec(0))).toEqual([]);
    expect(await forTenant(session.app, 'globex').matchDocuments(vec(0))).toHaveLength(3);
  });

  it.each<[string, object]>([
    ['INVALID_FILTER', { filter: {} }],
    ['INVALID_FILTER', { filter: [] }],
    ['INVALID_FILTER', { filter: null }],
    ['INVALID_FILTER', { filter: { even: undefined } }],
    ['INVALID_DOCUMENT', {}],
    ['INVALID_DOCUMENT', { ids: [], sourc: 'handbook.md' }],
    ['INVALID_DOCUMENT', { source: 'handbook.md', from_position: 1 }],
    ['INVALID_DOCUMENT', { source: 'handbook.md', filter: { even: true } }],
    ['INVALID_DOCUMENT', { ids: [], fromPosition: 1 }],
    ['INVALID_DOCUMENT', { source: 'handbook.md', fromPosition: undefined }],
    ['INVALID_DOCUMENT', { filter: { even: true }, fromPosition: 1 }],
  ])('refuses with %s what is not one of the three: %j', async (code, deletion) => {
    const acme = forTenant(session.app, 'acme');
    await expect(acme.deleteDocuments(deletion as Deletion)).rejects.toMatchObject({ code });
    expect(await acme.matchDocuments(vec(0))).toHaveLength(3);
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
