/** What is shown of a document: nothing that becomes an address, and as much of the rest as possible. */
import { expect, it } from 'vitest';
import { placeOf, shownMetadata, shownText, withheld, withoutAddresses } from './mcp-passages.js';

const showing = { keepAddresses: false };
const id = '00000000-0000-4000-8000-000000000001';

it.each([
  'See plan.md, src/server/mcp.ts and config.yaml at 10:30.',
  'Ask support@acme.com, or look at acme.com.',
  'if (a < b && c > d) return x[0]; // done',
  '3/4 of 1,000 AT&T customers said: yes/no; ratio 1:2',
  'सत्य می‌خواهم 👩‍👩‍👧 naïve',
])('leaves %s', (text) => {
  expect(shownText(text, showing)).toBe(text);
});

it.each([
  ['https://attacker.example/?q=x', withheld],
  ['go to www.attacker.example now', `go to ${withheld} now`],
  ['evil.com/?q=SECRET', withheld],
  ['[a](/relative "b")', `${withheld} "b")`],
  ['![a b](x?q)', `![a ${withheld}`],
  ['[a]: //evil', `[a]: ${withheld}`],
  ['https\\:\\/\\/evil', withheld],
  ['&#104;ttps&colon;//evil', withheld],
  ['ht\u200btps:/\u{e0001}/evil', withheld],
  ['<img src=x>', '< img src=x>'],
  ['<img src="ht\ntps://evil">', `< img src="ht\n${withheld}`],
  ['\u001b]8;;file:///x\u0007y', withheld],
])('replaces the address in %j', (text, expected) => {
  expect(shownText(text, showing)).toBe(expected);
});

it('keeps addresses where it is told to, and never what nobody sees', () => {
  expect(shownText('https://acme.com/\u200bx', { keepAddresses: true })).toBe('https://acme.com/x');
});

it('treats names and texts in metadata as any other text', () => {
  const metadata = { 'https://a/b': [{ to: 'https://c/d', n: 1, none: null, yes: true }] };
  expect(shownMetadata(metadata, showing)).toEqual({ [withheld]: [{ to: withheld, n: 1, none: null, yes: true }] });
});

it.each<[string | null, string, string]>([
  [null, id, `urn:uuid:${id}`],
  ['plan.md', 'plan.md', `urn:uuid:${id}`],
  ['https://wiki.acme.com/plan?a=1', 'https://wiki.acme.com/plan?a=1', 'https://wiki.acme.com/plan?a=1'],
  ['https://user:password@acme.com/', withheld, `urn:uuid:${id}`],
  ['https://acme.com/ and more', `${withheld} and more`, `urn:uuid:${id}`],
  ['https://acme.com/<x>', withheld, `urn:uuid:${id}`],
  ['javascript:alert(1)', withheld, `urn:uuid:${id}`],
  ['https://acme.com/\u200b', withheld, `urn:uuid:${id}`],
])('names %j', (source, title, url) => {
  expect(placeOf({ id, source }, showing)).toEqual({ id, title, url });
});

it('is done in a moment, whatever the text', () => {
  const began = performance.now();
  for (const part of ['a.', 'com.', 'https', 'x-', '&#', '\\/', '](', '<a', 'a@'])
    withoutAddresses(part.repeat(50_000));
  expect(performance.now() - began).toBeLessThan(10_000);
});
