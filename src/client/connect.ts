/** The entrance: connections to one database, and the handles of its tenants. */
import postgres, { type Options } from 'postgres';
import { assertIsolation, type IsolationOptions, type Undetermined } from './assert-isolation.js';
import { checkIntegerOption, checkOptions } from './errors.js';
import { forTenant, type Tenant } from './handle.js';
import { poolOptions } from './tenant.js';
import type { TokenSigner } from './token.js';

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** How many connections are opened at most, 1 to 1000; default 10. */
  readonly max?: number;
  /** Signs the tokens that a database in signed mode requires; see {@link tokenSigner}. */
  readonly signer?: TokenSigner;
  /** Options of postgres.js, such as `ssl` and `connection`. */
  readonly driver?: Options<Record<string, never>>;
}

/** Connections to one database. */
export interface Ragwall {
  /** How many connections it opens at most. */
  readonly max: number;
  /**
   * Returns the handle of a tenant. It sends nothing.
   *
   * @param tenantId 1 to 128 printable ASCII characters, no spaces; from a verified token.
   * @throws RagwallError `INVALID_TENANT`.
   */
  forTenant(tenantId: string): Tenant;
  /** Returns how many numbers the database's embeddings have, 1 to 4000. The database is asked once. */
  dimensions(): Promise<number>;
  /** Rejects if the login is not held to one tenant; see {@link assertIsolation}. */
  assertIsolation(options?: IsolationOptions): Promise<readonly Undetermined[]>;
  /** Closes the connections within a second. Calls under way reject. */
  close(): Promise<void>;
}

export function connect(url: string, options: ConnectOptions = {}): Ragwall {
  const { max = 10, signer, driver } = checkOptions(options, ['max', 'signer', 'driver']);
  checkIntegerOption('max', max, 1, 1000);
  const sql = postgres(url, { ...poolOptions, ...driver, max, onnotice: () => {} } as Options<Record<string, never>>);
  let dimensions: Promise<number> | undefined;
  return Object.freeze<Ragwall>({
    max,
    forTenant: (tenantId) => forTenant(sql, tenantId, signer ? { signer } : {}),
    dimensions() {
      dimensions ??= Promise.resolve(sql`select ragwall.embedding_dimensions() as n`).then(([row]) => row?.n as number);
      return dimensions;
    },
    assertIsolation: (options) => assertIsolation(sql, options),
    close: () => sql.end({ timeout: 1 }),
  });
}
