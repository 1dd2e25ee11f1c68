/** What answers requests, whichever way they come: what a process shares among tenants, and searching with it. */
import type { Embedder, Filter, Match, Tenant } from 'ragwall';
import type { ServerOptions } from './app.js';
import { createBudget } from './budget.js';
import { createCalls } from './calls.js';
import type { Answer } from './grounding.js';
import { createHealth } from './health.js';
import { limitsOf } from './limits.js';
import { Problem } from './problem.js';
import { reranked } from './rerank.js';
import { createTurns, untilAborted } from './turns.js';
import { createWords } from './words.js';

/** Whose request it is, and until when. */
export interface Caller {
  readonly tenant: Tenant;
  readonly signal: AbortSignal;
}

export interface Question {
  readonly query: string;
  readonly k: number;
  readonly filter?: Filter | undefined;
}

export type Core = ReturnType<typeof createCore>;

/** Returns the core of a service. @throws RagwallError `INVALID_OPTION`. */
export function createCore(
  options: Pick<
    ServerOptions,
    'embedder' | 'answerer' | 'rerank' | 'companyOf' | 'metrics' | 'tracer' | 'ragwall' | 'limits' | 'accept'
  >,
) {
  const { ragwall, embedder, answerer, rerank, companyOf, metrics, tracer, accept = [] } = options;
  const limits = limitsOf(options.limits);
  const turns = createTurns(ragwall.max, Math.ceil(ragwall.max / 2));
  const embedding = createTurns(limits.embeddings);
  const calls = createCalls(metrics?.calls, tracer);
  const words = createWords(ragwall);

  /** Returns the embedder of a request: its calls take turns, and end with the request. */
  function embedderOf({ tenant, signal }: Caller): Embedder {
    const model = { 'gen_ai.request.model': embedder.model };
    return {
      model: embedder.model,
      ...(embedder.dimensions !== undefined && { dimensions: embedder.dimensions }),
      embed: (texts) =>
        calls.run('embeddings', model, () =>
          embedding.take(tenant.tenantId, signal, () => untilAborted(signal, embedder.embed(texts, { signal }))),
        ),
    };
  }

  return {
    ...{ ragwall, limits, turns, embedding, calls, embedderOf, answerer },
    health: createHealth(ragwall, embedder, accept),
    budget: createBudget(limits, (budget) => metrics?.refusals?.inc({ budget })),

    /** Returns the options of an answer. */
    answering({ tenant, signal }: Caller) {
      const company = companyOf?.(tenant.tenantId);
      return { signal, ...(company !== undefined && { company }) };
    },

    /**
     * Returns the `k` best passages: by the question's vector, and where words are enabled by its words too; where there is a
     * reranker, those that it puts first.
     */
    search(caller: Caller, { query, k, filter }: Question): Promise<Match[]> {
      const attributes = { 'gen_ai.data_source.id': 'documents', 'gen_ai.retrieval.top_k': k };
      return calls.run('retrieval', attributes, async (add) => {
        const { tenant, signal } = caller;
        const [queryVec] = await embedderOf(caller).embed([query]);
        const options = { k: rerank ? Math.max(k, limits.k) : k, ...(filter !== undefined && { filter }) };
        const text = query.replace(/\0|\p{Surrogate}/gu, ' '); // which the database cannot take
        const found = await turns.take(tenant.tenantId, signal, () =>
          words.search((withWords) =>
            tenant.matchDocuments(queryVec ?? [], { ...options, ...(withWords && { text }) }),
          ),
        );
        const best = rerank ? await calls.run('rerank', {}, () => reranked(rerank, query, found, signal)) : found;
        const matches = best.slice(0, k);
        add({ 'ragwall.passages': matches.length });
        return matches;
      });
    },

    /** @throws Problem `NO_ANSWERS` without an answerer, and what that throws. */
    async answer(caller: Caller, query: string, passages: readonly Match[]): Promise<Answer> {
      if (!answerer) throw new Problem('NO_ANSWERS');
      const { signal } = caller;
      const asked = () => untilAborted(signal, answerer.answer(query, passages, this.answering(caller)));
      return calls.run('chat', this.chatModel, asked);
    },

    /** The attributes of a call of the language model. */
    chatModel: answerer?.model === undefined ? {} : { 'gen_ai.request.model': answerer.model },
  };
}
