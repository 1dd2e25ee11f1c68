/** Says how far the gate is, and what came of it. */
import { equivalents } from './equivalents.js';
import { title } from './mutant.js';
import type { Verdict } from './run.js';

/** Returns what is to be told of each verdict: it prints a line each five seconds, or each mutant with its killer. */
export function progress(total: number, kills: boolean): (verdict: Verdict) => void {
  let done = 0;
  let said = performance.now();
  return ({ mutant, killer, error }) => {
    done += 1;
    if (kills) {
      console.log(`${title(mutant)}\n  ${killer ?? error ?? 'nobody noticed'}`);
    } else if (performance.now() - said > 5_000) {
      said = performance.now();
      console.log(`${done} of ${total}`);
    }
  };
}

/** Prints the score and what survived, and returns the exit code. */
export function summary(verdicts: readonly Verdict[]): number {
  const survived = verdicts.filter(({ killer, error }) => !killer && !error);
  const excused = survived.filter(({ mutant }) => reasonFor(title(mutant)));
  const unnoticed = survived.filter((verdict) => !excused.includes(verdict));
  const failed = verdicts.filter(({ error }) => error);

  for (const { pattern, reason } of equivalents) {
    const fitting = excused.filter(({ mutant }) => pattern.test(title(mutant)));
    for (const { mutant } of fitting.slice(0, 1)) {
      console.log(`breaks nothing: ${title(mutant)}${more(fitting.length)}\n  ${reason}`);
    }
  }
  for (const { mutant, error } of failed) {
    console.log(`COULD NOT BE BROKEN: ${title(mutant)}\n  ${error}\n  ${indented(mutant.statement)}`);
  }
  for (const { mutant } of unnoticed) {
    console.log(`SURVIVED: ${title(mutant)}\n  ${indented(mutant.statement)}`);
  }
  const total = verdicts.length - excused.length;
  console.log(`\n${total - unnoticed.length - failed.length}/${total} killed`);
  return unnoticed.length + failed.length === 0 ? 0 : 1;
}

const reasonFor = (name: string) => equivalents.find(({ pattern }) => pattern.test(name))?.reason;
const indented = (statement: string) => statement.trim().replaceAll('\n', '\n  ');
const more = (count: number) => (count > 1 ? `, and ${count - 1} like it` : '');
