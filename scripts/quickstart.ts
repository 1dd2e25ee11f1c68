/** The whole of it on this machine, to try it with curl: Postgres, PgBouncer, and the service in signed mode. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { SignJWT } from 'jose';
import postgres from 'postgres';
import { type RunningEngine, startBestEngine } from '../db/tests/engine/engine.js';
import { root } from '../db/tests/engine/migrations.js';
import { serveCommand } from '../src/server/serve-command.js';
import { type StandIn, startStandIn } from './lab/openai/stand-in.js';

const help = `npm run quickstart    Postgres, PgBouncer and the service on 127.0.0.1:8080, until Ctrl-C; nothing is kept

Where no Docker engine answers, Postgres is embedded and without PgBouncer, and the service has one connection.
Two tenants' tokens, acme's and globex's, are put into .quickstart/tokens; they are good for eight hours.

--port <n>        where the service listens
--embedded        without Docker, even where there is one
OPENAI_API_KEY and RAGWALL_CHAT_MODEL, both
                  embed and answer with OpenAI (OPENAI_BASE_URL: or with whatever speaks its protocol); by default
                  a stand-in on this machine does, which knows words but no meaning, and quotes`;

const issuer = 'quickstart';
const audience = 'ragwall';

/** Puts the database into signed mode, and returns the key and the login that the service gets. */
async function signedMode(engine: RunningEngine): Promise<{ url: string; key: string }> {
  const admin = postgres(engine.adminUrl, { max: 1, onnotice: () => {} });
  const [row] = await admin<{ key: string }[]>`select ragwall.add_signing_key('quickstart') as key`;
  await admin`revoke execute on function ragwall.set_tenant(text) from app_user, app_reader`;
  // The embedded engine has one session, and whoever connects gets it as it is.
  if (!engine.appUrl) await admin`set session authorization app_user`;
  await admin.end();
  return { url: engine.poolerUrl ?? engine.appUrl ?? engine.adminUrl, key: row?.key ?? '' };
}

/** Writes what a shell reads to have two tenants' tokens, where only its owner can read it. */
async function writeTokens(folder: URL, secret: Buffer): Promise<void> {
  const lines = ['acme', 'globex'].map(async (tenant) => {
    const token = new SignJWT({ tenant_id: tenant }).setProtectedHeader({ alg: 'HS256' });
    token.setIssuer(issuer).setAudience(audience).setExpirationTime('8h');
    return `${tenant}=${await token.sign(secret)}\n`;
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(new URL('tokens', folder), (await Promise.all(lines)).join(''), { mode: 0o600 });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      embedded: { type: 'boolean' },
      port: { type: 'string', default: '8080' },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const folder = new URL('.quickstart/', root);
  const engine = await startBestEngine(
    values.embedded ? 'embedded' : undefined,
    undefined,
    console.log,
  );
  const { OPENAI_API_KEY, OPENAI_BASE_URL, RAGWALL_CHAT_MODEL, RAGWALL_EMBEDDING_MODEL } = process.env;
  let standIn: StandIn | undefined;
  try {
    if (!OPENAI_API_KEY || !RAGWALL_CHAT_MODEL) standIn = await startStandIn();
    const { url, key } = await signedMode(engine);
    const secret = Buffer.from(randomBytes(32).toString('hex'));
    await writeTokens(folder, secret);
    return await serveCommand(
      ['--port', values.port, '--pool', engine.appUrl ? '5' : '1', '--accept', 'O01'],
      {
        ...(standIn
          ? { OPENAI_BASE_URL: standIn.url, OPENAI_API_KEY: 'none', RAGWALL_CHAT_MODEL: 'stand-in' }
          : { OPENAI_BASE_URL, OPENAI_API_KEY, RAGWALL_CHAT_MODEL, RAGWALL_EMBEDDING_MODEL }),
        DATABASE_URL: url,
        RAGWALL_SIGNING_KEY: key,
        RAGWALL_JWT_SECRET: `${secret}`,
        RAGWALL_JWT_ISSUER: issuer,
        RAGWALL_JWT_AUDIENCE: audience,
      },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
    await standIn?.close();
    await engine.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
