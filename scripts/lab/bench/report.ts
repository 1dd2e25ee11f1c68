/** The targets, and the tables of the benchmark: all of them for the console, and those that docs/figures.md has. */
import { micros, ms, ratio, share, type Table, whole } from '../report.js';
import type { Cell } from './compare.js';
import type { Prepared } from './database.js';
import { dimensions } from './world.js';

/** What is measured at its worst, and what it should be at most or at least. */
export interface Target {
  readonly what: string;
  readonly measured: number;
  readonly most?: number;
  readonly least?: number;
}

export interface Measured {
  readonly table: Table;
  readonly targets: readonly Target[];
}

/** What the designs answered to the questions of a class: with one filter or none, for the k nearest. */
export interface Comparison {
  readonly size: number;
  readonly filter: string;
  readonly k: number;
  /** The hnsw.ef_search of the limit, and of our search table: 0 if it has none. */
  readonly ef: number;
  readonly ourEf: number;
  readonly cells: readonly Cell[];
  /** What the same questions got after another tenant stored near-duplicates of them. */
  readonly flooded?: readonly Cell[];
}

const cellOf = (cells: readonly Cell[] | undefined, design: string) => cells?.find((cell) => cell.design === design);
const tenantOf = (size: number) => `tenant of ${whole(size)}`;

export function targetsOf(comparisons: readonly Comparison[], more: readonly Target[]): Table {
  const ours = comparisons.map((one) => ({ ...one, ...(cellOf(one.cells, 'ragwall') as Cell) }));
  const at = (k: number, filtered: boolean) =>
    ours.filter((one) => one.k === k && (one.filter !== 'none') === filtered);
  const toLimit = (from: number, to: number) =>
    Math.max(...at(10, false).flatMap((one) => (one.size >= from && one.size <= to ? [one.toLimit] : [])));
  const recall = (k: number, filtered: boolean) => Math.min(...at(k, filtered).map((one) => one.recall));
  const targets: Target[] = [
    { what: 'p50 to the limit, 50 documents', most: 1.15, measured: toLimit(0, 50) },
    { what: 'p50 to the limit, 1,000 documents and more', most: 1.1, measured: toLimit(1_000, 1e9) },
    { what: 'recall@10', least: 0.99, measured: recall(10, false) },
    { what: 'recall@10 with a filter', least: 0.99, measured: recall(10, true) },
    { what: 'recall@100', least: 0.99, measured: recall(100, false) },
    ...more,
  ];
  return {
    title: 'Targets',
    note: 'Of each the worst that was measured.',
    head: ['what', 'target', 'measured', ''],
    rows: targets.map(({ what, measured, most, least = 0 }) => [
      ...[
        what,
        most === undefined ? `≥ ${least}` : `≤ ${most}`,
        most === undefined ? share(measured) : ratio(measured),
      ],
      (most === undefined ? measured >= least : measured <= most) ? 'met' : 'missed',
    ]),
  };
}

export const comparisonTables = (comparisons: readonly Comparison[]): Table[] =>
  comparisons.map(({ size, filter, k, ef, ourEf, cells }) => ({
    title: `${tenantOf(size)}, k = ${k}, filter ${filter}; ef_search of the limit ${ef}, ours ${ourEf}`,
    head: ['design', `recall@${k}`, 'p50, ms', 'p99, ms', '÷ limit', 'samples'],
    rows: cells.map((cell) => [
      ...[cell.design, share(cell.recall), ms(cell.p50), ms(cell.p99), ratio(cell.toLimit), String(cell.samples)],
    ]),
  }));

export function retrieval({ classes, tenants, documents }: Prepared, comparisons: readonly Comparison[]): Table {
  const sizes = [...classes.keys()];
  const row = (what: string, show: (one: Comparison) => string, filter = 'none', k = 10) => [
    what,
    ...sizes.map((size) => {
      const found = comparisons.find((one) => one.size === size && one.filter === filter && one.k === k);
      return found ? show(found) : '–';
    }),
  ];
  const recall = (design: string) => (one: Comparison) => share(cellOf(one.cells, design)?.recall ?? Number.NaN);
  const flooded = (design: string) => (one: Comparison) => share(cellOf(one.flooded, design)?.recall ?? Number.NaN);
  const toLimit = (design: string) => (one: Comparison) => ratio(cellOf(one.cells, design)?.toLimit);
  const time = (name: 'p50' | 'p99') => (one: Comparison) => ms(cellOf(one.cells, 'ragwall')?.[name] ?? Number.NaN);
  const filters = [...new Set(comparisons.map(({ filter }) => filter))].slice(1);
  const [guide, hnsw] = ['guide, kept connection', 'shared HNSW, index forced'];
  return {
    title: 'Retrieval',
    note:
      `${whole(tenants.length)} tenants, ${whole(documents)} generated documents of ${dimensions} dimensions. Ratios are medians ` +
      'over the same questions. The limit: a table of the tenant’s own, without policies, one prepared statement.',
    head: ['', ...sizes.map(tenantOf)],
    rows: [
      row('time to the limit', toLimit('ragwall')),
      row('the same with one ef_search (of the limit, ours)', (one) => {
        const [ours = Number.NaN, limit] = ['ragwall', 'limit, our ef_search'].map(
          (name) => cellOf(one.cells, name)?.toLimit,
        );
        return limit ? `${ratio(ours / limit)} (${one.ef}, ${one.ourEf})` : '–';
      }),
      row('the first, both in `sql.begin`', toLimit('ragwall, sql.begin')),
      ...filters.map((name) => row(`time to the limit, filter ${name}`, toLimit('ragwall'), name)),
      row('p50, ms', time('p50')),
      row('p99, ms', time('p99')),
      row('recall@10', recall('ragwall')),
      row('recall@100', recall('ragwall'), 'none', 100),
      ...filters.map((name) => row(`recall@10, filter ${name}`, recall('ragwall'), name)),
      row('recall@10 after a flood of near-duplicates of the questions', flooded('ragwall')),
      row('recall@10 of the guide’s design', recall(guide)),
      row('the same after the flood', flooded(guide)),
      row('recall@10 of a shared HNSW, scanned iteratively', recall(hnsw)),
      row('the same, filter far off', recall(hnsw), 'far off'),
      row('the same after the flood', flooded(hnsw)),
    ],
  };
}

export const durationTable = ({ duration }: Prepared): Table => ({
  title: 'Load duration',
  note: 'Seconds to store the documents from a table of the server, and to index them.',
  head: ['design', 'documents', 'store', 'index'],
  rows: duration.map(([design, documents, ...times]) => [
    design,
    whole(documents),
    ...times.map((x) => (x / 1000).toFixed(1)),
  ]),
});

export const wallsTable = (walls: readonly { size: number; parts: Record<string, number> }[]): Table => ({
  title: 'What the walls cost',
  note:
    'Microseconds a request; medians. Parts in the server: of loops inside one transaction, all warm. The whole: of statements, ' +
    'as the client sees them. For the policies, row-level security is disabled and that is rolled back.',
  head: ['part', ...walls.map(({ size }) => tenantOf(size))],
  rows: Object.keys(walls[0]?.parts ?? {}).map((part) => [
    part,
    ...walls.map(({ parts }) => micros(parts[part] ?? Number.NaN)),
  ]),
});
