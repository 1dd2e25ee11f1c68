// node-postgres: one transaction a tenant, on one client of the pool.
import assert from 'node:assert/strict';
import pg from 'pg';
import { lexicalEmbedder, vectorText } from 'ragwall';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 });
const embedder = lexicalEmbedder({ dimensions: 1536 }); // for meaning: openaiEmbedder(new OpenAI())

/** Runs `work` in a transaction to which the tenant is bound. The tenant comes from a verified token. */
async function asTenant(tenant, work) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select ragwall.set_tenant($1)', [tenant]);
    const result = await work(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    client.release(error); // closes the connection: what was under way on it is unknown
    throw error;
  }
}

const content = 'Acme launches on March 15.';
const [stored, question] = (await embedder.embed([content, 'When does Acme launch?'])).map((v) => vectorText(v));
const document = { source: 'pg.md', position: 0, content, embedding: stored, embedding_model: embedder.model };
const search = (client) => client.query('select content from ragwall.match_documents($1, $2)', [question, 5]);
const read = (client) => client.query('select content from ragwall.documents');

// node-postgres makes a Postgres array of an array: JSON is passed as text.
const upsert = (client) =>
  client.query('select status from ragwall.upsert_documents($1)', [JSON.stringify([document])]);
console.log('acme stores:', (await asTenant('acme', upsert)).rows);
const found = (await asTenant('acme', search)).rows;
console.log('acme finds:', found);
assert(found.some((row) => row.content === content));

// The same as globex.
assert.deepEqual((await asTenant('globex', read)).rows, [], 'globex reads what acme stored');
assert.deepEqual((await asTenant('globex', search)).rows, [], 'globex finds what acme stored');
await assert.rejects(
  asTenant('globex', (client) => client.query(`select ragwall.set_tenant('acme')`)),
  { code: 'RW003' },
);
console.log('globex gets nothing of acme');

// A query of the pool is not in the transaction, and has no tenant. A client that comes back has none either.
await asTenant('acme', async () => {
  assert.deepEqual((await pool.query('select content from ragwall.documents')).rows, []);
  await assert.rejects(search(pool), { code: 'RW001' });
});
console.log('the pool without a transaction: no rows, RW001');

await asTenant('acme', (client) => client.query('select ragwall.delete_source($1, 0)', ['pg.md']));
await pool.end();
