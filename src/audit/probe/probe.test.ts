/** The probe crosses where a wall of ours is gone, says by which way, and leaves nothing behind. */
import postgres, { type Sql } from 'postgres';
import { describe, expect, inject, it } from 'vitest';
import { needs, poolOptions } from '../../../db/tests/engine/session.js';
import { useSession } from '../../../db/tests/engine/use-session.js';
import type { AuditRow } from '../run.js';
import { probe } from './probe.js';

const engine = inject('engine');
const session = useSession({ seed: true });

/** What is found to be wrong: checks with their objects. */
const failing = (rows: readonly AuditRow[]) =>
  rows.filter(({ status }) => status === 'fail').map(({ id, object }) => `${id} ${object}`);

const row = (rows: readonly AuditRow[], id: string) => rows.find((one) => one.id === id);

/** Everything that could have been changed: rows, and what the session is left with. */
const state = async (sql: Sql) => [
  ...(await sql`select count(*), sum(hashtext(d::text)::bigint) as rows from ragwall.documents as d`),
  ...(await sql`select current_user, session_user, current_setting('statement_timeout') as timeout,
    nullif(current_setting('app.current_tenant', true), '') as tenant`),
];

/** What the probe finds after a change that is undone. */
function probeAfter({ change, undo }: { change: string; undo: string }): Promise<AuditRow[]> {
  return session.admin(async (sql) => {
    const [{ definitions } = { definitions: [] }] = await sql<{ definitions: string[] }[]>`
      select json_agg(pg_get_functiondef(oid)) as definitions from pg_proc
      where oid in ('ragwall.current_tenant()'::regprocedure, 'ragwall.require_tenant()'::regprocedure,
        'ragwall.set_tenant_from_token(text)'::regprocedure, 'ragwall.search_documents(public.halfvec, integer, jsonb)'::regprocedure)`;
    await sql.unsafe(change);
    try {
      return await probe(sql);
    } finally {
      await sql.unsafe(undo);
      for (const definition of definitions) await sql.unsafe(definition);
    }
  });
}

it('finds nothing to cross, in every way and as every role', async () => {
  await session.admin(async (sql) => {
    const before = await state(sql);
    const rows = await probe(sql);
    expect(rows.map(({ id, status }) => `${id} ${status}`)).toEqual([
      ...['B00', 'B01', 'B02', 'B03', 'B04', 'B05', 'B06', 'B07', 'B08', 'B09'].map((id) => `${id} pass`),
      'O01 n/a',
    ]);
    for (const id of ['B01', 'B02', 'B03', 'B04', 'B05', 'B06', 'B07', 'B08', 'B09']) {
      expect(row(rows, id)?.evidence).toContain('as agent_caller, agent_reader, app_reader, app_user');
      expect(row(rows, id)?.evidence).not.toContain('conclusive');
    }
    expect(row(rows, 'B02')?.evidence).toMatch(/select from ragwall\.documents_rows/);
    expect(row(rows, 'B05')?.evidence).toContain(
      'ragwall.agent_match_documents, ragwall.match_documents, ragwall.search_documents',
    );
    expect(row(rows, 'B07')?.evidence).toMatch(/guess the content.*guess the tenant.*ragwall_search\.directory/);
    expect(row(rows, 'B08')?.evidence).toMatch(/set_tenant_from_token with a token without a signature.*has expired/);
    expect(row(rows, 'B09')?.evidence).toMatch(/ragwall\.match_documents.*ragwall\.upsert_documents/);
    expect(await state(sql)).toEqual(before);
  });
});

it('holds in signed mode as well', async () => {
  const rows = await probeAfter({
    change: 'revoke execute on function ragwall.set_tenant(text) from app_user, app_reader',
    undo: 'grant execute on function ragwall.set_tenant(text) to app_user, app_reader',
  });
  expect(failing(rows)).toEqual([]);
  expect(row(rows, 'B02')?.status).toBe('pass');
});

