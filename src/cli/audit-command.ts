/** `ragwall audit`: reads the audit, shows it in a format, and gates by its exit code. */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import postgres, { type Sql } from 'postgres';
import { type Acceptance, readBaseline, writeBaseline } from '../audit/baseline.js';
import { explainCheck } from '../audit/explain.js';
import { fingerprintCommand } from '../audit/fingerprint.js';
import { toHtml } from '../audit/formats/html.js';
import { toJunit } from '../audit/formats/junit.js';
import { toSarif } from '../audit/formats/sarif.js';
import { toTable } from '../audit/formats/table.js';
import { probe } from '../audit/probe/probe.js';
import {
  gating,
  makeReport,
  plural,
  type Report,
  severities,
  summary,
  toJson,
  visible,
} from '../audit/report.js';
import { type Audit, type AuditRow, readAudit, type Severity } from '../audit/run.js';

export const auditHelp = `ragwall audit [url]   checks whether tenants are isolated in a database, with or without Ragwall in it

The url, or DATABASE_URL, is of any login: the audit reads catalogs, in a transaction that can only read.
Prefer the variable: a command line can be read by others on the machine.

  --format <format>        table (default), json, junit, sarif, or html: a page to print and sign
  --output <file>          writes the report there, and only its summary here
  --fail-on <severity>     critical, high, medium (default) or low: from which severity on a finding gates
  --strict                 lets warnings gate like findings
  --baseline <file>        accepts the findings that the file lists, each with a reason
  --write-baseline <file>  writes all findings there, for a person to fill in the reasons; what the file
                           has already is kept
  --tenant-column <name>   how tables name the tenant (default: tenant_id, org_id and the like)
  --app-role <name>        what applications log in as (default: who has privileges on such tables)
  --untrusted-role <name>  those of them that run SQL that others write
                           (these three: as often as needed, or with commas)
  --probe                  also acts, as a superuser, in a transaction that is rolled back: plants rows of two
                           tenants in every table that has them, and tries to cross as each role of the
                           application. Sequences advance, triggers fire. With RAGWALL_APP_URL, the
                           application's own connection string, finds out whether its pooler leaks
  --fingerprint            instead prints one hash over all that isolation rests on, and what it is made of
  --diff <file>            instead says in words what has changed since the fingerprint in the file, and fails
                           if a change loosens a wall, or has to be read by a person
  --explain <id>           instead prints what a check expects, why, and what corrects a finding; needs no database
  --help

Exit code: 0 if nothing gates, 1 if something does, 2 if the audit could not be made.
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
  fingerprint: { type: 'boolean' },
  diff: { type: 'string' },
  explain: { type: 'string' },
} as const;

const parse = (args: string[]) => parseArgs({ args, allowPositionals: true, options });

/** The options of the command, as they were given. */
export type AuditValues = ReturnType<typeof parse>['values'];

const formats: Readonly<Record<string, (report: Report) => string>> = {
  table: (report) => toTable(report),
  json: (report) => `${toJson(report)}\n`,
  junit: toJunit,
  sarif: toSarif,
  html: toHtml,
};

/**
 * Runs the command and returns its exit code: 0 if nothing gates, 1 if something does.
 *
 * @param args what is behind `ragwall audit`.
 * @throws Error if the audit cannot be made; its message holds no password.
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
  // Before the audit, which may take a while.
  const baseline = values.baseline === undefined ? [] : await readBaseline(values.baseline);
  const sql = connect(url);
  try {
    if (values.fingerprint || values.diff !== undefined) return await fingerprintCommand(sql, values);
    const audit = await readAudit(sql, {
      tenantColumns: names(values, 'tenant-column'),
      appRoles: names(values, 'app-role'),
      untrustedRoles: names(values, 'untrusted-role'),
    });
    // What was tried stands in the place of what was not.
    const probed = values.probe ? await tryToCross(sql, values) : [];
    const rows = audit.rows.filter(({ id }) => !probed.some((row) => row.id === id));
    return await show({ ...audit, rows: [...rows, ...probed] }, values, baseline);
  } catch (error) {
    throw explained(error, sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Tries to cross, with the application's own way to the server if there is one. */
async function tryToCross(sql: Sql, values: AuditValues): Promise<readonly AuditRow[]> {
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
}

/** Returns the names that an option was given, each alone. */
function names(
  values: AuditValues,
  option: 'tenant-column' | 'app-role' | 'untrusted-role',
): readonly string[] {
  const all = (values[option] ?? []).flatMap((list) => list.split(',')).map((name) => name.trim());
  if (all.includes('')) throw new Error(`--${option} is expected to be a name, or names with commas`);
  return all;
}

/**
 * Shows the audit as the options say, writes what they ask for, and returns the exit code.
 *
 * @param baseline what is accepted.
 */
export async function show(
  audit: Audit,
  values: Pick<AuditValues, 'format' | 'fail-on' | 'strict' | 'output' | 'write-baseline'>,
  baseline: readonly Acceptance[] = [],
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
  if (output !== undefined) {
    await writeFile(output, formats[format]?.(report) ?? '');
    console.error(`${output}: ${summary(report).map(visible).join('\n  ')}`);
  } else if (format === 'table') {
    const { columns, isTTY } = process.stdout;
    process.stdout.write(toTable(report, { width: columns, colour: isTTY && !process.env.NO_COLOR }));
  } else {
    process.stdout.write(formats[format]?.(report) ?? '');
  }
  return gating(report) > 0 ? 1 : 0;
}

function connect(url: string | undefined, max = 1): Sql {
  if (!url) throw new Error('a connection string is expected: as DATABASE_URL, or behind the command');
  const [, authority = '', rest = ''] = /^postgres(?:ql)?:\/\/([^/?#]*)(.*)$/s.exec(url) ?? [];
  // Else a piece of the password is taken for the port or the database, and shows in errors.
  if (!/^postgres(ql)?:\/\//.test(url) || (rest.includes('@') && !authority.includes('@'))) {
    throw new Error(
      'postgres://user:password@host:port/database is expected, with / ? # @ in a password written as %2F %3F %23 %40',
    );
  }
  try {
    return postgres(url, {
      max,
      fetch_types: false,
      prepare: false, // behind a pooler the next transaction may be another session's
      connect_timeout: 10,
      onnotice: () => {},
      connection: { application_name: 'ragwall audit' },
    });
  } catch {
    throw new Error(
      'the connection string is not one: postgres://user:password@host:port/database is expected',
    );
  }
}

/** Returns the error in words, and with nothing of the connection string but where it leads. */
function explained(error: unknown, sql: Sql): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  const { host, port, user, database } = sql.options as unknown as Record<'host' | 'port', unknown[]> &
    Record<'user' | 'database', string>;
  const place = `${host[0]}:${port[0]}`;
  switch (code) {
    case 'ECONNREFUSED':
      return new Error(`no server answers at ${place}: is it up, and the port right?`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Error(`the host ${host[0]} is not known`);
    case 'CONNECT_TIMEOUT':
      return new Error(
        `${place} does not answer within 10 seconds: is there a firewall, or TLS to be asked for?`,
      );
    case '28P01':
    case '28000':
      return new Error(`${place} does not let ${user} in: ${message}`);
    case '3D000':
      return new Error(`there is no database ${database} at ${place}`);
    default:
      return message ? error : new Error(`${place} cannot be reached (${code})`);
  }
}
