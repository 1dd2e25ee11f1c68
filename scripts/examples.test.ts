/** Each program of examples/ runs, gets nothing of another tenant, and notices a login that the walls do not bind. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type JWTPayload, SignJWT } from 'jose';
import postgres from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, type TestContext } from 'vitest';
import { root } from '../db/tests/engine/migrations.js';
import { needs } from '../db/tests/engine/session.js';
import { startFakeOpenAI } from './examples/fake-openai.js';
import { startPostgrest } from './examples/postgrest.js';

const engine = inject('engine');
const here = fileURLToPath(root);
const folder = join(here, 'examples');
const run = promisify(execFile);

interface Program {
  readonly file: string;
  /** What runs it; Node, unless it is another. */
  readonly by?: readonly [command: string, ...args: string[]];
  /** Returns why it cannot run here. */
  readonly lacks?: () => Promise<string | undefined>;
  /** What it says to a login that the walls do not bind; absent if it has no such login. */
  readonly noticed?: string;
}

/** Returns a check that a program is there. */
const lacksProgram = (name: string, command: string) => () =>
  run(command, ['--version'], { timeout: 10_000 }).then(
    () => undefined,
    () => `${name} is not installed for this platform`,
  );
/** Where Debian installs modules for. */
const systemPython = '/usr/bin/python3';
const lacksModules = (modules: string, packages: string) => () =>
  run(systemPython, ['-c', `import ${modules}`], { timeout: 10_000 }).then(
    () => undefined,
    () => `${systemPython} cannot import ${modules}; on Debian: apt-get install ${packages}`,
  );

/** It is not in examples/package.json, which is installed on Node 20 as well. */
async function lacksMastra(): Promise<string | undefined> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 13)) return 'Mastra needs Node 22.13';
  const isThere = await access(join(folder, 'mastra/node_modules/@mastra/core')).then(
    () => true,
    () => false,
  );
  return isThere ? undefined : 'Mastra is not installed: npm install in examples/mastra';
}

const noticed = 'globex reads what acme stored';
const node = (file: string): Program => ({ file, noticed });
const python = (file: string, modules: string, packages: string): Program => ({
  ...{ file, noticed, by: [systemPython], lacks: lacksModules(modules, packages) },
});
const bun = join(folder, `node_modules/@oven/bun-${process.platform}-${process.arch}/bin/bun`);
const libc = process.platform === 'linux' ? '-glibc' : '';
const deno = join(folder, `node_modules/@deno/${process.platform}-${process.arch}${libc}/deno`);
const runtime = { file: 'runtimes/client.mjs', noticed: 'R01: a superuser' };

const programs: readonly Program[] = [
  ...['pg/pg.mjs', 'drizzle/drizzle.mjs', 'kysely/kysely.mjs', 'knex/knex.mjs', 'slonik/slonik.mjs'].map(node),
  { ...node('prisma/prisma.ts'), by: [process.execPath, '--import', 'tsx'] },
  ...['langchain/langchain.mjs', 'langchain/pgvector.mjs', 'supabase/supabase.mjs', 'ai-sdk/ai-sdk.mjs'].map(node),
  { ...node('mastra/mastra.mjs'), lacks: lacksMastra },
  { file: 'mcp/mcp.mjs' }, // its server logs in as agent_caller, and reads by one function
  python('python/with_psycopg.py', 'psycopg', 'python3-psycopg'),
  python('python/with_asyncpg.py', 'asyncpg', 'python3-asyncpg'),
  python('python/with_sqlalchemy.py', 'sqlalchemy, psycopg2', 'python3-sqlalchemy python3-psycopg2'),
  runtime,
  { ...runtime, by: [bun], lacks: lacksProgram('Bun', bun) },
  { ...runtime, by: [deno, 'run', '--allow-env', '--allow-net', '--allow-read'], lacks: lacksProgram('Deno', deno) },
  node('runtimes/workerd.mjs'),
  { file: 'telemetry/telemetry.mjs' }, // the service reads by functions alone
];
/** What the programs import or start. */
const parts = ['langchain/store.mjs', 'mcp/server.mjs', 'runtimes/worker.mjs'];

describe('the folder', () => {
  it('has no program that is not run, and none of more than 60 lines', async () => {
    const files = await run('git', ['ls-files', '-co', '--exclude-standard', '.'], { cwd: folder });
    const written = files.stdout.split('\n').filter((name) => /\/.*\.(mjs|ts|py)$/.test(name));
    expect(written.sort()).toEqual([...new Set([...programs.map(({ file }) => file), ...parts])].sort());
    const texts = await Promise.all(written.map((name) => readFile(join(folder, name), 'utf8')));
    expect(written.filter((_, index) => (texts[index]?.split('\n').length ?? 0) > 61)).toEqual([]);
  });

  it('is described on a page, folder by folder', async () => {
    const page = await readFile(join(here, 'docs/clients.md'), 'utf8');
    const entries = await readdir(folder, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== 'node_modules');
    expect(folders.filter(({ name }) => !page.includes(`\`examples/${name}\``)).map(({ name }) => name)).toEqual([]);
  });
});

