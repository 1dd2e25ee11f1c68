/** The start-up guard: an application refuses to serve where its own login is not held to one tenant. */
import type { Sql } from 'postgres';
import { checkPooler } from '../audit/pooler-probe.js';
import { checkOptions, RagwallError } from './errors.js';
import { findOpen, type IsolationCheck, migrationBehind, type Undetermined } from './isolation-checks.js';

export type { IsolationCheck, Undetermined };

/** What each check refuses, and what mends it. */
const checks: Readonly<Record<IsolationCheck, readonly [says: string, mend: string]>> = {
  G01: [
    'the schema ragwall is not there, or may not be used by',
    'apply the migrations, and grant this login app_user or app_reader',
  ],
  M01: ['the migrations are behind:', 'apply those of this release'],
  R01: ['a superuser, whom no policy binds:', 'log in as a role that is none'],
  R02: ['a role with BYPASSRLS, whom no policy binds:', 'log in as a role without it, or: alter role … nobypassrls'],
  R07: ['a member of roles that row-level security does not hold:', 'revoke the membership'],
  R08: ['an owner of tables, which can lift their policies:', 'give them to a role that does not log in'],
  T01: [
    'row-level security is not enabled on',
    'alter table … enable row level security, with policies, or revoke the privileges',
  ],
  T02: ['row-level security does not bind the owner of', 'alter table … force row level security'],
  O01: [
    'sessions are handed on as they are:',
    "set server_reset_query_always in the pooler, or accept 'O01' where all SQL that comes through it is the application's own",
  ],
};

/** Options of {@link assertIsolation}. */
export interface IsolationOptions {
  /**
   * The column that names the tenant of a row, in every table that has one. Default: the columns that `ragwall audit`
   * recognises. Case and underscores do not matter, and columns that default to ragwall.require_tenant() count anyway.
   */
  readonly tenantColumn?: string;
  /** Checks whose failure is accepted; those are not made either where that saves a round trip. */
  readonly accept?: readonly IsolationCheck[];
}

function checkedOptions(options: IsolationOptions) {
  const { tenantColumn, accept = [] } = checkOptions(options);
  if (tenantColumn !== undefined && (typeof tenantColumn !== 'string' || tenantColumn === '')) {
    throw new RagwallError('INVALID_OPTION', 'tenantColumn is expected to be the name of a column.');
  }
  if (!Array.isArray(accept) || !accept.every((id) => typeof id === 'string' && Object.hasOwn(checks, id))) {
    throw new RagwallError(
      'INVALID_OPTION',
      `accept is expected to be a list of check ids: ${Object.keys(checks).join(', ')}.`,
    );
  }
  return { tenantColumn: tenantColumn ?? null, accept: accept as readonly IsolationCheck[] };
}

/** The first few, because a message is read by a person. */
function list(objects: readonly string[]): string {
  const shown = objects.slice(0, 5).join(', ');
  return objects.length > 5 ? `${shown} and ${objects.length - 5} more` : shown;
}

/**
 * Refuses to serve where the login of a pool is not held to one tenant: call it once, when an application starts.
 * It tells by catalogs and privileges, and reads no row:
 *
 * - `R01`, `R02`: the current or the session user is a superuser, or has BYPASSRLS.
 * - `R07`, `R08`: it is a member, directly or not, of such a role or of an owner of tenants' tables, or owns one.
 * - `T01`, `T02`: row-level security is not enabled, or not forced, on a table that has the tenant column and that it
 *   can read or write.
 * - `G01`, `M01`: the schema `ragwall` is not there for it, or lacks migrations that this release needs.
 * - `O01`: a pooler before the server hands a session on with what a client left on it. Binding a tenant is safe
 *   there, as it ends with its transaction: accept `O01` where all SQL that comes through the pooler is the application's
 *   own. Where others write SQL, have the pooler reset.
 *
 * It takes two statements; behind a pooler, some more on up to three connections, and one session setting of a random
 * name, emptied afterwards.
 *
 * @param sql the application's own pool. One of a single connection cannot tell `O01`.
 * @returns the checks that could not be made, each with its reason; mostly none. They do not fail: log them.
 * @throws RagwallError `NOT_ISOLATED`, with the ids in `checks`, and in the message what was found and what to do;
 *   `INVALID_OPTION`. What the database refuses, or that it does not answer, arrives as the driver's error.
 * @example
 * const sql = postgres(process.env.DATABASE_URL, poolOptions);
 * await assertIsolation(sql, { accept: ['O01'] });
 */
export async function assertIsolation(sql: Sql, options: IsolationOptions = {}): Promise<readonly Undetermined[]> {
  const { tenantColumn, accept } = checkedOptions(options);
  const { route, found, undetermined } = await findOpen(sql, tenantColumn);
  const findings = [...found];
  const unknown = [...undetermined];
  if (!accept.includes('M01') && !found.some(({ check }) => check === 'G01')) {
    findings.push(...(await migrationBehind(sql)));
  }
  if (!accept.includes('O01')) {
    const { verdict, evidence } = await checkPooler(sql, route);
    if (verdict === 'leaks') findings.push({ check: 'O01', object: evidence });
    if (verdict === 'undetermined') unknown.push({ check: 'O01', reason: evidence });
  }

  const failed = (Object.keys(checks) as IsolationCheck[]).filter(
    (id) => !accept.includes(id) && findings.some(({ check }) => check === id),
  );
  if (failed.length > 0) {
    const lines = failed.map((id) => {
      const [says, mend] = checks[id];
      return `${id}: ${says} ${list(findings.filter(({ check }) => check === id).map(({ object }) => object))}; ${mend}.`;
    });
    throw new RagwallError(
      'NOT_ISOLATED',
      `This login is not held to one tenant, and nothing should be served.\n${lines.join('\n')}`,
      { checks: failed },
    );
  }
  return unknown.filter(({ check }) => !accept.includes(check));
}
