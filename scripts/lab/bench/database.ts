/** The database of the benchmark: the server and its settings, the tables and indexes of each design, and their documents. */
import { once } from 'node:events';
import { totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Sql } from 'postgres';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { vectorText } from '../../../src/client/vector.js';
import { dot, random } from '../data.js';
import { progress } from '../report.js';
import { connect, inContainer, usualPolicy } from '../setup.js';
import type { Scale } from './scale.js';
import {
  type ClassName,
  type Document,
  dimensions,
  mixed,
  type Query,
  type Tenant,
  type World,
  zipf,
} from './world.js';

/** How many documents every search is for. */
export const k = 10;

export interface Server {
  readonly engine: Engine & { readonly appUrl: string };
  /** A superuser. */
  readonly admin: Sql;
}

/** Gives our own container's Postgres more memory and no autovacuum, and restarts it. A server given by URL stays as it is. */
export async function openServer(engine: Engine): Promise<Server> {
  if (!engine.appUrl) throw new Error('the benchmark needs a server with logins: Docker or DATABASE_URL');
  const admin = () => connect(engine.adminUrl, { max: 2 });
  if (engine.containerId) {
    const sql = admin();
    const buffers = Math.min(Math.floor(totalmem() / 4 / 1024 ** 2), 6 * 1024);
    for (const setting of [
      `shared_buffers = '${buffers}MB'`,
      "max_wal_size = '16GB'",
      "checkpoint_timeout = '1h'",
      'autovacuum = off', // it would slow down one design and not the others; settle() vacuums every table
    ]) {
      await sql.unsafe(`alter system set ${setting}`);
    }
    await sql.end();
    await inContainer(engine.containerId, ['pg_ctl', 'restart', '-m', 'fast', '-l', 'postgres.log']);
    await delay(200);
  }
  return { engine: { ...engine, appUrl: engine.appUrl }, admin: admin() };
}

/** The name of the dedicated table of a tenant. */
export const limitTable = (tenant: string) => `bench.limit_${tenant.replaceAll('-', '_')}`;

/**
 * Makes the table of the guide, the same table for a shared HNSW index, and a dedicated table for each measured
 * tenant. They have no indexes yet but their keys.
 */
async function createTables(admin: Sql, measured: readonly Tenant[]): Promise<void> {
  const columns = `id uuid primary key, tenant_id text not null, content text not null,
    embedding public.vector(${dimensions}), metadata jsonb, created_at timestamptz default now()`;
  const shared = ['guide', 'hnsw'].map(
    (name) => `
    create table bench.${name} (${columns});
    ${usualPolicy(`bench.${name}`)}`,
  );
  const limits = measured
    .map(({ name }) => limitTable(name))
    .map(
      (table) => `
    create table ${table} (id uuid primary key, content text not null,
      embedding public.halfvec(${dimensions}) not null, metadata jsonb);
    alter table ${table} alter embedding set storage plain, alter metadata set storage main;
    grant select on ${table} to app_user;`,
    );
  await admin.unsafe(`
    create schema bench;
    grant usage on schema bench to app_user;
    create unlogged table bench.staging (tenant_id text, id uuid, content text,
      embedding public.vector(${dimensions}), metadata jsonb);
    alter table bench.staging alter embedding set storage plain;
    ${shared.join('')}
    ${limits.join('')}`);
}

/** Which tables a load fills. */
interface Into {
  readonly guide?: boolean;
  readonly hnsw?: boolean;
  readonly ragwall?: boolean;
  readonly limits?: readonly Tenant[];
}

/** Copies documents into the staging table, a step of `bar` each, and from there into the tables that `into` names. */
export async function load(
  admin: Sql,
  bar: ReturnType<typeof progress>,
  documents: Iterable<readonly [tenant: Tenant, document: Document]>,
  into: Into,
): Promise<void> {
  const reserved = await admin.reserve();
  try {
    const stream = await reserved`copy bench.staging from stdin`.writable();
    const finished = once(stream, 'finish');
    for (const [{ name }, { id, content, metadata, vector }] of documents) {
      const row = [name, id, content, vectorText(vector), JSON.stringify(metadata)].join('\t');
      if (stream.write(`${row}\n`))
        await new Promise(setImmediate); // lets the driver send, and the progress bar draw
      else await once(stream, 'drain');
      bar.step();
    }
    stream.end();
    await finished;
  } finally {
    reserved.release();
    bar.stop();
  }
  const columns = 'tenant_id, id, content, embedding, metadata';
  const fills = [
    into.guide && `insert into bench.guide (${columns}) select ${columns} from bench.staging`,
    into.hnsw && `insert into bench.hnsw (${columns}) select ${columns} from bench.staging`,
    into.ragwall &&
      `insert into ragwall.documents (${columns}, embedding_model) select ${columns}, 'bench' from bench.staging`,
    ...(into.limits ?? []).map(
      ({ name }) => `
      insert into ${limitTable(name)} select id, content, embedding, metadata
      from bench.staging where tenant_id = '${name}'`,
    ),
  ];
  for (const fill of fills) if (fill) await admin.unsafe(fill);
  await admin`truncate bench.staging`;
}

