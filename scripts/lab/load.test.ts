/** Through HTTP, runtime, PgBouncer and Postgres, with many requests at once, every row is its caller's own. */
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { needs } from '../../db/tests/engine/session.js';
import { run } from './load/run.js';
import { brokenService, clear, prepare, ragwallService, type Service } from './load/services.js';

const engine = inject('engine');
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

it('control: without policy and filter the same requests get others’ rows', async () => {
  const broken = await brokenService(engine);
  const { answered, foreign } = await run(broken, { connections: 10, requests: 200 });
  await broken.stop();
  expect(answered).toBe(200);
  expect(foreign).toBeGreaterThan(200);
});
