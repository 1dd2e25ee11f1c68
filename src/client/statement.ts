/** Sends a single statement on a pool, so that postgres.js cannot give its answer to another caller. */
import type { PendingQuery } from 'postgres';
import { RagwallError } from './errors.js';

/** The private members of a postgres.js connection that are used here. */
interface Connection {
  /** Called when the connection has closed, before it is used again. */
  onclose: ((error: Error) => void) | null;
  /** Rejects the statements that were sent on the connection and not answered. */
  terminate(): void;
}

/**
 * Makes postgres.js send nothing on the same connection before this statement is answered, and returns the
 * statement. If the server or PgBouncer no longer has a prepared statement (26000), the driver prepares it again, and
 * the statements that it sent meanwhile hang or get each other's answers. Besides, PgBouncer serves a connection for as
 * long as this has more to send, while other connections wait.
 */
function unpipelined<Q extends Promise<unknown>>(query: Q): Q {
  const sent = query as Q & { options?: object };
  const onexecute = (connection: Connection) => {
    connection.onclose ??= () => connection.terminate();
    return false;
  };
  sent.options = { ...sent.options, onexecute };
  return query;
}

/**
 * Sends a statement and returns its rows.
 *
 * @param onPool whether the statement is sent on a pool, outside any transaction.
 * @throws RagwallError `CONNECTION_LOST` if the driver resolves the statement without a complete answer, as
 *   postgres.js does with a statement that it accepted while the connection was being reset.
 */
export async function rowsOf<Row extends object>(query: PendingQuery<Row[]>, onPool: boolean): Promise<readonly Row[]> {
  const rows = await (onPool ? unpipelined(query) : query);
  if (!rows.command) {
    throw new RagwallError(
      'CONNECTION_LOST',
      'The connection was lost before there was an answer; whether a write took effect is unknown.',
    );
  }
  return rows;
}
