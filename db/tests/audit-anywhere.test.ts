/** The audit needs no privilege, no Ragwall and no time: whoever asks, of whatever database, is told the same. */
import { readFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import type { TransactionSql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditRow, isFinding } from '../../src/audit/run.js';
import { root } from './engine/migrations.js';
import { rolledBack } from './engine/session.js';
import { useSession } from './engine/use-session.js';

const read = (path: string) => readFile(new URL(path, root), 'utf8');
const audit = await read('db/audit.sql');
const world = await read('db/tests/audit/world.sql');
const key = ({ id, object }: AuditRow) => `${id} ${object}`.trim();

const session = useSession();

/** Runs `act` on the database of audit/world.sql, which is undone. */
const inWorld = <T>(act: (tx: TransactionSql) => Promise<T>): Promise<T> =>
  session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      await tx.unsafe(`set local jit = off; ${world}; set local search_path = pg_catalog, pg_temp`).simple();
      return act(tx);
    }),
  );

const rowsOf = async (tx: TransactionSql) => [...(await tx.unsafe<AuditRow[]>(audit))];
const findingsOf = async (tx: TransactionSql) => (await rowsOf(tx)).filter(isFinding).map(key);

describe('whoever asks', () => {
  // Of each kind that is read in another way: tables, policies, roles, settings, functions, publications, large objects.
  const defects = `
    alter table shop.items disable row level security;
    alter policy select_own on shop.orders using (true);
    grant ragwall_owner to app_user;
    grant truncate on shop.orders to app_reader;
    alter role app_user set app.current_tenant = 'acme';
    grant execute on function shop.count_orders() to public;
    create view public.hasty as select * from shop.orders;
    grant select on public.hasty to app_user;
    create publication hasty for table shop.orders;
    select lo_create(0)`;

  it.each(['app_user', 'shop_staff', 'agent_caller'])('%s is told what a superuser is', async (role) => {
    const [superuser, told] = await inWorld(async (tx) => {
      await tx.unsafe(defects).simple();
      const superuser = await rowsOf(tx);
      await tx.unsafe(`set local role ${role}`);
      return [superuser, await rowsOf(tx)] as const;
    });
    expect(superuser.filter(isFinding).map(key)).toContain('V01 public.hasty');
    expect(told).toEqual(superuser);
  });

  it('a role that watches is told it where db/agents.sql was run, too', async () => {
    const agents = await read('db/agents.sql');
    const [superuser, told] = await inWorld(async (tx) => {
      await tx.unsafe(`${agents}; grant pg_monitor to shop_staff; ${defects}`).simple();
      const superuser = await rowsOf(tx);
      await tx`set local role shop_staff`;
      return [superuser, await rowsOf(tx)] as const;
    });
    expect(told).toEqual(superuser);
  });
});

describe('what it is told', () => {
  it.each([
    ['nothing', 'select', []],
    [
      'who runs SQL that others write',
      "set local ragwall.untrusted_roles = 'agent_reader, shop_api'",
      ['C10 ragwall.set_tenant(text)', 'P12 shop_api', 'P13 shop_api'],
    ],
    [
      'who runs SQL that others write on a table without a floor',
      "drop policy tenant_floor on shop.orders; set local ragwall.untrusted_roles = 'app_reader'",
      expect.arrayContaining(['T10 shop.orders', 'T14 shop.orders']),
    ],
    [
      'that the application logs in as a superuser',
      "select set_config('ragwall.app_roles', current_user, true)",
      [expect.stringMatching(/^R01 /)],
    ],
    [
      'that the application is who owns the tables',
      "set local ragwall.app_roles = 'ragwall_owner'",
      ['R08 ragwall_owner'],
    ],
    ['a role that has nothing', "set local ragwall.app_roles = 'shop_staff'", []],
    [
      'a role by a group',
      "create role one login in role shop_staff; grant create on schema shop to shop_staff; set local ragwall.app_roles = 'one'",
      ['P07 schema shop for shop_staff'],
    ],
    [
      'a tenant column that no table has',
      "set local ragwall.tenant_columns = 'account'; set local ragwall.app_roles = 'app_user'",
      [expect.stringMatching(/^P09 /), expect.stringMatching(/^T00 /)],
    ],
    [
      'how tables name the tenant',
      'create table shop.files ("Account" uuid); alter table shop.files owner to ragwall_owner; set local ragwall.tenant_columns = \'tenant_id,account\'',
      ['C06 shop.files', 'T01 shop.files'],
    ],
  ])('%s', async (_, statement, expected) => {
    const found = await inWorld(async (tx) => {
      const known = await findingsOf(tx);
      await tx.unsafe(statement).simple();
      return (await findingsOf(tx)).filter((name) => !known.includes(name));
    });
    expect(found.sort()).toEqual(expected);
  });
});

it('looks at a thousand tables in less than five seconds', async () => {
  const [found, milliseconds] = await inWorld(async (tx) => {
    const known = await findingsOf(tx);
    await tx.unsafe(`
      do $$
      begin
        for n in 1..1000 loop
          execute format('create table shop.t%s (tenant_id text collate "C" not null check (tenant_id <> ''''), note text)', n);
          execute format('create index on shop.t%s (tenant_id)', n);
          call tests.protect(format('shop.t%s', n)::regclass);
        end loop;
      end
      $$`);
    const began = performance.now();
    const found = await findingsOf(tx);
    return [found.filter((name) => !known.includes(name)), performance.now() - began] as const;
  });
  expect(found).toEqual([]);
  expect(milliseconds).toBeLessThan(5_000);
});

describe('without Ragwall', () => {
  let db: PGlite;
  beforeAll(async () => {
    db = await PGlite.create({ extensions: { vector } });
  });
  afterAll(() => db.close());

  const ask = async () => {
    await db.exec('set search_path = pg_catalog, pg_temp');
    const { rows } = await db.query<AuditRow>(audit);
    await db.exec('reset search_path');
    return rows;
  };
  // The version is the engine's.
  const findings = async () => (await ask()).filter((row) => isFinding(row) && row.id !== 'S01').map(key);

  it('says of an empty database that there is nothing to look at', async () => {
    expect(await findings()).toEqual(['T00 database postgres', 'P08 database postgres for PUBLIC']);
    const statuses = Object.fromEntries((await ask()).map(({ id, status }) => [id, status]));
    expect(statuses).toMatchObject({ T01: 'n/a', R01: 'n/a', C10: 'n/a', K04: 'n/a', X01: 'pass', C04: 'pass' });
  });

  it('finds what is wrong with the usual design', async () => {
    await db.exec(await read('db/tests/audit/usual.sql'));
    expect(await findings()).toEqual([
      'T01 public.chats',
      'T02 public.documents',
      'T08 tenant_isolation on public.documents',
      'T09 tenant_isolation on public.documents',
      'T10 public.documents',
      'R09 postgres',
      'C01 public.documents',
      'C08 public.chats',
      'C08 public.documents',
      'M03 postgres',
      'F07 public.find_documents(public.vector)',
      'P01 public.chats for app_user',
      'P02 public.chats for app_user',
      'P03 public.chats for app_user',
      'P04 public.chats for app_user',
      'P06 public.chats for app_user',
      'P06 public.documents for app_user',
      'P08 database postgres for PUBLIC',
      'V01 public.recent_chats',
      'K01 chats_pkey on public.chats',
      'K01 documents_pkey on public.documents',
      'K02 chats_document_id_fkey on public.chats',
      'K03 public.chats_id_seq',
      'K04 documents_embedding_idx on public.documents',
      'K05 documents_created_at_idx on public.documents',
    ]);
  });
});
