/** The text in which a vector travels loses nothing that the database would keep. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openSession, type Session } from '../../db/tests/engine/session.js';
import { vectorText } from './vector.js';

let session: Session;
beforeAll(async () => {
  session = await openSession(inject('engine'));
});
afterAll(() => session.end());

/** Whether the database reads both texts as the same numbers. */
async function same(short: string, long: string): Promise<boolean> {
  const [row] = await session.app<{ same: boolean }[]>`
    select ${short}::public.halfvec operator(public.=) ${long}::public.halfvec as same`;
  return row?.same === true;
}

/** Positive numbers of every magnitude that half precision has, and of those that it rounds to zero. */
function* magnitudes(): Generator<number> {
  let state = 1;
  for (let exponent = -27; exponent < 16; exponent += 1) {
    for (let n = 0; n < 90; n += 1) {
      state = (state * 48271) % 2147483647;
      yield Math.min(65504, 2 ** exponent * (1 + state / 2147483647));
    }
    // Exactly between two neighbours, where ties go to even.
    for (let n = 0; n < 3; n += 1) yield 2 ** exponent * (1 + (2 * n + 1) / 2048);
  }
}

it('is read as the same half-precision numbers as the numbers written out', async () => {
  const numbers = [...magnitudes()].flatMap((x) => [x, -x]);
  for (let at = 0; at < numbers.length; at += 4000) {
    const part = [1, ...numbers.slice(at, at + 3999)];
    expect(await same(vectorText(part), `[${part.join(',')}]`)).toBe(true);
  }
});

it('is less than half as long as the numbers written out', () => {
  const vector = Float32Array.from({ length: 1536 }, (_, i) => Math.sin(i) / 28);
  expect(vectorText(vector).length).toBeLessThan(vector.join(',').length / 2);
});
