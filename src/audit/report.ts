/** The report of an audit, which the formats print: its findings, which of them a person accepted, and which make the command fail. */
import { readFileSync } from 'node:fs';
import { type Acceptance, applyBaseline } from './baseline.js';
import { type Area, type Audit, type AuditRow, isFinding, type Severity, type Status } from './run.js';

/** The version of this package. */
export const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;

/** The worst first. */
export const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low'];

/** The six lines of the guide's checklist, and three areas beyond it. */
export const areas: readonly {
  readonly area: Area;
  /** The number of the line in the checklist; none for an area beyond it. */
  readonly line?: number;
  readonly title: string;
  /** What the audit of a database cannot find out about this line, and the person who signs has to confirm. */
  readonly unseen?: string;
  /** Whether the line is always left to the person who signs, whatever the checks found. */
  readonly byHand?: true;
  /** The check without which the others do not show that the line is fulfilled. */
  readonly needs?: string;
}[] = [
  {
    area: 'rls',
    line: 1,
    title: 'Row-level security is enabled on every table containing tenant data',
    unseen: 'no other table, which names the tenant otherwise, holds tenant data',
  },
  {
    area: 'role',
    line: 2,
    title: 'The application connects using a role that is no superuser',
    unseen: 'the application is given the login that was examined, and no other',
  },
  {
    area: 'tenant',
    line: 3,
    title: 'The tenant is taken from a verified token, never from user input',
    unseen: 'the application takes the tenant from a token that it has verified',
    needs: 'C10',
  },
  {
    area: 'context',
    line: 4,
    title: 'Every connection sets the tenant before any query',
    unseen: 'every service sets the tenant in each transaction',
  },
  {
    area: 'pool',
    line: 5,
    title: 'The connection pool does not carry a tenant from one client to the next',
    unseen: 'every pooler is set up like the one that was tried',
  },
  {
    area: 'ci',
    line: 6,
    title: 'All isolation tests pass on every deployment',
    unseen: 'the tests run, and pass, before every deployment',
    byHand: true,
  },
  {
    area: 'path',
    title: 'No other way to the data (views, functions, copies, privileges)',
  },
  {
    area: 'shared',
    title: 'Nothing is shared between tenants (keys, sequences, indexes)',
  },
  { area: 'server', title: 'Server and extensions' },
];

/**
 * How a tenant is bound. `signed`: by a signed token alone. `trusting`: some role of the application binds it by its name,
 * which the database believes. `other`: not by Ragwall.
 */
export type Mode = 'signed' | 'trusting' | 'other';

/** Returns how a tenant is bound, by the rows of the check C10. */
export function modeOf({ rows }: Pick<Report, 'rows'>): Mode {
  const found = rows.filter(({ id }) => id === 'C10');
  if (found.some((row) => isFinding(row) || row.evidence.startsWith('trusting mode'))) return 'trusting';
  return found.some(({ status }) => status === 'pass') ? 'signed' : 'other';
}

export interface ReportRow extends AuditRow {
  /** Why a person accepted this finding. */
  readonly accepted?: string;
  /** Whether this finding makes the command fail. */
  readonly gates: boolean;
}

export interface Report extends Omit<Audit, 'rows'> {
  readonly rows: readonly ReportRow[];
  /** Entries of the baseline that accept no finding any more. */
  readonly stale: readonly Acceptance[];
  readonly failOn: Severity;
  readonly strict: boolean;
}

