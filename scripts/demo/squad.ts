/** Puts the questions of SQuAD 2.0 to Ragwall: its articles are tenants, and every question is also asked as another one. */

import { readFile } from 'node:fs/promises';
import type { Sql, TransactionSql } from 'postgres';
import { forTenant, type Session } from '../../db/tests/engine/session.js';
import { enableWords } from '../../db/tests/engine/words.js';
import { type Embedder, type Vector, vectorText } from '../../src/index.js';
import { dot } from '../lab/data.js';
import { median, quantile, recallOf, timed } from '../lab/measure.js';
import { ms, progress, share, type Table, whole } from '../lab/report.js';

/** What one kind of search found. */
interface SearchResult {
  readonly name: string;
  /** For how many questions the paragraph that has the answer came first, and among the first five. */
  hit1: number;
  hit5: number;
  foreignRows: number;
  rows: number;
  /** Milliseconds of each search, without embedding the question. */
  readonly times: number[];
}

interface SquadResult {
  readonly model: string;
  readonly tenants: number;
  readonly documents: number;
  readonly questions: number;
  /** Which share of the ten nearest by exact cosine the search by vector returned, 0 to 1, mean. */
  readonly recall: number;
  readonly searches: readonly SearchResult[];
}

interface Found {
  readonly tenant_id: string;
  readonly id: string;
  readonly content: string;
}

type Find = (tx: TransactionSql, vector: string, text: string) => Promise<Found[]>;

const byVector =
  (k: number): Find =>
  (tx, vector) =>
    tx<Found[]>`select tenant_id, id, content from ragwall.match_documents(${vector}, ${k}::integer)`;
const byWords =
  (k: number): Find =>
  (tx, _, text) =>
    tx<Found[]>`select tenant_id, id, content from ragwall.search_words(${text}, ${k}::integer)`;

/** A control: the usual fusion, by the ranks of both searches alone (reciprocal rank fusion, k = 60, equal weights). */
const byRanks: Find = async (tx, vector, text) => {
  const scores = new Map<string, { row: Found; score: number }>();
  for (const find of [byVector(50), byWords(50)]) {
    for (const [rank, row] of (await find(tx, vector, text)).entries()) {
      scores.set(row.id, { row, score: (scores.get(row.id)?.score ?? 0) + 1 / (61 + rank) });
    }
  }
  return [...scores.values()]
    .sort((a, b) => b.score - a.score || (a.row.id < b.row.id ? -1 : 1))
    .slice(0, 10)
    .map(({ row }) => row);
};

const searches: readonly (readonly [name: string, find: Find])[] = [
  ['vector', byVector(10)],
  ['words', byWords(10)],
  [
    'hybrid, 0.5',
    (tx, vector, text) =>
      tx<Found[]>`
        select tenant_id, id, content from ragwall.match_hybrid(${vector}, ${text}, 10, null, 0.5)`,
  ],
  ['control: by ranks', byRanks],
];

interface Question {
  readonly text: string;
  readonly tenant: string;
  /** The paragraph that has the answer. */
  readonly paragraph: string;
  /** Another tenant, as which it is asked too. */
  readonly stranger: string;
}

interface Squad {
  readonly data: readonly {
    readonly title: string;
    readonly paragraphs: readonly {
      readonly context: string;
      readonly qas: readonly { readonly question: string; readonly is_impossible: boolean }[];
    }[];
  }[];
}

/** Reads the articles of dev-v2.0.json, each as a tenant, with those of its questions that can be answered. */
async function readSquad(path: string) {
  const { data }: Squad = JSON.parse(await readFile(path, 'utf8'));
  return data.map(({ title, paragraphs }) => ({
    // ASCII without spaces, as a tenant id has to be.
    tenant: `squad-${title.normalize('NFKD').replace(/[^!-~]+/g, '-')}`.slice(0, 128),
    paragraphs: paragraphs.map(({ context, qas }) => ({
      text: context,
      questions: qas.filter((qa) => !qa.is_impossible).map(({ question }) => question),
    })),
  }));
}

