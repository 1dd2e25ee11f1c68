/**
 * Defects and near misses that were written without a look at the audit. Each is made in a database of its own, which is
 * audited; then a proof shows that the hole is real, or that the near miss isolates.
 *
 * audit/strangers/ragwall-*.sql are for a migrated database with a document of acme and one of globex, others-*.sql for
 * an empty one where PUBLIC may make no temporary objects. A case is what a superuser runs, under these comments:
 *
 *     -- 07 name: what is wrong, or what it resembles
 *     -- tenant-column, app-role, untrusted-role: options of the audit
 *     -- from: the lowest version of PostgreSQL
 *     -- docker: what it needs that the docker engine alone has
 *     -- found: id and object of a finding, and its severity in () if that tells; or `nothing: ` and why
 *     -- known: of a near miss, id and object of a finding of high or critical severity, and why it stays
 *
 * After `-- proof:` come statements, of which the last that returns a row returns true, and after `-- undo:` what else
 * than roles has to be undone in the cluster.
 */
import { readdir, readFile } from 'node:fs/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type AuditOptions, isFinding, readAudit } from '../../src/audit/run.js';
import { bootstrapSql, migrationsSql, root } from './engine/migrations.js';
import { needs } from './engine/session.js';

const engine = inject('engine');
const folder = new URL('audit/strangers/', import.meta.url);
const database = 'ragwall_strangers';
const template = `${database}_template`;
const templates = { ragwall: template, others: 'template0' };
type Base = keyof typeof templates;

