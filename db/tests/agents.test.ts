/** What SQL that others write can do, after db/agents.sql: read its own tenant's documents, and see nobody else. */
import { readFile } from 'node:fs/promises';
import type { TransactionSql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { root } from './engine/migrations.js';
import { openSession, rolledBack, type Session } from './engine/session.js';

const roles = ['agent_reader', 'agent_caller'] as const;
type Role = (typeof roles)[number] | 'app_user' | 'pg_monitor';
const lockdown = await readFile(new URL('db/agents.sql', root), 'utf8');
const vector = `[1${',0'.repeat(1535)}]`;
let session: Session;

beforeAll(async () => {
  session = await openSession(inject('engine'));
  await session.admin((sql) => sql`select tests.seed()`);
});
afterAll(async () => {
  await session.admin((sql) => sql`delete from ragwall.documents`);
  await session.end();
});

/** Runs `act` as a role for acme, after db/agents.sql or without it, in a transaction that is rolled back. */
function as<T>(role: Role, act: (tx: TransactionSql) => PromiseLike<T>, locked = true): Promise<T> {
  return session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      if (locked) await tx.unsafe(lockdown);
      const [row] = await tx`select tests.token(ragwall.add_signing_key('agents'), '{}') as token`;
      await tx.unsafe(`set local role ${role}`);
      await tx`select ragwall.set_tenant_from_token(${row?.token})`.catch(() => {});
      return act(tx);
    }),
  );
}

/** Returns the SQLSTATE and message that a statement raises, or its rows. */
const outcome = (role: Role, statement: string, locked = true) =>
  as(
    role,
    (tx) =>
      tx
        .savepoint((nested) => nested.unsafe(statement))
        .then((rows) => rows.map((row) => Object.values(row).join()).join(' '))
        .catch(({ code, message }) => `${code} ${message}`),
    locked,
  );

const denied = (what: string) => `42501 permission denied for ${what}`;

describe.each(roles)('%s', (role) => {
  const search = role === 'agent_reader' ? 'match_documents' : 'agent_match_documents';

  it('searches its own tenant', async () => {
    const rows = await outcome(role, `select content from ragwall.${search}('${vector}', 10, null)`);
    expect(rows).toBe('acme secret 0 acme secret 1 acme secret 2');
  });

  it('cannot name a tenant', async () => {
    const named = await outcome(role, "select ragwall.set_tenant('globex')");
    expect(named).toBe(denied('function set_tenant'));
  });

  it.each([
    "insert into ragwall.documents (content) values ('x')",
    "update ragwall.documents set content = 'x'",
    'delete from ragwall.documents',
    'lock table ragwall.documents in row share mode',
    'select * from ragwall.documents_00',
  ])('cannot %s', async (statement) => {
    expect(await outcome(role, statement)).toMatch(/^42501 permission denied for table documents/);
  });

  it.each(['upsert_documents', 'delete_documents', 'delete_source', 'index_plan', 'signing_keys'])(
    'cannot call %s()',
    async (name) => {
      const granted = await as(
        role,
        (tx) =>
          tx`select bool_or(has_function_privilege(oid, 'execute')) as granted from unnest(array(
          select oid from (select to_regproc('ragwall.' || ${name})::oid as oid) as p)) as p (oid)`,
      );
      expect(granted).toEqual([{ granted: false }]);
    },
  );

  // Each is open to everybody without db/agents.sql: that is what the second expectation shows.
  it.each([
    ['select pg_advisory_lock(1)', 'function pg_advisory_lock'],
    ['select pg_try_advisory_xact_lock(1)', 'function pg_try_advisory_xact_lock'],
    ["select lo_from_bytea(0, 'x')", 'function lo_from_bytea'],
    ["select pg_notify('docs', 'x')", 'function pg_notify'],
    ['select pg_cancel_backend(0)', 'function pg_cancel_backend'],
    ['select pg_terminate_backend(0)', 'function pg_terminate_backend'],
    ['select count(query) from pg_stat_activity', 'view pg_stat_activity'],
    ['select count(*) from pg_stat_get_activity(null)', 'function pg_stat_get_activity'],
    ['select count(*) from pg_locks', 'view pg_locks'],
    ["select reltuples from pg_class where relname = 'documents_00'", 'table pg_class'],
    ['select count(*) from pg_stat_user_tables', 'view pg_stat_user_tables'],
    ['select pg_stat_get_live_tuples(1)', 'function pg_stat_get_live_tuples'],
    ["select pg_relation_size('ragwall.documents_00')", 'function pg_relation_size'],
    ['select indexdef from pg_indexes', 'view pg_indexes'],
    ['select indpred from pg_index', 'table pg_index'],
    ['select pg_get_indexdef(0)', 'function pg_get_indexdef'],
    ['select rolname from pg_roles', 'view pg_roles'],
    ['select prosrc from pg_proc', 'table pg_proc'],
    ['select setting from pg_settings', 'view pg_settings'],
    ['select pg_current_wal_lsn()', 'function pg_current_wal_lsn'],
    ['select pg_current_snapshot()', 'function pg_current_snapshot'],
    ['select count(*) from information_schema.tables', 'view tables'],
  ])('is refused: %s', async (statement, what) => {
    expect(await outcome(role, statement)).toBe(denied(what));
    expect(await outcome(role, statement, false)).not.toMatch(/^42501/);
  });

  it('has limits, and its statements are not shown to others', async () => {
    const [row] = await as(
      'app_user',
      (tx) => tx`
        select array_to_string(setconfig, ' ')
          || ' connections=' || (select rolconnlimit from pg_roles where oid = setrole) as settings
        from pg_db_role_setting
        where setrole = ${role}::regrole and setdatabase = 0`,
    );
    expect(row?.settings).toBe(
      'default_transaction_read_only=on statement_timeout=5s lock_timeout=1s ' +
        'idle_in_transaction_session_timeout=10s client_connection_check_interval=1s track_activities=off temp_file_limit=64MB connections=10',
    );
  });
});

