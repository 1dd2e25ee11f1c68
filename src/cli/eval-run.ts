/** What `ragwall eval` measures: how well each kind of search finds the passages that answer questions. */
import type { PendingQuery, Row, TransactionSql } from 'postgres';
import { RagwallError } from '../client/errors.js';
import type { Tenant } from '../client/handle.js';
import { checkRows, rowsOf } from '../client/rows.js';
import { vectorText } from '../client/vector.js';
import type { Embedder, Vector } from '../embedders/embedder.js';
import { checkLines, type Question } from './eval-questions.js';

/** What a kind of search found, over all questions. */
export interface Measures {
  /** For n = 1, 5 and k: the share of questions of which a passage is among the first n, 0 to 1. */
  readonly hit: Readonly<Record<number, number>>;
  /** The mean over questions of 1 divided by the rank of the first passage; 0 if none is among the first k. */
  readonly mrr: number;
  /** The share of the k nearest by the exact search that were found, 0 to 1, mean; of the search by vector alone. */
  readonly recall?: number;
  /** Milliseconds of a search in SQL, without embedding the question: the median. */
  readonly p50: number;
}

export interface Evaluation {
  readonly tenant: string;
  readonly model: string;
  /** How many documents the tenant has, and how many of them this model has embedded. */
  readonly documents: number;
  readonly embedded: number;
  /** The text search configuration of words; null where words are not searched. */
  readonly words: string | null;
  readonly questions: number;
  readonly k: number;
  readonly searches: readonly ({ readonly name: 'vector' | 'words' | 'hybrid'; readonly weight?: number } & Measures)[];
}

export interface EvalOptions {
  /** 1 to 1000. */
  readonly k: number;
  /** Of hybrid searches, 0 to 1. */
  readonly weights: readonly number[];
  readonly signal?: AbortSignal;
  /** Called with how many questions have been asked. */
  readonly onAsked?: (count: number) => void;
}

interface Found {
  readonly id: string;
  readonly similarity: number;
}

/** What is found for one question. */
interface Answer {
  /** The rank of the first passage, from 1; Infinity if none was found. */
  readonly rank: number;
  readonly recall?: number;
  readonly ms: number;
}

/** Returns which share of an exact search was found. Of passages that are equally near either may be found. */
export function recallOf(exact: readonly Found[], found: readonly Found[]): number {
  const least = exact.at(-1)?.similarity;
  return least === undefined ? 1 : found.filter(({ similarity }) => similarity >= least).length / exact.length;
}

/** Returns the measures of the answers to one or more questions. */
export function measuresOf(answers: readonly Answer[], k: number): Measures {
  const mean = (of: (answer: Answer) => number) =>
    answers.reduce((sum, answer) => sum + of(answer), 0) / answers.length;
  const times = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  const [below, above] = [times[Math.ceil(times.length / 2) - 1] ?? 0, times[Math.floor(times.length / 2)] ?? 0];
  const ends = [...new Set([1, 5, k])].filter((n) => n <= k);
  return {
    hit: Object.fromEntries(ends.map((n) => [n, mean(({ rank }) => (rank <= n ? 1 : 0))])),
    mrr: mean(({ rank }) => 1 / rank),
    ...(answers[0]?.recall !== undefined && { recall: mean(({ recall = 0 }) => recall) }),
    p50: (below + above) / 2,
  };
}

interface Facts {
  readonly documents: number;
  readonly embedded: number;
  readonly models: string;
  readonly words: string | null;
  /** The schema of the extension vector. */
  readonly schema: string;
}

/** @throws Error if the tenant has no document that this model has embedded: no search would mean anything. */
async function factsOf(tenant: Tenant, model: string): Promise<Facts> {
  const [facts] = await tenant.transaction(
    ({ sql }) => sql<Facts[]>`
      select count(*)::integer as documents,
        (count(*) filter (where d.embedding_model = ${model}))::integer as embedded,
        string_agg(distinct d.embedding_model, ', ') as models,
        ragwall.words_configuration() as words,
        (
          select n.nspname::text from pg_catalog.pg_attribute as a
          join pg_catalog.pg_type as t on t.oid = a.atttypid
          join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
          where a.attrelid = 'ragwall.documents'::pg_catalog.regclass and a.attname = 'embedding'
        ) as schema
      from ragwall.documents as d`,
  );
  if (!facts || facts.documents === 0) throw new Error(`the tenant ${tenant.tenantId} has no documents`);
  if (facts.embedded === 0) {
    throw new Error(
      `the documents of ${tenant.tenantId} were embedded by ${facts.models}, and the questions would be by ${model}: ` +
        'their vectors cannot be compared',
    );
  }
  return facts;
}

