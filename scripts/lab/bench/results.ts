/** All that a run found, and whether it hit what was aimed at. */
import type { FloodResult, GrowthStep } from './attacks.js';
import { growthFactor } from './attacks.js';
import type { ClassName } from './data.js';
import type { Access } from './explain.js';
import type { Build } from './indexes.js';
import type { InsertRate } from './inserts.js';
import type { Cell } from './measure.js';
import type { Scale } from './scale.js';
import type { describe } from './server.js';
import type { Size } from './sizes.js';
import type { SquadResult } from './squad.js';
import type { Rate } from './throughput.js';
import type { Part } from './walls.js';

export interface ClassResult {
  readonly className: ClassName;
  readonly tenants: number;
  readonly documents: number;
  readonly queries: number;
  readonly cells: readonly Cell[];
  readonly access: readonly Access[];
  readonly rates: readonly Rate[];
  /** p50 of ragwall's one statement over the limit's begin … commit: median over the same queries. */
  readonly statementOverTransaction: number;
}

export interface Results {
  readonly date: string;
  readonly seed: number;
  readonly scale: Scale;
  readonly command: string;
  readonly minutes: number;
  readonly machine: Awaited<ReturnType<typeof describe>>;
  readonly documents: number;
  readonly tenants: number;
  /** How the medium tenants' own tables are searched, and why. */
  readonly limitChoice: string;
  readonly classes: readonly ClassResult[];
  readonly walls: readonly Part[];
  readonly inserts: readonly InsertRate[];
  readonly builds: readonly Build[];
  readonly sizes: readonly Size[];
  readonly growth: readonly GrowthStep[];
  readonly flood: readonly FloodResult[];
  readonly squad?: SquadResult;
}

export interface Target {
  readonly what: string;
  readonly className: string;
  readonly measured: number;
  readonly bound: number;
  /** Whether the measured figure may not be above or not be below the bound. */
  readonly sense: 'at most' | 'at least';
  readonly hit: boolean;
}

export const cellOf = (cells: readonly Cell[], design: string): Cell | undefined =>
  cells.find((cell) => cell.design === design);

/** Compares what was measured with what was aimed at. Ratios are medians over the same queries. */
export function targets({ classes, growth, flood }: Results): Target[] {
  const found: Target[] = [];
  const add = (
    what: string,
    className: string,
    measured: number | undefined,
    sense: Target['sense'],
    bound: number,
  ) => {
    if (measured === undefined || Number.isNaN(measured)) return;
    const hit = sense === 'at most' ? measured <= bound : measured >= bound;
    found.push({ what, className, measured, bound, sense, hit });
  };
  for (const { className, cells } of classes) {
    add('recall@10', className, cellOf(cells, 'ragwall, one statement')?.recall, 'at least', 0.99);
  }
  for (const { className, cells } of classes) {
    const ratio = cellOf(cells, 'ragwall, one statement')?.pairedRatio;
    add('one statement ÷ the limit’s one statement', className, ratio, 'at most', 1.25);
  }
  for (const { className, cells } of classes) {
    const ratio = cellOf(cells, 'ragwall, sql.begin')?.pairedRatio;
    add('sql.begin ÷ the limit’s begin … commit', className, ratio, 'at most', 1.15);
  }
  for (const { className, statementOverTransaction } of classes) {
    const what = 'one statement ÷ the limit’s begin … commit';
    add(what, className, statementOverTransaction, 'at most', 0.8);
  }
  for (const { className } of classes) {
    const factor = growthFactor(growth, className, 'ragwall, one statement');
    add('time with all neighbours ÷ with the first', className, factor, 'at most', 1.1);
  }
  for (const { className, before, after } of flood) {
    const rows = (cells: readonly Cell[]) => cellOf(cells, 'ragwall, one statement')?.rows;
    const fewer = (rows(before) ?? Number.NaN) - (rows(after) ?? Number.NaN);
    add('rows fewer under the flood', className, fewer, 'at most', 0);
  }
  return found;
}

/** How far a figure is from its bound, in percent of the bound, or in itself where the bound is 0. */
export function margin({ measured, bound }: Target): string {
  const distance = Math.abs(measured - bound);
  return bound === 0 ? distance.toFixed(1) : `${((100 * distance) / bound).toFixed(1)} %`;
}
