/** Stores documents of any number in batches, and embeds those whose content or model is new. */
import type { Embedder, Vector } from '../embedders/embedder.js';
import { documentsJson, type NewDocument, type StoredDocument, upsertIn } from './documents.js';
import { checkIntegerOption, checkOptions, RagwallError } from './errors.js';
import { checkDocument } from './input.js';
import type { TenantScope } from './tenant.js';

/** Options of an upsert in a transaction. */
export interface BatchOptions {
  /** How many documents are sent in one statement, 1 to 1000; default 100. */
  readonly batchSize?: number;
  /** Called after each batch with a result for each of its documents, in their order. */
  readonly onBatch?: (stored: readonly StoredDocument[]) => void;
}

/** Options of an upsert outside a transaction. */
export interface UpsertOptions extends BatchOptions {
  /** Embeds the documents that come without an embedding and are new or changed. */
  readonly embedder?: Embedder;
}

/** How many documents were inserted, updated, and left as they were. */
export interface UpsertCounts {
  inserted: number;
  updated: number;
  unchanged: number;
}

async function* inBatches<T>(items: Iterable<T> | AsyncIterable<T>, size: number) {
  let batch: T[] = [];
  for await (const item of items) {
    if (batch.push(item) === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Returns the documents; those without an embedding get the name of the embedder's model. */
function withModel(batch: NewDocument[], embedder?: Embedder): NewDocument[] {
  return batch.map((document) => {
    const { embedding, embeddingModel = embedder?.model } = Object(document) as NewDocument;
    if (!embedder || embedding !== undefined) return document;
    checkDocument(embeddingModel === embedder.model, 'embeddingModel is expected to be the embedder’s model.');
    return { ...document, embeddingModel: embedder.model };
  });
}

/** Returns the documents with their embeddings. */
async function embed(documents: readonly NewDocument[], embedder?: Embedder): Promise<NewDocument[]> {
  if (!embedder) {
    throw new RagwallError(
      'EMBEDDER_REQUIRED',
      `${documents.length} documents are new or changed and have no embedding. Give an embedder; in a transaction, give each document its embedding.`,
    );
  }
  const vectors = await embedder.embed(documents.map(({ content }) => content));
  const returned = Array.isArray(vectors) ? vectors.length : 0;
  if (returned !== documents.length) {
    throw new RagwallError(
      'EMBEDDING_FAILED',
      `The embedder is expected to return ${documents.length} vectors, and returned ${returned}.`,
    );
  }
  return documents.map((document, i) => ({ ...document, embedding: vectors[i] as Vector }));
}

/**
 * Stores the documents and returns how many were stored in which way. Each batch takes one statement, and a
 * second one for the documents that had to be embedded. While a batch is stored, the next one is read and checked.
 *
 * @param newScope returns the scope of the next statement.
 * @param dimensions how many numbers each embedding must have.
 */
export async function ingest(
  newScope: () => Promise<TenantScope>,
  documents: Iterable<NewDocument> | AsyncIterable<NewDocument>,
  options: UpsertOptions,
  dimensions: number,
): Promise<UpsertCounts> {
  const { embedder, batchSize = 100, onBatch } = checkOptions(options, ['embedder', 'batchSize', 'onBatch']);
  if (embedder !== undefined && typeof embedder?.embed !== 'function') {
    throw new RagwallError('INVALID_OPTION', 'embedder is expected to have a function embed.');
  }
  const given = Object(documents);
  checkDocument(Symbol.iterator in given || Symbol.asyncIterator in given, 'An iterable of documents is expected.');
  checkIntegerOption('batchSize', batchSize, 1, 1000);
  const counts: UpsertCounts = { inserted: 0, updated: 0, unchanged: 0 };

  async function store(batch: readonly NewDocument[], json: string): Promise<void> {
    const stored = await upsertIn(await newScope(), json);
    const missing = batch.filter((_, i) => stored[i]?.status === 'embedding required');
    if (missing.length > 0) {
      const embedded = documentsJson(await embed(missing, embedder), dimensions);
      const rest = await upsertIn(await newScope(), embedded);
      for (const [i, { status }] of stored.entries()) {
        if (status === 'embedding required') stored[i] = rest.shift() as StoredDocument;
      }
    }
    for (const { status } of stored) {
      if (status === 'embedding required') {
        throw new RagwallError('EMBEDDING_FAILED', 'The embedder is expected to return a vector for each text.');
      }
      counts[status] += 1;
    }
    onBatch?.(stored);
  }

  let before = Promise.resolve();
  try {
    for await (const read of inBatches(documents, batchSize)) {
      const batch = withModel(read, embedder);
      const json = documentsJson(batch, dimensions);
      await before;
      before = store(batch, json);
      before.catch(() => {}); // awaited below, or before the next batch
    }
  } finally {
    await before;
  }
  return counts;
}
