/** The command line: each command tells how it is used, and whatever is unknown is refused by name. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { root } from '../../db/tests/engine/migrations.js';
import { needs } from '../../db/tests/engine/session.js';

const engine = inject('engine');

/** Runs the command with DATABASE_URL and returns what it said. */
async function ragwall(...args: string[]) {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL('../cli.ts', import.meta.url)), ...args],
    { env: { ...process.env, DATABASE_URL: engine.adminUrl } },
  );
  return stdout + stderr;
}

describe('on a server', () => {
  beforeEach((context) => needs(context, engine, ['docker', 'url'], 'a session of its own'));

  it('audits, and exits by what it finds', async () => {
    const { code, stdout } = await ragwall('audit', '--format', 'json').then(
      (text) => ({ code: 0, stdout: text }),
      (error) => error,
    );
    const gates = JSON.parse(stdout).rows.filter((row: { gates: boolean }) => row.gates);
    expect(code).toBe(gates.length > 0 ? 1 : 0);
  });
});

it.each([
  [['--help'], 'ragwall audit [url]     checks'],
  [['index', '--help'], '--plan'],
  [['audit', '--help'], '--write-baseline <file>'],
  [['eval', '--help'], '--tenant <tenant>'],
  [['serve', '--help'], 'RAGWALL_JWT_AUDIENCE'],
])('%j tells how it is used', async (args, help) => {
  expect(await ragwall(...args)).toContain(help);
});

it('--version prints the version of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  expect(await ragwall('--version')).toBe(`${version}\n`);
});

it.each([
  [[], 2, 'ragwall index [url]'],
  [['nonsense'], 1, 'unknown command nonsense; expected: ragwall migrate, sql, index, audit'],
  [['--nonsense'], 1, 'unknown option --nonsense; expected: ragwall migrate, sql, index, audit'],
  [['index', '--nonsense'], 1, "Unknown option '--nonsense'"],
  [['audit', '--nonsense'], 2, "Unknown option '--nonsense'"],
  [['index', '--from', 'many'], 1, '--from is expected to be a whole number'],
  [['index', '--wait', '-1'], 1, '--wait'],
  [['index', '--wait', 'long'], 1, '--wait is expected to be a whole number of seconds from 0'],
  [['index', '--watch', '0'], 1, '--watch is expected to be a whole number of seconds from 1'],
  [['index', '--plan', '--watch', '1'], 1, '--plan and --watch exclude each other'],
  [['index', 'a', 'b'], 1, 'expected: ragwall index [url]'],
  [['audit', '--format', 'pdf'], 2, '--format is expected to be one of'],
])('%j says what is expected, and exits with %i', async (args, code, help) => {
  await expect(ragwall(...args)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(args.length ? help : ''),
    stdout: expect.stringContaining(args.length ? '' : help),
  });
});
