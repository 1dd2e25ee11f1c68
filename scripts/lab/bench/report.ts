/** All that a run of the benchmark found, whether it hit its targets, and its tables. */
import type { Machine } from '../measure.js';
import { mib, micros, ms, ratio, share, type Table, whole } from '../report.js';
import { type SquadResult, squadTable } from '../squad.js';
import { type FloodResult, type GrowthStep, growthFactor } from './attacks.js';
import { type Cell, type Rate, tooFew } from './compare.js';
import type { Size } from './database.js';
import type { Access } from './explain.js';
import type { Build } from './indexes.js';
import type { InsertRate } from './inserts.js';
import type { Scale } from './scale.js';
import type { Part } from './walls.js';
import type { ClassName } from './world.js';

export interface ClassResult {
  readonly className: ClassName;
  readonly tenants: number;
  readonly documents: number;
  readonly queries: number;
  readonly cells: readonly Cell[];
  readonly access: readonly Access[];
  readonly rates: readonly Rate[];
  /** Median over the queries of the time of Ragwall's one statement to that of the dedicated table in begin … commit. */
  readonly statementOverTransaction: number;
}

export interface Results {
  readonly seed: number;
  readonly scale: Scale;
  readonly command: string;
  readonly minutes: number;
  readonly machine: Machine;
  /** Those of the server that bear on the figures. */
  readonly settings: Readonly<Record<string, string>>;
  readonly documents: number;
  readonly tenants: number;
  /** How the dedicated tables of medium tenants are searched, and why: a sentence. */
  readonly limitChoice: string;
  readonly classes: readonly ClassResult[];
  readonly walls: readonly Part[];
  readonly inserts: readonly InsertRate[];
  readonly builds: readonly Build[];
  readonly sizes: readonly Size[];
  readonly growth: readonly GrowthStep[];
  readonly flood: readonly FloodResult[];
  readonly squad?: SquadResult;
}

interface Target {
  readonly what: string;
  readonly className: string;
  readonly measured: number;
  readonly bound: number;
  readonly sense: 'at most' | 'at least';
  readonly hit: boolean;
}

const cellOf = (cells: readonly Cell[], design: string): Cell | undefined =>
  cells.find((cell) => cell.design === design);

/** Compares the figures with the bounds that we had set ourselves. Ratios are medians over the same queries. */
export function targets({ classes, growth, flood }: Results): Target[] {
  const found: Target[] = [];
  const add = (
    what: string,
    className: string,
    measured: number | undefined,
    sense: Target['sense'],
    bound: number,
  ) => {
    if (measured === undefined || Number.isNaN(measured)) return;
    const hit = sense === 'at most' ? measured <= bound : measured >= bound;
    found.push({ what, className, measured, bound, sense, hit });
  };
  for (const { className, cells } of classes) {
    add('recall@10', className, cellOf(cells, 'ragwall, one statement')?.recall, 'at least', 0.99);
  }
  for (const { className, cells } of classes) {
    const ratio = cellOf(cells, 'ragwall, one statement')?.pairedRatio;
    add('one statement ÷ the limit’s one statement', className, ratio, 'at most', 1.25);
  }
  for (const { className, cells } of classes) {
    const ratio = cellOf(cells, 'ragwall, sql.begin')?.pairedRatio;
    add('sql.begin ÷ the limit’s begin … commit', className, ratio, 'at most', 1.15);
  }
  for (const { className, statementOverTransaction } of classes) {
    const what = 'one statement ÷ the limit’s begin … commit';
    add(what, className, statementOverTransaction, 'at most', 0.8);
  }
  for (const { className } of classes) {
    const factor = growthFactor(growth, className, 'ragwall, one statement');
    add('time with all neighbours ÷ with the first', className, factor, 'at most', 1.1);
  }
  for (const { className, before, after } of flood) {
    const rows = (cells: readonly Cell[]) => cellOf(cells, 'ragwall, one statement')?.rows;
    const fewer = (rows(before) ?? Number.NaN) - (rows(after) ?? Number.NaN);
    add('rows fewer under the flood', className, fewer, 'at most', 0);
  }
  return found;
}

/** Returns the distance of a figure from its bound, in percent of the bound, or as it is where the bound is 0. */
function margin({ measured, bound }: Target): string {
  const distance = Math.abs(measured - bound);
  return bound === 0 ? distance.toFixed(1) : `${((100 * distance) / bound).toFixed(1)} %`;
}

/** Marks a figure of too few samples. In Markdown an asterisk would begin an emphasis. */
const few = '‡';
const explainFew = `${few} too few samples to rely on (fewer than 20, or fewer than three beyond the quantile).`;

