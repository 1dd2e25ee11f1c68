/** Does another tenant hold this document? Asked by storing documents of one's own and searching, no more. */
import { randomUUID } from 'node:crypto';
import { random } from '../bench/data.js';
import type { Store } from './store.js';
import { around } from './vectors.js';
import { passage } from './world.js';

export interface Membership {
  readonly trials: number;
  /** How often the attacker was right, 0 to 1. */
  readonly accuracy: number;
  /** Searches that did not return the attacker's own document. */
  readonly lost: number;
}

/**
 * The attacker guesses a text and embeds it. One account stores 39 documents that are nearly the guess, another
 * one document a little farther off, and asks for the nearest. An index that looks at 40 candidates (the default
 * of hnsw.ef_search) gets that far if nobody else has the guess, and no further than the guess if somebody does.
 */
export async function membership(
  store: Store,
  victim: string,
  trials: number,
  { seed = 1, onTrial = () => {} } = {},
): Promise<Membership> {
  const coin = random(seed);
  let [right, lost] = [0, 0];
  for (let n = 0; n < trials; n += 1) {
    const guess = passage(n);
    const held = coin() % 2 === 1;
    if (held) await store.put(victim, [{ id: randomUUID(), vector: guess }]);
    await store.put('mallory-1', around(guess, 0.99, 1, 10_000 + n));
    await store.put(`mallory-2-${n}`, around(guess, 0.995, 39, 20_000 + n));
    const found = await store.search('mallory-1', guess, 1);
    if (found.length === 0) lost += 1;
    if ((found.length === 0) === held) right += 1;
    onTrial();
  }
  return { trials, accuracy: right / trials, lost };
}
