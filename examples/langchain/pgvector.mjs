// LangChain's PGVectorStore as it is, on the view ragwall_api.passages: its pool binds the tenant before each query.
import assert from 'node:assert/strict';
import { PGVectorStore } from '@langchain/community/vectorstores/pgvector';
import { OpenAIEmbeddings } from '@langchain/openai';
import pg from 'pg';

// The view has to know the model, which PGVectorStore does not name. Its owner sets it once:
//   alter view ragwall_api.passages alter column embedding_model set default 'text-embedding-3-small';
const embeddings = new OpenAIEmbeddings({ model: 'text-embedding-3-small' });

/** A pool of one tenant, which comes from a verified token. Each query is a transaction of its own. */
class TenantPool extends pg.Pool {
  constructor(tenant) {
    super({ connectionString: process.env.DATABASE_URL, max: 2 });
    this.tenant = tenant;
  }
  async query(text, values) {
    const client = await this.connect();
    try {
      await client.query('begin');
      await client.query('select ragwall.set_tenant($1)', [this.tenant]);
      const result = await client.query(text, values);
      await client.query('commit');
      client.release();
      return result;
    } catch (error) {
      client.release(error);
      throw error;
    }
  }
}

const columns = { contentColumnName: 'content' };
// Without skipInitializationCheck it creates a table.
const table = { schemaName: 'ragwall_api', tableName: 'passages', columns, skipInitializationCheck: true };
const storeOf = (pool) => PGVectorStore.initialize(embeddings, { ...table, pool, distanceStrategy: 'cosine' });
const [acme, globex] = await Promise.all(['acme', 'globex'].map((tenant) => storeOf(new TenantPool(tenant))));

const documents = [
  { pageContent: 'Acme launches on March 15.', metadata: { topic: 'launch' } },
  { pageContent: 'The cafeteria of Acme serves soup.', metadata: { topic: 'food' } },
];
await acme.addDocuments(documents);
const question = 'When does Acme launch?';
const found = await acme.similaritySearch(question, 1);
console.log('acme finds:', found);
assert.equal(found[0].pageContent, documents[0].pageContent);
assert.equal((await acme.similaritySearch(question, 1, { topic: 'food' }))[0].pageContent, documents[1].pageContent);

// The same as globex.
assert.deepEqual(await globex.similaritySearch(question, 10), [], 'globex reads what acme stored');
await globex.delete({ ids: [found[0].id] });
assert.equal((await acme.similaritySearch(question, 10)).length, 2, 'globex deletes what acme stored');
console.log('globex gets nothing of acme');

await acme.delete({ filter: { topic: 'food' } });
await acme.delete({ ids: [found[0].id] });
assert.deepEqual(await acme.similaritySearch(question, 10), []);
await Promise.all([acme, globex].map((store) => store.end())); // a store keeps a client, for which pool.end() waits
