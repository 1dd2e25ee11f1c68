/** Markup whose every value is escaped, and the signs that the report is drawn with. */
import { visible } from './report.js';

/** Markup that is made: by `html` alone, which escapes whatever is none. */
export interface Html {
  readonly markup: string;
}

export type Value = Html | string | number | false | undefined | readonly Value[];

/** Returns the template as markup, its values escaped; those of lists follow each other, false is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: String.raw({ raw: strings }, ...values.map(render)) };
}

function render(value: Value): string {
  if (value === false || value === undefined) return '';
  if (Array.isArray(value)) return value.map(render).join('');
  if (typeof value === 'object') return (value as Html).markup;
  return visible(String(value)).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Returns a text of ours of several lines, each escaped. */
export const lines = (text: string): Html => ({ markup: text.split('\n').map(render).join('\n') });

/** Each sign: its tone, what it means, how it is drawn. */
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

/** Returns a sign, with its meaning in words for who does not see it. */
export function sign(kind: Sign): Html {
  const [tone, label, path] = signs[kind];
  const boxed = kind === 'tick' || kind === 'cross' || kind === 'empty';
  return html`<svg viewBox="0 0 20 20" role="img" aria-label="${label}" class="${tone}">${
    boxed &&
    html`<rect x="1.5" y="1.5" width="17" height="17" fill="#fff" stroke="#16181d" stroke-width="1.5"/>`
  }<path d="${path}" fill="none" stroke="currentColor" stroke-width="2.4"/></svg>`;
}

/** The class of a sign's tone: never the only thing that tells. */
export const toneOf = (kind: Sign): string => signs[kind][0];
