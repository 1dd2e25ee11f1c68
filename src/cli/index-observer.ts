/** What `ragwall index` sees and does from a second connection while a statement runs on the first. */
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';

/** How long an answer is waited for, in milliseconds. The work goes on without it. */
const patience = 3_000;

export interface Observer {
  /** Returns how far the index build of a server process has come, as `35 % of building index: loading tuples`. */
  progressOf(pid: number): Promise<string | undefined>;
  /** Cancels the statement of a server process. */
  cancel(pid: number): Promise<void>;
  end(): Promise<void>;
}

/** Returns an observer. It connects when it is first asked, and again if its connection has failed. */
export function createObserver(url: string): Observer {
  let sql: Sql | undefined;

  // A connection that is refused is tried again by the driver for ever, so the answer has a limit in time.
  async function ask<T>(question: (sql: Sql) => Promise<T>): Promise<T | undefined> {
    sql ??= postgres(url, {
      max: 1,
      fetch_types: false,
      onnotice: () => {},
      connection: { application_name: 'ragwall index' },
    });
    const late = new AbortController();
    const answer = await Promise.race([
      question(sql).then(
        (value) => ({ value }),
        () => undefined,
      ),
      sleep(patience, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
    if (!answer) await end();
    return answer?.value;
  }

  async function end(): Promise<void> {
    const last = sql;
    sql = undefined;
    await last?.end({ timeout: 0 });
  }

  return {
    // The table of a build is not committed, so nobody else sees its name: the process is what tells the build.
    progressOf: (pid) =>
      ask(async (sql) => {
        const [row] = await sql<{ phase: string; done: number | null }[]>`
          select phase,
            round(100.0 * greatest(tuples_done, blocks_done) / nullif(greatest(tuples_total, blocks_total), 0))::integer as done
          from pg_catalog.pg_stat_progress_create_index
          where pid = ${pid}`;
        if (!row) return undefined;
        return row.done === null ? row.phase : `${Math.min(100, row.done)} % of ${row.phase}`;
      }),
    cancel: async (pid) => void (await ask((sql) => sql`select pg_catalog.pg_cancel_backend(${pid})`)),
    end,
  };
}
