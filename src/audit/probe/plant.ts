/** Inserts rows of two tenants into a table: made-up values where required, and first the rows that foreign keys refer to. */
import type { TransactionSql } from 'postgres';
import { ident, insertStatement, isVector, makeValue, type Row, readTable, type Table, Unplantable } from './table.js';
import type { TenantTable } from './targets.js';

/** A table with a row of each of two tenants in it. */
export interface PlantedTable {
  readonly about: TenantTable;
  readonly table: Table;
  /** The tenant that the probe acts as. */
  readonly mine: { readonly tenant: string; readonly row: Row };
  /** The tenant whose rows it tries to reach. */
  readonly theirs: { readonly tenant: string; readonly row: Row };
  /** A second row of theirs, which is not inserted: for an attempt to insert. */
  readonly another: Row;
  /** The partition that holds their row, qualified and quoted; undefined if the table has none. */
  readonly partition: string | undefined;
}

/** How many foreign keys may lead from table to table, one after the other. */
const maxDepth = 8;

/**
 * Returns functions that make up rows for a table, in one transaction, as a role that row-level security does not bind.
 *
 * @param tenantColumns the tenant columns of all tables, by oid: a row that is referred to belongs to the same tenant.
 */
async function rowMaker(tx: TransactionSql, tenantColumns: ReadonlyMap<number, string>, oid: number) {
  const referredRows = new Map<string, Row>();
  let nth = 0;

  /** Returns a table and a row for it with the values given. The rows that it refers to are inserted. */
  async function prepare(oid: number, tenant: string, given: Row, depth: number): Promise<[Table, Row]> {
    if (depth > maxDepth) throw new Unplantable('its foreign keys go round');
    const table = await readTable(tx, oid);
    const tenantColumn = tenantColumns.get(oid);
    const row = new Map(given);
    if (tenantColumn !== undefined && !row.has(tenantColumn)) row.set(tenantColumn, tenant);
    const required = new Set(table.columns.filter((column) => column.required).map(({ name }) => name));
    for (const { parent, columns } of table.keys) {
      if (!columns.every(([own]) => row.has(own) || required.has(own))) continue;
      const known = columns.filter(([own]) => row.has(own)).map(([own, other]) => [other, row.get(own)] as const);
      const referred = await insertReferred(parent, tenant, new Map(known as [string, string][]), depth + 1);
      for (const [own, other] of columns) row.set(own, referred.get(other) ?? '');
    }
    for (const column of table.columns) {
      // A vector also where it may be null: the attempts search for it.
      if (!(column.required || isVector(column)) || row.has(column.name)) continue;
      const value = makeValue(column, nth);
      if (value === undefined) {
        throw new Unplantable(`no value is known for its column ${column.name} of type ${column.type}`);
      }
      row.set(column.name, value);
    }
    nth += 1;
    return [table, row];
  }

  /** Inserts the row that a key refers to, once for the same values, and returns it with what the server filled in. */
  async function insertReferred(oid: number, tenant: string, given: Row, depth: number): Promise<Row> {
    const key = JSON.stringify([oid, tenant, [...given]]);
    // Without given values a new row each time: a unique key may let only one row refer to it.
    const known = given.size > 0 ? referredRows.get(key) : undefined;
    if (known) return known;
    const [table, row] = await prepare(oid, tenant, given, depth);
    const [text, values] = insertStatement(table, row);
    const keys = table.columns.filter(({ unique }) => unique);
    const returned = keys.map(({ name }, i) => `${ident(name)}::text as c${i}`);
    const [stored] = await tx.unsafe(returned.length > 0 ? `${text} returning ${returned}` : text, values);
    const result = new Map(row);
    keys.forEach(({ name }, i) => {
      if (stored) result.set(name, stored[`c${i}`]);
    });
    referredRows.set(key, result);
    return result;
  }

  const { columns } = await readTable(tx, oid);
  return {
    columns,
    /** Returns the table and a row for it that could be inserted for a tenant. @throws Unplantable */
    prepare: (tenant: string) => prepare(oid, tenant, new Map(), 0),
  };
}

/**
 * Makes up two tenants that the table does not know, and inserts a row of each.
 *
 * @param tenantColumns the tenant columns of all tables, by oid.
 * @throws Unplantable if no row can be made up. An error of the server arrives as it is.
 */
export async function plantTwoTenants(
  tx: TransactionSql,
  about: TenantTable,
  tenantColumns: ReadonlyMap<number, string>,
): Promise<PlantedTable> {
  const { prepare, columns } = await rowMaker(tx, tenantColumns, about.oid);
  const column = columns.find(({ name }) => name === about.tenantColumn);
  const tenants: string[] = [];
  for (let nth = 0; nth < 10 && column && tenants.length < 2; nth += 1) {
    const tenant = makeValue({ ...column, unique: true, required: true }, nth);
    if (tenant === undefined || tenants.includes(tenant)) continue;
    const taken = await tx.unsafe(
      `select from ${about.name} where ${ident(column.name)} = $1::text::${column.type} limit 1`,
      [tenant],
    );
    if (taken.length === 0) tenants.push(tenant);
  }
  const [one, other] = tenants;
  if (one === undefined || other === undefined) {
    throw new Unplantable(`no tenants can be made up for its column ${about.tenantColumn}`);
  }
  const insertRow = async (tenant: string) => {
    const [table, row] = await prepare(tenant);
    const [text, values] = insertStatement(table, row);
    const [stored] = await tx.unsafe(
      `${text} returning ${ident(about.tenantColumn)}::text as tenant, tableoid::bigint as partition`,
      values,
    );
    if (stored?.tenant !== tenant) throw new Unplantable('a trigger or rule takes the row, or its tenant, away');
    return { table, row, partition: stored.partition as string };
  };
  const mine = await insertRow(one);
  const theirs = await insertRow(other);
  const [partition] = await tx<{ name: string }[]>`
    select format('%I.%I', n.nspname, c.relname) as name
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.oid = ${theirs.partition}::bigint::oid and c.oid <> ${about.oid}::bigint::oid`;
  const [, another] = await prepare(other);
  return {
    about,
    table: theirs.table,
    mine: { tenant: one, row: mine.row },
    theirs: { tenant: other, row: theirs.row },
    another,
    partition: partition?.name,
  };
}
