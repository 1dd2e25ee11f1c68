/** The answer to a request that failed: problem details of RFC 9457, without internals. */
import { HTTPException } from 'hono/http-exception';
import { RagwallError } from 'ragwall';

/** The code of each problem, with its HTTP status and title. */
const problems = {
  INVALID_REQUEST: [400, 'The request is not as expected'],
  UNAUTHENTICATED: [401, 'A valid token is required'],
  INSUFFICIENT_SCOPE: [403, 'The token lacks a scope'],
  FOREIGN_ORIGIN: [403, 'Requests of this origin are not served'],
  NOT_FOUND: [404, 'There is no such resource'],
  METHOD_NOT_ALLOWED: [405, 'The resource has no such method'],
  TOO_LARGE: [413, 'The body is too large'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'JSON is expected'],
  RATE_LIMITED: [429, 'Too many requests of this tenant'],
  TENANT_BUSY: [429, 'Too many requests of this tenant, or too large ones, are under way'],
  INTERNAL: [500, 'The request failed'],
  NO_ANSWERS: [501, 'No model is configured'],
  EMBEDDING_FAILED: [502, 'The embedding service failed'],
  RERANKING_FAILED: [502, 'The reranker failed'],
  MODEL_FAILED: [502, 'The language model failed'],
  UNGROUNDED_ANSWER: [502, 'The answer cited what was not retrieved, or nothing, and was discarded'],
  BUSY: [503, 'Too many requests, or too large ones, are under way'],
  UNAVAILABLE: [503, 'The service cannot answer now'],
  TIMEOUT: [504, 'The request took too long'],
} as const;

/** The stable `code` of a problem. */
export type ProblemCode = keyof typeof problems;

/** Returns the title of a problem. */
export const titleOf = (code: ProblemCode): string => problems[code][1];

/** A part of the request that is not as expected. */
export interface Fault {
  /** The place in the body, as a JSON pointer. */
  readonly pointer: string;
  /** What was expected there. */
  readonly detail: string;
}

/**
 * An error that is answered with its status, title, detail and faults. `more.headers` are added to the answer.
 * `more.cause` is the error behind it: its name and code are logged, and nothing of it is sent to the caller.
 */
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

/** Returns the body of the answer. */
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

/** What zod found to be wrong. */
type Issues = readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];

/** Returns the first 20 faults that zod found. */
export function faultsOf(issues: Issues): Fault[] {
  return issues.slice(0, 20).map(({ path, message }) => ({
    pointer: path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    detail: message,
  }));
}

/** Returns what was wrong with a request: the faults that zod found, by their place in the body. */
export const invalidRequest = (issues: Issues): Problem =>
  new Problem('INVALID_REQUEST', undefined, { errors: faultsOf(issues) });

/** Whether an error's code says that the connection to the database was lost, or could not be opened. */
const isConnectionError = (code: string) =>
  /^(08|53|57P)|^(CONNECTION_|CONNECT_|E(CONN|PIPE|TIMEDOUT|NOTFOUND|HOSTUNREACH|AI_AGAIN))/.test(code);

/**
 * Returns the problem that the caller gets for an error. Messages of other packages' errors are not used, because the
 * driver and other services quote content in them.
 */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = String((error as { code?: unknown } | null)?.code ?? '');
  // A text that cannot be embedded is the caller's.
  if (error instanceof RagwallError && (/^INVALID_(DOCUMENT|FILTER|K)$/.test(code) || error.text !== undefined)) {
    return new Problem('INVALID_REQUEST', error.message, { cause: error });
  }
  // The message names an operator and a field of the caller's filter, and nothing that is stored.
  const { name, message, hint } = Object(error) as { name?: string; message?: string; hint?: string };
  if (name === 'PostgresError' && /^RW10[578]$/.test(code)) {
    const detail = `${message}. ${hint}`;
    return new Problem('INVALID_REQUEST', undefined, { errors: [{ pointer: '/filter', detail }], cause: error });
  }
  // Vectors come from the embedder, never from the caller.
  if (/^(EMBEDDING_FAILED|INVALID_VECTOR|RW10[123])$/.test(code)) {
    return new Problem('EMBEDDING_FAILED', undefined, { cause: error });
  }
  if (error instanceof HTTPException) {
    if (error.status === 400) {
      return new Problem('INVALID_REQUEST', 'The body is expected to be JSON.', { cause: error });
    }
    if (error.status === 415) return new Problem('UNSUPPORTED_MEDIA_TYPE', undefined, { cause: error });
    if (error.status === 504) return new Problem('TIMEOUT', undefined, { cause: error });
  }
  const aborted = /^(Abort|Timeout)Error$/.test(String((error as { name?: unknown } | null)?.name));
  if (aborted || code === '57014') return new Problem('TIMEOUT', undefined, { cause: error });
  if (isConnectionError(code)) {
    return new Problem('UNAVAILABLE', undefined, { cause: error, headers: { 'retry-after': '1' } });
  }
  return new Problem('INTERNAL', undefined, { cause: error });
}
