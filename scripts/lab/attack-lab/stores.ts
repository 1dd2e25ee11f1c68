/** The designs that are attacked, through what an ordinary account can do: store documents, change them, search. */

import type { TransactionSql } from 'postgres';
import { type Engine, grantLogin, type RunningEngine } from '../../../db/tests/engine/engine.js';
import { bootstrapSql, migrationsSql } from '../../../db/tests/engine/migrations.js';
import type { Session } from '../../../db/tests/engine/session.js';
import { forTenant } from '../../../db/tests/engine/session.js';
import { vectorText } from '../../../src/client/vector.js';
import { setTenant, type Vector } from '../../../src/index.js';
import { narrow, type Point } from '../data.js';
import { connect, usualPolicy, withDatabase } from '../setup.js';

/** Creates a database of other dimensions beside the engine's. The embedded engine can have no other, and is returned as it is. */
export async function labDatabase(engine: Engine, dimensions: number = narrow): Promise<RunningEngine> {
  const { adminUrl, appUrl } = engine;
  if (!appUrl) return { ...engine, stop: async () => {} };
  const name = `${new URL(adminUrl).pathname.slice(1)}_lab`;
  const statements = async (url: string, all: readonly string[]) => {
    const sql = connect(url);
    for (const statement of all) await sql.unsafe(statement);
    await sql.end();
  };
  const drop = `drop database if exists ${name} with (force)`;
  await statements(adminUrl, [drop, `create database ${name}`]);
  const migrations = await migrationsSql({ dimensions });
  await statements(withDatabase(adminUrl, name), [await bootstrapSql(), ...migrations]);
  await grantLogin(withDatabase(adminUrl, name), new URL(appUrl).username, 'app_user');
  return {
    kind: engine.kind,
    adminUrl: withDatabase(adminUrl, name),
    appUrl: withDatabase(appUrl, name),
    stop: () => statements(adminUrl, [drop]),
  };
}

export interface Found {
  readonly id: string;
  readonly similarity: number;
}

export interface Store {
  readonly name: string;
  /** As a tenant: stores documents, or changes those with the same ids. */
  put(tenant: string, documents: readonly Point[]): Promise<void>;
  remove(tenant: string, ids: readonly string[]): Promise<void>;
  search(tenant: string, vector: Vector, k: number): Promise<Found[]>;
  /** As a tenant: returns how many buffers a search touches, when the session has the catalogs in its cache. */
  work(tenant: string, vector: Vector, k: number): Promise<number>;
  /** As the administrator: builds the shared index anew, or the search tables of these tenants. */
  build(...tenants: readonly string[]): Promise<void>;
  /** As a tenant: brings its search table up to date. In other designs there is nothing to do. */
  catchUp(tenant: string): Promise<void>;
  /** As the administrator: returns a name that begins with `wish` and falls into the same hash partition as `tenant`. */
  beside(tenant: string, wish: string): Promise<string>;
  /** As the administrator: deletes all documents. */
  clear(): Promise<void>;
  /** Drops its tables, or deletes its documents. */
  end(): Promise<void>;
}

type Explained = { 'QUERY PLAN': [{ Plan: Record<string, number> }] };

/** Returns the buffers that a statement touches: the least of three runs, because the first also reads the catalogs. */
async function buffersOf(tx: TransactionSql, statement: string): Promise<number> {
  const runs: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    const [row] = await tx.unsafe<Explained[]>(`explain (analyze, buffers, timing off, format json) ${statement}`);
    const plan = row?.['QUERY PLAN'][0].Plan;
    runs.push((plan?.['Shared Hit Blocks'] ?? Number.NaN) + (plan?.['Shared Read Blocks'] ?? Number.NaN));
  }
  return Math.min(...runs);
}

/** Stores the documents that are there before an attack. */
export async function fill(store: Store, tenants: ReadonlyMap<string, readonly Point[]>): Promise<void> {
  for (const [tenant, documents] of tenants) await store.put(tenant, documents);
}

