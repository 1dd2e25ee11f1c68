/** The database of the benchmark: the server and its settings, and the tables, documents and indexes of each design. */
import { once } from 'node:events';
import { totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Sql } from 'postgres';
import type { Engine } from '../../../db/tests/engine/engine.js';
import type { Filter } from '../../../src/client/filter.js';
import { vectorText } from '../../../src/client/vector.js';
import { random } from '../data.js';
import { sum, timed } from '../measure.js';
import { connect, inContainer, usualPolicy, withDatabase } from '../setup.js';
import type { Scale } from './scale.js';
import { type Document, dimensions, filters, mixed, type Tenant, type World } from './world.js';

export interface Server {
  readonly engine: Engine;
  /** app_user, direct and through PgBouncer. */
  readonly appUrl: string;
  readonly poolerUrl: string;
  /** A superuser. */
  readonly admin: Sql;
  restart(): Promise<unknown>;
}

/** The name of a database that is as the migrations leave one, to be copied. */
export const pristine = 'bench_pristine';

/** The URL of the login that asks the tables of the limit: the settings of a role hold behind PgBouncer, too. */
export const limitUrl = (url: string) => Object.assign(new URL(url), { username: 'app_reader' }).href;

/**
 * Gives the container's Postgres more memory and no autovacuum, which would slow down one design and not the others, and
 * makes its database one of 768 dimensions, as a changed .gmrc would.
 */
export async function openServer(engine: Engine): Promise<Server> {
  const { appUrl, poolerUrl, containerId } = engine;
  if (!appUrl || !poolerUrl || !containerId) throw new Error('the benchmark needs a Docker engine');
  const restart = async () => {
    await inContainer(containerId, ['pg_ctl', 'restart', '-m', 'fast', '-l', 'postgres.log']);
    await delay(200);
  };
  const buffers = Math.min(Math.floor(totalmem() / 4 / 1024 ** 2), 6 * 1024);
  const settings = {
    shared_buffers: `${buffers}MB`,
    max_wal_size: '16GB',
    checkpoint_timeout: '1h',
    autovacuum: 'off',
  };
  const sql = connect(engine.adminUrl);
  for (const [name, value] of Object.entries({ ...settings, max_locks_per_transaction: '256' })) {
    await sql.unsafe(`alter system set ${name} = '${value}'`);
  }
  for (const role of ['app_user', 'app_reader']) await sql.unsafe(`alter role ${role} set statement_timeout = '1min'`);
  await sql.unsafe(`create or replace function ragwall.embedding_dimensions() returns integer
    language sql immutable parallel safe return ${dimensions}`);
  await sql.end();
  await restart();
  const server = connect(withDatabase(engine.adminUrl, 'postgres'));
  await server.unsafe(`create database ${pristine} template ragwall`);
  await server.end();
  return { engine, appUrl, poolerUrl, restart, admin: connect(engine.adminUrl, { max: 2, max_lifetime: null }) };
}

export const limitTable = ({ name }: Tenant) => `bench.limit_${name.replaceAll('-', '_')}`;
export const hasIndex = ({ documents }: Tenant) => documents >= 1_000;

/**
 * Copies the next documents, 50,000 at most, to the staging table, and from there into ragwall.documents and, those of
 * `shared`, the shared tables. Returns the milliseconds that each takes.
 */
export async function load(admin: Sql, documents: Iterator<readonly [Tenant, Document]>, shared: readonly Tenant[]) {
  const reserved = await admin.reserve();
  try {
    const stream = await reserved`copy bench.staging from stdin`.writable();
    const finished = once(stream, 'finish');
    for (let n = 0, one = documents.next(); !one.done; one = documents.next()) {
      const [{ name }, { id, content, metadata, vector }] = one.value;
      const row = [name, id, content, vectorText(vector), JSON.stringify(metadata)].join('\t');
      if (!stream.write(`${row}\n`)) await once(stream, 'drain');
      n += 1;
      if (n === 50_000) break;
    }
    stream.end();
    await finished;
  } finally {
    reserved.release();
  }
  const columns = 'tenant_id, id, content, embedding, metadata';
  const chosen = `where tenant_id in (${shared.map(({ name }) => `'${name}'`)})`;
  const took: number[] = [];
  for (const fill of [
    `ragwall.documents (${columns}, embedding_model) select ${columns}, 'bench' from bench.staging`,
    `bench.guide (${columns}) select ${columns} from bench.staging ${chosen}`,
    `bench.hnsw (${columns}) select ${columns} from bench.staging ${chosen}`,
  ]) {
    took.push(await timed(() => admin.unsafe(`insert into ${fill}`)));
  }
  await admin`truncate bench.staging`;
  return took;
}

