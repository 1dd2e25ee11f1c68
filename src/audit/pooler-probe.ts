/** Finds out whether the client connects through a pooler, and whether this resets a session between two clients. */
import { randomBytes } from 'node:crypto';
import type { Sql } from 'postgres';
import type { AuditRow } from './run.js';

/** The result of {@link checkPooler}. */
export interface PoolerAnswer {
  /** `direct`: no pooler. `resets`: a pooler that clears session settings between two clients. `leaks`: one that does not. */
  readonly verdict: 'direct' | 'resets' | 'leaks' | 'undetermined';
  readonly evidence: string;
}

/** The client connection that sent a statement, and the server process that ran it. */
export interface Route {
  /** The driver's object for the connection. `pid` is the process id that the connection was given when it started. */
  readonly client: { readonly pid: number | null };
  readonly backend: number;
}

/** One transaction, on whatever server process the pooler gives it: the setting found there, and the one left there. */
interface Visit extends Route {
  /** The value that the visit set. */
  readonly left: string;
  readonly found: string;
}

/** The most transactions: other clients of the pooler may use the server processes in between. */
const tries = 30;
/** The most time, in milliseconds. */
const patience = 1_000;

async function readRoute(sql: Sql): Promise<Route> {
  const answer = await sql<{ backend: number }[]>`select pg_catalog.pg_backend_pid() as backend`;
  return { client: answer.state, backend: answer[0]?.backend ?? 0 };
}

/** Reads and sets the setting in one message and one transaction of `hold` seconds. `name` and `left` are hexadecimal digits. */
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
 * Finds out whether a pooler gives a session to another client with the settings that the first client left. To tell,
 * one server process has to serve two client connections, one after the other. With session pooling none does, and the
 * verdict is `undetermined`. Without a pooler the check takes one round trip and sets nothing. Behind a pooler it sets a
 * session setting of a random name, and empties it at the end on each server process that it reaches again.
 *
 * @param sql a pool of 3 connections or more, through the pooler. It may be in use.
 * @param seen the route of an earlier statement, which saves the round trip.
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
      evidence: 'a pooler, and a pool of one connection: two are needed to see what one leaves to the other',
    };
  }
  const name = `ragwall.probe_${randomBytes(8).toString('hex')}`;
  const makers = new Map<string, Route['client']>();
  const visited = new Map<number, Set<Route['client']>>();
  const end = performance.now() + patience;
  let made = 0;
  let verdict: PoolerAnswer['verdict'] = 'undetermined';

  // The first round opens all connections. After that the driver takes them in rotation. If the pooler takes its server
  // connections in rotation too, each client could get the same one in every round. So the rounds differ in size, and in
  // the largest one a client sends twice.
  for (let size = clients; verdict === 'undetermined' && made < tries; size = (size % (clients + 1)) + 1) {
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

  // Each transaction is held for a moment, so that those at the same time run on different server processes.
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

/** Returns the row of the audit about the pooler that the application connects through. */
export async function poolerRow(app?: Sql): Promise<AuditRow> {
  const about = {
    id: 'O01',
    area: 'pool',
    expects: 'A pooler resets a session before it hands it to another client',
    severity: 'high',
    object: '',
    remedy: '',
    reference: 'checklist 5 · testing 6',
  } as const;
  if (!app) {
    const evidence = 'not tried: give the application’s connection string as RAGWALL_APP_URL';
    return { ...about, status: 'n/a', evidence };
  }
  try {
    const { verdict, evidence } = await checkPooler(app);
    if (verdict === 'undetermined') return { ...about, status: 'n/a', evidence };
    if (verdict !== 'leaks') return { ...about, status: 'pass', evidence };
    return {
      ...about,
      status: 'fail',
      object: 'the pooler',
      evidence,
      remedy:
        'server_reset_query = DISCARD ALL and server_reset_query_always = 1; or accept it where all SQL that comes ' +
        'through the pooler is the application’s own, and tenants are bound to transactions.',
    };
  } catch (error) {
    // The message is left out: it may contain a part of the connection string.
    const code = (error as { code?: string }).code ?? 'no code';
    return {
      ...about,
      status: 'n/a',
      evidence: `the application’s connection string does not work: ${code}`,
    };
  }
}
