/** The quickstart's commands in docs/service.md answer as they stand there, and nothing is left of it, however it ends. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { root } from '../db/tests/engine/migrations.js';
import { needs } from '../db/tests/engine/session.js';

const cwd = fileURLToPath(root);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

/** Starts `npm run quickstart`, and waits until it is ready. `gone` waits until it has ended, and says whether it has. */
async function quickstart(...args: string[]) {
  const port = await freePort();
  const npm = spawn('npm', ['run', 'quickstart', '--', '--port', String(port), ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  npm.stdout.on('data', (text) => {
    printed += text;
  });
  for (let n = 0; n < 600 && npm.exitCode === null && !(await answers(port)); n += 1) await sleep(100);
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(npm.pid)]).catch(() => ({ stdout: '' }));
  const script = Number(stdout);
  const runs = () => {
    try {
      return process.kill(script, 0);
    } catch {
      return false;
    }
  };
  if (!(await answers(port))) {
    if (script) process.kill(script, 'SIGKILL');
    throw new Error(`not ready within a minute; it said: ${printed}`);
  }
  /** Waits for the end of the script, which has the service in it. */
  async function gone(): Promise<boolean> {
    for (let n = 0; n < 100 && (runs() || (await answers(port))); n += 1) await sleep(100);
    return !runs() && !(await answers(port));
  }
  return { port, npm, script, printed: () => printed, gone };
}

it('its curl commands answer what it says, for acme and for globex', async (context) => {
  const { stdout: version } = await promisify(execFile)('curl', ['--version']).catch(() => ({
    stdout: '',
  }));
  const [, major = 0, minor = 0] = /^curl (\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) * 100 + Number(minor) < 782) context.skip('needs curl 7.82, for --json');

  const page = await readFile(new URL('docs/service.md', root), 'utf8');
  const [, commands = '', printed = ''] =
    /```sh\n(\. \.quickstart\/tokens\n.*?)```.*?```text\n(.*?)```/s.exec(page) ?? [];
  const { port, npm, gone } = await quickstart('--embedded');
  try {
    const { stdout } = await promisify(execFile)('bash', ['-ec', commands.replaceAll(':8080', `:${port}`)], { cwd });
    const shortened = stdout.replace(/"id":"[^"]*"/g, '"id":"…"').replace(/("similarity":0\.\d\d)\d*/g, '$1…');
    expect(shortened.trim()).toBe(printed.trim());
  } finally {
    npm.kill('SIGTERM');
    expect(await gone()).toBe(true);
  }
}, 90_000);

describe('whatever ends it', () => {
  beforeEach((context) => needs(context, inject('engine'), ['docker'], 'Docker'));

  it.each<[NodeJS.Signals, 'npm' | 'the script']>([
    ['SIGTERM', 'npm'],
    ['SIGKILL', 'npm'],
    ['SIGHUP', 'the script'],
    ['SIGKILL', 'the script'],
  ])(
    '%s to %s ends the service and removes its container',
    async (signal, to) => {
      const { getContainerRuntimeClient } = await import('testcontainers');
      const client = await getContainerRuntimeClient();
      const { npm, script, printed, gone } = await quickstart();
      const [, id = ''] = /container ([0-9a-f]{12})/.exec(printed()) ?? [];
      const container = client.container.getById(id);
      expect((await container.inspect()).State.Running).toBe(true);
      process.kill(to === 'npm' ? Number(npm.pid) : script, signal);
      expect(await gone()).toBe(true);
      const isThere = () =>
        container.inspect().then(
          () => true,
          () => false,
        );
      for (let n = 0; n < 200 && (await isThere()); n += 1) await sleep(100);
      expect(await isThere()).toBe(false);
    },
    90_000,
  );
});
