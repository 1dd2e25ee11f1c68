/** The soak’s checks find each kind of wrong answer and wrong row. */
import { expect, it } from 'vitest';
import { brokenSources, createLedger, differences, foreignRows, passage } from './ledger.js';

const ledger = createLedger();
const source = ledger.add('acme', 'a.md');
const other = ledger.add('globex', 'a.md');
const old = { version: 1, size: 2 };
const now = { version: 2, size: 2 };
const next = { version: 3, size: 3 };
const none = { version: 4, size: 0 };

function rows(of: typeof source, version: typeof now, positions = [...Array(version.size).keys()]) {
  return positions.map((position) => {
    const { content } = passage(of, version, position, []);
    return { tenantId: of.tenant, source: of.source, position, content };
  });
}
const whole = rows(source, now);
const kinds = (violations: readonly { kind: string }[]) => violations.map(({ kind }) => kind);

it.each([
  ['what was acknowledged', [now], whole, []],
  ['the old version, if the outcome is unknown', [now, next], whole, []],
  ['the new version, if the outcome is unknown', [now, next], rows(source, next), []],
  ['nothing, where it was deleted', [none], [], []],
  ['nothing', [now], [], ['lost write']],
  ['the version before', [now], rows(source, old), ['lost write']],
  ['what was deleted', [none], whole, ['lost write']],
  ['a version that was refused', [now], rows(source, next), ['refused write']],
  ['a part', [now], whole.slice(1), ['half-done write']],
  ['a part, if the outcome is unknown', [now, next], rows(source, next, [0, 1]), ['half-done write']],
  ['parts of two', [now, next], [...rows(source, now, [0]), ...rows(source, next, [1, 2])], ['half-done write']],
  ['more than all', [now], [...whole, ...rows(source, now, [2])], ['half-done write']],
])('in the end: %s', (_, allowed, stored, expected) => {
  source.allowed = allowed;
  expect(kinds(ledger.verify(stored))).toEqual(expected);
  const differs = differences(source, stored).length > 0;
  expect(differs).toBe(expected.length > 0);
});

it('in the end: a row under the wrong tenant, place or source, or of no source that is known', () => {
  source.allowed = [now];
  other.allowed = [old];
  expect(ledger.verify([...whole, ...rows(other, old)])).toEqual([]);
  for (const change of [{ tenantId: 'acm' }, { position: 7 }, { source: 'b.md' }]) {
    const moved = rows(other, old).map((row) => ({ ...row, ...change }));
    expect(kinds(ledger.verify([...whole, ...moved]))).toEqual(['foreign write', 'foreign write', 'lost write']);
  }
  other.allowed = [none];
  const smuggled = whole.map((row) => ({ ...row, tenantId: 'globex' }));
  expect(kinds(ledger.verify([...whole, ...smuggled]))).toEqual(['foreign write', 'foreign write']);
  const stray = rows({ ...source, source: 'stray.md' }, now);
  expect(kinds(ledger.verify([...whole, ...stray]))).toEqual(['refused write']);
});

it('in an answer: rows that say another tenant in either way, and sources that are not whole', () => {
  expect(foreignRows('acme', whole)).toEqual([]);
  expect(kinds(foreignRows('globex', whole))).toEqual(['foreign row', 'foreign row']);
  expect(kinds(foreignRows('acme', rows(other, now, [0])))).toEqual(['foreign row']);
  const disguised = rows(other, now, [0]).map((row) => ({ ...row, tenantId: 'acme' }));
  expect(kinds(foreignRows('acme', disguised))).toEqual(['foreign row']);
  expect(brokenSources([...whole, ...rows({ ...source, source: 'b.md' }, next)])).toEqual([]);
  expect(kinds(brokenSources(whole.slice(1)))).toEqual(['half-done write']);
  expect(kinds(brokenSources(rows(source, { version: -1, size: 2 })))).toEqual(['half-done write']);
});
