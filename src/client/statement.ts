/** Sends a single statement on a pool, so that postgres.js cannot give its answer to another caller. */
import type { PendingQuery } from 'postgres';
import { RagwallError } from './errors.js';

/** The private members of a postgres.js connection that are used here. */
interface Connection {
  /** Called when the connection has closed, before it is used again. */
  onclose: ((error: Error) => void) | null;
  /** Rejects the statements that the connection has taken and not answered. */
  terminate(): void;
}

/**
 * Makes postgres.js send nothing on the same connection before this statement is answered, and returns the
 * statement. A pipeline gets out of step when the driver prepares a statement again that the server or
 * PgBouncer has forgotten (26000): calls hang, or get each other's answers. PgBouncer also keeps serving a
 * connection for as long as it has more to send.
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
 * @throws RagwallError `CONNECTION_LOST` if the driver resolves the statement without a complete answer. It
 *   does so with a statement that it took while its connection was being reset.
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
