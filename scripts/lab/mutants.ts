/** Breaks each wall, one at a time, and checks that a test fails. */
import { group, rollups } from 'd3-array';
import { type Engine, startTestEngine } from '../../db/tests/engine/engine.js';
import { describeMachine } from './measure.js';
import { clientMutants } from './mutants/client.js';
import { onClone } from './mutants/databases.js';
import { equivalents } from './mutants/equivalents.js';
import { databaseMutants, type Mutant, title } from './mutants/mutant.js';
import { byPgtap, byVitest, greenSuites, greenTests, ofClient, type Verdict } from './mutants/run.js';
import { loadSuites } from './mutants/suites.js';
import { print, progress, type Table, whole, writeFigures, writeFiguresHelp, writeFiguresOption } from './report.js';
import { command, connect, withEngine } from './setup.js';

const help = `npm run mutants                     breaks every wall, one at a time; about ten minutes on two cores

Breaks what the catalog lists (policies, row-level security, privileges, owners, keys, checks, settings, roles),
conditions in the bodies of functions, and the client. Exits with 1 if no test notices one of them.
Needs Docker, or TEST_DATABASE_URL of a superuser on a server with pgTAP.

--only <regexp>     only mutants whose “kind: name” fits
--suites <regexp>   only the pgTAP files whose names fit, and no Vitest
--list              prints the mutants and makes none
--kills             prints which assertion noticed each
${writeFiguresHelp}`;

/** Returns all mutants that fit. It leaves no connection open, because a database with connections cannot be cloned. */
async function mutantsOf(engine: Engine, only: RegExp): Promise<Mutant[]> {
  const sql = connect(engine.adminUrl);
  const found = await databaseMutants(sql).finally(() => sql.end());
  return [...found, ...clientMutants].filter((mutant) => only.test(title(mutant)));
}

const reasonFor = (mutant: Mutant) => equivalents.find(({ pattern }) => pattern.test(title(mutant)))?.reason;

/** Makes each mutant and runs pgTAP; where no assertion fails, and for the client, Vitest. */
async function verdictsOf(
  engine: Engine,
  mutants: readonly Mutant[],
  chosen: string | undefined,
  onVerdict: (verdict: Verdict) => void,
): Promise<Verdict[]> {
  const suites = (await loadSuites()).filter(({ name }) => new RegExp(chosen ?? '').test(name));
  const verdicts: Verdict[] = [];
  const settle = (verdict: Verdict) => {
    verdicts.push(verdict);
    onVerdict(verdict);
  };
  const unnoticed: Mutant[] = [];
  const orVitest = (verdict: Verdict) => {
    const { mutant, killer, error } = verdict;
    const isFinal = killer || error || chosen !== undefined || ['later', 'roles'].includes(mutant.kind);
    if (isFinal || reasonFor(mutant)) settle(verdict);
    else unnoticed.push(mutant);
  };
  const byKind = (fits: (kind: string) => boolean) => mutants.filter(({ kind }) => fits(kind));

  await onClone(engine, (_, first) =>
    onClone(engine, async (_, second) => {
      const green = await greenSuites(first, suites);
      console.log(`${green.length} pgTAP files pass with nothing broken`);
      // Roles belong to the cluster: transactions that change them at the same time wait for each other.
      const roles = byKind((kind) => kind === 'roles');
      const others = byKind((kind) => !['roles', 'client'].includes(kind));
      await byPgtap([first], green, roles, orVitest);
      await byPgtap([first, second], green, others, orVitest);
    }),
  );
  const client = chosen === undefined ? byKind((kind) => kind === 'client') : [];
  if (unnoticed.length + client.length > 0) {
    await greenTests(engine);
    console.log(`so do the Vitest files; ${unnoticed.length + client.length} mutants are left to them`);
    await byVitest(engine, unnoticed, settle);
    await ofClient(engine, client, settle);
  }
  return verdicts;
}

/** Prints what survived, and returns the table by kind and how many mutants no test noticed. */
function summary(verdicts: readonly Verdict[]): { table: Table; left: number } {
  const indented = (statement: string) => statement.trim().replaceAll('\n', '\n  ');
  const state = ({ mutant, killer, error }: Verdict) =>
    error ? 'failed' : killer ? 'noticed' : reasonFor(mutant) ? 'equivalent' : 'survived';
  const states = group(verdicts, state);
  for (const { mutant } of states.get('equivalent') ?? []) {
    console.log(`breaks nothing: ${title(mutant)}\n  ${reasonFor(mutant)}`);
  }
  for (const { mutant, error } of states.get('failed') ?? []) {
    console.log(`COULD NOT BE BROKEN: ${title(mutant)}\n  ${error}\n  ${indented(mutant.statement)}`);
  }
  for (const { mutant } of states.get('survived') ?? []) {
    console.log(`SURVIVED: ${title(mutant)}\n  ${indented(mutant.statement)}`);
  }
  const row = (name: string, all: readonly Verdict[]) => {
    const counts = group(all, state);
    const of = (name: ReturnType<typeof state>) => whole(counts.get(name)?.length ?? 0);
    return [name, of('noticed'), of('survived'), of('failed'), of('equivalent')];
  };
  const kinds = rollups(
    verdicts,
    (all) => all,
    ({ mutant }) => mutant.kind,
  );
  const table: Table = {
    title: 'Mutants',
    note: 'Noticed: a test failed. Equivalent: breaks nothing, for a reason that is listed.',
    head: ['kind', 'noticed', 'survived', 'could not be made', 'equivalent'],
    rows: [...kinds.map(([kind, all]) => row(kind, all)), row('all', verdicts)],
  };
  return { table, left: (states.get('survived')?.length ?? 0) + (states.get('failed')?.length ?? 0) };
}

await command(
  help,
  {
    list: { type: 'boolean', default: false },
    kills: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    suites: { type: 'string' },
    ...writeFiguresOption,
  },
  async ({ list, kills, only, suites, ...values }) => {
    if (values['write-figures'] && (only || suites)) {
      throw new Error('--write-figures is for all mutants: leave --only and --suites out');
    }
    return withEngine(
      startTestEngine((line) => console.log(`engine: ${line}`)),
      async (engine) => {
        if (engine.kind === 'embedded') {
          throw new Error('expected Docker, or TEST_DATABASE_URL: databases have to be cloned');
        }
        const machine = await describeMachine(engine);
        const mutants = await mutantsOf(engine, new RegExp(only));
        if (list) {
          for (const mutant of mutants) console.log(`${title(mutant)}\n  ${mutant.statement}`);
          return 0;
        }
        const bar = progress('breaking', mutants.length);
        const verdicts = await verdictsOf(engine, mutants, suites, ({ mutant, killer, error }) => {
          bar.step();
          if (kills) console.log(`${title(mutant)}\n  ${killer ?? error ?? 'no test noticed'}`);
        }).finally(bar.stop);
        const { table, left } = summary(verdicts);
        print(table);
        if (values['write-figures']) {
          await writeFigures({ lab: 'mutants', command: 'npm run mutants', machine, tables: [table] });
        }
        return left > 0 ? 1 : 0;
      },
    );
  },
);
