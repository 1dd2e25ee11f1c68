/** Whether a pooler stands between a client and the server, and hands a session on with what was left on it. */
import { randomBytes } from 'node:crypto';
import type { Sql } from 'postgres';

/** What is known of the way to the server. */
export interface PoolerAnswer {
  /** `direct`: no pooler. `resets` and `leaks`: what a pooler does between two clients. */
  readonly verdict: 'direct' | 'resets' | 'leaks' | 'undetermined';
  readonly evidence: string;
}

/** The client connection that sent a statement, and the server process that ran it. */
export interface Route {
  /** The driver's object, one a connection, with the process id that the connection was promised at its start. */
  readonly client: { readonly pid: number | null };
  readonly backend: number;
}

/** One transaction on whatever server process it gets: what is found there, and what is left. */
interface Visit extends Route {
  /** What the visit left. */
  readonly left: string;
  readonly found: string;
}

/** Enough for a process to come round again where others use the pooler, too. */
const tries = 30;
/** Milliseconds. */
const patience = 1_000;

async function readRoute(sql: Sql): Promise<Route> {
  const answer = await sql<{ backend: number }[]>`select pg_catalog.pg_backend_pid() as backend`;
  return { client: answer.state, backend: answer[0]?.backend ?? 0 };
}

/** One message and one transaction, which stays `hold` seconds. Name and value are hexadecimal digits of ours. */
async function visit(sql: Sql, name: string, left: string, hold = 0): Promise<Visit> {
  const [before] = (await sql.unsafe(
    `select pg_catalog.pg_backend_pid() as backend, pg_catalog.current_setting('${name}', true) as found;
     select pg_catalog.set_config('${name}', '${left}', false), pg_catalog.pg_sleep(${hold})`,
  )) as unknown as [{ backend: number; found: string | null }[] & { state: Route['client'] }];
  return {
    client: before.state,
    backend: before[0]?.backend ?? 0,
    found: before[0]?.found ?? '',
    left,
  };
}

/**
 * Finds out whether a pooler lets one client find what another left on a session. Only a server process that
 * served two client connections, one after the other, can tell: with session pooling a client keeps its own,
 * and finds what is its own. Takes a round trip and sets nothing where there is no pooler. Behind one it leaves a
 * session setting of a random name, and empties it in the end wherever it comes by again.
 *
 * @param sql a pool of 3 connections or more, through the pooler. It may be in use.
 * @param seen the route of a statement before, to save the round trip.
 */
export async function checkPooler(sql: Sql, seen?: Route): Promise<PoolerAnswer> {
  const { client, backend } = seen ?? (await readRoute(sql));
  if (client.pid === backend) {
    return { verdict: 'direct', evidence: 'no pooler: connections are to the server itself' };
  }
  const clients = Math.min(sql.options.max, 3);
  if (clients < 2) {
    return {
      verdict: 'undetermined',
      evidence:
        'a pooler, and a pool of one connection: two are needed to see what one leaves to the other',
    };
  }
  const name = `ragwall.probe_${randomBytes(8).toString('hex')}`;
  const makers = new Map<string, Route['client']>();
  const visited = new Map<number, Set<Route['client']>>();
  const end = performance.now() + patience;
  let made = 0;
  let verdict: PoolerAnswer['verdict'] = 'undetermined';

  // The first opens the connections. After it the driver takes them in turn; and more at once than there are let
  // one go twice, or a pooler that takes its own in turn, too, might give each client the same one for ever.
  for (
    let size = clients;
    verdict === 'undetermined' && made < tries;
    size = (size % (clients + 1)) + 1
  ) {
    if (performance.now() > end) break;
    const lefts = Array.from({ length: size }, () => randomBytes(8).toString('hex'));
    const visits = await Promise.all(lefts.map((left) => visit(sql, name, left)));
    made += size;
    for (const { left, client } of visits) makers.set(left, client);
    for (const { client, backend, found } of visits) {
      const others = [...(visited.get(backend) ?? [])].some((other) => other !== client);
      if (found === '' && others && verdict === 'undetermined') verdict = 'resets';
      if (found !== '' && makers.get(found) !== client) verdict = 'leaks';
    }
    for (const { client, backend } of visits) {
      visited.set(backend, (visited.get(backend) ?? new Set()).add(client));
    }
  }

  // Held for a moment, so that each visit gets another process: a pooler prefers the one that was used last.
  const dirty = new Set(verdict === 'resets' ? [] : visited.keys());
  for (let n = 0; n < tries && dirty.size > 0; n += clients) {
    const emptied = Array.from({ length: clients }, () => visit(sql, name, '', 0.01));
    for (const { backend } of await Promise.all(emptied)) dirty.delete(backend);
  }
  return { verdict, evidence: evidence[verdict](made) };
}

const evidence = {
  direct: () => '',
  resets: () => 'a pooler: a setting that one client left was gone when another had the same session',
  leaks: () => 'a pooler: a setting that one client left was there when another had the same session',
  undetermined: (made: number) =>
    `a pooler: in ${made} transactions no session served two clients one after the other, as with session ` +
    'pooling, or where much else goes through it',
};
