// LangChain: documents, searches and a retriever of one tenant.
import assert from 'node:assert/strict';
import { OpenAIEmbeddings } from '@langchain/openai';
import { connect } from 'ragwall';
import { RagwallVectorStore } from './store.mjs';

const ragwall = connect(process.env.DATABASE_URL);
const model = 'text-embedding-3-small';
const embeddings = new OpenAIEmbeddings({ model });
// One store a request, for the tenant of its verified token: it opens nothing.
const storeOf = (tenantId) => new RagwallVectorStore(embeddings, { tenant: ragwall.forTenant(tenantId), model });
const acme = storeOf('acme');
const globex = storeOf('globex');

const ids = await acme.addDocuments([
  { pageContent: 'Acme launches on March 15.', metadata: { topic: 'launch', loc: undefined } },
  { pageContent: 'The cafeteria of Acme serves soup.', metadata: { topic: 'food' } },
]);
const question = 'When does Acme launch?';
const found = await acme.similaritySearchWithScore(question, 1);
console.log('acme finds:', found);
assert.equal(found[0][0].id, ids[0]);
assert.equal((await acme.similaritySearch(question, 1, { topic: 'food' }))[0].id, ids[1]);
assert.equal((await acme.asRetriever({ k: 1 }).invoke(question))[0].id, ids[0]);

// The same as globex.
const read = (store) => store.tenant.transaction((tx) => tx.sql`select content from ragwall.documents`);
assert.deepEqual([...(await read(globex))], [], 'globex reads what acme stored');
assert.deepEqual(await globex.similaritySearch(question, 10), [], 'globex finds what acme stored');
assert.deepEqual(await globex.asRetriever().invoke(question), []);
await globex.delete({ ids });
await globex.delete({ filter: { topic: 'launch' } });
assert.equal((await acme.similaritySearch(question, 1))[0].id, ids[0], 'globex deletes what acme stored');
console.log('globex gets nothing of acme');

await acme.delete({ ids });
assert(!(await acme.similaritySearch(question, 10)).some(({ id }) => ids.includes(id)));
await ragwall.close();
