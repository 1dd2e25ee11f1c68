/** What a page and a bundle are made of: the report, the fingerprint with its rows, and what made them. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Sql } from 'postgres';
import { type Fingerprint, inventoryQuery, readInventoryIn } from './fingerprint.js';
import { type Report, version } from './report.js';
import { type Audit, type AuditOptions, auditQuery, readAuditIn } from './run.js';

/** The totals of test suites. */
export interface Suites {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** An audit, and the state of the database that it is about. */
export interface AuditedState {
  readonly audit: Audit;
  readonly fingerprint: Fingerprint;
  /** The number of the last migration of Ragwall; null without the schema `ragwall`. */
  readonly migration: number | null;
}

export interface Evidence extends Omit<AuditedState, 'audit'> {
  /** The version of the package that made it. */
  readonly ragwall: string;
  readonly report: Report;
  /** The ids of the checks whose rows the probe returned. */
  readonly probed: readonly string[];
  /** Null if none were given. */
  readonly suites: Suites | null;
  /** The SQL that returned the rows of the audit and those of the inventory. */
  readonly statements: { readonly audit: string; readonly inventory: string };
}

/**
 * Reads audit, inventory and migration from one snapshot of the database, in a transaction that can only read.
 *
 * @param sql a connection, or a pool of one.
 * @throws Error if the server is older than PostgreSQL 15.
 */
export function readState(sql: Sql, options: AuditOptions = {}): Promise<AuditedState> {
  return sql.begin('isolation level repeatable read read only', async (tx) => {
    const audit = await readAuditIn(tx, options);
    const fingerprint = await readInventoryIn(tx);
    // The function is not called: an audit runs nothing of the database that it audits.
    const [row] = await tx<{ migration: number | null }[]>`
      select max((regexp_match(pg_get_function_sqlbody(p.oid), 'RETURN (\\d+)'))[1]::integer) as migration
      from pg_proc as p
      join pg_namespace as n on n.oid = p.pronamespace
      where n.nspname = 'ragwall' and p.proname = 'migration'`;
    return { audit, fingerprint, migration: row?.migration ?? null };
  });
}

/** Returns the evidence of a report. */
export function makeEvidence(
  report: Report,
  { fingerprint, migration, probed, suites }: Pick<Evidence, 'fingerprint' | 'migration' | 'probed' | 'suites'>,
): Evidence {
  const statements = { audit: readFileSync(auditQuery, 'utf8'), inventory: readFileSync(inventoryQuery, 'utf8') };
  return { ragwall: version, report, probed, fingerprint, migration, suites, statements };
}

/**
 * Reads the totals of test suites from a file: the last line of the form `12 passed, 0 failed, 1 skipped`.
 * @throws Error if the file cannot be read, or has no such line.
 */
export async function readSuites(file: string): Promise<Suites> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file}: the output of the suites cannot be read (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
  const found = [...text.matchAll(/^(\d{1,9}) passed, (\d{1,9}) failed, (\d{1,9}) skipped\r?$/gm)].at(-1);
  if (!found)
    throw new Error(`${file}: a line "12 passed, 0 failed, 1 skipped" is expected, as \`npm test\` prints it last`);
  const [passed = 0, failed = 0, skipped = 0] = found.slice(1).map(Number);
  return { passed, failed, skipped };
}
