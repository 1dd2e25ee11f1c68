/** `npm run check` notices a released migration that was changed, and SQL that is not in the house's style. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { changedMigrations, styleFaults } from './check.js';

let folder: string;
const committed = 'db/migrations/committed';
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], {
    cwd: folder,
  });
const write = (name: string, text: string) => writeFile(join(folder, committed, name), text);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ragwall-check-'));
  await mkdir(join(folder, committed), { recursive: true });
  git('init', '-q');
  await write('000001-a.sql', 'select 1;\n');
  git('add', '.');
  git('commit', '-qm', 'first');
});
afterEach(() => rm(folder, { recursive: true }));

it('lets migrations change until there is a tag, and new ones come afterwards', async () => {
  await write('000001-a.sql', 'select 2;\n');
  expect(await changedMigrations(folder)).toEqual([]);
  git('commit', '-qam', 'second');
  git('tag', 'v0.1.0');
  await write('000002-b.sql', 'select 1;\n');
  git('add', '.');
  expect(await changedMigrations(folder)).toEqual([]);
});

it.each([
  ['changed', () => write('000001-a.sql', 'select 2;\n')],
  ['renamed', async () => void git('mv', `${committed}/000001-a.sql`, `${committed}/000001-b.sql`)],
  ['deleted', () => rm(join(folder, committed, '000001-a.sql'))],
])('refuses a released migration that is %s', async (_, act) => {
  git('tag', 'v0.1.0');
  await act();
  expect(await changedMigrations(folder)).toEqual([
    `${committed}/000001-a.sql: it was released with v0.1.0, and is expected to stay as it was`,
  ]);
});

it.each([
  ['a long line', `${'x'.repeat(121)}\n`, 'a.sql:1: at most 120 characters are expected'],
  ['a tab', '\tselect 1;\n', 'a.sql:1: no tab, and no white space at the end'],
  ['a space at the end', 'select 1; \n', 'a.sql:1: no tab, and no white space at the end'],
  ['no line break at the end', 'select 1;', 'a.sql: a line break is expected at the end'],
  ['too many lines', 'select\n1\n;\n', 'a.sql: at most 2 lines are expected'],
])('finds %s', (_, text, fault) => {
  expect(styleFaults('a.sql', text, 2)).toEqual([fault]);
});
