/** The documents of the bound tenant: storage and deletion, one function for each function of SQL. */
import type { PendingQuery, Row, Sql, TransactionSql } from 'postgres';
import type { Vector } from '../embedders/embedder.js';
import { type CheckedDocument, checkedDeletion, checkedDocument } from './check-document.js';
import { checkIntegerOption, type DocumentPlace, RagwallError } from './errors.js';
import type { Filter } from './filter.js';
import { aboutDocument, checkDocument, type JsonObject } from './input.js';
import { checkRows } from './rows.js';
import { type TenantScope, transactionScope } from './tenant.js';

/** The key of a document within its tenant: a UUID, or a source and the position of a passage in it. */
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
      /** The number of the passage in the source, 0 to 2³¹−1. */
      readonly position: number;
    };

/** A document to store. If `metadata` is left out, the stored metadata stay as they are. */
export type NewDocument = DocumentKey & {
  readonly content: string;
  readonly metadata?: JsonObject;
  /** The embedding of `content`. It may be left out if `content` and `embeddingModel` are those stored. */
  readonly embedding?: Vector;
  /** The name of the model that made `embedding`, 1 to 200 bytes of UTF-8. */
  readonly embeddingModel?: string;
};

/**
 * The result for one document: its number in the call, its source and position if it was given them, its id, and what
 * became of it. `embedding required`: its content or its model differs from what is stored, and it
 * has no embedding. Nothing was written for it.
 */
export interface StoredDocument extends DocumentPlace {
  /** A UUID. */
  readonly id: string;
  readonly status: 'inserted' | 'updated' | 'unchanged' | 'embedding required';
}

/**
 * What to delete: documents by UUID; those of a source from the position `fromPosition` on (default 0: all); or those whose
 * metadata fit `filter`. An empty filter is refused, because everything fits it.
 */
export type Deletion =
  | { readonly ids: readonly string[]; readonly source?: never; readonly filter?: never }
  | { readonly ids?: never; readonly source: string; readonly fromPosition?: number; readonly filter?: never }
  | { readonly ids?: never; readonly source?: never; readonly filter: Filter };

/** Runs the statement behind {@link upsertDocuments}, for the JSON of one document or more. */
async function upsertIn(scope: TenantScope, json: string): Promise<Pick<StoredDocument, 'id' | 'status'>[]> {
  const rows = await scope.send(
    (sql, bound) => sql`
    select bound.tenant, u.tenant_id, u.id, u.status
    from ${bound} as bound (tenant)
    cross join lateral ragwall.upsert_documents(
      case when bound.tenant is not null then ${json}::pg_catalog.text::pg_catalog.jsonb end
    ) as u
    order by u.ordinal`,
  );
  return checkRows(rows, scope.tenant, false).map(([, , id, status]) => ({ id, status }) as StoredDocument);
}

/** What it means that `ragwall.upsert_documents()` refuses one document. */
const refusals: Readonly<Record<string, string>> = {
  RW202: 'The database takes it for ill-formed: is the schema of another release than this client?',
  RW203: 'It is the same as one before it. Each is expected once: by id, or by source and position, not by both.',
  RW204: 'Its source and position would get an id that another document was given by hand.',
};

/**
 * Stores documents and returns a result for each, in the same order.
 * @throws RagwallError `INVALID_DOCUMENT`, with the document, where the database says which one it refuses.
 */
export async function storeIn(scope: TenantScope, documents: readonly CheckedDocument[]): Promise<StoredDocument[]> {
  try {
    const stored = await upsertIn(scope, JSON.stringify(documents.map(({ json }) => json)));
    return stored.map((result, i) => ({ ...(documents[i] as CheckedDocument).place, ...result }));
  } catch (error) {
    const { code, detail } = Object(error) as { code?: string; detail?: string };
    const refused = documents[Number(/^ordinal (\d+)$/.exec(detail ?? '')?.[1])];
    const message = refusals[code ?? ''];
    if (!refused || !message) throw error;
    throw aboutDocument(new RagwallError('INVALID_DOCUMENT', message), refused.place);
  }
}

