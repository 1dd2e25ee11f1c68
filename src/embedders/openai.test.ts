/** openaiEmbedder() returns one usable vector for each text, in order, with any release of the client; or says what it expected. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { inspect } from 'node:util';
import OpenAI6 from 'openai';
import OpenAI4 from 'openai4';
import OpenAI5 from 'openai5';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type OpenAIEmbeddings, openaiEmbedder } from './openai.js';

describe.each([
  ['4', OpenAI4],
  ['5', OpenAI5],
  ['6', OpenAI6],
])('with openai %s', (_release, OpenAI) => {
  type Body = { model: string; dimensions?: number; input: string[]; encoding_format?: string };
  type Item = { index: number; embedding: number[] | string };
  let client: OpenAIEmbeddings;
  let requests: Body[];
  let answer: (items: Item[], body: Body) => unknown;

  // Answers '7' with [7, 0, 0], in the encoding that is asked for; `answer` makes it go wrong.
  const server = createServer(async (request, response) => {
    const body = (await json(request)) as Body;
    requests.push(body);
    const items = body.input.map((text, index) => {
      const vector = new Float32Array(body.dimensions ?? 5).fill(Number(text), 0, 1);
      const base64 = Buffer.from(vector.buffer).toString('base64');
      return { index, embedding: body.encoding_format === 'base64' ? base64 : [...vector] };
    });
    const data = answer(items, body);
    response.writeHead(Array.isArray(data) ? 200 : 400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ data, error: data }));
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    client = new OpenAI({ apiKey: 'none', baseURL, maxRetries: 0 });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    requests = [];
    answer = (items) => items;
  });

  test('names the model and the dimensions, and sends them', async () => {
    const embedder = openaiEmbedder(client, { model: 'm', dimensions: 3 });
    expect(embedder.model).toBe('m@3');
    expect(await embedder.embed(['7'])).toEqual([[7, 0, 0]]);
    expect(requests).toMatchObject([{ model: 'm', dimensions: 3, input: ['7'] }]);
  });

  test('leaves the dimensions to the model unless they are given', async () => {
    const embedder = openaiEmbedder(client, { model: 'm' });
    expect(embedder.model).toBe('m');
    expect(await embedder.embed(['7'])).toEqual([[7, 0, 0, 0, 0]]);
    expect(requests[0]).not.toHaveProperty('dimensions');
  });

  test('sends batches and keeps the order, however the server shuffles', async () => {
    answer = (items) => items.reverse();
    const embedder = openaiEmbedder(client, { dimensions: 1, batchSize: 2 });
    expect(await embedder.embed(['5', '1', '4', '2', '3'])).toEqual([[5], [1], [4], [2], [3]]);
    expect(requests.map(({ input }) => input)).toEqual([['5', '1'], ['4', '2'], ['3']]);
  });

  test('reads servers that answer numbers, whatever encoding is asked for', async () => {
    answer = (items) => items.map((item) => ({ ...item, embedding: [1, 2, 3, 4] }));
    expect(await openaiEmbedder(client, { dimensions: 4 }).embed(['1'])).toEqual([[1, 2, 3, 4]]);
  });

  test('sends nothing for no texts', async () => {
    expect(await openaiEmbedder(client).embed([])).toEqual([]);
    expect(requests).toEqual([]);
  });

  test.each<[string, typeof answer, string]>([
    ['too few vectors', (items) => items.slice(1), 'expected to return 2 vectors, and returned 1'],
    ['too many vectors', (items) => [...items, ...items], 'to return 2 vectors, and returned 4'],
    ['a vector twice', ([first]) => [first, first], 'expected to be numbered from 0 to 1'],
    ['short vectors', () => [0, 1].map((index) => ({ index, embedding: [1] })), 'dimensions, and has 1'],
    ['an error that quotes the text', (_, { input }) => ({ message: input[0] }), 'RequestError, HTTP 400'],
  ])('refuses %s, without the texts', async (_, wrong, message) => {
    answer = wrong;
    const embedder = openaiEmbedder(client, { dimensions: 3 });
    const error = await embedder.embed(['271828', '2']).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'EMBEDDING_FAILED', message: expect.stringContaining(message) });
    expect(inspect(error)).not.toContain('271828');
  });

  test.each([0, 1.5, 4001, Number.NaN, '8' as never])('refuses the option %s', (value) => {
    const refusal = expect.objectContaining({ code: 'INVALID_OPTION' });
    expect(() => openaiEmbedder(client, { dimensions: value })).toThrow(refusal);
    expect(() => openaiEmbedder(client, { batchSize: value })).toThrow(refusal);
  });
});
