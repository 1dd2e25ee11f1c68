/** `ragwall audit --probe`: tries to reach another tenant's rows as the application would, and rolls everything back. */
import type { Sql, TransactionSql } from 'postgres';
import { Connections } from '../../client/connections.js';
import { RagwallError } from '../../client/errors.js';
import { begin } from '../../client/transaction.js';
import { poolerRow } from '../pooler-probe.js';
import type { AuditRow } from '../run.js';
import { type PlantedTable, plantTwoTenants } from './plant.js';
import { checkIds, rowsOf, type TableResults, toRow, untriedRows } from './results.js';
import { type AttemptResult, runAfterBinding, runBeforeBinding } from './run-attempts.js';
import { sqlState, undone } from './savepoint.js';
import { Unplantable } from './table.js';
import { type ProbeTargets, readTargets, type TenantTable } from './targets.js';

/** Options of {@link probe}. */
export interface ProbeOptions {
  /** How tables name the tenant; default as in db/audit.sql. */
  readonly tenantColumns?: readonly string[];
  /** The roles to act as; default all roles with privileges on such tables, and their members. */
  readonly appRoles?: readonly string[];
  /** A pool of 3 connections or more by the application's own connection string, to find out whether its pooler leaks. */
  readonly app?: Sql;
}

/** Returns why no row could be inserted, with the constraint or column that refused it. */
function reason(error: unknown): string {
  if (error instanceof Unplantable) return error.message;
  const code = sqlState(error);
  const { constraint_name: constraint, column_name: column } = error as Record<string, string | undefined>;
  const by = constraint ? ` by ${constraint}` : column ? ` by the column ${column}` : '';
  return `the server refuses a row that is made up (${code}${by})`;
}

/** Plants rows in each table, runs `act`, and rolls both back. `fail` gets the reason why a table cannot be planted in. */
async function inEachTable(
  tx: TransactionSql,
  tables: readonly TenantTable[],
  act: (tx: TransactionSql, planted: PlantedTable) => Promise<void>,
  fail: (reason: string) => void,
): Promise<void> {
  const tenantColumns = new Map(tables.map(({ oid, tenantColumn }) => [oid, tenantColumn]));
  for (const about of tables) {
    await undone(tx, async (inner) => act(inner, await plantTwoTenants(inner, about, tenantColumns))).catch((error) =>
      fail(`${about.name}: ${reason(error)}`),
    );
  }
}

async function tryTables(tx: TransactionSql, targets: ProbeTargets): Promise<TableResults> {
  const { tables, roles } = targets;
  const results: AttemptResult[] = [];
  const untried: string[] = [];
  const beforeBinding = async (inner: TransactionSql, planted: PlantedTable) => {
    for (const role of roles) results.push(...(await runBeforeBinding(inner, planted, role)));
  };
  await inEachTable(tx, tables, beforeBinding, () => {});
  const afterBinding = async (inner: TransactionSql, planted: PlantedTable) => {
    for (const role of roles) {
      const run = await runAfterBinding(inner, planted, role, targets);
      results.push(...run.results);
      if (run.bound) continue;
      const { name, settings } = planted.about;
      const how = settings.length > 0 ? `bound by ${settings.join(', ')}` : 'with nothing to bind it by';
      untried.push(`${name} as ${role}: ${how}, it does not see its own row either`);
    }
  };
  await inEachTable(tx, tables, afterBinding, (why) => untried.push(why));
  return { results, untried, untrusted: targets.untrusted };
}

/**
 * Tries to reach another tenant's rows, and returns the results as rows of the audit: `B00` to `B09` and `O01`. In one
 * transaction that is rolled back it inserts a row of each of two tenants into every tenant table, and as each role of
 * the application tries to read, change, delete, insert, find and guess rows of the other tenant, to bind it by settings
 * and by tokens that are not valid, and to call functions of ours without a tenant.
 * Sequences advance, and triggers fire. A check that could not be tried is `n/a`, with the reason.
 *
 * @param sql a connection, or a pool of one: a superuser's, direct.
 * @throws RagwallError `INVALID_OPTION` for a role that does not exist. If the server does not answer, the driver's error
 *   is passed on.
 */
export async function probe(sql: Sql, options: ProbeOptions = {}): Promise<AuditRow[]> {
  const over = Symbol();
  let rows: AuditRow[] = [];
  // begin() sends nothing more once the connection is lost: it would run outside of the transaction.
  await begin(Connections.over(sql), async (tx) => {
    rows = await probeIn(tx, options);
    throw over;
  }).catch((error) => {
    if (error !== over) throw error;
  });
  return [...rows, await poolerRow(options.app)];
}

async function probeIn(tx: TransactionSql, options: ProbeOptions): Promise<AuditRow[]> {
  const targets = await readTargets(tx, options);
  if (targets.missing.length > 0) {
    throw new RagwallError('INVALID_OPTION', `These roles do not exist: ${targets.missing.join(', ')}.`);
  }
  const obstacle = [
    [
      !targets.superuser,
      'not tried: a superuser is expected, to plant rows of two tenants and to become the application',
    ],
    [targets.readOnly, 'not tried: transactions are read-only here, as on a standby'],
    [targets.tables.length === 0, 'not tried: no table has a tenant column'],
    [
      targets.roles.length === 0,
      'not tried: no role but its owner has a privilege on a tenant table; name one with --app-role',
    ],
  ].find(([there]) => there);
  if (obstacle) return checkIds.map((id) => toRow(id, { status: 'n/a', evidence: `${obstacle[1]}` }));
  await tx.unsafe(`
    set local lock_timeout = '2s';
    set local statement_timeout = '30s';
    set local row_security = on`);
  const tried = await tryTables(tx, targets);
  return [...untriedRows(tried), ...checkIds.flatMap((id) => rowsOf(id, tried))];
}
