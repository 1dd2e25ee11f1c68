/** The first sheets of the page: the verdict, the checklist, the findings, and the place to sign. */

import {
  areas,
  type Check,
  checksOf,
  gating,
  isNotTried,
  isOpen,
  openBySeverity,
  plural,
  type Report,
  type ReportRow,
  severities,
  threshold,
  visible,
} from '../report.js';
import { isFinding } from '../run.js';
import { type Html, html, sign, toneOf } from './html-markup.js';

/** Returns the verdict, and how many findings there are of each severity. */
export function verdict(report: Report): Html {
  const gates = gating(report);
  const open = report.rows.filter(isOpen).length;
  const accepted = report.rows.filter((row) => row.accepted !== undefined).length;
  const [kind, sentence] =
    gates > 0
      ? (['fail', `${plural(gates, 'finding')} to be mended before this is signed.`] as const)
      : open + accepted > 0
        ? (['warn', `Nothing gates; ${plural(open + accepted, 'finding')} listed below to be judged.`] as const)
        : (['pass', 'Every check passes. What no database can tell is to be ticked by hand.'] as const);
  const cells = (status: 'fail' | 'warn') =>
    severities.map((severity) => html`<td class="n">${openBySeverity(report, status, severity)}</td>`);
  return html`<div class="verdict ${toneOf(kind)}">${sign(kind)}<p><strong>${sentence}</strong>
What gates: findings of severity ${threshold(report)}.</p></div>
<div class="totals small">
<table class="counts">
<thead><tr><td></td>${severities.map((severity) => html`<th scope="col" class="n">${severity}</th>`)}</tr></thead>
<tbody>
<tr><th scope="row">Findings</th>${cells('fail')}</tr>
<tr><th scope="row">Warnings</th>${cells('warn')}</tr>
</tbody>
</table>
<p>${plural(accepted, 'finding')} accepted with a reason<br>
${plural(report.rows.filter(({ status }) => status === 'pass').length, 'check')} passed,
${report.rows.filter(({ status }) => status === 'n/a').length} not applicable or not tried</p>
</div>`;
}

/** Returns the checklist and the areas beyond it, each line ticked, crossed, or left to be ticked by hand. */
export function checklist(report: Report): Html {
  const line = ({ area, line, title, unseen, byHand }: (typeof areas)[number]) => {
    const checks = checksOf(report, area);
    const { box, word, says } = outcome(checks, byHand);
    return html`<li>${sign(box)}<div><p><strong>${line && `${line}. `}${title}</strong></p>
<p class="small"><strong>${word}</strong>${says && `: ${says}`}.${!checks.flat().some(isNotTried) && unseen && html` <span class="soft">No database can tell ${unseen}.</span>`}</p></div></li>`;
  };
  return html`<section aria-labelledby="checklist">
<h2 id="checklist">Checklist</h2>
<ol class="lines">${areas.filter((area) => area.line).map(line)}</ol>
<h3>Beyond the checklist</h3>
<ul class="lines beyond">${areas.filter((area) => !area.line).map(line)}</ul>
</section>`;
}

/** How much is listed at most, so that these sections fit on two sheets. `text`: characters for the objects of a check. */
const shown = { checks: 24, accepted: 6, text: 110 };

/** Returns the open findings, a line for each check, and the accepted ones, a line for each reason. */
export function findings(report: Report): Html {
  const checks = areas
    .flatMap(({ area }) => checksOf(report, area))
    .map((check) => byRank(check.filter(isOpen)))
    .flatMap(([worst, ...others]): Check[] => (worst ? [[worst, ...others]] : []))
    .sort(([a], [b]) => rankOf(a) - rankOf(b));
  const reasons = new Map<string, ReportRow[]>();
  for (const row of byRank(report.rows.filter(({ accepted }) => accepted !== undefined))) {
    const key = JSON.stringify([row.id, row.accepted]);
    reasons.set(key, [...(reasons.get(key) ?? []), row]);
  }
  const accepted = [...reasons.values()];
  const further = (n: number, what: string) =>
    n > 0 && html`<p class="small">${plural(n, `further ${what}`)}: see the evidence.</p>`;
  const table = html`<table class="findings small">
<thead><tr><th scope="col">Check</th><th scope="col">Severity</th><th scope="col">Expected</th><th scope="col">But</th></tr></thead>
<tbody>${checks.slice(0, shown.checks).map(findingLine)}</tbody>
</table>
${further(checks.length - shown.checks, 'check')}`;
  const list = html`<h3>Accepted, with the reason that was given</h3>
<ul class="small">${accepted.slice(0, shown.accepted).map(
    (rows) => html`<li><span class="id">${rows[0]?.id}</span> ${objectsOf(rows)} (${rows[0]?.severity}):
${clip(rows[0]?.accepted ?? '', 2 * shown.text)}</li>`,
  )}</ul>
${further(accepted.length - shown.accepted, 'reason')}`;
  const stale = report.stale.map(({ id, object }) => `${id} ${object}`.trim()).join('; ');
  return html`<section aria-labelledby="findings">
<h2 id="findings">Findings</h2>
${checks.length > 0 ? table : html`<p>None that is open.</p>`}
${accepted.length > 0 && list}
${stale && html`<p class="small">In the baseline, and no longer found: ${clip(stale, 3 * shown.text)}.</p>`}
</section>`;
}

