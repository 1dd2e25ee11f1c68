/** Changes one thing at a time, and checks which rows are printed, and what they are said to do to a wall. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { rolledBack } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { type Change, changesToText, diffInventories, effects, type InventoryRow } from './diff.js';
import { readInventory, readInventoryIn } from './fingerprint.js';

const session = useSession();
let clean: readonly InventoryRow[];
beforeAll(async () => {
  clean = (await session.admin(readInventory)).inventory;
});

/** The inventory after some statements, which are rolled back. */
const inventoryAfter = (statements: string) =>
  session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      await tx.unsafe(statements).simple();
      return (await readInventoryIn(tx)).inventory;
    }),
  );

const worst = (changes: readonly Change[]) =>
  effects.find((effect) => changes.some((change) => change.effect === effect));

/** What is printed but for neutral rows, on one line, without hashes. */
const lineOf = (changes: readonly Change[]) =>
  changesToText(changes.filter(({ effect }) => effect !== 'neutral'))
    .trim()
    .replaceAll(/\n +/g, ' | ')
    .replaceAll(/ +/g, ' ')
    .replaceAll(/[0-9a-f]{64}/g, '…');

const inDatabase = (command: string) =>
  `do $$ begin execute format('${command.replaceAll("'", "''")}', current_database()); end $$`;

/** A change, what is printed of it, and the worst effect of its reverse where that is not the opposite. */
type Case = [change: string, printed: string, reverse?: string];

