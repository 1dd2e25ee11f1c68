/** An application refuses to serve where its login is not held to one tenant, and names each check that fails. */
import { readdir, readFile } from 'node:fs/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startEmbedded } from '../../db/tests/engine/embedded.js';
import { root } from '../../db/tests/engine/migrations.js';
import { needs, poolOptions } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { lastMigration } from '../audit/queries.generated.js';
import { assertIsolation, type IsolationOptions } from './assert-isolation.js';
import { tokenSigner } from './token.js';

const engine = inject('engine');
const elsewhere = { kty: 'oct', alg: 'HS256', kid: 'k', aud: 'elsewhere', k: 'A'.repeat(43) };
const session = useSession();

/** ragwall.migration() as the last migration leaves it. */
const migration = (number: number) => `
  create function ragwall.migration() returns integer language sql immutable parallel safe return ${number};
  revoke execute on function ragwall.migration() from public;
  grant execute on function ragwall.migration() to app_user, app_reader, agent_reader, agent_caller`;

/** Until a migration brings it. */
const ifMissing = `do $do$ begin
  if to_regprocedure('ragwall.migration()') is null then
    ${migration(lastMigration)};
    comment on function ragwall.migration() is 'stands in';
  end if;
end $do$`;

const renamed = (more: string) => ({
  change: `alter function ragwall.migration() rename to elsewhere; ${more}`,
  undo: `drop function if exists ragwall.migration(); alter function ragwall.elsewhere() rename to migration`,
});

const logins = ['guard_app', 'guard_super', 'guard_bypass', 'guard_member', 'guard_owner', 'guard_noinherit'];
beforeAll(async () => {
  await session.admin((sql) =>
    sql.unsafe(`
      ${ifMissing};
      create role guard_app in role app_user;
      create role guard_super superuser nobypassrls;
      create role guard_bypass bypassrls in role app_user;
      create role guard_member in role app_user, guard_bypass;
      create role guard_owner in role app_user, ragwall_owner;
      create role guard_noinherit noinherit in role app_user;
    `),
  );
});
afterAll(async () => {
  await session.admin((sql) =>
    sql.unsafe(`
      do $$ begin
        if obj_description('ragwall.migration()'::regprocedure) = 'stands in' then
          drop function ragwall.migration();
        end if;
      end $$;
      drop role ${logins.join(', ')}`),
  );
});

/** What is found to be wrong, and the checks; or nothing. */
async function refusal(sql: Sql, options?: IsolationOptions) {
  try {
    await assertIsolation(sql, options);
    return undefined;
  } catch (error) {
    const { code, checks, message } = error as { code: string; checks: string[]; message: string };
    if (code !== 'NOT_ISOLATED') throw error;
    return { checks, message };
  }
}

/** What a login is refused for, after a change that is undone. */
function refusalOf(login: string, { change = '', undo = '' } = {}, options?: IsolationOptions) {
  return session.admin(async (sql) => {
    const [me] = await sql`select quote_ident(session_user) as login`;
    if (change) await sql.unsafe(change);
    try {
      await sql.unsafe(`set session authorization ${login}`);
      return await refusal(sql, options);
    } finally {
      await sql.unsafe(`set session authorization ${me?.login}`);
      if (undo) await sql.unsafe(undo);
    }
  });
}

const table = (definition: string, name = 'tests.guarded') => ({
  change: `create table ${name} (tenant_id text); ${definition}`,
  undo: `drop table ${name}`,
});
const walls = 'alter table tests.guarded enable row level security, force row level security';

it('the application’s own logins pass, and nothing is left undetermined', async () => {
  expect(await assertIsolation(session.app)).toEqual([]);
  for (const login of ['app_reader', 'agent_reader', 'agent_caller', 'guard_app', 'guard_noinherit']) {
    expect(await refusalOf(login)).toBeUndefined();
  }
});

