/** The probe's rows of the audit: what each check expects, and what came of the attempts. */
import type { Sql } from 'postgres';
import { checkPooler } from '../pooler-probe.js';
import { plural } from '../report.js';
import type { AuditRow } from '../run.js';
import type { Crossing } from './attempts.js';
import type { Attempt } from './run-attempts.js';

type Check = Pick<AuditRow, 'area' | 'expects' | 'reference'> & { readonly remedy: string };

const checks: Readonly<Record<Crossing, Check>> = {
  B01: {
    area: 'context',
    expects: 'Without a tenant the application reads nothing',
    remedy:
      'Have the policies be false for a tenant that is null or empty, on each table and partition.',
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
    remedy:
      'Give the policies a with check that compares the tenant, and revoke the privilege to write its column.',
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
    remedy:
      'Have the policies read a context that SQL cannot make up: ragwall.current_tenant(), in signed mode.',
    reference: 'checklist 4 · testing 3 · LLM01:2026 · AISVS 5.2.2',
  },
};

export const ids = Object.keys(checks) as Crossing[];

/** What was tried, and what could not be: a table, or a role in it, each with the reason. */
export interface Tried {
  readonly attempts: Attempt[];
  readonly untried: string[];
}

export function row(
  id: Crossing,
  found: Pick<AuditRow, 'status' | 'evidence'> & Partial<AuditRow>,
): AuditRow {
  const { area, expects, reference } = checks[id];
  return { id, area, expects, severity: 'critical', object: '', remedy: '', reference, ...found };
}

const told = (came: number | string) => (typeof came === 'number' ? plural(came, 'row') : came);

/** Names, each once. */
const list = (names: readonly string[]) => [...new Set(names)].join(', ');

/** The rows of a check: one for each table that could be crossed, or one. */
export function rowsOf(id: Crossing, { attempts, untried }: Tried): AuditRow[] {
  const mine = attempts.filter(({ check }) => check === id);
  const crossed = mine.filter(({ outcome }) => outcome === 'crossed');
  const tables = [...new Set(crossed.map(({ table }) => table))];
  if (tables.length > 0) {
    return tables.map((object) => {
      const there = crossed.filter(({ table }) => table === object);
      const roles = [...new Set(there.map(({ role }) => role))].map((role) => {
        const ways = there
          .filter((one) => one.role === role)
          .map(({ what, came }) => `${what} (${told(came)})`);
        return `as ${role}: ${ways.join(', ')}`;
      });
      return row(id, { status: 'fail', object, evidence: roles.join('; '), remedy: checks[id].remedy });
    });
  }
  const held = mine.filter(({ outcome }) => outcome === 'held');
  const unknown = mine.filter(({ outcome }) => outcome === 'unknown');
  if (held.length === 0) {
    const why = unknown.length > 0 ? 'no attempt was conclusive' : 'there was nothing to try';
    return [row(id, { status: 'n/a', evidence: [why, ...untried].join('; ') })];
  }
  const evidence = [
    `${held.length} attempts, none with a row: ${list(held.map(({ what }) => what))}; ` +
      `in ${list(held.map(({ table }) => table))}; as ${list(held.map(({ role }) => role))}`,
    ...(unknown.length > 0 ? [`${unknown.length} not conclusive`] : []),
  ];
  return [row(id, { status: 'pass', evidence: evidence.join('; ') })];
}

/** Says which tables or roles were not tried, so that a pass is not taken for more than it is. */
export function untriedRows({ attempts, untried }: Tried): AuditRow[] {
  const tables = new Set(attempts.map(({ table }) => table)).size;
  const about = {
    id: 'B00',
    area: 'rls',
    expects: 'Every tenant table can be tried, as every role of the application',
    severity: 'medium',
    object: '',
    remedy: '',
    reference: 'testing 1',
  } as const;
  if (untried.length === 0)
    return [{ ...about, status: 'pass', evidence: `${plural(tables, 'table')} tried` }];
  return untried.map((evidence) => ({ ...about, status: 'n/a', evidence }));
}

/** What is known of the pooler on the application's way. */
export async function poolerRow(app?: Sql): Promise<AuditRow> {
  const about = {
    id: 'O01',
    area: 'pool',
    expects: 'A pooler hands no session on with what was left on it',
    severity: 'high',
    object: '',
    remedy: '',
    reference: 'checklist 5 · testing 6',
  } as const;
  if (!app) {
    const evidence = 'not tried: give the application’s connection string as RAGWALL_APP_URL';
    return { ...about, status: 'n/a', evidence };
  }
  try {
    const { verdict, evidence } = await checkPooler(app);
    if (verdict === 'undetermined') return { ...about, status: 'n/a', evidence };
    if (verdict !== 'leaks') return { ...about, status: 'pass', evidence };
    return {
      ...about,
      status: 'fail',
      object: 'the pooler',
      evidence,
      remedy:
        'server_reset_query = DISCARD ALL and server_reset_query_always = 1; or accept it where all SQL that comes ' +
        'through the pooler is the application’s own, and tenants are bound to transactions.',
    };
  } catch (error) {
    // Not the message: it may have a piece of the connection string.
    const code = (error as { code?: string }).code ?? 'no code';
    return {
      ...about,
      status: 'n/a',
      evidence: `the application’s connection string does not work: ${code}`,
    };
  }
}
