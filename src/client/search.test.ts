/** Searches by words, by both, and with neighbours: what they find, for whom, and what they refuse. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openAgents } from '../../db/tests/engine/agent-session.js';
import { forTenant, tenantsOn } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { afterBreaches, noPolicyAbove } from '../../db/tests/engine/walls.js';
import { disableWords, enableWords } from '../../db/tests/engine/words.js';
import {
  type Filter,
  type HybridMatch,
  type Match,
  matchDocuments,
  searchWords,
  setTenant,
  tokenSigner,
} from '../index.js';
import type { Tenant } from './handle.js';
import { matchIn, searchWordsIn } from './search.js';

const session = useSession({ clear: true });

/** A unit vector at an angle in degrees. */
function vec(degrees: number): number[] {
  const vector = Array<number>(1536).fill(0);
  vector[0] = Math.cos((degrees * Math.PI) / 180);
  vector[1] = Math.sin((degrees * Math.PI) / 180);
  return vector;
}

/** The nearer the later in the list. The words of a question are in the first, the farthest. */
const contents = [
  'The invoice number is X-4711.',
  'Lunch is served at noon.',
  'Travel is booked by the office.',
  'The office closes at six.',
  'Vacation is asked for in spring.',
];
const question = 'invoice X-4711';
/** The last position that there can be. */
const last = 2 ** 31 - 1;

beforeAll(async () => {
  await session.admin((sql) => sql`delete from ragwall.documents`);
  for (const tenant of ['acme', 'globex']) {
    await forTenant(session.app, tenant).upsertDocuments([
      ...contents.map((content, position) => ({
        ...{
          source: 'handbook.md',
          position,
          content: `${content} (${tenant})`,
          metadata: { even: position % 2 === 0 },
        },
        ...{ embedding: vec(80 - 20 * position), embeddingModel: 'angles' },
      })),
      ...[last, last - 1].map((position, n) => ({
        ...{ source: 'long.md', position, content: 'The last ones.', metadata: { even: false } },
        ...{ embedding: vec(180 - 2 * n), embeddingModel: 'angles' },
      })),
      {
        ...{ id: '00000000-0000-4000-8000-000000000001', content: 'Known by its id.', metadata: { id: true } },
        ...{ embedding: vec(170), embeddingModel: 'angles' },
      },
    ]);
  }
});

const acme = () => forTenant(session.app, 'acme');
const positions = (found: readonly { position: number | null }[]) => found.map(({ position }) => position);

/** A search by each way there is: a call, a transaction of the handle, and one of anybody's. */
const ways: [string, <T>(act: (on: Pick<Tenant, 'matchDocuments' | 'searchWords'>) => Promise<T>) => Promise<T>][] = [
  ['by itself', (act) => act(acme())],
  ['in transaction()', (act) => acme().transaction((tx) => act(tx))],
  [
    'in sql.begin',
    (act) =>
      session.app.begin(async (tx) => {
        await setTenant(tx, 'acme');
        return act({
          matchDocuments: ((vector: number[], options: object) => matchDocuments(tx, vector, options)) as never,
          searchWords: (text, options) => searchWords(tx, text, options),
        });
      }) as never,
  ],
];

