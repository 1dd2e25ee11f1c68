/** Measures Ragwall beside the guide's design, shared indexes, and a dedicated table for each tenant, the limit of what is possible. */
import { startEngine } from '../../db/tests/engine/engine.js';
import { flood, growth } from './bench/attacks.js';
import { type Cell, compare } from './bench/compare.js';
import { openServer, prepare, type Server } from './bench/database.js';
import { designs } from './bench/designs.js';
import { digest, type Results, tables } from './bench/report.js';
import { full, quick, type Scale } from './bench/scale.js';
import { wallsPrice } from './bench/walls.js';
import { type ClassName, createWorld } from './bench/world.js';
import { describeMachine } from './measure.js';
import { print, progress, writeFigures, writeFiguresHelp, writeFiguresOption } from './report.js';
import { command, wholeNumber, withEngine } from './setup.js';

const help = `npm run bench                     everything; about twenty minutes
npm run bench -- --quick          the same on less data, in two to four minutes

--quick         fewer and smaller tenants, fewer samples: shows that it works and what the ratios are about
--seed <n>      makes other documents and queries; default 1
DATABASE_URL    runs on this server, as a superuser, in a new database that is dropped in the end;
                by default in a container, which takes a Docker engine
${writeFiguresHelp}

It stores the same documents in each design and puts the same queries to the designs in turn:

${designs.map(({ name, about }) => `  ${name.padEnd(31)} ${about}`).join('\n')}

The same seed makes the same documents and queries. Milliseconds hold for this machine only; ratios hold for others,
too. Recall is against exact search within the tenant.`;

async function run(server: Server, scale: Scale, seed: number): Promise<Results> {
  const world = createWorld(seed);
  const prepared = await prepare(server, world, scale);
  const classes = new Map<ClassName, Cell[]>();
  for (const [className, own] of prepared.queries) {
    const bar = progress(`asking, ${className}`, own.length * scale.rounds);
    const options = { ...scale, seed, onSample: () => bar.step() };
    classes.set(className, await compare(designs, server.engine.appUrl, own, options).finally(bar.stop));
  }
  const [small] = prepared.queries.get('small') ?? [];
  if (!small) throw new Error('there is no small tenant');
  console.log('measuring the walls');
  return {
    ...{ scale, documents: prepared.documents, classes },
    walls: await wallsPrice(server, small, scale),
    growth: await growth(server, world, scale, prepared),
    flood: await flood(server, world, scale, prepared),
  };
}

await command(
  help,
  { quick: { type: 'boolean', default: false }, seed: { type: 'string', default: '1' }, ...writeFiguresOption },
  async (values) => {
    const seed = wholeNumber('seed', values.seed, 0);
    const url = process.env.DATABASE_URL;
    return withEngine(startEngine(url ? 'url' : 'docker', console.log, url), async (engine) => {
      const server = await openServer(engine);
      const machine = await describeMachine(engine);
      const results = await run(server, values.quick ? quick : full, seed);
      await server.admin.end();
      print(...tables(results));
      if (values['write-figures']) {
        const command = `npm run bench --${values.quick ? ' --quick' : ''} --seed ${seed}`;
        await writeFigures({ lab: 'bench', command, machine, tables: digest(results) });
      }
      return 0;
    });
  },
);
