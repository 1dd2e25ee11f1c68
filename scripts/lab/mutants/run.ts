/** Makes one mutant after the other and runs the suites, first those that noticed most mutants of its kind. */
import type { Sql } from 'postgres';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { clientKiller, clientMutants, onCopy } from './client.js';
import { onClone } from './databases.js';
import type { Mutant } from './mutant.js';
import { firstFailure, type Suite } from './suites.js';
import { clientTests, databaseTests, firstFailingTest } from './typescript.js';

/** The result of a mutant: the assertion that failed, or none. */
export interface Verdict {
  readonly mutant: Mutant;
  readonly killer: string | undefined;
  /** Why the mutant could not be made; it then counts as not noticed. */
  readonly error?: string;
}

type OnVerdict = (verdict: Verdict) => void;

/** Has each worker take one item after another until all are done. */
async function share<W, T>(
  workers: readonly W[],
  items: readonly T[],
  work: (worker: W, item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    workers.map(async (worker) => {
      for (let item = waiting.shift(); item; item = waiting.shift()) await work(worker, item);
    }),
  );
}

const verdictOf = (mutant: Mutant, found: Promise<string | undefined>): Promise<Verdict> =>
  found.then(
    (killer) => ({ mutant, killer }),
    (error) => ({ mutant, killer: undefined, error: String(error) }),
  );

/** Runs the pgTAP files with nothing broken and returns them, the quickest first. @throws Error with the first that fails. */
export async function greenSuites(sql: Sql, suites: readonly Suite[]): Promise<Suite[]> {
  const times = new Map<Suite, number>();
  for (const suite of suites) {
    const began = performance.now();
    const failure = await firstFailure(sql, '', suite);
    if (failure) throw new Error(`fails with nothing broken: ${failure}`);
    times.set(suite, performance.now() - began);
  }
  return [...suites].sort((a, b) => (times.get(a) ?? 0) - (times.get(b) ?? 0));
}

/** Has the workers, each with its own database, make the mutants and run pgTAP until an assertion fails. */
export async function byPgtap(
  workers: readonly Sql[],
  suites: readonly Suite[],
  mutants: readonly Mutant[],
  onVerdict: OnVerdict,
): Promise<void> {
  const kills = new Map<string, number>();
  const killsOf = ({ kind }: Mutant, { name }: Suite) => kills.get(`${kind} ${name}`) ?? 0;

  async function killer(sql: Sql, mutant: Mutant): Promise<string | undefined> {
    const promising = [...suites].sort((a, b) => killsOf(mutant, b) - killsOf(mutant, a));
    for (const suite of promising) {
      const failure = await firstFailure(sql, mutant.statement, suite);
      if (!failure) continue;
      kills.set(`${mutant.kind} ${suite.name}`, killsOf(mutant, suite) + 1);
      return failure;
    }
    return undefined;
  }

  await share(workers, mutants, async (sql, mutant) => {
    onVerdict(await verdictOf(mutant, killer(sql, mutant)));
  });
}

/** Makes each mutant in a clone of the database and runs Vitest there. */
export async function byVitest(engine: Engine, mutants: readonly Mutant[], onVerdict: OnVerdict): Promise<void> {
  await share([1, 2], mutants, async (_, mutant) => {
    const found = onClone(engine, async (clone, sql) => {
      await sql.unsafe(mutant.statement).simple();
      return firstFailingTest(clone, databaseTests);
    });
    onVerdict(await verdictOf(mutant, found));
  });
}

/** Makes each mutant of the client in a copy of the sources and runs Vitest on a clone of the database. */
export async function ofClient(engine: Engine, mutants: readonly Mutant[], onVerdict: OnVerdict): Promise<void> {
  const wanted = clientMutants.filter((mutant) => mutants.includes(mutant));
  await onCopy((one) =>
    onCopy((other) =>
      share([one, other], wanted, async (copy, mutant) => {
        const found = onClone(engine, (clone) => clientKiller(clone, copy, mutant));
        onVerdict(await verdictOf(mutant, found));
      }),
    ),
  );
}

/** Runs the Vitest files with nothing broken. @throws Error with the first test that fails. */
export async function greenTests(engine: Engine): Promise<void> {
  await share([1, 2], [clientTests, databaseTests], (_, files) =>
    onClone(engine, async (clone) => {
      const failure = await firstFailingTest(clone, files);
      if (failure) throw new Error(`fails with nothing broken: ${failure}`);
    }),
  );
}
