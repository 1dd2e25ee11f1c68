/** `ragwall serve`: the service on Node, set up by the environment. */
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import postgres from 'postgres';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { assertIsolation, type IsolationCheck } from '../client/assert-isolation.js';
import { poolOptions } from '../client/tenant.js';
import { tokenSigner } from '../client/token.js';
import { defaultDimensions, type Embedder } from '../embedders/embedder.js';
import { lexicalEmbedder } from '../embedders/lexical.js';
import { openaiEmbedder } from '../embedders/openai.js';
import { type Answerer, openaiAnswerer } from './answer.js';
import { createServer } from './app.js';
import { tokenVerifier } from './verify.js';

const serveHelp = `ragwall serve   answers POST /documents/upsert, /documents/query, /documents/answer and
                DELETE /documents/{source}, for the tenant that a verified JWT names

What it needs is read from the environment:

  DATABASE_URL            the application's login, app_user
  RAGWALL_SIGNING_KEY     what ragwall.add_signing_key() returned, for a database in signed mode

  RAGWALL_JWKS_URL        where the issuer of tokens publishes its keys; or
  RAGWALL_JWT_PUBLIC_KEY  one public key (PEM); or
  RAGWALL_JWT_SECRET      one secret of 32 characters or more
  RAGWALL_JWT_ALGORITHMS  accepted, separated by commas (default: RS256; with a secret HS256)
  RAGWALL_JWT_ISSUER      the iss of every token
  RAGWALL_JWT_AUDIENCE    the aud of every token
  RAGWALL_TENANT_CLAIM    which claim names the tenant (default: tenant_id), or a JSON pointer to it

  OPENAI_API_KEY, OPENAI_BASE_URL
  RAGWALL_EMBEDDING_MODEL (default: text-embedding-3-small)
  RAGWALL_CHAT_MODEL      answers; without one /documents/answer is 501
  RAGWALL_COMPANY         for whom the assistant speaks

  --port <n>, --host <name>  where to listen (default: 8080, 127.0.0.1)
  --metrics-port <n>         where Prometheus finds metrics, on 127.0.0.1 (default: nowhere)
  --pool <n>                 connections to the database (default: 10)
  --dimensions <n>           of the database's embeddings (default: 1536)
  --rate <n>                 requests a minute of one tenant (default: 600)
  --seconds <n>              until a request is given up (default: 30)
  --drain <n>                seconds from a signal until connections close, for a load balancer to notice (default: 0)
  --accept <id>              a check of the start-up guard that may fail: O01, behind a PgBouncer that does not
                             reset, where all SQL that comes through it is this service's
  --lexical                  embeds by spelling instead of meaning, without a network: to try it out
  --help

It refuses to start where its login is not held to one tenant. SIGTERM and SIGINT end it when the requests under way
are answered.`;

type Environment = Readonly<Record<string, string | undefined>>;

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new Error(`--${name} is expected to be a whole number, ${least} to ${most}`);
  }
  return value;
}

