/** Stores documents of any number in batches, and embeds those whose content or model is new. */
import type { Embedder, Vector } from '../embedders/embedder.js';
import { type CheckedDocument, checkedDocument, embeddedDocument } from './check-document.js';
import { type NewDocument, type StoredDocument, storeIn } from './documents.js';
import { checkIntegerOption, checkOptions, RagwallError } from './errors.js';
import { aboutDocument, checkDocument, isShortText } from './input.js';
import { type RefusedDocument, refusal, withoutRefused } from './refusals.js';
import type { TenantScope } from './tenant.js';

/** Options of an upsert in a transaction. */
export interface BatchOptions {
  /** How many documents are sent in one statement, 1 to 1000; default 100. */
  readonly batchSize?: number;
  /**
   * Called after each batch with a result for each of its documents that was stored, and for each that was refused,
   * in their order.
   */
  readonly onBatch?: (stored: readonly StoredDocument[], refused: readonly RefusedDocument[]) => void;
}

/** Options of an upsert outside a transaction. */
export interface UpsertOptions extends BatchOptions {
  /** Embeds the documents that come without an embedding and are new or changed. */
  readonly embedder?: Embedder;
  /**
   * What happens if a document is refused: by a check, by the database, or by the embedder because of its text. `stop`, the
   * default: the call rejects. `skip`: the document is reported, and the others are stored. Other errors end the call.
   */
  readonly onError?: 'stop' | 'skip';
}

/** How many documents were inserted, updated, and left as they were. */
export interface UpsertCounts {
  inserted: number;
  updated: number;
  unchanged: number;
  /** How many were refused; only with `onError: 'skip'`. */
  refused?: number;
  /** The first 1,000 of them; only with `onError: 'skip'`. `onBatch` gets all. */
  refusals?: readonly RefusedDocument[];
}

const mostRefusals = 1_000;

/** Yields batches. If reading fails, what was read before comes first, and then the error. */
async function* inBatches<T>(items: Iterable<T> | AsyncIterable<T>, size: number) {
  let batch: T[] = [];
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const item of items) {
      if (batch.push(item) === size) {
        yield batch;
        batch = [];
      }
    }
  } catch (error) {
    failure = { error };
  }
  if (batch.length > 0) yield batch;
  if (failure) throw failure.error;
}

/**
 * Returns the documents with their embeddings.
 * @throws RagwallError `INVALID_DOCUMENT`, with the document, if the embedder says whose text it cannot embed.
 */
async function embedAll(
  documents: readonly CheckedDocument[],
  embedder: Embedder | undefined,
  dimensions: number | undefined,
): Promise<CheckedDocument[]> {
  if (!embedder) {
    const message =
      `It is new or changed and has no embedding, as ${documents.length - 1} others of its batch. Give an embedder; in a ` +
      'transaction, give each document its embedding.';
    const [first] = documents as [CheckedDocument];
    throw aboutDocument(new RagwallError('EMBEDDER_REQUIRED', message, { key: 'embedding' }), first.place);
  }
  let vectors: readonly Vector[];
  try {
    vectors = await embedder.embed(documents.map(({ json }) => json.content));
  } catch (error) {
    const refused = error instanceof RagwallError ? documents[error.text ?? -1] : undefined;
    if (!refused) throw error;
    const message = (error as RagwallError).message.replace(/^(The text|Text \d+) /, 'content ');
    throw aboutDocument(new RagwallError('INVALID_DOCUMENT', message, { key: 'content' }), refused.place);
  }
  const returned = Array.isArray(vectors) ? vectors.length : 0;
  if (returned !== documents.length) {
    throw new RagwallError(
      'EMBEDDING_FAILED',
      `The embedder is expected to return ${documents.length} vectors, and returned ${returned}.`,
    );
  }
  return documents.map((document, i) =>
    embeddedDocument(document, vectors[i] as Vector, dimensions ?? embedder.dimensions),
  );
}

