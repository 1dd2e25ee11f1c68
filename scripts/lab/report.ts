/** How the labs show what they found: tables, progress, and the blocks of docs/figures.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import { markdownTable } from 'markdown-table';
import { root } from '../../db/tests/engine/migrations.js';
import type { Machine } from './measure.js';

export interface Table {
  readonly title: string;
  /** What the figures are, in a sentence or two. */
  readonly note?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const ms = (x: number) => (x < 10 ? x.toFixed(2) : x < 100 ? x.toFixed(1) : x.toFixed(0));
export const ratio = (x: number | undefined) => (x === undefined || Number.isNaN(x) ? '–' : x.toFixed(2));
export const share = (x: number) => x.toFixed(3);
export const whole = (x: number) => Math.round(x).toLocaleString('en-GB');
export const micros = (x: number) => (Math.abs(x) < 10 ? x.toFixed(1) : x.toFixed(0));

/** Returns a table in Markdown, below its title as a heading, and its note. */
function toMarkdown({ title, note, head, rows }: Table): string {
  // Columns of figures alone are aligned to the right.
  const align = head.map((_, i) => (rows.every((row) => /^[-–\d.,() %]*$/.test(row[i] ?? '')) ? 'right' : null));
  const lines = markdownTable([head, ...rows], { align, stringLength: (text) => [...text].length });
  return [`### ${title}`, ...(note ? [note] : []), lines].join('\n\n');
}

/** Prints tables. */
export const print = (...tables: readonly Table[]) =>
  console.log(tables.map((table) => `\n${toMarkdown(table)}`).join('\n'));

/** Starts a progress bar. Where the output is no terminal, it is a line a minute. */
export function progress(label: string, total: number): { step(n?: number): void; stop(): void } {
  const format = `${label.padEnd(28)} {bar} {value}/{total}  {eta_formatted} left`;
  const bar = new SingleBar({
    ...{ format, barsize: 30, hideCursor: true, noTTYOutput: true, notTTYSchedule: 60_000 },
  });
  bar.start(total, 0);
  return { step: (n = 1) => bar.increment(n), stop: () => bar.stop() };
}

/** The file that holds the figures, each lab's between its own markers. */
export const figuresFile = new URL('docs/figures.md', root);

/** The option of each lab that writes its figures. */
export const writeFiguresOption = { 'write-figures': { type: 'boolean', default: false } } as const;
export const writeFiguresHelp = '--write-figures     write the result into its block of docs/figures.md';

/** The figures of one lab. */
export interface Figures {
  readonly lab: 'attack-lab' | 'bench' | 'load' | 'mutants' | 'soak' | 'two-worlds';
  /** The command that makes them, without paths and URLs. */
  readonly command: string;
  readonly machine: Machine;
  readonly tables: readonly Table[];
}

/** The first line of a block: when, of which code, where and by what it was measured. */
const origin = ({ command, machine: m }: Figures) =>
  `Measured on ${m.date} at commit ${m.commit} by \`${command}\`: PostgreSQL ${m.postgres} (${m.server}), ` +
  `pgvector ${m.pgvector}${m.pgbouncer ? `, PgBouncer ${m.pgbouncer}` : ''}, Node ${m.node.slice(1)}, ${m.cores} cores.`;

const originPattern =
  /^Measured on (?<date>\d{4}-\d\d-\d\d) at commit (?<commit>[0-9a-f]{7,40}( with changes)?) by `(?<command>npm run [^`]+)`: PostgreSQL (?<postgres>\d+[\d.]*) \([^)]+\), pgvector (?<pgvector>\d[\d.]*)(, PgBouncer \d[\d.]*)?, Node (?<node>\d[\d.]*), (?<cores>\d+) cores\.$/;

const block = /<!-- figures: ([\w-]+) -->\n\n([\s\S]*?)\n\n<!-- \/figures: \1 -->/g;

/** Puts a lab's figures into the place that its last ones have in a text. @throws Error if the text has no such place. */
export function replaceFigures(text: string, figures: Figures): string {
  let found = false;
  const replaced = text.replace(block, (old, lab) => {
    if (lab !== figures.lab) return old;
    found = true;
    const body = [origin(figures), ...figures.tables.map((table) => toMarkdown(table))].join('\n\n');
    return `<!-- figures: ${lab} -->\n\n${body}\n\n<!-- /figures: ${lab} -->`;
  });
  if (found) return replaced;
  throw new Error(`expected a line <!-- figures: ${figures.lab} --> and one <!-- /figures: ${figures.lab} -->`);
}

/** Replaces a lab's block of docs/figures.md. */
export async function writeFigures(figures: Figures): Promise<void> {
  const text = await readFile(figuresFile, 'utf8');
  await writeFile(figuresFile, replaceFigures(text, figures));
  console.log(`\ndocs/figures.md has them, as the figures of ${figures.lab}`);
}

/**
 * Returns the origin of each block of a text by the name of its lab.
 * @throws Error if a marker has no other of its pair, or if a block does not say where its figures come from or has no table.
 */
export function readFigures(text: string): Record<string, Record<string, string>> {
  const blocks = [...text.matchAll(block)];
  const markers = [...text.matchAll(/<!-- \/?figures: /g)];
  if (markers.length !== 2 * blocks.length) throw new Error('a marker of figures has no other of its pair');
  return Object.fromEntries(
    blocks.map(([, lab = '', body = '']) => {
      const found = originPattern.exec(body.split('\n', 1)[0] ?? '');
      if (!found?.groups) throw new Error(`the figures of ${lab} do not begin with where they were measured`);
      if (!/^\| :?-+:? \|/m.test(body)) throw new Error(`the figures of ${lab} have no table`);
      return [lab, { ...found.groups }];
    }),
  );
}