/** Vacuums, analyses and checkpoints, so that none of it happens while something is measured. */
async function settle(admin: Sql): Promise<void> {
  const tables = await admin<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname = 'bench' and tablename <> 'staging'`;
  for (const { name } of [{ name: 'ragwall.documents' }, ...tables]) await admin.unsafe(`vacuum (analyze) ${name}`);
  await admin.unsafe('checkpoint');
}

/** Runs statements that build indexes, one after the other, on a new connection. */
async function build({ engine }: Server, statements: readonly string[]): Promise<void> {
  const sql = connect(engine.adminUrl);
  try {
    // Parallel builds are unsafe before pgvector 0.8.2 (CVE-2026-3172), and need more shared memory than a container has.
    await sql.unsafe("set maintenance_work_mem = '2GB'; set max_parallel_maintenance_workers = 0");
    for (const statement of statements) await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

/** Runs the statements of ragwall.index_plan(), as Ragwall's maintenance does, and settles. */
export async function maintain(server: Server): Promise<void> {
  const plan = await server.admin<{ statement: string }[]>`select ragwall.index_plan() as statement`;
  await build(
    server,
    plan.map(({ statement }) => statement),
  );
  await settle(server.admin);
}

/** Builds the indexes of all designs. A dedicated table has one if Ragwall builds one for its tenant, too. */
async function buildIndexes(server: Server, measured: readonly Tenant[]): Promise<void> {
  const hnsw = (table: string, ops: string) => `create index on ${table} using hnsw (embedding ${ops})`;
  const graphs = measured.filter(({ documents }) => documents >= 1_000);
  await Promise.all([
    build(server, [hnsw('bench.hnsw', 'vector_cosine_ops'), 'create index on bench.hnsw (tenant_id)']),
    build(server, [
      'create index on bench.guide using ivfflat (embedding vector_cosine_ops) with (lists = 100)',
      'create index on bench.guide (tenant_id)',
      ...graphs.map(({ name }) => hnsw(limitTable(name), 'halfvec_cosine_ops')),
    ]),
  ]);
  await maintain(server);
}

export interface Prepared {
  readonly queries: ReadonlyMap<ClassName, readonly Query[]>;
  readonly tenants: number;
  readonly documents: number;
}

/** Keeps the `k` nearest to a vector of the documents that it is offered. */
function nearest(vector: Float32Array) {
  const best: { id: string; similarity: number }[] = [];
  return {
    vector,
    best,
    offer({ id, vector: other }: Document): void {
      const similarity = dot(vector, other);
      if (best.length === k && similarity <= (best[k - 1]?.similarity ?? 0)) return;
      const place = best.findIndex((one) => one.similarity < similarity);
      best.splice(place < 0 ? best.length : place, 0, { id, similarity });
      if (best.length > k) best.pop();
    },
  };
}

/** Generates, stores and indexes all documents, and finds the exact answers to all queries while they pass. */
export async function prepare(server: Server, world: World, scale: Scale): Promise<Prepared> {
  let number = 0;
  const asked = scale.classes.flatMap(({ className, tenants, documents, queries }) =>
    Array.from({ length: tenants }, (_, i) => {
      const tenant: Tenant = { name: `${className}-${i + 1}`, number: number++, documents };
      const next = random(world.seed, 6, tenant.number);
      const about = Array.from({ length: queries / tenants }, () => next() % documents);
      return { className, tenant, own: about.map((n) => nearest(world.question(tenant, n))) };
    }),
  );
  const measured = asked.map(({ tenant }) => tenant);
  const all = [...measured, ...zipf('neighbour-0', number, scale.neighbours[0] ?? 0)];
  await createTables(server.admin, measured);
  function* watched() {
    for (const row of mixed(world, all)) {
      for (const query of asked[row[0].number]?.own ?? []) query.offer(row[1]);
      yield row;
    }
  }
  const documents = all.reduce((total, tenant) => total + tenant.documents, 0);
  const into = { guide: true, hnsw: true, ragwall: true, limits: measured };
  await load(server.admin, progress('generating and loading', documents), watched(), into);
  console.log('building the indexes');
  await buildIndexes(server, measured);

  const queries = new Map<ClassName, Query[]>(scale.classes.map(({ className }) => [className, []]));
  for (const { className, tenant, own } of asked) {
    const truths = own.map(({ vector, best }) => ({ tenant, vector, truth: best.map(({ id }) => id) }));
    queries.get(className)?.push(...truths);
  }
  return { queries, tenants: all.length, documents };
}
