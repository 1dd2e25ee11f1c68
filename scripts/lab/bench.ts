/** Measures Ragwall beside a table for each tenant, the limit of what is possible, and beside designs that share an index. */
import { startEngine } from '../../db/tests/engine/engine.js';
import { concurrency, storing } from './bench/cases.js';
import { compare, efOf } from './bench/compare.js';
import { load, maintain, openServer, prepare, type Question, type Server } from './bench/database.js';
import { designs, named } from './bench/designs.js';
import { neighbours } from './bench/neighbours.js';
import {
  type Comparison,
  comparisonTables,
  durationTable,
  type Measured,
  retrieval,
  targetsOf,
  wallsTable,
} from './bench/report.js';
import { full, quick, type Scale } from './bench/scale.js';
import { wallsPrice } from './bench/walls.js';
import { createWorld, type Tenant } from './bench/world.js';
import { describeMachine } from './measure.js';
import { print, writeFigures, writeFiguresHelp, writeFiguresOption } from './report.js';
import { command, wholeNumber, withEngine } from './setup.js';

const help = `npm run bench                     everything; takes hours
npm run bench -- --quick          the same on less data, in about two minutes

--quick         fewer and smaller tenants, fewer samples: shows that it works and what the ratios are about
--seed <n>      makes other documents and questions; default 1
${writeFiguresHelp}

It takes a Docker engine. The cases are those that VectorDBBench has for many tenants, and what tenants may do to each
other. It stores the same documents in each design and puts the same questions to the designs in turn:

${designs.map(({ name, about }) => `  ${name.padEnd(26)} ${about}`).join('\n')}

Milliseconds hold for this machine only; ratios hold for others, too. Recall is against exact search within the tenant.`;

async function run(server: Server, scale: Scale, seed: number) {
  const began = performance.now();
  const log = (line: string) => console.log(`${Math.round((performance.now() - began) / 1000)} s: ${line}`);
  const world = createWorld(seed);
  const prepared = await prepare(server, world, scale, log);
  const largest = prepared.tenants.at(-1) as Tenant;
  const small = prepared.tenants.find(({ documents }) => documents === 50) as Tenant;
  const few = named('ragwall', 'limit', 'guide, kept connection', 'shared HNSW, index forced');
  const comparisons: Comparison[] = [];
  for (const [size, questions] of prepared.classes) {
    log(`asking tenants of ${size}`);
    for (const [filter, own] of Object.entries(questions)) {
      for (const k of filter === 'none' ? [10, 100] : [10]) {
        const ef = filter === 'none' && size >= 1_000 ? await efOf(server, own, k) : 0;
        const [entry] = await server.admin<{ ef: number | null }[]>`
          select ef_10 as ef from ragwall.search_tables where tenant_id = ${own[0]?.tenant.name ?? ''}`;
        const ourEf = entry?.ef ?? 0;
        const all = filter === 'none' && k === 10;
        const asked = all ? designs.filter(({ name }) => ourEf || !name.endsWith('our ef_search')) : few;
        const options = { k, ef, ourEf, rounds: all ? scale.rounds : 1, patience: scale.patience };
        comparisons.push({ size, filter, k, ef, ourEf, cells: await compare(server, asked, own, options) });
      }
    }
  }
  const of = (size: number) =>
    comparisons.find((one) => one.k === 10 && one.filter === 'none' && one.size === size) as Comparison;
  log('measuring the walls');
  const walls: Parameters<typeof wallsTable>[0][number][] = [];
  for (const size of [50, largest.documents]) {
    const question = prepared.classes.get(size)?.none?.[0] as Question;
    walls.push({ size, parts: await wallsPrice(server, question, scale, of(size).ourEf) });
  }
  log('many clients');
  const clients = await concurrency(server, world, scale, prepared, of(1_000).ef);
  log('neighbours');
  const others = await neighbours(server, world, scale);
  log('a flood');
  const flooded = [...prepared.classes].map(([size, { none = [] }]) => ({
    size,
    own: none.slice(0, scale.flood.questions),
  }));
  const targets = flooded.flatMap(({ own }) => own);
  const flooder: Tenant = { name: 'flooder', number: 900_001, documents: scale.flood.documents };
  function* duplicates() {
    for (let n = 0; n < scale.flood.documents; n += 1) {
      const { vector } = targets[n % targets.length] as Question;
      yield [flooder, { ...world.document(flooder, n), vector: world.duplicate(vector, n) }] as const;
    }
  }
  await load(server.admin, duplicates(), [flooder]);
  await maintain(server.engine.adminUrl);
  for (const { size, own } of flooded) {
    const cells = await compare(server, few, own, { rounds: 1, patience: scale.patience, ef: of(size).ef });
    comparisons[comparisons.indexOf(of(size))] = { ...of(size), flooded: cells };
  }
  log('restarting and storing');
  const stored = await storing(server, world, scale, [small, largest], of(largest.documents).ef);
  log('done');
  const more: Measured[] = [clients, others, stored];
  const digest = [
    targetsOf(
      comparisons,
      more.flatMap(({ targets: own }) => own),
    ),
    retrieval(prepared, comparisons),
    ...more.map(({ table }) => table),
    wallsTable(walls),
  ];
  return { digest, details: [...comparisonTables(comparisons), durationTable(prepared)] };
}

await command(
  help,
  { quick: { type: 'boolean', default: false }, seed: { type: 'string', default: '1' }, ...writeFiguresOption },
  async (values) => {
    const seed = wholeNumber('seed', values.seed, 0);
    return withEngine(startEngine('docker', console.log), async (engine) => {
      const machine = await describeMachine(engine);
      const server = await openServer(engine);
      const { digest, details } = await run(server, values.quick ? quick : full, seed);
      await server.admin.end({ timeout: 5 });
      print(...details, ...digest);
      if (values['write-figures']) {
        const command = `npm run bench --${values.quick ? ' --quick' : ''} --seed ${seed}`;
        await writeFigures({ lab: 'bench', command, machine, tables: digest });
      }
      return 0;
    });
  },
);