/** Returns the ids of the passages of each question. @throws Error with the lines whose passages the tenant does not have. */
async function expectedOf(tenant: Tenant, questions: readonly Question[], signal?: AbortSignal) {
  const expected: ReadonlySet<string>[] = [];
  const faults: { line: number; fault: string }[] = [];
  for (const { line, passages } of questions) {
    signal?.throwIfAborted();
    const rows = await tenant.transaction(
      ({ sql }) => sql<{ number: number; id: string }[]>`
        select p.number::integer as number, d.id::text as id
        from pg_catalog.jsonb_array_elements(${JSON.stringify(passages)}::pg_catalog.text::pg_catalog.jsonb)
          with ordinality as p (passage, number)
        join ragwall.documents as d
          on d.id = (p.passage ->> 'id')::pg_catalog.uuid
          or d.content = p.passage ->> 'content'
          or d.source = p.passage ->> 'source'
            and coalesce(d.position = (p.passage ->> 'position')::integer, true)`,
    );
    const found = new Set(rows.map(({ number }) => number));
    const missing = passages.findIndex((_, index) => !found.has(index + 1));
    if (missing >= 0) faults.push({ line, fault: `${tenant.tenantId} has no passage ${missing + 1}` });
    expected.push(new Set(rows.map(({ id }) => id)));
  }
  checkLines(faults);
  return expected;
}

/** Embeds the questions. @throws Error that names the line of a question that cannot be embedded. */
async function embedded(embedder: Embedder, batch: readonly Question[], signal?: AbortSignal) {
  try {
    return await embedder.embed(
      batch.map(({ text }) => text),
      signal && { signal },
    );
  } catch (error) {
    signal?.throwIfAborted();
    const line = error instanceof RagwallError && error.text !== undefined ? batch[error.text]?.line : undefined;
    throw line === undefined ? error : new Error(`line ${line}: ${(error as Error).message}`);
  }
}

/** The kinds of search, each a statement that returns tenant, tenant, id and similarity: what `checkRows` takes. */
function searchesOf(words: boolean, weights: readonly number[], k: number) {
  type Query = (sql: TransactionSql, vector: string, text: string) => PendingQuery<Row[]>;
  const vector: Query = (sql, queryVec) => sql`
    select m.tenant_id, m.tenant_id, m.id, m.similarity from ragwall.match_documents(${queryVec}, ${k}::integer) as m`;
  const byWords: Query = (sql, _, text) => sql`
    select m.tenant_id, m.tenant_id, m.id, m.similarity from ragwall.search_words(${text}, ${k}::integer) as m`;
  const hybrid =
    (weight: number): Query =>
    (sql, queryVec, text) =>
      sql`
      select m.tenant_id, m.tenant_id, m.id, m.similarity
      from ragwall.match_hybrid(${queryVec}, ${text}, ${k}::integer, null, ${weight}::double precision) as m`;
  return [
    { name: 'vector' as const, query: vector },
    ...(words ? [{ name: 'words' as const, query: byWords }] : []),
    ...(words ? weights.map((weight) => ({ name: 'hybrid' as const, weight, query: hybrid(weight) })) : []),
  ];
}

/**
 * Asks the questions as a tenant by vector and, where words are searched, by words and by both, and measures what is found.
 *
 * @throws Error that names the lines of questions that cannot be asked; the reason of `signal`; RagwallError.
 */
export async function evaluate(
  tenant: Tenant,
  embedder: Embedder,
  questions: readonly Question[],
  { k, weights, signal, onAsked }: EvalOptions,
): Promise<Evaluation> {
  const { schema, documents, embedded: own, words } = await factsOf(tenant, embedder.model);
  const expected = await expectedOf(tenant, questions, signal);
  const searches = searchesOf(words !== null, weights, k).map((search) => ({ ...search, answers: [] as Answer[] }));
  const found = async (query: PendingQuery<Row[]>): Promise<Found[]> =>
    checkRows(await rowsOf(query), tenant.tenantId, true).map(([, , id, similarity]) => ({
      id: `${id}`,
      similarity: Number(similarity),
    }));

  async function ask(sql: TransactionSql, index: number, queryVec: Vector): Promise<void> {
    const [vector, text] = [vectorText(queryVec), questions[index]?.text ?? ''];
    // By an expression that no index can order by.
    const exact = await found(sql`
      select d.tenant_id, d.tenant_id, d.id, 1 - (d.embedding operator(${sql(schema)}.<=>) ${vector}) as similarity
      from ragwall.documents as d
      order by similarity desc, d.id
      limit ${k}`);
    for (const { name, query, answers } of searches) {
      const began = performance.now();
      const rows = await found(query(sql, vector, text));
      const ms = performance.now() - began;
      const first = rows.findIndex(({ id }) => expected[index]?.has(id));
      const rank = first < 0 ? Number.POSITIVE_INFINITY : first + 1;
      answers.push({ rank, ms, ...(name === 'vector' && { recall: recallOf(exact, rows) }) });
    }
  }

  for (let at = 0; at < questions.length; at += 32) {
    const vectors = await embedded(embedder, questions.slice(at, at + 32), signal);
    for (const [i, vector] of vectors.entries()) {
      signal?.throwIfAborted();
      await tenant.transaction(({ sql }) => ask(sql, at + i, vector));
      onAsked?.(at + i + 1);
    }
  }
  return {
    ...{ tenant: tenant.tenantId, model: embedder.model, documents, embedded: own, words },
    ...{ questions: questions.length, k },
    searches: searches.map(({ name, weight, answers }: (typeof searches)[number] & { weight?: number }) => ({
      name,
      ...(weight !== undefined && { weight }),
      ...measuresOf(answers, k),
    })),
  };
}
