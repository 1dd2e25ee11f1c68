/** Filters of metadata: their type, and what is checked of them before they are sent. The database checks the rest. */
import { RagwallError } from './errors.js';
import { copyJsonObject, type JsonObject } from './input.js';

/** What a field is compared with. */
type Value = string | number | boolean | null;
/** What has an order. Numbers and texts are never compared with each other; texts by their code points. */
type Ordered = string | number;

/** Operators of one field. All of them have to fit; of a list, one element has to fit all bounds. */
interface Operators {
  readonly $eq?: Value;
  /** Fits a document without the field too, as `$nin` and `$not` do. */
  readonly $ne?: Value;
  readonly $gt?: Ordered;
  readonly $gte?: Ordered;
  readonly $lt?: Ordered;
  readonly $lte?: Ordered;
  readonly $in?: readonly Value[];
  readonly $nin?: readonly Value[];
  /** From the first to the second, both included. */
  readonly $between?: readonly [number, number] | readonly [string, string];
  readonly $exists?: boolean;
  readonly $not?: Condition;
}

type Without<Names extends PropertyKey> = { readonly [Name in Names]?: never };

/** Fields alone. That no name of an operator is among them lets the compiler find operators that are unknown or misplaced. */
type Fields = {
  readonly [field: string]: Condition;
  readonly [operator: `$${string}`]: never;
} & Without<keyof Operators>;

/** What a field has to be: equal to a value; a list that has each of these; what operators say; an object that fits. */
type Condition = Value | readonly (Value | Filter)[] | Operators | Fields;

/** One or more of the three, beside fields. */
type Logic =
  | { readonly $and: readonly Filter[]; readonly $or?: readonly Filter[]; readonly $not?: Filter }
  | { readonly $and?: readonly Filter[]; readonly $or: readonly Filter[]; readonly $not?: Filter }
  | { readonly $and?: readonly Filter[]; readonly $or?: readonly Filter[]; readonly $not: Filter };

/**
 * A filter of metadata, as `{ year: { $gte: 2025 }, tags: ['plan'] }`. All that it has must fit. What fits what is told in
 * docs/filters.md.
 *
 * A field has a value, which it has to equal; a list, each of which has to be in its list; an object of fields; or operators:
 * `$eq $ne $gt $gte $lt $lte $in $nin $between $exists $not`. Beside fields there may be `$and` and `$or`, lists of filters, and
 * `$not`, a filter. At most 8 levels, and 65,536 bytes as JSON.
 *
 * @see `ragwall.filter_path()` in db/migrations/committed
 */
export type Filter =
  | Fields
  | (Logic & { readonly [field: string]: Condition | Filter | readonly Filter[] } & Without<
        Exclude<keyof Operators, '$not'>
      >);

/**
 * Returns a copy of a filter, or undefined for none.
 * @throws RagwallError `INVALID_FILTER` for what is no JSON object.
 */
export function checkedFilter(filter: unknown): JsonObject | undefined {
  const copied = copyJsonObject(filter);
  if (filter !== undefined && !copied) {
    throw new RagwallError(
      'INVALID_FILTER',
      'The filter is expected to be a JSON object of at most 1000 levels, without undefined.',
    );
  }
  return copied;
}
