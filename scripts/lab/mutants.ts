/** Takes each wall down, one at a time, and asks whether a suite notices. */
import { parseArgs } from 'node:util';
import type { Engine } from '../../db/tests/engine/engine.js';
import { startTestEngine } from '../../db/tests/engine/engine.js';
import { clientMutants } from './mutants/client.js';
import { connect, onClone } from './mutants/databases.js';
import { equivalents } from './mutants/equivalents.js';
import { databaseMutants, type Mutant, title } from './mutants/mutant.js';
import { progress, summary } from './mutants/report.js';
import { byPgtap, byVitest, greenSuites, greenTests, ofClient, type Verdict } from './mutants/run.js';
import { loadSuites } from './mutants/suites.js';

const help = `npm run mutants                     breaks every wall, one at a time; about five minutes on two cores

Breaks what the catalog says there is (policies, row-level security, privileges, owners, keys, checks, settings,
roles), conditions in the bodies of functions, and the client. Exits with 1 if no suite notices one of them.
Needs Docker, or TEST_DATABASE_URL of a superuser on a server with pgTAP.

--only <regexp>     those alone whose “kind: name” fits
--suites <regexp>   ask those pgTAP files alone whose name fits, and no Vitest
--list              print what would be broken, and how
--kills             print which assertion noticed each
--help`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      kills: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      suites: { type: 'string' },
    },
  });
  return { ...values, only: new RegExp(values.only) };
}

/** What is there to be broken. */
async function mutantsOf(engine: Engine, only: RegExp): Promise<Mutant[]> {
  const sql = connect(engine.adminUrl);
  try {
    return [...(await databaseMutants(sql)), ...clientMutants].filter((one) => only.test(title(one)));
  } finally {
    await sql.end(); // nobody may be connected to what is cloned
  }
}

async function gate(engine: Engine, args: ReturnType<typeof readArguments>): Promise<number> {
  const mutants = await mutantsOf(engine, args.only);
  if (args.list) {
    for (const mutant of mutants) console.log(`${title(mutant)}\n  ${mutant.statement}`);
    return 0;
  }
  const asked = new RegExp(args.suites ?? '');
  const suites = (await loadSuites()).filter(({ name }) => asked.test(name));
  const verdicts: Verdict[] = [];
  const onVerdict = progress(mutants.length, args.kills);
  const settle = (verdict: Verdict) => {
    verdicts.push(verdict);
    onVerdict(verdict);
  };
  const unnoticed: Mutant[] = [];
  const orAskVitest = (verdict: Verdict) => {
    const { mutant, killer, error } = verdict;
    const isFinal =
      killer || error || args.suites !== undefined || ['later', 'roles'].includes(mutant.kind);
    if (isFinal || equivalents.some(({ pattern }) => pattern.test(title(mutant)))) settle(verdict);
    else unnoticed.push(mutant);
  };
  const byKind = (fits: (kind: string) => boolean) => mutants.filter(({ kind }) => fits(kind));

  await onClone(engine, (_, first) =>
    onClone(engine, async (_, second) => {
      const green = await greenSuites(first, suites);
      console.log(`${green.length} pgTAP files are green with nothing broken`);
      // Roles belong to the cluster: who breaks them at once waits for each other.
      await byPgtap(
        [first],
        green,
        byKind((kind) => kind === 'roles'),
        orAskVitest,
      );
      await byPgtap(
        [first, second],
        green,
        byKind((kind) => !['roles', 'client'].includes(kind)),
        orAskVitest,
      );
    }),
  );
  const client = args.suites === undefined ? byKind((kind) => kind === 'client') : [];
  if (unnoticed.length + client.length > 0) {
    await greenTests(engine);
    console.log(`so are the Vitest files; asking them of ${unnoticed.length + client.length}`);
    await byVitest(engine, unnoticed, settle);
    await ofClient(engine, client, settle);
  }
  return summary(verdicts);
}

async function main(): Promise<number> {
  const args = readArguments();
  if (args.help) {
    console.log(help);
    return 0;
  }
  const engine = await startTestEngine((line) => console.log(`engine: ${line}`));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => void engine.stop().finally(() => process.exit(130)));
  }
  try {
    if (engine.kind === 'embedded')
      throw new Error('Docker is needed, or TEST_DATABASE_URL: see --help');
    return await gate(engine, args);
  } finally {
    await engine.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? `\n${error.message}` : error);
  process.exitCode = 1;
}
