/** The report as SARIF 2.1.0, as code scanning reads it: a rule for each check, a result for each finding. */
import { createHash } from 'node:crypto';
import { areas, gating, isOpen, type Report, type ReportRow, toJson, version } from '../report.js';
import { isFinding, type Severity, statementOf } from '../run.js';

const schema =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

const levels = { critical: 'error', high: 'error', medium: 'warning', low: 'note' } as const;

/** On the scale of CVSS, within the bounds that GitHub has for each word. */
const scores: Record<Severity, string> = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0' };

/** Returns the report as the text of a SARIF log. */
export function toSarif(report: Report): string {
  // The worst row of a check stands for it: a finding may be graver than its fellows.
  const worst = new Map<string, ReportRow>();
  for (const row of report.rows) {
    const known = worst.get(row.id);
    if (!known || scores[row.severity] > scores[known.severity]) worst.set(row.id, row);
  }
  const ids = [...worst.keys()];
  return `${toJson({
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
  })}\n`;
}

function ruleOf({ id, area, expects, severity, reference }: ReportRow) {
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

function resultOf(report: Report, row: ReportRow, ruleIndex: number) {
  const object = row.object || report.database;
  const fingerprint = createHash('sha256').update(`${row.id}\0${row.object}`).digest('hex');
  return {
    ruleId: row.id,
    ruleIndex,
    level: row.status === 'warn' ? 'note' : levels[row.severity],
    message: { text: message(`${object}: ${row.evidence}${row.remedy && `\nRemedy: ${row.remedy}`}`) },
    locations: [
      {
        // Not a file: GitHub refuses a log with a result that names none.
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
    // An empty list says that it is not suppressed; none, that nobody knows.
    suppressions: isOpen(row)
      ? []
      : [{ kind: 'external', status: 'accepted', justification: row.accepted }],
    properties: { status: row.status, severity: row.severity, gates: row.gates },
  };
}

/** Returns a text as a SARIF message, in which braces are placeholders and `[…](…)` is a link. */
const message = (text: string) => text.replace(/[{}]/g, '$&$&').replaceAll('](', '] (');
