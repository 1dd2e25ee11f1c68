/** `ragwall serve`: runs the service on Node, with options from the command line and the environment. */
import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type ServerOptions as HttpServerOptions,
  type IncomingMessage,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { connect, type Embedder, type Ragwall, tokenSigner } from 'ragwall';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { createServer, type Server, type ServerOptions } from './app.js';
import type { Tracer } from './calls.js';
import { callDurations, loads, type Metrics, refusals, requestDurations } from './metrics.js';
import { modelsOf, readOptions, type ServeOptions, serveHelp } from './serve-options.js';
import { type Environment, required, verifierOf } from './verifier-env.js';
import type { TokenVerifier } from './verify.js';

/** Listens, and returns the URL. */
async function listen(server: HttpServer, port: number, host: string): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const { address, port: bound, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
}

/** Writes a line of the log. */
export type Log = (entry: object) => void;

const logEvent = (log: Log, event: string, more: object = {}) =>
  log({ time: new Date().toISOString(), level: 'info', event, ...more });

/**
 * Returns how long a caller may take to send a request: 10 seconds for its headers, and 5 more for all of it than the
 * service has for its answer. Node closes the connection after that.
 */
const timeLimits = (seconds: number): HttpServerOptions => ({
  headersTimeout: Math.min(10, seconds) * 1_000,
  requestTimeout: (seconds + 5) * 1_000,
  connectionsCheckingInterval: 1_000,
});

/**
 * Reads what is left of a request that was answered before all of it had come, and forgets it: a caller that is still
 * sending would otherwise wait for ever, or find its connection broken off before it has read the answer.
 */
function discardRest(request: IncomingMessage): void {
  if (!request.complete) request.removeAllListeners('data').resume();
}

/** Returns the instruments of prom-client. */
function instrumentsIn(registry: Registry): Metrics {
  const registers = [registry];
  return {
    requests: new Histogram({ ...requestDurations, registers }),
    calls: new Histogram({ ...callDurations, registers }),
    refusals: new Counter({ ...refusals, registers }),
  };
}

function showLoad(registry: Registry, service: Server): void {
  new Gauge({
    ...{ ...loads, registers: [registry] },
    collect() {
      for (const [of, value] of Object.entries(service.load())) this.set({ of }, value);
    },
  });
}

/** Returns a tracer where OpenTelemetry is installed. It does nothing unless the process has set an exporter up. */
async function installedTracer(): Promise<Tracer | undefined> {
  try {
    return (await import('@opentelemetry/api')).trace.getTracer('ragwall-server');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return undefined;
  }
}

/** Resolves with the first SIGTERM, SIGINT or SIGHUP. The next one ends the process at once. */
function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const names = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
    const listener = (name: NodeJS.Signals) => {
      for (const one of names) process.removeListener(one, listener);
      resolve(name);
    };
    for (const one of names) process.on(one, listener);
  });
}

/**
 * Returns the embedder with the number of dimensions that its vectors do have. A model that cannot be asked now is taken
 * at its word.
 */
async function measured(embedder: Embedder, log: Log): Promise<Embedder> {
  try {
    const [vector] = await embedder.embed(['ragwall']);
    return vector ? { ...embedder, dimensions: vector.length } : embedder;
  } catch (error) {
    logEvent(log, 'undetermined', { check: 'G03', reason: (error as Error).message });
    return embedder;
  }
}

/** What a command has been told, and what it expects. */
export interface Command {
  readonly env: Environment;
  readonly options: ServeOptions;
  readonly verify: TokenVerifier;
  /** The login that `DATABASE_URL` is expected to have, for the error where there is none. */
  readonly login: string;
  readonly log: Log;
  /** Rejects where the database or the login is not as this command needs it, after the start-up guard. */
  check?(ragwall: Ragwall): Promise<void>;
}

/** What a service runs with: its options, their metrics, and the signal at which it ends. */
export interface Running {
  readonly given: ServerOptions;
  readonly registry: Registry;
  readonly ended: Promise<NodeJS.Signals>;
}

/**
 * Connects, checks that nothing is served that is not isolated, calls `run`, and closes the connections after it.
 * @throws Error that says which variable is missing; RagwallError `NOT_ISOLATED`, `INVALID_OPTION`.
 */
