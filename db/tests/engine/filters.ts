/** What filters say, in TypeScript: whether metadata fit one, by docs/filters.md alone. And filters and metadata to try. */
import fc from 'fast-check';
import type { JsonObject } from '../../../src/index.js';

type JsonValue = JsonObject[string];

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The order of two values of one type: numbers by size, texts by code points. Values of other types have none. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== 'string' || typeof b !== 'string') return Number.NaN;
  const [left, right] = [a, b].map((text) => Array.from(text, (one) => one.codePointAt(0) as number));
  for (const [n, one] of (left as number[]).entries()) {
    const other = right?.[n];
    if (other === undefined) return 1;
    if (one !== other) return one - other;
  }
  return (left as number[]).length - (right as number[]).length;
}

/** Whether metadata fit a filter that is valid. */
export const fits = (metadata: JsonObject, filter: JsonObject): boolean =>
  Object.entries(filter).every(([key, wanted]) => {
    if (key === '$and') return (wanted as JsonObject[]).every((one) => fits(metadata, one));
    if (key === '$or') return (wanted as JsonObject[]).some((one) => fits(metadata, one));
    if (key === '$not') return !fits(metadata, wanted as JsonObject);
    return fieldFits(metadata, key, wanted as JsonValue);
  });

function fieldFits(metadata: JsonObject, field: string, wanted: JsonValue): boolean {
  const present = Object.hasOwn(metadata, field);
  const value = present ? metadata[field] : undefined;
  // Of a list each element that is no list itself, of anything else itself.
  const items: unknown[] = !present
    ? []
    : Array.isArray(value)
      ? value.filter((item) => !Array.isArray(item))
      : [value];
  const equals = (one: unknown) => items.some((item) => item === one);
  const contains = (one: JsonObject) => items.some((item) => isObject(item) && fits(item, one));
  if (Array.isArray(wanted))
    return Array.isArray(value) && wanted.every((one) => (isObject(one) ? contains(one) : equals(one)));
  if (!isObject(wanted)) return equals(wanted);
  if (!Object.keys(wanted).some((key) => key.startsWith('$'))) return contains(wanted);

  const bounds: ((item: unknown) => boolean)[] = [];
  const rest = Object.entries(wanted).every(([operator, operand]) => {
    const [low, high] = Array.isArray(operand) ? operand : [];
    if (operator === '$gt') bounds.push((item) => compare(item, operand) > 0);
    else if (operator === '$gte') bounds.push((item) => compare(item, operand) >= 0);
    else if (operator === '$lt') bounds.push((item) => compare(item, operand) < 0);
    else if (operator === '$lte') bounds.push((item) => compare(item, operand) <= 0);
    else if (operator === '$between') bounds.push((item) => compare(item, low) >= 0 && compare(item, high) <= 0);
    else if (operator === '$eq') return equals(operand);
    else if (operator === '$ne') return !equals(operand);
    else if (operator === '$in') return (operand as JsonValue[]).some(equals);
    else if (operator === '$nin') return !(operand as JsonValue[]).some(equals);
    else if (operator === '$exists') return present === operand;
    else if (operator === '$not') return !fieldFits(metadata, field, operand as JsonValue);
    else throw new Error(`there is no operator ${operator}`);
    return true;
  });
  return rest && (bounds.length === 0 || items.some((item) => bounds.every((bound) => bound(item))));
}

// biome-ignore format: a list
const keys: readonly string[] = [
  'n', 'tags', 'author', "it's", 'say "hi"', '\\', '%s%L', 'a.b', '@', '', '😀', 'clé', '\u0001\t\n', '__proto__',
  'x'.repeat(71), 'key '.repeat(100),
];
/** The fields that the tests declare: numbers, texts, lists and objects are in all. */
export const declared = ['n', "it's", '%s%L', '😀'] as const;
// In metadata they are keys as any other.
const operators = ['$gt', '$.n', '$eq', '$'];
const numbers = [-1e15, -2.5, -1, 0, 1e-7, 0.1, 0.3, 1, 2, 3, 10, 2026, 1e15, 2 ** 53 - 1, 1.5e300];
// biome-ignore format: a list
const words: readonly string[] = [
  '', 'a', 'A', 'b', 'ab', 'é', 'z', '\uff5e', '😀', '2025-12-31', '2026-01-01T00:00', '1', '-1', 'true', 'null', "it's",
  '"', '\\', '%s', '$.n', '@', '\u0001', '\u007f', '~', 's', 'x'.repeat(64), `${'x'.repeat(64)}a`, `${'x'.repeat(64)}b`,
  'x'.repeat(71), 'é'.repeat(71), `${'😀'.repeat(64)}a`, `${'😀'.repeat(64)}b`, 'long '.repeat(300),
];

