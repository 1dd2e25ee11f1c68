/**
 * What a superuser can do, and what an owner of the database can who is none: docs/install.md has the table. And that
 * db/agents-undo.sql and db/uninstall.sql leave nothing behind.
 *
 * Roles belong to the cluster, so this needs one of its own: a container, or the superuser's URL of an empty cluster in
 * RAGWALL_EMPTY_CLUSTER. RAGWALL_WRITE_TABLE=1 writes the table.
 */
import { readFile, writeFile } from 'node:fs/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { indexCommand } from '../../src/cli/index-command.js';
import { startDocker } from './engine/docker.js';
import { bootstrapSql, migrationsSql, root } from './engine/migrations.js';

const empty = process.env.RAGWALL_EMPTY_CLUSTER;
const runs = empty !== undefined || inject('engine').kind === 'docker';
const sqlOf = (name: string) => readFile(new URL(`db/${name}`, root), 'utf8');
const password = 'standing';

/** The logins, in the order of the table, with what they are created with. */
const logins = {
  superuser: 'superuser',
  'owner with BYPASSRLS': 'createrole bypassrls',
  owner: 'createrole',
} as const;
type Login = keyof typeof logins;

let server: { adminUrl: string; stop(): Promise<void> };
let admin: Sql;
beforeAll(async () => {
  if (!runs) return;
  server = empty ? { adminUrl: empty, stop: async () => {} } : await startDocker(() => {});
  admin = connect(server.adminUrl);
}, 120_000);
afterAll(async () => {
  if (!runs) return;
  await admin.end();
  await server.stop();
});

const connect = (url: string) => postgres(url, { max: 1, onnotice: () => {} });
function urlOf(database: string, user?: string): string {
  const url = Object.assign(new URL(server.adminUrl), { pathname: `/${database}` });
  return user ? Object.assign(url, { username: user, password }).href : url.href;
}

/** Who holds what on which object, and what else installing changes, a line each. What is by default is written out. */
const inventory = `
  select * from (
    select 'role ' || rolname as line from pg_roles
    union all
    select format('member %s of %s', member::regrole, roleid::regrole) from pg_auth_members
    union all
    select format('setting %s %s of %s', c, setdatabase, setrole) from pg_db_role_setting, unnest(setconfig) as c
    union all
    select 'schema ' || nspname from pg_namespace where nspname !~ '^pg_(toast_)?temp'
    union all
    select 'event trigger ' || evtname from pg_event_trigger
    union all
    select 'default privileges ' || defaclrole::regrole from pg_default_acl
    union all
    select format('%s %s: %s may %s', o.kind, o.name, case x.grantee when 0 then 'public' else x.grantee::regrole::text end,
      x.privilege_type)
    from (
      select 'database' as kind, datname::text as name, coalesce(datacl, acldefault('d', datdba)) as acl from pg_database
      union all
      select 'schema', nspname, coalesce(nspacl, acldefault('n', nspowner)) from pg_namespace
      union all
      select 'language', lanname, coalesce(lanacl, acldefault('l', lanowner)) from pg_language
      union all
      select 'function', oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner)) from pg_proc
      union all
      select 'relation', oid::regclass::text, coalesce(relacl, acldefault('r', relowner)) from pg_class
      where relkind in ('r', 'v', 'm', 'p')
    ) as o, aclexplode(o.acl) as x
  ) as l
  order by line collate "C"`;
const inventoryOf = async (sql: Sql): Promise<string[]> => (await sql.unsafe(inventory)).map(({ line }) => line);

interface Place {
  /** The login whose column it is. */
  readonly sql: Sql;
  /** A superuser, in the same database. */
  readonly root: Sql;
  readonly url: string;
  readonly database: string;
}

const holds = async (sql: Sql, condition: string): Promise<boolean> =>
  (await sql.unsafe(`select ${condition} as holds`))[0]?.holds === true;
const close = 'has_function_privilege(0::oid, $$pg_advisory_lock(bigint)$$, $$execute$$)';

