/** A login reads in the database that it was made for: bootstrap.sql takes CONNECT from PUBLIC, and grant_login() gives it. */
import postgres from 'postgres';
import { expect, inject, it } from 'vitest';
import { bootstrapSql, migrationsSql } from './engine/migrations.js';
import { needs, rolledBack } from './engine/session.js';
import { useSession } from './engine/use-session.js';

const engine = inject('engine');
const session = useSession();

it('who is no member of ours may connect as before after db/bootstrap.sql, and who is may not', async () => {
  const bootstrap = await bootstrapSql();
  const connects = await session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      await tx.unsafe(`
        create role lg_other login; create role lg_member login in role app_user;
        create role lg_granted login in role app_user; create role lg_group`);
      const connect = (change: string) =>
        tx.unsafe(`do $$ begin execute format('${change}', current_database()); end $$`);
      await connect('revoke connect on database %I from app_user'); // which logs in itself on some engines
      await connect('grant connect on database %I to public, lg_granted');
      const before = await tx`select has_database_privilege('lg_member', current_database(), 'connect') as may`;
      await tx.unsafe(bootstrap);
      await tx.unsafe(bootstrap);
      const after = await tx`
        select rolname as role, has_database_privilege(oid, current_database(), 'connect') as may
        from pg_roles where rolname ~ '^lg_' order by rolname`;
      return [before, after];
    }),
  );
  expect(connects).toEqual([
    [{ may: true }],
    [
      { role: 'lg_granted', may: true },
      { role: 'lg_group', may: false },
      { role: 'lg_member', may: false },
      { role: 'lg_other', may: true },
    ],
  ]);
});

it('limits that somebody has set stay when db/bootstrap.sql is repeated', async () => {
  const bootstrap = await bootstrapSql();
  const limits = await session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      await tx.unsafe("alter role app_user reset all; alter role app_user set statement_timeout = '7s'");
      await tx.unsafe(bootstrap);
      return tx`
        select c as setting from pg_db_role_setting as s, unnest(s.setconfig) as c
        where s.setrole = 'app_user'::regrole and s.setdatabase = 0 and c !~ '^transaction_timeout='`;
    }),
  );
  expect(limits).toEqual([{ setting: 'statement_timeout=7s' }, { setting: 'idle_in_transaction_session_timeout=60s' }]);
});

it('a login that was made for one database of the cluster is refused by the other', async (context) => {
  needs(context, engine, ['docker'], 'logins');
  const url = (name: string, user?: string) => {
    const other = Object.assign(new URL(engine.adminUrl), { pathname: `/${name}` });
    if (user) other.username = user;
    return other.href;
  };
  const run = async (address: string, ...statements: string[]) => {
    const sql = postgres(address, { max: 1, onnotice: () => {} });
    try {
      let rows: unknown;
      for (const statement of statements) rows = await sql.unsafe(statement);
      return rows;
    } finally {
      await sql.end();
    }
  };
  const { password } = new URL(engine.adminUrl);
  const migrations = [await bootstrapSql(), ...(await migrationsSql())];
  const read = "begin; select ragwall.set_tenant('acme'); select content from ragwall.documents; commit";
  try {
    for (const name of ['lg_one', 'lg_two']) {
      await session.admin((sql) => sql.unsafe(`create database ${name}`));
      await run(
        url(name),
        ...migrations,
        `insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
         values ('acme', 'secret of ${name}', ('[1' || repeat(',0', 1535) || ']')::halfvec, 'test')`,
      );
    }
    await run(
      url('lg_one'),
      "select ragwall.grant_login('lg_api', 'app_user')",
      `alter role lg_api password '${password}'`,
    );
    const secret = (name: string) => expect.arrayContaining([[{ content: `secret of ${name}` }]]);
    expect(await run(url('lg_one', 'lg_api'), read)).toEqual(secret('lg_one'));
    await expect(run(url('lg_two', 'lg_api'), read)).rejects.toMatchObject({
      code: '42501',
      message: 'permission denied for database "lg_two"',
    });
    // Where PUBLIC may connect, as it may until bootstrap.sql was run, the login reads all tenants there.
    await run(url('lg_two'), 'grant connect on database lg_two to public');
    expect(await run(url('lg_two', 'lg_api'), read)).toEqual(secret('lg_two'));
  } finally {
    await session.admin(async (sql) => {
      for (const name of ['lg_one', 'lg_two']) await sql.unsafe(`drop database if exists ${name} with (force)`);
      await sql.unsafe('drop role if exists lg_api');
    });
  }
}, 120_000);
