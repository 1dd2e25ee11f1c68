/** Classifies the errors of calls by their cause, and counts errors that nobody catches. */
import { RagwallError } from '../../../src/index.js';
import type { Tally } from './tally.js';

/** Thrown by a caller to roll its transaction back. */
export class ChangedMyMind extends Error {}

/** Whether the connection was lost or could not be made, by the driver's code, the SQLSTATE or the severity. */
export function isLost(error: unknown): boolean {
  const { code, severity } = error as { code?: string; severity?: string };
  const lost =
    /^(FATAL|PANIC|CONNECTION_(CLOSED|ENDED|DESTROYED|LOST)|CONNECT_TIMEOUT|E(CONNRESET|CONNREFUSED|PIPE|TIMEDOUT))$/;
  return (
    lost.test(severity ?? '') ||
    lost.test(code ?? '') ||
    code?.startsWith('08') ||
    // PgBouncer passes on how a login to the server ended, to every client that waits for it, and without its severity.
    code?.startsWith('57P0') ||
    (error instanceof RagwallError && code === 'TRANSACTION_CLOSED' && isLost(error.cause))
  );
}

/** Whether the server cancelled the statement: by pg_cancel_backend() or by a time-out. */
export const isCancelled = (error: unknown) => (error as { code?: string }).code === '57014';

/** Whether a prepared statement is missing: PgBouncer 1.24 believes it prepared where a cancellation came before. */
const isForgotten = (error: unknown) => (error as { code?: string }).code === '26000';

const names: Readonly<Record<string, string>> = {
  '08P01': 'PgBouncer has no server connection, or is closing',
  '25P02': 'statement after one that failed',
  '25P03': 'idle in a transaction for too long',
  '26000': 'PgBouncer believes a cancelled statement prepared',
  '57014': 'statement cancelled or timed out',
  '57P01': 'backend ended by an administrator',
  '57P02': 'backend ended by a crash',
  '57P03': 'server does not accept connections yet',
};

/** Returns the name of an error in the table, or undefined if no fault explains it. */
export function nameOf(error: unknown): string | undefined {
  if (error instanceof ChangedMyMind) return 'rolled back by its caller';
  const { code = 'connection lost' } = error as { code?: string };
  if (!isLost(error) && !isCancelled(error) && !isForgotten(error) && code !== '25P02') return;
  return names[code] ? `${code}: ${names[code]}` : code;
}

/** Counts errors that would end the process as violations, until the function that it returns is called. */
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
