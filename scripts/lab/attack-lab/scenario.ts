/** Two tenants: what one observes before and after what the other does. */
import { randomUUID } from 'node:crypto';
import type { Found, Store } from './store.js';
import { around, direction, near } from './vectors.js';

export const kinds = ['insert', 'flood', 'copy', 'update', 'delete', 'index'] as const;

export interface Act {
  readonly kind: (typeof kinds)[number];
  readonly count: number;
  /** To the question of the one who observes. */
  readonly cosine: number;
  readonly seed: number;
}

export interface Scenario {
  readonly names: readonly [observer: string, other: string];
  /** Whether the documents of both lie in the same partition. */
  readonly together: boolean;
  /** How many documents the observer has, and how many it asks for. */
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

/** Plays it in an empty store; `indexed` gives the observer an index of its own first, where there are any. */
export async function play(
  store: Store,
  { names, together, size, k, seed, acts }: Scenario,
  indexed: boolean,
): Promise<{ readonly before: Observed; readonly after: Observed }> {
  const [observer, wish] = names;
  const other = together ? await store.beside(observer, wish) : wish;
  const subject = direction(seed);
  const question = near(subject, 0.8, seed, 1);
  const own = around(subject, 0.8, size, seed + 1);
  await store.clear();
  await store.put(observer, own);
  if (indexed) await store.build(observer);
  const observe = async (): Promise<Observed> => ({
    // A graph of fewer documents than are asked for would not be what answers.
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
  };
  for (const act of acts) await does[act.kind](act);
  return { before, after: await observe() };
}
