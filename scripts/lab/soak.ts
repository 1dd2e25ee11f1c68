/** Runs the client through PgBouncer while backends, statements, PgBouncer and server fail, and checks every answer. */
import { type Engine, startEngine } from '../../db/tests/engine/engine.js';
import { type TokenSigner, tokenSigner } from '../../src/index.js';
import { awkwardTenants } from './data.js';
import { describeMachine } from './measure.js';
import { print, type Table, whole, writeFigures, writeFiguresHelp, writeFiguresOption } from './report.js';
import { command, connect, wholeNumber, withEngine } from './setup.js';
import { openFaults } from './soak/faults.js';
import { brokenPatience, run } from './soak/run.js';
import { brokenClient, brokenSchema, ragwallClient } from './soak/stores.js';
import { foreignRows, progressLine, tables } from './soak/tally.js';

const help = `npm run soak                     50 clients, in trusting mode, for nine minutes; needs Docker

--minutes <n>     how long faults are made, 0.1 to 1440; default 9
--clients <n>     connections to PgBouncer, 1 to 200, each with two callers of different tenants; default 50
--signed          in signed mode
--seed <n>        makes other calls and faults, in another order; default 1
${writeFiguresHelp}

Half of the tenants have search tables, which are built anew, dropped and brought up to date meanwhile.

First a client that is broken on purpose runs under the same load and faults, until it has got foreign rows. The run
fails if it gets none. It exits with 1 if there was a violation, and prints the first twenty.`;

/** Puts the database into signed mode, and returns a signer of its tokens. */
async function signedMode(engine: Engine): Promise<TokenSigner> {
  const admin = connect(engine.adminUrl);
  const [row] = await admin<{ jwk: string }[]>`select ragwall.add_signing_key('soak') as jwk`;
  await admin`revoke execute on function ragwall.set_tenant(text) from app_user, app_reader`;
  await admin.end();
  return tokenSigner(row?.jwk);
}

await command(
  help,
  {
    minutes: { type: 'string', default: '9' },
    clients: { type: 'string', default: '50' },
    signed: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    ...writeFiguresOption,
  },
  async ({ signed, ...values }) => {
    const minutes = Number(values.minutes);
    if (!(minutes >= 0.1 && minutes <= 1440)) {
      throw new Error('--minutes is expected to be a number from 0.1 to 1440');
    }
    const clients = wholeNumber('clients', values.clients, 1, 200);
    const seed = wholeNumber('seed', values.seed, 0);
    return withEngine(startEngine('docker', console.log), async (engine) => {
      const machine = await describeMachine(engine);
      const client = ragwallClient(signed ? await signedMode(engine) : undefined);
      const faults = await openFaults(engine, client);
      await faults.admin.unsafe(brokenSchema);
      const pace = { smallEvery: 200, largeEvery: 3_000, settleWithin: 30, recoverWithin: 60 };
      const options = { ...pace, clients, seed };
      const secondsSince = (began: number) => (performance.now() - began) / 1_000;

      let began = performance.now();
      const control = await run(engine, faults, {
        ...{ ...options, ...brokenPatience, client: brokenClient, seconds: 30 },
        enough: (tally) => foreignRows(tally) >= 100,
      });
      const broken = `${whole(foreignRows(control))} foreign rows in ${secondsSince(began).toFixed(1)} s`;
      console.log(`control, a client that is broken on purpose: ${broken}`);
      if (foreignRows(control) === 0) {
        throw new Error('the broken client got no foreign row: the run would prove nothing');
      }

      began = performance.now();
      const seconds = minutes * 60;
      const tally = await run(engine, faults, {
        ...{ ...options, client, seconds },
        onProgress: (so) => console.log(progressLine(so, secondsSince(began), seconds)),
      });
      await faults.end();
      const took = `${(secondsSince(began) / 60).toFixed(1)} minutes`;
      const found: Table[] = tables(tally);
      print(...found);
      for (const { kind, detail } of tally.violations.slice(0, 20)) console.log(`${kind}: ${detail}`);
      const mode = signed ? 'signed' : 'trusting';
      const summary = `${clients} clients of ${awkwardTenants.length} tenants, ${mode} mode, seed ${seed}, ${took}`;
      console.log(`\n${summary}: ${tally.violations.length} violations`);
      if (values['write-figures']) {
        const command = `npm run soak -- --minutes ${values.minutes} --clients ${clients}${signed ? ' --signed' : ''} --seed ${seed}`;
        const run = {
          title: 'Run',
          head: ['', ''],
          rows: [
            ['run', summary],
            ['control, broken on purpose', broken],
          ],
        };
        await writeFigures({ lab: 'soak', command, machine, tables: [run, ...found] });
      }
      return tally.violations.length > 0 ? 1 : 0;
    });
  },
);
