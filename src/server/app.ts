/** The service: documents and answers over HTTP, for the tenant that a verified token names, and for no other. */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { timeout } from 'hono/timeout';
import type { Embedder, IsolationCheck, Ragwall } from 'ragwall';
import { z } from 'zod';
import { createAdmission } from './admission.js';
import type { Answerer } from './answer.js';
import { authenticate } from './authenticate.js';
import type { Tracer } from './calls.js';
import { createCore } from './core.js';
import { addDescription, methodsAt } from './description.js';
import type { Limits } from './limits.js';
import type { Metrics } from './metrics.js';
import { checkOption, checkOptions } from './options.js';
import { asProblem, invalidRequest, Problem, problemBody } from './problem.js';
import type { RateLimiter } from './rate-limit.js';
import { createRecorder, type Env, type LogEntry } from './request-log.js';
import type { Reranker } from './rerank.js';
import { addRoutes, type RouteServices } from './routes.js';

import { describeRoutes } from './schemas.js';
import { createTurns } from './turns.js';
import type { TokenVerifier } from './verify.js';

/** Options of {@link createServer}. */
export interface ServerOptions {
  /** The connections, whose login is `app_user`: `connect(url)` of the package ragwall. */
  readonly ragwall: Ragwall;
  /** Verifies a token and returns its tenant; see {@link tokenVerifier}. */
  readonly verify: TokenVerifier;
  readonly embedder: Embedder;
  /** Without an answerer, `/documents/answer` returns 501. */
  readonly answerer?: Answerer;
  /**
   * Puts the passages that were found into another order, for queries and answers. It gets the best `limits.k` of them, and
   * the best `k` of what it returns are used.
   */
  readonly rerank?: Reranker;
  readonly limits?: Partial<Limits>;
  /**
   * Counts each tenant's requests, as `new RateLimiterMemory({ points: 600, duration: 60 })` of rate-limiter-flexible
   * does in one process; if it fails, the request is refused. `false`: requests are not limited. There is no default,
   * because a count in memory limits nothing where there are several processes.
   */
  readonly rateLimiter: RateLimiter | false;
  /** Instruments, as those of prom-client, each of which may be left out. */
  readonly metrics?: Metrics;
  /**
   * A tracer of OpenTelemetry, `trace.getTracer('ragwall-server')` of `@opentelemetry/api`. It gets spans of retrievals,
   * and of calls of the embedder and the model, without content and tenant.
   */
  readonly tracer?: Tracer;
  /** Checks of `assertIsolation` that may fail while `/readyz` answers 200. */
  readonly accept?: readonly IsolationCheck[];
  /** Returns the name of the company for which the assistant speaks, for the prompt. No security depends on it. */
  readonly companyOf?: (tenant: string) => string;
  /** Called with a line of the log for each request. Default: writes it to the standard output as JSON. */
  readonly log?: (entry: LogEntry) => void;
}

/** A running service. */
export interface Server {
  /** Answers a request, as the fetch handlers of Node, Deno, Bun and workers do. */
  fetch(request: Request): Promise<Response>;
  /** Has `/readyz` answer 503 from now on, so that a load balancer sends no new requests here. */
  drain(): void;
  /** Returns what is in use, and what waits, now, for a gauge; see `loads`. */
  load(): Load;
}

/** What a service has under way. */
export interface Load {
  readonly requests: number;
  /** Of their bodies of more than 8 KiB. */
  readonly bytes: number;
  /** Connections to the database that are in use, and requests that wait for one. */
  readonly connections: number;
  readonly connectionsWaiting: number;
  /** Large bodies that are worked on, and those that wait. */
  readonly uploads: number;
  readonly uploadsWaiting: number;
  /** Calls of the embedder under way, and those that wait. */
  readonly embeddings: number;
  readonly embeddingsWaiting: number;
}

/** Seconds within which `/readyz` answers. */
const readySeconds = 2;

const limiterSchema = z.custom<RateLimiter | false>(
  (value) => value === false || typeof Object(value).consume === 'function',
  'expected a limiter of rate-limiter-flexible, or false for none',
);
const rerankSchema = z.custom<Reranker | undefined>(
  (value) => value === undefined || typeof value === 'function',
  'expected a function',
);
const ragwallSchema = z.custom<Ragwall>(
  (value) => typeof Object(value).forTenant === 'function' && typeof Object(value).assertIsolation === 'function',
  'expected what connect() of the package ragwall returns',
);
const names = {
  ...{ ragwall: 0, verify: 0, embedder: 0, answerer: 0, rerank: 0, limits: 0, rateLimiter: 0 },
  ...{ metrics: 0, tracer: 0, accept: 0, companyOf: 0, log: 0 },
} satisfies Record<keyof ServerOptions, 0>;

