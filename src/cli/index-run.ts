/** One run of `ragwall index`: the statements of ragwall.index_plan(), one by one, until nothing is due any more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { visible } from '../audit/report.js';
import type { Observer } from './index-observer.js';
import { nextTransaction, planOf, transactionsBelow, wordsWaitFor } from './index-queries.js';
import { inBatches, type Step, stepsOf } from './index-steps.js';
import type { Session } from './session.js';

/** How often progress is printed, in milliseconds. */
const interval = 5_000;

/** How long a run waits for others until it looks whether something else has become due, in milliseconds. */
const pause = 20_000;

export interface RunOptions {
  /** How long builds may wait, in all, for transactions that are under way; in seconds. */
  readonly wait: number;
  /** Ends the run. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** What a run has done, in numbers, and what it could not do, in lines. */
export interface Outcome {
  readonly done: Map<string, number>;
  readonly undone: string[];
}

/** What a step is about: its tenant, or what it is for all. */
const subject = ({ action, tenant }: Step) =>
  tenant ?? (action === 'search words' ? 'words' : 'changes of tenants without a search table');

const seconds = (since: number) => `${((performance.now() - since) / 1_000).toFixed(1)} s`;

/** Runs the statements that are due, plans again, and returns when nothing is due or nothing more can be done. */
export async function runPlan(session: Session, observer: Observer, options: RunOptions): Promise<Outcome> {
  const { signal } = options;
  const say = (line: string) => options.say(visible(line));
  const outcome: Outcome = { done: new Map(), undone: [] };
  /** Keys of steps that are not to be done again, though writers may make them due again at once. */
  const finished = new Set<string>();
  /** Transactions that are in the way of builds: those under way that are below it. */
  let horizon: string | undefined;
  let deadline: number | undefined;
  /** The transactions that were named last. */
  let said = '';

  const count = (what: string, n = 1) => outcome.done.set(what, (outcome.done.get(what) ?? 0) + n);
  const waitsFor = (lines: readonly string[]) =>
    `${lines.slice(0, 3).join('; ')}${lines.length > 3 ? `; and ${lines.length - 3} more` : ''}`;

  /** Returns what there is for a tenant. */
  async function stateOf(tenant = ''): Promise<'nothing' | 'registered' | 'built'> {
    const [known] = await session.run(
      (sql) => sql<{ first: boolean }[]>`
        select built_at is null as first from ragwall.search_tables where tenant_id = ${tenant}`,
    );
    if (!known) return 'nothing';
    return known.first ? 'registered' : 'built';
  }

  /** Whether a transaction that has held up a first build would hold up another one. */
  async function isHeldUp(): Promise<boolean> {
    if (horizon !== undefined && (await transactionsBelow(session, horizon)).length === 0) horizon = undefined;
    return horizon !== undefined;
  }

  /** Runs the statements of a step and returns what they said, while the observer looks on. */
  async function perform(step: Step, title: string): Promise<string> {
    const began = performance.now();
    let documents = 0;
    const what = step.action === 'words' ? 'words made' : 'changes brought in';
    const report = async () => {
      const progress = step.action === 'build' ? await observer.progressOf(session.pid) : `${documents} ${what} so far`;
      if (progress) say(`${title}: ${progress}, ${seconds(began)}`);
    };
    const isLong = step.action === 'build' || inBatches(step.action);
    const timer = isLong ? setInterval(() => void report(), interval) : undefined;
    try {
      for (const statement of step.statements) {
        signal.throwIfAborted();
        const results: unknown = await session.run((sql) => sql.unsafe(statement));
        const [row] = (Array.isArray(results) ? results.flat() : []).slice(-1);
        const said = String(Object.values(Object(row))[0] ?? 'done');
        if (!inBatches(step.action)) return said;
        documents += Number(said);
        // Fewer than a whole batch: what is noted from here on is left for the next run.
        if (Number(said) < 1_000) break;
      }
      count(what, documents);
      return `${documents} ${what}`;
    } finally {
      clearInterval(timer);
    }
  }

  /** Does a step. Returns whether it was held up by a transaction that is under way. */
  async function doStep(step: Step, place: string): Promise<boolean> {
    const title = `${place} ${subject(step)}`;
    let next: string | undefined;
    if (step.action === 'build') {
      const state = await stateOf(step.tenant);
      if (state === 'registered' && (await isHeldUp())) return true;
      if (state !== 'nothing') say(`${title}: building`);
      next = await nextTransaction(session);
    }
    const began = performance.now();
    try {
      const said = await perform(step, title);
      say(`${title}: ${said}, ${seconds(began)}`);
      if (said.startsWith('registered')) count('registered');
      else if (step.action === 'build') count('built');
      else if (step.action === 'measure') count('measured');
      else if (step.action === 'index') count('indexed');
      else if (step.action === 'drop') count(said.startsWith('dropped') ? 'dropped' : 'taken out of use');
      // A tenant is registered, then built; a table is taken out of use, then dropped; words wait once before they are searched.
      const isHalf = step.action === 'drop' || step.action === 'search words' || said.startsWith('registered');
      if (!isHalf) finished.add(step.key);
      // Search tables that were built without words are built anew with them.
      if (said === 'words are searched') for (const key of finished) if (key.startsWith('build ')) finished.delete(key);
      // What was brought in may be worth another measurement.
      if (step.action === 'catch up') finished.delete(`measure ${step.tenant}`);
      return false;
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = Object(error) as { code?: string; message?: string };
      if (code === undefined) throw error;
      if (code === 'RW304') {
        horizon = next;
        return true;
      }
      say(`${title}: failed: ${message}`);
      outcome.undone.push(`${subject(step)}: ${step.action}: ${message}`);
      finished.add(step.key);
      return false;
    }
  }

  /** Waits for the transactions below the horizon, for a while, and returns those that are left. */
  async function waitForOthers(what: 'builds' | 'words'): Promise<string[]> {
    deadline ??= performance.now() + options.wait * 1_000;
    const until = Math.min(deadline, performance.now() + pause);
    for (;;) {
      const others = horizon === undefined ? [] : await transactionsBelow(session, horizon);
      if (others.length === 0 || performance.now() >= until) return others;
      if (others.join() !== said) say(`${what} wait for ${waitsFor(others)}`);
      said = others.join();
      await sleep(Math.min(1_000, Math.max(0, until - performance.now())), undefined, { signal });
    }
  }

  for (;;) {
    const steps = stepsOf(await planOf(session)).filter(({ key }) => !finished.has(key));
    if (steps.length === 0) {
      horizon = await wordsWaitFor(session);
      if (horizon === undefined) return outcome;
      const others = await waitForOthers('words');
      if (performance.now() < (deadline ?? 0)) {
        await sleep(1_000, undefined, { signal });
        continue;
      }
      outcome.undone.push(
        `words are not searched yet: held up by ${waitsFor(others) || 'a transaction that has just ended'}`,
      );
      return outcome;
    }
    const heldUp: Step[] = [];
    let progressed = false;
    for (const [i, step] of steps.entries()) {
      signal.throwIfAborted();
      if (finished.has(step.key)) continue;
      if (await doStep(step, `${i + 1}/${steps.length}`)) heldUp.push(step);
      else progressed = true;
    }
    // Whatever else can be done comes first.
    if (progressed) continue;
    const others = await waitForOthers('builds');
    if (performance.now() < (deadline ?? 0)) {
      // Time has passed, so there are new changes to bring in.
      for (const key of finished) if (key.startsWith('catch up ')) finished.delete(key);
      continue;
    }
    for (const { key, tenant } of heldUp) {
      finished.add(key);
      outcome.undone.push(`${tenant}: build: held up by ${waitsFor(others) || 'a transaction that has just ended'}`);
    }
  }
}
