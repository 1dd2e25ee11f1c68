/** Prints a report for a terminal: one line for a check that passes, everything about one that does not. */
import { styleText } from 'node:util';
import { areas, checksOf, isOpen, type Report, type ReportRow, summary, verdictOf, visible } from '../report.js';

type Paint = (text: string) => string;

const marks = { fail: '✗', warn: '!', accepted: '○', pass: '✓', 'n/a': '–' } as const;

/**
 * Returns the report as text.
 *
 * @param width how many columns the terminal has; at least 40 are used.
 * @param colour whether it shows colours.
 */
export function toTable(
  report: Report,
  { width = 100, colour = false }: { readonly width?: number; readonly colour?: boolean } = {},
): string {
  const paint = (format: Parameters<typeof styleText>[0]): Paint =>
    colour ? (text) => styleText(format, text, { validateStream: false }) : plain;
  const [bold, dim] = [paint('bold'), paint('dim')];
  const [red, green, yellow] = [paint('red'), paint('green'), paint('yellow')];
  const paints = { fail: red, warn: yellow, accepted: yellow, pass: green, 'n/a': dim };
  const lines: string[] = [];

  /** Adds a label and a text. The text is wrapped, and its further lines begin where the first one begins. */
  function add(indent: number, label: string, text: string, paint: { label?: Paint; text?: Paint } = {}) {
    const { label: ofLabel = plain, text: ofText = plain } = paint;
    const from = indent + label.length;
    wrap(visible(text), Math.max(40, width) - from).forEach((line, at) => {
      lines.push((at === 0 ? ' '.repeat(indent) + ofLabel(label) : ' '.repeat(from)) + ofText(line));
    });
  }

  function addFinding(row: ReportRow) {
    const open = isOpen(row);
    add(9, `${row.status} ${row.severity}  `, row.object || report.database, {
      label: paints[open && row.status === 'fail' ? 'fail' : 'warn'],
      text: bold,
    });
    add(11, '', row.evidence);
    if (!open) return add(11, 'accepted: ', row.accepted ?? '', { label: yellow });
    add(11, '→ ', row.remedy);
  }

  const { server, pgvector, login, time, settings } = report;
  add(0, '', `Audit of the database ${report.database}`, { text: bold });
  add(0, '', `PostgreSQL ${server} · ${pgvector ? `pgvector ${pgvector}` : 'no pgvector'} · as ${login} · ${time}`);
  for (const [name, value] of Object.entries(settings)) add(0, `${name}: `, value);

  for (const { area, line, title, unseen } of areas) {
    const checks = checksOf(report, area);
    if (checks.length === 0 && !line) continue;
    lines.push('');
    add(0, line ? `${line}  ` : '+  ', title, { label: bold, text: bold });
    if (checks.length === 0) add(3, '☐ ', `To be confirmed by hand: ${unseen}.`);
    for (const check of checks) {
      const [{ id, expects, evidence, reference }] = check;
      const found = verdictOf(check);
      const label = `${marks[found]} ${id}  `;
      if (found === 'pass' || found === 'n/a') {
        const quiet = found === 'pass' ? { label: green } : { label: dim, text: dim };
        add(3, label, `${expects}: ${found === 'n/a' ? `n/a, ${evidence}` : evidence}`, quiet);
        continue;
      }
      add(3, label, expects, { label: paints[found] });
      for (const row of check) addFinding(row);
      add(9, '', reference, { text: dim });
    }
  }

  lines.push('');
  add(0, '', 'Summary', { text: bold });
  for (const line of summary(report)) add(3, '', line);
  return `${lines.join('\n')}\n`;
}

const plain: Paint = (text) => text;

/** Returns the text in lines of at most `width` characters, broken at spaces, and within a word only if it is longer. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = [...word];
    if (line && [...line].length + 1 + rest.length <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line) lines.push(line);
    for (; rest.length > width; rest = rest.slice(width)) lines.push(rest.slice(0, width).join(''));
    line = rest.join('');
  }
  return [...lines, line];
}