/** Returns a name that begins with `wish` and falls into the same hash partition of a table as `tenant`. */
async function nameBeside(
  admin: Session['admin'],
  table: string,
  partitions: number,
  tenant: string,
  wish: string,
): Promise<string> {
  const [found] = await admin(
    (sql) => sql<{ name: string }[]>`
      select s.name
      from generate_series(0, ${partitions - 1}) as r, (
        select ${wish}::text || n as name from generate_series(0, 999) as n
      ) as s
      where satisfies_hash_partition(${table}::regclass, ${partitions}, r, ${tenant}::text)
        and satisfies_hash_partition(${table}::regclass, ${partitions}, r, s.name)
      limit 1`,
  );
  if (!found) throw new Error(`none of 1,000 names falls into the partition of ${tenant}`);
  return found.name;
}

export interface Shared {
  readonly name: string;
  /** Where its table is. */
  readonly schema: string;
  /** Method, operator class and options of its index: what follows USING in CREATE INDEX. */
  readonly index: string;
  /** Hash partitions by tenant, each with an index of its own; none if left out. */
  readonly partitions?: number;
  /** Settings of each search. */
  readonly settings?: string;
}

const hnsw = 'hnsw (embedding public.vector_cosine_ops)';
export const usual: Shared = { name: 'shared HNSW', schema: 'lab_hnsw', index: hnsw };
export const iterative: Shared = {
  name: 'shared HNSW, iterative scan',
  schema: 'lab_hnsw',
  index: hnsw,
  settings: 'set local hnsw.iterative_scan = strict_order',
};
export const ivfflat: Shared = {
  name: 'shared IVFFlat',
  schema: 'lab_ivfflat',
  index: 'ivfflat (embedding public.vector_cosine_ops) with (lists = 100)',
};
export const hashed: Shared = {
  name: 'an HNSW index for each of 8 hash partitions',
  schema: 'lab_hashed',
  index: hnsw,
  partitions: 8,
};

/** Has the planner take the index for a small table, too. From some thousands of rows on it does so by itself. */
export const forced = (shared: Shared): Shared => ({
  ...shared,
  settings: [shared.settings, ...['seqscan', 'bitmapscan', 'sort'].map((way) => `set local enable_${way} = off`)]
    .filter(Boolean)
    .join(';'),
});

/** The columns of the key: as usual the id; with partitions the tenant has to be one, too. */
const keyOf = ({ partitions }: Shared) => (partitions ? 'id, tenant_id' : 'id');

/** Creates the table without its index, which `build` makes. */
export async function sharedStore(session: Session, shared: Shared): Promise<Store> {
  const { schema, partitions = 0 } = shared;
  const leaves = Array.from(
    { length: partitions },
    (_, n) => `
      create table ${schema}.documents_${n} partition of ${schema}.documents
        for values with (modulus ${partitions}, remainder ${n});`,
  );
  await session.admin((sql) =>
    sql.unsafe(`
      drop schema if exists ${schema} cascade;
      create schema ${schema};
      create table ${schema}.documents (tenant_id text not null, id uuid not null,
        embedding public.vector(${narrow}) not null, primary key (${keyOf(shared)}))
        ${partitions ? 'partition by hash (tenant_id)' : ''};
      ${leaves.join('')}
      grant usage on schema ${schema} to app_user;
      ${usualPolicy(`${schema}.documents`)}`),
  );
  return searching(session, shared);
}

