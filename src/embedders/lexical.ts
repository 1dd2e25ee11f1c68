/** An embedder of spelling alone, for demos and tests: no network, no model. */
import { checkIntegerOption, checkOptions } from '../client/errors.js';
import { type Embedder, refusedText } from './embedder.js';

const stopWords = new Set(
  `a an and are as at be by did do does for from had has have how in is it many of on or that the this to
  was were what when where which who why with`.split(/\s+/),
);

/** Returns 32-bit FNV-1a of the UTF-16 units from `start` to `end`, its bits mixed as murmur3 does last. */
function hash(text: string, start: number, end: number): number {
  let h = 0x811c9dc5;
  for (let i = start; i < end; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const wordsOf = (text: string): readonly string[] =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

/** Vectors are stored under the name `lexical-v1`. A change that alters any result needs another name. */
function lexicalVector(words: readonly string[], dimensions: number): Float32Array {
  const counts = new Map<number, number>();
  for (const word of words) {
    const weight = stopWords.has(word) ? 1 / 16 : 1;
    const padded = ` ${word} `;
    for (const size of new Set([4, padded.length])) {
      for (let end = size; end <= padded.length; end++) {
        const feature = hash(padded, end - size, end);
        counts.set(feature, (counts.get(feature) ?? 0) + weight);
      }
    }
  }
  const sums = new Float64Array(dimensions);
  // Square roots, of counts and of sums, keep what is repeated from outweighing what is rare; unlike
  // logarithms they are exactly the same on every machine.
  for (const [feature, count] of counts) {
    const slot = feature % dimensions;
    sums[slot] = (sums[slot] ?? 0) + (feature >>> 31 ? -1 : 1) * Math.sqrt(count);
  }
  const squared = sums.reduce((total, sum) => total + Math.abs(sum), 0);
  if (squared === 0) return new Float32Array(dimensions).fill(1, 0, 1);
  return new Float32Array(sums.map((sum) => Math.sign(sum) * Math.sqrt(Math.abs(sum) / squared)));
}

/**
 * Returns an embedder for demos and tests that needs neither network nor model. It compares spellings: texts
 * are near if they share words or parts of words, whatever they mean. Equal texts give equal
 * vectors, on every machine. Its `model` is algorithm and dimensions, as `lexical-v1@1024`.
 *
 * The features of a text are its words, in NFKC and lower case, and every four successive characters of a word
 * and the spaces around it. Frequent English words have a sixteenth of the weight of others. A feature's hash
 * gives its slot in the vector, and its sign. The result is a Float32Array of norm 1. If the features cancel out, which
 * takes very few dimensions, it is the first axis, `[1, 0, 0, …]`, because the zero vector has no direction.
 *
 * `embed` rejects with RagwallError `EMBEDDING_FAILED` if a text has no letter and no digit: there is nothing to compare.
 *
 * @param options `dimensions`, 1 to 4000: those of the database; with fewer, more features share a slot.
 * @throws RagwallError `INVALID_OPTION`.
 * @example
 * const embedder = lexicalEmbedder({ dimensions: 1024 });
 * const [queryVec] = await embedder.embed(['When does the lease end?']);
 */
export function lexicalEmbedder(options: { readonly dimensions: number }): Embedder {
  const { dimensions } = checkOptions(options, ['dimensions']);
  checkIntegerOption('dimensions', dimensions, 1, 4000);
  return Object.freeze<Embedder>({
    model: `lexical-v1@${dimensions}`,
    dimensions,
    embed: async (texts) =>
      texts.map((text, index) => {
        const words = wordsOf(text);
        if (words.length === 0) throw refusedText(index, texts.length, 'is expected to have words: letters or digits');
        return lexicalVector(words, dimensions);
      }),
  });
}
