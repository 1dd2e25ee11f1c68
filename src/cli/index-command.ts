/** `ragwall index`: keeps the search tables of large tenants, once or for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { visible } from '../audit/report.js';
import { createObserver } from './index-observer.js';
import { openIndexSession, planOf } from './index-queries.js';
import { type Outcome, runPlan } from './index-run.js';
import { takeLock } from './session.js';

const indexHelp = `ragwall index [url]   builds the search tables of tenants that have become large, brings changes into them,
                      measures their recall, builds worn ones anew, and drops those of tenants that have shrunk

The url, or DATABASE_URL, is that of a superuser or of a member of ragwall_owner, direct and not through a
pooler. Prefer the variable: a command line can be read by others
on the machine. It blocks neither reads nor writes. It can be interrupted and run again. Run it after large
ingests and every night, or all the time with --watch.

  --plan             only print the statements, as ragwall.index_plan() returns them
  --from <n>         from how many documents on a tenant gets a search table (default: the setting
                     ragwall.search_table_from, else 1000); it is dropped below half of that
  --wait <seconds>   how long builds may wait, in all, for transactions that began before (default 600)
  --watch <seconds>  run for ever, with a pause of so many seconds after each run
  --help

Exit codes: 0 done, or ended by a signal with --watch; 1 something was left undone, or it could not run:
another run is at work, the connection was lost, or a signal came.`;

/** Thrown through a run that a signal ends. */
class Interrupted extends Error {}

interface Options {
  readonly url: string;
  readonly from?: string | undefined;
  readonly wait: number;
  readonly signal: AbortSignal;
  /** Whether a run that finds nothing to do says so. */
  readonly terse: boolean;
}

/** Prints the totals of a run and what it left, and returns whether it left something undone. */
function printOutcome({ done, undone }: Outcome, replaced: number, began: number, terse: boolean): boolean {
  const totals = [...done].map(([what, count]) => `${count} ${what}`);
  if (totals.length > 0) {
    console.log(`done: ${totals.join(', ')}, in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  } else if (undone.length === 0 && !terse) console.log('nothing is due');
  if (replaced > 0 && !(terse && totals.length === 0)) {
    console.log(`left for a run after a minute: ${replaced} that searches may still read, to be dropped`);
  }
  for (const line of undone) console.error(`left undone: ${visible(line)}`);
  return undone.length > 0;
}

/** Does once what is due, and returns whether something was left undone. */
async function runOnce({ url, from, wait, signal, terse }: Options): Promise<boolean> {
  const began = performance.now();
  const observer = createObserver(url);
  const session = await openIndexSession(url, from);
  // A cancellation that comes before its statement has no effect, so it is repeated until the run has ended.
  let cancelling: NodeJS.Timeout | undefined;
  const cancel = () => {
    void observer.cancel(session.pid);
    cancelling ??= setInterval(cancel, 300);
  };
  signal.addEventListener('abort', cancel);
  try {
    signal.throwIfAborted();
    await takeLock(session, 'index');
    const outcome = await runPlan(session, observer, { wait, signal, say: console.log });
    const [row] = await session.run(
      (sql) => sql<{ replaced: number }[]>`
        select count(previous)::integer as replaced from ragwall.search_tables`,
    );
    return printOutcome(outcome, row?.replaced ?? 0, began, terse);
  } finally {
    signal.removeEventListener('abort', cancel);
    clearInterval(cancelling);
    await observer.end();
    await session.end();
  }
}

async function printPlan(url: string, from: string | undefined): Promise<void> {
  const session = await openIndexSession(url, from);
  try {
    for (const statement of await planOf(session)) console.log(`${statement};`);
  } finally {
    await session.end();
  }
}

/** Runs for ever, with a pause after each run, until a signal comes. What fails is printed, and tried again. */
async function watch(options: Options, pause: number): Promise<void> {
  for (;;) {
    await runOnce(options).catch((error) => {
      options.signal.throwIfAborted();
      console.error(`ragwall: ${visible(error instanceof Error ? error.message : String(error))}`);
    });
    await sleep(pause * 1_000, undefined, { signal: options.signal });
  }
}

/** Returns a whole number of seconds. */
function secondsOf(option: string, text: string, least: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least) {
    throw new Error(`${option} is expected to be a whole number of seconds from ${least}`);
  }
  return Number(text);
}

/** Keeps the search tables, and returns the exit code. */
export async function indexCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      plan: { type: 'boolean' },
      from: { type: 'string' },
      wait: { type: 'string', default: '600' },
      watch: { type: 'string' },
    },
  });
  const [url = process.env.DATABASE_URL, ...rest] = positionals;
  if (values.help) {
    console.log(indexHelp);
    return 0;
  }
  if (rest.length > 0) throw new Error('expected: ragwall index [url]; see --help');
  if (values.from !== undefined && !/^[1-9]\d{0,8}$/.test(values.from)) {
    throw new Error('--from is expected to be a whole number from 1');
  }
  const wait = secondsOf('--wait', values.wait, 0);
  const pause = values.watch === undefined ? undefined : secondsOf('--watch', values.watch, 1);
  if (values.plan && pause !== undefined) throw new Error('--plan and --watch exclude each other');
  if (!url) throw new Error('a connection string is expected, in DATABASE_URL or as an argument');
  if (values.plan) {
    await printPlan(url, values.from);
    return 0;
  }

  const stop = new AbortController();
  const onSignal = () => stop.abort(new Interrupted('interrupted; what was committed stays: run it again'));
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, onSignal);
  const options: Options = { url, from: values.from, wait, signal: stop.signal, terse: pause !== undefined };
  try {
    if (pause === undefined) return (await runOnce(options)) ? 1 : 0;
    await watch(options, pause);
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    if (pause !== undefined) return 0;
    throw stop.signal.reason;
  }
}
