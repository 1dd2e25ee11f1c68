/** How a test file talks to the engine: as the application, and as the administrator. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import postgres, { type Sql, type TransactionSql } from 'postgres';
import type { TestContext } from 'vitest';
import { ragwallOn } from '../../../src/client/connect.js';
import { Connections } from '../../../src/client/connections.js';
import type { Tenant } from '../../../src/client/handle.js';
import type { Ragwall, TokenSigner } from '../../../src/index.js';
import type { Engine, EngineKind } from './engine.js';

export interface Session {
  /** Logged in as app_user; on the embedded engine by SET SESSION AUTHORIZATION, on one connection. */
  readonly app: Sql;
  /** Runs `fn` as a superuser. */
  admin<T>(fn: (sql: Sql) => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

/** Options of a pool: no types are fetched, and a transaction does not wait behind a hundred statements. */
export const poolOptions = { fetch_types: false, max_pipeline: 1_000_000, connect_timeout: 5, onnotice: () => {} };
// Types are fetched, for tests that send arrays or get some.
const quiet = { ...poolOptions, fetch_types: true };

/** The handles of tenants on a pool that somebody else has opened: the embedded engine has but one connection. */
export function tenantsOn(sql: Sql, signer?: TokenSigner): Ragwall {
  const known = signer === undefined ? opened.get(sql) : undefined;
  const ragwall = known ?? ragwallOn(Connections.over(sql), signer, () => sql);
  if (signer === undefined) opened.set(sql, ragwall);
  return ragwall;
}
const opened = new WeakMap<Sql, Ragwall>();

export const forTenant = (sql: Sql, tenantId: string, { signer }: { signer?: TokenSigner } = {}): Tenant =>
  tenantsOn(sql, signer).forTenant(tenantId);

/** Opens a session; `max` server connections for the application where the engine has more than one. */
export async function openSession(engine: Engine, max = 4): Promise<Session> {
  if (engine.appUrl) {
    const admin = postgres(engine.adminUrl, { ...quiet, max: 1 });
    const app = postgres(engine.appUrl, { ...quiet, max });
    return { app, admin: (fn) => fn(admin), end: async () => void (await Promise.all([app.end(), admin.end()])) };
  }
  const only = postgres(engine.adminUrl, { ...quiet, max: 1 });
  const become = (role: string) => only.unsafe(`set session authorization ${role}`);
  await become('app_user');
  return {
    app: only,
    async admin(fn) {
      await become('postgres');
      try {
        return await fn(only);
      } finally {
        await become('app_user');
      }
    },
    end: () => only.end(),
  };
}

/** Returns an option of the driver that opens the connections to a server, and shows the last one's socket, for a test to break. */
export function breakable(url: string): { driver: object; socket: () => Socket } {
  const { hostname, port } = new URL(url);
  let last: Socket;
  const driver = {
    async socket() {
      const socket = connect(Number(port || 5432), hostname);
      await once(socket, 'connect');
      last = socket;
      return socket;
    },
  };
  return { driver, socket: () => last };
}

/** Runs `act` in a transaction that is rolled back, and returns what it returned. */
export async function rolledBack<T>(sql: Sql, act: (tx: TransactionSql) => PromiseLike<T>): Promise<T> {
  const done = Symbol();
  let result: { value: T } | undefined;
  await sql
    .begin(async (tx) => {
      result = { value: await act(tx) };
      throw done;
    })
    .catch((error) => {
      if (error !== done) throw error;
    });
  return (result as { value: T }).value;
}

/** Skips a test, with the reason, on an engine that cannot run it. */
export function needs(context: TestContext, engine: Engine, kinds: readonly EngineKind[], what: string): void {
  if (!kinds.includes(engine.kind)) {
    context.skip(`needs ${what}: the ${engine.kind} engine has none`);
  }
}
