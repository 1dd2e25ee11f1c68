/** How many requests a second one client gets through, and fifty. */
import type { ClassName, Query } from './data.js';
import { type Asker, type Design, named, open } from './designs.js';
import { median } from './measure.js';
import { progress } from './progress.js';
import type { Scale } from './scale.js';
import type { Server } from './server.js';

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

/** Lets 1 and then 50 clients ask without pause, design after design, in turns; rates by class. */
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
    // A new connection per request is what the guide has instead of a pooler.
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
          requests: all.reduce((sum, { requests }) => sum + requests, 0),
        });
      }
    }
    await Promise.all(lanes.flatMap(({ askers }) => askers.map((asker) => asker.close())));
  }
  bar.stop();
  return rates;
}
