/** Errors that nobody catches, which would end the process. */
import type { Tally } from './tally.js';

/** Counts what would have ended the process, until the function that it returns is called. */
export function countCrashes(tally: Tally): () => void {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => [event, process.rawListeners(event)] as const);
  for (const event of events) {
    process.removeAllListeners(event).on(event, (error) =>
      tally.violate({
        kind: 'crash of the process',
        detail: error instanceof Error ? `${error.stack}` : String(error),
      }),
    );
  }
  return () => {
    for (const [event, listeners] of before) {
      process.removeAllListeners(event);
      for (const listener of listeners) process.on(event, listener as () => void);
    }
  };
}
