/** How texts are divided into requests to an embedding service, and what an error of its client tells. */
import { type ProviderAnswer, RagwallError } from '../client/errors.js';

export function failed(message: string, provider?: ProviderAnswer): RagwallError {
  return new RagwallError('EMBEDDING_FAILED', message, { provider });
}

/** Returns the numbers of the texts, from 0, that each request has: at most `batchSize`, and at most `maxTokens` tokens. */
export function inRequests(tokens: readonly number[], batchSize: number, maxTokens: number): number[][] {
  const requests: number[][] = [];
  let request: number[] = [];
  let sum = 0;
  for (const [index, count] of tokens.entries()) {
    if (index === 0 || request.length === batchSize || sum + count > maxTokens) {
      request = [];
      requests.push(request);
      sum = 0;
    }
    request.push(index);
    sum += count;
  }
  return requests;
}

/**
 * Divides a request that was refused as too large. Each text that may be too long by itself gets a request of its own, so
 * that it can be named. The others are halved: no text has more than a token for each byte, and they were counted at two
 * bytes a token.
 */
export function divide(numbers: readonly number[], tokens: readonly number[], maxInputTokens: number): number[][] {
  const mayBeTooLong = (index: number) => (tokens[index] as number) > maxInputTokens;
  const others = numbers.filter((index) => !mayBeTooLong(index));
  const half = Math.ceil(others.length / 2);
  return [
    ...numbers.filter(mayBeTooLong).map((index) => [index]),
    ...[others.slice(0, half), others.slice(half)].filter((part) => part.length > 0),
  ];
}

/** Runs the function for each item, at most `concurrency` at the same time. After a failure it begins no further item. */
export async function inParallel<T>(items: readonly T[], concurrency: number, run: (item: T) => Promise<void>) {
  const rest = items.values();
  let isFailed = false;
  await Promise.all(
    Array.from({ length: Math.min(concurrency, items.length) }, async () => {
      for (const item of rest) {
        if (isFailed) return;
        await run(item).catch((error) => {
          isFailed = true;
          throw error;
        });
      }
    }),
  );
}

/** Whether a service refused a request as too large: too many tokens, or too long a text. OpenAI has no code for the latter. */
export function isTooLarge(error: unknown): boolean {
  const { status, code, type, message } = Object(error);
  return (
    status === 413 ||
    (status === 400 &&
      /max_tokens_per_request|context_length|(context|input) length|too (long|large)|tokens/i.test(
        [code, type, message].filter((part) => typeof part === 'string').join(' '),
      ))
  );
}

const isWord = (value: unknown): value is string => typeof value === 'string' && /^\w{1,64}$/.test(value);

/** Returns what is told of the client's error: its class, the HTTP status, and the service's code and type of the error. */
export function requestFailed(error: unknown): RagwallError {
  const kind = error instanceof Error ? error.constructor.name : typeof error;
  const { status, code, type } = Object(error);
  const provider: ProviderAnswer = {
    ...(typeof status === 'number' && { status }),
    ...(isWord(code) && { code }),
    ...(isWord(type) && { type }),
  };
  const told = [
    provider.status === undefined ? 'no answer' : `HTTP ${provider.status}`,
    ...(provider.code === undefined ? [] : [`code ${provider.code}`]),
    ...(provider.type === undefined ? [] : [`type ${provider.type}`]),
  ];
  return failed(`The request for embeddings failed: ${kind}, ${told.join(', ')}.`, provider);
}
