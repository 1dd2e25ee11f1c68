/** The figures of a run, as tables. */
import { type Table, whole } from '../bench/text.js';
import { retrievals, writes } from './caller.js';
import type { Tally } from './tally.js';

/** What can be violated, so that the table shows each with its zero. */
const promises = [
  'foreign row',
  'foreign write',
  'lost write',
  'half-done write',
  'refused write',
  'wrong answer',
  'call that hangs',
  'client that does not recover',
  'unexpected error',
  'crash of the process',
];

/** One line of what has happened so far. */
export function progressLine(tally: Tally, passed: number, of: number): string {
  const faults = tally.recoveries().reduce((sum, { count }) => sum + count, 0);
  return [
    `${passed.toFixed(0)} of ${of.toFixed(0)} s`,
    `${whole(tally.sum(retrievals, 'acknowledged'))} retrievals`,
    `${whole(tally.sum(writes, 'acknowledged'))} writes`,
    `${whole(faults)} faults`,
    `${tally.violations.length} violations`,
  ].join('  ');
}

export const foreignRows = ({ violations }: Tally) =>
  violations.filter(({ kind }) => kind === 'foreign row').length;

export function violationCounts(tally: Tally): Map<string, number> {
  const counts = new Map(promises.map((kind) => [kind, 0]));
  for (const { kind } of tally.violations) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

const pairs = (counts: Iterable<readonly [string, number]>) =>
  [...counts].map(([kind, n]) => [kind, whole(n)]);

export function tables(tally: Tally): Table[] {
  const count = (outcome: 'acknowledged' | 'refused' | 'unknown', kinds: readonly string[]) =>
    whole(tally.sum(kinds, outcome));
  const row = (name: string, kinds: readonly string[]) => [
    name,
    count('acknowledged', kinds),
    count('refused', kinds),
    count('unknown', kinds),
  ];
  return [
    {
      title: 'Calls',
      note: `Unknown: the connection was lost, and a write may have taken effect or not. The longest call took ${tally.longest().toFixed(1)} s.`,
      head: ['', 'acknowledged', 'refused', 'unknown'],
      rows: [
        ...[...retrievals, ...writes].map((kind) => row(kind, [kind])),
        row('all retrievals', retrievals),
        row('all writes', writes),
      ],
    },
    { title: 'What refused them', head: ['', 'calls'], rows: pairs([...tally.errors].sort()) },
    {
      title: 'Faults',
      note: 'Seconds from the end of a fault until every client had an answer to a call that it made after it, including what later faults added.',
      head: ['', 'number', 'median', 'longest'],
      rows: [
        ...tally
          .recoveries()
          .map(({ kind, count, median, slowest }) => [
            kind,
            whole(count),
            median.toFixed(1),
            slowest.toFixed(1),
          ]),
        ...pairs(tally.counts).map((pair) => [...pair, '–', '–']),
      ],
    },
    { title: 'Violations', head: ['', 'number'], rows: pairs(violationCounts(tally)) },
  ];
}
