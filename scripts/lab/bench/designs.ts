/** The designs that are compared, and how each finds the documents nearest to a question. */

import type { Sql } from 'postgres';
import { forTenant } from '../../../db/tests/engine/session.js';
import { vectorText } from '../../../src/client/vector.js';
import { matchDocuments, setTenant } from '../../../src/index.js';
import { connect } from '../setup.js';
import { hasIndex, limitTable, limitUrl, type Question } from './database.js';

type Found = readonly { readonly id: string; readonly similarity?: number }[];

export interface Asker {
  ask(question: Question): Promise<Found>;
  close(): Promise<void>;
}

export interface Design {
  readonly name: string;
  /** What it does, in a line. */
  readonly about: string;
  /** Settings of its connection. */
  readonly settings?: readonly string[];
  /** Whether it asks the tables of the limit. */
  readonly limit?: true;
  request(sql: Sql, question: Question, k: number, url: string): Promise<Found>;
}

/** Opens a connection that the driver does not replace after a while. */
const connectForGood = (url: string, max = 1) => connect(url, { max_lifetime: null, max });

function askTable(
  sql: { unsafe: Sql['unsafe'] },
  table: string,
  type: string,
  order: string,
  question: Question,
  k: number,
) {
  const { tenant, vector, filter } = question;
  return sql.unsafe<{ id: string; similarity: number }[]>(
    `select id, content, metadata, 1 - (embedding <=> $1::${type}) as similarity from ${table}
    where ${type === 'vector' ? `tenant_id = '${tenant.name}'` : 'true'} and ${filter ? 'metadata @> $2::text::jsonb' : 'true'}
    order by (embedding <=> $1::${type})${order} limit ${k}`,
    [vectorText(vector), ...(filter ? [JSON.stringify(filter)] : [])],
    { prepare: true },
  );
}
const shared = (table: string) => (sql: Sql, question: Question, k: number) =>
  sql.begin(async (tx) => {
    await tx`select set_config('app.current_tenant', ${question.tenant.name}, true)`;
    return askTable(tx, table, 'vector', '', question, k);
  });
/** By the HNSW index if there is one; exactly with a filter. */
const askLimit = (sql: { unsafe: Sql['unsafe'] }, question: Question, k: number) => {
  const order = question.filter || !hasIndex(question.tenant) ? ' + 0' : '';
  return askTable(sql, limitTable(question.tenant), 'halfvec', order, question, k);
};

const iterative = ['set hnsw.iterative_scan = relaxed_order'];
const forced = ['enable_seqscan', 'enable_bitmapscan', 'enable_sort'].map((name) => `set ${name} = off`);
const own = 'a table of the tenant’s own without policies; one prepared statement; HNSW from 1,000 documents on';

export const designs: readonly Design[] = [
  {
    name: 'ragwall',
    about: 'forTenant(sql, tenant).matchDocuments(vector)',
    request: (sql, { tenant, vector, filter }, k) =>
      forTenant(sql, tenant.name).matchDocuments(vector, filter ? { k, filter } : { k }),
  },
  {
    name: 'ragwall, sql.begin',
    about: 'sql.begin(): setTenant(), then matchDocuments()',
    request: (sql, { tenant, vector, filter }, k) =>
      sql.begin(async (tx) => {
        await setTenant(tx, tenant.name);
        return matchDocuments(tx, vector, k, filter);
      }),
  },
  { name: 'limit', about: own, limit: true, request: askLimit },
  {
    name: 'limit, our ef_search',
    about: 'the same with the ef_search of our search table, which is measured with harder questions',
    ...{ limit: true, request: askLimit },
  },
  {
    name: 'limit, sql.begin',
    about: 'the same inside sql.begin()',
    ...{ limit: true, request: (sql, question, k) => sql.begin((tx) => askLimit(tx, question, k)) },
  },
  {
    name: 'guide',
    about: 'shared ivfflat (lists 100, probes 1), policy on the setting, a new connection per request',
    async request(_, question, k, url) {
      const sql = connectForGood(url);
      try {
        // For the session. The guide sets it for the transaction, where it is gone before the next statement.
        await sql`select set_config('app.current_tenant', ${question.tenant.name}, false)`;
        return await askTable(sql, 'bench.guide', 'vector', '', question, k);
      } finally {
        await sql.end();
      }
    },
  },
  {
    name: 'guide, kept connection',
    about: 'the same on a connection that is kept, the tenant set in each transaction',
    request: shared('bench.guide'),
  },
  {
    name: 'shared HNSW',
    about: 'shared HNSW under the same policy, iterative scan; the planner may prefer the btree on tenant_id',
    ...{ settings: iterative, request: shared('bench.hnsw') },
  },
  {
    name: 'shared HNSW, index forced',
    about: 'the same where the planner has nothing else to choose',
    ...{ settings: [...iterative, ...forced], request: shared('bench.hnsw') },
  },
];

/** Returns the designs of these names, in this order. */
export const named = <const N extends readonly string[]>(...names: N) =>
  names.map((name) => designs.find((design) => design.name === name)) as { [I in keyof N]: Design };

/**
 * Connects a design to a server, `clients` times. `ef`: hnsw.ef_search of the limit. Behind PgBouncer, which keeps no
 * settings of the session, it has those of its role.
 */
export async function open(design: Design, url: string, k = 10, ef?: number, clients = 1): Promise<Asker> {
  const login = design.limit ? limitUrl(url) : url;
  const sql = connectForGood(login, clients);
  const byIndex = [`set hnsw.ef_search = ${ef}`, 'set enable_sort = off', 'set jit = off'];
  const settings = (design.limit && ef ? byIndex : design.settings) ?? [];
  // pgvector's settings exist once its library is loaded, which a first vector does.
  if (clients === 1) await sql.unsafe(["select '[1]'::vector", ...settings].join('; '));
  return { ask: (question) => design.request(sql, question, k, login), close: () => sql.end({ timeout: 5 }) };
}