/** What is tried, in order: each returns the cell of the table, or fails, and then the cell is `no`. */
const tries: Record<string, (place: Place) => Promise<string>> = {
  '`bootstrap.sql`': async ({ sql, root }) => {
    await sql.unsafe(await bootstrapSql());
    return (await holds(root, close)) ? 'yes, but advisory locks and large objects stay open' : 'yes';
  },
  'migrations and the audit': async ({ sql }) => {
    for (const file of await migrationsSql({ dimensions: 3 })) await sql.unsafe(file);
    const found = await sql`
      select distinct id from ragwall.audit()
      where status = 'fail' and severity in ('critical', 'high', 'medium') and id !~ '^S0' order by 1`;
    return ['yes', ...found.map((row) => `\`${row.id}\``)].join(', and the audit reports ');
  },
  '`ragwall.grant_login()`': async ({ sql, database }) => {
    await sql.unsafe(`select ragwall.grant_login('api', 'app_user'); alter role api password '${password}'`);
    const api = connect(urlOf(database, 'api'));
    try {
      const stored = await api.begin(async (tx) => {
        await tx`select ragwall.set_tenant('acme')`;
        await tx`
          insert into ragwall.documents (content, embedding, embedding_model)
          select 'text ' || n, ('[1,2,' || n || ']')::halfvec, 'test' from generate_series(1, 1200) as n`;
        return tx`select count(*)::integer from ragwall.match_documents('[1,2,3]', 10)`;
      });
      expect(stored[0]).toEqual({ count: 10 });
    } finally {
      await api.end();
    }
    return 'yes';
  },
  'signed mode ([page](signed-mode.md))': async ({ sql }) => {
    await sql`select ragwall.add_signing_key('k')`;
    await sql`revoke execute on function ragwall.set_tenant(text) from app_user`;
    await sql`grant execute on function ragwall.set_tenant(text) to app_user`;
    await sql`select ragwall.retire_signing_key('k')`;
    return 'yes';
  },
  '`ragwall index` ([large tenants](large-tenants.md))': async ({ sql, url }) => {
    const said = vi.spyOn(console, 'log').mockImplementation(() => {});
    try {
      expect(await indexCommand([url, '--wait', '20'])).toBe(0);
    } finally {
      said.mockRestore();
    }
    const [entry] = await sql`select tenant_id, documents::integer, due from ragwall.search_tables`;
    expect(entry).toEqual({ tenant_id: 'acme', documents: 1200, due: null });
    return 'yes';
  },
  '`protect_table()` ([tables of your own](your-own-tables.md))': async ({ sql }) => {
    await sql.unsafe(`
      create table notes (tenant_id text not null, id bigint, day date) partition by list (day);
      create table notes_1 partition of notes for values in ('2026-01-01');
      insert into notes values ('acme', 1, '2026-01-01');
      analyze notes`);
    const steps = await sql`select step from ragwall.protect_table('notes')`;
    return steps.some(({ step }) => /statistics/.test(step)) ? 'yes, but old statistics stay' : 'yes';
  },
  'closing partitions that come later': async ({ sql }) => {
    const closed = () => holds(sql, `(select relforcerowsecurity from pg_class where relname = 'notes_2')`);
    await sql`create table notes_2 partition of notes for values in ('2026-01-02')`;
    if (await closed()) return 'yes';
    await sql`select ragwall.protect_table('notes')`;
    expect(await closed()).toBe(true);
    return 'no: repeat `protect_table()` after adding one';
  },
  '`db/agents.sql` ([agents](agents.md))': async ({ sql, root }) => {
    await sql.unsafe(await sqlOf('agents.sql'));
    const [limits] = await root`
      select rolconnlimit from pg_roles as r where rolname = 'agent_caller'
        and exists (
          select from pg_db_role_setting as s where s.setrole = r.oid and 'statement_timeout=5s' = any (s.setconfig)
        )`;
    expect(limits).toEqual({ rolconnlimit: 10 });
    const open = await holds(root, `has_table_privilege('agent_caller', 'pg_catalog.pg_class', 'select')`);
    return open ? 'only the limits; it says what is left' : 'yes';
  },
  '`db/agents-undo.sql`': async ({ sql, root }) => {
    await sql.unsafe(await sqlOf('agents-undo.sql'));
    expect(await holds(root, `has_table_privilege('agent_caller', 'pg_catalog.pg_class', 'select')`)).toBe(true);
    return 'yes';
  },
  'removing a tenant ([operations](operations.md#a-tenant-leaves))': async ({ sql, root }) => {
    await sql.begin(async (tx) => {
      await tx`select ragwall.set_tenant('acme')`;
      await tx`delete from ragwall.documents where tenant_id = 'acme'`;
      await tx`select ragwall.drop_search_table(), ragwall.drop_search_table()`;
    });
    const left = await root`
      select tenant_id from ragwall.documents union all select tenant_id from ragwall_search.directory
      union all select tenant_id from ragwall_search.tail union all select tenant_id from ragwall_search.stored
      union all select relname from pg_class where relnamespace = 'ragwall_search'::regnamespace and relname ~ '^search_'`;
    expect(left).toEqual([]);
    return 'yes';
  },
  '`db/uninstall.sql`': async ({ sql }) => {
    const uninstall = await sqlOf('uninstall.sql');
    const refused = (reason: RegExp) =>
      sql
        .unsafe(uninstall)
        .then(
          () => 'not refused',
          ({ message }) => message,
        )
        .then(async (message) => {
          await sql.unsafe('rollback');
          expect(message).toMatch(reason);
        });
    // Its pages are there until a vacuum, so it asks.
    await refused(/^ragwall\.documents has documents/);
    await sql`select set_config('ragwall.uninstall', 'documents, public', false)`;
    await refused(/^tables and views of yours use what would be dropped: notes/);
    await sql`drop table notes`;
    await sql.unsafe(uninstall);
    return 'yes';
  },
};

