/** What other tenants can do to one: grow beside it, and flood the space around its queries. */
import { type ClassName, type Document, type Query, type Tenant, type World, zipf } from './data.js';
import { named } from './designs.js';
import { maintain } from './indexes.js';
import { load, settle } from './load.js';
import { type Cell, compare, pairedRatio } from './measure.js';
import { mixed, type Prepared } from './prepare.js';
import { progress, say } from './progress.js';
import type { Scale } from './scale.js';
import type { Server } from './server.js';

export interface GrowthStep {
  readonly neighbours: number;
  readonly className: ClassName;
  readonly cells: readonly Cell[];
  /** Each design's median ratio to the dedicated table, whose size never changes, of the same queries. */
  readonly overLimit: Readonly<Record<string, number>>;
}

export interface FloodResult {
  readonly className: ClassName;
  readonly before: readonly Cell[];
  readonly after: readonly Cell[];
}

const growing = ['limit, one statement', 'ragwall, one statement', 'guide', 'guide, kept connection'];

const contestants = () =>
  named(
    'guide',
    'guide, kept connection',
    'shared hnsw',
    'shared hnsw, iterative',
    'shared hnsw, index forced',
    'shared hnsw, iterative, forced',
    'limit, one statement',
    'ragwall, one statement',
  );

/**
 * Measures the victims, whose data stay as they are, while their neighbours multiply and get the indexes that
 * are due. The shared HNSW index stays out of it: inserting into it would take most of the run.
 */
export async function growth(
  server: Server,
  world: World,
  scale: Scale,
  { queries, measured, neighbours }: Prepared,
): Promise<GrowthStep[]> {
  const steps: GrowthStep[] = [];
  let number = measured.length + neighbours.length;
  for (const [i, size] of scale.neighbours.entries()) {
    if (i > 0) {
      const more = size - (scale.neighbours[i - 1] ?? 0);
      const tenants = zipf(`neighbour-${i}`, number, more);
      number += tenants.length;
      const bar = progress(`neighbours, to ${size}`, more);
      const documents = function* (): Generator<[string, Document]> {
        for (const [{ name }, document] of mixed(world, tenants)) yield [name, document];
      };
      await load(server.admin, documents(), { guide: true, ragwall: true }, () => bar.step());
      bar.stop();
      await maintain(server, say);
      await settle(server.admin);
    }
    for (const [className, own] of queries) {
      const designs = named(...growing);
      const { cells, times } = await compare(designs, server.engine.appUrl, own, {
        rounds: scale.rounds,
        patience: scale.patience,
        seed: world.seed + i,
      });
      const limit = times.get('limit, one statement') as Float64Array;
      const overLimit = Object.fromEntries(
        [...times].map(([name, t]) => [name, pairedRatio(t, limit)]),
      );
      steps.push({ neighbours: size, className, cells, overLimit });
    }
  }
  return steps;
}

/** By how much a victim's p50 changed from the first step to the last, drift of the machine taken out. */
export function growthFactor(
  steps: readonly GrowthStep[],
  className: ClassName,
  design: string,
): number {
  const own = steps.filter((step) => step.className === className);
  return (own.at(-1)?.overLimit[design] ?? Number.NaN) / (own[0]?.overLimit[design] ?? Number.NaN);
}

/** Has another tenant store near-duplicates of the victims' queries, and asks these before and after. */
export async function flood(
  server: Server,
  world: World,
  scale: Scale,
  { queries }: Prepared,
): Promise<FloodResult[]> {
  const { documents, queries: each } = scale.flood;
  const victims = [...queries].map(([className, own]) => {
    // Spread over the tenants of the class.
    const stride = Math.max(1, Math.floor(own.length / each));
    return { className, own: own.filter((_, i) => i % stride === 0).slice(0, each) };
  });
  const targets = victims.flatMap(({ own }) => own);
  const options = { rounds: scale.flood.rounds, patience: scale.patience, seed: world.seed + 7 };
  const ask = async (own: readonly Query[]) =>
    (await compare(contestants(), server.engine.appUrl, own, options)).cells;

  const before = new Map<ClassName, Cell[]>();
  for (const { className, own } of victims) before.set(className, await ask(own));

  const flooder: Tenant = { name: 'flooder', number: 900_001, documents };
  const bar = progress('flooding', documents);
  const near = function* (): Generator<[string, Document]> {
    for (let n = 0; n < documents; n += 1) {
      const target = targets[n % targets.length] as Query;
      const vector = world.duplicate(target.vector, n);
      yield [flooder.name, { ...world.document(flooder, 0), id: world.id(flooder.number, n), vector }];
    }
  };
  const into = { guide: true, hnsw: true, ragwall: true };
  await load(server.admin, near(), into, () => bar.step());
  bar.stop();
  await maintain(server, say);
  await settle(server.admin);

  const results: FloodResult[] = [];
  for (const { className, own } of victims) {
    results.push({ className, before: before.get(className) ?? [], after: await ask(own) });
  }
  return results;
}
