/** Real text: the articles of SQuAD 2.0 as tenants, its questions as queries, by their words alone. */
import { readFile } from 'node:fs/promises';
import postgres from 'postgres';
import { forTenant, lexicalEmbedder, type Vector } from '../../../src/index.js';
import { dot } from './data.js';
import { median, quantile } from './measure.js';
import { progress } from './progress.js';
import { quiet, type Server } from './server.js';

export interface SquadResult {
  readonly model: string;
  readonly tenants: number;
  readonly documents: number;
  readonly questions: number;
  /** Share of the ten nearest by exact float cosine that came back. */
  readonly recall: number;
  readonly hit1: number;
  readonly hit5: number;
  readonly foreignRows: number;
  readonly rows: number;
  /** Milliseconds, without embedding the question. */
  readonly p50: number;
  readonly p95: number;
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

const toTenant = (title: string) =>
  `squad-${title.normalize('NFKD').replace(/[^!-~]+/g, '-')}`.slice(0, 128);

/** Ingests the articles and asks `most` of the answerable questions, each as its own tenant and as another. */
export async function squad({ engine }: Server, path: string, most: number): Promise<SquadResult> {
  const embedder = lexicalEmbedder();
  const { data }: Squad = JSON.parse(await readFile(path, 'utf8'));
  const articles = data.map(({ title, paragraphs }) => ({ tenant: toTenant(title), paragraphs }));
  const documents = articles.reduce((sum, { paragraphs }) => sum + paragraphs.length, 0);
  const sql = postgres(engine.appUrl, { ...quiet, max: 1 });

  const ingest = progress('SQuAD: ingesting', documents);
  const stored = new Map<string, { content: string; vector: Vector }[]>();
  for (const { tenant, paragraphs } of articles) {
    const contents = paragraphs.map(({ context }) => context);
    const vectors = await embedder.embed(contents);
    stored.set(
      tenant,
      contents.map((content, i) => ({ content, vector: vectors[i] as Vector })),
    );
    await forTenant(sql, tenant).upsertDocuments(
      contents.map((content, position) => ({
        source: tenant,
        position,
        content,
        embedding: vectors[position] as Vector,
        embeddingModel: embedder.model,
      })),
      { onBatch: (batch) => ingest.step(batch.length) },
    );
  }
  ingest.stop();

  const all = articles.flatMap(({ tenant, paragraphs }, i) =>
    paragraphs.flatMap(({ context, qas }) =>
      qas
        .filter((qa) => !qa.is_impossible)
        .map(({ question }) => ({
          question,
          context,
          tenant,
          stranger: articles[(i + 1) % articles.length]?.tenant ?? '',
        })),
    ),
  );
  const stride = Math.max(1, all.length / most);
  const questions = all.filter((_, i) => Math.floor(i / stride) !== Math.floor((i - 1) / stride));
  const asking = progress('SQuAD: asking', questions.length);
  const times: number[] = [];
  let [recall, hit1, hit5, foreignRows, rows] = [0, 0, 0, 0, 0];
  for (const { question, context, tenant, stranger } of questions) {
    const [vector] = (await embedder.embed([question])) as [Vector];
    const began = performance.now();
    const found = await forTenant(sql, tenant).matchDocuments(vector, { k: 10 });
    times.push(performance.now() - began);
    const others = await forTenant(sql, stranger).matchDocuments(vector, { k: 10 });
    const own = new Set(found.map(({ content }) => content));
    const nearest = (stored.get(tenant) ?? [])
      .map((one) => ({ content: one.content, similarity: dot(one.vector, vector) }))
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, 10);
    recall += nearest.filter(({ content }) => own.has(content)).length / nearest.length;
    const rank = found.findIndex(({ content }) => content === context);
    if (rank === 0) hit1 += 1;
    if (rank >= 0 && rank < 5) hit5 += 1;
    // Judged by content as well as by label: this paragraph belongs to one article only.
    foreignRows += found.filter((row) => row.tenantId !== tenant).length;
    foreignRows += others.filter((row) => row.tenantId !== stranger || row.content === context).length;
    rows += found.length + others.length;
    asking.step();
  }
  asking.stop();
  await sql.end();
  return {
    model: embedder.model,
    tenants: articles.length,
    documents,
    questions: questions.length,
    recall: recall / questions.length,
    hit1: hit1 / questions.length,
    hit5: hit5 / questions.length,
    foreignRows,
    rows,
    p50: median(times),
    p95: quantile(times, 0.95),
  };
}
