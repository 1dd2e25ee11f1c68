/**
 * Databases laid out like those of managed services, installed as the login that such a service hands out, and then every
 * pgTAP file, run by a superuser, who is not there on the service itself.
 *
 * Roles belong to the cluster, so this needs one of its own: a container, or the superuser's URL of an empty cluster in
 * RAGWALL_EMPTY_CLUSTER.
 */
import { readFile } from 'node:fs/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startDocker } from './engine/docker.js';
import { bootstrapSql, migrationsSql, pgtapFiles, pgtapFolder, root } from './engine/migrations.js';

const empty = process.env.RAGWALL_EMPTY_CLUSTER;
const runs = empty !== undefined || inject('engine').kind === 'docker';
const password = 'layouts';

interface Layout {
  /** What a superuser of the service has made in the cluster before there is a database. */
  readonly roles: string;
  /** What the login is called that the customer gets. */
  readonly login: string;
  readonly vectorSchema: string;
  /** What the service has made in the database. */
  readonly database: string;
  /** What the audit reports to the login: that it is itself a member of an owner, unless its rights tell that it is a DBA. */
  readonly reported: readonly string[];
  /** Assertions that do not hold: the login that has installed is a member of the roles, as docs/install.md says. */
  readonly open: readonly string[];
}

const member = [
  'attacks/policies.sql: A03c: no application, no agent and no login of theirs is a member of an owner',
  'roles.sql: nobody is a member of an owner',
];
const bypasses = 'attacks/policies.sql: A02: no application, no agent and no login of theirs bypasses the policies';

/** What is run: who may do what, what is read and written, search, search tables, and attacks on these. */
const files =
  /^((access-matrix|policies|tables|roles|(read|write)-isolation|match-documents|large-tenants|index-plan)|attacks\/(objects|policies|search-.*|tokens))\.sql$/;

const layouts: Record<string, Layout> = {
  // supabase/postgres, migrations/db/init-scripts and demote-postgres: postgres is no superuser. Here it has another name.
  Supabase: {
    login: 'sb_postgres',
    reported: [],
    // The service presets the search path of the database.
    open: [
      bypasses,
      ...member,
      'roles.sql: no setting of a role or the database presets a tenant, how names resolve, or that residue is allowed',
    ],
    vectorSchema: 'extensions',
    roles: `
      create role supabase_admin superuser createdb createrole replication bypassrls;
      create role sb_postgres login password '${password}' createdb createrole replication bypassrls;
      create role anon nologin noinherit;
      create role authenticated nologin noinherit;
      create role service_role nologin noinherit bypassrls;
      create role authenticator login password '${password}' noinherit;
      grant anon, authenticated, service_role to authenticator;
      grant anon, authenticated, service_role to sb_postgres with admin option`,
    database: `
      create schema extensions authorization sb_postgres;
      grant usage on schema extensions to anon, authenticated, service_role;
      create extension vector with schema extensions;
      grant usage on schema public to sb_postgres, anon, authenticated, service_role;
      alter default privileges for role sb_postgres in schema public
        grant all on tables to anon, authenticated, service_role;
      alter default privileges for role sb_postgres in schema public
        grant all on functions to anon, authenticated, service_role;
      do $$
      begin
        execute format('alter database %I set search_path = "$user", public, extensions', current_database());
      end
      $$`,
  },
  // Amazon RDS, User Guide, "Understanding the rds_superuser role".
  RDS: {
    login: 'rds_postgres',
    reported: ['R07 rds_postgres in ragwall_owner'],
    open: member,
    vectorSchema: 'public',
    roles: `
      create role rdsadmin superuser createdb createrole replication bypassrls;
      create role rds_superuser;
      grant pg_monitor, pg_signal_backend, pg_checkpoint to rds_superuser with admin option;
      create role rds_postgres login password '${password}' inherit createdb createrole noreplication;
      grant rds_superuser to rds_postgres`,
    database: 'create extension vector',
  },
  // Neon, "Manage roles": what the console makes are members of neon_superuser.
  Neon: {
    login: 'neon_owner',
    reported: [],
    open: [bypasses, ...member],
    vectorSchema: 'public',
    roles: `
      create role cloud_admin superuser;
      create role neon_superuser nologin createdb createrole bypassrls replication;
      grant pg_read_all_data, pg_write_all_data to neon_superuser;
      grant pg_monitor to neon_superuser with admin option;
      create role neon_owner login password '${password}' createdb createrole bypassrls replication;
      grant neon_superuser to neon_owner`,
    database: 'create extension vector',
  },
};

