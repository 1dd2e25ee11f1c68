/** Whatever another tenant does, a tenant's answers stay the same, and so does the work that they take. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  forced,
  iterative,
  labDatabase,
  ragwallStore,
  type Shared,
  type Store,
  sharedStore,
  usual,
} from '../../scripts/lab/attack-lab/stores.js';
import { kinds, type Observed, play, type Scenario } from '../../scripts/lab/attack-lab/world.js';
import type { RunningEngine } from './engine/engine.js';
import { openSession, type Session } from './engine/session.js';

const engine = inject('engine');
const options = { numRuns: engine.kind === 'embedded' ? 8 : 40, seed: 20_261_123 };
/** By how many buffers the work may grow: the key, which tenants share, may become a level deeper. */
const slack = 4;
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
  fc.constantFrom(
    'acme',
    'ACME',
    'acm',
    '%',
    '_',
    'null',
    'public',
    `o'hara`,
    '"',
    '\\',
    '$1',
    '{}',
    '--',
  ),
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
const sameAnswers: Claim = (before, after) =>
  expect(after.found, 'the answers changed').toEqual(before.found);
const sameWork: Claim = (before, after) =>
  expect(after.work, 'the work grew').toBeLessThanOrEqual(before.work + slack);

const claimed = (store: Store, indexed: boolean, claims: readonly Claim[]) =>
  fc.asyncProperty(scenario, async (played) => {
    const { before, after } = await play(store, played, indexed);
    expect(before.found).toHaveLength(Math.min(played.k, played.size));
    for (const claim of claims) claim(before, after);
  });

describe.each([
  ['an exact search', false],
  ['a search of a tenant’s own graph', true],
])('%s', (_, graph) => {
  it('returns the same documents, scores and order for about the same work', async () => {
    const store = await ragwallStore(session);
    try {
      await fc.assert(claimed(store, graph, [sameAnswers, sameWork]), options);
    } finally {
      await store.end();
    }
  });
});

describe('where tenants share an index', () => {
  it.each<[string, Shared, Claim]>([
    ['the answers changed', usual, sameAnswers],
    ['the work grew', iterative, sameWork], // it goes on until it has found enough
  ])('%s, by the same acts', async (what, shared, claim) => {
    const store = await sharedStore(session, forced(shared));
    await store.build();
    try {
      const { errorInstance } = await fc.check(claimed(store, false, [claim]), {
        ...options,
        endOnFailure: true,
      });
      expect(String(errorInstance)).toContain(what);
    } finally {
      await store.end();
    }
  });
});
