// The service's log by pino, and its spans by OpenTelemetry. Neither has content; a tenant's line has no other's ids.
import assert from 'node:assert/strict';
import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { pino } from 'pino';
import { connect, lexicalEmbedder } from 'ragwall';
import { createServer } from 'ragwall-server';

const exporter = new InMemorySpanExporter(); // in production an exporter of OTLP, set up before this program
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
const lines = [];
const logger = pino({ base: null }, { write: (line) => lines.push(JSON.parse(line)) }); // in production: pino()

const ragwall = connect(process.env.DATABASE_URL);
const embedder = lexicalEmbedder({ dimensions: await ragwall.dimensions() });
const { fetch } = createServer({
  ragwall,
  embedder,
  verify: async (token) => token, // for brevity: tokenVerifier() verifies a JWT
  rateLimiter: false,
  log: ({ time, level, ...entry }) => logger[level](entry, 'request'),
  tracer: trace.getTracer('ragwall-server'),
});

const content = 'Acme launches on March 15.';
const acme = ragwall.forTenant('acme');
await acme.upsertDocuments([{ source: 'telemetry.md', position: 0, content }], { embedder });

async function ask(tenant) {
  const response = await fetch(
    new Request('http://service/documents/query', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant}` },
      body: JSON.stringify({ query: 'When does Acme launch?', k: 5 }),
    }),
  );
  return (await response.json()).matches;
}
const [{ id, content: found }] = await ask('acme');
console.log('acme finds:', found);
const foreign = await ask('globex');
console.log(lines);
const spans = exporter.getFinishedSpans().map(({ name, attributes }) => ({ name, attributes }));
console.log(spans);
assert.deepEqual(
  lines.map((line) => [line.tenant, line.documents]),
  [
    ['acme', [id]],
    ['globex', []],
  ],
);
assert(spans.length > 0);
assert.deepEqual(foreign, [], 'globex finds what acme stored');
assert(!/launch|March/i.test(JSON.stringify([lines, spans])), 'content is logged');
console.log('globex gets nothing of acme');

await acme.deleteDocuments({ source: 'telemetry.md' });
await ragwall.close();
