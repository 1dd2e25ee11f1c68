/** `ragwall index` as a DBA runs it: it does what is due, goes on where something fails, and says what it left undone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import postgres, { type Sql } from 'postgres';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { needs } from '../../db/tests/engine/session.js';
import { createObserver } from './index-observer.js';
import { stepsOf } from './index-steps.js';

const engine = inject('engine');
const children = new Set<ChildProcess>();

/** Runs `fn` as a superuser, on a connection that is closed before the command opens its own. */
async function admin<T>(fn: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = postgres(engine.adminUrl, {
    max: 1,
    onnotice: () => {},
    connection: { application_name: 'a report of ours' },
  });
  try {
    return await fn(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Starts the command. `said` resolves when it has printed what is expected, `ended` when it has ended. */
function start(...args: string[]) {
  const program = fileURLToPath(new URL('../cli.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, 'index', ...args], {
    env: { ...process.env, DATABASE_URL: engine.adminUrl },
  });
  children.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      text += data;
    });
  }
  const ended = new Promise<{ code: number | null; text: string }>((resolve) =>
    child.on('close', (code) => {
      children.delete(child);
      resolve({ code, text });
    }),
  );
  return {
    ended,
    said: (expected: RegExp) => expect.poll(() => text, { timeout: 30_000 }).toMatch(expected),
    kill: (signal: NodeJS.Signals) => child.kill(signal),
  };
}

const run = (...args: string[]) => start(...args).ended;

const store = (tenant: string, from: number, to: number) =>
  admin(
    (sql) => sql`
      insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model)
      select ${tenant}, tests.id(n), 'x', tests.vec(n), 'test' from generate_series(${from}::integer, ${to}) as n`,
  );

/** The search tables, and whether each is there. */
const tables = () =>
  admin(
    (sql) => sql`
      select tenant_id as tenant, documents::integer, applied::integer, tail::integer, previous is not null as replaced,
        to_regclass('ragwall_search.' || relation) is not null as there
      from ragwall.search_tables order by tenant_id`,
  );

