/** Schemas of the documents that are stored and deleted. */
import { z } from '@hono/zod-openapi';
import type { Limits } from './limits.js';

/** The name of the schema of a new document in the OpenAPI description. */
export const newDocument = 'NewDocument';

/** A number in a query. */
const digits = (most: number) =>
  z
    .string()
    .regex(/^\d{1,10}$/, `expected: a whole number from 0 to ${most}`)
    .transform(Number)
    .pipe(z.int().max(most))
    .openapi({ type: 'integer', minimum: 0, maximum: most });

/** Returns the schemas within limits. `metadata`, `filter`: the schemas of these. */
export function documentSchemas<Metadata extends z.ZodType<object>, Given extends z.ZodType<object>>(
  { batch, contentLength }: Limits,
  metadata: Metadata,
  filter: Given,
) {
  const source = z.string().min(1).max(1024);
  const mostPosition = 2 ** 31 - 1;
  const position = z.int().min(0).max(mostPosition);
  const document = z
    .strictObject({
      id: z.guid().optional(),
      source: source.optional(),
      position: position.optional(),
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

  return {
    source,
    document,
    upsert: z.strictObject({
      // Each is checked by itself; see readDocuments().
      documents: z
        .array(z.unknown())
        .min(1)
        .max(batch)
        .openapi({ type: 'array', items: { $ref: `#/components/schemas/${newDocument}` } }),
      onError: z.enum(['stop', 'skip']).default('stop'),
    }),
    result: z.object({
      index: z.int().openapi({ description: 'The number of the document in the request, from 0.' }),
      id: z.uuid().optional(),
      source: z.string().optional(),
      position: z.int().optional(),
      status: z.enum(['inserted', 'updated', 'unchanged', 'refused']),
      code: z.string().optional().openapi({ description: 'Stable, as of a problem; only if it was refused.' }),
      detail: z.string().optional(),
    }),
    remove: z
      .strictObject({
        ids: z.array(z.guid()).min(1).max(1_000).optional(),
        source: source.optional(),
        fromPosition: position.optional().openapi({ description: 'Beside `source`; default 0: all.' }),
        filter: filter
          .refine((given) => Object.keys(given).length > 0, 'expected: not empty, because everything fits that')
          .optional()
          .openapi({ description: 'Documents whose metadata fit, as in a search.' }),
      })
      .refine(
        ({ ids, source, filter }) => [ids, source, filter].filter((kind) => kind !== undefined).length === 1,
        'expected: one of ids, source and filter',
      )
      .refine(
        ({ source, fromPosition }) => fromPosition === undefined || source !== undefined,
        'expected: fromPosition only beside source',
      )
      .openapi({ minProperties: 1 }),
    removeQuery: z.strictObject({ from_position: digits(mostPosition).optional() }),
  };
}