// biome-ignore format: a table
const cases: Case[] = [
  // Tables and policies
  ['alter table ragwall.documents no force row level security', 'table ragwall.documents | loosens forced row security: true → –'],
  ['alter table ragwall.documents disable row level security', 'table ragwall.documents | loosens row security: true → –'],
  ['alter table ragwall.documents_rows disable row level security', 'table ragwall.documents_rows | loosens row security: true → –'],
  ['drop policy tenant_floor on ragwall.documents', 'policy tenant_floor on ragwall.documents | loosens mode: restrictive → –'],
  ['drop policy delete_own_tenant on ragwall.documents', 'policy delete_own_tenant on ragwall.documents | tightens mode: permissive → –'],
  ['create policy everything on ragwall.documents for select to app_reader using (true)', 'policy everything on ragwall.documents | loosens mode: – → permissive'],
  ["create policy fence on ragwall.documents as restrictive using (tenant_id <> 'x')", 'policy fence on ragwall.documents | tightens mode: – → restrictive'],
  ['alter policy select_own_tenant on ragwall.documents to public', 'policy select_own_tenant on ragwall.documents | loosens roles: agent_reader, app_reader, app_user, ragwall_owner → PUBLIC'],
  ['alter policy tenant_floor on ragwall.documents to app_user', 'policy tenant_floor on ragwall.documents | loosens roles: PUBLIC → app_user'],
  ['alter policy select_own_tenant on ragwall.documents using (true)', 'policy select_own_tenant on ragwall.documents | loosens using: (tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant)) → true'],
  ["alter policy delete_own_tenant on ragwall.documents using (tenant_id = 'acme')", "policy delete_own_tenant on ragwall.documents | read using: (tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant)) → (tenant_id = 'acme'::text)"],
  ['create table public.notes (tenant_id text); grant select on public.notes to app_user', 'table public.notes | loosens privilege SELECT for app_user: – → granted', 'neutral'],
  ['create table public.notes (tenant_id text); alter table public.notes enable row level security; create policy p on public.notes using (true)', 'policy p on public.notes | read mode: – → permissive', 'neutral'],
  ['alter table ragwall.documents detach partition ragwall.documents_rows', 'table ragwall.documents_rows | read partition of: ragwall.documents FOR VALUES WITH (modulus 1, remainder 0) → –'],
  // Privileges
  ['grant truncate on ragwall.documents to app_user', 'table ragwall.documents | loosens privilege TRUNCATE for app_user: – → granted'],
  ['grant update (tenant_id) on ragwall.documents to app_user', 'column ragwall.documents.tenant_id | loosens privilege UPDATE for app_user: – → granted'],
  ['grant select on ragwall.documents_rows to app_user with grant option', 'table ragwall.documents_rows | loosens privilege SELECT for app_user: – → with grant option'],
  ['revoke insert (source) on ragwall.documents from app_user', 'column ragwall.documents.source | tightens privilege INSERT for app_user: granted → –'],
  ['grant usage on schema ragwall_private to app_user', 'schema ragwall_private | loosens privilege USAGE for app_user: – → granted'],
  ['grant create on schema public to public', 'schema public | loosens privilege CREATE for PUBLIC: – → granted'],
  ['alter default privileges for role ragwall_owner grant execute on functions to public', 'default privileges functions of ragwall_owner | loosens privilege EXECUTE for PUBLIC: revoked → –'],
  ['grant execute on function pg_read_file(text) to app_user', 'function pg_read_file(text) | loosens privilege EXECUTE for app_user: – → granted'],
  ['grant set on parameter session_replication_role to app_user', 'parameter session_replication_role | loosens privilege SET for app_user: – → granted'],
  [inDatabase('grant temporary on database %I to app_user'), 'database this database | loosens privilege TEMPORARY for app_user: – → granted'],
  ['revoke delete on ragwall.documents from ragwall_owner', 'table ragwall.documents | tightens privilege DELETE for the owner: – → revoked'],
  // Roles and settings
  ['alter role app_user bypassrls', 'role app_user | loosens bypassrls: – → true'],
  ['alter role app_user superuser', 'role app_user | loosens superuser: – → true'],
  ['alter role ragwall_owner login', 'role ragwall_owner | loosens login: false → true'],
  ['grant pg_read_all_data to app_reader', 'role app_reader | loosens member of pg_read_all_data: – → set'],
  ['create role bob login in role app_user', 'role bob | loosens member of app_user: – → inherit, set', 'neutral'],
  ["alter role app_reader set app.current_tenant = 'acme'", 'setting role app_reader | read app.current_tenant: – → acme'],
  ["alter role app_reader set app.jwt_secret = 'hunter2'", 'setting role app_reader | read app.jwt_secret: – → hidden, sha256 f52fbd32b2b3b86f'],
  [inDatabase("alter database %I set ragwall.residue = 'allow'"), 'setting this database | read ragwall.residue: – → allow'],
  // Functions and views
  ['alter function ragwall.match_documents(public.halfvec, integer) security definer', 'function ragwall.match_documents(public.halfvec,integer) | loosens security definer: – → true'],
  ['alter function ragwall.set_tenant(text) reset search_path', 'function ragwall.set_tenant(text) | loosens setting search_path: pg_catalog, pg_temp → –'],
  ['alter function ragwall.current_tenant() immutable', 'function ragwall.current_tenant() | loosens volatility: stable → immutable'],
  ['alter function ragwall.current_tenant() leakproof', 'function ragwall.current_tenant() | loosens leakproof: – → true'],
  ['alter function ragwall.current_tenant() owner to postgres', 'function ragwall.current_tenant() | read owner: ragwall_context → postgres'],
  ["create or replace function ragwall_search.note_change() returns trigger language plpgsql volatile parallel unsafe set search_path = pg_catalog, pg_temp as 'begin return null; end'; select ragwall.fix_plans('ragwall_search.note_change()', 'generic')", 'function ragwall_search.note_change() | read body: … → …'],
  ['alter table ragwall.documents disable trigger note_change', 'trigger note_change on ragwall.documents, note_change on ragwall.documents_rows | loosens fires: always → never'],
  ["create function public.f() returns integer language sql security definer as 'select 1'", 'function public.f() | loosens security definer: – → true | read privilege EXECUTE for PUBLIC: – → granted', 'neutral'],
  ['create view public.v as select id from ragwall.documents; grant select on public.v to app_user', 'view public.v | loosens privilege SELECT for app_user: – → granted', 'neutral'],
  // Columns, keys, indexes and what else there is
  ['alter table ragwall.documents alter column content drop not null', 'column ragwall.documents.content, ragwall.documents_rows.content | loosens not null: true → –'],
  ["alter table ragwall.documents alter column tenant_id set default 'acme'", "column ragwall.documents.tenant_id, ragwall.documents_rows.tenant_id | read default: ragwall.require_tenant() → 'acme'::text"],
  ['alter table ragwall.documents add column note text; grant select (note) on ragwall.documents to app_user', 'column ragwall.documents.note | read privilege SELECT for app_user: – → granted', 'neutral'],
  ['alter table ragwall.documents drop constraint documents_tenant_id_check', 'check constraint documents_tenant_id_check on ragwall.documents | loosens definition: CHECK (ragwall.is_tenant_id(tenant_id)) → –'],
  ['create index i on ragwall.documents (source)', ''],
  ['create unique index i on ragwall.documents_rows (id)', 'unique index i on ragwall.documents_rows | read definition: – → CREATE UNIQUE INDEX i ON ragwall.documents_rows USING btree (id)'],
  ['create index hnsw_of_all on ragwall.documents_rows using hnsw ((embedding::public.halfvec(3)) public.halfvec_cosine_ops)', 'approximate index hnsw_of_all on ragwall.documents_rows | read definition: – → CREATE INDEX hnsw_of_all ON ragwall.documents_rows USING hnsw (((embedding)::public.halfvec(3)) public.halfvec_cosine_ops)'],
  ['create rule r as on insert to ragwall.documents do also notify x', 'rule r on ragwall.documents | read definition: – → CREATE RULE r AS ON INSERT TO ragwall.documents DO NOTIFY x;'],
  ['create publication p for table ragwall.documents', 'publication p | loosens table ragwall.documents: – → all columns of all rows', 'neutral'],
];

