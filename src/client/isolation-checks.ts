/** What the start-up guard asks a database: what its login is, what it can reach, and which of it is open. */
import type { Sql } from 'postgres';
import type { Route } from '../audit/pooler-probe.js';
import { guardQuery, lastMigration, restrictedGuardQuery } from '../audit/queries.generated.js';

/** The id of a check, as in `ragwall audit`. */
export type IsolationCheck = 'G01' | 'M01' | 'R01' | 'R02' | 'R07' | 'R08' | 'T01' | 'T02' | 'O01';

/** A check that could not be made. */
export interface Undetermined {
  readonly check: IsolationCheck;
  readonly reason: string;
}

export interface Finding {
  readonly check: IsolationCheck;
  /** What fails it: a role, a table. */
  readonly object: string;
}

export interface Findings {
  /** Of the statement that asked. */
  readonly route: Route;
  readonly found: readonly Finding[];
  readonly undetermined: readonly Undetermined[];
}

async function ask(sql: Sql, query: string, parameters: (string | null)[] = []) {
  const rows = await sql.unsafe<{ backend: number; found: Finding[] }[]>(query, parameters);
  const [row] = rows;
  if (!row) throw new Error('a row was expected');
  return { route: { client: rows.state, backend: row.backend }, found: row.found };
}

/**
 * Returns what a login can find out about itself: from the catalogs, or, where db/agents.sql has revoked these from it,
 * from functions, which tell less.
 *
 * @param tenantColumns names separated by commas; null: as the setting ragwall.tenant_columns says, or else as the audit
 *   recognises them.
 * @see db/audit/queries/guard.sql
 */
export async function findOpen(sql: Sql, tenantColumns: string | null): Promise<Findings> {
  try {
    return { ...(await ask(sql, guardQuery, [tenantColumns])), undetermined: [] };
  } catch (error) {
    if (!refused(error, '42501')) throw error;
    const reason = 'this login may not read the catalogs: of all tables only ragwall.documents was looked at';
    return {
      ...(await ask(sql, restrictedGuardQuery)),
      undetermined: (['R08', 'T01', 'T02'] as const).map((check) => ({ check, reason })),
    };
  }
}

/** Whether a server refused for one of these reasons. */
const refused = (error: unknown, ...codes: string[]) => codes.includes((error as { code: string })?.code);

export async function migrationBehind(sql: Sql): Promise<Finding[]> {
  try {
    const [row] = await sql<{ migration: number }[]>`select ragwall.migration() as migration`;
    const migration = row?.migration ?? 0;
    if (migration >= lastMigration) return [];
    return [{ check: 'M01', object: `${migration} of ${lastMigration} are applied` }];
  } catch (error) {
    if (refused(error, '42883')) {
      return [
        {
          check: 'M01',
          object: `those from ragwall.migration() on, of ${lastMigration}, are missing`,
        },
      ];
    }
    if (refused(error, '42501')) {
      return [{ check: 'M01', object: 'ragwall.migration() may not be called' }];
    }
    throw error;
  }
}
