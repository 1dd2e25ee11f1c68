/** The formats print the same report, and a hostile name in a database has no effect in any of them. */
import { expect, it } from 'vitest';
import { explainCheck } from '../explain.js';
import { type Mode, makeReport, modeOf, type Report, toJson } from '../report.js';
import type { Audit, AuditRow } from '../run.js';
import { clip, foldedObjects, idRanges } from './fold.js';
import { toHtml } from './html.js';
import { html } from './html-markup.js';
import { toJunit } from './junit.js';
import { owasp } from './lists.js';
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

const fingerprint = {
  fingerprint: `sha256:${'5c'.repeat(32)}`,
  database: 'app',
  server: '17.11',
  time: '',
  inventory: [],
};
const behind = {
  ragwall: '0.1.0',
  probed: [],
  fingerprint,
  migration: 12,
  suites: null,
  statements: { audit: '', inventory: '' },
};
const pageOf = (report: Report) => toHtml({ ...behind, report });

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
  ['html', pageOf],
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
  const page = pageOf(everywhere);
  const texts = parsed(page.replace(/<style>[\s\S]*?<\/style>/, ''), ['meta', 'path', 'rect']);
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
});

it('html leaves out what is false or missing, and keeps a zero', () => {
  expect(html`a${false}${undefined}${null}${0}b`.markup).toBe('a0b');
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

/** The lines of a page: how each box is, and how the line begins. */
const boxesOf = (report: Report) =>
  [
    ...pageOf(report).matchAll(
      /<th scope="row"><span class="row"><svg [^>]*aria-label="([^"]*)"[\s\S]*?<span>([^<]*)/g,
    ),
  ].map(([, box, line]) => `${line?.slice(0, 9)}: ${box}`);

it('ticks a box by evidence alone, and leaves to a hand what no database can tell', () => {
  const rows = [
    pass,
    { ...pass, id: 'R01', area: 'role' },
    finding({ id: 'C01', area: 'tenant' }),
    { ...pass, id: 'X01', area: 'context' },
    { ...pass, id: 'B01', area: 'context', status: 'n/a', evidence: 'not tried: ragwall audit --probe does' },
    finding({ id: 'O01', area: 'pool', object: 'pooler', reference: 'testing 6' }),
    { ...pass, id: 'M02', area: 'ci' },
    finding({ id: 'P01', area: 'path', status: 'warn', severity: 'low' }),
    { ...pass, id: 'P02', area: 'path' },
    { ...pass, id: 'B00', reference: 'testing 1' },
    { ...pass, id: 'B05', reference: 'checklist 1 · testing 2' },
    { ...pass, id: 'B06', area: 'context', reference: 'testing 3' },
    { ...pass, id: 'R02', area: 'role', reference: 'testing 5', status: 'fail' },
  ] as const;
  const boxes = boxesOf(
    makeReport(audit(...(rows as readonly AuditRow[])), {
      baseline: [{ id: 'O01', object: 'pooler', reason: 'no pooler' }],
    }),
  );
  expect(boxes).toEqual([
    '1. Row-le: ticked',
    '2. The ap: not fulfilled',
    '3. The te: not fulfilled',
    '4. Every : to be ticked by hand',
    '5. The co: to be ticked by hand',
    '6. All is: to be ticked by hand',
    'No other : to be ticked by hand',
    'Nothing i: to be ticked by hand',
    'Server an: to be ticked by hand',
    // B02 to B04 were not tried, B06 is no prompt, and nobody has asked the service.
    '1. As one: to be ticked by hand',
    '2. A simi: ticked',
    '3. A prom: to be ticked by hand',
    '4. Withou: to be ticked by hand',
    '5. The ap: not fulfilled',
    '6. Of 50 : to be ticked by hand',
  ]);
});

/** What C10 returns. */
const binding = (status: AuditRow['status'], evidence: string) =>
  finding({ ...{ id: 'C10', area: 'tenant', status, evidence } });

