/**
 * Three databases from one template: 1 and 2 differ in one tenant's rows, and in that this tenant is at work in
 * 2; the third, the control, is made as 1 was, and what differs between those two is noise.
 */
import { readFile } from 'node:fs/promises';
import postgres, { type Sql } from 'postgres';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { bootstrapSql, migrationsSql, root } from '../../../db/tests/engine/migrations.js';
import { type Change, changes, dimensions, few, own, type Row } from './rows.js';
import { openWire, type Wire } from './wire.js';

export const roles = ['app_user', 'agent_reader', 'agent_caller'] as const;
export type Role = (typeof roles)[number];
export type Design = 'ragwall' | 'usual';

export interface Worlds {
  readonly change: Change;
  /** Whose rows differ. */
  readonly victim: string;
  /** Whose rows do not: in the victim's partition, there with a graph, and in another partition. */
  readonly tenants: readonly string[];
  /** Of the databases: world 1, world 2, the control. */
  readonly names: readonly string[];
  /** The signing key; none in the usual design. */
  readonly jwk: string | undefined;
  /** On world 2, as a superuser: it has more objects than the others. */
  readonly admin: Sql;
  /** Opens a connection to each world, in their order. */
  login(role: Role): Promise<Wire[]>;
  /** Runs db/agents.sql in all of them. */
  lockDown(): Promise<void>;
  close(): Promise<void>;
}

const quiet = { onnotice: () => {}, max: 1 };
const on = (url: string, database: string, user?: { name: string; password: string }) => {
  const other = new URL(url);
  other.pathname = `/${database}`;
  if (user) [other.username, other.password] = [user.name, user.password];
  return other.href;
};

/** The victim and neighbours whose names hash to the same partition, the worst case, and one whose name does not. */
async function cast(sql: Sql, design: Design): Promise<string[]> {
  if (design === 'usual') return ['acme', 'globex-0', 'initech-0', 'far-0'];
  const rows = await sql<{ name: string }[]>`
    with leaf as (
      select r from generate_series(0, 31) as r
      where satisfies_hash_partition('ragwall.documents'::regclass, 32, r, 'acme'::text)
    )
    select min(name) as name
    from leaf, (values ('globex', true), ('initech', true), ('far', false)) as n (stem, together),
      lateral (select stem || '-' || lpad(i::text, 3, '0') as name from generate_series(0, 999) as i) as c
    where satisfies_hash_partition('ragwall.documents'::regclass, 32, r, name) = together
    group by stem, together order by together desc, stem`;
  return ['acme', ...rows.map((row) => row.name)];
}

/** Gives every tenant that has enough documents for it its graph, as a DBA does. */
async function buildGraphs(sql: Sql) {
  await sql`set ragwall.graph_from = 50`;
  for (const { index_plan } of await sql`select ragwall.index_plan()`) await sql.unsafe(index_plan);
}

