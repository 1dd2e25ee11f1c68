/** One change at a time: what is said of it, and whether it loosens a wall. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openSession, rolledBack, type Session } from '../../db/tests/engine/session.js';
import { type Change, diffInventories, type Effect, type InventoryRow } from './diff.js';
import { readInventory, readInventoryIn } from './fingerprint.js';

let session: Session;
let clean: readonly InventoryRow[];
beforeAll(async () => {
  session = await openSession(inject('engine'));
  clean = (await session.admin(readInventory)).inventory;
});
afterAll(() => session.end());

const after = (statements: string) =>
  session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      await tx.unsafe(statements);
      return (await readInventoryIn(tx)).inventory;
    }),
  );

const told = (changes: readonly Change[]) => changes.map(({ effect, words }) => `${effect}: ${words}`);

const docs = 'ragwall.documents';
const own = '(tenant_id = ( SELECT ragwall.current_tenant() AS current_tenant))';
const readers = 'agent_reader, app_reader, app_user, ragwall_owner';
const inDatabase = (command: string) =>
  `do $$ begin execute format('${command.replaceAll("'", "''")}', current_database()); end $$`;

/** The change, what it does to the walls, how it is told, and what its reverse does if that is not the opposite. */
type Case = [change: string, effect: Effect, words: string, reverse?: Effect];

