/** Prints a report as SARIF 2.1.0, which code scanning reads: a rule for each check, a result for each finding. */
import { createHash } from 'node:crypto';
import type { Log, ReportingDescriptor, Result } from 'sarif';
import { areas, gating, type Report, type ReportRow, toJson, version } from '../report.js';
import { isFinding, type Severity, statementOf } from '../run.js';

const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'note' } as const;

/** GitHub derives the severity that it shows from this score, which is on the scale of CVSS: 9.0, 7.0 and 4.0 are its bounds. */
const scores: Record<Severity, string> = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0' };

/** Returns the report as the text of a SARIF log. */
export function toSarif(report: Report): string {
  // A rule has one severity: that of the worst finding of the check.
  const worst = new Map<string, ReportRow>();
  for (const row of report.rows) {
    const known = worst.get(row.id);
    if (!known || scores[row.severity] > scores[known.severity]) worst.set(row.id, row);
  }
  const ids = [...worst.keys()];
  const log: Log = {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'ragwall', version, rules: [...worst.values()].map(ruleOf) } },
        invocations: [
          {
            executionSuccessful: true,
            exitCode: gating(report) > 0 ? 1 : 0,
            startTimeUtc: report.time,
          },
        ],
        automationDetails: { id: `ragwall-audit/${encodeURIComponent(report.database)}/` },
        results: report.rows.filter(isFinding).map((row) => resultOf(report, row, ids.indexOf(row.id))),
        properties: {
          database: report.database,
          server: report.server,
          pgvector: report.pgvector,
          login: report.login,
          settings: report.settings,
          staleBaseline: report.stale,
        },
      },
    ],
  };
  return `${toJson(log)}\n`;
}

function ruleOf({ id, area, expects, severity, reference }: ReportRow): ReportingDescriptor {
  const title = areas.find((one) => one.area === area)?.title ?? '';
  const statement = statementOf(id);
  return {
    id,
    shortDescription: { text: expects },
    fullDescription: { text: `${expects}. ${title}.` },
    help: { text: [title, reference, statement].filter(Boolean).join('\n\n') },
    defaultConfiguration: { level: levels[severity] },
    properties: { 'security-severity': scores[severity], tags: ['security', area], reference },
  };
}

function resultOf(report: Report, row: ReportRow, ruleIndex: number): Result {
  const object = row.object || report.database;
  const fingerprint = createHash('sha256').update(`${row.id}\0${row.object}`).digest('hex');
  return {
    ruleId: row.id,
    ruleIndex,
    level: row.status === 'warn' ? 'note' : levels[row.severity],
    message: { text: message(`${object}: ${row.evidence}${row.remedy && `\nRemedy: ${row.remedy}`}`) },
    locations: [
      {
        // No file of the repository. GitHub refuses a result without a file.
        physicalLocation: {
          artifactLocation: {
            uri: ['database', report.database, object].map(encodeURIComponent).join('/'),
          },
          region: { startLine: 1 },
        },
        logicalLocations: [{ name: object, fullyQualifiedName: `${report.database}.${object}` }],
      },
    ],
    partialFingerprints: { 'checkAndObject/v1': fingerprint, primaryLocationLineHash: fingerprint },
    // An empty list: not suppressed. No list would mean: not known.
    suppressions:
      row.accepted === undefined ? [] : [{ kind: 'external', status: 'accepted', justification: row.accepted }],
    properties: { status: row.status, severity: row.severity, gates: row.gates },
  };
}

/** Returns a text escaped for a SARIF message, in which braces are placeholders and `[…](…)` is a link. */
const message = (text: string) => text.replace(/[{}]/g, '$&$&').replaceAll('](', '] (');
