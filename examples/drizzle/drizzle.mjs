// Drizzle on node-postgres: the tenant is bound first in db.transaction().
import assert from 'node:assert/strict';
import { cosineDistance, eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { halfvec, jsonb, pgSchema, text, uuid } from 'drizzle-orm/pg-core';
import { lexicalEmbedder, vectorText } from 'ragwall';

const db = drizzle(process.env.DATABASE_URL);
const embedder = lexicalEmbedder({ dimensions: 1536 });

// Without tenant_id and created_at: Drizzle's insert names every column of its table, and these may not be written.
const documents = pgSchema('ragwall').table('documents', {
  id: uuid().defaultRandom(),
  content: text().notNull(),
  metadata: jsonb().notNull(),
  embedding: halfvec({ dimensions: 1536 }).notNull(),
  embeddingModel: text('embedding_model').notNull(),
});

/** Runs `work` in a transaction to which the tenant is bound. The tenant comes from a verified token. */
const asTenant = (tenant, work) =>
  db.transaction(async (tx) => {
    await tx.execute(sql`select ragwall.set_tenant(${tenant})`);
    return work(tx);
  });

const content = 'Acme launches on March 15.';
const [stored, question] = (await embedder.embed([content, 'When does Acme launch?'])).map((v) => Array.from(v));
const row = { content, metadata: { topic: 'launch' }, embedding: stored, embeddingModel: embedder.model };
// match_documents() uses the search table of a large tenant. A query of one's own reads all of the tenant's documents.
const search = async (tx) =>
  (await tx.execute(sql`select id, content from ragwall.match_documents(${vectorText(question)}, 5)`)).rows;
const nearest = (tx) =>
  tx.select({ content: documents.content }).from(documents).orderBy(cosineDistance(documents.embedding, question));

const [{ id }] = await asTenant('acme', (tx) => tx.insert(documents).values(row).returning({ id: documents.id }));
const found = await asTenant('acme', search);
console.log('acme finds:', found);
assert(found.some((one) => one.id === id));
assert((await asTenant('acme', nearest)).some((one) => one.content === content));

// The same as globex.
assert.deepEqual(await asTenant('globex', nearest), [], 'globex reads what acme stored');
assert.deepEqual(await asTenant('globex', search), [], 'globex finds what acme stored');
const rename = (tx) => tx.update(documents).set({ content: 'No.' }).where(eq(documents.id, id)).returning();
assert.deepEqual(await asTenant('globex', rename), [], 'globex changes what acme stored');
console.log('globex gets nothing of acme');

// db in place of tx: another connection, without a tenant.
assert.deepEqual(await asTenant('acme', () => nearest(db)), []);
console.log('db in place of tx: no rows');

// Deletion is by function: nobody has the privilege DELETE.
await assert.rejects(
  asTenant('acme', (tx) => tx.delete(documents)),
  ({ cause }) => cause.code === '42501',
);
await asTenant('acme', (tx) => tx.execute(sql`select ragwall.delete_documents(array[${id}::uuid])`));
await db.$client.end();
