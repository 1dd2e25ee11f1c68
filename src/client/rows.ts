/** Reads the rows of a statement as texts, and checks that each belongs to the tenant. */
import type { PendingQuery, Row } from 'postgres';
import { connectionLost, RagwallError } from './errors.js';

/** The values of a row as the server writes them. The first is the tenant that is bound, the second that of the row. */
export type TextRow = readonly (string | null)[];

const decoder = new TextDecoder();

/** Sends a statement and returns its rows as the server wrote them. Transforms and types of the pool do not reach them. */
export async function rowsOf(query: PendingQuery<Row[]>): Promise<TextRow[]> {
  const received = (await query.raw()) as unknown as (Uint8Array | null)[][] & { command: string | null };
  // Of a pool that is not ours: postgres.js 3.4 resolves what it took for a connection that was being reset.
  if (!received.command) throw connectionLost();
  // If a statement fails half way, postgres.js 3.4 leaves holes in the next result (#1181).
  const rows = received.filter(() => true);
  if (!rows.every(Array.isArray)) {
    throw new RagwallError(
      'INVALID_OPTION',
      'transform.row of the pool is expected to leave a row that is a list as it is.',
    );
  }
  return rows.map((row) => row.map((value) => value && decoder.decode(value)));
}

/** Returns the error for a row of another tenant. */
export const foreignRow = (): RagwallError =>
  new RagwallError(
    'FOREIGN_ROW',
    'The database returned a row of another tenant than that of the call, or no tenant; nothing was passed on. ' +
      'Stop serving and find out which wall is missing.',
  );

/**
 * Returns the rows of an answer if each belongs to the tenant. A statement in a transaction returns at least one row: if
 * nothing is found, a row that has no tenant of its own. So no row at all is a defect of the driver, and not an empty answer.
 *
 * @param tenant the tenant to which the rows must belong; by default the bound one.
 * @param single whether the statement binds the tenant itself; it then may return no row.
 * @throws RagwallError `FOREIGN_ROW` otherwise. No row is returned then.
 */
export function checkRows(rows: readonly TextRow[], tenant: string | undefined, single: boolean): readonly TextRow[] {
  const isOwn = ([bound, own]: TextRow) => typeof bound === 'string' && (own ?? bound) === (tenant ?? bound);
  if (!rows.every(isOwn) || (rows.length === 0 && !single)) throw foreignRow();
  return rows.filter(([, own]) => own !== null);
}
