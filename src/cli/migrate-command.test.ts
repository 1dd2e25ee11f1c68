/** `ragwall migrate` as a DBA runs it: new databases and those of other tools, two runs at once, failures, and refusals. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { needs } from '../../db/tests/engine/session.js';
import { defaults, readRelease } from '../migrations/release.js';
import { migrateCommand } from './migrate-command.js';

const engine = inject('engine');
const release = await readRelease(defaults);
const last = release.migrations.length;
const databases: string[] = [];
/** Findings about the server, and about agents that log in to other databases of it. */
const elsewhere = /^(S0[12]|P1[23])$/;

/** Runs a program, half a minute at most, and returns its exit code and what it said. */
const run = (url: string, args: string[], cwd?: string) =>
  new Promise<{ code: number; text: string }>((resolve) => {
    const env = { ...process.env, DATABASE_URL: url };
    execFile(process.execPath, args, { env, cwd, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? -1) : 0, text: stdout + stderr });
    });
  });
const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));

/** Runs the command in this process, and returns its exit code and what it said. */
async function migrate(url: string, ...args: string[]): Promise<{ code: number; text: string }> {
  const said: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void said.push(`${line}\n`));
  try {
    const code = await migrateCommand([...args, url]);
    return { code, text: said.join('') };
  } catch (error) {
    return { code: 1, text: `${said.join('')}${(error as Error).message}\n` };
  } finally {
    log.mockRestore();
  }
}

