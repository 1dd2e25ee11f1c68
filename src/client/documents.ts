/** One function for each SQL function: retrieval, ingest and deletion for the tenant that is bound. */
import type { JSONValue, TransactionSql } from 'postgres';
import type { Vector } from '../embedders/embedder.js';
import { RagwallError } from './errors.js';
import { ask, binding, type Caller, checkRows } from './tenant.js';
import { vectorText } from './vector.js';

/** A JSON object. */
export type JsonObject = { readonly [key: string]: JSONValue };

/** A document that was found. */
export interface Match {
  readonly tenantId: string;
  readonly id: string;
  readonly content: string;
  readonly metadata: JsonObject;
  /** The cosine of the angle to the query vector, −1 to 1. */
  readonly similarity: number;
}

/** What a tenant knows a document by: an id of its own, or the place of a passage in a source. */
export type DocumentKey =
  | {
      /** A UUID. */
      readonly id: string;
      readonly source?: never;
      readonly position?: never;
    }
  | {
      readonly id?: never;
      /** A path or a URL, 1 to 1024 bytes of UTF-8. */
      readonly source: string;
      /** Which passage of the source, 0 to 2³¹−1. */
      readonly position: number;
    };

/** A document to store. Absent metadata keeps what is stored. */
export type NewDocument = DocumentKey & {
  readonly content: string;
  readonly metadata?: JsonObject;
  /** The embedding of `content`; without one, `content` and model must be what is stored already. */
  readonly embedding?: Vector;
  /** The name of the model that made `embedding`, 1 to 200 bytes of UTF-8. */
  readonly embeddingModel?: string;
};

/** What became of a document. `embedding required`: content or model are new; nothing was written. */
export interface StoredDocument {
  readonly id: string;
  readonly status: 'inserted' | 'updated' | 'unchanged' | 'embedding required';
}

/** What is to be deleted: documents by id, or a source from a position on (default 0: all of it). */
export type Deletion =
  | { readonly ids: readonly string[]; readonly source?: never }
  | { readonly ids?: never; readonly source: string; readonly fromPosition?: number };

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const isUuid = (value: unknown) => typeof value === 'string' && uuidPattern.test(value);

/**
 * Returns a copy of what JSON holds as it is: it has no undefined, and of objects only plain ones, here 1000
 * deep at most. A copy, because a getter or toJSON could say something else when the value is written.
 * @throws for anything else.
 */
function plain(value: unknown, deepest = 1000): JSONValue {
  if (value === null || typeof value === 'boolean' || isText(value)) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'object' && deepest > 0) {
    if (Array.isArray(value)) return Array.from(value, (item) => plain(item, deepest - 1));
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [plain(key), plain(item, deepest - 1)]),
      );
    }
  }
  throw new Error('no JSON');
}

/** Returns a copy of a JSON object, and nothing for anything else. */
function plainObject(value: unknown): JsonObject | undefined {
  try {
    return Array.isArray(value) || Object(value) !== value ? undefined : (plain(value) as JsonObject);
  } catch {
    return undefined;
  }
}

