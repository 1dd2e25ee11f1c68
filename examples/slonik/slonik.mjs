// Slonik: the tenant is bound first in pool.transaction().
import assert from 'node:assert/strict';
import { lexicalEmbedder, vectorText } from 'ragwall';
import { createPool, sql } from 'slonik';
import { z } from 'zod';

const pool = await createPool(process.env.DATABASE_URL, { maximumPoolSize: 2 });
const embedder = lexicalEmbedder({ dimensions: 1536 });

/**
 * Runs `work` in a transaction to which the tenant is bound. The tenant comes from a verified token.
 * Slonik repeats a transaction that failed for its isolation: the tenant is bound in what it repeats.
 */
const asTenant = (tenant, work) =>
  pool.transaction(async (transaction) => {
    await transaction.query(sql.unsafe`select ragwall.set_tenant(${tenant})`);
    return work(transaction);
  });

const content = 'Acme launches on March 15.';
const [stored, question] = (await embedder.embed([content, 'When does Acme launch?'])).map((v) => vectorText(v));
const document = { source: 'slonik.md', position: 0, content, embedding: stored, embedding_model: embedder.model };
const status = sql.type(z.object({ status: z.string() }));
const passage = sql.type(z.object({ content: z.string() }));
const upsert = (on) => on.one(status`select status from ragwall.upsert_documents(${sql.jsonb([document])})`);
const read = (on) => on.any(passage`select content from ragwall.documents`);
const search = (on) => on.any(passage`select content from ragwall.match_documents(${question}, 5)`);

console.log('acme stores:', await asTenant('acme', upsert));
const found = await asTenant('acme', search);
console.log('acme finds:', found);
assert(found.some((row) => row.content === content));

// The same as globex.
assert.deepEqual(await asTenant('globex', read), [], 'globex reads what acme stored');
assert.deepEqual(await asTenant('globex', search), [], 'globex finds what acme stored');
await assert.rejects(
  asTenant('globex', (transaction) => transaction.query(sql.unsafe`select ragwall.set_tenant('acme')`)),
  { code: 'RW003' },
);
console.log('globex gets nothing of acme');

// The pool without a transaction has no tenant. Within a transaction, Slonik itself refuses the pool.
assert.deepEqual(await read(pool), []);
await assert.rejects(search(pool), { code: 'RW001' });
console.log('pool without a transaction: no rows, RW001');

await asTenant('acme', (transaction) => transaction.query(sql.unsafe`select ragwall.delete_source('slonik.md', 0)`));
await pool.end();
