/** Makes the tables of the control designs and fills them and ours with the same documents. */
import { once } from 'node:events';
import type { Sql } from 'postgres';
import { type Document, dimensions, type Tenant } from './data.js';

/** The name of the dedicated table of a tenant. */
export const limitTable = (tenant: string) => `bench.limit_${tenant.replaceAll('-', '_')}`;

/**
 * The table as the guide has it, the same with an HNSW index instead, and a table of its own for each of
 * the tenants that are measured. No indexes yet but the keys.
 */
export async function createTables(admin: Sql, measured: readonly Tenant[]): Promise<void> {
  const columns = `id uuid primary key default gen_random_uuid(), tenant_id text not null,
    content text not null, embedding public.vector(${dimensions}), metadata jsonb,
    created_at timestamptz default now()`;
  const shared = ['guide', 'hnsw'].map(
    (name) => `
      create table bench.${name} (${columns});
      alter table bench.${name} enable row level security;
      create policy tenant_isolation on bench.${name}
        using (tenant_id = current_setting('app.current_tenant', true));
      grant select, insert, update, delete on bench.${name} to app_user;`,
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

/** A row of COPY's binary format: the number of columns, then each with its length before it. */
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
export interface Into {
  readonly guide?: boolean;
  readonly hnsw?: boolean;
  readonly ragwall?: boolean;
  readonly limits?: readonly Tenant[];
}

/** Copies documents into the staging table, and from there into the tables asked for. */
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
      else await new Promise(setImmediate); // so that what was written is sent, and the bar is drawn
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

/** Vacuums, analyses and writes everything out, so that none of it happens while something is measured. */
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
