/** A tenant's handle: everything that can be asked for is asked for as this tenant. */
import type { Sql, TransactionSql } from 'postgres';
import type { Embedder, Vector } from '../embedders/embedder.js';
import {
  type Deletion,
  documentsJson,
  type JsonObject,
  type Match,
  match,
  type NewDocument,
  remove,
  type StoredDocument,
  upsert,
} from './documents.js';
import { checkOptions, checkWhole, RagwallError } from './errors.js';
import { binding, type Caller, checkTenant, rememberTenant, tokenOf } from './tenant.js';
import type { TokenSigner } from './token.js';
import { each, guardedBegin } from './transaction.js';

/** Options of {@link forTenant}. */
export interface TenantOptions {
  /** How many dimensions the database's embeddings have, 1 to 4000; default 1536. */
  readonly dimensions?: number;
  /** Signs who is asking, as a database in signed mode expects; see {@link tokenSigner}. */
  readonly signer?: TokenSigner;
}

/** Options of {@link Tenant.upsertDocuments}. */
export interface UpsertOptions {
  /** Embeds the documents that come without an embedding and are new or changed. */
  readonly embedder?: Embedder;
  /** How many documents travel in one statement, 1 to 1000; default 100. */
  readonly batchSize?: number;
  /** Called after each batch with what became of its documents, in their order. */
  readonly onBatch?: (stored: readonly StoredDocument[]) => void;
}

/** How many documents were stored in which way. */
export interface UpsertCounts {
  inserted: number;
  updated: number;
  unchanged: number;
}

