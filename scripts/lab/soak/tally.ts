/** Counts what happened (calls, errors, faults, recoveries, violations), and shows it as tables. */
import { max, rollup } from 'd3-array';
import { median } from '../measure.js';
import { type Table, whole } from '../report.js';
import type { Violation } from './ledger.js';

/** The calls that a caller makes, by name. */
export const retrievals = ['search', 'filtered search', 'transaction that reads'];
export const writes = ['upsert', 'delete', 'transaction that writes', 'transaction that is refused'];

/** Of a call: it succeeded; it failed and had no effect; or its connection was lost, and a write may have had an effect. */
export type Outcome = 'acknowledged' | 'refused' | 'unknown';
export type Tally = ReturnType<typeof createTally>;

const seconds = (since: number) => (performance.now() - since) / 1_000;

export function createTally(clients: number) {
  const calls = new Map<string, Record<Outcome, number>>();
  const errors = new Map<string, number>();
  const counts = new Map<string, number>();
  const faults = new Map<string, { count: number; recoveries: number[] }>();
  const violations: Violation[] = [];
  const open = new Set<{ kind: string; at: number; waiting: Set<number> }>();
  const began = performance.now();
  let longest = 0;
  let last = 'none';
  /** Returns the time and the last fault, for the detail of a violation. */
  const stamp = () => `at ${seconds(began).toFixed(2)} s, after “${last}”:`;
  const add = (to: Map<string, number>, kind: string) => to.set(kind, (to.get(kind) ?? 0) + 1);

  return {
    calls: calls as ReadonlyMap<string, Readonly<Record<Outcome, number>>>,
    /** Errors of calls, by name. */
    errors: errors as ReadonlyMap<string, number>,
    /** What happened inside transactions: savepoints rolled back, time-outs. */
    counts: counts as ReadonlyMap<string, number>,
    violations: violations as readonly Violation[],
    /** The seconds that the longest call took. */
    longest: () => longest,
    sum: (kinds: readonly string[], outcome: Outcome) =>
      kinds.reduce((total, kind) => total + (calls.get(kind)?.[outcome] ?? 0), 0),

    call(kind: string, outcome: Outcome, began: number) {
      const row = calls.get(kind) ?? { acknowledged: 0, refused: 0, unknown: 0 };
      row[outcome] += 1;
      calls.set(kind, row);
      longest = Math.max(longest, seconds(began));
    },
    /** Counts an error by its name. Without a name no fault explains it, and it is a violation. */
    error(name: string | undefined, error: unknown, from: string) {
      if (name) add(errors, name);
      else {
        const { code, message } = error as { code?: string; message?: string };
        const kind = code === 'FOREIGN_ROW' ? 'foreign row' : 'unexpected error';
        violations.push({
          kind,
          detail: `${stamp()} ${from}, ${code}: ${message}${code ? '' : ` ${(error as Error).stack}`}`,
        });
      }
    },
    count: (kind: string) => void add(counts, kind),
    violate(...found: readonly Violation[]) {
      for (const { kind, detail } of found) violations.push({ kind, detail: `${stamp()} ${detail}` });
    },

    /** Records that a fault is over. All clients are to recover from it. */
    fault(kind: string) {
      last = kind;
      const known = faults.get(kind) ?? { count: 0, recoveries: [] };
      known.count += 1;
      faults.set(kind, known);
      open.add({ kind, at: performance.now(), waiting: new Set(Array(clients).keys()) });
    },
    /** Records that a client got an answer to a call that began at this time. */
    answered(client: number, began: number) {
      for (const fault of open) {
        if (fault.at > began || !fault.waiting.delete(client) || fault.waiting.size > 0) continue;
        open.delete(fault);
        faults.get(fault.kind)?.recoveries.push(seconds(fault.at));
      }
    },
    /** Seconds since the oldest fault from which not all clients have recovered; undefined if there is none. */
    unrecovered: () => max(open, ({ at }) => seconds(at)),
    /** Returns for each kind of fault their number and the seconds until every client had an answer again. */
    recoveries: () =>
      [...faults].map(([kind, { count, recoveries }]) => {
        const all = [...recoveries, ...[...open].filter((f) => f.kind === kind).map((f) => seconds(f.at))];
        return { kind, count, median: median(all), slowest: Math.max(0, ...all) };
      }),
  };
}

/** Every kind of violation, so that the table also shows those that did not happen. */
const promises = [
  'foreign row',
  'foreign write',
  'lost write',
  'half-done write',
  'refused write',
  'wrong answer',
  'stale search table',
  'call that hangs',
  'client that does not recover',
  'unexpected error',
  'crash of the process',
];

/** Returns a line about what has happened so far. */
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

export const foreignRows = ({ violations }: Tally) => violations.filter(({ kind }) => kind === 'foreign row').length;

function violationCounts(tally: Tally): Map<string, number> {
  const counts = rollup(
    tally.violations,
    (all) => all.length,
    ({ kind }) => kind,
  );
  return new Map([...promises.map((kind) => [kind, 0] as const), ...counts]);
}

const pairs = (counts: Iterable<readonly [string, number]>) => [...counts].map(([kind, n]) => [kind, whole(n)]);

/** Returns the tables of a run. */
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
      note: `Unknown: the connection was lost, and a write may have had its effect or not. The longest call took ${tally.longest().toFixed(1)} s.`,
      head: ['', 'acknowledged', 'refused', 'unknown'],
      rows: [
        ...[...retrievals, ...writes].map((kind) => row(kind, [kind])),
        row('all retrievals', retrievals),
        row('all writes', writes),
      ],
    },
    { title: 'Errors of calls', head: ['', 'calls'], rows: pairs([...tally.errors].sort()) },
    {
      title: 'Faults',
      note: 'Seconds from the end of a fault until every client had an answer to a call that it made afterwards. Later faults prolong them.',
      head: ['', 'number', 'median', 'longest'],
      rows: [
        ...tally
          .recoveries()
          .map(({ kind, count, median, slowest }) => [kind, whole(count), median.toFixed(1), slowest.toFixed(1)]),
        ...pairs(tally.counts).map((pair) => [...pair, '–', '–']),
      ],
    },
    { title: 'Violations', head: ['', 'number'], rows: pairs(violationCounts(tally)) },
  ];
}