describe('programs', () => {
  const admin = postgres(engine.adminUrl, { max: 1, onnotice: () => {} });
  const agentUrl = new URL(engine.appUrl ?? 'postgres://none');
  agentUrl.username = 'agent_caller'; // on Docker it has the same password
  let openai: Awaited<ReturnType<typeof startFakeOpenAI>> | undefined;
  let postgrest: Awaited<ReturnType<typeof startPostgrest>> | undefined;
  const jwtSecret = randomBytes(32);
  let signingKey: string;
  let missing: string | undefined;

  beforeAll(async () => {
    if (engine.kind === 'embedded') return;
    const npm = (cwd: string, ...args: string[]) => run('npm', args, { cwd, timeout: 420_000, killSignal: 'SIGKILL' });
    await npm(here, 'run', 'build');
    // Without scripts: those of Prisma and Bun fetch programs from elsewhere. The lock is not written: it repeats what
    // Ragwall depends on, which may have changed.
    await npm(folder, 'install', '--ignore-scripts', '--no-save', '--prefer-offline').catch(async (error) => {
      await run('npm', ['view', 'pg', 'version', '--fetch-retries=0'], { timeout: 30_000 }).catch(() => {
        missing = 'needs the npm registry, which cannot be reached';
      });
      if (!missing) throw error;
    });
    if (missing) return;
    // The engine of schemas is not needed to generate a client, and would be fetched: this names one that is there.
    const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
    const generate = ['prisma', 'generate', '--schema', 'prisma/schema.prisma'];
    await run('npx', generate, { cwd: folder, env, timeout: 60_000 });
    openai = await startFakeOpenAI();
    await admin`alter view ragwall_api.passages alter column embedding_model set default 'text-embedding-3-small'`;
    const [key] = await admin`select ragwall.add_signing_key('examples') as jwk`;
    signingKey = key?.jwk;
    if (engine.kind !== 'docker') return;
    const login = new URL(engine.adminUrl);
    // It may become the superuser, so that a token can name a role that the walls do not bind.
    await admin.unsafe(`
      create role rest_authenticator noinherit login password '${login.password}';
      grant connect on database ${login.pathname.slice(1)} to rest_authenticator;
      grant app_user, ${login.username} to rest_authenticator`);
    login.username = 'rest_authenticator';
    const preRequest = 'ragwall_api.set_tenant_from_request';
    postgrest = await startPostgrest({ url: login.href, jwtSecret, schemas: ['ragwall_api'], preRequest });
  }, 600_000);

  afterAll(async () => {
    openai?.close();
    if (postgrest) {
      await postgrest.close();
      await admin`drop owned by rest_authenticator`;
      await admin`drop role rest_authenticator`;
    }
    if (signingKey) {
      await admin`select ragwall.retire_signing_key('examples')`;
      await admin`alter view ragwall_api.passages alter column embedding_model drop default`;
    }
    await admin`delete from ragwall.documents`;
    await admin.end();
  });

  beforeEach(async (context) => {
    needs(context, engine, ['docker', 'url'], 'several connections');
    if (missing) context.skip(missing);
    await admin`delete from ragwall.documents`;
  });

  /** Signs a token as the sign-in of Supabase does. */
  const sign = (role: string, claims: JWTPayload = {}) =>
    new SignJWT({ role, ...claims }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('5m').sign(jwtSecret);

  async function start({ file, by: [command, ...args] = [process.execPath] }: Program, url: string | undefined) {
    const role = new URL(url ?? 'postgres://none').username;
    const env = {
      ...process.env,
      DATABASE_URL: url,
      AGENT_URL: agentUrl.href,
      RAGWALL_SIGNING_KEY: signingKey,
      SUPABASE_URL: postgrest?.url,
      SUPABASE_KEY: 'none',
      ACME_TOKEN: await sign(role, { tenant_id: 'acme' }),
      GLOBEX_TOKEN: await sign(role, { tenant_id: 'globex' }),
      TOKEN_WITHOUT_TENANT: await sign(role),
      OPENAI_BASE_URL: openai?.url,
      OPENAI_API_KEY: 'none',
      NO_COLOR: '1',
    };
    return run(command, [...args, file], { cwd: folder, env, timeout: 30_000, killSignal: 'SIGKILL' });
  }
  async function skipWhereLacking({ file, lacks }: Program, context: TestContext) {
    if (file.startsWith('mcp/')) needs(context, engine, ['docker'], 'a login of agent_caller');
    if (file.startsWith('supabase/')) needs(context, engine, ['docker'], 'a login of its own');
    const why = await lacks?.();
    if (why) context.skip(why);
  }
  const nameOf = ({ file, by }: Program) => `${by ? `${by[0].split('/').at(-1)} ` : ''}${file}`;
  const named = programs.map((program) => [nameOf(program), program] as const);

  it.for(named)('%s gets what its tenant stored, and nothing of another', async ([, program], context) => {
    await skipWhereLacking(program, context);
    const { stdout } = await start(program, engine.appUrl);
    expect(stdout).toContain('Acme launches on March 15.');
    expect(stdout).toContain('globex gets nothing of acme');
    expect(await admin`select from ragwall.documents`).toHaveLength(0); // it has deleted what it stored
  });

  it.for(named.filter(([, program]) => program.noticed))(
    '%s fails as a superuser, whom no policy binds',
    async ([, program], context) => {
      await skipWhereLacking(program, context);
      const failure = await start(program, engine.adminUrl).catch((error) => error);
      expect(failure).toMatchObject({ code: 1, stderr: expect.stringContaining(program.noticed ?? '') });
    },
  );
});