/** Vacuums, analyses and checkpoints, so that none of it happens while something is measured. */
export async function settle(admin: Sql): Promise<void> {
  const tables = await admin<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where (schemaname = 'bench' and tablename <> 'staging') or schemaname = 'ragwall_search' or tablename = 'documents_rows'`;
  for (const { name } of tables) await admin.unsafe(`vacuum (analyze) ${name}`);
  await admin`checkpoint`;
}

/** Runs statements one after the other on a new connection. */
async function build(url: string, statements: readonly string[]): Promise<void> {
  const sql = connect(url);
  // Parallel builds are unsafe before pgvector 0.8.2 (CVE-2026-3172), and need more shared memory than a container has.
  await sql.unsafe("set maintenance_work_mem = '2GB'; set max_parallel_maintenance_workers = 0");
  for (const statement of statements) await sql.unsafe(statement);
  await sql.end();
}

/** Runs the statements of ragwall.index_plan(), as Ragwall's maintenance does. */
export async function maintain(url: string): Promise<void> {
  const sql = connect(url);
  const plan = await sql<{ statement: string }[]>`select ragwall.index_plan() as statement`;
  await sql.end();
  const statements = plan.map(({ statement }) => statement);
  await build(url, statements);
}

export interface Question {
  readonly tenant: Tenant;
  readonly vector: Float32Array;
  readonly filter?: Filter;
  /** The ids of the nearest documents of the tenant that match, by exact cosine, nearest first: a hundred at most. */
  readonly truth: readonly string[];
}

/** The questions of one class of tenants, by filter: `none`, and those of `filters` for large tenants. */
type Questions = Readonly<Record<string, readonly Question[]>>;

type Log = (line: string) => void;

export interface Prepared {
  readonly classes: ReadonlyMap<number, Questions>;
  readonly tenants: readonly Tenant[];
  readonly documents: number;
  /** Milliseconds to store the documents from a table of the server, and to index them. */
  readonly duration: readonly (readonly [design: string, documents: number, load: number, index: number])[];
}

/** Finds the exact answers to questions about the tenants of a class. */
async function ask(admin: Sql, world: World, tenants: readonly Tenant[], count: number): Promise<Questions> {
  const all: Record<string, Question[]> = { none: [] };
  for (let i = 0; i < count; i += 1) {
    const tenant = tenants[i % tenants.length] as Tenant;
    const n = random(world.seed, 6, 1000 * tenant.number + i)() % tenant.documents;
    const { topic, vector } = world.question(tenant, n);
    for (const name of ['none', ...(hasIndex(tenant) ? Object.keys(filters) : [])]) {
      const filter = filters[name]?.(n, topic);
      const truth = await admin<{ id: string }[]>`
        select id from bench.hnsw where tenant_id = ${tenant.name} and metadata @> ${filter ? JSON.stringify(filter) : '{}'}::text::jsonb
        order by embedding <=> ${vectorText(vector)}::text::vector limit 100`;
      if (truth.length > 0) {
        all[name] ??= [];
        all[name].push({ tenant, vector, truth: truth.map(({ id }) => id), ...(filter && { filter }) });
      }
    }
  }
  return all;
}

/** Generates, stores and indexes all documents, and finds the exact answers to all questions. */
export async function prepare(server: Server, world: World, scale: Scale, log: Log): Promise<Prepared> {
  const { admin, engine } = server;
  let number = 0;
  const groups = scale.classes.map(({ size, tenants: count }) =>
    Array.from({ length: count }, (_, i): Tenant => ({ name: `t${size}-${i}`, number: number++, documents: size })),
  );
  const tenants = groups.flat();
  const shared = groups.flatMap((own) => own.slice(0, scale.sharedTenants));
  const columns = `tenant_id text not null, id uuid, content text not null, embedding vector(${dimensions}), metadata jsonb`;
  await admin.unsafe(`
    create schema bench;
    grant usage on schema bench to app_user, app_reader;
    create unlogged table bench.staging (${columns});
    alter table bench.staging alter embedding set storage plain;
    create table bench.guide (${columns}, primary key (id)); ${usualPolicy('bench.guide')}
    create table bench.hnsw (${columns}, primary key (id)); ${usualPolicy('bench.hnsw')}
    create index on bench.hnsw (tenant_id)`);

  log('generating and storing');
  const rows = mixed(world, tenants);
  let stored = [0, 0, 0];
  const total = sum(tenants, ({ documents }) => documents);
  for (let done = 0; done < total; done += 50_000) {
    const took = await load(admin, rows, shared);
    stored = stored.map((ms, i) => ms + (took[i] ?? 0));
  }
  await settle(admin);
  log('asking exactly');
  const classes = new Map<number, Questions>();
  for (const [i, { size, questions }] of scale.classes.entries()) {
    const own = (groups[i] ?? []).slice(0, Math.min(scale.sharedTenants, questions));
    classes.set(size, await ask(admin, world, own, questions));
  }
  log('indexing');
  const timedBuild = (statements: readonly string[]) => timed(() => build(engine.adminUrl, statements));
  const ours = await timed(() => maintain(engine.adminUrl));
  const copying = await timedBuild(
    tenants.map(
      (tenant) => `
      create table ${limitTable(tenant)} (id uuid primary key, content text not null,
        embedding halfvec(${dimensions}) not null, metadata jsonb not null);
      alter table ${limitTable(tenant)} alter embedding set storage plain, alter metadata set storage main;
      insert into ${limitTable(tenant)} select id, content, embedding, metadata
        from ragwall.documents_rows where tenant_id = '${tenant.name}';
      grant select, insert on ${limitTable(tenant)} to app_user, app_reader`,
    ),
  );
  const [limit, guide, hnsw] = await Promise.all([
    timedBuild(
      tenants
        .filter(hasIndex)
        .flatMap((tenant) => [
          `create index on ${limitTable(tenant)} using hnsw (embedding halfvec_cosine_ops)`,
          `create index on ${limitTable(tenant)} using gin (metadata jsonb_path_ops)`,
        ]),
    ),
    timedBuild([
      'create index on bench.guide using ivfflat (embedding vector_cosine_ops) with (lists = 100)',
      'create index on bench.guide (tenant_id)',
    ]),
    timedBuild(['create index on bench.hnsw using hnsw (embedding vector_cosine_ops)']),
  ]);
  await settle(admin);
  const some = sum(shared, ({ documents }) => documents);
  return {
    ...{ classes, tenants, documents: total },
    duration: [
      ['ragwall', total, stored[0] ?? 0, ours],
      ['limit', total, copying, limit],
      ['guide', some, stored[1] ?? 0, guide],
      ['shared HNSW', some, stored[2] ?? 0, hnsw],
    ],
  };
}
