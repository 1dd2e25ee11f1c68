/** Schemas of the requests and responses. Requests are checked by them, and the OpenAPI description is made of them. */
import { createRoute, z } from '@hono/zod-openapi';
import type { JsonObject } from 'ragwall';
import { documentSchemas } from './document-schemas.js';
import type { Limits } from './limits.js';

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
/** The responses of a route: what all routes have, and `more`. */
const responsesOf = <T extends z.ZodType, More extends object>(schema: T, description: string, more: More) => ({
  200: { content: json(schema), description },
  400: refused('The request is not as expected.'),
  401: refused('No token, or one that is not valid, or one that names no tenant.'),
  429: refused('The tenant has made too many requests.'),
  500: refused('The request failed.'),
  503: refused('The database, or the issuer of tokens, does not answer.'),
  504: refused('The request took too long.'),
  ...more,
});
const security = [{ bearer: [] }];

/** The descriptions of the routes under /documents. */
export type RouteDescriptions = ReturnType<typeof describeRoutes>;

/** Describes the routes within limits. Unknown members of a body are refused, such as the name of a tenant. */
export function describeRoutes(limits: Limits) {
  const { metadataLength, questionLength, k: mostPassages } = limits;
  // Only the size is checked here. The client checks what is in it.
  const metadata = z
    .custom<JsonObject>(
      (value) => Object(value) === value && !Array.isArray(value) && JSON.stringify(value).length <= metadataLength,
      `expected: an object, as JSON of ${metadataLength} characters at most`,
    )
    .openapi({ type: 'object' });
  const documents = documentSchemas(limits, metadata);
  const question = {
    query: z.string().trim().min(1).max(questionLength),
    k: z.int().min(1).max(mostPassages).default(Math.min(5, mostPassages)),
    filter: metadata.optional().openapi({ description: 'Only documents whose metadata contain this.' }),
  };
  const place = {
    id: z.uuid(),
    source: z
      .string()
      .nullable()
      .openapi({ description: 'Null, as position is, if the document was stored by its id.' }),
    position: z.int().nullable().openapi({ description: 'The number of the passage in its source, from 0.' }),
  };
  const match = z.object({
    ...place,
    content: z.string(),
    metadata,
    similarity: z.number().openapi({ description: 'The cosine of the angle to the question, -1 to 1.' }),
  });

  return {
    document: documents.document,
    upsert: createRoute({
      method: 'post',
      path: '/documents/upsert',
      summary: 'Stores documents. Repeating the request changes nothing and embeds nothing.',
      description: 'With `onError` `skip`, documents that are refused are reported, and the others are stored.',
      security,
      request: {
        body: {
          required: true,
          content: json(documents.upsert),
        },
      },
      responses: responsesOf(
        z.object({
          documents: z.array(documents.result),
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
      request: { body: { required: true, content: json(z.strictObject(question)) } },
      responses: responsesOf(z.object({ matches: z.array(match) }), 'The nearest documents of the tenant.', {
        ...body,
        ...embedding,
      }),
    }),
    answer: createRoute({
      method: 'post',
      path: '/documents/answer',
      summary: 'Answers a question from the nearest documents, and from nothing else.',
      description:
        'With `stream` the answer comes as server-sent events: `delta` with `text`, then one `done` with what is returned ' +
        'without `stream`, or one `problem`. After a `problem` discard the text that was received.',
      security,
      request: {
        body: {
          required: true,
          content: json(z.strictObject({ ...question, stream: z.boolean().default(false) })),
        },
      },
      responses: responsesOf(
        z.object({
          answer: z.string(),
          citations: z.array(z.object({ number: z.int(), ...place })),
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
      summary: 'Deletes the documents of a source, from a position on.',
      description: 'A source that is called . or .. is deleted by POST /documents/delete: no URL can name it.',
      security,
      request: { params: z.object({ source: documents.source }), query: documents.removeQuery },
      responses: responsesOf(z.object({ deleted: z.int() }), 'How many documents were deleted.', {}),
    }),
    removeMany: createRoute({
      method: 'post',
      path: '/documents/delete',
      summary: 'Deletes documents by id, by source, or by what their metadata contain.',
      security,
      request: {
        body: {
          required: true,
          content: json(documents.remove),
        },
      },
      responses: responsesOf(z.object({ deleted: z.int() }), 'How many documents were deleted.', body),
    }),
  };
}
