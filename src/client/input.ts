/** Checks what SQL would accept wrongly or report badly, and returns copies that cannot change afterwards. */
import type { JSONValue } from 'postgres';
import { type DocumentPlace, RagwallError, shownName } from './errors.js';

/** A JSON object. */
export type JsonObject = { readonly [key: string]: JSONValue };

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuid.test(value);
}

/** Whether Postgres can store the text: it has no NUL and no half of a surrogate pair. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && !/\0|\p{Surrogate}/u.test(value);
}

/** Whether it is a text of 1 to `maxBytes` bytes of UTF-8. */
export function isShortText(value: unknown, maxBytes: number): value is string {
  return isText(value) && value !== '' && Buffer.byteLength(value) <= maxBytes;
}

/** Whether it is an integer from 0 to 2³¹−1. */
export function isPosition(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
}

/** The keys and numbers that lead to a value. */
type Path = (string | number)[];

/**
 * Returns a copy of a JSON value. The copy is what is checked and sent: a getter or `toJSON` of the original could
 * return another value after the check.
 *
 * @param path leads to the value; after an error, to what is not as expected.
 * @throws Error for undefined, NaN, infinities, texts that Postgres cannot store, objects that are not plain, and
 *   more than `maxDepth` levels.
 */
function copyJson(value: unknown, maxDepth: number, path: Path): JSONValue {
  const copyOf = (item: unknown, step: string | number) => {
    path.push(step);
    if (!isText(`${step}`)) throw new Error('not a key of JSON');
    const copy = copyJson(item, maxDepth - 1, path);
    path.pop();
    return copy;
  };
  if (value === null || typeof value === 'boolean' || isText(value)) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'object' && maxDepth > 0) {
    if (Array.isArray(value)) return Array.from(value, copyOf);
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item, key)]));
    }
  }
  throw new Error('not a JSON value');
}

/**
 * Returns a copy of a JSON object of at most 1000 levels, or undefined for anything else.
 * @param path leads to the object; if undefined is returned, to what is not as expected.
 */
export function copyJsonObject(value: unknown, path: Path = []): JsonObject | undefined {
  try {
    return Array.isArray(value) || Object(value) !== value ? undefined : (copyJson(value, 1000, path) as JsonObject);
  } catch {
    return undefined;
  }
}

/** Returns a path as `metadata.tags[3]`, in at most 200 characters. */
export function keyOf(path: Readonly<Path>): string {
  const steps = path.map((step, n) =>
    typeof step === 'string' && /^[a-z_]\w*$/i.test(step) ? `${n > 0 ? '.' : ''}${step}` : `[${JSON.stringify(step)}]`,
  );
  const key = steps.join('');
  return key.length > 200 ? `${key.slice(0, 199)}…` : key;
}

/**
 * @param key what in a document the condition is about.
 * @throws RagwallError `INVALID_DOCUMENT` with this message unless the condition holds.
 */
export function checkDocument(condition: unknown, message: string, key?: string): asserts condition {
  if (!condition) throw new RagwallError('INVALID_DOCUMENT', message, { key });
}

/** @throws RagwallError `INVALID_DOCUMENT` unless the value is an object that has no other members than `known`. */
export function checkMembers(value: unknown, what: string, known: readonly string[]): void {
  checkDocument(Object(value) === value && !Array.isArray(value), `${what} is expected to be an object.`);
  const unknown = Object.keys(value as object).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const name = shownName(unknown);
  checkDocument(false, `${name} is no member of ${what.toLowerCase()}; expected: ${known.join(', ')}.`, name);
}

/** Returns the place of a document in a call. Its keys are told as far as they are valid. */
export function placeOf(index: number, id: unknown, source: unknown, position: unknown): DocumentPlace {
  return {
    index,
    ...(isUuid(id) && { id }),
    ...(isShortText(source, 1024) && { source }),
    ...(isPosition(position) && { position }),
  };
}

/** Returns the beginning of a message about a document. */
export function nameOf({ index, id, source, position }: DocumentPlace): string {
  const names = [
    ...(id === undefined ? [] : [`id ${id}`]),
    ...(source === undefined ? [] : [`source ${JSON.stringify(source)}`]),
    ...(position === undefined ? [] : [`position ${position}`]),
  ];
  return `Document ${index}${names.length > 0 ? ` (${names.join(', ')})` : ''}: `;
}

/** Returns the error with the document that it is about. */
export function aboutDocument(error: RagwallError, document: DocumentPlace, key = error.key): RagwallError {
  return new RagwallError(error.code, `${nameOf(document)}${error.message}`, { document, key });
}
