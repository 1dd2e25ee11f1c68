/** No tenant is bound on a session that carries what a client before left on it. */
import type { Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { forTenant } from '../../src/client/handle.js';
import { openSession, type Session } from './engine/session.js';

const engine = inject('engine');
let session: Session;
let app: Sql;

const database = (change: string) =>
  session.admin((sql) =>
    sql.unsafe(`do $$ begin execute format('${change}', current_database()); end $$`),
  );
/** What the tenant acme reads next on the session. */
const next = () =>
  forTenant(app, 'acme').transaction((tx) => tx.sql`select distinct tenant_id from ragwall.documents`);

beforeAll(async () => {
  session = await openSession(engine, 1);
  app = session.app;
  await session.admin((sql) => sql`select tests.seed()`);
});
beforeEach(() => database('grant temporary on database %I to app_user'));
afterEach(async () => {
  await database('revoke temporary on database %I from app_user');
  await database('alter database %I reset ragwall.residue');
});
afterAll(async () => {
  await session.admin((sql) => sql`delete from ragwall.documents`);
  await session.end();
});

it.each([
  ['create temporary view documents as select 1 as n', 'drop view documents', 'temporary objects'],
  ['create temporary table documents (n integer)', 'drop table documents', 'temporary objects'],
  ['create domain pg_temp.jsonb as text', 'drop domain pg_temp.jsonb', 'temporary objects'],
  ['prepare stolen as select 1', 'deallocate stolen', 'statements prepared in SQL'],
  ['declare stolen cursor with hold for select 1', 'close stolen', 'holdable cursors'],
  ['listen stolen', 'unlisten *', 'channels listened to'],
])('after %s none is bound until %s, or the database allows it', async (leave, clean, what) => {
  expect(await next()).toEqual([{ tenant_id: 'acme' }]);
  await app.unsafe(leave);
  const refused = {
    code: 'RW007',
    message: `this session has objects that an earlier client may have left: ${what}`,
  };
  await expect(next()).rejects.toMatchObject(refused);
  await app.unsafe("set ragwall.residue = 'allow'"); // what a client may change does not count
  await expect(next()).rejects.toMatchObject(refused);
  await app.unsafe('reset ragwall.residue');

  await database("alter database %I set ragwall.residue = ''allow''");
  expect(await next()).toEqual([{ tenant_id: 'acme' }]);
  await database('alter database %I reset ragwall.residue');
  await expect(next()).rejects.toMatchObject(refused);

  await app.unsafe(clean);
  expect(await next()).toEqual([{ tenant_id: 'acme' }]);
});

it('says all that it found', async () => {
  await app.unsafe('listen stolen; prepare stolen as select 1');
  await expect(next()).rejects.toThrow('statements prepared in SQL, channels listened to');
  await app.unsafe('unlisten *; deallocate stolen');
});

it('lets a transaction make them that is bound already', async () => {
  const tenant = await forTenant(app, 'acme').transaction(async (tx) => {
    await tx.sql`prepare mine as select 1`;
    return tx.sql`select ragwall.set_tenant('acme') as tenant`;
  });
  await app.unsafe('deallocate mine');
  expect(tenant).toEqual([{ tenant: 'acme' }]);
});
