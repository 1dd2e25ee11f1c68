/** A bundle is verified without the database that it is of, and what was changed in it, or since, is named. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransactionSql } from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useSession } from '../../db/tests/engine/use-session.js';
import { type Bundle, canonical, digestsOf, readBundle, writeBundle } from './bundle.js';
import { type AuditedState, type Evidence, makeEvidence, readState, readSuites } from './evidence.js';
import { hashOf } from './fingerprint.js';
import { makeReport, version } from './report.js';
import type { AuditRow } from './run.js';
import { verifyCommand } from './verify.js';

const session = useSession();
let folder: string;
let file: string;
let state: AuditedState;
let bundle: Bundle;

/** Evidence of the database as it is, with an acceptance and a row of the probe. */
const evidenceOf = ({ audit, ...rest }: AuditedState): Evidence => {
  const rows = audit.rows.map(
    (row): AuditRow => (row.id === 'B01' ? { ...row, status: 'pass', evidence: '1 attempts' } : row),
  );
  const baseline = [{ id: 'S01', object: '*', reason: 'is updated in March' }];
  const report = makeReport({ ...audit, rows }, { baseline, failOn: 'high' });
  return makeEvidence(report, { ...rest, probed: ['B01'], suites: { passed: 3, failed: 0, skipped: 1 } });
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ragwall-'));
  file = join(folder, 'evidence.json');
  state = await session.admin((sql) => readState(sql));
  bundle = await writeBundle(file, evidenceOf(state));
});
afterAll(() => rm(folder, { recursive: true }));

type Connection = Parameters<typeof verifyCommand>[1];

/** Verifies a bundle, and returns the exit code and what is printed. */
async function verified(changed: unknown, sql?: Connection): Promise<readonly [code: number, said: string]> {
  const other = join(folder, 'other.json');
  await writeFile(other, typeof changed === 'string' ? changed : JSON.stringify(changed));
  let said = '';
  const code = await verifyCommand(other, sql, (text) => {
    said += text;
  });
  return [code, said];
}

const linesOf = (said: string, mark: string) => said.split('\n').filter((line) => line.startsWith(mark));

// biome-ignore lint/suspicious/noExplicitAny: what is changed need not have the type afterwards
type Change = (evidence: any) => void;

/** A bundle after a change, with the digests that it then has. */
function forged(change: Change, page = bundle.page): Bundle {
  const evidence = structuredClone(bundle.evidence);
  change(evidence);
  return { ...bundle, evidence, page, digests: digestsOf({ evidence, page }) };
}

it('has rows, verdict, fingerprint, SQL, versions, totals and the page, and is read as it was written', async () => {
  expect(await readBundle(file)).toEqual(bundle);
  const { evidence } = bundle;
  expect(evidence.report.rows.length).toBe(state.audit.rows.length);
  expect(evidence.report.rows.filter(({ accepted }) => accepted === 'is updated in March').map(({ id }) => id)).toEqual(
    state.audit.rows.filter(({ id, status }) => id === 'S01' && status === 'fail').map(({ id }) => id),
  );
  expect(evidence).toMatchObject({ ragwall: version, migration: expect.any(Number), suites: { passed: 3 } });
  expect(evidence.fingerprint.inventory.length).toBeGreaterThan(500);
  expect(evidence.statements.audit).toContain('-- [T01] ');
  expect(bundle.page).toContain(evidence.fingerprint.fingerprint);
  expect(bundle.page).toContain(bundle.digests.evidence);
});

it('reads the state of one moment, and the number of the last migration without calling a function', async () => {
  const [row] = await session.admin(
    (sql) => sql`select ragwall.migration() as migration, ragwall.fingerprint() as fingerprint`,
  );
  expect(state).toMatchObject({ migration: row?.migration, fingerprint: { fingerprint: row?.fingerprint } });
  expect(state.fingerprint.time).toBe(state.audit.time);
});

it('computes the hash of the inventory as the server does', () => {
  expect(hashOf(state.fingerprint.inventory)).toBe(state.fingerprint.fingerprint);
  expect(hashOf([])).not.toBe(state.fingerprint.fingerprint);
});