describe('refuses', () => {
  it.each<[string, string, string, { change?: string; undo?: string }, RegExp]>([
    ['a superuser', 'guard_super', 'R01', {}, /guard_super/],
    ['a role with BYPASSRLS', 'guard_bypass', 'R02', {}, /guard_bypass/],
    ['an indirect member of a role that bypasses', 'guard_member', 'R07', {}, /guard_bypass/],
    ['a member of the owner', 'guard_owner', 'R07', {}, /ragwall_owner/],
    [
      'an owner of a tenant table',
      'guard_app',
      'R08',
      table(`${walls}; alter table tests.guarded owner to guard_app`),
      /tests\.guarded/,
    ],
    [
      'a table without RLS that it reads',
      'app_user',
      'T01',
      table('grant select on tests.guarded to app_user'),
      /tests\.guarded/,
    ],
    [
      'one that it writes in a column',
      'app_user',
      'T01',
      table('grant insert (tenant_id) on tests.guarded to app_user'),
      /tests\.guarded/,
    ],
    ['one that it deletes from', 'app_user', 'T01', table('grant delete on tests.guarded to public'), /tests\.guarded/],
    [
      'one that it reads after SET ROLE',
      'guard_noinherit',
      'T01',
      table('grant select on tests.guarded to app_user'),
      /tests\.guarded/,
    ],
    [
      'a partition without RLS',
      'app_user',
      'T01',
      {
        change:
          'alter table ragwall.documents_rows disable row level security; grant select on ragwall.documents_rows to app_user',
        undo: 'alter table ragwall.documents_rows enable row level security; revoke select on ragwall.documents_rows from app_user',
      },
      /ragwall\.documents_rows/,
    ],
    [
      'our table without RLS',
      'app_user',
      'T01',
      {
        change: 'alter table ragwall.documents disable row level security',
        undo: 'alter table ragwall.documents enable row level security',
      },
      /ragwall\.documents/,
    ],
    [
      'a table without FORCE',
      'app_user',
      'T02',
      {
        change: 'alter table ragwall.documents no force row level security',
        undo: 'alter table ragwall.documents force row level security',
      },
      /ragwall\.documents/,
    ],
    [
      'a schema that it may not use',
      'app_user',
      'G01',
      { change: 'revoke usage on schema ragwall from app_user', undo: 'grant usage on schema ragwall to app_user' },
      /app_user/,
    ],
    [
      'a schema that is not there',
      'app_user',
      'G01',
      { change: 'alter schema ragwall rename to elsewhere', undo: 'alter schema elsewhere rename to ragwall' },
      /app_user/,
    ],
    [
      'migrations that are behind',
      'app_user',
      'M01',
      renamed(migration(lastMigration - 1)),
      new RegExp(`${lastMigration - 1} of ${lastMigration}`),
    ],
    ['migrations that cannot be told', 'app_user', 'M01', renamed(''), /missing/],
    [
      'migrations that it may not ask for',
      'app_user',
      'M01',
      {
        change: 'revoke execute on function ragwall.migration() from app_user',
        undo: 'grant execute on function ragwall.migration() to app_user',
      },
      /may not be called/,
    ],
  ])('%s', async (_, login, check, defect, names) => {
    const refused = await refusalOf(login, defect);
    expect(refused?.checks).toEqual([check]);
    expect(refused?.message).toMatch(names);
    expect(await refusalOf(login, defect, { accept: [check as 'R01'] })).toBeUndefined();
  });

  it.each([
    ['a login that binds by token without a signer', null, /^G02: .* there is none/m],
    ['a signer of another database', tokenSigner(JSON.stringify(elsewhere)), /^G02: .*RW005/m],
  ])('%s', async (_, signer, message) => {
    const naming = 'execute on function ragwall.set_tenant(text)';
    const defect = { change: `revoke ${naming} from app_user`, undo: `grant ${naming} to app_user` };
    expect(await refusalOf('app_user', defect)).toBeUndefined();
    const refused = await refusalOf('app_user', defect, { signer });
    expect(refused).toMatchObject({ checks: ['G02'], message: expect.stringMatching(message) });
    expect(await refusalOf('app_user', defect, { signer, accept: ['G02'] })).toBeUndefined();
  });

  it('an embedder of another number of dimensions', async () => {
    const embedderOf = (dimensions: number) => ({ embedder: { model: 'm', dimensions, embed: async () => [] } });
    const nothing = { change: 'select 1', undo: 'select 1' };
    expect(await refusalOf('app_user', nothing, embedderOf(1536))).toBeUndefined();
    expect(await refusalOf('app_user', nothing, embedderOf(384))).toMatchObject({
      checks: ['G03'],
      message: expect.stringMatching(/^G03: .* 384 of the embedder, 1536 in the database;/m),
    });
  });

  it('all at once, in one error with a line each', async () => {
    const defect = table('grant select on tests.guarded to app_user');
    const refused = await refusalOf('guard_bypass', defect);
    expect(refused?.checks).toEqual(['R02', 'T01']);
    expect(refused?.message.split('\n')).toHaveLength(3);
    expect(refused?.message).toMatch(/^R02: .*guard_bypass; .*\.\nT01: .*tests\.guarded; .*\.$/m);
  });

  it('a superuser that has become another role, as it can go back', async () => {
    const became = session.admin(async (sql) => {
      await sql`set role app_user`;
      return refusal(sql).finally(() => sql`reset role`);
    });
    expect((await became)?.checks).toEqual(['R01', 'R02']);
  });
});

