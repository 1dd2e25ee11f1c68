/** Tells what an error says about the call that it ended. */
import { RagwallError } from '../../../src/index.js';

/** A caller's own decision to roll back. */
export class ChangedMyMind extends Error {}

/** Whether the connection was lost, or there was none: the driver's codes, and what ends a session. */
export function isLost(error: unknown): boolean {
  const { code, severity } = error as { code?: string; severity?: string };
  const lost =
    /^(FATAL|PANIC|CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT|E(CONNRESET|CONNREFUSED|PIPE|TIMEDOUT))$/;
  return (
    lost.test(severity ?? '') ||
    lost.test(code ?? '') ||
    code?.startsWith('08') ||
    (error instanceof RagwallError && code === 'TRANSACTION_CLOSED' && isLost(error.cause))
  );
}

/** Whether the server cancelled the statement: by pg_cancel_backend() or by a time-out. */
export const isCancelled = (error: unknown) => (error as { code?: string }).code === '57014';

/** Whether PgBouncer 1.24 took a statement for prepared on a server whose cancellation had come before. */
const isForgotten = (error: unknown) => (error as { code?: string }).code === '26000';

const names: Readonly<Record<string, string>> = {
  '08P01': 'PgBouncer has no server for it, or is closing',
  '25P02': 'a statement behind one that failed',
  '25P03': 'idle in a transaction for too long',
  '26000': 'PgBouncer takes for prepared what was cancelled before',
  '57014': 'statement cancelled or timed out',
  '57P01': 'backend ended by an administrator',
  '57P02': 'backend ended by a crash',
  '57P03': 'server cannot be connected to now',
};

/** The name of an error in the table; undefined if no fault explains it. */
export function nameOf(error: unknown): string | undefined {
  if (error instanceof ChangedMyMind) return 'rolled back by its caller';
  const { code = 'connection lost' } = error as { code?: string };
  if (!isLost(error) && !isCancelled(error) && !isForgotten(error) && code !== '25P02') return;
  return names[code] ? `${code}: ${names[code]}` : code;
}
