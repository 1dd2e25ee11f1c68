/** Each wall alone stops a cross-tenant read or write: all others are taken down, and it holds. */

import type { TransactionSql } from 'postgres';
import { describe, expect, it } from 'vitest';
import { forTenant } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import {
  afterBreaches,
  type Breach,
  floorAlone,
  large,
  nameToSay,
  noFloor,
  noPinnedTenant,
  noPolicy,
  noPolicyAbove,
  noPolicyBeneath,
} from '../../db/tests/engine/walls.js';
import type { TenantTransaction } from './handle.js';
import { matchDocuments } from './search.js';

const session = useSession({ seed: true });

const query = Array.from({ length: 1536 }, (_, i) => (i === 0 ? 1 : 0));

const when = <T>(breaches: readonly Breach[], act: (tx: TransactionSql) => Promise<T>) =>
  afterBreaches(session, breaches, 'globex', act);

/** The tenants whose rows a search returns, by SQL alone: without the client's check. */
const bySql = async (tx: TransactionSql, k: number) => {
  const rows = await tx<{ tenant_id: string }[]>`
    select distinct tenant_id from ragwall.match_documents(${`[${query}]`}, ${k})`;
  return rows.map((row) => row.tenant_id);
};

// Of three documents each: a search for more is exact, one for two looks in the search table, if there is one.
describe.each<[string, Breach[], number, number]>([
  ['an exact search', [], 1000, 9],
  ['a search in a search table', [large('globex'), large('acme')], 2, 2],
])('%s finds one’s own rows', (_, made, k, unwalled) => {
  const search = (breaches: readonly Breach[]) => when([...made, ...breaches], (tx) => bySql(tx, k));
  const byClient = (breaches: readonly Breach[]) => when([...made, ...breaches], (tx) => matchDocuments(tx, query, k));

  it.each<[string, Breach[]]>([
    ['with all walls', []],
    ['without the policies where the application reads', [noPolicyAbove]],
    ['without the policies where the search reads', [noPolicyBeneath]],
    ['without any policy, by the pinned tenant', [noPolicy]],
    ['without the pinned tenant, by the policies', [noPinnedTenant]],
    ['without the pinned tenant, by the policies where the search reads', [noPinnedTenant, noPolicyAbove]],
    ['without the pinned tenant, by the floor', [noPinnedTenant, floorAlone]],
    ['without the pinned tenant, by the permissive policy', [noPinnedTenant, noFloor]],
  ])('%s', async (_, breaches) => {
    expect(await search(breaches)).toEqual(['globex']);
    expect(await byClient(breaches)).toHaveLength(Math.min(k, 3));
  });

  it.each<[string, Breach[]]>([
    ['row-level security', [noPolicyBeneath, noPinnedTenant]],
    ['both policies', [floorAlone, noFloor, noPinnedTenant]],
  ])('without the pinned tenant and %s SQL finds others’, and the client returns nothing', async (_, breaches) => {
    expect(await search(breaches)).toHaveLength(unwalled);
    await expect(byClient(breaches)).rejects.toMatchObject({ code: 'FOREIGN_ROW' });
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
