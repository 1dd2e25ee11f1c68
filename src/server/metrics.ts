/** The one metric of the service: how long requests take. */

/** Observes durations. A `Histogram` of prom-client, made with {@link requestDurations}, is one. */
export interface DurationHistogram {
  observe(labels: { readonly route: string; readonly method: string; readonly status: number }, seconds: number): void;
}

/**
 * Name, help, labels and buckets (in seconds) of the histogram. No label names a tenant.
 * @example const metrics = new Histogram(requestDurations); // of prom-client
 */
export const requestDurations = {
  name: 'ragwall_http_request_duration_seconds',
  help: 'Seconds until a response began, or a stream ended, by route, method and status.',
  labelNames: ['route', 'method', 'status'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
};
