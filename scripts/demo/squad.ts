/** Real text that nobody here wrote: the articles of SQuAD 2.0 as tenants, its questions as queries. */
import { readFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import type { Session } from '../../db/tests/engine/session.js';
import { type Embedder, forTenant, type NewDocument, type Vector } from '../../src/index.js';

interface Squad {
  readonly data: readonly {
    readonly title: string;
    readonly paragraphs: readonly {
      readonly context: string;
      readonly qas: readonly { readonly question: string; readonly is_impossible: boolean }[];
    }[];
  }[];
}

/** A title in ASCII, short and without spaces, as a tenant id has to be. */
const toTenant = (title: string) =>
  title
    .normalize('NFKD')
    .replace(/[^!-~]+/g, '-')
    .slice(0, 128);

function progress(label: string, total: number): SingleBar {
  const format = `${label.padEnd(9)} {bar} {value}/{total}  {eta_formatted} left`;
  const bar = new SingleBar({ format, hideCursor: true, noTTYOutput: true, notTTYSchedule: 5000 });
  bar.start(total, 0);
  return bar;
}

const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;

/** Ingests the articles and asks every question as its own tenant and as the next; returns what was wrong. */
export async function showSquad(session: Session, embedder: Embedder, path: string): Promise<number> {
  const { data }: Squad = JSON.parse(await readFile(path, 'utf8'));
  const articles = data.map(({ title, paragraphs }) => ({ tenant: toTenant(title), paragraphs }));
  const paragraphs = articles.reduce((sum, article) => sum + article.paragraphs.length, 0);

  const ingest = progress('ingesting', paragraphs);
  for (const { tenant, paragraphs } of articles) {
    await forTenant(session.app, tenant).upsertDocuments(
      paragraphs.map(
        ({ context }, position): NewDocument => ({ source: tenant, position, content: context }),
      ),
      { embedder, onBatch: (stored) => ingest.increment(stored.length) },
    );
  }
  ingest.stop();

  const questions = articles.flatMap(({ tenant, paragraphs }, i) =>
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
  let [first, five, foreign, given] = [0, 0, 0, 0];
  const times: number[] = [];
  const asking = progress('asking', questions.length);
  for (let at = 0; at < questions.length; at += 100) {
    const batch = questions.slice(at, at + 100);
    const vectors = await embedder.embed(batch.map(({ question }) => question));
    for (const [i, { context, tenant, stranger }] of batch.entries()) {
      const vector = vectors[i] as Vector;
      const began = performance.now();
      const found = await forTenant(session.app, tenant).matchDocuments(vector, { k: 5 });
      times.push(performance.now() - began);
      const rank = found.findIndex((row) => row.content === context);
      if (rank === 0) first += 1;
      if (rank >= 0) five += 1;
      // Judged by content as well as by label: this paragraph belongs to one article only.
      const others = await forTenant(session.app, stranger).matchDocuments(vector, { k: 5 });
      foreign += found.filter((row) => row.tenantId !== tenant).length;
      foreign += others.filter((row) => row.tenantId !== stranger || row.content === context).length;
      given += found.length + others.length;
      asking.increment();
    }
  }
  asking.stop();

  times.sort((x, y) => x - y);
  const at = (quantile: number) => `${(times[Math.floor(times.length * quantile)] ?? 0).toFixed(1)} ms`;
  console.log(`
${articles.length} tenants, ${paragraphs} documents, ${questions.length} answerable questions

  hit@1         ${percent(first, questions.length)}   the paragraph that holds the answer came first
  hit@5         ${percent(five, questions.length)}   or among the first five
  foreign rows  ${foreign} of ${given}   each question was asked as its own tenant and as one other
  a question    ${at(0.5)} median, ${at(0.95)} at the 95th percentile, without embedding it`);
  return foreign;
}
