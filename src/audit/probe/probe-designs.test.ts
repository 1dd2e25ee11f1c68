/** The probe on tables that others designed: it binds as their policies read, and says what it could not try. */
import type { Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useSession } from '../../../db/tests/engine/use-session.js';
import type { AuditRow } from '../run.js';
import { probe } from './probe.js';

const session = useSession();
// Our own table is found by this default, whatever the tenant columns are said to be.
beforeAll(() =>
  session.admin(async (sql) => void (await sql`alter table ragwall.documents alter tenant_id drop default`)),
);
afterAll(() =>
  session.admin((sql) => sql`alter table ragwall.documents alter tenant_id set default ragwall.require_tenant()`),
);

const grants = 'grant select, insert, update, delete on all tables in schema theirs to their_app';

/** What the probe finds in `theirs` alone, the column being named so that it does not find ours. */
async function probed(design: string, appRoles?: string[]) {
  return session.admin(async (sql) => {
    await sql.unsafe(`
      create role their_app; create role their_reader; create role their_owner;
      create schema theirs; grant usage on schema theirs to public;
      set search_path = theirs, public;
      ${design};
      reset search_path;
      ${grants}`);
    const before = await rowCounts(sql);
    try {
      const rows = await probe(sql, { tenantColumns: ['account'], ...(appRoles ? { appRoles } : {}) });
      expect(await rowCounts(sql)).toEqual(before);
      expect(JSON.stringify(rows)).not.toMatch(/ragwall-probe-|their secret/);
      return rows;
    } finally {
      await sql.unsafe('reset search_path; drop schema theirs cascade');
      await sql.unsafe('drop role their_app; drop role their_reader; drop role their_owner');
    }
  });
}

/** How many rows every table of theirs has. */
async function rowCounts(sql: Sql) {
  const tables = await sql<{ name: string }[]>`
    select format('theirs.%I', relname) as name from pg_class
    where relnamespace = 'theirs'::regnamespace and relkind in ('r', 'p') order by 1`;
  const counts: Record<string, unknown> = {};
  for (const { name } of tables) {
    counts[name] = (await sql.unsafe(`select count(*)::int as n from ${name}`))[0]?.n;
  }
  return counts;
}

const failing = (rows: readonly AuditRow[]) =>
  rows.filter(({ status }) => status === 'fail').map(({ id, object }) => `${id} ${object}`);
const passing = (rows: readonly AuditRow[]) => rows.filter(({ status }) => status === 'pass').map(({ id }) => id);
const untried = (rows: readonly AuditRow[]) =>
  rows.filter(({ id, status }) => id === 'B00' && status === 'n/a').map(({ evidence }) => evidence);
const evidence = (rows: readonly AuditRow[], check: string) => rows.find(({ id }) => id === check)?.evidence ?? '';

const guide = (using: string, more = '') => `
  create table documents (
    id uuid default gen_random_uuid() primary key, account text not null, content text not null,
    embedding vector(8), metadata jsonb, created_at timestamptz default now()
  );
  alter table documents enable row level security;
  create policy tenant_isolation on documents using (${using});
  ${more}`;
const bySetting = (name: string) => `account = current_setting('${name}', true)`;

