/** The type of an embedder: a function from texts to vectors, and the name of its model. */

/** An embedding: finite numbers, not all zero, as many as the database's embeddings have dimensions. */
export type Vector = readonly number[] | Float32Array;

/** The default number of dimensions of an embedding: that of `text-embedding-3-small`. */
export const defaultDimensions = 1536;

/**
 * Turns texts into vectors, which are stored under the name of its model.
 *
 * @example
 * const embedder: Embedder = { model: 'length', embed: async (texts) => texts.map((t) => [t.length + 1]) };
 */
export interface Embedder {
  /** 1 to 200 bytes of UTF-8. Only vectors of the same model are comparable. */
  readonly model: string;
  /** How many numbers its vectors have, if it knows. */
  readonly dimensions?: number;
  /**
   * Returns one vector for each text, in the order of the texts, all of one length. `signal` is aborted when
   * the caller no longer waits for them.
   */
  embed(texts: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<readonly Vector[]>;
}
