/**
 * Three databases from one template. 1 and 2 differ in the rows of one tenant, the victim, and in 2 a transaction of
 * the victim is open. The third, the control, is made like 1: differences between these two are noise.
 */
import { readFile } from 'node:fs/promises';
import type { Sql } from 'postgres';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { bootstrapSql, migrationsSql, root } from '../../../db/tests/engine/migrations.js';
import { connect, withDatabase } from '../setup.js';
import { type Change, changes, dimensions, few, own, type Row } from './rows.js';
import { openWire, type Wire } from './wire.js';

export const roles = ['app_user', 'agent_reader', 'agent_caller'] as const;
export type Role = (typeof roles)[number];
type Design = 'ragwall' | 'usual';

export interface Worlds {
  readonly change: Change;
  /** The tenant whose rows differ. */
  readonly victim: string;
  /** Tenants whose rows are the same: one without a search table, one whose search table has a tail, one without a tail. */
  readonly tenants: readonly string[];
  /** Names of the databases: world 1, world 2, the control. */
  readonly names: readonly string[];
  /** The signing key; none in the usual design. */
  readonly jwk: string | undefined;
  /** A superuser's connection to world 2, which has more objects than the others. */
  readonly admin: Sql;
  /** Opens a connection to each world, in their order. */
  login(role: Role): Promise<Wire[]>;
  /** Runs db/agents.sql in all of them. */
  lockDown(): Promise<void>;
  close(): Promise<void>;
}

const victim = 'acme';
const [withTail, withoutTail] = ['initech', 'umbrella'] as const;
const neighbours = ['globex', withTail, withoutTail] as const;

/** How many documents each neighbour has. From 50 on the plan builds a search table. */
const sizes = { globex: 30, [withTail]: 60, [withoutTail]: 55 };

/** Runs what is due, as a DBA does: builds search tables, and brings those up to date that are there. */
async function runPlan(sql: Sql) {
  await sql`set ragwall.search_table_from = 50`;
  for (const { index_plan } of await sql`select ragwall.index_plan()`) await sql.unsafe(index_plan);
}

async function makeTemplate(sql: Sql, design: Design, first: string | undefined) {
  await sql.unsafe(await bootstrapSql());
  if (design === 'usual') {
    await sql.unsafe(await readFile(new URL('scripts/lab/two-worlds/usual.sql', root), 'utf8'));
  } else {
    for (const migration of await migrationsSql({ dimensions })) await sql.unsafe(migration);
  }
  if (first) await sql.unsafe(first);
  if (design === 'usual') return undefined;
  // Nothing is there yet that could be without words.
  await sql`select ragwall.enable_words('simple')`;
  await sql`update ragwall_search.word_settings set filled = true`;
  // The neighbours' search tables are built in the template, so that their names, OIDs and HNSW indexes are the same in every world.
  for (const tenant of [withTail, withoutTail]) await insert(sql, tenant, own(sizes[tenant]));
  await runPlan(sql);
  await sql`truncate ragwall.documents, ragwall_search.words`;
  // No autovacuum: fill() vacuums all worlds at the same point.
  await sql`do $$ declare relation regclass; begin
    for relation in
      select c.oid from pg_class as c
      where c.relkind = 'r' and (c.oid = 'ragwall.documents_rows'::regclass or c.relnamespace = 'ragwall_search'::regnamespace)
    loop
      execute format('alter table %s set (autovacuum_enabled = off)', relation);
    end loop; end $$`;
  const [key] = await sql<{ jwk: string }[]>`select ragwall.add_signing_key('worlds', 'worlds') as jwk`;
  return key?.jwk;
}

const insert = (sql: Sql, tenant: string, rows: readonly Row[]) => sql`
  insert into ragwall.documents (
    tenant_id, id, source, position, content, embedding, embedding_model, metadata, created_at
  )
  select ${tenant}, id, source, position, content, embedding::halfvec, 'test', metadata, created_at
  from jsonb_to_recordset(${sql.json(rows as never)}) as r (
    id uuid, source text, position integer, content text, embedding text, metadata jsonb, created_at timestamptz
  )
  on conflict do nothing`;

/** Makes a tail for every tenant that has a search table by now: changes a few documents, deletes some and inserts some. */
async function makeTail(sql: Sql, tenant: string) {
  await sql`update ragwall.documents set content = content || ', revised' where tenant_id = ${tenant} and id::text ~ '[37]$'`;
  await sql`delete from ragwall.documents where tenant_id = ${tenant} and id::text ~ '2$'`;
  await insert(sql, tenant, own(75).slice(70));
}

