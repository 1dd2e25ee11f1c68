/** Loads the service through the whole stack beside one that is written as the guide has it, and checks every row. */
import { parseArgs } from 'node:util';
import { startEngine } from '../../db/tests/engine/engine.js';
import { median } from './bench/measure.js';
import { ms, type Table, toText, whole } from './bench/text.js';
import { type Outcome, run } from './load/run.js';
import { guideService, prepare, ragwallService, type Service } from './load/services.js';

const help = `npm run load    50 and 500 requests at once, of ten tenants: HTTP, ragwall serve, PgBouncer in transaction mode,
                Postgres; and in turns with it a service as the guide has it, with a connection for each request.
                Needs Docker; takes about five minutes.

--rounds <n>    how often each takes its turn, 1 to 20; default 3
--requests <n>  in each turn, 100 to 1000000; default 3000

It exits with 1 if a row of ragwall's was another tenant's, or a request of its failed.`;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function table(outcomes: readonly Outcome[], rounds: number): Table {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const group = `${outcome.connections} ${outcome.service}`;
    groups.set(group, [...(groups.get(group) ?? []), outcome]);
  }
  return {
    title: 'Load',
    note: `Medians of ${rounds} turns each; counts are of all turns. Milliseconds from request to whole response.`,
    head: [
      'at once',
      'service',
      'answered',
      'failed',
      'foreign rows',
      'too few rows',
      'a second',
      'p50',
      'p99',
    ],
    rows: [...groups.values()].map((turns) => {
      const of = (name: 'answered' | 'failed' | 'foreign' | 'short' | 'perSecond' | 'p50' | 'p99') =>
        turns.map((turn) => turn[name]);
      return [
        `${turns[0]?.connections}`,
        `${turns[0]?.service}`,
        ...(['answered', 'failed', 'foreign', 'short'] as const).map((name) => whole(sum(of(name)))),
        whole(median(of('perSecond'))),
        ms(median(of('p50'))),
        ms(median(of('p99'))),
      ];
    }),
  };
}

function checked(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Error(`--${name} is expected to be a whole number, ${least} to ${most}`);
  }
  return value;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      rounds: { type: 'string', default: '3' },
      requests: { type: 'string', default: '3000' },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const rounds = checked('rounds', values.rounds, 1, 20);
  const requests = checked('requests', values.requests, 100, 1_000_000);
  const engine = await startEngine('docker', console.log);
  const services: Service[] = [];
  try {
    await prepare(engine);
    services.push(await guideService(engine));
    services.push(await ragwallService(engine));
    const outcomes: Outcome[] = [];
    for (const connections of [50, 500]) {
      for (const service of services) await run(service, { connections: 10, requests: 200 }); // warm
      for (let round = 0; round < rounds; round += 1) {
        for (const service of services) {
          const outcome = await run(service, { connections, requests });
          outcomes.push(outcome);
          console.log(`${connections} at once, ${service.name}: ${whole(outcome.perSecond)} a second`);
        }
      }
    }
    console.log(toText(table(outcomes, rounds)));
    const ours = outcomes.filter(({ service }) => service === services[1]?.name);
    return ours.every(({ failed, foreign, short }) => failed + foreign + short === 0) ? 0 : 1;
  } finally {
    await Promise.all(services.map((service) => service.stop()));
    await engine.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