function comparison({ classes }: Results): Table[] {
  return classes.map(({ className, tenants, documents, queries, cells, access }, i) => ({
    title: `${className}: ${tenants} ${tenants === 1 ? 'tenant' : 'tenants'} of ${whole(documents)} documents`,
    ...(i === 0 && {
      note:
        `${queries} queries, each put to every design in turn, in random order. Milliseconds as the client sees ` +
        `them. “÷ limit”: to the dedicated table asked in the same form, the median over the same queries, ` +
        `then the ratio of the medians. Planning: of the statement, for ragwall of the search inside its function, ` +
        `which is planned at each call; prepared statements keep their plan if it looks no worse. ${explainFew}`,
    }),
    head: [
      'design',
      'recall@10',
      'rows',
      'p50',
      'p95',
      'p99',
      '÷ limit',
      'p50 ÷ p50',
      'samples',
      'planning µs',
      'reads',
    ],
    rows: cells.map((cell) => {
      const { design, samples, recall, rows, p50, p95, p99 } = cell;
      const at = (value: number, q: number) => `${ms(value)}${tooFew(samples, q) ? few : ''}`;
      const path = access.find((one) => one.design === design);
      return [
        design,
        share(recall),
        rows.toFixed(1),
        at(p50, 0.5),
        at(p95, 0.95),
        at(p99, 0.99),
        ratio(cell.pairedRatio),
        ratio(cell.ratio),
        String(samples),
        path ? whole(path.planning) : '',
        path?.path ?? '',
      ];
    }),
  }));
}

function throughput({ classes }: Results): Table {
  const [first] = classes;
  return {
    title: 'Requests a second',
    note:
      'Clients ask without pause, design after design in turns; the median of the turns. The clients are one ' +
      'Node process that shares the machine with the server. † through PgBouncer, in transaction mode.',
    head: ['design', ...classes.flatMap(({ className }) => [`${className}, 1`, `${className}, 50`])],
    rows: [...new Set(first?.rates.map(({ design }) => design))].map((design) => [
      design,
      ...classes.flatMap(({ rates }) =>
        [1, 50].map((clients) => {
          const rate = rates.find((one) => one.design === design && one.clients === clients);
          if (!rate) return '–';
          return `${whole(rate.perSecond)}${rate.pooled ? '†' : ''}${rate.requests < 20 ? few : ''}`;
        }),
      ),
    ]),
  };
}

function growth({ growth: steps, classes }: Results): Table {
  const designs = [...new Set(steps[0]?.cells.map(({ design }) => design))];
  const sizes = [...new Set(steps.map(({ neighbours }) => neighbours))];
  return {
    title: 'Neighbours grow, the victim stays as it is',
    note:
      'p50 in milliseconds, and recall@10, by how many documents the neighbours have. The last column is the ' +
      'ratio to the dedicated table, which never changes, at the end over the same at the start.',
    head: ['victim', 'design', ...sizes.map(whole), 'end ÷ start'],
    rows: classes.flatMap(({ className }) =>
      designs.map((design) => [
        className,
        design,
        ...sizes.map((size) => {
          const step = steps.find((one) => one.neighbours === size && one.className === className);
          const cell = step && cellOf(step.cells, design);
          return cell ? `${ms(cell.p50)} (${share(cell.recall)})` : '–';
        }),
        ratio(growthFactor(steps, className as ClassName, design)),
      ]),
    ),
  };
}

function flood({ flood: results, scale }: Results): Table {
  return {
    title: `Flood: another tenant stores ${whole(scale.flood.documents)} near-duplicates of the queries`,
    note: `The flooded queries only, ${scale.flood.queries} of each class. ${explainFew}`,
    head: ['victim', 'design', 'recall before', 'after', 'rows before', 'after', 'p50 before', 'after'],
    rows: results.flatMap(({ className, before, after }) =>
      before.map((b) => {
        const a = cellOf(after, b.design) ?? b;
        const mark = tooFew(Math.min(a.samples, b.samples), 0.5) ? few : '';
        return [
          className,
          b.design,
          share(b.recall) + mark,
          share(a.recall) + mark,
          b.rows.toFixed(1),
          a.rows.toFixed(1),
          ms(b.p50),
          ms(a.p50),
        ];
      }),
    ),
  };
}

function targetTable(results: Results): Table {
  return {
    title: 'Targets',
    note: 'Ratios are medians over the same queries. Hit or missed, and by how much of the bound.',
    head: ['target', 'class', 'bound', 'measured', 'result', 'by'],
    rows: targets(results).map((target) => [
      target.what,
      target.className,
      `${target.sense === 'at most' ? '≤' : '≥'} ${target.bound}`,
      target.measured.toFixed(3),
      target.hit ? 'hit' : 'MISSED',
      margin(target),
    ]),
  };
}

