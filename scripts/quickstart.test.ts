/** What the README has a new user type works as it stands. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { root } from '../db/tests/engine/migrations.js';

const cwd = fileURLToPath(root);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

it('its curl commands answer what it says, for acme and for globex', async (context) => {
  const { stdout: version } = await promisify(execFile)('curl', ['--version']).catch(() => ({
    stdout: '',
  }));
  const [, major = 0, minor = 0] = /^curl (\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) * 100 + Number(minor) < 782) context.skip('needs curl 7.82, for --json');

  const readme = await readFile(new URL('README.md', root), 'utf8');
  const [, commands = '', printed = ''] =
    /```sh\n(\. \.quickstart\/tokens\n.*?)```.*?```\n(.*?)```/s.exec(readme) ?? [];
  const port = await freePort();
  const service = spawn(
    process.execPath,
    ['--import', 'tsx', 'scripts/quickstart.ts', '--embedded', '--port', String(port)],
    { cwd, stdio: 'ignore' },
  );
  try {
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    for (let n = 0; n < 400 && !(await isReady()); n += 1) await sleep(100);
    const { stdout } = await promisify(execFile)(
      'bash',
      ['-ec', commands.replaceAll(':8080', `:${port}`)],
      { cwd },
    );
    const shortened = stdout
      .replace(/"id":"[^"]*"/g, '"id":"…"')
      .replace(/("similarity":0\.\d\d)\d*/g, '$1…');
    expect(shortened.trim()).toBe(printed.trim());
  } finally {
    service.kill('SIGTERM');
    await once(service, 'exit');
  }
}, 90_000);