it('computes the hash of what JSON escapes as the server does', async () => {
  const row = ['"\\/', '\b\f\n\r\t\x01\x1f\x7f\x80', '\u2028\u2029\u00e9\u{1f600}', "'<>&"] as const;
  const [server] = await session.admin(
    (sql) =>
      sql`select 'sha256:' || encode(sha256(convert_to(json_build_array(${row[0]}::text, ${row[1]}::text, ${row[2]}::text, ${row[3]}::text)::text, 'UTF8')), 'hex') as hash`,
  );
  expect(hashOf([row])).toBe(server?.hash);
});

it('canonical JSON does not depend on the order of keys, and depends on all else', () => {
  expect(canonical({ b: [1, { d: null, c: 'x' }], a: true })).toBe('{"a":true,"b":[1,{"c":"x","d":null}]}');
  expect(canonical({ b: 1, a: 2 })).toBe(canonical({ a: 2, b: 1 }));
  expect(canonical([1, 2])).not.toBe(canonical([2, 1]));
});

it('holds without a database, and says where its digest has to stand', async () => {
  const [code, said] = await verified(bundle);
  expect(linesOf(said, '✗')).toEqual([]);
  expect(linesOf(said, '✓')).toHaveLength(6);
  expect(said).toContain(`On the signed page stands ${bundle.digests.evidence}`);
  expect(said).toContain('– No database was compared');
  expect(said).toContain('not who made it');
  expect(code).toBe(0);
  // The same values in another order, and with other white space.
  expect((await verified(JSON.stringify(Object.fromEntries(Object.entries(bundle).reverse()), null, 7)))[0]).toBe(0);
});

describe('what was changed is named', () => {
  const cases: [what: string, changed: () => Bundle, lines: RegExp[]][] = [
    [
      'the result of a check',
      () => ({
        ...bundle,
        evidence: {
          ...bundle.evidence,
          report: { ...bundle.evidence.report, rows: bundle.evidence.report.rows.slice(1) },
        },
      }),
      [/was changed/, /page is not the one/],
    ],
    [
      'the page',
      () => ({ ...bundle, page: bundle.page.replace('Signed', 'signed').replace('</h1>', '!</h1>') }),
      [/was changed/, /page is not the one/],
    ],
    ['a digest', () => ({ ...bundle, digests: { ...bundle.digests, page: 'sha256:00' } }), [/was changed/]],
    ['the suites, with new digests', () => forged((evidence) => (evidence.suites.passed = 4)), [/page is not the one/]],
    [
      'a row of the inventory, with new digests',
      () => forged((evidence) => (evidence.fingerprint.inventory[7][3] += ' ')),
      [/not the hash of the \d+ rows of the inventory, sha256:/, /page is not the one/],
    ],
    [
      'the time of the fingerprint, with new digests',
      () => forged((evidence) => (evidence.fingerprint.time = '2020-01-01T00:00:00Z')),
      [/not of the same database/, /page is not the one/],
    ],
    [
      'which findings gate, with new digests',
      () => forged((evidence) => (evidence.report.rows[0].gates = true)),
      [/verdict does not follow/, /page is not the one/],
    ],
    [
      'the SQL, with new digests',
      () => forged((evidence) => (evidence.statements.audit += '-- ')),
      [/page is not the one/, /SQL is not that of/],
    ],
  ];
  it.each(cases)('%s', async (_, changed, expected) => {
    const [code, said] = await verified(changed());
    const found = linesOf(said, '✗');
    expect(found).toHaveLength(expected.length);
    for (const [at, line] of found.entries()) expect(line).toMatch(expected[at] as RegExp);
    expect(code).toBe(1);
  });

  it('by another version, what only the version that made it can tell is left open: exit 2', async () => {
    const [code, said] = await verified(forged((evidence) => (evidence.ragwall = '0.0.9')));
    expect(linesOf(said, '✗')).toEqual([]);
    expect(linesOf(said, '?')).toEqual([expect.stringContaining('run npx ragwall@0.0.9 audit --verify')]);
    expect(code).toBe(2);
  });
});

it.each<[string, unknown, string]>([
  ['a later format', { bundle: 2 }, 'the bundle has format 2, and ragwall'],
  ['no bundle', { rows: [] }, 'a part of it is missing or unknown'],
  ['null', null, 'a part of it is missing or unknown'],
  ['text', '<html>', 'the file is not JSON'],
])('refuses %s', async (_, changed, message) => {
  await expect(verified(changed)).rejects.toThrow(message);
});

