/** The template that escapes values in HTML, the signs of the page, and its style sheet. */
import { visible } from '../report.js';

/** Escaped markup, as `html` returns it. */
export interface Html {
  readonly markup: string;
}

export type Value = Html | string | number | false | null | undefined | readonly Value[];

/** Returns the template as markup. Strings and numbers are escaped, lists are joined, false, null and undefined are left out. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: String.raw({ raw: strings }, ...values.map(render)) };
}

function render(value: Value): string {
  if (value === false || value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(render).join('');
  if (typeof value === 'object') return (value as Html).markup;
  return visible(String(value)).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Each sign: the class of its colour, its meaning in words, and the path of its drawing. */
const signs = {
  tick: ['good', 'ticked', 'M4.5 10.5l3.5 3.5 7.5-8'],
  cross: ['bad', 'not fulfilled', 'M5.5 5.5l9 9m0-9l-9 9'],
  empty: ['', 'to be ticked by hand', ''],
  small: ['box', 'to be confirmed by hand', ''],
  pass: ['good', 'passes', 'M4 10.5l4 4 8-9'],
  fail: ['bad', 'fails', 'M4.5 4.5l11 11m0-11l-11 11'],
  warn: ['odd', 'warning', 'M10 3.5v9m0 2.6v2'],
} as const;

export type Sign = keyof typeof signs;

/** Returns a sign, with its meaning as a label for screen readers. */
export function sign(kind: Sign): Html {
  const [tone, label, path] = signs[kind];
  const boxed = kind !== 'pass' && kind !== 'fail' && kind !== 'warn';
  return html`<svg viewBox="0 0 20 20" role="img" aria-label="${label}" class="${tone}">${
    boxed &&
    html`<rect x="1.5" y="1.5" width="17" height="17" fill="#fff" stroke="#16181d" stroke-width="${kind === 'small' ? 2 : 1.5}"/>`
  }<path d="${path}" fill="none" stroke="currentColor" stroke-width="2.4"/></svg>`;
}

/** Returns the class of a sign's colour. Words or shapes always say the same: paper may have no colours. */
export const toneOf = (kind: Sign): string => signs[kind][0];

/** Returns the style sheet, for the screen and for A4 or Letter. `footer` is printed on each page. */
export const style = (footer: string): string => `
:root {
  --ink: #16181d; --soft: #545a66; --line: #c9cdd4;
  --good: #17603a; --bad: #9b1c1c; --odd: #7a4a00;
}
* { box-sizing: border-box; }
html { color-scheme: light; background: #fff; }
body {
  margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.5rem 4rem; color: var(--ink);
  font: 15px/1.45 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1, h2 { line-height: 1.2; break-after: avoid; }
h1 { font-size: 1.7rem; margin: 0 0 .8rem; }
h2 { font-size: 1rem; margin: 1.6rem 0 .3rem; }
p, dl, ul { margin: .4rem 0; }
ul { padding-left: 1.2rem; }
code { font-family: ui-monospace, "SF Mono", Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: .92em; }
.soft { color: var(--soft); }
.facts { display: grid; grid-template-columns: max-content 1fr max-content 1fr; gap: .1rem 1rem; margin: 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.facts .wide { grid-column: 2 / -1; }
.verdict { border: 2px solid currentColor; padding: .6rem .9rem; margin: 1.2rem 0; display: flex; gap: .75rem; break-inside: avoid; }
.verdict p { margin: 0; color: var(--ink); }
.verdict strong { display: block; font-size: 1.1rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .odd { color: var(--odd); }
svg { flex: none; width: 1.25em; height: 1.25em; vertical-align: -.25em; }
svg.box { width: .9em; height: .9em; margin: .15em .45em 0 0; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin: 1.4rem 0 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
thead { break-after: avoid; }
thead th { border-bottom: 1.5px solid var(--ink); color: var(--soft); vertical-align: bottom; }
.list thead th:first-child { font-weight: 600; color: var(--ink); }
tr { break-inside: avoid; }
.list th:first-child { width: 37%; }
.list th:nth-child(2) { width: 28%; }
.legend { margin: .6rem 0 0; }
.row { display: flex; }
.row svg:not(.box) { margin-right: .6em; }
.findings { margin: 0; }
.findings th:nth-child(1) { width: 4.2rem; }
.findings th:nth-child(2) { width: 6.6rem; }
.findings thead th:nth-child(3) { width: 37%; }
.sign { break-inside: avoid; }
.sign table { margin: 0; }
.sign td { height: 3rem; border-bottom: 1px solid var(--ink); }
.sign th:not(:last-child), .sign td:not(:last-child) { border-right: .75rem solid #fff; }

@page {
  margin: 11mm 15mm 14mm;
  @bottom-left { content: "${footer}"; font: 9pt Helvetica, Arial, "Liberation Sans", sans-serif; color: #545a66; }
  @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 9pt Helvetica, Arial, "Liberation Sans", sans-serif; color: #545a66; }
}
@media print {
  html, body { font-size: 9pt; }
  body { line-height: 1.27; max-width: none; padding: 0; }
  h1 { font-size: 15pt; margin-bottom: 5pt; }
  h2 { font-size: 9pt; margin: 8pt 0 2pt; }
  p, ul { margin: 2pt 0; }
  .facts { gap: 0 9pt; }
  .verdict { margin: 7pt 0 0; padding: 4pt 8pt; border-width: 1.2pt; }
  .verdict strong { font-size: 10.5pt; }
  table { margin-top: 8pt; }
  th, td { padding: 1.6pt 7pt 1.6pt 0; border-bottom-width: .5pt; }
  thead th { border-bottom-width: 1pt; }
  .legend { margin: 4pt 0 0; }
  .legend.last { break-after: page; }
  .legend.last + table { margin-top: 0; }
  .sign td { height: 23pt; }
}
`;
