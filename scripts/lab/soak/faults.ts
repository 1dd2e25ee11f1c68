/** What goes wrong: backends, statements, the pooler and the server, all from outside. */
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { getContainerRuntimeClient } from 'testcontainers';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { poolOptions } from '../../../src/index.js';
import { isLost } from './errors.js';
import type { Client } from './stores.js';

/** A fault, which is over when the promise resolves: false if there was nothing to strike, or else what it was. */
export type Fault = () => Promise<boolean | string>;
export type Faults = Awaited<ReturnType<typeof openFaults>>;

const restartPooler = (signal: 'QUIT' | 'KILL') => `
  kill -${signal} $(<pgbouncer.pid)
  until pgbouncer -qd pgbouncer.ini; do sleep 0.05; done
  until pg_isready -q -h 127.0.0.1 -p 6432; do sleep 0.05; done`;

/** Opens what faults are made with. `end` leaves pooler and server as they were, and answering. */
export async function openFaults({ adminUrl, poolerUrl, containerId }: Engine, client: Client) {
  if (!poolerUrl || !containerId) throw new Error('faults need the docker engine');
  const options = { ...poolOptions, connect_timeout: 2, onnotice: () => {} };
  const admin = postgres(adminUrl, { ...options, max: 2 });
  const { username, password, pathname } = new URL(adminUrl);
  const consoleUrl = Object.assign(new URL(poolerUrl), { username, password, pathname: '/pgbouncer' });
  const pooler = postgres(consoleUrl.href, { ...options, max: 2 });
  const hogs = postgres(poolerUrl, { ...options, max: 5 });
  const hog = client.open(hogs, 'acme');
  const database = pathname.slice(1);

  async function exec(script: string): Promise<boolean> {
    const { container } = await getContainerRuntimeClient();
    const command = ['bash', '-c', script];
    const { exitCode, output } = await container.exec(container.getById(containerId ?? ''), command);
    if (exitCode !== 0) throw new Error(`${script}: ${output}`);
    return true;
  }
  /** Has PgBouncer carry out a command, whatever became of the last connection to it. */
  async function tell(command: string, tries = 5): Promise<boolean> {
    try {
      await pooler.unsafe(command);
      return true;
    } catch (error) {
      if (tries === 0 || !isLost(error)) throw error;
      return tell(command, tries - 1);
    }
  }

  /** Strikes a backend of the application in a state. */
  const strike = (by: 'pg_terminate_backend' | 'pg_cancel_backend', state: string) => async () => {
    const [row] = await admin`
      select ${admin(by)}(pid) as struck from (
        select pid from pg_stat_activity
        where datname = current_database() and usename = 'app_user' and state = ${state}
        order by random() limit 1
      ) as victim`;
    return row?.struck === true;
  };

  /** Holds all server connections of the pool in transactions for a while. */
  async function exhaust() {
    const held = Array.from({ length: 5 }, () =>
      hog.transaction((tx) => tx.sql`select pg_sleep(1.5)`).catch(() => {}),
    );
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
    const paused = tell(`pause ${database}`).then(
      () => true,
      () => false,
    );
    const done = await Promise.race([paused, sleep(5_000, false, { ref: false })]);
    await sleep(300);
    await tell(`resume ${database}`);
    return done;
  }

  /** Drops all connections of the database. PgBouncer 1.24.1 now and then crashes or loops for ever. */
  async function drop() {
    const dropped = pooler.unsafe(`kill ${database}`).then(() => tell(`resume ${database}`));
    if (await Promise.race([dropped, sleep(10_000, false, { ref: false })])) return true;
    dropped.catch(() => {});
    await exec(restartPooler('KILL'));
    return 'pooler: KILL never ended, crashed';
  }

  // Else it waits for 15 seconds after each time that it finds no server, and refuses all clients.
  await exec(`echo 'server_login_retry = 1' >> pgbouncer.ini; kill -HUP $(<pgbouncer.pid)`);

  const small = new Map<string, Fault>([
    [
      'backend killed between statements of a transaction',
      strike('pg_terminate_backend', 'idle in transaction'),
    ],
    ['backend killed in a statement', strike('pg_terminate_backend', 'active')],
    ['statement cancelled', strike('pg_cancel_backend', 'active')],
  ]);
  const large = new Map<string, Fault>([
    ['pooler: RELOAD', () => tell('reload')],
    ['pooler: RECONNECT', () => tell('reconnect')],
    ['pooler: PAUSE, RESUME', pause],
    ['pooler: KILL, RESUME', drop],
    ['pooler restarted', () => exec(restartPooler('QUIT'))],
    ['pooler crashed', () => exec(restartPooler('KILL'))],
    ['pool exhausted', exhaust],
    // By itself it is not, for as long as a crash forgets what there is to vacuum.
    ['table vacuumed', () => admin`vacuum ragwall.documents`.then(() => true)],
    ['server restarted, fast', () => exec('pg_ctl restart -s -m fast -l postgres.log')],
    ['server restarted, immediate', () => exec('pg_ctl restart -s -m immediate -l postgres.log')],
  ]);

  const isCalm = async () => {
    await hogs`select 1`;
    const [row] = await admin<{ busy: number }[]>`
      select count(*)::integer as busy from pg_stat_activity
      where datname = current_database() and usename = 'app_user' and state <> 'idle'`;
    return row?.busy === 0;
  };

  /** Waits until server and pooler answer, and nothing of the application is under way any more. */
  async function calm(): Promise<void> {
    const until = performance.now() + 60_000;
    for (;;) {
      const seen = await Promise.race([isCalm(), sleep(10_000, false, { ref: false })]).catch(
        (error) => (isLost(error) ? false : Promise.reject(error)),
      );
      if (seen) return;
      if (performance.now() > until) throw new Error('server and pooler do not come to rest');
      await sleep(100);
    }
  }

  async function end(): Promise<void> {
    await calm();
    await exec(`sed -i '/^server_login_retry/d' pgbouncer.ini; kill -HUP $(<pgbouncer.pid)`);
    await Promise.all([admin, pooler, hogs].map((sql) => sql.end({ timeout: 2 })));
  }
  return { small, large, admin, calm, end };
}
