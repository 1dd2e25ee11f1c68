/** Filters of metadata in requests: how they are described, and how large they may be. The database checks what is in them. */
import { z } from '@hono/zod-openapi';
import type { Filter } from 'ragwall';

/** The name of the schema of a filter in the OpenAPI description. */
export const filterName = 'Filter';

/** What a filter is, for whoever writes one. */
export const filterHelp =
  'Only documents whose metadata fit. A field has a value that it equals, a list each of which its list has, an object that ' +
  'fits, or operators: $eq $ne $gt $gte $lt $lte $in $nin $between $exists $not. Beside fields, $and and $or take lists of ' +
  'filters, and $not takes a filter. As {"year": {"$gte": 2025}, "$or": [{"tags": "plan"}, {"draft": {"$exists": false}}]}.';

const filter = { $ref: `#/components/schemas/${filterName}` };
const value = { type: ['string', 'number', 'boolean', 'null'] };
const ordered = { type: ['number', 'string'] };
const listOf = (items: object, more = {}) => ({ type: 'array', items, ...more });
const pairOf = (type: string) => listOf({ type }, { minItems: 2, maxItems: 2 });
const condition = { $ref: `${filter.$ref}/$defs/condition` };
const fields = { '^(?!\\$)': condition };

/** The schema of a filter, JSON Schema 2020-12. */
export const filterSchema = {
  type: 'object',
  description: 'All that it has must fit. At most 8 levels.',
  properties: {
    $and: listOf(filter, { minItems: 1, maxItems: 1000 }),
    $or: listOf(filter, { minItems: 1, maxItems: 1000 }),
    $not: filter,
  },
  patternProperties: fields,
  additionalProperties: false,
  $defs: {
    condition: {
      anyOf: [
        value,
        { ...listOf({ anyOf: [value, filter] }), description: 'The list has each of these.' },
        {
          type: 'object',
          description: 'All of these fit. Of a list, one element has to fit all bounds.',
          minProperties: 1,
          properties: {
            $eq: value,
            $ne: value,
            ...{ $gt: ordered, $gte: ordered, $lt: ordered, $lte: ordered },
            $in: listOf(value),
            $nin: listOf(value),
            $between: { anyOf: [pairOf('number'), pairOf('string')] },
            $exists: { type: 'boolean' },
            $not: condition,
          },
          additionalProperties: false,
        },
        {
          type: 'object',
          description: 'An object that fits.',
          patternProperties: fields,
          additionalProperties: false,
        },
      ],
    },
  },
};

/** Returns the schema of a filter of at most `length` characters as JSON. */
export const filterWithin = (length: number) =>
  z
    .custom<Filter>(
      (given) => Object(given) === given && !Array.isArray(given) && JSON.stringify(given).length <= length,
      `expected: an object, as JSON of ${length} characters at most`,
    )
    .openapi({ type: 'object', allOf: [filter], description: filterHelp });
