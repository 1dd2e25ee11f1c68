// An MCP server over stdio: searches the documents of one tenant, as agent_caller, which may call one function.
// `node server.mjs 1` takes version 1 of the SDK, `node server.mjs 2` version 2. The code is the same.
import { connect, lexicalEmbedder, tokenSigner } from 'ragwall';
import { z } from 'zod';

const one = process.argv[2] === '1';
const { McpServer } = await import(one ? '@modelcontextprotocol/sdk/server/mcp.js' : '@modelcontextprotocol/server');
const { StdioServerTransport } = await import(
  one ? '@modelcontextprotocol/sdk/server/stdio.js' : '@modelcontextprotocol/server/stdio'
);

const { AGENT_URL, RAGWALL_SIGNING_KEY, RAGWALL_TENANT } = process.env;
const ragwall = connect(AGENT_URL, { signer: tokenSigner(RAGWALL_SIGNING_KEY) });
// Whoever starts the server names the tenant. The model cannot: it is no argument of the tool.
const tenant = ragwall.forTenant(RAGWALL_TENANT);
const embedder = lexicalEmbedder({ dimensions: await ragwall.dimensions() });

const server = new McpServer({ name: 'knowledge', version: '1.0.0' });
server.registerTool(
  'search',
  {
    description: 'Returns the passages that are nearest to a question, nearest first.',
    inputSchema: z.object({ query: z.string().max(4_000), k: z.int().min(1).max(20).default(5) }),
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
  async ({ query, k }) => {
    const [vector] = await embedder.embed([query]);
    const found = await tenant.matchDocuments(vector, { k });
    return { content: found.map(({ content: text }) => ({ type: 'text', text })) };
  },
);
await server.connect(new StdioServerTransport());
