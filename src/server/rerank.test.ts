/** A reranker puts what was found into another order, and can drop passages; whatever else it does is an error. */
import type { Embedder, Match, Ragwall } from 'ragwall';
import { expect, it, vi } from 'vitest';
import type { Answerer } from './answer.js';
import { createServer, type ServerOptions } from './app.js';
import { noAnswer } from './grounding.js';
import type { LogEntry } from './request-log.js';
import type { Reranker } from './rerank.js';

const stored = ['zero', 'one', 'two', 'three'].map((content, n) => ({
  ...{ tenantId: 'acme', id: `${n}`, source: 'a.md', position: n, content, metadata: {}, similarity: 1 - n / 10 },
}));
const embedder: Embedder = { model: 'x', embed: async (texts) => texts.map(() => [1]) };

/** A service in front of these documents; what it has logged; how many the database was asked for; what the model was given. */
function service(rerank: unknown, more: Partial<ServerOptions> = {}, found: readonly Match[] = stored) {
  const entries: LogEntry[] = [];
  const asked: number[] = [];
  const given: string[][] = [];
  const answerer: Answerer = {
    async answer(_, passages) {
      given.push(passages.map(({ content }) => content));
      return { answer: noAnswer, citations: [], complete: true };
    },
    async *stream(_, passages) {
      given.push(passages.map(({ content }) => content));
      return { answer: noAnswer, citations: [], complete: true };
    },
  };
  const server = createServer({
    ragwall: {
      max: 1,
      forTenant: () => ({
        tenantId: 'acme',
        matchDocuments: async (_: unknown, { k }: { k: number }) => {
          asked.push(k);
          return found.slice(0, k);
        },
      }),
      assertIsolation: async () => [],
      wordsConfiguration: async () => null,
    } as unknown as Ragwall,
    ...{ verify: async () => 'acme', embedder, answerer, rateLimiter: false, log: (entry) => void entries.push(entry) },
    rerank: rerank as Reranker,
    ...more,
  });
  const ask = async (path: string, body: object = {}) => {
    const headers = { authorization: 'Bearer x', 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify({ query: 'secret question', ...body }) };
    const response = await server.fetch(new Request(`http://localhost${path}`, init));
    const text = await response.text();
    return { status: response.status, text, body: /^\{/.test(text) ? JSON.parse(text) : undefined };
  };
  const contents = async (body: object = {}) =>
    (await ask('/documents/query', body)).body.matches.map(({ content }: Match) => content);
  return { ask, contents, entries, asked, given };
}

it('reorders and drops, out of more candidates than are returned, for queries and answers', async () => {
  const seen: unknown[] = [];
  const rerank: Reranker = (query, passages, signal) => {
    seen.push([query, passages, signal.aborted]);
    return [3, 0, 2];
  };
  const { ask, contents, asked, given } = service(rerank);
  expect(await contents()).toEqual(['three', 'zero', 'two']);
  expect(await contents({ k: 2 })).toEqual(['three', 'zero']);
  await ask('/documents/answer', { k: 1 });
  await ask('/documents/answer', { k: 2, stream: true });
  expect(given).toEqual([['three'], ['three', 'zero']]);
  expect(asked).toEqual([50, 50, 50, 50]);
  expect(seen[0]).toEqual(['secret question', stored, false]);
  expect(await service(async () => []).contents()).toEqual([]);
  // Control: without one, what was found, and no more than was asked for.
  const without = service(undefined);
  expect(await without.contents({ k: 2 })).toEqual(['zero', 'one']);
  expect(without.asked).toEqual([2]);
});

it('is not asked where nothing was found', async () => {
  const { contents } = service(() => [0], {}, []);
  expect(await contents()).toEqual([]);
});

it.each<[string, unknown]>([
  ['a number that no passage has', [4]],
  ['a negative one', [-1]],
  ['a passage twice', [0, 1, 0]],
  ['half a number', [0.5]],
  ['a number as a text', ['0']],
  ['the length of the list', ['length']],
  ['a gap', Object.assign(Array(1), { 1: 0 })],
  ['passages', stored],
  ['nothing', undefined],
  ['no list', { 0: 0, length: 1 }],
])('that returns %s is an error, and nothing is returned or asked', async (_, order) => {
  for (const rerank of [() => order, async () => order]) {
    const { ask, entries, given } = service(rerank);
    for (const path of ['/documents/query', '/documents/answer']) {
      const { status, text, body } = await ask(path);
      expect([status, body.code]).toEqual([502, 'RERANKING_FAILED']);
      expect(text).not.toMatch(/zero|secret/);
    }
    expect(given).toEqual([]);
    expect(entries[0]).toMatchObject({
      problem: 'RERANKING_FAILED',
      cause: 'RagwallError INVALID_OPTION',
      level: 'error',
    });
  }
});

it('changes no passage, whatever it does to what it is given', async () => {
  const { contents } = service((_: string, passages: Match[]) => {
    Object.assign(passages[0] as Match, { content: 'made up' });
    passages.reverse();
    return [0, 1];
  });
  expect(await contents()).toEqual(['zero', 'one']);
  expect(stored[0]?.content).toBe('zero');
});

it('that fails is told without what it said', async () => {
  const fails = () => {
    throw Object.assign(new TypeError('secret'), { code: 'E1' });
  };
  for (const rerank of [fails, async () => fails()]) {
    const { ask, entries } = service(rerank);
    const { status, text, body } = await ask('/documents/query');
    expect([status, body.code, text.includes('secret')]).toEqual([502, 'RERANKING_FAILED', false]);
    expect(entries).toMatchObject([{ problem: 'RERANKING_FAILED', cause: 'TypeError E1' }]);
    expect(JSON.stringify(entries)).not.toContain('secret');
  }
});

it('that takes too long ends with the request, and its signal says so', async () => {
  let signal: AbortSignal | undefined;
  const never: Reranker = (_, __, of) => {
    signal = of;
    return new Promise(() => {});
  };
  const { ask } = service(never, { limits: { seconds: 1 } });
  const { status, body } = await ask('/documents/query');
  expect([status, body.code]).toEqual([504, 'TIMEOUT']);
  await vi.waitFor(() => expect(signal?.aborted).toBe(true));
});

it('is a function, or there is none', () => {
  for (const rerank of [null, 5, {}, 'cohere']) {
    expect(() => service(rerank)).toThrow('rerank: expected a function.');
  }
});
