/** db/schema.sql, which reviewers read, is what the migrations produce. */
import { readFile } from 'node:fs/promises';
import { beforeEach, expect, inject, it } from 'vitest';
import { root } from './engine/migrations.js';
import { dumpSchema } from './engine/schema.js';
import { needs } from './engine/session.js';

const engine = inject('engine');
beforeEach((context) => needs(context, engine, ['docker'], 'pg_dump'));

it('db/schema.sql is up to date: `npm run schema` writes it', async () => {
  expect(await readFile(new URL('db/schema.sql', root), 'utf8')).toBe(await dumpSchema(engine));
});
