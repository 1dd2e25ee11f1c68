/** Reads the audit from a database: in one transaction that can only read. */
import { readFileSync } from 'node:fs';
import type { Sql, TransactionSql } from 'postgres';
import { readRoles } from '../migrations/choices.js';
import { renameRoles } from '../migrations/release.js';

const areas = ['rls', 'role', 'tenant', 'context', 'pool', 'ci', 'path', 'shared', 'server'] as const;
const severities = ['critical', 'high', 'medium', 'low'] as const;
const statuses = ['pass', 'fail', 'warn', 'n/a'] as const;

export type Area = (typeof areas)[number];
export type Severity = (typeof severities)[number];
export type Status = (typeof statuses)[number];

/** A check that passes or does not apply, or one finding of a check. A finding is known by `id` and `object`. */
export interface AuditRow {
  readonly id: string;
  readonly area: Area;
  /** The expectation, one sentence. */
  readonly expects: string;
  readonly severity: Severity;
  readonly status: Status;
  /** The object of the finding, as `ragwall.documents`; empty for a pass. */
  readonly object: string;
  /** What was found. */
  readonly evidence: string;
  /** The statement or action that corrects it; empty for a pass. */
  readonly remedy: string;
  readonly reference: string;
}

export interface Audit {
  readonly database: string;
  /** The setting `server_version`. */
  readonly server: string;
  /** The version of the extension `vector`, or null without it. */
  readonly pgvector: string | null;
  /** When the audit began, by the server's clock: ISO 8601 in UTC, to the second. */
  readonly time: string;
  readonly login: string;
  /** The settings `ragwall.*` that the audit used: lists of names separated by commas. */
  readonly settings: Readonly<Record<string, string>>;
  readonly rows: readonly AuditRow[];
}

/** What the catalogs do not contain. */
export interface AuditOptions {
  /** How tables name the tenant. */
  readonly tenantColumns?: readonly string[];
  /** What applications log in as. */
  readonly appRoles?: readonly string[];
  /** Those of them that run SQL that others write. */
  readonly untrustedRoles?: readonly string[];
  /** A query of the audit's columns, instead of db/audit.sql: for tests. */
  readonly query?: string;
}

/** The lowest version that the audit's query runs on, as `server_version_num`. */
const lowest = 15_00_00;

/** The file with the audit's query. */
export const auditQuery = new URL('../../db/audit.sql', import.meta.url);

/**
 * Returns what the audit finds in the database of `sql`, and changes nothing there.
 *
 * @param sql a connection, or a pool of one.
 * @throws Error if the server is older than PostgreSQL 15, or the query returns no row or an unknown word.
 * @see db/audit.sql
 */
export function readAudit(sql: Sql, options: AuditOptions = {}): Promise<Audit> {
  return sql.begin('read only', (tx) => readAuditIn(tx, options));
}

/** Reads the same within a transaction, whose settings it changes. */
export async function readAuditIn(tx: TransactionSql, options: AuditOptions = {}): Promise<Audit> {
  const [server] = await tx<(Omit<Audit, 'rows' | 'settings'> & { number: number })[]>`
    select current_database() as database, current_setting('server_version') as server,
      current_setting('server_version_num')::integer as number,
      (select extversion from pg_catalog.pg_extension where extname = 'vector') as pgvector,
      to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as time,
      session_user::text as login`;
  if (!server) throw new Error('the server returned no version');
  const { number, ...about } = server;
  if (number < lowest) {
    throw new Error(`PostgreSQL 15 or later is expected; this server is ${about.server}`);
  }
  // Names in the query are resolved in pg_catalog only: other schemas are what is audited.
  const settings = {
    search_path: ['pg_catalog', 'pg_temp'],
    jit: ['off'],
    'ragwall.tenant_columns': options.tenantColumns,
    'ragwall.app_roles': options.appRoles,
    'ragwall.untrusted_roles': options.untrustedRoles,
  };
  for (const [name, value] of Object.entries(settings)) {
    if (value?.length) await tx`select set_config(${name}, ${value.join(',')}, true)`;
  }
  // Read back, because a role or a database may preset them.
  const effective = await tx<{ name: string; value: string }[]>`
    select substr(name, 9) as name, current_setting(name) as value
    from unnest(array['ragwall.tenant_columns', 'ragwall.app_roles', 'ragwall.untrusted_roles']) as name
    where current_setting(name, true) <> ''`;
  const query = renameRoles(options.query ?? readFileSync(auditQuery, 'utf8'), await readRoles(tx));
  const rows = await tx.unsafe<AuditRow[]>(query);
  return {
    ...about,
    settings: Object.fromEntries(effective.map(({ name, value }) => [name, value])),
    rows: checked([...rows]),
  };
}

/** Whether a row is a finding, and not a pass. */
export const isFinding = ({ status }: AuditRow): boolean => status === 'fail' || status === 'warn';

/** Returns the rows if area, severity and status of each are known words. A misspelt status would count as no finding. */
export function checked(rows: readonly AuditRow[]): readonly AuditRow[] {
  if (rows.length === 0) throw new Error('the audit was expected to return a row for each check: it has none');
  const words = { area: areas, severity: severities, status: statuses };
  for (const row of rows) {
    for (const [column, allowed] of Object.entries(words)) {
      const word = row[column as keyof typeof words];
      if (!(allowed as readonly string[]).includes(word)) {
        throw new Error(`the audit's ${column} of ${row.id} is expected to be one of ${allowed.join(', ')}`);
      }
    }
  }
  return rows;
}

/** Returns the SELECT of a check in db/audit.sql; undefined for a check that SQL cannot make, and an unknown one. */
export function statementOf(id: string, query = readFileSync(auditQuery, 'utf8')): string | undefined {
  const [, statement] = query.split(`  -- [${id}] `)[1]?.match(/^.*\n([\s\S]*?)\n\n(?: {2}union all|\))/) ?? [];
  return statement?.replace(/^ {2}/gm, '');
}
