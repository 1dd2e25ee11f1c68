/** Plants rows that nobody wrote: what a table requires is made up by its type, and what its keys refer to is planted first. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { TransactionSql } from 'postgres';

export interface Column {
  readonly name: string;
  readonly type: string;
  /** The name of the type, of the one beneath it for a domain. */
  readonly base: string;
  /** Its category in pg_type. */
  readonly category: string;
  /** Of a length, or of dimensions; -1 for none. */
  readonly modifier: number;
  /** Whether an insert has to name it. */
  readonly required: boolean;
  /** Whether it is part of a unique key. */
  readonly unique: boolean;
  /** The first label of an enumeration. */
  readonly label: string | null;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly keys: readonly {
    readonly parent: number;
    readonly columns: readonly (readonly [string, string])[];
  }[];
}

/** The values of a row by column, as text. */
export type Row = ReadonlyMap<string, string>;

/** Why a table cannot be planted in. */
export class Unplantable extends Error {}

export const ident = (name: string) => `"${name.replaceAll('"', '""')}"`;

const vectors = new Set(['vector', 'halfvec', 'sparsevec']);
export const isVector = ({ base }: Column) => vectors.has(base);
export const isText = ({ category }: Column) => category === 'S';

/** A vector with one dimension that is not zero: the first, or another one for the `nth` row. */
function unitVector({ base, modifier }: Column, nth: number): string {
  const dimensions = modifier > 0 ? modifier : 3;
  const at = nth % dimensions;
  if (base === 'sparsevec') return `{${at + 1}:1}/${dimensions}`;
  return `[${Array.from({ length: dimensions }, (_, i) => (i === at ? 1 : 0))}]`;
}

/** A value for a column, different each time where it is part of a key or a text; nothing where the type is not known. */
export function made(column: Column, nth: number): string | undefined {
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

/** Returns what has to be known of a table to plant in it. */
async function describe(tx: TransactionSql, oid: number): Promise<Table> {
  const [table] = await tx<Table[]>`
    select format('%I.%I', n.nspname, c.relname) as name,
      (
        select json_agg(json_build_object(
          'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'base', b.typname,
          'category', b.typcategory, 'modifier', case when y.typtype = 'd' then y.typtypmod else a.atttypmod end,
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
  return table;
}

/** A statement that inserts a row, with its parameters. */
export function insertion({ name, columns }: Table, row: Row): [string, string[]] {
  const given = columns.filter((column) => row.has(column.name));
  const text = `insert into ${name} (${given.map((column) => ident(column.name))}) overriding system value
    values (${given.map(({ type }, i) => `$${i + 1}::text::${type}`)})`;
  return [text, given.map((column) => row.get(column.name) ?? '')];
}

/** How deep keys may refer from table to table. */
const depth = 8;

/**
 * Returns how to plant in a table, in one transaction, as a role that row-level security does not bind.
 *
 * @param tenantColumns those of all tables, by oid: what a row refers to belongs to the same tenant.
 */
export async function planter(
  tx: TransactionSql,
  tenantColumns: ReadonlyMap<number, string>,
  oid: number,
) {
  const planted = new Map<string, Row>();
  let nth = 0;

  /** What a row of a tenant holds that has these values; the rows that it refers to are planted. */
  async function prepare(
    oid: number,
    tenant: string,
    given: Row,
    above: number,
  ): Promise<[Table, Row]> {
    if (above > depth) throw new Unplantable('its foreign keys go round');
    const table = await describe(tx, oid);
    const tenantColumn = tenantColumns.get(oid);
    const row = new Map(given);
    if (tenantColumn !== undefined && !row.has(tenantColumn)) row.set(tenantColumn, tenant);
    const required = new Set(table.columns.filter((column) => column.required).map(({ name }) => name));
    for (const { parent, columns } of table.keys) {
      if (!columns.every(([own]) => row.has(own) || required.has(own))) continue;
      const known = columns
        .filter(([own]) => row.has(own))
        .map(([own, other]) => [other, row.get(own)] as const);
      const referred = await plant(parent, tenant, new Map(known as [string, string][]), above + 1);
      for (const [own, other] of columns) row.set(own, referred.get(other) ?? '');
    }
    for (const column of table.columns) {
      // A vector also where it may be null, to search for.
      if (!(column.required || isVector(column)) || row.has(column.name)) continue;
      const value = made(column, nth);
      if (value === undefined) {
        throw new Unplantable(`no value is known for its column ${column.name} of type ${column.type}`);
      }
      row.set(column.name, value);
    }
    nth += 1;
    return [table, row];
  }

  /** Plants what a key refers to, once, and returns what it refers to it by. */
  async function plant(oid: number, tenant: string, given: Row, above: number): Promise<Row> {
    const key = JSON.stringify([oid, tenant, [...given]]);
    // What is told apart by nothing is made anew, as others may refer to each only once.
    const known = given.size > 0 ? planted.get(key) : undefined;
    if (known) return known;
    const [table, row] = await prepare(oid, tenant, given, above);
    const [text, values] = insertion(table, row);
    const keys = table.columns.filter(({ unique }) => unique);
    const returned = keys.map(({ name }, i) => `${ident(name)}::text as c${i}`);
    const [stored] = await tx.unsafe(
      returned.length > 0 ? `${text} returning ${returned}` : text,
      values,
    );
    const result = new Map(row);
    keys.forEach(({ name }, i) => {
      if (stored) result.set(name, stored[`c${i}`]);
    });
    planted.set(key, result);
    return result;
  }

  const { columns } = await describe(tx, oid);
  return {
    columns,
    /** Returns the table and a row for it that could be inserted for a tenant. @throws Unplantable */
    prepare: (tenant: string) => prepare(oid, tenant, new Map(), 0),
  };
}
