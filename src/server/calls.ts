/** Times and traces what a request has others do: the embedder, the model, the reranker and the database. Content is never recorded. */
import type { Metrics } from './metrics.js';

/** What is done, as the conventions of OpenTelemetry for generative AI name it. */
export type Operation = 'embeddings' | 'retrieval' | 'rerank' | 'chat';

type Attributes = Readonly<Record<string, string | number>>;

interface Span {
  setAttributes(attributes: Record<string, string | number>): unknown;
  setStatus(status: { code: number }): unknown;
  end(): void;
}

interface SpanOptions {
  kind: number;
  attributes: Record<string, string | number>;
}

/** The part of a tracer of `@opentelemetry/api` that is used: `trace.getTracer('ragwall-server')` is one. */
export interface Tracer {
  startSpan(name: string, options: SpanOptions): Span;
  startActiveSpan<T>(name: string, options: SpanOptions, act: (span: Span) => T): T;
}

/** See {@link createCalls}. */
export interface Calls {
  /** Runs `act`, which may add attributes to the span. */
  run<T>(
    operation: Operation,
    attributes: Attributes,
    act: (add: (attributes: Attributes) => void) => Promise<T>,
  ): Promise<T>;
  /** Passes on what is generated, until its end. */
  stream<T, R>(operation: Operation, attributes: Attributes, pieces: AsyncGenerator<T, R>): AsyncGenerator<T, R>;
}

/** Numbers of `SpanKind` and `SpanStatusCode` of `@opentelemetry/api`. */
const [internal, client, failed] = [0, 2, 2];

/** Returns what times calls by `metrics` and traces them by `tracer`, where these are given. */
export function createCalls(metrics?: Metrics['calls'], tracer?: Tracer): Calls {
  function describe(operation: Operation, attributes: Attributes): [name: string, options: SpanOptions] {
    const model = attributes['gen_ai.request.model'];
    return [
      model === undefined ? operation : `${operation} ${model}`,
      {
        kind: operation === 'retrieval' || operation === 'rerank' ? internal : client,
        attributes: { 'gen_ai.operation.name': operation, ...attributes },
      },
    ];
  }

  /** Returns a function that is to be called once, with the error if there was one. */
  function begin(operation: Operation, span?: Span): (error?: unknown) => void {
    const began = performance.now();
    return (...errors) => {
      const outcome = errors.length > 0 ? 'failed' : 'done';
      metrics?.observe({ call: operation, outcome }, (performance.now() - began) / 1_000);
      if (errors.length > 0) {
        const { code, name } = Object(errors[0]) as { code?: unknown; name?: unknown };
        span?.setAttributes({ 'error.type': String(code ?? name ?? typeof errors[0]) });
        span?.setStatus({ code: failed });
      }
      span?.end();
    };
  }

  return {
    run(operation, attributes, act) {
      const run = async (span?: Span) => {
        const end = begin(operation, span);
        try {
          const result = await act((more) => span?.setAttributes({ ...more }));
          end();
          return result;
        } catch (error) {
          end(error);
          throw error;
        }
      };
      return tracer ? tracer.startActiveSpan(...describe(operation, attributes), run) : run();
    },
    async *stream(operation, attributes, pieces) {
      const end = begin(operation, tracer?.startSpan(...describe(operation, attributes)));
      let ended = false;
      try {
        return yield* pieces;
      } catch (error) {
        ended = true;
        end(error);
        throw error;
      } finally {
        if (!ended) end();
      }
    },
  };
}
