/** Counts what happened: calls, what refused them, faults, recoveries and violations. */
import type { Violation } from './ledger.js';

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
  /** When something happened, and after which fault. */
  const stamp = () => `at ${seconds(began).toFixed(2)} s, after “${last}”:`;
  const add = (to: Map<string, number>, kind: string) => to.set(kind, (to.get(kind) ?? 0) + 1);

  return {
    calls: calls as ReadonlyMap<string, Readonly<Record<Outcome, number>>>,
    /** What refused calls, by name. */
    errors: errors as ReadonlyMap<string, number>,
    /** What befell transactions from within. */
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
    /** Counts an error; one without a name is none that faults explain. */
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

    /** Tells that a fault is over, from which all clients are to recover. */
    fault(kind: string) {
      last = kind;
      const known = faults.get(kind) ?? { count: 0, recoveries: [] };
      known.count += 1;
      faults.set(kind, known);
      open.add({ kind, at: performance.now(), waiting: new Set(Array(clients).keys()) });
    },
    /** Tells that a client got an answer to a call that began at a time. */
    answered(client: number, began: number) {
      for (const fault of open) {
        if (fault.at > began || !fault.waiting.delete(client) || fault.waiting.size > 0) continue;
        open.delete(fault);
        faults.get(fault.kind)?.recoveries.push(seconds(fault.at));
      }
    },
    /** How long the oldest fault has lasted from which not all clients have recovered. */
    unrecovered: () =>
      [...open].map(({ at }) => ({ seconds: seconds(at) })).sort((a, b) => b.seconds - a.seconds)[0],
    /** Of each kind of fault: how many there were, and the seconds until every client had an answer again. */
    recoveries: () =>
      [...faults].map(([kind, { count, recoveries }]) => {
        const all = [
          ...recoveries,
          ...[...open].filter((f) => f.kind === kind).map((f) => seconds(f.at)),
        ];
        all.sort((a, b) => a - b);
        return { kind, count, median: all[all.length >> 1] ?? 0, slowest: all.at(-1) ?? 0 };
      }),
  };
}
