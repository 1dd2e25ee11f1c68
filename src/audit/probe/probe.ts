/** `ragwall audit --probe`: tries to cross from one tenant to another, as the application would, and undoes it. */
import type { Sql, TransactionSql } from 'postgres';
import { RagwallError } from '../../client/errors.js';
import { guardedBegin } from '../../client/transaction.js';
import type { AuditRow } from '../run.js';
import { type ProbeTargets, readTargets, type TenantTable } from '../tenant-tables.js';
import type { Field } from './attempts.js';
import { ident, insertion, made, planter, Unplantable } from './plant.js';
import { ids, poolerRow, row, rowsOf, type Tried, untriedRows } from './results.js';
import { type Attempt, cross, crossUntouched, sqlState, undone } from './run-attempts.js';

/** Options of {@link probe}. */
export interface ProbeOptions {
  /** How tables name the tenant; default as in db/audit.sql. */
  readonly tenantColumns?: readonly string[];
  /** The roles to try as; default whoever has privileges on such tables, and their members. */
  readonly appRoles?: readonly string[];
  /** The application's own way to the server, a pool of 3 connections or more, to look for a pooler that leaks. */
  readonly app?: Sql;
}

/** Plants two tenants' rows in a table. @throws Unplantable */
async function plantField(
  tx: TransactionSql,
  about: TenantTable,
  tenantColumns: ReadonlyMap<number, string>,
): Promise<Field> {
  const { prepare, columns } = await planter(tx, tenantColumns, about.oid);
  const column = columns.find(({ name }) => name === about.tenantColumn);
  const tenants: string[] = [];
  for (let tries = 0; tries < 10 && column && tenants.length < 2; tries += 1) {
    const tenant = made({ ...column, unique: true, required: true }, tries);
    if (tenant === undefined || tenants.includes(tenant)) continue;
    const taken = await tx.unsafe(
      `select from ${about.name} where ${ident(column.name)} = $1::text::${column.type} limit 1`,
      [tenant],
    );
    if (taken.length === 0) tenants.push(tenant);
  }
  const [one, other] = tenants;
  if (one === undefined || other === undefined) {
    throw new Unplantable(`no tenants can be made up for its column ${about.tenantColumn}`);
  }
  const planted = async (tenant: string) => {
    const [table, row] = await prepare(tenant);
    const [text, values] = insertion(table, row);
    const [stored] = await tx.unsafe(
      `${text} returning ${ident(about.tenantColumn)}::text as tenant, tableoid::bigint as leaf`,
      values,
    );
    if (stored?.tenant !== tenant)
      throw new Unplantable('a trigger or rule takes the row, or its tenant, away');
    return { table, row, leaf: stored.leaf as string };
  };
  const mine = await planted(one);
  const theirs = await planted(other);
  const [leaf] = await tx<{ name: string }[]>`
    select format('%I.%I', n.nspname, c.relname) as name
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.oid = ${theirs.leaf}::bigint::oid and c.oid <> ${about.oid}::bigint::oid`;
  const [, another] = await prepare(other);
  return {
    about,
    table: theirs.table,
    mine: { tenant: one, row: mine.row },
    theirs: { tenant: other, row: theirs.row },
    another,
    leaf: leaf?.name,
  };
}

/** Why a table cannot be planted in: ours, or what the server refused by. */
function reason(error: unknown): string {
  if (error instanceof Unplantable) return error.message;
  const code = sqlState(error);
  const { constraint_name: constraint, column_name: column } = error as Record<
    string,
    string | undefined
  >;
  const by = constraint ? ` by ${constraint}` : column ? ` by the column ${column}` : '';
  return `the server refuses a row that is made up (${code}${by})`;
}

/** Has `act` try in each table that can be planted in, and undoes it; `fail` gets the reason why one cannot. */
async function inEach(
  tx: TransactionSql,
  tables: readonly TenantTable[],
  act: (tx: TransactionSql, field: Field) => Promise<void>,
  fail: (reason: string) => void,
): Promise<void> {
  const tenantColumns = new Map(tables.map(({ oid, tenantColumn }) => [oid, tenantColumn]));
  for (const about of tables) {
    await undone(tx, async (inner) => act(inner, await plantField(inner, about, tenantColumns))).catch(
      (error) => fail(`${about.name}: ${reason(error)}`),
    );
  }
}

async function tryTables(tx: TransactionSql, targets: ProbeTargets): Promise<Tried> {
  const { tables, roles, searches } = targets;
  const attempts: Attempt[] = [];
  const untried: string[] = [];
  const untouched = async (inner: TransactionSql, field: Field) => {
    for (const role of roles) attempts.push(...(await crossUntouched(inner, field, role)));
  };
  await inEach(tx, tables, untouched, () => {});
  const everything = async (inner: TransactionSql, field: Field) => {
    for (const role of roles) {
      const came = await cross(inner, field, role, searches);
      attempts.push(...came.attempts);
      if (came.bound) continue;
      const { name, settings } = field.about;
      const how =
        settings.length > 0 ? `bound by ${settings.join(', ')}` : 'with nothing to bind it by';
      untried.push(`${name} as ${role}: ${how}, it does not see its own row either`);
    }
  };
  await inEach(tx, tables, everything, (why) => untried.push(why));
  return { attempts, untried };
}

/**
 * Returns what becomes of attempts to cross from one tenant to another, as rows of the audit, `B00` to `B06` and `O01`. It acts
 * in one transaction that is rolled back: it plants two tenants' rows and tries as each role of the application to
 * read, change, delete, add, search and forge its way to the other's. Sequences advance, and triggers fire.
 * What cannot be tried is `n/a`, with the reason.
 *
 * @param sql a connection, or a pool of one: a superuser's, direct.
 * @throws RagwallError `INVALID_OPTION` for a role that there is not. That the server does not answer arrives as the
 *   driver's error.
 */
export async function probe(sql: Sql, options: ProbeOptions = {}): Promise<AuditRow[]> {
  const over = Symbol();
  let rows: AuditRow[] = [];
  // Guarded, so that nothing runs on outside the transaction when its connection is lost.
  await guardedBegin(sql, async (tx) => {
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
    throw new RagwallError(
      'INVALID_OPTION',
      `These roles do not exist: ${targets.missing.join(', ')}.`,
    );
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
  if (obstacle) return ids.map((id) => row(id, { status: 'n/a', evidence: `${obstacle[1]}` }));
  await tx.unsafe(`
    set local lock_timeout = '2s';
    set local statement_timeout = '30s';
    set local row_security = on`);
  const tried = await tryTables(tx, targets);
  return [...untriedRows(tried), ...ids.flatMap((id) => rowsOf(id, tried))];
}
