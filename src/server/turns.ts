/** Shares what is scarce among the tenants that wait for it: each gets one turn, then the next tenant. */

/** See {@link createTurns}. */
export interface Turns {
  /**
   * Runs `act` when it is the tenant's turn, and returns what it returns.
   *
   * @param signal of the request: if it is aborted before the turn, its reason is thrown and `act` is not run.
   * @param act gets a function that lends the turn to others while something else runs, such as the embedder.
   */
  take<T>(tenant: string, signal: AbortSignal, act: (outside: OutsideTurn) => Promise<T>): Promise<T>;
  /** How many have a turn, and how many wait for one. */
  readonly load: { readonly running: number; readonly waiting: number };
}

/** Runs something without the turn, and waits for the next one. */
type OutsideTurn = <T>(run: () => Promise<T>) => Promise<T>;

const { setImmediate: soon = (run: () => void) => setTimeout(run, 0) } = globalThis;

/**
 * Returns turns, of which `most` run at once, and `mostOfOne` of one tenant. What waits here has sent nothing yet; in the
 * driver's queue, the statement of a request that has been given up would still be sent.
 *
 * If several can begin, one begins in each round of the event loop, so that a request that arrives meanwhile is heard.
 */
export function createTurns(most: number, mostOfOne = most): Turns {
  /** Those that wait, by tenant. The tenants are in the order of their next turns. */
  const queues = new Map<string, Set<() => void>>();
  const running = new Map<string, number>();
  let total = 0;
  let paused = false;

  function next(): void {
    if (paused || total >= most) return;
    for (const [tenant, queue] of queues) {
      const [begin] = queue;
      const own = running.get(tenant) ?? 0;
      if (!begin || own >= mostOfOne) continue;
      queue.delete(begin);
      queues.delete(tenant);
      if (queue.size > 0) queues.set(tenant, queue); // behind the other tenants
      running.set(tenant, own + 1);
      total += 1;
      paused = true;
      soon(() => {
        paused = false;
        next();
      });
      begin();
      return;
    }
  }

  function release(tenant: string): void {
    const own = (running.get(tenant) ?? 0) - 1;
    if (own > 0) running.set(tenant, own);
    else running.delete(tenant);
    total -= 1;
    next();
  }

  function acquire(tenant: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const queue = queues.get(tenant) ?? new Set();
      const begin = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        queue.delete(begin);
        if (queue.size === 0 && queues.get(tenant) === queue) queues.delete(tenant);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      queues.set(tenant, queue.add(begin));
      next();
    });
  }

  return {
    async take(tenant, signal, act) {
      await acquire(tenant, signal);
      let held = true;
      try {
        return await act(async (run) => {
          release(tenant);
          held = false;
          const result = await run();
          await acquire(tenant, signal);
          held = true;
          return result;
        });
      } finally {
        if (held) release(tenant);
      }
    },
    get load() {
      let waiting = 0;
      for (const queue of queues.values()) waiting += queue.size;
      return { running: total, waiting };
    },
  };
}

/** Returns what `promise` does, or throws the signal's reason once it is aborted: what ignores it is waited for no more. */
export function untilAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
