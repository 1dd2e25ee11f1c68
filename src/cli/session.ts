/** The session in which `ragwall index` and `ragwall migrate` work: one connection, with the lock of a run and no time-outs. */
import type { Sql } from 'postgres';
import { explained, open } from './connection.js';

/** The numbers of the advisory locks, which a run holds so that there is one at a time. They are arbitrary. */
const locks = { index: 7_260_913, migrate: 7_260_914 };

/** A session with Postgres that is never replaced by another one behind the caller's back. */
export interface Session {
  /** The server process. */
  readonly pid: number;
  /** Runs statements, and rejects with an error that says so if the connection is lost. */
  run<T>(statements: (sql: Sql) => PromiseLike<T>): Promise<T>;
  end(): Promise<void>;
}

/** Whether the driver, the operating system or the server has ended the connection. */
const isLoss = (error: unknown) =>
  /^(57P|08|CONNECTION_|E[A-Z]{3})/.test(String((Object(error) as { code?: unknown }).code));

/** Opens a session of a command. `onNotice` gets the notices that functions raise. */
export async function openSession(
  url: string,
  command: keyof typeof locks,
  onNotice?: (message: string) => void,
): Promise<Session> {
  let opened = false;
  let closed = false;
  const sql = open(url, `ragwall ${command}`, {
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
    opened = true;
    return { pid: me?.pid ?? 0, run, end };
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
