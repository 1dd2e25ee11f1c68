/** What a login can find out about itself: what it is, what it can reach, and what there stands open. */
import type { Sql } from 'postgres';
import type { Way } from '../audit/pooler-probe.js';

/** The number of the last migration, which this client needs. */
export const neededMigration = 13;

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
  readonly way: Way;
  readonly found: readonly Finding[];
  readonly undetermined: readonly Undetermined[];
}

/** Everything that catalogs tell. `mine` is whoever this login is or can become, and has the privileges of. */
export async function fromCatalogs(sql: Sql, tenantColumn: string): Promise<Findings> {
  const rows = await sql<{ backend: number; found: Finding[] }[]>`
    with me as materialized (
      select r.oid, r.rolname, r.rolsuper, r.rolbypassrls
      from pg_catalog.pg_roles as r
      where r.rolname in (current_user, session_user)
    ),
    mine as materialized (
      select r.oid, r.rolname, r.rolsuper or r.rolbypassrls as unbound, false as myself
      from pg_catalog.pg_roles as r
      where r.oid not in (select me.oid from me)
        and exists (
          select from me
          where not me.rolsuper and pg_catalog.pg_has_role(me.oid, r.oid, 'member')
        )
      union all
      select me.oid, me.rolname, false, true from me
    ),
    tenant_table as materialized (
      select c.oid, n.oid as schema, pg_catalog.format('%I.%I', n.nspname, c.relname) as name, c.relowner,
        c.relrowsecurity, c.relforcerowsecurity
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p')
        and c.relpersistence <> 't'
        and n.nspname not in ('pg_catalog', 'information_schema')
        and exists (
          select from pg_catalog.pg_attribute as a
          where a.attrelid = c.oid and a.attname = ${tenantColumn} and not a.attisdropped
        )
    ),
    open_table as (
      select t.name, t.relrowsecurity
      from tenant_table as t
      where not (t.relrowsecurity and t.relforcerowsecurity)
        and exists (
          select from mine as m
          where pg_catalog.has_schema_privilege(m.oid, t.schema, 'usage')
            and (
              pg_catalog.has_any_column_privilege(m.oid, t.oid, 'select, insert, update')
              or pg_catalog.has_table_privilege(m.oid, t.oid, 'delete, truncate')
            )
        )
    ),
    finding as (
      select 'G01' as "check", current_user::text as object
      where not exists (
        select from pg_catalog.pg_namespace as n
        join mine as m on pg_catalog.has_schema_privilege(m.oid, n.oid, 'usage')
        where n.nspname = 'ragwall'
      )
      union all
      select 'R01', me.rolname from me where me.rolsuper
      union all
      select 'R02', me.rolname from me where me.rolbypassrls
      union all
      select 'R07', m.rolname
      from mine as m
      where not m.myself
        and (
          m.unbound
          or m.oid in (select t.relowner from tenant_table as t)
          or m.oid in (
            select n.nspowner from pg_catalog.pg_namespace as n where n.nspname in ('ragwall', 'ragwall_private')
          )
        )
      union all
      select 'R08', t.name from tenant_table as t join me on me.oid = t.relowner
      union all
      select case when t.relrowsecurity then 'T02' else 'T01' end, t.name from open_table as t
    )
    select pg_catalog.pg_backend_pid() as backend,
      (select coalesce(pg_catalog.json_agg(f order by f.object), '[]') from finding as f) as found`;
  const [row] = rows;
  return {
    way: { client: rows.state, backend: row?.backend ?? 0 },
    found: row?.found ?? [],
    undetermined: [],
  };
}

/**
 * What functions tell a login from whom db/agents.sql took the catalogs: that row-level security binds it on
 * ragwall.documents, whatever it is and owns, and that it is no member of the two owners.
 */
export async function fromFunctions(sql: Sql): Promise<Findings> {
  const rows = await sql<
    { backend: number; usable: boolean; member: boolean; bound: boolean | null }[]
  >`
    select pg_catalog.pg_backend_pid() as backend, s.usable,
      exists (
        select from (values ('ragwall_owner'), ('ragwall_context')) as o (name)
        where pg_catalog.pg_has_role(session_user, pg_catalog.to_regrole(o.name)::oid, 'member')
      ) as member,
      case when s.usable
        then pg_catalog.row_security_active(pg_catalog.to_regclass('ragwall.documents')::oid)
      end as bound
    from (
      select coalesce(
        pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('ragwall')::oid, 'usage'), false
      ) as usable
    ) as s`;
  const [row] = rows;
  const found: Finding[] = [];
  if (!row?.usable) found.push({ check: 'G01', object: 'this login' });
  if (row?.member) found.push({ check: 'R07', object: 'ragwall_owner or ragwall_context' });
  if (row?.bound === false) found.push({ check: 'T01', object: 'ragwall.documents' });
  const reason =
    'this login may not read the catalogs: of all tables only ragwall.documents was looked at';
  return {
    way: { client: rows.state, backend: row?.backend ?? 0 },
    found,
    undetermined: (['R08', 'T01', 'T02'] as const).map((check) => ({ check, reason })),
  };
}

/** Whether a server refused for one of these reasons. */
export const refused = (error: unknown, ...codes: string[]) =>
  codes.includes((error as { code: string })?.code);

export async function migrationBehind(sql: Sql): Promise<Finding[]> {
  try {
    const [row] = await sql<{ migration: number }[]>`select ragwall.migration() as migration`;
    const migration = row?.migration ?? 0;
    if (migration >= neededMigration) return [];
    return [{ check: 'M01', object: `${migration} of ${neededMigration} are applied` }];
  } catch (error) {
    if (refused(error, '42883')) {
      return [
        {
          check: 'M01',
          object: `those from ragwall.migration() on, of ${neededMigration}, are missing`,
        },
      ];
    }
    if (refused(error, '42501')) {
      return [{ check: 'M01', object: 'ragwall.migration() may not be called' }];
    }
    throw error;
  }
}