it.each<[string, Mode, string, string, AuditRow[]]>([
  ['signed', 'signed', 'Signed mode: ', 'ticked', [binding('pass', 'signed mode: only a signed token binds a tenant')]],
  ['trusting', 'trusting', 'Trusting mode: ', 'to be ticked by hand', [binding('n/a', 'trusting mode: app_user may')]],
  [
    'trusting, of an untrusted role',
    'trusting',
    'Trusting mode: ',
    'not fulfilled',
    [binding('fail', 'agent may bind any')],
  ],
  ['another', 'other', 'Not by Ragwall: ', 'to be ticked by hand', [binding('n/a', 'no schema ragwall')]],
  ['unknown', 'other', 'Not by Ragwall: ', 'to be ticked by hand', []],
])('says that the mode is %s, and ticks line 3 in signed mode alone', (_, mode, words, box, rows) => {
  const report = makeReport(audit(pass, { ...pass, id: 'C02', area: 'tenant' }, ...rows));
  expect(modeOf(report)).toBe(mode);
  expect(pageOf(report)).toContain(`<dd class="wide"><strong>${words}`);
  expect(boxesOf(report)[2]).toBe(`3. The te: ${box}`);
});

it('has in its head which state of which database it is of, and the digest of a bundle if there is one', () => {
  const report = makeReport(audit(pass));
  const head = (digest?: string) =>
    toHtml({ ...behind, report }, digest)
      .split('</header>')[0]
      ?.replace(/<[^>]*>/g, ' ');
  for (const words of [
    'app',
    'PostgreSQL 17.11, pgvector 0.8.2',
    '2026-11-24 18:57:00 UTC, as',
    'auditor',
    '(migration 12)',
    'org_id',
  ]) {
    expect(head()).toContain(words);
  }
  expect(head()).toContain(fingerprint.fingerprint);
  expect(head()).not.toContain('Evidence');
  expect(head('sha256:ab')).toMatch(/Evidence\s+sha256:ab/);
});

it('counts the suites as evidence of line 6, and crosses it if a test failed', () => {
  const report = makeReport(
    audit({ ...pass, id: 'M05', area: 'ci', status: 'n/a', evidence: 'the database cannot tell' }),
  );
  const page = (failed: number) => toHtml({ ...behind, report, suites: { passed: 9, failed, skipped: 1 } });
  expect(page(0).match(/Suites: 9 passed, 0 failed, 1 skipped\./g)).toHaveLength(1);
  expect(page(0)).not.toContain('aria-label="not fulfilled"');
  expect(page(2).match(/aria-label="not fulfilled"/g)).toHaveLength(1);
  expect(page(2)).toContain('2 tests of the suites failed.');
});

it('has a row for each item of the lists, and each names what it rests on, or who has to confirm it', () => {
  const page = pageOf(makeReport(audit(pass)));
  const rows = [
    ...page.matchAll(/<tr><th scope="row">([\s\S]*?)<\/th>\s*<td>([\s\S]*?)<\/td>\s*<td>([\s\S]*?)<\/td><\/tr>/g),
  ];
  expect(rows).toHaveLength(6 + 3 + 6 + 7 + 6);
  for (const [, title = '', evidence, left = ''] of rows) {
    expect(evidence).toMatch(/<b class="">(Pass|Not tried)<\/b> [A-Z]\d\d|No check/);
    const beyond = /No other|Nothing is|Server and/.test(title);
    expect(left).toMatch(beyond ? /^$/ : /to be confirmed by hand[\s\S]*<span>[A-Z]/);
  }
});

it('rests on checks that are there', () => {
  const ids = owasp.flatMap(({ checks }) => checks.split(' ')).filter(Boolean);
  expect(ids.length).toBeGreaterThan(20);
  for (const id of ids) expect(explainCheck(id)).toContain(`### ${id}`);
});

