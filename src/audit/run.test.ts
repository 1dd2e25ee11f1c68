/** The audit is read in a transaction that can only read, and what it returns is what it should be. */
import { readFileSync } from 'node:fs';
import type { Sql } from 'postgres';
import { expect, it } from 'vitest';
import { rolledBack } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { auditQuery, readAudit, statementOf } from './run.js';

const session = useSession();

/** A query of one row, `evidence` being an expression. */
const query = (evidence: string, status = "'fail'", from = '') => `
  select 'T01' as id, 'rls' as area, 'x' as expects, 'high' as severity, ${status} as status,
    'a.b' as object, ${evidence} as evidence, 'x' as remedy, 'x' as reference ${from}`;

it('tells what was audited, and returns the rows', async () => {
  const audit = await session.admin((sql) => readAudit(sql, { query: query("'found'") }));
  expect(audit).toMatchObject({ login: 'postgres', settings: {}, rows: [{ id: 'T01', evidence: 'found' }] });
  expect(audit.database).not.toBe('');
  expect(audit.server).toMatch(/^1[5-9]/);
  expect(audit.pgvector).toMatch(/^0\.\d+\.\d+$/);
  expect(audit.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
});

it('tells the query what it was told, for this transaction alone', async () => {
  const settings = ['tenant_columns', 'app_roles', 'untrusted_roles', 'missing'];
  const all = settings.map((name) => `coalesce(current_setting('ragwall.${name}', true), '')`).join(` || ';' || `);
  await session.admin(async (sql) => {
    const told = { tenantColumns: ['a', 'B c'], appRoles: ["o'x"], untrustedRoles: ['u'] };
    const { rows, settings: said } = await readAudit(sql, { ...told, query: query(all) });
    expect(rows[0]?.evidence).toBe("a,B c;o'x;u;");
    expect(said).toEqual({ tenant_columns: 'a,B c', app_roles: "o'x", untrusted_roles: 'u' });
    const [after] = await sql.unsafe(`select ${all} as left`);
    expect(after).toEqual({ left: ';;;' });
  });
});

it('looks no name up in a schema that is under audit', async () => {
  const evidence = "current_setting('search_path') || ' ' || current_setting('jit')";
  const { rows } = await session.admin((sql) => readAudit(sql, { query: query(evidence) }));
  expect(rows[0]?.evidence).toBe('pg_catalog,pg_temp off');
});

it('cannot write', async () => {
  const writes = `with gone as (delete from ragwall.documents returning 1) ${query("'x'")}`;
  await expect(session.admin((sql) => readAudit(sql, { query: writes }))).rejects.toMatchObject({ code: '25006' });
});

it.each([
  [query("'x'", "'FAIL'"), "the audit's status of T01 is expected to be one of pass, fail, warn, n/a"],
  [query("'x'").replace("'rls'", "'all'"), "the audit's area of T01 is expected to be one of rls, role"],
  [query("'x'", "'pass'", 'where false'), 'a row for each check: it has none'],
])('does not take %s for a pass', async (text, message) => {
  await expect(session.admin((sql) => readAudit(sql, { query: text }))).rejects.toThrow(message);
});

it('refuses a server that is too old', async () => {
  const answer = async () => [{ number: 14_00_24, server: '14.24' }];
  const old = { begin: (_: string, run: (tx: unknown) => unknown) => run(answer) };
  await expect(readAudit(old as unknown as Sql)).rejects.toThrow(
    'PostgreSQL 15 or later is expected; this server is 14.24',
  );
});

it('runs db/audit.sql, which says something of every line of the checklist', async () => {
  const { rows } = await session.admin((sql) => readAudit(sql));
  const areas = new Set(rows.map(({ area }) => area));
  for (const area of ['rls', 'role', 'tenant', 'context', 'pool', 'ci']) expect(areas).toContain(area);
});

const text = `-- What is shared.
with shared as (select 1),
finding as (

  -- [T01] What is expected
  select 'T01'
  -- why
  from shared

  union all
  -- [R01] What else
  select 'R01'
  union all
  select 'R01'

)
select * from finding
`;

it.each([
  ['T01', "select 'T01'\n-- why\nfrom shared"],
  ['R01', "select 'R01'\nunion all\nselect 'R01'"],
  ['R02', undefined],
])('cuts the statement of %s out of the query', (id, statement) => {
  expect(statementOf(id, text)).toBe(statement);
});

it('the statement behind each line, run by itself, finds what the line says', async () => {
  await session.admin(async (sql) => {
    const { rows } = await readAudit(sql);
    const [facts = ''] = readFileSync(auditQuery, 'utf8').split('\n\n  -- [');
    expect(facts).toMatch(/\ntenant_table as [\s\S]*\nfound \([^)]*\) as \($/);
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
        const query = `${facts} ${statement}) select id, object from found`;
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
