/** Binds a tenant to a statement or a transaction, and checks that every returned row belongs to it. */
import type { PendingQuery, Row, Sql, TransactionSql } from 'postgres';
import { RagwallError } from './errors.js';
import type { TokenSigner } from './token.js';

/**
 * Options for every pool. They avoid these defects of postgres.js 3.4:
 * - A connection that dies while types are fetched ends the process. (Not for `sql.reserve()`, which hangs on
 *   a new connection without `fetch_types`.)
 * - A BEGIN behind exactly as many waiting statements as `max_pipeline` (by default 100) stays open, so that
 *   what follows on it is never committed.
 * - A connection that dies between a write and its flush sends nothing any more, and each of its next ten uses hangs until
 *   `connect_timeout` (porsager/postgres #1209). The driver flushes a message of more than 1,023 bytes at once, so
 *   `connection` makes the start-up message that long. (With `ssl` another message comes first, unless `sslnegotiation`
 *   is `direct`, which takes PostgreSQL 17.)
 * - After each failed attempt to connect, the whole pool waits longer before the next, up to 20 seconds.
 *
 * To name the application: `connection: { ...poolOptions.connection, application_name }`.
 * @example const sql = postgres(process.env.DATABASE_URL, poolOptions);
 */
export const poolOptions = Object.freeze({
  fetch_types: false,
  max_pipeline: 1_000_000,
  /** Seconds. */
  connect_timeout: 5,
  /** Seconds until the next attempt to connect, at most 1. They grow with the number of attempts that failed. */
  backoff: (failed: number) => (0.5 + Math.random() / 2) * Math.min(3 ** failed / 100, 1),
  /** The driver's own value of client_encoding, 50 times: the server uses the last. */
  connection: Object.freeze({
    client_encoding: Array<string>(50).fill('UTF8').join('\0client_encoding\0'),
  }),
});

/**
 * Returns the tenant id if it is valid.
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
 * Returns a token of the tenant, or undefined without a signer.
 * @throws RagwallError `INVALID_OPTION` unless the signer returns a string. Without this check a broken signer
 *   would turn a signed call into one that merely names its tenant.
 */
async function tokenOf(tenant: string, signer?: TokenSigner): Promise<string | undefined> {
  if (signer === undefined) return undefined;
  const token: unknown = typeof signer === 'function' ? await signer(tenant) : undefined;
  if (typeof token !== 'string') {
    throw new RagwallError('INVALID_OPTION', 'signer is expected to be a function that returns a token.');
  }
  return token;
}

/** The SQL call that binds a tenant and returns it: by a token if there is one, else by name. */
function bindingCall(sql: Sql | TransactionSql, tenant: string, token: string | undefined) {
  return token === undefined ? sql`ragwall.set_tenant(${tenant})` : sql`ragwall.set_tenant_from_token(${token})`;
}

/**
 * Binds a tenant to a transaction that has been begun with `sql.begin`, until the transaction ends.
 *
 * @param tx the transaction. On a pool the binding would end with the statement that makes it.
 * @param tenant 1 to 128 printable ASCII characters, no spaces; from a verified token.
 * @param signer signs the tenant's token, which a database in signed mode requires; see {@link tokenSigner}.
 * @throws RagwallError `INVALID_TENANT`, `INVALID_OPTION`. PostgresError `RW003` if another tenant is bound
 *   already, `RW004`, `RW005` or `RW006` if the token is refused, `RW007` if an earlier client left something on
 *   the session that could act in this transaction.
 * @see `ragwall.set_tenant()` and `ragwall.set_tenant_from_token()` in db/migrations/committed
 * @example
 * const rows = await sql.begin(async (tx) => {
 *   await setTenant(tx, 'acme');
 *   return matchDocuments(tx, queryVec, 5);
 * });
 */
export async function setTenant(tx: TransactionSql, tenant: string, signer?: TokenSigner): Promise<void> {
  const token = await tokenOf(checkTenant(tenant), signer);
  await tx`select ${bindingCall(tx, tenant, token)}`;
}

