/** A dump restored into a cluster without our roles, data alone, and COPY: the order of docs/upgrade.md. */
import { readFile } from 'node:fs/promises';
import postgres, { type Sql } from 'postgres';
import { getContainerRuntimeClient } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bootstrapSql, migrationsSql, root } from './engine/migrations.js';

const engine = inject('engine');
const connect = (database: string) =>
  postgres(Object.assign(new URL(engine.adminUrl), { pathname: `/${database}` }).href, { max: 1, onnotice: () => {} });

/** Returns what the page has between two texts, both included. */
async function fromPage(begin: string, end: string): Promise<string> {
  const page = await readFile(new URL('docs/upgrade.md', root), 'utf8');
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from) + end.length;
  if (from < 0 || to < from) throw new Error(`docs/upgrade.md no longer has ${begin}`);
  return page.slice(from, to);
}

/** Runs a script in the container, where two clusters are: the engine's on 5432, and on 5433 one without our roles. */
async function run(script: string, ...args: string[]): Promise<string> {
  const { container } = await getContainerRuntimeClient();
  const command = ['timeout', '60', 'bash', '-euo', 'pipefail', '-c', `cd /tmp; ${script}`, '-', ...args];
  const { output, stderr, exitCode } = await container.exec(container.getById(engine.containerId ?? ''), command);
  if (exitCode !== 0) throw new Error(stderr || output);
  return output.trim();
}

