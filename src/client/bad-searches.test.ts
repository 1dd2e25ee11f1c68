/** Whatever a search is asked with, it is refused with its code, or answered as a computation beside it answers. */

import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { fuzz, isJson, json, number, outcome, secret, text, texts, thing } from '../../db/tests/bad-input.js';
import { forTenant } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import type { Filter } from './filter.js';
import type { Tenant } from './handle.js';
import type { JsonObject } from './input.js';
import { setTenant } from './tenant.js';

const axis = [1, ...Array<number>(1535).fill(0)];
const passage = (position: number, embedding: readonly number[], metadata = {}) => ({
  ...{ source: 's', position, content: `${position}`, embeddingModel: 'm', embedding, metadata },
});

const isJsonObject = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && isJson(value);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether metadata, or an object in them, fit a filter without operators. Of a list, one element has to fit. */
function fits(whole: unknown, filter: unknown): boolean {
  const own = new Map(Object.entries(Object(whole)));
  const hasElement = (value: unknown, wanted: unknown) =>
    (Array.isArray(value) ? value : [value]).some((one) =>
      isObject(wanted) ? isObject(one) && fits(one, wanted) : one === wanted,
    );
  return Object.entries(Object(filter)).every(([key, wanted]) => {
    const value = own.get(key);
    if (!own.has(key)) return false;
    if (!Array.isArray(wanted)) return hasElement(value, wanted);
    return Array.isArray(value) && wanted.every((item) => hasElement(value, item));
  });
}

/** Whether the server refuses a filter: it has a name with $, a list in a list, too many levels, or is too large. */
function isRefused(filter: unknown, level = 1): boolean {
  const inner = (value: unknown) => isObject(value) && isRefused(value, level + 1);
  return (
    level > 8 ||
    JSON.stringify(filter).length > 65_536 ||
    Object.entries(Object(filter)).some(
      ([key, wanted]) =>
        key.startsWith('$') ||
        inner(wanted) ||
        (Array.isArray(wanted) && wanted.some((item) => Array.isArray(item) || inner(item))),
    )
  );
}

const session = useSession({ clear: true });
let acme: Tenant;
const stored: JsonObject[] = fc
  .sample(json.object, { seed: 1, numRuns: 80 })
  .filter(isJson)
  .map((metadata) => JSON.parse(JSON.stringify(metadata)));
beforeAll(async () => {
  acme = forTenant(session.app, 'acme');
  await acme.upsertDocuments(stored.map((metadata, n) => passage(n, axis, metadata)));
  await forTenant(session.app, 'globex').upsertDocuments([passage(0, axis, { globex: true })]);
});

const found = async (tenant: Tenant, filter: unknown) =>
  (await tenant.matchDocuments(axis, { k: 1000, filter: filter as Filter }))
    .map(({ content }) => Number(content))
    .sort((a, b) => a - b);

it('names a tenant exactly, or is refused', async () => {
  const isName = (name: unknown) => typeof name === 'string' && /^[!-~]{1,128}$/.test(name);
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, thing), async (name) => {
      const { is, code } = await outcome(() => forTenant(session.app, name as string).tenantId);
      expect(is ?? code).toBe(isName(name) ? name : 'INVALID_TENANT');
      if (is !== undefined) expect(await found(forTenant(session.app, is), {})).toEqual([]);
      const bound = await outcome(() => session.app.begin((tx) => setTenant(tx, name as string)));
      expect(bound.code).toBe(code);
    }),
    { ...fuzz(60), examples: texts.map((name): [unknown] => [name]) },
  );
  expect(texts.filter(isName).length).toBeGreaterThan(20);
  await forTenant(session.app, '%s').upsertDocuments([passage(5, axis)]);
  expect(await found(forTenant(session.app, '%s'), {})).toEqual([5]);
});

it('returns as many documents as k says, or is refused', () =>
  fc.assert(
    fc.asyncProperty(fc.oneof(fc.integer({ min: -1, max: 1002 }), number, thing), async (k) => {
      const { is, code } = await outcome(() => acme.matchDocuments(axis, { k: k as number }));
      const count = k === undefined ? 10 : Number.isInteger(k) ? Number(k) : 0;
      const expected = count > 0 && count <= 1000 ? Math.min(count, stored.length) : 'INVALID_K';
      expect(is?.length ?? code).toBe(expected);
    }),
    fuzz(200),
  ));

it('finds what fits a filter without operators, or is refused', async () => {
  expect(stored.length).toBeGreaterThan(30);
  const parts = fc
    .constantFrom(...stored)
    .chain((whole) => fc.subarray(Object.entries(whole)).map((some) => Object.fromEntries(some)));
  await fc.assert(
    fc.asyncProperty(fc.oneof(parts, json.object, thing), async (filter) => {
      const { is, code } = await outcome(() => found(acme, filter));
      const expected = stored.flatMap((metadata, n) => (fits(metadata, filter) ? [n] : []));
      if (!isJsonObject(filter)) expect(code).toBe('INVALID_FILTER');
      else if (isRefused(filter)) expect(code).toMatch(/^RW10[78]$/);
      else expect(is).toEqual(expected);
    }),
    fuzz(400),
  );
});

it('takes a filter as it was when it was checked', async () => {
  let asked = 0;
  const changing = {
    get a() {
      return asked++ === 0 ? ['no such'] : undefined;
    },
  };
  const own = { a: Object.assign(['no such'], { toJSON: () => [] }) };
  expect(await found(acme, changing)).toEqual([]);
  expect(await found(acme, own)).toEqual([]);
  expect((await found(acme, { a: [] })).length).toBeGreaterThan(0);
});

it.each(['object', 'list'])('refuses a filter of nested %ss that is too deep, or has no end', async (kind) => {
  const nest = (depth: number) => {
    let deep: unknown = [];
    for (let n = 0; n < depth; n += 1) deep = kind === 'list' ? [deep] : { a: deep };
    return { a: deep };
  };
  const endless = { a: {} };
  endless.a = endless;
  for (const filter of [endless, nest(10_000), nest(100_000)]) {
    expect(await outcome(() => found(acme, filter))).toEqual({ code: 'INVALID_FILTER' });
  }
  expect(await outcome(() => found(acme, nest(900)))).toEqual({ code: 'RW108' });
  expect(await outcome(() => found(acme, nest(1)))).toEqual(kind === 'list' ? { code: 'RW108' } : { is: [] });
});

it.each([5, secret, null])('refuses %s in place of options', async (options) => {
  const asked = outcome(() => acme.matchDocuments(axis, options as never));
  expect(await asked).toEqual({ code: 'INVALID_OPTION' });
});