/**
 * Returns the service. It opens no connection and no port. Before you serve it, call `ragwall.assertIsolation()`.
 *
 * @throws RagwallError `INVALID_OPTION`.
 * @example
 * const rateLimiter = new RateLimiterMemory({ points: 600, duration: 60 }); // of rate-limiter-flexible
 * const server = createServer({ ragwall: connect(url), verify, rateLimiter, embedder: openaiEmbedder(new OpenAI()) });
 * serve({ fetch: server.fetch, port: 8080 }); // of @hono/node-server
 */
export function createServer(options: ServerOptions): Server {
  return serviceOf(options, {
    paths: '/documents/*',
    addTo(app, services) {
      addRoutes(app, describeRoutes(services.core.limits), services);
      addDescription(app);
    },
  });
}

/** What a service is for. */
export interface Purpose {
  /** The paths whose requests need a token, as Hono writes them. */
  readonly paths: string;
  /** What a caller without a good token is told besides, as a parameter of `www-authenticate`. */
  readonly challenge?: string;
  /** Refuses a request of a browser by the site that it is of. @throws Problem `FOREIGN_ORIGIN`. */
  readonly assertOrigin?: (origin: string) => void;
  /** Adds the routes. Requests to `paths` have been let in when these run. */
  addTo(app: OpenAPIHono<Env>, services: RouteServices): void;
}

/** Returns a service for a purpose, as {@link createServer} does. */
export function serviceOf(options: ServerOptions, { paths, challenge, assertOrigin, addTo }: Purpose): Server {
  checkOptions(options, Object.keys(names));
  const { verify, metrics } = options;
  const { log = (entry: LogEntry) => console.log(JSON.stringify(entry)) } = options;
  const ragwall = checkOption('ragwall', ragwallSchema, options.ragwall);
  const rateLimiter = checkOption('rateLimiter', limiterSchema, options.rateLimiter);
  checkOption('rerank', rerankSchema, options.rerank);
  const core = createCore(options);
  const { health, limits, budget, turns, embedding } = core;
  const record = createRecorder(log, metrics?.requests);
  const uploads = createTurns(limits.uploads, 1);

  function fail(c: Context<Env>, error: unknown): Problem {
    health.notice(error);
    const problem = asProblem(error);
    c.set('problem', problem);
    return problem;
  }

  const app = new OpenAPIHono<Env>({
    defaultHook(result) {
      if (!result.success) throw invalidRequest(result.error.issues);
    },
  });
  app.use(requestId(), secureHeaders());
  app.use(async (c, next) => {
    c.set('began', performance.now());
    await next();
    c.header('cache-control', 'no-store');
    if (!c.get('streams')) record(c, c.get('problem')?.status ?? c.res.status);
  });
  // Hono hands only instances of Error to onError.
  app.use((_, next) =>
    next().catch((error) => {
      throw error instanceof Error ? error : new Error('a value that is no error', { cause: error });
    }),
  );
  app.onError((error, c) => {
    const problem = fail(c, error);
    const { 'www-authenticate': scheme, ...headers } = problem.more.headers ?? {};
    return c.body(JSON.stringify(problemBody(problem, c.get('requestId'))), problem.status, {
      'content-type': 'application/problem+json',
      ...headers,
      ...(scheme && { 'www-authenticate': [scheme, challenge].filter(Boolean).join(scheme === 'Bearer' ? ' ' : ', ') }),
    });
  });
  app.notFound((c) => {
    const methods = methodsAt(app, c.req.path);
    if (methods.length === 0) throw new Problem('NOT_FOUND');
    throw new Problem('METHOD_NOT_ALLOWED', undefined, { headers: { allow: methods.join(', ') } });
  });

  app.get('/healthz', (c) => c.json({ status: 'alive' }));
  app.get('/readyz', timeout(readySeconds * 1_000, new HTTPException(504)), async (c) => {
    await health.assertReady();
    return c.json({ status: 'ready' });
  });

  // Authentication comes first, then the budget and the rate. Until then nothing is read but headers.
  const milliseconds = limits.seconds * 1_000;
  app.use(paths, timeout(milliseconds, new HTTPException(504)), async (c, next) => {
    const signal = AbortSignal.timeout(milliseconds);
    health.assertServing();
    const origin = c.req.header('origin');
    if (origin !== undefined) assertOrigin?.(origin);
    c.set('tenant', await authenticate(c.req.raw.headers, verify, ragwall.forTenant));
    c.set('signal', signal);
    await next();
  });
  app.use(paths, createAdmission({ limits, budget, rateLimiter, uploads }));
  addTo(app, {
    ...{ core, fail },
    record(c, status) {
      c.get('share').release();
      record(c, status);
    },
  });

  return Object.freeze<Server>({
    fetch: async (request) => app.fetch(request),
    drain: health.drain,
    load: () => ({
      ...budget.load,
      ...{ connections: turns.load.running, connectionsWaiting: turns.load.waiting },
      ...{ uploads: uploads.load.running, uploadsWaiting: uploads.load.waiting },
      ...{ embeddings: embedding.load.running, embeddingsWaiting: embedding.load.waiting },
    }),
  });
}
