/** The functions that db/audit-install.sql installs are the files, and it can be run again. */
import { readFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { expect, it } from 'vitest';
import { bootstrapSql, lastMigration, migrationsSql, root } from './engine/migrations.js';
import { rolledBack } from './engine/session.js';
import { useSession } from './engine/use-session.js';

const read = (path: string) => readFile(new URL(path, root), 'utf8');
const install = await read('db/audit-install.sql');

const session = useSession();

it.each(['audit', 'inventory'])('the body of ragwall.%s() is the file of that name', async (name) => {
  const [row] = await session.admin(
    (sql) => sql`select prosrc from pg_proc where oid = ${`ragwall.${name}()`}::regprocedure`,
  );
  expect(row?.prosrc).toBe(`\n${await read(`db/${name}.sql`)}`);
});

it('run again, it changes nothing: not the owner, nor who may execute them', async () => {
  const functions = () =>
    session.admin(
      (sql) => sql`
        select oid, proname, proowner::regrole, proacl, proconfig, prosrc from pg_proc
        where oid in ('ragwall.audit()'::regprocedure, 'ragwall.inventory()'::regprocedure,
          'ragwall.fingerprint()'::regprocedure, 'ragwall.tenant_tables()'::regprocedure,
          'ragwall.app_roles()'::regprocedure, 'ragwall.pinned_columns()'::regprocedure) order by proname`,
    );
  const before = await functions();
  expect(before.map((row) => [row.proowner, row.proacl])).toEqual(
    Array(6).fill(['ragwall_owner', ['ragwall_owner=X/ragwall_owner']]),
  );
  await session.admin((sql) => sql.unsafe(install).simple());
  expect(await functions()).toEqual(before);
});

it('says who may run it', async () => {
  const attempt = session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      await tx`set local role app_user`;
      await tx.unsafe(install.replaceAll(/^(begin|commit);$/gm, '')).simple();
    }),
  );
  await expect(attempt).rejects.toMatchObject({
    code: '42501',
    hint: expect.stringMatching(/superuser or as a member of ragwall_owner/),
  });
});

it('says what comes before it', async () => {
  const db = await PGlite.create();
  await expect(db.exec(install)).rejects.toMatchObject({
    hint: expect.stringMatching(/bootstrap\.sql and the migrations first/),
  });
  await db.close();
});

it('protect_table() says that it is missing', async () => {
  const db = await PGlite.create({ extensions: { vector } });
  await db.exec(await bootstrapSql());
  for (const sql of (await migrationsSql()).slice(0, -1)) await db.exec(sql);
  await db.exec('create table public.notes (tenant_id text not null, note text)');
  await expect(db.query("select * from ragwall.protect_table('public.notes')")).rejects.toMatchObject({
    code: 'RW504',
    hint: expect.stringMatching(/^Run db\/audit-install\.sql/),
  });
  await db.close();
});

it('ragwall.migration() is the number of the last committed migration', async () => {
  const [row] = await session.admin((sql) => sql`select ragwall.migration() as migration`);
  expect(row?.migration).toBe(await lastMigration());
});
