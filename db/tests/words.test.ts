/** Searches by words answer as BM25 computed by hand does, whatever has changed and whoever writes at the same time. */
import type { Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { vectorText } from '../../src/client/vector.js';
import { forTenant, needs } from './engine/session.js';
import { useSession } from './engine/use-session.js';
import { disableWords, enableWords } from './engine/words.js';

const engine = inject('engine');
const session = useSession({ max: 10 });
const tenant = 'wordy';
const documents = 1_300;

/** Whole numbers below `below`, the same on every run. */
function numbers(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

/** A text of words that are rarer the higher their number: w0 is in most texts. */
function text(seed: number, words = 30): string {
  const number = numbers(seed + 1);
  return Array.from(
    { length: words },
    () => `w${Math.floor(1.012 ** number(600)) + (number(3) ? 0 : number(40))}`,
  ).join(' ');
}

const vector = (n: number) => Float32Array.from({ length: 1536 }, (_, i) => (i === n % 1536 ? 1 : 0.01));

const document = (n: number, content = text(n)) => ({
  source: 'all',
  position: n,
  content,
  embedding: vector(n),
  embeddingModel: 'm',
  metadata: { tenth: n % 10, n },
});

/** The texts of the tenant, by position. */
const texts = new Map<number, string>();
const store = (n: number, content: string) => void texts.set(n, content);

/** Okapi BM25 over all texts, as docs/words.md has it. */
function bm25(question: string, fits: (n: number) => boolean): Map<number, number> {
  const asked = [...new Set(question.split(' '))];
  const counts = [...texts].map(([n, content]) => {
    const words = content.split(' ');
    return { n, length: words.length, of: (word: string) => words.filter((w) => w === word).length };
  });
  const scores = new Map<number, number>();
  for (const word of asked) {
    const having = counts.filter(({ of }) => of(word) > 0);
    const rarity = Math.log(1 + (counts.length - having.length + 0.5) / (having.length + 0.5));
    for (const { n, length, of } of having) {
      const weight = (of(word) * 2.2) / (of(word) + 1.2 * (0.25 + (0.75 * length) / 70));
      if (fits(n)) scores.set(n, (scores.get(n) ?? 0) + rarity * weight);
    }
  }
  return scores;
}

const found = (question: string, k: number, filter: object | null = null) =>
  session.app.begin(async (tx) => {
    await tx`select ragwall.set_tenant(${tenant})`;
    const rows = await tx<{ position: number; score: number }[]>`
      select position, score from ragwall.search_words(${question}, ${k}, ${filter && JSON.stringify(filter)}::text::jsonb)`;
    return rows.map(({ position, score }) => ({ position, score }));
  });

/** Compares answers with BM25: the scores of the k best, and that each document has the score that it is given. */
async function compare(questions: readonly string[], within = 0.005): Promise<void> {
  for (const question of questions) {
    for (const [filter, fits] of [
      [null, () => true],
      [{ tenth: 7 }, (n: number) => n % 10 === 7],
      [{ n: { $lt: 400 }, tenth: { $ne: 3 } }, (n: number) => n < 400 && n % 10 !== 3],
    ] as const) {
      const scores = bm25(question, fits);
      const best = [...scores.values()].sort((a, b) => b - a).slice(0, 10);
      const answer = await found(question, 10, filter);
      const place = `${question} ${JSON.stringify(filter)}`;
      expect(answer.length, place).toBe(best.length);
      for (const [i, { position, score }] of answer.entries()) {
        expect(Math.abs(score - (best[i] ?? 0)) / score, `${place}: score ${i}`).toBeLessThan(within);
        expect(Math.abs(score - (scores.get(position) ?? 0)) / score, `${place}: ${position}`).toBeLessThan(within);
      }
    }
  }
}

const questions = Array.from({ length: 25 }, (_, i) => text(100_000 + i, 1 + (i % 9)));

const usesItsTable = (sql: Sql) => sql`
  select s.words_version is not null as words, (select count(*)::integer from ragwall_search.tail) as tail
  from ragwall_search.directory as s where s.tenant_id = ${tenant}`;

beforeAll(async () => {
  for (let n = 0; n < 400; n += 1) store(n, text(n));
  await forTenant(session.app, tenant).upsertDocuments([...texts].map(([n, content]) => document(n, content)));
  await enableWords(session, 'simple');
}, 120_000);
afterAll(async () => {
  await disableWords(session);
  await session.admin(async (sql) => {
    await sql`delete from ragwall.documents`;
    for (let i = 0; i < 4; i += 1) {
      await sql`update ragwall_search.directory set built_at = built_at - interval '2 minutes'`;
      for (const { due } of await sql<{ due: string }[]>`select ragwall.index_plan() as due`) await sql.unsafe(due);
    }
  });
}, 120_000);

it('are not searched before a transaction has ended that may have written without them', async (context) => {
  needs(context, engine, ['docker', 'url'], 'has one connection');
  await disableWords(session);
  let wrote = () => {};
  let finish = () => {};
  const written = new Promise<void>((resolve) => {
    wrote = resolve;
  });
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const old = session.app.begin(async (tx) => {
    await tx`select ragwall.set_tenant(${tenant})`;
    await tx`
      insert into ragwall.documents (source, position, content, embedding, embedding_model)
      values ('old', 0, 'unmistakable', ${vectorText(vector(1))}, 'm')`;
    wrote();
    await finished;
  });
  await written;
  const round = async (sql: Sql) => {
    for (const { due } of await sql<{ due: string }[]>`select ragwall.index_plan() as due`) await sql.unsafe(due);
    const [row] = await sql<{ on: boolean }[]>`select ragwall.words_configuration() is not null as on`;
    return row?.on;
  };
  await session.admin(async (sql) => {
    await sql`select ragwall.enable_words('simple')`;
    try {
      for (let i = 0; i < 4; i += 1) expect(await round(sql)).toBe(false);
    } finally {
      finish();
      await old;
    }
    const rounds = [await round(sql), await round(sql), await round(sql)];
    expect(rounds.at(-1)).toBe(true);
  });
  expect((await found('unmistakable', 5)).map(({ position }) => position)).toEqual([0]);
  await forTenant(session.app, tenant).deleteDocuments({ source: 'old' });
}, 60_000);

describe('a search by words answers as BM25 does', () => {
  it('for a small tenant', () => compare(questions), 60_000);

  it('for a large one, from its search table', async () => {
    for (let n = 400; n < documents; n += 1) store(n, text(n));
    const acme = forTenant(session.app, tenant);
    await acme.upsertDocuments([...texts].map(([n, content]) => document(n, content)));
    await session.admin(async (sql) => {
      for (let i = 0; i < 3; i += 1) {
        for (const { due } of await sql<{ due: string }[]>`select ragwall.index_plan() as due`) await sql.unsafe(due);
      }
      expect(await usesItsTable(sql)).toEqual([{ words: true, tail: 0 }]);
    });
    await compare(questions);
  }, 120_000);

  it('also of what has changed since', async () => {
    const acme = forTenant(session.app, tenant);
    const changed = Array.from({ length: 60 }, (_, i) => i * 20);
    for (const n of changed) store(n, text(50_000 + n));
    await acme.upsertDocuments(changed.map((n) => document(n, texts.get(n))));
    for (const n of [documents, documents + 1]) store(n, text(n, 50));
    await acme.upsertDocuments([documents, documents + 1].map((n) => document(n, texts.get(n))));
    await acme.deleteDocuments({ source: 'all', fromPosition: documents + 1 });
    texts.delete(documents + 1);
    await session.admin(async (sql) => expect((await usesItsTable(sql))[0]?.tail).toBeGreaterThan(60));
    // How rare a word is was counted when the search table was built.
    await compare(questions, 0.15);
    while ((await acme.catchUp()) > 0);
    await session.admin(async (sql) => expect(await usesItsTable(sql)).toEqual([{ words: true, tail: 0 }]));
    await compare(questions, 0.15);
  }, 120_000);

  it('and both together give what each has found', async () => {
    const rows = await session.app.begin(async (tx) => {
      await tx`select ragwall.set_tenant(${tenant})`;
      return tx`
        select position, similarity, words, score from ragwall.match_hybrid(
          ${vectorText(vector(17))}, ${texts.get(20) ?? ''}, 50, null, 0.5)`;
    });
    const scores = bm25(texts.get(20) ?? '', () => true);
    expect(rows.length).toBe(50);
    expect(rows.map(({ position }) => position)).toEqual(expect.arrayContaining([17, 20]));
    for (const { position, words } of rows) {
      expect(Math.abs(words - (scores.get(position) ?? 0)), position).toBeLessThan(0.15 * (words + 0.1));
    }
  });
});

it('keeps the words of what eight sessions write, delete and roll back at the same time, without a deadlock', async (context) => {
  needs(context, engine, ['docker', 'url'], 'has one connection');
  const end = performance.now() + 4_000;
  const failures: string[] = [];
  const writer = async (w: number) => {
    const number = numbers(w + 7);
    for (let i = 0; performance.now() < end; i += 1) {
      const batch = Array.from({ length: 3 }, () => number(60)).sort((a, b) => a - b);
      await session.app
        .begin(async (tx) => {
          await tx`select ragwall.set_tenant('busy')`;
          for (const n of new Set(batch)) {
            if (number(4) === 0) await tx`select ragwall.delete_source(${`s${n}`}, 0)`;
            else {
              await tx`select ragwall.upsert_documents(${tx.json([
                {
                  source: `s${n}`,
                  position: 0,
                  content: text(w * 1000 + i),
                  embedding: vectorText(vector(n)),
                  embedding_model: 'm',
                  metadata: {},
                },
              ] as never)})`;
            }
          }
          if (number(5) === 0) throw new Error('rolled back on purpose');
        })
        .catch((error: Error) => error.message === 'rolled back on purpose' || failures.push(error.message));
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, w) => writer(w)));
  expect(failures).toEqual([]);
  await session.admin(async (sql) => {
    const [row] = await sql`
      select count(*)::integer as wrong, (
        select count(*)::integer from ragwall.documents where tenant_id = 'busy'
      ) as documents
      from (select * from ragwall.documents where tenant_id = 'busy') as d
      full join (select * from ragwall_search.words where tenant_id = 'busy') as w on w.id = d.id
      left join lateral ragwall_search.words_of('simple', d.content) as o on true
      where d.id is null or w.id is null or w.terms <> o.terms or w.words::text <> o.words::sparsevec::text`;
    expect(row?.wrong).toBe(0);
    expect(row?.documents).toBeGreaterThan(10);
  });
}, 60_000);
