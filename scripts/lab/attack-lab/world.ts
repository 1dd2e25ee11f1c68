/** What is stored before an attack, and scenarios in which one tenant observes its answers while another one acts. */
import { randomUUID } from 'node:crypto';
import { around, direction, near, type Point } from '../data.js';
import type { Found, Store } from './stores.js';

export const victim = 'acme';

/** Each tenant has five subjects of its own, so that no other is near by chance. This favours the shared index. */
function corpus(tenant: number, size: number): Point[] {
  return Array.from({ length: 5 }, (_, subject) =>
    around(direction(tenant, subject), 0.75, size / 5, tenant * 10 + subject),
  ).flat();
}

/** Returns the documents of each tenant, the same for the same size; `size` is a multiple of five. */
export const world = (size = 500): ReadonlyMap<string, readonly Point[]> =>
  new Map(
    [victim, 'mallory-1', 'mallory-2', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name, n) => [
      name,
      corpus(1_000 + n, size),
    ]),
  );

/** Returns the embedding of a passage on one of the victim's subjects, which the victim may hold or not. */
export const passage = (n: number): number[] => near(direction(1_000, n % 5), 0.75, 77, n);

/** A document of the victim's that nobody else knows. */
export const secret: Point = { id: randomUUID(), vector: passage(-1 + 5 * 1_000) };

export const kinds = ['insert', 'flood', 'copy', 'update', 'delete', 'index', 'catch up'] as const;

/** How the observer's search is answered, where a design has search tables. */
export const tiers = ['an exact search', 'a search table', 'a search table with a tail'] as const;
export type Tier = (typeof tiers)[number];

interface Act {
  readonly kind: (typeof kinds)[number];
  readonly count: number;
  /** Of the documents to the observer's question. */
  readonly cosine: number;
  readonly seed: number;
}

export interface Scenario {
  readonly names: readonly [observer: string, other: string];
  /** Whether both tenants fall into the same partition. */
  readonly together: boolean;
  /** Documents of the observer, and how many it searches for. */
  readonly size: number;
  readonly k: number;
  readonly seed: number;
  readonly acts: readonly Act[];
}

export interface Observed {
  readonly found: readonly Found[];
  /** Buffers. */
  readonly work: number;
}

/** Stores the observer's documents: half of them, then its search table, then the other half, and the first again with another embedding. */
async function storeOwn(store: Store, observer: string, own: readonly Point[], changed: Point, tier: Tier) {
  const half = Math.ceil(own.length / 2);
  await store.put(observer, [changed, ...own.slice(1, half)]);
  if (tier !== 'an exact search') await store.build(observer);
  await store.put(observer, [...own.slice(half), ...own.slice(0, 1)]);
  if (tier === 'a search table') await store.catchUp(observer);
}

/** Plays a scenario in an empty store. */
export async function play(
  store: Store,
  { names, together, size, k, seed, acts }: Scenario,
  tier: Tier,
): Promise<{ readonly before: Observed; readonly after: Observed }> {
  const [observer, wish] = names;
  const other = together ? await store.beside(observer, wish) : wish;
  const subject = direction(seed);
  const question = near(subject, 0.8, seed, 1);
  const own = around(subject, 0.8, size, seed + 1);
  await store.clear();
  const id = own[0]?.id ?? randomUUID();
  await storeOwn(store, observer, own, { id, vector: near(subject, 0.5, seed + 3) }, tier);
  const observe = async (): Promise<Observed> => ({
    // If fewer documents are there than asked for, Ragwall does not answer from the search table.
    found: await store.search(observer, question, Math.min(k, size)),
    work: await store.work(observer, question, Math.min(k, size)),
  });
  const before = await observe();

  let theirs = around(subject, 0.5, 3, seed + 2);
  await store.put(other, theirs);
  const add = async (documents: typeof theirs) => {
    await store.put(other, documents);
    theirs = [...theirs, ...documents];
  };
  const does = {
    insert: ({ count, cosine, seed }: Act) => add(around(question, cosine, count, seed)),
    flood: ({ count, seed }: Act) => add(around(question, 0.999, 40 + 10 * count, seed)),
    copy: () => add(own.map(({ vector }) => ({ id: randomUUID(), vector }))),
    update: ({ count, cosine, seed }: Act) =>
      store.put(
        other,
        theirs.slice(0, count).map(({ id }, n) => ({ id, vector: near(question, cosine, seed, n) })),
      ),
    delete: ({ count }: Act) =>
      store.remove(
        other,
        theirs.splice(0, count).map(({ id }) => id),
      ),
    index: () => store.build(other),
    'catch up': () => store.catchUp(other),
  };
  for (const act of acts) await does[act.kind](act);
  return { before, after: await observe() };
}
