/** Arrays of the built-in types, whose numbers are fixed, so that no connection has to ask the server for them. */
import type { PostgresType } from 'postgres';

/** Each type by its number, and the number of the type of its arrays. */
const arrayOf: Readonly<Record<number, number>> = {
  16: 1000, // boolean
  17: 1001, // bytea
  19: 1003, // name
  20: 1016, // bigint
  21: 1005, // smallint
  23: 1007, // integer
  25: 1009, // text
  26: 1028, // oid
  114: 199, // json
  700: 1021, // real
  701: 1022, // double precision
  1042: 1014, // character
  1043: 1015, // character varying
  1082: 1182, // date
  1114: 1115, // timestamp
  1184: 1185, // timestamp with time zone
  1700: 1231, // numeric
  2950: 2951, // uuid
  3802: 3807, // jsonb
};

const toDate = (text: string) => new Date(text);
/** How the driver reads one value of a type; others stay texts, as they do outside of arrays. */
const read: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  17: (text) => Buffer.from(text.slice(2), 'hex'),
  21: Number,
  23: Number,
  26: Number,
  114: (text) => JSON.parse(text),
  700: Number,
  701: Number,
  1082: toDate,
  1114: toDate,
  1184: toDate,
  3802: (text) => JSON.parse(text),
};

function write(value: unknown, json: boolean): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `{${value.map((one) => write(one, json)).join(',')}}`;
  const text =
    value instanceof Date
      ? value.toISOString()
      : value instanceof Uint8Array
        ? `\\x${Buffer.from(value).toString('hex')}`
        : json
          ? JSON.stringify(value)
          : `${value}`;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Reads `{1,"a\"b",NULL,{…}}`. A prefix that names other bounds than from 1, as in `[0:1]={…}`, is left out. */
function parse(text: string, read: (text: string) => unknown): unknown[] {
  const lists: unknown[][] = [[]];
  const tokens = /[{}]|"((?:[^"\\]|\\.)*)"|[^{},"]+/gs;
  for (const { 0: token, 1: quoted } of text.slice(text.indexOf('{')).matchAll(tokens)) {
    const list = lists.at(-1) as unknown[];
    if (token === '{') {
      const inner: unknown[] = [];
      list.push(inner);
      lists.push(inner);
    } else if (token === '}') lists.pop();
    else if (quoted !== undefined) list.push(read(quoted.replace(/\\(.)/gs, '$1')));
    else list.push(token === 'NULL' ? null : read(token));
  }
  return lists[0]?.[0] as unknown[];
}

/** The option `types` of the driver for arrays: by them a connection reads and sends arrays of the built-in types. */
export const arrayTypes: Readonly<Record<string, PostgresType>> = Object.fromEntries(
  Object.entries(arrayOf).map(([type, array]) => [
    `array${array}`,
    {
      to: array,
      from: [array],
      serialize: (value: unknown) =>
        Array.isArray(value) ? write(value, array === 199 || array === 3807) : `${value}`,
      parse: (text: string) => parse(text, read[Number(type)] ?? String),
    },
  ]),
);

/** Returns the number of the array type of a list: by the type of its items, or by its first item; 0 if only the server can tell. */
export function arrayType(items: readonly unknown[], type?: number): number {
  const [first] = items.flat(6);
  const inferred =
    first instanceof Date
      ? 1184
      : first instanceof Uint8Array
        ? 17
        : { boolean: 16, bigint: 20 }[typeof first as 'boolean' | 'bigint'];
  return arrayOf[type ?? inferred ?? 0] ?? 0;
}
