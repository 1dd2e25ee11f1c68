/** A vector is compared as its half-precision numbers are on paper, or refused; its text keeps all of them. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fuzz, number, outcome, thing } from '../../db/tests/bad-input.js';
import { forTenant } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { vectorText } from './vector.js';

const session = useSession({ clear: true });

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

const axis = [1, ...Array<number>(1535).fill(0)];

/** The nearest number of half precision, ties to even. */
function half(x: number): number {
  const single = Math.fround(x);
  const unit = 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(single)))) - 10);
  const low = Math.floor(single / unit);
  const rest = single / unit - low;
  return (rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low) * unit || 0;
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const finite = [0, -0, 1, -1, 0.1, 65504, -65504, 65503.9, 1e-7, 2 ** -24, 2 ** -25, 1e-40];
const isVector = (value: unknown) =>
  Array.isArray(value) &&
  value.length === 1536 &&
  Array.from(value).every((x) => typeof x === 'number' && Math.abs(x) <= 65504) &&
  value.some((x) => half(x) !== 0);

const odd = fc.tuple(fc.nat(1535), fc.oneof(number, thing)).map(([at, x]) => axis.with(at, x as number));
const whole = (one: fc.Arbitrary<number>) => fc.array(one, { minLength: 1536, maxLength: 1536 });
const tiny = fc.double({ min: 0, max: 2 ** -24, noNaN: true }).map((x) => axis.map((one) => one * x));

it('refuses what is zero only after it was rounded twice', async () => {
  const twice = axis.map((x) => x * 2 ** -25 * (1 + 1e-10));
  const asked = await outcome(() => forTenant(session.app, 'vectors').matchDocuments(twice));
  expect(asked).toEqual({ code: 'INVALID_VECTOR' });
});

it('compares what half precision keeps of a vector, or is refused', async () => {
  const question = axis.map((_, i) => Math.sin(i));
  const angle = (vector: readonly number[]) => {
    const [a, b] = [vector.map(half), question.map(half)];
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };
  const vectors = forTenant(session.app, 'vectors');
  const document = (embedding: readonly number[] | Float32Array) => ({
    ...{ source: 's', position: 0, content: 'c', embeddingModel: 'm', embedding },
  });
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        odd,
        whole(fc.constantFrom(...finite)),
        whole(fc.double({ min: -1, max: 1 })),
        tiny,
        thing.filter(Boolean),
      ),
      async (vector) => {
        const embedding = vector as number[];
        const { is, code } = await outcome(() => vectors.upsertDocuments([document(embedding)]));
        expect(is ? 'stored' : code).toBe(isVector(vector) ? 'stored' : 'INVALID_VECTOR');
        const asked = await outcome(() => vectors.matchDocuments(embedding));
        expect(asked.code).toBe(code);
        if (!is) return;
        kept += 1;
        const [nearest] = await vectors.matchDocuments(question);
        expect(nearest?.similarity).toBeCloseTo(angle(embedding), 4);
        const same = await vectors.upsertDocuments([document(Float32Array.from(embedding))]);
        expect(same).toEqual({ inserted: 0, updated: 0, unchanged: 1 });
      },
    ),
    fuzz(200),
  );
  expect(kept).toBeGreaterThan(30);
});
