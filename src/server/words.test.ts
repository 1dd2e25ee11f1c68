/** Where words are enabled in the database, the service finds documents by them too; where they are not, nothing changes. */
import type { Ragwall } from 'ragwall';
import { afterEach, beforeAll, expect, inject, it, vi } from 'vitest';
import { openAgents } from '../../db/tests/engine/agent-session.js';
import { forTenant, tenantsOn } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { disableWords, enableWords } from '../../db/tests/engine/words.js';
import { createServer, type ServerOptions } from './app.js';
import { createMcpServer } from './mcp.js';
import type { LogEntry } from './request-log.js';
import { createWords } from './words.js';

const session = useSession({ clear: true });
/** An embedder for which all texts are alike, so that words alone decide. */
const embedder = {
  model: 'same',
  embed: async (texts: readonly string[]) => texts.map(() => [1, ...Array(1535).fill(0)]),
};
const contents = [
  'Lunch is at noon.',
  'The invoice is X-4711.',
  'The office closes at six.',
  'Travel is booked in May.',
];
const query = 'Which invoice is X-4711?';

beforeAll(async () => {
  await session.admin((sql) => sql`delete from ragwall.documents`);
  for (const tenant of ['acme', 'globex']) {
    const documents = contents.map((content, position) => ({
      source: 'a.md',
      position,
      content: `${content} ${tenant}`,
    }));
    await forTenant(session.app, tenant).upsertDocuments(documents, { embedder });
  }
});
afterEach(async () => {
  vi.useRealTimers();
  await disableWords(session);
});

const entries: LogEntry[] = [];
function service(ragwall: Ragwall, more: Partial<ServerOptions> = {}): ServerOptions {
  return {
    ...{ ragwall, embedder, verify: async () => 'acme', rateLimiter: false, accept: ['O01'] },
    log: (entry) => void entries.push(entry),
    ...more,
  };
}
async function ask(of: { fetch(request: Request): Promise<Response> }, path: string, body: object) {
  const headers = {
    ...{ authorization: 'Bearer x', 'content-type': 'application/json' },
    accept: 'application/json, text/event-stream',
  };
  const response = await of.fetch(
    new Request(`http://localhost${path}`, { method: 'POST', headers, body: JSON.stringify(body) }),
  );
  return { status: response.status, body: await response.json() };
}
const first = { content: 'The invoice is X-4711. acme', similarity: 1 };

it('a query and an answer find by words, with all scores, of the tenant alone; text is not logged', async () => {
  await enableWords(session);
  const passages: string[][] = [];
  const answered = { answer: 'x [1]', citations: [], complete: true };
  const server = createServer(
    service(tenantsOn(session.app), {
      answerer: {
        answer: async (_, found) => {
          passages.push(found.map(({ content }) => content));
          return answered;
        },
        async *stream() {
          yield 'x [1]';
          return answered;
        },
      },
    }),
  );
  const { body } = await ask(server, '/documents/query', { query, k: 2 });
  expect(body.matches[0]).toMatchObject({ ...first, words: expect.any(Number), score: expect.any(Number) });
  expect(body.matches[0].score).toBeGreaterThan(body.matches[1].score);
  expect(JSON.stringify(body)).not.toContain('globex');
  await ask(server, '/documents/answer', { query, k: 1 });
  expect(passages).toEqual([[first.content]]);
  const none = await ask(server, '/documents/query', { query, filter: { year: { $exists: true } } });
  expect(none.body).toEqual({ matches: [] });
  // What the database cannot take as a text.
  const odd = await ask(server, '/documents/query', { query: `X-4711\0 \ud83d`, k: 1 });
  expect([odd.status, odd.body.matches[0].content]).toEqual([200, first.content]);
  expect(JSON.stringify(entries)).not.toMatch(/4711|invoice/);
});

it('the search tool finds by words, and tells no score', async () => {
  await enableWords(session);
  const agents = await openAgents(inject('engine'), session);
  try {
    const url = new URL('http://localhost/mcp');
    const purpose = { url, authorizationServers: ['http://localhost'], keepAddresses: false };
    const server = createMcpServer(service(agents.ragwall), purpose);
    const { body } = await ask(server, '/mcp', {
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: { name: 'search', arguments: { query, k: 1 } },
    });
    const [found] = body.result.structuredContent.results;
    expect(found.text).toBe(first.content);
    expect(Object.keys(found)).toEqual(['id', 'title', 'url', 'position', 'text', 'truncated']);
  } finally {
    await agents.end();
  }
});

it('where words are not enabled a query has no other scores than before', async () => {
  const server = createServer(service(tenantsOn(session.app)));
  const { status, body } = await ask(server, '/documents/query', { query, k: 4 });
  expect(status).toBe(200);
  expect(body.matches).toHaveLength(4);
  for (const match of body.matches) {
    expect(Object.keys(match)).toEqual(['id', 'source', 'position', 'content', 'metadata', 'similarity']);
  }
});

it('where they are disabled, the next query is answered without them', async () => {
  await enableWords(session);
  const server = createServer(service(tenantsOn(session.app)));
  const asked = async () => (await ask(server, '/documents/query', { query, k: 1 })).body.matches[0];
  expect(await asked()).toMatchObject({ ...first, words: expect.any(Number) });
  await disableWords(session);
  expect(await asked()).not.toHaveProperty('words');
});

it('asks the database once a minute, again where it did not answer, and uses words as it says', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const answers: (string | null | Error)[] = [new Error('down'), null, 'english'];
  const wordsConfiguration = vi.fn(async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer ?? null;
  });
  vi.advanceTimersByTime(1);
  const words = createWords({ wordsConfiguration } as unknown as Ragwall);
  const used = () => words.search(async (withWords) => withWords);
  await expect(used()).rejects.toThrow('down');
  expect(await Promise.all([used(), used()])).toEqual([false, false]);
  vi.advanceTimersByTime(59_000);
  expect(await used()).toBe(false);
  expect(wordsConfiguration).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(2_000);
  expect(await used()).toBe(true);
  expect(wordsConfiguration).toHaveBeenCalledTimes(3);
  // Another error is passed on.
  const failing = words.search(() => Promise.reject(Object.assign(new Error(), { code: 'RW001' })));
  await expect(failing).rejects.toMatchObject({ code: 'RW001' });
});
