/** Choices that follow from a seed and a number alone, so that a statement can be made again. */

export interface Random {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One to `most` of them, none twice. */
  some<T>(from: readonly T[], most: number): T[];
}

/** Mulberry32, started from a mix of both numbers. */
export function randomOf(seed: number, number: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(number + 1, 0xc2b2ae35);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  next();
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    below,
    chance: (probability) => next() < probability,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
    some(from, most) {
      const left = [...from];
      const count = 1 + below(Math.min(most, left.length));
      return Array.from({ length: count }, () => left.splice(below(left.length), 1)[0]) as typeof left;
    },
  };
}
