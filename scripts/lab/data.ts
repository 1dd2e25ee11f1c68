/** What the labs feed in: numbers from a seed, vectors, and awkward tenants. */
import { randomUUID } from 'node:crypto';
import { shuffler } from 'd3-array';
import type { Vector } from '../../src/index.js';

/** Returns a generator of whole numbers below 2³², the same for the same three numbers: mulberry32. */
export function random(a: number, b = 0, c = 0): () => number {
  let state = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b);
  state = Math.imul((state ^ (state >>> 15)) + b, 0xc2b2ae35);
  state = Math.imul((state ^ (state >>> 13)) + c, 0x27d4eb2f);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Returns a whole number from 0 to below its argument. */
export type Below = (bound: number) => number;
export const belowOf =
  (next: () => number): Below =>
  (bound) =>
    Math.floor((next() / 2 ** 32) * bound);

/** Choices that follow from a seed. */
export interface Choices {
  readonly below: Below;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One to `most` of them, none twice. */
  some<T>(from: readonly T[], most: number): T[];
}

export function choicesOf(next: () => number): Choices {
  const below = belowOf(next);
  return {
    below,
    chance: (probability) => next() / 2 ** 32 < probability,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
    some: (from, most) => shuffle([...from], next).slice(0, 1 + below(Math.min(most, from.length))),
  };
}

/** Shuffles in place. */
export const shuffle = <T extends unknown[] | Uint16Array | Uint32Array>(items: T, next: () => number) =>
  shuffler(() => next() / 2 ** 32)(items as never) as T;

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** x + factor · y */
export const plus = (x: Vector, factor: number, y: Vector): number[] =>
  Array.from(x, (value, i) => value + factor * (y[i] as number));

export function unit(x: Vector): number[] {
  const length = Math.sqrt(dot(x, x));
  return Array.from(x, (value) => value / length);
}

export const cosine = (x: Vector, y: Vector) => dot(unit(x), unit(y));

/** Width of the vectors below. It shows the attacks; to rebuild 1536 numbers takes 24 times as many searches. */
export const narrow = 64;

/** Returns a direction of 64 numbers, the same for the same seed. Two of them have a cosine of 0 ± 0.125. */
export function direction(seed: number, number = 0, stream = 0): number[] {
  const next = random(seed, number, stream);
  // The sum of twelve uniform numbers is close enough to a normal distribution.
  const normal = () => Array.from({ length: 12 }, () => next() / 2 ** 32).reduce((a, b) => a + b) - 6;
  return unit(Array.from({ length: narrow }, normal));
}

/** Returns a direction whose cosine to `x` is `cos`. */
export function near(x: Vector, cos: number, seed: number, number = 0): number[] {
  const other = direction(seed, number, 1);
  const across = unit(plus(other, -dot(other, x) / dot(x, x), x));
  const along = unit(x).map((value) => cos * value);
  return plus(along, Math.sqrt(1 - cos ** 2), across);
}

/** A document that is nothing but an embedding. */
export interface Point {
  readonly id: string;
  readonly vector: Vector;
}

/** Returns documents whose vectors have one cosine to `x`. */
export const around = (x: Vector, cos: number, count: number, seed: number): Point[] =>
  Array.from({ length: count }, (_, n) => ({ id: randomUUID(), vector: near(x, cos, seed, n) }));

/** Returns 63 directions at right angles to `x` and to each other. */
export function basis(x: Vector, seed: number): number[][] {
  const axes = [unit(x)];
  for (let n = 0; axes.length < narrow; n += 1) {
    let axis = direction(seed, n);
    for (const other of axes) axis = plus(axis, -dot(axis, other), other);
    axes.push(unit(axis));
  }
  return axes.slice(1);
}

/** Names of tenants that something may take for a prefix, a pattern, a quote, a parameter or a word of SQL. */
export const awkwardTenants = ['acme', 'acme-2', 'ACME', '%', '_', "o'hara", '$1', '\\', '"', 'null'];
