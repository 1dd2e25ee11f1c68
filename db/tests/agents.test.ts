/** What SQL of a language model can do after db/agents.sql: read its own tenant's documents, and learn nothing of others. */
import { readFile } from 'node:fs/promises';
import type { TransactionSql } from 'postgres';
import { describe, expect, it } from 'vitest';
import { root } from './engine/migrations.js';
import { rolledBack } from './engine/session.js';
import { useSession } from './engine/use-session.js';

const roles = ['agent_reader', 'agent_caller'] as const;
type Role = (typeof roles)[number] | 'app_user' | 'pg_monitor';
const lockdown = await readFile(new URL('db/agents.sql', root), 'utf8');
const vector = `[1${',0'.repeat(1535)}]`;
const session = useSession({ seed: true });

/**
 * Runs `act` as a role, bound to acme if it may be, in a transaction that is rolled back. `prepare` is what a superuser
 * runs before.
 */
function as<T>(role: Role, act: (tx: TransactionSql) => PromiseLike<T>, prepare = lockdown): Promise<T> {
  return session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      await tx.unsafe(prepare);
      const [row] = await tx`select tests.token(ragwall.add_signing_key('agents'), '{}') as token`;
      await tx.unsafe(`set local role ${role}`);
      await tx`select ragwall.set_tenant_from_token(${row?.token})`.catch(() => {});
      return act(tx);
    }),
  );
}

/** Returns the rows of a statement, a line each, or the SQLSTATE and message of its error. */
const outcome = (role: Role, statement: string, prepare?: string): Promise<string> =>
  as(
    role,
    (tx) =>
      tx
        .savepoint((nested) => nested.unsafe(statement))
        .then(
          (rows) =>
            [rows]
              .flat(2)
              .map((row) => Object.values(row).join())
              .join('\n'),
          ({ code, message }) => `${code} ${message}`,
        ),
    prepare,
  );

const denied = (what: string) => `42501 permission denied for ${what}`;

describe.each(roles)('%s', (role) => {
  const search = role === 'agent_reader' ? 'match_documents' : 'agent_match_documents';

  it('K02: a search finds its own rows, and no other', async () => {
    const found = await outcome(role, `select content from ragwall.${search}('${vector}', 100, null)`);
    expect(found).toBe('acme secret 0\nacme secret 1\nacme secret 2');
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
    'select * from ragwall.documents_rows',
  ])('cannot %s', async (statement) => {
    expect(await outcome(role, statement)).toMatch(/^42501 permission denied for table documents/);
  });

  it.each([
    'upsert_documents',
    'delete_documents',
    'delete_matching',
    'delete_source',
    'search_as',
    'catch_up',
    'build_search_table',
    'measure_search_table',
    'drop_search_table',
    'index_plan',
    'signing_keys',
  ])('cannot call %s()', async (name) => {
    const granted = await as(
      role,
      (tx) =>
        tx`select bool_or(has_function_privilege(oid, 'execute')) as granted from unnest(array(
          select oid from (select to_regproc('ragwall.' || ${name})::oid as oid) as p)) as p (oid)`,
    );
    expect(granted).toEqual([{ granted: false }]);
  });

  // The second expectation shows that the role may do it without db/agents.sql.
  it.each([
    ['C11: a message to whoever listens', "select pg_notify('docs', 'x')", 'function pg_notify'],
    ['D13: end a statement', 'select pg_cancel_backend(0)', 'function pg_cancel_backend'],
    ['D13: end a session', 'select pg_terminate_backend(0)', 'function pg_terminate_backend'],
    ['D14: statements of others', 'select query from pg_stat_activity', 'view pg_stat_activity'],
    ['D14c: … by a function', 'select query from pg_stat_get_activity(null)', 'function pg_stat_get_activity'],
    ['D14c: … by number', 'select pg_stat_get_backend_activity(1)', 'function pg_stat_get_backend_activity'],
    ['E04: definitions of indexes', 'select indexdef from pg_indexes', 'view pg_indexes'],
    ['E04: … by its column', 'select indpred from pg_index', 'table pg_index'],
    ['E04: … by name', "select pg_get_indexdef('ragwall.documents_pkey'::regclass)", 'function pg_get_indexdef'],
    ['E04b: the size of a partition', "select pg_relation_size('ragwall.documents_rows')", 'function pg_relation_size'],
    ['E18: counters of rows', 'select n_live_tup from pg_stat_user_tables', 'view pg_stat_user_tables'],
    [
      'E18b: … by a function',
      "select pg_stat_get_live_tuples('ragwall.documents_rows'::regclass)",
      'function pg_stat_get_live_tuples',
    ],
    ['K01b: bounds of partitions', 'select relpartbound from pg_class', 'table pg_class'],
    [
      'K02d: estimates in the catalog',
      "select reltuples from pg_class where relname = 'documents_rows'",
      'table pg_class',
    ],
    ['locks of others', 'select count(*) from pg_locks', 'view pg_locks'],
    ['names of roles', 'select rolname from pg_roles', 'view pg_roles'],
    ['bodies of functions', 'select prosrc from pg_proc', 'table pg_proc'],
    ['settings', 'select setting from pg_settings', 'view pg_settings'],
    ['positions in the log', 'select pg_current_wal_lsn()', 'function pg_current_wal_lsn'],
    ['running transactions', 'select pg_current_snapshot()', 'function pg_current_snapshot'],
    ['names of tables', 'select count(*) from information_schema.tables', 'view tables'],
  ])('%s: refused, and without db/agents.sql not', async (_, statement, what) => {
    expect(await outcome(role, statement)).toBe(denied(what));
    expect(await outcome(role, statement, '')).not.toMatch(/^42501/);
  });

  it('D14: has limits, its statements are not shown to others, and it cannot change that', async () => {
    const settings = `
      select (select string_agg(c, ' ' order by c) from unnest(setconfig) as c where c !~ '^transaction_timeout=')
        || ' connections=' || (select rolconnlimit from pg_roles where oid = setrole)
      from pg_db_role_setting where setrole = '${role}'::regrole and setdatabase = 0`;
    expect(await outcome('app_user', settings)).toBe(
      'client_connection_check_interval=1s default_transaction_read_only=on idle_in_transaction_session_timeout=10s ' +
        'lock_timeout=1s statement_timeout=5s temp_file_limit=64MB track_activities=off connections=10',
    );
    const reset = `${lockdown}; alter role ${role} reset all`;
    expect(await outcome('app_user', settings, reset)).toBe('');
    expect(await outcome(role, 'set local track_activities = on')).toBe(
      '42501 permission denied to set parameter "track_activities"',
    );
  });
});

