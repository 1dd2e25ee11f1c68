// Mastra: a search as a tool, whose tenant is in the request context, where the model does not reach.
import assert from 'node:assert/strict';
import { RequestContext } from '@mastra/core/request-context';
import { createTool } from '@mastra/core/tools';
import { connect, lexicalEmbedder } from 'ragwall';
import { z } from 'zod';

const ragwall = connect(process.env.DATABASE_URL);
const embedder = lexicalEmbedder({ dimensions: await ragwall.dimensions() });

const search = createTool({
  id: 'search',
  description: 'Searches the knowledge base. Answer from what it returns alone.',
  inputSchema: z.object({ query: z.string().max(4_000) }),
  outputSchema: z.object({ passages: z.array(z.object({ id: z.string(), content: z.string() })) }),
  async execute({ query }, { requestContext }) {
    const [vector] = await embedder.embed([query]);
    const found = await ragwall.forTenant(requestContext.get('tenant')).matchDocuments(vector, { k: 5 });
    return { passages: found.map(({ id, content }) => ({ id, content })) };
  },
});

const content = 'Acme launches on March 15.';
const [acme, globex] = ['acme', 'globex'].map(ragwall.forTenant);
await acme.upsertDocuments([{ source: 'mastra.md', position: 0, content }], { embedder });

// An agent calls the tool with what its model wrote, and with the context of the request: set it from a verified token.
const ask = (tenant) =>
  search.execute(
    { query: 'When does Acme launch?', tenant: 'acme' },
    { requestContext: new RequestContext([['tenant', tenant]]) },
  );
const own = await ask('acme');
console.log('acme finds:', own.passages);
assert.equal(own.passages[0].content, content);

// The same as globex.
const read = await globex.transaction((tx) => tx.sql`select content from ragwall.documents`);
assert.deepEqual([...read], [], 'globex reads what acme stored');
assert.deepEqual(await ask('globex'), { passages: [] }, 'globex finds what acme stored');
console.log('globex gets nothing of acme');

await acme.deleteDocuments({ source: 'mastra.md' });
await ragwall.close();
