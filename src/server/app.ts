/** The service: documents and answers over HTTP, for the tenant that a verified token names, and for no other. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { Semaphore } from 'async-mutex';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { streamSSE } from 'hono/streaming';
import { timeout } from 'hono/timeout';
import type { Sql } from 'postgres';
import { Histogram, Registry } from 'prom-client';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { assertIsolation, type IsolationCheck } from '../client/assert-isolation.js';
import type { Match, NewDocument, StoredDocument } from '../client/documents.js';
import { checkIntegerOption, checkOptions, RagwallError } from '../client/errors.js';
import { forTenant, type Tenant } from '../client/handle.js';
import type { JsonObject } from '../client/input.js';
import { checkTenant } from '../client/tenant.js';
import type { TokenSigner } from '../client/token.js';
import { defaultDimensions, type Embedder } from '../embedders/embedder.js';
import type { Answerer } from './answer.js';
import { asProblem, type Fault, Problem, problemBody } from './problem.js';
import { defaultLimits, type Limits, routesOf } from './schemas.js';
import { type TokenVerifier, unauthenticated } from './verify.js';

/**
 * What counts requests: any limiter of `rate-limiter-flexible`. It rejects with `{ msBeforeNext }`, in milliseconds, if there
 * were too many, and with anything else if it cannot tell.
 */
export interface RateLimiter {
  consume(tenant: string): Promise<unknown>;
}

/** A line of the log. It has no content, no vector, no token and no message of the driver's. */
export interface LogEntry {
  readonly time: string;
  readonly level: 'info' | 'error';
  readonly requestId: string;
  readonly method: string;
  /** The path as it is described, without what a caller put into it. */
  readonly route: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly tenant?: string;
  /** The ids of the documents that were found, or cited. */
  readonly documents?: readonly string[];
  /** Of a problem: its code, and name and code of what caused it. */
  readonly problem?: string;
  readonly cause?: string;
}

/** Options of {@link createServer}. */
export interface ServerOptions {
  /** A pool whose login is `app_user`, opened with `poolOptions`. */
  readonly sql: Sql;
  readonly verify: TokenVerifier;
  readonly embedder: Embedder;
  /** Without one, `/documents/answer` is answered 501. */
  readonly answerer?: Answerer;
  /** Signs who is asking, for a database in signed mode. */
  readonly signer?: TokenSigner;
  /** How many dimensions the database's embeddings have, default 1536. */
  readonly dimensions?: number;
  readonly limits?: Partial<Limits>;
  /** Requests of one tenant; default 600 a minute, counted in this process. One that fails refuses. */
  readonly rateLimiter?: RateLimiter;
  /** Checks of `assertIsolation` that are accepted. */
  readonly accept?: readonly IsolationCheck[];
  /** For whom the assistant speaks, in the prompt. */
  readonly companyOf?: (tenant: string) => string;
  /** By default a line of JSON on the standard output. */
  readonly log?: (entry: LogEntry) => void;
}

/** A running service. */
export interface Server {
  /** Answers a request, as the fetch handlers of Node, Deno, Bun and workers do. */
  fetch(request: Request): Promise<Response>;
  /** The metrics, for Prometheus: of all tenants together. To be served where no tenant can read them. */
  metrics(): Promise<string>;
  /** Lets `/readyz` fail from now on, so that no new requests are sent here. */
  drain(): void;
}

interface Variables {
  requestId: string;
  tenant: string;
  /** Aborted when time is up, or the caller has gone. */
  signal: AbortSignal;
  documents: readonly string[];
  problem: Problem;
  /** Whether the answer is a stream: its line of the log is written when it ends. */
  streams: boolean;
  /** When the request came, on the clock of `performance`. */
  began: number;
}
type Env = { Variables: Variables };

const longestToken = 8_192;

/** Seconds for which what `/readyz` found is found again, and in which it has to be found. */
const readyFor = 5;
const readyWithin = 2;

