/** The session in which `ragwall index` and `ragwall migrate` work: one connection, with the lock of a run and no time-outs. */
import type { Sql } from 'postgres';
import { explained, open } from './connection.js';

/** The numbers of the advisory locks, which a run holds so that there is one at a time. They are arbitrary. */
const locks = { index: 7_260_913, migrate: 7_260_914 };

interface SessionOptions {
  readonly from?: string | undefined;
  readonly application?: string;
  readonly onNotice?: (message: string) => void;
}

/** A session with Postgres that is never replaced by another one behind the caller's back. */
export interface Session {
  /** The server process. */
  readonly pid: number;
  /** Runs statements, and rejects with an error that says so if the connection is lost. */
  run<T>(statements: (sql: Sql) => PromiseLike<T>): Promise<T>;
  /** Returns the statements that are due. */
  plan(): Promise<string[]>;
  /** Returns the number of the next transaction: those that are under way now have lower ones. */
  horizon(): Promise<string>;
  /** Returns a line for each transaction below a horizon that is still under way, the oldest first. */
  under(horizon: string): Promise<string[]>;
  end(): Promise<void>;
}

/** Whether the driver, the operating system or the server has ended the connection. */
const isLoss = (error: unknown) =>
  /^(57P|08|CONNECTION_|E[A-Z]{3})/.test(String((Object(error) as { code?: unknown }).code));

/** Opens a session. `from`: the setting ragwall.search_table_from. `onNotice` gets the notices that functions raise. */
export async function openSession(
  url: string,
  { from, application = 'ragwall index', onNotice }: SessionOptions = {},
): Promise<Session> {
  let opened = false;
  let closed = false;
  const sql = open(url, application, {
    // The driver would replace a connection that is an hour old, and the lock would be gone with it.
    max_lifetime: null,
    // Other notices are the server's, as that an extension is there already.
    onnotice: ({ code, message }) => code === '00000' && onNotice?.(message ?? ''),
    onclose: () => {
      closed = opened;
    },
  });

  const lost = (cause?: unknown) =>
    new Error('the connection to the database was lost; what was committed stays: run it again', { cause });
  async function run<T>(statements: (sql: Sql) => PromiseLike<T>): Promise<T> {
    if (closed) throw lost();
    try {
      return await statements(sql);
    } catch (error) {
      if (opened && (closed || isLoss(error))) throw lost(error);
      throw error;
    }
  }
  // The driver never resolves end() after the server has killed its process.
  const end = () => sql.end({ timeout: 1 });

  try {
    const [me] = await sql<{ pid: number }[]>`
      select pg_backend_pid() as pid, count(set_config(name, '0', false))
      from pg_settings
      where name in (
        'statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_session_timeout',
        'idle_in_transaction_session_timeout'
      )`;
    if (from) await sql`select set_config('ragwall.search_table_from', ${from}, false)`;
    opened = true;
    return {
      pid: me?.pid ?? 0,
      run,
      plan: () =>
        run(async (sql) => {
          const due = await sql<{ statement: string }[]>`select ragwall.index_plan() as statement`;
          return due.map(({ statement }) => statement);
        }),
      horizon: () =>
        run(async (sql) => {
          const [row] = await sql<{ next: string }[]>`select pg_snapshot_xmax(pg_current_snapshot())::text as next`;
          return row?.next ?? '';
        }),
      under: (horizon) =>
        run(async (sql) => {
          const rows = await sql<{ line: string }[]>`
            select format(
                'process %s (%s), %s since %s',
                pid,
                concat_ws(', ', 'user ' || usename, 'application ' || nullif(application_name, ''), 'database ' || datname),
                coalesce(state, backend_type, 'under way'),
                coalesce(to_char(xact_start, 'YYYY-MM-DD HH24:MI:SS TZ'), 'an unknown time')
              ) as line, age(backend_xid) as age
            from pg_stat_activity
            where age(backend_xid) > age(${horizon}::xid8::xid)
              and pid <> pg_backend_pid()
            union all
            select format(
                'the prepared transaction %L (user %s, database %s), since %s',
                gid, owner, database, to_char(prepared, 'YYYY-MM-DD HH24:MI:SS TZ')
              ), age(transaction)
            from pg_prepared_xacts
            where age(transaction) > age(${horizon}::xid8::xid)
            order by age desc`;
          return rows.map(({ line }) => line);
        }),
      end,
    };
  } catch (error) {
    await end();
    throw explained(error, sql);
  }
}

/** Another run has the lock. The message says who that is. */
export class AtWork extends Error {}

/**
 * Takes the lock of the runs of a command.
 * @throws AtWork if another run has it.
 */
export async function takeLock(session: Session, command: keyof typeof locks): Promise<void> {
  const lock = locks[command];
  await session.run(async (sql) => {
    const [taken] = await sql<{ free: boolean }[]>`select pg_try_advisory_lock(${lock}) as free`;
    if (taken?.free) return;
    const [other] = await sql<{ line: string }[]>`
      select format(
          'process %s (%s), since %s',
          l.pid,
          concat_ws(', ', 'user ' || a.usename, 'application ' || nullif(a.application_name, '')),
          coalesce(to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'), 'an unknown time')
        ) as line
      from pg_locks as l
      left join pg_stat_activity as a on a.pid = l.pid
      where l.locktype = 'advisory'
        and l.granted
        and l.database = (select d.oid from pg_database as d where d.datname = current_database())
        and (l.classid, l.objid, l.objsubid) = (0::oid, ${lock}::bigint::oid, 1)
      limit 1`;
    throw new AtWork(`another run is at work: ${other?.line ?? 'it has just ended'}`);
  });
}
