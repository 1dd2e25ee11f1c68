/** An index that is taken for one tenant's has rows of one tenant, whatever its predicate and the bounds of its table. */
import fc from 'fast-check';
import type { TransactionSql } from 'postgres';
import { expect, it } from 'vitest';
import { fuzz } from './bad-input.js';
import { rolledBack } from './engine/session.js';
import { useSession } from './engine/use-session.js';

const session = useSession();
const id = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
/** Types of tenant columns, and the values of three tenants, of which some types take two for the same. */
const types: Record<string, readonly string[]> = {
  text: ["'a'", "'A'", "'a '"],
  'varchar(9)': ["'a'", "'A'", "'a '"],
  'text collate tests.caseless': ["'a'", "'A'", "'b'"],
  name: ["'a'", "'A'", "'b'"],
  bpchar: ["'a'", "'A'", "'b'"],
  uuid: [`'${id(1)}'`, `'${id(2)}'`, `'${id(3)}'`],
  bigint: ['1', '2', '3'],
  integer: ['1', '2', '3'],
};
const flags = ['null', 'true', 'false'];

const atom = fc.constantFrom(
  ...['tenant = @', '@ = tenant', 'tenant in (@)', 'tenant in (@, #)', 'tenant <> @', 'tenant >= @', 'tenant <= @'],
  ...['tenant is null', 'tenant is not null', 'tenant is distinct from @', 'tenant is not distinct from @', 'flag'],
  ...[
    '"a = (tenant)" = @',
    'tenant = "a = (tenant)"',
    'tenant::text = @::text',
    '"<P1>"',
    'lower(tenant::text) = @::text',
  ],
  ...['tenant::text::bpchar = @::text', 'tenant::text = @::text collate tests.caseless', 'tenant between @ and @'],
  ...['tenant = any (array[@, #])', 'coalesce(tenant, @) = @', 'tenant = null', 'nullif(tenant, @) = #'],
  ...['tenant = @', 'tenant = @', 'tenant = @', 'tenant = @', 'tenant = #'],
);
const { predicate } = fc.letrec<{ predicate: string }>((tie) => ({
  predicate: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    atom,
    fc.tuple(tie('predicate'), atom).map(([a, b]) => `((${a}) and (${b}))`),
    fc.tuple(atom, tie('predicate')).map(([a, b]) => `((${a}) and (${b}))`),
    fc.tuple(tie('predicate'), tie('predicate')).map(([a, b]) => `((${a}) or (${b}))`),
    tie('predicate').map((a) => `(not (${a}))`),
    fc
      .tuple(tie('predicate'), fc.constantFrom('true', 'not true', 'false', 'not false', 'unknown', 'not unknown'))
      .map(([a, is]) => `((${a}) is ${is})`),
    fc.tuple(tie('predicate'), tie('predicate')).map(([a, b]) => `(case when ${a} then ${b} else ${a} end)`),
    tie('predicate').map((a) => `coalesce(${a}, true)`),
  ),
}));
const bound = fc.constantFrom('in (@)', 'in (#)', 'in (@, #)', 'in (null)', 'in (@, null)', 'default');
const partitions = fc.record({
  keys: fc.tuple(fc.constantFrom('tenant', '"a = (tenant)"'), fc.constantFrom('tenant', '"a = (tenant)"')),
  bounds: fc.uniqueArray(bound, { minLength: 1, maxLength: 3 }),
  beneath: fc.uniqueArray(bound, { minLength: 1, maxLength: 2 }),
});
const type = fc.constantFrom(...Object.keys(types));

/** Puts the first two values in the places of a text. */
const filled = (text: string, [a = '', b = '']: readonly string[] = []) => text.replaceAll('@', a).replaceAll('#', b);

const columns = (type: string) => `tenant ${type}, flag boolean, "<P1>" boolean, "a = (tenant)" ${type}`;

/** Stores a row for each combination of values that a partition takes. */
async function fill(tx: TransactionSql, type: string) {
  for (const tenant of ['null', ...(types[type] ?? [])]) {
    for (const other of ['null', ...(types[type] ?? [])]) {
      await tx.unsafe(`
        do $$ begin
          insert into tests.t (tenant, "a = (tenant)", flag, "<P1>")
          select ${tenant}, ${other}, f, g from unnest(array[${flags}]) as f, unnest(array[${flags}]) as g;
        exception when check_violation then null; end $$`);
    }
  }
}

/** Creates tests.t of a type, in a transaction that is rolled back. */
const withTable = <T>(type: string, rest: string, act: (tx: TransactionSql) => Promise<T>) =>
  session.admin((sql) =>
    rolledBack(sql, async (tx) => {
      await tx`create collation tests.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`;
      await tx.unsafe(`create table tests.t (${columns(type)}) ${rest}`);
      return act(tx);
    }),
  );

