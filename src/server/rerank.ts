/** Puts found passages into another order, by a function of the service's owner, which can drop passages and add none. */
import { type Match, RagwallError } from 'ragwall';
import { Problem } from './problem.js';
import { untilAborted } from './turns.js';

/**
 * Returns the numbers of the passages to keep, from 0, best first. `passages` are copies of what was found, best first.
 * `signal` is aborted when the request's time is up.
 *
 * @example
 * // A model that scores each text by itself.
 * const rerank: Reranker = async (query, passages, signal) => {
 *   const scores = await score(query, passages.map(({ content }) => content), signal);
 *   return [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!);
 * };
 */
export type Reranker = (
  query: string,
  passages: readonly Match[],
  signal: AbortSignal,
) => readonly number[] | Promise<readonly number[]>;

/** Returns the problem for a failure of the reranker. The error's own message is not used, because it may quote a passage. */
function rerankingFailure(cause: unknown, signal: AbortSignal): Problem {
  if (cause instanceof Problem) return cause;
  const { name } = Object(cause) as { name?: unknown };
  return new Problem(signal.aborted || name === 'TimeoutError' ? 'TIMEOUT' : 'RERANKING_FAILED', undefined, { cause });
}

/**
 * Returns the passages that `rerank` keeps, in its order.
 * @throws Problem `RERANKING_FAILED` if it fails, or returns anything but numbers of passages, each once; `TIMEOUT`.
 */
export async function reranked(
  rerank: Reranker,
  query: string,
  passages: readonly Match[],
  signal: AbortSignal,
): Promise<readonly Match[]> {
  if (passages.length === 0) return passages;
  try {
    const asked = Promise.resolve().then(() => rerank(query, structuredClone(passages), signal));
    const order: unknown = await untilAborted(signal, asked);
    const isOrder =
      Array.isArray(order) &&
      new Set(order).size === order.length &&
      Array.from(order).every((n) => Number.isInteger(n) && Object.hasOwn(passages, n));
    if (!isOrder) {
      throw new RagwallError('INVALID_OPTION', 'rerank is expected to return numbers of passages, from 0, each once.');
    }
    return order.map((n) => passages[n] as Match);
  } catch (error) {
    throw rerankingFailure(error, signal);
  }
}
