/** The MCP server as clients see it: whose documents they are, a verified token says, and no argument can. */
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { SignJWT } from 'jose';
import OpenAI from 'openai';
import { lexicalEmbedder } from 'ragwall';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type AgentSession, openAgents } from '../../db/tests/engine/agent-session.js';
import { forTenant } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { type StandIn, startStandIn } from '../../scripts/lab/openai/stand-in.js';
import { openaiAnswerer } from './answer.js';
import type { Server, ServerOptions } from './app.js';
import { createMcpServer } from './mcp.js';
import type { LogEntry } from './request-log.js';
import { tokenVerifier } from './verify.js';

const session = useSession({ clear: true });
const url = new URL('https://knowledge.example.com/mcp');
const secret = Buffer.alloc(32, 7);
const embedder = lexicalEmbedder({ dimensions: 1536 });
const verifying = { keys: secret, algorithms: ['HS256'], issuer: 'https://login.example.com', audience: url.href };
const purpose = { url, authorizationServers: [verifying.issuer], keepAddresses: false };

let agents: AgentSession;
let model: StandIn;
let options: ServerOptions;
let server: Server;
const entries: LogEntry[] = [];
const ids: Record<string, string> = {};

beforeAll(async () => {
  model = await startStandIn();
  await session.admin((sql) => sql`delete from ragwall.documents`);
  for (const [tenant, date] of [
    ['acme', 'March 15'],
    ['globex', 'April 27'],
  ] as const) {
    const content = `The secret launch date of ${tenant} is ${date}.`;
    const document = { source: 'plan.md', position: 0, content, metadata: { of: tenant } };
    await forTenant(session.app, tenant).upsertDocuments([document], { embedder });
    const [vector] = await embedder.embed([content]);
    const [match] = await forTenant(session.app, tenant).matchDocuments(vector ?? []);
    ids[tenant] = match?.id ?? '';
  }
  agents = await openAgents(inject('engine'), session);
  const client = new OpenAI({ baseURL: model.url, apiKey: 'none', maxRetries: 0, timeout: 2_000 });
  options = {
    ...{ ragwall: agents.ragwall, verify: tokenVerifier(verifying), embedder, rateLimiter: false },
    answerer: openaiAnswerer({ client, model: 'stand-in' }),
    accept: ['O01'],
    log: (entry) => void entries.push(entry),
  };
  server = createMcpServer(options, purpose);
});
afterAll(async () => {
  await agents.end();
  await model.close();
});

