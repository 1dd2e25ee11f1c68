/** How large a run is: the tenants that are measured, their neighbours, and how long each part may take. */
import type { ClassName } from './world.js';

export interface Scale {
  readonly name: 'quick' | 'full';
  readonly classes: readonly {
    readonly name: ClassName;
    readonly tenants: number;
    /** Of each tenant. */
    readonly documents: number;
    /** Of all tenants of the class. */
    readonly queries: number;
  }[];
  /** How often each query is put to each design. */
  readonly rounds: number;
  /** Seconds that one design may take for one class. Then it is asked no more, and has fewer samples. */
  readonly patience: number;
  /** Neighbours' documents: at first, and after each step of their growth. */
  readonly neighbours: readonly number[];
  /** Documents that the flooding tenant stores, how many queries of each class they resemble, and how often these are asked. */
  readonly flood: { readonly documents: number; readonly queries: number; readonly rounds: number };
  /** Throughput: seconds of one turn, and turns of each design. */
  readonly throughput: { readonly seconds: number; readonly turns: number };
  /** Documents stored to measure inserts: in batches, and one by one. */
  readonly inserts: { readonly batched: number; readonly single: number };
  /** Most questions of SQuAD that are asked. */
  readonly questions: number;
  /** For the price of the walls: calls in a loop, and how many loops. */
  readonly walls: { readonly calls: number; readonly loops: number };
}

export const quick: Scale = {
  name: 'quick',
  classes: [
    { name: 'small', tenants: 10, documents: 50, queries: 30 },
    { name: 'medium', tenants: 2, documents: 1_000, queries: 30 },
    { name: 'large', tenants: 1, documents: 4_000, queries: 30 },
  ],
  rounds: 2,
  patience: 0.4,
  neighbours: [5_000, 20_000],
  flood: { documents: 4_000, queries: 20, rounds: 1 },
  throughput: { seconds: 0.15, turns: 1 },
  inserts: { batched: 200, single: 20 },
  questions: 500,
  walls: { calls: 150, loops: 5 },
};

/** Returns the sizes of a full run with the neighbours doubling from 50,000 up to `neighbours`. */
export function full(neighbours = 200_000): Scale {
  const steps = [50_000];
  while ((steps.at(-1) as number) * 2 <= neighbours) steps.push((steps.at(-1) as number) * 2);
  if ((steps.at(-1) as number) < neighbours) steps.push(neighbours);
  return {
    name: 'full',
    classes: [
      { name: 'small', tenants: 20, documents: 50, queries: 100 },
      { name: 'medium', tenants: 10, documents: 1_000, queries: 100 },
      { name: 'large', tenants: 1, documents: 10_000, queries: 100 },
      { name: 'huge', tenants: 1, documents: 30_000, queries: 100 },
    ],
    rounds: 3,
    patience: 10,
    neighbours: steps,
    flood: { documents: 20_000, queries: 50, rounds: 2 },
    throughput: { seconds: 1, turns: 3 },
    inserts: { batched: 3_000, single: 300 },
    questions: Number.POSITIVE_INFINITY,
    walls: { calls: 1_000, loops: 9 },
  };
}
