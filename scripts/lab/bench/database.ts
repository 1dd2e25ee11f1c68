/** The database of the benchmark: the server and its settings, the tables of each design, and their documents. */
import { once } from 'node:events';
import { totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Sql } from 'postgres';
import type { Engine } from '../../../db/tests/engine/engine.js';
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
  if (!engine.appUrl) throw new Error('the benchmark needs a server with logins: Docker or --url');
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
  const server = { engine: { ...engine, appUrl: engine.appUrl }, admin: admin() };
  // For the dedicated tables. The designs with a shared index set 40, and Ragwall's functions have settings of their own.
  await server.admin.unsafe(`
    do $$ begin
      execute format('alter database %I set hnsw.ef_search = ${limitEfSearch}', current_database());
    end $$`);
  return server;
}

/** hnsw.ef_search of the dedicated tables. */
export const limitEfSearch = 100;

/** The settings of the server that bear on the figures. */
export async function settingsOf({ admin }: Server): Promise<Record<string, string>> {
  const settings = await admin<{ name: string; value: string }[]>`
    select name, current_setting(name) as value from pg_settings
    where name in ('shared_buffers', 'work_mem', 'jit', 'autovacuum', 'synchronous_commit', 'fsync',
      'max_connections', 'max_parallel_workers_per_gather', 'random_page_cost', 'plan_cache_mode')
    order by name`;
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]));
}

/** The name of the dedicated table of a tenant. */
export const limitTable = (tenant: string) => `bench.limit_${tenant.replaceAll('-', '_')}`;

/**
 * Makes the table of the guide, the same table for a shared HNSW index, and a dedicated table for each measured
 * tenant. They have no indexes yet but their keys.
 */
async function createTables(admin: Sql, measured: readonly Tenant[]): Promise<void> {
  const columns = `id uuid primary key default gen_random_uuid(), tenant_id text not null,
    content text not null, embedding public.vector(${dimensions}), metadata jsonb,
    created_at timestamptz default now()`;
  const shared = ['guide', 'hnsw'].map(
    (name) => `
      create table bench.${name} (${columns});
      ${usualPolicy(`bench.${name}`)}`,
  );
  const limits = measured.map(({ name }) => {
    const table = limitTable(name);
    return `
      create table ${table} (id uuid primary key, content text not null,
        embedding public.halfvec(${dimensions}) not null, metadata jsonb);
      alter table ${table} alter embedding set storage plain, alter metadata set storage main;
      grant select on ${table} to app_user;`;
  });
  await admin.unsafe(`
    create schema bench;
    grant usage on schema bench to app_user;
    create unlogged table bench.staging (tenant_id text, id uuid, content text,
      embedding public.vector(${dimensions}), metadata jsonb);
    alter table bench.staging alter embedding set storage plain;
    ${shared.join('')}
    ${limits.join('')}`);
}

/** Returns a row in COPY's binary format: the number of columns, then the length and the bytes of each. */
function encode(tenant: string, { id, content, metadata, vector }: Document): Buffer {
  const floats = Buffer.from(Float32Array.from(vector).buffer).swap32(); // to network order
  const head = Buffer.alloc(4);
  head.writeInt16BE(vector.length);
  const columns = [
    Buffer.from(tenant),
    Buffer.from(id.replaceAll('-', ''), 'hex'),
    Buffer.from(content),
    Buffer.concat([head, floats]),
    Buffer.from(`\x01${JSON.stringify(metadata)}`),
  ];
  const parts = columns.flatMap((column) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(column.length);
    return [length, column];
  });
  return Buffer.concat([Buffer.of(0, columns.length), ...parts]);
}

/** Which tables a load fills. */
interface Into {
  readonly guide?: boolean;
  readonly hnsw?: boolean;
  readonly ragwall?: boolean;
  readonly limits?: readonly Tenant[];
}

