/** What the probe tries in one table, as SQL: an attempt crosses if its last statement returns or changes a row. */

import type { Search, TenantTable } from '../tenant-tables.js';
import { ident, insertion, isText, isVector, type Row, type Table } from './plant.js';

/** What a check of the probe is about. */
export type Crossing = 'B01' | 'B02' | 'B03' | 'B04' | 'B05' | 'B06';

/** One table with two tenants' rows planted in it, and a third row that could be. */
export interface Field {
  readonly about: TenantTable;
  readonly table: Table;
  /** Both tenants, with their rows. */
  readonly mine: { readonly tenant: string; readonly row: Row };
  readonly theirs: { readonly tenant: string; readonly row: Row };
  /** Another row of theirs, not planted. */
  readonly another: Row;
  /** The partition that holds their row, if it is one. */
  readonly leaf: string | undefined;
}

/** With its parameters. A select returns how many rows there are as `n`. */
export type Statement = readonly [text: string, values?: readonly string[]];

export interface Try {
  readonly check: Crossing;
  /** For a person. */
  readonly what: string;
  readonly acts: readonly Statement[];
  /** Tried without a tenant. */
  readonly unbound?: boolean;
  /** Tried where this finds a row alone: else it is not about this table. */
  readonly provided?: Statement;
}

/** How a role is told who is asking. */
export type Binding = (tenant: string) => readonly Statement[];

const set = (name: string, value: string): Statement => [
  'select pg_catalog.set_config($1, $2, true)',
  [name, value],
];

const bySettings =
  (settings: readonly string[]): Binding =>
  (tenant) =>
    settings.map((name) => set(name, tenant));

const byClaims =
  (settings: readonly string[], column: string): Binding =>
  (tenant) => {
    const claims = JSON.stringify({ [column]: tenant, app_metadata: { [column]: tenant } });
    return settings.map((name) => set(name, claims));
  };

/** The ways to tell a database who is asking: as Ragwall does, by settings, by settings that hold claims. */
export function bindings({ byRagwall, settings, tenantColumn }: TenantTable): readonly Binding[] {
  if (byRagwall) return [(tenant) => [['select ragwall.set_tenant($1)', [tenant]]]];
  return [bySettings(settings), byClaims(settings, tenantColumn)];
}

/** The parts that statements on a table are made of. */
function parts({ about, table, mine, theirs }: Field) {
  const tenantColumn = table.columns.find(({ name }) => name === about.tenantColumn);
  const tenant = ident(about.tenantColumn);
  const is = (n: number) => `$${n}::text::${tenantColumn?.type}`;
  const count = (where: string, ...values: string[]): Statement => [
    `select count(*) as n from ${table.name} where ${where}`,
    values,
  ];
  const text = table.columns.find((column) => {
    const [one, other] = [mine.row.get(column.name), theirs.row.get(column.name)];
    return column !== tenantColumn && isText(column) && one !== undefined && one !== other;
  });
  const vector = table.columns.find((column) => isVector(column) && mine.row.has(column.name));
  return { tenant, is, count, text, vector, ofTheirs: count(`${tenant} = ${is(1)}`, theirs.tenant) };
}

/** Whether a role that is told who is asking sees its own tenant's row. */
export function ownRow(field: Field): Statement {
  const { tenant, is, count } = parts(field);
  return count(`${tenant} = ${is(1)}`, field.mine.tenant);
}

const either = ({ tenant, is, count }: ReturnType<typeof parts>, { mine, theirs }: Field) =>
  count(`${tenant} in (${is(1)}, ${is(2)})`, mine.tenant, theirs.tenant);

/** What is tried before any setting is touched: afterwards it is empty, and never again not there. */
export const untouchedTries = (field: Field): Try[] => [
  { check: 'B01', what: 'no tenant', acts: [either(parts(field), field)], unbound: true },
  {
    check: 'B01',
    what: 'no tenant and no condition',
    acts: [[`select count(*) as n from (select from ${field.table.name} limit 1) as r`]],
    unbound: true,
  },
];

