/** The lexical embedder returns one unit vector for each text, the same on every machine, near to that of a similar text. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { dimensions as usual } from '../../db/tests/engine/dimensions.js';
import type { Vector } from './embedder.js';
import { lexicalEmbedder } from './lexical.js';

function dot(a: Vector, b: Vector): number {
  return [...a].reduce((sum, x, i) => sum + x * (b[i] ?? Number.NaN), 0);
}

async function lexical(text: string, dimensions = usual): Promise<Vector> {
  return (await lexicalEmbedder({ dimensions }).embed([text]))[0] ?? [];
}

test('gives to the bit the vectors that are stored under the name lexical-v1', async () => {
  expect(lexicalEmbedder({ dimensions: 1536 })).toMatchObject({ model: 'lexical-v1@1536', dimensions: 1536 });
  const vector = await lexical('The lease of Müller & Söhne ends on 31 March; 東京 opens, and opens again.');
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [i, x] of vector.entries()) bytes.writeFloatLE(x, i * 4);
  const digest = createHash('sha256').update(bytes).digest('hex');
  expect(digest).toBe('d013c0057322152e7fc7233548ec9cff449b2b960bf2a68774126bef97b2e553');
});

test.each([1, 2, 3, 64, 1536, 4000])('gives unit vectors of %i dimensions', async (dimensions) => {
  for (const text of ['the', 'a', '東京', '4', 'Quarterly report', 'x '.repeat(999)]) {
    const vector = await lexical(text, dimensions);
    expect(vector).toHaveLength(dimensions);
    expect(dot(vector, vector)).toBeCloseTo(1, 5);
  }
});

test.each(['', ' \n', '?!… — 🙂', '\u200b'])('refuses %j, a text without words, and says which it is', async (text) => {
  const embedder = lexicalEmbedder({ dimensions: 3 });
  await expect(embedder.embed([text])).rejects.toMatchObject({
    ...{ code: 'EMBEDDING_FAILED', text: 0 },
    message: 'The text is expected to have words: letters or digits.',
  });
  await expect(embedder.embed(['a', 'b', text])).rejects.toMatchObject({
    ...{ code: 'EMBEDDING_FAILED', text: 2 },
    message: 'Text 2 is expected to have words: letters or digits.',
  });
});

test('gives the first axis where the features of a text cancel out', async () => {
  const vectors = await Promise.all(Array.from({ length: 200 }, (_, n) => lexical(`word ${n}`, 1)));
  expect(vectors.every(([only]) => Math.abs(only ?? 0) === 1)).toBe(true);
});

test('ignores case, compatibility forms, composition and punctuation', async () => {
  const vector = await lexical('Café finance 42');
  expect(await lexical('CAFE\u0301, ﬁnance: ４２!')).toEqual(vector);
  expect(await lexical('Cafe finance 42')).not.toEqual(vector);
});

test('puts similar texts nearer than unrelated ones, misspelt or inflected', async () => {
  const document = await lexical('Employees may carry over five days of unused vacation to the next year.');
  const unrelated = dot(document, await lexical('The reactor is cooled with liquid sodium.'));
  for (const query of ['How many vacation days carry over?', 'emploiees vacations', 'UNUSED DAY']) {
    expect(dot(document, await lexical(query))).toBeGreaterThan(unrelated + 0.1);
  }
});

test.each([undefined as never, 0, 1.5, 4001, Number.NaN, '8' as never])('refuses %s dimensions', (dimensions) => {
  expect(() => lexicalEmbedder({ dimensions })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});