/** Copies documents into the staging table, and from there into the tables that `into` names. */
export async function load(
  admin: Sql,
  documents: Iterable<readonly [tenant: string, document: Document]>,
  into: Into,
  onRow: () => void,
): Promise<void> {
  const reserved = await admin.reserve();
  try {
    const stream = await reserved`
      copy bench.staging (tenant_id, id, content, embedding, metadata) from stdin (format binary)`.writable();
    const finished = once(stream, 'finish');
    stream.write(Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1'));
    let rows: Buffer[] = [];
    for (const [tenant, document] of documents) {
      rows.push(encode(tenant, document));
      onRow();
      if (rows.length < 100) continue;
      if (!stream.write(Buffer.concat(rows))) await once(stream, 'drain');
      else await new Promise(setImmediate); // lets the driver send, and the progress bar draw
      rows = [];
    }
    stream.end(Buffer.concat([...rows, Buffer.from([0xff, 0xff])]));
    await finished;
  } finally {
    reserved.release();
  }
  const columns = 'tenant_id, id, content, embedding, metadata';
  const fills = [
    into.guide && `insert into bench.guide (${columns}) select ${columns} from bench.staging`,
    into.hnsw && `insert into bench.hnsw (${columns}) select ${columns} from bench.staging`,
    into.ragwall &&
      `insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model, metadata)
       select tenant_id, id, content, embedding, 'bench', metadata from bench.staging`,
    ...(into.limits ?? []).map(
      ({ name }) => `
        insert into ${limitTable(name)} (id, content, embedding, metadata)
        select id, content, embedding, metadata from bench.staging where tenant_id = '${name}'`,
    ),
  ];
  for (const fill of fills) if (fill) await admin.unsafe(fill);
  await admin`truncate bench.staging`;
}

/** Vacuums, analyses and checkpoints, so that none of it happens while something is measured. */
export async function settle(admin: Sql): Promise<void> {
  const tables = await admin<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('bench', 'ragwall') and tablename <> 'staging'`;
  await admin.unsafe('vacuum (analyze) ragwall.documents');
  for (const { name } of tables) {
    if (!name.startsWith('ragwall.documents')) await admin.unsafe(`vacuum (analyze) ${name}`);
  }
  await admin.unsafe('checkpoint');
}

export interface Prepared {
  readonly measured: readonly Tenant[];
  readonly neighbours: readonly Tenant[];
  readonly queries: ReadonlyMap<ClassName, readonly Query[]>;
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

/** Generates and stores all documents, and finds the exact answers to all queries while they pass. Builds no index. */
export async function prepare({ admin }: Server, world: World, scale: Scale): Promise<Prepared> {
  let number = 0;
  const measured = scale.classes.flatMap(({ name, tenants, documents }) =>
    Array.from({ length: tenants }, (_, i): Tenant => {
      return { name: `${name}-${i + 1}`, number: number++, documents, className: name };
    }),
  );
  const neighbours = zipf('neighbour-0', number, scale.neighbours[0] ?? 0);
  await createTables(admin, measured);

  const asked = new Map(
    measured.map((tenant) => {
      const { queries, tenants } = scale.classes.find(({ name }) => name === tenant.className) ?? {
        queries: 0,
        tenants: 1,
      };
      const next = random(world.seed, 6, tenant.number);
      const about = Array.from({ length: queries / tenants }, () => next() % tenant.documents);
      return [tenant.name, about.map((n) => nearest(world.question(tenant, n)))];
    }),
  );
  const all = [...measured, ...neighbours];
  const bar = progress(
    'generating and loading',
    all.reduce((sum, tenant) => sum + tenant.documents, 0),
  );
  function* watched(): Generator<[string, Document]> {
    for (const [{ name }, document] of mixed(world, all)) {
      for (const query of asked.get(name) ?? []) query.offer(document);
      yield [name, document];
    }
  }
  const into: Into = { guide: true, hnsw: true, ragwall: true, limits: measured };
  await load(admin, watched(), into, () => bar.step());
  bar.stop();
  await settle(admin);

  const queries = new Map<ClassName, Query[]>();
  for (const tenant of measured) {
    const own = (asked.get(tenant.name) ?? []).map(({ vector, best }) => ({
      tenant,
      vector,
      truth: best.map(({ id }) => id),
    }));
    const className = tenant.className as ClassName;
    queries.set(className, [...(queries.get(className) ?? []), ...own]);
  }
  return { measured, neighbours, queries };
}

export interface Size {
  readonly design: string;
  readonly documents: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
}

/** Returns the size of each design's tables and indexes. The dedicated tables hold the measured tenants only. */
export async function sizes(admin: Sql, measured: readonly Tenant[]): Promise<Size[]> {
  const [all] = await admin<{ documents: number }[]>`
    select count(*)::integer as documents from bench.guide`;
  const own = measured.reduce((sum, tenant) => sum + tenant.documents, 0);
  const groups: [string, string, number][] = [
    ['guide', "n.nspname = 'bench' and c.relname = 'guide'", all?.documents ?? 0],
    ['shared hnsw', "n.nspname = 'bench' and c.relname = 'hnsw'", all?.documents ?? 0],
    ['limit, the measured tenants', "n.nspname = 'bench' and c.relname like 'limit\\_%'", own],
    ['ragwall', "n.nspname = 'ragwall' and c.relname like 'documents\\_%' and c.relkind = 'r'", all?.documents ?? 0],
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
