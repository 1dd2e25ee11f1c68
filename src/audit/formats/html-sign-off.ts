/** The parts of the page: the verdict, a list of lines with their evidence, the findings, and the place to sign. */

import type { Evidence } from '../evidence.js';
import {
  areas,
  type Check,
  checksOf,
  gating,
  isNotTried,
  isOpen,
  plural,
  type Report,
  type ReportRow,
  severities,
  threshold,
} from '../report.js';
import { isFinding } from '../run.js';
import { clip, foldedObjects, idRanges } from './fold.js';
import { type Html, html, sign, toneOf } from './html-markup.js';
import type { Item } from './lists.js';

/** Returns the verdict, and how many findings there are. */
export function verdict({ report, suites }: Evidence): Html {
  const { rows } = report;
  const gates = gating(report);
  const [fails, warnings] = (['fail', 'warn'] as const).map(
    (status) => rows.filter((row) => isOpen(row) && row.status === status).length,
  ) as [number, number];
  const accepted = rows.filter((row) => row.accepted !== undefined).length;
  const untried = [...new Set(rows.filter((row) => isNotTried(row) && row.area !== 'ci').map(({ id }) => id))];
  const [kind, sentence] =
    gates > 0
      ? (['fail', `${plural(gates, 'finding')} to be mended before this is signed.`] as const)
      : (suites?.failed ?? 0) > 0
        ? (['fail', `${plural(suites?.failed ?? 0, 'test')} of the suites failed.`] as const)
        : fails + warnings + accepted > 0
          ? ([
              'warn',
              `Nothing gates; ${plural(fails + warnings + accepted, 'finding')} to be judged, listed below.`,
            ] as const)
          : untried.length > 0
            ? ([
                'warn',
                `Nothing was found, and ${untried.join(' and ')} ${untried.length === 1 ? 'was' : 'were'} not tried.`,
              ] as const)
            : (['pass', 'Every check passes. What no database can tell is to be confirmed by hand.'] as const);
  const passed = rows.filter(({ status }) => status === 'pass').length;
  return html`<div class="verdict ${toneOf(kind)}">${sign(kind)}<p><strong>${sentence}</strong>
${plural(fails, 'finding')}, ${plural(warnings, 'warning')}, ${accepted} accepted with a reason; ${plural(passed, 'check')} passed.
What gates: findings of severity ${threshold(report)}.</p></div>`;
}