it('folds what would not fit on two sheets, and says how much it leaves out', () => {
  const long = 'x'.repeat(400);
  const rows = Array.from({ length: 40 }, (_, at) => `K${10 + at}`).flatMap((id) =>
    Array.from({ length: 25 }, (_, at) =>
      finding({ id, area: 'shared', object: `app.${id}_${at}${long}`, evidence: long, expects: long }),
    ),
  );
  const accepted = rows.slice(0, 250).map(({ id, object }, at) => ({ id, object, reason: `${at % 25} ${long}` }));
  const stale = Array.from({ length: 99 }, () => ({ id: 'T99', object: long, reason: 'gone' }));
  const report = makeReport(
    { ...audit(...rows), settings: { app_roles: long }, login: long.slice(0, 63) },
    { baseline: [...accepted, ...stale] },
  );
  const [, found = ''] = pageOf(report).split('<h2 id="findings">');
  expect(found.match(/<tr><th scope="row">/g)).toHaveLength(3);
  expect(found.match(/<p>Accepted: /g)).toHaveLength(3);
  expect(found).toContain('And findings of 27 further checks: K23–K49.');
  expect(found).toContain('And 247 further reasons');
  expect(found).toContain('25 objects: ');
  const texts = pageOf(report)
    .replace(/<style>[\s\S]*<\/style>|<[^>]*>/g, '\n')
    .split('\n');
  for (const text of texts) expect([...text].length).toBeLessThan(240);
});

it('lists all that was accepted where little else was found', () => {
  const rows = Array.from({ length: 6 }, (_, at) => finding({ object: `app.${at}` }));
  const baseline = rows.map(({ id, object }) => ({ id, object, reason: `because of ${object}` }));
  const page = pageOf(makeReport(audit(...rows), { baseline }));
  for (const { reason } of baseline) expect(page).toContain(reason);
  expect(page).not.toContain('further reason');
});

it('writes ids as ranges, those of the probe last', () => {
  expect(idRanges(['B00', 'T03', 'T00', 'T01', 'T10', 'T09', 'B02', 'R00', 'B03'])).toBe(
    'R00, T00–T01, T03, T09–T10, B00, B02–B03',
  );
  expect(idRanges([])).toBe('');
});

it('clips by characters, after what acts was written out', () => {
  expect(clip('\u{1f600}'.repeat(3), 3)).toBe('\u{1f600}'.repeat(3));
  expect(clip('\u{1f600}'.repeat(4), 3)).toBe('\u{1f600}\u{1f600}…');
  expect(clip('\u202eabc', 6)).toBe('\\u{20…');
});

it('makes the partitions of a table, and what is on them, one object', () => {
  const partition = (object: string, parent: string) =>
    ['table', object, 'partition of', `${parent} FOR VALUES IN (1)`] as const;
  const inventory = [
    partition('app.p1', 'app.big'),
    partition('app.p2', 'app.big'),
    partition('app."p 3"', 'app.p2'),
    partition('app.big2', '"a b"."c.d"'),
  ];
  const objects = ['app.p1', 'app.p2 for staff', 'i on app."p 3"', 'app.big2', 'app.other', 'app.p10'];
  const folded = foldedObjects(makeReport(audit(...objects.map((object) => finding({ object })))).rows, inventory, 300);
  expect(folded.markup.replace(/<\/?bdi>/g, '')).toBe(
    '6 objects: 3 partitions of app.big, 1 partition of &#34;a b&#34;.&#34;c.d&#34;, app.other, app.p10',
  );
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
   ☐ To be confirmed by hand: the application is given the login that
     was examined, and no other.

3  The tenant is taken from a verified token, never from user input
   ☐ To be confirmed by hand: the application takes the tenant from a
     token that it has verified.

4  Every connection sets the tenant before any query
   ☐ To be confirmed by hand: every service sets the tenant in each
     transaction.

5  The connection pool does not carry a tenant from one client to the
   next
   ☐ To be confirmed by hand: every pooler is set up like the one that
     was tried.

6  All isolation tests pass on every deployment
   ☐ To be confirmed by hand: the tests run, and pass, before every
     deployment.

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
