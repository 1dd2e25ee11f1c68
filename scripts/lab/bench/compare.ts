/** Puts the same questions to several designs: how good the answers are, and how long they take. */
import { random, shuffle } from '../data.js';
import { mean, median, pairedRatio, quantile, recallOf, timed } from '../measure.js';
import type { Question, Server } from './database.js';
import { type Asker, type Design, named, open } from './designs.js';

/**
 * What one design answered, and how fast. Times are milliseconds. recall: the mean share of the k nearest documents that
 * came back. toLimit: the median over the questions of its time to that of the limit in the same form.
 */
export type Cell = { readonly design: string } & Readonly<
  Record<'samples' | 'recall' | 'p50' | 'p99' | 'toLimit', number>
>;

export interface Options {
  readonly rounds: number;
  /** Seconds that a design may take in all; then it is asked no more. */
  readonly patience: number;
  readonly k?: number;
  readonly ef?: number;
  /** The ef_search of our search tables, for the design that takes it over. */
  readonly ourEf?: number;
}

const recall = (k: number, { truth }: Question, found: readonly { id: string }[]) => recallOf(truth.slice(0, k), found);

/** Returns the least ef_search of the limit by which its recall is at least 0.99. */
export async function efOf({ appUrl }: Server, questions: readonly Question[], k: number): Promise<number> {
  for (const ef of [40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1000]) {
    if (ef < k) continue;
    const asker = await open(named('limit')[0], appUrl, k, ef);
    const all: number[] = [];
    for (const question of questions) all.push(recall(k, question, await asker.ask(question)));
    await asker.close();
    if (mean(all) >= 0.99) return ef;
  }
  return 1000;
}

/**
 * Puts each question to each design, `rounds` times. The order of the designs is drawn anew for each question, so that
 * whatever else the machine does slows down all of them alike. Every design starts with a new connection.
 */
export async function compare(
  { appUrl }: Server,
  designs: readonly Design[],
  questions: readonly Question[],
  { rounds, patience, k = 10, ef, ourEf }: Options,
): Promise<Cell[]> {
  const next = random(questions.length, 4);
  const lanes = await Promise.all(
    designs.map(async (design) => ({
      design,
      asker: await open(design, appUrl, k, design.name.endsWith('our ef_search') ? ourEf : ef),
      /** NaN for samples after the design's time was used up. */
      times: new Float64Array(questions.length * rounds).fill(Number.NaN),
      recall: [] as number[],
      spent: 0,
    })),
  );
  for (const { asker } of lanes) await warmUp(asker, questions, Math.min(1, patience / 4));
  let sample = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const question of shuffle([...questions], next)) {
      for (const lane of shuffle([...lanes], next)) {
        if (lane.spent > patience * 1000) continue;
        let found: readonly { id: string }[] = [];
        const took = await timed(async () => {
          found = await lane.asker.ask(question);
        });
        lane.recall.push(recall(k, question, found));
        lane.times[sample] = took;
        lane.spent += took;
      }
      sample += 1;
    }
  }
  await Promise.all(lanes.map(({ asker }) => asker.close()));
  return lanes.map(({ design: { name }, times, ...own }) => {
    const limit = lanes.find(({ design }) => design.name === `limit${name.endsWith('sql.begin') ? ', sql.begin' : ''}`);
    return {
      ...{ design: name, samples: own.recall.length, recall: mean(own.recall) },
      ...{ p50: median(times), p99: quantile(times, 0.99), toLimit: pairedRatio(times, limit?.times ?? []) },
    };
  });
}

/** Asks one question of each tenant seven times, so that PostgreSQL has its final plan for it; for `seconds` at most. */
async function warmUp(asker: Asker, questions: readonly Question[], seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1000;
  const byTenant = new Map(questions.map((question) => [question.tenant.name, question]));
  for (let n = 0; n < 7; n += 1) {
    for (const question of byTenant.values()) {
      if (performance.now() > until) return;
      await asker.ask(question);
    }
  }
}
