/** Measures ragwall beside the guide's design, shared indexes, and the limit: a table for each tenant. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEngine } from '../../db/tests/engine/engine.js';
import { flood, growth } from './bench/attacks.js';
import { createWorld } from './bench/data.js';
import { designs } from './bench/designs.js';
import { accessPaths } from './bench/explain.js';
import { buildIndexes } from './bench/indexes.js';
import { inserts } from './bench/inserts.js';
import { chooseLimit } from './bench/limit.js';
import { compare, pairedRatio } from './bench/measure.js';
import { toPage } from './bench/page.js';
import { prepare } from './bench/prepare.js';
import { progress, say } from './bench/progress.js';
import type { ClassResult, Results } from './bench/results.js';
import { full, quick } from './bench/scale.js';
import { describe, openServer, type Server } from './bench/server.js';
import { sizes } from './bench/sizes.js';
import { squad } from './bench/squad.js';
import { tables } from './bench/tables.js';
import { toText } from './bench/text.js';
import { throughput } from './bench/throughput.js';
import { wallsPrice } from './bench/walls.js';

const help = `npm run bench                     everything; about twenty minutes
npm run bench -- --quick          the same, smaller, within two minutes

--quick             fewer and smaller tenants, fewer samples: to see that it works, not to quote
--neighbours <n>    how many documents the neighbours grow to, up to 1000000; default 200000
--squad <file>      also ask the questions of SQuAD 2.0, from its dev-v2.0.json
--seed <n>          other documents and queries; default 1
--out <dir>         where results.json and report.html go; default bench-results
--url <url>         run on this server, as a superuser, in a database of its own, which is dropped again;
                    default DATABASE_URL, else a container is started, which takes a Docker engine

What it compares, on the same documents, the same queries put to each design in turn:

${designs.map(({ name, about }) => `  ${name.padEnd(31)} ${about}`).join('\n')}

How to read it: times are this machine's, ratios travel better. “÷ limit” says how much longer a design takes
than a table that holds one tenant only and has no walls. Recall is against exact search within the tenant.`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean', default: false },
      neighbours: { type: 'string' },
      squad: { type: 'string' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: 'bench-results' },
      url: { type: 'string' },
    },
  });
  const number = (name: 'seed' | 'neighbours', text: string, least: number, most: number) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new Error(`--${name} is expected to be a whole number from ${least} to ${most}`);
    }
    return value;
  };
  if (values.quick && values.neighbours) {
    throw new Error('--neighbours belongs to the full run: leave --quick out');
  }
  return {
    ...values,
    seed: number('seed', values.seed, 0, 2 ** 31),
    neighbours: number('neighbours', values.neighbours ?? '200000', 50_000, 1_000_000),
  };
}

/** The command to repeat the run with; without paths and URLs, which say more than that. */
function commandOf({ quick, neighbours, squad, seed }: Arguments): string {
  const flags = [
    quick ? '--quick' : `--neighbours ${neighbours}`,
    `--seed ${seed}`,
    squad && `--squad ${basename(squad)}`,
  ];
  return `npm run bench -- ${flags.filter(Boolean).join(' ')}`;
}

type Arguments = ReturnType<typeof readArguments>;

async function run(server: Server, args: Arguments): Promise<Results> {
  const began = performance.now();
  const scale = args.quick ? quick : full(args.neighbours);
  const { admin, engine } = server;
  const machine = await describe(server);
  say(
    `PostgreSQL ${machine.postgres}, pgvector ${machine.pgvector}, PgBouncer ${machine.pgbouncer}; ` +
      `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB\n`,
  );
  const world = createWorld(args.seed);
  const prepared = await prepare(server, world, scale);
  const { measured, neighbours, queries } = prepared;
  const builds = await buildIndexes(server, measured, say);
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
      className,
      tenants,
      documents,
      queries: own.length,
      cells,
      access,
      rates: rates.get(className) ?? [],
      statementOverTransaction: pairedRatio(
        timesOf('ragwall, one statement'),
        timesOf('limit, begin … commit'),
      ),
    });
  }
  const [small] = queries.get('small') ?? [];
  if (!small) throw new Error('there is no small tenant');
  say('measuring the walls');
  const walls = await wallsPrice(server, small, scale);
  say('inserting');
  const insertRates = await inserts(server, world, scale);
  const steps = await growth(server, world, scale, prepared);
  const floods = await flood(server, world, scale, prepared);
  const real = args.squad ? await squad(server, args.squad, scale.questions) : undefined;
  return {
    date: new Date().toISOString().slice(0, 10),
    seed: args.seed,
    scale,
    command: commandOf(args),
    minutes: (performance.now() - began) / 60_000,
    machine,
    documents: [...measured, ...neighbours].reduce((sum, tenant) => sum + tenant.documents, 0),
    tenants: measured.length + neighbours.length,
    limitChoice,
    classes,
    walls,
    inserts: insertRates,
    builds,
    sizes: room,
    growth: steps,
    flood: floods,
    ...(real && { squad: real }),
  };
}

async function main(): Promise<void> {
  const args = readArguments();
  if (args.help) {
    console.log(help);
    return;
  }
  const url = args.url ?? process.env.DATABASE_URL;
  const engine = await startEngine(url ? 'url' : 'docker', say, url);
  process.once('SIGINT', () => void engine.stop().finally(() => process.exit(130)));
  try {
    const server = await openServer(engine);
    const results = await run(server, args);
    await server.admin.end();
    for (const table of tables(results)) console.log(toText(table));
    await mkdir(args.out, { recursive: true });
    await writeFile(join(args.out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
    await writeFile(join(args.out, 'report.html'), toPage(results));
    console.log(
      `\n${results.minutes.toFixed(1)} minutes; ${join(args.out, 'report.html')} and results.json`,
    );
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