const opposite = { loosens: 'tightens', tightens: 'loosens', read: 'read', neutral: 'neutral' };

describe('a change is printed, and so is its reverse', () => {
  it.each(cases)('%s', async (change, printed, reverse) => {
    const changed = await inventoryAfter(change);
    const changes = diffInventories(clean, changed);
    expect(lineOf(changes)).toBe(printed);
    expect(worst(diffInventories(changed, clean))).toBe(reverse ?? opposite[worst(changes) ?? 'neutral']);
  });
});

it('nothing is printed if nothing has changed', async () => {
  expect(diffInventories(clean, await inventoryAfter('select 1'))).toEqual([]);
});

it('a table that goes takes its walls with it', async () => {
  const gone = await inventoryAfter('drop function tests.seed(); drop table ragwall.documents cascade');
  expect(worst(diffInventories(clean, gone))).toBe('neutral');
  expect(lineOf(diffInventories(gone, clean).filter(({ effect }) => effect === 'loosens'))).toBe('');
});

it('the worst comes first', async () => {
  const changed = await inventoryAfter(`
    create index i on ragwall.documents (source);
    revoke insert (source) on ragwall.documents from app_user;
    alter policy delete_own_tenant on ragwall.documents using (tenant_id = 'acme');
    grant truncate on ragwall.documents to app_user`);
  const text = changesToText(diffInventories(clean, changed));
  expect(text.match(/^ {2}\w+/gm)).toEqual(['  loosens', '  read', '  tightens', '  neutral']);
});

it('a policy made permissive, or put in the place of another, is that policy still', async () => {
  const changed = await inventoryAfter(`
    drop policy tenant_floor on ragwall.documents;
    create policy tenant_floor on ragwall.documents using (false) with check (true)`);
  expect(lineOf(diffInventories(clean, changed))).toMatch(
    /^policy tenant_floor .* \| loosens mode: restrictive → permissive \| loosens with check: .* → true \| tightens using: .* → false$/,
  );
});

it('names with quotes, dots and “ on ” in them are taken whole', async () => {
  const changed = await inventoryAfter(`
    create table public."a.b on c" ("x.y" text primary key);
    alter table public."a.b on c" enable row level security;
    create policy "p on q" on public."a.b on c" using (true);
    grant select ("x.y") on public."a.b on c" to app_user`);
  expect(lineOf(diffInventories(clean, changed))).toBe(
    'column public."a.b on c"."x.y" | read privilege SELECT for app_user: – → granted\n\n' +
      'policy "p on q" on public."a.b on c" | read mode: – → permissive',
  );
});