/** The most that a limit can be: of passages the database's, of documents the client's, of seconds an hour. */
const most: Partial<Limits> = { k: 1_000, batch: 1_000, seconds: 3_600 };

/** What becomes of a document where there is an embedder. */
type Stored = Exclude<StoredDocument['status'], 'embedding required'>;

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function checkedLimits(given: Partial<Limits>): Limits {
  const limits = { ...defaultLimits, ...checkOptions(given) };
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(defaultLimits, name)) {
      throw new RagwallError(
        'INVALID_OPTION',
        `limits.${name} is none: ${Object.keys(defaultLimits)}.`,
      );
    }
    checkIntegerOption(
      `limits.${name}`,
      value,
      1,
      most[name as keyof Limits] ?? Number.MAX_SAFE_INTEGER,
    );
  }
  return limits;
}

/** Name and code of an error: its message may have content in it. */
function nameOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  const { name = typeof error, code } = Object(error) as { name?: string; code?: string };
  return code === undefined ? name : `${name} ${code}`;
}

/**
 * Returns the service. It opens nothing: the pool is the caller's. Before it serves, call `assertIsolation(sql)`.
 *
 * @throws RagwallError `INVALID_OPTION`.
 * @example
 * const server = createServer({ sql, verify, embedder: openaiEmbedder(new OpenAI()) });
 * serve({ fetch: server.fetch, port: 8080 }); // of @hono/node-server
 */
