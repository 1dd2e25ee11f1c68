// The client of Ragwall, the same on Node, Bun and Deno:
//   node client.mjs, bun client.mjs, deno run --allow-env --allow-net --allow-read client.mjs
import assert from 'node:assert/strict';
import process from 'node:process';
import { connect, lexicalEmbedder } from 'ragwall';

const { bun, deno, node } = process.versions;
console.log(bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`);

const ragwall = connect(process.env.DATABASE_URL, { max: 2 });
await ragwall.assertIsolation();
const embedder = lexicalEmbedder({ dimensions: await ragwall.dimensions() });
const [acme, globex] = ['acme', 'globex'].map(ragwall.forTenant);

const content = 'Acme launches on March 15.';
console.log('acme stores:', await acme.upsertDocuments([{ source: 'rt.md', position: 0, content }], { embedder }));
const [question] = await embedder.embed(['When does Acme launch?']);
const found = await acme.matchDocuments(question, { k: 5 });
console.log(
  'acme finds:',
  found.map((match) => match.content),
);
assert(found.some((match) => match.content === content));

// The same as globex.
const read = await globex.transaction((tx) => tx.sql`select content from ragwall.documents`);
assert.deepEqual([...read], [], 'globex reads what acme stored');
assert.deepEqual(await globex.matchDocuments(question, { k: 20 }), [], 'globex finds what acme stored');
console.log('globex gets nothing of acme');

// Both at once, on two connections.
const asked = Array.from({ length: 20 }, (_, i) => (i % 2 ? acme : globex).matchDocuments(question));
const counts = (await Promise.all(asked)).map((matches) => matches.length > 0);
assert.deepEqual(
  counts,
  counts.map((_, i) => i % 2 === 1),
);

await acme.deleteDocuments({ source: 'rt.md' });
await ragwall.close();