/** Returns the report of an audit: rows sorted by area, check and object, each with whether it is accepted and gates. */
export function makeReport(
  audit: Audit,
  {
    baseline = [],
    failOn = 'medium',
    strict = false,
  }: {
    readonly baseline?: readonly Acceptance[];
    /** A `fail` of this severity or a worse one makes the command fail. Default: `medium`. */
    readonly failOn?: Severity;
    /** Whether a `warn` counts like a `fail`. Default: false. */
    readonly strict?: boolean;
  } = {},
): Report {
  const place = ({ area }: AuditRow) => areas.findIndex((one) => one.area === area);
  const byCheck = (a: AuditRow, b: AuditRow) =>
    place(a) - place(b) || compare(a.id, b.id) || compare(a.object, b.object);
  const { rows, stale } = applyBaseline([...audit.rows].sort(byCheck), baseline);
  const gates = (row: AuditRow) =>
    (row.status === 'fail' || (strict && row.status === 'warn')) &&
    severities.indexOf(row.severity) <= severities.indexOf(failOn);
  return {
    ...audit,
    rows: rows.map((row) => ({ ...row, gates: row.accepted === undefined && gates(row) })),
    stale,
    failOn,
    strict,
  };
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Whether a row is a finding that nobody accepted. */
export const isOpen = (row: ReportRow): boolean => isFinding(row) && row.accepted === undefined;

/** `1 finding`, `2 findings`. */
export const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** Returns how many findings of a status and a severity nobody accepted. */
const openBySeverity = ({ rows }: Report, status: Status, severity: Severity): number =>
  rows.filter((row) => isOpen(row) && row.status === status && row.severity === severity).length;

/** Returns how many findings make the command fail. */
export const gating = ({ rows }: Report): number => rows.filter(({ gates }) => gates).length;

/** Returns in words which findings make the command fail: `high or above, warnings too`. */
export const threshold = ({ failOn, strict }: Report): string =>
  `${failOn}${failOn === 'critical' ? '' : ' or above'}${strict ? ', warnings too' : ''}`;

/** Returns the summary, a few lines: counts by severity, entries of the baseline without a finding, the exit code. */
export function summary(report: Report): string[] {
  const { rows, stale } = report;
  const list = (status: Status) =>
    severities
      .map((severity) => [openBySeverity(report, status, severity), severity] as const)
      .filter(([n]) => n > 0)
      .map(([n, severity]) => `${n} ${severity}`)
      .join(', ') || 'none';
  const accepted = rows.filter((row) => row.accepted !== undefined).length;
  const passed = rows.filter(({ status }) => status === 'pass').length;
  const gates = gating(report);
  return [
    `fail: ${list('fail')} · warn: ${list('warn')} · accepted: ${accepted} · ${plural(passed, 'check')} passed`,
    ...stale.map(({ id, object }) => `In the baseline, and no longer found: ${`${id} ${object}`.trim()}`),
    `${gates === 0 ? 'Nothing gates' : gates === 1 ? '1 finding gates' : `${gates} findings gate`} at ${threshold(report)}: exit ${gates > 0 ? 1 : 0}`,
  ];
}

/** The rows of a check: one that passes or does not apply, or its findings. */
export type Check = readonly [ReportRow, ...ReportRow[]];

/** Returns the checks of an area, in the order of their ids. */
export function checksOf(report: Report, area: Area): Check[] {
  const checks = new Map<string, [ReportRow, ...ReportRow[]]>();
  for (const row of report.rows) {
    if (row.area !== area) continue;
    const check = checks.get(row.id);
    if (check) check.push(row);
    else checks.set(row.id, [row]);
  }
  return [...checks.values()];
}

/** Whether a check was not made although it may apply, so that a person has to make it. B00 names what was left out. */
export const isNotTried = ({ id, status, evidence }: AuditRow): boolean =>
  status === 'n/a' &&
  (id === 'B00' || /^(not tried|the database cannot tell|no attempt was conclusive)\b/.test(evidence));

/** Returns the worst status among the rows of a check. */
export function verdictOf(check: Check): Status | 'accepted' {
  const open = check.filter(isOpen);
  if (open.some(({ status }) => status === 'fail')) return 'fail';
  if (open.length > 0) return 'warn';
  if (check.some(({ accepted }) => accepted !== undefined)) return 'accepted';
  return check.every(({ status }) => status === 'n/a') ? 'n/a' : 'pass';
}

/** Control and format characters, which act in a terminal or reorder a line, and characters that XML does not allow. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffe\uffff]/gu;

/** Returns the text with unprintable characters written out: a name in a database cannot control a terminal. */
export function visible(text: string): string {
  return text.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code === 10) return '\\n';
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Returns the value as JSON in which every unprintable character is escaped, also those that JSON allows. */
export function toJson(value: unknown): string {
  const numbers = (character: string) =>
    character.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return JSON.stringify(value, null, 2).replace(unprintable, (character) =>
    character === '\n' ? character : numbers(character).join(''),
  );
}
