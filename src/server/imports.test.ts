/** What `import 'ragwall-server'` loads runs outside Node: no server of Node, no limiter, no metrics, no tracing. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const folder = new URL('./', import.meta.url);

/** Returns the packages and modules of Node that a file of this folder imports, itself and through its own files. No types. */
async function importsOf(file: string, seen = new Set<string>(), found = new Map<string, string>()) {
  if (seen.has(file)) return found;
  seen.add(file);
  const source = (await readFile(new URL(file, folder), 'utf8')).replace(/\/\*.*?\*\//gs, '');
  for (const [, what = '', from = ''] of source.matchAll(/^(?:import|export)\s([^;]*?)\sfrom\s'([^']+)';/gms)) {
    const names = /^(type\s|\{(\s*type\s[^,}]+,?)+\s*\}$)/.test(what);
    if (names) continue;
    if (from.startsWith('./')) await importsOf(from.slice(2).replace(/\.js$/, '.ts'), seen, found);
    else found.set(from, file);
  }
  return found;
}

it('has only packages that run in a worker', async () => {
  const found = await importsOf('index.ts');
  expect([...found.keys()].sort()).toEqual([
    '@hono/zod-openapi',
    'hono/http-exception',
    'hono/request-id',
    'hono/secure-headers',
    'hono/streaming',
    'hono/timeout',
    'jose',
    'ragwall',
    'zod',
  ]);
});

it('control: the command has those of Node', async () => {
  const found = await importsOf('serve-command.ts');
  expect([...found.keys()]).toEqual(
    expect.arrayContaining(['node:http', '@hono/node-server', 'prom-client', 'rate-limiter-flexible']),
  );
});