export async function withService(command: Command, run: (running: Running) => Promise<void>): Promise<void> {
  const { env, options, verify, log } = command;
  const { accept, limits } = options;
  const url = required(env, 'DATABASE_URL', command.login);
  const company = env.RAGWALL_COMPANY;
  const signer = env.RAGWALL_SIGNING_KEY ? tokenSigner(env.RAGWALL_SIGNING_KEY) : undefined;
  const ended = endSignal(); // from here on, so that a signal during the start is not lost
  const models = await modelsOf(env, options);
  const tracer = await installedTracer();
  const ragwall = connect(url, { max: options.max, ...(signer && { signer }) });
  const registry = new Registry();
  try {
    for (const { check, reason } of await ragwall.assertIsolation({ accept })) {
      logEvent(log, 'undetermined', { check, reason });
    }
    await command.check?.(ragwall);
    const made = models(await ragwall.dimensions());
    const embedder = await measured(made.embedder, log);
    await ragwall.assertIsolation({ accept: [...accept, 'G02', 'M01', 'O01'], embedder }); // the embedder alone is new
    const given: ServerOptions = {
      ...{ ragwall, verify, ...made, embedder, accept, limits, log },
      ...(company && { companyOf: () => company }),
      rateLimiter: new RateLimiterMemory({ points: options.rate, duration: 60 }),
      metrics: instrumentsIn(registry),
      ...(tracer && { tracer }),
    };
    await run({ given, registry, ended });
  } finally {
    await ragwall.close();
  }
}

/** Serves by HTTP until the signal, and then until the requests that are under way have been answered. */
export async function serveHttp(
  { options, log }: Command,
  { registry, ended }: Running,
  service: Server,
): Promise<void> {
  const { limits, drain } = options;
  let http: HttpServer | undefined;
  let metricsHttp: HttpServer | undefined;
  try {
    showLoad(registry, service);
    let ending = false;
    // The host name is for requests of HTTP/1.0, which may have none.
    const listener = getRequestListener(service.fetch, { hostname: 'localhost', autoCleanupIncoming: false });
    http = createHttpServer(timeLimits(limits.seconds), (request, response) => {
      // Otherwise a caller that always has a request under way would keep its connection for ever.
      if (ending) response.shouldKeepAlive = false;
      response.once('finish', () => discardRest(request));
      return listener(request, response);
    });
    http.maxConnections = 2 * limits.requests;
    metricsHttp = createHttpServer(async (_, response) => {
      response.setHeader('content-type', registry.contentType);
      response.end(await registry.metrics());
    });
    const addresses = {
      ...(options.metricsPort !== undefined && {
        metrics: await listen(metricsHttp, options.metricsPort, options.metricsHost),
      }),
      address: await listen(http, options.port, options.host),
    };
    logEvent(log, 'serving', addresses);

    const signal = await ended;
    logEvent(log, 'draining', { signal });
    service.drain();
    ending = true;
    await sleep(drain * 1_000);
    const closed = once(http, 'close');
    http.close();
    http.closeIdleConnections();
    await Promise.race([closed, sleep(limits.seconds * 1_000, undefined, { ref: false })]);
    logEvent(log, 'stopped');
  } finally {
    for (const server of [http, metricsHttp]) {
      server?.close();
      server?.closeAllConnections();
    }
  }
}

/**
 * Runs the service until SIGTERM, SIGINT or SIGHUP, and returns the exit code.
 *
 * @param args the arguments after `ragwall serve`.
 * @param env the variables that `ragwall serve --help` lists.
 * @throws Error that says which variable or argument is not as expected; RagwallError `NOT_ISOLATED` if the login is not
 *   held to one tenant, `INVALID_OPTION`.
 */
export async function serveCommand(args: string[], env: Environment = process.env): Promise<number> {
  const options = readOptions(args);
  if (!options) {
    console.log(serveHelp);
    return 0;
  }
  const login = 'the application’s login, app_user';
  required(env, 'DATABASE_URL', login);
  const log: Log = (entry) => console.log(JSON.stringify(entry));
  const command: Command = { env, options, login, log, verify: verifierOf(env) };
  await withService(command, (running) => serveHttp(command, running, createServer(running.given)));
  return 0;
}
