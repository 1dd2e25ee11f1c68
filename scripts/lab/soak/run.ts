/** Runs callers and faults at the same time, then compares what is stored with what was acknowledged. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { awkwardTenants, type Below, belowOf, random } from '../data.js';
import { base, passages, runCaller } from './caller.js';
import { countCrashes, isLost } from './errors.js';
import type { Fault, Faults } from './faults.js';
import { createLedger, type Ledger } from './ledger.js';
import type { Client, Pool, Row } from './stores.js';
import { createTally, type Tally } from './tally.js';
import { openUpkeep, type Upkeep } from './upkeep.js';

export interface RunOptions {
  readonly client: Client;
  readonly clients: number;
  readonly seconds: number;
  readonly seed: number;
  /** Milliseconds between two small faults, and between two large ones. */
  readonly smallEvery: number;
  readonly largeEvery: number;
  /** Seconds within which every call has to end, and every client to recover from a fault. */
  readonly settleWithin: number;
  readonly recoverWithin: number;
  /** Called every ten seconds. */
  readonly onProgress?: (tally: Tally) => void;
  /** Ends the run early when it returns true. */
  readonly enough?: (tally: Tally) => boolean;
}

/** For the broken client: its foreign rows are looked for, and not whether it hangs or recovers. */
export const brokenPatience = { settleWithin: 3, recoverWithin: 0 };

/** Makes one fault after another. Each kind comes once before any comes again, in a random order. */
async function makeFaults(
  faults: ReadonlyMap<string, Fault>,
  every: number,
  below: Below,
  tally: Tally,
  goesOn: () => boolean,
) {
  let turn: [string, Fault][] = [];
  while (goesOn()) {
    await sleep(every / 2 + below(every));
    if (turn.length === 0) turn = [...faults];
    const [next] = turn.splice(below(turn.length), 1);
    if (!next || !goesOn()) continue;
    const [kind, strike] = next;
    const endless = sleep(90_000, undefined, { ref: false }).then(() => {
      throw new Error(`the fault “${kind}” did not end within 90 seconds`);
    });
    // A fault fails if another one strikes the connection that it uses.
    const struck = await Promise.race([strike(), endless]).catch((error) =>
      isLost(error) ? false : Promise.reject(error),
    );
    if (struck) tally.fault(kind);
  }
}

interface Stage {
  readonly faults: Faults;
  readonly pools: readonly Pool[];
  readonly tally: Tally;
  readonly ledger: Ledger;
  readonly upkeep: Upkeep | undefined;
}

/** Has callers make calls while faults are made and search tables are kept up, and then until every client has recovered. */
async function load({ faults, pools, tally, ledger, upkeep }: Stage, o: RunOptions) {
  const began = performance.now();
  let failed = false;
  const strikes = () => !failed && performance.now() - began < o.seconds * 1_000 && !o.enough?.(tally);
  const goesOn = () => strikes() || (tally.unrecovered() ?? o.recoverWithin) < o.recoverWithin;
  const callers = pools.flatMap((pool, client) =>
    [0, 1].map((lane) => {
      const tenant = awkwardTenants[(2 * client + lane) % awkwardTenants.length] ?? '';
      const below = belowOf(random(o.seed, client, lane));
      const store = pool.open(tenant);
      const { settleWithin } = o;
      return runCaller({ tenant, client, store, ledger, tally, below, settleWithin }, goesOn);
    }),
  );
  const strike = (all: ReadonlyMap<string, Fault>, every: number) =>
    makeFaults(all, every, belowOf(random(o.seed, every)), tally, strikes).catch((error) => {
      failed = true;
      throw error;
    });
  const report = setInterval(() => o.onProgress?.(tally), 10_000);
  const faulty = [strike(faults.small, o.smallEvery), strike(faults.large, o.largeEvery)];
  await Promise.all([...faulty, upkeep?.run(goesOn), ...callers]).finally(() => clearInterval(report));
}

/** Runs a client under load and faults, and returns the tally with every violation found. */
export async function run(engine: Engine, faults: Faults, options: RunOptions): Promise<Tally> {
  const { client, clients, seed, recoverWithin } = options;
  const tally = createTally(clients);
  const ledger = createLedger();
  const pools = Array.from({ length: clients }, () => client.connect(engine.poolerUrl ?? '', 1));
  const upkeep = client.searchTables ? openUpkeep(engine, client, tally, belowOf(random(seed, 1))) : undefined;
  const stopCounting = countCrashes(tally);
  try {
    for (const tenant of awkwardTenants) {
      const below = belowOf(random(seed));
      const source = ledger.add(tenant, 'base.md');
      const next = { version: 1, size: base };
      const store = (pools[0] as Pool).open(tenant);
      await store.transaction((tx) => tx.put(passages(below, source, next)));
      source.allowed = [next];
    }
    await load({ faults, pools, tally, ledger, upkeep }, options);
    await Promise.all(pools.map((pool) => pool.end()));
    await sleep(200); // the server may still carry out statements that the broken client has sent
  } finally {
    stopCounting();
  }
  for (const { kind, slowest } of tally.recoveries()) {
    if (slowest > recoverWithin) {
      tally.violate({ kind: 'client that does not recover', detail: `${slowest} s after ${kind}` });
    }
  }
  await faults.calm();
  const rows = await faults.admin.unsafe<(Row & { source: string; position: number })[]>(
    `select tenant_id as "tenantId", source, position, content from ${client.table}`,
  );
  tally.violate(...ledger.verify(rows));
  await upkeep?.verify();
  await upkeep?.end();
  return tally;
}