const connect = (url: string) =>
  postgres(url, { max: 1, onnotice: () => {}, connection: { statement_timeout: 30_000 } });

/** Returns the assertions of a file that fail, and the error that ends it. */
async function failuresOf(url: string, file: string, schema: string): Promise<string[]> {
  const sql = connect(url);
  const text = await readFile(new URL(file, pgtapFolder), 'utf8');
  try {
    const results: unknown = await sql.unsafe(text.replaceAll(/\bpublic\.(?=halfvec|vector)/g, `${schema}.`)).simple();
    return [results]
      .flat(2)
      .flatMap((row) => Object.values(row as object).map(String))
      .filter((line) => line.startsWith('not ok'))
      .map((line) => `${file}: ${line.split('\n')[0]?.replace(/^not ok \d+ - /, '')}`);
  } catch (error) {
    return [`${file}: ${error}`];
  } finally {
    await sql.end();
  }
}

describe.runIf(runs)('a database like that of', () => {
  let server: { adminUrl: string; stop(): Promise<void> };
  let admin: Sql;
  beforeAll(async () => {
    server = empty ? { adminUrl: empty, stop: async () => {} } : await startDocker(() => {});
    admin = connect(server.adminUrl);
  }, 120_000);
  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  it.each(Object.entries(layouts))(
    '%s: everything is installed without a superuser, and every wall holds',
    async (name, { login, vectorSchema, roles, database: made, reported, open }) => {
      const database = `layout_${name.toLowerCase()}`;
      const url = Object.assign(new URL(server.adminUrl), { pathname: `/${database}` });
      await admin.unsafe(roles);
      await admin.unsafe(`create database ${database} owner ${login}`);
      const superuser = connect(url.href);
      const customer = connect(Object.assign(new URL(url), { username: login, password }).href);
      try {
        await superuser.unsafe(made);
        await customer.unsafe(await bootstrapSql());
        for (const file of await migrationsSql({ vectorSchema, dimensions: 1536 })) await customer.unsafe(file);
        const fixture = await readFile(new URL('db/tests/engine/fixture.sql', root), 'utf8');
        const found = await customer`
          select distinct id, object from ragwall.audit()
          where status = 'fail' and severity in ('critical', 'high', 'medium') and id !~ '^S0' order by 1, 2`;
        expect(found.map(({ id, object }) => `${id} ${object}`)).toEqual(reported);
        await superuser.unsafe(fixture.replaceAll('public.halfvec', `${vectorSchema}.halfvec`));
        const failures = [];
        for (const file of (await pgtapFiles()).filter((file) => files.test(file)))
          failures.push(...(await failuresOf(url.href, file, vectorSchema)));
        // Before PostgreSQL 16 whoever creates a role is no member of it: the login is one of the three owners' only.
        const [later] = await superuser`select current_setting('server_version_num')::integer >= 160000 as joins`;
        expect(failures).toEqual(open.filter((line) => later?.joins || !line.startsWith('attacks/policies.sql: ')));
      } finally {
        await Promise.all([superuser.end(), customer.end()]);
        await admin.unsafe(`drop database ${database} with (force)`);
        // Made by the customer, and of no use to the next one.
        await admin.unsafe(
          `drop role ragwall_owner, ragwall_context, ragwall_search, app_user, app_reader, agent_reader, agent_caller`,
        );
      }
    },
    240_000,
  );
});
