/** Whatever a search is asked with, it is refused with its code, or answered as a computation beside it answers. */

import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { fuzz, isJson, json, number, outcome, secret, text, texts, thing } from '../../db/tests/bad-input.js';
import { forTenant } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import type { Tenant } from './handle.js';
import type { JsonObject } from './input.js';
import { setTenant } from './tenant.js';

const axis = [1, ...Array<number>(1535).fill(0)];
const passage = (position: number, embedding: readonly number[], metadata = {}) => ({
  ...{ source: 's', position, content: `${position}`, embeddingModel: 'm', embedding, metadata },
});

const isJsonObject = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && isJson(value);

/** Whether a document with this metadata is found by this filter, as the manual explains `@>`. */
function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    return Array.isArray(whole) && part.every((item) => whole.some((one) => contains(one, item)));
  }
  if (typeof part !== 'object' || part === null) return whole === part;
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return false;
  const own = new Map(Object.entries(whole));
  return Object.entries(part).every(([key, item]) => own.has(key) && contains(own.get(key), item));
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
  (await tenant.matchDocuments(axis, { k: 1000, filter: filter as JsonObject }))
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

it('finds what contains the filter, or is refused', async () => {
  expect(stored.length).toBeGreaterThan(30);
  const parts = fc
    .constantFrom(...stored)
    .chain((whole) => fc.subarray(Object.entries(whole)).map((some) => Object.fromEntries(some)));
  await fc.assert(
    fc.asyncProperty(fc.oneof(parts, json.object, thing), async (filter) => {
      const { is, code } = await outcome(() => found(acme, filter));
      const expected = stored.flatMap((metadata, n) => (contains(metadata, filter) ? [n] : []));
      expect(is ?? code).toEqual(isJsonObject(filter) ? expected : 'INVALID_FILTER');
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
  expect(await outcome(() => found(acme, nest(900)))).toEqual({ is: [] });
});

it.each([5, secret, null])('refuses %s in place of options', async (options) => {
  const asked = outcome(() => acme.matchDocuments(axis, options as never));
  expect(await asked).toEqual({ code: 'INVALID_OPTION' });
});
