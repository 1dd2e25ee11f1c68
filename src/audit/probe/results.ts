/** Makes rows of the audit from the results of the probe: what each check expects, and what was found. */
import { plural } from '../report.js';
import type { AuditRow } from '../run.js';
import type { ProbeCheck } from './attempts.js';
import type { Answer, AttemptResult } from './run-attempts.js';

type Check = Pick<AuditRow, 'area' | 'expects' | 'reference'> & { readonly remedy: string };

const checks: Readonly<Record<ProbeCheck, Check>> = {
  B01: {
    area: 'context',
    expects: 'Without a tenant the application reads nothing',
    remedy: 'Have the policies be false for a tenant that is null or empty, on each table and partition.',
    reference: 'checklist 4 · testing 4 · AISVS 5.2.1',
  },
  B02: {
    area: 'rls',
    expects: 'As one tenant it does not read another’s rows',
    remedy: 'Enable and force row-level security, and have every policy compare the tenant.',
    reference: 'checklist 1 · testing 1 · LLM09:2026 · AISVS 8.1.3',
  },
  B03: {
    area: 'rls',
    expects: 'As one tenant it does not change or delete another’s rows',
    remedy: 'Have the policies for UPDATE and DELETE compare the tenant, or revoke the privilege.',
    reference: 'checklist 1 · testing 1 · AISVS 8.1.2',
  },
  B04: {
    area: 'rls',
    expects: 'As one tenant it does not write rows in another’s name',
    remedy: 'Give the policies a with check that compares the tenant, and revoke the privilege to write its column.',
    reference: 'checklist 1 · testing 1 · AISVS 8.1.2',
  },
  B05: {
    area: 'rls',
    expects: 'A search as one tenant does not find another’s rows',
    remedy: 'Have the function run with its caller’s rights, and compare the tenant itself.',
    reference: 'checklist 1 · testing 2 · LLM09:2026 · AISVS 5.2.2',
  },
  B06: {
    area: 'context',
    expects: 'A setting that SQL forges opens no other tenant',
    remedy: 'Have the policies read a context that SQL cannot make up: ragwall.current_tenant(), in signed mode.',
    reference: 'checklist 4 · testing 3 · LLM01:2026 · AISVS 5.2.2',
  },
};

export const checkIds = Object.keys(checks) as ProbeCheck[];

/** The results of all attempts; and what could not be tried: a table, or a role in it, each with the reason. */
export interface TableResults {
  readonly results: readonly AttemptResult[];
  readonly untried: readonly string[];
}

/** Returns a row of the audit. */
export function toRow(id: ProbeCheck, found: Pick<AuditRow, 'status' | 'evidence'> & Partial<AuditRow>): AuditRow {
  const { area, expects, reference } = checks[id];
  return { id, area, expects, severity: 'critical', object: '', remedy: '', reference, ...found };
}

const inWords = (answer: Answer) => (typeof answer === 'number' ? plural(answer, 'row') : answer);

/** Lists names, each once. */
const list = (names: readonly string[]) => [...new Set(names)].join(', ');

/** Returns the rows of a check: one for each table in which an attempt reached the other tenant, else one. */
export function rowsOf(id: ProbeCheck, { results, untried }: TableResults): AuditRow[] {
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
      return toRow(id, {
        status: 'fail',
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
  const about = {
    id: 'B00',
    area: 'rls',
    expects: 'Every tenant table can be tried, as every role of the application',
    severity: 'medium',
    object: '',
    remedy: '',
    reference: 'testing 1',
  } as const;
  if (untried.length === 0) return [{ ...about, status: 'pass', evidence: `${plural(tables, 'table')} tried` }];
  return untried.map((evidence) => ({ ...about, status: 'n/a', evidence }));
}
