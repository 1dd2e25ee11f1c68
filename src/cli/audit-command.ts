/** `ragwall audit`: runs the audit, prints it in a format, and fails if a finding gates. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Sql } from 'postgres';
import { type Acceptance, readBaseline, writeBaseline } from '../audit/baseline.js';
import { writeBundle } from '../audit/bundle.js';
import { type Evidence, makeEvidence, readState, readSuites } from '../audit/evidence.js';
import { explainCheck } from '../audit/explain.js';
import { fingerprintCommand } from '../audit/fingerprint.js';
import { toHtml } from '../audit/formats/html.js';
import { toJunit } from '../audit/formats/junit.js';
import { toSarif } from '../audit/formats/sarif.js';
import { toTable } from '../audit/formats/table.js';
import { probe } from '../audit/probe/probe.js';
import { gating, makeReport, plural, type Report, severities, summary, toJson, visible } from '../audit/report.js';
import { type Audit, type AuditRow, readAudit, type Severity } from '../audit/run.js';
import { verifyCommand } from '../audit/verify.js';
import { explained, open } from './connection.js';

const auditHelp = `ragwall audit [url]   checks whether tenants are isolated in a database, with or without Ragwall in it

The url is a connection string of any login; without it DATABASE_URL is used. Prefer the variable: other users of the
machine can read a command line. The audit reads catalogs only, in a read-only transaction.

  --format <format>        table (default), json, junit, sarif, or html: two sheets of paper to sign
  --output <file>          writes the report to a file, and prints only its summary
  --fail-on <severity>     a finding of this severity or a worse one makes the command fail:
                           critical, high, medium (default) or low
  --strict                 warnings make the command fail like findings
  --baseline <file>        accepts the findings that the file lists, each with a reason
  --write-baseline <file>  adds all findings to the file, for a person to fill in the reasons
  --tenant-column <name>   a column that names the tenant of a row (default: tenant_id, org_id and the like)
  --app-role <name>        a role that applications log in as (default: roles with privileges on such tables)
  --untrusted-role <name>  a role among them that runs SQL written by others: users or language models
                           (these three can be repeated, or take names with commas between them)
  --probe                  also tries to reach another tenant's rows. Needs a superuser. In a transaction that is
                           rolled back it inserts rows of two tenants into every tenant table and acts as each
                           role of the application. Sequences advance, and triggers fire. If RAGWALL_APP_URL is
                           the application's own connection string, it also checks whether the pooler hands
                           settings of one client on to the next
  --bundle <file>          also writes the evidence to a file: every row, the SQL behind it, the fingerprint with its
                           inventory, the page to sign, and a digest of them, which then stands on the page
  --suites <file>          what your tests printed, with a line "12 passed, 0 failed, 1 skipped", of which the last
                           counts: for --bundle and html. A failed test makes the command fail
  --verify <bundle>        instead checks that a bundle is whole; and, if there is a url or DATABASE_URL, that this
                           database has the same fingerprint and that the audit finds the same
  --fingerprint            instead prints one hash of everything that isolation rests on, and the rows behind it
  --diff <file>            instead prints the rows that have changed since the fingerprint in the file, and what each
                           change does to a wall: loosens, tightens, neutral, or has to be read by a person
  --explain <id>           instead prints what a check expects, why, and what corrects a finding; needs no database
  --help

Exit code: 0 if no finding makes the command fail, 1 if one does, 2 if the audit could not run. With --diff: 1 if a
change loosens a wall or has to be read. With --verify: 1 if something does not hold, 2 if it cannot be told.
A baseline is {"accepted": [{"id": "T02", "object": "app.notes", "reason": "…"}]}; an object may end in *.`;

const options = {
  help: { type: 'boolean' },
  format: { type: 'string', default: 'table' },
  output: { type: 'string' },
  'fail-on': { type: 'string', default: 'medium' },
  strict: { type: 'boolean', default: false },
  baseline: { type: 'string' },
  'write-baseline': { type: 'string' },
  'tenant-column': { type: 'string', multiple: true },
  'app-role': { type: 'string', multiple: true },
  'untrusted-role': { type: 'string', multiple: true },
  probe: { type: 'boolean' },
  bundle: { type: 'string' },
  suites: { type: 'string' },
  verify: { type: 'string' },
  fingerprint: { type: 'boolean' },
  diff: { type: 'string' },
  explain: { type: 'string' },
} as const;

const parse = (args: string[]) => parseArgs({ args, allowPositionals: true, options });

/** The options of the command as given. */
export type AuditValues = ReturnType<typeof parse>['values'];

