/** One tenant floods the service while another one asks: how long the other waits, and how much memory the service takes. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { awkwardTenants } from '../data.js';
import { quantile } from '../measure.js';
import type { FloodCount, FloodTask } from './flood-client.js';
import { ragwallService, type Service } from './run.js';

/** What is sent again and again, so many at once. */
interface Flood {
  readonly name: string;
  /** How many tenants send it. */
  readonly tenants: number;
  readonly atOnce: number;
  readonly path: string;
  /** `[<id>]` in it is replaced by another text in each request. */
  readonly body: string;
}

/** Returns a text of so many characters. */
const prose = (length: number) =>
  'The plan of [<id>] has a budget, a launch, some hiring, and a lease that ends in March. '
    .repeat(length / 80)
    .slice(0, length);

const documents = (count: number, length: number) =>
  JSON.stringify({
    documents: Array.from({ length: count }, (_, position) => ({ source: '[<id>]', position, content: prose(length) })),
  });

export const floods: readonly Flood[] = [
  { name: '300 uploads of 3 MB', tenants: 1, atOnce: 300, path: '/documents/upsert', body: documents(100, 30_000) },
  {
    name: '300 uploads of nine tenants',
    tenants: 9,
    atOnce: 300,
    path: '/documents/upsert',
    body: documents(100, 30_000),
  },
  { name: '400 small upserts', tenants: 1, atOnce: 400, path: '/documents/upsert', body: documents(1, 200) },
  {
    ...{ name: '400 queries', tenants: 1, atOnce: 400, path: '/documents/query' },
    body: JSON.stringify({ query: 'What does the plan of [<id>] say about the lease?', k: 5 }),
  },
];

/** MiB that the process of `ragwall serve` takes at most, with the limits that it has by default. */
export const memoryLimit = 512;

/** How long the other tenant's queries took, in milliseconds. */
interface Waits {
  readonly queries: number;
  readonly p50: number;
  readonly p99: number;
  /** Queries that were not answered 200. */
  readonly failed: number;
}

/** Asks one query after the other, as long as `until` is not settled, and 100 at least. */
async function ask(service: Service, tenant: string, until: Promise<unknown> = Promise.resolve()): Promise<Waits> {
  const headers = { 'content-type': 'application/json', ...(await service.headersOf(tenant)) };
  const body = JSON.stringify({ query: 'What does the plan say about the lease?', k: 5 });
  let running = true;
  until.finally(() => {
    running = false;
  });
  const waits: number[] = [];
  let failed = 0;
  while (running || waits.length < 100) {
    const began = performance.now();
    const response = await fetch(`${service.url}/documents/query`, { method: 'POST', headers, body });
    await response.arrayBuffer();
    waits.push(performance.now() - began);
    if (response.status !== 200) failed += 1;
    await sleep(10);
  }
  return { queries: waits.length, p50: quantile(waits, 0.5), p99: quantile(waits, 0.99), failed };
}

/** What the other tenant waited, and what the flood got. */
type Flooded = Waits & FloodCount;

/** Floods the service for `seconds`, from a process of its own, and asks meanwhile. */
export async function flood(
  service: Service,
  other: string,
  { tenants, atOnce, path, body }: Flood,
  seconds: number,
): Promise<Flooded> {
  const file = fileURLToPath(new URL('flood-client.ts', import.meta.url));
  const client = fork(file, { execArgv: ['--import', 'tsx'] });
  const counted = once(client, 'message').then(([count]) => count as FloodCount);
  const attackers = awkwardTenants.filter((tenant) => tenant !== other).slice(0, tenants);
  const headersOf = async (tenant: string) => ({
    'content-type': 'application/json',
    ...(await service.headersOf(tenant)),
  });
  const headers = await Promise.all(attackers.map(headersOf));
  client.send({ url: `${service.url}${path}`, headers, body, atOnce, seconds } satisfies FloodTask);
  const waits = await ask(service, other, counted);
  return { ...waits, ...(await counted) };
}

/** Returns the most memory that a process has had, in MiB; it is read from /proc, which Linux has. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** What one flood did. */
export interface FloodOutcome {
  readonly name: string;
  readonly alone: Waits;
  readonly during: Flooded;
  /** The most that the service has taken by then, in MiB. */
  readonly memory: number;
}

/** Starts a service, floods it for `seconds`, and measures what another tenant waits before and meanwhile. */
export async function underFlood(engine: Engine, one: Flood, seconds: number): Promise<FloodOutcome> {
  const [other = ''] = awkwardTenants;
  const service = await ragwallService(engine);
  try {
    await ask(service, other); // the first requests are not measured
    const alone = await ask(service, other);
    const during = await flood(service, other, one, seconds);
    return { name: one.name, alone, during, memory: await peakMemory(service.pid) };
  } finally {
    await service.stop();
  }
}