describe.runIf(runs)('on a cluster of its own', () => {
  const cells = {} as Record<Login, Record<string, string>>;

  it.each(Object.entries(logins).reverse() as [Login, string][])(
    '%s: tries everything, and nothing is left in the end',
    async (login, attributes) => {
      const database = `standing_${Object.keys(logins).indexOf(login)}`;
      await admin.unsafe(`create role ${database} login password '${password}' ${attributes}`);
      await admin.unsafe(`create database ${database} owner ${database}`);
      const url = urlOf(database, database);
      const [sql, superuser] = [connect(url), connect(urlOf(database))];
      const column: Record<string, string> = {};
      cells[login] = column;
      try {
        await superuser`create extension vector`;
        const before = await inventoryOf(superuser);
        for (const [what, attempt] of Object.entries(tries)) {
          // Nothing else may fail.
          const inOrder = what === '`db/agents-undo.sql`' ? await inventoryOf(superuser) : [];
          column[what] = await attempt({ sql, root: superuser, url, database }).catch(async (error) => {
            if (inOrder.length === 0 || login === 'superuser') throw error;
            await sql.unsafe('rollback');
            expect(await inventoryOf(superuser)).toEqual(inOrder);
            return 'no';
          });
        }
        await superuser.unsafe('drop owned by api; drop role api');
        // db/bootstrap.sql gave CONNECT to the logins that had it by way of PUBLIC, and they keep it.
        const own = /^database (standing_\d): (?!\1)standing_\d may CONNECT$/;
        expect((await inventoryOf(superuser)).filter((line) => !own.test(line))).toEqual(
          before.filter((line) => !own.test(line)),
        );
      } finally {
        await Promise.all([sql.end(), superuser.end()]);
      }
    },
    120_000,
  );

  it('docs/install.md has the table', async () => {
    const page = new URL('docs/install.md', root);
    const text = await readFile(page, 'utf8');
    const columns = Object.keys(logins) as Login[];
    const rows = [
      ['', ...columns],
      ['---', ...columns.map(() => '---')],
      ...Object.keys(tries).map((what) => [what, ...columns.map((login) => cells[login]?.[what] ?? '?')]),
    ].map((row) => `| ${row.join(' | ')} |`.replace('|  |', '| |'));
    const written = text.replace(/(<!-- by db\/tests\/standing\.test\.ts -->\n\n)(\|.*\n)+/, `$1${rows.join('\n')}\n`);
    if (process.env.RAGWALL_WRITE_TABLE) await writeFile(page, written);
    else expect(text, 'RAGWALL_WRITE_TABLE=1 writes it').toBe(written);
    expect(written).toContain(rows.join('\n'));
  });
});
