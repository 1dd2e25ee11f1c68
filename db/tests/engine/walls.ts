/** Takes walls down, one at a time or together, to show that the others hold. */
import type { TransactionSql } from 'postgres';
import { setTenant } from '../../../src/client/tenant.js';
import { rolledBack, type Session } from './session.js';

/** A breach: what takes a wall down, as an administrator would by mistake. */
export type Breach = (tx: TransactionSql) => PromiseLike<unknown>;

/** No policy is applied any more. */
export const noPolicy: Breach = (tx) => tx`alter table ragwall.documents disable row level security`;

/** match_documents() no longer says whose documents it searches. */
export const noPinnedTenant: Breach = async (tx) => {
  const [row] = await tx<{ definition: string }[]>`
    select pg_get_functiondef('ragwall.match_documents(public.halfvec, integer, jsonb)'::regprocedure)
      as definition`;
  const pinned = 'where d.tenant_id = tenant';
  if (!row?.definition.includes(pinned)) throw new Error('match_documents() is not what it was');
  await tx.unsafe(row.definition.replace(pinned, 'where tenant is not null'));
};

/** Writers may name the tenant of a row. */
export const nameToSay: Breach = (tx) =>
  tx`grant insert (tenant_id), update (tenant_id) on ragwall.documents to app_user`;

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
