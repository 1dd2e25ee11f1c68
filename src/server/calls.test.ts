/** Retrievals and calls of models are traced and timed, by OpenTelemetry's names, without a word of content and without the tenant. */
import { context, trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Histogram, Registry } from 'prom-client';
import type { Embedder, Ragwall } from 'ragwall';
import { afterEach, describe, expect, it } from 'vitest';
import type { Answerer } from './answer.js';
import { createServer, type ServerOptions } from './app.js';
import { createCalls } from './calls.js';
import { callDurations } from './metrics.js';

const exporter = new InMemorySpanExporter();
const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer('test');
afterEach(() => exporter.reset());

/** What was recorded: of each span its name, kind, attributes and status. */
const spans = () =>
  exporter
    .getFinishedSpans()
    .map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status: status.code }));

const found = { tenantId: 'acme', id: '1', source: 'plan.md', position: 0, metadata: {}, similarity: 1 };
const matches = [{ ...found, content: 'secret' }];
const done = { answer: 'secret', citations: [], complete: true };
const embedder: Embedder = { model: 'small', embed: async (texts) => texts.map(() => [1]) };
const answerer: Answerer = {
  model: 'large',
  answer: async () => done,
  async *stream() {
    yield 'secret';
    return done;
  },
};

async function ask(path: string, body: object, more: Partial<ServerOptions> = {}) {
  const registry = new Registry();
  const server = createServer({
    ragwall: {
      max: 1,
      forTenant: () => ({ tenantId: 'acme', matchDocuments: async () => matches }),
      assertIsolation: async () => [],
      wordsConfiguration: async () => null,
    } as unknown as Ragwall,
    ...{ verify: async () => 'acme', embedder, answerer, rateLimiter: false, log: () => {}, tracer },
    metrics: { calls: new Histogram({ ...callDurations, registers: [registry] }) },
    ...more,
  });
  const headers = { authorization: 'Bearer x', 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await server.fetch(new Request(`http://localhost${path}`, init));
  await response.text();
  await new Promise(setImmediate);
  const counts = [...(await registry.metrics()).matchAll(/_count\{call="(\w+)",outcome="(\w+)"\} (\d+)/g)];
  return { status: response.status, counts: counts.map(([, ...count]) => count.join(' ')).sort() };
}

const embeddings = {
  ...{ name: 'embeddings small', kind: 2, status: 0 },
  attributes: { 'gen_ai.operation.name': 'embeddings', 'gen_ai.request.model': 'small' },
};
const retrieval = {
  ...{ name: 'retrieval', kind: 0, status: 0 },
  attributes: {
    'gen_ai.operation.name': 'retrieval',
    'gen_ai.data_source.id': 'documents',
    'gen_ai.retrieval.top_k': 3,
    'ragwall.passages': 1,
  },
};
const chat = {
  ...{ name: 'chat large', kind: 2, status: 0 },
  attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'large' },
};
const question = { query: 'secret question', k: 3 };

describe('a request', () => {
  it.each([
    ['/documents/query', question, [embeddings, retrieval]],
    ['/documents/answer', question, [embeddings, retrieval, chat]],
    ['/documents/answer', { ...question, stream: true }, [embeddings, retrieval, chat]],
  ])('%s %j is traced and timed', async (path, body, expected) => {
    const { status, counts } = await ask(path, body);
    expect(status).toBe(200);
    expect(spans()).toEqual(expected);
    expect(JSON.stringify(spans())).not.toMatch(/secret|acme|plan/);
    const names = expected.map(({ attributes }) => attributes['gen_ai.operation.name']);
    expect(counts).toEqual(names.map((name) => `${name} done 1`).sort());
  });

  it('that is reranked is traced and timed with that', async () => {
    const { status, counts } = await ask('/documents/query', question, { rerank: () => [0] });
    expect(status).toBe(200);
    const attributes = { ...retrieval.attributes, 'gen_ai.retrieval.top_k': 3 };
    const rerank = { name: 'rerank', kind: 0, status: 0, attributes: { 'gen_ai.operation.name': 'rerank' } };
    expect(spans()).toEqual([embeddings, rerank, { ...retrieval, attributes }]);
    expect(counts).toEqual(['embeddings done 1', 'rerank done 1', 'retrieval done 1']);
  });

  it('that fails has the kind of the error, and no message', async () => {
    const failing: Embedder = { model: 'small', embed: () => Promise.reject(new TypeError('secret')) };
    const { status, counts } = await ask('/documents/query', question, { embedder: failing });
    expect(status).toBe(500);
    const [first, second] = spans();
    expect(first).toMatchObject({ name: 'embeddings small', status: 2, attributes: { 'error.type': 'TypeError' } });
    expect(second).toMatchObject({ name: 'retrieval', status: 2, attributes: { 'error.type': 'TypeError' } });
    expect(
      JSON.stringify(exporter.getFinishedSpans().map(({ events, attributes }) => [events, attributes])),
    ).not.toContain('secret');
    expect(counts).toEqual(['embeddings failed 1', 'retrieval failed 1']);
  });

  it('needs no tracer', async () => {
    const { tracer: _, ...without } = { tracer };
    expect((await ask('/documents/query', question, { ...without, tracer: undefined as never })).status).toBe(200);
    expect(spans()).toEqual([]);
  });
});

it('ends the span of a stream that nobody reads on, and of one that fails', async () => {
  const calls = createCalls(undefined, tracer);
  const left = calls.stream('chat', {}, answerer.stream('', []));
  await left.next();
  await left.return(done);
  async function* failing(): AsyncGenerator<string, typeof done> {
    yield 'x';
    throw Object.assign(new Error('secret'), { code: 'TIMEOUT' });
  }
  const failed = calls.stream('chat', {}, failing());
  await failed.next();
  await expect(failed.next()).rejects.toThrow();
  expect(spans()).toMatchObject([{ status: 0 }, { status: 2, attributes: { 'error.type': 'TIMEOUT' } }]);
});

it('takes the tracer of the API as it is, which does nothing where no exporter is set up', async () => {
  expect((await ask('/documents/query', question, { tracer: trace.getTracer('ragwall-server') })).status).toBe(200);
  expect(context.active()).toBeDefined();
  expect(spans()).toEqual([]);
});
