/** What the labs compute from their samples, and the machine on which those were taken. */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import * as d3 from 'd3-array';
import type { Engine } from '../../db/tests/engine/engine.js';
import { connect, inContainer } from './setup.js';

export { sum } from 'd3-array';

/** The median, mean and quantile skip values that are not numbers, and are NaN if there are no others. */
export const median = (values: Iterable<number>) => d3.median(values) ?? Number.NaN;
export const mean = (values: Iterable<number>) => d3.mean(values) ?? Number.NaN;
export const quantile = (values: Iterable<number>, q: number) => d3.quantile(values, q) ?? Number.NaN;

/** The median of a[i] / b[i], over those i at which both were measured. */
export const pairedRatio = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  median(Array.from(a, (x, i) => x / (b[i] ?? Number.NaN)));

/** How many of the ids that should have been found were found, 0 to 1. */
export const recallOf = (truth: readonly string[], found: readonly { readonly id: string }[]) =>
  found.filter(({ id }) => truth.includes(id)).length / truth.length;

/** Returns the milliseconds that `act` takes. */
export async function timed(act: () => PromiseLike<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

/** Where figures were measured. */
export interface Machine {
  /** Of this repository, with ` with changes` behind it if src/ or db/ differ from it. */
  readonly commit: string;
  /** YYYY-MM-DD, UTC. */
  readonly date: string;
  readonly postgres: string;
  readonly pgvector: string;
  /** Undefined where there is none. */
  readonly pgbouncer: string | undefined;
  /** `embedded`, `in a container` or `given by URL`: where Postgres runs. */
  readonly server: string;
  /** With its v. */
  readonly node: string;
  readonly cores: number;
}

const servers = { embedded: 'embedded', docker: 'in a container', url: 'given by URL' } as const;

/** Describes this machine and the server of an engine. `embedded` has one connection, which has to be free. */
export async function describeMachine({ adminUrl, containerId, kind }: Engine): Promise<Machine> {
  const sql = connect(adminUrl);
  const [versions] = await sql<{ postgres: string; pgvector: string }[]>`
    select current_setting('server_version') as postgres, extversion as pgvector
    from pg_extension where extname = 'vector'`.finally(() => sql.end());
  const pooler = containerId && (await inContainer(containerId, ['pgbouncer', '--version'])).output;
  return {
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
    postgres: versions?.postgres.split(' ')[0] ?? 'unknown',
    pgvector: versions?.pgvector ?? 'unknown',
    pgbouncer: pooler ? (/\d[\d.]*\d/.exec(pooler)?.[0] ?? 'unknown') : undefined,
    server: servers[kind],
    node: process.version,
    cores: cpus().length,
  };
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'db') !== '';
    return git('rev-parse', '--short', 'HEAD') + (changed ? ' with changes' : '');
  } catch {
    return 'unknown';
  }
}
