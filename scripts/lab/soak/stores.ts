/** What a caller of the soak does, through our client and through one that is broken on purpose. */

import type { Sql, TransactionSql } from 'postgres';
import { poolOptions } from '../../../db/tests/engine/session.js';
import {
  connect,
  deleteDocuments,
  type NewDocument,
  type TokenSigner,
  upsertDocuments,
  type Vector,
} from '../../../src/index.js';
import { connect as openPool, usualPolicy } from '../setup.js';

/** A row of an answer. */
export interface Row {
  readonly tenantId: string;
  readonly content: string;
}

/** A transaction of one tenant. */
export interface StoreTx {
  readonly sql: TransactionSql;
  put(documents: readonly NewDocument[]): Promise<unknown>;
  removeFrom(source: string, position: number): Promise<unknown>;
  read(sources: readonly string[]): Promise<readonly Row[]>;
  savepoint(fn: (inner: StoreTx) => Promise<unknown>): Promise<unknown>;
}

/** The documents of one tenant. */
export interface Store {
  search(vector: Vector, k: number, source?: string): Promise<readonly Row[]>;
  put(documents: readonly NewDocument[]): Promise<unknown>;
  remove(source: string): Promise<unknown>;
  /** Brings the tenant's search table up to date, so many documents at most; returns how many. Absent where there are none. */
  catchUp?(most: number): Promise<number>;
  transaction(fn: (tx: StoreTx) => Promise<unknown>): Promise<unknown>;
}

/** The connections of an application. */
export interface Pool {
  open(tenant: string): Store;
  end(): Promise<unknown>;
}

/** A client under test: how it connects, the table of its rows, and whether some tenants get search tables. */
export interface Client {
  readonly table: string;
  readonly searchTables: boolean;
  connect(url: string, max: number): Pool;
}

/** Returns our client, with a signer in signed mode. Its connections are through TLS, and live for twenty seconds at most. */
export function ragwallClient(signer?: TokenSigner): Client {
  const within = (tx: TransactionSql): StoreTx => ({
    sql: tx,
    put: (documents) => upsertDocuments(tx, documents),
    removeFrom: (source, fromPosition) => deleteDocuments(tx, { source, fromPosition }),
    read: (sources) => tx<Row[]>`
      select tenant_id as "tenantId", content from ragwall.documents where source in ${tx([...sources])}`,
    savepoint: (fn) => tx.savepoint((inner) => fn(within(inner))),
  });
  return {
    table: 'ragwall.documents',
    searchTables: true,
    connect(url, max) {
      const ragwall = connect(url, {
        max,
        ...(signer && { signer }),
        ...{ driver: { connect_timeout: 2, max_lifetime: 20, ssl: 'require' } },
      });
      const open = (tenantId: string): Store => {
        const tenant = ragwall.forTenant(tenantId);
        return {
          search: (vector, k, source) =>
            tenant.matchDocuments(vector, { k, ...(source !== undefined && { filter: { source } }) }),
          put: (documents) => tenant.upsertDocuments(documents),
          remove: (source) => tenant.deleteDocuments({ source }),
          catchUp: (most) =>
            tenant.transaction(async ({ sql }) => {
              const [row] = await sql<{ done: number }[]>`select ragwall.catch_up(${most}) as done`;
              return row?.done ?? 0;
            }),
          transaction: (fn) => tenant.transaction(({ sql }) => fn(within(sql))),
        };
      };
      return { open, end: () => ragwall.close() };
    },
  };
}

/** What a superuser runs for the broken client: a table under the usual policy. */
export const brokenSchema = `
  create schema guide;
  grant usage on schema guide to app_user;
  create table guide.documents (
    tenant_id text not null default current_setting('app.current_tenant', true),
    source text not null,
    position integer not null,
    content text not null,
    primary key (tenant_id, source, position)
  );
  ${usualPolicy('guide.documents')}`;

/** A client in the guide's design. The tenant is a setting of the session, which PgBouncer gives to other clients, too. */
export const brokenClient: Client = {
  table: 'guide.documents',
  searchTables: false,
  connect(url, max) {
    const sql = openPool(url, { ...poolOptions, max });
    return { open: (tenant) => brokenStore(sql, tenant), end: () => sql.end({ timeout: 1 }) };
  },
};

function brokenStore(sql: Sql, tenant: string): Store {
  const within = (tx: Sql | TransactionSql): StoreTx => ({
    sql: tx as TransactionSql,
    put: (documents) => tx`
        insert into guide.documents (source, position, content)
        select source, position, content
        from jsonb_to_recordset(${JSON.stringify(documents)}::text::jsonb)
          as d (source text, position integer, content text)
        on conflict (tenant_id, source, position) do update set content = excluded.content`,
    removeFrom: (source, position) =>
      tx`delete from guide.documents where source = ${source} and position >= ${position}`,
    read: (sources) => tx<Row[]>`
        select tenant_id as "tenantId", content from guide.documents where source in ${tx([...sources])}`,
    savepoint: (fn) => (tx as TransactionSql).savepoint((inner) => fn(within(inner))),
  });
  const bind = (tx: Sql | TransactionSql) => tx`select set_config('app.current_tenant', ${tenant}, false)`;
  const boundSession = async () => {
    await bind(sql);
    return within(sql);
  };
  return {
    async search(_, k, source) {
      await bind(sql);
      return sql<Row[]>`
          select tenant_id as "tenantId", content from guide.documents
          where source = coalesce(${source ?? null}::text, source) limit ${k}`;
    },
    put: async (documents) => (await boundSession()).put(documents),
    remove: async (source) => (await boundSession()).removeFrom(source, 0),
    transaction: (fn) =>
      sql.begin(async (tx) => {
        await bind(tx);
        return fn(within(tx));
      }),
  };
}
