/** upsert_documents() stores what it accepts unchanged. Otherwise it names the document that is wrong, and stores none. */
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { document, documents, vector } from './bad-arguments.js';
import { fuzz, outcome } from './bad-input.js';
import { useSession } from './engine/use-session.js';

const session = useSession();
afterEach(() => session.admin((sql) => sql`delete from ragwall.documents`));

const upsert = (json: string) =>
  outcome(() =>
    session.app.begin(async (tx) => {
      await tx`select ragwall.set_tenant('acme')`;
      return [
        ...(await tx<{ id: string; status: string }[]>`
          select id, status from ragwall.upsert_documents(${json}::text::jsonb) order by ordinal`),
      ];
    }),
  );
const stored = () =>
  session.admin(
    (sql) => sql`select tenant_id, id, source, position, content, embedding_model, metadata
      from ragwall.documents order by id`,
  );

it('stores the documents that it reports, unchanged, and nothing else', async () => {
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(documents, async (given) => {
      await session.admin((sql) => sql`delete from ragwall.documents`);
      fc.pre(given.every((one) => typeof Object(one).embedding_model === 'string'));
      const { is = [] } = await upsert(JSON.stringify(given));
      const expected = is.flatMap((row, n) => {
        if (row.status === 'embedding required') return [];
        const { source, position, content, embedding_model, metadata } = given[n] as Record<string, unknown>;
        const key = source == null ? { source: null, position: null } : { source, position: Number(position) };
        const { metadata: kept } = JSON.parse(JSON.stringify({ metadata: metadata ?? {} }));
        return [{ tenant_id: 'acme', id: row.id, ...key, content, embedding_model, metadata: kept }];
      });
      kept += expected.length;
      expect([...(await stored())]).toEqual(expected.sort((a, b) => (a.id < b.id ? -1 : 1)));
    }),
    fuzz(250),
  );
  expect(kept).toBeGreaterThan(50);
});

// What upsert-documents.sql does not refuse already.
it.each<[string, string, unknown]>([
  ['RW202', 'null as document', [null]],
  ['RW202', 'no content', [{ ...document, content: null }]],
  ['RW202', 'a number as embedding', [{ ...document, embedding: 5 }]],
  ['RW203', 'a document twice', [document, document]],
  ['22P02', 'half a position', [{ ...document, position: 0.5 }]],
  ['22003', 'a position that is too large', [{ ...document, position: 2 ** 31 }]],
  ['22P02', 'an id that is none', [{ id: 'x', content: 'c' }]],
  ['22P02', 'texts in an embedding', [{ ...document, embedding: ['1'] }]],
  ['23514', 'too few dimensions', [{ ...document, embedding: [1] }]],
  ['22000', 'NaN in an embedding', [{ ...document, embedding: vector('NaN') }]],
  ['22003', 'more than half precision holds', [{ ...document, embedding: vector(65520) }]],
  ['54000', 'too many dimensions', [{ ...document, embedding: Array(20_000).fill(1) }]],
  ['23514', 'a zero vector', [{ ...document, embedding: vector(1e-9) }]],
  ['23514', 'no source', [{ ...document, source: '' }]],
  ['23514', 'a source of 1025 bytes', [{ ...document, source: `${'é'.repeat(512)}x` }]],
  ['23514', 'a negative position', [{ ...document, position: -1 }]],
  ['23514', 'a model of 201 bytes', [{ ...document, embedding_model: 'x'.repeat(201) }]],
  ['22P05', 'a NUL', [{ ...document, content: 'a\0b' }]],
  ['22P02', 'half of a surrogate pair', [{ ...document, content: '\ud800' }]],
])('raises %s for %s', async (code, _, given) => {
  expect(await upsert(JSON.stringify(given))).toEqual({ code });
  expect(await stored()).toEqual([]);
  const { is } = await upsert(JSON.stringify([document]));
  expect(is).toMatchObject([{ status: 'inserted' }]);
});

it('refuses a number or an object as the name of a model', async () => {
  for (const embedding_model of [5, {}, [], true]) {
    expect(await upsert(JSON.stringify([{ ...document, embedding_model }]))).toEqual({ code: 'RW202' });
  }
});

it('does not overwrite a document that was stored under the id which it would compute', async () => {
  const [row] = await session.app`select ragwall.document_id('acme', 's', 0) as id`;
  await upsert(JSON.stringify([{ ...document, source: null, position: null, id: row?.id, content: 'mine' }]));
  await upsert(JSON.stringify([{ ...document, content: 'other' }]));
  expect(await stored()).toMatchObject([{ source: null, content: 'mine' }]);
});
