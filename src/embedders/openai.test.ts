/** openaiEmbedder() returns one usable vector for each text, in order, with any release of the client; or says what it expected. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
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
    expect(embedder).toMatchObject({ model: 'm@3', dimensions: 3 });
    expect(await embedder.embed(['7'])).toEqual([[7, 0, 0]]);
    expect(requests).toMatchObject([{ model: 'm', dimensions: 3, input: ['7'] }]);
  });

  test('leaves the dimensions to the model unless they are given', async () => {
    const embedder = openaiEmbedder(client, { model: 'm' });
    expect(embedder.model).toBe('m');
    expect(embedder).not.toHaveProperty('dimensions');
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

  test('tells the status, and the code and the type of a service’s error, and no text of it', async () => {
    answer = (_, { input }) => ({ message: input[0], code: 'unsupported_value', type: 'invalid_request_error' });
    const error = await openaiEmbedder(client)
      .embed(['271828'])
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      ...{
        code: 'EMBEDDING_FAILED',
        provider: { status: 400, code: 'unsupported_value', type: 'invalid_request_error' },
      },
      message: expect.stringContaining('HTTP 400, code unsupported_value, type invalid_request_error.'),
    });
    answer = (_, { input }) => ({ message: 'no', code: `value ${input[0]}`, type: null });
    const quoting = await openaiEmbedder(client)
      .embed(['271828'])
      .catch((reason: unknown) => reason);
    expect(quoting).toMatchObject({ provider: { status: 400 } });
    expect(inspect([error, quoting])).not.toContain('271828');
  });

  const lengths = { countTokens: (text: string) => text.length, dimensions: 1 };
  const inputs = () => requests.map(({ input }) => input);

  test('makes requests of as many tokens as are allowed, and as many texts', async () => {
    const embedder = openaiEmbedder(client, { ...lengths, maxTokens: 6, batchSize: 3 });
    const texts = ['11', '22', '33', '4', '555555', '6', '7', '8', '9'];
    expect((await embedder.embed(texts)).map(([first]) => first)).toEqual(texts.map(Number));
    expect(inputs()).toEqual([['11', '22', '33'], ['4'], ['555555'], ['6', '7', '8'], ['9']]);
  });

  test('counts two bytes for a token where it is not told how', async () => {
    await openaiEmbedder(client, { dimensions: 1, maxTokens: 4 }).embed(['1111', '2222', '333', '44']);
    expect(inputs()).toEqual([
      ['1111', '2222'],
      ['333', '44'],
    ]);
  });

  test('sends as many requests at once as it is told, and keeps the order', async () => {
    let [now, most] = [0, 0];
    const slow: OpenAIEmbeddings = {
      embeddings: {
        async create({ input }) {
          most = Math.max(most, ++now);
          await sleep(Number(input[0]) % 2 ? 5 : 15);
          now -= 1;
          return { data: input.map((text, index) => ({ index, embedding: [Number(text)] })) };
        },
      },
    };
    const texts = Array.from({ length: 20 }, (_, n) => `${n}`);
    for (const concurrency of [undefined, 1, 4]) {
      most = 0;
      const embedder = openaiEmbedder(slow, { batchSize: 1, ...(concurrency && { concurrency }) });
      expect((await embedder.embed(texts)).map(([first]) => first)).toEqual(texts.map(Number));
      expect(most).toBe(concurrency ?? 1);
    }
  });

  test('begins no request after one has failed', async () => {
    answer = (items, { input }) => (input[0] === '0' ? { message: 'no' } : items);
    const embedder = openaiEmbedder(client, { batchSize: 1, concurrency: 2 });
    const texts = Array.from({ length: 30 }, (_, n) => `${n}`);
    await expect(embedder.embed(texts)).rejects.toMatchObject({ code: 'EMBEDDING_FAILED' });
    await sleep(200);
    expect(requests.length).toBeLessThan(10);
  });

  test.each<[string, object, string]>([
    ['that is too long as it is counted', { ...lengths, maxInputTokens: 5 }, '666666'],
    ['that is too long however it is counted', { maxInputTokens: 5 }, '6'.repeat(41)],
    ['that is counted as nothing', { countTokens: () => Number.NaN }, '6'],
    ['that is blank', {}, ' \n'],
  ])('names a text %s, and sends nothing', async (_, options, text) => {
    const texts = _ === 'that is counted as nothing' ? [text] : ['1', '2', text];
    const error = await openaiEmbedder(client, options)
      .embed(texts)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'EMBEDDING_FAILED', text: texts.length - 1 });
    expect((error as Error).message).toMatch(texts.length > 1 ? /^Text 2 is expected/ : /^The text is expected/);
    expect(inspect(error)).not.toContain('666');
    expect(requests).toEqual([]);
  });

  const tooMany = {
    message: 'Requested 9 tokens, max 4',
    code: 'max_tokens_per_request',
    type: 'max_tokens_per_request',
  };
  const tooLong = { message: 'maximum context length is 8192 tokens', code: null, type: 'invalid_request_error' };

  test('divides a request that is refused as too large, once', async () => {
    answer = (items, { input }) => (input.length > 2 ? tooMany : items);
    const texts = ['1', '2', '3', '4'];
    const embedder = openaiEmbedder(client, { dimensions: 1 });
    expect((await embedder.embed(texts)).map(([first]) => first)).toEqual([1, 2, 3, 4]);
    expect(inputs()).toEqual([texts, ['1', '2'], ['3', '4']]);
    requests = [];
    answer = () => tooMany;
    await expect(embedder.embed(texts)).rejects.toMatchObject({ provider: { status: 400, code: tooMany.code } });
    expect(inputs()).toEqual([texts, ['1', '2']]);
  });

  test('names the text that the service refuses as too long', async () => {
    answer = (items, { input }) => (input.some((text) => text.length > 20) ? tooLong : items);
    const embedder = openaiEmbedder(client, { dimensions: 1, maxInputTokens: 8 });
    const long = ['1'.repeat(17), '2'.repeat(19), '3'.repeat(21)];
    const error = await embedder.embed(['4', ...long, '5']).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'EMBEDDING_FAILED',
      text: 3,
      message: expect.stringMatching(/^Text 3 .* at most 8 tokens/),
    });
    requests = [];
    await expect(embedder.embed(long.slice(2))).rejects.toMatchObject({ text: 0 });
    expect(requests).toHaveLength(1);
  });

  test.each([0, 1.5, 4001, Number.NaN, '8' as never])('refuses the option %s', (value) => {
    const refusal = expect.objectContaining({ code: 'INVALID_OPTION' });
    expect(() => openaiEmbedder(client, { dimensions: value })).toThrow(refusal);
    expect(() => openaiEmbedder(client, { batchSize: value })).toThrow(refusal);
  });
});