describe('EXPLAIN', () => {
  it('K02b: shows agent_caller that a function runs, and no more', async () => {
    const plan = `explain select * from ragwall.agent_match_documents('${vector}', 10, null)`;
    expect(await outcome('agent_caller', plan)).toMatch(
      /^Function Scan on agent_match_documents {2}\(cost=\S+ rows=10 width=156\)$/,
    );
  });

  it('is refused to agent_document() as to agent_match_documents(), which would count pages', async () => {
    const call = "select content from ragwall.agent_document('00000000-0000-4000-8000-000000000001')";
    expect(await outcome('agent_caller', call)).toBe('acme secret 1');
    expect(await outcome('agent_caller', `explain (analyze, buffers) ${call}`)).toBe(
      'RW106 this function does not run under explain',
    );
  });

  it.each([
    [
      'K01: the estimate for a guessed name',
      "explain select from ragwall.documents where tenant_id = 'globex'",
      /rows=/,
    ],
    ['E16: a count of what a filter removed', 'explain (analyze, costs off) select from ragwall.documents', /actual/],
  ])('%s: shown to agent_reader, and refused to agent_caller', async (_, statement, shown) => {
    expect(await outcome('agent_caller', statement)).toBe(denied('table documents'));
    expect(await outcome('agent_reader', statement)).toMatch(shown);
  });

  it('E16: open: without index scans agent_reader sees how many rows others have', async () => {
    const answer = await outcome(
      'agent_reader',
      `set local enable_indexscan = off; set local enable_bitmapscan = off;
       explain (analyze, costs off, timing off, summary off, buffers off) select from ragwall.documents`,
    );
    expect(answer).toMatch(/Rows Removed by Filter: 24$/m);
  });
});

describe('after db/agents.sql', () => {
  it('the owners make functions and read the catalogs, as later migrations and index_plan() do', async () => {
    const made = await as('app_user', async (tx) => {
      await tx`reset role`;
      await tx`set local role ragwall_owner`;
      await tx.unsafe(`create function ragwall.later() returns integer language plpgsql as 'begin return 1; end'`);
      return tx`select count(*) > 0 as seen, pg_relation_size('ragwall.documents_rows') >= 0 as sized from pg_extension`;
    });
    expect(made).toEqual([{ seen: true, sized: true }]);
  });

  it.each([
    "select count(*) > 0 from pg_class where relname = 'documents'",
    "select pg_relation_size('ragwall.documents_rows') >= 0",
    `select count(*) = 3 from ragwall.match_documents('${vector}', 10)`,
    'select count(*) = 3 from ragwall.documents',
  ])('the application still runs: %s', async (statement) => {
    expect(await outcome('app_user', statement)).toBe('true');
  });

  it.each(['select pg_try_advisory_lock(1)', "select lo_from_bytea(0, 'x')"])(
    'db/bootstrap.sql has revoked it, and running db/agents.sql gives it back to nobody: %s',
    async (statement) => {
      for (const role of ['app_user', ...roles] as const) expect(await outcome(role, statement)).toMatch(/^42501/);
      const open = `grant execute on all functions in schema pg_catalog to public; ${lockdown}`;
      for (const role of ['app_user', ...roles] as const) {
        expect(await outcome(role, statement, open)).toMatch(/^42501/);
      }
    },
  );

  it.each(['select count(*) from pg_stat_activity', 'select pg_cancel_backend(0)'])(
    'the application no longer reaches other sessions: %s',
    async (statement) => {
      expect(await outcome('app_user', statement)).toMatch(/^42501/);
      expect(await outcome('pg_monitor', statement)).not.toMatch(/^42501/);
    },
  );

  it('running it again changes nothing', async () => {
    const [before, after] = await as('app_user', async (tx) => {
      const acls = () => tx`
        select md5(string_agg(p.oid || coalesce(proacl::text, ''), ',' order by p.oid)) as functions,
          (select md5(string_agg(oid || coalesce(relacl::text, ''), ',' order by oid)) from pg_class) as tables
        from pg_proc as p`;
      const before = await acls();
      await tx`reset role`;
      await tx.unsafe(lockdown);
      return [before, await acls()];
    });
    expect(after).toEqual(before);
  });
});
