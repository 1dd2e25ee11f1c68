/** The limit is the faster way to search a table of one's own: for medium tenants that is to be found out. */
import postgres from 'postgres';
import { vectorText } from '../../../src/client/vector.js';
import type { Query, Tenant } from './data.js';
import { named } from './designs.js';
import { limitTable } from './load.js';
import { median } from './measure.js';
import { limitEfSearch, quiet, type Server } from './server.js';

/** Times exact and HNSW side by side, drops the medium tenants' indexes if exact wins, and says so. */
export async function chooseLimit(
  { admin, engine }: Server,
  queries: readonly Query[],
  measured: readonly Tenant[],
): Promise<string> {
  const [design] = named('limit, one statement');
  const ways = [
    { name: 'exact', setting: 'set enable_indexscan = off', times: [] as number[] },
    { name: 'HNSW', setting: 'set enable_sort = off; set jit = off', times: [] as number[] },
  ];
  const lanes = ways.map((way) => ({ ...way, sql: postgres(engine.appUrl, { ...quiet, max: 1 }) }));
  for (const { sql, setting } of lanes) await sql.unsafe(`select '[1]'::vector; ${setting}`);
  for (let round = 0; round < 3; round += 1) {
    for (const query of queries) {
      const statement = design?.statement?.(query) ?? '';
      for (const { sql, times } of lanes) {
        const began = performance.now();
        await sql.unsafe(statement, [vectorText(query.vector)], { prepare: true });
        if (round > 0) times.push(performance.now() - began);
      }
    }
  }
  await Promise.all(lanes.map(({ sql }) => sql.end()));
  const [exact = 0, hnsw = 0] = lanes.map(({ times }) => median(times));
  if (exact <= hnsw) {
    for (const { name, className } of measured) {
      if (className !== 'medium') continue;
      const table = limitTable(name);
      await admin.unsafe(`drop index ${table}_embedding_idx`);
      await admin.unsafe(`analyze ${table}`);
    }
  }
  return (
    `The limit searches medium tenants ${exact <= hnsw ? 'exactly' : 'by HNSW'}, which is faster: ` +
    `${exact.toFixed(2)} ms exact, ${hnsw.toFixed(2)} ms by HNSW with ef_search ${limitEfSearch}; ` +
    `small ones exactly, large and huge ones by HNSW.`
  );
}
