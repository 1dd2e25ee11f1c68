/** Prints the evidence as one HTML page, two sheets of paper to sign. The page loads nothing else. */

import type { Evidence } from '../evidence.js';
import { type Mode, modeOf } from '../report.js';
import { clip } from './fold.js';
import { html, style } from './html-markup.js';
import { fewFindings, findings, list, signature, verdict } from './html-sign-off.js';
import { linesOf, owaspOf, testsOf } from './lists.js';

const modes: Readonly<Record<Mode, string>> = {
  signed: 'Signed mode: only a signed token binds a tenant',
  trusting: 'Trusting mode: the application names the tenant, and the database believes it',
  other: 'Not by Ragwall: its schema is not in this database',
};

/** The settings of the audit, as the page names them. */
const words: Readonly<Record<string, string>> = {
  tenant_columns: 'Tenant columns',
  app_roles: 'Application roles',
  untrusted_roles: 'Untrusted roles',
};

/**
 * Returns the evidence as a page. The same evidence makes the same page.
 *
 * @param digest the digest of the bundle that keeps the evidence, to stand on the page; none without a bundle.
 */
export function toHtml(evidence: Evidence, digest?: string): string {
  const { report, fingerprint, migration, ragwall } = evidence;
  const { database, server, pgvector, login, time, settings } = report;
  const when = `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
  const mode = modeOf(report);
  // Each character is written as a CSS escape: none of them can end the string. U+2068 and U+2069 keep a name that is
  // written from right to left from reordering what stands beside it.
  const footer = [
    ...`Fingerprint ${fingerprint.fingerprint.slice(7, 23)}… · ${when} · \u2068${clip(database, 40)}\u2069`,
  ]
    .map((character) => `\\${character.codePointAt(0)?.toString(16)} `)
    .join('');
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tenant isolation of ${database}, ${when}</title>
<style>${{ markup: style(footer) }}</style>
</head>
<body>
<header>
<h1>Tenant isolation: security sign-off</h1>
<dl class="facts">
<dt>Database</dt><dd><strong><bdi>${database}</bdi></strong></dd>
<dt>Server</dt><dd>PostgreSQL ${server}, ${pgvector === null ? 'no pgvector' : `pgvector ${pgvector}`}</dd>
<dt>Audited</dt><dd>${when}, as <bdi>${clip(login, 40)}</bdi></dd>
<dt>By</dt><dd>ragwall ${ragwall}</dd>
<dt>Tenants</dt><dd class="wide"><strong>${modes[mode]}</strong>${migration !== null && ` (migration ${migration})`}</dd>
${Object.entries(settings).map(([name, value]) => html`<dt>${words[name] ?? name}</dt><dd class="wide">${clip(value.replaceAll(',', ', '), 90)}</dd>`)}
<dt>Fingerprint</dt><dd class="wide"><code>${fingerprint.fingerprint}</code></dd>
${digest !== undefined && html`<dt>Evidence</dt><dd class="wide"><code>${digest}</code></dd>`}
</dl>
</header>
<main>
${verdict(evidence)}
${list('The guide’s checklist', linesOf(report, mode), evidence.suites)}
${list('Beyond the checklist', linesOf(report, mode, true))}
${list('The guide’s tests', testsOf(report))}
<p class="legend soft${fewFindings(report) && ' last'}">T01 and the like are checks. <code>ragwall audit --explain T01</code> says what each expects. Checks that do not apply to this
database are not listed. Fingerprint: the hash of everything in the database that isolation rests on. ${
    digest === undefined
      ? 'No bundle of evidence was kept with this page.'
      : html`Evidence: the digest of the bundle that has every row, the SQL and this page; <code>ragwall audit --verify</code> checks it.`
  }</p>
${list('Vectors (OWASP LLM09:2026)', owaspOf(report))}
${findings(evidence)}
${signature}
</main>
</body>
</html>
`;
  return page.markup;
}
