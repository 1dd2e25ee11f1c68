/** How a test file talks to the engine: as the application, and as the administrator. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import postgres, { type Sql, type TransactionSql } from 'postgres';
import type { TestContext } from 'vitest';
import { poolOptions } from '../../../src/client/tenant.js';
import type { Engine, EngineKind } from './engine.js';

export interface Session {
  /** Logged in as app_user; on the embedded engine by SET SESSION AUTHORIZATION, on one connection. */
  readonly app: Sql;
  /** Runs `fn` as a superuser. */
  admin<T>(fn: (sql: Sql) => Promise<T>): Promise<T>;
  end(): Promise<void>;
}

// Types are fetched, for tests that send arrays or get some.
const quiet = { ...poolOptions, fetch_types: true, onnotice: () => {} };

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

/** Opens a pool of one connection on a server of `url`, and shows the socket it has by now, for a test to break. */
export function breakable(url: string, options: object): { sql: Sql; socket: () => Socket } {
  const { hostname, port } = new URL(url);
  let socket: Socket;
  const sql = postgres(url, {
    ...options,
    max: 1,
    async socket() {
      socket = connect(Number(port || 5432), hostname);
      await once(socket, 'connect');
      return socket;
    },
  } as object);
  return { sql, socket: () => socket };
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
