/** Runs Vitest files on a database or from sources in which something was broken. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { root } from '../../../db/tests/engine/migrations.js';

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const config = fileURLToPath(new URL('./vitest.config.ts', import.meta.url));

const inSources = (...names: string[]) => names.map((name) => `src/${name}.test.ts`);
const besideSql = (...names: string[]) => names.map((name) => `db/tests/${name}.test.ts`);

/** The tests that run on broken sources of the client or the service, the quickest first. */
export const clientTests = inSources(
  ...['client/token', 'client/walls', 'client/connections'],
  ...[
    'server/verify',
    'server/identity-providers',
    'server/authenticate',
    'server/rate-limit',
    'server/budget',
    'server/turns',
  ],
  ...['server/grounding', 'server/links', 'server/answer', 'server/app'],
  ...['client/handle', 'client/transaction', 'client/reset'],
  ...['client/search', 'server/rerank', 'server/words'],
);

/** The tests that run on a broken database, as a client does, the quickest first. */
export const databaseTests = [
  ...besideSql('context', 'residue', 'search-tables', 'settings', 'work'),
  ...inSources('client/token', 'client/walls', 'client/handle'),
  ...besideSql('agents', 'logins', 'token-life'),
];

/** Leaves out a test that takes long and notices nothing that others do not. */
const brief = '^(?!while backends are killed)';

/** Returns the first test that fails, or undefined. `folder` holds the sources, by default our own. */
export async function firstFailingTest(
  engine: Engine,
  files: readonly string[],
  folder = fileURLToPath(root),
): Promise<string | undefined> {
  const env = {
    ...process.env,
    RAGWALL_MUTANT_ENGINE: JSON.stringify(engine),
    RAGWALL_MUTANT_TESTS: files.join(),
  };
  const command = [vitest, 'run', '--root', folder, '--config', config, '-t', brief, ...files];
  const { stdout } = await promisify(execFile)(process.execPath, command, {
    cwd: folder,
    env,
    maxBuffer: 2 ** 26,
  }).catch((failed: { stdout?: string }) => ({ stdout: failed.stdout ?? '' }));
  const json = stdout.slice(stdout.indexOf('{"numTotalTestSuites"'));
  if (!json.startsWith('{')) throw new Error(`Vitest printed no report, but: ${stdout.slice(-500)}`);
  const { testResults }: Report = JSON.parse(json);
  if (testResults.length === 0) throw new Error(`Vitest found none of ${files.join(', ')}`);
  for (const { name, status, message, assertionResults } of testResults) {
    if (status !== 'failed') continue;
    const failed = assertionResults.find((test) => test.status === 'failed');
    if (!failed && /^Transform failed/.test(message)) throw new Error(message); // a mutant that does not compile tests nothing
    const file = name.slice(name.lastIndexOf('/') + 1);
    return `${file}: ${failed?.fullName ?? message.split('\n')[0]}`;
  }
  return undefined;
}
