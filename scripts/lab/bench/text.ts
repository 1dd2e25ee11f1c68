/** A table, how figures are written in it, and how it looks on the console. */

export interface Table {
  readonly title: string;
  /** What the figures are, in a sentence or two. */
  readonly note?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const ms = (x: number) => (x < 10 ? x.toFixed(2) : x < 100 ? x.toFixed(1) : x.toFixed(0));
export const ratio = (x: number | undefined) =>
  x === undefined || Number.isNaN(x) ? '–' : x.toFixed(2);
export const share = (x: number) => x.toFixed(3);
export const whole = (x: number) => Math.round(x).toLocaleString('en-GB');
export const mib = (bytes: number) => (bytes / 1024 ** 2).toFixed(1);
export const micros = (x: number) => (Math.abs(x) < 10 ? x.toFixed(1) : x.toFixed(0));

/** Which columns hold figures alone, and are aligned to the right. */
export const figureColumns = ({ head, rows }: Table): boolean[] =>
  head.map((_, i) => rows.every((row) => /^[-–\d.,()*† %]*$/.test(row[i] ?? '')));

/** Breaks a note into lines of about a hundred characters. */
const wrapped = (note: string) => note.replace(/(.{1,100})(?: |$)/g, '  $1\n').trimEnd();

const width = (text: string) => [...text].length;

/** Writes a table for the console: the first column and texts to the left, figures to the right. */
export function toText(table: Table): string {
  const { title, note, head, rows } = table;
  const widths = head.map((name, i) =>
    Math.max(width(name), ...rows.map((row) => width(row[i] ?? ''))),
  );
  const isFigure = figureColumns(table);
  const line = (cells: readonly string[]) =>
    `  ${cells
      .map((cell, i) => {
        const gap = ' '.repeat((widths[i] ?? 0) - width(cell));
        return isFigure[i] ? gap + cell : cell + gap;
      })
      .join('  ')
      .trimEnd()}`;
  const rule = widths.map((n) => '─'.repeat(n));
  return [
    `\n${title}`,
    ...(note ? [wrapped(note)] : []),
    '',
    line(head),
    line(rule),
    ...rows.map(line),
  ].join('\n');
}
