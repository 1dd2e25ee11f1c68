/**
 * Documents and queries that look like embeddings. Each follows from the seed and its own number.
 *
 * There are 300 topics, which all tenants share. A vector is the sum of a common mean, the centre of its topic,
 * 40 directions of the topic whose variance falls by 0.93 each (participation ratio about 25), and noise in all
 * 1536 dimensions, normalised. The cosine of two random vectors is about 0.15, of two of one topic about 0.4, of a
 * query and the document it was made from about 0.8.
 */
import { dot, random, shuffle } from '../data.js';

export const dimensions = 1536;
const topics = 300;
const basisSize = 256;
const directions = 40;
const decay = 0.93;
/** Shares of the squared length; they add up to 1. */
const share = { mean: 0.15, centre: 0.25, directions: 0.5, noise: 0.1 };
/** Weight of the document's place within the topic in the place of a query made from it; the rest is drawn anew. */
const kept = 0.8;

export type ClassName = 'small' | 'medium' | 'large' | 'huge';

export interface Tenant {
  /** The tenant id. */
  readonly name: string;
  /** Its number among all tenants of a run, from 0. Its documents follow from it. */
  readonly number: number;
  readonly documents: number;
}

export interface Query {
  readonly tenant: Tenant;
  readonly vector: Float32Array;
  /** The ids of the ten nearest documents of the tenant by exact float cosine, nearest first. */
  readonly truth: readonly string[];
}

export interface Document {
  readonly id: string;
  readonly content: string;
  readonly metadata: Readonly<Record<string, string | number>>;
  readonly vector: Float32Array;
}

/** Returns what makes the documents and queries of a seed. */
export function createWorld(seed: number) {
  // A table of 65,536 normally distributed numbers, because to draw one is then a look-up.
  const table = new Float32Array(65_536);
  const first = random(seed);
  for (let i = 0; i < table.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log((first() + 1) / 2 ** 32));
    const angle = (2 * Math.PI * first()) / 2 ** 32;
    table[i] = radius * Math.cos(angle);
    table[i + 1] = radius * Math.sin(angle);
  }
  const gauss = (next: () => number) => table[next() >>> 16] as number;

  function direction(next: () => number, length: number, size = dimensions): Float32Array {
    const x = new Float32Array(size);
    for (let i = 0; i < size; i += 1) x[i] = gauss(next);
    return scale(x, length);
  }
  function scale(x: Float32Array, length: number): Float32Array {
    const factor = length / Math.sqrt(dot(x, x));
    for (let i = 0; i < x.length; i += 1) x[i] = (x[i] as number) * factor;
    return x;
  }
  /** x += factor · y */
  function add(x: Float32Array, factor: number, y: Float32Array): void {
    for (let i = 0; i < x.length; i += 1) x[i] = (x[i] as number) + factor * (y[i] as number);
  }

  const mean = direction(first, Math.sqrt(share.mean));
  const basis = Array.from({ length: basisSize }, () => direction(first, 1));
  const total = (1 - decay ** directions) / (1 - decay);
  const sigma = Array.from({ length: directions }, (_, j) => Math.sqrt((share.directions * decay ** j) / total));
  const subjects = Array.from({ length: topics }, () => {
    const centre = new Float32Array(dimensions);
    for (const axis of basis) add(centre, gauss(first), axis);
    scale(centre, Math.sqrt(share.centre));
    add(centre, 1, mean);
    const order = shuffle(Uint16Array.from(basis.keys()), first);
    return { centre, axes: [...order.slice(0, directions)].map((i) => basis[i] as Float32Array) };
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
  function locate(next: () => number) {
    const topic = next() % topics;
    return { topic, place: Float32Array.from({ length: directions }, () => gauss(next)) };
  }

  function idOf(tenant: number, n: number): string {
    const next = random(seed + 1, tenant, n);
    const hex = Array.from({ length: 4 }, () => next().toString(16).padStart(8, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  return {
    seed,
    document(tenant: Tenant, n: number): Document {
      const next = random(seed, tenant.number, n);
      const { topic, place } = locate(next);
      return {
        id: idOf(tenant.number, n),
        content:
          `Passage ${n} of ${tenant.name}, on topic ${topic}. ` +
          'Every design returns these about two hundred characters in full, so that the answers of all designs ' +
          'are equally long, as they would be with real passages.',
        metadata: { topic, year: 2020 + (n % 6) },
        vector: compose(topic, place, next),
      };
    },
    /** A question about document `n`: the same topic, most of the same place, other noise. */
    question(tenant: Tenant, n: number): Float32Array {
      const { topic, place } = locate(random(seed, tenant.number, n));
      const next = random(seed + 2, tenant.number, n);
      const moved = place.map((z) => kept * z + Math.sqrt(1 - kept ** 2) * gauss(next));
      return compose(topic, moved, next);
    },
    /** A near-duplicate of a vector: cosine about 0.999. */
    duplicate(vector: Float32Array, n: number): Float32Array {
      const next = random(seed + 3, n);
      const x = vector.slice();
      for (let i = 0; i < dimensions; i += 1) x[i] = (x[i] as number) + (0.045 / Math.sqrt(dimensions)) * gauss(next);
      return scale(x, 1);
    },
  };
}

export type World = ReturnType<typeof createWorld>;

/** Returns tenants that have `documents` documents together, the n-th about 1/n as many as the first. */
export function zipf(prefix: string, firstNumber: number, documents: number): Tenant[] {
  const count = Math.max(10, Math.round(documents / 150));
  const harmonic = Array.from({ length: count }, (_, i) => 1 / (i + 1)).reduce((a, b) => a + b);
  const tenants = Array.from({ length: count }, (_, i) => ({
    name: `${prefix}-${String(i + 1).padStart(4, '0')}`,
    number: firstNumber + i,
    documents: Math.max(1, Math.floor(documents / harmonic / (i + 1))),
  }));
  const missing = documents - tenants.reduce((sum, tenant) => sum + tenant.documents, 0);
  return tenants.map((t, i) => (i === 0 ? { ...t, documents: t.documents + missing } : t));
}

/** Yields the documents of all tenants in random order, as documents of many tenants arrive. */
export function* mixed(world: World, tenants: readonly Tenant[]): Generator<[Tenant, Document]> {
  const turns = Uint32Array.from(tenants.flatMap(({ documents }, i) => Array<number>(documents).fill(i)));
  const given = new Uint32Array(tenants.length);
  for (const i of shuffle(turns, random(world.seed, 5, turns.length))) {
    const tenant = tenants[i] as Tenant;
    const n = given[i] as number;
    given[i] = n + 1;
    yield [tenant, world.document(tenant, n)];
  }
}