/** Where a statement runs, and for which tenant. */
export interface TenantScope {
  readonly sql: Sql | TransactionSql;
  /** Whether `sql` is a pool: the statement is a transaction of its own, and binds its tenant itself. */
  readonly onPool: boolean;
  /** The tenant to which every row must belong; if left out, the one that the database says is bound. */
  readonly tenant?: string;
  /**
   * Returns the SQL call that yields the bound tenant, or raises. An expression that must be evaluated after
   * the tenant is bound has to depend on what this call yields.
   */
  boundTenant(): PendingQuery<Row[]>;
  /**
   * Returns the statement that searches. Its rows are those of `Match`; in a transaction with the bound tenant besides, and
   * one row whose `tenantId` is null if nothing is found. `filter`: JSON.
   */
  match<R extends object>(vector: string, k: number, filter: string | null): PendingQuery<R[]>;
}

/** The scope of one statement on a pool. */
export async function poolScope(sql: Sql, tenant: string, signer: TokenSigner | undefined): Promise<TenantScope> {
  const token = await tokenOf(tenant, signer);
  return {
    sql,
    onPool: true,
    tenant,
    boundTenant: () => bindingCall(sql, tenant, token),
    // One text each: postgres.js takes 60 µs to put one together of parts. Types are qualified: an unqualified name would
    // find a temporary type of the same name before that of pg_catalog.
    match: <R extends object>(vector: string, k: number, filter: string | null) =>
      token === undefined
        ? sql<R[]>`
          select m.tenant_id as "tenantId", m.id, m.source, m.position, m.content, m.metadata, m.similarity
          from ragwall.search_as(${tenant}, ${vector}, ${k}, ${filter}::pg_catalog.text::pg_catalog.jsonb) as m`
        : sql<R[]>`
          select m.tenant_id as "tenantId", m.id, m.source, m.position, m.content, m.metadata, m.similarity
          from ragwall.search_with_token(${token}, ${vector}, ${k}, ${filter}::pg_catalog.text::pg_catalog.jsonb) as m`,
  };
}

/** The scope of the statements in a transaction to which a tenant has been bound. */
export function transactionScope(tx: TransactionSql, tenant?: string): TenantScope {
  return {
    sql: tx,
    onPool: false,
    boundTenant: () => tx`ragwall.require_tenant()`,
    match: <R extends object>(vector: string, k: number, filter: string | null) => tx<R[]>`
      select bound.tenant as bound, m.tenant_id as "tenantId", m.id, m.source, m.position, m.content, m.metadata, m.similarity
      from ragwall.require_tenant() as bound (tenant)
      left join lateral ragwall.match_documents(
        ${vector}, ${k}::integer, ${filter}::pg_catalog.text::pg_catalog.jsonb
      ) with ordinality as m on true
      order by m.ordinality`,
    ...(tenant !== undefined && { tenant }),
  };
}

const foreignRow = () =>
  new RagwallError(
    'FOREIGN_ROW',
    'The database returned a row of another tenant than that of the call, or no tenant; nothing was passed on. ' +
      'Stop serving and find out which wall is missing.',
  );

/** The rows of an answer. If a statement fails half way, postgres.js 3.4 leaves holes in the next result (#1181). */
const withoutHoles = <Row>(received: readonly Row[]): Row[] => received.filter(() => true);

/**
 * Returns the rows that a search has found if each belongs to the tenant.
 * @throws RagwallError `FOREIGN_ROW` otherwise. No row is returned then.
 */
export function checkFound<Row extends { tenantId: string }>(received: readonly Row[], tenant?: string): Row[] {
  const rows = withoutHoles(received);
  if (tenant === undefined || !rows.every((row) => row.tenantId === tenant)) throw foreignRow();
  return rows;
}

/**
 * Returns the rows of an answer if each belongs to the tenant. Statements return at least one row: if nothing is
 * found, a row whose `tenantId` is null and whose `bound` names the tenant. So no row at all is a defect of the driver, and
 * not an empty answer.
 *
 * @param received rows, each with its own tenant and the tenant that the database says is bound.
 * @param tenant the tenant to which the rows must belong; by default the bound one.
 * @throws RagwallError `FOREIGN_ROW` otherwise. No row is returned then.
 */
export function checkRows<Row extends { tenantId: string; bound: string }>(
  received: readonly Row[],
  tenant?: string,
): readonly Row[] {
  const rows = withoutHoles(received);
  const tenantOf = (row: Row) => row.tenantId ?? row.bound;
  if (
    rows.length === 0 ||
    !rows.every((row) => typeof tenantOf(row) === 'string' && tenantOf(row) === (tenant ?? row.bound))
  ) {
    throw foreignRow();
  }
  return rows.filter((row) => row.tenantId !== null);
}
