/** What the service answers when it does not do what was asked: problem details, RFC 9457, without internals. */
import { HTTPException } from 'hono/http-exception';
import { RagwallError } from '../client/errors.js';

/** The stable reasons of a problem, each with its HTTP status and title. */
const problems = {
  INVALID_REQUEST: [400, 'The request is not as expected'],
  UNAUTHENTICATED: [401, 'A valid token is required'],
  NOT_FOUND: [404, 'There is no such resource'],
  TOO_LARGE: [413, 'The body is too large'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'JSON is expected'],
  RATE_LIMITED: [429, 'Too many requests of this tenant'],
  INTERNAL: [500, 'The request failed'],
  NO_ANSWERS: [501, 'No model is configured'],
  EMBEDDING_FAILED: [502, 'The embedding service failed'],
  MODEL_FAILED: [502, 'The language model failed'],
  UNGROUNDED_ANSWER: [502, 'The answer cited what was not retrieved, or nothing, and was discarded'],
  UNAVAILABLE: [503, 'The service cannot answer now'],
  TIMEOUT: [504, 'The request took too long'],
} as const;

/** The stable reason of a problem: its `code`. */
export type ProblemCode = keyof typeof problems;

/** A place in the request that is wrong, as a JSON pointer, and what was expected there. */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

/** An error that becomes an answer as it is. `cause` is for the log, and only its name and code get there. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: (typeof problems)[ProblemCode][0];

  constructor(
    readonly code: ProblemCode,
    readonly detail?: string,
    readonly more: {
      readonly errors?: readonly Fault[];
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(detail ?? problems[code][1], { cause: more.cause });
    this.status = problems[code][0];
  }
}

/** The members of a problem, as JSON. */
export function problemBody({ code, status, detail, more }: Problem, requestId: string) {
  return {
    type: 'about:blank',
    title: problems[code][1],
    status,
    ...(detail !== undefined && { detail }),
    code,
    requestId,
    ...(more.errors && { errors: more.errors }),
  };
}

/** Whether the connection to the database was lost, or could not be had. */
const isLost = (code: string) =>
  /^(08|53|57P)|^(CONNECTION_|CONNECT_|E(CONN|PIPE|TIMEDOUT|NOTFOUND|HOSTUNREACH|AI_AGAIN))/.test(code);

/** Returns what an error means to the caller. Messages of the driver and of other services quote content: none gets out. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  if (error instanceof RagwallError && /^INVALID_(DOCUMENT|FILTER|K)$/.test(code)) {
    return new Problem('INVALID_REQUEST', error.message, { cause: error });
  }
  if (/^RW20[34]$/.test(code)) {
    return new Problem(
      'INVALID_REQUEST',
      'No document is expected twice, nor by an id that a source has.',
      {
        cause: error,
      },
    );
  }
  // A vector that is none is the embedder's.
  if (/^(EMBEDDING_FAILED|INVALID_VECTOR)$/.test(code)) {
    return new Problem('EMBEDDING_FAILED', undefined, { cause: error });
  }
  if (error instanceof HTTPException) {
    if (error.status === 400)
      return new Problem('INVALID_REQUEST', 'The body is no JSON.', { cause: error });
    if (error.status === 415) return new Problem('UNSUPPORTED_MEDIA_TYPE', undefined, { cause: error });
    if (error.status === 504) return new Problem('TIMEOUT', undefined, { cause: error });
  }
  const aborted = /^(Abort|Timeout)Error$/.test(String((error as { name?: unknown } | null)?.name));
  if (aborted || code === '57014') return new Problem('TIMEOUT', undefined, { cause: error });
  if (isLost(code)) {
    return new Problem('UNAVAILABLE', undefined, { cause: error, headers: { 'retry-after': '1' } });
  }
  return new Problem('INTERNAL', undefined, { cause: error });
}
