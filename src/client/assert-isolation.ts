/** The start-up guard: fails if the login of an application can get around row-level security. */
import type { Sql } from 'postgres';
import { checkPooler } from '../audit/pooler-probe.js';
import type { Embedder } from '../embedders/embedder.js';
import { checkOptions, RagwallError } from './errors.js';
import {
  bindingRefused,
  dimensionsDiffer,
  findFailures,
  type IsolationCheck,
  migrationBehind,
  type Undetermined,
} from './isolation-checks.js';
import type { TokenSigner } from './token.js';

export type { IsolationCheck, Undetermined };

/** What is wrong where a check fails, before the names of roles or tables; and the remedy. */
const checks: Readonly<Record<IsolationCheck, readonly [problem: string, remedy: string]>> = {
  G01: [
    'the schema ragwall does not exist, or may not be used by',
    'apply the migrations, and grant this login app_user or app_reader',
  ],
  G02: [
    'no tenant can be bound with this signer:',
    'give the key that ragwall.add_signing_key() returned in this database, as signer: tokenSigner(key)',
  ],
  G03: [
    'the vectors of the embedder have another number of dimensions:',
    'use an embedder that makes as many as the database has, or a database migrated for as many',
  ],
  M01: ['the migrations are behind:', 'apply those of this release'],
  R01: ['a superuser, whom no policy binds:', 'log in as a role that is no superuser'],
  R02: ['a role with BYPASSRLS, whom no policy binds:', 'log in as a role without it, or: alter role … nobypassrls'],
  R07: ['the login is a member of owners, or of roles that row-level security does not bind:', 'revoke the membership'],
  R08: [
    'the login owns tables, and an owner can remove their policies:',
    'give the tables to a role that does not log in',
  ],
  T01: [
    'row-level security is not enabled on',
    'alter table … enable row level security, with policies, or revoke the privileges',
  ],
  T02: ['row-level security does not bind the owner of', 'alter table … force row level security'],
  O01: [
    'the pooler does not reset a session before the next client gets it:',
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
  /** Checks that may fail. `G02`, `M01` and `O01` are then left out, which saves round trips. */
  readonly accept?: readonly IsolationCheck[];
  /** The signer of the application, or null for none: a tenant is bound with it, and that is rolled back. Left out: not tried. */
  readonly signer?: TokenSigner | null;
  /** The embedder of the application, if it says how many dimensions its vectors have. It is not called. */
  readonly embedder?: Embedder;
}

function checkedOptions(options: IsolationOptions) {
  const {
    tenantColumn,
    accept = [],
    signer,
    embedder,
  } = checkOptions(options, ['tenantColumn', 'accept', 'signer', 'embedder']);
  if (tenantColumn !== undefined && (typeof tenantColumn !== 'string' || tenantColumn === '')) {
    throw new RagwallError('INVALID_OPTION', 'tenantColumn is expected to be the name of a column.');
  }
  if (!Array.isArray(accept) || !accept.every((id) => typeof id === 'string' && Object.hasOwn(checks, id))) {
    throw new RagwallError(
      'INVALID_OPTION',
      `accept is expected to be a list of check ids: ${Object.keys(checks).join(', ')}.`,
    );
  }
  return { tenantColumn: tenantColumn ?? null, accept: accept as readonly IsolationCheck[], signer, embedder };
}

/** Lists the first five: a person has to read the message. */
function list(objects: readonly string[]): string {
  const shown = objects.slice(0, 5).join(', ');
  return objects.length > 5 ? `${shown} and ${objects.length - 5} more` : shown;
}

/**
 * Rejects if the login of a pool is not held to one tenant. Call it once, when an application starts. It reads catalogs
 * and privileges, and no rows of tables:
 *
 * - `R01`, `R02`: the current or the session user is a superuser, or has BYPASSRLS.
 * - `R07`: it is a member, directly or not, of such a role or of an owner of tenant tables.
 * - `R08`: it owns a tenant table.
 * - `T01`, `T02`: row-level security is not enabled, or not forced, on a table that has the tenant column and that it
 *   can read or write.
 * - `G01`, `M01`: it may not use the schema `ragwall`, or the schema lacks migrations that this release needs.
 * - `G02`: no tenant can be bound: in signed mode there is no signer, or its key is not one of this database.
 * - `G03`: the embedder makes vectors of another number of dimensions than those in the database.
 * - `O01`: a pooler gives a session to the next client with the settings that the last client left. A bound tenant ends
 *   with its transaction and is not among them, so accept `O01` where all SQL that comes through the pooler is the
 *   application's own. Where others write SQL, have the pooler reset the sessions.
 *
 * It takes two statements, one more each for the signer and the embedder; behind a pooler, some more on up to three connections, and one session setting of a random
 * name, emptied afterwards.
 *
 * @param sql the application's own pool. With a pool of one connection `O01` cannot be determined.
 * @returns the checks that could not be made, each with its reason; usually none. They do not fail: log them.
 * @throws RagwallError `NOT_ISOLATED`, with the ids in `checks`, and in the message what was found and what to do;
 *   `INVALID_OPTION`. Errors of the database and of the connection are passed on as the driver's.
 * @example
 * const sql = postgres(process.env.DATABASE_URL);
 * await assertIsolation(sql, { accept: ['O01'] });
 */
export async function assertIsolation(sql: Sql, options: IsolationOptions = {}): Promise<readonly Undetermined[]> {
  const { tenantColumn, accept, signer, embedder } = checkedOptions(options);
  const { route, found, undetermined } = await findFailures(sql, tenantColumn);
  const findings = [...found];
  const unknown = [...undetermined];
  if (!found.some(({ check }) => check === 'G01')) {
    const behind = accept.includes('M01') ? [] : await migrationBehind(sql);
    findings.push(...behind);
    // The functions may be missing where migrations are.
    if (behind.length === 0 && signer !== undefined && !accept.includes('G02'))
      findings.push(...(await bindingRefused(sql, signer ?? undefined)));
    if (behind.length === 0 && !accept.includes('G03')) findings.push(...(await dimensionsDiffer(sql, embedder)));
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
      const [problem, remedy] = checks[id];
      return `${id}: ${problem} ${list(findings.filter(({ check }) => check === id).map(({ object }) => object))}; ${remedy}.`;
    });
    throw new RagwallError(
      'NOT_ISOLATED',
      `This login is not held to one tenant, and nothing should be served.\n${lines.join('\n')}`,
      { checks: failed },
    );
  }
  return unknown.filter(({ check }) => !accept.includes(check));
}
