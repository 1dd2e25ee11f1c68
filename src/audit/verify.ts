/** `ragwall audit --verify`: whether a bundle is whole, and whether a database is still as it says. */
import { readFileSync } from 'node:fs';
import type { Sql } from 'postgres';
import { type Bundle, canonical, digestsOf, pageOf, readBundle } from './bundle.js';
import { changesToText, diffInventories } from './diff.js';
import { readState } from './evidence.js';
import { hashOf, inventoryQuery } from './fingerprint.js';
import { gating, makeReport, plural, type Report, threshold, version, visible } from './report.js';
import { type AuditRow, auditQuery } from './run.js';

/** What was verified. `holds` is undefined where this version of the package cannot tell. */
interface Verified {
  readonly holds: boolean | undefined;
  readonly line: string;
  /** What differs, in lines. */
  readonly details?: string;
}

/** Returns what can be verified of a bundle without a database. */
function verifyParts(bundle: Bundle): Verified[] {
  const { evidence, digests, page } = bundle;
  const { report, fingerprint, statements, ragwall } = evidence;
  const { rows, database, time } = report;
  const inventory = plural(fingerprint.inventory.length, 'row');
  const told = (holds: boolean, yes: string, no: string): Verified => ({ holds, line: holds ? yes : no });
  // Another version may make another page of the same evidence, and has other SQL.
  const toldByMaker = (holds: boolean, yes: string, no: string): Verified =>
    holds || ragwall === version
      ? told(holds, yes, no)
      : { holds: undefined, line: `${yes}: this is ragwall ${version}; run npx ragwall@${ragwall} audit --verify` };
  return [
    told(
      canonical(digestsOf(bundle)) === canonical(digests),
      `The evidence and the page have the digests that the bundle states. On the signed page stands ${digests.evidence}`,
      `The evidence or the page was changed: it has not the digest that the bundle states, ${digests.evidence}`,
    ),
    told(
      hashOf(fingerprint.inventory) === fingerprint.fingerprint,
      `The fingerprint is the hash of the ${inventory} of the inventory: ${fingerprint.fingerprint}`,
      `The fingerprint is not the hash of the ${inventory} of the inventory, ${hashOf(fingerprint.inventory)}`,
    ),
    told(
      fingerprint.database === database && fingerprint.time === time,
      'The fingerprint and the audit are of the same database at the same time',
      'The fingerprint and the audit are not of the same database at the same time',
    ),
    told(
      canonical(judgedAgain(report).rows) === canonical(rows),
      `The verdict follows from the ${plural(rows.length, 'row')} of the audit: ${gating(report)} open at ${threshold(report)}`,
      'The verdict does not follow from the rows of the audit: other findings gate, or the rows are in another order',
    ),
    toldByMaker(
      page === pageOf(evidence),
      'The page is the one that the evidence makes',
      'The page is not the one that the evidence makes',
    ),
    toldByMaker(
      statements.audit === readFileSync(auditQuery, 'utf8') &&
        statements.inventory === readFileSync(inventoryQuery, 'utf8'),
      `The SQL is that of ragwall ${ragwall}`,
      `The SQL is not that of ragwall ${ragwall}`,
    ),
  ];
}

/** Returns the report that its own rows, acceptances and threshold make. */
function judgedAgain({ rows, failOn, strict, ...audit }: Report): Report {
  const bare = rows.map(({ accepted, gates, ...row }) => row);
  const baseline = rows.flatMap(({ id, object, accepted }) =>
    accepted === undefined ? [] : [{ id, object: object.replace(/\*$/, '\\*'), reason: accepted }],
  );
  return makeReport({ ...audit, rows: bare }, { baseline, failOn, strict });
}

/** Returns whether a database has the fingerprint of a bundle, and whether the audit finds the same there. */
async function verifyDatabase({ evidence }: Bundle, sql: Sql): Promise<Verified[]> {
  const { report, fingerprint, probed, ragwall } = evidence;
  const names = (setting: string) => report.settings[setting]?.split(',') ?? [];
  const state = await readState(sql, {
    tenantColumns: names('tenant_columns'),
    appRoles: names('app_roles'),
    untrustedRoles: names('untrusted_roles'),
  });
  const { database, rows } = state.audit;
  const same = state.fingerprint.fingerprint === fingerprint.fingerprint;
  const changes = same ? [] : diffInventories(fingerprint.inventory, state.fingerprint.inventory);
  const differing = differences(report.rows, rows, new Set(probed));
  const repeated = probed.length > 0 ? `. Not tried again: ${probed.join(', ')}, of the probe` : '';
  const other =
    ragwall === version ? '' : `. The bundle is of ragwall ${ragwall}, this is ${version}, whose checks may differ`;
  return [
    {
      holds: same,
      line: `The database ${database} has ${same ? 'this fingerprint still' : `another fingerprint, ${state.fingerprint.fingerprint}`}`,
      details: changesToText(changes).trimStart(),
    },
    {
      holds: differing.length === 0,
      line: `The audit of the database ${database} finds ${differing.length === 0 ? 'the same' : 'something else'}${repeated}${other}`,
      details: differing.map(visible).join('\n'),
    },
  ];
}

/**
 * Returns a line for each row that one audit has and the other has not, or has with another result. How many objects a
 * check examined that passes is no result.
 */
function differences(before: readonly AuditRow[], after: readonly AuditRow[], ignored: ReadonlySet<string>): string[] {
  const resultOf = ({ status, severity, evidence }: AuditRow) =>
    status === 'pass' ? status : `${status} ${severity}, ${evidence}`;
  const results = (rows: readonly AuditRow[]) =>
    new Map(rows.filter(({ id }) => !ignored.has(id)).map((row) => [`${row.id} ${row.object}`.trim(), resultOf(row)]));
  const [was, is] = [results(before), results(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((key) => was.get(key) !== is.get(key))
    .sort()
    .map((key) => `${key}: was ${was.get(key) ?? 'not there'}; is ${is.get(key) ?? 'not there'}`);
}

/**
 * Verifies a bundle, and prints line by line what holds.
 *
 * @param connect returns a connection to the database to compare with; undefined if there is none.
 * @returns the exit code: 0 if everything holds, 1 if something does not, 2 if something cannot be told.
 * @throws Error if the file is no bundle that this package reads, or the database cannot be read.
 */
export async function verifyCommand(
  file: string,
  sql: Sql | undefined,
  write: (text: string) => void,
): Promise<number> {
  const bundle = await readBundle(file);
  const { report, ragwall } = bundle.evidence;
  write(
    `${visible(`${file}: the database ${report.database} at ${report.time}, audited as ${report.login} by ragwall ${ragwall}`)}\n`,
  );
  const verified = [...verifyParts(bundle), ...(sql ? await verifyDatabase(bundle, sql) : [])];
  for (const { holds, line, details } of verified) {
    write(`${holds === undefined ? '?' : holds ? '✓' : '✗'} ${visible(line)}\n`);
    if (details) write(`${details.replace(/^(?=.)/gm, '    ')}\n`);
  }
  if (!sql) write('– No database was compared: give its connection string, or set DATABASE_URL\n');
  write('A digest shows whether a bundle was changed, not who made it: compare it with the one on the signed page.\n');
  const results = verified.map(({ holds }) => holds);
  return results.includes(false) ? 1 : results.includes(undefined) ? 2 : 0;
}
