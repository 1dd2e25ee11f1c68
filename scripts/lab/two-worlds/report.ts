/** What a run found, as a table and examples. */
import { explained, type Residual } from './residuals.js';
import type { Difference, Outcome } from './run.js';

const indented = (lines: readonly string[]) =>
  lines.slice(0, 25).map((line) => `        ${line.slice(0, 300)}`);

/** The lines of one that the other lacks, or all if they are the same lines in another order. */
function example({ number, tenant, statement, what, said: [one, other] }: Difference): string {
  const lacking = (a: readonly string[], b: readonly string[]) => {
    const rest = a.filter((line) => !b.includes(line));
    return indented(rest.length ? rest : a);
  };
  return [
    `    ${number}, as ${tenant}, ${what}: ${statement}`,
    ...['      world 1', ...lacking(one, other), '      the other', ...lacking(other, one)],
  ].join('\n');
}

/**
 * Returns the text, and how many differences no residual explains, beyond as many as told the same world apart in
 * their class: a graph is built at random, and answers with either of two documents that are as near.
 */
export function report({ role, change, tallies, seconds }: Outcome, show: number) {
  const lines = [`\n${role}`, `  ${'class'.padEnd(34)}statements  refused  apart  residual  noise`];
  const reasons = new Map<Residual, number>();
  const examples: string[] = [];
  let unexplained = 0;
  let total = 0;
  for (const [kind, tally] of [...tallies].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const open: Difference[] = [];
    for (const difference of tally.apart) {
      const residual = explained(role, change, difference);
      if (residual) reasons.set(residual, (reasons.get(residual) ?? 0) + 1);
      else open.push(difference);
    }
    unexplained += Math.max(0, open.length - tally.noise.length);
    total += tally.statements;
    const counts = [tally.refused, open.length, tally.apart.length - open.length, tally.noise.length];
    const widths = [9, 7, 10, 7];
    lines.push(
      `  ${kind.padEnd(34)}${String(tally.statements).padStart(10)}` +
        counts.map((count, i) => String(count).padStart(widths[i] as number)).join(''),
    );
    if (show && open.length) examples.push(`  ${kind}, apart`, ...open.slice(0, show).map(example));
    if (show && tally.noise.length)
      examples.push(`  ${kind}, noise`, ...tally.noise.slice(0, show).map(example));
  }
  lines.push(
    `  ${total} statements to each of three worlds in ${seconds.toFixed(0)} s: ${Math.round(total / seconds)} a second`,
  );
  for (const [{ reason }, count] of reasons) lines.push(`  residual, ${count} times: ${reason}`);
  return { text: [...lines, ...examples].join('\n'), unexplained };
}
