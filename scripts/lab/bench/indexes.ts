/** Builds the indexes of all designs, and says how long each took. */
import postgres, { type Sql } from 'postgres';
import type { Tenant } from './data.js';
import { limitTable, settle } from './load.js';
import { quiet, type Server } from './server.js';

/** What an index or a group of them took. */
export interface Build {
  readonly name: string;
  readonly seconds: number;
  readonly indexes: number;
}

type Kind = readonly [name: string, statements: readonly string[]];

/** Builds one kind after the other, on a connection of its own. */
async function buildInTurn(url: string, kinds: readonly Kind[], onBuild: (name: string) => void) {
  const sql = postgres(url, { ...quiet, max: 1 });
  const builds: Build[] = [];
  try {
    // Serial: parallel builds before pgvector 0.8.2 are unsafe, and share memory that containers lack.
    await sql.unsafe("set maintenance_work_mem = '2GB'; set max_parallel_maintenance_workers = 0");
    for (const [name, statements] of kinds) {
      const indexes = statements.filter((statement) => statement.startsWith('create index')).length;
      if (indexes === 0) continue;
      onBuild(`building ${name}`);
      const began = performance.now();
      for (const statement of statements) await sql.unsafe(statement);
      builds.push({ name, seconds: (performance.now() - began) / 1000, indexes });
    }
  } finally {
    await sql.end();
  }
  return builds;
}

/** The statements that ragwall.index_plan() says are due; none where there is no such function. */
async function indexPlan(admin: Sql): Promise<string[]> {
  try {
    const rows = await admin<{ statement: string }[]>`
      select plan as statement from ragwall.index_plan() as plan`;
    return rows.map(({ statement }) => statement);
  } catch (error) {
    if ((error as { code?: string }).code === '42883') return [];
    throw error;
  }
}

/** Runs what ragwall.index_plan() says is due, as its maintenance does. */
export async function maintain({ admin, engine }: Server, onBuild: (name: string) => void) {
  const due: Kind = ['ragwall: index_plan()', await indexPlan(admin)];
  return buildInTurn(engine.adminUrl, [due], onBuild);
}

/**
 * Builds all indexes and vacuums. The shared HNSW index, which takes longest, is built beside those of the
 * others; what ragwall.index_plan() says is due comes last, by itself.
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
  const ivfflat =
    'create index on bench.guide using ivfflat (embedding vector_cosine_ops) with (lists = 100)';
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
