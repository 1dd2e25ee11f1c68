/** How large a run is: the tenants that are measured, their neighbours, and how long each part may take. */
import type { ClassName } from './world.js';

export interface Scale {
  readonly classes: readonly {
    readonly className: ClassName;
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
  /** For the price of the walls: calls in a loop, and how many loops. */
  readonly walls: { readonly calls: number; readonly loops: number };
}

export const quick: Scale = {
  classes: [
    { className: 'small', tenants: 10, documents: 50, queries: 30 },
    { className: 'medium', tenants: 2, documents: 1_000, queries: 30 },
    { className: 'large', tenants: 1, documents: 4_000, queries: 30 },
  ],
  rounds: 2,
  patience: 0.4,
  neighbours: [5_000, 20_000],
  flood: { documents: 4_000, queries: 20, rounds: 1 },
  walls: { calls: 150, loops: 5 },
};

export const full: Scale = {
  classes: [
    { className: 'small', tenants: 20, documents: 50, queries: 100 },
    { className: 'medium', tenants: 10, documents: 1_000, queries: 100 },
    { className: 'large', tenants: 1, documents: 10_000, queries: 100 },
    { className: 'huge', tenants: 1, documents: 30_000, queries: 100 },
  ],
  rounds: 3,
  patience: 10,
  neighbours: [50_000, 100_000, 200_000],
  flood: { documents: 20_000, queries: 50, rounds: 2 },
  walls: { calls: 1_000, loops: 9 },
};