/** Returns the store on a table that sharedStore() has created, searched with the settings of `shared`. */
export function searching({ app, admin }: Session, shared: Shared): Store {
  const { name, schema, index, partitions = 0, settings } = shared;
  const key = keyOf(shared);
  const as = <T>(tenant: string, act: (tx: TransactionSql) => Promise<T>) =>
    app.begin(async (tx) => {
      await tx`select set_config('app.current_tenant', ${tenant}, true)`;
      return act(tx);
    }) as Promise<T>;
  const nearest = (vector: string, k: number) => `
    select id, 1 - (embedding <=> ${vector}) as similarity
    from ${schema}.documents order by embedding <=> ${vector} limit ${k}`;
  const upsert = `
    insert into ${schema}.documents (tenant_id, id, embedding)
    select $1, id, embedding from json_to_recordset($2::text::json) as d (id uuid, embedding public.vector)
    on conflict (${key}) do update set embedding = excluded.embedding`;
  const json = (vector: Iterable<number>) => JSON.stringify([...vector]);
  return {
    name,
    put: (tenant, documents) =>
      as(tenant, async (tx) => {
        const rows = documents.map(({ id, vector }) => ({ id, embedding: json(vector) }));
        await tx.unsafe(upsert, [tenant, JSON.stringify(rows)]);
      }),
    remove: (tenant, ids) =>
      as(tenant, async (tx) => {
        await tx`delete from ${tx(schema)}.documents where id::text in ${tx(ids)}`;
      }),
    search: (tenant, vector, k) =>
      as(tenant, async (tx) => {
        if (settings) await tx.unsafe(settings);
        const text = json(vector);
        return [...(await tx.unsafe(nearest('$1::public.vector', k), [text], { prepare: true }))] as never;
      }),
    work: (tenant, vector, k) =>
      as(tenant, async (tx) => {
        if (settings) await tx.unsafe(settings);
        return buffersOf(tx, nearest(`'${json(vector)}'::public.vector`, k));
      }),
    build: async () =>
      admin(async (sql) => {
        await sql.unsafe(`
          drop index if exists ${schema}.nearest;
          create index nearest on ${schema}.documents using ${index};
          analyze ${schema}.documents`);
      }),
    catchUp: async () => {},
    beside: async (tenant, wish) =>
      partitions ? nameBeside(admin, `${schema}.documents`, partitions, tenant, wish) : wish,
    clear: async () => void (await admin((sql) => sql`truncate ${sql(schema)}.documents`)),
    end: async () => void (await admin((sql) => sql`drop schema ${sql(schema)} cascade`)),
  };
}

/** Ragwall through its client. Vectors are filled up with zeros to the width of the database. All rows are in one partition. */
export async function ragwallStore({ app, admin }: Session): Promise<Store> {
  const [{ width } = { width: 0 }] = await admin(
    (sql) => sql<{ width: number }[]>`select ragwall.embedding_dimensions() as width`,
  );
  const filledUp = (vector: Vector) => [...vector, ...Array<number>(width - vector.length).fill(0)];
  const as = (tenant: string) => forTenant(app, tenant);
  const upkeep = (tenant: string, call: 'build' | 'drop') =>
    admin((sql) =>
      sql.begin(async (tx) => {
        await tx`select ragwall.set_tenant(${tenant})`;
        await tx`select ${tx(`ragwall.${call}_search_table`)}()`;
      }),
    );
  const store: Store = {
    name: 'Ragwall',
    async put(tenant, documents) {
      await as(tenant).upsertDocuments(
        documents.map(({ id, vector }) => ({
          id,
          content: id,
          metadata: {},
          embedding: filledUp(vector),
          embeddingModel: 'lab',
        })),
      );
    },
    remove: async (tenant, ids) => void (await as(tenant).deleteDocuments({ ids })),
    async search(tenant, vector, k) {
      const found = await as(tenant).matchDocuments(filledUp(vector), { k });
      return found.map(({ id, similarity }) => ({ id, similarity }));
    },
    work: (tenant, vector, k) =>
      app.begin(async (tx) => {
        await setTenant(tx, tenant);
        const text = vectorText(filledUp(vector));
        return buffersOf(tx, `select * from ragwall.match_documents('${text}', ${k})`);
      }),
    async build(...tenants) {
      for (const tenant of tenants) {
        const [registered] = await admin(
          (sql) => sql`select from ragwall_search.directory where tenant_id = ${tenant} and built_at is not null`,
        );
        if (!registered) await upkeep(tenant, 'build');
        await upkeep(tenant, 'build');
      }
    },
    catchUp: (tenant) =>
      app.begin(async (tx) => {
        await setTenant(tx, tenant);
        await tx`select ragwall.catch_up(100000)`;
      }) as Promise<void>,
    beside: async (_, wish) => wish,
    async clear() {
      await admin((sql) => sql`delete from ragwall.documents`);
      const entries = await admin(
        (sql) => sql<{ tenant: string; calls: number }[]>`
          select tenant_id as tenant, 1 + num_nonnulls(relation, previous) as calls from ragwall_search.directory`,
      );
      for (const { tenant, calls } of entries) {
        for (let n = 0; n < calls; n += 1) await upkeep(tenant, 'drop');
      }
    },
    end: () => store.clear(),
  };
  return store;
}
