/** Whether the service may serve: its login is isolated, no foreign row was returned, and no shutdown has begun. */
import { type Embedder, type IsolationCheck, type Ragwall, RagwallError } from 'ragwall';
import { Problem } from './problem.js';

/** Seconds for which the result of the last check of isolation is used. */
const validSeconds = 5;

/** See {@link createHealth}. */
export interface Health {
  /** @throws Problem `UNAVAILABLE` after a foreign row: a wall is missing, and somebody has to look. */
  assertServing(): void;
  /** Rejects with Problem `UNAVAILABLE` if a load balancer is to send no requests here. */
  assertReady(): Promise<void>;
  /** Stops the service if an error means that a wall is missing. */
  notice(error: unknown): void;
  /** Makes the service not ready. It still answers the requests that arrive. */
  drain(): void;
}

/** Returns the health of a service; `accept` has the checks of `assertIsolation` that may fail. */
export function createHealth(ragwall: Ragwall, embedder: Embedder, accept: readonly IsolationCheck[]): Health {
  let draining = false;
  let breached = false;
  let last: { expires: number; isolated: Promise<unknown> } | undefined;

  function isolated(): Promise<unknown> {
    if (last && performance.now() <= last.expires) return last.isolated;
    // The check expires only after it has settled, so a database that does not answer gets one check at a time.
    const check = { expires: Number.POSITIVE_INFINITY, isolated: ragwall.assertIsolation({ accept, embedder }) };
    const settled = () => {
      check.expires = performance.now() + validSeconds * 1_000;
    };
    check.isolated.then(settled, settled);
    last = check;
    return check.isolated;
  }

  function assertServing(): void {
    if (breached) throw new Problem('UNAVAILABLE');
  }

  return {
    assertServing,
    async assertReady() {
      assertServing();
      if (draining) throw new Problem('UNAVAILABLE');
      await isolated().catch((cause) => {
        throw new Problem('UNAVAILABLE', undefined, { cause });
      });
    },
    notice(error) {
      if (error instanceof RagwallError && error.code === 'FOREIGN_ROW') breached = true;
    },
    drain() {
      draining = true;
    },
  };
}
