/** The published attacks on a vector index that tenants share succeed there, and come to nothing here. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { membership, reconstruct, starve } from '../../scripts/lab/attack-lab/attacks.js';
import {
  forced,
  hashed,
  ivfflat,
  labDatabase,
  ragwallStore,
  type Shared,
  type Store,
  sharedStore,
  usual,
} from '../../scripts/lab/attack-lab/stores.js';
import { secret, victim, world } from '../../scripts/lab/attack-lab/world.js';
import { cosine, near } from '../../scripts/lab/data.js';
import type { RunningEngine } from './engine/engine.js';
import { openSession, type Session } from './engine/session.js';

const engine = inject('engine');
const embedded = engine.kind === 'embedded';
/** Documents of each of ten tenants. */
const size = 100;
const trials = embedded ? 40 : 200;
/** What the attacker knows of the secret. */
const hint = near(secret.vector, 0.8, 7);
let lab: RunningEngine;
let session: Session;
let ours: Store;

beforeAll(async () => {
  lab = await labDatabase(engine);
  session = await openSession(lab);
  ours = await ragwallStore(session);
  await ours.fill(world(size));
});
afterAll(async () => {
  await ours.end();
  await session.end();
  await lab.stop();
});

const [document] = world(size).get(victim) ?? [];
const flood = (store: Store, options = {}) => starve(store, victim, document?.vector ?? [], options);
const all = (stored: number) => ({ stored, rows: 10, right: 10 });

async function onShared<T>(shared: Shared, act: (store: Store) => Promise<T>): Promise<T> {
  const store = await sharedStore(session, forced(shared));
  try {
    await store.fill(world(size));
    await store.build();
    return await act(store);
  } finally {
    await store.end();
  }
}

describe('where tenants share an HNSW index', () => {
  // What an HNSW index finds is partly chance.
  it('41 documents of another tenant leave no row, a document can be guessed, an embedding rebuilt', {
    retry: 2,
  }, async () => {
    const { starved, guessed, rebuilt } = await onShared(usual, async (store) => {
      const starved = await flood(store, { steps: [0, 41] });
      const guessed = await membership(store, victim, 30);
      await store.put(victim, [secret]);
      return { starved, guessed, rebuilt: await reconstruct(store, hint) };
    });
    expect(starved).toEqual([all(0), { stored: 41, rows: 0, right: 0 }]);
    expect(guessed.accuracy).toBeGreaterThan(0.95);
    expect(cosine(rebuilt.estimate, secret.vector)).toBeGreaterThan(0.99);
  });
});

describe('where tenants share something else', () => {
  it('41 documents leave few rows to a tenant whose hash partition has one', async () => {
    const [before, after] = await onShared(hashed, (store) => flood(store, { steps: [0, 41] }));
    expect(before).toEqual(all(0));
    expect(after?.rows).toBeLessThan(3);
  });

  // Its lists start at random.
  it('2,000 documents leave few rows in an IVFFlat index that is built on them', {
    retry: 2,
  }, async () => {
    const steps = [0, 2_000];
    const [before, after] = await onShared(ivfflat, (store) => flood(store, { steps, rebuild: true }));
    expect(before?.rows).toBeGreaterThan(5);
    expect(after?.rows).toBeLessThan(3);
  });
});

describe('in Ragwall', () => {
  it.each(['an exact search', 'a graph'])('a flood takes no row from %s', async (tier) => {
    if (tier === 'a graph') await ours.build(victim);
    const steps = [0, 41, 500];
    expect(await flood(ours, { steps, seed: tier.length })).toEqual(steps.map(all));
  });

  it('guesses of what another tenant holds are right half of the time, and no row is lost', async () => {
    const { accuracy, lost } = await membership(ours, victim, trials);
    expect(lost).toBe(0);
    // 3.3 standard deviations of that many coins.
    expect(Math.abs(accuracy - 0.5)).toBeLessThan(3.3 * Math.sqrt(0.25 / trials));
  });

  it('nothing is learned about an embedding: the answers are the same whether or not it is there', async () => {
    const answers = { without: [] as number[], with: [] as number[] };
    const overheard = (to: number[]): Store => ({
      ...ours,
      async search(...args) {
        const found = await ours.search(...args);
        to.push(found.length, ...found.map(({ similarity }) => similarity));
        return found;
      },
    });
    await reconstruct(overheard(answers.without), hint, { account: 'eve' });
    await ours.put(victim, [secret]);
    const { lost, searches, estimate } = await reconstruct(overheard(answers.with), hint, {
      account: 'trent',
    });
    expect({ lost, cosine: cosine(estimate, secret.vector) }).toEqual({
      lost: 0,
      cosine: cosine(hint, secret.vector),
    });
    expect(answers.with).toHaveLength(2 * searches);
    expect(answers.with).toEqual(answers.without);
  });
});
