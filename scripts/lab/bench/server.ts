/** The server under test, its settings, and what the control designs need on it. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { getContainerRuntimeClient } from 'testcontainers';
import type { Engine } from '../../../db/tests/engine/engine.js';

export interface Server {
  readonly engine: Engine & { readonly appUrl: string };
  /** A superuser. */
  readonly admin: Sql;
}

/** Options of every connection of the benchmark. */
export const quiet = { onnotice: () => {}, fetch_types: false } as const;

async function inContainer(id: string, command: string[]): Promise<string> {
  const { container } = await getContainerRuntimeClient();
  const { output } = await container.exec(container.getById(id), command);
  return output.trim();
}

/** Restarts our own container's Postgres with room to work in; a server of somebody else's is left alone. */
export async function openServer(engine: Engine): Promise<Server> {
  if (!engine.appUrl) throw new Error('the embedded engine has no logins, and is not benchmarked');
  const admin = () => postgres(engine.adminUrl, { ...quiet, max: 2 });
  if (engine.containerId) {
    const sql = admin();
    const buffers = Math.min(Math.floor(totalmem() / 4 / 1024 ** 2), 6 * 1024);
    for (const setting of [
      `shared_buffers = '${buffers}MB'`,
      "max_wal_size = '16GB'",
      "checkpoint_timeout = '1h'",
      'autovacuum = off', // or it sets in while one design is asked; every table is vacuumed by hand
    ]) {
      await sql.unsafe(`alter system set ${setting}`);
    }
    await sql.end();
    await inContainer(engine.containerId, ['pg_ctl', 'restart', '-m', 'fast', '-l', 'postgres.log']);
    await delay(200);
  }
  const server = { engine: { ...engine, appUrl: engine.appUrl }, admin: admin() };
  // For the dedicated tables; the shared index is asked with 40, and ragwall is to say what it needs.
  await server.admin.unsafe(`
    do $$ begin
      execute format('alter database %I set hnsw.ef_search = ${limitEfSearch}', current_database());
    end $$`);
  return server;
}

/** hnsw.ef_search of the dedicated tables. */
export const limitEfSearch = 100;

/** What the figures were measured on. */
export async function describe({ engine, admin }: Server) {
  const [versions] = await admin<{ postgres: string; pgvector: string }[]>`
    select current_setting('server_version') as postgres, extversion as pgvector
    from pg_extension where extname = 'vector'`;
  const settings = await admin<{ name: string; value: string }[]>`
    select name, current_setting(name) as value from pg_settings
    where name in ('shared_buffers', 'work_mem', 'jit', 'autovacuum', 'synchronous_commit', 'fsync',
      'max_connections', 'max_parallel_workers_per_gather', 'random_page_cost', 'plan_cache_mode')
    order by name`;
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    postgres: versions?.postgres ?? 'unknown',
    pgvector: versions?.pgvector ?? 'unknown',
    pgbouncer: engine.containerId
      ? ((await inContainer(engine.containerId, ['pgbouncer', '--version'])).match(/[\d.]+\d/)?.[0] ??
        'unknown')
      : 'none',
    ragwall: commit(),
    engine: engine.kind === 'docker' ? 'a container on this machine' : 'a server given by URL',
    settings: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
  };
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'db') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? ', with changes' : '');
  } catch {
    return 'unknown';
  }
}