export function createServer(options: ServerOptions): Server {
  const {
    sql,
    verify,
    embedder,
    answerer,
    signer,
    dimensions = defaultDimensions,
    rateLimiter = new RateLimiterMemory({ points: 600, duration: 60 }),
    accept = [],
    companyOf,
    log = (entry: LogEntry) => console.log(JSON.stringify(entry)),
  } = checkOptions(options);
  const limits = checkedLimits(options.limits ?? {});
  checkIntegerOption('dimensions', dimensions, 1, 4000);
  // As many statements at once as there are connections: the others wait here, where they can be given up.
  const connections = new Semaphore(sql.options.max);
  const registry = new Registry();
  const durations = new Histogram({
    name: 'ragwall_http_request_duration_seconds',
    help: 'Seconds until a response began, or a stream ended, by route, method and status.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  let draining = false;
  let breached = false;
  let ready: { until: number; found: Promise<unknown> } | undefined;
  let description: unknown;

  const app = new OpenAPIHono<Env>({
    defaultHook(result) {
      if (result.success) return;
      const errors = result.error.issues.slice(0, 20).map(
        ({ path, message }): Fault => ({
          pointer: path
            .map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`)
            .join(''),
          detail: message,
        }),
      );
      throw new Problem('INVALID_REQUEST', undefined, { errors });
    },
  });

  /** The path as the routes have it: what a caller put into the path is content. */
  const routeOf = (c: Context<Env>) =>
    c.req.matchedRoutes.findLast(({ path }) => !path.includes('*'))?.path ?? 'none';

  function respond(c: Context<Env>, problem: Problem): Response {
    c.set('problem', problem);
    const body = problemBody(problem, c.get('requestId'));
    return c.body(JSON.stringify(body), problem.status, {
      'content-type': 'application/problem+json',
      ...problem.more.headers,
    });
  }

  function failed(c: Context<Env>, error: unknown): Problem {
    // A wall is missing: nothing more is served until somebody has looked.
    if (error instanceof RagwallError && error.code === 'FOREIGN_ROW') breached = true;
    const problem = asProblem(error);
    c.set('problem', problem);
    return problem;
  }

  function record(c: Context<Env>, answered: number): void {
    // A caller that does not wait for the answer is nobody's fault here.
    const status = c.req.raw.signal.aborted && answered >= 500 ? 499 : answered;
    const method = methods.has(c.req.method) ? c.req.method : 'other';
    const route = routeOf(c);
    const seconds = (performance.now() - c.get('began')) / 1_000;
    durations.observe({ route, method, status }, seconds);
    const problem = c.get('problem');
    const tenant = c.get('tenant');
    const documents = c.get('documents');
    const cause = nameOf(problem?.cause);
    log({
      time: new Date().toISOString(),
      level: status >= 500 ? 'error' : 'info',
      requestId: c.get('requestId'),
      method,
      route,
      status,
      milliseconds: Math.round(seconds * 1_000),
      ...(tenant !== undefined && { tenant }),
      ...(documents !== undefined && { documents }),
      ...(problem && { problem: problem.code }),
      ...(cause !== undefined && { cause }),
    });
  }

  app.use(requestId(), secureHeaders());
  app.use(async (c, next) => {
    c.set('began', performance.now());
    await next().catch((error) => {
      throw error instanceof Error ? error : new Error('what was thrown is no error', { cause: error });
    });
    c.header('cache-control', 'no-store');
    if (!c.get('streams')) record(c, c.res.status);
  });
  app.onError((error, c) => respond(c, failed(c, error)));
  app.notFound((c) => respond(c, new Problem('NOT_FOUND')));

  app.get('/healthz', (c) => c.json({ status: 'alive' }));
  app.get('/readyz', timeout(readyWithin * 1_000, new HTTPException(504)), async (c) => {
    if (draining || breached) throw new Problem('UNAVAILABLE');
    const now = performance.now();
    if (!ready || ready.until < now) {
      const found = assertIsolation(sql, { accept });
      const asked = { until: Number.POSITIVE_INFINITY, found }; // until it is answered, nobody asks again
      const settled = () => {
        asked.until = performance.now() + readyFor * 1_000;
      };
      found.then(settled, settled);
      ready = asked;
    }
    await ready.found.catch((cause) => {
      throw new Problem('UNAVAILABLE', undefined, { cause });
    });
    return c.json({ status: 'ready' });
  });

  // Who is asking, before anything else of the request is looked at.
  app.use('/documents/*', timeout(limits.seconds * 1_000, new HTTPException(504)), async (c, next) => {
    c.set('signal', AbortSignal.any([AbortSignal.timeout(limits.seconds * 1_000), c.req.raw.signal]));
    if (breached) throw new Problem('UNAVAILABLE');
    const header = c.req.header('authorization');
    if (header === undefined) throw unauthenticated();
    const [, token] = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header) ?? [];
    if (token === undefined || token.length > longestToken) throw unauthenticated('no bearer token');
    const named: unknown = await verify(token);
    let tenant: string;
    try {
      tenant = checkTenant(named);
    } catch (cause) {
      throw unauthenticated(cause);
    }
    c.set('tenant', tenant);
    await rateLimiter.consume(tenant).catch((reason) => {
      const wait = (reason as { msBeforeNext?: unknown } | null)?.msBeforeNext;
      if (reason instanceof Error || typeof wait !== 'number') {
        throw new Problem('UNAVAILABLE', undefined, { cause: reason });
      }
      throw new Problem('RATE_LIMITED', undefined, {
        headers: { 'retry-after': String(Math.max(1, Math.ceil(wait / 1_000))) },
      });
    });
    await next();
  });
  app.use(
    '/documents/*',
    bodyLimit({
      maxSize: limits.bodyBytes,
      onError: () => {
        throw new Problem('TOO_LARGE', `A body is expected to have ${limits.bodyBytes} bytes at most.`);
      },
    }),
    async (c, next) => {
      const type = c.req.header('content-type') ?? '';
      if (c.req.method === 'POST' && !/^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type)) {
        throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send content-type: application/json.');
      }
      await next();
    },
  );

  const handleOf = (c: Context<Env>): Tenant =>
    forTenant(sql, c.get('tenant'), {
      dimensions,
      ...(signer && { signer }),
    });

  /** Runs a statement when it is its turn, if anybody still waits for it. */
  const inTurn = <T>(c: Context<Env>, run: () => Promise<T>): Promise<T> =>
    connections.runExclusive(() => {
      c.get('signal').throwIfAborted();
      return run();
    });

  /** Stores documents in turn, and leaves its turn to others while it embeds. */
  async function store(c: Context<Env>, documents: NewDocument[]): Promise<StoredDocument[]> {
    const signal = c.get('signal');
    const stored: StoredDocument[] = [];
    let [, release] = await connections.acquire();
    const apart: Embedder = {
      model: embedder.model,
      async embed(texts) {
        release();
        const vectors = await embedder.embed(texts, { signal });
        [, release] = await connections.acquire();
        signal.throwIfAborted();
        return vectors;
      },
    };
    try {
      signal.throwIfAborted();
      await handleOf(c).upsertDocuments(documents, {
        embedder: apart,
        batchSize: documents.length,
        onBatch: (batch) => void stored.push(...batch),
      });
      return stored;
    } finally {
      release();
    }
  }

  async function search(
    c: Context<Env>,
    asked: { query: string; k: number; filter?: unknown },
  ): Promise<Match[]> {
    const tenant = handleOf(c);
    const [queryVec] = await embedder.embed([asked.query], { signal: c.get('signal') });
    const filter = asked.filter === undefined ? {} : { filter: asked.filter as JsonObject };
    const matches = await inTurn(c, () =>
      tenant.matchDocuments(queryVec ?? [], { k: asked.k, ...filter }),
    );
    c.set(
      'documents',
      matches.map(({ id }) => id),
    );
    return matches;
  }

  const routes = routesOf(limits);
  app.openapi(routes.upsert, async (c) => {
    const stored = await store(c, c.req.valid('json').documents as NewDocument[]);
    const documents = stored.map(({ id, status }) => ({ id, status: status as Stored }));
    return c.json({ documents }, 200);
  });

  app.openapi(routes.query, async (c) => {
    const matches = await search(c, c.req.valid('json'));
    const shown = matches.map(({ tenantId: _, ...match }) => match);
    return c.json({ matches: shown }, 200);
  });

  app.openapi(routes.answer, async (c) => {
    if (!answerer) throw new Problem('NO_ANSWERS');
    const asked = c.req.valid('json');
    const signal = c.get('signal');
    const company = companyOf?.(c.get('tenant'));
    const given = { signal, ...(company !== undefined && { company }) };
    const matches = await search(c, asked);
    if (!asked.stream) {
      const answer = await answerer.answer(asked.query, matches, given);
      c.set(
        'documents',
        answer.citations.map(({ id }) => id),
      );
      return c.json({ ...answer, citations: [...answer.citations] }, 200);
    }
    const pieces = answerer.stream(asked.query, matches, given);
    const first = await pieces.next(); // what goes wrong before the first piece is a problem with a status of its own
    c.set('streams', true);
    return streamSSE(c, async (events) => {
      let status = 200;
      const send = (event: string, data: unknown) =>
        events.writeSSE({ event, data: JSON.stringify(data) });
      try {
        let step = first;
        for (; !step.done; step = await pieces.next()) {
          signal.throwIfAborted();
          await send('delta', { text: step.value });
        }
        c.set(
          'documents',
          step.value.citations.map(({ id }) => id),
        );
        await send('done', step.value);
      } catch (error) {
        const problem = failed(c, error);
        status = problem.status;
        await send('problem', problemBody(problem, c.get('requestId')));
      }
      record(c, status);
    }) as never;
  });

  app.openapi(routes.remove, async (c) => {
    const { source } = c.req.valid('param');
    const deleted = await inTurn(c, () => handleOf(c).deleteDocuments({ source }));
    return c.json({ deleted }, 200);
  });

  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  app.get('/openapi.json', (c) => {
    description ??= app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Ragwall',
        version: '1',
        description: 'Documents and answers of one tenant: the one that the token names.',
      },
    });
    return c.json(description as object);
  });

  return Object.freeze<Server>({
    fetch: async (request) => app.fetch(request),
    metrics: () => registry.metrics(),
    drain: () => {
      draining = true;
    },
  });
}
