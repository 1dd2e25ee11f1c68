/** Runs Postgres, PgBouncer and the service in signed mode on this machine, to be tried with curl. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { serveCommand } from 'ragwall-server/serve';
import { type RunningEngine, startBestEngine } from '../db/tests/engine/engine.js';
import { root } from '../db/tests/engine/migrations.js';
import { type StandIn, startStandIn } from './lab/openai/stand-in.js';
import { command, connect } from './lab/setup.js';

const help = `npm run quickstart    runs Postgres, PgBouncer and the service on 127.0.0.1:8080 until Ctrl-C,
                      SIGTERM, or the end of npm or of the terminal

Nothing is kept. Where no Docker engine answers, Postgres is embedded, there is no PgBouncer, and the service has one
connection. Tokens of two tenants, acme and globex, are written to .quickstart/tokens; they are valid for eight hours.

--port <n>        the port of the service
--embedded        runs without Docker, even if a Docker engine answers
OPENAI_API_KEY and RAGWALL_CHAT_MODEL
                  if both are set, OpenAI embeds and answers, or the server at OPENAI_BASE_URL; by default a stand-in on
                  this machine does, which compares words, understands no meaning, and answers with quotations`;

const issuer = 'quickstart';
const audience = 'ragwall';

/** Puts the database into signed mode, and returns the service's login and its signing key. */
async function signedMode(engine: RunningEngine): Promise<{ url: string; key: string }> {
  const admin = connect(engine.adminUrl);
  const [row] = await admin<{ key: string }[]>`select ragwall.add_signing_key('quickstart') as key`;
  await admin`revoke execute on function ragwall.set_tenant(text) from app_user, app_reader`;
  // The embedded engine has one session, which every connection gets as it is.
  if (!engine.appUrl) await admin`set session authorization app_user`;
  await admin.end();
  return { url: engine.poolerUrl ?? engine.appUrl ?? engine.adminUrl, key: row?.key ?? '' };
}

/** Writes the tenants' tokens as shell variables into a file that only its owner can read. */
async function writeTokens(folder: URL, secret: Buffer): Promise<void> {
  const lines = ['acme', 'globex'].map(async (tenant) => {
    const token = new SignJWT({ tenant_id: tenant }).setProtectedHeader({ alg: 'HS256' });
    token.setIssuer(issuer).setAudience(audience).setExpirationTime('8h');
    return `${tenant}=${await token.sign(secret)}\n`;
  });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(new URL('tokens', folder), (await Promise.all(lines)).join(''), { mode: 0o600 });
}

/** Has the container removed when this process has ended, even if it is killed. */
function watch(containerId: string): void {
  const file = fileURLToPath(new URL('quickstart-watchdog.ts', import.meta.url));
  const stdio: ['pipe', 'ignore', 'ignore'] = ['pipe', 'ignore', 'ignore'];
  const watchdog = spawn(process.execPath, ['--import', 'tsx', file, containerId], { detached: true, stdio });
  watchdog.unref();
  (watchdog.stdin as Socket).unref();
}

/** Ends this process, as SIGTERM does, when npm, which has started it, is no longer there. */
function endWithNpm(): void {
  if (!process.env.npm_lifecycle_event) return;
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  timer.unref();
}

const options = { embedded: { type: 'boolean', default: false }, port: { type: 'string', default: '8080' } } as const;

await command(help, options, async ({ embedded, port }) => {
  // A signal during the start ends it when the engine is up, because only then can the engine be stopped.
  let interrupted = false;
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, () => (interrupted = true));
  endWithNpm();
  // Once the terminal is closed, nobody reads what is written.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const folder = new URL('.quickstart/', root);
  const engine = await startBestEngine(embedded ? 'embedded' : undefined, undefined, console.log);
  if (engine.containerId) watch(engine.containerId);
  const { OPENAI_API_KEY, OPENAI_BASE_URL, RAGWALL_CHAT_MODEL, RAGWALL_EMBEDDING_MODEL } = process.env;
  let standIn: StandIn | undefined;
  try {
    if (!OPENAI_API_KEY || !RAGWALL_CHAT_MODEL) standIn = await startStandIn();
    const { url, key } = await signedMode(engine);
    const secret = Buffer.from(randomBytes(32).toString('hex'));
    await writeTokens(folder, secret);
    if (interrupted) return 0;
    return await serveCommand(['--port', port, '--pool', engine.appUrl ? '5' : '1', '--accept', 'O01'], {
      ...(standIn
        ? { OPENAI_BASE_URL: standIn.url, OPENAI_API_KEY: 'none', RAGWALL_CHAT_MODEL: 'stand-in' }
        : { OPENAI_BASE_URL, OPENAI_API_KEY, RAGWALL_CHAT_MODEL, RAGWALL_EMBEDDING_MODEL }),
      DATABASE_URL: url,
      RAGWALL_SIGNING_KEY: key,
      RAGWALL_JWT_SECRET: `${secret}`,
      RAGWALL_JWT_ISSUER: issuer,
      RAGWALL_JWT_AUDIENCE: audience,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
    await standIn?.close();
    await engine.stop();
  }
});