/** @param changed a column that the role may change, if there is one. */
export function tries(
  field: Field,
  changed: string,
  searches: readonly Search[],
  claims: boolean,
): Try[] {
  const { about, table, mine, theirs, another, leaf } = field;
  const sql = parts(field);
  const { tenant, is, text, vector, ofTheirs } = sql;
  const { name } = table;
  const all: Try[] = [
    {
      check: 'B02',
      what: 'select all but its own',
      acts: [
        [
          `select count(*) as n from (select from ${name} where ${tenant} is distinct from ${is(1)} limit 1) as r`,
          [mine.tenant],
        ],
      ],
    },
    { check: 'B02', what: 'select by the tenant', acts: [ofTheirs] },
    {
      check: 'B03',
      what: 'update',
      acts: [
        [
          `update ${name} set ${ident(changed)} = ${ident(changed)} where ${tenant} = ${is(1)}`,
          [theirs.tenant],
        ],
      ],
    },
    {
      check: 'B03',
      what: 'delete',
      acts: [[`delete from ${name} where ${tenant} = ${is(1)}`, [theirs.tenant]]],
    },
    { check: 'B04', what: 'insert', acts: [insertion(table, another)] },
    {
      check: 'B04',
      what: 'move a row of its own',
      acts: [
        [
          `update ${name} set ${tenant} = ${is(1)} where ${tenant} = ${is(2)}`,
          [theirs.tenant, mine.tenant],
        ],
      ],
    },
  ];
  if (text) {
    const content = theirs.row.get(text.name) ?? '';
    const byContent = sql.count(`${ident(text.name)} = $1`, content);
    all.push({ check: 'B02', what: 'select by the content', acts: [byContent] });
  }
  if (leaf) {
    const direct: Statement = [
      `select count(*) as n from ${leaf} where ${tenant} = ${is(1)}`,
      [theirs.tenant],
    ];
    all.push({ check: 'B02', what: `select from ${leaf}`, acts: [direct] });
  }
  for (const search of text && vector ? searches : []) {
    const found = (row: Row): Statement => [
      `select count(*) as n from ${search.name}(${search.args}) as m where strpos(pg_catalog.to_jsonb(m)::text, $2) > 0`,
      [row.get(vector?.name ?? '') ?? '', row.get(text?.name ?? '') ?? ''],
    ];
    all.push({
      check: 'B05',
      what: search.name,
      acts: [found(theirs.row)],
      provided: found(mine.row),
    });
  }
  return [...all, ...forgeries(about, theirs.tenant, ofTheirs, either(sql, field), claims)];
}

/** Settings that SQL writes itself: each, and all at once; beside a tenant that is bound, and alone. */
function forgeries(
  about: TenantTable,
  tenant: string,
  ofTheirs: Statement,
  ofEither: Statement,
  claims: boolean,
): Try[] {
  const { settings, byRagwall, tenantColumn } = about;
  const all: Try[] = [];
  if (settings.length > 0) {
    const empty = [...bySettings(settings)(''), ofEither];
    all.push({ check: 'B01', what: 'an empty tenant', acts: empty, unbound: true });
  }
  const sets = settings.length > 1 ? [...settings.map((one) => [one]), settings] : [settings];
  for (const forged of settings.length > 0 ? sets : []) {
    const forge = claims ? byClaims(forged, tenantColumn) : bySettings(forged);
    const acts = [...forge(tenant), ofTheirs];
    all.push({ check: 'B06', what: `${forged.join(' and ')} set after binding`, acts });
    all.push({ check: 'B06', what: `${forged.join(' and ')} set alone`, acts, unbound: true });
  }
  if (byRagwall) {
    const [bind] = bindings(about);
    const acts = [...(bind?.(tenant) ?? []), ofTheirs];
    all.push({ check: 'B06', what: 'another tenant named after binding', acts });
  }
  return all;
}
