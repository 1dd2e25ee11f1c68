/** `ragwall mcp` starts only with a login that can search and nothing else, and serves by HTTP and standard input. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client as ClientV2, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { SignJWT } from 'jose';
import { lexicalEmbedder } from 'ragwall';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type AgentSession, openAgents } from '../../db/tests/engine/agent-session.js';
import { root } from '../../db/tests/engine/migrations.js';
import { forTenant, needs } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { mcpCommand } from './mcp-command.js';

const engine = inject('engine');
const secret = 'a secret of the test, of more than 32 characters';
const signingKey = JSON.stringify({ kty: 'oct', alg: 'HS256', kid: 'k', aud: 'ragwall:x', k: 'A'.repeat(43) });
const complete = {
  DATABASE_URL: 'postgres://agent_caller:password-of-the-test@127.0.0.1:1/app',
  RAGWALL_SIGNING_KEY: signingKey,
  RAGWALL_JWT_SECRET: secret,
  RAGWALL_JWT_ISSUER: 'https://login.example.com',
  RAGWALL_MCP_URL: 'https://knowledge.example.com/mcp',
};

describe('before it starts, it refuses', () => {
  it.each<[string, Record<string, string>, string[], RegExp]>([
    ['no database', { DATABASE_URL: '' }, [], /^DATABASE_URL is expected: the login of the agents/],
    ['no signing key', { RAGWALL_SIGNING_KEY: '' }, [], /^RAGWALL_SIGNING_KEY is expected/],
    ['no address', { RAGWALL_MCP_URL: '' }, [], /^RAGWALL_MCP_URL is expected/],
    [
      'an address without TLS',
      { RAGWALL_MCP_URL: 'http://knowledge.example.com/mcp' },
      [],
      /^RAGWALL_MCP_URL is expected/,
    ],
    ['an address with a query', { RAGWALL_MCP_URL: 'https://x.example/mcp?a=b' }, [], /^RAGWALL_MCP_URL is expected/],
    ['an issuer that is no URL', { RAGWALL_JWT_ISSUER: 'login' }, [], /^RAGWALL_MCP_AUTHORIZATION_SERVERS is expected/],
    [
      'the issuers of a template',
      { RAGWALL_JWT_ISSUER: 'https://login/{tid}/v2', RAGWALL_TENANT_CLAIM: 'tid' },
      [],
      /^RAGWALL_MCP_AUTH/,
    ],
    ['two scopes', { RAGWALL_JWT_SCOPE: 'a b' }, [], /scope is expected/],
    ['no token', { RAGWALL_MCP_URL: '', RAGWALL_JWT_AUDIENCE: 'x' }, ['--stdio'], /^RAGWALL_MCP_TOKEN is expected/],
    ['neither address nor audience', { RAGWALL_MCP_URL: '' }, ['--stdio'], /^RAGWALL_JWT_AUDIENCE is expected/],
    ['an unknown option', {}, ['--tenant', 'acme'], /Unknown option '--tenant'/],
  ])('%s', async (_, env, args, expected) => {
    const error = await mcpCommand(['--lexical', ...args], { ...complete, ...env }).catch((error) => error);
    expect(error.message).toMatch(expected);
    expect(error.message).not.toMatch(/password-of-the-test|a secret of the test|AAAA/);
  });
});

describe('on a server', () => {
  beforeEach((context) => needs(context, engine, ['docker', 'url'], 'a login'));
  const session = useSession({ clear: true });
  let agents: AgentSession;
  beforeAll(async () => {
    if (engine.kind === 'embedded') return;
    for (const tenant of ['acme', 'globex']) {
      await forTenant(session.app, tenant).upsertDocuments(
        [{ source: 'plan.md', position: 0, content: `The launch of ${tenant}` }],
        { embedder: lexicalEmbedder({ dimensions: 1536 }) },
      );
    }
    agents = await openAgents(engine, session);
  });
  afterAll(() => agents?.end());
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL'); // after a test that failed
  });

  const tokenOf = (tenant_id: string, seconds = 60) =>
    new SignJWT({ tenant_id, iss: complete.RAGWALL_JWT_ISSUER, aud: complete.RAGWALL_MCP_URL })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(Math.floor(Date.now() / 1_000) + seconds)
      .sign(Buffer.from(secret));

  const cli = fileURLToPath(new URL('src/cli.ts', root));
  const argsOf = (...args: string[]) => [
    '--import',
    import.meta.resolve('tsx'),
    cli,
    'mcp',
    '--lexical',
    '--accept',
    'O01',
    ...args,
  ];
  const envOf = (more: object = {}) =>
    ({ ...process.env, ...complete, DATABASE_URL: agents.url, RAGWALL_SIGNING_KEY: agents.key, ...more }) as Record<
      string,
      string
    >;
  const failureOf = (env: object, ...args: string[]) =>
    mcpCommand(['--lexical', '--accept', 'O01', '--port', '0', ...args], envOf(env)).then(
      () => 'it started and ended',
      ({ message }) => message as string,
    );

  const inspector = process.env.RAGWALL_TEST_INSPECTOR;

  /** Has the inspector list the tools of a server, and search by one of them. */
  async function inspect(...target: string[]): Promise<void> {
    const [command = '', ...first] = (inspector ?? '').split(' ');
    const run = async (...args: string[]) => {
      const all = [...first, '--cli', ...target, ...args];
      return JSON.parse((await promisify(execFile)(command, all, { timeout: 50_000 })).stdout);
    };
    const { tools } = await run('--method', 'tools/list');
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(['search', 'fetch']);
    const found = await run('--method', 'tools/call', '--tool-name', 'search', '--tool-arg', 'query=launch');
    expect(found.structuredContent.results).toMatchObject([{ text: 'The launch of acme' }]);
  }

  it('does not start with a login that may write, or where tenants can be named', async () => {
    expect(await failureOf({ DATABASE_URL: engine.appUrl }, '--trusting')).toMatch(
      /expected to be a login of agent_caller; this one may call ragwall\.set_tenant\(\), .*write ragwall\.documents/,
    );
    expect(await failureOf({})).toMatch(/expected to be in signed mode/);
    expect(await failureOf({ RAGWALL_SIGNING_KEY: signingKey }, '--trusting')).toMatch(/^G02: /m);
  });

  it('serves by HTTP, in signed mode, at the path of its address, and ends when told to', async () => {
    const roles = 'app_user, app_reader';
    await session.admin((sql) => sql.unsafe(`revoke execute on function ragwall.set_tenant(text) from ${roles}`));
    const child = spawn(process.execPath, argsOf('--port', '0'), { env: envOf() });
    children.push(child);
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
    });
    const lines: Record<string, string>[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)));
    const exit = once(child, 'exit');
    while (!lines.some(({ event }) => event === 'serving') && child.exitCode === null) {
      await new Promise((done) => setTimeout(done, 20));
    }
    await session.admin((sql) => sql.unsafe(`grant execute on function ragwall.set_tenant(text) to ${roles}`));
    expect(said).toBe('');
    const address = lines.find(({ event }) => event === 'serving')?.address ?? '';
    expect((await fetch(`${address}/readyz`)).status).toBe(200);
    expect((await fetch(`${address}/documents/query`, { method: 'POST' })).status).toBe(404);
    const client = new ClientV2({ name: 'test', version: '1' });
    const headers = { authorization: `Bearer ${await tokenOf('acme')}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${address}/mcp`), { requestInit: { headers } }));
    const found = await client.callTool({ name: 'search', arguments: { query: 'launch' } });
    expect(found.structuredContent).toMatchObject({ results: [{ text: 'The launch of acme' }] });
    await client.close();
    const header = ['--header', `authorization: ${headers.authorization}`];
    if (inspector) await inspect(`${address}/mcp`, '--transport', 'http', ...header);
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
    expect(lines.find(({ tool }) => tool === 'search')).toMatchObject({ route: '/mcp', tenant: 'acme', status: 200 });
  });

  it.each([
    ['v1', 'acme', ClientV1, StdioV1],
    ['v2', 'globex', ClientV2, StdioV2],
  ] as const)(
    'serves the client %s over standard input, for the tenant of its token: %s',
    async (_, tenant, Client, Transport) => {
      const client = new Client({ name: 'test', version: '1' }) as ClientV2;
      const env = envOf({ RAGWALL_MCP_TOKEN: await tokenOf(tenant) });
      const args = argsOf('--stdio', '--trusting');
      await client.connect(new Transport({ command: process.execPath, args, env, stderr: 'ignore' }) as never);
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['search', 'fetch']);
      const found = await client.callTool({ name: 'search', arguments: { query: 'The launch of acme' } });
      expect(found.structuredContent).toMatchObject({ results: [{ text: `The launch of ${tenant}` }] });
      const named = await client.callTool({ name: 'search', arguments: { query: 'x', tenant: 'acme' } });
      expect(named.isError).toBe(true);
      await client.close();
    },
  );

  it('stops answering over standard input when the token has expired, logs why, and ends with its client', async () => {
    const token = await tokenOf('acme', 8);
    const child = spawn(process.execPath, argsOf('--stdio', '--trusting'), {
      env: envOf({ RAGWALL_MCP_TOKEN: token }),
    });
    children.push(child);
    const exit = once(child, 'exit');
    const answers: { id: number; result: { isError?: boolean; content: { text: string }[] } }[] = [];
    createInterface(child.stdout).on('line', (line) => answers.push(JSON.parse(line)));
    const log: Record<string, string>[] = [];
    createInterface(child.stderr).on('line', (line) => log.push(JSON.parse(line)));
    const send = (id: number, method: string, params: object) =>
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    const answer = async (id: number) => {
      for (;;) {
        const found = answers.find((each) => each.id === id);
        if (found) return found.result;
        if (child.exitCode !== null) throw new Error(JSON.stringify(log));
        await new Promise((done) => setTimeout(done, 20));
      }
    };
    const search = { name: 'search', arguments: { query: 'launch' } };
    send(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } });
    await answer(1);
    send(2, 'tools/call', search);
    expect((await answer(2)).isError).toBeUndefined();
    let refused = await answer(2);
    for (let id = 3; !refused.isError; id += 1) {
      await new Promise((done) => setTimeout(done, 500)); // clocks may differ by 5 seconds
      send(id, 'tools/call', search);
      refused = await answer(id);
    }
    expect(refused.content[0]?.text).toContain('UNAUTHENTICATED');
    expect(log.at(-1)).toMatchObject({ route: 'stdio', tool: 'search', status: 401, cause: 'JWTExpired exp' });
    expect(log.find(({ status }) => Number(status) === 200)).toMatchObject({ tenant: 'acme', tool: 'search' });
    child.stdin.end();
    expect((await exit)[0]).toBe(0);
  });

  it('is inspected by the inspector of the protocol, unmodified', async (context) => {
    if (!inspector) {
      return context.skip(
        'RAGWALL_TEST_INSPECTOR is not set: a command that runs the inspector, which needs Node 22.19',
      );
    }
    const variables = Object.entries(envOf({ RAGWALL_MCP_TOKEN: await tokenOf('acme') }))
      .filter(([name]) => /^(RAGWALL_|DATABASE_URL)/.test(name))
      .flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    await inspect(...variables, process.execPath, ...argsOf('--stdio', '--trusting'));
  });
});
