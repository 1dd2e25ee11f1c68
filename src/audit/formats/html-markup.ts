/** The template that escapes values in HTML, the signs of the page, and its style sheet. */
import { visible } from '../report.js';

/** Escaped markup, as `html` returns it. */
export interface Html {
  readonly markup: string;
}

export type Value = Html | string | number | false | undefined | readonly Value[];

/** Returns the template as markup. Strings and numbers are escaped, lists are joined, false and undefined are left out. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: String.raw({ raw: strings }, ...values.map(render)) };
}

function render(value: Value): string {
  if (value === false || value === undefined) return '';
  if (Array.isArray(value)) return value.map(render).join('');
  if (typeof value === 'object') return (value as Html).markup;
  return visible(String(value)).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Returns a text of several lines as markup. In `html` a line break would be written out as \\n. */
export const lines = (text: string): Html => ({ markup: text.split('\n').map(render).join('\n') });

/** Each sign: the class of its colour, its meaning in words, and the path of its drawing. */
const signs = {
  tick: ['good', 'ticked', 'M4.5 10.5l3.5 3.5 7.5-8'],
  cross: ['bad', 'not fulfilled', 'M5.5 5.5l9 9m0-9l-9 9'],
  empty: ['', 'to be ticked by hand', ''],
  pass: ['good', 'passes', 'M4 10.5l4 4 8-9'],
  fail: ['bad', 'fails', 'M4.5 4.5l11 11m0-11l-11 11'],
  warn: ['odd', 'warning', 'M10 3.5v9m0 2.6v2'],
  accepted: ['odd', 'accepted', 'M4 7.5h12m-12 5h12'],
  'n/a': ['soft', 'does not apply', 'M4.5 10h11'],
} as const;

export type Sign = keyof typeof signs;

/** Returns a sign, with its meaning as a label for screen readers. */
export function sign(kind: Sign): Html {
  const [tone, label, path] = signs[kind];
  const boxed = kind === 'tick' || kind === 'cross' || kind === 'empty';
  return html`<svg viewBox="0 0 20 20" role="img" aria-label="${label}" class="${tone}">${
    boxed && html`<rect x="1.5" y="1.5" width="17" height="17" fill="#fff" stroke="#16181d" stroke-width="1.5"/>`
  }<path d="${path}" fill="none" stroke="currentColor" stroke-width="2.4"/></svg>`;
}

/** Returns the class of a sign's colour. Words or shapes always say the same: paper may have no colours. */
export const toneOf = (kind: Sign): string => signs[kind][0];

