/** A tenant leaves nothing on its session, and is bound on none on which somebody left something. */
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { forTenant } from '../../src/client/handle.js';
import { openSession, type Session } from './engine/session.js';

let session: Session;
beforeEach(async () => {
  session = await openSession(inject('engine'), 1);
});
afterEach(() => session.end());

it.each([
  ['commits', async () => {}],
  ['rolls back', () => Promise.reject(new Error('on purpose'))],
])('a transaction that %s leaves neither its tenant nor the seal', async (_, end) => {
  const settings = () => session.app`
    select current_setting('app.current_tenant', true) as tenant, length(current_setting('app.tenant_seal', true)) as seal,
      pg_backend_pid() as session`;
  let during: Record<string, unknown> | undefined;
  await forTenant(session.app, 'acme')
    .transaction(async (tx) => {
      [during] = await tx.sql`
        select current_setting('app.current_tenant') as tenant, length(current_setting('app.tenant_seal')) as seal,
          pg_backend_pid() as session`;
      await end();
    })
    .catch(() => {});
  expect(during).toMatchObject({ tenant: 'acme', seal: 64 });
  expect(await settings()).toEqual([{ ...during, tenant: '', seal: 0 }]);
});

// See residue.test.ts for the rest; here on a session that never had a temporary object, which would be enough.
it.each([
  ['prepare stolen as select 1', 'statements prepared in SQL', 'deallocate stolen'],
  ['declare stolen cursor with hold for select 1', 'holdable cursors', 'close stolen'],
  ['listen stolen', 'channels listened to', 'unlisten *'],
])('%s is enough', async (leave, what, clean) => {
  const next = () =>
    forTenant(session.app, 'acme').transaction((tx) => tx.sql`select ragwall.current_tenant()`);
  expect(await next()).toEqual([{ current_tenant: 'acme' }]);
  await session.app.unsafe(leave);
  await expect(next()).rejects.toMatchObject({
    code: 'RW007',
    message: `this session has objects that an earlier client may have left: ${what}`,
  });
  await session.app.unsafe(clean);
  expect(await next()).toEqual([{ current_tenant: 'acme' }]);
});
