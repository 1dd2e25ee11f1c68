/** Tenant-isolated retrieval and answers over HTTP: the service. */
export {
  type Answer,
  type Answerer,
  type AnswererOptions,
  type AnswerOptions,
  type Citation,
  noAnswer,
  openaiAnswerer,
} from './answer.js';
export {
  createServer,
  type LogEntry,
  type RateLimiter,
  type Server,
  type ServerOptions,
} from './app.js';
export { type Fault, Problem, type ProblemCode } from './problem.js';
export type { Limits } from './schemas.js';
export { type TokenVerifier, tokenVerifier, type VerifierOptions } from './verify.js';