/** Returns the style sheet, for the screen and for A4 or Letter. `footer` is printed on each page. */
export const style = (footer: string): string => `
:root {
  --ink: #16181d; --soft: #545a66; --line: #c9cdd4; --wash: #f4f5f7;
  --good: #17603a; --bad: #9b1c1c; --odd: #7a4a00;
}
* { box-sizing: border-box; }
html { color-scheme: light; background: #fff; }
body {
  margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.5rem 4rem; color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, h3 { line-height: 1.25; break-after: avoid; text-wrap: balance; overflow-wrap: break-word; }
h1 { font-size: 1.75rem; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .75rem; padding-bottom: .3rem; border-bottom: 2px solid var(--ink); }
h3 { font-size: 1rem; margin: 1.75rem 0 .5rem; }
p, dl, ol, ul { margin: .5rem 0; }
code, pre { font-family: ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; font-size: .84em; }
pre { margin: .4rem 0; white-space: pre-wrap; line-height: 1.4; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }
.facts { display: grid; grid-template-columns: max-content 3fr max-content 2fr; gap: .15rem 1rem; margin: 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.verdict { border: 2px solid currentColor; padding: .7rem 1rem; margin: 1.5rem 0 1rem; display: flex; gap: .75rem; break-inside: avoid; }
.verdict p { margin: 0; color: var(--ink); }
.verdict strong { display: block; font-size: 1.1rem; }
.verdict svg { margin-top: .1rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .odd { color: var(--odd); }
svg { flex: none; width: 1.25em; height: 1.25em; vertical-align: -.25em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
thead th { font-weight: 600; color: var(--soft); font-size: .875rem; }
tr { break-inside: avoid; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.totals { display: flex; flex-wrap: wrap; gap: 0 3rem; align-items: end; }
.counts { width: auto; }
.counts th, .counts td { padding-right: 1.5rem; }
.findings th:nth-child(-n+2), .findings td:nth-child(-n+2) { white-space: nowrap; }
.findings th:nth-child(1) { width: 4rem; }
.findings th:nth-child(2) { width: 7rem; }
.findings th:nth-child(3) { width: 38%; }
.lines { list-style: none; padding: 0; margin: 0; }
.lines > li { display: grid; grid-template-columns: 1.9rem 1fr; padding: .45rem 0; border-bottom: 1px solid var(--line); break-inside: avoid; }
.lines svg { width: 1.35rem; height: 1.35rem; }
.lines p { margin: 0; }
.lines strong { font-weight: 600; }
ul { padding-left: 1.2rem; }
.sign { break-inside: avoid; }
.sign td { height: 3rem; border-bottom: 1px solid var(--ink); }
.sign th:not(:last-child), .sign td:not(:last-child) { border-right: .75rem solid #fff; }
.checks { list-style: none; padding: 0; margin: 0; }
.checks > li { display: grid; grid-template-columns: 1.9rem 3.2rem 1fr 11rem; padding: .4rem 0; border-top: 1px solid var(--line); }
.checks p { margin: 0; }
.checks .reference { text-align: right; padding-left: 1rem; }
.checks .found, .checks details { grid-column: 3 / -1; }
.id { font-variant-numeric: tabular-nums; font-weight: 600; }
.found { list-style: none; margin: .3rem 0; padding: 0; }
.found > li { margin: .4rem 0; padding: .1rem 0 .1rem .75rem; border-left: 3px solid currentColor; break-inside: avoid; }
.found > li > * { color: var(--ink); }
.legend { margin-right: 1rem; white-space: nowrap; }
.status { font-weight: 700; text-transform: uppercase; font-size: .78rem; letter-spacing: .03em; margin-right: .35rem; }
details { margin-top: .15rem; }
summary { cursor: pointer; color: var(--soft); font-size: .875rem; width: max-content; max-width: 100%; }
details pre { background: var(--wash); padding: .6rem .75rem; }
.appendix { display: none; }

@media (max-width: 40rem) {
  .facts { grid-template-columns: max-content 1fr; }
  .checks > li { grid-template-columns: 1.7rem 3.2rem 1fr; }
  .checks .reference { grid-column: 3; text-align: left; padding: 0; }
  .checks .found, .checks details { grid-column: 1 / -1; }
}

@page {
  margin: 15mm 15mm 17mm;
  @bottom-left { content: "${footer}"; font: 7.5pt sans-serif; color: #545a66; }
  @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 7.5pt sans-serif; color: #545a66; }
}
@media print {
  html { font-size: 9pt; }
  body { font-size: 9pt; line-height: 1.36; max-width: none; padding: 0; }
  h1 { margin-bottom: .5rem; }
  h2 { margin: 1.1rem 0 .25rem; padding-bottom: .15rem; border-bottom-width: 1pt; }
  h3 { margin: .9rem 0 .2rem; }
  .verdict { margin: .8rem 0 .5rem; padding: .4rem .8rem; }
  .lines > li { padding: .18rem 0; grid-template-columns: 1.7rem 1fr; }
  .lines svg { width: 1.25rem; height: 1.25rem; }
  th, td { padding: .15rem .75rem .15rem 0; }
  .beyond p { display: inline; margin-right: .5rem; }
  .facts { row-gap: 0; }
  .sign td { height: 2.6rem; }
  .checks > li { padding: .2rem 0; grid-template-columns: 1.6rem 2.9rem 1fr 13rem; }
  .checks > li.short { break-inside: avoid; }
  .found { margin: .15rem 0; }
  .found > li { margin: .25rem 0; padding: 0 0 0 .6rem; }
  details { display: none; }
  .evidence, .appendix { break-before: page; }
  .appendix { display: block; }
  .appendix div { columns: 2; column-gap: 7mm; }
  .appendix pre { font-size: 5.6pt; line-height: 1.28; margin: 0 0 5pt; }
  .appendix h3 { font-size: 7pt; margin: 0 0 1pt; }
}
`;
