/** What the Dockerfile copies is there, and what it runs takes the options that it is given. The image is not built here. */
import { access, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { root } from '../db/tests/engine/migrations.js';
import { readOptions } from '../src/server/serve-options.js';

const read = (path: string) => readFile(new URL(path, root), 'utf8');

it('copies what is there, and what .dockerignore lets through', async () => {
  const sources = [...(await read('Dockerfile')).matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, names = '']) =>
    names.split(' '),
  );
  expect(sources).toContain('src');
  const ignore = (await read('.dockerignore')).split('\n');
  for (const source of sources) {
    await access(new URL(source, root));
    expect(ignore).toContain(`!${source}`);
  }
});

it('takes from the build what the packages say they are', async () => {
  const built = [...(await read('Dockerfile')).matchAll(/^COPY --from=build \/app\/(\S+) /gm)].map(([, path]) => path);
  expect(built).toEqual(['package.json', 'node_modules', 'dist', 'src/server/package.json', 'src/server/dist']);
  const [core, server] = await Promise.all(
    ['package.json', 'src/server/package.json'].map(async (path) => JSON.parse(await read(path))),
  );
  expect(core.exports['.'].default).toMatch(/^\.\/dist\//);
  expect(server.exports['./serve'].default).toMatch(/^\.\/dist\//);
});

it('runs the command, on every address, and asks where it listens', async () => {
  const text = await read('Dockerfile');
  const [node, file, command, ...args] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(text)?.[1] ?? '[]');
  expect([node, file, command]).toEqual(['node', JSON.parse(await read('package.json')).bin.ragwall, 'serve']);
  const options = readOptions(args);
  expect(options?.host).toBe('0.0.0.0');
  expect(text).toMatch(new RegExp(`^HEALTHCHECK .* http://127\\.0\\.0\\.1:${options?.port}/healthz$`, 'm'));
  expect(text).toMatch(/^USER node$/m);
});
