/** The responses that routes have in common, as the description shows them. */
import { z } from '@hono/zod-openapi';
import { problemExample } from './examples.js';
import { type ProblemCode, titleOf } from './problem.js';

const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.string().openapi({ description: 'Stable: a program can decide by it.' }),
    requestId: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .openapi('Problem', { description: 'Problem details, RFC 9457.' });

/** A body of JSON. */
export const json = <T extends z.ZodType>(schema: T, example: unknown) => ({ 'application/json': { schema, example } });
/** A problem, with the code that is the example. */
export const refused = (status: number, code: ProblemCode, description: string) => ({
  content: {
    'application/problem+json': { schema: problem, example: problemExample(status, titleOf(code), code) },
  },
  description,
});
/** The further responses of a route that has a body. */
export const body = {
  413: refused(413, 'TOO_LARGE', 'The body is too large.'),
  415: refused(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body is not sent as JSON.'),
};
/** The further responses of a route that embeds. */
export const embedding = { 502: refused(502, 'EMBEDDING_FAILED', 'The embedding service failed.') };
/** When to try again, in seconds. */
const retryAfter = { 'retry-after': { schema: { type: 'integer' as const, minimum: 1 } } };
/** The responses of a route: what all routes have, and `more`. */
export const responsesOf = <Content extends object, More extends object>(
  content: Content,
  description: string,
  more: More,
) => ({
  200: { content, description },
  400: refused(400, 'INVALID_REQUEST', 'The request is not as expected.'),
  401: refused(401, 'UNAUTHENTICATED', 'No token, or one that is not valid, or one that names no tenant.'),
  429: {
    ...refused(
      429,
      'RATE_LIMITED',
      'The tenant has made too many requests, or has too many or too large ones under way.',
    ),
    headers: retryAfter,
  },
  500: refused(500, 'INTERNAL', 'The request failed.'),
  503: {
    ...refused(
      503,
      'UNAVAILABLE',
      'The service has too much under way, or the database or the issuer of tokens does not answer.',
    ),
    headers: retryAfter,
  },
  504: refused(504, 'TIMEOUT', 'The request took too long.'),
  ...more,
});
