/** Bad input of every kind, made from a seed, and the outcomes that are permitted: a correct answer or a documented error. */
import fc from 'fast-check';

/** RAGWALL_FUZZ_SEED sets another seed, RAGWALL_FUZZ_RUNS a factor for the number of runs. */
export const fuzz = (runs: number) => ({
  seed: Number(process.env.RAGWALL_FUZZ_SEED ?? 2026),
  numRuns: runs * Number(process.env.RAGWALL_FUZZ_RUNS ?? 1),
});

/** A word that is in texts of the corpus and must not be in our messages. */
export const secret = 'pa55word';

// biome-ignore format: a list
export const texts: readonly string[] = [
  '', ' ', 'acme ', ' acme', 'acme\n', 'acme\t', '\racme', 'ACME', 'acme\0', '\0', '\x7f', '\x85', '\ufeff', 'аcme',
  'acme\u200b', 'acme\u202e', 'é', 'e\u0301', 'İ', 'ß', '\ufdfa', '😀', '\ud83d', '\ude00\ud83d', '\uffff', '%s',
  '%I%L%1$s%n', '$1', '$$', ':x', '?', '\\', '\\x00', "'", '"', "'; select 1 --", '/*', '*/', '{', '{}', '[1]', 'null',
  'true', 'NaN', 'undefined', '0', '-1', '1e308', 'default', 'public', '%', '_', '(select_1)', 'a.b,c', '__proto__',
  'constructor', 'toJSON', 'toString', 'hasOwnProperty', 'length', 'x'.repeat(127), 'x'.repeat(128), 'x'.repeat(129),
  'x'.repeat(200), 'x'.repeat(201), 'x'.repeat(1023), 'x'.repeat(1024), 'x'.repeat(1025), 'é'.repeat(64), 'é'.repeat(65),
  'é'.repeat(100), 'é'.repeat(101), 'é'.repeat(512), 'é'.repeat(513), `${'x'.repeat(1023)}é`, secret,
  secret.repeat(131_072),
];

/** Texts: those above, and any sequence of UTF-16 units, halves of surrogate pairs among them. */
export const text = fc.oneof(
  fc.constantFrom(...texts),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.string({ unit: 'binary' }),
  fc.string().map((some) => `${some}${secret}`),
);

// biome-ignore format: a list
const numbers: readonly number[] = [
  0, -0, 1, -1, 0.5, 1.5, 1000, 1001, 1536, 65504, -65504, 65504.1, 65519, 65520, -65520, 2 ** 31 - 1, 2 ** 31, -(2 ** 31),
  2 ** 53, 1e21, 1e308, -1e308, 5e-324, 2 ** -14, 2 ** -24, 2 ** -25, 1.5 * 2 ** -25, 1e-40, NaN, Infinity, -Infinity,
];
export const number = fc.oneof(fc.constantFrom(...numbers), fc.double(), fc.integer());

class Instance {
  readonly value = secret;
}
// biome-ignore format: a list
const things: readonly unknown[] = [
  undefined, null, true, false, 0n, 5n, Symbol(secret), () => secret, class {}, /x/, new Date(0), new Date(NaN),
  new Map([['a', 1]]), new Set([1]), new Instance(), new Error(secret), new WeakMap(), Object.create(null),
  Object.create({ a: 1 }), Object(1), Object(secret), Object(1n), Object(Symbol(secret)), [], [undefined], Array(3),
  Array(1536), [[]], [[1]], [null], [secret, secret], new Float32Array(3), new Float64Array(1536).fill(1),
  new Uint8Array(1536), Buffer.from(secret), new ArrayBuffer(8), { length: 1536 }, { toString: () => secret },
  { toJSON: () => ({}) }, { valueOf: () => 5 }, { a: undefined }, { a: 1n }, { a: Symbol(secret) }, { a: new Date(0) },
  { a: [NaN] }, { a: '\ud800' }, { 'a\0': 1 }, new Proxy({}, {}), new Proxy([], {}), new Proxy(() => 1, {}),
  JSON.parse('{"__proto__": {"a": 1}}'),
];

/** Values of every kind that JavaScript has. */
export const thing = fc.oneof(
  fc.constantFrom(...things),
  text,
  number,
  fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withTypedArray: true,
  }),
);

const key = fc.oneof(fc.constantFrom('a', 'b', '__proto__', 'toJSON'), text);
/** Values and objects of which JSON can be made, with the texts above as keys and values. */
export const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, 0, 1, ''),
    text,
    fc.double(),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(key, tie('value')), { maxLength: 3 })
    .map((entries) => Object.fromEntries(entries) as Record<string, unknown>),
}));

/** Whether Postgres can hold the text. */
export const isText = (value: unknown): value is string =>
  typeof value === 'string' && !value.includes('\0') && Buffer.from(value).toString() === value;

/** Whether JSON in Postgres holds the value unchanged. */
export function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return isText(value);
  if (Array.isArray(value)) return Array.from(value).every(isJson);
  if (typeof value !== 'object') return false;
  return (
    [null, Object.prototype].includes(Object.getPrototypeOf(value)) &&
    Object.keys(value).every(isText) &&
    Object.values(value).every(isJson)
  );
}

const sqlstates = /^(RW\d{3}|2[23]...|54...)$/;
const codes = /^(INVALID_(TENANT|VECTOR|K|FILTER|DOCUMENT|OPTION)|EMBEDDER_REQUIRED|EMBEDDING_FAILED)$/;

/**
 * Returns the answer, or the code of a permitted error: a RagwallError that repeats nothing of the input, or an SQLSTATE
 * of ours, of bad data (22), of a constraint (23) or of a limit (54).
 * @throws Error for any other error, and if there is no answer within five seconds.
 */
export async function outcome<T>(act: () => T | Promise<T>, hidden = secret): Promise<{ is?: T; code?: string }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer within five seconds')), 5_000);
  });
  try {
    return { is: await Promise.race([(async () => act())(), late]) };
  } catch (error) {
    const { name, code, key = '' } = error as Error & { code: string; key?: string };
    const message = (error as Error).message.replaceAll(key, ''); // the key within a document is told
    if (name === 'RagwallError' && codes.test(code) && !message.includes(hidden)) return { code };
    if (name === 'PostgresError' && sqlstates.test(code)) return { code };
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
