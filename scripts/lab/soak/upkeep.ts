/** The upkeep of search tables beside the callers: what the plan says is due, builds in between, and the application's catch_up(). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { Connections, opener } from '../../../src/client/connections.js';
import { begin } from '../../../src/client/transaction.js';
import { awkwardTenants, type Below } from '../data.js';
import { isCancelled, isLost } from './errors.js';
import type { Client } from './stores.js';
import type { Tally } from './tally.js';

/** Tenants that get a search table. The others are searched exactly. */
const large = awkwardTenants.filter((_, n) => n % 2 === 0);

/** Documents from which on a tenant counts as large: fewer than every tenant has. */
const from = 10;

type Step = 'build' | 'drop' | 'measure';

export type Upkeep = ReturnType<typeof openUpkeep>;

/** Opens the connections of a DBA and of the application. */
export function openUpkeep({ adminUrl, poolerUrl }: Engine, client: Client, tally: Tally, below: Below) {
  const connection = { 'ragwall.search_table_from': String(from) };
  const app = client.connect(poolerUrl ?? '', 1);
  const stores = large.map((tenant) => app.open(tenant));

  /** Runs `act` on a connection of its own, which the driver by itself would write to after it is struck. */
  async function asDba<T>(act: (admin: Connections) => Promise<T>): Promise<T> {
    const admin = new Connections(opener(adminUrl, { connection, connect_timeout: 2 }), 1);
    return act(admin).finally(() => admin.close());
  }

  /** Runs a part of the upkeep. It may be struck by a fault, or find a transaction under way; every other error is a violation. */
  async function attempt(kind: string, make: () => Promise<unknown>) {
    try {
      const did = await make();
      if (did) tally.count(typeof did === 'string' ? did : kind);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'RW304') tally.count('search table: a transaction was still under way');
      else if (!isLost(error) && !isCancelled(error)) tally.error(undefined, error, kind);
      await sleep(50);
    }
  }

  /** Returns what a step did, without its numbers. */
  async function step(tenant: string, what: Step): Promise<string> {
    const done = await asDba((admin) =>
      begin(admin, async (tx) => {
        await tx`select ragwall.set_tenant(${tenant})`;
        const [row] = await tx.unsafe<{ done: string }[]>(`select ragwall.${what}_search_table() as done`);
        return row?.done ?? '';
      }),
    );
    return `search table ${done.replace(/:.*/, '')}`;
  }

  async function runPlan() {
    const plan = await asDba((admin) =>
      admin.send((sql) => sql<{ due: string }[]>`select ragwall.index_plan() as due`),
    );
    for (const { due } of plan) {
      if (!large.some((tenant) => due.includes(`set_tenant('${tenant}')`))) continue;
      await attempt(`index_plan(): ${due}`, () =>
        asDba((admin) => admin.send((sql) => sql.unsafe(due))).then(
          () => `index_plan(): ${/\w+(?=\(\d*\)$)/.exec(due)}`,
        ),
      );
    }
  }

  /** Builds a search table anew, or takes it out of use, if that before it is gone. */
  async function disturb() {
    const settled = await asDba((admin) =>
      admin.send(
        (sql) => sql<{ tenant: string }[]>`
        select tenant_id as tenant from ragwall_search.directory where relation is not null and previous is null`,
      ),
    );
    const tenant = settled[below(settled.length)]?.tenant;
    return tenant !== undefined && step(tenant, (['build', 'build', 'measure', 'drop'] as const)[below(4)] as Step);
  }

  async function keepUp(goesOn: () => boolean) {
    while (goesOn()) {
      await attempt('index_plan()', runPlan);
      await sleep(200 + below(800));
      await attempt('upkeep', disturb);
    }
  }

  async function catchUp(goesOn: () => boolean) {
    while (goesOn()) {
      for (const store of stores) {
        await attempt('catch_up()', async () => ((await store.catchUp?.(1 + below(20))) ?? 0) > 0);
        await sleep(below(30));
      }
    }
  }

  /** Brings each search table up to date and compares it with the documents. */
  const verify = () =>
    asDba(async (admin) => {
      const built = await admin.send(
        (sql) => sql<{ tenant: string; relation: string }[]>`
        select tenant_id as tenant, relation from ragwall_search.directory where relation is not null`,
      );
      for (const { tenant, relation } of built) {
        tally.count('search table compared with the documents');
        await begin(admin, async (tx) => {
          await tx`select ragwall.set_tenant(${tenant})`;
          await tx`select ragwall.catch_up(100000)`;
          const [row] = await tx<{ apart: number }[]>`
            with stored as (
              select id, embedding::text, metadata from ragwall.documents where tenant_id = ${tenant}
            ), searched as (
              select id, embedding::text, metadata from ${tx(`ragwall_search.${relation}`)}
            )
            select count(*)::integer as apart
            from ((table stored except table searched) union all (table searched except table stored)) as d`;
          if (row?.apart !== 0) {
            const detail = `${tenant}: ${row?.apart} documents, with an empty tail`;
            tally.violate({ kind: 'stale search table', detail });
          }
        });
      }
    });

  /** Drops the search tables, and closes the connections. */
  async function end() {
    const left = () =>
      asDba((admin) =>
        admin.send((sql) => sql<{ tenant: string }[]>`select tenant_id as tenant from ragwall_search.directory`),
      );
    for (let tenants = await left(); tenants.length > 0; tenants = await left()) {
      for (const { tenant } of tenants) await step(tenant, 'drop');
    }
    await app.end();
  }

  return { run: (goesOn: () => boolean) => Promise.all([keepUp(goesOn), catchUp(goesOn)]), verify, end };
}
