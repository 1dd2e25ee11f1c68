/** What is recorded of a request when it has been answered: a line of the log and a duration, and no content. */
import type { Context } from 'hono';
import type { Tenant } from 'ragwall';
import type { Share } from './budget.js';
import type { DurationHistogram } from './metrics.js';
import type { Problem } from './problem.js';
import { TokenFault } from './verify.js';

/** A line of the log. It has no content, no vector, no token and no message of the driver. */
export interface LogEntry {
  /** ISO 8601, in UTC. */
  readonly time: string;
  /** `error` from status 500 on. */
  readonly level: 'info' | 'error';
  readonly requestId: string;
  readonly method: string;
  /** The path as the route describes it, with `:source` in place of a name; `none` if no route fits. */
  readonly route: string;
  /** The HTTP status. For a stream that failed: the status of its problem. 499: the caller had disconnected. */
  readonly status: number;
  readonly milliseconds: number;
  readonly tenant?: string;
  /** The tool that was called, of an MCP server. */
  readonly tool?: string;
  /** The ids of the documents that were found, or cited. */
  readonly documents?: readonly string[];
  /** The code of the problem, if the request failed. */
  readonly problem?: string;
  /** Name and code of the error behind the problem; of a token that was refused, which check failed and at which claim. */
  readonly cause?: string;
}

/** The variables of a request in the context of Hono. */
export interface Env {
  Variables: {
    requestId: string;
    /** The handle of the tenant that the token names. */
    tenant: Tenant;
    /** Aborted when the time is up, or the caller has disconnected. */
    signal: AbortSignal;
    /** The ids of the documents that were found, or cited. */
    documents: readonly string[];
    problem: Problem;
    /** The tool that was called. */
    tool: string;
    /** What the request holds of the budget. */
    share: Share;
    /** Aborted when the caller has disconnected; set when the body is read. */
    caller: AbortSignal;
    /** Whether the answer is a stream, which is recorded when it ends. */
    streams: boolean;
    /** When the request arrived: `performance.now()`, in milliseconds. */
    began: number;
  };
}

/** Records a request that was answered with a status. */
export type Recorder = (c: Context<Env>, status: number) => void;

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Name and code of an error. Its message is left out, as it may have content in it; that of a token's fault has none. */
export function nameOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  if (error instanceof TokenFault) return error.message;
  const { name = typeof error, code } = Object(error) as { name?: string; code?: string };
  return code === undefined ? name : `${name} ${code}`;
}

/** Returns the pattern of the route. The path itself is not recorded, because the name of a source in it is content. */
const routeOf = (c: Context<Env>): string =>
  c.req.matchedRoutes.findLast(({ path }) => !path.includes('*'))?.path ?? 'none';

/** Returns a function that writes a line of the log for a request, and observes its duration. */
export function createRecorder(log: (entry: LogEntry) => void, metrics?: DurationHistogram): Recorder {
  return (c, answered) => {
    // If the caller disconnected first, a failure does not count as one of the service.
    const status = c.get('caller')?.aborted && answered >= 500 ? 499 : answered;
    const method = methods.has(c.req.method) ? c.req.method : 'other';
    const route = routeOf(c);
    const seconds = (performance.now() - c.get('began')) / 1_000;
    metrics?.observe({ route, method, status }, seconds);
    const tenant = c.get('tenant')?.tenantId;
    const tool = c.get('tool');
    const documents = c.get('documents');
    const problem = c.get('problem');
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
      ...(tool !== undefined && { tool }),
      ...(documents !== undefined && { documents }),
      ...(problem && { problem: problem.code }),
      ...(cause !== undefined && { cause }),
    });
  };
}
