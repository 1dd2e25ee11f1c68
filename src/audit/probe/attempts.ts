/** What the probe tries in one table, as SQL. An attempt crosses if its last statement returns or changes a row. */

import type { probeChecks } from '../queries.generated.js';
import type { PlantedTable } from './plant.js';
import { ident, insertStatement, isText, isVector, type Row } from './table.js';
import type { OwnFunction, Search, TenantTable } from './targets.js';
import type { Tokens } from './tokens.js';

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
  /** The attempt crosses if it fails by a division by zero instead, and these statements, of a wrong guess, do not. */
  readonly wrongGuess?: readonly Statement[];
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
  const type = tenantColumn?.type;
  return { tenant, type, is, count, text, vector, ofTheirs: count(`${tenant} = ${is(1)}`, theirs.tenant) };
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

/** With these settings the planner has no reason to begin with an index, and conditions of a statement's own may come first. */
const plannerSettings = (operatorCost: string): Statement[] => [
  ...['enable_indexscan', 'enable_bitmapscan', 'enable_indexonlyscan', 'enable_partition_pruning'].map((name) =>
    set(name, 'off'),
  ),
  set('cpu_operator_cost', operatorCost),
];

/**
 * Returns attempts to learn by an error whether a guess about the other tenant's row is right: a condition that the
 * planner may evaluate before the policies, and behind it a sub-select that divides by zero.
 */
export function oracleAttempts(planted: PlantedTable): Attempt[] {
  const { theirs } = planted;
  const { tenant, type, text, count, ofTheirs } = parts(planted);
  const fails = '(select (1 / (pg_catalog.pg_backend_pid() * 0))::text)';
  const guesses: [string, string, string, string][] = [];
  const content = text && theirs.row.get(text.name);
  if (text && content !== undefined) guesses.push(['the content', ident(text.name), content, `${content}x`]);
  if (type === 'text') guesses.push(['the tenant', tenant, theirs.tenant, `${theirs.tenant}x`]);
  return guesses.flatMap(([what, column, right, wrong]) =>
    ['0.0025', '0'].map((cost): Attempt => {
      const ask = (guess: string) => [
        ...plannerSettings(cost),
        count(`${column} >= $1 and ${column} <= $1 and ${column} >= ${fails}`, guess),
      ];
      return {
        check: 'B07',
        name: `guess ${what}, operators costing ${cost}`,
        statements: ask(right),
        wrongGuess: [ofTheirs, ...ask(wrong)],
      };
    }),
  );
}

/** A value for a parameter of ours, as SQL. */
function argument({ name, type }: OwnFunction['parameters'][number], { theirs }: PlantedTable): string {
  const { row } = theirs;
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const id = row.get('id') ?? '00000000-0000-4000-8000-000000000000';
  if (/\b(half|sparse)?vec(tor)?$/.test(type)) return `${quote(row.get('embedding') ?? '[1]')}::${type}`;
  if (type === 'uuid') return `${quote(id)}::uuid`;
  if (type === 'uuid[]') return `array[${quote(id)}::uuid]`;
  if (type === 'text') return quote(row.get(name ?? '') ?? 'ragwall-probe');
  if (/^jsonb?$/.test(type)) return `${name === 'filter' ? "'{}'" : "'[]'"}::${type}`;
  return /^(small|big)?int|^(double|real|numeric)/.test(type) ? `10::${type}` : `null::${type}`;
}

/** Returns attempts to call functions of ours without a tenant, and to bind one by tokens that are not valid. */
export function functionAttempts(
  planted: PlantedTable,
  functions: readonly OwnFunction[],
  tokens: Tokens | undefined,
): Attempt[] {
  return functions.flatMap(({ name, parameters }): Attempt[] => {
    const [first, ...others] = parameters;
    const byToken = first?.name === 'token';
    const args = (byToken ? others : parameters).map((one) => argument(one, planted));
    const call = (token?: string): Statement => [
      `select count(*) as n from (select f::text as v from ${name}(${[...(byToken ? ['$1'] : []), ...args]}) as f) as r
       where v <> all (array['', '0', 'f'])`,
      token === undefined ? [] : [token],
    ];
    if (!byToken) return [{ check: 'B09', name, statements: [call()], unbound: true }];
    if (!tokens) return [];
    return Object.entries(tokens.invalid).map(([what, token]) => ({
      check: 'B08',
      name: `${name} with ${what}`,
      statements: [call(token)],
      unbound: true,
      onlyIf: call(tokens.valid),
    }));
  });
}
