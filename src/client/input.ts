/** Checks what SQL would accept wrongly or report badly, and returns copies that cannot change afterwards. */
import type { JSONValue } from 'postgres';
import { RagwallError } from './errors.js';

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

/**
 * Returns a copy of a JSON value. The copy is what is checked and sent: a getter or `toJSON` of the original could
 * return another value after the check.
 * @throws Error for undefined, NaN, infinities, texts that Postgres cannot store, objects that are not plain, and
 *   more than `maxDepth` levels.
 */
function copyJson(value: unknown, maxDepth: number): JSONValue {
  if (value === null || typeof value === 'boolean' || isText(value)) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'object' && maxDepth > 0) {
    if (Array.isArray(value)) return Array.from(value, (item) => copyJson(item, maxDepth - 1));
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [copyJson(key, 0) as string, copyJson(item, maxDepth - 1)]),
      );
    }
  }
  throw new Error('not a JSON value');
}

/** Returns a copy of a JSON object of at most 1000 levels, or undefined for anything else. */
export function copyJsonObject(value: unknown): JsonObject | undefined {
  try {
    return Array.isArray(value) || Object(value) !== value ? undefined : (copyJson(value, 1000) as JsonObject);
  } catch {
    return undefined;
  }
}

/** @throws RagwallError `INVALID_DOCUMENT` with this message unless the condition holds. */
export function checkDocument(condition: unknown, message: string): asserts condition {
  if (!condition) throw new RagwallError('INVALID_DOCUMENT', message);
}