/**
 * Stores documents for the bound tenant and returns a result for each, in the same order. Storing the same
 * documents again changes nothing.
 *
 * @param tx a transaction to which {@link setTenant} has bound a tenant.
 * @param documents no key twice; a few hundred at most, because they are sent in one statement.
 * @throws RagwallError `INVALID_DOCUMENT`, `INVALID_VECTOR`, with the document as `document`; `FOREIGN_ROW` if the
 *   database stored them for another tenant than the bound one. PostgresError `RW001` if no tenant is bound.
 * @see `ragwall.upsert_documents()` in db/migrations/committed
 * @example
 * const [stored] = await sql.begin(async (tx) => {
 *   await setTenant(tx, 'acme');
 *   return upsertDocuments(tx, [{ source: 'faq.md', position: 0, content, embedding, embeddingModel: 'm' }]);
 * });
 */
export async function upsertDocuments(
  tx: TransactionSql,
  documents: readonly NewDocument[],
): Promise<StoredDocument[]> {
  checkDocument(Array.isArray(documents), 'An array of documents is expected.');
  const checked = Array.from(documents, (document, index) => checkedDocument(document, index));
  return checked.length === 0 ? [] : storeIn(transactionScope(tx), checked);
}

/** Runs the statement behind {@link deleteDocuments}. */
export async function deleteIn(scope: TenantScope, deletion: Deletion): Promise<number> {
  const { ids, source, fromPosition, filter } = checkedDeletion(deletion);
  return countOf(scope, (sql) =>
    filter
      ? sql`ragwall.delete_matching(
          case when bound.tenant is not null then ${JSON.stringify(filter)}::pg_catalog.text::pg_catalog.jsonb end)`
      : ids
        ? sql`ragwall.delete_documents(
          case when bound.tenant is not null then ${`{${ids.join(',')}}`}::pg_catalog.text::pg_catalog.uuid[] end)`
        : sql`ragwall.delete_source(
          case when bound.tenant is not null then ${source as string}::pg_catalog.text end, ${fromPosition as number}::integer)`,
  );
}

/** Sends a statement that calls a function of SQL for the bound tenant, and returns the number that this returns. */
async function countOf(scope: TenantScope, call: (sql: Sql | TransactionSql) => PendingQuery<Row[]>): Promise<number> {
  const rows = await scope.send(
    (sql, bound) => sql`
    select bound.tenant, bound.tenant, ${call(sql)} from ${bound} as bound (tenant)`,
  );
  const [[, , count] = []] = checkRows(rows, scope.tenant, false);
  return Number(count);
}

/**
 * Deletes documents of the bound tenant and returns how many there were. A UUID of another tenant's document
 * counts as one that does not exist.
 *
 * @param tx a transaction to which {@link setTenant} has bound a tenant.
 * @throws RagwallError `INVALID_DOCUMENT`, `INVALID_FILTER` before anything is sent. PostgresError `RW001` if no tenant is
 *   bound; `RW107`, `RW108` with the operator and the field where the filter is ill-formed.
 * @see `ragwall.delete_documents()`, `delete_source()` and `delete_matching()` in db/migrations/committed
 * @example
 * const count = await sql.begin(async (tx) => {
 *   await setTenant(tx, 'acme');
 *   return deleteDocuments(tx, { source: 'faq.md', fromPosition: 8 });
 * });
 */
export function deleteDocuments(tx: TransactionSql, deletion: Deletion): Promise<number> {
  return deleteIn(transactionScope(tx), deletion);
}

/** Runs the statement behind `catchUp()` of a handle. */
export async function catchUpIn(scope: TenantScope, most: number): Promise<number> {
  checkIntegerOption('most', most, 1, 100_000);
  return countOf(scope, (sql) => sql`ragwall.catch_up(case when bound.tenant is not null then ${most}::integer end)`);
}
