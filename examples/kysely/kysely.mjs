// Kysely on node-postgres: the tenant is bound first in db.transaction().
import assert from 'node:assert/strict';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { lexicalEmbedder, vectorText } from 'ragwall';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 });
const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
const embedder = lexicalEmbedder({ dimensions: 1536 });

/** Runs `work` in a transaction to which the tenant is bound. The tenant comes from a verified token. */
const asTenant = (tenant, work) =>
  db.transaction().execute(async (trx) => {
    await sql`select ragwall.set_tenant(${tenant})`.execute(trx);
    return work(trx);
  });

const content = 'Acme launches on March 15.';
const [stored, question] = (await embedder.embed([content, 'When does Acme launch?'])).map((v) => vectorText(v));
const row = { content, metadata: { topic: 'launch' }, embedding: stored, embedding_model: embedder.model };
const insert = (trx) => trx.insertInto('ragwall.documents').values(row).returning('id').executeTakeFirstOrThrow();
const read = (trx) => trx.selectFrom('ragwall.documents').select('content').execute();
const search = (trx) =>
  trx.selectFrom(sql`ragwall.match_documents(${question}, 5)`.as('found')).select(['id', 'content']).execute();

const { id } = await asTenant('acme', insert);
const found = await asTenant('acme', search);
console.log('acme finds:', found);
assert(found.some((one) => one.id === id));

// The same as globex.
assert.deepEqual(await asTenant('globex', read), [], 'globex reads what acme stored');
assert.deepEqual(await asTenant('globex', search), [], 'globex finds what acme stored');
const named = (trx) =>
  trx
    .insertInto('ragwall.documents')
    .values({ ...row, tenant_id: 'acme' })
    .execute();
await assert.rejects(asTenant('globex', named), { code: '42501' }, 'globex writes for acme');
console.log('globex gets nothing of acme');

// db in place of trx: another connection, without a tenant.
await asTenant('acme', async () => {
  assert.deepEqual(await read(db), []);
  await assert.rejects(search(db), { code: 'RW001' });
});
console.log('db in place of trx: no rows, RW001');

// Deletion is by function: nobody has the privilege DELETE.
await assert.rejects(
  asTenant('acme', (trx) => trx.deleteFrom('ragwall.documents').execute()),
  { code: '42501' },
);
await asTenant('acme', (trx) => sql`select ragwall.delete_documents(array[${id}::uuid])`.execute(trx));
await db.destroy();
