/** Makes rows of the audit from the results of the probe: what each check expects, and what was found. */
import { probeChecks } from '../queries.generated.js';
import { plural } from '../report.js';
import type { AuditRow } from '../run.js';
import type { ProbeCheck } from './attempts.js';
import type { Answer, AttemptResult } from './run-attempts.js';

const { B00: tried, ...checks } = probeChecks;

export const checkIds = (Object.keys(checks) as ProbeCheck[]).sort();

/** The results of all attempts; and what could not be tried: a table, or a role in it, each with the reason. */
export interface TableResults {
  readonly results: readonly AttemptResult[];
  readonly untried: readonly string[];
  /** Roles that run SQL that others write. */
  readonly untrusted: readonly string[];
}

/** Returns a row of the audit. */
export function toRow(id: ProbeCheck, found: Pick<AuditRow, 'status' | 'evidence'> & Partial<AuditRow>): AuditRow {
  return { ...checks[id], id, object: '', remedy: '', ...found };
}

const inWords = (answer: Answer) => (typeof answer === 'number' ? plural(answer, 'row') : answer);

/** Lists names, each once. */
const list = (names: readonly string[]) => [...new Set(names)].join(', ');

/** Returns the rows of a check: one for each table in which an attempt reached the other tenant, else one. */
export function rowsOf(id: ProbeCheck, { results, untried, untrusted }: TableResults): AuditRow[] {
  const mine = results.filter(({ check }) => check === id);
  const crossed = mine.filter(({ outcome }) => outcome === 'crossed');
  const tables = [...new Set(crossed.map(({ table }) => table))];
  if (tables.length > 0) {
    return tables.map((object) => {
      const there = crossed.filter(({ table }) => table === object);
      const roles = [...new Set(there.map(({ role }) => role))].map((role) => {
        const ways = there.filter((one) => one.role === role).map(({ name, answer }) => `${name} (${inWords(answer)})`);
        return `as ${role}: ${ways.join(', ')}`;
      });
      // Guessing takes SQL of one's own, statement after statement.
      const trusted = id === 'B07' && !there.some(({ role }) => untrusted.includes(role));
      return toRow(id, {
        ...(trusted ? { severity: 'low', status: 'warn' } : { status: 'fail' }),
        object,
        evidence: roles.join('; '),
        remedy: checks[id].remedy,
      });
    });
  }
  const held = mine.filter(({ outcome }) => outcome === 'held');
  const unknown = mine.filter(({ outcome }) => outcome === 'unknown');
  if (held.length === 0) {
    const why = unknown.length > 0 ? 'no attempt was conclusive' : 'there was nothing to try';
    return [toRow(id, { status: 'n/a', evidence: [why, ...untried].join('; ') })];
  }
  const evidence = [
    `${held.length} attempts, none with a row: ${list(held.map(({ name }) => name))}; ` +
      `in ${list(held.map(({ table }) => table))}; as ${list(held.map(({ role }) => role))}`,
    ...(unknown.length > 0 ? [`${unknown.length} not conclusive`] : []),
  ];
  return [toRow(id, { status: 'pass', evidence: evidence.join('; ') })];
}

/** Returns a row for each table or role that was not tried, or one that passes. */
export function untriedRows({ results, untried }: TableResults): AuditRow[] {
  const tables = new Set(results.map(({ table }) => table)).size;
  const about = { ...tried, id: 'B00', object: '', remedy: '' };
  if (untried.length === 0) return [{ ...about, status: 'pass', evidence: `${plural(tables, 'table')} tried` }];
  return untried.map((evidence) => ({ ...about, status: 'n/a', evidence }));
}
