/** A short soak: while backends, statements, PgBouncer and server fail, every answer has only rows of the tenant that asked. */
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { needs } from '../../db/tests/engine/session.js';
import { type Faults, openFaults } from './soak/faults.js';
import { brokenPatience, type RunOptions, run } from './soak/run.js';
import { brokenClient, brokenSchema, type Client, ragwallClient } from './soak/stores.js';
import { foreignRows, retrievals, type Tally, writes } from './soak/tally.js';

const engine = inject('engine');
let faults: Faults;

beforeAll(async () => {
  if (engine.kind !== 'docker') return;
  faults = await openFaults(engine, ragwallClient());
  await faults.admin`delete from ragwall.documents`;
  await faults.admin.unsafe(brokenSchema);
});
afterAll(async () => {
  if (engine.kind !== 'docker') return;
  await faults.calm();
  await faults.admin`delete from ragwall.documents`;
  await faults.admin.unsafe('drop schema guide cascade');
  await faults.end();
});
beforeEach((context) => needs(context, engine, ['docker'], 'PgBouncer'));

/** What has to have happened inside transactions, and beside them. */
const within = [
  ...['savepoint rolled back', 'statement timed out or cancelled'],
  ...['index_plan(): build_search_table', 'search table built', 'catch_up()'],
];
const brief = ['pooler: RELOAD', 'pooler restarted', 'server restarted, immediate'];

/** Runs until there were enough calls and faults, for a minute at most. */
function soak(
  client: Client,
  patience: Pick<RunOptions, 'settleWithin' | 'recoverWithin'>,
  enough: (tally: Tally) => boolean,
): Promise<Tally> {
  const large = new Map([...faults.large].filter(([kind]) => brief.includes(kind)));
  const options: RunOptions = {
    ...{ client, clients: 20, seconds: 60, seed: 1, smallEvery: 60, largeEvery: 800, enough },
    ...patience,
  };
  return run(engine, { ...faults, large }, options);
}

it('control: a client whose tenant is a plain setting gets foreign rows under the same load', async () => {
  const tally = await soak(brokenClient, brokenPatience, (so) => foreignRows(so) >= 20);
  expect(foreignRows(tally)).toBeGreaterThanOrEqual(20);
}, 120_000);

it('no foreign row, no lost, half-done or refused write, no stale search table, no hang, and every client recovers', async () => {
  const small = [...faults.small.keys()];
  const countOf = (tally: Tally, kind: string) => tally.recoveries().find((fault) => fault.kind === kind)?.count ?? 0;
  const tally = await soak(
    ragwallClient(),
    { settleWithin: 60, recoverWithin: 60 },
    (so) =>
      so.sum(retrievals, 'acknowledged') >= 600 &&
      so.sum(writes, 'acknowledged') >= 120 &&
      small.every((kind) => countOf(so, kind) > 4) &&
      brief.every((kind) => countOf(so, kind) >= 1) &&
      within.every((kind) => so.counts.has(kind)),
  );
  expect(tally.violations).toEqual([]);
  expect(tally.sum(retrievals, 'acknowledged')).toBeGreaterThanOrEqual(600);
  expect(tally.sum(writes, 'acknowledged')).toBeGreaterThanOrEqual(120);
  for (const kind of small) expect([kind, countOf(tally, kind) > 4]).toEqual([kind, true]);
  for (const kind of brief) expect([kind, countOf(tally, kind) >= 1]).toEqual([kind, true]);
  expect([...tally.counts.keys()]).toEqual(
    expect.arrayContaining([...within, 'search table compared with the documents']),
  );
}, 240_000);