const tokenOf = (tenant_id: string, claims: Record<string, unknown> = {}) =>
  new SignJWT({ tenant_id, iss: verifying.issuer, aud: url.href, exp: Math.floor(Date.now() / 1_000) + 60, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(secret);

const initialize = {
  ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};
const calling = (name: string, args: object) => ({
  ...{ jsonrpc: '2.0', id: 2, method: 'tools/call' },
  params: { name, arguments: args },
});

interface Asking {
  readonly token?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly of?: Server;
  readonly path?: string;
  readonly method?: string;
}

/** Sends a message as no client of the SDK would. */
async function send(
  body: unknown,
  { token, headers = {}, of = server, path = url.href, method = 'POST' }: Asking = {},
) {
  const response = await of.fetch(
    new Request(path, {
      method,
      headers: {
        ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(method === 'POST' && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

const clients = {
  'v1, @modelcontextprotocol/sdk': [ClientV1, TransportV1, {}],
  'v2, @modelcontextprotocol/client': [ClientV2, TransportV2, {}],
  'v2 by the protocol of 2026-07-28': [ClientV2, TransportV2, { versionNegotiation: { mode: { pin: '2026-07-28' } } }],
} as const;

/** The text of a result. */
const textOf = (result: unknown) => (result as { content: [{ text: string }] }).content[0].text;

async function connected(line: keyof typeof clients, tenant: string, of = server) {
  const [Client, Transport, more] = clients[line] as unknown as [typeof ClientV2, typeof TransportV2, object];
  const client = new Client({ name: 'test', version: '1' }, more);
  const token = await tokenOf(tenant);
  const transport = new Transport(url, {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
    fetch: async (input, init) => of.fetch(new Request(input, init)),
  });
  await client.connect(transport);
  return client;
}

describe.each(Object.keys(clients) as (keyof typeof clients)[])('the client of the SDK, %s', (line) => {
  it('finds three tools that read only, and takes no tenant from an argument', async () => {
    const client = await connected(line, 'acme');
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['search', 'fetch', 'answer']);
    for (const { annotations, inputSchema } of tools) {
      expect(annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false, openWorldHint: false });
      expect(inputSchema.additionalProperties).toBe(false);
    }
    expect(client.getServerCapabilities()).toEqual({ tools: { listChanged: false } });
    await client.close();
  });

  it.each(['acme', 'globex'])('searches, fetches and answers from the documents of %s', async (tenant) => {
    const client = await connected(line, tenant);
    const date = tenant === 'acme' ? 'March 15' : 'April 27';
    const query = 'When is the secret launch date?';
    const found = await client.callTool({ name: 'search', arguments: { query } });
    const text = `The secret launch date of ${tenant} is ${date}.`;
    const place = { id: ids[tenant], title: 'plan.md', url: `urn:uuid:${ids[tenant]}`, position: 0 };
    const results = [{ ...place, text, truncated: false }];
    expect(found.structuredContent).toEqual({ results });
    expect(JSON.parse(textOf(found))).toEqual({ results });
    const fetched = await client.callTool({ name: 'fetch', arguments: { id: ids[tenant] } });
    expect(fetched.structuredContent).toEqual({ ...results[0], metadata: { of: tenant } });
    const answered = await client.callTool({ name: 'answer', arguments: { query } });
    expect(answered.structuredContent).toEqual({
      ...{ answer: `${text} [1]`, complete: true },
      citations: [{ number: 1, ...place }],
    });
    await client.close();
  });

  it('gets an error for another tenant’s id, the same as for one that nobody has', async () => {
    const client = await connected(line, 'acme');
    const outcomes = [];
    for (const id of [ids.globex, '00000000-0000-4000-8000-000000000009']) {
      outcomes.push(await client.callTool({ name: 'fetch', arguments: { id } }));
    }
    expect(outcomes[0]).toMatchObject({ isError: true });
    expect(JSON.parse(textOf(outcomes[0]))).toMatchObject({ code: 'NOT_FOUND' });
    expect(outcomes[0]).toEqual(outcomes[1]);
    await client.close();
  });
});

it('has no tool answer where no model is configured', async () => {
  const { answerer: _, ...more } = options;
  const client = await connected('v2, @modelcontextprotocol/client', 'acme', createMcpServer(more, purpose));
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['search', 'fetch']);
  await client.close();
});

describe('a tenant in', () => {
  const question = { query: 'secret launch date' };
  it.each(['tenant', 'tenant_id', 'tenantId', 'namespace', 'user', 'token'])(
    'the argument %s is refused',
    async (name) => {
      for (const [tool, args] of Object.entries({ search: question, answer: question, fetch: { id: ids.globex } })) {
        const { json, text } = await send(calling(tool, { ...args, [name]: 'globex' }), {
          token: await tokenOf('acme'),
        });
        expect(json().result.isError).toBe(true);
        expect(text).toContain(`Unrecognized key: \\"${name}\\"`);
        expect(text).not.toContain('April');
      }
    },
  );

  it.each<[string, (body: object) => Promise<{ text: string }>]>([
    ['a header', async (body) => send(body, { token: await tokenOf('acme'), headers: { 'x-tenant-id': 'globex' } })],
    ['the query', async (body) => send(body, { token: await tokenOf('acme'), path: `${url}?tenant_id=globex` })],
    [
      'the metadata of the message',
      async ({ params, ...body }: { params?: object }) =>
        send({ ...body, params: { ...params, _meta: { tenant_id: 'globex' } } }, { token: await tokenOf('acme') }),
    ],
    [
      'a filter',
      async () => send(calling('search', { ...question, filter: { of: 'globex' } }), { token: await tokenOf('acme') }),
    ],
    [
      'another session’s id',
      async (body) => send(body, { token: await tokenOf('acme'), headers: { 'mcp-session-id': 'globex' } }),
    ],
  ])('%s counts for nothing', async (_, ask) => {
    const { text } = await ask(calling('search', question));
    expect(text).toContain('results');
    expect(text).not.toMatch(/April|globex/);
  });

  it('a result tells no similarity, no vector and no tenant', async () => {
    const { json } = await send(calling('search', question), { token: await tokenOf('acme') });
    const names = Object.keys(json().result.structuredContent.results[0]);
    expect(names).toEqual(['id', 'title', 'url', 'position', 'text', 'truncated']);
  });
});

it('passes on no document of another tenant, if the database returned one, and then serves nobody', async () => {
  const foreign = { tenant: 'globex', id: ids.globex, source: null, position: 0, content: 'April 27', metadata: {} };
  const forTenant = (tenant: string) => ({
    ...agents.ragwall.forTenant(tenant),
    transaction: async () => [foreign] as never,
  });
  const of = createMcpServer({ ...options, ragwall: { ...agents.ragwall, forTenant } }, purpose);
  const { text, json } = await send(calling('fetch', { id: ids.globex }), { of, token: await tokenOf('acme') });
  expect(json().result.isError).toBe(true);
  expect(text).not.toContain('April');
  expect((await send(initialize, { of, token: await tokenOf('acme') })).status).toBe(503);
});

describe('as a resource server of OAuth', () => {
  const metadataUrl = 'https://knowledge.example.com/.well-known/oauth-protected-resource/mcp';

  it('says at which issuer to get a token, at the path of RFC 9728 and at the root', async () => {
    for (const path of [metadataUrl, 'https://knowledge.example.com/.well-known/oauth-protected-resource']) {
      const { json, headers } = await send(undefined, { method: 'GET', path });
      expect(json()).toEqual({
        ...{ resource: url.href, authorization_servers: [verifying.issuer] },
        ...{ bearer_methods_supported: ['header'], resource_name: 'Ragwall' },
      });
      expect(headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  it('leads a client without a token there', async () => {
    const { status, headers } = await send(initialize);
    expect([status, headers.get('www-authenticate')]).toEqual([401, `Bearer resource_metadata="${metadataUrl}"`]);
  });

  const none = (claims: object) => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'none' })}.${part(claims)}.`;
  };
  const right = { tenant_id: 'acme', iss: verifying.issuer, aud: url.href, exp: 4e9 };
  it.each<[string, () => string | Promise<string>, RegExp]>([
    ['for another service', () => tokenOf('acme', { aud: 'https://other.example.com' }), /aud: unexpected value/],
    ['for the origin alone', () => tokenOf('acme', { aud: url.origin }), /aud: unexpected value/],
    ['for nobody', () => tokenOf('acme', { aud: undefined }), /aud: missing/],
    ['of another issuer', () => tokenOf('acme', { iss: 'https://evil.example' }), /iss: unexpected value/],
    ['that has expired', () => tokenOf('acme', { exp: 1_000 }), /JWTExpired exp/],
    ['without an end', () => tokenOf('acme', { exp: undefined }), /exp: missing/],
    ['with alg none', () => none(right), /JOSEAlgNotAllowed|JWSInvalid|JOSENotSupported|no bearer token/],
    ['without a tenant', () => tokenOf('acme', { tenant_id: undefined }), /no claim tenant_id/],
    ['that is none', () => 'x.y.z', /JWSInvalid|JWTInvalid/],
  ])('refuses a token %s, and logs why', async (_, make, cause) => {
    const { status, headers, text } = await send(calling('search', { query: 'x' }), { token: await make() });
    expect([status, headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer error="invalid_token", resource_metadata="${metadataUrl}"`,
    ]);
    expect(text).not.toMatch(/March|aud|exp\b/);
    expect(entries.at(-1)).toMatchObject({ route: '/mcp', status: 401, problem: 'UNAUTHENTICATED' });
    expect(entries.at(-1)?.cause).toMatch(cause);
  });

  it('takes no token from the query or a body', async () => {
    const token = await tokenOf('acme');
    expect((await send(initialize, { path: `${url}?access_token=${token}` })).status).toBe(401);
    expect((await send({ ...initialize, access_token: token })).status).toBe(401);
  });

  it('asks for a scope, if one is configured', async () => {
    const verify = tokenVerifier({ ...verifying, scope: 'documents:read' });
    const of = createMcpServer({ ...options, verify }, { ...purpose, scope: 'documents:read' });
    const refused = await send(initialize, {
      of,
      token: await tokenOf('acme', { scope: 'documents documents:write' }),
    });
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      403,
      `Bearer error="insufficient_scope", scope="documents:read", resource_metadata="${metadataUrl}"`,
    ]);
    for (const claims of [{ scope: 'a documents:read' }, { scp: ['documents:read'] }]) {
      expect((await send(initialize, { of, token: await tokenOf('acme', claims) })).status).toBe(200);
    }
  });
});

