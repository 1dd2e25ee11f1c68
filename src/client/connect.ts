/** The entrance: connections to one database, and the handles of its tenants. */
import postgres, { type Options, type Sql } from 'postgres';
import { assertIsolation, type IsolationOptions, type Undetermined } from './assert-isolation.js';
import { Connections, type DriverOptions, driverOptions, opener } from './connections.js';
import { checkIntegerOption, checkOptions, RagwallError } from './errors.js';
import { askFacts, type Facts, type Handles, handleOf, type Tenant } from './handle.js';
import { rowsOf } from './rows.js';
import type { TokenSigner } from './token.js';

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** How many connections are open at most, 1 to 1000; default 10. A transaction has one, and so has a call while it lasts. */
  readonly max?: number;
  /** Signs the tokens that a database in signed mode requires; see {@link tokenSigner}. */
  readonly signer?: TokenSigner;
  /** Options of postgres.js, as `ssl` and `connection`; they reach `sql` of a transaction as well. */
  readonly driver?: DriverOptions;
}

/** The connections to one database, whose login is, or is a member of, `app_user`, `app_reader` or `agent_caller`. */
export interface Ragwall {
  /** How many connections are open at most. */
  readonly max: number;
  /**
   * Returns the handle of a tenant. It sends nothing.
   *
   * @param tenantId 1 to 128 printable ASCII characters, no spaces; from a verified token.
   * @throws RagwallError `INVALID_TENANT`.
   */
  forTenant(tenantId: string): Tenant;
  /** Returns how many numbers the embeddings in the database have, 1 to 4000. The database is asked once. */
  dimensions(): Promise<number>;
  /**
   * Returns the text search configuration by which documents are found by their words, as `english`. Null if words are not
   * enabled, or not yet of all documents. The database is asked each time.
   *
   * @see `ragwall.words_configuration()` in db/migrations/committed
   */
  wordsConfiguration(): Promise<string | null>;
  /**
   * Rejects unless the login is held to one tenant, the signer is one of this database, and the embedder fits: the function
   * {@link assertIsolation}, on up to three connections besides, or on the only one where `max` is 1. Call it before anything is served.
   */
  assertIsolation(options?: IsolationOptions): Promise<readonly Undetermined[]>;
  /**
   * Closes the connections within a second. What is under way has half a second; then it rejects with `CONNECTION_LOST`. What
   * waits for a connection, and every later call, rejects with `CLOSED`.
   */
  close(): Promise<void>;
}

/**
 * Returns the connections to a database. They are opened when they are needed.
 *
 * @param url `postgres://…` of the login of the application.
 * @throws RagwallError `INVALID_OPTION`.
 * @example
 * const ragwall = connect(process.env.DATABASE_URL);
 * const passages = await ragwall.forTenant('acme').matchDocuments(queryVec, { k: 5 });
 */
export function connect(url: string, options: ConnectOptions = {}): Ragwall {
  const { max = 10, signer, driver = {} } = checkOptions(options, ['max', 'signer', 'driver']);
  if (typeof url !== 'string' || !/^postgres(ql)?:/.test(url)) {
    throw new RagwallError('INVALID_OPTION', 'A URL is expected, as postgres://app_user@localhost/app.');
  }
  checkIntegerOption('max', max, 1, 1000);
  if (signer !== undefined && typeof signer !== 'function') {
    throw new RagwallError('INVALID_OPTION', 'signer is expected to be a function that returns a token.');
  }
  checkOptions(driver, driverOptions);
  const connections = new Connections(opener(url, driver), max, driver);
  const pool = () => postgres(url, { ...driver, ...probing, max: Math.min(max, 3) } as Options<Record<string, never>>);
  return ragwallOn(connections, signer, pool);
}

/**
 * Options of the pool that the start-up check opens for a moment. The driver may still connect after it has been ended; such a
 * connection is idle, and closed after a second.
 */
const probing = {
  fetch_types: false,
  connect_timeout: 5,
  idle_timeout: 1,
  onnotice: () => {},
  transform: {},
  types: {},
};

/** Returns the face of connections. `pool` opens the pool of a start-up check, which is closed after it. */
export function ragwallOn(connections: Connections, signer: TokenSigner | undefined, pool: () => Sql): Ragwall {
  let known: Promise<Facts> | undefined;
  const facts = () => {
    known ??= askFacts(connections).catch((error) => {
      known = undefined; // the next call asks again
      throw error;
    });
    return known;
  };
  const handles: Handles = { connections, facts, signer };
  return Object.freeze<Ragwall>({
    max: connections.max,
    forTenant: (tenantId) => handleOf(tenantId, handles),
    dimensions: async () => (await facts()).dimensions,
    async wordsConfiguration() {
      const [[configuration = null] = []] = await connections.send((sql) =>
        rowsOf(sql`select ragwall.words_configuration()`),
      );
      return configuration;
    },
    async assertIsolation(options = {}) {
      const check = (sql: Sql) => assertIsolation(sql, { signer: signer ?? null, ...options });
      if (connections.max === 1) return connections.use(({ sql }) => check(sql)); // there may be no other
      const sql = pool();
      try {
        return await check(sql);
      } finally {
        await sql.end({ timeout: 1 });
      }
    },
    close: () => connections.close(),
  });
}
