/**
 * On a database with the roles of Supabase the page docs/supabase.md works, and the audit's baseline accepts these roles and nothing else.
 *
 * It makes roles of these names, so on the `url` engine it runs only where RAGWALL_EMPTY_CLUSTER says the same as TEST_DATABASE_URL.
 */
import { readFile } from 'node:fs/promises';
import postgres, { type Sql, type TransactionSql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { blocksOf } from '../../scripts/docs/blocks.js';
import { applyBaseline, readBaseline } from '../../src/audit/baseline.js';
import { isFinding, readAuditIn } from '../../src/audit/run.js';
import { bootstrapSql, migrationsSql, root } from './engine/migrations.js';
import { openSession, rolledBack, type Session } from './engine/session.js';

const engine = inject('engine');
const { RAGWALL_EMPTY_CLUSTER: empty, TEST_DATABASE_URL: server } = process.env;
const runs = engine.kind === 'docker' || (engine.kind === 'url' && empty === server);
const database = 'supabase_like';
// As Supabase's documents give them. Theirs is called postgres, which here is the superuser.
const roles = ['sb_postgres', 'anon', 'authenticated', 'service_role', 'authenticator'];
const create = `
  create role sb_postgres login nosuperuser createdb createrole bypassrls replication;
  create role anon nologin noinherit;
  create role authenticated nologin noinherit;
  create role service_role nologin noinherit bypassrls;
  create role authenticator login noinherit;
  grant anon, authenticated, service_role to authenticator;
  grant anon, authenticated, service_role to sb_postgres with admin option`;
// From PostgreSQL 16 on whoever creates roles is a member so. The roles are there already.
const joins = `
  grant ragwall_owner, ragwall_context, ragwall_search, app_user, app_reader, agent_reader, agent_caller
    to sb_postgres with admin true, inherit false, set false`;

describe.skipIf(!runs)('with the roles of Supabase (needs docker or an empty cluster: logins)', () => {
  let session: Session;
  let admin: Sql;
  let project: Sql;
  let rest: Sql;
  const { password } = new URL(engine.adminUrl);
  const connect = (user?: string) => {
    const url = Object.assign(new URL(engine.adminUrl), { pathname: `/${database}` });
    if (user) url.username = user;
    return postgres(url.href, { max: 1, onnotice: () => {} });
  };

  beforeAll(async () => {
    session = await openSession(engine);
    let later = true;
    await session.admin(async (sql) => {
      const [version] = await sql`select current_setting('server_version_num')::integer >= 160000 as later`;
      later = version?.later;
      await sql.unsafe(later ? `${create};${joins}` : create);
      for (const login of ['sb_postgres', 'authenticator'])
        await sql.unsafe(`alter role ${login} password '${password}'`);
      await sql.unsafe(`create database ${database} owner sb_postgres`);
    });
    admin = connect();
    await admin.unsafe(`
      create schema extensions authorization sb_postgres;
      create extension vector with schema extensions`);
    project = connect('sb_postgres');
    const migrations = await migrationsSql({ vectorSchema: 'extensions' });
    for (const sql of [await bootstrapSql(), ...migrations]) await project.unsafe(sql);
    const page = await readFile(new URL('docs/supabase.md', root), 'utf8');
    const [steps, settings] = blocksOf('docs/supabase.md', page).filter(({ language }) => language === 'sql');
    const option = 'grant app_user to authenticated with inherit true';
    const [, ...before16] = /^PostgreSQL 15 has no .* There: `(.+)`, then `(.+)`\.$/m.exec(page) ?? [];
    expect(steps?.code).toContain(`${option};`);
    expect(before16).toHaveLength(2);
    await project.unsafe((steps?.code ?? '').replace(option, (text) => (later ? text : before16.join('; '))));
    await admin.unsafe(settings?.code ?? ''); // which Supabase lets its administrator do
    await project`alter view ragwall_api.passages alter column embedding_model set default 'm'`;
    rest = connect('authenticator');
  }, 120_000);

  afterAll(async () => {
    for (const sql of [rest, project, admin]) await sql?.end();
    await session.admin(async (sql) => {
      await sql.unsafe(`drop database if exists ${database} with (force)`);
      await sql.unsafe('revoke app_user from authenticated');
      for (const role of roles) await sql.unsafe(`drop owned by ${role} cascade; drop role ${role}`);
    });
    await session.end();
  });

  /** What PostgREST sends for a request. */
  const request = <T>(
    role: string,
    claims: object,
    act: (tx: TransactionSql) => PromiseLike<T>,
    headers: object = {},
  ) =>
    rest.begin(async (tx) => {
      await tx`select set_config('search_path', '"ragwall_api", "public", "extensions"', true), set_config('role', ${role}, true),
        set_config('request.jwt.claims', ${JSON.stringify({ ...claims, role })}, true),
        set_config('request.headers', ${JSON.stringify(headers)}, true)`;
      await tx`select ragwall_api.set_tenant_from_request()`;
      return act(tx);
    });
  const of = (tenant: string) => ({ app_metadata: { tenant_id: tenant } });
  const vector = `[1${',0'.repeat(1535)}]`;
  const insert = (content: string) => (tx: TransactionSql) =>
    tx`
    with pgrst_source as (
      insert into "ragwall_api"."passages" ("content", "embedding", "id", "metadata")
      select b."content", b."embedding", b."id", b."metadata" from (select ${JSON.stringify([
        { id: '00000000-0000-4000-8000-000000000001', content, metadata: {}, embedding: JSON.parse(vector) },
      ])}::text::json as json_data) as p,
      lateral (select * from json_to_recordset(p.json_data) as _("content" text, "embedding" halfvec, "id" uuid, "metadata" jsonb)) as b
      returning "ragwall_api"."passages".*
    ) select content from pgrst_source`;
  const contents = (tx: TransactionSql) => tx`select content from ragwall_api.passages`;

  it('a user reads and writes the passages of the tenant of the token', async () => {
    expect(await request('authenticated', of('acme'), insert('of acme'))).toEqual([{ content: 'of acme' }]);
    expect(await request('authenticated', of('globex'), insert('of globex'))).toEqual([{ content: 'of globex' }]);
    expect(await request('authenticated', of('acme'), insert('of acme, again'))).toEqual([
      { content: 'of acme, again' },
    ]);
    expect(await request('authenticated', of('acme'), contents)).toEqual([{ content: 'of acme, again' }]);
    const search = (tx: TransactionSql) => tx`
      select content, json_array_length(to_json(embedding)) as numbers
      from ragwall_api.match_passages(query_embedding := ${vector}, match_count := 5, filter := '{}')`;
    expect(await request('authenticated', of('globex'), search)).toEqual([{ content: 'of globex', numbers: 1536 }]);
    const remove = (tx: TransactionSql) => tx`delete from ragwall_api.passages returning content`;
    expect(await request('authenticated', of('globex'), remove)).toEqual([{ content: 'of globex' }]);
    expect(await request('authenticated', of('acme'), contents)).toEqual([{ content: 'of acme, again' }]);
  });

  it.each([{}, { tenant_id: 'acme' }, { user_metadata: { tenant_id: 'acme' } }, { app_metadata: {} }])(
    'a token with the claims %j reads and writes nothing',
    async (claims) => {
      expect(await request('authenticated', claims, contents)).toEqual([]);
      await expect(request('authenticated', claims, insert('x'))).rejects.toMatchObject({ code: 'RW001' });
      await expect(
        request('authenticated', claims, (tx) => tx`delete from ragwall_api.passages`),
      ).rejects.toMatchObject({ code: 'RW001' });
    },
  );

  it.each(['anon', 'service_role'])('%s is served, and may do nothing in ragwall_api', async (role) => {
    expect(await request(role, of('acme'), (tx) => tx`select 1 as one`)).toEqual([{ one: 1 }]);
    await expect(request(role, of('acme'), contents)).rejects.toMatchObject({
      code: '42501',
      message: 'permission denied for view passages',
    });
  });

  it('exposes two functions and a view', async () => {
    const exposed = await admin`
      select proname as name from pg_proc
      where pronamespace = 'ragwall_api'::regnamespace and has_function_privilege('authenticated', oid, 'execute')
      union all select relname from pg_class where relnamespace = 'ragwall_api'::regnamespace order by 1`;
    expect(exposed.map(({ name }) => name)).toEqual(['match_passages', 'passages', 'set_tenant_from_request']);
  });

  it('in signed mode the bearer token binds, and no claim', async () => {
    await project`revoke execute on function ragwall.set_tenant(text) from app_user, app_reader`;
    const [key] = await project`select ragwall.add_signing_key('k') as jwk`;
    const { k, kid, aud } = JSON.parse(key?.jwk);
    const { SignJWT } = await import('jose');
    const token = await new SignJWT({ tenant_id: 'acme', role: 'authenticated' })
      .setProtectedHeader({ alg: 'HS256', kid, typ: 'JWT' })
      .setAudience(aud)
      .setIssuedAt()
      .setExpirationTime('4m')
      .sign(Buffer.from(k, 'base64url'));
    const bearer = { authorization: `Bearer ${token}` };
    expect(await request('authenticated', of('globex'), contents, bearer)).toEqual([{ content: 'of acme, again' }]);
    expect(await request('authenticated', of('acme'), contents)).toEqual([]);
    expect(await request('anon', {}, (tx) => tx`select 1 as one`, { authorization: 'Bearer anon-key' })).toEqual([
      { one: 1 },
    ]);
    await expect(
      request('authenticated', of('acme'), contents, { authorization: `Bearer ${token.slice(0, -2)}AA` }),
    ).rejects.toMatchObject({ code: 'RW005' });
  });

  describe('the baseline of the audit', () => {
    const baseline = async () =>
      (await readBaseline(new URL('db/baselines/supabase.json', root).pathname)).map((entry) => ({
        ...entry,
        object: entry.object.replace(/^postgres\b/, 'sb_postgres'),
      }));
    /** What the audit finds after a defect, which is undone, and the baseline does not accept. */
    const left = (defect = 'select') =>
      rolledBack(admin, async (tx) => {
        await tx.unsafe('alter role agent_reader nologin; alter role agent_caller nologin'); // as they are elsewhere
        await tx.unsafe(defect);
        const { rows, stale } = applyBaseline((await readAuditIn(tx, {})).rows, await baseline());
        const found = rows.filter((row) => isFinding(row) && !row.accepted && row.severity !== 'low');
        return { found: found.map(({ id, object }) => `${id} ${object}`), stale };
      });
    // Old versions in the image.
    const old = (finding: string) => /^S0[12] /.test(finding);

    it('accepts all that the audit finds on such a database, and has no entry for what it does not find', async () => {
      const { found, stale } = await left();
      expect(found.filter((finding) => !old(finding))).toEqual([]);
      expect(stale).toEqual([]);
    });

    it.each([
      ['grant select on ragwall.documents to anon', 'M09 ragwall.documents for anon'],
      ['grant select on ragwall_api.passages to anon', 'M09 ragwall_api.passages for anon'],
      [
        'grant execute on function ragwall.upsert_documents(jsonb) to anon',
        'M09 ragwall.upsert_documents(jsonb) for anon',
      ],
      ['alter table ragwall.documents no force row level security', 'M07 ragwall.documents'],
      ['alter view ragwall_api.passages reset (security_invoker)', 'M08 ragwall_api.passages'],
      ['alter role authenticated bypassrls', 'R02 authenticated'],
      ['drop trigger require_tenant on ragwall_api.passages', 'M08 require_tenant on ragwall_api.passages'],
      [
        'alter view ragwall_api.passages alter column embedding_model set default ragwall.current_tenant()',
        'M08 ragwall_api.passages.embedding_model',
      ],
    ])('does not accept: %s', async (defect, finding) => {
      expect((await left(defect)).found).toContain(finding);
    });
  });
});
