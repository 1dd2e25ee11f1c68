/** The Postgres that tests and the demonstration run on: somebody's server, Docker, or embedded. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { dimensions } from './dimensions.js';
import { type DockerServer, dockerAnswers, startDocker } from './docker.js';
import { startEmbedded } from './embedded.js';
import { bootstrapSql, root } from './migrations.js';

export type EngineKind = 'url' | 'docker' | 'embedded';

/** A migrated, empty database. What is not there on an engine is undefined. */
export interface Engine {
  readonly kind: EngineKind;
  /** A superuser. On the embedded engine the only connection there is. */
  readonly adminUrl: string;
  /** A login that is app_user, or a member of it. */
  readonly appUrl?: string;
  /** app_user through PgBouncer in transaction mode, five server connections. */
  readonly poolerUrl?: string;
  /** The same through a PgBouncer that resets the session after every transaction. */
  readonly resettingPoolerUrl?: string;
  /** The container, to run commands in. */
  readonly containerId?: string;
}

export type RunningEngine = Engine & { stop(): Promise<void> };

type Log = (line: string) => void;

const quiet = { max: 1, onnotice: () => {} };
const cli = createRequire(import.meta.url).resolve('graphile-migrate/dist/cli.js');

/** Creates a database and applies the migrations, with graphile-migrate itself, as a DBA does. */
async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const server = postgres(serverUrl, quiet);
  await server.unsafe(`create database ${name}`);
  await server.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const database = postgres(url.href, quiet);
  await database.unsafe(await bootstrapSql());
  await database.end();
  await promisify(execFile)(process.execPath, [cli, 'migrate'], {
    cwd: fileURLToPath(root),
    env: { ...process.env, DATABASE_URL: url.href },
  });
  return url.href;
}

/** Lets a login into a database, as a member of a role or the role itself. */
export async function grantLogin(databaseUrl: string, login: string, role: string): Promise<void> {
  const database = postgres(databaseUrl, quiet);
  await database`select ragwall.grant_login(${login}, ${role})`;
  await database.end();
}

function withLogin(url: string, user: string, password: string, port?: number): string {
  const login = new URL(url);
  login.username = user;
  login.password = password;
  if (port) login.port = String(port);
  return login.href;
}

async function startOnDocker(log: Log): Promise<RunningEngine> {
  const server = await startDocker(log);
  return onDocker(server).catch(async (error) => {
    await server.stop();
    throw error;
  });
}

async function onDocker(server: DockerServer): Promise<RunningEngine> {
  const adminUrl = await createDatabase(server.adminUrl, 'ragwall');
  const admin = postgres(adminUrl, quiet);
  for (const role of ['app_user', 'app_reader', 'agent_reader', 'agent_caller']) {
    await admin`select ragwall.grant_login(${role}, ${role})`;
    await admin.unsafe(`alter role ${role} password '${server.password}'`);
  }
  await admin.end();
  return {
    kind: 'docker',
    adminUrl,
    appUrl: withLogin(adminUrl, 'app_user', server.password),
    poolerUrl: withLogin(adminUrl, 'app_user', server.password, server.poolerPort),
    resettingPoolerUrl: withLogin(adminUrl, 'app_user', server.password, server.resettingPoolerPort),
    containerId: server.id,
    stop: server.stop,
  };
}

/** On a server of somebody else's: a database and a login of our own, dropped in the end. */
async function startOnUrl(url: string): Promise<RunningEngine> {
  const name = `ragwall_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(24).toString('hex');
  const server = postgres(url, quiet);
  async function stop() {
    await server.unsafe(`drop database if exists ${name} with (force)`);
    await server.unsafe(`drop role if exists ${name}`);
    await server.end();
  }
  try {
    const adminUrl = await createDatabase(url, name);
    await grantLogin(adminUrl, name, 'app_user');
    await server.unsafe(`alter role ${name} password '${password}'`);
    return { kind: 'url', adminUrl, appUrl: withLogin(adminUrl, name, password), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startOnEmbedded(log: Log, dimensions: number): Promise<RunningEngine> {
  const began = performance.now();
  const server = await startEmbedded({ dimensions });
  log(`embedded Postgres ready in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return { kind: 'embedded', adminUrl: server.url, stop: server.stop };
}

/**
 * Starts the engine of one kind. `url` is needed for that kind alone, and is a superuser's. `embedded`: how many numbers
 * embeddings have on that engine, on which there can be no other database.
 */
export async function startEngine(
  kind: EngineKind,
  log: Log,
  url?: string,
  embedded = dimensions,
): Promise<RunningEngine> {
  if (kind === 'docker') return startOnDocker(log);
  if (kind === 'embedded') return startOnEmbedded(log, embedded);
  if (!url) throw new Error('the url engine expects the connection string of a superuser');
  return startOnUrl(url);
}

/**
 * Starts the engine that RAGWALL_TEST_ENGINE names (url, docker, embedded), or the best there is:
 * TEST_DATABASE_URL, else Docker, else embedded. With what the pgTAP files share.
 * @throws Error if the one that is named is not there.
 */
export async function startTestEngine(log: Log): Promise<RunningEngine> {
  const { RAGWALL_TEST_ENGINE: forced, TEST_DATABASE_URL: url } = process.env;
  const engine = await startBestEngine(forced, url, log);
  const admin = postgres(engine.adminUrl, quiet);
  await admin.unsafe(await readFile(new URL('db/tests/engine/fixture.sql', root), 'utf8'));
  await admin.end();
  return engine;
}

/** Starts the engine that is named, or the best there is: the url's, else Docker, else embedded. */
export async function startBestEngine(
  forced: string | undefined,
  url: string | undefined,
  log: Log,
): Promise<RunningEngine> {
  if (forced) {
    if (forced !== 'url' && forced !== 'docker' && forced !== 'embedded') {
      throw new Error('RAGWALL_TEST_ENGINE is expected to be url, docker or embedded');
    }
    return startEngine(forced, log, url);
  }
  if (url) return startEngine('url', log, url);
  let reason = await dockerAnswers();
  if (!reason) {
    try {
      return await startEngine('docker', log);
    } catch (error) {
      reason = String(error);
    }
  }
  log(`embedded Postgres instead of Docker: ${reason}`);
  return startEngine('embedded', log);
}