/** Stores the articles of a dev-v2.0.json, and returns the paragraphs of each tenant with their vectors. */
async function store(sql: Sql, embedder: Embedder, articles: Awaited<ReturnType<typeof readSquad>>) {
  const stored = new Map<string, readonly { content: string; embedding: Vector }[]>();
  const storing = progress('SQuAD: storing', articles.length);
  for (const { tenant, paragraphs } of articles) {
    const vectors = await embedder.embed(paragraphs.map(({ text }) => text));
    const rows = paragraphs.map(({ text }, i) => ({ content: text, embedding: vectors[i] as Vector }));
    stored.set(tenant, rows);
    await forTenant(sql, tenant).upsertDocuments(
      rows.map((row, position) => ({ ...row, source: tenant, position, embeddingModel: embedder.model })),
    );
    storing.step();
  }
  storing.stop();
  return stored;
}

/** Stores the articles of a dev-v2.0.json, enables words, and puts the questions. */
export async function askSquad(session: Session, embedder: Embedder, path: string): Promise<SquadResult> {
  const { app: sql } = session;
  const articles = await readSquad(path);
  const stored = await store(sql, embedder, articles);
  await enableWords(session);

  const questions = articles.flatMap(({ tenant, paragraphs }, i): Question[] => {
    const stranger = articles[(i + 1) % articles.length]?.tenant ?? '';
    return paragraphs.flatMap(({ text: paragraph, questions }) =>
      questions.map((text) => ({ text, tenant, paragraph, stranger })),
    );
  });
  const asking = progress('SQuAD: asking', questions.length);
  const results = searches.map(([name, find]) => ({
    find,
    result: { name, hit1: 0, hit5: 0, foreignRows: 0, rows: 0, times: [] } satisfies SearchResult as SearchResult,
  }));
  let recall = 0;
  for (let at = 0; at < questions.length; at += 100) {
    const batch = questions.slice(at, at + 100);
    const vectors = await embedder.embed(batch.map(({ text }) => text));
    for (const [i, { text, tenant, stranger, paragraph }] of batch.entries()) {
      const vector = vectors[i] as Vector;
      const written = vectorText(vector);
      for (const { find, result } of results) {
        const found = await forTenant(sql, tenant).transaction(async ({ sql: tx }) => {
          let rows: Found[] = [];
          result.times.push(
            await timed(async () => {
              rows = await find(tx, written, text);
            }),
          );
          return rows;
        });
        const others = await forTenant(sql, stranger).transaction(({ sql: tx }) => find(tx, written, text));
        const rank = found.findIndex(({ content }) => content === paragraph);
        if (rank === 0) result.hit1 += 1;
        if (rank >= 0 && rank < 5) result.hit5 += 1;
        // By its content, too, a row can be seen to be foreign: the paragraph belongs to one article only.
        result.foreignRows += found.filter((row) => row.tenant_id !== tenant).length;
        result.foreignRows += others.filter((row) => row.tenant_id !== stranger || row.content === paragraph).length;
        result.rows += found.length + others.length;
        if (find === searches[0]?.[1]) recall += recallOf(nearest(stored.get(tenant) ?? [], vector), found.map(asId));
      }
      asking.step();
    }
  }
  asking.stop();
  return {
    ...{ model: embedder.model, tenants: articles.length, questions: questions.length },
    documents: articles.reduce((sum, { paragraphs }) => sum + paragraphs.length, 0),
    recall: recall / questions.length,
    searches: results.map(({ result }) => result),
  };
}

const asId = ({ content }: { readonly content: string }) => ({ id: content });

/** Returns the contents of the ten paragraphs that are nearest by exact cosine. */
const nearest = (paragraphs: readonly { content: string; embedding: Vector }[], vector: Vector): string[] =>
  paragraphs
    .map(({ content, embedding }) => ({ content, similarity: dot(embedding, vector) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, 10)
    .map(({ content }) => content);

export const squadTable = (r: SquadResult): Table => ({
  title: `SQuAD 2.0: ${r.tenants} articles as tenants, ${whole(r.documents)} paragraphs`,
  note:
    `${whole(r.questions)} questions that can be answered, embedded by ${r.model}; words by the configuration english. Hit: the ` +
    'paragraph that has the answer comes first, or among the first five. Each question was asked as its own tenant and as ' +
    `one other. Recall@10 of the search by vector against the exact one: ${share(r.recall)}.`,
  head: ['search', 'hit@1', 'hit@5', 'foreign rows', 'p50 ms', 'p95 ms'],
  rows: r.searches.map(({ name, hit1, hit5, foreignRows, rows, times }) => [
    ...[name, share(hit1 / r.questions), share(hit5 / r.questions), `${foreignRows} of ${whole(rows)}`],
    ...[ms(median(times)), ms(quantile(times, 0.95))],
  ]),
});
