/** The figures as tables, which the console and the page both show. */
import { growthFactor } from './attacks.js';
import type { ClassName } from './data.js';
import { tooFew } from './measure.js';
import { cellOf, margin, type Results, targets } from './results.js';
import { mib, micros, ms, ratio, share, type Table, whole } from './text.js';

const few = '*';
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

/** Returns all tables, in the order in which they are to be read. */
export function tables(results: Results): Table[] {
  const { scale, walls, inserts, builds, sizes, squad } = results;
  return [
    ...comparison(results),
    throughput(results),
    {
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
    },
    growth(results),
    flood(results),
    {
      title: 'Inserts',
      note: 'One client, 1536 dimensions, no index but the keys for ragwall and all of theirs for the others.',
      head: ['way', 'documents', 'a second'],
      rows: inserts.map(({ way, documents, perSecond }) => [way, whole(documents), whole(perSecond)]),
    },
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
    ...(squad
      ? [
          {
            title: `SQuAD 2.0: ${squad.tenants} articles as tenants, ${whole(squad.documents)} paragraphs`,
            note: `${whole(squad.questions)} answerable questions, embedded by ${squad.model}: words, no meaning.`,
            head: ['recall@10', 'hit@1', 'hit@5', 'foreign rows', 'p50 ms', 'p95 ms'],
            rows: [
              [
                share(squad.recall),
                share(squad.hit1),
                share(squad.hit5),
                `${squad.foreignRows} of ${whole(squad.rows)}`,
                ms(squad.p50),
                ms(squad.p95),
              ],
            ],
          },
        ]
      : []),
    targetTable(results),
  ];
}
