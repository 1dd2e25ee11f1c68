/** Puts the questions of SQuAD 2.0 to Ragwall: its articles are tenants, and every question is also asked as another one. */

import { readFile } from 'node:fs/promises';
import type { Sql } from 'postgres';
import { forTenant } from '../../db/tests/engine/session.js';
import type { Embedder, Vector } from '../../src/index.js';
import { dot } from '../lab/data.js';
import { median, quantile, recallOf, timed } from '../lab/measure.js';
import { ms, progress, share, type Table, whole } from '../lab/report.js';

interface SquadResult {
  readonly model: string;
  readonly tenants: number;
  readonly documents: number;
  readonly questions: number;
  /** Which share of the ten nearest by exact cosine came back, 0 to 1, mean. */
  readonly recall: number;
  /** For how many questions the paragraph that has the answer came first, and among the first five. */
  readonly hit1: number;
  readonly hit5: number;
  readonly foreignRows: number;
  readonly rows: number;
  /** Milliseconds of a search, without embedding the question. */
  readonly p50: number;
  readonly p95: number;
}

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

/** Stores the articles of a dev-v2.0.json and puts its questions. */
export async function askSquad(sql: Sql, embedder: Embedder, path: string): Promise<SquadResult> {
  const articles = await readSquad(path);
  const documents = articles.reduce((sum, { paragraphs }) => sum + paragraphs.length, 0);
  const stored = new Map<string, { id: string; vector: Vector }[]>();
  const storing = progress('SQuAD: storing', documents);
  for (const { tenant, paragraphs } of articles) {
    const vectors = await embedder.embed(paragraphs.map(({ text }) => text));
    const rows = paragraphs.map(({ text }, i) => ({ content: text, embedding: vectors[i] as Vector }));
    stored.set(
      tenant,
      rows.map(({ content, embedding }) => ({ id: content, vector: embedding })),
    );
    await forTenant(sql, tenant).upsertDocuments(
      rows.map((row, position) => ({
        ...row,
        source: tenant,
        position,
        embeddingModel: embedder.model,
      })),
      { onBatch: (batch) => storing.step(batch.length) },
    );
  }
  storing.stop();

  const questions = articles.flatMap(({ tenant, paragraphs }, i): Question[] => {
    const stranger = articles[(i + 1) % articles.length]?.tenant ?? '';
    return paragraphs.flatMap(({ text: paragraph, questions }) =>
      questions.map((text) => ({ text, tenant, paragraph, stranger })),
    );
  });
  const asking = progress('SQuAD: asking', questions.length);
  const times: number[] = [];
  let [recall, hit1, hit5, foreignRows, rows] = [0, 0, 0, 0, 0];
  for (let at = 0; at < questions.length; at += 100) {
    const batch = questions.slice(at, at + 100);
    const vectors = await embedder.embed(batch.map(({ text }) => text));
    for (const [i, { tenant, stranger, paragraph }] of batch.entries()) {
      const vector = vectors[i] as Vector;
      const search = (as: string) => forTenant(sql, as).matchDocuments(vector, { k: 10 });
      let found: Awaited<ReturnType<typeof search>> = [];
      times.push(
        await timed(async () => {
          found = await search(tenant);
        }),
      );
      const others = await search(stranger);
      const nearest = (stored.get(tenant) ?? [])
        .map(({ id, vector: other }) => ({ id, similarity: dot(other, vector) }))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, 10);
      recall += recallOf(
        nearest.map(({ id }) => id),
        found.map(({ content }) => ({ id: content })),
      );
      const rank = found.findIndex(({ content }) => content === paragraph);
      if (rank === 0) hit1 += 1;
      if (rank >= 0 && rank < 5) hit5 += 1;
      // By its content, too, a row can be seen to be foreign: the paragraph belongs to one article only.
      foreignRows += found.filter((row) => row.tenantId !== tenant).length;
      foreignRows += others.filter((row) => row.tenantId !== stranger || row.content === paragraph).length;
      rows += found.length + others.length;
      asking.step();
    }
  }
  asking.stop();
  return {
    ...{ model: embedder.model, tenants: articles.length, documents, questions: questions.length },
    ...{ recall: recall / questions.length, hit1, hit5, foreignRows, rows },
    ...{ p50: median(times), p95: quantile(times, 0.95) },
  };
}

export const squadTable = (r: SquadResult): Table => ({
  title: `SQuAD 2.0: ${r.tenants} articles as tenants, ${whole(r.documents)} paragraphs`,
  note:
    `${whole(r.questions)} questions that can be answered, embedded by ${r.model}. Hit: the paragraph that has the answer ` +
    'comes first, or among the first five. Each question was asked as its own tenant and as one other.',
  head: ['recall@10', 'hit@1', 'hit@5', 'foreign rows', 'p50 ms', 'p95 ms'],
  rows: [
    [
      ...[share(r.recall), share(r.hit1 / r.questions), share(r.hit5 / r.questions)],
      ...[`${r.foreignRows} of ${whole(r.rows)}`, ms(r.p50), ms(r.p95)],
    ],
  ],
});
