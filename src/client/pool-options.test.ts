/** A pool with `poolOptions` lives with what postgres.js 3.4 does when connections die; with its defaults it does not. */
import { setImmediate as flush } from 'node:timers/promises';
import postgres from 'postgres';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { breakable, needs } from '../../db/tests/engine/session.js';
import { poolOptions } from './tenant.js';

const engine = inject('engine');
const needsServer = (context: Parameters<typeof needs>[0]) =>
  needs(context, engine, ['docker', 'url'], 'a server that takes another connection');

it('fetches no types, waits in no queue of 100, and gives up after five seconds', async () => {
  const sql = postgres(poolOptions); // opens nothing
  expect(sql.options).toMatchObject({ fetch_types: false, max_pipeline: 1_000_000, connect_timeout: 5 });
  await sql.end();
});

it('never waits longer than a second to connect again', () => {
  const waits = Array.from({ length: 100 }, (_, failed) => poolOptions.backoff(failed));
  expect(Math.min(...waits)).toBeGreaterThan(0);
  expect(Math.max(...waits)).toBeLessThanOrEqual(1);
});

describe.each(['appUrl', 'poolerUrl'] as const)('by %s', (which) => {
  beforeEach((context) => {
    needsServer(context);
    if (!engine[which]) context.skip('needs PgBouncer: somebody else’s server has none');
  });

  /** What comes of a statement after the connection died between the write of the one before and its flush. */
  async function afterLoss(options: object): Promise<unknown> {
    const { sql, socket } = breakable(engine[which] ?? '', { ...options, connect_timeout: 1 });
    const code = (error: { code?: string }) => error.code;
    try {
      await sql`select 1`;
      await flush(); // writes are flushed next time, sockets closed before that
      const lost = sql`select 2`.execute().catch(code);
      socket().destroy();
      expect(await lost).toBe('CONNECTION_CLOSED');
      return await sql`select 3 as n, current_setting('client_encoding') as encoding`.catch(code);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }

  it('answers on the next connection after one died between a write and its flush', async () => {
    expect(await afterLoss(poolOptions)).toEqual([{ n: 3, encoding: 'UTF8' }]);
  });

  it('control: the driver’s defaults hang; if this fails, the driver is fixed: drop connection from poolOptions', async () => {
    expect(await afterLoss({ fetch_types: false })).toBe('CONNECT_TIMEOUT');
  });
});
