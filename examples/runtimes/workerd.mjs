// Bundles the worker, runs it in workerd, the runtime of Cloudflare, and asks it as two tenants.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { connect, lexicalEmbedder } from 'ragwall';

const { DATABASE_URL } = process.env;
const ragwall = connect(DATABASE_URL);
const acme = ragwall.forTenant('acme');
const content = 'Acme launches on March 15.';
const embedder = lexicalEmbedder({ dimensions: 1536 });
await acme.upsertDocuments([{ source: 'worker.md', position: 0, content }], { embedder });

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('worker.mjs', import.meta.url))],
  ...{ bundle: true, format: 'esm', platform: 'neutral', mainFields: ['module', 'main'], write: false },
  conditions: ['workerd', 'worker'],
  external: ['node:*', 'cloudflare:*'],
});
const runtime = new Miniflare({
  modules: [{ type: 'ESModule', path: 'worker.mjs', contents: outputFiles[0].text }],
  compatibilityDate: '2026-04-01',
  compatibilityFlags: ['nodejs_compat'],
  bindings: { DATABASE_URL },
});
const ask = async (tenant) => {
  const search = new URLSearchParams({ tenant, query: 'When does Acme launch?' });
  const response = await runtime.dispatchFetch(`http://worker/?${search}`);
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
};

const own = await ask('acme');
console.log('acme finds:', own.found);
assert(own.found.includes(content));
assert.deepEqual(await ask('globex'), { found: [], read: [] }, 'globex reads what acme stored');
console.log('globex gets nothing of acme');

await runtime.dispose();
await acme.deleteDocuments({ source: 'worker.md' });
await ragwall.close();
