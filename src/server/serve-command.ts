/** `ragwall serve`: runs the service on Node, with options from the command line and the environment. */
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import postgres from 'postgres';
import { Histogram, Registry } from 'prom-client';
import {
  assertIsolation,
  type Embedder,
  type IsolationCheck,
  lexicalEmbedder,
  openaiEmbedder,
  poolOptions,
  tokenSigner,
} from 'ragwall';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { type Answerer, openaiAnswerer } from './answer.js';
import { createServer } from './app.js';
import { requestDurations } from './metrics.js';
import { tokenVerifier } from './verify.js';

/** Dimensions of the embeddings in the database, without --dimensions. */
const defaultDimensions = 1536;

const serveHelp = `ragwall serve   answers POST /documents/upsert, /documents/query, /documents/answer and
                DELETE /documents/{source}, for the tenant that a verified JSON Web Token names

The environment configures it:

  DATABASE_URL            the login of the application, app_user
  RAGWALL_SIGNING_KEY     what ragwall.add_signing_key() returned; for a database in signed mode

  RAGWALL_JWKS_URL        the URL at which the issuer of tokens publishes its keys; or
  RAGWALL_JWT_PUBLIC_KEY  one public key (PEM); or
  RAGWALL_JWT_SECRET      one secret of at least 32 bytes
  RAGWALL_JWT_ALGORITHMS  the algorithms that are accepted, separated by commas (default: RS256, with a secret HS256)
  RAGWALL_JWT_ISSUER      the claim iss that every token must have
  RAGWALL_JWT_AUDIENCE    the claim aud that every token must have
  RAGWALL_TENANT_CLAIM    the name of the claim that has the tenant (default: tenant_id), or a JSON pointer to it

  OPENAI_API_KEY, OPENAI_BASE_URL
  RAGWALL_EMBEDDING_MODEL the model that embeds (default: text-embedding-3-small)
  RAGWALL_CHAT_MODEL      the model that answers (default: none, and /documents/answer is answered 501)
  RAGWALL_COMPANY         the company for which the assistant speaks

  --port <n>, --host <name>  where it listens (default: 8080 on 127.0.0.1)
  --metrics-port <n>         the port on 127.0.0.1 where it shows metrics to Prometheus (default: none)
  --pool <n>                 connections to the database (default: 10)
  --dimensions <n>           dimensions of the embeddings in the database (default: ${defaultDimensions})
  --rate <n>                 requests of one tenant in a minute, counted in this process (default: 600)
  --seconds <n>              seconds after which a request is answered 504 (default: 30)
  --drain <n>                seconds for which it still accepts connections after SIGTERM, so that a load balancer can
                             see /readyz answer 503 (default: 0)
  --accept <id>              a check of the start-up guard that may fail. O01: a PgBouncer that does not reset
                             sessions, if only this service sends SQL through it
  --lexical                  embed by spelling instead of meaning, without a model: to try it out
  --help

It refuses to start if its login is not held to one tenant. After SIGTERM or SIGINT it answers the requests that it
has received, and ends.`;

type Environment = Readonly<Record<string, string | undefined>>;

function wholeNumber(name: string, text: string, least: number, most: number): number {
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

/** Returns the verifier of tokens that the environment configures. No value gets into an error: some are secrets. */
function verifierOf(env: Environment) {
  const { RAGWALL_JWKS_URL: jwks, RAGWALL_JWT_PUBLIC_KEY: pem, RAGWALL_JWT_SECRET: secret } = env;
  if ([jwks, pem, secret].filter(Boolean).length !== 1) {
    throw new Error('one of RAGWALL_JWKS_URL, RAGWALL_JWT_PUBLIC_KEY and RAGWALL_JWT_SECRET is expected; see --help');
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
    algorithms: (env.RAGWALL_JWT_ALGORITHMS || (secret ? 'HS256' : 'RS256')).split(',').map((name) => name.trim()),
    issuer: required(env, 'RAGWALL_JWT_ISSUER', 'the iss of every token'),
    audience: required(env, 'RAGWALL_JWT_AUDIENCE', 'the aud of every token'),
    ...(claim && { claim }),
  });
}

