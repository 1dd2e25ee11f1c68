/** Checks a vector and writes it as the text that pgvector reads. */
import type { Vector } from '../embedders/embedder.js';
import { RagwallError } from './errors.js';

/** The shortest text of each half-precision number, by its 16 bits; filled when a number is first written. */
const texts: string[] = [];
const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** Returns the bits of the nearest half-precision number, ties to even, as pgvector rounds. */
function halfBits(x: number): number {
  single[0] = x;
  const bits = singleBits[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x38800000) {
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  // Below 2^-14, half-precision numbers are the multiples of 2^-24.
  const multiple = Math.abs(single[0] as number) * 2 ** 24;
  const floor = Math.floor(multiple);
  const rest = multiple - floor;
  return sign | (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor);
}

/** Returns the shortest decimal text that is read as the half-precision number with these bits. */
function halfText(bits: number): string {
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  const magnitude = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
  const value = bits & 0x8000 ? -magnitude : magnitude;
  let text = String(value);
  for (let digits = 1; digits <= 5; digits += 1) {
    text = String(Number(value.toPrecision(digits)));
    if (halfBits(Number(text)) === (value === 0 ? 0 : bits)) break;
  }
  return text.replace(/^(-?)0\./, '$1.');
}

/**
 * Returns the vector as text, as `[.1,.2]`. Its numbers are rounded to half precision, which is all that the
 * database keeps and compares: the text has less than half of the length of the exact numbers.
 *
 * @param dimensions how many numbers are expected; by default any number from 1 to 4000.
 * @throws RagwallError `INVALID_VECTOR` for another length, anything but numbers, NaN, infinities, numbers
 *   beyond half precision (±65504), and the zero vector, which has no direction.
 */
export function vectorText(vector: Vector, dimensions?: number): string {
  if (!Array.isArray(vector) && !(vector instanceof Float32Array)) {
    throw new RagwallError('INVALID_VECTOR', 'A vector is expected to be number[] or Float32Array.');
  }
  const { length } = vector;
  if (dimensions === undefined ? length < 1 || length > 4000 : length !== dimensions) {
    throw new RagwallError(
      'INVALID_VECTOR',
      `A vector is expected to have ${dimensions ?? '1 to 4000'} dimensions, and has ${length}.`,
    );
  }
  let largest = 0;
  let text = '';
  for (let i = 0; i < length; i += 1) {
    const x = vector[i] as number;
    if (typeof x !== 'number' || !(Math.abs(x) <= 65504)) {
      throw new RagwallError('INVALID_VECTOR', 'A vector is expected to hold finite numbers from -65504 to 65504.');
    }
    largest = Math.max(largest, Math.abs(x));
    const bits = halfBits(x);
    texts[bits] ??= halfText(bits);
    text += `,${texts[bits]}`;
  }
  // 2^-25 is half of the smallest half-precision number: it is rounded to zero, and so are all below it.
  if (Math.fround(largest) <= 2 ** -25) {
    throw new RagwallError('INVALID_VECTOR', 'A vector is expected not to be zero.');
  }
  return `[${text.slice(1)}]`;
}
