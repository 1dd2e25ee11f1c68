/** The README's example runs as it stands and prints what the README says. */
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, expect, inject, it } from 'vitest';
import { root } from '../db/tests/engine/migrations.js';
import { needs, openSession } from '../db/tests/engine/session.js';

const engine = inject('engine');
const run = promisify(execFile);
beforeEach((context) => needs(context, engine, ['docker', 'url'], 'a login'));

it('the first example finds acme’s document for acme, and nothing for globex', async () => {
  const readme = await readFile(new URL('README.md', root), 'utf8');
  const [example, printed] = [/```js\n(.*?)```/s, /```\n(\[.*?)```/s].map(
    (block) => readme.match(block)?.[1],
  );
  const file = new URL('readme-example.tmp.mjs', root);
  await writeFile(file, example ?? '');
  try {
    await run('npm', ['run', 'build'], { cwd: fileURLToPath(root) });
    const { stdout } = await run(process.execPath, [fileURLToPath(file)], {
      env: { ...process.env, DATABASE_URL: engine.appUrl },
    });
    const shortened = stdout
      .replace(/id: '[^']*'/, "id: '…'")
      .replace(/(similarity: 0\.\d\d)\d*/, '$1…');
    expect(shortened).toBe(printed);
  } finally {
    await rm(file);
    const session = await openSession(engine);
    await session.admin((sql) => sql`delete from ragwall.documents`);
    await session.end();
  }
});