describe('over HTTP', () => {
  it('refuses a page of another site, though it has a token', async () => {
    const token = await tokenOf('acme');
    const statuses = [];
    for (const origin of ['https://evil.example', 'null', 'http://knowledge.example.com', url.origin]) {
      statuses.push((await send(initialize, { token, headers: { origin } })).status);
    }
    expect(statuses).toEqual([403, 403, 403, 200]);
  });

  it.each<[string, number, unknown, Asking]>([
    ['a batch', 400, [calling('search', { query: 'a' }), calling('search', { query: 'b' })], {}],
    ['what is no JSON', 400, '{', {}],
    ['null', 400, 'null', {}],
    ['a subscription, which would stay open', 400, { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen' }, {}],
    ['another type', 415, initialize, { headers: { 'content-type': 'text/plain' } }],
    [
      'another version of the protocol',
      400,
      calling('search', {}),
      { headers: { 'mcp-protocol-version': '1999-01-01' } },
    ],
    ['a stream of the server', 405, undefined, { method: 'GET' }],
    ['the end of a session', 405, undefined, { method: 'DELETE' }],
    ['a body that is too large', 413, 'x'.repeat(4 * 1024 ** 2 + 1), {}],
  ])('refuses %s', async (_, status, body, more) => {
    const refused = await send(body, { ...more, token: await tokenOf('acme') });
    expect(refused.status).toBe(status);
    expect(refused.text).not.toMatch(/March|\bat \S+:\d+/);
  });

  it('gives no session that one could fix or take over', async () => {
    const { headers } = await send(initialize, { token: await tokenOf('acme') });
    expect(headers.get('mcp-session-id')).toBeNull();
  });

  it.each([
    'resources/list',
    'prompts/list',
    'completion/complete',
    'logging/setLevel',
    'tasks/list',
    'sampling/createMessage',
  ])('has no %s', async (method) => {
    const { json } = await send({ jsonrpc: '2.0', id: 1, method, params: {} }, { token: await tokenOf('acme') });
    expect(json().error.code).toBe(-32601);
  });

  it.each<[string, string, object]>([
    ['a k of 21', 'search', { query: 'x', k: 21 }],
    ['a question of 4,001 characters', 'search', { query: 'x'.repeat(4_001) }],
    ['no question', 'answer', {}],
    ['a large filter', 'search', { query: 'x', filter: { x: 'y'.repeat(16_000) } }],
    ['an id that is none', 'fetch', { id: "x' or true --" }],
    ['a tool that is none', 'execute_sql', { query: 'select 1' }],
  ])('refuses %s', async (_, tool, args) => {
    const { json } = await send(calling(tool, args), { token: await tokenOf('acme') });
    const { result, error } = json();
    expect(error?.code === -32602 || result?.isError).toBe(true);
  });

  it('says of a filter which operator it does not know, at which field', async () => {
    const filter = { of: { $like: 'acme' } };
    for (const tool of ['search', 'answer']) {
      const { json } = await send(calling(tool, { query: 'x', filter }), { token: await tokenOf('acme') });
      expect(JSON.parse(textOf(json().result))).toEqual({
        ...{ code: 'INVALID_REQUEST', title: expect.any(String) },
        errors: [{ pointer: '/filter', detail: expect.stringContaining('unknown operator, "$like", at "of"') }],
      });
    }
    const fits = { of: { $in: ['acme', 'globex'] } };
    const { json } = await send(calling('search', { query: 'x', filter: fits }), { token: await tokenOf('acme') });
    expect(json().result.structuredContent.results.map(({ id }: { id: string }) => id)).toEqual([ids.acme]);
    const none = { of: { $not: { $gte: 'a' } } };
    const { json: nothing } = await send(calling('search', { query: 'x', filter: none }), {
      token: await tokenOf('acme'),
    });
    expect(nothing().result.structuredContent.results).toEqual([]);
  });

  it('keeps to the tenant’s rate, tells the tool in the log, and never the question', async () => {
    const rateLimiter = new RateLimiterMemory({ points: 1, duration: 60 });
    const of = createMcpServer({ ...options, rateLimiter }, purpose);
    const ask = async (tenant: string) =>
      (await send(calling('search', { query: 'hush hush' }), { of, token: await tokenOf(tenant) })).status;
    expect([await ask('acme'), await ask('acme'), await ask('globex')]).toEqual([200, 429, 200]);
    expect(entries.at(-1)).toMatchObject({ tool: 'search', tenant: 'globex', status: 200, documents: [ids.globex] });
    expect(JSON.stringify(entries)).not.toMatch(/hush|March|April|eyJ/);
  });

  it('ends a request that takes too long, and tells nothing of what failed', async () => {
    const slow = { ...embedder, embed: () => new Promise<never>(() => {}) };
    const of = createMcpServer({ ...options, embedder: slow, limits: { seconds: 1 } }, purpose);
    expect((await send(calling('search', { query: 'x' }), { of, token: await tokenOf('acme') })).status).toBe(504);
    const broken = { ...embedder, embed: () => Promise.reject(new Error('postgres://user:password@host')) };
    const failed = createMcpServer({ ...options, embedder: broken }, purpose);
    const { json, text } = await send(calling('search', { query: 'x' }), { of: failed, token: await tokenOf('acme') });
    expect(json().result.isError).toBe(true);
    expect(text).toContain('INTERNAL');
    expect(text).not.toContain('password');
    expect(entries.at(-1)).toMatchObject({ status: 500, level: 'error', problem: 'INTERNAL' });
  });
});
