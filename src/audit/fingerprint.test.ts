/** The fingerprint depends on the walls alone: not on who reads it, not on data, not on a dump and restore. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres, { type Sql, type TransactionSql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bootstrapSql } from '../../db/tests/engine/migrations.js';
import { dumpAndRestore } from '../../db/tests/engine/schema.js';
import { needs, rolledBack } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { diffInventories } from './diff.js';
import {
  type Fingerprint,
  fingerprintCommand,
  readInventory,
  readInventoryIn,
  readSaved,
  toLines,
} from './fingerprint.js';
import { readAudit } from './run.js';

/** What Postgres prints otherwise once it has read its own print. */
const printedTwice = `
  create schema twice;
  create table twice.orders (
    id bigint, status varchar(20) default 'new' check (status in ('new', 'paid', 'it''s ((odd))')), a int, b int,
    check (a between 1 and 9 and b > 0),
    check (a not between 1 and 9 or b > 0 or (a is null and b between 1 and 2))
  );
  alter table twice.orders enable row level security;
  create policy p on twice.orders using (a between 1 and 9 and status in ('new', 'paid') and (b, a) <> (1, 2))
    with check ((a between symmetric 9 and 1) or b = 1);
  create view twice.paid as
    select * from twice.orders where a between 1 and 9 and b in (a, 2, id) and (a = 1 or b = 2 and a = 3);
  create function twice.returning(n int) returns boolean language sql stable return n between 1 and 9 and n <> 5;
  create function twice.atomic(n int) returns setof int language sql stable begin atomic
    select a from twice.orders where a between n and 9 and b between 1 and 2 or b = 7;
  end;
  create index i on twice.orders (a) where a between 1 and 9 and b > 0;
  create function twice.t() returns trigger language plpgsql as 'begin return new; end';
  create trigger t before update on twice.orders for each row when (new.a between 1 and 9 and new.b > 0)
    execute function twice.t();
  create rule r as on delete to twice.orders where old.a between 1 and 9 and old.b > 0 do nothing`;

/** The same words in other groups, a literal with other parentheses in it, another bound. */
const meansOther = [
  `create or replace view twice.paid as
    select * from twice.orders where a between 1 and 9 and b in (a, 2, id) and (a = 1 or b = 2) and a = 3`,
  `alter table twice.orders drop constraint orders_status_check,
    add constraint orders_status_check check (status in ('new', 'paid', 'it''s (odd)'))`,
  `create or replace function twice.returning(n int) returns boolean language sql stable
    return n between 1 and 8 and n <> 5`,
];

