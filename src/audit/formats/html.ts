/** Prints a report as one HTML page to print and sign. The page loads nothing else. */

import { areas, type Check, checksOf, type Report, type ReportRow, verdictOf, version, visible } from '../report.js';
import { commonStatement, isFinding, statementOf } from '../run.js';
import { type Html, html, lines, sign, style, toneOf } from './html-markup.js';
import { checklist, findings, signature, verdict } from './html-sign-off.js';

/** Returns the report as a page. */
export function toHtml(report: Report): string {
  const { database, server, pgvector, login, time, settings } = report;
  const when = `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
  // Each character is written as a CSS escape: none of them can end the string.
  const footer = [...visible(`${database} · ${when}`)]
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
<dt>Database</dt><dd><strong>${database}</strong></dd>
<dt>Audited</dt><dd>${when}</dd>
<dt>Server</dt><dd>PostgreSQL ${server}</dd>
<dt>As login</dt><dd>${login}</dd>
<dt>pgvector</dt><dd>${pgvector ?? 'not installed'}</dd>
<dt>By</dt><dd>ragwall ${version}</dd>
${Object.entries(settings).map(([name, value]) => html`<dt>${words[name] ?? name}</dt><dd>${value.replaceAll(',', ', ')}</dd>`)}
</dl>
</header>
<main>
${verdict(report)}
${checklist(report)}
${findings(report)}
${signature}
${evidence(report)}
${appendix(report)}
</main>
</body>
</html>
`;
  return page.markup;
}

/** The settings of the audit, as the page names them. */
const words: Readonly<Record<string, string>> = {
  tenant_columns: 'Tenant columns',
  app_roles: 'Application roles',
  untrusted_roles: 'Untrusted roles',
};

const legend = ['pass', 'fail', 'warn', 'accepted', 'n/a'] as const;

function evidence(report: Report): Html {
  return html`<section class="evidence" aria-labelledby="evidence">
<h2 id="evidence">Evidence</h2>
<p class="small soft">${legend.map((kind) => html`<span class="legend">${sign(kind)} ${kind}</span> `)}</p>
${areas.map(({ area, line, title }) => {
  const checks = checksOf(report, area);
  return (
    checks.length > 0 &&
    html`<section aria-labelledby="${area}"><h3 id="${area}">${line && `${line}. `}${title}</h3>
<ol class="checks">${checks.map((check) => checkOf(report, check))}</ol></section>`
  );
})}
<details><summary>What the statements select from</summary><pre>${lines(commonStatement())}</pre></details>
</section>`;
}

function checkOf(report: Report, check: Check): Html {
  const [{ id, expects, evidence, reference }] = check;
  const findings = check.filter(isFinding);
  const statement = statementOf(id);
  return html`<li${findings.length < 4 && html` class="short"`}>${sign(verdictOf(check))}<span class="id">${id}</span>
<p>${expects}${findings.length === 0 && html`: <span class="soft">${evidence}</span>`}</p>
<p class="reference small soft">${reference.split(' · ').map(unbroken).join(' · ')}</p>
${findings.length > 0 && html`<ul class="found">${findings.map((row) => findingOf(report, row))}</ul>`}
${statement && html`<details><summary>The statement behind it</summary><pre>${lines(statement)}</pre></details>`}
</li>`;
}

const unbroken = (text: string) => text.replaceAll(' ', '\u00a0');

function findingOf(report: Report, { status, severity, object, evidence, remedy, accepted }: ReportRow): Html {
  const what = accepted === undefined ? status : 'accepted';
  const words = { fail: severity, warn: `${severity}, warning`, accepted: `${severity}, accepted` };
  // A remedy that begins with a capital letter is a sentence, any other a statement.
  const code = /^[^A-Z]/.test(remedy);
  return html`<li class="${toneOf(what)}">
<p><span class="status">${words[what as keyof typeof words]}</span><strong>${object || report.database}</strong>: ${evidence}</p>
${accepted !== undefined && html`<p>Accepted: ${accepted}</p>`}
${accepted === undefined && remedy && (code ? html`<pre>${remedy}</pre>` : html`<p>→ ${remedy}</p>`)}
</li>`;
}

/** The statements for paper, where `details` cannot be opened: small, in two columns. */
function appendix(report: Report): Html {
  // Checks that share a statement share its heading.
  const idsOf = new Map<string, Set<string>>();
  for (const { id } of [...report.rows].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const statement = statementOf(id);
    if (statement) idsOf.set(statement, (idsOf.get(statement) ?? new Set()).add(id));
  }
  return html`<section class="appendix" aria-labelledby="statements">
<h2 id="statements">Appendix: the statements behind the lines</h2>
<div><h3>What all of them select from</h3><pre>${lines(commonStatement())}</pre>
${[...idsOf].map(([statement, ids]) => html`<h3>${[...ids].join(', ')}</h3><pre>${lines(statement)}</pre>`)}</div>
</section>`;
}
