// Knex: the tenant is bound first in knex.transaction().
import assert from 'node:assert/strict';
import createKnex from 'knex';
import { lexicalEmbedder, vectorText } from 'ragwall';

const knex = createKnex({ client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 0, max: 2 } });
const embedder = lexicalEmbedder({ dimensions: 1536 });

/** Runs `work` in a transaction to which the tenant is bound. The tenant comes from a verified token. */
const asTenant = (tenant, work) =>
  knex.transaction(async (trx) => {
    await trx.raw('select ragwall.set_tenant(?)', [tenant]);
    return work(trx);
  });

const content = 'Acme launches on March 15.';
const [stored, question] = (await embedder.embed([content, 'When does Acme launch?'])).map((v) => vectorText(v));
const row = { content, metadata: { topic: 'launch' }, embedding: stored, embedding_model: embedder.model };
const insert = (trx) => trx.withSchema('ragwall').insert(row).into('documents').returning('id');
const read = (trx) => trx.withSchema('ragwall').from('documents').select('content');
const search = (trx) => trx.from(trx.raw('ragwall.match_documents(?, 5)', [question])).select('id', 'content');

const [{ id }] = await asTenant('acme', insert);
const found = await asTenant('acme', search);
console.log('acme finds:', found);
assert(found.some((one) => one.id === id));

// The same as globex.
assert.deepEqual(await asTenant('globex', read), [], 'globex reads what acme stored');
assert.deepEqual(await asTenant('globex', search), [], 'globex finds what acme stored');
const rename = (trx) => trx.withSchema('ragwall').from('documents').where({ id }).update({ content: 'No.' });
assert.equal(await asTenant('globex', rename), 0, 'globex changes what acme stored');
console.log('globex gets nothing of acme');

// knex in place of trx: another connection, without a tenant.
await asTenant('acme', async () => {
  assert.deepEqual(await read(knex), []);
  await assert.rejects(search(knex), { code: 'RW001' });
});
console.log('knex in place of trx: no rows, RW001');

// Deletion is by function: nobody has the privilege DELETE.
const remove = (trx) => trx.withSchema('ragwall').from('documents').where({ id }).delete();
await assert.rejects(asTenant('acme', remove), { code: '42501' });
// Knex takes the question mark of the operators ? and ?| as a parameter: write them as \\? or use jsonb_exists().
const tagged = (trx) => read(trx).whereRaw('metadata \\? ?', ['topic']);
assert((await asTenant('acme', tagged)).length > 0);
await asTenant('acme', (trx) => trx.raw('select ragwall.delete_documents(array[?::uuid])', [id]));
await knex.destroy();