/** Returns the embedder and, if there is a chat model, the answerer. */
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
    logLevel: 'off', // it would write answers that it cannot parse, with content
  });
  const model = env.RAGWALL_EMBEDDING_MODEL || 'text-embedding-3-small';
  const shortened = /^text-embedding-3/.test(model) ? { dimensions } : {};
  return {
    embedder: lexical ? lexicalEmbedder({ dimensions }) : openaiEmbedder(client, { model, ...shortened }),
    ...(chat && { answerer: openaiAnswerer({ client, model: chat }) }),
  };
}

/** Listens, and returns the URL. */
async function listen(server: HttpServer, port: number, host: string): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const { address, port: bound, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}

const logEvent = (event: string, more: object = {}) =>
  console.log(JSON.stringify({ time: new Date().toISOString(), level: 'info', event, ...more }));

/** Resolves with the first SIGTERM or SIGINT. The next one ends the process at once. */
function endSignal(): Promise<NodeJS.Signals> {
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
 * Runs the service until SIGTERM or SIGINT, and returns the exit code.
 *
 * @param args the arguments after `ragwall serve`.
 * @param env the variables that `ragwall serve --help` lists.
 * @throws Error that says which variable or argument is not as expected; RagwallError `NOT_ISOLATED` if the login is not
 *   held to one tenant, `INVALID_OPTION`.
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
  const port = wholeNumber('port', values.port, 0, 65_535);
  const metricsPort =
    values['metrics-port'] === undefined ? undefined : wholeNumber('metrics-port', values['metrics-port'], 0, 65_535);
  const dimensions = wholeNumber('dimensions', values.dimensions, 1, 4_000);
  const seconds = wholeNumber('seconds', values.seconds, 1, 3_600);
  const drain = wholeNumber('drain', values.drain, 0, 3_600);
  const rate = wholeNumber('rate', values.rate, 1, 1_000_000);
  const max = wholeNumber('pool', values.pool, 1, 1_000);
  const accept = values.accept as IsolationCheck[];
  const url = required(env, 'DATABASE_URL', 'the application’s login, app_user');
  const verify = verifierOf(env);
  const company = env.RAGWALL_COMPANY;
  const signer = env.RAGWALL_SIGNING_KEY ? tokenSigner(env.RAGWALL_SIGNING_KEY) : undefined;
  const ended = endSignal(); // from here on, so that a signal during the start is not lost
  const models = await modelsOf(env, { lexical: values.lexical, dimensions, seconds });

  const sql = postgres(url, { ...poolOptions, max, onnotice: () => {} });
  const registry = new Registry();
  let http: HttpServer | undefined;
  let metricsHttp: HttpServer | undefined;
  try {
    for (const { check, reason } of await assertIsolation(sql, { accept })) logEvent('undetermined', { check, reason });
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
      metrics: new Histogram({ ...requestDurations, registers: [registry] }),
    });
    let ending = false;
    // The host name is for requests of HTTP/1.0, which may have none.
    const listener = getRequestListener(service.fetch, { hostname: 'localhost' });
    http = createHttpServer((request, response) => {
      // Otherwise a caller that always has a request under way would keep its connection for ever.
      if (ending) response.shouldKeepAlive = false;
      return listener(request, response);
    });
    metricsHttp = createHttpServer(async (_, response) => {
      response.setHeader('content-type', registry.contentType);
      response.end(await registry.metrics());
    });
    const addresses = {
      ...(metricsPort !== undefined && {
        metrics: await listen(metricsHttp, metricsPort, '127.0.0.1'),
      }),
      address: await listen(http, port, values.host),
    };
    logEvent('serving', addresses);

    const signal = await ended;
    logEvent('draining', { signal });
    service.drain();
    ending = true;
    await sleep(drain * 1_000);
    const closed = once(http, 'close');
    http.close();
    http.closeIdleConnections();
    await Promise.race([closed, sleep(seconds * 1_000, undefined, { ref: false })]);
    logEvent('stopped');
    return 0;
  } finally {
    for (const server of [http, metricsHttp]) {
      server?.close();
      server?.closeAllConnections();
    }
    await sql.end({ timeout: 5 });
  }
}