describe('the usual design', () => {
  it('holds, but for a setting that SQL forges', async () => {
    const rows = await probed(guide(bySetting('their.tenant1')));
    expect(failing(rows)).toEqual(['B06 theirs.documents']);
    expect(evidence(rows, 'B06')).toBe(
      'as their_app: their.tenant1 set after binding (1 row), their.tenant1 set alone (1 row)',
    );
    expect(passing(rows)).toEqual(['B00', 'B02', 'B03', 'B04', 'B01'].sort());
  });

  it('with a search of its own that forgets the tenant, as its owner', async () => {
    const search = (definer: string) =>
      guide(
        bySetting('their.tenant2'),
        `
      insert into documents (account, content) values ('one', 'their secret'), ('other', 'their secret');
      create function match_documents(query_embedding vector(8), match_threshold float, match_count int, filter jsonb default '{}')
        returns table (id uuid, content text) language sql stable ${definer} set search_path = theirs, public
        as $$ select id, content from documents where 1 - (embedding <=> query_embedding) > match_threshold
          order by embedding <=> query_embedding limit match_count $$`,
      );
    const leaky = await probed(search('security definer'));
    expect(failing(leaky)).toEqual(['B05 theirs.documents', 'B06 theirs.documents']);
    expect(evidence(leaky, 'B05')).toContain('as their_app: theirs.match_documents (1 row)');
    const careful = await probed(search(''));
    expect(failing(careful)).toEqual(['B06 theirs.documents']);
    expect(passing(careful)).toContain('B05');
  });

  it.each([
    [
      'for a setting that is not there',
      'their.tenant3',
      `current_setting('their.tenant3', true) is null or ${bySetting('their.tenant3')}`,
      /^as their_app: no tenant \(2 rows\), no tenant and no condition \(1 row\); as their_reader: no tenant/,
    ],
    [
      'for one that is empty',
      'their.tenant4',
      `current_setting('their.tenant4', true) = '' or ${bySetting('their.tenant4')}`,
      /^as their_app: an empty tenant \(2 rows\); as their_reader: an empty tenant \(2 rows\)$/,
    ],
  ])('that is open %s', async (_, _name, using, way) => {
    const rows = await probed(guide(using, 'grant select on documents to their_reader'));
    expect(failing(rows)).toEqual(['B01 theirs.documents', 'B06 theirs.documents']);
    expect(evidence(rows, 'B01')).toMatch(way);
  });

  it('as the owner of a table that does not force its policies', async () => {
    const owned = guide(bySetting('their.tenant5'), 'alter table documents owner to their_owner');
    const rows = await probed(owned, ['their_owner']);
    expect(failing(rows).map((id) => id.slice(0, 3))).toEqual(['B02', 'B03', 'B04', 'B01', 'B06'].sort());
    expect(failing(await probed(`${owned}; alter table documents force row level security`, ['their_owner']))).toEqual([
      'B06 theirs.documents',
    ]);
  });

  it('with policies that let rows be written in another’s name', async () => {
    const rows = await probed(
      guide(
        bySetting('their.tenant6'),
        `
      drop policy tenant_isolation on documents;
      create policy reading on documents for select using (${bySetting('their.tenant6')});
      create policy adding on documents for insert with check (true);
      create policy deleting on documents for delete using (true)`,
      ),
    );
    expect(failing(rows)).toEqual(['B04 theirs.documents', 'B06 theirs.documents']);
    expect(evidence(rows, 'B04')).toBe('as their_app: insert (1 row)');
  });
});

describe('rows that refer to others', () => {
  const schema = (policy: string) => `
    create type kind as enum ('note', 'mail');
    create domain label as text check (value <> '');
    create table accounts (id uuid primary key default gen_random_uuid(), name varchar(10) not null unique);
    create table documents (
      account uuid not null references accounts, id bigint generated always as identity, title label not null,
      kind kind not null, tags text[] not null, at timestamptz not null, size int not null check (size > 0),
      primary key (account, id)
    );
    create table chunks (
      account uuid not null, document bigint not null, n int not null, content text not null, embedding halfvec(4) not null,
      primary key (account, document, n), foreign key (account, document) references documents
    ) partition by hash (account);
    create table chunks_0 partition of chunks for values with (modulus 1, remainder 0);
    alter table documents enable row level security;
    alter table chunks enable row level security;
    create policy own on documents using (${policy});
    create policy own on chunks using (${policy})`;

  it('are planted with what they refer to, and the tenant is told by claims', async () => {
    const rows = await probed(schema(`account = (current_setting('request.claims', true)::jsonb ->> 'account')::uuid`));
    expect(untried(rows)).toEqual([]);
    expect(failing(rows)).toEqual(['B06 theirs.chunks', 'B06 theirs.documents', 'B02 theirs.chunks'].sort());
    expect(evidence(rows, 'B02')).toBe('as their_app: select from theirs.chunks_0 (1 row)');
  });

  it('and the tenant may be told by a function that reads a setting', async () => {
    const rows = await probed(`
      create function whoami() returns uuid language sql stable return nullif(current_setting('their.who', true), '')::uuid;
      ${schema('account = whoami()')}; alter table chunks_0 enable row level security`);
    expect(untried(rows)).toEqual([]);
    expect(failing(rows)).toEqual(['B06 theirs.chunks', 'B06 theirs.documents']);
  });

  it('are not taken for refused where a key stops a row, and not the policy', async () => {
    const rows = await probed(`
      create table people (account text, id uuid default gen_random_uuid(), primary key (account, id));
      create table profiles (account text, person uuid not null, unique (account, person),
        foreign key (account, person) references people);
      alter table people enable row level security;
      alter table profiles enable row level security;
      create policy own on people using (${bySetting('their.tenant7')});
      create policy own on profiles using (${bySetting('their.tenant7')}) with check (true)`);
    expect(failing(rows)).not.toContain('B04 theirs.people');
    expect(evidence(rows, 'B04')).toMatch(/; 1 not conclusive$/);
  });

  it('of numbered tenants', async () => {
    const rows = await probed(`
      create table accounts (id int generated always as identity primary key);
      create table notes (account int not null references accounts, body text);
      alter table notes enable row level security;
      create policy own on notes using (account = nullif(current_setting('their.number', true), '')::int)`);
    expect(untried(rows)).toEqual([]);
    expect(failing(rows)).toEqual(['B06 theirs.notes']);
  });
});

