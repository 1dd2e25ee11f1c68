// A client of MCP asks the server of acme and the server of globex, in both versions of the SDK.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { connect, lexicalEmbedder } from 'ragwall';

const { AGENT_URL, DATABASE_URL, RAGWALL_SIGNING_KEY } = process.env;
const ragwall = connect(DATABASE_URL);
const acme = ragwall.forTenant('acme');
const embedder = lexicalEmbedder({ dimensions: 1536 });
const content = 'Acme launches on March 15.';
await acme.upsertDocuments([{ source: 'mcp.md', position: 0, content }], { embedder });

const packages = { 1: '@modelcontextprotocol/sdk/client/index.js', 2: '@modelcontextprotocol/client' };
const transports = { 1: '@modelcontextprotocol/sdk/client/stdio.js', 2: '@modelcontextprotocol/client/stdio' };
const script = fileURLToPath(new URL('server.mjs', import.meta.url));

/** Starts the server of a tenant, calls its tool with what a model would pass, and returns the texts. */
async function ask(version, tenant, question) {
  const { Client } = await import(packages[version]);
  const { StdioClientTransport } = await import(transports[version]);
  const client = new Client({ name: 'example', version: '1.0.0' });
  const env = { AGENT_URL, RAGWALL_SIGNING_KEY, RAGWALL_TENANT: tenant };
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [script, version], env }));
  assert.deepEqual(
    (await client.listTools()).tools.map(({ name }) => name),
    ['search'],
  );
  const { content, isError } = await client.callTool({ name: 'search', arguments: question });
  await client.close();
  assert(!isError, JSON.stringify(content));
  return content.map(({ text }) => text);
}

for (const version of ['1', '2']) {
  const found = await ask(version, 'acme', { query: 'When does Acme launch?' });
  console.log(`SDK ${version}: acme finds`, found);
  assert(found.includes(content));

  // The same as globex. A tenant among the arguments does not count.
  const question = { query: 'When does Acme launch?', k: 20, tenant: 'acme', tenant_id: 'acme' };
  assert.deepEqual(await ask(version, 'globex', question), [], 'globex finds what acme stored');
  console.log(`SDK ${version}: globex gets nothing of acme`);
}

// The login of the agents: no table, and no tenant without a token.
const agents = connect(AGENT_URL);
await assert.rejects(
  agents.forTenant('acme').transaction((tx) => tx.sql`select 1`),
  { code: '42501' },
);
await agents.close();
await acme.deleteDocuments({ source: 'mcp.md' });
await ragwall.close();
