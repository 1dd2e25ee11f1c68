/** Puts the same queries to several designs: how good the answers are, and how long they take. */
import { random, shuffle } from '../data.js';
import { mean, median, pairedRatio, quantile, recallOf, timed } from '../measure.js';
import { type Asker, type Design, type Found, open } from './designs.js';
import type { Query } from './world.js';

/** What one design answered to the queries of one class, and how fast. Times are milliseconds. */
export interface Cell {
  readonly design: string;
  readonly samples: number;
  /** Mean share of the ten nearest documents that came back, 0 to 1. */
  readonly recall: number;
  /** Mean number of documents that came back. */
  readonly rows: number;
  readonly p50: number;
  readonly p95: number;
  /** Median over the queries of its time to that of the dedicated table; NaN if that was not asked in this form. */
  readonly overStatement: number;
  readonly overTransaction: number;
}

export interface Options {
  readonly rounds: number;
  /** Seconds that a design may take in all; then it is asked no more. */
  readonly patience: number;
  readonly seed: number;
  onSample?(): void;
}

/**
 * Puts each query to each design, `rounds` times. The order of the designs is drawn anew for each query, so that
 * whatever else the machine does slows down all of them alike. Every design starts with a new connection.
 */
export async function compare(
  designs: readonly Design[],
  url: string,
  queries: readonly Query[],
  { rounds, patience, seed, onSample }: Options,
): Promise<Cell[]> {
  const next = random(seed, 4);
  const lanes = await Promise.all(
    designs.map(async (design) => ({
      design,
      asker: await open(design, url),
      /** NaN for samples after the design's time was used up. */
      times: new Float64Array(queries.length * rounds).fill(Number.NaN),
      recall: [] as number[],
      rows: [] as number[],
      spent: 0,
    })),
  );
  for (const { asker, design } of lanes) await warmUp(asker, queries, design.connects ? 0 : Math.min(1, patience / 4));
  let sample = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const query of shuffle([...queries], next)) {
      for (const lane of shuffle([...lanes], next)) {
        if (lane.spent > patience * 1000) continue;
        let found: readonly Found[] = [];
        const took = await timed(async () => {
          found = await lane.asker.ask(query);
        });
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
  const over = (times: Float64Array, limit: string) =>
    pairedRatio(times, lanes.find(({ design }) => design.name === limit)?.times ?? []);
  return lanes.map(({ design, recall, rows, times }) => ({
    design: design.name,
    samples: rows.length,
    recall: mean(recall),
    rows: mean(rows),
    p50: median(times),
    p95: quantile(times, 0.95),
    overStatement: over(times, 'limit, one statement'),
    overTransaction: over(times, 'limit, begin … commit'),
  }));
}

/** Asks one query of each tenant seven times, so that PostgreSQL has its final plan for it; for `seconds` at most. */
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