// biome-ignore format: a table
const cases: Case[] = [
  // Tables and policies
  [`alter table ${docs} no force row level security`, 'loosens', `row-level security is no longer forced on ${docs}`],
  [`alter table ${docs} disable row level security`, 'loosens', `row-level security is no longer on for ${docs}`],
  [`alter table ${docs}_07 disable row level security`, 'loosens', `row-level security is no longer on for ${docs}_07`],
  [`drop policy tenant_floor on ${docs}`, 'loosens', `policy tenant_floor on ${docs} is gone`],
  [`drop policy delete_own_tenant on ${docs}`, 'tightens', `policy delete_own_tenant on ${docs} is gone`],
  [`create policy everything on ${docs} for select to app_reader using (true)`, 'loosens', `policy everything on ${docs} is new: permissive, for SELECT, for app_reader, using true`],
  [`create policy fence on ${docs} as restrictive using (tenant_id <> 'x')`, 'tightens', `policy fence on ${docs} is new: restrictive, for ALL, for PUBLIC, using (tenant_id <> 'x'::text)`],
  [`alter policy select_own_tenant on ${docs} to public`, 'loosens', `policy select_own_tenant on ${docs} is now for PUBLIC (before: ${readers})`],
  [`alter policy tenant_floor on ${docs} to app_user`, 'loosens', `policy tenant_floor on ${docs} is now for app_user (before: PUBLIC)`],
  [`alter policy select_own_tenant on ${docs} using (true)`, 'loosens', `policy select_own_tenant on ${docs} now has using true (before: ${own})`],
  [`alter policy delete_own_tenant on ${docs} using (tenant_id = 'acme')`, 'read', `policy delete_own_tenant on ${docs} now has using (tenant_id = 'acme'::text) (before: ${own})`, 'read'],
  [`create table public.notes (tenant_id text); grant select on public.notes to app_user`, 'loosens', 'public.notes is new: without row-level security; app_user may SELECT', 'neutral'],
  [`create table public.notes (tenant_id text); alter table public.notes enable row level security; create policy p on public.notes using (true)`, 'read', 'public.notes is new: with row-level security, not forced; policy p is permissive, for ALL, for PUBLIC, using true', 'neutral'],
  [`alter table ${docs} detach partition ${docs}_31`, 'read', `${docs}_31 is no longer a partition of ${docs} FOR VALUES WITH (modulus 32, remainder 31)`, 'read'],
  [`alter table ${docs} owner to app_user`, 'read', `${docs} now belongs to app_user (before: ragwall_owner)`, 'read'],
  // Privileges
  [`grant truncate on ${docs} to app_user`, 'loosens', `app_user may now TRUNCATE ${docs}`],
  [`grant update (tenant_id) on ${docs} to app_user`, 'loosens', `app_user may now UPDATE column ${docs}.tenant_id`],
  [`grant select on ${docs}_03 to app_user with grant option`, 'loosens', `app_user may now SELECT from ${docs}_03 and pass that on`],
  [`revoke insert (source) on ${docs} from app_user`, 'tightens', `app_user may no longer INSERT into column ${docs}.source`],
  ['grant usage on schema ragwall_private to app_user', 'loosens', 'app_user may now USE schema ragwall_private'],
  ['grant create on schema public to public', 'loosens', 'everybody may now CREATE in schema public'],
  ['alter default privileges for role ragwall_owner grant execute on functions to public', 'loosens', 'everybody may now EXECUTE future functions of ragwall_owner'],
  ['grant execute on function pg_read_file(text) to app_user', 'loosens', 'app_user may now EXECUTE function pg_read_file(text)'],
  ['grant set on parameter session_replication_role to app_user', 'loosens', 'app_user may now SET parameter session_replication_role'],
  [inDatabase('grant temporary on database %I to app_user'), 'loosens', 'app_user may now make TEMPORARY tables in this database'],
  [`revoke delete on ${docs} from ragwall_owner`, 'tightens', `the owner may no longer DELETE from ${docs}`],
  // Roles and settings
  ['alter role app_user bypassrls', 'loosens', 'role app_user may now bypass row-level security'],
  ['alter role app_user superuser', 'loosens', 'role app_user is now a superuser'],
  ['alter role ragwall_owner login', 'loosens', 'role ragwall_owner may now log in'],
  ['grant pg_read_all_data to app_reader', 'loosens', 'role app_reader is now a member of pg_read_all_data (set)'],
  ['create role bob login in role app_user', 'loosens', 'role bob is new: login, member of app_user', 'neutral'],
  ["alter role app_reader set app.current_tenant = 'acme'", 'read', 'role app_reader now begins with app.current_tenant = acme', 'read'],
  ["alter role app_reader set app.jwt_secret = 'hunter2'", 'read', 'role app_reader now begins with app.jwt_secret = hidden, sha256 f52fbd32b2b3b86f', 'read'],
  [inDatabase("alter database %I set ragwall.residue = 'allow'"), 'read', 'this database now begins with ragwall.residue = allow', 'read'],
  // Functions and views
  ['alter function ragwall.match_documents(public.halfvec, integer) security definer', 'loosens', "function ragwall.match_documents(public.halfvec,integer) now runs with its owner's rights"],
  ['alter function ragwall.set_tenant(text) reset search_path', 'loosens', 'function ragwall.set_tenant(text) no longer pins its search_path'],
  ['alter function ragwall.current_tenant() immutable', 'loosens', 'function ragwall.current_tenant() is now declared immutable (before: stable)'],
  ['alter function ragwall.current_tenant() leakproof', 'loosens', 'function ragwall.current_tenant() is now declared leakproof'],
  ['alter function ragwall.current_tenant() owner to postgres', 'read', 'function ragwall.current_tenant() now belongs to postgres (before: ragwall_context)', 'read'],
  ["create or replace function ragwall_private.in_graph(tenant text) returns boolean language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as 'begin return false; end'", 'read', 'the body of function ragwall_private.in_graph(text) has changed', 'read'],
  ["create function public.f() returns integer language sql security definer as 'select 1'", 'read', "function public.f() is new: runs with its owner's rights; everybody may EXECUTE", 'neutral'],
  [`create view public.v as select id from ${docs}; grant select on public.v to app_user`, 'loosens', "view public.v is new: reads with its owner's rights; app_user may SELECT", 'neutral'],
  // Columns, keys, indexes and what else there is
  [`alter table ${docs} alter column content drop not null`, 'loosens', `column ${docs}.content may now be null (and 32 of its partitions)`],
  [`alter table ${docs} alter column tenant_id set default 'acme'`, 'read', `the default of column ${docs}.tenant_id is now 'acme'::text (before: ragwall.require_tenant()) (and 32 of its partitions)`, 'read'],
  [`alter table ${docs} add column note text; grant select (note) on ${docs} to app_user`, 'neutral', `column ${docs}.note is new: app_user may SELECT (and 32 of its partitions)`, 'read'],
  [`alter table ${docs} drop constraint documents_tenant_id_check`, 'loosens', `check constraint documents_tenant_id_check on ${docs} is gone`],
  [`create index i on ${docs} (source)`, 'neutral', `index i on ${docs} is new: CREATE INDEX i ON ONLY ${docs} USING btree (source)`, 'neutral'],
  [`create unique index i on ${docs}_00 (id)`, 'read', `unique index i on ${docs}_00 is new: CREATE UNIQUE INDEX i ON ${docs}_00 USING btree (id)`, 'loosens'],
  [`create index documents_graph_all on ${docs}_00 using hnsw (embedding public.halfvec_cosine_ops)`, 'read', `approximate index documents_graph_all on ${docs}_00 is new: CREATE INDEX documents_graph_all ON ${docs}_00 USING hnsw (embedding public.halfvec_cosine_ops)`, 'neutral'],
  [`create rule r as on insert to ${docs} do also notify x`, 'read', `rule r on ${docs} is new: CREATE RULE r AS ON INSERT TO ${docs} DO NOTIFY x;`, 'loosens'],
  [`create publication p for table ${docs}`, 'read', `publication p is new: table ${docs}`, 'neutral'],
];

