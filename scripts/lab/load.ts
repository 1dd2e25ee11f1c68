/** Puts load on the service, through PgBouncer, and on one that is written as the guide has it, and checks every row. */
import { groups } from 'd3-array';
import { type Engine, startEngine } from '../../db/tests/engine/engine.js';
import { type FloodOutcome, floods, memoryLimit, underFlood } from './load/flood.js';
import { guideService, type Outcome, prepare, ragwallService, run, type Service } from './load/run.js';
import { describeMachine, median, sum } from './measure.js';
import { ms, print, type Table, whole, writeFigures, writeFiguresHelp, writeFiguresOption } from './report.js';
import { command, wholeNumber, withEngine } from './setup.js';

const help = `npm run load    50 and 500 requests at once, of ten tenants, through HTTP, ragwall serve, PgBouncer in transaction
                mode and Postgres; in turns with a service as the guide has it, with a connection for each
                request. Then one tenant sends 300 uploads of 3 MB at once, 400 small upserts or 400 queries, and
                again, while another one asks. Needs Docker, on Linux; takes about six minutes.

--rounds <n>      turns of each service, 1 to 20; default 3
--requests <n>    requests in each turn, 100 to 1000000; default 3000
${writeFiguresHelp}

Exits with 1 if ragwall serve returned another tenant's row, too few rows, or an error; if the other tenant waits ten
times as long as when it is alone; or if the service takes more than ${memoryLimit} MiB.`;

function table(outcomes: readonly Outcome[], rounds: number): Table {
  const turnsOf = groups(outcomes, ({ connections, service }) => `${connections} ${service}`);
  return {
    title: 'Load',
    note: `${rounds === 1 ? 'One turn' : `Medians of ${rounds} turns`} each; counts are of all turns. Milliseconds from the request to the whole answer.`,
    head: [
      ...['at once', 'service', 'answered', 'failed', 'foreign rows', 'too few rows'],
      ...['a second', 'p50 ms', 'p99 ms'],
    ],
    rows: turnsOf.map(([, turns]) => [
      `${turns[0]?.connections}`,
      `${turns[0]?.service}`,
      ...(['answered', 'failed', 'foreign', 'short'] as const).map((name) => whole(sum(turns, (turn) => turn[name]))),
      whole(median(turns.map(({ perSecond }) => perSecond))),
      ...(['p50', 'p99'] as const).map((name) => ms(median(turns.map((turn) => turn[name])))),
    ]),
  };
}

const floodSeconds = 10;

async function floodAll(engine: Engine): Promise<FloodOutcome[]> {
  const outcomes: FloodOutcome[] = [];
  for (const one of floods) {
    const outcome = await underFlood(engine, one, floodSeconds);
    outcomes.push(outcome);
    const { alone, during } = outcome;
    console.log(`${one.name}: the other tenant's p99 is ${ms(during.p99)} ms, alone ${ms(alone.p99)} ms`);
  }
  return outcomes;
}

function floodTable(outcomes: readonly FloodOutcome[]): Table {
  return {
    title: 'One tenant floods, another one asks',
    note:
      `One tenant, or nine, send the requests at once, and again when all are answered, for ${floodSeconds} seconds. Milliseconds of ` +
      'another tenant’s queries, alone and meanwhile. Counts of the flood’s requests; refused are 429 and 503. The most memory ' +
      'that the process of the service had, in MiB.',
    head: ['at once', 'answered', 'refused', 'lost', 'p50 alone', 'p50', 'p99 alone', 'p99', 'memory'],
    rows: outcomes.map(({ name, alone, during, memory }) => [
      name,
      ...[during.answered, during.refused, during.lost].map(whole),
      ...[alone.p50, during.p50, alone.p99, during.p99].map(ms),
      whole(memory),
    ]),
  };
}

const isFair = ({ alone, during, memory }: FloodOutcome) =>
  during.failed + during.lost === 0 && during.p99 < 10 * alone.p99 && memory < memoryLimit;

await command(
  help,
  {
    rounds: { type: 'string', default: '3' },
    requests: { type: 'string', default: '3000' },
    ...writeFiguresOption,
  },
  async (values) => {
    const rounds = wholeNumber('rounds', values.rounds, 1, 20);
    const requests = wholeNumber('requests', values.requests, 100, 1_000_000);
    return withEngine(startEngine('docker', console.log), async (engine) => {
      const machine = await describeMachine(engine);
      const services: Service[] = [];
      const outcomes: Outcome[] = [];
      let flooded: FloodOutcome[] = [];
      try {
        await prepare(engine);
        services.push(await guideService(engine));
        services.push(await ragwallService(engine));
        for (const connections of [50, 500]) {
          // The first requests are not measured: the services open their connections.
          for (const service of services) await run(service, { connections: 10, requests: 200 });
          for (let round = 0; round < rounds; round += 1) {
            for (const service of services) {
              const outcome = await run(service, { connections, requests });
              outcomes.push(outcome);
              console.log(`${connections} at once, ${service.name}: ${whole(outcome.perSecond)} a second`);
            }
          }
        }
        flooded = await floodAll(engine);
      } finally {
        await Promise.all(services.map((service) => service.stop()));
      }
      const found = [table(outcomes, rounds), floodTable(flooded)];
      print(...found);
      if (values['write-figures']) {
        const command = `npm run load -- --rounds ${rounds} --requests ${requests}`;
        await writeFigures({ lab: 'load', command, machine, tables: found });
      }
      const ours = outcomes.filter(({ service }) => service === services[1]?.name);
      const right = ours.every(({ failed, foreign, short }) => failed + foreign + short === 0);
      return right && flooded.every(isFair) ? 0 : 1;
    });
  },
);
