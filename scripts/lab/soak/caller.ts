/** A caller of a client, which makes one call after another and knows what each has to answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Below } from '../data.js';
import { ChangedMyMind, isCancelled, isLost, nameOf } from './errors.js';
import {
  brokenSources,
  differences,
  foreignRows,
  type Ledger,
  passage,
  rolledBack,
  type Source,
  type Version,
} from './ledger.js';
import type { Row, Store, StoreTx } from './stores.js';
import type { Outcome, Tally } from './tally.js';

interface CallerOptions {
  readonly tenant: string;
  readonly client: number;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly tally: Tally;
  readonly below: Below;
  /** Seconds after which a call counts as hanging. */
  readonly settleWithin: number;
}

/** Documents of each tenant that are stored at first and that no caller changes. */
export const base = 12;
/** Sources that a caller writes. */
const own = 4;

/** Returns a vector of about unit length in one of a few directions, which is short when written as text. */
function vector(below: Below): number[] {
  const made = Array<number>(1536).fill(0);
  made[below(64)] = 0.75;
  made[below(64)] = 0.5;
  return made;
}

/** Returns the passages of a version, from one position to before another. */
export const passages = (below: Below, source: Source, of: Version, from = 0, to = of.size) =>
  Array.from({ length: to - from }, (_, i) => passage(source, of, from + i, vector(below)));

/** The body of a savepoint that stores something and then fails in one of three ways. */
const failing = (below: Below, source: Source, size: number) => async (inner: StoreTx) => {
  await inner.put(passages(below, source, { version: rolledBack, size }));
  const way = below(3);
  if (way === 0) throw new ChangedMyMind();
  if (way === 1) await inner.sql`select 1 / 0`;
  await inner.sql`select set_config('statement_timeout', '5', true)`;
  await inner.sql`select pg_sleep(5)`;
};

function survives(error: unknown): boolean {
  const { code } = error as { code?: string };
  return error instanceof ChangedMyMind || isCancelled(error) || code === '22012';
}

/** Stores a version in two statements, with a savepoint between them that is rolled back. */
async function writeInParts(tx: StoreTx, source: Source, next: Version, below: Below, tally: Tally) {
  const half = Math.ceil(next.size / 2);
  await tx.put(passages(below, source, next, 0, half));
  await sleep(below(12));
  await tx.savepoint(failing(below, source, next.size)).catch((error) => {
    if (!survives(error)) throw error;
    tally.count('savepoint rolled back');
    if (isCancelled(error)) tally.count('statement timed out or cancelled, in a savepoint');
  });
  await tx.put(passages(below, source, next, half));
  await tx.removeFrom(source.source, next.size);
  await sleep(below(12));
}

/** Has a transaction fail in one of three ways, so that nothing of it is stored. */
async function refuse({ sql }: StoreTx, below: Below, tally: Tally): Promise<void> {
  const way = below(3);
  if (way === 0) throw new ChangedMyMind();
  if (way === 1) {
    await sql`select set_config('statement_timeout', '5', true)`;
    await sql`select pg_sleep(5)`.catch((error) => {
      if (isCancelled(error)) tally.count('statement timed out or cancelled');
      throw error;
    });
  }
  await sql`select set_config('idle_in_transaction_session_timeout', '5', true)`;
  await sleep(50);
  await sql`select 1`.finally(() => tally.count('session timed out, idle in a transaction'));
}

/** Makes calls until `goesOn` returns false, or one hangs. */
export async function runCaller(options: CallerOptions, goesOn: () => boolean): Promise<void> {
  const { tenant, client, store, ledger, tally, below, settleWithin } = options;
  const who = `client ${client} for ${tenant}`;
  let version = 0;
  let named = 0;
  let stuck = false;
  // The other caller of the same client writes sources of the same names for another tenant.
  const newSource = () => ledger.add(tenant, `${client}/${named++}.md`);
  const sources = Array.from({ length: own }, newSource);

  /** Makes a call. `mayCommit` returns whether it can have had an effect if its connection was lost. */
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

  /** Makes a call that stores `size` passages of a source, and records which versions may be stored afterwards. */
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
      // The server may still carry it out, even after a later write. So the source is not written again.
      source.allowed = [...source.allowed, next];
      sources[sources.indexOf(source)] = newSource();
    }
  }

  /** Checks that an answer has no foreign row, and where it is known, the number of rows or the whole source. */
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

  const search = (k: number) => call('search', async () => check(await store.search(vector(below), k), k));

  const filteredSearch = (expected: Source) =>
    call('filtered search', async () => check(await store.search(vector(below), 10, expected.source), expected));

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
      await write('upsert', source, source.allowed[0]?.size || size, put); // of the same size: fewer would leave passages of the old
    } else if (chance < 93) await write('delete', source, 0, () => store.remove(source.source));
    else await transaction(source, size, chance > 97);
  }
}
