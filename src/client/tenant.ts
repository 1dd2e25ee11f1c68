/** Binds a tenant to a statement or a transaction, and checks that every returned row belongs to it. */
import type { PendingQuery, Row, Sql, TransactionSql } from 'postgres';
import type { Connections } from './connections.js';
import { RagwallError } from './errors.js';
import { rowsOf, type TextRow } from './rows.js';
import type { TokenSigner } from './token.js';

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

/** Where statements run, and for which tenant. */
export interface TenantScope {
  /** The tenant to which every row must belong; if left out, the one that the database says is bound. */
  readonly tenant?: string;
  /** Whether the tenant is bound in the statement itself: then a search returns nothing but its rows. */
  readonly single: boolean;
  /** Whether the login is `agent_caller`, who may search by two functions alone. */
  readonly agent?: true;
  /**
   * Sends a statement, and returns its rows. `bound` is the SQL call that yields the bound tenant, or raises. An expression
   * that must be evaluated after the tenant is bound has to depend on what this call yields.
   */
  send(build: (sql: Sql | TransactionSql, bound: Fragment) => Statement): Promise<TextRow[]>;
  /**
   * Searches, and returns rows of bound tenant, tenant, id, source, position, content, metadata (JSON) and similarity; in a
   * transaction one row that has no tenant if nothing is found. `filter`: JSON.
   */
  match(vector: string, k: number, filter: string | null): Promise<TextRow[]>;
}

type Statement = PendingQuery<Row[]>;
type Fragment = PendingQuery<Row[]>;

/** The scope of statements that are transactions of their own, and bind their tenant themselves. */
export async function singleScope(
  connections: Connections,
  tenant: string,
  signer: TokenSigner | undefined,
): Promise<TenantScope> {
  const token = await tokenOf(tenant, signer);
  const send = (build: (sql: Sql) => Statement) => connections.send((sql) => rowsOf(build(sql)));
  return {
    tenant,
    single: true,
    send: (build) => send((sql) => build(sql, bindingCall(sql, tenant, token))),
    // One text each: postgres.js takes 60 µs to put one together of parts. Types are qualified: an unqualified name would
    // find a temporary type of the same name before that of pg_catalog.
    match: async (vector, k, filter) => {
      const rows = await send((sql) =>
        token === undefined
          ? sql`
          select m.tenant_id, m.id, m.source, m.position, m.content, m.metadata, m.similarity
          from ragwall.search_as(${tenant}, ${vector}, ${k}, ${filter}::pg_catalog.text::pg_catalog.jsonb) as m`
          : sql`
          select m.tenant_id, m.id, m.source, m.position, m.content, m.metadata, m.similarity
          from ragwall.search_with_token(${token}, ${vector}, ${k}, ${filter}::pg_catalog.text::pg_catalog.jsonb) as m`,
      );
      return rows.map(([own = null, ...found]) => [own, own, ...found]);
    },
  };
}

/** The scope of the statements in a transaction to which a tenant has been bound. */
export function transactionScope(tx: TransactionSql, tenant?: string): TenantScope {
  return {
    single: false,
    send: (build) => rowsOf(build(tx, tx`ragwall.require_tenant()`)),
    match: (vector, k, filter) =>
      rowsOf(tx`
        select bound.tenant, m.tenant_id, m.id, m.source, m.position, m.content, m.metadata, m.similarity
        from ragwall.require_tenant() as bound (tenant)
        left join lateral ragwall.match_documents(
          ${vector}, ${k}::integer, ${filter}::pg_catalog.text::pg_catalog.jsonb
        ) with ordinality as m on true
        order by m.ordinality`),
    ...(tenant !== undefined && { tenant }),
  };
}

/** The scope of a transaction of `agent_caller`, who has functions of its own to search by, and no table. */
export function agentScope(tx: TransactionSql, tenant: string): TenantScope {
  return {
    ...transactionScope(tx, tenant),
    agent: true,
    send: (build) => rowsOf(build(tx, tx`ragwall.current_tenant()`)),
    match: (vector, k, filter) =>
      rowsOf(tx`
        select bound.tenant, m.tenant_id, m.id, m.source, m.position, m.content, m.metadata, m.similarity
        from ragwall.current_tenant() as bound (tenant)
        left join lateral ragwall.agent_match_documents(
          ${vector}, ${k}::integer, ${filter}::pg_catalog.text::pg_catalog.jsonb, true
        ) with ordinality as m on true
        order by m.ordinality`),
  };
}
