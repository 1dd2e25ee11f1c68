/** A design as an attacker meets it: it stores documents, searches, and tells nothing else. */
import type { TransactionSql } from 'postgres';
import type { Vector } from '../../../src/index.js';
import type { Document } from './vectors.js';

export interface Found {
  readonly id: string;
  readonly similarity: number;
}

export interface Store {
  readonly name: string;
  /** As a tenant, through the API. */
  put(tenant: string, documents: readonly Document[]): Promise<void>;
  remove(tenant: string, ids: readonly string[]): Promise<void>;
  search(tenant: string, vector: Vector, k: number): Promise<Found[]>;
  /** How many buffers a search touches, once the session knows its way. */
  work(tenant: string, vector: Vector, k: number): Promise<number>;
  /** As the administrator: stores what is there already when the attacker comes. */
  fill(tenants: ReadonlyMap<string, readonly Document[]>): Promise<void>;
  /** As the administrator: gives these tenants the indexes of their own, or builds the shared one anew. */
  build(...tenants: readonly string[]): Promise<void>;
  /** As the administrator: a name like `wish` whose documents lie in the same partition as `tenant`'s. */
  beside(tenant: string, wish: string): Promise<string>;
  /** As the administrator: empties it. */
  clear(): Promise<void>;
  /** Takes away what it made. */
  end(): Promise<void>;
}

type Explained = { 'QUERY PLAN': [{ Plan: Record<string, number> }] };

/** The buffers of a statement: the least of three runs, because the first also reads the catalogs. */
export async function buffersOf(tx: TransactionSql, statement: string): Promise<number> {
  const runs: number[] = [];
  for (let n = 0; n < 3; n += 1) {
    const [row] = await tx.unsafe<Explained[]>(
      `explain (analyze, buffers, timing off, format json) ${statement}`,
    );
    const plan = row?.['QUERY PLAN'][0].Plan;
    runs.push(
      (plan?.['Shared Hit Blocks'] ?? Number.NaN) + (plan?.['Shared Read Blocks'] ?? Number.NaN),
    );
  }
  return Math.min(...runs);
}

/** The rows of all tenants, for json_to_recordset(). */
export const asJson = (
  tenants: ReadonlyMap<string, readonly Document[]>,
  text: (vector: Vector) => string,
) =>
  JSON.stringify(
    [...tenants].flatMap(([tenant_id, documents]) =>
      documents.map(({ id, vector }) => ({ tenant_id, id, embedding: text(vector) })),
    ),
  );
