/** Schemas of the requests and responses. Requests are checked by them, and the OpenAPI description is made of them. */
import { createRoute, z } from '@hono/zod-openapi';
import type { JsonObject } from 'ragwall';
import { documentSchemas } from './document-schemas.js';
import { examples } from './examples.js';
import { filterWithin } from './filter-schema.js';
import type { Limits } from './limits.js';
import { body, embedding, json, refused, responsesOf } from './responses.js';

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
  const filter = filterWithin(metadataLength);
  const documents = documentSchemas(limits, metadata, filter);
  const question = {
    query: z.string().trim().min(1).max(questionLength),
    k: z.int().min(1).max(mostPassages).default(Math.min(5, mostPassages)),
    filter: filter.optional(),
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
    words: z
      .number()
      .optional()
      .openapi({ description: 'The score of its words by BM25; only where words are searched.' }),
    score: z
      .number()
      .optional()
      .openapi({ description: 'What the order is by, 0 to 1: both scores, scaled; only where words are searched.' }),
  });

  return {
    document: documents.document,
    upsert: createRoute({
      method: 'post',
      path: '/documents/upsert',
      operationId: 'upsertDocuments',
      tags: ['documents'],
      summary: 'Stores documents. Repeating the request changes nothing and embeds nothing.',
      description: 'With `onError` `skip`, documents that are refused are reported, and the others are stored.',
      security,
      request: {
        body: {
          required: true,
          content: json(documents.upsert, examples.upsertDocuments.request),
        },
      },
      responses: responsesOf(
        json(z.object({ documents: z.array(documents.result) }), examples.upsertDocuments.response),
        'What became of each document, in their order.',
        { ...body, ...embedding },
      ),
    }),
    query: createRoute({
      method: 'post',
      path: '/documents/query',
      operationId: 'queryDocuments',
      tags: ['documents'],
      summary: 'Returns the nearest documents, nearest first.',
      description: 'Where words are enabled in the database, the best by meaning and by words together, best first.',
      security,
      request: { body: { required: true, content: json(z.strictObject(question), examples.queryDocuments.request) } },
      responses: responsesOf(
        json(z.object({ matches: z.array(match) }), examples.queryDocuments.response),
        'The nearest documents of the tenant.',
        {
          ...body,
          ...embedding,
        },
      ),
    }),
    answer: createRoute({
      method: 'post',
      path: '/documents/answer',
      operationId: 'answerQuestion',
      tags: ['answers'],
      summary: 'Answers a question from the nearest documents, and from nothing else.',
      description:
        'With `stream` the answer comes as server-sent events: `delta` with `text`, then one `done` with what is returned ' +
        'without `stream`, or one `problem`. After a `problem` discard the text that was received.',
      security,
      request: {
        body: {
          required: true,
          content: json(
            z.strictObject({ ...question, stream: z.boolean().default(false) }),
            examples.answerQuestion.request,
          ),
        },
      },
      responses: responsesOf(
        {
          ...json(
            z.object({
              answer: z.string(),
              citations: z.array(z.object({ number: z.int(), ...place })),
              complete: z.boolean(),
            }),
            examples.answerQuestion.response,
          ),
          'text/event-stream': { schema: z.string(), example: examples.answerQuestion.stream },
        },
        'The answer, and the documents that it cites by number.',
        {
          ...body,
          501: refused(501, 'NO_ANSWERS', 'No model is configured.'),
          502: refused(
            502,
            'UNGROUNDED_ANSWER',
            'The embedding service or the model failed, or its answer was discarded.',
          ),
        },
      ),
    }),
    remove: createRoute({
      method: 'delete',
      path: '/documents/{source}',
      operationId: 'deleteSource',
      tags: ['documents'],
      summary: 'Deletes the documents of a source, from a position on.',
      description: 'A source that is called . or .. is deleted by POST /documents/delete: no URL can name it.',
      security,
      request: {
        params: z.object({ source: documents.source.openapi({ example: examples.deleteSource.source }) }),
        query: documents.removeQuery,
      },
      responses: responsesOf(
        json(z.object({ deleted: z.int() }), examples.deleteSource.response),
        'How many documents were deleted.',
        {},
      ),
    }),
    removeMany: createRoute({
      method: 'post',
      path: '/documents/delete',
      operationId: 'deleteDocuments',
      tags: ['documents'],
      summary: 'Deletes documents by id, by source, or by what their metadata have.',
      security,
      request: {
        body: {
          required: true,
          content: json(documents.remove, examples.deleteDocuments.request),
        },
      },
      responses: responsesOf(
        json(z.object({ deleted: z.int() }), examples.deleteDocuments.response),
        'How many documents were deleted.',
        body,
      ),
    }),
  };
}
