/** Good and bad arguments for functions, as texts that are cast to the types of their parameters. */
import fc from 'fast-check';
import { json, text } from './bad-input.js';

/** Returns a vector of 1536 dimensions that begins with these numbers; the others are 0. */
export const vector = (...some: unknown[]) => `[${[...some, ...Array(1536 - some.length).fill(0)]}]`;
const id = '00000000-0000-4000-8000-000000000000';
export const document = { ...{ source: 's', position: 0, content: 'c', embedding: vector(1), embedding_model: 'm' } };

/** Arrays of documents, most of which have one field that is wrong. */
export const documents = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.nat(9).map((position) => ({ ...document, position })) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...Object.keys(document), 'id', 'metadata', 'unknown'),
          fc.oneof(json.value, fc.constantFrom(id, vector(2), vector(0), [1], 'm', 1, -1, {}, null)),
          fc.nat(9),
        )
        .map(([name, value, position]) => ({ ...document, position, [name]: value })),
    },
    { weight: 1, arbitrary: json.value },
  ),
  { maxLength: 3 },
);

const some = (good: readonly unknown[], bad: readonly unknown[]) =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...good.map(String)) },
    { weight: 4, arbitrary: fc.constantFrom(...bad.map(String)) },
    { weight: 1, arbitrary: text },
  );

export const argument: Record<string, fc.Arbitrary<string>> = {
  text: fc.oneof(text, fc.constantFrom('acme', 'shared.md')),
  'text[]': some(['{}', '{a}', '{a,b}'], ['{null}', '{{a}}', '{', '', 'a']),
  boolean: some(['true', 'false'], ['', '2', 'null']),
  integer: some([1, 10, 1000], [-1, 0, 1001, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 1.5]),
  'double precision': some([1, 10, 1000], ['NaN', 'Infinity', '-Infinity', 1e308, '1e309', 5e-324, '-0', 1.5]),
  jsonb: fc.oneof(
    fc.oneof(documents, json.object, json.value).map((value) => JSON.stringify(value)),
    some(
      ['{}', '{"n": 1}', '{"n": [1]}', JSON.stringify([document])],
      ['[]', '{', '', 'null', '{"a": 1e200000}', `${'{"a":'.repeat(900)}1${'}'.repeat(900)}`],
    ),
  ),
  halfvec: some(
    [vector(1), vector(0.5, 0.5), vector(65504), vector(-1e-7, 1)],
    [
      ...[vector(0), vector(1e-8), vector('NaN'), vector('Infinity'), vector(65520), vector('1e308')],
      ...['[]', '[1]', '[1', '1]', '[1,,2]', '[[1]]', '{1:1}/1536', 'null', `[1${',0'.repeat(20_000)}]`],
    ],
  ),
  uuid: some([id], ['', 'x', id.slice(1), `{${id}}`, 'null']),
  'uuid[]': some(
    ['{}', `{${id}}`, `{${Array(1000).fill(id)}}`],
    ['{null}', `{{${id}}}`, '{x}', '{', id, `{${id.slice(1)}}`],
  ),
};