/** Returns lines, each with the box to tick, the checks that are evidence of it, and what is left to a person. */
export function list(title: string, items: readonly Item[], suites: Evidence['suites'] = null): Html {
  const boxed = items.some(({ tickable }) => tickable);
  const line = (item: Item) => {
    const total = item.rows.some(({ id }) => id === 'M05') ? suites : null;
    const name = html`<span>${item.number && `${item.number}. `}${item.title}</span>`;
    return html`<tr><th scope="row"><span class="row">${boxed && sign(boxOf(item, (total?.failed ?? 0) > 0))}${name}</span></th>
<td>${evidenceOf(item)}${total && html` Suites: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped.`}</td>
<td>${item.left && html`<span class="row">${sign('small')}<span>${capital(item.left)}</span></span>`}</td></tr>`;
  };
  return html`<table class="list">
<thead><tr><th scope="col">${title}</th><th scope="col">Evidence</th><th scope="col">To be confirmed by hand</th></tr></thead>
<tbody>${items.map(line)}</tbody>
</table>`;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Returns the box of a line: ticked if its rows are all there is to know of it, and nothing was found. */
function boxOf({ rows, tickable }: Item, failed: boolean): 'tick' | 'cross' | 'empty' {
  if (failed || rows.some((row) => isOpen(row) && row.status === 'fail')) return 'cross';
  const fulfilled =
    rows.some(({ status }) => status === 'pass') && !rows.some((row) => isFinding(row) || isNotTried(row));
  return tickable && fulfilled ? 'tick' : 'empty';
}

/** Returns the checks of a line by what they found. Those that do not apply are left out. */
function evidenceOf({ rows, none }: Item): Html {
  const ids = (of: (row: ReportRow) => boolean) => new Set(rows.filter(of).map(({ id }) => id));
  const fail = ids((row) => isOpen(row) && row.status === 'fail');
  const warn = ids((row) => isOpen(row) && row.status === 'warn' && !fail.has(row.id));
  const accepted = ids((row) => row.accepted !== undefined && !fail.has(row.id) && !warn.has(row.id));
  const parts = [
    ['Fail', fail],
    ['Warning', warn],
    ['Accepted', accepted],
    ['Not tried', ids((row) => isNotTried(row) && row.id !== 'M05')],
    ['Pass', ids(({ status }) => status === 'pass')],
  ] as const;
  const attempts = rows.map(({ evidence }) => Number(/^(\d+) attempts, none with a row/.exec(evidence)?.[1] ?? 0));
  const sum = attempts.reduce((all, one) => all + one, 0);
  const said = parts.filter(([, found]) => found.size > 0);
  if (said.length === 0) return html`<span class="soft">${none}</span>`;
  return html`${said.map(([word, found]) => html`<b class="${word === 'Fail' && 'bad'}">${word}</b> ${idRanges([...found])}. `)}${
    sum > 0 && `${sum} attempts, none crossed.`
  }`;
}

/** How many lines of findings are listed at most, and reasons among them if more is open, so that there are two sheets. */
const shown = { lines: 6, reasons: 3 };

/** Returns the open findings, a line for each check, the worst first, and the accepted ones, a line for each reason. */
export function findings({ report, fingerprint }: Evidence): Html {
  const checks = areas
    .flatMap(({ area }) => checksOf(report, area))
    .map((check) => byRank(check.filter(isOpen)))
    .flatMap(([worst, ...others]): Check[] => (worst ? [[worst, ...others]] : []))
    .sort(([a], [b]) => rankOf(a) - rankOf(b));
  const reasons = new Map<string, [ReportRow, ...ReportRow[]]>();
  for (const row of byRank(report.rows.filter(({ accepted }) => accepted !== undefined))) {
    const key = JSON.stringify([row.id, row.accepted]);
    reasons.set(key, [...(reasons.get(key) ?? []), row] as [ReportRow, ...ReportRow[]]);
  }
  const accepted = [...reasons.values()];
  const names = (rows: Check, length = 80) => foldedObjects(rows, fingerprint.inventory, length);
  const found = (check: Check) =>
    check.length > 1
      ? names(check)
      : html`<bdi>${clip(check[0].object || report.database, 60)}</bdi>: ${clip(check[0].evidence)}`;
  const explained = accepted.slice(0, Math.max(shown.reasons, shown.lines - checks.length));
  const listed = checks.slice(0, shown.lines - explained.length);
  const further = checks.slice(listed.length).map(([{ id }]) => id);
  const stale = report.stale.map(({ id, object }) => `${id} ${object}`.trim()).join('; ');
  return html`<section aria-labelledby="findings">
<h2 id="findings">Findings</h2>
${checks.length === 0 && html`<p>None that is open.</p>`}
${
  checks.length > 0 &&
  html`<table class="findings">
<thead><tr><th scope="col">Check</th><th scope="col">Severity</th><th scope="col">Expected</th><th scope="col">Found</th></tr></thead>
<tbody>${listed.map(
    (check) => html`<tr><th scope="row">${check[0].id}</th><td>${check[0].severity}${noteOf(check[0])}</td>
<td>${clip(check[0].expects)}</td><td>${found(check)}</td></tr>`,
  )}</tbody>
</table>`
}
${further.length > 0 && html`<p>And findings of ${plural(further.length, 'further check')}: ${idRanges(further)}.</p>`}
${explained.map(
  (rows) =>
    html`<p>Accepted: <b>${rows[0].id}</b>, ${rows[0].severity}, ${names(rows, 60)}. Reason: ${clip(rows[0].accepted ?? '')}</p>`,
)}
${accepted.length > explained.length && html`<p>And ${plural(accepted.length - explained.length, 'further reason')} for what was accepted.</p>`}
${stale && html`<p>In the baseline, and no longer found: ${clip(stale)}.</p>`}
</section>`;
}

/** Whether the findings leave so much of the second sheet that the first may end after the guide's lists. */
export const fewFindings = ({ rows }: Report): boolean => new Set(rows.filter(isFinding).map(({ id }) => id)).size <= 3;

const noteOf = ({ status, gates }: ReportRow) => (status === 'warn' ? ', warning' : !gates && ', no gate');

/** Ranks rows, the worst lowest: first those that gate, then by severity, then `fail` before `warn`. */
const rankOf = (row: ReportRow) =>
  (row.gates ? 0 : 8) + severities.indexOf(row.severity) * 2 + (row.status === 'fail' ? 0 : 1);
const byRank = (rows: readonly ReportRow[]) => [...rows].sort((a, b) => rankOf(a) - rankOf(b));

/** The place to sign. */
export const signature = html`<section class="sign" aria-labelledby="sign">
<h2 id="sign">Sign-off</h2>
<p>I have read the findings and what was accepted, and ticked what I have confirmed by hand.</p>
<table>
<thead><tr><th scope="col">Name</th><th scope="col">Role</th><th scope="col">Date</th><th scope="col">Signature</th></tr></thead>
<tbody>${[1, 2].map(() => html`<tr><td></td><td></td><td></td><td></td></tr>`)}</tbody>
</table>
</section>`;