const opposite = { loosens: 'tightens', tightens: 'loosens', read: 'read', neutral: 'neutral' };

describe('a change is told, and so is its reverse', () => {
  it.each(cases)('%s', async (change, effect, words, reverse) => {
    const changed = await after(change);
    expect(told(diffInventories(clean, changed))).toEqual([`${effect}: ${words}`]);
    expect(diffInventories(changed, clean).map((one) => one.effect)).toEqual([
      reverse ?? opposite[effect],
    ]);
  });
});

it('nothing is told of nothing', async () => {
  expect(diffInventories(clean, await after('select 1'))).toEqual([]);
});

it('an object that comes or goes is one change, with all its parts', async () => {
  const gone = await after(`drop function tests.seed(); drop table ${docs} cascade`);
  expect(told(diffInventories(clean, gone))).toEqual([
    'neutral: function tests.seed() is gone',
    `neutral: ${docs} is gone (and 32 of its partitions)`,
  ]);
  expect(told(diffInventories(gone, clean))).toHaveLength(2);
});

it('the worst comes first', async () => {
  const changed = await after(`
    alter policy delete_own_tenant on ${docs} using (tenant_id = 'acme');
    create index i on ${docs} (source);
    revoke insert (source) on ${docs} from app_user;
    grant truncate on ${docs} to app_user`);
  expect(diffInventories(clean, changed).map(({ effect }) => effect)).toEqual([
    'loosens',
    'read',
    'tightens',
    'neutral',
  ]);
});

it('a policy made permissive, or put in the place of another, is that policy still', async () => {
  const changed = await after(`
    drop policy tenant_floor on ${docs};
    create policy tenant_floor on ${docs} using (false) with check (true)`);
  expect(told(diffInventories(clean, changed))).toEqual([
    expect.stringContaining(`loosens: policy tenant_floor on ${docs} is now permissive`),
    expect.stringContaining(`loosens: policy tenant_floor on ${docs} now has with check true`),
    expect.stringContaining(`tightens: policy tenant_floor on ${docs} now has using false`),
  ]);
});

it('names with quotes, dots and “ on ” in them are taken whole', async () => {
  const changed = await after(`
    create table public."a.b on c" ("x.y" text primary key);
    create policy "p on q" on public."a.b on c" using (true)`);
  expect(told(diffInventories(clean, changed))).toEqual([
    'read: public."a.b on c" is new: without row-level security; policy "p on q" is permissive, for ALL, for PUBLIC, using true',
  ]);
});