/** Whether Postgres can hold the text: it has no NUL and no half of a surrogate pair. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !/\0|\p{Surrogate}/u.test(value);
}

function isPosition(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
}

function isBytes(value: unknown, most: number): value is string {
  return isText(value) && value !== '' && Buffer.byteLength(value) <= most;
}

/** The statement behind {@link matchDocuments}; `caller` decides whether it binds the tenant itself. */
export async function match(
  caller: Caller,
  queryVec: Vector,
  k: number,
  filter: JsonObject | undefined,
  dimensions?: number,
): Promise<Match[]> {
  const vector = vectorText(queryVec, dimensions);
  if (!Number.isInteger(k) || k < 1 || k > 1000) {
    throw new RagwallError('INVALID_K', 'k is expected to be a whole number from 1 to 1000.');
  }
  const contained = plainObject(filter);
  if (filter !== undefined && !contained) {
    throw new RagwallError(
      'INVALID_FILTER',
      'The filter is expected to be a JSON object, 1000 deep at most; undefined in it would silently widen it.',
    );
  }
  const { sql } = caller;
  // Types by their full names: a temporary type of the session would come first.
  const rows = await ask(
    caller,
    sql<(Match & { bound: string })[]>`
    select bound.tenant as bound, m.tenant_id as "tenantId", m.id, m.content, m.metadata, m.similarity
    from ${binding(caller)} as bound (tenant)
    left join lateral ragwall.match_documents(
      ${vector},
      case when bound.tenant is not null then ${k}::integer end,
      ${contained ? JSON.stringify(contained) : null}::pg_catalog.text::pg_catalog.jsonb
    ) with ordinality as m on true
    order by m.ordinality`,
  );
  return checkRows(caller, rows).map(({ bound: _, ...found }) => found);
}

/**
 * Returns the `k` documents of the bound tenant that are nearest to `queryVec`, nearest first; fewer only
 * if the tenant has fewer that fit.
 *
 * @param tx a transaction to which `setTenant` bound a tenant.
 * @param queryVec as many finite numbers as the database's embeddings have dimensions, not all zero.
 * @param k 1 to 1000.
 * @param filter only documents whose metadata contain this object.
 * @throws RagwallError `INVALID_VECTOR`, `INVALID_K`, `INVALID_FILTER` before anything is sent;
 *   `FOREIGN_ROW` instead of another tenant's row. PostgresError `RW001` if no tenant is bound.
 * @see db/migrations/committed/000003-match-documents.sql
 * @example
 * const rows = await sql.begin(async (tx) => {
 *   await setTenant(tx, 'acme');
 *   return matchDocuments(tx, queryVec, 5, { department: 'finance' });
 * });
 */
export function matchDocuments(
  tx: TransactionSql,
  queryVec: Vector,
  k: number,
  filter?: JsonObject,
): Promise<Match[]> {
  return match({ sql: tx }, queryVec, k, filter);
}

function toJson(document: NewDocument, dimensions: number | undefined) {
  const { id, source, position, content, metadata, embedding, embeddingModel } = Object(
    document,
  ) as NewDocument;
  const byId = id !== undefined && source === undefined && position === undefined && isUuid(id);
  const bySource = id === undefined && isBytes(source, 1024) && isPosition(position);
  if (!byId && !bySource) {
    throw new RagwallError(
      'INVALID_DOCUMENT',
      'A document is expected to have either an id (a UUID) or a source (1 to 1024 bytes) and a position ' +
        '(a whole number from 0).',
    );
  }
  if (!isText(content)) {
    throw new RagwallError(
      'INVALID_DOCUMENT',
      'content is expected to be a text of whole characters, no NUL.',
    );
  }
  const kept = plainObject(metadata);
  if (metadata !== undefined && !kept) {
    throw new RagwallError(
      'INVALID_DOCUMENT',
      'metadata is expected to be a JSON object, 1000 deep at most, without undefined.',
    );
  }
  if (embedding !== undefined && embeddingModel === undefined) {
    throw new RagwallError('INVALID_DOCUMENT', 'An embedding is expected to name its embeddingModel.');
  }
  if (embeddingModel !== undefined && !isBytes(embeddingModel, 200)) {
    throw new RagwallError('INVALID_DOCUMENT', 'embeddingModel is expected to have 1 to 200 bytes.');
  }
  return {
    id,
    source,
    position,
    content,
    metadata: kept,
    embedding: embedding === undefined ? undefined : vectorText(embedding, dimensions),
    embedding_model: embeddingModel,
  };
}

