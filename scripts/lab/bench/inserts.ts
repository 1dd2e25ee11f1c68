/** How many documents a second are stored, in batches and one by one. */
import { vectorText } from '../../../src/client/vector.js';
import { forTenant } from '../../../src/index.js';
import { timed } from '../measure.js';
import { connect } from '../setup.js';
import type { Server } from './database.js';
import type { Scale } from './scale.js';
import { dimensions, type Tenant, type World } from './world.js';

export interface InsertRate {
  readonly way: string;
  readonly documents: number;
  readonly perSecond: number;
}

/** Stores new documents of one tenant with ragwall in batches of 100, and row by row as the guide does. */
export async function inserts(
  { engine, admin }: Server,
  world: World,
  { inserts: { batched, single } }: Scale,
): Promise<InsertRate[]> {
  const writer: Tenant = { name: 'writer', number: 900_000, documents: batched };
  const documents = Array.from({ length: batched }, (_, n) => world.document(writer, n));
  const app = connect(engine.appUrl);
  const rates: InsertRate[] = [];
  const measure = async (way: string, count: number, run: () => Promise<unknown>) =>
    void rates.push({ way, documents: count, perSecond: (1000 * count) / (await timed(run)) });
  const newDocuments = documents.map(({ content, metadata, vector }, position) => ({
    source: 'bench',
    position,
    content,
    metadata,
    embedding: vector,
    embeddingModel: 'bench',
  }));
  const handle = forTenant(app, writer.name, { dimensions });
  await measure('ragwall: upsertDocuments, batches of 100', batched, () => handle.upsertDocuments(newDocuments));
  await measure('ragwall: the same again, unchanged', batched, () => handle.upsertDocuments(newDocuments));
  await measure('ragwall: upsertDocuments, one by one', single, async () => {
    for (const one of newDocuments.slice(0, single)) {
      await handle.upsertDocuments([{ ...one, source: 'one by one' }]);
    }
  });
  for (const table of ['bench.guide', 'bench.hnsw']) {
    const add = (sql: typeof app, n: number) => {
      const { content, metadata, vector } = documents[n % batched] as (typeof documents)[number];
      return sql.unsafe(
        `insert into ${table} (tenant_id, content, embedding, metadata) values ($1, $2, $3::vector, $4::text::jsonb)`,
        [writer.name, content, vectorText(vector), JSON.stringify(metadata)],
        { prepare: true },
      );
    };
    const name = table === 'bench.guide' ? 'guide' : 'shared hnsw';
    const bind = (sql: typeof app) => sql`select set_config('app.current_tenant', ${writer.name}, false)`;
    if (name === 'guide') {
      await measure(`${name}: row by row, a new connection each`, single, async () => {
        for (let n = 0; n < single; n += 1) {
          const sql = connect(engine.appUrl);
          await bind(sql);
          await add(sql, n);
          await sql.end();
        }
      });
    }
    await bind(app);
    await measure(`${name}: row by row, kept connection`, single, async () => {
      for (let n = 0; n < single; n += 1) await add(app, n);
    });
  }
  await app.end();
  for (const table of ['bench.guide', 'bench.hnsw', 'ragwall.documents']) {
    await admin.unsafe(`delete from ${table} where tenant_id = '${writer.name}'`);
  }
  return rates;
}
