/** Binds a tenant to a transaction: who is asking, and the check that an answer is theirs. */
import type { PendingQuery, Sql, TransactionSql } from 'postgres';
import { RagwallError } from './errors.js';
import type { TokenSigner } from './token.js';
import { alone } from './transaction.js';

/**
 * What every pool should be opened with, because of defects of postgres.js 3.4 that no caller can mend:
 * - A connection that dies while types are fetched ends the process. (Not for `sql.reserve()`, which hangs on
 *   a new connection without `fetch_types`.)
 * - A BEGIN behind exactly as many waiting statements as `max_pipeline` (by default 100) stays open, so that
 *   what follows on it is never committed.
 * - A connection that dies between a write and its flush sends nothing any more, and each of its next ten uses hangs until
 *   `connect_timeout` (porsager/postgres #1209). What is longer than 1,023 bytes is flushed at once: so the message
 *   that opens a connection is. (With `ssl` another one comes first, unless `sslnegotiation` is `direct`: PostgreSQL 17.)
 * - The wait for the next attempt to connect grows with every one that fails, of the whole pool, to 20 seconds.
 *
 * To name the application: `connection: { ...poolOptions.connection, application_name }`.
 * @example const sql = postgres(process.env.DATABASE_URL, poolOptions);
 */
export const poolOptions = Object.freeze({
  fetch_types: false,
  max_pipeline: 1_000_000,
  /** Seconds. */
  connect_timeout: 5,
  /** Seconds until the next attempt to connect: 0.02 to 1, the more the more have failed. */
  backoff: (failed: number) => (0.5 + Math.random() / 2) * Math.min(3 ** failed / 100, 1),
  /** The same value as always, 50 times: the server takes the last. */
  connection: Object.freeze({
    client_encoding: Array<string>(50).fill('UTF8').join('\0client_encoding\0'),
  }),
});

/** A connection, a transaction, or the guarded transaction of a tenant's handle. */
export type AnySql = Sql | TransactionSql;

/** Which tenant `setTenant` bound to a transaction, to check rows against what was asked for. */
const boundTenant = new WeakMap<AnySql, string>();

/**
 * Returns the tenant id if it can be one.
 * @throws RagwallError `INVALID_TENANT` unless it is 1 to 128 printable ASCII characters, no spaces.
 */
export function checkTenant(tenant: unknown): string {
  if (typeof tenant !== 'string' || !/^[!-~]{1,128}$/.test(tenant)) {
    throw new RagwallError(
      'INVALID_TENANT',
      'The tenant id is expected to be 1 to 128 printable ASCII characters without spaces.',
    );
  }
  return tenant;
}

/**
 * Binds a tenant to the transaction `tx`, until it ends.
 *
 * @param tx a transaction of postgres.js: outside one the binding would end with the statement.
 * @param tenant 1 to 128 printable ASCII characters, no spaces; from a verified token.
 * @param signer signs who is asking, as a database in signed mode expects.
 * @throws RagwallError `INVALID_TENANT`, `INVALID_OPTION`; PostgresError `RW004`, `RW005` and `RW006` by a token, `RW003` if another tenant is bound already, `RW007` if
 *   somebody left something on the session.
 * @see db/migrations/committed/000001-tenant-context.sql
 * @example
 * const rows = await sql.begin(async (tx) => {
 *   await setTenant(tx, 'acme');
 *   return matchDocuments(tx, queryVec, 5);
 * });
 */
export async function setTenant(
  tx: TransactionSql,
  tenant: string,
  signer?: TokenSigner,
): Promise<void> {
  const token = await tokenOf(checkTenant(tenant), signer);
  await tx`select ${binding({ sql: tx, tenant, token })}`;
  rememberTenant(tx, tenant);
}

/**
 * Returns a token of the tenant, or nothing without a signer.
 * @throws RagwallError `INVALID_OPTION` unless the signer returns a text: without one the tenant would be named.
 */
export async function tokenOf(tenant: string, signer?: TokenSigner): Promise<string | undefined> {
  if (signer === undefined) return undefined;
  const token: unknown = typeof signer === 'function' ? await signer(tenant) : undefined;
  if (typeof token !== 'string') {
    throw new RagwallError(
      'INVALID_OPTION',
      'signer is expected to be a function that returns a token.',
    );
  }
  return token;
}

/** Tells that `tx` is a view of a transaction that is for `tenant`. */
export function rememberTenant(tx: AnySql, tenant: string): void {
  boundTenant.set(tx, tenant);
}

/**
 * Who a single statement is for. With a tenant it binds the tenant itself, so that it may run on its own;
 * without one it runs in a transaction that is bound already.
 */
export interface Caller {
  readonly sql: AnySql;
  readonly tenant?: string;
  /** Says the same to a database in signed mode. */
  readonly token?: string | undefined;
}

/**
 * The function that yields the bound tenant of a statement, or raises. What is to run after it takes an
 * argument that depends on it.
 */
export function binding({ sql, tenant, token }: Caller) {
  if (token !== undefined) return sql`ragwall.set_tenant_from_token(${token})`;
  return tenant === undefined ? sql`ragwall.require_tenant()` : sql`ragwall.set_tenant(${tenant})`;
}

/**
 * Sends a single statement and returns its rows.
 * @throws RagwallError `CONNECTION_LOST` if the driver settles it without an answer, or before the end of one, as it
 *   does with what it took while a connection was being reset, once it uses that connection again.
 */
export async function ask<Row extends object>(
  caller: Caller,
  query: PendingQuery<Row[]>,
): Promise<readonly Row[]> {
  const rows = await (caller.tenant === undefined ? query : alone(query));
  if (!rows.command) {
    throw new RagwallError(
      'CONNECTION_LOST',
      'The connection was lost before there was an answer; whether a write took effect is unknown.',
    );
  }
  return rows;
}

/**
 * Returns the rows if each belongs to the tenant that was asked for: the last wall. An answer without rows says so
 * in one that has `bound` alone, because a driver that is out of step has answers without rows, too.
 * @throws RagwallError `FOREIGN_ROW` otherwise, and no row.
 */
export function checkRows<Row extends { tenantId: string; bound: string }>(
  { sql, tenant = boundTenant.get(sql) }: Caller,
  received: readonly Row[],
): readonly Row[] {
  // Behind a statement that failed half way, postgres.js 3.4 puts a hole for each of its rows (#1181).
  const rows = received.filter(() => true);
  const whose = (row: Row) => row.tenantId ?? row.bound;
  if (
    rows.length === 0 ||
    !rows.every((row) => typeof whose(row) === 'string' && whose(row) === (tenant ?? row.bound))
  ) {
    throw new RagwallError(
      'FOREIGN_ROW',
      'The database answered for another tenant than the one asked for, or for none; nothing was returned. ' +
        'Stop serving and find out which wall is missing.',
    );
  }
  return rows.filter((row) => row.tenantId !== null);
}
