/** Turns texts into vectors: by an OpenAI-compatible server, or locally by their spelling alone. */
import type OpenAI from 'openai';
import { checkOptions, checkWhole, RagwallError } from '../client/errors.js';

/** An embedding: finite numbers, not all zero, as many as the database's embeddings have dimensions. */
export type Vector = readonly number[] | Float32Array;

/**
 * One function, and the name under which its vectors are stored.
 *
 * @example
 * const embedder: Embedder = { model: 'length', embed: async (texts) => texts.map((t) => [t.length + 1]) };
 */
export interface Embedder {
  /** The name, 1 to 200 bytes of UTF-8; vectors are comparable only if they have the same. */
  readonly model: string;
  /** Returns one vector for each text, in the order of the texts, all of one length. `signal` says that nobody waits any more. */
  embed(
    texts: readonly string[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly Vector[]>;
}

function failed(message: string): RagwallError {
  return new RagwallError('EMBEDDING_FAILED', message);
}

/** Returns the vectors of an answer in the order of the texts. */
function inOrder(data: readonly OpenAI.Embedding[], count: number, dimensions?: number): Vector[] {
  const answered = Array.isArray(data) ? data.length : 0;
  if (answered !== count) {
    throw failed(`The server is expected to return ${count} vectors, and returned ${answered}.`);
  }
  const byIndex = new Map(data.map((one) => [one?.index, one?.embedding]));
  return Array.from({ length: count }, (_, index) => {
    const vector = byIndex.get(index);
    if (!Array.isArray(vector))
      throw failed(`The vectors are expected to be numbered from 0 to ${count - 1}.`);
    if (dimensions !== undefined && vector.length !== dimensions) {
      throw failed(`A vector is expected to have ${dimensions} dimensions, and has ${vector.length}.`);
    }
    return vector;
  });
}

/**
 * Returns an embedder that asks OpenAI, or whatever speaks its protocol at the `baseURL` of the client.
 * Timeouts and retries are the client's. Its `model` is the model, and the dimensions if they are given, as
 * `text-embedding-3-small@512`, because one model's vectors of different lengths are not comparable.
 *
 * `embed` sends nothing for no texts, and rejects with RagwallError `EMBEDDING_FAILED` if a request fails or
 * is answered with another number of vectors or of dimensions. The message has the client's error class and
 * the HTTP status, and there is no `cause`, because a server's answer may quote the texts.
 *
 * @param options `model`, default `text-embedding-3-small`, which has 1536 dimensions. `dimensions`, 1 to
 *   4000, for models that can shorten their vectors; by default the model's own. `batchSize`, texts in a
 *   request, 1 to 2048, default 128; OpenAI takes 300 000 tokens in a request and no empty text.
 * @throws RagwallError `INVALID_OPTION`.
 * @example
 * const embedder = openaiEmbedder(new OpenAI(), { dimensions: 512 });
 * const [queryVec] = await embedder.embed(['When does the lease end?']);
 */
export function openaiEmbedder(
  client: OpenAI,
  options: { readonly model?: string; readonly dimensions?: number; readonly batchSize?: number } = {},
): Embedder {
  const { model = 'text-embedding-3-small', dimensions, batchSize = 128 } = checkOptions(options);
  if (dimensions !== undefined) checkWhole('dimensions', dimensions, 1, 4000);
  checkWhole('batchSize', batchSize, 1, 2048);

  async function request(input: string[], signal?: AbortSignal): Promise<OpenAI.Embedding[]> {
    try {
      // Asked for base64, its default, the client misreads servers that answer numbers all the same.
      const encoding_format = 'float' as const;
      const shortened = dimensions === undefined ? {} : { dimensions };
      const body = { model, input, encoding_format, ...shortened } as const;
      return (await client.embeddings.create(body, signal && { signal })).data;
    } catch (error) {
      const kind = error instanceof Error ? error.constructor.name : typeof error;
      const { status } = Object(error);
      const answer = typeof status === 'number' ? `HTTP ${status}` : 'no answer';
      throw failed(`The request for embeddings failed: ${kind}, ${answer}.`);
    }
  }

  return Object.freeze<Embedder>({
    model: dimensions === undefined ? model : `${model}@${dimensions}`,
    async embed(texts, { signal } = {}) {
      const vectors: Vector[] = [];
      for (let start = 0; start < texts.length; start += batchSize) {
        const batch = texts.slice(start, start + batchSize);
        vectors.push(...inOrder(await request(batch, signal), batch.length, dimensions));
      }
      return vectors;
    },
  });
}

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

/** Whatever changes a result here must change the name `lexical-v1`: vectors are stored under it. */
function lexicalVector(text: string, dimensions: number): Float32Array {
  const counts = new Map<number, number>();
  const folded = text.normalize('NFKC').toLowerCase();
  for (const word of folded.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []) {
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
 * Returns an embedder for demos and tests that needs neither network nor model. It is lexical: texts are
 * near if they share words and parts of words, and it understands nothing of their meaning. Equal texts
 * give equal vectors, on every machine. Its `model` is algorithm and dimensions, as `lexical-v1@1536`.
 *
 * The features are the words, in NFKC and lower case, and every four successive characters of a word and
 * the spaces around it; frequent English words count a sixteenth. A feature's hash gives slot and sign. The
 * result is a Float32Array of norm 1. A text without features (empty, punctuation only), or whose features
 * cancel out, gives the first axis, `[1, 0, 0, …]`: the zero vector has no direction.
 *
 * @param options `dimensions`, 1 to 4000, default 1536; with fewer, more features share a slot.
 * @throws RagwallError `INVALID_OPTION`.
 * @example
 * const embedder = lexicalEmbedder();
 * const [queryVec] = await embedder.embed(['When does the lease end?']);
 */
export function lexicalEmbedder(options: { readonly dimensions?: number } = {}): Embedder {
  const { dimensions = 1536 } = checkOptions(options);
  checkWhole('dimensions', dimensions, 1, 4000);
  return Object.freeze<Embedder>({
    model: `lexical-v1@${dimensions}`,
    embed: async (texts) => texts.map((text) => lexicalVector(text, dimensions)),
  });
}