/** An immutable handle: one tenant on one pool. */
export interface Tenant {
  readonly tenantId: string;
  /**
   * Returns the `k` nearest documents of this tenant, nearest first, in one statement of its own.
   *
   * @param queryVec `dimensions` finite numbers, not all zero.
   * @param options `k`, 1 to 1000, default 10; `filter`, an object that the metadata must contain.
   * @throws RagwallError `INVALID_VECTOR`, `INVALID_K`, `INVALID_FILTER`, `INVALID_OPTION` before anything is sent;
   *   `FOREIGN_ROW` instead of another tenant's row; `CONNECTION_LOST`.
   */
  matchDocuments(
    queryVec: Vector,
    options?: { readonly k?: number; readonly filter?: JsonObject },
  ): Promise<Match[]>;
  /**
   * Stores documents and returns how many were inserted, updated, or unchanged. Of each batch, what needs no
   * new embedding is stored in one statement, the rest in another after it was embedded. Repeating the whole
   * changes nothing and embeds nothing. While a batch is being stored, the next one is read and made ready.
   *
   * @throws RagwallError `INVALID_DOCUMENT`, `INVALID_VECTOR`, `INVALID_OPTION`; `EMBEDDING_FAILED`; `FOREIGN_ROW`; `CONNECTION_LOST`;
   *   `EMBEDDER_REQUIRED` if a document without an
   *   embedding is new or changed and there is no embedder. What was stored before stays.
   */
  upsertDocuments(
    documents: Iterable<NewDocument> | AsyncIterable<NewDocument>,
    options?: UpsertOptions,
  ): Promise<UpsertCounts>;
  /**
   * Deletes documents by id, or a source from a position on, and returns how many there were.
   *
   * @throws RagwallError `INVALID_DOCUMENT` before anything is sent; `CONNECTION_LOST`.
   */
  deleteDocuments(deletion: Deletion): Promise<number>;
  /**
   * Runs `fn` in a transaction to which this tenant is bound, for SQL of one's own, and returns what `fn`
   * returns. The transaction cannot be used after `fn` settled or its connection was lost.
   *
   * @throws RagwallError `TRANSACTION_CLOSED` from such a use.
   */
  transaction<T>(fn: (tx: TransactionSql) => Promise<T>): Promise<T>;
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

/**
 * Returns the handle of a tenant on a pool. It opens no connection and sends nothing.
 *
 * @param sql a postgres.js pool whose login is, or is a member of, `app_user` or `app_reader`.
 * @param tenantId 1 to 128 printable ASCII characters, no spaces; from a verified token.
 * @throws RagwallError `INVALID_TENANT`, `INVALID_OPTION`.
 * @example
 * const acme = forTenant(sql, 'acme');
 * const passages = await acme.matchDocuments(queryVec, { k: 5 });
 */
export function forTenant(sql: Sql, tenantId: string, options: TenantOptions = {}): Tenant {
  const tenant = checkTenant(tenantId);
  const { dimensions = 1536, signer } = checkOptions(options);
  checkWhole('dimensions', dimensions, 1, 4000);
  const caller = async (): Promise<Caller> => ({ sql, tenant, token: await tokenOf(tenant, signer) });

  /** The documents of a batch, with the embedder's model for those that it may have to embed. */
  const withModel = (batch: NewDocument[], embedder?: Embedder): NewDocument[] =>
    batch.map((document) => {
      const { embedding, embeddingModel = embedder?.model } = Object(document) as NewDocument;
      if (!embedder || embedding !== undefined) return document;
      if (embeddingModel !== embedder.model) {
        throw new RagwallError(
          'INVALID_DOCUMENT',
          'embeddingModel is expected to be the embedder’s model.',
        );
      }
      return { ...document, embeddingModel: embedder.model };
    });

  /** Stores what needs no new embedding, then embeds the rest, outside any transaction, and stores it. */
  async function store(
    named: readonly NewDocument[],
    json: string,
    embedder?: Embedder,
  ): Promise<StoredDocument[]> {
    const stored = await upsert(await caller(), json);
    const missing = named.filter((_, i) => stored[i]?.status === 'embedding required');
    if (missing.length === 0) return stored;
    if (!embedder) {
      throw new RagwallError(
        'EMBEDDER_REQUIRED',
        `${missing.length} documents are new or changed and have no embedding: give an embedder.`,
      );
    }
    const vectors = await embedder.embed(missing.map((document) => document.content));
    const returned = Array.isArray(vectors) ? vectors.length : 0;
    if (returned !== missing.length) {
      throw new RagwallError(
        'EMBEDDING_FAILED',
        `The embedder is expected to return ${missing.length} vectors, and returned ${returned}.`,
      );
    }
    const embedded = missing.map((document, i) => ({ ...document, embedding: vectors[i] as Vector }));
    const rest = await upsert(await caller(), documentsJson(embedded, dimensions));
    if (rest.some(({ status }) => status === 'embedding required')) {
      throw new RagwallError(
        'EMBEDDING_FAILED',
        'The embedder is expected to return a vector for each text.',
      );
    }
    return stored.map((one) =>
      one.status === 'embedding required' ? (rest.shift() as StoredDocument) : one,
    );
  }

  return Object.freeze<Tenant>({
    tenantId: tenant,
    async matchDocuments(queryVec, options = {}) {
      const { k = 10, filter } = checkOptions(options);
      if ('filter' in options && filter === undefined) {
        throw new RagwallError(
          'INVALID_FILTER',
          'filter is expected to be left out where there is none.',
        );
      }
      return match(await caller(), queryVec, k, filter, dimensions);
    },
    async upsertDocuments(documents, options = {}) {
      const { embedder, batchSize = 100, onBatch } = checkOptions(options);
      if (embedder !== undefined && typeof embedder?.embed !== 'function') {
        throw new RagwallError('INVALID_OPTION', 'embedder is expected to have a function embed.');
      }
      const given = Object(documents);
      if (!(Symbol.iterator in given) && !(Symbol.asyncIterator in given)) {
        throw new RagwallError('INVALID_DOCUMENT', 'An iterable of documents is expected.');
      }
      checkWhole('batchSize', batchSize, 1, 1000);
      const counts: UpsertCounts = { inserted: 0, updated: 0, unchanged: 0 };
      const storing = async (named: readonly NewDocument[], json: string) => {
        const stored = await store(named, json, embedder);
        for (const { status } of stored) {
          if (status !== 'embedding required') counts[status] += 1;
        }
        onBatch?.(stored);
      };
      let before = Promise.resolve();
      try {
        for await (const batch of inBatches(documents, batchSize)) {
          const named = withModel(batch, embedder);
          const json = documentsJson(named, dimensions);
          await before;
          before = storing(named, json);
          before.catch(() => {}); // it is awaited later
        }
      } finally {
        await before;
      }
      return counts;
    },
    deleteDocuments: async (deletion) => remove(await caller(), deletion),
    transaction: (fn) =>
      guardedBegin(
        sql,
        async (tx) => {
          const token = await tokenOf(tenant, signer);
          await tx`select ${binding({ sql: tx, tenant, token })}`;
          return each(fn(tx));
        },
        (tx) => rememberTenant(tx, tenant),
      ),
  });
}
