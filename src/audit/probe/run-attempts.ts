/** Tries to cross from one tenant to another in one table, as one role; whatever it does is undone at once. */
import type { TransactionSql } from 'postgres';
import type { Search } from '../tenant-tables.js';
import {
  type Binding,
  bindings,
  type Crossing,
  type Field,
  ownRow,
  type Statement,
  type Try,
  tries,
  untouchedTries,
} from './attempts.js';
import { ident } from './plant.js';

/** What came of an attempt: `unknown` if something else than a wall stopped it. */
export interface Attempt {
  readonly check: Crossing;
  readonly table: string;
  readonly role: string;
  readonly what: string;
  readonly outcome: 'held' | 'crossed' | 'unknown';
  /** A number of rows, or an SQLSTATE; never a value. */
  readonly came: number | string;
}

/** Runs `act` in a savepoint that is rolled back, and returns what it returned. */
export async function undone<T>(
  tx: TransactionSql,
  act: (tx: TransactionSql) => Promise<T>,
): Promise<T> {
  const done = Symbol();
  let result: { value: T } | undefined;
  await tx
    .savepoint(async (inner) => {
      result = { value: await act(inner) };
      throw done;
    })
    .catch((error) => {
      if (error !== done) throw error;
    });
  return (result as { value: T }).value;
}

/** Returns the SQLSTATE of what the server refused, and passes on anything else. */
export function sqlState(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'PostgresError' && code) return code;
  throw error;
}

/** Broken constraints, deadlocks, lack of resources, time-outs: not a wall. */
const noWall = /^(23|40|53|55P03|57)/;

/** How many rows the last statement returns as `n`, or changes; else the SQLSTATE. */
async function answer(
  tx: TransactionSql,
  role: string,
  bind: readonly Statement[],
  acts: readonly Statement[],
): Promise<number | string> {
  return undone(tx, async (inner) => {
    const run = ([text, values = []]: Statement) =>
      inner.unsafe(text, [...values], { simple: false } as object);
    for (const statement of bind) await run(statement);
    await run([`set local role ${ident(role)}`]);
    let rows = 0;
    for (const statement of acts) {
      const result = await run(statement);
      rows = /^select/.test(statement[0]) ? Number(result[0]?.n) : result.count;
    }
    return rows;
  }).catch(sqlState);
}

const any = (came: number | string) => typeof came === 'number' && came > 0;

async function attempt(
  tx: TransactionSql,
  { table }: Field,
  role: string,
  { check, what, acts }: Try,
  bind: readonly Statement[],
  conclusive: boolean,
): Promise<Attempt> {
  const came = await answer(tx, role, bind, acts);
  const stopped = typeof came === 'string' && noWall.test(came);
  const outcome = any(came) ? 'crossed' : stopped || !conclusive ? 'unknown' : 'held';
  return { check, table: table.name, role, what, outcome, came };
}

/** Tries what can only be tried before any setting was touched in this session. */
export async function crossUntouched(
  tx: TransactionSql,
  field: Field,
  role: string,
): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (const one of untouchedTries(field)) {
    attempts.push(await attempt(tx, field, role, one, [], true));
  }
  return attempts;
}

/** The way by which a role is told who is asking: by which it sees its own tenant's row, or else the first. */
async function wayToBind(tx: TransactionSql, field: Field, role: string) {
  const ways = bindings(field.about);
  for (const [n, bind] of ways.entries()) {
    const came = await answer(tx, role, bind(field.mine.tenant), [ownRow(field)]);
    // Refused before any policy is asked: then so is the rest.
    if (any(came) || came === '42501') return { bind, claims: n > 0, bound: true };
  }
  return { bind: ways[0] as Binding, claims: false, bound: false };
}

/**
 * Tries everything else as a role, and returns what came of it. What does not cross is `unknown` where the role does not
 * see its own tenant's row either, although it may read: then nobody knows how it is told who is asking.
 */
export async function cross(
  tx: TransactionSql,
  field: Field,
  role: string,
  searches: readonly Search[],
): Promise<{ readonly attempts: readonly Attempt[]; readonly bound: boolean }> {
  const { bind, claims, bound } = await wayToBind(tx, field, role);
  const [column] = await tx<{ name: string }[]>`
    select a.attname as name
    from pg_catalog.pg_attribute as a
    where a.attrelid = ${field.about.oid}::bigint::oid
      and a.attnum > 0
      and not a.attisdropped
      and a.attgenerated = ''
    order by pg_catalog.has_column_privilege(${role}, a.attrelid, a.attnum, 'update') desc,
      pg_catalog.has_column_privilege(${role}, a.attrelid, a.attnum, 'select') desc,
      a.attname = ${field.about.tenantColumn}, a.attnum
    limit 1`;
  const changed = column?.name ?? field.about.tenantColumn;
  const asMine = bind(field.mine.tenant);
  const attempts: Attempt[] = [];
  for (const one of tries(field, changed, searches, claims)) {
    if (one.provided && !any(await answer(tx, role, asMine, [one.provided]))) continue;
    const conclusive = one.unbound === true || one.provided !== undefined || bound;
    attempts.push(await attempt(tx, field, role, one, one.unbound ? [] : asMine, conclusive));
  }
  return { attempts, bound };
}
