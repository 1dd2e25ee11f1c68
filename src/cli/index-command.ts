/** `ragwall index`: runs the statements of ragwall.index_plan(), and prints how far each has come. */
import { parseArgs } from 'node:util';
import postgres, { type Sql } from 'postgres';

/** The number of the advisory lock that a run holds, so that a second run ends at once. The number is arbitrary. */
const lock = 7_260_913;

/** How often progress is printed, in milliseconds. */
const interval = 5_000;

/** Prints how much of its current phase the index build of a server process has done, in percent. */
async function printProgress(sql: Sql, pid: number, title: string): Promise<void> {
  const [row] = await sql<{ phase: string; done: number }[]>`
    select phase, 100.0 * greatest(tuples_done, blocks_done)
      / greatest(tuples_total, blocks_total, 1) as done
    from pg_stat_progress_create_index
    where pid = ${pid}`;
  if (row) console.log(`${title}: ${Math.min(100, Math.round(Number(row.done)))} % of ${row.phase}`);
}

/**
 * Runs the statements that are due, one after the other, and prints each.
 *
 * @param sql a pool of two connections, of a role that row-level security does not bind.
 * @param options `plan`: only print the statements. `from`: the setting ragwall.graph_from.
 * @see db/migrations/committed/000005-graphs.sql
 */
async function buildGraphs(
  sql: Sql,
  { plan: printOnly = false, from }: { readonly plan?: boolean; readonly from?: string } = {},
): Promise<void> {
  const session = await sql.reserve();
  try {
    const [me] = await session<{ pid: number; free: boolean }[]>`
      select pg_backend_pid() as pid, pg_try_advisory_lock(${lock}) as free`;
    if (!me?.free && !printOnly) {
      console.log('another run is at work; nothing to do');
      return;
    }
    if (from) await session`select set_config('ragwall.graph_from', ${from}, false)`;
    const due = await session<{ statement: string }[]>`select ragwall.index_plan() as statement`;
    if (printOnly) {
      for (const { statement } of due) console.log(`${statement};`);
      return;
    }
    const work = due.filter(({ statement }) => !statement.startsWith('set '));
    if (work.length === 0) console.log('nothing is due');
    for (const { statement } of due) {
      const at = work.findIndex((one) => one.statement === statement);
      if (at < 0) {
        await session.unsafe(statement);
        continue;
      }
      const what = statement.split(' concurrently ', 1)[0];
      const name = /documents_graph_[0-9a-z_]+/.exec(statement)?.[0];
      const title = `${at + 1}/${work.length} ${what} ${name}`;
      console.log(title);
      const print = () => void printProgress(sql, me?.pid ?? 0, title).catch(() => {});
      const timer = setInterval(print, interval);
      try {
        await session.unsafe(statement);
      } finally {
        clearInterval(timer);
      }
    }
  } finally {
    await session`select pg_advisory_unlock_all()`.catch(() => {});
    session.release();
  }
}

const indexHelp = `ragwall index [url]   builds the HNSW indexes of tenants that have become large, drops those of tenants
                      that have shrunk, and rebuilds what an interrupted build left behind

The url, or DATABASE_URL, is a superuser's (or that of a role with BYPASSRLS that is a member of
ragwall_owner), direct and not through a pooler. Prefer the variable: a command line can be read by others
on the machine. Building blocks neither reads nor writes. It can be interrupted and run again (the statement
that was under way goes on in the server), and leaves the work to another run that is under way. Run it
after large ingests, or every night.

  --plan         only print the statements, as ragwall.index_plan() returns them
  --from <n>     from how many documents on a tenant gets a graph (default: the setting
                 ragwall.graph_from, else 1000); it is dropped below half of that
  --help`;

/** Builds and drops the graphs that are due, and returns the exit code. */
export async function indexCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean' }, plan: { type: 'boolean' }, from: { type: 'string' } },
  });
  const [url = process.env.DATABASE_URL, ...rest] = positionals;
  if (values.help) {
    console.log(indexHelp);
    return 0;
  }
  if (rest.length > 0) throw new Error('expected: ragwall index [url]; see --help');
  if (!url) throw new Error('a connection string is expected, in DATABASE_URL or as an argument');
  if (values.from !== undefined && !/^[1-9]\d{0,8}$/.test(values.from)) {
    throw new Error('--from is expected to be a whole number from 1');
  }
  // One session builds. The other reads the progress.
  const sql = postgres(url, {
    max: 2,
    onnotice: () => {},
    // A build can take hours, so time-outs of the login are lifted.
    connection: { application_name: 'ragwall index', statement_timeout: 0, lock_timeout: 0 },
  });
  try {
    await buildGraphs(sql, values);
    return 0;
  } finally {
    await sql.end();
  }
}