const engine = inject('engine');
const session = useSession();
let clean: Fingerprint;
let folder: string;
beforeAll(async () => {
  clean = await session.admin(readInventory);
  folder = await mkdtemp(join(tmpdir(), 'ragwall-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The fingerprint after `act`, in a transaction that is rolled back. */
const fingerprintAfter = (act: (tx: TransactionSql) => PromiseLike<unknown>) =>
  session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      await act(tx);
      return (await readInventoryIn(tx)).fingerprint;
    }),
  );

describe('in the database', () => {
  it('ragwall.fingerprint() and ragwall.inventory() return the same', async () => {
    const [row] = await session.admin((sql) => sql`select ragwall.fingerprint() as fingerprint`);
    expect(row?.fingerprint).toBe(clean.fingerprint);
    const rows = await session.admin((sql) => sql`select * from ragwall.inventory()`);
    expect(rows.map((fact) => [fact.kind, fact.object, fact.property, fact.value])).toEqual(clean.inventory);
  });

  it('they leave the settings of the transaction alone', async () => {
    const settings = await session.admin((sql) =>
      rolledBack(sql, async (tx) => {
        await tx.unsafe(`set local timezone = 'Asia/Tokyo'; set local search_path = ragwall, public;
          set local datestyle = 'German'; set local quote_all_identifiers = on`);
        const [row] = await tx`select ragwall.fingerprint() as fingerprint`;
        expect(row?.fingerprint).toBe(clean.fingerprint);
        return tx`select current_setting('timezone') as zone, current_setting('search_path') as path,
          current_setting('datestyle') as style, current_setting('quote_all_identifiers') as quotes`;
      }),
    );
    expect(settings[0]).toEqual({ zone: 'Asia/Tokyo', path: 'ragwall, public', style: 'German, DMY', quotes: 'on' });
  });
});

describe('it is the same', () => {
  it('after dump and restore into a new database', async (context) => {
    needs(context, engine, ['docker'], 'pg_dump');
    const restored = new URL(engine.adminUrl);
    restored.pathname = '/ragwall_restored';
    const run = async (url: string, act: (sql: Sql) => Promise<unknown>) => {
      const sql = postgres(url, { max: 1, onnotice: () => {} });
      await act(sql).finally(() => sql.end());
    };
    await session.admin((sql) => sql.unsafe(printedTwice));
    try {
      const { inventory } = await session.admin(readInventory);
      await session.admin((sql) => sql`create database ragwall_restored`);
      await run(restored.href, async (sql) => sql.unsafe(await bootstrapSql()));
      await dumpAndRestore(engine, 'ragwall', 'ragwall_restored');
      // A dump of one database does not have what was granted on the database itself.
      await run(
        restored.href,
        (sql) => sql`
          select ragwall.grant_login(role, role)
          from unnest('{app_user,app_reader,agent_reader,agent_caller}'::name[]) as role`,
      );
      await run(restored.href, async (sql) => {
        // The control: Postgres does print what it has restored otherwise.
        const view = "select pg_get_viewdef('twice.paid'::regclass) as text";
        const [[before], [after]] = [await session.admin((one) => one.unsafe(view)), await sql.unsafe(view)];
        expect(after?.text).not.toBe(before?.text);
        expect((await readInventory(sql)).inventory).toEqual(inventory);
        const compared = (await readAudit(sql)).rows.filter(({ id }) => /^M(0[6-9]|1\d)$/.test(id));
        expect(compared.map(({ status, object }) => `${status} ${object}`)).toEqual(Array(7).fill('pass '));
        // And the other way round: what means something else is another row.
        for (const other of meansOther) {
          const changed = await rolledBack(sql, async (tx) => {
            await tx.unsafe(other);
            return (await readInventoryIn(tx)).inventory;
          });
          expect(diffInventories(inventory, changed)).toHaveLength(1);
        }
      });
    } finally {
      await session.admin(async (sql) => {
        await sql`drop schema twice cascade`;
        await sql`drop database if exists ragwall_restored with (force)`;
      });
    }
  });

  it('for the application and for a superuser', async () => {
    const seen = await readInventory(session.app);
    expect(seen.inventory).toEqual(clean.inventory);
    expect(seen.fingerprint).toBe(clean.fingerprint);
  });

  it('whatever settings the caller has', async () => {
    const settings = `set local search_path = ragwall, ragwall_private, public;
      set local quote_all_identifiers = on; set local datestyle = 'German'; set local timezone = 'Asia/Tokyo';
      set local intervalstyle = 'iso_8601'; set local extra_float_digits = -3; set local bytea_output = 'escape'`;
    const made = `create table public.prices (day timestamptz default '2026-01-02 03:04:05+00',
        every interval default '1 day 2 hours', share double precision default 0.1,
        raw bytea default '\\x00ff', "order" text default 'a\\b')`;
    expect(await fingerprintAfter((tx) => tx.unsafe(`${made}; ${settings}`))).toBe(
      await fingerprintAfter((tx) => tx.unsafe(made)),
    );
  });

  it('with data, after ANALYZE, and with a temporary table', async () => {
    const filled = await fingerprintAfter((tx) =>
      tx.unsafe(`select tests.seed(); analyze ragwall.documents; analyze pg_catalog.pg_class;
        create temporary table scratch (id integer primary key check (id > 0));
        grant select on scratch to app_user`),
    );
    expect(filled).toBe(clean.fingerprint);
  });

  const enlarged = (more: string) => (tx: TransactionSql) =>
    tx.unsafe(`select tests.seed(); select tests.enlarge('acme'); select tests.enlarge('globex');
      do $do$ declare relation name := (select relation from ragwall_search.directory where tenant_id = 'acme');
      begin ${more} end $do$`);

  it('with the search tables of tenants', async () => {
    const two = "assert (select count(*) from pg_class where relkind = 'r' and relname ~ '^search_[0-9a-f]{32}$') = 2;";
    expect(await fingerprintAfter(enlarged(two))).toBe(clean.fingerprint);
  });

  it.each([
    'grant select on ragwall_search.%I to app_user',
    'grant select (id) on ragwall_search.%I to app_user',
    'grant select on ragwall_search.%I to public',
    'grant insert on ragwall_search.%I to ragwall_search',
    'alter table ragwall_search.%I owner to ragwall_context',
    'alter table ragwall_search.%I add tenant_id text',
    'alter table ragwall_search.%I rename to documents_of_acme',
    'alter table ragwall_search.%I set schema ragwall',
    'create rule r as on insert to ragwall_search.%I do also notify x',
  ])('not after %s', async (change) => {
    const changed = await fingerprintAfter(enlarged(`execute format('${change}', relation);`));
    expect(changed).not.toBe(clean.fingerprint);
  });
});

it('a fact has one row, and nothing that changes by itself', async () => {
  const names = clean.inventory.map((row) => JSON.stringify(row.slice(0, 3)));
  expect(new Set(names).size).toBe(names.length);
  const numbers = await session.admin(
    (sql) => sql`select oid::text from pg_class where relnamespace = 'ragwall'::regnamespace`,
  );
  const text = JSON.stringify(clean.inventory);
  expect(numbers.filter(({ oid }) => new RegExp(`\\b${oid}\\b`).test(text))).toEqual([]);
});

describe('the command', () => {
  const command = async (values: Parameters<typeof fingerprintCommand>[1]) => {
    const output = join(folder, 'output');
    const code = await session.admin((sql) => fingerprintCommand(sql, { ...values, output }));
    return { code, text: await readFile(output, 'utf8') };
  };
  const save = async (saved: unknown) => {
    const file = join(folder, 'saved.json');
    await writeFile(file, typeof saved === 'string' ? saved : JSON.stringify(saved));
    return file;
  };
  const other = () => ({ ...clean, fingerprint: 'sha256:00' });
  const without = (property: string) => ({
    ...clean,
    fingerprint: 'sha256:00',
    inventory: clean.inventory.filter((row) => !(row[1] === 'postgres' && row[2] === property)),
  });

  it('writes one fact a line, and reads it again', async () => {
    const { code, text } = await command({});
    expect(code).toBe(0);
    expect(text.split('\n')).toContain('    ["table","ragwall.documents","forced row security","true"],');
    const saved = await readSaved(await save(text));
    expect(saved).toEqual({ ...clean, time: saved.time });
    expect(saved.fingerprint).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(saved.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(toLines(saved)).toBe(text);
  });

  it('says that nothing has changed', async () => {
    const { code, text } = await command({ diff: await save(clean) });
    expect(code).toBe(0);
    expect(text).toBe(
      `Nothing that isolation rests on has changed since ${clean.time}, database ${clean.database}: ${clean.fingerprint}\n`,
    );
  });

  it('fails on a change that loosens', async () => {
    const { code, text } = await command({ diff: await save(without('superuser')) });
    expect(code).toBe(1);
    expect(text).toContain(': 1 loosens, 0 read, 0 tightens, 0 neutral\n');
    expect(text).toContain('\n\nrole postgres\n  loosens   superuser: – → true\n');
  });

  it('fails on one that has to be read', async () => {
    const inventory = [...clean.inventory, ['setting', 'role app_user', 'work_mem', '1MB']];
    const { code, text } = await command({ diff: await save({ ...clean, fingerprint: '', inventory }) });
    expect(code).toBe(1);
    expect(text).toContain('\n\nsetting role app_user\n  read      work_mem: 1MB → –\n');
  });

  it('does not fail on others, and tells them as JSON', async () => {
    const inventory = [...clean.inventory, ['role', 'app_user', 'bypassrls', 'true']];
    const saved = await save({ ...clean, fingerprint: 'sha256:00', inventory });
    const { code, text } = await command({ diff: saved, format: 'json' });
    expect(code).toBe(0);
    expect(JSON.parse(text)).toEqual({
      before: 'sha256:00',
      after: clean.fingerprint,
      changes: [
        {
          ...{ effect: 'tightens', kind: 'role', object: 'app_user' },
          ...{ property: 'bypassrls', before: 'true', after: null },
        },
      ],
    });
  });

  it('writes out what would act in a terminal', async () => {
    const inventory = [...clean.inventory, ['setting', 'role x', 'y', '\u001b[2J']];
    const { text } = await command({ diff: await save({ ...clean, fingerprint: '', inventory }) });
    expect(text).toContain('y: \\x1b[2J → –');
  });

  it('says that another server may print otherwise', async () => {
    const saved = await save({ ...without('superuser'), server: '15.1' });
    expect((await command({ diff: saved })).text).toContain('The server was 15.1 and is ');
  });

  it('takes no hash in place of the facts', async () => {
    await expect(command({ diff: await save(other()) })).rejects.toThrow('is not the hash of the rows');
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'the file is not JSON'],
    ['null', 'null', 'a part of the fingerprint is missing'],
    ['no facts', { fingerprint: 'sha256:00' }, 'a part of the fingerprint is missing'],
    [
      'half a fact',
      { fingerprint: '', database: '', server: '', time: '', inventory: [['table']] },
      'a part of the fingerprint is missing',
    ],
  ])('refuses a file with %s', async (_, saved, message) => {
    await expect(command({ diff: await save(saved) })).rejects.toThrow(message);
  });

  it('refuses a file that is not there, and a format that is none', async () => {
    await expect(command({ diff: join(folder, 'none.json') })).rejects.toThrow('the file does not exist');
    await expect(command({ format: 'html' })).rejects.toThrow('expected to be table or json');
  });
});
