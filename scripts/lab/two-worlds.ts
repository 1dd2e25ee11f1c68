/** Puts random statements of one tenant to two databases that differ in another tenant's rows, and compares the answers. */
import { startEngine } from '../../db/tests/engine/engine.js';
import { describeMachine, type Machine, sum } from './measure.js';
import { print, progress, type Table, whole, writeFigures, writeFiguresHelp, writeFiguresOption } from './report.js';
import { command, wholeNumber, withEngine } from './setup.js';
import { explained, type Residual } from './two-worlds/residuals.js';
import { type Difference, type Outcome, run } from './two-worlds/run.js';
import { openWorlds, type Role, roles, type Worlds } from './two-worlds/worlds.js';

const help = `npm run two-worlds                                     20,000 statements for each role; some minutes
npm run two-worlds -- --role agent_caller --statements 100000

--role <role>        ${roles.join(', ')}; default all
--statements <n>     for each role; default 20000
--seed <n>           makes other statements; default 1
--show <n>           examples of each class with differences; default 0
--control-design     the usual design in place of Ragwall, with app_user: fails unless the worlds are told apart
--same-size          the victim's documents differ in their contents, and neither in number nor in length
--first <sql>        what a superuser runs on the template first, to take a wall down and see that it is noticed
${writeFiguresHelp}

Runs on TEST_DATABASE_URL, as a superuser, in new databases that are dropped in the end, else in Docker. Fails if the
worlds are told apart by anything but the residuals of scripts/lab/two-worlds/residuals.ts.`;

/** Returns an example of a difference: the lines that only one answer has, or all lines if the order differs. */
function example({ number, tenant, statement, what, said: [one, other] }: Difference): string {
  const own = (a: readonly string[], b: readonly string[]) => {
    const rest = a.filter((line) => !b.includes(line));
    return (rest.length ? rest : a).slice(0, 25).map((line) => `        ${line.slice(0, 300)}`);
  };
  return [
    `    ${number}, as ${tenant}, ${what}: ${statement}`,
    ...['      world 1', ...own(one, other), '      the other', ...own(other, one)],
  ].join('\n');
}

/**
 * Returns the table of a role, examples, and how many differences are defects. In a class with noise (an HNSW
 * index is built at random, and returns either of two documents at the same distance) as many differences are not.
 */
function report({ role, change, tallies, seconds }: Outcome, show: number) {
  const reasons = new Map<Residual, number>();
  const examples: string[] = [];
  let unexplained = 0;
  const rows = [...tallies]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, { statements, refused, apart, noise }]) => {
      const open = apart.filter((difference) => {
        const residual = explained(role, change, difference);
        if (residual) reasons.set(residual, (reasons.get(residual) ?? 0) + 1);
        return !residual;
      });
      unexplained += Math.max(0, open.length - noise.length);
      for (const [name, all] of [
        ['apart', open],
        ['noise', noise],
      ] as const) {
        if (show && all.length) examples.push(`  ${kind}, ${name}`, ...all.slice(0, show).map(example));
      }
      const counts = [statements, refused, open.length, apart.length - open.length, noise.length];
      return [kind, ...counts.map(whole)];
    });
  const total = sum(tallies.values(), ({ statements }) => statements);
  const table: Table = {
    title: role,
    note:
      `${whole(total)} statements to each of three worlds in ${seconds.toFixed(0)} s. Apart: worlds 1 and 2 answered ` +
      'differently. Residual: they did, for a reason that is listed. Noise: world 1 and the control did.' +
      [...reasons].map(([{ reason }, count]) => `\n\nResidual, ${whole(count)} times: ${reason}`).join(''),
    head: ['class', 'statements', 'refused', 'apart', 'residual', 'noise'],
    rows,
  };
  return { table, examples, unexplained };
}

await command(
  help,
  {
    role: { type: 'string' },
    statements: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    show: { type: 'string', default: '0' },
    'control-design': { type: 'boolean', default: false },
    'same-size': { type: 'boolean', default: false },
    first: { type: 'string' },
    ...writeFiguresOption,
  },
  async ({ first, 'control-design': isControl, 'same-size': sameSize, ...values }) => {
    const seed = wholeNumber('seed', values.seed, 0);
    const show = wholeNumber('show', values.show, 0);
    const statements = wholeNumber('statements', values.statements, 1);
    const role = roles.find((one) => one === values.role);
    if (values.role && !role) throw new Error(`--role is expected to be one of ${roles.join(', ')}`);
    if (isControl && role && role !== 'app_user') throw new Error('the usual design has app_user alone');
    const asked: readonly Role[] = role ? [role] : isControl ? ['app_user'] : roles;
    const design = isControl ? 'usual' : 'ragwall';
    const change = sameSize ? 'contents' : 'rows';

    const url = process.env.TEST_DATABASE_URL;
    const found: Table[] = [];
    let failed = false;
    let machine: Machine | undefined;
    let worlds: Worlds | undefined;
    const start = async () => {
      const engine = await startEngine(url ? 'url' : 'docker', console.log, url);
      const stop = async () => {
        await worlds?.close();
        await engine.stop();
      };
      return { ...engine, stop };
    };
    await withEngine(start(), async (engine) => {
      machine = await describeMachine(engine);
      for (const role of asked) {
        worlds = await openWorlds(engine, { design, change, first });
        try {
          // db/agents.sql is for the agents. The application has the usual view of the server.
          if (role !== 'app_user') await worlds.lockDown();
          const bar = progress(role, statements);
          const onBatch = (done: number) => bar.step(done);
          const outcome = await run(worlds, { role, seed, statements, onBatch }).finally(bar.stop);
          const { table, examples, unexplained } = report(outcome, show);
          print(table);
          console.log(examples.join('\n'));
          found.push(table);
          if (isControl ? unexplained === 0 : unexplained > 0) failed = true;
        } finally {
          await worlds.close();
          worlds = undefined;
        }
      }
    });
    if (values['write-figures'] && machine) {
      const chosen = asked.length === 1 ? ` --role ${asked[0]}` : '';
      const flags = `${isControl ? ' --control-design' : ''}${sameSize ? ' --same-size' : ''}`;
      const command = `npm run two-worlds --${chosen} --statements ${statements} --seed ${seed}${flags}`;
      await writeFigures({ lab: 'two-worlds', command, machine, tables: found });
    }
    return failed ? 1 : 0;
  },
);
