/** Each wall alone stops a cross-tenant read or write: all others are taken down, and it holds. */
import type { TransactionSql } from 'postgres';
import { describe, expect, it } from 'vitest';
import { useSession } from '../../db/tests/engine/use-session.js';
import { afterBreaches, type Breach, nameToSay, noPinnedTenant, noPolicy } from '../../db/tests/engine/walls.js';
import { matchDocuments } from './documents.js';
import { forTenant, type TenantTransaction } from './handle.js';

const session = useSession({ seed: true });

const query = Array.from({ length: 1536 }, (_, i) => (i === 0 ? 1 : 0));

const when = <T>(breaches: readonly Breach[], act: (tx: TransactionSql) => Promise<T>) =>
  afterBreaches(session, breaches, 'globex', act);

/** The tenants whose rows a search returns, by SQL alone: without the client's check. */
const bySql = async (tx: TransactionSql) => {
  const rows = await tx<{ tenant_id: string }[]>`
    select distinct tenant_id from ragwall.match_documents(${`[${query}]`}, 1000)`;
  return rows.map((row) => row.tenant_id);
};
const byClient = (tx: TransactionSql) => matchDocuments(tx, query, 1000);

describe('a search finds one’s own rows', () => {
  it.each<[string, Breach[]]>([
    ['with all walls', []],
    ['without the policy, by the pinned tenant', [noPolicy]],
    ['without the pinned tenant, by the policy', [noPinnedTenant]],
  ])('%s', async (_, breaches) => {
    expect(await when(breaches, bySql)).toEqual(['globex']);
    expect(await when(breaches, byClient)).toHaveLength(3);
  });

  it('without either SQL finds all tenants, so the two are known to be what held', async () => {
    expect(await when([noPolicy, noPinnedTenant], bySql)).toHaveLength(9);
  });

  it('without either the client throws, and returns nothing', async () => {
    await expect(when([noPolicy, noPinnedTenant], byClient)).rejects.toMatchObject({ code: 'FOREIGN_ROW' });
  });
});

it('a handle’s transaction checks for the tenant it was asked for, whatever the database says is bound', async () => {
  const body = `create or replace function ragwall.require_tenant() returns text
    language sql stable parallel unsafe security invoker return 'acme'::text`;
  const search = (tx: TransactionSql, act: () => Promise<unknown>) =>
    tx
      .unsafe(body)
      .then(() => tx`set local role app_user`)
      .then(act);
  const nothing = { filter: { tenant: 'nobody' } };
  const asSuperuser = <T>(fn: (tx: TenantTransaction) => Promise<T>) =>
    session.admin((sql) => forTenant(sql, 'globex').transaction(fn));
  await expect(asSuperuser((tx) => search(tx.sql, () => tx.matchDocuments(query, nothing)))).rejects.toMatchObject({
    code: 'FOREIGN_ROW',
  });
  // The function that is called on anybody's transaction knows of no other tenant.
  const undo = new Error('undo');
  await expect(
    asSuperuser((tx) =>
      search(tx.sql, async () => {
        expect(await matchDocuments(tx.sql, query, 10, nothing.filter)).toEqual([]);
        throw undo;
      }),
    ),
  ).rejects.toBe(undo);
});

describe('a write under another tenant’s name', () => {
  const plant = (tx: TransactionSql) => tx`
    insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
    values ('acme', 'planted', tests.vec(0), 'test')`;

  it('without the policy is refused: there is no name to say', async () => {
    await expect(when([noPolicy], plant)).rejects.toMatchObject({ message: 'permission denied for table documents' });
  });

  it('with a name to say is refused by the policy', async () => {
    await expect(when([nameToSay], plant)).rejects.toMatchObject({
      message: expect.stringContaining('new row violates row-level security policy'),
    });
  });

  it('without both succeeds, so the two are known to be what held', async () => {
    expect(await when([noPolicy, nameToSay], plant)).toMatchObject({ count: 1 });
  });
});

describe('the policies', () => {
  it.each<[string, string, string[]]>([
    ['the floor alone shows nothing', 'drop policy select_own_tenant on ragwall.documents', []],
    ['the permissive ones alone hold', 'drop policy tenant_floor on ragwall.documents', ['globex']],
    [
      'the floor holds when a careless policy opens everything',
      'create policy careless on ragwall.documents for select to public using (true)',
      ['globex'],
    ],
  ])('%s', async (_, statement, seen) => {
    const rows = await when(
      [(tx) => tx.unsafe(statement)],
      (tx) => tx`select distinct tenant_id from ragwall.documents`,
    );
    expect(rows.map((row) => row.tenant_id)).toEqual(seen);
  });
});
