/** The usual design: one table under row-level security, and one vector index that all tenants are in. */
import type { TransactionSql } from 'postgres';
import type { Session } from '../../../db/tests/engine/session.js';
import { asJson, buffersOf, type Store } from './store.js';
import { dimensions } from './vectors.js';

export interface Shared {
  readonly name: string;
  /** Where its table is. */
  readonly schema: string;
  /** What follows USING. */
  readonly index: string;
  /** Hash partitions by tenant, each with an index of its own; none if left out. */
  readonly partitions?: number;
  /** Settings of each search. */
  readonly settings?: string;
}

const hnsw = 'hnsw (embedding public.vector_cosine_ops)';
/** pgvector's defaults, but for what is said. */
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

/** Leaves the planner nothing but the index, which it chooses by itself once a table has thousands of rows. */
export const forced = (shared: Shared): Shared => ({
  ...shared,
  settings: [
    shared.settings,
    ...['seqscan', 'bitmapscan', 'sort'].map((way) => `set local enable_${way} = off`),
  ]
    .filter(Boolean)
    .join(';'),
});

/** The key is the id, as usual; partitions need the tenant in it. */
const keyOf = ({ partitions }: Shared) => (partitions ? 'id, tenant_id' : 'id');

/** Makes the table, without its index: `build` does that. */
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
        embedding public.vector(${dimensions}) not null, primary key (${keyOf(shared)}))
        ${partitions ? 'partition by hash (tenant_id)' : ''};
      ${leaves.join('')}
      alter table ${schema}.documents enable row level security;
      create policy tenant_isolation on ${schema}.documents
        using (tenant_id = current_setting('app.current_tenant', true));
      grant usage on schema ${schema} to app_user;
      grant select, insert, update, delete on ${schema}.documents to app_user;`),
  );
  return searching(session, shared);
}

/** The table that is there, searched with these settings. */
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
  const columns = 'tenant_id, id, embedding';
  const insert = `
    insert into ${schema}.documents (${columns}) select ${columns}
    from json_to_recordset($1::text::json) as d (tenant_id text, id uuid, embedding public.vector)`;
  const json = (vector: Iterable<number>) => JSON.stringify([...vector]);
  return {
    name,
    put: (tenant, documents) =>
      as(tenant, async (tx) => {
        const rows = asJson(new Map([[tenant, documents]]), json);
        const update = `on conflict (${key}) do update set embedding = excluded.embedding`;
        await tx.unsafe(`${insert} ${update}`, [rows]);
      }),
    remove: (tenant, ids) =>
      as(tenant, async (tx) => {
        await tx`delete from ${tx(schema)}.documents where id::text in ${tx(ids)}`;
      }),
    search: (tenant, vector, k) =>
      as(tenant, async (tx) => {
        if (settings) await tx.unsafe(settings);
        const text = json(vector);
        return [
          ...(await tx.unsafe(nearest('$1::public.vector', k), [text], { prepare: true })),
        ] as never;
      }),
    work: (tenant, vector, k) =>
      as(tenant, async (tx) => {
        if (settings) await tx.unsafe(settings);
        return buffersOf(tx, nearest(`'${json(vector)}'::public.vector`, k));
      }),
    fill: async (tenants) => void (await admin((sql) => sql.unsafe(insert, [asJson(tenants, json)]))),
    build: async () =>
      admin(async (sql) => {
        await sql.unsafe(`
          drop index if exists ${schema}.nearest;
          create index nearest on ${schema}.documents using ${index};
          analyze ${schema}.documents`);
      }),
    async beside(tenant, wish) {
      if (!partitions) return wish;
      const [found] = await admin(
        (sql) => sql<{ name: string }[]>`
          select s.name
          from generate_series(0, ${partitions - 1}) as r, (
            select ${wish}::text || n as name from generate_series(0, 999) as n
          ) as s
          where satisfies_hash_partition(${`${schema}.documents`}::regclass, ${partitions}, r, ${tenant}::text)
            and satisfies_hash_partition(${`${schema}.documents`}::regclass, ${partitions}, r, s.name)
          limit 1`,
      );
      return found?.name ?? wish;
    },
    clear: async () => void (await admin((sql) => sql`truncate ${sql(schema)}.documents`)),
    end: async () => void (await admin((sql) => sql`drop schema ${sql(schema)} cascade`)),
  };
}
