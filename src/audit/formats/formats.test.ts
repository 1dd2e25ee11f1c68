/** The formats print the same report, and a hostile name in a database has no effect in any of them. */
import { expect, it } from 'vitest';
import { makeReport, type Report, toJson } from '../report.js';
import type { Audit, AuditRow } from '../run.js';
import { toHtml } from './html.js';
import { html, lines } from './html-markup.js';
import { toJunit } from './junit.js';
import { toSarif } from './sarif.js';
import { toTable } from './table.js';

const pass: AuditRow = {
  id: 'T01',
  area: 'rls',
  expects: 'Row-level security is enabled on every table that has a tenant column',
  severity: 'critical',
  status: 'pass',
  object: '',
  evidence: '33 tables examined',
  remedy: '',
  reference: 'checklist 1 · LLM09:2026',
};
const finding = (change: Partial<AuditRow>): AuditRow => ({
  ...pass,
  id: 'T02',
  severity: 'high',
  status: 'fail',
  object: 'app.notes',
  evidence: 'its owner is not bound by its policies',
  remedy: 'alter table app.notes force row level security',
  ...change,
});
const audit = (...rows: AuditRow[]): Audit => ({
  database: 'app',
  server: '17.11',
  pgvector: '0.8.2',
  time: '2026-11-24T18:57:00Z',
  login: 'auditor',
  settings: { tenant_columns: 'org_id' },
  rows,
});

/** What would act: markup, ends of markup, an escape sequence of a terminal, one of eight bits, a reversal. */
const hostile =
  'a."<script>alert(1)</script></style>" \'&amp; ]]> --> {0}[x](javascript:1) \x1b[2J\x9b2J\u202e\u2028\u0000\ufffe\n  ✓ T99';
const everywhere = makeReport(
  {
    ...audit(
      finding({ object: hostile, evidence: hostile, remedy: hostile, expects: hostile, reference: hostile }),
      finding({ id: 'T03', status: 'warn', object: hostile, remedy: `Do:\n${hostile}` }),
      finding({ id: 'T04', object: hostile, evidence: hostile }),
      finding({ id: 'T05', status: 'n/a', object: '', evidence: hostile }),
      finding({ id: 'T06', status: 'pass', object: '', evidence: hostile }),
    ),
    database: hostile,
    server: hostile,
    login: hostile,
    pgvector: hostile,
    settings: { tenant_columns: hostile },
  },
  {
    baseline: [
      { id: 'T04', object: hostile, reason: hostile },
      { id: 'T07', object: hostile, reason: hostile },
    ],
  },
);

