/** Whether a region is full of other tenants' documents, told by how hard one's own search there works. */
import type { Vector } from '../../../src/index.js';
import { median } from '../bench/measure.js';
import type { Store } from './store.js';

export interface Latency {
  /** Of one search, in milliseconds, median: where others have many documents, and where nobody has. */
  readonly milliseconds: readonly [dense: number, empty: number];
  /** The buffers that one search touches. */
  readonly buffers: readonly [dense: number, empty: number];
  /** How often a search of the dense region takes longer than one of the empty, 0 to 1; 0.5 tells nothing. */
  readonly auc: number;
}

/** Asks in turn at both places, for ten documents. */
export async function timing(
  store: Store,
  tenant: string,
  [dense, empty]: readonly [Vector, Vector],
  times = 30,
): Promise<Latency> {
  const ask = async (at: Vector) => {
    const began = performance.now();
    await store.search(tenant, at, 10);
    return performance.now() - began;
  };
  const taken: [number[], number[]] = [[], []];
  for (let n = -3; n < times; n += 1) {
    const both = [await ask(dense), await ask(empty)] as const;
    if (n >= 0) for (const i of [0, 1] as const) taken[i].push(both[i]);
  }
  const longer = taken[0].flatMap((x) => taken[1].map((y) => (x > y ? 1 : x === y ? 0.5 : 0)));
  return {
    milliseconds: [median(taken[0]), median(taken[1])],
    buffers: [await store.work(tenant, dense, 10), await store.work(tenant, empty, 10)],
    auc: longer.reduce((a: number, b) => a + b, 0) / longer.length,
  };
}
