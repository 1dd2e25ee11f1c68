/** What other tenants do to one: they grow, and one of them stores near-duplicates of its queries. */
import { pairedRatio } from '../measure.js';
import { progress } from '../report.js';
import { type Cell, compare } from './compare.js';
import { load, type Prepared, type Server, settle } from './database.js';
import { named } from './designs.js';
import { maintain } from './indexes.js';
import type { Scale } from './scale.js';
import { type ClassName, type Document, mixed, type Query, type Tenant, type World, zipf } from './world.js';

export interface GrowthStep {
  readonly neighbours: number;
  readonly className: ClassName;
  readonly cells: readonly Cell[];
  /** By design: the median ratio of its time to that of the dedicated table, which does not grow, for the same query. */
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
 * Measures the same tenants with ever more neighbours, for whom the indexes that are due are built. The shared HNSW
 * index is left out, because inserting into it would take most of the run.
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
      await maintain(server, console.log);
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
      const overLimit = Object.fromEntries([...times].map(([name, t]) => [name, pairedRatio(t, limit)]));
      steps.push({ neighbours: size, className, cells, overLimit });
    }
  }
  return steps;
}

/** Returns the last ratio to the dedicated table over the first: how a class of tenants slowed down as neighbours grew. */
export function growthFactor(steps: readonly GrowthStep[], className: ClassName, design: string): number {
  const own = steps.filter((step) => step.className === className);
  return (own.at(-1)?.overLimit[design] ?? Number.NaN) / (own[0]?.overLimit[design] ?? Number.NaN);
}

/** Asks some queries before and after another tenant stores near-duplicates of them. */
export async function flood(server: Server, world: World, scale: Scale, { queries }: Prepared): Promise<FloodResult[]> {
  const { documents, queries: wanted } = scale.flood;
  const victims = [...queries].map(([className, own]) => {
    // Spread over the tenants of the class.
    const stride = Math.max(1, Math.floor(own.length / wanted));
    return { className, own: own.filter((_, i) => i % stride === 0).slice(0, wanted) };
  });
  const targets = victims.flatMap(({ own }) => own);
  const options = { rounds: scale.flood.rounds, patience: scale.patience, seed: world.seed + 7 };
  const ask = async (own: readonly Query[]) => (await compare(contestants(), server.engine.appUrl, own, options)).cells;

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
  await maintain(server, console.log);
  await settle(server.admin);

  const results: FloodResult[] = [];
  for (const { className, own } of victims) {
    results.push({ className, before: before.get(className) ?? [], after: await ask(own) });
  }
  return results;
}
