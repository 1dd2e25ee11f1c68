/** Tenant-isolated retrieval and answers over HTTP: the service, to be run on any server that calls a fetch handler. */
export {
  type Answerer,
  type AnswererOptions,
  type AnswerOptions,
  type ChatClient,
  openaiAnswerer,
} from './answer.js';
export { createServer, type Load, type Server, type ServerOptions } from './app.js';
export type { Refusal } from './budget.js';
export type { Operation, Tracer } from './calls.js';
export { type Answer, type Citation, noAnswer } from './grounding.js';
export type { Limits } from './limits.js';
export { callDurations, type DurationHistogram, loads, type Metrics, refusals, requestDurations } from './metrics.js';
export { type Fault, Problem, type ProblemCode } from './problem.js';
export type { RateLimiter } from './rate-limit.js';
export type { LogEntry } from './request-log.js';
export type { Reranker } from './rerank.js';
export type { VerifierOptions } from './verifier-options.js';
export { type TokenVerifier, tokenVerifier } from './verify.js';