describe('where words are enabled', () => {
  beforeAll(() => enableWords(session));
  afterAll(() => disableWords(session));

  it('tells by which configuration', async () => {
    expect(await tenantsOn(session.app).wordsConfiguration()).toBe('english');
  });

  it.each(ways)('finds by words, of its tenant alone, %s', async (_, search) => {
    const found = await search((on) => on.searchWords('invoices of offices', { k: 5 }));
    expect(positions(found).sort()).toEqual([0, 2, 3]);
    expect(found.every(({ tenantId, content }) => tenantId === 'acme' && content.includes('acme'))).toBe(true);
    expect(found[0]).toEqual({
      ...{ tenantId: 'acme', id: expect.any(String), source: 'handbook.md', position: 0 },
      ...{ content: `${contents[0]} (acme)`, metadata: { even: true }, words: expect.any(Number) },
    });
    expect(found[0]?.words).toBeGreaterThan(found[1]?.words ?? Number.NaN);
    expect(
      await search((on) => on.searchWords('invoices of offices', { k: 1, filter: { even: false } })),
    ).toMatchObject([{ position: 3 }]);
    expect(await search((on) => on.searchWords('globex'))).toEqual([]);
    expect(await search((on) => on.searchWords(''))).toEqual([]);
  });

  it.each(ways)('finds by both, as weight says, with three scores, %s', async (_, search) => {
    const asked = (weight?: number, filter?: Filter) =>
      search<HybridMatch[]>((on) =>
        on.matchDocuments(vec(0), {
          ...{ k: 2, text: question },
          ...(weight !== undefined && { weight }),
          ...(filter && { filter }),
        }),
      );
    expect(positions(await search((on) => on.matchDocuments(vec(0), { k: 2 })))).toEqual([4, 3]);
    expect(positions(await asked(1))).toEqual([4, 3]);
    expect(positions(await asked(0))[0]).toBe(0);
    const half = await asked();
    expect(half).toEqual(await asked(0.5));
    const [first] = half;
    expect(first).toMatchObject({ position: 0, similarity: expect.closeTo(Math.cos((80 * Math.PI) / 180), 2) });
    expect(first?.words).toBeGreaterThan(0.5);
    // Over all candidates, from 0 to 180 degrees; the words of all but this one score nothing.
    const scaled = (Math.cos((80 * Math.PI) / 180) + 1) / 2;
    expect(Math.abs((first?.score ?? 0) - (0.5 * scaled + 0.5))).toBeLessThan(0.02);
    expect(positions(await asked(0.5, { $or: [{ even: false }], $not: { even: true } }))).toEqual([3, 1]);
    expect(
      (await search((on) => on.matchDocuments(vec(0), { text: 'globex' }))).map(({ tenantId }) => tenantId),
    ).toEqual(Array(8).fill('acme'));
  });

  it('returns both scores, and the neighbours, in one answer', async () => {
    const [first] = await acme().matchDocuments(vec(0), { k: 1, text: question, around: 1 });
    expect(first).toMatchObject({ position: 0, score: expect.any(Number), before: [], after: [{ position: 1 }] });
  });

  it.each<[string, object, RegExp]>([
    ['null', { text: null }, /^text is expected/],
    ['undefined', { text: undefined }, /^text is expected/],
    ['a number', { text: 5 }, /^text is expected/],
    ['a NUL', { text: 'a\0' }, /^text is expected/],
    ['half a character', { text: '\ud83d' }, /^text is expected/],
    ['a weight above 1', { text: 'x', weight: 1.1 }, /^weight is expected to be a number from 0/],
    ['a weight below 0', { text: 'x', weight: -0.1 }, /^weight is expected to be a number from 0/],
    ['a weight that is none', { text: 'x', weight: Number.NaN }, /^weight is expected to be a number from 0/],
    ['a text as weight', { text: 'x', weight: '1' }, /^weight is expected to be a number from 0/],
    ['a weight without a text', { weight: 0.5 }, /^weight is expected only beside text/],
    ['an unknown option', { texts: 'x' }, /^texts is no option; expected: k, filter, text, weight, around\.$/],
    ['more neighbours than ten', { around: 11 }, /^around is expected to be a whole number from 0 to 10/],
    ['half a neighbour', { around: 0.5 }, /^around is expected to be a whole number from 0 to 10/],
  ])('refuses %s, and sends nothing', async (_, options, message) => {
    const expected = { code: 'INVALID_OPTION', message: expect.stringMatching(message) };
    for (const [, search] of ways) {
      await expect(search((on) => on.matchDocuments(vec(0), options as never))).rejects.toMatchObject(expected);
    }
  });

  it('refuses what is no text, and other options than k and filter, to search for words', async () => {
    for (const [, search] of ways) {
      for (const text of [null, undefined, 5, 'a\0', '\ud83d']) {
        await expect(search((on) => on.searchWords(text as string))).rejects.toMatchObject({ code: 'INVALID_OPTION' });
      }
      const refused = (options: object) => search((on) => on.searchWords('x', options as never));
      await expect(refused({ weight: 1 })).rejects.toThrow('weight is no option; expected: k, filter.');
      await expect(refused({ k: 0 })).rejects.toMatchObject({ code: 'INVALID_K' });
      await expect(refused({ filter: undefined })).rejects.toMatchObject({ code: 'INVALID_FILTER' });
      await expect(refused({ filter: { a: { $foo: 1 } } })).rejects.toMatchObject({ code: 'RW107' });
    }
  });

  it('finds by a token as by a name', async () => {
    const key = await session.admin(
      async (sql) => (await sql`select ragwall.add_signing_key('search') as key`)[0]?.key,
    );
    const signed = forTenant(session.app, 'acme', { signer: tokenSigner(key) });
    const asked = { k: 3, text: question, around: 1 };
    expect(await signed.matchDocuments(vec(0), asked)).toEqual(await acme().matchDocuments(vec(0), asked));
    expect(await signed.searchWords(question)).toEqual(await acme().searchWords(question));
    await session.admin((sql) => sql`select ragwall.retire_signing_key('search')`);
    await expect(signed.searchWords(question)).rejects.toMatchObject({ code: 'RW005' });
  });

  it('finds by both for an agent, who is told no score, and has neither neighbours nor words alone', async () => {
    const agents = await openAgents(inject('engine'), session);
    try {
      const agent = agents.ragwall.forTenant('acme');
      for (const found of [
        await agent.matchDocuments(vec(0), {
          k: 2,
          text: question,
          filter: { $or: [{ even: { $exists: true } }, { id: true }] },
        }),
        await agent.transaction((tx) => tx.matchDocuments(vec(0), { k: 2, text: question })),
      ]) {
        expect(positions(found)).toEqual([0, 4]);
        expect(found[0]).toMatchObject({ similarity: Number.NaN, words: Number.NaN, score: Number.NaN });
      }
      expect(await agent.matchDocuments(vec(0), { k: 2, text: question, filter: { nobody: 1 } })).toEqual([]);
      await expect(agent.matchDocuments(vec(0), { around: 1 })).rejects.toMatchObject({
        ...{ code: 'INVALID_OPTION', message: expect.stringContaining('agent_caller') },
      });
      await expect(agent.searchWords(question)).rejects.toMatchObject({ code: '42501' });
      expect(await agents.ragwall.wordsConfiguration()).toBe('english');
    } finally {
      await agents.end();
    }
  });
});