/** Returns the documents as `upsert` sends them: most of the client's work. */
export function documentsJson(documents: readonly NewDocument[], dimensions?: number): string {
  if (!Array.isArray(documents)) {
    throw new RagwallError('INVALID_DOCUMENT', 'An array of documents is expected.');
  }
  return JSON.stringify(Array.from(documents, (document) => toJson(document, dimensions)));
}

/** The statement behind {@link upsertDocuments}, for one document or more. */
export async function upsert(caller: Caller, json: string): Promise<StoredDocument[]> {
  const { sql } = caller;
  const rows = await ask(
    caller,
    sql<(StoredDocument & { bound: string; tenantId: string })[]>`
    select bound.tenant as bound, u.tenant_id as "tenantId", u.id, u.status
    from ${binding(caller)} as bound (tenant)
    cross join lateral ragwall.upsert_documents(
      case when bound.tenant is not null then ${json}::pg_catalog.text::pg_catalog.jsonb end
    ) as u
    order by u.ordinal`,
  );
  return checkRows(caller, rows).map(({ id, status }) => ({ id, status }));
}

/**
 * Stores documents for the bound tenant and returns what became of each, in their order. All or none,
 * with the transaction. Repeating it changes nothing.
 *
 * @param tx a transaction to which `setTenant` bound a tenant.
 * @param documents no key twice; a few hundred at most, as they travel in one statement.
 * @throws RagwallError `INVALID_DOCUMENT`, `INVALID_VECTOR` before anything is sent; `FOREIGN_ROW`.
 *   PostgresError `RW001` if no tenant is bound.
 * @see db/migrations/committed/000004-write-documents.sql
 */
export async function upsertDocuments(
  tx: TransactionSql,
  documents: readonly NewDocument[],
): Promise<StoredDocument[]> {
  const json = documentsJson(documents);
  return documents.length === 0 ? [] : upsert({ sql: tx }, json);
}

/** The statement behind {@link deleteDocuments}. */
export async function remove(caller: Caller, deletion: Deletion): Promise<number> {
  const { sql } = caller;
  const {
    ids,
    source,
    fromPosition: from = 0,
  } = Object(deletion) as {
    [Key in 'ids' | 'source' | 'fromPosition']?: unknown;
  };
  if ((ids === undefined) === (source === undefined)) {
    throw new RagwallError('INVALID_DOCUMENT', 'Either ids or a source is expected.');
  }
  const given = Array.isArray(ids) ? Array.from<unknown>(ids) : undefined;
  if (ids !== undefined && !given?.every(isUuid)) {
    throw new RagwallError('INVALID_DOCUMENT', 'ids are expected to be UUIDs.');
  }
  if (source !== undefined && !(isBytes(source, 1024) && isPosition(from))) {
    throw new RagwallError(
      'INVALID_DOCUMENT',
      'A source of 1 to 1024 bytes is expected, and a whole number from 0 as fromPosition.',
    );
  }
  const call =
    given !== undefined
      ? sql`ragwall.delete_documents(
          case when bound.tenant is not null then ${`{${given.join(',')}}`}::pg_catalog.text::pg_catalog.uuid[] end)`
      : sql`ragwall.delete_source(
          case when bound.tenant is not null then ${source as string}::pg_catalog.text end, ${from as number}::integer)`;
  const rows = await ask(
    caller,
    sql<{ deleted: number }[]>`select ${call} as deleted from ${binding(caller)} as bound (tenant)`,
  );
  return (rows.at(-1) as { deleted: number }).deleted; // the last: there may be holes before it, as in checkRows
}

/**
 * Deletes documents of the bound tenant and returns how many there were. An id of another tenant is an
 * id that does not exist.
 *
 * @throws RagwallError `INVALID_DOCUMENT` before anything is sent. PostgresError `RW001` if no tenant is
 *   bound.
 * @see db/migrations/committed/000004-write-documents.sql
 */
export function deleteDocuments(tx: TransactionSql, deletion: Deletion): Promise<number> {
  return remove({ sql: tx }, deletion);
}
