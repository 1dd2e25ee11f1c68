/** Many requests at once through HTTP, the service, PgBouncer and Postgres: every row belongs to the tenant that asked. */
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { needs } from '../../db/tests/engine/session.js';
import { awkwardTenants } from './data.js';
import { flood, floods, memoryLimit, peakMemory, underFlood } from './load/flood.js';
import { brokenService, clear, prepare, ragwallService, run, type Service } from './load/run.js';

const engine = inject('engine');
const [other = ''] = awkwardTenants;
let service: Service;
beforeAll(async () => {
  if (engine.kind !== 'docker') return;
  await prepare(engine);
  service = await ragwallService(engine);
});
afterAll(async () => {
  if (engine.kind !== 'docker') return;
  await service.stop();
  await clear(engine);
});
beforeEach((context) => needs(context, engine, ['docker'], 'PgBouncer'));

const right = { failed: 0, foreign: 0, short: 0 };

it.each([50, 500])(
  '%i at once get all of their own rows, and no other',
  async (connections) => {
    const requests = 2_000;
    expect(await run(service, { connections, requests })).toMatchObject({
      answered: requests,
      ...right,
    });
  },
  120_000,
);

it('control: without policy and filter the same requests get rows of other tenants', async () => {
  const broken = await brokenService(engine);
  const { answered, foreign } = await run(broken, { connections: 10, requests: 200 });
  await broken.stop();
  expect(answered).toBe(200);
  expect(foreign).toBeGreaterThan(200);
}, 120_000);

// Other work on the machine may disturb a measurement: each has four tries, and a tenth of a second is no wait.
it.each(floods)(
  '$name at once make another tenant wait less than ten times as long',
  { retry: 3, timeout: 60_000 },
  async (one) => {
    const { alone, during, memory } = await underFlood(engine, one, 5);
    expect(during).toMatchObject({ failed: 0, lost: 0 });
    expect(during.answered).toBeGreaterThan(0);
    expect(during.p99).toBeLessThan(Math.max(10 * alone.p99, 100));
    expect(memory).toBeLessThan(memoryLimit);
  },
);

it('control: without a budget the uploads take more memory than that', async () => {
  const most = ['--mebibytes', '65536', '--tenant-mebibytes', '65536'];
  const unbounded = await ragwallService(engine, ...most);
  try {
    await flood(unbounded, other, floods[0] as (typeof floods)[0], 1);
    expect(await peakMemory(unbounded.pid)).toBeGreaterThan(memoryLimit);
  } finally {
    await unbounded.stop();
  }
}, 60_000);