describe('where words are not enabled', () => {
  it.each(ways)('a text is refused by the server, %s', async (_, search) => {
    const expected = {
      name: 'PostgresError',
      code: 'RW110',
      message: expect.stringContaining('words are not enabled'),
    };
    await expect(search((on) => on.matchDocuments(vec(0), { text: 'x' }))).rejects.toMatchObject(expected);
    await expect(search((on) => on.searchWords('x'))).rejects.toMatchObject(expected);
    expect(await tenantsOn(session.app).wordsConfiguration()).toBeNull();
  });
});

describe('around', () => {
  const around = (found: readonly Match[]) =>
    found.map(({ position, before, after }) => [positions(before ?? []), position, positions(after ?? [])]);

  it.each(ways)('returns as many passages before and after each, of its tenant and source, %s', async (_, search) => {
    const asked = (n: number, more = {}) => search((on) => on.matchDocuments(vec(15), { k: 2, around: n, ...more }));
    const one = await asked(1);
    expect(around(one)).toEqual([
      [[2], 3, [4]],
      [[3], 4, []],
    ]);
    expect(one[0]?.before).toEqual([
      { id: expect.any(String), position: 2, content: `${contents[2]} (acme)`, metadata: { even: true } },
    ]);
    expect(JSON.stringify(one)).not.toContain('globex');
    expect(around(await asked(10))).toEqual([
      [[0, 1, 2], 3, [4]],
      [[0, 1, 2, 3], 4, []],
    ]);
    expect(await asked(0)).toEqual(await search((on) => on.matchDocuments(vec(15), { k: 2 })));
    expect((await asked(0))[0]).not.toHaveProperty('before');
  });

  it('leaves out what the filter does not fit, and what was stored by its id', async () => {
    expect(around(await acme().matchDocuments(vec(15), { k: 1, around: 2, filter: { even: { $ne: false } } }))).toEqual(
      [[[2], 4, []]],
    );
    expect(around(await acme().matchDocuments(vec(170), { k: 1, around: 10 }))).toEqual([[[], null, []]]);
    expect(around(await acme().matchDocuments(vec(180), { k: 1, around: 10 }))).toEqual([[[last - 1], last, []]]);
    expect(await acme().matchDocuments(vec(0), { around: 1, filter: { nobody: 1 } })).toEqual([]);
  });

  it('is of the tenant without the policies, because the statement names it', async () => {
    const [found] = await afterBreaches(session, [noPolicyAbove], 'acme', (tx) =>
      matchDocuments(tx, vec(15), { k: 1, around: 10 }),
    );
    expect(around(found ? [found] : [])).toEqual([[[0, 1, 2], 3, [4]]]);
    expect(JSON.stringify(found)).not.toContain('globex');
  });

  it('of another tenant is not returned, and nothing else', async () => {
    const answer = (tenant: string) => scopeOf('acme', JSON.stringify([[tenant, 'id', 1, '', {}]]));
    expect(await matchIn(answer('acme'), vec(0), { around: 1 })).toMatchObject([{ after: [{ position: 1 }] }]);
    await expect(matchIn(answer('globex'), vec(0), { around: 1 })).rejects.toMatchObject({ code: 'FOREIGN_ROW' });
  });
});

/** A scope of acme whose answer is one row of a tenant. */
function scopeOf(tenant: string, neighbours: string | null = null, bound = 'acme') {
  const answer = async () => [[bound, tenant, 'id', 's', '0', '', '{}', '1', '1', '1', neighbours]];
  return { single: true, tenant: 'acme', send: answer, match: answer };
}

it.each<[string, (scope: ReturnType<typeof scopeOf>) => Promise<unknown[]>]>([
  ['a vector', (scope) => matchIn(scope, vec(0), {})],
  ['words', (scope) => searchWordsIn(scope, 'x', {})],
  ['both', (scope) => matchIn(scope, vec(0), { text: 'x' })],
  ['neighbours', (scope) => matchIn(scope, vec(0), { around: 1 })],
])('a row of another tenant that a search by %s would return is an error', async (_, search) => {
  expect(await search(scopeOf('acme'))).toHaveLength(1);
  for (const scope of [scopeOf('globex'), scopeOf('globex', null, 'globex')]) {
    await expect(search(scope)).rejects.toMatchObject({ code: 'FOREIGN_ROW' });
  }
});
