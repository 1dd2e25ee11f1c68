/** The SQLSTATEs that the functions raise are those that README.md lists. */
import { readFile } from 'node:fs/promises';
import { expect, inject, it } from 'vitest';
import { root } from './engine/migrations.js';
import { openSession } from './engine/session.js';

it('every SQLSTATE that a function raises is listed in the README, and no other', async () => {
  const session = await openSession(inject('engine'));
  const raised = await session.admin(
    (sql) => sql<{ code: string }[]>`
      select distinct m[1] as code
      from pg_proc, regexp_matches(prosrc, 'errcode = ''(RW[0-9]{3})''', 'g') as m
      where pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
      order by 1`,
  );
  await session.end();
  const readme = await readFile(new URL('README.md', root), 'utf8');
  const listed = [...readme.matchAll(/^\| `(RW\d{3})` \|/gm)].map((match) => match[1]);
  expect(listed.sort()).toEqual(raised.map((row) => row.code));
});