describe('privileges are compared by what a role may do', () => {
  const changesOf = async (before: string, statements: string) =>
    diffInventories(await inventoryAfter(before), await inventoryAfter(`${before}; ${statements}`));

  it('db/agents.sql loosens nothing, and prints in a page who may do less', async () => {
    const agents = await readFile(new URL('../../db/agents.sql', import.meta.url), 'utf8');
    const changes = diffInventories(clean, await inventoryAfter(agents));
    expect(changes.length).toBeGreaterThan(1_000);
    expect(changes.filter(({ effect }) => effect === 'loosens')).toEqual([]);
    const others = changes.filter(({ effect }) => effect !== 'neutral');
    expect(new Set(others.map(({ effect, kind, property }) => `${effect} ${kind} ${property}`))).toEqual(
      new Set([
        'tightens function privilege EXECUTE for PUBLIC',
        'tightens language privilege USAGE for PUBLIC',
        'tightens table privilege SELECT for PUBLIC',
        'tightens view privilege SELECT for PUBLIC',
        ...[
          'client_connection_check_interval',
          'default_transaction_read_only',
          'idle_in_transaction_session_timeout',
          'lock_timeout',
          'statement_timeout',
          'temp_file_limit',
          'track_activities',
        ].map((setting) => `read setting ${setting}`),
      ]),
    );
    expect(changesToText(changes).split('\n').length).toBeLessThan(70);
    expect(changesToText(changes)).toContain('\nview pg_locks, pg_stat_activity\n  tightens');
    // The control: what somebody gets that they did not have is said among all that.
    const loose = await inventoryAfter(`${agents};
      grant select on pg_stat_activity to app_user;
      grant execute on function pg_advisory_lock(bigint) to agent_caller;
      grant select on ragwall.documents_rows to agent_reader;
      grant select on ragwall.documents to public;`);
    const loosened = diffInventories(clean, loose).filter(({ effect }) => effect === 'loosens');
    expect(loosened.map(({ object, property }) => `${object}: ${property}`)).toEqual([
      'pg_advisory_lock(bigint): privilege EXECUTE for agent_caller',
      'ragwall.documents: privilege SELECT for PUBLIC',
      'ragwall.documents_rows: privilege SELECT for agent_reader',
    ]);
    expect(lineOf(diffInventories(await inventoryAfter(agents), loose))).toBe(
      [
        'function pg_advisory_lock(bigint) | loosens privilege EXECUTE for agent_caller: – → granted',
        'table ragwall.documents | loosens privilege SELECT for PUBLIC: – → granted',
        'table ragwall.documents_rows | loosens privilege SELECT for agent_reader: – → granted',
        'view pg_stat_activity | loosens privilege SELECT for app_user: – → granted',
      ].join('\n\n'),
    );
  });

  it.each([
    ['what PUBLIC has from the start', '', 'grant select on pg_class to app_user'],
    [
      'what PUBLIC was granted',
      'create table public.notes (id integer); grant select on public.notes to public',
      'revoke select on public.notes from public; grant select on public.notes to public, app_user',
    ],
    [
      'what it inherits',
      'create role boss; create role clerk in role boss; create table public.notes (id integer); grant select on public.notes to boss',
      'grant select (id) on public.notes to clerk',
    ],
    ['what a superuser is granted', '', 'grant truncate on ragwall.documents to postgres'],
  ])('%s loosens nothing', async (_, before, statements) => {
    const changes = await changesOf(before || 'select 1', statements);
    expect(changes).not.toEqual([]);
    expect(worst(changes)).toBe('neutral');
  });

  it.each([
    ['may pass it on', '', 'grant select on pg_class to app_user with grant option'],
    [
      'is no heir',
      'create role boss; create role clerk noinherit in role boss; create table public.notes (id integer); grant select on public.notes to boss',
      'grant select on public.notes to clerk',
    ],
    ['owns it now', '', 'alter table ragwall.documents owner to app_user'],
    [
      'keeps what PUBLIC loses, and more',
      'create table public.notes (id integer); grant select on public.notes to public',
      'revoke select on public.notes from public; grant select, delete on public.notes to app_user',
    ],
  ])('it loosens where a role %s', async (_, before, statements) => {
    expect(worst(await changesOf(before || 'select 1', statements))).toBe('loosens');
  });
});