async function on<T>(url: string, fn: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await fn(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** Makes a database, and returns a superuser's url of it. */
async function create(...statements: string[]): Promise<string> {
  const name = `migrate_${process.pid}_${databases.length}`;
  databases.push(name);
  await on(engine.adminUrl, (sql) => sql.unsafe(`create database ${name}`));
  const url = new URL(engine.adminUrl);
  url.pathname = `/${name}`;
  await on(url.href, async (sql) => {
    for (const statement of statements) await sql.unsafe(statement);
  });
  return url.href;
}

/** Applies the first migrations as another tool does. */
const applied = (count: number) => [
  release.bootstrap,
  ...release.migrations.slice(0, count).map(({ sql }) => `begin;\n${sql}\ncommit;`),
];

const numberIn = (url: string) =>
  on(url, async (sql) => {
    const [row] = await sql<{ number: number }[]>`select ragwall.migration() as number`;
    return row?.number;
  });

afterAll(async () => {
  if (databases.length === 0) return;
  await on(engine.adminUrl, async (sql) => {
    for (const name of databases) await sql.unsafe(`drop database if exists ${name} with (force)`);
    await sql.unsafe('drop role if exists kb_user, a_kb_reader, kb_app, kb_web, kb_shared, kb_login');
  });
});

it('finds nothing to do in a database that is up to date', async () => {
  if (engine.kind === 'embedded') {
    await on(engine.adminUrl, (sql) => sql.unsafe('set session authorization postgres; reset all'));
  }
  const upToDate = { code: 0, text: `up to date: the database has ${last} migrations\n` };
  expect(await migrate(engine.adminUrl, '--check')).toEqual(upToDate);
  expect(await migrate(engine.adminUrl)).toEqual(upToDate);
});

it.each([
  [['--dimensions', '0'], '--dimensions is expected to be a whole number from 1 to 4000'],
  [['--vector-schema', 'My Schema'], '--vector-schema is expected to be a name of at most 63 lowercase letters'],
  [['--vector-schema', 'pg_temp'], '--vector-schema is expected to be a name'],
  [['--role', 'kb_user'], '--role is expected to be one of app_user, app_reader, agent_reader, agent_caller, = and'],
  [['--role', 'postgres=kb_user'], '--role is expected to be one of app_user'],
  [['--role', 'app_user=public'], '--role app_user is expected to be a role: public stands for all'],
  [['--role', 'app_user=ragwall_owner'], '--role app_user is expected to be a name'],
  [['--role', 'app_user=app_reader'], 'four different names of roles are expected'],
  [['--role', 'app_user=a', '--role', 'app_user=b'], '--role app_user is expected once'],
  [['a'], 'expected: ragwall migrate [url]'],
  [['--force'], "Unknown option '--force'"],
])('%j says what is expected', async (args, message) => {
  const { code, text } = await migrate('postgres://127.0.0.1:1/none', ...args);
  expect(text).toContain(message);
  expect(code).toBe(1);
});

it.each([
  ['postgres://me:s3cret@127.0.0.1:1/app', 'no server answers at 127.0.0.1:1'],
  ['postgres://me:12#s3cret@127.0.0.1/app', 'with / ? # @ in a password written as'],
  ['me:s3cret@127.0.0.1/app', 'postgres://user:password@host:port/database is expected'],
])('tells no password: %s', async (url, message) => {
  for (const args of [[], ['--check']]) {
    const { code, text } = await migrate(url, ...args);
    expect(text).toContain(message);
    expect(text).not.toContain('s3cret');
    expect(code).toBe(1);
  }
});

describe('on a server', () => {
  beforeEach((context) => needs(context, engine, ['docker'], 'databases and roles of its own'));

  it('applies everything in an empty database, and says what it did', async () => {
    const url = await create();
    const before = await migrate(url, '--check');
    expect(before).toEqual({ code: 1, text: `behind: the database has 0 migrations, and this release has ${last}\n` });
    const { code, text } = await migrate(url);
    expect(code).toBe(0);
    const steps = [...text.matchAll(/^(.*?) +\d+ ms$/gm)].map(([, name]) => name);
    expect(steps).toEqual([
      'roles and extension',
      ...release.migrations.map(({ number, name }) => `migration ${number} ${name}`),
      'audit',
    ]);
    expect(text).toMatch(/notice: PUBLIC may no longer connect/);
    expect(text).toMatch(new RegExp(`\\ndone: the database has ${last} migrations\\n$`));
    expect((await migrate(url, '--check')).code).toBe(0);
  });

  it('lets a second run wait for the first', async () => {
    const url = await create();
    const start = () => run(url, ['--import', 'tsx', cli, 'migrate']);
    const runs = await Promise.all([start(), start()]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    const [first, second] = runs.map(({ text }) => text).sort((a, b) => b.length - a.length);
    expect(first).toContain(`migration ${last} `);
    expect(second).toMatch(/^(waiting: another run is at work: process .*\n)?up to date: /);
  });

  it('continues after a failure, and says where it ended', async () => {
    const url = await create(...applied(5), 'create table ragwall.search_tables ()');
    const failed = await migrate(url);
    expect(failed.code).toBe(1);
    expect(failed.text).toContain('migration 6 filters');
    expect(failed.text).toContain(
      'migration 15 index-plan failed: relation "search_tables" already exists\n' +
        `the database has 14 migrations of ${last}; run it again to continue\n`,
    );
    expect(await numberIn(url)).toBe(14);
    await on(url, (sql) => sql`drop table ragwall.search_tables`);
    const { code, text } = await migrate(url);
    expect(code).toBe(0);
    expect(text).toMatch(/^migration 15 index-plan/);
    expect(await numberIn(url)).toBe(last);
  });

  it('refuses a database that is ahead, and one that it does not know', async () => {
    const url = await create(
      ...applied(1),
      'create or replace function ragwall.migration() returns integer language sql immutable parallel safe return 99',
    );
    for (const args of [[], ['--check']]) {
      const { code, text } = await migrate(url, ...args);
      expect(text).toBe(
        `the database is ahead: it has 99 migrations, and this release has ${last}; use the release that was applied\n`,
      );
      expect(code).toBe(1);
    }
    const { code, text } = await migrate(await create('create schema ragwall'));
    expect(text).toContain('the schema ragwall is there without the function ragwall.migration()');
    expect(code).toBe(1);
  });

  it('sees that the audit is of another release', async () => {
    const url = await create(...applied(last));
    const before = await migrate(url, '--check');
    expect(before).toEqual({ code: 1, text: 'behind: the audit in the database is of another release\n' });
    expect((await migrate(url)).text).toMatch(/^audit +\d+ ms\ndone: /);
    expect((await migrate(url, '--check')).code).toBe(0);
  });

  it('takes dimensions, a schema and names, and keeps them', async () => {
    const url = await create();
    // In an order of names that differs from that of ours.
    const roles = ['--role', 'app_user=kb_user', '--role', 'app_reader=a_kb_reader'];
    const { code, text } = await migrate(url, '--dimensions', '3', '--vector-schema', 'extensions', ...roles);
    expect(text).toContain(`done: the database has ${last} migrations`);
    expect(code).toBe(0);
    const found = await on(url, (sql) =>
      sql.begin(async (tx) => {
        await tx`set local role kb_user`;
        await tx`select ragwall.set_tenant('acme')`;
        const document = { source: 's', position: 0, content: 'x', embedding: [1, 2, 3], embedding_model: 'm' };
        await tx`select ragwall.upsert_documents(${JSON.stringify([document])}::text::jsonb)`;
        return tx`select content from ragwall.match_documents('[1, 2, 3]', 1)`;
      }),
    );
    expect([...found]).toEqual([{ content: 'x' }]);

    const audit = await run(url, ['--import', 'tsx', cli, 'audit', '--format', 'json']);
    const findings = JSON.parse(audit.text).rows.filter(({ status }: { status: string }) => /fail|warn/.test(status));
    expect(findings.map(({ id }: { id: string }) => id).filter((id: string) => !elsewhere.test(id))).toEqual([]);
    const installed = await on(url, (sql) => sql`select id from ragwall.audit() where status in ('fail', 'warn')`);
    expect(installed.map(({ id }) => id).filter((id) => !elsewhere.test(id))).toEqual([]);

    expect((await migrate(url)).text).toBe(`up to date: the database has ${last} migrations\n`);
    for (const [option, message] of [
      [['--dimensions', '4'], 'the number of dimensions: the database has 3, and 4 was asked for'],
      [
        ['--vector-schema', 'public'],
        'the schema of the extension vector: the database has extensions, and public was',
      ],
      [['--role', 'app_user=kb2'], 'has kb_user, a_kb_reader, agent_reader, agent_caller, and kb2, app_reader,'],
    ] as const) {
      const refused = await migrate(url, ...option);
      expect(refused.text).toContain(message);
      expect(refused.code).toBe(1);
    }
  });

  it('uses the extension where it is, and refuses reserved words', async () => {
    const url = await create('create schema elsewhere; create extension vector schema elsewhere');
    for (const option of [
      ['--role', 'app_user=user'],
      ['--role', 'app_user=current_user'],
    ]) {
      expect((await migrate(url, ...option)).text).toContain('is expected to be a name that SQL need not quote');
    }
    expect((await migrate(url, '--vector-schema', 'public')).text).toContain(
      'the database has elsewhere, and public was asked for',
    );
    const { code, text } = await migrate(url);
    expect(text).toMatch(/^the extension vector is in the schema elsewhere, and stays there\n/);
    expect(code).toBe(0);
  });

  it('refuses a role of another application, and says what it has', async () => {
    const url = await create(
      'create table orders (id integer)',
      'create role kb_app; create role kb_web in role kb_app',
    );
    const attempt = () => migrate(url, '--role', 'app_user=kb_app');
    const why = (reasons: string) =>
      `roles and extension failed: roles of these names are there already, for something else: kb_app ${reasons}\nhint: `;
    expect((await attempt()).text).toContain(why('has the members kb_web'));
    await on(url, (sql) => sql.unsafe('drop role kb_web; grant select on orders to kb_app'));
    expect((await attempt()).text).toContain(why('has privileges on table orders'));
    await on(url, (sql) => sql.unsafe('revoke select on orders from kb_app; alter table orders owner to kb_app'));
    const owner = await attempt();
    expect(owner.text).toContain(why('owns table orders'));
    expect(owner.text).toContain('ragwall migrate --role');
    expect(owner.code).toBe(1);
    await on(url, (sql) => sql.unsafe('drop table orders; alter role kb_app bypassrls'));
    expect((await attempt()).text).toContain('these roles can get around row-level security: kb_app (BYPASSRLS)');
    await on(url, (sql) => sql.unsafe('alter role kb_app nobypassrls; grant pg_read_all_data to kb_app'));
    expect((await attempt()).text).toContain('kb_app (member of pg_read_all_data)');
    const [there] = await on(url, (sql) => sql`select to_regnamespace('ragwall') as schema`);
    expect(there).toEqual({ schema: null });
    await on(url, (sql) => sql.unsafe('revoke pg_read_all_data from kb_app; create role kb_web in role kb_app'));
    await on(url, (sql) => sql.unsafe(`comment on role kb_app is 'Ragwall'`));
    expect((await attempt()).code).toBe(0);
  });

  it('shares the roles with another database of the cluster', async () => {
    const [first, second] = [await create(), await create()];
    expect((await migrate(first, '--role', 'app_user=kb_shared')).code).toBe(0);
    await on(first, (sql) => sql`select ragwall.grant_login('kb_login', 'kb_shared')`);
    expect((await migrate(second, '--role', 'app_user=kb_shared')).text).toContain('done: ');
  });

  it('lives beside a history of another tool', async () => {
    const url = await create();
    const folder = await mkdtemp(join(tmpdir(), 'ragwall-history-'));
    const graphile = () =>
      run(url, [createRequire(import.meta.url).resolve('graphile-migrate/dist/cli.js'), 'migrate'], folder);
    const { calculateHash } = await import('graphile-migrate/dist/hash.js');
    const committed = join(folder, 'migrations/committed');
    let previous: string | null = null;
    const commit = async (number: number, body: string) => {
      const hash: string = calculateHash(body, previous);
      const header = `--! Previous: ${previous ?? '-'}\n--! Hash: ${hash}\n\n`;
      await writeFile(join(committed, `00000${number}.sql`), `${header}${body}`);
      previous = hash;
    };
    try {
      await mkdir(committed, { recursive: true });
      await writeFile(join(folder, '.gmrc'), '{}');
      await commit(1, 'create table ours (id integer);\n');
      expect(await graphile()).toMatchObject({ code: 0, text: expect.stringContaining('1 committed') });
      expect((await migrate(url)).text).toContain(`done: the database has ${last} migrations`);
      await commit(2, 'alter table ours add name text;\n');
      expect(await graphile()).toMatchObject({ code: 0, text: expect.stringContaining('1 committed') });
      expect((await migrate(url, '--check')).code).toBe(0);
      const [row] = await on(url, (sql) => sql`select count(*)::integer as count from graphile_migrate.migrations`);
      expect(row).toEqual({ count: 2 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
