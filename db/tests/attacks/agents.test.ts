/** Attacks of SQL that others write: what db/agents.sql closes, and is seen to be open without it. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { root } from '../engine/migrations.js';
import { openSession, rolledBack, type Session } from '../engine/session.js';

const agents = await readFile(new URL('db/agents.sql', root), 'utf8');
const both = ['agent_reader', 'agent_caller'] as const;
type Role = (typeof both)[number] | 'app_user';
let session: Session;

beforeAll(async () => {
  session = await openSession(inject('engine'), 1);
  await session.admin((sql) => sql`select tests.seed()`);
});
afterAll(async () => {
  await session.admin((sql) => sql`delete from ragwall.documents`);
  await session.end();
});

/** What a statement of a role that is bound to globex answers after `prepare`, or how it fails. */
function outcome(role: Role, statement: string, prepare: string): Promise<string> {
  return session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      await tx.unsafe(prepare);
      const [row] = await tx`
        select tests.token(ragwall.add_signing_key('agents'), '{"tenant_id": "globex"}') as token`;
      await tx.unsafe(`set local role ${role}`);
      await tx`select ragwall.set_tenant_from_token(${row?.token})`;
      return tx
        .savepoint((nested) => nested.unsafe(statement))
        .then(
          (rows) =>
            [rows]
              .flat(2)
              .map((row) => Object.values(row).join())
              .join('\n'),
          (error) => `${error.code} ${error.message}`,
        );
    }),
  );
}

const vector = `[1${',0'.repeat(1535)}]`;
const graph = `
  create index documents_graph_acme on ragwall.documents_00 (id) where tenant_id = 'acme';`;

describe.each(both)('as %s', (role) => {
  it.each([
    ['C11', 'a message to whoever listens', "select pg_notify('docs', 'x')", 'function pg_notify'],
    ['D13', 'the end of a statement', 'select pg_cancel_backend(0)', 'function pg_cancel_backend'],
    ['D13', 'the end of a session', 'select pg_terminate_backend(0)', 'function pg_terminate_backend'],
    ['D14', 'statements of others', 'select query from pg_stat_activity', 'view pg_stat_activity'],
    [
      'D14c',
      'the same by a function',
      'select query from pg_stat_get_activity(null)',
      'function pg_stat_get_activity',
    ],
    [
      'D14c',
      'the same by number',
      'select pg_stat_get_backend_activity(1)',
      'function pg_stat_get_backend_activity',
    ],
    ['E04', 'the predicate of a graph', 'select indexdef from pg_indexes', 'view pg_indexes'],
    [
      'E04',
      'the same by number',
      "select pg_get_indexdef('ragwall.documents_graph_acme'::regclass)",
      'function pg_get_indexdef',
    ],
    [
      'E04b',
      'the size of a partition',
      "select pg_relation_size('ragwall.documents_00')",
      'function pg_relation_size',
    ],
    [
      'E18',
      'counters of rows',
      'select n_live_tup from pg_stat_user_tables',
      'view pg_stat_user_tables',
    ],
    [
      'E18b',
      'the same by a function',
      "select pg_stat_get_live_tuples('ragwall.documents_00'::regclass)",
      'function pg_stat_get_live_tuples',
    ],
    ['E20', 'large objects', "select lo_from_bytea(0, 'x')", 'function lo_from_bytea'],
    ['K01b', 'bounds of partitions', 'select relpartbound from pg_class', 'table pg_class'],
    [
      'K02d',
      'estimates in the catalog',
      "select reltuples from pg_class where relname = 'documents_00'",
      'table pg_class',
    ],
  ])('%s: %s: refused, and without db/agents.sql not', async (_, __, statement, what) => {
    expect(await outcome(role, statement, graph + agents)).toBe(`42501 permission denied for ${what}`);
    expect(await outcome(role, statement, graph)).not.toMatch(/^42501/);
  });

  it('D14: its own statements are not shown to others, and it cannot have them shown', async () => {
    const show = 'set local track_activities = on';
    const refused = '42501 permission denied to set parameter "track_activities"';
    expect(await outcome(role, show, agents)).toBe(refused);
    const settings = `select 'track_activities=off' = any (setconfig) from pg_db_role_setting
      where setrole = '${role}'::regrole and setdatabase = 0`;
    expect(await outcome('app_user', settings, agents)).toBe('true');
    expect(await outcome('app_user', settings, `${agents}; alter role ${role} reset all`)).not.toBe(
      'true',
    );
  });
});

describe('as agent_caller', () => {
  const plan = `explain select * from ragwall.agent_match_documents('${vector}', 10, null)`;
  const guess = "explain select from ragwall.documents where tenant_id = 'acme'";
  const analyzed = 'explain (analyze, costs off) select from ragwall.documents';

  it('K02: a search finds its own rows', async () => {
    const search = `select distinct tenant_id from ragwall.agent_match_documents('${vector}', 100, null)`;
    expect(await outcome('agent_caller', search, agents)).toBe('globex');
  });

  it('K02b: explain tells of it that a function runs', async () => {
    expect(await outcome('agent_caller', plan, agents)).toMatch(/^Function Scan on [^\n]*$/);
  });

  it.each([
    ['K01', 'the estimate for a guessed name', guess, /rows=/],
    ['E16', 'a count of what a filter removed', analyzed, /actual/],
  ])('%s: %s: refused, and to agent_reader it is told', async (_, __, statement, told) => {
    expect(await outcome('agent_caller', statement, agents)).toBe(
      '42501 permission denied for table documents',
    );
    expect(await outcome('agent_reader', statement, agents)).toMatch(told);
  });
});

describe('as agent_reader', () => {
  // A whole scan of what one tenant has no rows in: the count of what the policies removed is everybody's.
  const scan = (removed: string) => `
    set local enable_indexscan = off; set local enable_bitmapscan = off; ${removed}
    explain (analyze, costs off, timing off, summary off, buffers off) select from ragwall.documents`;

  it('K01c: a plan as it comes runs in no partition but its own', async () => {
    const answer = await outcome('agent_reader', scan(''), agents);
    const ran = answer
      .split('\n')
      .filter((line) => /-> {2}.* on documents_\d\d/.test(line) && !/never executed/.test(line));
    expect(ran).toHaveLength(1);
  });

  it('E16: open: without pruning it counts what the policies removed, over all tenants', async () => {
    const answer = await outcome(
      'agent_reader',
      scan('set local enable_partition_pruning = off;'),
      agents,
    );
    const removed = [...answer.matchAll(/Rows Removed by Filter: (\d+)/g)].map(([, n]) => Number(n));
    expect(removed.reduce((sum, n) => sum + n, 0)).toBe(24);
  });
});
