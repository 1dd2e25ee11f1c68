/** `ragwall sql`: the tools of others make the same database of its files as `ragwall migrate` does. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { calculateHash } from 'graphile-migrate/dist/hash.js';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { root } from '../../db/tests/engine/migrations.js';
import { needs } from '../../db/tests/engine/session.js';
import { formats, indexes, partsOf } from '../migrations/formats.js';
import { defaults, readRelease } from '../migrations/release.js';
import { migrateCommand } from './migrate-command.js';
import { sqlCommand } from './sql-command.js';

const engine = inject('engine');
const run = promisify(execFile);
const release = await readRelease(defaults);
const last = release.migrations.length;
const folder = await mkdtemp(join(tmpdir(), 'ragwall-sql-'));
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command in this process, and returns what it printed. */
async function sql(...args: string[]): Promise<string> {
  const said: string[] = [];
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((line) => void said.push(`${line}\n`)),
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0),
  ];
  try {
    expect(await sqlCommand(args)).toBe(0);
    return said.join('');
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

describe('offline', () => {
  it('prints everything, or what follows a migration', async () => {
    const all = await sql();
    expect(all.match(/^begin;$/gm)).toHaveLength(last + 2);
    expect(all.match(/^commit;$/gm)).toHaveLength(last + 2);
    const later = await sql('--since', String(last - 1));
    expect(all.endsWith(later)).toBe(true);
    expect(later.match(/^-- Ragwall: .*$/gm)).toEqual([
      `-- Ragwall: ${release.migrations.at(-1)?.name}`,
      `-- Ragwall: audit_${last}`,
    ]);
  });

  it('prints a file with the choices of a database in it', async () => {
    const chosen = await sql('bootstrap', '--vector-schema', 'extensions', '--role', 'app_user=kb_user');
    expect(chosen).toContain('create extension vector with schema extensions;');
    expect(chosen).toContain("'app_reader', 'agent_reader', 'agent_caller'");
    expect(chosen).toContain('comment on role kb_user is');
    expect(chosen).not.toMatch(/\bapp_user\b/);
    expect(await sql('agents')).toBe(await readFile(new URL('db/agents.sql', root), 'utf8'));
  });

  it.each([
    [['--format', 'liquibase'], '--format is expected to be one of plain, graphile, supabase, dbmate, node-pg-migrate'],
    [['--format', 'dbmate'], '--output <folder> is expected with --format dbmate'],
    [['--output', 'x'], '--output is expected with another --format than plain'],
    [['--since', '-1'], "'--since' argument is ambiguous"],
    [['--since', '999'], `--since is expected to be a whole number, 0 to ${last}`],
    [['--dimensions', '5000'], '--dimensions is expected to be a whole number from 1 to 4000'],
    [['uninstalled'], 'expected: ragwall sql [bootstrap|agents'],
    [['bootstrap', '--since', '3'], 'bootstrap is expected without --since and --format'],
  ])('%j says what is expected', async (args, message) => {
    await expect(sqlCommand(args)).rejects.toThrow(message);
  });

  it.each(Object.keys(formats))('%s: a later release only adds files', async (format) => {
    const write = formats[format] as (typeof formats)[string];
    const older = { ...release, migrations: release.migrations.slice(0, -1) };
    const before = write(partsOf(older, 0), new Map());
    const after = write(partsOf(release, 0), before);
    for (const [path, text] of after) {
      if (before.has(path) && !indexes.includes(path)) expect(text, path).toBe(before.get(path));
    }
    // As the tool sorts them: what is new comes last.
    const added = [...after.keys()].filter((path) => !before.has(path) && !path.startsWith('revert/'));
    expect(added).toHaveLength(2);
    for (const path of before.keys()) {
      if (path.startsWith('deploy/') || path.startsWith('revert/') || path.startsWith('sqitch.')) continue;
      if (!path.startsWith('meta/'))
        for (const later of added) expect(later > path, `${later} after ${path}`).toBe(true);
    }
    const since = write(partsOf(release, last - 1), before);
    expect([...since.keys()].filter((path) => !before.has(path))).toEqual(
      [...after.keys()].filter((path) => !before.has(path)),
    );
    for (const [path, text] of since) expect(text, path).toBe(after.get(path));
  });

  it('writes no file over another', async () => {
    const output = join(folder, 'kept');
    expect(await sql('--format', 'dbmate', '--output', output)).toContain(`${last + 2} of ${last + 2} files written`);
    expect(await sql('--format', 'dbmate', '--output', output)).toContain(`0 of ${last + 2} files written`);
    const [first = '', second = ''] = (await readdir(output)).sort();
    await writeFile(join(output, second), 'mine');
    await rm(join(output, first));
    await expect(sqlCommand(['--format', 'dbmate', '--output', output])).rejects.toThrow(
      `nothing was written: ${join(output, second)}: there already, with other contents`,
    );
    expect(await readFile(join(output, second), 'utf8')).toBe('mine');
    expect(await readdir(output)).not.toContain(first);
  });

  it('drizzle: entries in the order of their time, in a folder of its own', () => {
    const files = formats.drizzle?.(partsOf(release, 0), new Map());
    const { entries } = JSON.parse(files?.get('meta/_journal.json') ?? '');
    const times = entries.map(({ when }: { when: number }) => when);
    expect(times).toEqual([...new Set(times)].sort((a, b) => Number(a) - Number(b)));
    expect(entries.map(({ idx }: { idx: number }) => idx)).toEqual(times.map((_: number, i: number) => i));
    const theirs = new Map([['meta/_journal.json', '{"entries": [{"tag": "0000_orders"}]}']]);
    expect(() => formats.drizzle?.(partsOf(release, 0), theirs)).toThrow('drizzle: a folder of its own is expected');
  });

  it('graphile: continues the chain of hashes of the folder', () => {
    const body = 'create table ours (id integer);\n';
    const first = calculateHash(body, null);
    const theirs = new Map([['000001-ours.sql', `--! Previous: -\n--! Hash: ${first}\n\n${body}`]]);
    let previous = first;
    let number = 1;
    for (const [path, text] of formats.graphile?.(partsOf(release, 0), theirs) ?? []) {
      number += 1;
      expect(path).toMatch(new RegExp(`^${String(number).padStart(6, '0')}-ragwall-`));
      const [, before, hash, sql = ''] =
        /^--! Previous: (.*)\n--! Hash: (.*)\n--! Message: .*\n\n([\s\S]*)$/.exec(text) ?? [];
      expect(before).toBe(previous);
      expect(hash).toBe(calculateHash(sql, previous));
      previous = hash ?? '';
    }
    expect(number).toBe(last + 3);
  });

  it('flyway, which does not run here: names as it documents them, and no placeholders', () => {
    for (const [path, text] of formats.flyway?.(partsOf(release, 0), new Map()) ?? []) {
      expect(path).toMatch(/^V\d{14}__[a-z0-9_]+\.sql$/);
      expect(text).not.toContain('${');
      expect(text).not.toMatch(/^(begin|commit);$/m);
    }
  });
});

describe('on a server', () => {
  const databases: string[] = [];
  /** Why the tools of npm are not there. */
  let missing = '';
  let expected: unknown;

  async function on<T>(url: string, fn: (sql: Sql) => Promise<T>): Promise<T> {
    const client = postgres(url, { max: 1, onnotice: () => {} });
    try {
      return await fn(client);
    } finally {
      await client.end({ timeout: 1 });
    }
  }

  async function create(): Promise<string> {
    const name = `sql_${process.pid}_${databases.length}`;
    databases.push(name);
    await on(engine.adminUrl, (admin) => admin.unsafe(`create database ${name}`));
    const url = new URL(engine.adminUrl);
    url.pathname = `/${name}`;
    return url.href;
  }

  /** The number of the last migration, and everything that isolation rests on, without the tables of the tool. */
  const schemaOf = (url: string) =>
    on(url, async (client) => {
      const [row] = await client`
        select ragwall.migration() as migration, count(*)::integer as facts,
          md5(string_agg(i::text, ',' order by i::text collate "C")) as hash
        from ragwall.inventory() as i
        where object ~ 'ragwall' and object !~ 'graphile_migrate|ragwall_history'`;
      return row;
    });

  const tool = (name: string) => join(folder, 'node_modules/.bin', name);
  const start = (program: string, args: string[], url: string, cwd = folder) =>
    run(program, args, { cwd, timeout: 30_000, env: { ...process.env, DATABASE_URL: url } });

  beforeAll(async () => {
    if (engine.kind !== 'docker') return;
    const url = await create();
    vi.spyOn(console, 'log').mockImplementation(() => {});
    expect(await migrateCommand([url])).toBe(0);
    vi.restoreAllMocks();
    expected = await schemaOf(url);
    expect(expected).toMatchObject({ migration: last });
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    const packages = ['dbmate@2', 'node-pg-migrate@9', 'pg@8', 'drizzle-kit@0.31', 'drizzle-orm@0.45', 'supabase@3'];
    const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', ...packages];
    missing = await run('npm', args, { cwd: folder, timeout: 60_000 }).then(
      () => '',
      () => 'npm did not install the tools within a minute',
    );
  }, 75_000);
  beforeEach((context) => needs(context, engine, ['docker'], 'databases of its own'));
  afterAll(async () => {
    if (databases.length === 0) return;
    await on(engine.adminUrl, async (admin) => {
      for (const name of databases) await admin.unsafe(`drop database if exists ${name} with (force)`);
    });
  });

  it('psql', async () => {
    const url = await create();
    const file = join(folder, 'all.sql');
    await writeFile(file, await sql());
    await start('psql', ['-Xq', '-v', 'ON_ERROR_STOP=1', '-f', file, url], url);
    expect(await schemaOf(url)).toEqual(expected);
  });

  const graphile = createRequire(import.meta.url).resolve('graphile-migrate/dist/cli.js');

  it('graphile-migrate, with the files and .gmrc of the package', async () => {
    const url = await create();
    await start('psql', ['-Xq', '-f', fileURLToPath(new URL('db/bootstrap.sql', root)), url], url);
    await start(process.execPath, [graphile, 'migrate'], url, fileURLToPath(root));
    expect(await schemaOf(url)).toEqual(expected);
  });

  it('graphile-migrate, behind migrations of its own', async () => {
    const url = await create();
    const cwd = join(folder, 'graphile');
    const committed = join(cwd, 'migrations/committed');
    await mkdir(committed, { recursive: true });
    await writeFile(join(cwd, '.gmrc'), '{}');
    const body = 'create table ours (id integer);\n';
    await writeFile(
      join(committed, '000001.sql'),
      `--! Previous: -\n--! Hash: ${calculateHash(body, null)}\n\n${body}`,
    );
    await sql('--format', 'graphile', '--output', committed);
    const { stdout } = await start(process.execPath, [graphile, 'migrate'], url, cwd);
    expect(stdout).toContain(`${last + 3} committed migrations executed`);
    expect(await schemaOf(url)).toEqual(expected);
  });

  it('dbmate', async (context) => {
    if (missing) context.skip(missing);
    const url = await create();
    await sql('--format', 'dbmate', '--output', join(folder, 'dbmate'));
    const table = ['--migrations-dir', 'dbmate', '--migrations-table', 'ragwall_history', '--no-dump-schema'];
    const args = ['--url', `${url}?sslmode=disable`, ...table];
    await start(tool('dbmate'), [...args, 'up'], url);
    expect(await schemaOf(url)).toEqual(expected);
    await expect(start(tool('dbmate'), [...args, 'rollback'], url)).rejects.toThrow('are forward only');
  });

  it('node-pg-migrate', async (context) => {
    if (missing) context.skip(missing);
    const url = await create();
    await sql('--format', 'node-pg-migrate', '--output', join(folder, 'node-pg-migrate'));
    const args = ['-m', 'node-pg-migrate', '-t', 'ragwall_history'];
    await start(tool('node-pg-migrate'), ['up', ...args], url);
    expect(await schemaOf(url)).toEqual(expected);
    await expect(start(tool('node-pg-migrate'), ['down', ...args], url)).rejects.toThrow('are forward only');
  });

  it('drizzle-kit', async (context) => {
    if (missing) context.skip(missing);
    const url = await create();
    await sql('--format', 'drizzle', '--output', join(folder, 'drizzle'));
    await writeFile(
      join(folder, 'drizzle.ragwall.config.js'),
      `export default { dialect: 'postgresql', out: './drizzle', dbCredentials: { url: process.env.DATABASE_URL },
        migrations: { table: 'ragwall_history', schema: 'drizzle' } };`,
    );
    await start(tool('drizzle-kit'), ['migrate', '--config', 'drizzle.ragwall.config.js'], url);
    expect(await schemaOf(url)).toEqual(expected);
  });

  it('the Supabase CLI', async (context) => {
    if (missing) context.skip(missing);
    const url = await create();
    const cwd = join(folder, 'supabase');
    await sql('--format', 'supabase', '--output', join(cwd, 'supabase/migrations'));
    await writeFile(join(cwd, 'supabase/config.toml'), 'project_id = "x"\n');
    await start(tool('supabase'), ['db', 'push', '--yes', '--db-url', `${url}?sslmode=disable`], url, cwd);
    expect(await schemaOf(url)).toEqual(expected);
  });

  it('sqitch', async (context) => {
    const found = await run('sqitch', ['--version'], { timeout: 10_000 }).then(
      () => true,
      () => false,
    );
    if (!found) context.skip('sqitch is not installed');
    const url = await create();
    const cwd = join(folder, 'sqitch');
    await sql('--format', 'sqitch', '--output', cwd);
    const who = { SQITCH_FULLNAME: 'Tests', SQITCH_EMAIL: 'tests@example.com' };
    await run('sqitch', ['deploy', url.replace('postgres:', 'db:pg:')], {
      cwd,
      timeout: 30_000,
      env: { ...process.env, ...who },
    });
    expect(await schemaOf(url)).toEqual(expected);
  });

  it('continues where another tool ended', async () => {
    const url = await create();
    const parts = partsOf(release, 0).slice(0, 9);
    await on(url, async (client) => {
      for (const { sql } of parts) await client.unsafe(`begin;\n${sql}\ncommit;`);
    });
    const file = join(folder, 'rest.sql');
    await writeFile(file, await sql('--since', '8'));
    await start('psql', ['-Xq', '-v', 'ON_ERROR_STOP=1', '-f', file, url], url);
    expect(await schemaOf(url)).toEqual(expected);
    await expect(start('psql', ['-Xq', '-v', 'ON_ERROR_STOP=1', '-f', file, url], url)).rejects.toThrow(
      `migration 9 cannot be applied: this database has migration ${last}`,
    );
  });
});
