// LangChain's SupabaseVectorStore and supabase-js as they are, on ragwall_api.passages. PostgREST binds the tenant.
import assert from 'node:assert/strict';
import { SupabaseVectorStore } from '@langchain/community/vectorstores/supabase';
import { OpenAIEmbeddings } from '@langchain/openai';
import { createClient } from '@supabase/supabase-js';

const { SUPABASE_URL, SUPABASE_KEY, ACME_TOKEN, GLOBEX_TOKEN, TOKEN_WITHOUT_TENANT } = process.env;
const db = { schema: 'ragwall_api' };
// Node 20 has no WebSocket. supabase-js asks for one at once, but only subscriptions use it.
const realtime = { transport: globalThis.WebSocket ?? class {} };
// The token of the user who has signed in.
const clientOf = (token) => createClient(SUPABASE_URL, SUPABASE_KEY, { accessToken: async () => token, db, realtime });
// The view has to know the model, which the store does not name. Its owner sets it once:
//   alter view ragwall_api.passages alter column embedding_model set default 'text-embedding-3-small';
const embeddings = new OpenAIEmbeddings({ model: 'text-embedding-3-small' });
const table = { tableName: 'passages', queryName: 'match_passages' };
const storeOf = (token) => new SupabaseVectorStore(embeddings, { ...table, client: clientOf(token) });
const [acme, globex, nobody] = [ACME_TOKEN, GLOBEX_TOKEN, TOKEN_WITHOUT_TENANT].map(storeOf);

const id = '00000000-0000-4000-8000-000000000001';
const launch = (pageContent) => [{ pageContent, metadata: { topic: 'launch' } }];
const lunch = [{ pageContent: 'The cafeteria of Acme serves soup.', metadata: { topic: 'food' } }];
const [food] = await acme.addDocuments(lunch);
await acme.addDocuments(launch('Acme launches on March 14.'), { ids: [id] });
await acme.addDocuments(launch('Acme launches on March 15.'), { ids: [id] }); // the same id replaces
const question = 'When does Acme launch?';
const found = await acme.similaritySearchWithScore(question, 10);
console.log('acme finds:', found);
const contentsOf = (rows) => rows.map(({ content, pageContent }) => content ?? pageContent);
const both = ['Acme launches on March 15.', lunch[0].pageContent];
assert.deepEqual(contentsOf(found.map(([document]) => document)), both);
assert.deepEqual(contentsOf(await acme.similaritySearch(question, 1, { topic: 'food' })), both.slice(1));
const isFood = (rpc) => rpc.filter('metadata->>topic', 'eq', 'food');
assert.deepEqual(contentsOf(await acme.similaritySearch(question, 1, isFood)), both.slice(1));
assert.deepEqual(contentsOf(await acme.maxMarginalRelevanceSearch(question, { k: 2, fetchK: 10 })), both);
assert.deepEqual(contentsOf(await acme.asRetriever({ k: 1 }).invoke(question)), both.slice(0, 1));

// The same as globex.
const read = async ({ client }) => contentsOf((await client.from('passages').select().throwOnError()).data);
assert.deepEqual(await read(globex), [], 'globex reads what acme stored');
assert.deepEqual(await globex.similaritySearch(question, 10), [], 'globex finds what acme stored');
await globex.addDocuments(launch('Globex launches in May.'), { ids: [id] }); // an id of acme, and one of globex
assert.deepEqual((await read(acme)).sort(), both, 'globex replaces what acme stored');
await globex.delete({ ids: [id, food] });
assert.deepEqual([(await read(acme)).length, (await read(globex)).length], [2, 0], 'globex deletes what acme stored');
const foreign = { tenant_id: 'acme', content: 'Acme launches never.' };
assert.equal((await globex.client.from('passages').insert(foreign)).error?.code, 'PGRST204'); // no such column
assert.equal((await globex.client.rpc('set_tenant', { tenant: 'acme' })).error?.code, 'PGRST202'); // not exposed
assert.equal((await globex.client.schema('ragwall').from('documents').select()).error?.code, 'PGRST106');
// A token without a tenant reads nothing, and whatever it writes is an error. LangChain's delete() ignores the error.
assert.deepEqual(await read(nobody), []);
await assert.rejects(nobody.addDocuments(lunch), /no tenant is bound to this transaction/);
await nobody.delete({ ids: [id] });
const { status, error } = await nobody.client.from('passages').delete().in('id', [id]); // supabase-js returns it
assert.deepEqual([status, error?.code, (await read(acme)).length], [400, 'RW001', 2]);
console.log('globex gets nothing of acme');

await acme.delete({ ids: [id, food] });
assert.deepEqual(await read(acme), []);