const formats: Readonly<Record<string, (report: Report, page: string) => string>> = {
  table: (report) => toTable(report),
  json: (report) => `${toJson(report)}\n`,
  junit: toJunit,
  sarif: toSarif,
  html: (_, page) => page,
};

/**
 * Runs the command.
 *
 * @param args the arguments after `ragwall audit`.
 * @returns the exit code: 0 if no finding makes the command fail, 1 if one does.
 * @throws Error if the audit cannot run. The message contains no password.
 */
export async function auditCommand(args: string[]): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    console.log(auditHelp);
    return 0;
  }
  if (values.explain !== undefined) {
    console.log(explainCheck(values.explain));
    return 0;
  }
  const [url = process.env.DATABASE_URL, ...rest] = positionals;
  if (rest.length > 0) throw new Error('expected: ragwall audit [url]; see --help');
  checkValues(values);
  if (values.verify !== undefined) return verify(values.verify, url);
  // Read first: if one is wrong, the command ends before the audit runs.
  const baseline = values.baseline === undefined ? [] : await readBaseline(values.baseline);
  const suites = values.suites === undefined ? null : await readSuites(values.suites);
  const sql = connect(url);
  try {
    if (values.fingerprint || values.diff !== undefined) return await fingerprintCommand(sql, values);
    const options = {
      tenantColumns: names(values, 'tenant-column'),
      appRoles: names(values, 'app-role'),
      untrustedRoles: names(values, 'untrusted-role'),
    };
    const { audit, ...state } = needsState(values)
      ? await readState(sql, options)
      : { audit: await readAudit(sql, options) };
    // Without the probe these checks are n/a: its rows replace them.
    const probed = values.probe ? await runProbe(sql, values) : [];
    const rows = audit.rows.filter(({ id }) => !probed.some((row) => row.id === id));
    const ids = [...new Set(probed.map(({ id }) => id))].sort();
    const behind = 'fingerprint' in state ? { ...state, probed: ids, suites } : undefined;
    return await show({ ...audit, rows: [...rows, ...probed] }, values, baseline, behind);
  } catch (error) {
    throw explained(error, sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Whether the page or the bundle is wanted, which say what state of the database they are of. */
const needsState = ({ format, bundle }: Pick<AuditValues, 'format' | 'bundle'>) =>
  format === 'html' || bundle !== undefined;

/** Verifies a bundle, and compares it with the database of a connection string if there is one. */
async function verify(file: string, url: string | undefined): Promise<number> {
  const write = (text: string) => process.stdout.write(text);
  if (!url) return verifyCommand(file, undefined, write);
  const sql = connect(url);
  try {
    return await verifyCommand(file, sql, write);
  } catch (error) {
    throw explained(error, sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Runs the probe, and checks the pooler behind RAGWALL_APP_URL if it is set. */
async function runProbe(sql: Sql, values: AuditValues): Promise<readonly AuditRow[]> {
  const url = process.env.RAGWALL_APP_URL;
  const app = url ? connect(url, 3) : undefined;
  try {
    return await probe(sql, {
      tenantColumns: names(values, 'tenant-column'),
      appRoles: names(values, 'app-role'),
      ...(app && { app }),
    });
  } catch (error) {
    throw app ? explained(error, app) : error;
  } finally {
    await app?.end({ timeout: 5 });
  }
}

function checkValues(values: AuditValues): void {
  if (!Object.hasOwn(formats, values.format)) {
    throw new Error(`--format is expected to be one of ${Object.keys(formats).join(', ')}`);
  }
  if (!severities.includes(values['fail-on'] as Severity)) {
    throw new Error(`--fail-on is expected to be one of ${severities.join(', ')}`);
  }
  if (values.suites !== undefined && !needsState(values)) {
    throw new Error('--suites is expected with --bundle or --format html');
  }
  const others = (...allowed: string[]) =>
    Object.entries(values).filter(
      ([name, value]) =>
        !allowed.includes(name) && value !== (options[name as keyof typeof options] as Default).default,
    );
  if (values.verify !== undefined && others('verify').length > 0) {
    throw new Error('--verify is expected without other options');
  }
  if (values.bundle !== undefined && (values.fingerprint || values.diff !== undefined)) {
    throw new Error('--bundle is expected without --fingerprint and --diff: a bundle contains the fingerprint');
  }
}

type Default = { readonly default?: unknown };

/** Returns the names that an option lists, one by one. */
function names(values: AuditValues, option: 'tenant-column' | 'app-role' | 'untrusted-role'): readonly string[] {
  const all = (values[option] ?? []).flatMap((list) => list.split(',')).map((name) => name.trim());
  if (all.includes('')) throw new Error(`--${option} is expected to be a name, or names with commas between them`);
  return all;
}

/** What the page and the bundle contain beyond the audit. */
type Behind = Parameters<typeof makeEvidence>[1];

/**
 * Prints the audit in the format of the options, and writes the files that they name.
 *
 * @param baseline the findings that are accepted.
 * @param behind expected for the page and the bundle.
 * @returns the exit code: 0 if no finding and no failed test makes the command fail, 1 if one does.
 */
export async function show(
  audit: Audit,
  values: Pick<AuditValues, 'format' | 'fail-on' | 'strict' | 'output' | 'write-baseline' | 'bundle'>,
  baseline: readonly Acceptance[] = [],
  behind?: Behind,
): Promise<number> {
  const { format, output, 'write-baseline': newBaseline } = values;
  const report = makeReport(audit, {
    baseline,
    failOn: values['fail-on'] as Severity,
    strict: values.strict,
  });
  if (newBaseline !== undefined) {
    const waiting = await writeBaseline(newBaseline, report.rows);
    console.error(`${newBaseline}: ${plural(waiting, 'finding')} without a reason yet`);
  }
  const page = behind ? await pageOf(makeEvidence(report, behind), values.bundle) : '';
  if (output !== undefined) {
    await writeFile(output, formats[format]?.(report, page) ?? '');
    console.error(`${output}: ${summary(report).map(visible).join('\n  ')}`);
  } else if (format === 'table') {
    const { columns, isTTY } = process.stdout;
    process.stdout.write(toTable(report, { width: columns, colour: isTTY && !process.env.NO_COLOR }));
  } else {
    process.stdout.write(formats[format]?.(report, page) ?? '');
  }
  const failed = behind?.suites?.failed ?? 0;
  if (failed > 0) console.error(`${plural(failed, 'test')} of the suites failed: exit 1`);
  return gating(report) > 0 || failed > 0 ? 1 : 0;
}

/** Returns the page of an evidence; with a file, the one of the bundle that it writes there. */
async function pageOf(evidence: Evidence, file: string | undefined): Promise<string> {
  if (file === undefined) return toHtml(evidence);
  const { page, digests } = await writeBundle(file, evidence);
  console.error(`${file}: the evidence has the digest ${digests.evidence}`);
  return page;
}

/** Behind a pooler the next transaction may run in another session, so nothing is prepared. */
const connect = (url: string | undefined, max = 1) => open(url, 'ragwall audit', { max, prepare: false });
