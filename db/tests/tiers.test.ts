/** A large tenant is searched by a graph of its own: with the answers of the exact search, and always k of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vectorText } from '../../src/client/vector.js';
import { forTenant, type JsonObject, type NewDocument } from '../../src/index.js';
import { useSession } from './engine/use-session.js';

const size = 1_200;
const session = useSession();

/** Numbers from −1 to 1, the same on every run. */
function noise(seed: number) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 1073741823.5 - 1;
  };
}

/** Forty topics in 1536 dimensions; a vector is near one of them. */
function vector(seed: number): Float32Array {
  const topic = noise(1 + (seed % 40));
  const own = noise(1000 + seed);
  return Float32Array.from({ length: 1536 }, () => topic() + 0.7 * own());
}
beforeAll(async () => {
  for (const [tenant, offset] of [
    ['large', 0],
    ['other', 5],
  ] as const) {
    const documents = Array.from(
      { length: size },
      (_, n): NewDocument => ({
        source: 'all',
        position: n,
        content: `${tenant} ${n}`,
        embedding: vector(n + offset),
        embeddingModel: 'noise',
        metadata: { half: n % 2 === 0, rare: n % 100 === 0, unique: n },
      }),
    );
    await forTenant(session.app, tenant).upsertDocuments(documents);
  }
  await session.admin(async (sql) => {
    await sql`set ragwall.graph_from = 1000`;
    const plan = await sql<{ index_plan: string }[]>`select ragwall.index_plan()`;
    for (const { index_plan } of plan) await sql.unsafe(index_plan);
    await sql`reset ragwall.graph_from`;
    const [built] = await sql`
      select count(*)::integer as graphs from pg_class
      where relname in (ragwall.graph_name('large'), ragwall.graph_name('other'))`;
    expect(built).toEqual({ graphs: 2 });
  });
});
afterAll(async () => {
  await session.admin(async (sql) => {
    await sql`delete from ragwall.documents`;
    const plan = await sql<{ index_plan: string }[]>`select ragwall.index_plan()`;
    for (const { index_plan } of plan) await sql.unsafe(index_plan);
  });
});

const queries = Array.from({ length: 20 }, (_, n) => vector(5_000 + n * 7));

/** Returns the contents of the exact answer, computed without match_documents(). */
async function exact(query: Float32Array, k: number, filter: JsonObject = {}) {
  const rows = await session.admin(
    (sql) => sql<{ content: string }[]>`
      select content from ragwall.documents
      where tenant_id = 'large' and metadata @> ${JSON.stringify(filter)}::text::jsonb
      order by (embedding <=> ${vectorText(query)}) + 0, id limit ${k}`,
  );
  return rows.map((row) => row.content);
}

async function found(query: Float32Array, k: number, filter?: JsonObject) {
  const rows = await forTenant(session.app, 'large').matchDocuments(query, { k, ...(filter ? { filter } : {}) });
  expect(rows.map((row) => row.similarity)).toEqual(rows.map((row) => row.similarity).sort((a, b) => b - a));
  return rows.map((row) => row.content);
}

describe('recall', () => {
  it.each([10, 100])('at %i is 0.99 or more', async (k) => {
    let hits = 0;
    for (const query of queries) {
      const truth = new Set(await exact(query, k));
      const answer = await found(query, k);
      expect(answer).toHaveLength(k);
      hits += answer.filter((content) => truth.has(content)).length;
    }
    expect(hits / (k * queries.length)).toBeGreaterThanOrEqual(0.99);
  });
});

describe('as many as were asked for', () => {
  it('come back, up to all there are', async () => {
    for (const k of [1, 999, 1000]) expect(await found(queries[0] as Float32Array, k)).toHaveLength(k);
  });

  it.each<[string, JsonObject]>([
    ['half of the documents fit', { half: true }],
    ['one in a hundred fits', { rare: true }],
    ['one fits', { unique: 77 }],
    ['none fits', { unique: -1 }],
  ])('come back when %s the filter, the right ones', async (_, filter) => {
    for (const query of queries.slice(0, 5)) {
      const truth = await exact(query, 10, filter);
      const answer = await found(query, 10, filter);
      expect(answer).toHaveLength(truth.length);
      const hits = answer.filter((content) => truth.includes(content)).length;
      expect(hits).toBeGreaterThanOrEqual(truth.length * 0.9);
    }
  });
});

it('other tenants’ documents are never among them', async () => {
  for (const query of queries) {
    expect((await found(query, 1000)).every((content) => content.startsWith('large '))).toBe(true);
  }
});
