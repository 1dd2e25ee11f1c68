/** What an account can learn about another tenant, or do to it, where both share a vector index. */
import { randomUUID } from 'node:crypto';
import type { Vector } from '../../../src/index.js';
import { around, basis, dot, narrow, near, plus, random, unit } from '../data.js';
import { mean, median, timed } from '../measure.js';
import type { Store } from './stores.js';
import { passage } from './world.js';

/**
 * How many of its own ten nearest documents does a tenant still find? The attacker stores documents near a question
 * that the victim's users will ask, as many as the next of `steps`, and the victim searches. Returns for each step how
 * many documents the search returns, and how many of them it also returned before the attack.
 */
export async function starve(
  store: Store,
  victim: string,
  document: Vector,
  { steps = [0, 10, 20, 30, 41], seed = 1, rebuild = false } = {},
) {
  const question = near(document, 0.8, seed);
  const attacker = await store.beside(victim, 'flooder');
  const flood = around(question, 0.98, Math.max(...steps), seed + 1);
  const truth = (await store.search(victim, question, 10)).map(({ id }) => id);
  const results: { stored: number; rows: number; right: number }[] = [];
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

/**
 * Does another tenant hold this document? The attacker embeds a guess. One account stores 39 documents very near to
 * it, another stores one document a little farther off and asks for the nearest. An index with 40 candidates (the
 * default of hnsw.ef_search) has a place for that document if nobody holds the guess. If somebody does, the guess
 * takes the last place, and the account finds nothing. Half of the guesses, drawn at random, are the victim's.
 * Returns how often the attacker was right, 0 to 1, and how many searches did not return the attacker's own document.
 */
export async function membership(store: Store, victim: string, trials: number, { seed = 1, onTrial = () => {} } = {}) {
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
  return { accuracy: right / trials, lost };
}

const halvings = 10;
/** Distances from the hint, in each direction, at which the edge is looked for: the first, and others if its edge does not fit. */
const steps = [0.3, 0.2, 0.4, 0.15];
const tolerance = 0.01;

/**
 * Computes another tenant's embedding from which of the attacker's own documents a search finds.
 *
 * The attacker knows roughly what the document is about: `hint`. One account stores a document at some distance, the
 * anchor, and another account stores 39 documents between hint and anchor. The first account searches for its
 * nearest. It finds the anchor, unless the victim's document is nearer to the question than the anchor and takes the
 * last of the 40 places of an HNSW search. The points where this changes lie on the plane in the middle between the
 * victim's vector and the anchor. Halving finds such points on parallel lines in all directions; the victim's vector
 * is the mirror image of the anchor in that plane. Returns that estimate, or the hint if no search lost anything; the
 * number of searches; and how many of them did not return the attacker's own document.
 */
export async function reconstruct(
  store: Store,
  hint: Vector,
  { seed = 300, account = 'mallory', onLine = () => {} } = {},
) {
  const anchor = near(hint, 0.65, seed);
  const way = plus(anchor, -1, hint);
  // In a row, so that the graph of the index connects one end with the other.
  const between = Array.from({ length: 39 }, (_, n) => around(plus(hint, n / 60, way), 0.98, 1, seed + 1 + n));
  await store.put(`${account}-2`, between.flat());
  await store.put(`${account}-1`, [{ id: randomUUID(), vector: anchor }]);
  let [searches, lost] = [0, 0];
  const towards = unit(way);
  async function isLost(from: Vector, at: number) {
    searches += 1;
    const found = await store.search(`${account}-1`, plus(from, at, towards), 1);
    if (found.length === 0) lost += 1;
    return found.length === 0;
  }
  /** Returns how far towards the anchor the search finds it again; undefined if it is never lost. */
  async function edge(from: Vector): Promise<number | undefined> {
    let [low, high] = [-0.4, 0.44];
    if (!(await isLost(from, low))) return undefined;
    for (let n = 0; n < halvings; n += 1) {
      const middle = (low + high) / 2;
      if (await isLost(from, middle)) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  }
  /** The edges at both sides of the hint. Their mean is the edge at the hint itself. */
  async function both(axis: Vector, step: number) {
    const [up, down] = [await edge(plus(hint, step, axis)), await edge(plus(hint, -step, axis))];
    if (up === undefined || down === undefined) return undefined;
    return { middle: (up + down) / 2, slope: (up - down) / 2 / step };
  }

  const axes = basis(towards, seed);
  const lines: ({ middle: number; slope: number } | undefined)[] = [];
  for (const axis of axes) {
    lines.push(await both(axis, steps[0] as number));
    onLine();
  }
  const seen = lines.filter((line) => line !== undefined);
  if (seen.length < narrow / 2) return { searches, lost, estimate: hint };
  const middle = median(seen.map((line) => line.middle));
  let normal = towards;
  for (const [i, axis] of axes.entries()) {
    // HNSW is approximate and now and then misses a document. Then the edges of the two sides do not fit together.
    let line = lines[i];
    for (const step of steps.slice(1)) {
      if (line && Math.abs(line.middle - middle) < tolerance) break;
      line = await both(axis, step);
    }
    if (line) normal = plus(normal, -line.slope, axis);
  }
  normal = unit(normal);
  return { searches, lost, estimate: plus(anchor, -2 * dot(anchor, normal), normal) };
}

/**
 * Is a region full of other tenants' documents? The attacker searches there and elsewhere, for ten documents in turn,
 * and compares how long it takes. Returns median milliseconds, and the buffers that a search touches, in both places;
 * `auc`: how often the first search takes longer, 0 to 1. At 0.5 they cannot be told apart.
 */
export async function timing(store: Store, tenant: string, [dense, empty]: readonly [Vector, Vector], times = 30) {
  const ask = (at: Vector) => timed(() => store.search(tenant, at, 10));
  const taken: [number[], number[]] = [[], []];
  for (let n = -3; n < times; n += 1) {
    const both = [await ask(dense), await ask(empty)] as const;
    if (n >= 0) for (const i of [0, 1] as const) taken[i].push(both[i]);
  }
  const longer = taken[0].flatMap((x) => taken[1].map((y) => (x > y ? 1 : x === y ? 0.5 : 0)));
  return {
    milliseconds: taken.map(median),
    buffers: [await store.work(tenant, dense, 10), await store.work(tenant, empty, 10)] as const,
    auc: mean(longer),
  };
}
