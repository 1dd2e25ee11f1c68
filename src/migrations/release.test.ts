/** What the files of db/ become for a database with choices of its own. */
import { readFile } from 'node:fs/promises';
import JSON5 from 'json5';
import { expect, it } from 'vitest';
import { defaults, readRelease, resolve } from './release.js';

it('has the defaults of .gmrc', async () => {
  const { placeholders } = JSON5.parse(await readFile(new URL('../../.gmrc', import.meta.url), 'utf8'));
  expect(placeholders).toEqual({
    ':EMBEDDING_DIMENSIONS': `${defaults.dimensions}`,
    ':VECTOR_SCHEMA': defaults.vectorSchema,
  });
});

it('replaces placeholders and whole names of roles', () => {
  const choices = { dimensions: 3, vectorSchema: 'extensions', roles: { app_user: 'kb_user' } };
  const sql =
    "grant app_user, app_users, my_app_user to x; select '{app_user,app_reader}', '[:EMBEDDING_DIMENSIONS]':::VECTOR_SCHEMA.halfvec";
  expect(resolve(sql, choices)).toBe(
    "grant kb_user, app_users, my_app_user to x; select '{kb_user,app_reader}', '[3]'::extensions.halfvec",
  );
});

it('leaves no placeholder in any file', async () => {
  const { bootstrap, migrations, audit } = await readRelease(defaults);
  expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, i) => i + 1));
  for (const sql of [bootstrap, audit, ...migrations.map((one) => one.sql)]) expect(sql).not.toMatch(/:[A-Z]+_[A-Z]+/);
});
