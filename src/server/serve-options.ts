/** What `ragwall serve` is told: the options of its command line, and the models that the environment names. */
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  type Embedder,
  type IsolationCheck,
  lexicalEmbedder,
  openaiEmbedder,
  semanticEmbedder,
  type Vector,
} from 'ragwall';
import { type Answerer, openaiAnswerer } from './answer.js';
import type { Limits } from './limits.js';
import { type Environment, required } from './verifier-env.js';

/** The variables by which tokens are verified. */
export const tokensHelp = `  RAGWALL_JWKS_URL        the URL at which the issuer of tokens publishes its keys; or
  RAGWALL_JWT_PUBLIC_KEY  one public key (PEM); or
  RAGWALL_JWT_SECRET      one secret of at least 32 bytes
  RAGWALL_JWT_ALGORITHMS  the algorithms that are accepted, separated by commas (default: RS256, with a secret HS256)
  RAGWALL_JWT_ISSUER      the claim iss that every token must have, or several that sign with the same keys, separated by
                          commas; {tid} in it stands for the token's claim tid, which must be the tenant's then
  RAGWALL_JWT_AUDIENCE    the claim aud that every token must have, or several of which it is one
  RAGWALL_JWT_AUDIENCE_CLAIM  the claim that has the audience where tokens have no aud, as client_id or azp
  RAGWALL_JWT_SCOPE       a scope that every token must have (default: none)
  RAGWALL_TENANT_CLAIM    the name of the claim that has the tenant (default: tenant_id), or a JSON pointer to it`;

/** What the commands that serve have in common. */
export const optionsHelp = (pool: number) => `  --port <n>, --host <name>  where it listens (default: 8080 on 127.0.0.1)
  --metrics-port <n>, --metrics-host <name>
                             where it shows metrics to Prometheus (default: no port, on 127.0.0.1)
  --pool <n>                 connections to the database (default: ${pool})
  --rate <n>                 requests of one tenant in a minute, counted in this process (default: 600)
  --seconds <n>              seconds after which a request is answered 504 (default: 30)
  --requests <n>             requests under way at once; beyond them 503 (default: 2000)
  --tenant-requests <n>      the same of one tenant; beyond them 429 (default: 500)
  --mebibytes <n>            bodies of requests under way; beyond them 503 (default: 64)
  --tenant-mebibytes <n>     the same of one tenant; beyond them 429 (default: 16)
  --drain <n>                seconds for which it still accepts connections after SIGTERM, so that a load balancer can
                             see /readyz answer 503 (default: 0)
  --accept <id>              a check of the start-up guard that may fail. O01: a PgBouncer that does not reset
                             sessions, if only this service sends SQL through it`;

export const serveHelp = `ragwall serve   answers POST /documents/upsert, /documents/query, /documents/answer and
                DELETE /documents/{source}, for the tenant that a verified JSON Web Token names

The environment configures it:

  DATABASE_URL            the login of the application, app_user
  RAGWALL_SIGNING_KEY     what ragwall.add_signing_key() returned; for a database in signed mode

${tokensHelp}

  OPENAI_API_KEY, OPENAI_BASE_URL
  RAGWALL_EMBEDDING_MODEL the model that embeds (default: text-embedding-3-small)
  RAGWALL_CHAT_MODEL      the model that answers (default: none, and /documents/answer is answered 501)
  RAGWALL_COMPANY         the company for which the assistant speaks

${optionsHelp(10)}
  --lexical                  embed by spelling instead of meaning, without a model: to try it out
  --semantic                 embed English by a small model in this process, without a network, in 512 dimensions
  --help

It refuses to start if its login is not held to one tenant. After SIGTERM, SIGINT or SIGHUP it answers the requests
that it has received, and ends.`;

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new Error(`--${name} is expected to be a whole number, ${least} to ${most}`);
  }
  return value;
}

/** The options of the command line, checked. */
export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly metricsPort: number | undefined;
  readonly metricsHost: string;
  /** Connections to the database. */
  readonly max: number;
  /** Requests of one tenant in a minute. */
  readonly rate: number;
  /** Seconds. */
  readonly drain: number;
  readonly accept: readonly IsolationCheck[];
  readonly lexical: boolean;
  readonly semantic: boolean;
  readonly limits: Pick<Limits, 'seconds' | 'requests' | 'tenantRequests' | 'bytes' | 'tenantBytes'>;
}

const mebibyte = 1024 ** 2;