function findingLine(check: Check): Html {
  const [{ id, severity, status, gates, expects }] = check;
  const note = status === 'warn' ? ', warning' : gates ? '' : ', no gate';
  return html`<tr><td class="id">${id}</td><td>${severity}${note}</td><td>${expects}</td><td>${objectsOf(check)}</td></tr>`;
}

/** Returns as many objects as there is room for, and how many more there are. */
function objectsOf(rows: readonly ReportRow[]): Html {
  const [first = '', ...objects] = rows.map(({ object }) => visible(object) || 'the database');
  let text = clip(first, shown.text);
  let listed = 1;
  for (; text.length + (objects[listed - 1]?.length ?? shown.text) < shown.text; listed++) {
    text += `, ${objects[listed - 1]}`;
  }
  return html`${text}${rows.length > listed && html` <span class="soft">and ${rows.length - listed} more</span>`}`;
}

const clip = (text: string, length: number) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** Ranks rows, the worst lowest: first those that gate, then by severity, then `fail` before `warn`. */
const rankOf = (row: ReportRow) =>
  (row.gates ? 0 : 8) + severities.indexOf(row.severity) * 2 + (row.status === 'fail' ? 0 : 1);
const byRank = (rows: readonly ReportRow[]) => [...rows].sort((a, b) => rankOf(a) - rankOf(b));

/** The place to sign. */
export const signature = html`<section class="sign" aria-labelledby="sign">
<h2 id="sign">Sign-off</h2>
<p>I have read the findings and what was accepted, and ticked by hand what no database can tell.</p>
<table>
<thead><tr><th scope="col">Name</th><th scope="col">Role</th><th scope="col">Date</th><th scope="col">Signature</th></tr></thead>
<tbody>${[1, 2].map(() => html`<tr><td></td><td></td><td></td><td></td></tr>`)}</tbody>
</table>
</section>`;

/** Returns the box of a line, and why. */
function outcome(
  checks: readonly Check[],
  byHand = false,
): { box: 'tick' | 'cross' | 'empty'; word: string; says: string } {
  const rows = checks.flat();
  const open = rows.filter(isOpen);
  const fails = open.filter(({ status }) => status === 'fail').length;
  const passing = checks.filter((check) => check.every(({ status }) => status === 'pass')).length;
  const notTried = rows.filter(isNotTried);
  const parts = [
    [fails, 'finding'],
    [open.length - fails, 'warning'],
    [rows.filter(({ accepted }) => accepted !== undefined).length, 'accepted finding'],
  ] as const;
  const found = parts.filter(([n]) => n > 0).map(([n, word]) => plural(n, word));
  if (passing > 0) found.push(`${plural(passing, 'check')} ${passing === 1 ? 'passes' : 'pass'}`);
  const says = [
    ...(found.length > 0 ? [found.join(', ')] : []),
    ...notTried.map(({ id, evidence }) => `${id} ${evidence}`),
  ].join('. ');
  if (fails > 0) return { box: 'cross', word: 'Not fulfilled', says };
  const fulfilled = passing > 0 && notTried.length === 0 && !byHand && rows.every((row) => !isFinding(row));
  return fulfilled ? { box: 'tick', word: 'Fulfilled', says } : { box: 'empty', word: 'To be ticked by hand', says };
}
