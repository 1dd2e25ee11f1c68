/** The services under load, each a process of its own, and the load itself. */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { SignJWT } from 'jose';
import { dimensions } from '../../../db/tests/engine/dimensions.js';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { root } from '../../../db/tests/engine/migrations.js';
import { forTenant, poolOptions } from '../../../db/tests/engine/session.js';
import { lexicalEmbedder } from '../../../src/index.js';
import { awkwardTenants } from '../data.js';
import { connect } from '../setup.js';
import { guideIndex, guideSchema } from './guide-server.js';

export interface Service {
  readonly name: string;
  readonly url: string;
  /** Of its process. */
  readonly pid: number;
  /** Returns the headers of a tenant's requests. */
  headersOf(tenant: string): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

const words = ['budget', 'launch', 'hiring', 'security', 'travel', 'lease', 'pricing', 'support'];
const questions = words.map((word) => `What does the plan say about ${word}?`);
const documentsOf = (tenant: string) =>
  Array.from({ length: 40 }, (_, n) => `${tenant}: passage ${n} of the plan, about ${words[n % words.length]}`);

/** Whether a passage belongs to a tenant. */
const isOf = (tenant: string, content: string) => content.startsWith(`${tenant}: `);

/** Stores the same documents for both designs. */
export async function prepare({ adminUrl, appUrl }: Engine): Promise<void> {
  const admin = connect(adminUrl);
  const app = connect(appUrl ?? '', poolOptions);
  const embedder = lexicalEmbedder({ dimensions });
  await admin.unsafe(guideSchema);
  await admin.unsafe(`alter role guide_user password '${admin.options.pass}'`); // a UUID, the container's own
  await admin.unsafe(`grant connect on database ${admin.options.database} to guide_user`);
  for (const tenant of awkwardTenants) {
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
  const admin = connect(adminUrl);
  await admin`delete from ragwall.documents`;
  await admin.unsafe('drop schema guide cascade; drop owned by guide_user; drop role guide_user');
  await admin.end();
}

/** Returns an environment without the variables that configure the service. */
const withoutService = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(RAGWALL_|OPENAI_)/.test(name)));

/** Starts a process and waits until it prints its address. */
async function start(file: string, args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL(file, root)), ...args], {
    env: { ...withoutService(process.env), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
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
    pid: child.pid as number,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The service of the guide, which connects to Postgres directly. */
export async function guideService({ adminUrl }: Engine): Promise<Service> {
  const login = Object.assign(new URL(adminUrl), { username: 'guide_user' });
  return startGuide({ DATABASE_URL: login.href });
}

/** A control that leaks: the service of the guide as a superuser, whom policies do not bind, and without its filter. */
export const brokenService = ({ adminUrl }: Engine): Promise<Service> =>
  startGuide({ DATABASE_URL: adminUrl, GUIDE_FILTER: 'off' });

async function startGuide(env: Record<string, string>): Promise<Service> {
  const started = await start('scripts/lab/load/guide-server.ts', [], env);
  return { name: 'the guide’s', ...started, headersOf: async (tenant) => ({ 'x-tenant-id': tenant }) };
}

/** `ragwall serve` with as many connections as PgBouncer has to the server; it takes JWTs signed with a secret. */
export async function ragwallService({ poolerUrl }: Engine, ...more: string[]): Promise<Service> {
  const secret = randomBytes(32).toString('hex');
  const started = await start(
    'src/cli.ts',
    ['serve', '--lexical', '--port', '0', '--rate', '1000000', '--accept', 'O01', '--pool', '5', ...more],
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

export interface Load {
  readonly connections: number;
  readonly requests: number;
}

export interface Outcome extends Load {
  readonly service: string;
  /** Requests that were answered with rows, and all others. */
  readonly answered: number;
  readonly failed: number;
  /** Rows of other tenants than the one that asked. */
  readonly foreign: number;
  /** Answers with fewer rows than were asked for. Every tenant has enough. */
  readonly short: number;
  readonly perSecond: number;
  /** Milliseconds from the request to the whole answer. */
  readonly p50: number;
  readonly p99: number;
}

const k = 5;

/** Sends requests, those of a connection for one tenant after the other, and checks every row of every answer. */
export async function run(service: Service, { connections, requests }: Load): Promise<Outcome> {
  const headers = new Map(
    await Promise.all(awkwardTenants.map(async (tenant) => [tenant, await service.headersOf(tenant)] as const)),
  );
  let asked = 0;
  let [answered, foreign, short] = [0, 0, 0];
  const result = await autocannon({
    url: service.url,
    connections,
    amount: requests,
    timeout: 60,
    requests: [
      {
        method: 'POST',
        path: '/documents/query',
        setupRequest(request, context) {
          const n = asked++;
          const tenant = awkwardTenants[n % awkwardTenants.length] as string;
          Object.assign(context, { tenant });
          const body = JSON.stringify({ query: questions[n % questions.length], k });
          return {
            ...request,
            body,
            headers: { 'content-type': 'application/json', ...headers.get(tenant) },
          };
        },
        onResponse(status, body, context) {
          if (status !== 200) return;
          const { tenant } = context as { tenant: string };
          const { matches } = JSON.parse(body) as { matches: { content: string }[] };
          answered += 1;
          foreign += matches.filter(({ content }) => !isOf(tenant, content)).length;
          if (matches.length < k) short += 1;
        },
      },
    ],
  });
  return {
    service: service.name,
    connections,
    requests,
    answered,
    failed: requests - answered,
    foreign,
    short,
    perSecond: answered / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
  };
}