it('refuses parts that are missing or unknown', async () => {
  const parts: Change[] = [
    (evidence) => delete evidence.report.settings,
    (evidence) => delete evidence.suites,
    (evidence) => (evidence.report.rows[3].evidence = 7),
    (evidence) => evidence.fingerprint.inventory.push(['x']),
    (evidence) => (evidence.report.failOn = 'none'),
    (evidence) => (evidence.migration = '12'),
  ];
  for (const change of parts) await expect(verified(forged(change))).rejects.toThrow('missing or unknown');
  await expect(verified({ ...bundle, note: 'x' })).rejects.toThrow('missing or unknown');
  await expect(readBundle(join(folder, 'none.json'))).rejects.toThrow('it cannot be read (ENOENT)');
});

describe('with a database', () => {
  /** Verifies in a transaction after some statements, which are rolled back. */
  const verifiedAfter = (statements: string, changed: unknown = bundle) =>
    session.admin(async (sql) => {
      let result: Awaited<ReturnType<typeof verified>> | undefined;
      await sql
        .begin(async (tx) => {
          if (statements) await tx.unsafe(statements).simple();
          const inside = { begin: (_: string, run: (tx: TransactionSql) => unknown) => run(tx) };
          result = await verified(changed, inside as unknown as Connection);
          throw new Error('rolled back');
        })
        .catch((error) => {
          if (error.message !== 'rolled back') throw error;
        });
      return result as NonNullable<typeof result>;
    });

  it('holds while the database is what it was', async () => {
    const [code, said] = await session.admin((sql) => verified(bundle, sql));
    expect(linesOf(said, '✗')).toEqual([]);
    expect(linesOf(said, '✓')).toHaveLength(8);
    expect(said).toContain('has this fingerprint still');
    expect(said).toContain('finds the same. Not tried again: B01, of the probe');
    expect(code).toBe(0);
  });

  it('names what has changed in the fingerprint, and what the audit finds of it', async () => {
    const [code, said] = await verifiedAfter('alter table ragwall.documents no force row level security');
    expect(linesOf(said, '✗')).toEqual([
      expect.stringMatching(/has another fingerprint, sha256:/),
      expect.stringContaining('finds something else'),
    ]);
    expect(said).toMatch(/[0-9a-f]{64}\n {4}table ragwall\.documents\n {6}loosens {3}forced row security: true → –/);
    expect(said).toMatch(/^ {4}M07 ragwall\.documents: was not there; is fail critical, /m);
    expect(said).toMatch(/^ {4}M07: was pass; is not there$/m);
    expect(code).toBe(1);
  });

  it('does not call it a finding that there is more to examine', async () => {
    const [code, said] = await verifiedAfter('create table public.plain (x integer)');
    expect(linesOf(said, '✗')).toEqual([expect.stringContaining('another fingerprint')]);
    expect(said).toMatch(/^ {4}table public\.plain$/m);
    expect(code).toBe(1);
  });

  it('audits with the settings of the bundle', async () => {
    const told = await session.admin((sql) => readState(sql, { tenantColumns: ['holder'], appRoles: ['app_user'] }));
    const other = join(folder, 'told.json');
    await writeBundle(other, makeEvidence(makeReport(told.audit), { ...told, probed: [], suites: null }));
    const [code, said] = await session.admin(async (sql) => verified(await readFile(other, 'utf8'), sql));
    expect(linesOf(said, '✗')).toEqual([]);
    expect(code).toBe(0);
    expect(told.audit.rows).not.toEqual(state.audit.rows);
  });
});

it.each<[string, unknown]>([
  ['12 passed, 3 failed, 4 skipped\n', { passed: 12, failed: 3, skipped: 4 }],
  ['1 passed, 0 failed, 0 skipped\nmore\r\n20 passed, 0 failed, 5 skipped\r\n', { passed: 20, failed: 0, skipped: 5 }],
])('reads the last totals of %j', async (text, totals) => {
  const suites = join(folder, 'suites.txt');
  await writeFile(suites, text);
  expect(await readSuites(suites)).toEqual(totals);
});

it.each(['', 'all passed', ' 1 passed, 0 failed, 0 skipped', '1 passed, 0 failed, 0 skipped (fast)'])(
  'refuses the totals %j',
  async (text) => {
    const suites = join(folder, 'suites.txt');
    await writeFile(suites, text);
    await expect(readSuites(suites)).rejects.toThrow('a line "12 passed, 0 failed, 1 skipped" is expected');
  },
);
