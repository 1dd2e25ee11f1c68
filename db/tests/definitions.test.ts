/** Audit, probe, start-up guard and protect_table() recognise the same tenant tables and application roles. */
import type { Sql } from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { probe } from '../../src/audit/probe/probe.js';
import { readAudit } from '../../src/audit/run.js';
import { assertIsolation } from '../../src/client/assert-isolation.js';
import { useSession } from './engine/use-session.js';

const session = useSession();
beforeAll(async () => {
  await session.admin((sql) =>
    sql.unsafe(`
      create role keeper;
      create role api login;
      create role api2 login in role keeper;
      create table tests.notes (id uuid primary key default gen_random_uuid(), tenantid text not null);
      create table tests.memos (tenant_id text not null, note uuid references tests.notes);
      grant usage on schema tests to api, api2;
      grant select on tests.notes, tests.memos to api, api2;
      -- A list with a space, as people write it.
      set ragwall.app_roles = 'api, api2'`),
  );
});
afterAll(async () => {
  await session.admin((sql) =>
    sql.unsafe(`
      reset ragwall.app_roles;
      drop table tests.memos, tests.notes;
      revoke usage on schema tests from api, api2;
      drop role api, api2, keeper`),
  );
});

const tables = ['tests.memos', 'tests.notes'];

it('the audit', async () => {
  const { rows } = await session.admin((sql) => readAudit(sql));
  expect(rows.filter(({ id }) => id === 'T01').map(({ object }) => object)).toEqual(tables);
  expect(rows.find(({ id }) => id === 'R01')?.evidence).toBe('2 application roles examined');
});

it('the probe', async () => {
  const rows = await session.admin((sql) => probe(sql));
  const read = rows.filter(({ id }) => id === 'B02');
  expect(read.map(({ object }) => object)).toEqual(tables);
  for (const { evidence } of read) expect(evidence).toMatch(/^as api: .*; as api2: /);
});

it('the start-up guard', async () => {
  const refusal = await session.admin(async (sql: Sql) => {
    const [me] = await sql`select quote_ident(session_user) as login`;
    await sql`set session authorization api2`;
    try {
      return await assertIsolation(sql, { accept: ['G01', 'M01', 'O01'] }).catch((error) => error);
    } finally {
      await sql.unsafe(`set session authorization ${me?.login}`);
    }
  });
  expect(refusal.message).toMatch(/T01: .* tests\.memos, tests\.notes;/);
});

it('protect_table()', async () => {
  await session.admin(async (sql) => {
    const [row] = await sql`
      select ragwall.is_safe_owner('keeper'::regrole) as safe,
        array(select finding from ragwall.foreign_key_findings('tests.memos', 'tenant_id')) as findings`;
    // api2 is a member; and notes has a tenant column, without which its key would be none between tenants.
    expect(row?.safe).toBe(false);
    expect(row?.findings).toEqual([expect.stringContaining('names a row of tests.notes')]);
  });
});