const floor = {
  change: 'alter policy tenant_floor on ragwall.documents using (true) with check (true)',
  undo: `alter policy tenant_floor on ragwall.documents
    using ((select jsonb_build_object(coalesce(ragwall.current_tenant(), ''), true))[tenant_id] is not null)
    with check (tenant_id = (select ragwall.current_tenant()))`,
};
const own = 'tenant_id = (select ragwall.current_tenant())';
const both = (...defects: { change: string; undo: string }[]) => ({
  change: defects.map(({ change }) => change).join(';'),
  undo: defects.map(({ undo }) => undo).join(';'),
});
const policy = (
  name: string,
  part: 'using' | 'with check',
  loose: string,
  undo = `alter policy ${name} on ragwall.documents ${part} (${own})`,
) => ({ change: `alter policy ${name} on ragwall.documents ${part} (${loose})`, undo });
const disabled = {
  change: 'alter table ragwall.documents disable row level security',
  undo: 'alter table ragwall.documents enable row level security',
};
const disabledBeneath = {
  change: 'alter table ragwall.documents_rows disable row level security',
  undo: 'alter table ragwall.documents_rows enable row level security',
};
const nameToSay = {
  change: 'grant insert (tenant_id), update (tenant_id) on ragwall.documents to app_user',
  undo: 'revoke insert (tenant_id), update (tenant_id) on ragwall.documents from app_user',
};
const unpinned = {
  change: `do $$ begin execute replace(
    pg_get_functiondef('ragwall.search_documents(public.halfvec, integer, jsonb)'::regprocedure),
    'where r.tenant_id = tenant', 'where tenant is not null'); end $$`,
  undo: '',
};
const partitions = (command: string) => `do $$ declare leaf regclass; begin
  for leaf in select inhrelid from pg_inherits where inhparent = 'ragwall.documents'::regclass loop
    execute format('${command}', leaf); end loop; end $$`;

describe('crosses', () => {
  it.each<[string, { change: string; undo: string }, string[], RegExp]>([
    ['where row-level security is off', disabled, ['B01', 'B02', 'B03', 'B06'], /as app_user: no tenant \(2 rows\)/],
    [
      'where reading is open',
      both(floor, policy('select_own_tenant', 'using', 'true')),
      ['B01', 'B02', 'B06'],
      /as agent_reader: .*select by the content \(1 row\)/,
    ],
    [
      'where no tenant means all',
      both(floor, policy('select_own_tenant', 'using', `ragwall.current_tenant() is null or ${own}`)),
      ['B01', 'B06', 'B07'],
      /no tenant \(2 rows\)/,
    ],
    [
      'where an empty tenant means all',
      both(floor, policy('select_own_tenant', 'using', `current_setting('app.current_tenant', true) = '' or ${own}`)),
      ['B01', 'B06', 'B07'],
      /an empty tenant \(2 rows\)/,
    ],
    [
      'where a tenant can be named, and is not checked',
      both(floor, nameToSay, policy('insert_own_tenant', 'with check', 'true')),
      ['B04', 'B07'],
      /as app_user: insert \(1 row\)/,
    ],
    [
      'where rows can be moved and deleted',
      both(disabled, nameToSay, {
        change: 'grant delete on ragwall.documents to app_user',
        undo: 'revoke delete on ragwall.documents from app_user',
      }),
      ['B01', 'B02', 'B03', 'B04', 'B06'],
      /move a row of its own \(1 row\)/,
    ],
    [
      'where a search looks at all tenants',
      both(disabledBeneath, unpinned),
      ['B05'],
      /as agent_caller: ragwall\.agent_match_documents \(1 row\)/,
    ],
    [
      'where the seal is not looked at',
      {
        change: `create or replace function ragwall.current_tenant() returns text language sql stable as
        $$ select nullif(current_setting('app.current_tenant', true), '') $$`,
        undo: '',
      },
      ['B06', 'B06 ragwall_search.directory'],
      /as app_user: app\.current_tenant set after binding \(1 row\)/,
    ],
    [
      'where the floor costs a comparison',
      policy('tenant_floor', 'using', own, floor.undo),
      ['B07'],
      /as agent_reader: guess the content, operators costing 0\.0025 \(22012\)/,
    ],
    [
      'where tokens are believed',
      {
        change: `create or replace function ragwall.set_tenant_from_token(token text) returns text language plpgsql
          security definer as $$ begin return ragwall_private.bind(convert_from(decode(translate(
            rpad(split_part(token, '.', 2), (length(split_part(token, '.', 2)) + 3) / 4 * 4, '='), '-_', '+/'), 'base64'),
            'UTF8')::jsonb ->> 'tenant_id', ''); end $$`,
        undo: '',
      },
      ['B08'],
      /as agent_caller: ragwall\.set_tenant_from_token with a token without a signature \(1 row\)/,
    ],
    [
      'where a function does not need a tenant',
      {
        change: `create or replace function ragwall.require_tenant() returns text language sql stable as
        $$ select coalesce(ragwall.current_tenant(), 'acme') $$`,
        undo: '',
      },
      ['B09'],
      /as app_user: ragwall\.require_tenant \(1 row\)/,
    ],
    [
      'where partitions are open',
      {
        change: `${partitions('alter table %s disable row level security')}; ${partitions('grant select on %s to app_reader')}`,
        undo: `${partitions('alter table %s enable row level security')}; ${partitions('revoke select on %s from app_reader')}`,
      },
      ['B02'],
      /^as app_reader: select from ragwall\.documents_rows \(1 row\)$/,
    ],
    [
      'as a role with BYPASSRLS',
      { change: 'alter role app_reader bypassrls', undo: 'alter role app_reader nobypassrls' },
      ['B01', 'B02', 'B06'],
      /^as app_reader: [^;]*$/,
    ],
  ])('%s', async (_, defect, ids, way) => {
    const rows = await probeAfter(defect);
    expect(failing(rows)).toEqual(ids.map((id) => (id.includes(' ') ? id : `${id} ragwall.documents`)));
    const found = rows.filter(({ status }) => status === 'fail');
    expect(found.map(({ evidence }) => evidence).join('\n')).toMatch(new RegExp(way, 'm'));
    expect(found.every(({ remedy, severity }) => remedy !== '' && severity === 'critical')).toBe(true);
    // Neither others' rows nor our own are told.
    expect(JSON.stringify(rows)).not.toMatch(/secret|ragwall-probe-/);
  });

  it('not by one wall alone: a name to say is stopped by the policy', async () => {
    expect(failing(await probeAfter(nameToSay))).toEqual([]);
    expect(failing(await probeAfter(unpinned))).toEqual([]);
    expect(failing(await probeAfter(disabledBeneath))).toEqual([]);
  });
});

