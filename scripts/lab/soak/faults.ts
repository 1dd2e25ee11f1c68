/** Faults of backends, statements, PgBouncer and the server, made from outside the client. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { poolOptions } from '../../../db/tests/engine/session.js';
import { connect, inContainer, withDatabase } from '../setup.js';
import { isLost } from './errors.js';
import type { Client } from './stores.js';

/** Makes a fault, which is over when the promise resolves. False: there was nothing to strike. */
export type Fault = () => Promise<boolean>;
export type Faults = Awaited<ReturnType<typeof openFaults>>;

const restartPooler = (signal: 'QUIT' | 'KILL') => `
  kill -${signal} $(<pgbouncer.pid)
  until pgbouncer -qd pgbouncer.ini; do sleep 0.05; done
  until pg_isready -q -h 127.0.0.1 -p 6432; do sleep 0.05; done`;

/** Opens the connections with which faults are made. `end` waits for PgBouncer and the server and restores their settings. */
export async function openFaults({ adminUrl, poolerUrl, containerId }: Engine, client: Client) {
  if (!poolerUrl || !containerId) throw new Error('faults need the docker engine');
  const options = { ...poolOptions, connect_timeout: 2 };
  const admin = connect(adminUrl, { ...options, max: 2 });
  const { username: user, password, pathname } = new URL(adminUrl);
  const consoleUrl = withDatabase(poolerUrl, 'pgbouncer', { user, password });
  const pooler = connect(consoleUrl, { ...options, max: 2 });
  const hogs = client.connect(poolerUrl, 5);
  const hog = hogs.open('acme');
  const database = pathname.slice(1);

  async function exec(script: string): Promise<boolean> {
    const { exitCode, output } = await inContainer(containerId ?? '', ['bash', '-c', script]);
    if (exitCode !== 0) throw new Error(`${script}: ${output}`);
    return true;
  }
  /** Has PgBouncer carry out a command, and tries again if the connection to its console is lost. */
  async function pgbouncer(command: string, tries = 5): Promise<boolean> {
    try {
      await pooler.unsafe(command);
      return true;
    } catch (error) {
      if (tries === 0 || !isLost(error)) throw error;
      return pgbouncer(command, tries - 1);
    }
  }

  /** Returns a fault that strikes a backend of the application in this state. */
  const strike = (by: 'pg_terminate_backend' | 'pg_cancel_backend', state: string) => async () => {
    const [row] = await admin`
      select ${admin(by)}(pid) as struck from (
        select pid from pg_stat_activity
        where datname = current_database() and usename = 'app_user' and state = ${state}
        order by random() limit 1
      ) as victim`;
    return row?.struck === true;
  };

  /** Holds all five server connections of the pool in transactions for 1.5 seconds. */
  async function exhaust() {
    const held = Array.from({ length: 5 }, () => hog.transaction((tx) => tx.sql`select pg_sleep(1.5)`).catch(() => {}));
    let exhausted = false;
    for (let look = 0; look < 5; look += 1) {
      await sleep(200);
      const [row] = await admin<{ held: number }[]>`
        select count(*)::integer as held from pg_stat_activity
        where usename = 'app_user' and state = 'active' and query like '%pg_sleep(1.5)%'`;
      const [pool] = (await pooler.unsafe('show pools')).filter(({ user }) => user === 'app_user');
      exhausted ||= row?.held === 5 && Number(pool?.cl_waiting) > 0;
    }
    await Promise.all(held);
    return exhausted;
  }

  async function pause() {
    const paused = pgbouncer(`pause ${database}`).then(
      () => true,
      () => false,
    );
    const done = await Promise.race([paused, sleep(5_000, false, { ref: false })]);
    await sleep(300);
    await pgbouncer(`resume ${database}`);
    return done;
  }

  // By default PgBouncer refuses all clients for 15 seconds after it found no server.
  await exec(`echo 'server_login_retry = 1' >> pgbouncer.ini; kill -HUP $(<pgbouncer.pid)`);

  const small = new Map<string, Fault>([
    ['backend killed between statements of a transaction', strike('pg_terminate_backend', 'idle in transaction')],
    ['backend killed in a statement', strike('pg_terminate_backend', 'active')],
    ['statement cancelled', strike('pg_cancel_backend', 'active')],
  ]);
  const large = new Map<string, Fault>([
    ['pooler: RELOAD', () => pgbouncer('reload')],
    ['pooler: RECONNECT', () => pgbouncer('reconnect')],
    ['pooler: PAUSE, RESUME', pause],
    ['pooler restarted', () => exec(restartPooler('QUIT'))],
    ['pooler crashed', () => exec(restartPooler('KILL'))],
    ['pool exhausted', exhaust],
    // Autovacuum does not do it, because each crash resets its statistics.
    ['table vacuumed', () => admin`vacuum ragwall.documents`.then(() => true)],
    ['server restarted, fast', () => exec('pg_ctl restart -s -m fast -l postgres.log')],
    ['server restarted, immediate', () => exec('pg_ctl restart -s -m immediate -l postgres.log')],
  ]);

  const isCalm = async () => {
    await hog.transaction((tx) => tx.sql`select 1`);
    const [row] = await admin<{ busy: number }[]>`
      select count(*)::integer as busy from pg_stat_activity
      where datname = current_database() and usename = 'app_user' and state <> 'idle'`;
    return row?.busy === 0;
  };

  /** Waits until server and PgBouncer answer and no statement of the application runs any more. */
  async function calm(): Promise<void> {
    const until = performance.now() + 60_000;
    for (;;) {
      const seen = await Promise.race([isCalm(), sleep(10_000, false, { ref: false })]).catch((error) =>
        isLost(error) ? false : Promise.reject(error),
      );
      if (seen) return;
      if (performance.now() > until) throw new Error('server and PgBouncer were not idle within 60 seconds');
      await sleep(100);
    }
  }

  async function end(): Promise<void> {
    await calm();
    await exec(`sed -i '/^server_login_retry/d' pgbouncer.ini; kill -HUP $(<pgbouncer.pid)`);
    await Promise.all([hogs.end(), ...[admin, pooler].map((sql) => sql.end({ timeout: 2 }))]);
  }
  return { small, large, admin, calm, end };
}
