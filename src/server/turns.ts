/** Lets as many requests use the database at once as the pool has connections. */
import { Semaphore } from 'async-mutex';

/** Runs what a request does elsewhere (embedding, say) while another request has its turn. */
type OutsideTurn = <T>(run: () => Promise<T>) => Promise<T>;

/** See {@link createTurns}. */
export interface Turns {
  /**
   * Runs `statements` when it is this request's turn, and returns what they return.
   *
   * @param signal of the request: if it is aborted while the request waits, its reason is thrown and nothing more is run.
   */
  take<T>(signal: AbortSignal, statements: (outside: OutsideTurn) => Promise<T>): Promise<T>;
}

/**
 * Returns turns for a pool of `connections`. Requests wait here, in the order of their arrival, and not in the driver: its
 * queue would still send the statement of a request that has been given up.
 */
export function createTurns(connections: number): Turns {
  const semaphore = new Semaphore(connections);
  return {
    async take(signal, statements) {
      let [, release] = await semaphore.acquire();
      const outside: OutsideTurn = async (run) => {
        release();
        const result = await run();
        [, release] = await semaphore.acquire();
        signal.throwIfAborted();
        return result;
      };
      try {
        signal.throwIfAborted();
        return await statements(outside);
      } finally {
        release(); // does nothing if the turn is released already
      }
    },
  };
}
