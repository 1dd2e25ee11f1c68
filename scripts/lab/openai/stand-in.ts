/** A local server of OpenAI's protocol for tests and demonstrations. Its answers are quotations of passages. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { dimensions as usual } from '../../../db/tests/engine/dimensions.js';
import { lexicalEmbedder } from '../../../src/embedders/lexical.js';

/** What is answered instead of the usual. `pause` between pieces and `hangs` are in milliseconds. */
type Reply =
  | { readonly text: string; readonly finish?: string | null; readonly pause?: number }
  | { readonly status: number; readonly headers?: Record<string, string>; readonly message?: string }
  | { readonly hangs: number };

export interface StandIn {
  /** To be given to the client as `baseURL`. */
  readonly url: string;
  /** The path and the body of every request, oldest first. */
  readonly requests: { readonly path: string; readonly body: Body }[];
  /** What the next requests get, in their order; behind that the usual. */
  readonly replies: Reply[];
  close(): Promise<void>;
}

interface Body {
  readonly input?: string | string[];
  readonly dimensions?: number;
  readonly stream?: boolean;
  readonly messages?: { readonly role: string; readonly content: string }[];
}

const words = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Returns the passage that shares most words with the question, with its citation, or the answer for no passage if none shares two. */
function quote(messages: NonNullable<Body['messages']>): string {
  const [system, context, question] = messages.map(({ content }) => content);
  const passages = [...(context ?? '').matchAll(/^\{.*\}$/gm)].map(
    ([line]) => JSON.parse(line) as { passage: number; text: string },
  );
  const asked = new Set(words(question ?? '').filter((word) => word.length > 3));
  const shared = (text: string) => new Set(words(text).filter((word) => asked.has(word))).size;
  const best = passages.sort((a, b) => shared(b.text) - shared(a.text))[0];
  if (best && shared(best.text) >= 2) return `${best.text} [${best.passage}]`;
  return /exactly this sentence and no citation: (.*)$/m.exec(system ?? '')?.[1] ?? '';
}

async function bodyOf(request: IncomingMessage): Promise<Body> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}

async function embed({ input = [], dimensions = usual }: Body) {
  const texts = [input].flat();
  const vectors = await lexicalEmbedder({ dimensions }).embed(texts);
  return {
    object: 'list',
    model: 'stand-in',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: [...vector] })),
    usage: { prompt_tokens: 0, total_tokens: 0 },
  };
}

function send(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Sends a text in pieces of five characters, as a model does in tokens. Without `finish` it just stops. */
async function streamText(response: ServerResponse, text: string, finish: string | null, pause = 0) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const chunk = (delta: object, finish_reason: string | null = null) =>
    response.write(
      `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'stand-in', choices: [{ index: 0, delta, finish_reason }] })}\n\n`,
    );
  chunk({ role: 'assistant', content: '' });
  for (const [content] of text.matchAll(/.{1,5}/gs)) {
    chunk({ content });
    if (pause > 0) await sleep(pause, undefined, { ref: false });
  }
  if (finish !== null) {
    chunk({}, finish);
    response.write('data: [DONE]\n\n');
  }
  response.end();
}

/** Starts the server on a free port of 127.0.0.1. */
export async function startStandIn(): Promise<StandIn> {
  const requests: StandIn['requests'] = [];
  const replies: Reply[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request).catch(() => undefined);
    if (!body) return send(response, 400, { error: { message: 'no JSON' } });
    const path = request.url ?? '';
    requests.push({ path, body });
    const reply = replies.shift();
    if (reply && 'hangs' in reply) await sleep(reply.hangs, undefined, { ref: false });
    if (reply && 'status' in reply) {
      send(response, reply.status, { error: { message: reply.message ?? 'no' } }, reply.headers);
    } else if (path.endsWith('/embeddings')) {
      send(response, 200, await embed(body));
    } else if (path.endsWith('/chat/completions')) {
      const {
        text,
        finish = 'stop',
        pause,
      } = { text: quote(body.messages ?? []), ...reply } as {
        text: string;
        finish?: string | null;
        pause?: number;
      };
      if (body.stream) await streamText(response, text, finish, pause);
      else {
        const choices = [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: finish }];
        send(response, 200, {
          id: 'x',
          object: 'chat.completion',
          created: 0,
          model: 'stand-in',
          choices,
        });
      }
    } else send(response, 404, { error: { message: 'no such path' } });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    replies,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
