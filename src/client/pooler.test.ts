/** Fifty clients of two tenants through real PgBouncer in transaction mode, on five server connections. */
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { forTenant, needs, openSession, type Session } from '../../db/tests/engine/session.js';

const engine = inject('engine');
const tenants = ['acme', 'globex'] as const;
let session: Session;

beforeAll(async () => {
  if (!engine.poolerUrl) return;
  session = await openSession(engine);
  await session.admin(async (sql) => {
    await sql`select tests.seed()`;
    // The guide's own design: a plain setting, set for the session, that the policy trusts.
    await sql.unsafe(`
      create table tests.guide (tenant_id text not null, content text not null);
      alter table tests.guide enable row level security;
      create policy tenant_isolation on tests.guide
        using (tenant_id = current_setting('app.current_tenant', true));
      grant select on tests.guide to app_user;
      insert into tests.guide select tenant_id, content from ragwall.documents;
    `);
  });
});
afterAll(async () => {
  if (!engine.poolerUrl) return;
  await session.admin(async (sql) => {
    await sql`drop table tests.guide`;
    await sql`delete from ragwall.documents`;
  });
  await session.end();
});
beforeEach((context) => needs(context, engine, ['docker'], 'PgBouncer'));

/** Has 50 clients make 200 requests each and returns the contents of every answer, by tenant. */
async function load(
  prepare: boolean,
  request: (sql: Sql, tenant: string, n: number) => Promise<readonly { content: string }[]>,
) {
  const answers: { tenant: string; contents: string[] }[] = [];
  await Promise.all(
    Array.from({ length: 50 }, async (_, client) => {
      const sql = postgres(engine.poolerUrl ?? '', { max: 1, prepare, fetch_types: false });
      const tenant = tenants[client % 2] ?? '';
      for (let n = 0; n < 200; n += 1) {
        const rows = await request(sql, tenant, n);
        answers.push({ tenant, contents: rows.map((row) => row.content) });
      }
      await sql.end();
    }),
  );
  return answers;
}

const query = (n: number) => Float32Array.from({ length: 1536 }, (_, i) => Math.sin(i + n));

describe.each([
  ['with prepared statements', true],
  ['without prepared statements', false],
])('%s', (_, prepare) => {
  it('10,000 answers hold the three documents of the tenant that asked, and no other', async () => {
    const answers = await load(prepare, (sql, tenant, n) =>
      n % 4 > 0
        ? forTenant(sql, tenant).matchDocuments(query(n), { k: 10 })
        : forTenant(sql, tenant).transaction(
            (tx) => tx.sql<{ content: string }[]>`select content from ragwall.documents`,
          ),
    );
    expect(answers).toHaveLength(10_000);
    const wrong = answers.filter(
      ({ tenant, contents }) => contents.sort().join() !== [0, 1, 2].map((n) => `${tenant} secret ${n}`).join(),
    );
    expect(wrong).toEqual([]);
  });
});

describe('control', () => {
  it('the same load finds foreign rows when the tenant is a plain setting of the session', async () => {
    const answers = await load(true, async (sql, tenant) => {
      await sql`select set_config('app.current_tenant', ${tenant}, false)`;
      return sql<{ content: string }[]>`select content from tests.guide`;
    });
    const leaks = answers.filter(({ tenant, contents }) => contents.some((c) => !c.startsWith(`${tenant} `)));
    expect(leaks.length).toBeGreaterThan(100);
  });
});
