/** Puts the same queries to several designs: how good and fast the answers are, and how many a second. */
import { random, shuffle } from '../data.js';
import { mean, median, pairedRatio, quantile, recallOf, sum, timed } from '../measure.js';
import { progress } from '../report.js';
import type { Server } from './database.js';
import { type Asker, type Design, type Found, limitOf, named, open } from './designs.js';
import type { Scale } from './scale.js';
import type { ClassName, Query } from './world.js';

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
  readonly p99: number;
  /** Median over the queries of its time to that of the dedicated table, asked in the same form. */
  readonly pairedRatio?: number;
  /** Its p50 to that of the dedicated table, asked in the same form. */
  readonly ratio?: number;
}

/** Milliseconds by design and sample; NaN for samples after the design's time was used up. */
export type Times = ReadonlyMap<string, Float64Array>;

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
  const times = new Map(lanes.map((lane) => [lane.design.name, lane.times]));
  const cells = lanes.map(({ design, recall, rows, times: own }): Cell => {
    const baseline = times.get(limitOf(design.form));
    const p50 = median(own);
    return {
      design: design.name,
      samples: own.filter((x) => !Number.isNaN(x)).length,
      recall: mean(recall),
      rows: mean(rows),
      p50,
      p95: quantile(own, 0.95),
      p99: quantile(own, 0.99),
      ...(baseline && {
        pairedRatio: pairedRatio(own, baseline),
        ratio: p50 / median(baseline),
      }),
    };
  });
  return { cells, times };
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

/** Whether the samples are too few for a quantile: fewer than 20, or fewer than three beyond it. */
export const tooFew = (samples: number, q: number) => samples * (1 - q) < 3 || samples < 20;

export interface Rate {
  readonly design: string;
  readonly clients: number;
  readonly pooled: boolean;
  /** Median of the turns. */
  readonly perSecond: number;
  readonly requests: number;
}

const contenders = [
  'guide',
  'guide, kept connection',
  'limit, one statement',
  'limit, begin … commit',
  'ragwall, one statement',
  'ragwall, sql.begin',
  'ragwall, transaction()',
];

async function turn(askers: readonly Asker[], queries: readonly Query[], seconds: number) {
  const began = performance.now();
  let requests = 0;
  await Promise.all(
    askers.map(async (asker, client) => {
      for (let n = client; performance.now() - began < seconds * 1000; n += 1) {
        await asker.ask(queries[n % queries.length] as Query);
        requests += 1;
      }
    }),
  );
  return { requests, perSecond: (1000 * requests) / (performance.now() - began) };
}

/** Has 1 and then 50 clients ask without pause, one design after the other in turns. Returns the rates by class. */
export async function throughput(
  { engine }: Server,
  queries: ReadonlyMap<ClassName, readonly Query[]>,
  { throughput: { seconds, turns } }: Scale,
): Promise<Map<ClassName, Rate[]>> {
  const designs = named(...contenders);
  const rates = new Map<ClassName, Rate[]>([...queries.keys()].map((name) => [name, []]));
  const bar = progress('throughput', 2 * turns * designs.length * queries.size);
  for (const clients of [1, 50]) {
    const pooled = clients > 1 && engine.poolerUrl !== undefined;
    // The guide opens a connection for each request, and so has no use for a pooler.
    const isPooled = ({ connects }: Design) => pooled && !connects;
    const openOne = (design: Design) =>
      isPooled(design) ? open(design, engine.poolerUrl ?? '', true) : open(design, engine.appUrl);
    const lanes = await Promise.all(
      designs.map(async (design) => ({
        design,
        askers: await Promise.all(Array.from({ length: clients }, () => openOne(design))),
      })),
    );
    for (const [className, own] of queries) {
      const measured = lanes.map(() => [] as Awaited<ReturnType<typeof turn>>[]);
      for (const { askers } of lanes) await turn(askers, own, seconds / 4);
      for (let n = 0; n < turns; n += 1) {
        for (const [i, { askers }] of lanes.entries()) {
          measured[i]?.push(await turn(askers, own, seconds));
          bar.step();
        }
      }
      for (const [i, { design }] of lanes.entries()) {
        const all = measured[i] ?? [];
        rates.get(className)?.push({
          design: design.name,
          clients,
          pooled: isPooled(design),
          perSecond: median(all.map(({ perSecond }) => perSecond)),
          requests: sum(all, ({ requests }) => requests),
        });
      }
    }
    await Promise.all(lanes.flatMap(({ askers }) => askers.map((asker) => asker.close())));
  }
  bar.stop();
  return rates;
}
