/** Claim: a value can neither end an attribute nor begin a tag, and markup is what `html` made, nothing else. */
import { expect, it } from 'vitest';
import { html, lines } from './html-markup.js';

it('escapes values in attributes, in texts and in lists, and not what it made itself', () => {
  const value = `"'<&>`;
  const escaped = '&#34;&#39;&#60;&#38;&#62;';
  expect(html`<p title="${value}">${[value, html`<b>${value}</b>`]}</p>`.markup).toBe(
    `<p title="${escaped}">${escaped}<b>${escaped}</b></p>`,
  );
  expect(lines(`${value}\n\x1b`).markup).toBe(`${escaped}\n\\x1b`);
});

it('leaves out what is false or missing, and keeps a zero', () => {
  expect(html`a${false}${undefined}${0}b`.markup).toBe('a0b');
});
