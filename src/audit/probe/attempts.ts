/** What the probe tries in one table, as SQL. An attempt crosses if its last statement returns or changes a row. */

import type { probeChecks } from '../queries.generated.js';
import type { PlantedTable } from './plant.js';
import { ident, insertStatement, isText, isVector, type Row } from './table.js';
import type { Search, TenantTable } from './targets.js';

/** The checks that attempts belong to, as the audit names them. */
export type ProbeCheck = Exclude<keyof typeof probeChecks, 'B00'>;

/** A statement with its parameters. A select returns a number of rows as `n`. */
export type Statement = readonly [text: string, values?: readonly string[]];

export interface Attempt {
  readonly check: ProbeCheck;
  /** What is tried, in words: 'select by the content'. */
  readonly name: string;
  readonly statements: readonly Statement[];
  /** Whether no tenant is bound before. */
  readonly unbound?: boolean;
  /** The attempt is made only if this statement finds a row. If it finds none, the function does not search this table. */
  readonly onlyIf?: Statement;
}

/** Returns the statements that bind a tenant. */
export type Binding = (tenant: string) => readonly Statement[];

const set = (name: string, value: string): Statement => ['select pg_catalog.set_config($1, $2, true)', [name, value]];

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

/** Returns the ways to bind a tenant that a table may expect: by Ragwall, by settings, by settings that hold claims. */
export function bindings({ byRagwall, settings, tenantColumn }: TenantTable): readonly Binding[] {
  if (byRagwall) return [(tenant) => [['select ragwall.set_tenant($1)', [tenant]]]];
  return [bySettings(settings), byClaims(settings, tenantColumn)];
}

/** Returns the parts that statements on a table are made of. */
function parts({ about, table, mine, theirs }: PlantedTable) {
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

/** Returns a statement that counts the rows of the tenant that the probe acts as. */
export function countOwnRows(planted: PlantedTable): Statement {
  const { tenant, is, count } = parts(planted);
  return count(`${tenant} = ${is(1)}`, planted.mine.tenant);
}

const countBoth = ({ tenant, is, count }: ReturnType<typeof parts>, { mine, theirs }: PlantedTable) =>
  count(`${tenant} in (${is(1)}, ${is(2)})`, mine.tenant, theirs.tenant);

/**
 * Returns the attempts without any tenant. They are made before anything is bound in the session. A setting that was set
 * once stays as an empty text, which a policy may treat differently from a setting that does not exist.
 */
export const attemptsBeforeBinding = (planted: PlantedTable): Attempt[] => [
  {
    check: 'B01',
    name: 'no tenant',
    statements: [countBoth(parts(planted), planted)],
    unbound: true,
  },
  {
    check: 'B01',
    name: 'no tenant and no condition',
    statements: [[`select count(*) as n from (select from ${planted.table.name} limit 1) as r`]],
    unbound: true,
  },
];

/**
 * Returns all other attempts.
 *
 * @param changed a column that the role may update, if there is one.
 * @param searches functions that search by a vector.
 * @param claims whether the settings of this table hold claims as JSON.
 */
export function attemptsAfterBinding(
  planted: PlantedTable,
  changed: string,
  searches: readonly Search[],
  claims: boolean,
): Attempt[] {
  const { about, table, mine, theirs, another, partition } = planted;
  const sql = parts(planted);
  const { tenant, is, text, vector, ofTheirs } = sql;
  const { name } = table;
  const all: Attempt[] = [
    {
      check: 'B02',
      name: 'select all but its own',
      statements: [
        [
          `select count(*) as n from (select from ${name} where ${tenant} is distinct from ${is(1)} limit 1) as r`,
          [mine.tenant],
        ],
      ],
    },
    { check: 'B02', name: 'select by the tenant', statements: [ofTheirs] },
    {
      check: 'B03',
      name: 'update',
      statements: [
        [`update ${name} set ${ident(changed)} = ${ident(changed)} where ${tenant} = ${is(1)}`, [theirs.tenant]],
      ],
    },
    {
      check: 'B03',
      name: 'delete',
      statements: [[`delete from ${name} where ${tenant} = ${is(1)}`, [theirs.tenant]]],
    },
    { check: 'B04', name: 'insert', statements: [insertStatement(table, another)] },
    {
      check: 'B04',
      name: 'move a row of its own',
      statements: [
        [`update ${name} set ${tenant} = ${is(1)} where ${tenant} = ${is(2)}`, [theirs.tenant, mine.tenant]],
      ],
    },
  ];
  if (text) {
    const content = theirs.row.get(text.name) ?? '';
    const byContent = sql.count(`${ident(text.name)} = $1`, content);
    all.push({ check: 'B02', name: 'select by the content', statements: [byContent] });
  }
  if (partition) {
    const direct: Statement = [`select count(*) as n from ${partition} where ${tenant} = ${is(1)}`, [theirs.tenant]];
    all.push({ check: 'B02', name: `select from ${partition}`, statements: [direct] });
  }
  for (const search of text && vector ? searches : []) {
    const found = (row: Row): Statement => [
      `select count(*) as n from ${search.name}(${search.args}) as m where strpos(pg_catalog.to_jsonb(m)::text, $2) > 0`,
      [row.get(vector?.name ?? '') ?? '', row.get(text?.name ?? '') ?? ''],
    ];
    all.push({
      check: 'B05',
      name: search.name,
      statements: [found(theirs.row)],
      onlyIf: found(mine.row),
    });
  }
  return [...all, ...forgeries(about, theirs.tenant, ofTheirs, countBoth(sql, planted), claims)];
}

/** Attempts to name another tenant by settings: by each and by all at once, after binding and without it. */
function forgeries(
  about: TenantTable,
  tenant: string,
  ofTheirs: Statement,
  ofEither: Statement,
  claims: boolean,
): Attempt[] {
  const { settings, byRagwall, tenantColumn } = about;
  const all: Attempt[] = [];
  if (settings.length > 0) {
    const empty = [...bySettings(settings)(''), ofEither];
    all.push({ check: 'B01', name: 'an empty tenant', statements: empty, unbound: true });
  }
  const sets = settings.length > 1 ? [...settings.map((one) => [one]), settings] : [settings];
  for (const forged of settings.length > 0 ? sets : []) {
    const forge = claims ? byClaims(forged, tenantColumn) : bySettings(forged);
    const statements = [...forge(tenant), ofTheirs];
    all.push({ check: 'B06', name: `${forged.join(' and ')} set after binding`, statements });
    all.push({ check: 'B06', name: `${forged.join(' and ')} set alone`, statements, unbound: true });
  }
  if (byRagwall) {
    const [bind] = bindings(about);
    const statements = [...(bind?.(tenant) ?? []), ofTheirs];
    all.push({ check: 'B06', name: 'another tenant named after binding', statements });
  }
  return all;
}
