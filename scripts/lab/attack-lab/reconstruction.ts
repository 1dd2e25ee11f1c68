/** Another tenant's embedding, number by number, from which of one's own documents a search no longer finds. */
import { randomUUID } from 'node:crypto';
import type { Vector } from '../../../src/index.js';
import { dot } from '../bench/data.js';
import { median } from '../bench/measure.js';
import type { Store } from './store.js';
import { around, basis, dimensions, near, plus, unit } from './vectors.js';

export interface Reconstruction {
  readonly searches: number;
  /** Searches that did not return the attacker's own document. */
  readonly lost: number;
  /** What the attacker takes the victim's vector to be: what he began with, if he learned nothing. */
  readonly estimate: Vector;
}

const halvings = 10;
/** How far from the hint, in each direction, an edge is looked for; the others if that does not fit. */
const steps = [0.3, 0.2, 0.4, 0.15];
const tolerance = 0.01;

/**
 * The attacker roughly knows what the document is about: `hint`. One account stores a document, the anchor,
 * some way off, another 39 between the two. The first asks for its nearest, and gets the anchor unless the
 * victim's document is nearer to the question than the anchor is, and takes the last of 40 places. Where that
 * begins, on lines side by side in all directions, are points of the plane in the middle between the two: the
 * victim's vector is the anchor's mirror image.
 */
export async function reconstruct(
  store: Store,
  hint: Vector,
  { seed = 300, account = 'mallory', onLine = () => {} } = {},
): Promise<Reconstruction> {
  const anchor = near(hint, 0.65, seed);
  const way = plus(anchor, -1, hint);
  // Along the way, so that a search that begins anywhere gets from one end to the other.
  const between = Array.from({ length: 39 }, (_, n) =>
    around(plus(hint, n / 60, way), 0.98, 1, seed + 1 + n),
  );
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
  /** How far towards the anchor it is found again; undefined if it is never lost. */
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
  /** The edges on both sides of the hint: half of their sum is the edge at the hint itself. */
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
  if (seen.length < dimensions / 2) return { searches, lost, estimate: hint };
  const middle = median(seen.map((line) => line.middle));
  let normal = towards;
  for (const [i, axis] of axes.entries()) {
    // A search is approximate, and now and then misses what is there: then the two sides do not fit.
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
