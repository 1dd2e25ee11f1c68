/** What `ragwall index` asks the database. */
import { openSession, type Session } from './session.js';

/** Opens a session. `from`: the setting ragwall.search_table_from. */
export async function openIndexSession(url: string, from: string | undefined): Promise<Session> {
  const session = await openSession(url, 'index');
  if (from) await session.run((sql) => sql`select set_config('ragwall.search_table_from', ${from}, false)`);
  return session;
}

/** Returns the statements that are due. */
export const planOf = (session: Session) =>
  session.run(async (sql) => {
    const due = await sql<{ statement: string }[]>`select ragwall.index_plan() as statement`;
    return due.map(({ statement }) => statement);
  });

/** Returns the number of the next transaction: those that are under way now have lower ones. */
export const nextTransaction = (session: Session) =>
  session.run(async (sql) => {
    const [row] = await sql<{ next: string }[]>`select pg_snapshot_xmax(pg_current_snapshot())::text as next`;
    return row?.next ?? '';
  });

/** Returns the number below which transactions have to end before words are searched, if that is all they wait for. */
export const wordsWaitFor = (session: Session) =>
  session.run(async (sql) => {
    const [row] = await sql<{ horizon: string }[]>`
      select horizon::text from ragwall_search.word_settings
      where configuration is not null and not filled and horizon is not null`;
    return row?.horizon;
  });

/** Returns a line for each transaction below a number that is still under way, the oldest first. */
export const transactionsBelow = (session: Session, horizon: string) =>
  session.run(async (sql) => {
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
  });
