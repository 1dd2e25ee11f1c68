/** The tenants of a run, their queries with the exact answers, and all of it in the database. */

import {
  type ClassName,
  type Document,
  dot,
  type Query,
  random,
  shuffle,
  type Tenant,
  type World,
  zipf,
} from './data.js';
import { k } from './designs.js';
import { createTables, type Into, load, settle } from './load.js';
import { progress } from './progress.js';
import type { Scale } from './scale.js';
import type { Server } from './server.js';

export interface Prepared {
  readonly measured: readonly Tenant[];
  readonly neighbours: readonly Tenant[];
  readonly queries: ReadonlyMap<ClassName, readonly Query[]>;
}

/** Yields the documents of all tenants, in an order that mixes the tenants as time does. */
export function* mixed(world: World, tenants: readonly Tenant[]): Generator<[Tenant, Document]> {
  const turns = new Uint32Array(tenants.reduce((sum, tenant) => sum + tenant.documents, 0));
  let at = 0;
  for (const [i, { documents }] of tenants.entries()) {
    turns.fill(i, at, at + documents);
    at += documents;
  }
  const given = new Uint32Array(tenants.length);
  for (const i of shuffle(turns, random(world.seed, 5, turns.length))) {
    const tenant = tenants[i] as Tenant;
    const n = given[i] as number;
    given[i] = n + 1;
    yield [tenant, world.document(tenant, n)];
  }
}

/** Keeps the `k` nearest of the documents that pass by. */
function nearest(vector: Float32Array) {
  const best: { id: string; similarity: number }[] = [];
  return {
    vector,
    best,
    offer({ id, vector: other }: Document): void {
      const similarity = dot(vector, other);
      if (best.length === k && similarity <= (best[k - 1]?.similarity ?? 0)) return;
      const place = best.findIndex((one) => one.similarity < similarity);
      best.splice(place < 0 ? best.length : place, 0, { id, similarity });
      if (best.length > k) best.pop();
    },
  };
}

/** Generates and loads everything but indexes, and finds the exact answers on the way. */
export async function prepare({ admin }: Server, world: World, scale: Scale): Promise<Prepared> {
  let number = 0;
  const measured = scale.classes.flatMap(({ name, tenants, documents }) =>
    Array.from({ length: tenants }, (_, i): Tenant => {
      return { name: `${name}-${i + 1}`, number: number++, documents, className: name };
    }),
  );
  const neighbours = zipf('neighbour-0', number, scale.neighbours[0] ?? 0);
  await createTables(admin, measured);

  const asked = new Map(
    measured.map((tenant) => {
      const { queries, tenants } = scale.classes.find(({ name }) => name === tenant.className) ?? {
        queries: 0,
        tenants: 1,
      };
      const next = random(world.seed, 6, tenant.number);
      const about = Array.from({ length: queries / tenants }, () => next() % tenant.documents);
      return [tenant.name, about.map((n) => nearest(world.question(tenant, n)))];
    }),
  );
  const all = [...measured, ...neighbours];
  const bar = progress(
    'generating and loading',
    all.reduce((sum, tenant) => sum + tenant.documents, 0),
  );
  function* watched(): Generator<[string, Document]> {
    for (const [{ name }, document] of mixed(world, all)) {
      for (const query of asked.get(name) ?? []) query.offer(document);
      yield [name, document];
    }
  }
  const into: Into = { guide: true, hnsw: true, ragwall: true, limits: measured };
  await load(admin, watched(), into, () => bar.step());
  bar.stop();
  await settle(admin);

  const queries = new Map<ClassName, Query[]>();
  for (const tenant of measured) {
    const own = (asked.get(tenant.name) ?? []).map(({ vector, best }) => ({
      tenant,
      vector,
      truth: best.map(({ id }) => id),
    }));
    const className = tenant.className as ClassName;
    queries.set(className, [...(queries.get(className) ?? []), ...own]);
  }
  return { measured, neighbours, queries };
}
