/** What other tenants do to one: they grow, and one of them stores near-duplicates of its queries. */
import { progress } from '../report.js';
import { type Cell, compare } from './compare.js';
import { load, maintain, type Prepared, type Server } from './database.js';
import { named } from './designs.js';
import type { Scale } from './scale.js';
import { type ClassName, mixed, type Query, type Tenant, type World, zipf } from './world.js';

export interface GrowthStep {
  readonly neighbours: number;
  readonly className: ClassName;
  readonly cells: readonly Cell[];
}

export interface FloodResult {
  readonly className: ClassName;
  readonly before: readonly Cell[];
  readonly after: readonly Cell[];
}

/**
 * Measures the same tenants with ever more neighbours, for whom the indexes that are due are built. The shared HNSW
 * index is left out, because inserting into it would take most of the run.
 */
export async function growth(server: Server, world: World, scale: Scale, { queries, tenants }: Prepared) {
  const designs = named('limit, one statement', 'ragwall, one statement', 'guide', 'guide, kept connection');
  const steps: GrowthStep[] = [];
  let number = tenants;
  for (const [i, neighbours] of scale.neighbours.entries()) {
    if (i > 0) {
      const documents = neighbours - (scale.neighbours[i - 1] ?? 0);
      const more = zipf(`neighbour-${i}`, number, documents);
      number += more.length;
      const bar = progress(`neighbours, to ${neighbours}`, documents);
      await load(server.admin, bar, mixed(world, more), { guide: true, ragwall: true });
      await maintain(server);
    }
    for (const [className, own] of queries) {
      const options = { rounds: scale.rounds, patience: scale.patience, seed: world.seed + i };
      steps.push({ neighbours, className, cells: await compare(designs, server.engine.appUrl, own, options) });
    }
  }
  return steps;
}

/** Asks some queries before and after another tenant stores near-duplicates of them. */
export async function flood(server: Server, world: World, scale: Scale, { queries }: Prepared): Promise<FloodResult[]> {
  const { documents, queries: wanted, rounds } = scale.flood;
  const designs = named(
    ...['guide', 'guide, kept connection', 'shared hnsw', 'shared hnsw, iterative', 'shared hnsw, index forced'],
    ...['shared hnsw, iterative, forced', 'limit, one statement', 'ragwall, one statement'],
  );
  const victims = [...queries].map(([className, own]) => {
    // Spread over the tenants of the class.
    const stride = Math.max(1, Math.floor(own.length / wanted));
    return { className, own: own.filter((_, i) => i % stride === 0).slice(0, wanted) };
  });
  const options = { rounds, patience: scale.patience, seed: world.seed + 7 };
  const askAll = async () => {
    const cells: Cell[][] = [];
    for (const { own } of victims) cells.push(await compare(designs, server.engine.appUrl, own, options));
    return cells;
  };

  const before = await askAll();
  const targets = victims.flatMap(({ own }) => own);
  const flooder: Tenant = { name: 'flooder', number: 900_001, documents };
  function* near() {
    for (let n = 0; n < documents; n += 1) {
      const { vector } = targets[n % targets.length] as Query;
      yield [flooder, { ...world.document(flooder, n), vector: world.duplicate(vector, n) }] as const;
    }
  }
  await load(server.admin, progress('flooding', documents), near(), { guide: true, hnsw: true, ragwall: true });
  await maintain(server);
  const after = await askAll();
  return victims.map(({ className }, i) => ({ className, before: before[i] ?? [], after: after[i] ?? [] }));
}
