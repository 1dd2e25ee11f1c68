/** Measures Ragwall beside the guide's design, shared indexes, and a dedicated table for each tenant, the limit of what is possible. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { startEngine } from '../../db/tests/engine/engine.js';
import { lexicalEmbedder } from '../../src/index.js';
import { flood, growth } from './bench/attacks.js';
import { compare, throughput } from './bench/compare.js';
import { openServer, prepare, type Server, settingsOf, sizes } from './bench/database.js';
import { designs } from './bench/designs.js';
import { accessPaths } from './bench/explain.js';
import { buildIndexes, chooseLimit } from './bench/indexes.js';
import { inserts } from './bench/inserts.js';
import { toPage } from './bench/page.js';
import { type ClassResult, digest, type Results, tables } from './bench/report.js';
import { full, quick } from './bench/scale.js';
import { wallsPrice } from './bench/walls.js';
import { createWorld } from './bench/world.js';
import { describeMachine, pairedRatio } from './measure.js';
import { print, progress, writeFigures, writeFiguresHelp, writeFiguresOption } from './report.js';
import { command, connect, wholeNumber, withEngine } from './setup.js';
import { askSquad } from './squad.js';

const help = `npm run bench                     everything; about twenty minutes
npm run bench -- --quick          the same on less data, in two to four minutes

--quick             fewer and smaller tenants, fewer samples: shows that it works and what the ratios are about
--neighbours <n>    how many documents the neighbours grow to, 50000 to 1000000; default 200000
--squad <file>      also asks the questions of SQuAD 2.0, from its dev-v2.0.json
--seed <n>          makes other documents and queries; default 1
--out <dir>         where results.json and report.html go; default bench-results
--url <url>         runs on this server, as a superuser, in a new database that is dropped in the end;
                    default DATABASE_URL, else a container, which takes a Docker engine
${writeFiguresHelp}

It stores the same documents in each design and puts the same queries to the designs in turn:

${designs.map(({ name, about }) => `  ${name.padEnd(31)} ${about}`).join('\n')}

Milliseconds hold for this machine only; ratios hold for others, too. “÷ limit” is the time of a design over that of
a dedicated table, which holds one tenant only and has no walls. Recall is against exact search within the tenant.`;

interface Arguments {
  readonly quick: boolean;
  readonly neighbours: number;
  readonly seed: number;
  readonly squad: string | undefined;
}

/** Returns the command that repeats the run, without folders, which may hold names of users. */
const commandOf = ({ quick, neighbours, squad, seed }: Arguments) =>
  [
    'npm run bench --',
    quick ? '--quick' : `--neighbours ${neighbours}`,
    `--seed ${seed}`,
    ...(squad ? [`--squad ${basename(squad)}`] : []),
  ].join(' ');

async function run(server: Server, args: Arguments): Promise<Results> {
  const began = performance.now();
  const scale = args.quick ? quick : full(args.neighbours);
  const { admin, engine } = server;
  const machine = await describeMachine(engine);
  const world = createWorld(args.seed);
  const prepared = await prepare(server, world, scale);
  const { measured, neighbours, queries } = prepared;
  const builds = await buildIndexes(server, measured, console.log);
  const limitChoice = await chooseLimit(server, queries.get('medium') ?? [], measured);
  const room = await sizes(admin, measured);

  const rates = await throughput(server, queries, scale);
  const classes: ClassResult[] = [];
  for (const { name: className, tenants, documents } of scale.classes) {
    const own = queries.get(className) ?? [];
    const bar = progress(`asking, ${className}`, own.length * scale.rounds);
    const options = { ...scale, seed: args.seed, onSample: () => bar.step() };
    const { cells, times } = await compare(designs, engine.appUrl, own, options);
    bar.stop();
    const access = own[0] ? await accessPaths(server, designs, own[0]) : [];
    const timesOf = (design: string) => times.get(design) ?? new Float64Array();
    classes.push({
      ...{ className, tenants, documents, queries: own.length, cells, access },
      rates: rates.get(className) ?? [],
      statementOverTransaction: pairedRatio(timesOf('ragwall, one statement'), timesOf('limit, begin … commit')),
    });
  }
  const [small] = queries.get('small') ?? [];
  if (!small) throw new Error('there is no small tenant');
  console.log('measuring the walls');
  const walls = await wallsPrice(server, small, scale);
  console.log('inserting');
  const insertRates = await inserts(server, world, scale);
  const steps = await growth(server, world, scale, prepared);
  const floods = await flood(server, world, scale, prepared);
  const app = connect(engine.appUrl);
  const squad = args.squad && (await askSquad(app, lexicalEmbedder(), args.squad, scale.questions));
  await app.end();
  return {
    ...{ seed: args.seed, scale, command: commandOf(args), machine },
    settings: await settingsOf(server),
    minutes: (performance.now() - began) / 60_000,
    documents: [...measured, ...neighbours].reduce((sum, tenant) => sum + tenant.documents, 0),
    tenants: measured.length + neighbours.length,
    ...{ limitChoice, classes, walls, inserts: insertRates, builds, sizes: room },
    ...{ growth: steps, flood: floods },
    ...(squad && { squad }),
  };
}

await command(
  help,
  {
    quick: { type: 'boolean', default: false },
    neighbours: { type: 'string' },
    squad: { type: 'string' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'bench-results' },
    url: { type: 'string' },
    ...writeFiguresOption,
  },
  async ({ quick, neighbours, squad, seed, out, url = process.env.DATABASE_URL, ...rest }) => {
    if (quick && neighbours) {
      throw new Error('--neighbours belongs to the full run: leave --quick out');
    }
    const args = {
      ...{ quick, squad, seed: wholeNumber('seed', seed, 0) },
      neighbours: wholeNumber('neighbours', neighbours ?? '200000', 50_000, 1_000_000),
    };
    return withEngine(startEngine(url ? 'url' : 'docker', console.log, url), async (engine) => {
      const server = await openServer(engine);
      const results = await run(server, args);
      await server.admin.end();
      print(...tables(results));
      await mkdir(out, { recursive: true });
      await writeFile(join(out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
      await writeFile(join(out, 'report.html'), toPage(results));
      console.log(`\n${results.minutes.toFixed(1)} minutes; ${join(out, 'report.html')} and results.json`);
      if (rest['write-figures']) {
        const { machine, command } = results;
        await writeFigures({ lab: 'bench', command, machine, tables: digest(results) });
      }
      return 0;
    });
  },
);
