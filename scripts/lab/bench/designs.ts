/** The designs that are compared, and how each finds the ten documents nearest to a query. */
import type { Sql } from 'postgres';
import { vectorText } from '../../../src/client/vector.js';
import { forTenant, matchDocuments, setTenant } from '../../../src/index.js';
import { connect } from '../setup.js';
import { k, limitTable } from './database.js';
import { dimensions, type Query } from './world.js';

export interface Found {
  readonly id: string;
}

export interface Asker {
  ask(query: Query): Promise<readonly Found[]>;
  close(): Promise<void>;
}

export interface Design {
  readonly name: string;
  /** What it does, in a line. */
  readonly about: string;
  /** Settings of its connection. */
  readonly settings?: readonly string[];
  /** Whether it opens a connection per request. */
  readonly connects?: true;
  request(sql: Sql, query: Query, url: string): Promise<readonly Found[]>;
}

const shared = (table: string) => `
  select id, content, metadata, 1 - (embedding <=> $1::vector) as similarity
  from ${table} where tenant_id = $2 order by embedding <=> $1::vector limit ${k}`;
const dedicated = ({ tenant }: Query) => `
  select id, content, metadata, 1 - (embedding <=> $1::halfvec) as similarity
  from ${limitTable(tenant.name)} order by embedding <=> $1::halfvec limit ${k}`;

/** Opens a connection that the driver does not replace after a while. */
const connectForGood = (url: string) => connect(url, { max_lifetime: null });

const ofTable = (table: string) => ({
  request: (sql: Sql, { tenant: { name }, vector }: Query) =>
    sql.begin(async (tx) => {
      await tx`select set_config('app.current_tenant', ${name}, true)`;
      return tx.unsafe<Found[]>(shared(table), [vectorText(vector), name], { prepare: true });
    }),
});

const iterative = 'set hnsw.iterative_scan = relaxed_order';
const forced = ['enable_seqscan', 'enable_bitmapscan', 'enable_sort'].map((name) => `set ${name} = off`);
const sharedHnsw = (way: string, about: string, ...settings: string[]): Design => ({
  ...ofTable('bench.hnsw'),
  name: `shared hnsw${way}`,
  about,
  settings: ['set hnsw.ef_search = 40', ...settings],
});

/**
 * Without sorts the planner has to take the order from the HNSW index. Where there is no index it sorts all the same,
 * but at a cost so high that it would also compile the plan: hence no JIT.
 */
const byIndex = ['set hnsw.ef_search = 100', 'set enable_sort = off', 'set jit = off'];

export const designs: readonly Design[] = [
  {
    name: 'guide',
    about: 'shared ivfflat (lists 100, probes 1), policy on the setting, a new connection per request',
    connects: true,
    async request(_, { tenant: { name }, vector }, url) {
      const sql = connectForGood(url);
      try {
        // For the session. The guide sets it for the transaction, where it is gone before the next statement.
        await sql`select set_config('app.current_tenant', ${name}, false)`;
        return await sql.unsafe<Found[]>(shared('bench.guide'), [vectorText(vector), name]);
      } finally {
        await sql.end();
      }
    },
  },
  {
    ...ofTable('bench.guide'),
    name: 'guide, kept connection',
    about: 'the same on a connection that is kept, the tenant set in each transaction',
  },
  sharedHnsw('', 'shared HNSW under the same policy, ef_search 40; the planner may prefer the btree on tenant_id'),
  sharedHnsw(', iterative', 'the same with iterative scan, relaxed order', iterative),
  sharedHnsw(', index forced', 'shared HNSW, ef_search 40, where the planner has nothing else to choose', ...forced),
  sharedHnsw(', iterative, forced', 'the same with iterative scan, relaxed order', iterative, ...forced),
  {
    name: 'limit, one statement',
    about:
      'a dedicated table of the tenant, no policy, halfvec in the row, indexed as ragwall is; one prepared statement',
    settings: byIndex,
    request: (sql, query) => sql.unsafe<Found[]>(dedicated(query), [vectorText(query.vector)], { prepare: true }),
  },
  {
    name: 'limit, begin … commit',
    about: 'the same inside sql.begin()',
    settings: byIndex,
    request: (sql, query) =>
      sql.begin((tx) => tx.unsafe<Found[]>(dedicated(query), [vectorText(query.vector)], { prepare: true })),
  },
  {
    name: 'ragwall, one statement',
    about: 'forTenant(sql, tenant).matchDocuments(vector)',
    request: (sql, { tenant, vector }) => forTenant(sql, tenant.name, { dimensions }).matchDocuments(vector, { k }),
  },
  {
    name: 'ragwall, sql.begin',
    about: 'sql.begin(): setTenant(), then matchDocuments()',
    request: (sql, { tenant, vector }) =>
      sql.begin(async (tx) => {
        await setTenant(tx, tenant.name);
        return matchDocuments(tx, vector, k);
      }),
  },
  {
    name: 'ragwall, transaction()',
    about: 'forTenant(sql, tenant).transaction(): the guarded sql.begin()',
    request: (sql, { tenant, vector }) =>
      forTenant(sql, tenant.name).transaction((tx) => tx.matchDocuments(vector, { k })),
  },
];

/** Returns the designs of these names, in this order. */
export const named = (...names: readonly string[]): Design[] =>
  names.map((name) => {
    const found = designs.find((design) => design.name === name);
    if (!found) throw new Error(`there is no design called ${name}`);
    return found;
  });

/** Connects a design to a server. */
export async function open(design: Design, url: string): Promise<Asker> {
  const sql = connectForGood(url);
  if (design.settings) {
    // pgvector's settings exist once its library is loaded, which a first vector does.
    await sql.unsafe(`select '[1]'::vector; ${design.settings.join('; ')}`);
  }
  return { ask: (query) => design.request(sql, query, url), close: () => sql.end() };
}
