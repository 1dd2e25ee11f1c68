/** Prints a report as JUnit XML, which CI servers read: one test case for each row. */
import { areas, isOpen, type Report, type ReportRow, threshold, visible } from '../report.js';
import { isFinding } from '../run.js';

/** Returns a text escaped for XML, without characters that XML does not allow. */
const escapeXml = (text: string) => visible(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/**
 * Returns the report as JUnit XML. A finding that makes the command fail is a failure. Every other row that is no pass is
 * skipped, with the reason. So there is a failure if and only if the exit code is 1.
 */
export function toJunit(report: Report): string {
  const suites = areas
    .map((area) => ({ ...area, rows: report.rows.filter((row) => row.area === area.area) }))
    .filter(({ rows }) => rows.length > 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="ragwall audit of ${escapeXml(report.database)}" ${counts(report.rows)}>`,
    ...suites.flatMap(({ line, title, rows }) => [
      `  <testsuite name="${escapeXml(line ? `${line} ${title}` : title)}" ${counts(rows)} ` +
        `timestamp="${escapeXml(report.time.replace('Z', ''))}">`,
      ...rows.flatMap((row) => testCase(report, row)),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
}

function counts(rows: readonly ReportRow[]): string {
  const failures = rows.filter(({ gates }) => gates).length;
  const skipped = rows.filter((row) => !row.gates && row.status !== 'pass').length;
  return `tests="${rows.length}" failures="${failures}" errors="0" skipped="${skipped}" time="0"`;
}

function testCase(report: Report, row: ReportRow): string[] {
  const name = `${row.id} ${row.object}`.trim();
  const open = `    <testcase classname="ragwall.audit.${row.area}" name="${escapeXml(`${name}: ${row.expects}`)}" time="0"`;
  if (row.status === 'pass') return [`${open}/>`];
  if (row.gates) {
    const lines = [row.evidence, row.remedy, row.reference].map(escapeXml);
    return [
      `${open}>`,
      `      <failure type="${row.severity}" message="${escapeXml(row.evidence)}">${lines.join('\n')}</failure>`,
      '    </testcase>',
    ];
  }
  return [`${open}>`, `      <skipped message="${escapeXml(whyNot(report, row))}"/>`, '    </testcase>'];
}

/** Returns why a row is neither a pass nor a failure. */
function whyNot(report: Report, row: ReportRow): string {
  if (!isFinding(row)) return `does not apply: ${row.evidence}`;
  if (!isOpen(row)) return `accepted: ${row.accepted}; ${row.evidence}`;
  return `${row.status} ${row.severity}, gates at ${threshold(report)}: ${row.evidence}`;
}
