/** One caller of a client: makes one call after another, and knows what each has to answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isLost, nameOf } from './errors.js';
import {
  brokenSources,
  differences,
  foreignRows,
  type Ledger,
  type Source,
  type Version,
} from './ledger.js';
import type { Row, Store } from './stores.js';
import type { Outcome, Tally } from './tally.js';
import { type Below, passages, refuse, vector, writeInParts } from './transactions.js';

export interface CallerOptions {
  readonly tenant: string;
  readonly client: number;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly below: Below;
  /** Seconds in which every call is to settle. */
  readonly settleWithin: number;
}

export const retrievals = ['search', 'filtered search', 'transaction that reads'];
export const writes = ['upsert', 'delete', 'transaction that writes', 'transaction that is refused'];
/** How many documents of each tenant are stored before, and are nobody's to change. */
export const base = 12;
/** How many sources a caller writes. */
const own = 4;

/** Makes calls until `goesOn` says no, or one hangs. */
export async function runCaller(options: CallerOptions, goesOn: () => boolean): Promise<void> {
  const { tenant, client, store, ledger, tally, below, settleWithin } = options;
  const who = `client ${client} for ${tenant}`;
  let version = 0;
  let named = 0;
  let stuck = false;
  // The other caller of the client writes sources of the same names, for another tenant.
  const newSource = () => ledger.add(tenant, `${client}/${named++}.md`);
  const sources = Array.from({ length: own }, newSource);

  /** Makes a call; `mayCommit` tells whether it can have taken effect if its connection is lost. */
  async function call(kind: string, make: () => Promise<unknown>, mayCommit = () => true) {
    const began = performance.now();
    const settled = (outcome: Outcome) => {
      tally.call(kind, outcome, began);
      return outcome;
    };
    const hung = Symbol('hung');
    try {
      const value = await Promise.race([make(), sleep(settleWithin * 1_000, hung, { ref: false })]);
      if (value === hung) {
        stuck = true;
        tally.violate({ kind: 'call that hangs', detail: `${kind} of ${who}` });
        return settled('unknown');
      }
      tally.answered(client, began);
      return settled('acknowledged');
    } catch (error) {
      tally.error(nameOf(error), error, `${kind} of ${who}`);
      const outcome = settled(isLost(error) && mayCommit() ? 'unknown' : 'refused');
      if (isLost(error)) await sleep(20 + below(60));
      return outcome;
    }
  }

  /** Makes a call that stores `size` passages of a source, and notes what can be stored then. */
  async function write(
    kind: string,
    source: Source,
    size: number,
    make: (next: Version) => Promise<unknown>,
    mayCommit?: () => boolean,
  ) {
    version += 1;
    const next = { version, size };
    const outcome = await call(kind, () => make(next), mayCommit);
    if (outcome === 'acknowledged') source.allowed = [next];
    if (outcome === 'unknown') {
      // The server may still be at it, so that nothing that is written later is sure to be the last.
      source.allowed = [...source.allowed, next];
      sources[sources.indexOf(source)] = newSource();
    }
  }

  /** Checks an answer; if it is one of a known number of rows, or of a source that is known, that too. */
  function check(rows: readonly Row[], expected?: number | Source) {
    tally.violate(...foreignRows(tenant, rows));
    if (typeof expected === 'object') tally.violate(...differences(expected, rows));
    if (typeof expected === 'number' && rows.length !== expected) {
      tally.violate({
        kind: 'wrong answer',
        detail: `${who} got ${rows.length} rows, expected ${expected}`,
      });
    }
  }

  const search = (k: number) =>
    call('search', async () => check(await store.search(vector(below), k), k));

  const filteredSearch = (expected: Source) =>
    call('filtered search', async () =>
      check(await store.search(vector(below), 10, expected.source), expected),
    );

  const read = (source: Source) =>
    call('transaction that reads', () =>
      store.transaction(async (tx) => {
        check(await tx.read([source.source]), source);
        await sleep(below(12));
        const rows = await tx.read(Array.from({ length: 8 }, () => `${below(50)}/${below(own)}.md`));
        check(rows);
        tally.violate(...brokenSources(rows));
      }),
    );

  function transaction(source: Source, size: number, refused: boolean) {
    let done = false;
    const make = (next: Version) =>
      store.transaction(async (tx) => {
        await writeInParts(tx, source, next, below, tally);
        if (refused) await refuse(tx, below, tally);
        done = true;
      });
    const kind = refused ? 'transaction that is refused' : 'transaction that writes';
    return write(kind, source, size, make, () => done);
  }

  while (goesOn() && !stuck) {
    const chance = below(100);
    const source = sources[below(own)] as Source;
    const size = 2 + below(3);
    if (chance < 46) await search(10);
    else if (chance < 72) await filteredSearch(source);
    else if (chance < 78) await read(source);
    else if (chance < 91) {
      const put = (next: Version) => store.put(passages(below, source, next));
      await write('upsert', source, source.allowed[0]?.size || size, put); // shorter, it would leave some
    } else if (chance < 93) await write('delete', source, 0, () => store.remove(source.source));
    else await transaction(source, size, chance > 97);
  }
}
