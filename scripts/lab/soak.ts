/** Loads the client through PgBouncer while backends, statements, pooler and server fail, and checks every answer. */
import { parseArgs } from 'node:util';
import postgres, { type Sql } from 'postgres';
import { type Engine, startEngine } from '../../db/tests/engine/engine.js';
import { type TokenSigner, tokenSigner } from '../../src/index.js';
import { toText } from './bench/text.js';
import { openFaults } from './soak/faults.js';
import { foreignRows, progressLine, tables } from './soak/report.js';
import { brokenPatience, run, tenants } from './soak/run.js';
import { brokenClient, brokenSchema, ragwallClient } from './soak/stores.js';

const help = `npm run soak                     50 clients, in trusting mode, for nine minutes; needs Docker

--minutes <n>     how long faults are made, 0.1 to 1440; default 9
--clients <n>     connections to PgBouncer, 1 to 200, each with two callers of different tenants; default 50
--signed          in signed mode
--kill            also KILL in PgBouncer's console, in which 1.24.1 now and then crashes or loops for ever
--seed <n>        other calls and faults, in another order; default 1

First a client that is broken on purpose gets the same load and the same faults, until it is found out; the
run fails if it is not. It exits with 1 if anything was violated, and prints the first of what was.`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      minutes: { type: 'string', default: '9' },
      clients: { type: 'string', default: '50' },
      signed: { type: 'boolean', default: false },
      kill: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
    },
  });
  const number = (name: 'minutes' | 'clients' | 'seed', least: number, most: number) => {
    const value = Number(values[name]);
    if (!(value >= least && value <= most) || (name !== 'minutes' && !Number.isInteger(value))) {
      throw new Error(`--${name} is expected to be a number from ${least} to ${most}`);
    }
    return value;
  };
  return {
    ...values,
    minutes: number('minutes', 0.1, 1440),
    clients: number('clients', 1, 200),
    seed: number('seed', 0, 2 ** 31),
  };
}

type Arguments = ReturnType<typeof readArguments>;

/** Puts the database into signed mode, and returns what signs for it. */
async function signedMode(admin: Sql): Promise<TokenSigner> {
  const [row] = await admin<{ jwk: string }[]>`select ragwall.add_signing_key('soak') as jwk`;
  await admin`revoke execute on function ragwall.set_tenant(text) from app_user, app_reader`;
  return tokenSigner(row?.jwk);
}

async function soak(
  engine: Engine,
  { minutes, clients, signed, kill, seed }: Arguments,
): Promise<number> {
  const admin = postgres(engine.adminUrl, { max: 1, onnotice: () => {} });
  await admin.unsafe(brokenSchema);
  const signer = signed ? await signedMode(admin) : undefined;
  await admin.end();
  const client = ragwallClient(signer);
  const faults = await openFaults(engine, client);
  if (!kill) faults.large.delete('pooler: KILL, RESUME');
  const seconds = minutes * 60;
  const pace = { smallEvery: 200, largeEvery: 3_000, settleWithin: 30, recoverWithin: 60 };
  const options = { ...pace, clients, seed };
  const passedSince = (began: number) => (performance.now() - began) / 1_000;

  let began = performance.now();
  const control = await run(engine, faults, {
    ...options,
    ...brokenPatience,
    client: brokenClient,
    seconds: 30,
    enough: (tally) => foreignRows(tally) >= 100,
  });
  console.log(
    `control: ${foreignRows(control)} foreign rows for a broken client in ${passedSince(began).toFixed(1)} s`,
  );

  began = performance.now();
  const tally = await run(engine, faults, {
    ...options,
    client,
    seconds,
    onProgress: (so) => console.log(progressLine(so, passedSince(began), seconds)),
  });
  await faults.end();
  for (const table of tables(tally)) console.log(toText(table));
  for (const { kind, detail } of tally.violations.slice(0, 20)) console.log(`${kind}: ${detail}`);
  console.log(
    `\n${clients} clients of ${tenants.length} tenants, ${signed ? 'signed' : 'trusting'} mode, seed ${seed}, ` +
      `${(passedSince(began) / 60).toFixed(1)} minutes: ${tally.violations.length} violations`,
  );
  if (foreignRows(control) === 0) throw new Error('the control did not fail: the run proves nothing');
  return tally.violations.length;
}

async function main(): Promise<void> {
  const args = readArguments();
  if (args.help) {
    console.log(help);
    return;
  }
  const engine = await startEngine('docker', console.log);
  process.once('SIGINT', () => void engine.stop().finally(() => process.exit(130)));
  try {
    if ((await soak(engine, args)) > 0) process.exitCode = 1;
  } finally {
    await engine.stop();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
