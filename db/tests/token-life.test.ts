/** What time does to a token: a binding ends with it, and an old snapshot does not revive a key that was retired. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TransactionSql } from 'postgres';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { needs } from './engine/session.js';
import { useSession } from './engine/use-session.js';

const engine = inject('engine');
const session = useSession({ max: 2, seed: true });
let jwk = '';
beforeEach(async () => {
  const [key] = await session.admin((sql) => sql`select ragwall.add_signing_key('life') as jwk`);
  jwk = key?.jwk;
});
afterEach(() =>
  session.admin((sql) => sql`select ragwall.retire_signing_key(kid) from ragwall.signing_keys() where kid = 'life'`),
);

/** Returns a token of acme that expires after so many seconds. */
async function token(seconds: number): Promise<string> {
  const [row] = await session.admin(
    (sql) => sql`
      select tests.token(${jwk}, jsonb_build_object('exp', extract(epoch from now()) + ${seconds}::float8)) as token`,
  );
  return row?.token;
}
const bind = (tx: TransactionSql, by: string) => tx`select ragwall.set_tenant_from_token(${by}) as tenant`;
const count = async (tx: TransactionSql) => (await tx`select count(*)::integer from ragwall.documents`)[0]?.count;
const insert = (tx: TransactionSql) =>
  tx.savepoint(
    (nested) => nested`
      insert into ragwall.documents (content, embedding, embedding_model) values ('late', tests.vec(0), 'test')`,
  );

it('what a token bound ends some seconds after the token has expired, in the same transaction', async () => {
  const short = await token(2);
  const long = await token(60);
  await session.app.begin(async (tx) => {
    await bind(tx, short);
    expect(await count(tx)).toBe(3);
    await sleep(8_100);
    expect(await count(tx)).toBe(0);
    await expect(insert(tx)).rejects.toMatchObject({
      code: 'RW001',
      message: 'the token that bound a tenant to this transaction has expired',
    });
    await expect(tx.savepoint((nested) => bind(nested, short))).rejects.toMatchObject({ code: 'RW006' });
    await bind(tx, long);
    expect(await count(tx)).toBe(3);
  });
}, 20_000);

it('in repeatable read and serializable a token is accepted in the first seconds alone', async () => {
  const valid = await token(60);
  const inLevel = async (level: string) => {
    await session.app.begin(`isolation level ${level}`, async (tx) => {
      expect(await bind(tx, valid)).toEqual([{ tenant: 'acme' }]);
    });
    await session.app.begin(`isolation level ${level}`, async (tx) => {
      await sleep(5_100);
      await expect(tx.savepoint((nested) => bind(nested, valid))).rejects.toMatchObject({ code: 'RW009' });
    });
  };
  await Promise.all(['repeatable read', 'serializable'].map(inLevel));
  await session.app.begin(async (tx) => {
    await sleep(5_100);
    expect(await bind(tx, valid)).toEqual([{ tenant: 'acme' }]);
  });
}, 30_000);

it('a snapshot from before a key was retired does not let its tokens bind', async (context) => {
  needs(context, engine, ['docker', 'url'], 'two sessions');
  const valid = await token(60);
  await session.app.begin('isolation level repeatable read', async (tx) => {
    await tx`select 1`;
    await session.admin((sql) => sql`select ragwall.retire_signing_key('life')`);
    await expect(tx.savepoint((nested) => bind(nested, valid))).rejects.toMatchObject({ code: 'RW009' });
  });
  await expect(session.app.begin('isolation level repeatable read', (tx) => bind(tx, valid))).rejects.toMatchObject({
    code: 'RW005',
  });
}, 20_000);
