/** `ragwall serve` says what it lacks, starts only where it is isolated, and ends when its requests are answered. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SignJWT } from 'jose';
import postgres from 'postgres';
import { afterAll, afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { root } from '../../db/tests/engine/migrations.js';
import { needs } from '../../db/tests/engine/session.js';
import { serveCommand } from './serve-command.js';
import { modelsOf, readOptions } from './serve-options.js';

const engine = inject('engine');
const tsx = import.meta.resolve('tsx');
const cli = fileURLToPath(new URL('src/cli.ts', root));
const secret = 'a secret of the test, of more than 32 characters';
const complete = {
  DATABASE_URL: 'postgres://app_user:password-of-the-test@127.0.0.1:1/app',
  RAGWALL_JWT_SECRET: secret,
  RAGWALL_JWT_ISSUER: 'test',
  RAGWALL_JWT_AUDIENCE: 'test',
};

describe('before it starts, it refuses', () => {
  it.each<[string, Record<string, string>, string[], RegExp]>([
    ['no database', { DATABASE_URL: '' }, [], /^DATABASE_URL is expected/],
    ['no key', { RAGWALL_JWT_SECRET: '' }, [], /^one of RAGWALL_JWKS_URL/],
    ['two keys', { RAGWALL_JWKS_URL: 'https://x' }, [], /^one of RAGWALL_JWKS_URL/],
    ['a short secret', { RAGWALL_JWT_SECRET: 'sk-secret' }, [], /32 bytes/],
    [
      'a public key that is none',
      { RAGWALL_JWT_SECRET: '', RAGWALL_JWT_PUBLIC_KEY: 'sk-secret' },
      [],
      /cannot be read/,
    ],
    ['no issuer', { RAGWALL_JWT_ISSUER: '' }, [], /^RAGWALL_JWT_ISSUER is expected/],
    ['no audience', { RAGWALL_JWT_AUDIENCE: '' }, [], /^RAGWALL_JWT_AUDIENCE is expected/],
    ['the algorithm none', { RAGWALL_JWT_ALGORITHMS: 'HS256,none' }, [], /algorithms/],
    ['a signing key that is none', { RAGWALL_SIGNING_KEY: 'sk-secret' }, [], /A signing key is expected/],
    ['nothing that embeds', {}, [], /^OPENAI_API_KEY is expected: or --lexical/],
    [
      'a tenant’s budget beyond that of all',
      {},
      ['--lexical', '--mebibytes', '8'],
      /^--tenant-mebibytes is expected to be/,
    ],
    ['two embedders', {}, ['--lexical', '--semantic'], /exclude each other/],
    ['a port that is none', {}, ['--lexical', '--port', '70000'], /--port is expected/],
    ['an unknown option', {}, ['--lexcial'], /Unknown option/],
    ['a check that is none', {}, ['--lexical', '--accept', 'X99'], /accept is expected/],
  ])('%s', async (_, env, args, expected) => {
    const error = await serveCommand(args, { ...complete, ...env }).catch((error) => error);
    expect(error.message).toMatch(expected);
    expect(error.message).not.toMatch(/sk-secret|password-of-the-test|a secret of the test/);
  });
});

describe('the models', () => {
  it.each([
    [{ OPENAI_API_KEY: 'none' }, [], 'text-embedding-3-small@384'],
    [{ OPENAI_API_KEY: 'none', RAGWALL_EMBEDDING_MODEL: 'text-embedding-3-large' }, [], 'text-embedding-3-large@384'],
    [{ OPENAI_API_KEY: 'none', RAGWALL_EMBEDDING_MODEL: 'other' }, [], 'other'],
    [{}, ['--lexical'], 'lexical-v1@384'],
    [{}, ['--semantic'], 'use-lite-en-v0.2@512'],
    [{ OPENAI_API_KEY: 'none', RAGWALL_CHAT_MODEL: 'm' }, ['--semantic'], 'use-lite-en-v0.2@512'],
  ])(
    'of %j %j are those that are asked for, and have the dimensions of the database, where they can',
    async (env, args, model) => {
      const options = readOptions(args);
      if (!options) throw new Error('no help is wanted');
      const { embedder } = (await modelsOf(env, options))(384);
      expect(embedder.model).toBe(model);
    },
  );

  it('embed one text after the other, and let others in between, where they compute in this process', async () => {
    const options = readOptions(['--lexical']);
    if (!options) throw new Error('no help is wanted');
    const { embedder } = (await modelsOf({}, options))(8);
    let rounds = 0;
    const count = setInterval(() => (rounds += 1), 0);
    const vectors = await embedder.embed(Array.from({ length: 50 }, () => 'A text of some length. '.repeat(500)));
    clearInterval(count);
    expect(vectors).toHaveLength(50);
    expect(rounds).toBeGreaterThan(10);
  });
});

describe('on the command line', () => {
  const run = (cli: string, args: string[], cwd?: string) =>
    promisify(execFile)(process.execPath, ['--import', tsx, cli, 'serve', ...args], { cwd }).catch((error) => error);

  it('an error keeps its lines, and no other control character of its own', async () => {
    const { code, stderr } = await run(cli, ['--one\n\u001b[2Jtwo']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ragwall: Unknown option '--one\n\\x1b\[2Jtwo'/);
  });

  it('says what to install where the package of the service is missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ragwall-core-'));
    try {
      await cp(fileURLToPath(new URL('src/', root)), join(folder, 'src'), {
        recursive: true,
        filter: (path) => !path.includes('/src/server'),
      });
      await writeFile(join(folder, 'package.json'), '{"type":"module"}');
      await mkdir(join(folder, 'node_modules'));
      for (const name of ['postgres', 'cli-progress', 'jose']) {
        const installed = fileURLToPath(new URL(`node_modules/${name}`, root));
        await symlink(installed, join(folder, 'node_modules', name));
      }
      const { code, stderr } = await run(join(folder, 'src/cli.ts'), [], folder);
      expect(stderr).toBe('ragwall: the service is a package of its own: npm install ragwall-server\n');
      expect(code).toBe(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

const acmeToken = () =>
  new SignJWT({ tenant_id: 'acme' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('test')
    .setAudience('test')
    .setExpirationTime('1m')
    .sign(Buffer.from(secret));

describe('on a server', () => {
  beforeEach((context) => needs(context, engine, ['docker', 'url'], 'a login'));

  afterAll(async () => {
    if (engine.kind === 'embedded') return;
    const admin = postgres(engine.adminUrl, { max: 1 });
    await admin`delete from ragwall.documents`;
    await admin.end();
  });
  const elsewhere = JSON.stringify({ kty: 'oct', alg: 'HS256', kid: 'k', aud: 'elsewhere', k: 'A'.repeat(43) });
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL'); // after a test that failed
  });

  const start = (url: string, ...args: string[]) => startWith({ DATABASE_URL: url }, '--lexical', ...args);

  function startWith(env: object, ...args: string[]) {
    const child = spawn(process.execPath, ['--import', tsx, cli, 'serve', '--port', '0', ...args], {
      env: { ...process.env, ...complete, ...env },
    });
    children.push(child);
    const lines: Record<string, unknown>[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)));
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
    });
    const event = async (name: string) => {
      for (;;) {
        const found = lines.find((line) => line.event === name);
        if (found) return found;
        if (child.exitCode !== null) throw new Error(said);
        await new Promise((done) => setTimeout(done, 20));
      }
    };
    return { child, event, lines, exit: once(child, 'exit'), said: () => said };
  }

  it('does not start with a login that no policy binds', async () => {
    const { exit, said } = start(engine.adminUrl);
    expect((await exit)[0]).toBe(1);
    expect(said()).toMatch(/^R01: /m);
    expect(said()).not.toContain(String.raw`\n`);
  });

  it.each([
    ['without a key in signed mode', {}, ['--lexical'], /^G02: .* there is none/m],
    ['with a key of another database', { RAGWALL_SIGNING_KEY: elsewhere }, ['--lexical'], /^G02: .*RW005/m],
    [
      'with a model whose vectors are of another length',
      { OPENAI_API_KEY: 'none', RAGWALL_EMBEDDING_MODEL: 'three' },
      ['--accept', 'G02'],
      /^G03: .* 3 of the embedder, 1536 in the database/m,
    ],
  ])('does not start %s', async (_, env, args, reason) => {
    const model = createHttpServer((_, response) =>
      response.setHeader('content-type', 'application/json').end('{"data":[{"index":0,"embedding":[1,2,3]}]}'),
    ).listen(0, '127.0.0.1');
    await once(model, 'listening');
    const admin = postgres(engine.adminUrl, { max: 1 });
    await admin`revoke execute on function ragwall.set_tenant(text) from app_user`;
    const { port } = model.address() as AddressInfo;
    const url = { DATABASE_URL: engine.appUrl, OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` };
    const { exit, said, lines } = startWith({ ...url, ...env }, ...args);
    const [code] = await exit;
    await admin`grant execute on function ragwall.set_tenant(text) to app_user`;
    await admin.end();
    model.close();
    expect(said()).toMatch(reason);
    expect(code).toBe(1);
    expect(lines.filter(({ event }) => event === 'serving')).toEqual([]);
  });

  it('does not start, and ends, where a port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { exit, said } = start(engine.appUrl ?? '', '--metrics-port', String(port), '--accept', 'O01');
    expect((await exit)[0]).toBe(1);
    expect(said()).toContain('EADDRINUSE');
    taken.close();
  });

  it('serves, shows metrics apart, answers what is under way when it is told to end, and ends', async () => {
    const { child, event, exit, lines } = start(
      engine.appUrl ?? '',
      '--metrics-port',
      '0',
      '--drain',
      '1',
      '--rate',
      '1000000',
      '--accept',
      'O01',
    );
    const { address, metrics } = (await event('serving')) as { address: string; metrics: string };
    const token = await acmeToken();
    const query = () =>
      fetch(`${address}/documents/query`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"query":"anything"}',
      });
    expect((await fetch(`${address}/readyz`)).status).toBe(200);
    expect(await (await query()).json()).toEqual({ matches: [] });
    expect(await (await fetch(metrics)).text()).toContain('route="/documents/query"');
    // Callers that ask again and again on connections that they keep, until they are refused one.
    const statuses: number[] = [];
    const caller = async () => {
      for (;;) {
        const response = await query().catch(({ cause }) => cause.code as string);
        if (typeof response === 'string') return response;
        statuses.push(response.status);
        await response.arrayBuffer();
      }
    };
    const callers = Array.from({ length: 8 }, caller);
    while (statuses.length <= 20) await new Promise((done) => setTimeout(done, 20));
    child.kill('SIGTERM');
    await event('draining');
    expect((await fetch(`${address}/readyz`)).status).toBe(503);
    expect((await exit)[0]).toBe(0);
    // A connection that is still in the queue when the port closes is reset, and no request of it was served.
    expect(['ECONNREFUSED', 'ECONNRESET']).toEqual(expect.arrayContaining(await Promise.all(callers)));
    const served = lines.filter(({ route }) => route === '/documents/query');
    expect(statuses).toEqual(Array(served.length - 1).fill(200)); // and the one above
    expect(lines.at(-1)?.event).toBe('stopped');
  });

  it('refuses what is beyond a tenant’s budget, such that the caller reads why, and waits for no slow caller', async () => {
    const { child, event, exit } = start(
      engine.appUrl ?? '',
      ...['--accept', 'O01', '--seconds', '3', '--tenant-mebibytes', '4', '--metrics-port', '0', '--rate', '1000000'],
    );
    const { address, metrics } = (await event('serving')) as { address: string; metrics: string };
    const token = await acmeToken();
    const length = 3 * 1024 ** 2;
    const lines = ['POST /documents/upsert HTTP/1.1', 'host: x', 'content-type: application/json'];
    const headersOf = (...more: string[]) => `${[...lines, ...more].join('\r\n')}\r\n\r\n`;
    const bearer = `authorization: Bearer ${token}`;
    /** A connection, and what it has been answered. */
    async function connection() {
      const socket = connect(Number(new URL(address).port), '127.0.0.1');
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes;
      });
      const closed = once(socket, 'close').catch(({ code }) => code); // not by a reset
      await once(socket, 'connect');
      return { socket, closed, statuses: () => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status) };
    }
    async function until(condition: () => unknown): Promise<void> {
      while (!condition()) await new Promise((done) => setTimeout(done, 10));
    }

    const silent = await connection(); // sends nothing
    const slow = await connection(); // holds three of four MiB, and sends no more than this
    slow.socket.write(`${headersOf(bearer, `content-length: ${length}`)}{`);
    const shown = async () => (await fetch(metrics)).text();
    while (!/ragwall_load\{of="bytes"\} 3145728/.test(await shown())) await new Promise((done) => setTimeout(done, 10));

    // A caller that sends on after the answer reads it, and can use its connection again.
    const next = await connection();
    next.socket.write(headersOf(bearer, `content-length: ${length}`));
    await until(() => next.statuses().length === 1);
    for (let sent = 0; sent < length; sent += 64 * 1024) next.socket.write(Buffer.alloc(64 * 1024, ' '));
    next.socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await until(() => next.statuses().length === 2);
    expect(next.statuses()).toEqual(['429', '200']);
    next.socket.end();

    const upload = (body: BodyInit, more = {}) =>
      fetch(`${address}/documents/upsert`, {
        ...{ method: 'POST', body, duplex: 'half', ...more },
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      } as RequestInit);
    const refused = await Promise.all(Array.from({ length: 20 }, () => upload(' '.repeat(length))));
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]));
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(await refused[0]?.json()).toMatchObject({ code: 'TENANT_BUSY' });
    // A body that does not say how long it is, is refused when it has become too long.
    const pieces = Array.from({ length: 32 }, () => new Uint8Array(64 * 1024));
    expect((await upload(new Blob(pieces).stream() as never)).status).toBe(429);
    // Whoever has no token holds nothing.
    const stranger = await connection();
    stranger.socket.write(headersOf(`content-length: ${length}`));
    await until(() => stranger.statuses().length === 1);
    expect(stranger.statuses()).toEqual(['401']);
    stranger.socket.end();

    expect(await shown()).toContain('ragwall_refused_requests_total{budget="tenant"} 22');
    await until(() => slow.statuses().length === 1);
    slow.socket.write(`${' '.repeat(length - 1)}GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n`);
    await until(() => slow.statuses().length === 2);
    expect(slow.statuses()).toEqual(['504', '200']);
    expect((await upload('{"documents":[{"source":"a","position":0,"content":"x"}]}')).status).toBe(200);
    expect(await shown()).toMatch(/ragwall_load\{of="bytes"\} 0\n/);
    await silent.closed;
    expect(silent.statuses()).toEqual(['408']);
    slow.socket.destroy();
    child.kill('SIGTERM');
    await exit;
    expect(await shown().catch(() => 'ended')).toBe('ended');
  }, 30_000);
});
