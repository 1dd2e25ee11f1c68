/** The handle of a tenant: its searches, writes and transactions run as this tenant and no other. */
import type { TransactionSql } from 'postgres';
import type { Vector } from '../embedders/embedder.js';
import type { Connections } from './connections.js';
import { catchUpIn, type Deletion, deleteIn, type NewDocument } from './documents.js';
import { RagwallError } from './errors.js';
import { type BatchOptions, ingest, type UpsertCounts, type UpsertOptions } from './ingest.js';
import { rowsOf } from './rows.js';
import {
  type HybridMatch,
  type HybridOptions,
  type Match,
  type MatchOptions,
  matchIn,
  searchWordsIn,
  type WordMatch,
  type WordOptions,
} from './search.js';
import { agentScope, checkTenant, setTenant, singleScope, type TenantScope, transactionScope } from './tenant.js';
import type { TokenSigner } from './token.js';
import { begin, each } from './transaction.js';

/** What a handle and its transactions have in common. */
interface TenantMethods<Options extends BatchOptions> {
  readonly tenantId: string;
  /**
   * Returns the `k` documents of this tenant that are nearest to `queryVec`, nearest first; with `text`, those that are best
   * by the vector and by the words of the text together, best first, with both scores.
   *
   * @param queryVec `dimensions` finite numbers, not all zero.
   * @throws RagwallError `INVALID_VECTOR`, `INVALID_K`, `INVALID_FILTER`, `INVALID_OPTION` before anything is
   *   sent; `FOREIGN_ROW` if a row belongs to another tenant; `CONNECTION_LOST`. PostgresError `RW105`, `RW107`, `RW108` with the
   *   operator and the field where the filter is ill-formed; `RW110` if there is a text and words are not enabled.
   * @see `ragwall.match_documents()` and `match_hybrid()` in db/migrations/committed
   */
  matchDocuments(queryVec: Vector, options: HybridOptions): Promise<HybridMatch[]>;
  matchDocuments(queryVec: Vector, options?: MatchOptions): Promise<Match[]>;
  /**
   * Returns the `k` documents of this tenant that score best for a text by their words (BM25), best first, and none that has
   * no word of it.
   *
   * @param text any text; its 32 longest words count.
   * @throws RagwallError `INVALID_K`, `INVALID_FILTER`, `INVALID_OPTION` before anything is sent; `FOREIGN_ROW`;
   *   `CONNECTION_LOST`. PostgresError `RW105`, `RW107`, `RW108` where the filter is ill-formed; `RW110` if words are not enabled;
   *   `42501` if the login is `agent_caller`.
   * @see `ragwall.search_words()` in db/migrations/committed
   */
  searchWords(text: string, options?: WordOptions): Promise<WordMatch[]>;
  /**
   * Stores documents and returns how many were inserted, updated, or left unchanged. A document without an
   * embedding is compared with the stored one; it has to be embedded only if its content or its model differs.
   * Storing the same documents again changes nothing and embeds nothing.
   *
   * Outside a transaction each batch is a transaction of its own: what was stored before an error stays. In a
   * transaction there is no `embedder`, because a call to a model would keep the transaction and its locks open.
   *
   * @param documents any number; they are read one batch ahead. If reading fails, what was read before is stored.
   * @throws RagwallError `INVALID_DOCUMENT`, `INVALID_VECTOR`, with the document as `document`; `INVALID_OPTION`;
   *   `EMBEDDER_REQUIRED` if a document must be embedded and there is no embedder; `EMBEDDING_FAILED`; `FOREIGN_ROW`;
   *   `CONNECTION_LOST`.
   * @see `ragwall.upsert_documents()` in db/migrations/committed
   */
  upsertDocuments(
    documents: Iterable<NewDocument> | AsyncIterable<NewDocument>,
    options?: Options,
  ): Promise<UpsertCounts>;
  /**
   * Deletes documents by their UUIDs, a source from a position on, or what a filter fits, and returns how many there were.
   *
   * @throws RagwallError `INVALID_DOCUMENT`, `INVALID_FILTER` before anything is sent; `CONNECTION_LOST`.
   * @see `ragwall.delete_documents()`, `delete_source()` and `delete_matching()` in db/migrations/committed
   */
  deleteDocuments(deletion: Deletion): Promise<number>;
  /**
   * Brings documents of this tenant that have changed into its search table, if it has one, and returns how many: fewer
   * than `most` if none is left, or if another session is at it. Call it after large ingests, until it returns fewer, or
   * leave it to `ragwall index`. If nobody does it, searches get slower, and never wrong.
   *
   * @param most how many at once, 1 to 100,000; default 1000. Each is an insert into the HNSW index.
   * @throws RagwallError `INVALID_OPTION` before anything is sent; `CONNECTION_LOST`. PostgresError `42501` if the login
   *   is `app_reader`.
   * @see `ragwall.catch_up()` in db/migrations/committed
   */
  catchUp(most?: number): Promise<number>;
}