async function install(database: string): Promise<Sql> {
  const admin = postgres(engine.adminUrl, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${database}`);
  await admin.end();
  const sql = connect(database);
  for (const file of [await bootstrapSql(), ...(await migrationsSql({ dimensions: 3 }))]) await sql.unsafe(file);
  return sql;
}

/** Stores documents of a large tenant and a small one. */
const store = (sql: Sql) =>
  sql.unsafe(`
    insert into ragwall.documents (tenant_id, source, position, content, embedding, embedding_model)
    select tenant, 'a.md', n, tenant || ' ' || n, ('[1,' || n % 7 || ',' || n || ']')::halfvec, 'test'
    from (values ('acme', 1200), ('globex', 30)) as t (tenant, documents), generate_series(1, documents) as n`);

/** Runs what is due. */
async function index(sql: Sql): Promise<void> {
  for (const { due } of await sql<{ due: string }[]>`select ragwall.index_plan() as due`) await sql.unsafe(due);
}

/** What must be the same after a restore, as JSON: the walls, what a tenant finds, and what its search table is behind on. */
const state = `
  begin;
  select ragwall.set_tenant('acme') \\gset
  set local role app_user;
  select json_agg(m.content order by m.similarity desc) as found, count(*) as n
  from ragwall.match_documents('[1,3,500]', 10) as m \\gset
  reset role;
  select json_build_object(
    'fingerprint', ragwall.fingerprint(), 'found', :'found'::json,
    'search_table', (select json_agg(json_build_array(s.documents, s.tail, s.due)) from ragwall.search_tables as s),
    'keys', (select count(*) from ragwall.signing_keys()),
    'wrong', (select json_agg(a.id) from ragwall.audit() as a
      where a.status = 'fail' and a.severity in ('critical', 'high', 'medium') and a.id !~ '^S0')
  );
  commit`;
const stateOf = async (port: number, database: string) =>
  JSON.parse(await run('psql -XqAt -v ON_ERROR_STOP=1 -p "$1" -d "$2" <<< "$3"', `${port}`, database, state));

describe.runIf(engine.kind === 'docker')('restoring', () => {
  let source: Sql;
  beforeAll(async () => {
    source = await install('restore_source');
    await store(source);
    await index(source);
    // Changed since, so that the search table is behind.
    await source`update ragwall.documents set embedding = '[1,3,500]' where tenant_id = 'acme' and position < 6`;
    await source`select ragwall.add_signing_key('k')`;
    await run(`initdb --username=postgres --locale=C.UTF-8 --encoding=UTF8 new > new.log
      pg_ctl start -s -w -D new -l new.log -o "-p 5433 -c listen_addresses="`);
  }, 120_000);
  afterAll(async () => {
    await source.end();
    await run('pg_ctl stop -s -m immediate -D new; rm -rf new');
    const admin = postgres(engine.adminUrl, { max: 1 });
    for (const name of ['restore_source', 'restore_data'])
      await admin.unsafe(`drop database if exists ${name} with (force)`);
    await admin.end();
  }, 60_000);

  it('into a cluster without our roles, without bootstrap.sql: fails at the first role', async () => {
    await run('createdb -p 5433 wrong');
    await expect(run('pg_dump -Fc restore_source | pg_restore --exit-on-error -p 5433 -d wrong')).rejects.toThrow(
      /role "ragwall_\w+" does not exist/,
    );
  }, 60_000);

  it('into a new cluster: its roles, bootstrap.sql, and then pg_restore', async () => {
    const before = await stateOf(5432, 'restore_source');
    expect(before).toMatchObject({ search_table: [[1200, 5, 'catch up']], keys: 1 });
    expect(before.found).toHaveLength(10);
    const bootstrap = 'psql -Xq -v ON_ERROR_STOP=1 -p 5433 -d restored <<< "$1" 2> /dev/null';
    // The role postgres is there already.
    const roles = await fromPage('pg_dumpall', '--roles-only');
    await run(`${roles} | psql -Xq -p 5433 -d postgres > /dev/null 2>&1`);
    await run(`createdb -p 5433 restored; ${bootstrap}`, await bootstrapSql());
    await run('pg_dump -Fc restore_source | pg_restore --exit-on-error -p 5433 -d restored');
    expect(await stateOf(5433, 'restored')).toEqual(before);
  }, 120_000);

  it('the documents alone, by pg_restore and by COPY: their tenants are known to ragwall index', async () => {
    const target = await install('restore_data');
    const rest = `select tenant_id, count(*)::integer, sum(length(content))::integer as length
      from ragwall.documents group by tenant_id order by tenant_id`;
    const planned = async () => (await target`select ragwall.index_plan() as due`).map(({ due }) => due);
    const build = "select ragwall.set_tenant('acme'); select ragwall.build_search_table()";
    const columns = 'tenant_id, id, source, position, content, embedding, embedding_model, metadata, created_at';
    const dump = `${await fromPage('pg_dump -Fc --data-only', "*'")} restore_source`;
    const load = {
      pg_restore: `${dump} | pg_restore --exit-on-error -d restore_data`,
      copy: `psql -Xqc "copy (select ${columns} from ragwall.documents) to stdout" restore_source |
        psql -Xq -v ON_ERROR_STOP=1 -c "copy ragwall.documents (${columns}) from stdin" restore_data`,
      'without triggers': `${dump} | pg_restore --exit-on-error --disable-triggers -d restore_data`,
    };
    const wordless = async () =>
      (
        await target`
      select count(*)::integer from ragwall.documents as d
      where not exists (select from ragwall_search.words as w where (w.tenant_id, w.id) = (d.tenant_id, d.id))`
      )[0]?.count;
    try {
      // Nothing is there yet that could be without words.
      await target`select ragwall.enable_words('english')`;
      await target`update ragwall_search.word_settings set filled = true`;
      for (const [how, script] of Object.entries(load)) {
        await run(script);
        expect(await target.unsafe(rest), how).toEqual(await source.unsafe(rest));
        expect((await wordless()) > 0, how).toBe(how === 'without triggers');
        if (how === 'without triggers') {
          expect(await planned()).toEqual([]);
          await target.unsafe(await fromPage('insert into ragwall_search.stored', ';'));
        }
        expect(await planned(), how).toEqual([build, build]);
        await target`delete from ragwall.documents`;
        await target`delete from ragwall_search.stored`;
      }
      // For the application row-level security stands in the way of COPY FROM.
      await target`set role app_user`;
      await expect(
        target.unsafe(`copy ragwall.documents (id, content, embedding, embedding_model) from stdin`),
      ).rejects.toThrow('COPY FROM not supported with row-level security');
    } finally {
      await target.end();
    }
  }, 120_000);
});