function required(env: Environment, name: string, what: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is expected: ${what}; see --help`);
  return value;
}

/** What verifies tokens, as the environment says. No value gets into an error: some are secrets. */
function verifierOf(env: Environment) {
  const { RAGWALL_JWKS_URL: jwks, RAGWALL_JWT_PUBLIC_KEY: pem, RAGWALL_JWT_SECRET: secret } = env;
  if ([jwks, pem, secret].filter(Boolean).length !== 1) {
    throw new Error(
      'one of RAGWALL_JWKS_URL, RAGWALL_JWT_PUBLIC_KEY and RAGWALL_JWT_SECRET is expected; see --help',
    );
  }
  const keys = () => {
    try {
      return jwks ? new URL(jwks) : pem ? createPublicKey(pem) : Buffer.from(secret ?? '');
    } catch {
      throw new Error(`${jwks ? 'RAGWALL_JWKS_URL' : 'RAGWALL_JWT_PUBLIC_KEY'} cannot be read`);
    }
  };
  const claim = env.RAGWALL_TENANT_CLAIM;
  return tokenVerifier({
    keys: keys(),
    algorithms: (env.RAGWALL_JWT_ALGORITHMS || (secret ? 'HS256' : 'RS256'))
      .split(',')
      .map((name) => name.trim()),
    issuer: required(env, 'RAGWALL_JWT_ISSUER', 'the iss of every token'),
    audience: required(env, 'RAGWALL_JWT_AUDIENCE', 'the aud of every token'),
    ...(claim && { claim }),
  });
}

/** What embeds and what answers: by OpenAI's protocol, or by spelling. */
async function modelsOf(
  env: Environment,
  { lexical, dimensions, seconds }: { lexical: boolean; dimensions: number; seconds: number },
): Promise<{ embedder: Embedder; answerer?: Answerer }> {
  const chat = env.RAGWALL_CHAT_MODEL;
  if (lexical && !chat) return { embedder: lexicalEmbedder({ dimensions }) };
  if (!lexical) required(env, 'OPENAI_API_KEY', 'or --lexical, to try it out without a model');
  const { default: OpenAI } = await import('openai').catch(() => {
    throw new Error('the package openai is expected: npm install openai');
  });
  const client = new OpenAI({
    apiKey: env.OPENAI_API_KEY || 'none',
    baseURL: env.OPENAI_BASE_URL || undefined,
    timeout: seconds * 1_000,
    maxRetries: 1,
    logLevel: 'off', // it would write what it cannot read
  });
  const model = env.RAGWALL_EMBEDDING_MODEL || 'text-embedding-3-small';
  const shortened = /^text-embedding-3/.test(model) ? { dimensions } : {};
  return {
    embedder: lexical
      ? lexicalEmbedder({ dimensions })
      : openaiEmbedder(client, { model, ...shortened }),
    ...(chat && { answerer: openaiAnswerer({ client, model: chat }) }),
  };
}

async function listen(server: HttpServer, port: number, host: string): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const { address, port: taken, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
}

const say = (event: string, more: object = {}) =>
  console.log(JSON.stringify({ time: new Date().toISOString(), level: 'info', event, ...more }));

/** Resolves with the first signal to end; the next one ends the process as it always does. */
function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const names = ['SIGTERM', 'SIGINT'] as const;
    const listener = (name: NodeJS.Signals) => {
      for (const one of names) process.removeListener(one, listener);
      resolve(name);
    };
    for (const one of names) process.on(one, listener);
  });
}

/**
 * Runs the service until a signal ends it.
 * @throws Error that says what of the environment or the arguments is not as expected; RagwallError `NOT_ISOLATED`.
 */
export async function serveCommand(args: string[], env: Environment = process.env): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean' },
      lexical: { type: 'boolean', default: false },
      port: { type: 'string', default: '8080' },
      host: { type: 'string', default: '127.0.0.1' },
      'metrics-port': { type: 'string' },
      pool: { type: 'string', default: '10' },
      dimensions: { type: 'string', default: `${defaultDimensions}` },
      rate: { type: 'string', default: '600' },
      seconds: { type: 'string', default: '30' },
      drain: { type: 'string', default: '0' },
      accept: { type: 'string', multiple: true, default: [] },
    },
  });
  if (values.help) {
    console.log(serveHelp);
    return 0;
  }
  const port = whole('port', values.port, 0, 65_535);
  const metricsPort =
    values['metrics-port'] === undefined
      ? undefined
      : whole('metrics-port', values['metrics-port'], 0, 65_535);
  const dimensions = whole('dimensions', values.dimensions, 1, 4_000);
  const seconds = whole('seconds', values.seconds, 1, 3_600);
  const drain = whole('drain', values.drain, 0, 3_600);
  const rate = whole('rate', values.rate, 1, 1_000_000);
  const max = whole('pool', values.pool, 1, 1_000);
  const accept = values.accept as IsolationCheck[];
  const url = required(env, 'DATABASE_URL', 'the application’s login, app_user');
  const verify = verifierOf(env);
  const company = env.RAGWALL_COMPANY;
  const signer = env.RAGWALL_SIGNING_KEY ? tokenSigner(env.RAGWALL_SIGNING_KEY) : undefined;
  const models = await modelsOf(env, { lexical: values.lexical, dimensions, seconds });

  const sql = postgres(url, { ...poolOptions, max, onnotice: () => {} });
  let http: HttpServer | undefined;
  let metrics: HttpServer | undefined;
  try {
    for (const { check, reason } of await assertIsolation(sql, { accept }))
      say('undetermined', { check, reason });
    const service = createServer({
      sql,
      verify,
      ...models,
      ...(signer && { signer }),
      ...(company && { companyOf: () => company }),
      dimensions,
      accept,
      limits: { seconds },
      rateLimiter: new RateLimiterMemory({ points: rate, duration: 60 }),
    });
    let ending = false;
    const listener = getRequestListener(service.fetch, { hostname: 'localhost' }); // HTTP/1.0 may name no host
    http = createHttpServer((request, response) => {
      if (ending) response.shouldKeepAlive = false; // or a busy connection would be served on and on
      return listener(request, response);
    });
    metrics = createHttpServer(async (_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(await service.metrics());
    });
    const measured =
      metricsPort === undefined ? {} : { metrics: await listen(metrics, metricsPort, '127.0.0.1') };
    say('serving', { address: await listen(http, port, values.host), ...measured });

    const signal = await signalled();
    say('draining', { signal });
    service.drain();
    ending = true;
    await sleep(drain * 1_000);
    const closed = once(http, 'close');
    http.close();
    http.closeIdleConnections();
    await Promise.race([closed, sleep(seconds * 1_000, undefined, { ref: false })]);
    say('stopped');
    return 0;
  } finally {
    for (const server of [http, metrics]) {
      server?.close();
      server?.closeAllConnections();
    }
    await sql.end({ timeout: 5 });
  }
}