/** A transaction to which a tenant is bound. Its methods are those of the handle. */
export interface TenantTransaction extends TenantMethods<BatchOptions> {
  /** The transaction of postgres.js, for statements of your own and for savepoints. */
  readonly sql: TransactionSql;
}

/** An immutable handle of one tenant. */
export interface Tenant extends TenantMethods<UpsertOptions> {
  /**
   * Runs `fn` in a transaction to which this tenant is bound, and returns what `fn` returns. If `fn` throws,
   * the transaction is rolled back. `tx` cannot be used after `fn` has settled or the connection was lost.
   *
   * @throws RagwallError `TRANSACTION_CLOSED` from such a use.
   * @example
   * const [row] = await acme.transaction(async (tx) => {
   *   await tx.deleteDocuments({ source: 'faq.md' });
   *   await tx.upsertDocuments(passages);
   *   return tx.sql`select count(*) from ragwall.documents where source = 'faq.md'`;
   * });
   */
  transaction<T>(fn: (tx: TenantTransaction) => Promise<T>): Promise<T>;
}

/** Whose handles these are: connections, what was asked of the database once, and the signer of tokens. */
export interface Handles {
  readonly connections: Connections;
  facts(): Promise<Facts>;
  readonly signer: TokenSigner | undefined;
}

/** What a database says of itself and of the login. */
export interface Facts {
  /** How many numbers its embeddings have. */
  readonly dimensions: number;
  /** Whether the login is an `agent_caller`, who may search by one function alone. */
  readonly agent: boolean;
}

/** Asks the database, by any login of ours. */
export async function askFacts(connections: Connections): Promise<Facts> {
  const [[dimensions, reads] = []] = await connections.send((sql) =>
    rowsOf(sql`
      select ragwall.embedding_dimensions(), pg_catalog.has_any_column_privilege('ragwall.documents', 'select')`),
  );
  return { dimensions: Number(dimensions), agent: reads === 'f' };
}

/** Returns the handle of a tenant. It sends nothing. @throws RagwallError `INVALID_TENANT`. */
export function handleOf(tenantId: string, { connections, facts, signer }: Handles): Tenant {
  const tenant = checkTenant(tenantId);

  const methodsIn = (newScope: () => Promise<TenantScope>): TenantMethods<UpsertOptions> => ({
    tenantId: tenant,
    async matchDocuments(queryVec: Vector, options: MatchOptions = {}) {
      const { dimensions, agent } = await facts();
      const find = (scope: TenantScope) => matchIn(scope, queryVec, options, dimensions) as Promise<HybridMatch[]>;
      const scope = await newScope();
      // The functions that an agent may call do not bind its tenant themselves.
      return agent && scope.single ? inTransaction((tx) => find(agentScope(tx, tenant))) : find(scope);
    },
    searchWords: async (text, options = {}) => searchWordsIn(await newScope(), text, options),
    upsertDocuments: async (documents, options = {}) =>
      ingest(newScope, documents, options, (await facts()).dimensions),
    deleteDocuments: async (deletion) => deleteIn(await newScope(), deletion),
    catchUp: async (most = 1_000) => catchUpIn(await newScope(), most),
  });

  const inTransaction = <T>(fn: (tx: TransactionSql) => Promise<T>): Promise<T> =>
    begin(connections, async (tx) => {
      await setTenant(tx, tenant, signer);
      return each(fn(tx));
    });

  function transactionOf(tx: TransactionSql, agent: boolean): TenantTransaction {
    const methods = methodsIn(async () => (agent ? agentScope(tx, tenant) : transactionScope(tx, tenant)));
    return Object.freeze<TenantTransaction>({
      ...methods,
      sql: tx,
      async upsertDocuments(documents, options = {}) {
        const { embedder, onError } = Object(options) as UpsertOptions;
        if (embedder !== undefined || onError !== undefined) {
          throw new RagwallError(
            'INVALID_OPTION',
            'embedder and onError cannot be used in a transaction: embed before it, and give each document its embedding; ' +
              'the first error of the database ends a transaction.',
          );
        }
        return methods.upsertDocuments(documents, options);
      },
    });
  }

  return Object.freeze<Tenant>({
    ...methodsIn(() => singleScope(connections, tenant, signer)),
    async transaction(fn) {
      const { agent } = await facts();
      return inTransaction((tx) => fn(transactionOf(tx, agent)));
    },
  });
}
