/** Limits how many requests a tenant makes. If the limiter fails, the request is refused. */
import { Problem } from './problem.js';

/** Counts requests. Every limiter of the package rate-limiter-flexible is one. */
export interface RateLimiter {
  /**
   * Counts a request of a tenant. Rejects with `{ msBeforeNext }`, in milliseconds, if there were too many, and with
   * anything else if the count is unknown.
   */
  consume(tenant: string): Promise<unknown>;
}

/**
 * Counts a request of a tenant.
 * @throws Problem `RATE_LIMITED` with a `retry-after` in seconds, or `UNAVAILABLE` if the limiter fails.
 */
export async function limitRate(rateLimiter: RateLimiter, tenant: string): Promise<void> {
  await rateLimiter.consume(tenant).catch((reason) => {
    const wait = (reason as { msBeforeNext?: unknown } | null)?.msBeforeNext;
    if (reason instanceof Error || typeof wait !== 'number') {
      throw new Problem('UNAVAILABLE', undefined, { cause: reason });
    }
    throw new Problem('RATE_LIMITED', undefined, {
      headers: { 'retry-after': String(Math.max(1, Math.ceil(wait / 1_000))) },
    });
  });
}
