/** Runs the queries of the start-up guard: about the login, the tables that it can reach, and the migrations. */
import type { Sql } from 'postgres';
import type { Route } from '../audit/pooler-probe.js';
import { guardQuery, lastMigration, restrictedGuardQuery } from '../audit/queries.generated.js';
import type { Embedder } from '../embedders/embedder.js';
import { setTenant } from './tenant.js';
import type { TokenSigner } from './token.js';

/** The id of a check, as in `ragwall audit`. */
export type IsolationCheck = 'G01' | 'G02' | 'G03' | 'M01' | 'R01' | 'R02' | 'R07' | 'R08' | 'T01' | 'T02' | 'O01';

/** A check that could not be made. */
export interface Undetermined {
  readonly check: IsolationCheck;
  readonly reason: string;
}

export interface Finding {
  readonly check: IsolationCheck;
  /** The role, the table or the migrations that fail the check. */
  readonly object: string;
}

export interface Findings {
  /** The connection and the server process of the query. */
  readonly route: Route;
  readonly found: readonly Finding[];
  readonly undetermined: readonly Undetermined[];
}

async function runGuard(sql: Sql, query: string, parameters: (string | null)[] = []) {
  const rows = await sql.unsafe<{ backend: number; found: Finding[] }[]>(query, parameters);
  const [row] = rows;
  if (!row) throw new Error('a row was expected');
  return { route: { client: rows.state, backend: row.backend }, found: row.found };
}

/**
 * Returns the checks that the login fails, from the catalogs. Where db/agents.sql has revoked the catalogs from the login,
 * it calls access functions such as pg_has_role() instead, and the checks that need the catalogs are undetermined.
 *
 * @param tenantColumns names separated by commas. Null: those of the setting ragwall.tenant_columns, or without it those
 *   that the audit recognises.
 * @see db/audit/queries/guard.sql
 */
export async function findFailures(sql: Sql, tenantColumns: string | null): Promise<Findings> {
  try {
    return { ...(await runGuard(sql, guardQuery, [tenantColumns])), undetermined: [] };
  } catch (error) {
    if (!refused(error, '42501')) throw error;
    const reason = 'this login may not read the catalogs, so only ragwall.documents was examined';
    return {
      ...(await runGuard(sql, restrictedGuardQuery)),
      undetermined: (['R08', 'T01', 'T02'] as const).map((check) => ({ check, reason })),
    };
  }
}

/** Whether an error of the server has one of these SQLSTATEs. */
const refused = (error: unknown, ...codes: string[]) => codes.includes((error as { code: string })?.code);

/** A tenant that has no documents: what is bound to it is rolled back. */
const nobody = 'ragwall-start-up-check';

/** Returns a finding if no tenant can be bound: without a signer in signed mode, or with one of another database. */
export async function bindingRefused(sql: Sql, signer: TokenSigner | undefined): Promise<Finding[]> {
  const over = Symbol();
  try {
    await sql.begin(async (tx) => {
      await setTenant(tx, nobody, signer);
      throw over;
    });
  } catch (error) {
    if (refused(error, '42501')) {
      return [
        { check: 'G02', object: signer ? 'may not present a token' : 'there is none, and tenants are bound by token' },
      ];
    }
    if (refused(error, 'RW004', 'RW005', 'RW006')) {
      return [{ check: 'G02', object: `${(error as { code: string }).code}: ${(error as Error).message}` }];
    }
    if (error !== over) throw error;
  }
  return [];
}

/** Returns a finding if an embedder makes vectors of another length than those in the database. */
export async function dimensionsDiffer(sql: Sql, embedder: Embedder | undefined): Promise<Finding[]> {
  if (embedder?.dimensions === undefined) return [];
  const [row] = await sql<{ dimensions: number }[]>`select ragwall.embedding_dimensions() as dimensions`;
  if (row?.dimensions === embedder.dimensions) return [];
  return [{ check: 'G03', object: `${embedder.dimensions} of the embedder, ${row?.dimensions} in the database` }];
}

/** Returns a finding if the database has fewer migrations than this client needs. */
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
          object: `ragwall.migration() is missing, and ${lastMigration} are expected`,
        },
      ];
    }
    if (refused(error, '42501')) {
      return [{ check: 'M01', object: 'ragwall.migration() may not be called' }];
    }
    throw error;
  }
}
