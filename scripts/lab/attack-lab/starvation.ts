/** How many of its own ten nearest documents a tenant still finds after another has stored a few. */
import type { Vector } from '../../../src/index.js';
import type { Store } from './store.js';
import { around, near } from './vectors.js';

export interface Starvation {
  /** Documents that the attacker has stored. */
  readonly stored: number;
  /** Documents that the victim's search for ten returns. */
  readonly rows: number;
  /** How many of them are those it returned at first. */
  readonly right: number;
}

/** The attacker stores documents near a question that the victim's users will ask, up to each of `steps`. */
export async function starve(
  store: Store,
  victim: string,
  document: Vector,
  { steps = [0, 10, 20, 30, 41], seed = 1, rebuild = false } = {},
): Promise<Starvation[]> {
  const question = near(document, 0.8, seed);
  const attacker = await store.beside(victim, 'flooder');
  const flood = around(question, 0.98, Math.max(...steps), seed + 1);
  const truth = (await store.search(victim, question, 10)).map(({ id }) => id);
  const results: Starvation[] = [];
  let stored = 0;
  for (const step of steps) {
    for (; stored < step; stored = Math.min(step, stored + 500)) {
      await store.put(attacker, flood.slice(stored, Math.min(step, stored + 500)));
    }
    if (rebuild && stored > 0) await store.build(victim, attacker);
    const found = await store.search(victim, question, 10);
    const right = found.filter(({ id }) => truth.includes(id)).length;
    results.push({ stored, rows: found.length, right });
  }
  return results;
}
