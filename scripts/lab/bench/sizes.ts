/** How much room each design takes. */
import type { Sql } from 'postgres';
import type { Tenant } from './data.js';

export interface Size {
  readonly design: string;
  readonly documents: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
}

/** Sizes by design; the dedicated tables hold the measured tenants only. */
export async function sizes(admin: Sql, measured: readonly Tenant[]): Promise<Size[]> {
  const [all] = await admin<{ documents: number }[]>`
    select count(*)::integer as documents from bench.guide`;
  const own = measured.reduce((sum, tenant) => sum + tenant.documents, 0);
  const groups: [string, string, number][] = [
    ['guide', "n.nspname = 'bench' and c.relname = 'guide'", all?.documents ?? 0],
    ['shared hnsw', "n.nspname = 'bench' and c.relname = 'hnsw'", all?.documents ?? 0],
    ['limit, the measured tenants', "n.nspname = 'bench' and c.relname like 'limit\\_%'", own],
    [
      'ragwall',
      "n.nspname = 'ragwall' and c.relname like 'documents\\_%' and c.relkind = 'r'",
      all?.documents ?? 0,
    ],
  ];
  const found: Size[] = [];
  for (const [design, condition, documents] of groups) {
    const [row] = await admin.unsafe<{ table: number; index: number }[]>(`
      select sum(pg_table_size(c.oid))::float8 as table, sum(pg_indexes_size(c.oid))::float8 as index
      from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
      where c.relkind = 'r' and ${condition}`);
    found.push({
      design,
      documents,
      tableBytes: row?.table ?? 0,
      indexBytes: row?.index ?? 0,
    });
  }
  return found;
}
