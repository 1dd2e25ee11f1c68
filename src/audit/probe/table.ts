/** Reads the columns and keys of a table, and makes up values for them, so that the probe can insert a row. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { TransactionSql } from 'postgres';

export interface Column {
  readonly name: string;
  /** As in a cast: `character varying(20)`. */
  readonly type: string;
  /** The name of the type in pg_type; of a domain, that of its base type. */
  readonly base: string;
  /** The category of that type: pg_type.typcategory. */
  readonly category: string;
  /** A length + 4 for text, a number of dimensions for a vector, -1 for none: pg_attribute.atttypmod. */
  readonly modifier: number;
  /** Whether a check requires that a vector has ragwall.embedding_dimensions() dimensions. */
  readonly checked: boolean;
  /** Whether it is not null and has no default. */
  readonly required: boolean;
  /** Whether it is part of a unique index. */
  readonly unique: boolean;
  /** The first label of an enumeration; null for other types. */
  readonly label: string | null;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Its foreign keys: the oid of the table referred to, and pairs of own column and column there. */
  readonly keys: readonly {
    readonly parent: number;
    readonly columns: readonly (readonly [string, string])[];
  }[];
}

/** The values of a row by column, as text. */
export type Row = ReadonlyMap<string, string>;

/** No row can be made up for a table. The message says why, and holds no value. */
export class Unplantable extends Error {}

export const ident = (name: string) => `"${name.replaceAll('"', '""')}"`;

const vectors = new Set(['vector', 'halfvec', 'sparsevec']);
export const isVector = ({ base }: Column) => vectors.has(base);
export const isText = ({ category }: Column) => category === 'S';

/** Returns a vector with a 1 in the `nth` dimension, counted from 0 and modulo the number of dimensions, else zeros. */
function unitVector({ base, modifier }: Column, nth: number): string {
  const dimensions = modifier > 0 ? modifier : 3;
  const at = nth % dimensions;
  if (base === 'sparsevec') return `{${at + 1}:1}/${dimensions}`;
  return `[${Array.from({ length: dimensions }, (_, i) => (i === at ? 1 : 0))}]`;
}

/**
 * Returns a value for a column, as text; undefined for a type that is not known. Texts are random, and numbers too where
 * the column is part of a unique index.
 */
export function makeValue(column: Column, nth: number): string | undefined {
  const { base, category, modifier, unique, label } = column;
  if (isText(column)) {
    const text = `ragwall-probe-${randomBytes(8).toString('hex')}`;
    return modifier > 4 && base !== 'name' ? text.slice(-(modifier - 4)) : text;
  }
  if (isVector(column)) return unitVector(column, nth);
  switch (category) {
    case 'N':
      if (!unique) return '1';
      return `${randomInt(1000, base === 'int2' ? 32_767 : base === 'numeric' ? 10_000 : 2_147_483_647)}`;
    case 'B':
      return 'false';
    case 'D':
      return 'now';
    case 'T':
      return '0';
    case 'E':
      return label ?? undefined;
    case 'A':
      return '{}';
    case 'R':
      return 'empty';
    case 'I':
      return '127.0.0.1';
  }
  const others: Record<string, string> = {
    uuid: randomUUID(),
    json: '{}',
    jsonb: '{}',
    bytea: `\\x${randomBytes(8).toString('hex')}`,
    tsvector: '',
    hstore: '',
  };
  return others[base];
}

/** Reads the columns and foreign keys of a table. */
export async function readTable(tx: TransactionSql, oid: number): Promise<Table> {
  const [table] = await tx<Table[]>`
    select format('%I.%I', n.nspname, c.relname) as name,
      (
        select json_agg(json_build_object(
          'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'base', b.typname,
          'category', b.typcategory, 'modifier', case when y.typtype = 'd' then y.typtypmod else a.atttypmod end,
          'checked', exists (
            select from pg_catalog.pg_constraint as k
            where k.conrelid = c.oid and k.contype = 'c' and a.attnum = any (k.conkey)
              and strpos(pg_catalog.pg_get_constraintdef(k.oid), '= ragwall.embedding_dimensions()') > 0
          ),
          'required', (a.attnotnull or y.typnotnull) and not a.atthasdef and a.attidentity = '' and y.typdefault is null,
          'unique', exists (
            select from pg_catalog.pg_index as i
            where i.indrelid = c.oid and i.indisunique and a.attnum = any (i.indkey::smallint[])
          ),
          'label', (
            select e.enumlabel from pg_catalog.pg_enum as e where e.enumtypid = b.oid order by e.enumsortorder limit 1
          )
        ) order by a.attnum)
        from pg_catalog.pg_attribute as a
        join pg_catalog.pg_type as y on y.oid = a.atttypid
        join pg_catalog.pg_type as b on b.oid = case when y.typtype = 'd' then y.typbasetype else y.oid end
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      ) as columns,
      (
        select coalesce(json_agg(json_build_object('parent', k.confrelid::bigint, 'columns', (
          select json_agg(json_build_array(own.attname, other.attname) order by p.n)
          from unnest(k.conkey, k.confkey) with ordinality as p (own, other, n)
          join pg_catalog.pg_attribute as own on own.attrelid = k.conrelid and own.attnum = p.own
          join pg_catalog.pg_attribute as other on other.attrelid = k.confrelid and other.attnum = p.other
        )) order by k.conname), '[]')
        from pg_catalog.pg_constraint as k
        where k.conrelid = c.oid and k.contype = 'f' and k.conparentid = 0
      ) as keys
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.oid = ${oid}::bigint::oid`;
  if (!table) throw new Unplantable('the table is gone');
  if (!table.columns.some(({ checked }) => checked)) return table;
  const [row] = await tx<{ dimensions: number }[]>`select ragwall.embedding_dimensions() as dimensions`;
  const modifier = row?.dimensions ?? -1;
  return { ...table, columns: table.columns.map((column) => (column.checked ? { ...column, modifier } : column)) };
}

/** Returns a statement that inserts a row, with its parameters. */
export function insertStatement({ name, columns }: Table, row: Row): [string, string[]] {
  const given = columns.filter((column) => row.has(column.name));
  const text = `insert into ${name} (${given.map((column) => ident(column.name))}) overriding system value
    values (${given.map(({ type }, i) => `$${i + 1}::text::${type}`)})`;
  return [text, given.map((column) => row.get(column.name) ?? '')];
}
