/** Filters that the compiler accepts and refuses, and what the server says of those that only it can refuse. */
import { beforeAll, expect, it } from 'vitest';
import { forTenant } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { deleteDocuments, type Filter, matchDocuments } from '../index.js';
import { setTenant } from './tenant.js';

const session = useSession({ seed: true });
const axis = [1, ...Array<number>(1535).fill(0)];

const stored = [
  { year: 2025, tags: ['plan', 'q3'], owner: { team: 'x', size: 3 } },
  { year: 2026, tags: ['q4'] },
  { year: '2026', draft: null },
];
beforeAll(async () => {
  await forTenant(session.app, 'filters').upsertDocuments(
    stored.map((metadata, position) => ({
      ...{ source: 's', position, content: `${position}`, metadata, embedding: axis, embeddingModel: 'm' },
    })),
  );
});
const found = async (filter: Filter) =>
  (await forTenant(session.app, 'filters').matchDocuments(axis, { filter })).map(({ position }) => position).sort();

/** Each with the documents that fit it. What is beside `@ts-expect-error` below does not compile; all of these do. */
const fit: [Filter, number[]][] = [
  [{}, [0, 1, 2]],
  [{ year: 2026 }, [1]],
  [{ draft: null }, [2]],
  [{ tags: ['q3'] }, [0]],
  [{ tags: 'q3' }, [0]],
  [{ owner: { team: 'x', size: { $gt: 2 } } }, [0]],
  [{ owner: {} }, [0]],
  [{ year: { $gte: 2025, $lt: 2026 } }, [0]],
  [{ year: { $gte: '2025' } }, [2]],
  [{ year: { $between: [2025, 2026] } }, [0, 1]],
  [{ year: { $between: ['2025', '2027'] } }, [2]],
  [{ year: { $in: [2026, '2026', null] } }, [1, 2]],
  [{ year: { $nin: [2026] } }, [0, 2]],
  [{ year: { $ne: 2026 } }, [0, 2]],
  [{ draft: { $exists: false } }, [0, 1]],
  [{ year: { $not: { $gt: 2025 } } }, [0, 2]],
  [{ year: { $not: '2026' } }, [0, 1]],
  [{ year: { $eq: 2025 }, $or: [{ tags: 'plan' }, { tags: 'none' }] }, [0]],
  [{ $and: [{ year: { $lte: 2026 } }, { $not: { tags: 'plan' } }] }, [1]],
  [{ $or: [{ year: 2025 }, { $and: [{ draft: null }] }] }, [0, 2]],
];
it.each(fit)('%j finds what fits', async (filter, expected) => {
  expect(await found(filter)).toEqual(expected);
});

it('an operator that is unknown, misplaced or ill-used does not compile', () => {
  const not: Filter[] = [
    // @ts-expect-error no such operator
    { year: { $foo: 1 } },
    // @ts-expect-error no such operator, beside one that there is
    { year: { $gte: 1, $foo: 1 } },
    // @ts-expect-error a field beside an operator
    { year: { $gte: 1, x: 1 } },
    // @ts-expect-error no such operator of filters
    { $nor: [{ a: 1 }] },
    // @ts-expect-error an operator of fields
    { $gt: 4 },
    // @ts-expect-error an operator of fields, beside a field
    { a: 1, $gt: 4 },
    // @ts-expect-error no such operator, deep in the filter
    { owner: { size: { $like: 'x' } } },
    // @ts-expect-error no such operator, in $not
    { year: { $not: { $like: 'x' } } },
    // @ts-expect-error no such operator, in $or
    { $or: [{ year: { $like: 'x' } }] },
    // @ts-expect-error no such operator, in a list
    { tags: [{ $like: 1 }] },
    // @ts-expect-error without an order
    { year: { $gt: true } },
    // @ts-expect-error of two types
    { year: { $between: [1, 'x'] } },
    // @ts-expect-error one bound
    { year: { $between: [1] } },
    // @ts-expect-error no list
    { year: { $in: 5 } },
    // @ts-expect-error not true or false
    { year: { $exists: 'x' } },
    // @ts-expect-error a list is compared without an operator
    { year: { $eq: [1] } },
    // @ts-expect-error no list
    { $and: { a: 1 } },
    // @ts-expect-error a list
    { $not: [{ a: 1 }] },
    // @ts-expect-error a filter that got lost
    { year: undefined },
    // @ts-expect-error not JSON
    { year: new Date() },
    // @ts-expect-error a list
    [{ a: 1 }],
  ];
  expect(not).toHaveLength(21);
});

const refused: [unknown, string, string][] = [
  [{ year: { $foo: 1 } }, 'RW107', 'the filter has an unknown operator, "$foo", at "year"'],
  [{ $nor: [{ a: 1 }] }, 'RW107', 'the filter has an unknown operator, "$nor"'],
  [{ year: { $gte: 2025, month: 3 } }, 'RW107', 'the filter has an unknown operator, "month", at "year"'],
  [{ year: { $gt: true } }, 'RW108', 'the filter has a value that $gt does not take, at "year"'],
  [{ $and: 5 }, 'RW108', 'the filter has a value that $and does not take'],
  [{ $not: 5 }, 'RW105', 'the filter is expected to be a JSON object, or null for none'],
];
it.each(refused)(
  '%j reaches the caller as the server refuses it, from every function',
  async (filter, code, message) => {
    const acme = forTenant(session.app, 'filters');
    const given = filter as Filter;
    const expected = { name: 'PostgresError', code, message, hint: expect.any(String) };
    const bound = (act: (tx: Parameters<typeof matchDocuments>[0]) => Promise<unknown>) =>
      session.app.begin(async (tx) => {
        await setTenant(tx, 'filters');
        return act(tx);
      });
    for (const call of [
      () => acme.matchDocuments(axis, { filter: given }),
      () => acme.matchDocuments(axis, { filter: given, around: 1 }),
      () => acme.deleteDocuments({ filter: given }),
      () => acme.transaction((tx) => tx.matchDocuments(axis, { filter: given })),
      () => bound((tx) => matchDocuments(tx, axis, 3, given)),
      () => bound((tx) => deleteDocuments(tx, { filter: given })),
    ]) {
      await expect(call()).rejects.toMatchObject(expected);
    }
    expect(await found({})).toEqual([0, 1, 2]);
  },
);

it('deletes what fits, and nothing else', async () => {
  const acme = forTenant(session.app, 'filters');
  expect(await acme.deleteDocuments({ filter: { year: { $gte: 2026 } } })).toBe(1);
  expect(await found({})).toEqual([0, 2]);
});