async function makeTemplate(sql: Sql, design: Design, first: string | undefined) {
  await sql.unsafe(await bootstrapSql());
  if (design === 'usual') {
    await sql.unsafe(await readFile(new URL('scripts/lab/two-worlds/usual.sql', root), 'utf8'));
  } else {
    const values = { ':EMBEDDING_DIMENSIONS': String(dimensions) };
    for (const migration of await migrationsSql(values)) await sql.unsafe(migration);
  }
  if (first) await sql.unsafe(first);
  const names = await cast(sql, design);
  if (design === 'usual') return { names, jwk: undefined };
  // Vacuum at the points that are ours to choose, and at no others.
  await sql`do $$ declare leaf regclass; begin
    for leaf in select inhrelid from pg_inherits where inhparent = 'ragwall.documents'::regclass loop
      execute format('alter table %s set (autovacuum_enabled = off)', leaf);
    end loop; end $$`;
  // The index of its own is the template's, so that it has the same number in every world.
  await insert(sql, names[2] as string, own(60));
  await buildGraphs(sql);
  await sql`truncate ragwall.documents`;
  const [key] = await sql<{ jwk: string }[]>`select ragwall.add_signing_key('worlds', 'worlds') as jwk`;
  return { names, jwk: key?.jwk };
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

/** Half of the victim's rows lie before the neighbours', half behind them; some died. */
async function fill(
  sql: Sql,
  design: Design,
  victim: string,
  tenants: readonly string[],
  rows: readonly Row[],
) {
  const half = rows.length / 2;
  await insert(sql, victim, rows.slice(0, half));
  for (const [i, tenant] of tenants.entries()) {
    // Ids and sources are the whole table's in the usual design: each of its tenants has others.
    await insert(
      sql,
      tenant,
      design === 'usual' ? own(180).slice(i * 60, i * 60 + 60) : own([30, 60, 20][i] ?? 0),
    );
  }
  await insert(sql, victim, rows.slice(half));
  await sql`delete from ragwall.documents where tenant_id = ${victim} and id::text ~ '[05]$'`;
  await sql`vacuum (analyze) ragwall.documents`;
  if (design === 'ragwall') await buildGraphs(sql);
}

/** Somebody who is at work: rows that are locked, and one that is not committed. */
async function work(url: string, victim: string): Promise<Sql> {
  const sql = postgres(url, quiet);
  await sql`begin`;
  await sql`select ragwall.set_tenant(${victim})`;
  await sql`select id from ragwall.documents for update`;
  await sql`insert into ragwall.documents (content, embedding, embedding_model) values (
    'not committed', ${`[${Array(dimensions).fill(1)}]`}::text::halfvec, 'test')`;
  return sql;
}

/** A login that is the role itself, or on somebody else's server a member that is dropped in the end. */
async function loginAs(server: Sql, engine: Engine, role: Role, name: string) {
  const { password } = new URL(engine.appUrl ?? '');
  if (engine.kind === 'docker') return { name: role, password };
  await server.unsafe(
    `create role ${name}_${role} login inherit password '${password}' in role ${role}`,
  );
  return { name: `${name}_${role}`, password };
}

export interface Setting {
  readonly design: Design;
  /** How the victim's rows differ in the second world: in everything, or neither in number nor in length. */
  readonly change: Change;
  /** SQL that a superuser runs on the template: a wall taken down, or a fix to be tried. */
  readonly first?: string | undefined;
}

export async function openWorlds(engine: Engine, { design, change, first }: Setting): Promise<Worlds> {
  const name = `two_worlds_${Date.now().toString(36)}`;
  const names = ['1', '2', 'c'].map((suffix) => `${name}_${suffix}`);
  const server = postgres(engine.adminUrl, quiet);
  const closing: (() => Promise<unknown>)[] = [];
  const limited =
    await server`select 1 from pg_db_role_setting where setrole = 'agent_reader'::regrole`;
  async function close() {
    for (const end of closing.reverse()) await end();
    for (const database of [...names, name])
      await server.unsafe(`drop database if exists ${database} with (force)`);
    for (const each of roles) await server.unsafe(`drop role if exists ${name}_${each}`);
    // The settings that db/agents.sql gave the roles are the cluster's.
    for (const agent of limited.length ? [] : ['agent_reader', 'agent_caller']) {
      await server.unsafe(`alter role ${agent} reset all`);
    }
    await server.end();
  }
  try {
    await server.unsafe(`create database ${name}`);
    const template = postgres(on(engine.adminUrl, name), quiet);
    const { names: people, jwk } = await makeTemplate(template, design, first).finally(() =>
      template.end(),
    );
    const [victim = '', ...tenants] = people;
    const admins: Sql[] = [];
    for (const [i, database] of names.entries()) {
      await server.unsafe(`create database ${database} template ${name}`);
      const admin = postgres(on(engine.adminUrl, database), quiet);
      closing.push(() => admin.end());
      admins.push(admin);
      await admin.unsafe(await bootstrapSql());
      await fill(admin, design, victim, tenants, i === 1 ? changes[change] : few);
    }
    if (change === 'rows') {
      const busy = await work(on(engine.appUrl ?? '', names[1] as string), victim);
      closing.push(() => busy.end({ timeout: 0 }));
    }
    const [, admin] = admins;
    if (!admin) throw new Error('the second world is missing');
    return {
      ...{ change, victim, tenants, names, jwk, admin, close },
      async login(role) {
        const user = await loginAs(server, engine, role, name);
        const wires: Wire[] = [];
        for (const database of names) {
          const wire = await openWire(on(engine.adminUrl, database, user));
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