const wallsTable = ({ scale, walls }: Results): Table => ({
  title: 'What the walls cost',
  note:
    `Microseconds a request, for a small tenant; medians. In a loop: ${scale.walls.loops} loops of ` +
    `${scale.walls.calls} calls inside one transaction, all warm. Once: the only call of a transaction, as ` +
    `a request has it, ${scale.walls.calls} of them. The whole is of as many pairs of statements, as the ` +
    'client sees them. For the policies, row-level security is disabled and that is rolled back.',
  head: ['part', 'in a loop', 'once'],
  rows: walls.map(({ part, loop, once }) => [
    part,
    loop === undefined ? '' : micros(loop),
    once === undefined ? '' : micros(once),
  ]),
});

const insertsTable = ({ inserts }: Results): Table => ({
  title: 'Inserts',
  note: 'One client, 1536 dimensions, no index but the keys for ragwall and all of theirs for the others.',
  head: ['way', 'documents', 'a second'],
  rows: inserts.map(({ way, documents, perSecond }) => [way, whole(documents), whole(perSecond)]),
});

/** Returns all tables, in the order of the console and the page. */
export function tables(results: Results): Table[] {
  const { builds, sizes, squad } = results;
  return [
    ...comparison(results),
    throughput(results),
    wallsTable(results),
    growth(results),
    flood(results),
    insertsTable(results),
    {
      title: 'Building indexes',
      note:
        'Serially (max_parallel_maintenance_workers 0), maintenance_work_mem 2 GB. The shared HNSW index was ' +
        'built beside those of the guide and the limit, those of ragwall by themselves.',
      head: ['index', 'how many', 'seconds'],
      rows: builds.map(({ name, indexes, seconds }) => [name, String(indexes), seconds.toFixed(2)]),
    },
    {
      title: 'Size',
      head: ['design', 'documents', 'tables MiB', 'indexes MiB', 'bytes a document'],
      rows: sizes.map(({ design, documents, tableBytes, indexBytes }) => [
        design,
        whole(documents),
        mib(tableBytes),
        mib(indexBytes),
        whole((tableBytes + indexBytes) / documents),
      ]),
    },
    ...(squad ? [squadTable(squad)] : []),
    targetTable(results),
  ];
}

/** Returns the two tables for docs/figures.md: what comes back and how long it takes by class, and the price of the walls. */
export function digest(results: Results): Table[] {
  const { classes, flood: floods, growth: steps, documents } = results;
  const row = (what: string, figure: (one: ClassResult) => string) => [what, ...classes.map(figure)];
  const recall = (design: string, when?: 'after') => (one: ClassResult) => {
    const flooded = floods.find(({ className }) => className === one.className)?.after ?? [];
    return share(cellOf(when ? flooded : one.cells, design)?.recall ?? Number.NaN);
  };
  const ratioOf = (design: string) => (one: ClassResult) => ratio(cellOf(one.cells, design)?.pairedRatio);
  const ours = 'ragwall, one statement';
  const forced = 'shared hnsw, index forced';
  const flooding = whole(results.scale.flood.documents);
  const largest = whole(results.scale.neighbours.at(-1) ?? 0);
  return [
    {
      title: 'Retrieval and its price',
      note:
        `${whole(documents)} generated documents of 1536 dimensions at first. Ratios are medians over the same queries; they travel, ` +
        'milliseconds do not. Without walls: a dedicated table of the tenant, with no policy.',
      head: ['', ...classes.map((one) => `tenant of ${whole(one.documents)}`)],
      rows: [
        row('recall@10 of Ragwall', recall(ours)),
        row('recall@10 of an HNSW index that tenants share, where the planner takes it', recall(forced)),
        row(`the same after another tenant stored ${flooding} near-duplicates of the queries`, recall(forced, 'after')),
        row('recall@10 of Ragwall after them', recall(ours, 'after')),
        row('time of one statement, to one statement without walls', ratioOf(ours)),
        row('time of `sql.begin`, to `begin … commit` without walls', ratioOf('ragwall, sql.begin')),
        row('time of one statement, to `begin … commit` without walls', (one) => ratio(one.statementOverTransaction)),
        row(
          `time with ${largest} documents of neighbours, to that with ${whole(results.scale.neighbours[0] ?? 0)}`,
          (one) => ratio(growthFactor(steps, one.className, ours)),
        ),
        row('p50 of one statement, ms', (one) => ms(cellOf(one.cells, ours)?.p50 ?? Number.NaN)),
      ],
    },
    wallsTable(results),
    insertsTable(results),
  ];
}
