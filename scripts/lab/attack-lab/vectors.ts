/** Vectors of the attack lab: 64 numbers, drawn from a seed, that a table with more fills up with zeros. */
import { randomUUID } from 'node:crypto';
import type { Vector } from '../../../src/index.js';
import { dot, random } from '../bench/data.js';

/** Enough to show it; an embedding of 1536 takes 24 times as many searches to rebuild. */
export const dimensions = 64;

export interface Document {
  readonly id: string;
  readonly vector: Vector;
}

/** x + factor · y */
export const plus = (x: Vector, factor: number, y: Vector): number[] =>
  Array.from(x, (value, i) => value + factor * (y[i] as number));

export function unit(x: Vector): number[] {
  const length = Math.sqrt(dot(x, x));
  return Array.from(x, (value) => value / length);
}

export const cosine = (x: Vector, y: Vector) => dot(unit(x), unit(y));

/** Returns a direction, the same for the same seed; two of them have a cosine of 0 ± 0.125. */
export function direction(seed: number, number = 0, stream = 0): number[] {
  const next = random(seed, number, stream);
  // Twelve uniform numbers add up to what is normally distributed closely enough.
  const normal = () => Array.from({ length: 12 }, () => next() / 2 ** 32).reduce((a, b) => a + b) - 6;
  return unit(Array.from({ length: dimensions }, normal));
}

/** Returns a direction at this cosine to `x`. */
export function near(x: Vector, cos: number, seed: number, number = 0): number[] {
  const other = direction(seed, number, 1);
  const across = unit(plus(other, -dot(other, x) / dot(x, x), x));
  return plus(
    unit(x).map((value) => cos * value),
    Math.sqrt(1 - cos ** 2),
    across,
  );
}

/** Returns documents at a cosine to a vector. */
export const around = (x: Vector, cos: number, count: number, seed: number): Document[] =>
  Array.from({ length: count }, (_, n) => ({ id: randomUUID(), vector: near(x, cos, seed, n) }));

/** Returns 63 directions that are at right angles to `x` and to each other. */
export function basis(x: Vector, seed: number): number[][] {
  const axes = [unit(x)];
  for (let n = 0; axes.length < dimensions; n += 1) {
    let axis = direction(seed, n);
    for (const other of axes) axis = plus(axis, -dot(axis, other), other);
    axes.push(unit(axis));
  }
  return axes.slice(1);
}
