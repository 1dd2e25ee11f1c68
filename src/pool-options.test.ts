/** A pool gets what `poolOptions` say, and not the driver's defaults. */
import postgres from 'postgres';
import { expect, it } from 'vitest';
import { poolOptions } from './tenant.js';

it('a pool fetches no types, waits in no queue of 100, and gives up after five seconds', async () => {
  const sql = postgres(poolOptions); // opens nothing
  expect(sql.options).toMatchObject({
    fetch_types: false,
    max_pipeline: 1_000_000,
    connect_timeout: 5,
  });
  await sql.end();
});
