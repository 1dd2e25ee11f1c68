/** The service: documents and answers over HTTP, for the tenant that a verified token names, and for no other. */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { timeout } from 'hono/timeout';
import type { Sql } from 'postgres';
import { type Embedder, forTenant, type IsolationCheck, type TokenSigner } from 'ragwall';
import { z } from 'zod';
import type { Answerer } from './answer.js';
import { authenticate } from './authenticate.js';
import { createHealth } from './health.js';
import { bodyRules, type Limits, limitsOf } from './limits.js';
import type { DurationHistogram } from './metrics.js';
import { checkOption, checkOptions, wholeNumber } from './options.js';
import { asProblem, invalidRequest, Problem, problemBody } from './problem.js';
import { limitRate, type RateLimiter } from './rate-limit.js';
import { createRecorder, type Env, type LogEntry } from './request-log.js';
import { addRoutes } from './routes.js';
import { describeRoutes } from './schemas.js';
import { createTurns } from './turns.js';
import type { TokenVerifier } from './verify.js';

/** Options of {@link createServer}. */
export interface ServerOptions {
  /** A pool of postgres.js whose login is `app_user`, opened with `poolOptions` of the package ragwall. */
  readonly sql: Sql;
  /** Verifies a token and returns its tenant; see {@link tokenVerifier}. */
  readonly verify: TokenVerifier;
  readonly embedder: Embedder;
  /** Without an answerer, `/documents/answer` returns 501. */
  readonly answerer?: Answerer;
  /** Signs the tokens that a database in signed mode requires; see `tokenSigner` of the package ragwall. */
  readonly signer?: TokenSigner;
  /** Dimensions of the database's embeddings, 1 to 4000. Without it the database alone checks vectors. */
  readonly dimensions?: number;
  readonly limits?: Partial<Limits>;
  /**
   * Counts each tenant's requests, as `new RateLimiterMemory({ points: 600, duration: 60 })` of rate-limiter-flexible
   * does in one process; if it fails, the request is refused. `false`: requests are not limited. There is no default,
   * because a count in memory limits nothing where there are several processes.
   */
  readonly rateLimiter: RateLimiter | false;
  /** Observes the duration of each request, as `new Histogram(requestDurations)` of prom-client does. */
  readonly metrics?: DurationHistogram;
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
}

/** Seconds within which `/readyz` answers. */
const readySeconds = 2;

const limiterSchema = z.custom<RateLimiter | false>(
  (value) => value === false || typeof Object(value).consume === 'function',
  'expected a limiter of rate-limiter-flexible, or false for none',
);

/**
 * Returns the service. It opens no connection and no port. Before you serve it, call `assertIsolation(sql)`.
 *
 * @throws RagwallError `INVALID_OPTION`.
 * @example
 * const rateLimiter = new RateLimiterMemory({ points: 600, duration: 60 }); // of rate-limiter-flexible
 * const server = createServer({ sql, verify, rateLimiter, embedder: openaiEmbedder(new OpenAI()) });
 * serve({ fetch: server.fetch, port: 8080 }); // of @hono/node-server
 */
export function createServer(options: ServerOptions): Server {
  checkOptions(options);
  const { sql, verify, signer, accept = [] } = options;
  const { log = (entry: LogEntry) => console.log(JSON.stringify(entry)) } = options;
  const limits = limitsOf(options.limits);
  const dimensions = checkOption('dimensions', wholeNumber(1, 4_000).optional(), options.dimensions);
  const rateLimiter = checkOption('rateLimiter', limiterSchema, options.rateLimiter);
  const health = createHealth(sql, accept);
  const record = createRecorder(log, options.metrics);
  const handleOf = (tenantId: string) =>
    forTenant(sql, tenantId, { ...(dimensions && { dimensions }), ...(signer && { signer }) });

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
    if (!c.get('streams')) record(c, c.res.status);
  });
  // Hono hands only instances of Error to onError.
  app.use((_, next) =>
    next().catch((error) => {
      throw error instanceof Error ? error : new Error('a value that is no error', { cause: error });
    }),
  );
  app.onError((error, c) => {
    const problem = fail(c, error);
    return c.body(JSON.stringify(problemBody(problem, c.get('requestId'))), problem.status, {
      'content-type': 'application/problem+json',
      ...problem.more.headers,
    });
  });
  app.notFound(() => {
    throw new Problem('NOT_FOUND');
  });

  app.get('/healthz', (c) => c.json({ status: 'alive' }));
  app.get('/readyz', timeout(readySeconds * 1_000, new HTTPException(504)), async (c) => {
    await health.assertReady();
    return c.json({ status: 'ready' });
  });

  // Authentication and the rate limit come first. Nothing else of a request is read before.
  const milliseconds = limits.seconds * 1_000;
  app.use('/documents/*', timeout(milliseconds, new HTTPException(504)), async (c, next) => {
    c.set('signal', AbortSignal.any([AbortSignal.timeout(milliseconds), c.req.raw.signal]));
    health.assertServing();
    const tenant = await authenticate(c.req.raw.headers, verify, handleOf);
    c.set('tenant', tenant);
    if (rateLimiter) await limitRate(rateLimiter, tenant.tenantId);
    await next();
  });
  app.use('/documents/*', ...bodyRules(limits));
  addRoutes(app, describeRoutes(limits), {
    embedder: options.embedder,
    answerer: options.answerer,
    companyOf: options.companyOf,
    turns: createTurns(sql.options.max),
    record,
    fail,
  });

  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  let description: object | undefined;
  app.get('/openapi.json', (c) => {
    description ??= app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Ragwall',
        version: '1',
        description: 'Documents and answers of one tenant: the one that the token names.',
      },
    });
    return c.json(description);
  });

  return Object.freeze<Server>({
    fetch: async (request) => app.fetch(request),
    drain: health.drain,
  });
}