const isMissing = ({ status }: StoredDocument) => status === 'embedding required';

/**
 * Stores the documents and returns how many were stored in which way. Each batch takes one statement, and a
 * second one for the documents that had to be embedded. While a batch is stored, the next one is read and checked.
 *
 * @param newScope returns the scope of the next statement.
 * @param dimensions how many numbers each embedding must have; if left out, the database alone checks that.
 */
export async function ingest(
  newScope: () => Promise<TenantScope>,
  documents: Iterable<NewDocument> | AsyncIterable<NewDocument>,
  options: UpsertOptions,
  dimensions?: number,
): Promise<UpsertCounts> {
  const known = ['embedder', 'batchSize', 'onBatch', 'onError'];
  const { embedder, batchSize = 100, onBatch, onError = 'stop' } = checkOptions(options, known);
  if (embedder !== undefined && !(typeof embedder?.embed === 'function' && isShortText(embedder.model, 200))) {
    throw new RagwallError(
      'INVALID_OPTION',
      'embedder is expected to have a function embed, and a model of 1 to 200 bytes.',
    );
  }
  if (onError !== 'stop' && onError !== 'skip') {
    throw new RagwallError('INVALID_OPTION', 'onError is expected to be stop or skip.');
  }
  const given = Object(documents);
  checkDocument(Symbol.iterator in given || Symbol.asyncIterator in given, 'An iterable of documents is expected.');
  checkIntegerOption('batchSize', batchSize, 1, 1000);
  const skips = onError === 'skip';
  const refusals: RefusedDocument[] = [];
  const counts: UpsertCounts = { inserted: 0, updated: 0, unchanged: 0, ...(skips && { refused: 0, refusals }) };

  /** Returns copies of the documents that were read; the first has the number `from` in the call. */
  function check(read: readonly NewDocument[], from: number, refused?: RefusedDocument[]): CheckedDocument[] {
    return read.flatMap((document, i) => {
      try {
        return checkedDocument(document, from + i, { dimensions, model: embedder?.model });
      } catch (error) {
        const one = refusal(error, /^INVALID_(DOCUMENT|VECTOR)$/);
        if (!refused || !one) throw error;
        refused.push(one);
        return [];
      }
    });
  }

  async function store(documents: readonly CheckedDocument[], refused?: RefusedDocument[]): Promise<void> {
    const send = async (some: readonly CheckedDocument[]) => storeIn(await newScope(), some);
    const stored = await withoutRefused(documents, refused, send);
    const missing = new Set(stored.filter(isMissing).map(({ index }) => index));
    const unembedded = documents.filter(({ place }) => missing.has(place.index));
    const embedded = await withoutRefused(unembedded, refused, (some) => embedAll(some, embedder, dimensions));
    const rest = await withoutRefused(embedded, refused, send);
    if (rest.some(isMissing)) {
      throw new RagwallError('EMBEDDING_FAILED', 'The embedder is expected to return a vector for each text.');
    }
    const all = [...stored.filter((result) => !isMissing(result)), ...rest].sort((a, b) => a.index - b.index);
    for (const { status } of all) counts[status as 'inserted' | 'updated' | 'unchanged'] += 1;
    refused?.sort((a, b) => a.document.index - b.document.index);
    if (refused) counts.refused = (counts.refused ?? 0) + refused.length;
    refusals.push(...(refused ?? []).slice(0, mostRefusals - refusals.length));
    onBatch?.(all, refused ?? []);
  }

  let from = 0;
  let before = Promise.resolve();
  try {
    for await (const read of inBatches(documents, batchSize)) {
      const refused: RefusedDocument[] | undefined = skips ? [] : undefined;
      const batch = check(read, from, refused);
      from += read.length;
      await before;
      before = store(batch, refused);
      before.catch(() => {}); // awaited below, or before the next batch
    }
  } finally {
    await before;
  }
  return counts;
}
