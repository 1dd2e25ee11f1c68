/** Puts random statements of one tenant to two databases that differ in another tenant's rows, and compares. */
import { parseArgs } from 'node:util';
import { startEngine } from '../../db/tests/engine/engine.js';
import { progress, say } from './bench/progress.js';
import { report } from './two-worlds/report.js';
import { run } from './two-worlds/run.js';
import { openWorlds, type Role, roles, type Worlds } from './two-worlds/worlds.js';

const help = `npm run two-worlds                                     20,000 statements for each role; some minutes
npm run two-worlds -- --role agent_caller --statements 100000

--role <role>        ${roles.join(', ')}; default all
--statements <n>     for each role; default 20000
--seed <n>           other statements; default 1
--show <n>           examples of each class that tells the worlds apart, or the control from the first; default 0
--control-design     the usual design in place of Ragwall: fails unless the worlds are told apart
--same-size          the neighbour's documents differ in what they say, and neither in number nor in length
--first <sql>        what a superuser runs on the template first: a wall taken down, to see that it is noticed

Runs on TEST_DATABASE_URL, a superuser's, in databases of its own that are dropped again, else in Docker. Fails if
anything but the residuals of scripts/lab/two-worlds/residuals.ts tells the worlds apart.`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      role: { type: 'string' },
      statements: { type: 'string', default: '20000' },
      seed: { type: 'string', default: '1' },
      show: { type: 'string', default: '0' },
      'control-design': { type: 'boolean', default: false },
      'same-size': { type: 'boolean', default: false },
      first: { type: 'string' },
    },
  });
  const number = (name: 'statements' | 'seed' | 'show', least: number) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < least || value > 2 ** 31) {
      throw new Error(`--${name} is expected to be a whole number from ${least}`);
    }
    return value;
  };
  const role = roles.find((each) => each === values.role);
  if (values.role && !role) throw new Error(`--role is expected to be one of ${roles.join(', ')}`);
  if (values['control-design'] && role && role !== 'app_user')
    throw new Error('the usual design has app_user alone');
  const design: 'usual' | 'ragwall' = values['control-design'] ? 'usual' : 'ragwall';
  const asked: readonly Role[] = role ? [role] : design === 'usual' ? ['app_user'] : roles;
  return {
    ...{
      help: values.help,
      first: values.first,
      change: values['same-size'] ? ('contents' as const) : ('rows' as const),
      design,
      asked,
    },
    ...{ statements: number('statements', 1), seed: number('seed', 0), show: number('show', 0) },
  };
}

async function main(): Promise<void> {
  const { help: asksHelp, design, asked, statements, seed, show, change, first } = readArguments();
  if (asksHelp) {
    console.log(help);
    return;
  }
  const url = process.env.TEST_DATABASE_URL;
  const engine = await startEngine(url ? 'url' : 'docker', say, url);
  let worlds: Worlds | undefined;
  process.once('SIGINT', async () => {
    await worlds?.close();
    await engine.stop();
    process.exit(130);
  });
  try {
    for (const role of asked) {
      worlds = await openWorlds(engine, { design, change, first });
      try {
        // Not for the application, which is to be told as much as it usually is.
        if (role !== 'app_user') await worlds.lockDown();
        const bar = progress(role, statements);
        const onBatch = (done: number) => bar.step(done);
        const outcome = await run(worlds, { role, seed, statements, onBatch }).finally(() =>
          bar.stop(),
        );
        const { text, unexplained } = report(outcome, show);
        console.log(text);
        const failed = design === 'usual' ? unexplained === 0 : unexplained > 0;
        if (failed) process.exitCode = 1;
      } finally {
        await worlds.close();
        worlds = undefined;
      }
    }
  } finally {
    await engine.stop();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? `\n${error.message}` : error);
  process.exitCode = 1;
}