/** Stores half of the victim's rows before and half after the neighbours', and deletes some. */
async function fill(sql: Sql, design: Design, rows: readonly Row[]) {
  const half = rows.length / 2;
  await insert(sql, victim, rows.slice(0, half));
  for (const [i, tenant] of neighbours.entries()) {
    // In the usual design ids are unique in the whole table, so each tenant gets others.
    await insert(sql, tenant, design === 'usual' ? own(180).slice(i * 60, i * 60 + 60) : own(sizes[tenant]));
  }
  await insert(sql, victim, rows.slice(half));
  await sql`delete from ragwall.documents where tenant_id = ${victim} and id::text ~ '[05]$'`;
  if (design === 'ragwall') {
    await runPlan(sql);
    for (const tenant of [victim, withTail]) await makeTail(sql, tenant);
    await sql`vacuum (analyze) ragwall_search.tail, ragwall_search.directory, ragwall_search.words,
      ragwall_search.vocabulary`;
  }
  await sql`vacuum (analyze) ragwall.documents`;
}

/** Opens a transaction of the victim that has locked its rows and inserted one. */
async function work(url: string): Promise<Sql> {
  const sql = connect(url);
  await sql`select set_config(name, '0', false) from pg_settings
    where name in ('idle_in_transaction_session_timeout', 'transaction_timeout')`;
  await sql`begin`;
  await sql`select ragwall.set_tenant(${victim})`;
  await sql`select id from ragwall.documents for update`;
  await sql`insert into ragwall.documents (content, embedding, embedding_model) values (
    'not committed', ${`[${Array(dimensions).fill(1)}]`}::text::halfvec, 'test')`;
  return sql;
}

/** Returns a login: the role itself in our container, else a new member of the role, which is dropped in the end. */
async function loginAs(server: Sql, engine: Engine, role: Role, name: string) {
  const { password } = new URL(engine.appUrl ?? '');
  if (engine.kind === 'docker') return { user: role, password };
  await server.unsafe(`create role ${name}_${role} login inherit password '${password}' in role ${role}`);
  return { user: `${name}_${role}`, password };
}

export interface Setting {
  readonly design: Design;
  /** How the victim's rows differ in world 2: `rows` in everything, `contents` neither in number nor in length. */
  readonly change: Change;
  /** SQL that a superuser runs on the template, to take a wall down or to try a fix. */
  readonly first?: string | undefined;
}

export async function openWorlds(engine: Engine, { design, change, first }: Setting): Promise<Worlds> {
  const name = `two_worlds_${Date.now().toString(36)}`;
  const names = ['1', '2', 'c'].map((suffix) => `${name}_${suffix}`);
  const server = connect(engine.adminUrl);
  const closing: (() => Promise<unknown>)[] = [];
  const limited = await server`select 1 from pg_db_role_setting where setrole = 'agent_reader'::regrole`;
  async function close() {
    for (const end of closing.reverse()) await end();
    for (const database of [...names, name]) await server.unsafe(`drop database if exists ${database} with (force)`);
    for (const each of roles) await server.unsafe(`drop role if exists ${name}_${each}`);
    // db/agents.sql gives the roles settings for the whole cluster.
    for (const agent of limited.length ? [] : ['agent_reader', 'agent_caller']) {
      await server.unsafe(`alter role ${agent} reset all`);
    }
    await server.end();
  }
  try {
    await server.unsafe(`create database ${name}`);
    const template = connect(withDatabase(engine.adminUrl, name));
    const jwk = await makeTemplate(template, design, first).finally(() => template.end());
    const admins: Sql[] = [];
    for (const [i, database] of names.entries()) {
      await server.unsafe(`create database ${database} template ${name}`);
      const admin = connect(withDatabase(engine.adminUrl, database), { fetch_types: true });
      closing.push(() => admin.end());
      admins.push(admin);
      await admin.unsafe(await bootstrapSql());
      await admin.unsafe(`grant connect on database ${database} to app_user, app_reader, agent_reader, agent_caller`);
      await fill(admin, design, i === 1 ? changes[change] : few);
    }
    if (change === 'rows') {
      const busy = await work(withDatabase(engine.appUrl ?? '', names[1] as string));
      closing.push(() => busy.end({ timeout: 0 }));
    }
    const [, admin] = admins;
    if (!admin) throw new Error('the second world is missing');
    return {
      ...{ change, victim, tenants: neighbours, names, jwk, admin, close },
      async login(role) {
        const user = await loginAs(server, engine, role, name);
        const wires: Wire[] = [];
        for (const database of names) {
          const wire = await openWire(withDatabase(engine.adminUrl, database, user));
          closing.push(() => wire.close());
          wires.push(wire);
        }
        return wires;
      },
      async lockDown() {
        const agents = await readFile(new URL('db/agents.sql', root), 'utf8');
        for (const each of admins) await each.unsafe(agents);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
