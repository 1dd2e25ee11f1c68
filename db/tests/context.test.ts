/** A transaction leaves neither its tenant nor the seal on the session. */
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { forTenant, openSession, type Session } from './engine/session.js';

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
