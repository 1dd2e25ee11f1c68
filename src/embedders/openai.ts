/** Embeds by OpenAI's protocol. */
import { checkIntegerOption, checkOptions, RagwallError } from '../client/errors.js';
import { type Embedder, refusedText, type Vector } from './embedder.js';
import { divide, failed, inParallel, inRequests, isTooLarge, requestFailed } from './requests.js';

/** The vector of one text in a server's answer. */
interface Embedding {
  /** The number of the text in the request, from 0. */
  readonly index: number;
  readonly embedding: number[];
}

/** The part of an OpenAI client that {@link openaiEmbedder} uses. */
export interface OpenAIEmbeddings {
  readonly embeddings: {
    create(
      body: {
        readonly model: string;
        input: string[];
        readonly encoding_format: 'float';
        readonly dimensions?: number;
      },
      options?: { readonly signal: AbortSignal },
    ): PromiseLike<{ readonly data: readonly Embedding[] }>;
  };
}

/** Returns the vectors of an answer in the order of the texts. */
function inOrder(data: readonly Embedding[], count: number, dimensions?: number): Vector[] {
  const answered = Array.isArray(data) ? data.length : 0;
  if (answered !== count) {
    throw failed(`The server is expected to return ${count} vectors, and returned ${answered}.`);
  }
  const byIndex = new Map(data.map((item) => [item?.index, item?.embedding]));
  return Array.from({ length: count }, (_, index) => {
    const vector = byIndex.get(index);
    if (!Array.isArray(vector)) throw failed(`The vectors are expected to be numbered from 0 to ${count - 1}.`);
    if (dimensions !== undefined && vector.length !== dimensions) {
      throw failed(`A vector is expected to have ${dimensions} dimensions, and has ${vector.length}.`);
    }
    return vector;
  });
}

/** Options of {@link openaiEmbedder}. The defaults are OpenAI's limits; other servers have others. */
export interface OpenAIEmbedderOptions {
  /** Default `text-embedding-3-small`. */
  readonly model?: string;
  /** 1 to 4000, for models that can shorten their vectors; by default the model's own. */
  readonly dimensions?: number;
  /** Texts in a request, 1 to 2048; default 128. */
  readonly batchSize?: number;
  /** Tokens in a request, 1 to 2³¹−1; default 300,000. */
  readonly maxTokens?: number;
  /** Tokens in a text, 1 to 2³¹−1; default 8192. */
  readonly maxInputTokens?: number;
  /**
   * Returns how many tokens a text has, as the model counts them. Without it requests are made as if a text had a token for
   * every two bytes of UTF-8, and texts with more than eight bytes for each of `maxInputTokens` are refused.
   */
  readonly countTokens?: (text: string) => number;
  /** Requests at the same time, 1 to 64; default 1. */
  readonly concurrency?: number;
}

// biome-ignore format: a list
const optionNames = ['model', 'dimensions', 'batchSize', 'maxTokens', 'maxInputTokens', 'countTokens', 'concurrency'];

/**
 * Returns an embedder that calls OpenAI, or another service of the same protocol at the client's `baseURL`.
 * Timeouts and retries are the client's. The embedder's `model` is the name of the model, followed by the
 * dimensions if they are given, as `text-embedding-3-small@512`: one model's vectors of different lengths are
 * not comparable.
 *
 * `embed` sends nothing for no texts. A request has at most `batchSize` texts and `maxTokens` tokens. If the service refuses
 * it as too large, it is divided and tried again once.
 *
 * `embed` rejects with RagwallError `EMBEDDING_FAILED`:
 * - if a text is blank or too long, with the text's number as `text`; before anything is sent if this can be known then.
 * - if a request fails, with the HTTP status and the service's code and type of the error as `provider`.
 * - if the answer has another number of vectors or of dimensions than expected.
 *
 * The error has neither the service's message nor a `cause`, because they may quote the texts.
 *
 * @param client `new OpenAI()` of the package `openai`, release 4, 5 or 6.
 * @throws RagwallError `INVALID_OPTION`.
 * @see https://platform.openai.com/docs/api-reference/embeddings/create
 * @example
 * const embedder = openaiEmbedder(new OpenAI(), { dimensions: 512 });
 * const [queryVec] = await embedder.embed(['When does the lease end?']);
 */
export function openaiEmbedder(client: OpenAIEmbeddings, options: OpenAIEmbedderOptions = {}): Embedder {
  const { model = 'text-embedding-3-small', dimensions, batchSize = 128 } = checkOptions(options, optionNames);
  const { maxTokens = 300_000, maxInputTokens = 8_192, countTokens, concurrency = 1 } = options;
  if (dimensions !== undefined) checkIntegerOption('dimensions', dimensions, 1, 4000);
  checkIntegerOption('batchSize', batchSize, 1, 2048);
  checkIntegerOption('maxTokens', maxTokens, 1, 2 ** 31 - 1);
  checkIntegerOption('maxInputTokens', maxInputTokens, 1, 2 ** 31 - 1);
  checkIntegerOption('concurrency', concurrency, 1, 64);
  if (countTokens !== undefined && typeof countTokens !== 'function') {
    throw new RagwallError('INVALID_OPTION', 'countTokens is expected to be a function from a text to a number.');
  }
  const tooLong = (index: number, count: number) =>
    refusedText(index, count, `is expected to have at most ${maxInputTokens} tokens`);

  /** Returns how many tokens each text has at most. */
  function counted(texts: readonly string[]): number[] {
    return texts.map((text, index) => {
      if (text.trim() === '') throw refusedText(index, texts.length, 'is expected not to be blank');
      const bytes = Buffer.byteLength(text);
      const tokens = countTokens ? countTokens(text) : Math.ceil(bytes / 2);
      if (!(countTokens ? tokens <= maxInputTokens : bytes <= 8 * maxInputTokens)) throw tooLong(index, texts.length);
      return tokens;
    });
  }

  async function send(input: string[], signal?: AbortSignal): Promise<Vector[]> {
    // By default the client asks for base64, and misreads the answers of servers that send numbers anyway.
    const encoding_format = 'float' as const;
    const body = { model, input, encoding_format, ...(dimensions !== undefined && { dimensions }) };
    const { data } = Object(await client.embeddings.create(body, signal && { signal }));
    return inOrder(data, input.length, dimensions);
  }

  return Object.freeze<Embedder>({
    model: dimensions === undefined ? model : `${model}@${dimensions}`,
    ...(dimensions !== undefined && { dimensions }),
    async embed(texts, { signal } = {}) {
      const tokens = counted(texts);
      const vectors = new Array<Vector>(texts.length);
      async function request(numbers: readonly number[], divided = false): Promise<void> {
        try {
          const answered = await send(
            numbers.map((index) => texts[index] as string),
            signal,
          );
          for (const [i, index] of numbers.entries()) vectors[index] = answered[i] as Vector;
        } catch (error) {
          if (error instanceof RagwallError) throw error;
          const [index = 0] = numbers;
          if (!isTooLarge(error)) throw requestFailed(error);
          if (numbers.length === 1) throw tooLong(index, texts.length);
          if (divided) throw requestFailed(error);
          for (const part of divide(numbers, tokens, maxInputTokens)) await request(part, true);
        }
      }
      await inParallel(inRequests(tokens, batchSize, maxTokens), concurrency, request);
      return vectors;
    },
  });
}