const key = fc.oneof(fc.constantFrom(...keys.slice(0, 4)), fc.constantFrom(...keys));
const number = fc.constantFrom(...numbers);
const word = fc.constantFrom(...words);
// Some are frequent, so that filters fit.
const scalar = fc.oneof(fc.constantFrom(1, 2, 'a', true, null), fc.oneof(number, word, fc.constant(false)));
// As JSON.parse does it, so that __proto__ is a key.
const object = (entries: readonly (readonly [string, JsonValue])[]) => Object.fromEntries(entries) as JsonObject;

/** Metadata: nested objects and lists, of lists, too. */
export const metadata = fc.letrec<{ object: JsonObject; value: JsonValue }>((tie) => ({
  object: fc
    .array(
      fc.tuple(
        fc.oneof({ weight: 20, arbitrary: key }, { weight: 1, arbitrary: fc.constantFrom(...operators) }),
        tie('value'),
      ),
      { minLength: 2, maxLength: 12, size: 'max' },
    )
    .map(object),
  value: fc.oneof(
    { maxDepth: 2, depthSize: 'max' },
    { weight: 8, arbitrary: scalar },
    { weight: 4, arbitrary: fc.array(scalar, { maxLength: 4 }) },
    { weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    { weight: 3, arbitrary: tie('object') },
  ),
})).object;

const bounds = fc.oneof(
  fc.tuple(fc.constantFrom('$gt', '$gte', '$lt', '$lte'), fc.oneof(number, word)),
  fc.tuple(fc.constant('$between'), fc.oneof(fc.tuple(number, number), fc.tuple(word, word))),
);
const conditions = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: bounds },
      { weight: 1, arbitrary: fc.tuple(fc.constantFrom('$eq', '$ne'), scalar) },
      { weight: 1, arbitrary: fc.tuple(fc.constantFrom('$in', '$nin'), fc.array(scalar, { maxLength: 5 })) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('$exists'), fc.boolean()) },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map(object);
const plain = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }));
const field = (name: fc.Arbitrary<string>, wanted: fc.Arbitrary<JsonValue>) =>
  fc.tuple(name, wanted).map((entry) => object([entry]));

/** Filters of at most eight levels. */
export const filter = fc.letrec<{ filter: JsonObject; fields: JsonObject }>((tie) => {
  const depth = { maxDepth: 6, depthSize: 'max', depthIdentifier: 'levels' } as const;
  const leaf = { weight: 6, arbitrary: field(key, fc.oneof(plain, conditions)) };
  const few = fc.array(tie('filter'), { minLength: 1, maxLength: 3 });
  return {
    // An object of a field: its keys are fields, too.
    fields: fc.oneof(
      depth,
      leaf,
      { weight: 2, arbitrary: field(key, tie('fields')) },
      { weight: 1, arbitrary: field(key, fc.array(fc.oneof(scalar, tie('filter')), { minLength: 1, maxLength: 2 })) },
      { weight: 2, arbitrary: field(key, field(fc.constant('$not'), fc.oneof(plain, conditions, leaf.arbitrary))) },
    ),
    filter: fc.oneof(
      depth,
      leaf,
      { weight: 2, arbitrary: tie('fields') },
      {
        weight: 2,
        arbitrary: few.map((some) => object(some.flatMap((one) => Object.entries(one) as [string, JsonValue][]))),
      },
      { weight: 3, arbitrary: field(fc.constantFrom('$and', '$or'), few) },
      { weight: 1, arbitrary: field(fc.constant('$not'), tie('filter')) },
    ),
  };
}).filter;

/** Filters of which a declared field is one condition, as the indexes of ranges serve them. */
export const rangeFilter = fc
  .tuple(
    field(fc.constantFrom(...declared), fc.array(bounds, { minLength: 1, maxLength: 2 }).map(object)),
    fc.option(filter, { freq: 2 }),
    fc.boolean(),
  )
  .map(([range, other, together]): JsonObject => {
    if (!other) return range;
    return together
      ? object(Object.entries({ ...other, ...range }) as [string, JsonValue][])
      : { $and: [other, range] };
  });
