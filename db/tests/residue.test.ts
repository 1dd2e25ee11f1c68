/** No tenant is bound on a session on which a client before left something. Who may allow it: see residue.sql. */
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { tokenSigner } from '../../src/client/token.js';
import { forTenant, openSession, type Session } from './engine/session.js';

// A new session for each test: once it had a temporary object, everything else is looked for, too.
let session: Session;
beforeEach(async () => {
  session = await openSession(inject('engine'), 1);
});
afterEach(() => session.end());

/** Changes whether app_user may make temporary objects. */
const temporary = (change: 'grant temporary on database %I to' | 'revoke temporary on database %I from') =>
  session.admin((sql) => sql.unsafe(`do $$ begin execute format('${change} app_user', current_database()); end $$`));
/** Binds acme in a new transaction. */
const bind = () =>
  forTenant(session.app, 'acme').transaction((tx) => tx.sql`select ragwall.current_tenant() as tenant`);

it.each([
  ['create temporary view documents as select 1 as n', 'drop view documents', 'temporary objects'],
  ['create temporary table documents (n integer)', 'drop table documents', 'temporary objects'],
  ['create domain pg_temp.jsonb as text', 'drop domain pg_temp.jsonb', 'temporary objects'],
  ['declare stolen cursor with hold for select 1', 'close stolen', 'holdable cursors'],
  ['listen stolen', 'unlisten *', 'channels listened to'],
  [
    'listen stolen; declare stolen cursor with hold for select 1',
    'unlisten *; close stolen',
    'holdable cursors, channels listened to',
  ],
])('after %s none is bound until %s', async (leave, clean, what) => {
  expect(await bind()).toEqual([{ tenant: 'acme' }]);
  if (what === 'temporary objects') await temporary('grant temporary on database %I to');
  try {
    await session.app.unsafe(leave);
  } finally {
    if (what === 'temporary objects') await temporary('revoke temporary on database %I from');
  }
  await expect(bind()).rejects.toMatchObject({
    code: 'RW007',
    message: `this session has objects that an earlier client may have left: ${what}`,
  });
  await session.app.unsafe(clean);
  expect(await bind()).toEqual([{ tenant: 'acme' }]);
});

// Whoever may name a tenant needs no statement of another client's; who has to present a token may have none.
it('after a statement prepared in SQL no token binds a tenant until it is gone, and a name does', async () => {
  const jwk = await session.admin((sql) => sql<{ jwk: string }[]>`select ragwall.add_signing_key('residue') as jwk`);
  const signer = tokenSigner(jwk[0]?.jwk ?? '');
  const byToken = () =>
    forTenant(session.app, 'acme', { signer }).transaction((tx) => tx.sql`select ragwall.current_tenant() as tenant`);
  try {
    expect(await byToken()).toEqual([{ tenant: 'acme' }]);
    await session.app.unsafe('prepare stolen as select 1');
    // The embedded engine has one session, which has had temporary objects: then everything is looked for.
    if (inject('engine').kind !== 'embedded') expect(await bind()).toEqual([{ tenant: 'acme' }]);
    await expect(byToken()).rejects.toMatchObject({
      code: 'RW007',
      message: 'this session has objects that an earlier client may have left: statements prepared in SQL',
    });
    await session.app.unsafe('deallocate stolen');
    expect(await byToken()).toEqual([{ tenant: 'acme' }]);
  } finally {
    await session.app.unsafe('deallocate all');
    await session.admin((sql) => sql`select ragwall.retire_signing_key('residue')`);
  }
});

it('a transaction that is already bound may leave something', async () => {
  const tenant = await forTenant(session.app, 'acme').transaction(async (tx) => {
    await tx.sql`declare mine cursor with hold for select 1`;
    return tx.sql`select ragwall.set_tenant('acme') as tenant`;
  });
  await session.app.unsafe('close mine');
  expect(tenant).toEqual([{ tenant: 'acme' }]);
});
