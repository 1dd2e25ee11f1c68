/** Whatever is stored is found again unchanged, or refused with its code; so is a deletion. */

import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fuzz, isJson, isText, json, number, outcome, secret, text, thing } from '../../db/tests/bad-input.js';
import { dimensions } from '../../db/tests/engine/dimensions.js';
import { forTenant } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { lexicalEmbedder } from '../embedders/lexical.js';
import { type Deletion, type NewDocument, upsertDocuments } from './documents.js';
import type { Tenant } from './handle.js';

const axis = [1, ...Array<number>(1535).fill(0)];
const id = '00000000-0000-4000-8000-000000000001';
const good = { source: 's', position: 0, content: 'c', embeddingModel: 'm', embedding: axis };

const session = useSession({ clear: true });
let acme: Tenant;
const everything = () => acme.matchDocuments(axis, { k: 1000 });
beforeAll(async () => {
  acme = forTenant(session.app, 'acme');
  await forTenant(session.app, 'globex').upsertDocuments([good]);
});
afterEach(async () => {
  // Whatever was refused: the next answers are right.
  expect(await forTenant(session.app, 'globex').matchDocuments(axis)).toMatchObject([
    { tenantId: 'globex', content: 'c' },
  ]);
  await session.admin((sql) => sql`delete from ragwall.documents where tenant_id <> 'globex'`);
});

const endless = { a: {} };
endless.a = endless;
const isJsonObject = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && isJson(value);
const isBytes = (value: unknown, maxBytes: number) =>
  isText(value) && value !== '' && Buffer.byteLength(value) <= maxBytes;
const isPosition = (value: unknown) => Number.isInteger(value) && 0 <= Number(value) && Number(value) < 2 ** 31;

/** Whether a document may have this value there; the others are as in `good`. */
const valid: Record<string, (value: unknown) => boolean> = {
  source: (value) => isBytes(value, 1024),
  position: isPosition,
  content: isText,
  embeddingModel: (value) => isBytes(value, 200),
  metadata: (value) => value === undefined || isJsonObject(value),
};

describe('a document', () => {
  it.each(Object.keys(valid))('with any %s is found as it was stored, or is refused', async (field) => {
    let kept = 0;
    const like = field === 'metadata' ? json.object : field === 'position' ? number : text;
    await fc.assert(
      fc.asyncProperty(fc.oneof(like, like, thing), async (value) => {
        const document = { ...good, [field]: value } as NewDocument;
        const isValid = valid[field]?.(value);
        const { is, code } = await outcome(() => acme.upsertDocuments([document]));
        expect(is ?? code).toEqual(isValid ? { inserted: 1, updated: 0, unchanged: 0 } : 'INVALID_DOCUMENT');
        const found = await everything();
        expect(found).toHaveLength(isValid ? 1 : 0);
        if (!isValid) return;
        kept += 1;
        const { content = '', metadata = {}, source, position } = document;
        expect(found[0]).toMatchObject({ tenantId: 'acme', content });
        expect(found[0]?.metadata).toEqual(JSON.parse(JSON.stringify(metadata)));
        expect(await acme.upsertDocuments([document])).toMatchObject({ unchanged: 1 });
        expect(await acme.deleteDocuments({ source: `${source}`, fromPosition: Number(position) })).toBe(1);
      }),
      fuzz(90),
    );
    expect(kept).toBeGreaterThan(20);
  });

  it('of ten megabytes is found as it was stored', async () => {
    const document = { ...good, content: 'é'.repeat(5_000_000), metadata: { a: secret.repeat(131_072) } };
    await acme.upsertDocuments([document]);
    const [found] = await everything();
    expect(found?.content === document.content).toBe(true);
    expect(found?.metadata.a === document.metadata.a).toBe(true);
  });

  async function isRefused(document: unknown) {
    const refused = { code: 'INVALID_DOCUMENT' };
    const documents = [document as NewDocument];
    expect(await outcome(() => acme.upsertDocuments(documents))).toEqual(refused);
    const embedder = lexicalEmbedder({ dimensions });
    expect(await outcome(() => acme.upsertDocuments(documents, { embedder }))).toEqual(refused);
    const inTransaction = acme.transaction((tx) => upsertDocuments(tx.sql, documents));
    expect(await outcome(() => inTransaction)).toEqual(refused);
    expect(await everything()).toEqual([]);
  }

  it.each<[string, unknown]>([
    ['a text', secret],
    ['neither id nor source', { ...good, source: undefined }],
    ['both', { ...good, id }],
  ])('that is or has %s is refused', (_, document) => isRefused(document));

  it.each<[string, unknown]>([
    ['nothing', null],
    ['an id that becomes one', { id: { toString: () => id }, content: 'c' }],
    ['a list as id', { id: [id], content: 'c' }],
    ['a symbol as id', { id: Symbol(secret), content: 'c' }],
    ['metadata without end', { ...good, metadata: endless }],
    ['metadata with a hole', { ...good, metadata: { a: Array(1) } }],
  ])('that is or has %s is refused', (_, document) => isRefused(document));

  it.each([0, '', false, Number.NaN, 0n, null])('with %s as embedding is refused', async (embedding) => {
    const document = { ...good, embedding } as unknown as NewDocument;
    expect(await outcome(() => acme.upsertDocuments([document]))).toEqual({ code: 'INVALID_VECTOR' });
  });

  it.each([null, 5, {}, Symbol(secret)])('in %s, which is no list, is refused', async (documents) => {
    const refused = { code: 'INVALID_DOCUMENT' };
    expect(await outcome(() => acme.upsertDocuments(documents as never))).toEqual(refused);
    const inTransaction = acme.transaction((tx) => upsertDocuments(tx.sql, documents as never));
    expect(await outcome(() => inTransaction)).toEqual(refused);
  });
});

it('deletes what it names and nothing else, or is refused', async () => {
  const uuid = fc.oneof(fc.uuid(), fc.constantFrom(id, id.toUpperCase(), ` ${id}`, `{${id}}`, `${id}\n`), thing);
  const deletion = fc.oneof(
    fc.record({ ids: fc.oneof(fc.array(uuid), thing) }),
    fc.record({ source: fc.oneof(text, thing), fromPosition: fc.oneof(fc.nat(), thing) }),
    thing,
  );
  const isUuid = (one: unknown) => typeof one === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(one);
  const examples: [unknown][] = [
    [{ ids: [{ toString: () => id }] }],
    [{ ids: [Symbol(secret)] }],
    [{ ids: Array(1) }],
    [{ ids: [[id]] }],
  ];
  await acme.upsertDocuments([good]);
  await fc.assert(
    fc.asyncProperty(deletion, async (some) => {
      const { is, code } = await outcome(() => acme.deleteDocuments(some as Deletion));
      const { ids, source } = Object(some);
      const { fromPosition } = { fromPosition: 0, ...Object(some) };
      const isValid =
        ids === undefined
          ? isBytes(source, 1024) && isPosition(fromPosition)
          : source === undefined && Array.isArray(ids) && Array.from(ids).every(isUuid);
      expect(is ?? code).toBe(isValid ? 0 : 'INVALID_DOCUMENT');
    }),
    { ...fuzz(200), examples },
  );
  expect(await acme.deleteDocuments({ source: 's' })).toBe(1);
});
