/** Claim: the statement behind each line of the audit is the one that made it: run by itself, it finds the same. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openSession, rolledBack, type Session } from '../../db/tests/engine/session.js';
import { commonStatement, readAudit, statementOf } from './run.js';

let session: Session;
beforeAll(async () => {
  session = await openSession(inject('engine'));
});
afterAll(() => session.end());

it('finds by itself what its line says', async () => {
  await session.admin(async (sql) => {
    const { rows } = await readAudit(sql);
    expect(commonStatement()).toMatch(/\nfinding \([^)]*\) as \($/);
    const elsewhere: string[] = [];
    for (const id of new Set(rows.map((row) => row.id))) {
      const statement = statementOf(id);
      if (statement === undefined) {
        elsewhere.push(id);
        continue;
      }
      const found = await rolledBack(sql, async (tx) => {
        await tx`set local search_path = pg_catalog, pg_temp`;
        await tx`set local jit = off`;
        const query = `${commonStatement()} ${statement}) select id, object from finding`;
        return tx.unsafe<{ id: string; object: string }[]>(query);
      });
      // Checks may share a statement: each row of it says whose it is.
      const own = found.filter((row) => row.id === id && row.object !== '').map(({ object }) => object);
      const told = rows.filter((row) => row.id === id && row.object !== '').map(({ object }) => object);
      expect([id, own.sort()]).toEqual([id, told.sort()]);
    }
    // Those that no statement can tell say so, and do not pass.
    const statuses = rows.filter(({ id }) => elsewhere.includes(id)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set(['n/a']));
  });
});