/** What may not be in a text that is shown, whatever the format, but for its own line ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const acting = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]/;

it.each<[string, (report: Report) => string]>([
  ['table', (report) => toTable(report)],
  ['json', toJson],
  ['junit', toJunit],
  ['sarif', toSarif],
  ['html', toHtml],
])('%s has no character that acts', (_, format) => {
  const text = format(everywhere);
  expect(text).toContain('script');
  expect(text).not.toMatch(acting);
});

/** Reads markup as strictly as XML is read, and returns the texts and the attributes of it. */
function parsed(markup: string, empty: readonly string[] = []): string[] {
  const open: string[] = [];
  const texts: string[] = [];
  let at = 0;
  const tag = /<(?:\?xml [^?]*\?|!doctype html|(\/?)([a-z]\w*)((?:\s+[a-z][\w-]*(?:="[^"<]*")?)*)\s*(\/?))>/gy;
  for (;;) {
    const next = markup.indexOf('<', at);
    const text = markup.slice(at, next < 0 ? undefined : next);
    expect(text.replace(/&#\d+;/g, '')).not.toMatch(/&|]]>/);
    texts.push(text);
    if (next < 0) break;
    tag.lastIndex = next;
    const [whole, close, name = '', attributes = '', closed] = tag.exec(markup) ?? [];
    expect(whole, markup.slice(next, next + 80)).toBeDefined();
    expect(attributes.replace(/&#\d+;/g, '')).not.toContain('&');
    texts.push(attributes);
    if (close) expect(name).toBe(open.pop());
    else if (name && !closed && !empty.includes(name)) open.push(name);
    at = tag.lastIndex;
  }
  expect(open).toEqual([]);
  return texts.map((text) => text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code)));
}

it('tells a name with line ends on one line of the table', () => {
  const lines = toTable(everywhere, { width: 100_000 }).split('\n');
  expect(lines.filter((line) => line.includes('✓ T99'))).not.toHaveLength(0);
  expect(lines.filter((line) => /^ *✓ T99/.test(line))).toEqual([]);
});

it('is a page without markup of others, scripts or anything from elsewhere', () => {
  const page = toHtml(everywhere);
  const texts = parsed(page.replace(/<style>[\s\S]*?<\/style>/, ''), ['meta', 'br', 'path', 'rect']);
  expect(texts.join('')).toContain('a."<script>alert(1)</script></style>" \'&amp; ]]> -->');
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|\shref=|\son\w+=|url\(|@import|https?:/i);
  expect(page.match(/<style>/g)).toHaveLength(1);
  expect(page.match(/<\/style>/g)).toHaveLength(1);
  expect(page).toContain("default-src 'none'; style-src 'unsafe-inline'");
});

it('html escapes values in attributes, in texts and in lists, and not what it made itself', () => {
  const value = `"'<&>`;
  const escaped = '&#34;&#39;&#60;&#38;&#62;';
  expect(html`<p title="${value}">${[value, html`<b>${value}</b>`]}</p>`.markup).toBe(
    `<p title="${escaped}">${escaped}<b>${escaped}</b></p>`,
  );
  expect(lines(`${value}\n\x1b`).markup).toBe(`${escaped}\n\\x1b`);
});

it('html leaves out what is false or missing, and keeps a zero', () => {
  expect(html`a${false}${undefined}${0}b`.markup).toBe('a0b');
});

it('has every text in JSON as it is in the database', () => {
  const { rows, stale } = JSON.parse(toJson(everywhere));
  expect(rows[0]).toMatchObject({ object: hostile, evidence: hostile, remedy: hostile, gates: true });
  expect(rows[2]).toMatchObject({ accepted: hostile, gates: false });
  expect(stale).toEqual([{ id: 'T07', object: hostile, reason: hostile }]);
});

const mixed = makeReport(
  audit(
    pass,
    finding({}),
    finding({ object: 'app.old', severity: 'medium' }),
    finding({ id: 'K03', area: 'shared', status: 'warn', severity: 'low', object: 'app.n_seq' }),
    finding({ id: 'V01', area: 'path', status: 'n/a', object: '', evidence: 'no views' }),
  ),
  { baseline: [{ id: 'T02', object: 'app.old', reason: 'goes in March' }] },
);

it('is JUnit XML in which what gates fails, and what does not is skipped', () => {
  parsed(toJunit(everywhere));
  const xml = toJunit(mixed);
  expect(parsed(xml).filter((text) => /^ tests=/.test(text.replace(/ name="[^"]*"/, '')))).toHaveLength(4);
  expect(xml).toContain('tests="5" failures="1" errors="0" skipped="3"');
  expect(xml.match(/<testcase /g)).toHaveLength(5);
  expect(xml).toMatch(/name="T02 app\.notes: [^>]*>\s*<failure type="high"/);
  expect(xml).toMatch(/name="T02 app\.old: [^>]*>\s*<skipped message="accepted: goes in March; /);
  expect(xml).toMatch(/name="K03 app\.n_seq: [^>]*>\s*<skipped message="warn low, gates at medium or above: /);
  expect(xml).toMatch(/name="V01: [^>]*>\s*<skipped message="does not apply: no views"/);
});

it('is SARIF with a rule for each check, and a result for each finding', () => {
  const log = JSON.parse(toSarif(mixed));
  expect(log.version).toBe('2.1.0');
  const [{ tool, results, invocations }] = log.runs;
  expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(['T01', 'T02', 'V01', 'K03']);
  expect(tool.driver.rules[1]).toMatchObject({
    shortDescription: { text: pass.expects },
    defaultConfiguration: { level: 'error' },
    properties: { 'security-severity': '8.0' },
  });
  expect(invocations[0]).toMatchObject({ executionSuccessful: true, exitCode: 1 });
  const told = results.map((result: Record<string, unknown>) => [
    result.ruleId,
    result.ruleIndex,
    result.level,
    (result.suppressions as { justification: string }[]).map(({ justification }) => justification),
  ]);
  expect(told).toEqual([
    ['T02', 1, 'error', []],
    ['T02', 1, 'warning', ['goes in March']],
    ['K03', 3, 'note', []],
  ]);
  const prints = results.map((result: Record<string, object>) => JSON.stringify(result.partialFingerprints));
  expect(new Set(prints).size).toBe(3);
  expect(results[0].locations[0].logicalLocations[0]).toEqual({
    name: 'app.notes',
    fullyQualifiedName: 'app.app.notes',
  });
});

it('lets no placeholder and no link into a message of SARIF', () => {
  const [{ results }] = JSON.parse(toSarif(everywhere)).runs;
  expect(results[0].message.text).toContain('{{0}}[x] (javascript:1)');
  const { uri } = results[0].locations[0].physicalLocation.artifactLocation;
  expect(uri).toMatch(/^database\/[\w.!~*'()%-]+\/[\w.!~*'()%-]+$/);
});

it('keeps the fingerprint of a finding when its evidence changes', () => {
  const print = (evidence: string) =>
    JSON.parse(toSarif(makeReport(audit(finding({ evidence }))))).runs[0].results[0].partialFingerprints;
  expect(print('one')).toEqual(print('another'));
});

it('ticks a box by evidence alone, and leaves to a hand what no database can tell', () => {
  const rows = [
    pass,
    { ...pass, id: 'R01', area: 'role' },
    finding({ id: 'C01', area: 'tenant' }),
    { ...pass, id: 'X01', area: 'context' },
    { ...pass, id: 'B01', area: 'context', status: 'n/a', evidence: 'not tried: ragwall audit --probe does' },
    finding({ id: 'O01', area: 'pool', object: 'pooler' }),
    { ...pass, id: 'M02', area: 'ci' },
    finding({ id: 'P01', area: 'path', status: 'warn', severity: 'low' }),
    { ...pass, id: 'P02', area: 'path' },
  ] as const;
  const page = toHtml(
    makeReport(audit(...(rows as readonly AuditRow[])), {
      baseline: [{ id: 'O01', object: 'pooler', reason: 'no pooler' }],
    }),
  );
  const boxes = [...page.matchAll(/<li><svg [^>]*aria-label="([^"]*)"[\s\S]*?<strong>([^<]*)/g)];
  expect(boxes.map(([, box, line]) => `${line?.slice(0, 2)} ${box}`)).toEqual([
    '1. ticked',
    '2. ticked',
    '3. not fulfilled',
    '4. to be ticked by hand',
    '5. to be ticked by hand',
    '6. to be ticked by hand',
    'No to be ticked by hand',
    'No to be ticked by hand',
    'Se to be ticked by hand',
  ]);
});

it('has the statement behind a line, on the screen and in the appendix', () => {
  const page = toHtml(makeReport(audit(pass)));
  expect(page.match(/select &#39;T01&#39;/g)).toHaveLength(2);
});

it('is a table like this', () => {
  expect(toTable(mixed, { width: 70 })).toBe(`Audit of the database app
PostgreSQL 17.11 · pgvector 0.8.2 · as auditor · 2026-11-24T18:57:00Z
tenant_columns: org_id

1  Row-level security is enabled on every table containing tenant data
   ✓ T01  Row-level security is enabled on every table that has a
          tenant column: 33 tables examined
   ✗ T02  Row-level security is enabled on every table that has a
          tenant column
         fail high  app.notes
           its owner is not bound by its policies
           → alter table app.notes force row level security
         fail medium  app.old
           its owner is not bound by its policies
           accepted: goes in March
         checklist 1 · LLM09:2026

2  The application connects using a role that is no superuser
   ☐ A database cannot tell whether the application is given this
     login: to be ticked by hand.

3  The tenant is taken from a verified token, never from user input
   ☐ A database cannot tell where the application takes the tenant
     from: to be ticked by hand.

4  Every connection sets the tenant before any query
   ☐ A database cannot tell whether every service does: to be ticked
     by hand.

5  The connection pool does not carry a tenant from one client to the
   next
   ☐ A database cannot tell how a pooler is set up that the audit did
     not go through: to be ticked by hand.

6  All isolation tests pass on every deployment
   ☐ A database cannot tell whether they run, and pass: to be ticked
     by hand.

+  No other way to the data (views, functions, copies, privileges)
   – V01  Row-level security is enabled on every table that has a
          tenant column: n/a, no views

+  Nothing is shared between tenants (keys, sequences, indexes)
   ! K03  Row-level security is enabled on every table that has a
          tenant column
         warn low  app.n_seq
           its owner is not bound by its policies
           → alter table app.notes force row level security
         checklist 1 · LLM09:2026

Summary
   fail: 1 high · warn: 1 low · accepted: 1 · 1 check passed
   1 finding gates at medium or above: exit 1
`);
});

it('has colours when it is told to', () => {
  expect(toTable(mixed, { colour: true })).toContain('\x1b[31m✗ T02  \x1b[39m');
});
