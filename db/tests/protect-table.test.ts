/** On a user’s own table that is protected, the client’s transactions see and change only the rows of their tenant. */
import postgres, { type TransactionSql } from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import type { Tenant } from '../../src/client/handle.js';
import { forTenant, needs } from './engine/session.js';
import { useSession } from './engine/use-session.js';

const engine = inject('engine');
const session = useSession();
let acme: Tenant;
let globex: Tenant;
beforeAll(async () => {
  acme = forTenant(session.app, 'acme');
  globex = forTenant(session.app, 'globex');
  await session.admin((sql) =>
    sql.unsafe(`
      create schema "my app";
      create table "my app".chats (
        "Tenant" text, id integer, title text, primary key ("Tenant", id));
      create table "my app"."chat messages" (
        "Tenant" text, chat integer, n integer, body text default 'empty',
        primary key ("Tenant", chat, n),
        foreign key ("Tenant", chat) references "my app".chats on delete cascade);
      select ragwall.protect_table('"my app".chats', 'Tenant', writers => '{app_user}');
      select ragwall.protect_table('"my app"."chat messages"', 'Tenant', writers => '{app_user}')`),
  );
});
afterAll(async () => {
  await session.admin((sql) => sql`drop schema "my app" cascade`);
});
beforeEach(async () => {
  await session.admin((sql) => sql`delete from "my app".chats`);
  for (const tenant of [acme, globex]) {
    await tenant.transaction(async ({ sql }) => {
      await sql`insert into "my app".chats (id, title) values (1, ${`of ${tenant.tenantId}`})`;
      await say(sql, [1, 2, 3]);
    });
  }
});

const say = (tx: TransactionSql, numbers: number[]) =>
  tx`insert into "my app"."chat messages" ${tx(numbers.map((n) => ({ chat: 1, n })))}`;
const bodies = async (tx: TransactionSql) =>
  (await tx<{ body: string }[]>`select body from "my app"."chat messages" order by n`).map(({ body }) => body);
const all = () =>
  session.admin(async (sql) => {
    const rows = await sql`
      select "Tenant" || ' ' || count(*) || ' ' || string_agg(distinct body, ' ') as line
      from "my app"."chat messages" group by "Tenant" order by 1`;
    return rows.map(({ line }) => line);
  });

it('updates and deletes without a condition affect the tenant’s own rows only', async () => {
  await globex.transaction((tx) => tx.sql`update "my app"."chat messages" set body = 'globex'`);
  expect(await all()).toEqual(['acme 3 empty', 'globex 3 globex']);
  await globex.transaction(({ sql }) => sql`delete from "my app".chats`);
  expect(await all()).toEqual(['acme 3 empty']);
});

it('rolling back to a savepoint undoes what came after it, and the tenant stays bound', async () => {
  const read = await acme.transaction(async ({ sql }) => {
    await sql
      .savepoint(async (inner) => {
        await inner`update "my app"."chat messages" set body = 'undone'`;
        await say(inner, [1]);
      })
      .catch(({ code }) => expect(code).toBe('23505'));
    await sql.savepoint((inner) => inner`update "my app"."chat messages" set body = 'done' where n = 1`);
    return bodies(sql);
  });
  expect(read).toEqual(['done', 'empty', 'empty']);
  expect(await all()).toEqual(['acme 3 done empty', 'globex 3 empty']);
});

it('a row cannot refer to another tenant’s', async () => {
  await session.admin((sql) => sql`insert into "my app".chats values ('acme', 7, 'only of acme')`);
  const refers = globex.transaction(({ sql }) => sql`insert into "my app"."chat messages" (chat, n) values (7, 1)`);
  await expect(refers).rejects.toMatchObject({ code: '23503' });
});

it('transactions of two tenants at once keep to their own', async () => {
  const tenants = Array.from({ length: 40 }, (_, i) => (i % 2 ? acme : globex));
  const read = await Promise.all(
    tenants.map((tenant, i) =>
      tenant.transaction(async ({ sql }) => {
        await say(sql, [10 + i]);
        return sql`select distinct "Tenant" from "my app"."chat messages"`;
      }),
    ),
  );
  expect(read.map((rows) => rows.map((row) => row.Tenant))).toEqual(tenants.map(({ tenantId }) => [tenantId]));
  expect(await all()).toEqual(['acme 23 empty', 'globex 23 empty']);
});

it('protection that has to wait too long for the table changes nothing', async (context) => {
  needs(context, engine, ['docker', 'url'], 'a server with several connections');
  const state = () => session.admin((sql) => sql`select relacl, xmin from pg_class where relname = 'chats'`);
  const before = await state();
  await acme.transaction(async (tx) => {
    await tx.sql`select from "my app".chats`;
    const waiting = session.admin((sql) =>
      sql.begin(async (admin) => {
        await admin`set local lock_timeout = '100ms'`;
        await admin`select ragwall.protect_table('"my app".chats', 'Tenant')`;
      }),
    );
    await expect(waiting).rejects.toMatchObject({ code: '55P03' });
  });
  expect(await state()).toEqual(before);
});

it('what is added to the table while protection waits for it is checked, too', async (context) => {
  needs(context, engine, ['docker', 'url'], 'a server with several connections');
  const other = postgres(engine.adminUrl, { max: 1, onnotice: () => {} });
  try {
    let refused: Promise<unknown> | undefined;
    await other.begin(async (tx) => {
      await tx`create unique index "all" on "my app".chats (title)`;
      refused = session.admin((sql) => sql`select ragwall.protect_table('"my app".chats', 'Tenant')`);
      refused.catch(() => {});
      const waits = () => tx`select from pg_locks where not granted and relation = '"my app".chats'::regclass`;
      while ((await waits()).length === 0);
    });
    await expect(refused).rejects.toMatchObject({ code: 'RW502' });
  } finally {
    await other`drop index if exists "my app"."all"`;
    await other.end();
  }
});