describe('says of a table why it was not tried', () => {
  it.each([
    [
      'a type that is not known',
      'create table t (account text, shape polygon not null)',
      /^theirs\.t: no value is known for its column shape of type polygon$/,
    ],
    [
      'a check',
      `create table t (account text, state text not null constraint known check (state in ('a', 'b')))`,
      /^theirs\.t: the server refuses .* \(23514 by known\)$/,
    ],
    [
      'a trigger that takes the row',
      `create table t (account text);
      create function gone() returns trigger language plpgsql as 'begin return null; end';
      create trigger gone before insert on t for each row execute function gone()`,
      /^theirs\.t: a trigger or rule takes the row/,
    ],
    [
      'a trigger that refuses',
      `create table t (account text);
      create function no() returns trigger language plpgsql as $$begin raise exception 'their secret'; end$$;
      create trigger no before insert on t for each row execute function no()`,
      /^theirs\.t: the server refuses .* \(P0001\)$/,
    ],
    [
      'keys that go round',
      `create table t (account text, id int primary key, parent int not null references t)`,
      /^theirs\.t: its foreign keys go round$/,
    ],
    [
      'no partition',
      `create table t (account text) partition by list (account)`,
      /^theirs\.t: the server refuses .* \(23514\)$/,
    ],
    [
      'a tenant that cannot be made up',
      `create table t (account boolean)`,
      /^theirs\.t: no tenants can be made up for its column account$/,
    ],
    [
      'a policy that asks something else',
      // Not t: functions of ours call a table that.
      `create table notes (account text); alter table notes enable row level security;
      create policy own on notes using (account = current_user)`,
      /^theirs\.notes as their_app: with nothing to bind it by, it does not see its own row either$/,
    ],
  ])('%s', async (_, design, reason) => {
    const rows = await probed(design);
    expect(untried(rows)).toEqual([expect.stringMatching(reason)]);
    expect(failing(rows)).toEqual([]);
    expect(passing(rows)).toEqual(reason.source.includes('their_app') ? ['B01'] : []);
  });

  it('and tries the others', async () => {
    const rows = await probed(`create table a (account text, shape polygon not null); create table b (account text)`);
    expect(untried(rows)).toHaveLength(1);
    expect(failing(rows)).toEqual(['B01 theirs.b', 'B02 theirs.b', 'B03 theirs.b', 'B04 theirs.b'].sort());
  });

  it('or that nobody but the owner may use any', async () => {
    const rows = await session.admin(async (sql) => {
      await sql`create table tests.alone (account text)`;
      return probe(sql, { tenantColumns: ['account'] }).finally(() => sql`drop table tests.alone`);
    });
    expect(evidence(rows, 'B02')).toMatch(/no role but its owner .* --app-role/);
  });
});
