/** The services that are put under load, each a process of its own. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import postgres from 'postgres';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { root } from '../../../db/tests/engine/migrations.js';
import { forTenant, lexicalEmbedder, poolOptions } from '../../../src/index.js';
import { guideIndex, guideSchema } from './guide-server.js';

export interface Service {
  readonly name: string;
  readonly url: string;
  /** What a request of a tenant has in its headers. */
  headersOf(tenant: string): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

/** Tenants with awkward names. */
export const tenants = ['acme', 'acme-2', 'ACME', '%', '_', "o'hara", '$1', 'public', '"', 'null'];

const words = ['budget', 'launch', 'hiring', 'security', 'travel', 'lease', 'pricing', 'support'];
export const questions = words.map((word) => `What does the plan say about ${word}?`);
const documentsOf = (tenant: string) =>
  Array.from(
    { length: 40 },
    (_, n) => `${tenant}: passage ${n} of the plan, about ${words[n % words.length]}`,
  );

/** Whether a passage is of a tenant's. */
export const isOf = (tenant: string, content: string) => content.startsWith(`${tenant}: `);

/** Stores the same documents for both designs. */
export async function prepare({ adminUrl, appUrl }: Engine): Promise<void> {
  const open = (url: string) => postgres(url, { ...poolOptions, max: 1, onnotice: () => {} });
  const admin = open(adminUrl);
  const app = open(appUrl ?? '');
  const embedder = lexicalEmbedder();
  await admin.unsafe(guideSchema);
  await admin.unsafe(`alter role guide_user password '${admin.options.pass}'`); // a UUID, the container's own
  for (const tenant of tenants) {
    const documents = documentsOf(tenant).map((content, position) => ({
      source: 'plan.md',
      position,
      content,
    }));
    await forTenant(app, tenant).upsertDocuments(documents, { embedder });
  }
  await admin`
    insert into guide.documents (tenant_id, content, embedding, metadata)
    select tenant_id, content, embedding::vector, metadata from ragwall.documents`;
  await admin.unsafe(guideIndex);
  await admin`vacuum analyze guide.documents`;
  await Promise.all([admin.end(), app.end()]);
}

/** Removes what {@link prepare} stored. */
export async function clear({ adminUrl }: Engine): Promise<void> {
  const admin = postgres(adminUrl, { max: 1, onnotice: () => {} });
  await admin`delete from ragwall.documents`;
  await admin.unsafe('drop schema guide cascade; drop role guide_user');
  await admin.end();
}

/** An environment without what sets the service up. */
export const withoutService = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(RAGWALL_|OPENAI_)/.test(name)));

/** Starts a process, and waits until it says where it serves. */
async function start(file: string, args: string[], env: Record<string, string>) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL(file, root)), ...args],
    {
      // Of the environment's own settings of the service none counts.
      env: { ...withoutService(process.env), ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout);
  const url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const { event, address } = JSON.parse(line);
      if (event === 'serving') resolve(address);
    });
    ended.then(() => reject(new Error(`${file} ended before it served`)), reject);
  });
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The guide's own, on connections of its own to Postgres. */
export async function guideService({ adminUrl }: Engine): Promise<Service> {
  const login = Object.assign(new URL(adminUrl), { username: 'guide_user' });
  return startGuide({ DATABASE_URL: login.href });
}

/** A control that leaks: the same with a login that no policy binds, and without the filter. */
export const brokenService = ({ adminUrl }: Engine): Promise<Service> =>
  startGuide({ DATABASE_URL: adminUrl, GUIDE_FILTER: 'off' });

async function startGuide(env: Record<string, string>): Promise<Service> {
  const started = await start('scripts/lab/load/guide-server.ts', [], env);
  return { name: 'the guide’s', ...started, headersOf: async (tenant) => ({ 'x-tenant-id': tenant }) };
}

/** `ragwall serve` behind PgBouncer, for tokens by a secret. */
export async function ragwallService({ poolerUrl }: Engine): Promise<Service> {
  const secret = randomBytes(32).toString('hex');
  const started = await start(
    'src/cli.ts',
    ['serve', '--lexical', '--port', '0', '--rate', '1000000', '--accept', 'O01', '--pool', '10'],
    {
      DATABASE_URL: poolerUrl ?? '',
      RAGWALL_JWT_SECRET: secret,
      RAGWALL_JWT_ISSUER: 'load',
      RAGWALL_JWT_AUDIENCE: 'load',
    },
  );
  return {
    name: 'ragwall serve',
    ...started,
    async headersOf(tenant) {
      const token = new SignJWT({ tenant_id: tenant }).setProtectedHeader({ alg: 'HS256' });
      token.setIssuer('load').setAudience('load').setExpirationTime('1h');
      return { authorization: `Bearer ${await token.sign(Buffer.from(secret))}` };
    },
  };
}
