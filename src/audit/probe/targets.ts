/** Reads what the probe acts on: tenant tables and the settings that their policies read, roles, search functions. */
import type { TransactionSql } from 'postgres';
import { readRoles } from '../../migrations/choices.js';
import { renameRoles } from '../../migrations/release.js';
import { probeQuery } from '../queries.generated.js';
import { undone } from './savepoint.js';

/** A table that has a tenant column; a partition counts as part of its root. */
export interface TenantTable {
  readonly oid: number;
  /** Qualified and quoted. */
  readonly name: string;
  readonly tenantColumn: string;
  /** Settings that its policies read, or functions that these call. */
  readonly settings: readonly string[];
  /** Whether its policies call ragwall.current_tenant(). */
  readonly byRagwall: boolean;
}

/** A function that searches by a vector, with its arguments as SQL, the vector being `$1`. */
export interface Search {
  readonly name: string;
  readonly args: string;
}

/** A function of ours that an application may call, with the names and types of its parameters. */
export interface OwnFunction {
  readonly name: string;
  readonly parameters: readonly { readonly name: string | null; readonly type: string }[];
}

export interface ProbeTargets {
  readonly superuser: boolean;
  readonly readOnly: boolean;
  readonly tables: readonly TenantTable[];
  /** The application roles, as which the probe acts. */
  readonly roles: readonly string[];
  /** Those of them that run SQL that others write. */
  readonly untrusted: readonly string[];
  /** Of the roles in the options, those that do not exist. */
  readonly missing: readonly string[];
  readonly searches: readonly Search[];
  readonly functions: readonly OwnFunction[];
}

/**
 * Returns the targets of the probe. If columns or roles are not given, the settings `ragwall.*` are used, and without
 * these what the audit recognises.
 *
 * @see db/audit/queries/probe.sql
 */
export async function readTargets(
  tx: TransactionSql,
  given: { readonly tenantColumns?: readonly string[]; readonly appRoles?: readonly string[] },
): Promise<ProbeTargets> {
  const parameters = [given.tenantColumns, given.appRoles].map((names) => (names?.length ? names.join(',') : null));
  const [row] = await undone(tx, async (inner) => {
    // Names in the query are resolved in pg_catalog only: other schemas are what is audited. JIT would take longer than
    // the query itself.
    await inner`set local search_path = pg_catalog, pg_temp`;
    await inner`set local jit = off`;
    return inner.unsafe<(Omit<ProbeTargets, 'searches'> & { searches: SearchFunction[] })[]>(
      renameRoles(probeQuery, await readRoles(inner)),
      parameters,
    );
  });
  if (!row) throw new Error('a row was expected');
  return { ...row, searches: row.searches.flatMap(callable) };
}

interface SearchFunction {
  readonly name: string;
  /** How many arguments have no default. */
  readonly needed: number;
  readonly types: readonly string[] | null;
}

/** How a search is called, if it begins with a vector and its other arguments are numbers and filters. */
function callable({ name, needed, types }: SearchFunction): Search[] {
  const [vector = '', ...others] = types ?? [];
  if (!/\b(half|sparse)?vec(tor)?$/.test(vector)) return [];
  const whole = others.some((type) => /^(small|big)?int/.test(type));
  const args = others.map((type) => {
    if (/^(small|big)?int/.test(type)) return `10::${type}`;
    // The number of rows to return. If an integer argument has this already: a threshold.
    if (/^(double|real|numeric)/.test(type)) return `${whole ? 0 : 10}::${type}`;
    return /^jsonb?$/.test(type) ? `'{}'::${type}` : undefined;
  });
  const unknown = args.indexOf(undefined);
  if (unknown >= 0 && unknown + 1 < needed) return [];
  const given = unknown < 0 ? args : args.slice(0, unknown);
  return [{ name, args: [`$1::text::${vector}`, ...given].join(', ') }];
}
