/** Takes walls down, one at a time or together, to show that the others hold. */
import type { TransactionSql } from 'postgres';
import { setTenant } from '../../../src/client/tenant.js';
import { rolledBack, type Session } from './session.js';

/** A breach: what takes a wall down, as an administrator would by mistake. */
export type Breach = (tx: TransactionSql) => PromiseLike<unknown>;

const run =
  (statement: string): Breach =>
  (tx) =>
    tx.unsafe(statement);

/** No policy is applied any more where app_user reads and writes the documents. */
export const noPolicyAbove: Breach = run('alter table ragwall.documents disable row level security');

/** No policy is applied any more where the search reads the documents. */
export const noPolicyBeneath: Breach = run('alter table ragwall.documents_rows disable row level security');

/** No policy is applied any more to the documents. */
export const noPolicy: Breach = async (tx) => {
  await noPolicyAbove(tx);
  await noPolicyBeneath(tx);
};

/** Of the partition's two policies the permissive one opens everything. */
export const floorAlone: Breach = run('alter policy select_own_tenant on ragwall.documents_rows using (true)');

/** Of the partition's two policies the floor is gone. */
export const noFloor: Breach = run('drop policy tenant_floor on ragwall.documents_rows');

/** The searches no longer say whose documents they read: neither the exact one nor the one in a search table. */
export const noPinnedTenant: Breach = async (tx) => {
  for (const [routine, pinned] of [
    ['ragwall.search_documents(public.halfvec, integer, jsonb)', 'r.tenant_id = tenant'],
    [
      'ragwall_search.search_table(ragwall_search.directory, public.halfvec, integer, jsonb, jsonpath)',
      'r.tenant_id = entry.tenant_id',
    ],
  ] as const) {
    const [row] = await tx<{ definition: string }[]>`
      select pg_get_functiondef(${routine}::text::regprocedure) as definition`;
    if (!row?.definition.includes(pinned)) throw new Error(`${routine} is not what it was`);
    await tx.unsafe(row.definition.replaceAll(pinned, 'true'));
  }
};

/** Writers may name the tenant of a row. */
export const nameToSay: Breach = run('grant insert (tenant_id), update (tenant_id) on ragwall.documents to app_user');

/** No wall is taken down: a tenant gets a search table. Its search for fewer than it has documents looks there. */
export const large =
  (tenant: string): Breach =>
  (tx) =>
    tx`select tests.enlarge(${tenant}), tests.become(null)`;

/** Runs `act` for a tenant, as app_user, after the breaches, in a transaction that is rolled back. */
export function afterBreaches<T>(
  session: Session,
  breaches: readonly Breach[],
  tenant: string,
  act: (tx: TransactionSql) => Promise<T>,
): Promise<T> {
  return session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      for (const breach of breaches) await breach(tx);
      await tx`set local role app_user`;
      await setTenant(tx, tenant);
      return act(tx);
    }),
  );
}