beforeEach(async (context) => {
  needs(context, engine, ['docker', 'url'], 'is the same here, and takes a minute and a half');
  await store('one', 1, 100);
  await store('two', 1, 100);
});
afterEach(async () => {
  if (engine.kind === 'embedded') return;
  for (const child of children) child.kill('SIGKILL');
  await admin(async (sql) => {
    // What a killed process had begun would go on for a while, and register a tenant again.
    const end = () => sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name like 'ragwall index%'`;
    await expect.poll(end, { timeout: 5_000 }).toHaveLength(0);
    await sql`delete from ragwall.documents`;
    const found = await sql`
      select relname from pg_class
      where relnamespace = 'ragwall_search'::regnamespace and relkind = 'r' and relname like 'search\\_%'`;
    for (const { relname } of found) await sql.unsafe(`drop table ragwall_search.${relname}`);
    await sql`delete from ragwall_search.directory`;
    await sql`delete from ragwall_search.tail`;
    await sql`delete from ragwall_search.filter_fields`;
    await sql`select ragwall.disable_words()`;
  });
});

const from = ['--from', '50'];

it('prints what is due, does it, and then finds nothing due', async () => {
  const plan = await run('--plan', ...from);
  expect(plan).toMatchObject({
    code: 0,
    text: expect.stringMatching(/^(select ragwall.set_tenant\('(one|two)'\); .*build_search_table\(\);\n){4}$/),
  });
  const { code, text } = await run(...from);
  expect(text).toMatch(
    /^1\/4 one: registered, [\d.]+ s\n2\/4 two: registered, .*\n3\/4 one: building\n3\/4 one: built: 100 documents, /,
  );
  expect(text).toContain('two: built: 100 documents');
  expect(text).toMatch(/\ndone: 2 registered, 2 built, in [\d.]+ s\n$/);
  expect(code).toBe(0);
  expect(await tables()).toMatchObject(['one', 'two'].map((tenant) => ({ tenant, documents: 100, there: true })));
  expect(await run(...from)).toEqual({ code: 0, text: 'nothing is due\n' });
});

it('brings changes in, and measures again', async () => {
  await run(...from);
  await store('two', 101, 110);
  expect(await tables()).toMatchObject([{ tail: 0 }, { tail: 10 }]);
  const { code, text } = await run(...from);
  expect(text).toMatch(/^1\/1 two: 10 changes brought in, .*\n1\/1 two: measured: recall [\d.]+ of 10, /);
  expect(text).toMatch(/\ndone: 10 changes brought in, 1 measured, in .*\n$/);
  expect(code).toBe(0);
  expect(await tables()).toMatchObject([{ applied: 0 }, { applied: 10, tail: 0 }]);
});

it('measures where there is always something to bring in, too', async () => {
  await run(...from);
  await admin((sql) => sql`update ragwall_search.directory set applied = 6`);
  await store('one', 101, 110);
  const { code, text } = await run(...from);
  expect(text).toMatch(/one: measured: .*[\s\S]*one: 10 changes brought in, .*\n1\/1 one: measured: /);
  expect(text).toMatch(/\ndone: 3 measured, 10 changes brought in, in .*\n$/);
  expect(code).toBe(0);
});

it('makes the words of all documents, then lets them be searched, and builds the search tables with them', async () => {
  await run(...from);
  await admin((sql) => sql`select ragwall.enable_words('english')`);
  const { code, text } = await run(...from);
  expect(text).toMatch(/^1\/2 one: 100 words made, .*\n2\/2 two: 100 words made, /);
  expect(text).toMatch(/\n1\/1 words: words are searched, .*\n1\/2 one: building\n1\/2 one: built: 100 documents, /);
  expect(text).toMatch(/\ndone: 200 words made, 2 built, in .*\nleft for a run after a minute: 2 /);
  expect(code).toBe(0);
  expect(await admin((sql) => sql`select words_version is not null as words from ragwall_search.directory`)).toEqual([
    { words: true },
    { words: true },
  ]);
  expect((await run(...from)).text).toMatch(/^nothing is due\n/);
});

it('gives search tables an index of a field that was declared', async () => {
  await run(...from);
  await admin((sql) => sql`select ragwall.declare_filter('year')`);
  expect((await run(...from)).text).toMatch(/^1\/2 one: indexed, .*\n2\/2 two: indexed, .*\ndone: 2 indexed, in .*\n$/);
  expect(await run(...from)).toEqual({ code: 0, text: 'nothing is due\n' });
});

it('builds a worn one anew, and leaves the one before it to a later run', async () => {
  await run(...from);
  await admin((sql) => sql`update ragwall_search.directory set applied = 10000 where tenant_id = 'one'`);
  const { code, text } = await run(...from);
  expect(text).toMatch(/\ndone: 1 built, in .*\nleft for a run after a minute: 1 that searches may still read/);
  expect(code).toBe(0);
  expect(await tables()).toMatchObject([{ tenant: 'one', replaced: true, there: true }, { replaced: false }]);
  await admin((sql) => sql`update ragwall_search.directory set built_at = now() - interval '2 minutes'`);
  expect((await run(...from)).text).toMatch(/^1\/1 one: dropped, .*\ndone: 1 dropped, in .*\n$/);
  expect(await tables()).toMatchObject([{ replaced: false }, { replaced: false }]);
});

it('takes those of tenants that have shrunk out of use, then drops them', async () => {
  await run(...from);
  expect((await run('--from', '1000')).text).toContain('done: 2 taken out of use');
  await admin((sql) => sql`update ragwall_search.directory set built_at = now() - interval '2 minutes'`);
  expect(await run('--from', '1000')).toMatchObject({ code: 0, text: expect.stringContaining('done: 2 dropped') });
  expect(await tables()).toEqual([]);
});

it('goes on with the others where a statement fails, and says so in the end', async () => {
  const change = (action: string) => admin((sql) => sql.unsafe(`alter table ragwall_search.directory ${action}`));
  await change(`add constraint not_one check (tenant_id <> 'one' or relation is null)`);
  try {
    const { code, text } = await run(...from);
    expect(text).toMatch(/one: failed: .*"not_one"/);
    expect(text).toMatch(/\ndone: 2 registered, 1 built, in .*\nleft undone: one: build: .*"not_one"\n$/);
    expect(code).toBe(1);
    expect(await tables()).toMatchObject([{ there: false }, { there: true }]);
  } finally {
    await change('drop constraint not_one');
  }
  expect(await run(...from)).toMatchObject({ code: 0, text: expect.stringContaining('done: 1 built') });
});

describe('beside other sessions', () => {
  beforeEach((context) => needs(context, engine, ['docker', 'url'], 'a second connection'));

  /** Runs `fn` while a transaction that has written is under way, and hands out what ends it. */
  const besideWriter = <T>(fn: (end: () => Promise<void>, pid: number) => Promise<T>) =>
    admin(async (sql) => {
      const [row] = await sql`begin`.then(() => sql`select pg_backend_pid() as pid, pg_current_xact_id()`);
      return fn(async () => void (await sql`commit`), row?.pid);
    });

  it('waits for a transaction that is in the way of builds, says whose it is, and does what else comes', async () => {
    await run(...from);
    await store('three', 1, 100);
    await besideWriter(async (end, pid) => {
      const running = start(...from);
      await running.said(
        new RegExp(
          `builds wait for process ${pid} \\(user \\w+, application a report of ours, database \\w+\\), idle in transaction since 2`,
        ),
      );
      await store('one', 101, 103);
      await running.said(/one: 3 changes brought in/);
      expect((await tables())[1]).toMatchObject({ tenant: 'three', there: false });
      await end();
      const { code, text } = await running.ended;
      expect(text).toContain('done: 1 registered, 3 changes brought in, 1 built');
      expect(text.match(/builds wait for/g)).toHaveLength(1);
      expect(code).toBe(0);
    });
  }, 120_000);

  it('does what it can where such a transaction does not end, and says what it left', async () => {
    await run(...from);
    await store('one', 101, 103);
    await store('three', 1, 100);
    await store('four', 1, 100);
    await besideWriter(async (_, pid) => {
      const began = performance.now();
      const { code, text } = await run('--wait', '0', ...from);
      expect(text).toContain('one: 3 changes brought in');
      expect(text).toContain(`left undone: three: build: held up by process ${pid} (user`);
      expect(text).toContain(`left undone: four: build: held up by process ${pid} (user`);
      expect(code).toBe(1);
      // The server waits ten seconds for the first. The second is not tried.
      expect(performance.now() - began).toBeLessThan(18_000);
    });
  });

  it('names a prepared transaction that is in the way', async (context) => {
    const [row] = await admin((sql) => sql`select current_setting('max_prepared_transactions')::integer as most`);
    if (row?.most === 0) context.skip('needs max_prepared_transactions above 0');
    await admin((sql) => sql.unsafe(`begin; select pg_current_xact_id(); prepare transaction 'left over'`));
    try {
      const { code, text } = await run('--wait', '0', ...from);
      expect(text).toMatch(/held up by the prepared transaction 'left over' \(user \w+, database \w+\), since 2/);
      expect(code).toBe(1);
    } finally {
      await admin((sql) => sql.unsafe(`rollback prepared 'left over'`));
    }
  });

  it('leaves the work to another run that is under way, and says whose that is', async () => {
    await admin(async (sql) => {
      const [row] = await sql`select pg_backend_pid() as pid, pg_advisory_lock(7260913)`;
      const { code, text } = await run(...from);
      expect(text).toMatch(
        new RegExp(
          `^ragwall: another run is at work: process ${row?.pid} \\(user \\w+, application a report of ours\\), since 2`,
        ),
      );
      expect(code).toBe(1);
    });
    expect(await tables()).toEqual([]);
  });

  /** Terminates or counts the sessions of the command. */
  const sessionsOf = (act: 'pg_terminate_backend(pid)' | 'pid') =>
    admin((sql) => sql.unsafe(`select ${act} from pg_stat_activity where application_name = 'ragwall index'`));

  it('ends with an error when it loses its backend, and can be run again', async () => {
    await besideWriter(async (end) => {
      const running = start(...from);
      await running.said(/one: building\n/);
      await sessionsOf('pg_terminate_backend(pid)');
      const killed = performance.now();
      const { code, text } = await running.ended;
      expect(performance.now() - killed).toBeLessThan(5_000);
      expect(text).toMatch(
        /\nragwall: the connection to the database was lost; what was committed stays: run it again\n$/,
      );
      expect(code).toBe(1);
      await end();
    });
    expect(await run(...from)).toMatchObject({ code: 0, text: expect.stringContaining('done: 2 built') });
  });

  it.each([
    [['--watch', '1'], 0, /registered/],
    [[], 1, /\nragwall: interrupted; what was committed stays: run it again\n$/],
  ])('%j: a signal cancels the statement and ends it with %i', async (more, code, text) => {
    await besideWriter(async () => {
      const running = start(...more, ...from);
      await running.said(/one: registered[\s\S]*one: building\n/);
      running.kill('SIGTERM');
      const killed = performance.now();
      expect(await running.ended).toMatchObject({ code, text: expect.stringMatching(text) });
      expect(performance.now() - killed).toBeLessThan(1_500);
      await expect.poll(() => sessionsOf('pid')).toEqual([]);
    });
  });

  it('runs again and again with --watch, whatever fails in between', async () => {
    const running = await admin(async (sql) => {
      await sql`select pg_advisory_lock(7260913)`;
      const started = start('--watch', '1', ...from);
      await started.said(/ragwall: another run is at work/);
      return started;
    });
    await running.said(/done: 2 registered, 2 built/);
    await store('one', 101, 103);
    await running.said(/one: 3 changes brought in/);
    running.kill('SIGINT');
    const { code, text } = await running.ended;
    expect(code).toBe(0);
    expect(text).not.toContain('nothing is due');
  });

  it('sees how far an index build has come, of a process and no other', async () => {
    const observer = createObserver(engine.adminUrl);
    await besideWriter(async (end) => {
      await admin(async (sql) => {
        await sql`create table public.watched (n integer)`;
        const [row] = await sql`select pg_backend_pid() as pid`;
        // It waits for the other transaction when it has begun.
        const building = sql`create index concurrently watched_n on public.watched (n)`.execute();
        await expect.poll(() => observer.progressOf(row?.pid)).toMatch(/waiting for/);
        expect(await observer.progressOf(0)).toBeUndefined();
        await end();
        await building;
        await sql`drop table public.watched`;
      });
    });
    await observer.end();
  });
});

it('does without progress where no second connection is to be had', async () => {
  const observer = createObserver('postgres://nobody@127.0.0.1:1/none');
  expect(await observer.progressOf(1)).toBeUndefined();
  await observer.end();
});

it('reads every tenant out of the plan, as format() has written it', async () => {
  const tenants = ["o'neil", 'back\\slash', "'\\", 'acme', "');drop--"];
  const plan = await admin(
    (sql) => sql<{ statement: string }[]>`
      select format('select ragwall.set_tenant(%L); select ragwall.%s', tenant, call) as statement
      from unnest(${tenants}::text[]) with ordinality as t (tenant, n),
        unnest(array[
          'catch_up(1000)', 'catch_up(1000)', 'build_search_table()', 'fill_words(1000)', 'fill_words(1000)',
          'index_search_table()'
        ]) with ordinality as c (call, m)
      order by n, m`,
  );
  const steps = stepsOf([
    ...plan.map(({ statement }) => statement),
    'select ragwall.words_filled()',
    'delete from ragwall_search.tail',
  ]);
  expect(steps.map(({ tenant, action, statements }) => [tenant, action, statements.length])).toEqual([
    ...tenants.flatMap((tenant) => [
      [tenant, 'catch up', 2],
      [tenant, 'build', 1],
      [tenant, 'words', 2],
      [tenant, 'index', 1],
    ]),
    [undefined, 'search words', 1],
    [undefined, 'forget', 1],
  ]);
});
