/** What a tenant is answered, and the work it takes, does not depend on what other tenants do; published attacks fail. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { membership, reconstruct, starve } from '../../scripts/lab/attack-lab/attacks.js';
import {
  fill,
  forced,
  hashed,
  iterative,
  ivfflat,
  labDatabase,
  ragwallStore,
  type Shared,
  type Store,
  sharedStore,
  usual,
} from '../../scripts/lab/attack-lab/stores.js';
import {
  kinds,
  type Observed,
  play,
  type Scenario,
  secret,
  type Tier,
  tiers,
  victim,
  world,
} from '../../scripts/lab/attack-lab/world.js';
import { awkwardTenants, cosine, near } from '../../scripts/lab/data.js';
import type { RunningEngine } from './engine/engine.js';
import { openSession, type Session } from './engine/session.js';

const engine = inject('engine');
const options = { numRuns: engine.kind === 'embedded' ? 8 : 40, seed: 20_261_123 };
/** Buffers by which the work may grow: the key's index, which tenants share, may become one level deeper. */
const slack = 4;
/** Documents of each of ten tenants that are attacked. */
const size = 100;
const trials = engine.kind === 'embedded' ? 40 : 200;
/** What the attacker knows of the secret document. */
const hint = near(secret.vector, 0.8, 7);
let lab: RunningEngine;
let session: Session;

beforeAll(async () => {
  lab = await labDatabase(engine);
  session = await openSession(lab);
});
afterAll(async () => {
  await session.end();
  await lab.stop();
});

const name = fc.oneof(
  fc.constantFrom(...awkwardTenants, 'acm', 'public', '{}', '--'),
  fc.string({
    unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 20,
  }),
);
const scenario: fc.Arbitrary<Scenario> = fc.record({
  names: fc.tuple(name, name).filter(([observer, other]) => observer !== other),
  together: fc.boolean(),
  size: fc.integer({ min: 1, max: 20 }),
  k: fc.integer({ min: 1, max: 10 }),
  seed: fc.nat(1_000_000),
  acts: fc.array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      count: fc.integer({ min: 1, max: 12 }),
      cosine: fc.double({ min: 0.5, max: 0.9999, noNaN: true }),
      seed: fc.nat(1_000_000),
    }),
    { minLength: 1, maxLength: 5 },
  ),
});

type Claim = (before: Observed, after: Observed) => void;
const sameAnswers: Claim = (before, after) => expect(after.found, 'the answers changed').toEqual(before.found);
const noMore =
  (allowed: number): Claim =>
  (before, after) =>
    expect(after.work, 'the work grew').toBeLessThanOrEqual(before.work + allowed);
const sameWork = noMore(slack);
/** The documents that a search table names are looked up one by one: at most all twenty, before and after the tail. */
const workOf = (tier: Tier) => noMore(tier === 'an exact search' ? slack : slack + 2 * 20);

const claimed = (store: Store, tier: Tier, claims: readonly Claim[]) =>
  fc.asyncProperty(scenario, async (played) => {
    const { before, after } = await play(store, played, tier);
    expect(before.found).toHaveLength(Math.min(played.k, played.size));
    for (const claim of claims) claim(before, after);
  });

describe.each(tiers)('%s', (tier) => {
  it('returns the same documents, scores and order for about the same work', async () => {
    const store = await ragwallStore(session);
    try {
      await fc.assert(claimed(store, tier, [sameAnswers, workOf(tier)]), options);
    } finally {
      await store.end();
    }
  });
});

describe('where tenants share an index', () => {
  it.each<[string, Shared, Claim]>([
    ['the answers changed', usual, sameAnswers],
    ['the work grew', iterative, sameWork], // an iterative scan goes on until it has found enough
  ])('%s, by the same acts', async (what, shared, claim) => {
    const store = await sharedStore(session, forced(shared));
    await store.build();
    try {
      const { errorInstance } = await fc.check(claimed(store, 'an exact search', [claim]), {
        ...options,
        numRuns: 40,
        endOnFailure: true,
      });
      expect(String(errorInstance)).toContain(what);
    } finally {
      await store.end();
    }
  });
});

const [document] = world(size).get(victim) ?? [];
const flood = (store: Store, options = {}) => starve(store, victim, document?.vector ?? [], options);
const all = (stored: number) => ({ stored, rows: 10, right: 10 });

async function onShared<T>(shared: Shared, act: (store: Store) => Promise<T>): Promise<T> {
  const store = await sharedStore(session, forced(shared));
  try {
    await fill(store, world(size));
    await store.build();
    return await act(store);
  } finally {
    await store.end();
  }
}

describe('attacks where tenants share an HNSW index', () => {
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

describe('attacks where tenants share something else', () => {
  it('41 documents leave few rows to a tenant whose hash partition has one', async () => {
    const [before, after] = await onShared(hashed, (store) => flood(store, { steps: [0, 41] }));
    expect(before).toEqual(all(0));
    expect(after?.rows).toBeLessThan(3);
  });

  // Its lists start at random.
  it('2,000 documents leave few rows in an IVFFlat index that is built on them', { retry: 2 }, async () => {
    const steps = [0, 2_000];
    const [before, after] = await onShared(ivfflat, (store) => flood(store, { steps, rebuild: true }));
    expect(before?.rows).toBeGreaterThan(5);
    expect(after?.rows).toBeLessThan(3);
  });
});

describe('attacks on Ragwall', () => {
  let ours: Store;
  beforeAll(async () => {
    ours = await ragwallStore(session);
    await fill(ours, world(size));
  });
  afterAll(() => ours.end());

  it.each(['an exact search', 'a search table'])('a flood takes no row from %s', async (tier) => {
    if (tier === 'a search table') await ours.build(victim);
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
    const { lost, searches, estimate } = await reconstruct(overheard(answers.with), hint, { account: 'trent' });
    expect({ lost, cosine: cosine(estimate, secret.vector) }).toEqual({ lost: 0, cosine: cosine(hint, secret.vector) });
    expect(answers.with).toHaveLength(2 * searches);
    expect(answers.with).toEqual(answers.without);
  });
});
