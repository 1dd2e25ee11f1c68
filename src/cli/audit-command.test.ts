/** `ragwall audit` fails by severity, and its errors say what is wrong without the password. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, it, vi } from 'vitest';
import { needs } from '../../db/tests/engine/session.js';
import type { AuditRow, Severity, Status } from '../audit/run.js';
import { auditCommand, show } from './audit-command.js';

const engine = inject('engine');
const row = (status: Status, severity: Severity): AuditRow => ({
  ...{ id: 'T01', area: 'rls', severity, status, object: 'a.b' },
  ...{ expects: 'x', evidence: 'x', remedy: 'x', reference: 'x' },
});
const audit = (...rows: AuditRow[]) => ({
  ...{ database: 'app', server: '17.11', pgvector: null, time: '2026-11-24T18:57:00Z' },
  ...{ login: 'auditor', settings: {}, rows },
});
const values = { format: 'table', 'fail-on': 'medium', strict: false };

let folder: string;
let said: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ragwall-'));
  // The embedded engine has one session, which an earlier file left as the application.
  if (engine.kind === 'embedded') {
    const sql = postgres(engine.adminUrl, { max: 1 });
    await sql`set session authorization postgres`;
    await sql.end();
  }
});
beforeEach(() => {
  said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
  vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
afterAll(() => rm(folder, { recursive: true }));

it.each<[Status, Severity, string, boolean, number]>([
  ['fail', 'critical', 'critical', false, 1],
  ['fail', 'high', 'critical', false, 0],
  ['fail', 'medium', 'medium', false, 1],
  ['fail', 'low', 'medium', false, 0],
  ['fail', 'low', 'low', false, 1],
  ['warn', 'critical', 'low', false, 0],
  ['warn', 'medium', 'medium', true, 1],
  ['warn', 'low', 'medium', true, 0],
  ['pass', 'critical', 'low', true, 0],
  ['n/a', 'critical', 'low', true, 0],
])('of a %s that is %s, failing on %s, strictly: %s, makes %i', async (status, severity, failOn, strict, code) => {
  const options = { ...values, 'fail-on': failOn, strict };
  expect(await show(audit(row('pass', 'low'), row(status, severity)), options)).toBe(code);
  expect(said).toContain(`: exit ${code}\n`);
});

it('does not gate by what is accepted', async () => {
  const baseline = [{ id: 'T01', object: 'a.b', reason: 'known' }];
  const other = { ...row('fail', 'high'), object: 'a.c' };
  expect(await show(audit(row('fail', 'high')), values, baseline)).toBe(0);
  expect(said).toContain('accepted: known');
  expect(await show(audit(row('fail', 'high'), other), values, baseline)).toBe(1);
});

it('writes the report and a new baseline where it is told to', async () => {
  const output = join(folder, 'report.json');
  const newBaseline = join(folder, 'new.json');
  const options = { ...values, format: 'json', output, 'write-baseline': newBaseline };
  expect(await show(audit(row('fail', 'high')), options)).toBe(1);
  expect(said).toBe('');
  expect(JSON.parse(await readFile(output, 'utf8')).rows).toHaveLength(1);
  expect(JSON.parse(await readFile(newBaseline, 'utf8')).accepted).toEqual([{ id: 'T01', object: 'a.b', reason: '' }]);
});

it('audits a database', async () => {
  const code = await auditCommand(['--format', 'json', '--tenant-column', 'tenant_id', engine.adminUrl]);
  const report = JSON.parse(said);
  expect(report.settings).toEqual({ tenant_columns: 'tenant_id' });
  expect(code).toBe(report.rows.some(({ gates }: { gates: boolean }) => gates) ? 1 : 0);
});

it('keeps the evidence in a bundle, without the password, and verifies it with a database and without', async () => {
  const [bundle, page, suites] = ['evidence.json', 'page.html', 'suites.txt'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(suites, 'more\n7 passed, 0 failed, 1 skipped\n');
  const url = new URL(engine.adminUrl);
  const code = await auditCommand([
    url.href,
    '--bundle',
    bundle,
    '--suites',
    suites,
    '--format',
    'html',
    '--output',
    page,
  ]);
  const text = await readFile(bundle, 'utf8');
  const { digests, evidence, page: kept } = JSON.parse(text);
  expect(console.error).toHaveBeenCalledWith(
    expect.stringContaining(`${bundle}: the evidence has the digest ${digests.evidence}`),
  );
  expect(evidence.suites).toEqual({ passed: 7, failed: 0, skipped: 1 });
  expect(evidence.report.rows.some(({ gates }: { gates: boolean }) => gates)).toBe(code === 1);
  expect(await readFile(page, 'utf8')).toBe(kept);
  expect(kept).toContain(digests.evidence);
  for (const secret of [url.password, url.host].filter(Boolean)) expect(text).not.toContain(secret);

  vi.stubEnv('DATABASE_URL', '');
  expect(await auditCommand(['--verify', bundle])).toBe(0);
  expect(said).toContain('– No database was compared');
  vi.stubEnv('DATABASE_URL', url.href);
  expect(await auditCommand(['--verify', bundle])).toBe(0);
  expect(said).toContain('has this fingerprint still');
  await writeFile(bundle, text.replace('"migration": ', '"migration": 1'));
  expect(await auditCommand(['--verify', bundle, url.href])).toBe(1);
  expect(said).toContain('✗ The evidence or the page was changed');
});

it('keeps what the probe found, and does not try again to verify it', async () => {
  const bundle = join(folder, 'probed.json');
  await auditCommand([engine.adminUrl, '--probe', '--bundle', bundle]);
  const { evidence, page } = JSON.parse(await readFile(bundle, 'utf8'));
  expect(evidence.probed).toEqual(['B00', 'B01', 'B02', 'B03', 'B04', 'B05', 'B06', 'B07', 'B08', 'B09', 'O01']);
  expect(page).toMatch(/<b class="">Pass<\/b> B00, B02–B04\. \d+ attempts, none crossed\./);
  expect(await auditCommand(['--verify', bundle, engine.adminUrl])).toBe(0);
  expect(said).toContain(
    'finds the same. Not tried again: B00, B01, B02, B03, B04, B05, B06, B07, B08, B09, O01, of the probe',
  );
});

it('has a page without a bundle, which says so, and fails if a test of the suites failed', async () => {
  const suites = join(folder, 'failed.txt');
  await writeFile(suites, '7 passed, 2 failed, 1 skipped\n');
  expect(await auditCommand([engine.adminUrl, '--format', 'html', '--suites', suites, '--fail-on', 'critical'])).toBe(
    1,
  );
  expect(said).toContain('No bundle of evidence was kept with this page.');
  expect(console.error).toHaveBeenCalledWith('2 tests of the suites failed: exit 1');
  await writeFile(suites, '7 passed, 0 failed, 1 skipped\n');
  expect(await auditCommand([engine.adminUrl, '--format', 'html', '--suites', suites, '--fail-on', 'critical'])).toBe(
    0,
  );
});

const missing = join(tmpdir(), 'ragwall-none', 'baseline.json');
it.each([
  [['--format', 'pdf', 'postgres://x'], '--format is expected to be one of table, json, junit, sarif, html'],
  [['--fail-on', 'none', 'postgres://x'], '--fail-on is expected to be one of critical, high, medium, low'],
  [['--app-role', '', 'postgres://localhost:1/x'], '--app-role is expected to be a name'],
  [['--app-role', 'a,,b', 'postgres://localhost:1/x'], '--app-role is expected to be a name'],
  [['--suites', 'x', 'postgres://x'], '--suites is expected with --bundle or --format html'],
  [['--suites', missing, '--bundle', 'x', 'postgres://x'], 'the output of the suites cannot be read (ENOENT)'],
  [['--verify', 'x', '--probe'], '--verify is expected without other options'],
  [['--verify', 'x', '--format', 'json'], '--verify is expected without other options'],
  [['--verify', missing], 'expected is a file that `ragwall audit --bundle` wrote; it cannot be read (ENOENT)'],
  [['--bundle', 'x', '--fingerprint', 'postgres://x'], '--bundle is expected without --fingerprint and --diff'],
  [['--nonsense'], "Unknown option '--nonsense'"],
  [['postgres://x', 'y'], 'expected: ragwall audit [url]'],
  [['--baseline', missing, 'postgres://x'], 'the baseline cannot be read (ENOENT)'],
  [['mysql://u:s3cret@localhost/x'], 'postgres://user:password@host:port/database is expected'],
  [['postgres://u:s3c/ret@localhost/x'], 'in a password written as %2F'],
  [['postgres://u:s3c#ret@localhost/x'], 'in a password written as %2F'],
  [['postgres://u:s3cret@local host/x'], 'the connection string cannot be parsed'],
  [['postgres://u:s3cret@nowhere.invalid/x'], 'the host nowhere.invalid cannot be resolved'],
])('%j cannot be audited: %s', async (args, message) => {
  const error = await auditCommand(args).catch((reason) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(error.message).toContain(message);
  expect(error.message).not.toMatch(/s3c|ret@/);
});

it('says that no server answers', async () => {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  await expect(auditCommand([`postgres://u:s3cret@127.0.0.1:${port}/x`])).rejects.toThrow(
    new Error(`no server answers at 127.0.0.1:${port}: check that it runs, and the port`),
  );
});

it('says who is not let in, and which database is not there', async (context) => {
  needs(context, engine, ['docker'], 'a server that asks for a password');
  const wrong = new URL(engine.adminUrl);
  wrong.password = 's3cret';
  const error = await auditCommand([wrong.href]).catch((reason) => reason);
  expect(error.message).toContain(`refuses the login ${wrong.username}: password authentication failed`);
  expect(error.message).not.toContain('s3cret');
  const other = new URL(engine.adminUrl);
  other.pathname = '/nowhere';
  await expect(auditCommand([other.href])).rejects.toThrow('the database nowhere does not exist at');
});

it('stops at a baseline without reasons before it connects', async () => {
  const file = join(folder, 'empty.json');
  await writeFile(file, '{"accepted": [{"id": "T01", "object": "a.b", "reason": ""}]}');
  await expect(auditCommand(['--baseline', file, 'postgres://127.0.0.1:1/x'])).rejects.toThrow('T01 a.b');
});

it('--explain prints the entry of a check, and lists the ids for one that is not there', async () => {
  let entry = '';
  vi.spyOn(console, 'log').mockImplementation((text) => {
    entry += text;
  });
  expect(await auditCommand(['--explain', 'r07'])).toBe(0);
  expect(entry).toMatch(/^### R07\n\n\*\*No application role is a member of an owner[\s\S]*\nRemedy: `revoke/);
  expect(entry).not.toContain('R08');
  await expect(auditCommand(['--explain', 'X99'])).rejects.toThrow(/one of B00, B01, .*, X02$/);
});
