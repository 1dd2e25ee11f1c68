/** Builds the indexes of all designs and measures how long each takes. */
import { vectorText } from '../../../src/client/vector.js';
import { median, timed } from '../measure.js';
import { connect } from '../setup.js';
import { limitEfSearch, limitTable, type Server, settle } from './database.js';
import { named } from './designs.js';
import type { Query, Tenant } from './world.js';

/** How long it took to build an index, or several of one kind. */
export interface Build {
  readonly name: string;
  readonly seconds: number;
  readonly indexes: number;
}

type Kind = readonly [name: string, statements: readonly string[]];

/** Builds one kind after the other on one new connection. */
async function buildInTurn(url: string, kinds: readonly Kind[], onBuild: (name: string) => void) {
  const sql = connect(url);
  const builds: Build[] = [];
  try {
    // Parallel builds are unsafe before pgvector 0.8.2 (CVE-2026-3172), and need more shared memory than a container has.
    await sql.unsafe("set maintenance_work_mem = '2GB'; set max_parallel_maintenance_workers = 0");
    for (const [name, statements] of kinds) {
      const indexes = statements.filter((statement) => statement.startsWith('create index')).length;
      if (indexes === 0) continue;
      onBuild(`building ${name}`);
      const took = await timed(async () => {
        for (const statement of statements) await sql.unsafe(statement);
      });
      builds.push({ name, seconds: took / 1000, indexes });
    }
  } finally {
    await sql.end();
  }
  return builds;
}

/** Runs the statements of ragwall.index_plan(), as Ragwall's maintenance does. */
export async function maintain({ admin, engine }: Server, onBuild: (name: string) => void) {
  const plan = await admin<{ statement: string }[]>`select ragwall.index_plan() as statement`;
  const due: Kind = ['ragwall: index_plan()', plan.map(({ statement }) => statement)];
  return buildInTurn(engine.adminUrl, [due], onBuild);
}

/**
 * Builds all indexes and vacuums. The shared HNSW index takes longest, and is built at the same time as those of
 * the guide and the dedicated tables. Those of ragwall.index_plan() are built last, with nothing beside them.
 */
export async function buildIndexes(
  server: Server,
  measured: readonly Tenant[],
  onBuild: (name: string) => void,
): Promise<Build[]> {
  const hnsw = (table: string, ops: string) => `create index on ${table} using hnsw (embedding ${ops})`;
  const own = (['medium', 'large', 'huge'] as const).map(
    (className): Kind => [
      `limit: hnsw, ${className}`,
      measured
        .filter((tenant) => tenant.className === className)
        .map(({ name }) => hnsw(limitTable(name), 'halfvec_cosine_ops')),
    ],
  );
  const ivfflat = 'create index on bench.guide using ivfflat (embedding vector_cosine_ops) with (lists = 100)';
  const longest: Kind[] = [['shared hnsw: hnsw', [hnsw('bench.hnsw', 'vector_cosine_ops')]]];
  const beside: Kind[] = [
    ['guide: ivfflat', [ivfflat]],
    ['guide: btree', ['create index on bench.guide (tenant_id)']],
    ...own,
  ];
  const shared = await Promise.all(
    [longest, beside].map((kinds) => buildInTurn(server.engine.adminUrl, kinds, onBuild)),
  );
  const btree: Kind = ['shared hnsw: btree', ['create index on bench.hnsw (tenant_id)']];
  const builds = [
    ...shared.flat(),
    ...(await buildInTurn(server.engine.adminUrl, [btree], onBuild)),
    ...(await maintain(server, onBuild)),
  ];
  await settle(server.admin);
  return builds;
}

/**
 * Finds out how the dedicated tables of medium tenants are searched faster, exactly or by HNSW, and drops their
 * indexes if exactly. Small tenants have none, and for large ones HNSW is faster. Returns the choice as a sentence.
 */
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
  const lanes = ways.map((way) => ({ ...way, sql: connect(engine.appUrl) }));
  for (const { sql, setting } of lanes) await sql.unsafe(`select '[1]'::vector; ${setting}`);
  for (let round = 0; round < 3; round += 1) {
    for (const query of queries) {
      const statement = design?.statement?.(query) ?? '';
      for (const { sql, times } of lanes) {
        const values = [vectorText(query.vector)];
        const took = await timed(() => sql.unsafe(statement, values, { prepare: true }));
        if (round > 0) times.push(took);
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