describe('agent_caller', () => {
  it('is told nothing by explain but that a function runs', async () => {
    const plan = `explain select * from ragwall.agent_match_documents('${vector}', 10, null)`;
    expect(await outcome('agent_caller', plan)).toMatch(
      /^Function Scan on agent_match_documents {2}\(cost=\S+ rows=10 width=120\)$/,
    );
    const guess = "explain select from ragwall.documents where tenant_id = 'globex'";
    expect(await outcome('agent_caller', guess)).toBe(denied('table documents'));
    expect(await outcome('agent_reader', guess)).toMatch(/rows=/);
  });
});

describe('after db/agents.sql the owners', () => {
  it('make functions and read the catalogs, as later migrations and index_plan() do', async () => {
    const made = await as('app_user', async (tx) => {
      await tx`reset role`;
      await tx`set local role ragwall_owner`;
      await tx.unsafe(
        `create function ragwall.later() returns integer language plpgsql as 'begin return 1; end'`,
      );
      return tx`select count(*) > 0 as seen, pg_relation_size('ragwall.documents_00') >= 0 as sized from pg_extension`;
    });
    expect(made).toEqual([{ seen: true, sized: true }]);
  });
});

describe('after db/agents.sql the application', () => {
  it.each([
    "select count(*) > 0 from pg_class where relname = 'documents'",
    "select pg_try_advisory_xact_lock(1) and pg_relation_size('ragwall.documents_00') >= 0",
    `select count(*) = 3 from ragwall.match_documents('${vector}', 10)`,
    'select count(*) = 3 from ragwall.documents',
  ])('still answers: %s', async (statement) => {
    expect(await outcome('app_user', statement)).toBe('true');
  });

  it.each(['select count(*) from pg_stat_activity', 'select pg_cancel_backend(0)'])(
    'no longer reaches other sessions: %s',
    async (statement) => {
      expect(await outcome('app_user', statement)).toMatch(/^42501/);
      expect(await outcome('pg_monitor', statement)).not.toMatch(/^42501/);
    },
  );

  it('may be locked down again: nothing changes', async () => {
    const digests = await as('app_user', async (tx) => {
      const acls = () => tx`
        select md5(string_agg(p.oid || coalesce(proacl::text, ''), ',' order by p.oid)) as functions,
          (select md5(string_agg(oid || coalesce(relacl::text, ''), ',' order by oid)) from pg_class) as tables
        from pg_proc as p`;
      const before = await acls();
      await tx`reset role`;
      await tx.unsafe(lockdown);
      return [before, await acls()];
    });
    expect(digests[1]).toEqual(digests[0]);
  });
});
