/** The designs that are compared, and how each answers: the ten documents nearest to a query. */
import postgres, { type Sql } from 'postgres';
import { vectorText } from '../../../src/client/vector.js';
import { forTenant, matchDocuments, setTenant } from '../../../src/index.js';
import { dimensions, type Query } from './data.js';
import { limitTable } from './load.js';
import { quiet } from './server.js';

export const k = 10;

export interface Found {
  readonly id: string;
}

export interface Asker {
  ask(query: Query): Promise<readonly Found[]>;
  close(): Promise<void>;
}

export interface Design {
  readonly name: string;
  readonly family: 'guide' | 'hnsw' | 'limit' | 'ragwall';
  /** Whether a request is one statement or a transaction: what it is compared with. */
  readonly form: 'statement' | 'transaction';
  /** What it does, in a line. */
  readonly about: string;
  /** Settings of its connection; behind PgBouncer it has to do without. */
  readonly settings?: readonly string[];
  /** Its statement, for EXPLAIN; those of ragwall are found inside their function. */
  statement?(query: Query): string;
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

/** One client and one connection for as long as the benchmark wants it. */
const connect = (url: string) => postgres(url, { ...quiet, max: 1, max_lifetime: null });

const ofTable = (table: string) => ({
  form: 'transaction' as const,
  statement: () => shared(table),
  request: (sql: Sql, { tenant: { name }, vector }: Query) =>
    sql.begin(async (tx) => {
      await tx`select set_config('app.current_tenant', ${name}, true)`;
      return tx.unsafe<Found[]>(shared(table), [vectorText(vector), name], { prepare: true });
    }),
});

const iterative = 'set hnsw.iterative_scan = relaxed_order';
const forced = ['enable_seqscan', 'enable_bitmapscan', 'enable_sort'].map(
  (name) => `set ${name} = off`,
);

/**
 * Takes from the planner the choice to sort what an HNSW index has in order. Without an index it sorts all the
 * same, at a fictitious price that would have the plan compiled.
 */
const byIndex = ['set enable_sort = off', 'set jit = off'];

export const designs: readonly Design[] = [
  {
    name: 'guide',
    family: 'guide',
    form: 'transaction',
    about: 'shared ivfflat (lists 100, probes 1), policy on the setting, a new connection per request',
    connects: true,
    statement: () => shared('bench.guide'),
    async request(_, { tenant: { name }, vector }, url) {
      const sql = connect(url);
      try {
        // For the session: set for the transaction alone, as the guide prints it, it would be gone at once.
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
    family: 'guide',
    about: 'the same on a connection that is kept, the tenant set in each transaction',
  },
  {
    ...ofTable('bench.hnsw'),
    name: 'shared hnsw',
    family: 'hnsw',
    about:
      'shared HNSW under the same policy, ef_search 40; the planner may prefer the btree on tenant_id',
    settings: ['set hnsw.ef_search = 40'],
  },
  {
    ...ofTable('bench.hnsw'),
    name: 'shared hnsw, iterative',
    family: 'hnsw',
    about: 'the same with iterative scan, relaxed order',
    settings: ['set hnsw.ef_search = 40', iterative],
  },
  {
    ...ofTable('bench.hnsw'),
    name: 'shared hnsw, index forced',
    family: 'hnsw',
    about: 'shared HNSW, ef_search 40, where the planner has nothing else to choose',
    settings: ['set hnsw.ef_search = 40', ...forced],
  },
  {
    ...ofTable('bench.hnsw'),
    name: 'shared hnsw, iterative, forced',
    family: 'hnsw',
    about: 'the same with iterative scan, relaxed order',
    settings: ['set hnsw.ef_search = 40', iterative, ...forced],
  },
  {
    name: 'limit, one statement',
    family: 'limit',
    form: 'statement',
    about: 'the limit: a table for each tenant, no policy, halfvec in the row, one prepared statement',
    settings: byIndex,
    statement: dedicated,
    request: (sql, query) =>
      sql.unsafe<Found[]>(dedicated(query), [vectorText(query.vector)], { prepare: true }),
  },
  {
    name: 'limit, begin … commit',
    family: 'limit',
    form: 'transaction',
    about: 'the same inside sql.begin()',
    settings: byIndex,
    request: (sql, query) =>
      sql.begin((tx) =>
        tx.unsafe<Found[]>(dedicated(query), [vectorText(query.vector)], { prepare: true }),
      ),
  },
  {
    name: 'ragwall, one statement',
    family: 'ragwall',
    form: 'statement',
    about: 'forTenant(sql, tenant).matchDocuments(vector)',
    request: (sql, { tenant, vector }) =>
      forTenant(sql, tenant.name, { dimensions }).matchDocuments(vector, { k }),
  },
  {
    name: 'ragwall, sql.begin',
    family: 'ragwall',
    form: 'transaction',
    about: 'sql.begin(): setTenant(), then matchDocuments()',
    request: (sql, { tenant, vector }) =>
      sql.begin(async (tx) => {
        await setTenant(tx, tenant.name);
        return matchDocuments(tx, vector, k);
      }),
  },
  {
    name: 'ragwall, transaction()',
    family: 'ragwall',
    form: 'transaction',
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

/** The limit that a design is compared with: the one of its form. */
export const limitOf = (form: Design['form']) =>
  form === 'statement' ? 'limit, one statement' : 'limit, begin … commit';

/** Connects a design to a server, or to a pooler, whose connections are not the design's to change. */
export async function open(design: Design, url: string, pooled = false): Promise<Asker> {
  const sql = connect(url);
  const ask = async (query: Query) => design.request(sql, query, url);
  if (design.settings && !pooled) {
    // The settings of pgvector exist once its library is loaded.
    await sql.unsafe(`select '[1]'::vector; ${design.settings.join('; ')}`);
  }
  return { ask, close: () => sql.end() };
}
