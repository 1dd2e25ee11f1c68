/** What its callback forgot to await, a transaction refuses, even while its COMMIT is under way. */
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { needs, openSession, type Session } from '../../db/tests/engine/session.js';
import { forTenant } from './handle.js';

const engine = inject('engine');
let session: Session;
beforeAll(async () => {
  session = await openSession(engine, 1);
});
afterAll(() => session.end());
beforeEach((context) => needs(context, engine, ['docker', 'url'], 'a COMMIT that takes its time'));

it('a statement that comes between the callback and the end of its transaction is not sent', async () => {
  const late = await new Promise((resolve) => {
    void forTenant(session.app, 'acme').transaction(async (tx) => {
      await tx`select 1`;
      setImmediate(() => tx`select 1`.then(resolve, resolve)); // COMMIT is sent by then, and not answered
    });
  });
  expect(late).toMatchObject({ code: 'TRANSACTION_CLOSED' });
});
