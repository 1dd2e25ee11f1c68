/** The calls of OpenAI's API that the examples make: embeddings of spelling, and a model that calls its first tool. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { lexicalEmbedder } from '../../src/index.js';

const embedder = lexicalEmbedder({ dimensions: 1536 });

interface Asked {
  readonly model: string;
  readonly input: string | string[];
  readonly encoding_format?: string;
  readonly messages: { readonly role: string; readonly content: unknown }[];
  readonly tools?: { readonly function: { readonly name: string } }[];
}

async function embeddings({ model, input, encoding_format }: Asked) {
  const vectors = await embedder.embed([input].flat());
  const data = vectors.map((vector, index) => {
    const floats = Float32Array.from(vector);
    const embedding = encoding_format === 'base64' ? Buffer.from(floats.buffer).toString('base64') : [...floats];
    return { object: 'embedding', index, embedding };
  });
  return { object: 'list', model, data, usage: { prompt_tokens: 1, total_tokens: 1 } };
}

/** Calls the first tool with the last question, and a tenant that nobody asked for; then repeats what the tool said. */
function completion({ model, messages, tools = [] }: Asked) {
  const last = messages.at(-1);
  const query = messages.findLast(({ role }) => role === 'user')?.content;
  const call = {
    name: tools[0]?.function.name,
    arguments: JSON.stringify({ query, tenant: 'acme', tenantId: 'acme' }),
  };
  const calls = last?.role !== 'tool' && call.name !== undefined;
  const message = calls
    ? { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: call }] }
    : { role: 'assistant', content: `The tool said: ${JSON.stringify(last?.content)}` };
  const choices = [{ index: 0, finish_reason: calls ? 'tool_calls' : 'stop', message }];
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  return { id: 'completion', object: 'chat.completion', created: 1, model, choices, usage };
}

/** Starts the server on a free port, and returns its address and what closes it. */
export async function startFakeOpenAI(): Promise<{ url: string; close: () => void }> {
  const server = createServer(async (request, response) => {
    const asked = (await json(request)) as Asked;
    const answer = request.url?.endsWith('/embeddings') ? await embeddings(asked) : completion(asked);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