/** The statements of a script: `alter system` and others have to be sent alone. */
const statements = (script = '') => script.match(/(?:--[^\n]*|'[^']*'|\$(\w*)\$.*?\$\1\$|[^;])+;/gs) ?? [];

function parse(text: string) {
  const header = text.match(/^(?:-- .*\n)+/)?.[0] ?? '';
  const all = (key: string) => [...header.matchAll(RegExp(`^-- ${key}: (.*)$`, 'gm'))].map((line) => `${line[1]}`);
  const names = (key: string) => all(key).flatMap((line) => line.split(','));
  const [script, proof, undo] = text.slice(header.length).split(/^-- (?:proof|undo):\n/m);
  const options: AuditOptions = {
    tenantColumns: names('tenant-column'),
    appRoles: names('app-role'),
    untrustedRoles: names('untrusted-role'),
  };
  return {
    name: header.match(/^-- (.*?):/)?.[1] ?? text,
    options,
    from: Number(all('from')[0] ?? 15),
    docker: all('docker')[0],
    found: all('found').filter((line) => !line.startsWith('nothing: ')),
    unnamed: all('found').filter((line) => line.startsWith('nothing: ')),
    known: all('known').map((line) => line.replace(/: .*/, '')),
    roles: [...text.matchAll(/^create role (\w+)/gm)].map((role) => `${role[1]}`),
    script,
    proof,
    undo,
  };
}

const files = await Promise.all(
  (await readdir(folder)).sort().map(async (name) => ({
    name,
    base: name.split('-')[0] as Base,
    correct: name.endsWith('-correct.sql'),
    cases: (await readFile(new URL(name, folder), 'utf8'))
      .split(/^(?=-- (?:ok)?\d\d [\w-]+: )/m)
      .slice(1)
      .map(parse),
  })),
);

const limits = { max: 1, onnotice: () => {}, connection: { statement_timeout: 30_000 } };

/** Runs `act` on a connection of its own, as a superuser. */
async function connected<T>(name: string, act: (sql: Sql) => Promise<T>): Promise<T> {
  const url = Object.assign(new URL(engine.adminUrl), { pathname: `/${name}` });
  const sql = postgres(url.href, limits);
  try {
    return await act(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Runs a script a statement at a time, and returns the last row that one of them returned. */
async function run(sql: Sql, script: string | undefined) {
  let row: object | undefined;
  for (const statement of statements(script)) row = (await sql.unsafe(statement)).at(-1) ?? row;
  return row;
}

let admin: Sql;
const found: Record<Base, Set<string>> = { ragwall: new Set(), others: new Set() };

/** Drops the database of a case, and its roles. */
async function clear(roles: readonly string[] = []) {
  await admin.unsafe(`drop database if exists ${database} with (force)`);
  for (const role of roles) await admin.unsafe(`drop role if exists ${role}`);
}

async function make(base: Base) {
  await admin.unsafe(`create database ${database} template ${templates[base]}`);
  // CREATE DATABASE leaves the privileges of the template behind.
  if (base === 'ragwall') await connected(database, async (sql) => sql.unsafe(await bootstrapSql()));
  else await admin.unsafe(`revoke temporary on database ${database} from public`);
}

const findings = async (sql: Sql, options?: AuditOptions) =>
  (await readAudit(sql, options)).rows
    .filter(isFinding)
    .map((row) => ({ name: `${row.id} ${row.object}`, severity: row.severity }));

beforeAll(async () => {
  if (engine.kind === 'embedded') return;
  admin = postgres(engine.adminUrl, limits);
  await admin.unsafe(`drop database if exists ${template} with (force)`);
  await admin.unsafe(`create database ${template}`);
  await connected(template, async (sql) => {
    for (const part of [await bootstrapSql(), ...(await migrationsSql())]) await sql.unsafe(part);
    await sql`
      insert into ragwall.documents (tenant_id, content, embedding, embedding_model, metadata)
      select tenant, tenant || ' secret', array_fill(1::real, array[1536])::public.halfvec, 'm',
        jsonb_build_object('of', tenant)
      from unnest(array['acme', 'globex']) as tenant`;
  });
  for (const base of ['ragwall', 'others'] as const) {
    await clear();
    await make(base);
    found[base] = new Set((await connected(database, findings)).map(({ name }) => name));
    await clear();
  }
});

afterAll(async () => {
  for (const name of [database, template]) await admin?.unsafe(`drop database if exists ${name} with (force)`);
  await admin?.end();
});

for (const { name, base, correct, cases } of files) {
  describe(name, () => {
    for (const one of cases) {
      it(one.name, async (context) => {
        needs(context, engine, one.docker ? ['docker'] : ['docker', 'url'], one.docker ?? 'several databases');
        const [server] = await admin`select current_setting('server_version_num')::integer / 10000 as version`;
        if (server?.version < one.from) context.skip(`needs PostgreSQL ${one.from}`);
        await clear(one.roles);
        try {
          await make(base);
          await connected(database, (sql) => run(sql, one.script));
          // Each on a connection of its own, for settings of the database.
          const after = await connected(database, (sql) => findings(sql, one.options));
          const brought = after.filter((finding) => !found[base].has(finding.name));
          const proof = await connected(database, (sql) => run(sql, one.proof));
          expect(Object.values(proof ?? {})).toEqual([true]);
          if (correct) {
            const alarms = brought.filter(({ severity }) => /critical|high/.test(severity));
            expect(alarms.map((finding) => finding.name)).toEqual(one.known);
          } else {
            const names = brought.flatMap((finding) => [finding.name, `${finding.name} (${finding.severity})`]);
            expect(names).toEqual(expect.arrayContaining(one.found));
          }
        } finally {
          await run(admin, one.undo).finally(() => clear(one.roles));
        }
      });
    }
  });
}

it('names as many defects as docs/evidence.md says, and each other one has a reason', async () => {
  const defects = files.filter(({ correct }) => !correct).flatMap(({ cases }) => cases);
  const named = defects.filter(({ found }) => found.length > 0);
  const others = defects.filter(({ found, unnamed }) => found.length === 0 && unnamed.length === 0);
  expect(others.map((one) => one.name)).toEqual([]);
  const evidence = await readFile(new URL('docs/evidence.md', root), 'utf8');
  expect(evidence).toContain(
    `Of ${defects.length} defects that were written without a look at it, it names ${named.length}`,
  );
});