describe('does not mind', () => {
  it.each([
    ['a table that it has no privilege on', table('')],
    [
      'one in a schema that it may not use',
      {
        change: 'create schema guarded; create table guarded.t (tenant_id text); grant select on guarded.t to app_user',
        undo: 'drop schema guarded cascade',
      },
    ],
    [
      'one without the column',
      table(
        'alter table tests.guarded rename to g; create table tests.guarded (name text); drop table tests.g; grant select on tests.guarded to app_user',
      ),
    ],
    ['one whose walls stand', table(`grant select on tests.guarded to app_user; ${walls}`)],
  ])('%s', async (_, change) => {
    expect(await refusalOf('app_user', change)).toBeUndefined();
  });
});

describe('options', () => {
  it('another column can name the tenant', async () => {
    const account = table(
      'alter table tests.guarded rename tenant_id to "account_Id"; grant select on tests.guarded to app_user',
    );
    expect(await refusalOf('app_user', account)).toBeUndefined();
    const tenantColumn = 'accountid';
    expect((await refusalOf('app_user', account, { tenantColumn }))?.checks).toEqual(['T01']);
  });

  it.each([
    null,
    { accept: ['O1'] },
    { accept: ['toString'] },
    { accept: 'O01' },
    { accept: [['O01']] },
    { tenantColumn: '' },
    { tenantColumn: 1 },
  ])('refuses %j', async (options) => {
    await expect(assertIsolation(session.app, options as IsolationOptions)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});

it('needs the migrations that there are', async () => {
  const files = await readdir(new URL('db/migrations/committed', root));
  expect(lastMigration).toBe(files.filter((file) => file.endsWith('.sql')).length);
});

it('passes on what goes wrong between us and the server', async () => {
  const nowhere = postgres('postgres://app_user@127.0.0.1:1/app', { ...poolOptions, connect_timeout: 1 });
  await expect(assertIsolation(nowhere)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await nowhere.end();
});

describe('a login that may not read the catalogs, after db/agents.sql', () => {
  it('is judged by what functions tell, and the rest is said to be undetermined', async () => {
    const server = await startEmbedded();
    const sql = postgres(server.url, { max: 1, onnotice: () => {} });
    const as = async (login: string, change = '', undo = '') => {
      await sql.unsafe(`${change}; set session authorization ${login}`);
      const said = await assertIsolation(sql).then(
        (undetermined) => undetermined.map(({ check }) => check),
        ({ checks }) => checks,
      );
      await sql.unsafe(`set session authorization postgres; ${undo}`);
      return said;
    };
    try {
      await sql.unsafe(ifMissing);
      await sql.unsafe(await readFile(new URL('db/agents.sql', root), 'utf8'));
      expect(await as('app_user')).toEqual([]);
      for (const agent of ['agent_reader', 'agent_caller']) {
        expect(await as(agent)).toEqual(['R08', 'T01', 'T02']);
        const off = 'alter table ragwall.documents disable row level security';
        expect(await as(agent, off, off.replace('disable', 'enable'))).toEqual(['T01']);
        expect(await as(agent, `alter role ${agent} bypassrls`, `alter role ${agent} nobypassrls`)).toEqual(['T01']);
        const member = `grant ragwall_context to ${agent}`;
        expect(await as(agent, member, `revoke ragwall_context from ${agent}`)).toEqual(['R07']);
        const schema = `revoke usage on schema ragwall from ${agent}`;
        expect(await as(agent, schema, `grant usage on schema ragwall to ${agent}`)).toEqual(['G01']);
      }
    } finally {
      await sql.end();
      await server.stop();
    }
  });
});

describe('through a pooler', () => {
  const open = (url = '', options = {}) => postgres(url, { ...poolOptions, max: 4, onnotice: () => {}, ...options });
  /** What comes of a pool that is opened for it, and which statements it takes. */
  async function through(url?: string, options?: object, accept: IsolationOptions['accept'] = []) {
    const statements: string[] = [];
    const sql = open(url, { debug: (_: number, text: string) => statements.push(text), ...options });
    try {
      const said = await assertIsolation(sql, { accept }).catch((error) => error);
      return { said, statements };
    } finally {
      await sql.end();
    }
  }

  it('a direct connection is none, and takes two statements', async (context) => {
    needs(context, engine, ['docker', 'url'], 'logins');
    const { said, statements } = await through(engine.appUrl);
    expect(said).toEqual([]);
    expect(statements).toHaveLength(2);
  });

  it('refuses PgBouncer’s defaults, and leaves no value behind', async (context) => {
    needs(context, engine, ['docker'], 'PgBouncer');
    const { said, statements } = await through(engine.poolerUrl);
    expect(said).toMatchObject({ code: 'NOT_ISOLATED', checks: ['O01'] });
    expect(said.message).toContain('server_reset_query_always');
    const name = /ragwall\.probe_[0-9a-f]+/.exec(statements.join())?.[0] ?? '';
    const sql = open(engine.poolerUrl, { max: 5 });
    const left = await Promise.all(
      Array.from({ length: 5 }, () =>
        sql.unsafe(`select current_setting('${name}', true) as value, pg_backend_pid() as pid, pg_sleep(0.3)`),
      ),
    );
    await sql.end();
    expect(new Set(left.map(([row]) => row?.pid)).size).toBe(5);
    expect(left.map(([row]) => row?.value || '')).toEqual(['', '', '', '', '']);
    expect(left.some(([row]) => row?.value === '')).toBe(true); // the name is the right one
  });

  it('takes no more statements where its defaults are accepted', async (context) => {
    needs(context, engine, ['docker'], 'PgBouncer');
    const { said, statements } = await through(engine.poolerUrl, {}, ['O01']);
    expect(said).toEqual([]);
    expect(statements).toHaveLength(2);
  });

  it('passes one that resets', async (context) => {
    needs(context, engine, ['docker'], 'PgBouncer');
    expect((await through(engine.resettingPoolerUrl)).said).toEqual([]);
  });

  it('cannot tell by one connection, and says so', async (context) => {
    needs(context, engine, ['docker'], 'PgBouncer');
    expect((await through(engine.poolerUrl, { max: 1 })).said).toMatchObject([{ check: 'O01' }]);
  });

  it('does not take session pooling for a leak', async (context) => {
    needs(context, engine, ['docker'], 'PgBouncer');
    const console = new URL(engine.adminUrl);
    console.port = new URL(engine.poolerUrl ?? '').port;
    console.pathname = '/pgbouncer';
    const pgbouncer = open(console.href, { max: 1 });
    try {
      await pgbouncer.unsafe(`set pool_mode = 'session'`);
      await pgbouncer.unsafe('reconnect');
      expect((await through(engine.poolerUrl)).said).toMatchObject([{ check: 'O01' }]);
    } finally {
      await pgbouncer.unsafe(`set pool_mode = 'transaction'`);
      await pgbouncer.unsafe('reconnect');
      await pgbouncer.end();
    }
  });
});