const pinned = async (tx: TransactionSql) =>
  tx<{ name: string; table: string }[]>`
    select p.index::text as name, i.indrelid::regclass::text as table
    from ragwall.pinned_columns() as p join pg_index as i on i.indexrelid = p.index
    where p.column_name = 'tenant'`;

/** The tenants of a table's rows: as bytes, because some types take two values for the same. */
const tenants = async (tx: TransactionSql, from: string) => {
  const rows = await tx.unsafe(`select distinct encode(convert_to(tenant::text, 'UTF8'), 'hex') as t from ${from}`);
  return rows.map(({ t }) => t);
};

it('a predicate', async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(type, fc.array(predicate, { minLength: 12, maxLength: 12 }), async (type, predicates) => {
      await withTable(type, '', async (tx) => {
        await fill(tx, type);
        for (const text of predicates.map((p) => filled(p, types[type]))) {
          // Some are no predicates of this type.
          const made = await tx
            .savepoint((inner) => inner.unsafe(`create index i on tests.t (flag) where ${text}`))
            .then(
              () => true,
              () => false,
            );
          if (!made) continue;
          if ((await pinned(tx)).length > 0) {
            found += 1;
            const held = await tenants(tx, `tests.t where ${text}`);
            expect(held.length, `${type}: ${text}: ${held}`).toBeLessThan(2);
            expect(held).not.toContain(null);
          }
          await tx`drop index tests.i`;
        }
      });
    }),
    fuzz(15),
  );
  expect(found).toBeGreaterThan(10);
});

it('a bound', async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(type, partitions, async (type, { keys, bounds, beneath }) => {
      const values = (b: string) => filled(b === 'default' ? b : `for values ${b}`, types[type]);
      await withTable(type, `partition by list (${keys[0]})`, async (tx) => {
        for (const [n, b] of bounds.entries()) {
          // Other order of columns than the parent's; the last has partitions itself.
          const last = n === bounds.length - 1;
          await tx
            .savepoint(async (inner) => {
              await inner.unsafe(`create table tests.p${n} ("a = (tenant)" ${type}, "<P1>" boolean, x integer, tenant ${type},
                flag boolean) ${last ? `partition by list (${keys[1]})` : ''}`);
              await inner.unsafe(`alter table tests.p${n} drop x`);
              await inner.unsafe(`alter table tests.t attach partition tests.p${n} ${values(b)}`);
              if (!last) return;
              for (const [m, c] of beneath.entries()) {
                await inner.unsafe(`create table tests.q${m} partition of tests.p${n} ${values(c)}`);
              }
            })
            .catch(() => {});
        }
        await fill(tx, type);
        await tx`create index i on tests.t (flag)`;
        for (const { name, table } of await pinned(tx)) {
          found += 1;
          const held = await tenants(tx, table);
          if (name !== 'tests.i') {
            expect(held.length, `${type}: ${table}: ${held}`).toBeLessThan(2);
            expect(held).not.toContain(null);
          }
        }
        for (const { name } of (await pinned(tx)).filter((p) => p.name === 'tests.i')) {
          const leaves = await tx`
            select l.relid::text as leaf from pg_partition_tree(${name}::text::regclass) as l
            where l.isleaf and l.relid::text not in ${tx((await pinned(tx)).map((p) => p.name))}`;
          expect(leaves).toEqual([]);
        }
      });
    }),
    fuzz(40),
  );
  expect(found).toBeGreaterThan(10);
});

it.each([
  ["tenant = 'a'", true],
  ["'a' = tenant and flag", true],
  ['flag and (tenant = \'a\' and "<P1>")', true],
  ["(tenant = 'a') is not true", false],
  ["tenant = 'a' or flag", false],
  ["not (tenant = 'a')", false],
  ["tenant in ('a', 'b')", false],
  ['"<P1>"', false],
])('where %s: %s', async (predicate, expected) => {
  await withTable('varchar(9)', '', async (tx) => {
    await tx.unsafe(`create index i on tests.t (flag) where ${predicate}`);
    expect((await pinned(tx)).length > 0).toBe(expected);
  });
});

it.each([
  ["for values in ('a')", true],
  ['default', false],
  ['for values in (null)', false],
  ["for values in ('a', 'b')", false],
])('a partition %s: %s', async (bound, expected) => {
  await withTable('text', 'partition by list (tenant)', async (tx) => {
    await tx.unsafe(`create table tests.p partition of tests.t ${bound}`);
    await tx`create index i on tests.t (flag)`;
    expect((await pinned(tx)).map(({ table }) => table).sort()).toEqual(expected ? ['tests.p', 'tests.t'] : []);
  });
});
