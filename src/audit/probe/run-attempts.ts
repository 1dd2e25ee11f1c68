/** Runs the attempts of a table as one role, each in a savepoint that is rolled back. */
import type { TransactionSql } from 'postgres';
import {
  type Attempt,
  attemptsAfterBinding,
  attemptsBeforeBinding,
  type Binding,
  bindings,
  countOwnRows,
  functionAttempts,
  oracleAttempts,
  type Statement,
} from './attempts.js';
import type { PlantedTable } from './plant.js';
import { sqlState, undone } from './savepoint.js';
import { ident } from './table.js';
import type { ProbeTargets } from './targets.js';
import { makeTokens } from './tokens.js';

/** What an attempt returned: a number of rows, or the SQLSTATE that it failed with. Never a value. */
export type Answer = number | string;

/** `unknown`: something else than a wall stopped the attempt, or no way to bind a tenant was found. */
export interface AttemptResult extends Pick<Attempt, 'check' | 'name'> {
  /** Qualified and quoted. */
  readonly table: string;
  readonly role: string;
  readonly outcome: 'held' | 'crossed' | 'unknown';
  readonly answer: Answer;
}

/** SQLSTATEs of broken constraints, deadlocks, lack of resources and time-outs: no wall stopped the attempt. */
const noWall = /^(23|40|53|55P03|57)/;

const dividedByZero = '22012';

/** Binds, becomes the role, and runs the statements. Returns the answer of the last one. */
async function run(
  tx: TransactionSql,
  role: string,
  bind: readonly Statement[],
  statements: readonly Statement[],
): Promise<Answer> {
  return undone(tx, async (inner) => {
    const send = ([text, values = []]: Statement) => inner.unsafe(text, [...values], { simple: false } as object);
    for (const statement of bind) await send(statement);
    await send([`set local role ${ident(role)}`]);
    let rows = 0;
    for (const statement of statements) {
      const result = await send(statement);
      rows = /^select/.test(statement[0]) ? Number(result[0]?.n) : result.count;
    }
    return rows;
  }).catch(sqlState);
}

const hasRows = (answer: Answer) => typeof answer === 'number' && answer > 0;

async function runAttempt(
  tx: TransactionSql,
  { table }: PlantedTable,
  role: string,
  { check, name, statements, wrongGuess }: Attempt,
  bind: readonly Statement[],
  conclusive: boolean,
): Promise<AttemptResult> {
  const answer = await run(tx, role, bind, statements);
  if (wrongGuess) {
    // Where the row can be seen anyway, there is nothing to guess. An error for any guess tells nothing.
    const [visible, ...wrong] = wrongGuess;
    const seen = visible && hasRows(await run(tx, role, bind, [visible]));
    const told = answer === dividedByZero && !seen && (await run(tx, role, bind, wrong)) !== dividedByZero;
    const outcome = told ? 'crossed' : seen || !conclusive ? 'unknown' : 'held';
    return { check, name, table: table.name, role, outcome, answer };
  }
  const stopped = typeof answer === 'string' && noWall.test(answer);
  const outcome = hasRows(answer) ? 'crossed' : stopped || !conclusive ? 'unknown' : 'held';
  return { check, name, table: table.name, role, outcome, answer };
}

/** Runs the attempts that have to be made before anything is bound in this session. */
export async function runBeforeBinding(
  tx: TransactionSql,
  planted: PlantedTable,
  role: string,
): Promise<AttemptResult[]> {
  const results: AttemptResult[] = [];
  for (const attempt of attemptsBeforeBinding(planted)) {
    results.push(await runAttempt(tx, planted, role, attempt, [], true));
  }
  return results;
}

/** Returns the way to bind by which the role sees its own tenant's row; the first way if there is none. */
async function findBinding(tx: TransactionSql, planted: PlantedTable, role: string) {
  const ways = bindings(planted.about);
  for (const [n, bind] of ways.entries()) {
    const answer = await run(tx, role, bind(planted.mine.tenant), [countOwnRows(planted)]);
    // Without the privilege to read, no policy is evaluated, and every attempt to read fails as well.
    if (hasRows(answer) || answer === '42501') return { bind, claims: n > 0, bound: true };
  }
  return { bind: ways[0] as Binding, claims: false, bound: false };
}

/**
 * Runs all other attempts as a role.
 *
 * @returns the results, and `bound`: whether the role sees its own tenant's row, or may not read at all. If not, it is
 *   not known how the tenant is bound, and an attempt that did not cross is `unknown`.
 */
export async function runAfterBinding(
  tx: TransactionSql,
  planted: PlantedTable,
  role: string,
  { searches, functions, untrusted }: ProbeTargets,
): Promise<{ readonly results: readonly AttemptResult[]; readonly bound: boolean }> {
  const { bind, claims, bound } = await findBinding(tx, planted, role);
  const [column] = await tx<{ name: string }[]>`
    select a.attname as name
    from pg_catalog.pg_attribute as a
    where a.attrelid = ${planted.about.oid}::bigint::oid
      and a.attnum > 0
      and not a.attisdropped
      and a.attgenerated = ''
    order by pg_catalog.has_column_privilege(${role}, a.attrelid, a.attnum, 'update') desc,
      pg_catalog.has_column_privilege(${role}, a.attrelid, a.attnum, 'select') desc,
      a.attname = ${planted.about.tenantColumn}, a.attnum
    limit 1`;
  const changed = column?.name ?? planted.about.tenantColumn;
  const asMine = bind(planted.mine.tenant);
  const results: AttemptResult[] = [];
  const attempts = attemptsAfterBinding(planted, changed, searches, claims);
  // Elsewhere SQL can name any tenant by a setting, and need not guess.
  if (planted.about.byRagwall || untrusted.includes(role)) attempts.push(...oracleAttempts(planted));
  if (planted.about.name === 'ragwall.documents') {
    attempts.push(...functionAttempts(planted, functions, await makeTokens(tx, planted.theirs.tenant)));
  }
  for (const attempt of attempts) {
    const { onlyIf, unbound = false } = attempt;
    if (onlyIf && !hasRows(await run(tx, role, unbound ? [] : asMine, [onlyIf]))) continue;
    const conclusive = unbound || onlyIf !== undefined || bound;
    results.push(await runAttempt(tx, planted, role, attempt, unbound ? [] : asMine, conclusive));
  }
  return { results, bound };
}
