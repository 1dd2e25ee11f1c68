/**
 * Documents and questions that look like embeddings. Each follows from the seed and its own number.
 *
 * There are 300 topics, which all tenants share. A vector is the sum of a common mean, the centre of its topic,
 * 40 directions of the topic whose variance falls by 0.93 each (participation ratio about 25), and noise in all
 * dimensions, normalised. The cosine of two random vectors is about 0.15, of two of one topic about 0.4, of a
 * question and the document it was made from about 0.8.
 */
import type { Filter } from '../../../src/client/filter.js';
import { dot, random, shuffle } from '../data.js';

export const dimensions = 768;
const topics = 300;
const basisSize = 256;
const directions = 40;
const decay = 0.93;
/** Shares of the squared length; they add up to 1. */
const share = { mean: 0.15, centre: 0.25, directions: 0.5, noise: 0.1 };
/** Weight of the document's place within the topic in the place of a question about it; the rest is drawn anew. */
const kept = 0.8;

export interface Tenant {
  /** The tenant id. */
  readonly name: string;
  /** Its number among all tenants of a run, from 0. Its documents follow from it. */
  readonly number: number;
  readonly documents: number;
}

export interface Document {
  readonly id: string;
  readonly content: string;
  readonly metadata: Readonly<Record<string, number>>;
  readonly vector: Float32Array;
}

/** Filters by what they are called, for a question about document `n` on a topic. */
export const filters: Readonly<Record<string, (n: number, topic: number) => Filter>> = {
  '0.1 %': (n) => ({ permille: n % 1000 }),
  '1 %': (n) => ({ percent: n % 100 }),
  '10 %': (n) => ({ tenth: n % 10 }),
  'far off': (_, topic) => ({ topic: (topic + topics / 2) % topics }),
};

/** Returns what makes the documents and questions of a seed. */
export function createWorld(seed: number) {
  // A table of 65,536 normally distributed numbers, because to draw one is then a look-up.
  const first = random(seed);
  const uniform = () => (first() + 1) / 2 ** 32;
  const table = Float32Array.from(
    { length: 65_536 },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
  const gauss = (next: () => number) => table[next() >>> 16] as number;
  const draw = (next: () => number, size = dimensions) => Float32Array.from({ length: size }, () => gauss(next));
  const scale = (x: Float32Array, length: number) => {
    const factor = length / Math.sqrt(dot(x, x));
    return x.map((value) => value * factor);
  };
  /** x += factor · y */
  function add(x: Float32Array, factor: number, y: Float32Array): void {
    for (let i = 0; i < x.length; i += 1) x[i] = (x[i] as number) + factor * (y[i] as number);
  }

  const mean = scale(draw(first), Math.sqrt(share.mean));
  const basis = Array.from({ length: basisSize }, () => scale(draw(first), 1));
  const total = (1 - decay ** directions) / (1 - decay);
  const sigma = Array.from({ length: directions }, (_, j) => Math.sqrt((share.directions * decay ** j) / total));
  const subjects = Array.from({ length: topics }, () => {
    const sum = new Float32Array(dimensions);
    for (const axis of basis) add(sum, gauss(first), axis);
    const centre = scale(sum, Math.sqrt(share.centre));
    add(centre, 1, mean);
    return { centre, axes: shuffle([...basis], first).slice(0, directions) };
  });
  const noise = Math.sqrt(share.noise / dimensions);

  function compose(topic: number, place: Float32Array, next: () => number): Float32Array {
    const { centre, axes } = subjects[topic] as (typeof subjects)[number];
    const x = centre.slice();
    for (const [j, axis] of axes.entries()) add(x, (place[j] as number) * (sigma[j] as number), axis);
    for (let i = 0; i < dimensions; i += 1) x[i] = (x[i] as number) + noise * gauss(next);
    return scale(x, 1);
  }
  /** Draws a topic, and coordinates along the directions of the topic. */
  const locate = (next: () => number) => ({ topic: next() % topics, place: draw(next, directions) });

  return {
    seed,
    document(tenant: Tenant, n: number): Document {
      const next = random(seed, tenant.number, n);
      const { topic, place } = locate(next);
      // With both numbers, because two of a million may draw the same.
      const hex = [next(), tenant.number, n, next()].map((x) => x.toString(16).padStart(8, '0')).join('');
      return {
        id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
        content:
          `Passage ${n} of ${tenant.name}, on topic ${topic}. ` +
          'Every design returns these about two hundred characters in full, so that the answers of all designs ' +
          'are equally long, as they would be with real passages.',
        metadata: { topic, tenth: n % 10, percent: n % 100, permille: n % 1000 },
        vector: compose(topic, place, next),
      };
    },
    /** A question about document `n`: the same topic, most of the same place, other noise. `about`: makes another one. */
    question(tenant: Tenant, n: number, about = 0) {
      const { topic, place } = locate(random(seed, tenant.number, n));
      const next = random(seed + 2 + about, tenant.number, n);
      const moved = place.map((z) => kept * z + Math.sqrt(1 - kept ** 2) * gauss(next));
      return { topic, vector: compose(topic, moved, next) };
    },
    /** A near-duplicate of a vector: cosine about 0.999. */
    duplicate: (vector: Float32Array, n: number): Float32Array => {
      const x = vector.slice();
      add(x, 0.045 / Math.sqrt(dimensions), draw(random(seed + 1000, n)));
      return scale(x, 1);
    },
  };
}

export type World = ReturnType<typeof createWorld>;

/** Yields the documents of all tenants in random order, as documents of many tenants arrive. */
export function* mixed(world: World, tenants: readonly Tenant[]): Generator<[Tenant, Document]> {
  const turns = Uint32Array.from(tenants.flatMap(({ documents }, i) => Array<number>(documents).fill(i)));
  const given = new Uint32Array(tenants.length);
  for (const i of shuffle(turns, random(world.seed, 5, turns.length))) {
    const tenant = tenants[i] as Tenant;
    yield [tenant, world.document(tenant, given[i] as number)];
    given[i] = (given[i] as number) + 1;
  }
}
