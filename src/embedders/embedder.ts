/** The type of an embedder: a function from texts to vectors, and the name of its model. */
import { RagwallError } from '../client/errors.js';

/** An embedding: finite numbers, not all zero, as many as the database's embeddings have dimensions. */
export type Vector = readonly number[] | Float32Array;

/**
 * Turns texts into vectors, which are stored under the name of its model.
 *
 * @example
 * const embedder: Embedder = { model: 'length', embed: async (texts) => texts.map((t) => [t.length + 1]) };
 */
export interface Embedder {
  /** 1 to 200 bytes of UTF-8. Only vectors of the same model are comparable. */
  readonly model: string;
  /** How many numbers its vectors have, 1 to 4000; absent if it does not know. */
  readonly dimensions?: number;
  /**
   * Returns one vector for each text, in the order of the texts, all of one length. `signal` is aborted when
   * the caller no longer waits for them. If it cannot embed one of the texts, such as an empty one, it rejects with
   * `new RagwallError('EMBEDDING_FAILED', message, { text })`, where `text` is the number of the text, from 0.
   */
  embed(texts: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<readonly Vector[]>;
}

/**
 * Returns the error for a text that cannot be embedded.
 *
 * @param index the number of the text, from 0, of `count` texts.
 * @param expected what was expected, as `is expected to have words`.
 */
export function refusedText(index: number, count: number, expected: string): RagwallError {
  const text = count === 1 ? 'The text' : `Text ${index}`;
  return new RagwallError('EMBEDDING_FAILED', `${text} ${expected}.`, { text: index });
}
