/** A transaction that writes a version in parts, and what can befall it from within. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ChangedMyMind, isCancelled } from './errors.js';
import { passage, rolledBack, type Source, type Version } from './ledger.js';
import type { StoreTx } from './stores.js';
import type { Tally } from './tally.js';

/** Returns a whole number below its argument. */
export type Below = (n: number) => number;

/** A unit vector, nearly, in one of a few directions; short as a text. */
export function vector(below: Below): number[] {
  const made = Array<number>(1536).fill(0);
  made[below(64)] = 0.75;
  made[below(64)] = 0.5;
  return made;
}

/** The passages of a version, from one position to another. */
export const passages = (below: Below, source: Source, of: Version, from = 0, to = of.size) =>
  Array.from({ length: to - from }, (_, i) => passage(source, of, from + i, vector(below)));

/** What a savepoint does that fails: it stores something, and then fails in one of three ways. */
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
export async function writeInParts(
  tx: StoreTx,
  source: Source,
  next: Version,
  below: Below,
  tally: Tally,
) {
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

/** Ends a transaction in one of three ways, none of which leaves anything of it. */
export async function refuse({ sql }: StoreTx, below: Below, tally: Tally): Promise<void> {
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
