/** The pgTAP files run under pg_prove, as they do for a user: db/tests/engine/fixture.sql says how. */
import { readFile } from 'node:fs/promises';
import { getContainerRuntimeClient } from 'testcontainers';
import { beforeEach, expect, inject, it } from 'vitest';
import { pgtapFiles, pgtapFolder } from './engine/migrations.js';
import { needs } from './engine/session.js';

const engine = inject('engine');
beforeEach((context) => needs(context, engine, ['docker'], 'pg_prove'));

it('every file passes, without parse errors', { timeout: 600_000 }, async () => {
  const { container } = await getContainerRuntimeClient();
  const server = container.getById(engine.containerId ?? '');
  const run = (...command: string[]) => container.exec(server, command);

  const files = await pgtapFiles();
  await run('mkdir', '-p', 'pgtap/attacks');
  for (const file of files) {
    const text = await readFile(new URL(file, pgtapFolder), 'utf8');
    await run('bash', '-c', 'printf %s "$1" > "pgtap/$2"', 'bash', text, file);
  }
  const paths = files.map((file) => `pgtap/${file}`);
  const { stdout, output, exitCode } = await run('pg_prove', '--verbose', '-d', 'ragwall', ...paths);
  expect(exitCode, output).toBe(0);
  // A line that is not TAP is no error for pg_prove, but here it would be an assertion that is not counted.
  const tap = /^((not )?ok( \d+ - .*)?|1\.\.\d+|# .*|)$/;
  const own = /^(pgtap\/.*\.sql \.+ *|All tests successful\.|Files=.*|Result: PASS)$/;
  expect(stdout.split('\n').filter((line) => !tap.test(line) && !own.test(line))).toEqual([]);
});
