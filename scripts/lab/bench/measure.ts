/** Asks the same queries of several designs in turn, and counts what came back and how long it took. */
import { type Query, random, shuffle } from './data.js';
import { type Asker, type Design, limitOf, open } from './designs.js';

/** What one design did with the queries of one class. Times in milliseconds. */
export interface Cell {
  readonly design: string;
  readonly samples: number;
  /** Mean share of the ten nearest documents that came back, 0 to 1. */
  readonly recall: number;
  /** Mean number of documents that came back. */
  readonly rows: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** The median of what each query took, over what the limit's same form took for the same query. */
  readonly pairedRatio?: number;
  /** p50 over the p50 of the limit's same form. */
  readonly ratio?: number;
}

/** The times of each design, by sample; not a number where a design had run out of patience. */
export type Times = ReadonlyMap<string, Float64Array>;

export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export const median = (values: ArrayLike<number>): number => {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[half] as number)
    : ((sorted[half - 1] as number) + (sorted[half] as number)) / 2;
};

/** The median of a[i] / b[i], where both were measured. */
export function pairedRatio(a: Float64Array, b: Float64Array): number {
  const ratios = [...a].map((x, i) => x / (b[i] as number)).filter((x) => !Number.isNaN(x));
  return median(ratios);
}

/** The share of the true nearest documents among those found. */
export const recallOf = (truth: readonly string[], found: readonly { readonly id: string }[]) =>
  found.filter(({ id }) => truth.includes(id)).length / truth.length;

export interface Options {
  readonly rounds: number;
  /** Seconds after which a design sits out. */
  readonly patience: number;
  readonly seed: number;
  onSample?(): void;
}

/**
 * Puts each query to each design, `rounds` times over, in an order that is drawn anew for each query, so
 * that whatever else the machine does hits all designs alike. Every design starts with a new connection.
 */
export async function compare(
  designs: readonly Design[],
  url: string,
  queries: readonly Query[],
  { rounds, patience, seed, onSample }: Options,
): Promise<{ cells: Cell[]; times: Times }> {
  const next = random(seed, 4);
  const lanes = await Promise.all(
    designs.map(async (design) => ({
      design,
      asker: await open(design, url),
      times: new Float64Array(queries.length * rounds).fill(Number.NaN),
      recall: [] as number[],
      rows: [] as number[],
      spent: 0,
    })),
  );
  for (const { asker, design } of lanes)
    await warmUp(asker, queries, design.connects ? 0 : Math.min(1, patience / 4));
  let sample = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const query of shuffle([...queries], next)) {
      for (const lane of shuffle([...lanes], next)) {
        if (lane.spent > patience * 1000) continue;
        const began = performance.now();
        const found = await lane.asker.ask(query);
        const took = performance.now() - began;
        lane.times[sample] = took;
        lane.spent += took;
        lane.recall.push(recallOf(query.truth, found));
        lane.rows.push(found.length);
      }
      sample += 1;
      onSample?.();
    }
  }
  await Promise.all(lanes.map(({ asker }) => asker.close()));
  const times = new Map(lanes.map((lane) => [lane.design.name, lane.times]));
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const cells = lanes.map(({ design, recall, rows, times: own }): Cell => {
    const measured = own.filter((x) => !Number.isNaN(x));
    const baseline = times.get(limitOf(design.form));
    const p50 = median(measured);
    return {
      design: design.name,
      samples: measured.length,
      recall: mean(recall),
      rows: mean(rows),
      p50,
      p95: quantile(measured, 0.95),
      p99: quantile(measured, 0.99),
      ...(baseline && {
        pairedRatio: pairedRatio(own, baseline),
        ratio: p50 / median(baseline.filter((x) => !Number.isNaN(x))),
      }),
    };
  });
  return { cells, times };
}

/** Asks each tenant's queries until each statement has its final plan, for `seconds` at most. */
async function warmUp(asker: Asker, queries: readonly Query[], seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1000;
  const byTenant = new Map(queries.map((query) => [query.tenant.name, query]));
  for (let n = 0; n < 7; n += 1) {
    for (const query of byTenant.values()) {
      if (performance.now() > until) return;
      await asker.ask(query);
    }
  }
}

/** Whether fewer than three samples lie beyond a quantile: too few to say where it is. */
export const tooFew = (samples: number, q: number) => samples * (1 - q) < 3 || samples < 20;
