/** The metrics of the service, of all tenants together. No label names a tenant. */

import type { Refusal } from './budget.js';
import type { Operation } from './calls.js';

/** Observes the seconds that requests take. A `Histogram` of prom-client, made with {@link requestDurations}, is one. */
export interface DurationHistogram {
  observe(labels: { readonly route: string; readonly method: string; readonly status: number }, seconds: number): void;
}

/** What the service tells while it runs. Instruments of prom-client fit, each made with the constant of its name. */
export interface Metrics {
  /** See {@link requestDurations}. */
  readonly requests?: DurationHistogram;
  /** See {@link callDurations}. */
  readonly calls?: {
    observe(labels: { readonly call: Operation; readonly outcome: 'done' | 'failed' }, seconds: number): void;
  };
  /** See {@link refusals}. */
  readonly refusals?: { inc(labels: { readonly budget: Refusal }): void };
}

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Name, help, labels and buckets (in seconds) of the histogram of requests.
 * @example const requests = new Histogram(requestDurations); // of prom-client
 */
export const requestDurations = {
  name: 'ragwall_http_request_duration_seconds',
  help: 'Seconds until a response began, or a stream ended, by route, method and status.',
  labelNames: ['route', 'method', 'status'] as const,
  buckets,
};

/** Name, help, labels and buckets (in seconds) of the histogram of calls: of the embedder, the model, the reranker, and of retrievals. */
export const callDurations = {
  name: 'ragwall_call_duration_seconds',
  help: 'Seconds of a call of the embedder (embeddings), the model (chat) or the reranker (rerank), and of a retrieval, waiting included.',
  labelNames: ['call', 'outcome'] as const,
  buckets,
};

/** Name, help and labels of the counter of requests beyond a budget. */
export const refusals = {
  name: 'ragwall_refused_requests_total',
  help: 'Requests that were refused beyond the budget of their tenant, or of all.',
  labelNames: ['budget'] as const,
};

/** Name, help and labels of the gauge of what `load()` of the server returns. */
export const loads = {
  name: 'ragwall_load',
  help: 'Requests under way, bytes of their larger bodies, connections in use, and what waits for a connection, an upload or the embedder.',
  labelNames: ['of'] as const,
};