it('takes a guess for less where the SQL is the application’s own', async () => {
  const rows = await session.admin(async (sql) => {
    await sql.unsafe(`alter policy tenant_floor on ragwall.documents using (${own})`);
    return probe(sql, { appRoles: ['app_user'] }).finally(() => sql.unsafe(floor.undo));
  });
  expect(failing(rows)).toEqual([]);
  expect(row(rows, 'B07')).toMatchObject({ status: 'warn', severity: 'low', object: 'ragwall.documents' });
});

describe('says why it did not try', () => {
  it('as a login that is no superuser', async () => {
    const rows = await probe(session.app);
    expect(rows.every(({ status }) => status === 'n/a')).toBe(true);
    expect(row(rows, 'B02')?.evidence).toContain('a superuser is expected');
  });

  it('where transactions are read-only', async () => {
    const rows = await session.admin(async (sql) => {
      await sql`set default_transaction_read_only = on`;
      return probe(sql).finally(() => sql`reset default_transaction_read_only`);
    });
    expect(row(rows, 'B02')?.evidence).toContain('read-only');
  });

  it('where no table has a tenant column', async () => {
    const rows = await session.admin(async (sql) => {
      await sql`alter table ragwall.documents alter tenant_id drop default`;
      return probe(sql, { tenantColumns: ['nobody_has_this'] }).finally(
        () => sql`alter table ragwall.documents alter tenant_id set default ragwall.require_tenant()`,
      );
    });
    expect(row(rows, 'B02')?.evidence).toContain('no table has a tenant column');
  });

  it('and refuses a role that there is not', async () => {
    const asked = session.admin((sql) => probe(sql, { appRoles: ['app_user', 'nobody'] }));
    await expect(asked).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(': nobody.'),
    });
  });
});

it('tries as the roles that it is given', async () => {
  const rows = await session.admin((sql) => probe(sql, { appRoles: ['app_reader'] }));
  expect(row(rows, 'B02')?.evidence).toMatch(/as app_reader$/);
});

describe('the pooler', () => {
  const pooler = async (url: string) => {
    const app = postgres(url, { ...poolOptions, connect_timeout: 2, max: 3, onnotice: () => {} });
    const rows = await session.admin((sql) => probe(sql, { app, tenantColumns: ['nobody_has_this'] }));
    await app.end();
    return row(rows, 'O01');
  };

  it('is not looked at without the application’s way to it', async () => {
    const rows = await session.admin(async (sql) => {
      await sql`alter table ragwall.documents alter tenant_id drop default`;
      return probe(sql, { tenantColumns: ['nobody_has_this'] }).finally(
        () => sql`alter table ragwall.documents alter tenant_id set default ragwall.require_tenant()`,
      );
    });
    expect(row(rows, 'O01')).toMatchObject({
      status: 'n/a',
      evidence: expect.stringContaining('RAGWALL_APP_URL'),
    });
  });

  it('that cannot be reached is told by its error alone', async () => {
    const found = await pooler('postgres://app_user:hunter2@127.0.0.1:1/app');
    expect(found).toMatchObject({ status: 'n/a', evidence: expect.stringMatching(/ECONNREFUSED$/) });
  });

  it('leaks by its defaults, passes where it resets, and is none before a server', async (context) => {
    needs(context, engine, ['docker'], 'PgBouncer');
    expect(await pooler(engine.poolerUrl ?? '')).toMatchObject({
      status: 'fail',
      object: 'the pooler',
      severity: 'high',
    });
    expect(await pooler(engine.resettingPoolerUrl ?? '')).toMatchObject({ status: 'pass', object: '' });
    expect(await pooler(engine.appUrl ?? '')).toMatchObject({
      status: 'pass',
      evidence: expect.stringMatching(/^no pooler/),
    });
  });
});
