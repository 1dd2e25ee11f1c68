/** Embeds by OpenAI's protocol. */
import { checkIntegerOption, checkOptions, RagwallError } from '../client/errors.js';
import type { Embedder, Vector } from './embedder.js';

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

function failed(message: string): RagwallError {
  return new RagwallError('EMBEDDING_FAILED', message);
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

/** Options of {@link openaiEmbedder}. */
export interface OpenAIEmbedderOptions {
  /** Default `text-embedding-3-small`, whose vectors have 1536 dimensions. */
  readonly model?: string;
  /** 1 to 4000, for models that can shorten their vectors; by default the model's own. */
  readonly dimensions?: number;
  /** Texts in a request, 1 to 2048; default 128. OpenAI takes 300 000 tokens in a request and no empty text. */
  readonly batchSize?: number;
}

/**
 * Returns an embedder that calls OpenAI, or another service of the same protocol at the client's `baseURL`.
 * Timeouts and retries are the client's. The embedder's `model` is the name of the model, followed by the
 * dimensions if they are given, as `text-embedding-3-small@512`: one model's vectors of different lengths are
 * not comparable.
 *
 * `embed` sends nothing for no texts. It rejects with RagwallError `EMBEDDING_FAILED` if a request fails, or if
 * the answer has another number of vectors or of dimensions than expected. The message has the class of the
 * client's error and the HTTP status. There is no `cause`, because a server's message may quote the texts.
 *
 * @param client `new OpenAI()` of the package `openai`, release 4, 5 or 6.
 * @throws RagwallError `INVALID_OPTION`.
 * @see https://platform.openai.com/docs/api-reference/embeddings/create
 * @example
 * const embedder = openaiEmbedder(new OpenAI(), { dimensions: 512 });
 * const [queryVec] = await embedder.embed(['When does the lease end?']);
 */
export function openaiEmbedder(client: OpenAIEmbeddings, options: OpenAIEmbedderOptions = {}): Embedder {
  const {
    model = 'text-embedding-3-small',
    dimensions,
    batchSize = 128,
  } = checkOptions(options, ['model', 'dimensions', 'batchSize']);
  if (dimensions !== undefined) checkIntegerOption('dimensions', dimensions, 1, 4000);
  checkIntegerOption('batchSize', batchSize, 1, 2048);

  async function request(input: string[], signal?: AbortSignal): Promise<readonly Embedding[]> {
    try {
      // By default the client asks for base64, and misreads the answers of servers that send numbers anyway.
      const encoding_format = 'float' as const;
      const body = { model, input, encoding_format, ...(dimensions !== undefined && { dimensions }) };
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
