/** What the service takes and returns, once: for checking requests and for its OpenAPI description. */
import { createRoute, z } from '@hono/zod-openapi';
import type { JsonObject } from '../client/input.js';

/** What a request may be at most. */
export interface Limits {
  /** Bytes of a body, default 4 MiB. */
  readonly bodyBytes: number;
  /** Documents of an upsert, default 100. */
  readonly batch: number;
  /** UTF-16 units of a document's content, default 32,000. */
  readonly contentLength: number;
  /** UTF-16 units of metadata, or of a filter, as JSON; default 16,000. */
  readonly metadataLength: number;
  /** UTF-16 units of a question, default 4,000. */
  readonly questionLength: number;
  /** Documents of a query, and passages of an answer, default 50; the database's own limit is 1000. */
  readonly k: number;
  /** Seconds until a request is given up, default 30. */
  readonly seconds: number;
}

export const defaultLimits: Limits = {
  bodyBytes: 4 * 1024 ** 2,
  batch: 100,
  contentLength: 32_000,
  metadataLength: 16_000,
  questionLength: 4_000,
  k: 50,
  seconds: 30,
};

const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.string().openapi({ description: 'Stable; what a program decides by.' }),
    requestId: z.string(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  })
  .openapi('Problem', { description: 'Problem details, RFC 9457.' });

const json = <T extends z.ZodType>(schema: T) => ({ 'application/json': { schema } });
const refused = (description: string) => ({
  content: { 'application/problem+json': { schema: problem } },
  description,
});
const body = {
  413: refused('The body is too large.'),
  415: refused('The body is not sent as JSON.'),
};
const embedding = { 502: refused('The embedding service failed.') };
/** What may come of every request, and of this one. */
const answered = <T extends z.ZodType, More extends object>(
  schema: T,
  description: string,
  more: More,
) => ({
  200: { content: json(schema), description },
  400: refused('The request is not as expected.'),
  401: refused('No token, or one that is not valid here and now, or one without a tenant.'),
  429: refused('The tenant has made too many requests.'),
  500: refused('The request failed.'),
  503: refused('The database, or the issuer of tokens, does not answer.'),
  504: refused('The request took too long.'),
  ...more,
});
const security = [{ bearer: [] }];

/** The routes that a tenant uses, within limits. Whatever else a body has is ignored, a tenant too. */
export function routesOf({
  batch,
  contentLength,
  metadataLength,
  questionLength,
  k: mostPassages,
}: Limits) {
  // What it has inside, the client checks; here, that it is small enough to be looked into.
  const metadata = z
    .custom<JsonObject>(
      (value) =>
        Object(value) === value &&
        !Array.isArray(value) &&
        JSON.stringify(value).length <= metadataLength,
      `expected: an object, as JSON of ${metadataLength} characters at most`,
    )
    .openapi({ type: 'object' });
  const document = z
    .object({
      id: z.guid().optional(),
      source: z.string().min(1).max(1024).optional(),
      position: z
        .int()
        .min(0)
        .max(2 ** 31 - 1)
        .optional(),
      content: z.string().min(1).max(contentLength),
      metadata: metadata.optional().openapi({ description: 'Absent keeps what is stored.' }),
    })
    .refine(
      ({ id, source, position }) =>
        id === undefined
          ? source !== undefined && position !== undefined
          : source === undefined && position === undefined,
      'expected: either id, or source and position',
    );
  const question = {
    query: z.string().trim().min(1).max(questionLength),
    k: z.int().min(1).max(mostPassages).default(Math.min(5, mostPassages)),
    filter: metadata.optional().openapi({ description: 'Only documents whose metadata contain this.' }),
  };
  const match = z.object({
    id: z.uuid(),
    content: z.string(),
    metadata,
    similarity: z
      .number()
      .openapi({ description: 'The cosine of the angle to the question, -1 to 1.' }),
  });

  return {
    upsert: createRoute({
      method: 'post',
      path: '/documents/upsert',
      summary: 'Stores documents; repeating it changes nothing and embeds nothing.',
      security,
      request: {
        body: {
          required: true,
          content: json(z.object({ documents: z.array(document).min(1).max(batch) })),
        },
      },
      responses: answered(
        z.object({
          documents: z.array(
            z.object({ id: z.uuid(), status: z.enum(['inserted', 'updated', 'unchanged']) }),
          ),
        }),
        'What became of each document, in their order.',
        { ...body, ...embedding },
      ),
    }),
    query: createRoute({
      method: 'post',
      path: '/documents/query',
      summary: 'Returns the nearest documents, nearest first.',
      security,
      request: { body: { required: true, content: json(z.object(question)) } },
      responses: answered(
        z.object({ matches: z.array(match) }),
        'The nearest documents of the tenant.',
        { ...body, ...embedding },
      ),
    }),
    answer: createRoute({
      method: 'post',
      path: '/documents/answer',
      summary: 'Answers a question from the nearest documents, and from nothing else.',
      description:
        'With `stream` the answer comes as server-sent events: `delta` with `text`, then one `done` with what is returned ' +
        'without `stream`, or one `problem`, after which what came before is to be discarded.',
      security,
      request: {
        body: {
          required: true,
          content: json(z.object({ ...question, stream: z.boolean().default(false) })),
        },
      },
      responses: answered(
        z.object({
          answer: z.string(),
          citations: z.array(z.object({ number: z.int(), id: z.uuid() })),
          complete: z.boolean(),
        }),
        'The answer, and the documents that it cites by number.',
        {
          ...body,
          501: refused('No model is configured.'),
          502: refused('The embedding service or the model failed, or its answer was discarded.'),
        },
      ),
    }),
    remove: createRoute({
      method: 'delete',
      path: '/documents/{source}',
      summary: 'Deletes the documents of a source.',
      description: 'Sources that are called . or .. no URL can name.',
      security,
      request: { params: z.object({ source: z.string().min(1).max(1024) }) },
      responses: answered(z.object({ deleted: z.int() }), 'How many documents there were.', {}),
    }),
  };
}