/** Returns the options, or undefined if the help is wanted. @throws Error that says which argument is not as expected. */
export function readOptions(args: string[], { pool = 10 } = {}): ServeOptions | undefined {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean' },
      lexical: { type: 'boolean', default: false },
      semantic: { type: 'boolean', default: false },
      port: { type: 'string', default: '8080' },
      host: { type: 'string', default: '127.0.0.1' },
      'metrics-port': { type: 'string' },
      'metrics-host': { type: 'string', default: '127.0.0.1' },
      pool: { type: 'string', default: String(pool) },
      rate: { type: 'string', default: '600' },
      seconds: { type: 'string', default: '30' },
      requests: { type: 'string', default: '2000' },
      'tenant-requests': { type: 'string', default: '500' },
      mebibytes: { type: 'string', default: '64' },
      'tenant-mebibytes': { type: 'string', default: '16' },
      drain: { type: 'string', default: '0' },
      accept: { type: 'string', multiple: true, default: [] },
    },
  });
  if (values.help) return undefined;
  const number = (
    name: Exclude<keyof typeof values, 'help' | 'lexical' | 'semantic' | 'accept'>,
    least: number,
    most: number,
  ) => wholeNumber(name, values[name] ?? '', least, most);
  if (values.lexical && values.semantic) throw new Error('--lexical and --semantic exclude each other');
  const [all, own] = [number('mebibytes', 4, 65_536), number('tenant-mebibytes', 4, 65_536)];
  if (own > all) throw new Error('--tenant-mebibytes is expected to be at most --mebibytes');
  return {
    port: number('port', 0, 65_535),
    host: values.host,
    metricsPort: values['metrics-port'] === undefined ? undefined : number('metrics-port', 0, 65_535),
    metricsHost: values['metrics-host'],
    max: number('pool', 1, 1_000),
    rate: number('rate', 1, 1_000_000),
    drain: number('drain', 0, 3_600),
    accept: values.accept as IsolationCheck[],
    lexical: values.lexical,
    semantic: values.semantic,
    limits: {
      seconds: number('seconds', 1, 3_600),
      requests: number('requests', 1, 1_000_000),
      tenantRequests: number('tenant-requests', 1, 1_000_000),
      bytes: all * mebibyte,
      tenantBytes: own * mebibyte,
    },
  };
}

/** Returns the embedder, which computes in this process, such that the service hears other requests after each text. */
function inSteps(embedder: Embedder): Embedder {
  const { embed } = embedder;
  return {
    ...embedder,
    async embed(texts, options) {
      const vectors: Vector[] = [];
      for (const text of texts) {
        vectors.push(...(await embed([text], options)));
        if (texts.length > 1) await setImmediate();
      }
      return vectors;
    },
  };
}

/** Returns a function that makes an embedder which computes in this process, if one is wanted. */
async function localEmbedder({ lexical, semantic }: Pick<ServeOptions, 'lexical' | 'semantic'>) {
  const model = semantic ? await semanticEmbedder() : undefined;
  if (!model && !lexical) return undefined;
  return (dimensions: number) => model ?? inSteps(lexicalEmbedder({ dimensions }));
}

/** The models that answer requests. */
export interface Models {
  readonly embedder: Embedder;
  readonly answerer?: Answerer;
}

/** Returns the client of OpenAI that the environment configures. Its requests end after `seconds`. */
async function clientOf(env: Environment, seconds: number) {
  const { default: OpenAI } = await import('openai').catch(() => {
    throw new Error('the package openai is expected: npm install openai');
  });
  return new OpenAI({
    apiKey: env.OPENAI_API_KEY || 'none',
    baseURL: env.OPENAI_BASE_URL || undefined,
    timeout: seconds * 1_000,
    maxRetries: 1,
    logLevel: 'off', // it would write answers that it cannot parse, with content
  });
}

/**
 * Returns a function that makes the embedder for a number of dimensions and, if there is a chat model, the answerer. The
 * models of OpenAI that can shorten their vectors are asked for that number.
 *
 * @throws Error that says which variable or package is missing.
 */
export async function modelsOf(
  env: Environment,
  options: Pick<ServeOptions, 'lexical' | 'semantic' | 'limits'>,
): Promise<(dimensions: number) => Models> {
  const chat = env.RAGWALL_CHAT_MODEL;
  const local = await localEmbedder(options);
  if (!local) required(env, 'OPENAI_API_KEY', 'or --lexical, to try it out without a model');
  if (local && !chat) return (dimensions) => ({ embedder: local(dimensions) });
  const client = await clientOf(env, options.limits.seconds);
  const model = env.RAGWALL_EMBEDDING_MODEL || 'text-embedding-3-small';
  const shortens = /^text-embedding-3-/.test(model);
  return (dimensions) => ({
    embedder: local ? local(dimensions) : openaiEmbedder(client, { model, ...(shortens && { dimensions }) }),
    ...(chat && { answerer: openaiAnswerer({ client, model: chat }) }),
  });
}
