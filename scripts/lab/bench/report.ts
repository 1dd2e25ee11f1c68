/** The tables of the benchmark: all of them for the console, and those that docs/figures.md has. */
import { micros, ms, ratio, share, type Table, whole } from '../report.js';
import type { FloodResult, GrowthStep } from './attacks.js';
import type { Cell } from './compare.js';
import type { Scale } from './scale.js';
import type { Part } from './walls.js';
import type { ClassName } from './world.js';

export interface Results {
  readonly scale: Scale;
  /** At first, of all tenants. */
  readonly documents: number;
  readonly classes: ReadonlyMap<ClassName, readonly Cell[]>;
  readonly walls: readonly Part[];
  readonly growth: readonly GrowthStep[];
  readonly flood: readonly FloodResult[];
}

const ours = 'ragwall, one statement';
const cellOf = (cells: readonly Cell[] | undefined, design: string) => cells?.find((cell) => cell.design === design);

/** Returns the last ratio to the dedicated table over the first: how a class of tenants slowed down as neighbours grew. */
function growthFactor(steps: readonly GrowthStep[], className: ClassName, design: string): number {
  const own = steps.filter((step) => step.className === className);
  const [first, last] = [own[0], own.at(-1)].map((step) => cellOf(step?.cells, design)?.overStatement ?? Number.NaN);
  return (last as number) / (first as number);
}

const comparison = ({ scale, classes }: Results): Table[] =>
  scale.classes.map(({ className, tenants, documents, queries }) => ({
    title: `${className}: ${tenants} × ${whole(documents)} documents`,
    note:
      `${queries} queries, each put to every design in turn, in random order. Milliseconds as the client sees them. ` +
      '÷ statement, ÷ transaction: to the dedicated table asked in this form, the median over the same queries. ' +
      'A p50 of fewer than 20 samples, or a p95 of fewer than 60, is not to be relied on.',
    head: ['design', 'recall@10', 'rows', 'p50', 'p95', '÷ statement', '÷ transaction', 'samples'],
    rows: (classes.get(className) ?? []).map((cell) => [
      ...[cell.design, share(cell.recall), cell.rows.toFixed(1), ms(cell.p50), ms(cell.p95)],
      ...[ratio(cell.overStatement), ratio(cell.overTransaction), String(cell.samples)],
    ]),
  }));

const growthTable = ({ growth, scale }: Results): Table => ({
  title: 'Neighbours grow, the victim stays as it is',
  note:
    'p50 in milliseconds, and recall@10, by how many documents the neighbours have. The last column is the ' +
    'ratio to the dedicated table, which never changes, at the end over the same at the start.',
  head: ['victim', 'design', ...scale.neighbours.map(whole), 'end ÷ start'],
  rows: scale.classes.flatMap(({ className }) => {
    const steps = growth.filter((step) => step.className === className);
    return (steps[0]?.cells ?? []).map(({ design }, i) => [
      ...[className, design],
      ...steps.map(({ cells }) => `${ms(cells[i]?.p50 ?? Number.NaN)} (${share(cells[i]?.recall ?? Number.NaN)})`),
      ratio(growthFactor(growth, className, design)),
    ]);
  }),
});

const floodTable = ({ flood, scale }: Results): Table => ({
  title: `Flood: another tenant stores ${whole(scale.flood.documents)} near-duplicates of the queries`,
  note: `The flooded queries only, ${scale.flood.queries} of each class.`,
  head: ['victim', 'design', 'recall before', 'after', 'rows before', 'after', 'p50 before', 'after', 'samples'],
  rows: flood.flatMap(({ className, before, after }) =>
    before.map((b, i) => {
      const a = after[i] ?? b;
      return [
        ...[className, b.design, share(b.recall), share(a.recall), b.rows.toFixed(1), a.rows.toFixed(1)],
        ...[ms(b.p50), ms(a.p50), String(Math.min(a.samples, b.samples))],
      ];
    }),
  ),
});

const wallsTable = ({ scale: { walls: size }, walls }: Results): Table => ({
  title: 'What the walls cost',
  note:
    `Microseconds a request, for a small tenant; medians. Parts in the server: of ${size.loops} loops of ${size.calls} calls inside ` +
    `one transaction, all warm. The whole: the medians of ${size.calls} statements each, as the client sees them. For the ` +
    'policies, row-level security is disabled and that is rolled back.',
  head: ['part', 'µs'],
  rows: walls.map(([part, cost]) => [part, micros(cost)]),
});

/** Returns all tables, in the order of the console. */
export const tables = (results: Results): Table[] => [
  ...comparison(results),
  wallsTable(results),
  growthTable(results),
  floodTable(results),
];

/** Returns the two tables for docs/figures.md: what comes back and how long it takes by class, and the price of the walls. */
export function digest(results: Results): Table[] {
  const { scale, classes, flood, growth, documents } = results;
  const row = (what: string, figure: (cells: readonly Cell[], className: ClassName) => string) => [
    what,
    ...[...classes].map(([className, cells]) => figure(cells, className)),
  ];
  const rowOf = (what: string, design: string, format: (x: number) => string, name: keyof Omit<Cell, 'design'>) =>
    row(what, (cells) => format(cellOf(cells, design)?.[name] ?? Number.NaN));
  const flooded = (what: string, design: string) =>
    row(what, (_, victim) => {
      const after = flood.find(({ className }) => className === victim)?.after;
      return share(cellOf(after, design)?.recall ?? Number.NaN);
    });
  const forced = 'shared hnsw, index forced';
  const [fewest = 0, most = 0] = [scale.neighbours[0], scale.neighbours.at(-1)];
  return [
    {
      title: 'Retrieval and its price',
      note:
        `${whole(documents)} generated documents of 1536 dimensions at first. Ratios are medians over the same queries; they travel, ` +
        'milliseconds do not. Without walls: a dedicated table of the tenant, with no policy, indexed as Ragwall is.',
      head: ['', ...scale.classes.map((one) => `tenant of ${whole(one.documents)}`)],
      rows: [
        rowOf('recall@10 of Ragwall', ours, share, 'recall'),
        rowOf('recall@10 of an HNSW index that tenants share, where the planner takes it', forced, share, 'recall'),
        flooded(
          `the same after another tenant stored ${whole(scale.flood.documents)} near-duplicates of the queries`,
          forced,
        ),
        flooded('recall@10 of Ragwall after them', ours),
        rowOf('time of one statement, to one statement without walls', ours, ratio, 'overStatement'),
        rowOf('time of `sql.begin`, to `begin … commit` without walls', 'ragwall, sql.begin', ratio, 'overTransaction'),
        rowOf('time of one statement, to `begin … commit` without walls', ours, ratio, 'overTransaction'),
        row(`time with ${whole(most)} documents of neighbours, to that with ${whole(fewest)}`, (_, className) =>
          ratio(growthFactor(growth, className, ours)),
        ),
        rowOf('p50 of one statement, ms', ours, ms, 'p50'),
      ],
    },
    wallsTable(results),
  ];
}
