/**
 * Connections, each leased to one transaction or one call at a time.
 *
 * A lost connection is thrown away, and never leased again. So a callback that outlives its connection can only reach a
 * connection that nobody else will get.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import postgres, { type Options, type Sql } from 'postgres';
import { arrayTypes } from './arrays.js';
import { connectionLost, RagwallError } from './errors.js';

/** The options of the driver that may be given. Others are set here, or have no effect on connections that are leased. */
export const driverOptions = [
  ...(['connection', 'connect_timeout', 'idle_timeout', 'keep_alive', 'max_lifetime', 'target_session_attrs'] as const),
  ...(['host', 'port', 'path', 'database', 'user', 'pass', 'password', 'ssl', 'socket', 'sslnegotiation'] as const),
  ...(['debug', 'onnotice', 'prepare', 'transform', 'types'] as const),
] as const;

type AllOptions = Options<Record<string, postgres.PostgresType>> & { socket?: unknown; sslnegotiation?: unknown };
/** Options of postgres.js. */
export type DriverOptions = { [Name in (typeof driverOptions)[number]]?: AllOptions[Name] };

const ignore = () => {};
const gone = (code: string, message: string) => Object.assign(new Error(message), { code });

/** Whether an error says that the connection has ended: by the server, the driver or the network. */
function isLoss(error: unknown): boolean {
  const { code, severity, syscall } = Object(error) as { code?: unknown; severity?: unknown; syscall?: unknown };
  if (severity === 'FATAL') return true;
  // What a socket fails with comes before `onclose`. A connection that could not be made is told by the driver.
  if (/^(read|write)$/.test(`${syscall}`)) return /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOST\w+|ENET\w+)$/.test(`${code}`);
  return /^(CONNECTION_(CLOSED|ENDED|DESTROYED)|CONNECT_TIMEOUT)$/.test(`${code}`);
}

/** What the driver's types leave out: it closes what `end()` has left open. */
type Closable = { close?(): Promise<void> };

/** One connection of postgres.js. */
class Connection {
  readonly sql: Sql;
  readonly expires: number;
  /** Why the connection is gone. */
  lost: unknown;
  idle: NodeJS.Timeout | undefined;
  /** Whether the driver could not send something, or read an answer: another transaction does not get this connection. */
  outOfStep = false;
  #connected = false;
  #onLost: (error: unknown) => void = ignore;

  /** `borrowed`: somebody else has opened it, and closes it. */
  constructor(
    open: Open,
    lifetime: number,
    private readonly borrowed: boolean,
  ) {
    this.expires = performance.now() + lifetime * 1_000;
    let connecting: NodeJS.Timeout | undefined;
    this.sql = open({
      max: 1,
      onclose: () => this.lose(gone('CONNECTION_CLOSED', 'the connection was closed')),
      onparameter: () => {
        if (this.lost)
          void (this.sql as Closable).close?.().catch(ignore); // opened after it was given up
        else this.#connected = true;
        clearTimeout(connecting);
      },
    });
    if (this.#connected) return;
    // A server that accepts connections and closes them without a word would keep the driver trying for ever.
    const tooLate = () => this.lose(gone('CONNECT_TIMEOUT', 'the server did not answer in time'));
    connecting = setTimeout(tooLate, this.sql.options.connect_timeout * 1_000 + 100).unref();
  }

  lose(error: unknown): void {
    if (this.lost) return;
    this.lost = error;
    clearTimeout(this.idle);
    const tell = this.#onLost;
    setImmediate(() => tell(this.explain(error))); // what a statement fails with says more, and comes first
    void this.close(0);
  }

  /** What a caller is told about an error: that the connection is lost, if it is and had been open. Marks it as lost. */
  explain(error: unknown): unknown {
    if (isLoss(error)) this.lose(error);
    if (isLoss(error) && !this.#connected) return this.lost; // why it never was open
    const { severity = 'FATAL' } = Object(error) as { severity?: unknown };
    const lost = this.lost !== undefined && this.#connected && severity === 'FATAL';
    if (!lost || error instanceof RagwallError) return error;
    return connectionLost(error);
  }

  /** Runs `use`, and rejects as soon as the connection is lost. */
  async lease<T>(use: (lease: Lease) => Promise<T>): Promise<T> {
    const lost = new Promise<never>((_, reject) => {
      this.#onLost = reject;
    });
    lost.catch(ignore);
    const lease: Lease = {
      sql: this.sql,
      isLost: () => this.lost !== undefined,
      cause: () => this.lost,
      send: async (query) => {
        try {
          return await Promise.race([query(), lost]);
        } catch (error) {
          this.outOfStep ||= !(error instanceof postgres.PostgresError || error instanceof RagwallError);
          throw this.explain(error);
        }
      },
      lost,
      explain: (error) => this.explain(error),
    };
    try {
      return await Promise.race([use(lease), lost]);
    } finally {
      this.#onLost = ignore;
    }
  }

  /** Closes the connection: when it has answered, or after so many seconds. */
  async close(seconds: number): Promise<void> {
    clearTimeout(this.idle);
    if (!this.borrowed) await this.sql.end({ timeout: seconds }).catch(ignore);
  }
}

/** The right to use one connection. */
export interface Lease {
  /** A client of one connection. */
  readonly sql: Sql;
  /** Rejects when the connection is lost. */
  readonly lost: Promise<never>;
  isLost(): boolean;
  cause(): unknown;
  /** Sends a statement, and settles when it is answered or the connection is lost. */
  send<T>(query: () => PromiseLike<T>): Promise<T>;
  /** Returns the error for a caller: `CONNECTION_LOST` if the error says that an open connection has ended. */
  explain(error: unknown): unknown;
}

/** Returns a client of one connection, which calls these when it has connected, and when it has closed. */
export type Open = (more: { readonly max: 1; onparameter(): void; onclose(): void }) => Sql;

/** For how long a connection is kept, in seconds: while nobody uses it (default: always), and in all (default: 30 to 60 minutes). */
export interface Limits {
  readonly idle_timeout?: number | undefined;
  readonly max_lifetime?: number | null | undefined;
}

/** Returns a function that opens clients of one connection to a server. */
export function opener(url: string, options: DriverOptions): Open {
  return (more) =>
    postgres(url, {
      connect_timeout: 5,
      onnotice: ignore,
      ...options,
      types: { ...arrayTypes, ...options.types },
      // A connection that dies while types are fetched would end the process.
      fetch_types: false,
      // The driver is not to close or replace a connection that is leased.
      idle_timeout: 0,
      max_lifetime: null,
      ...more,
    } as Options<Record<string, postgres.PostgresType>>) as unknown as Sql;
}

/** The transactions in whose callbacks a call is made. */
const transactions = new AsyncLocalStorage<readonly { readonly on: Connections; over: boolean }[]>();

/** Connections to one database, at most `max`, which are opened when they are needed. */
export class Connections {
  readonly max: number;
  readonly #open: Open;
  readonly #limits: Limits;
  #borrowed = false;
  readonly #idle: Connection[] = [];
  readonly #leased = new Set<Connection>();
  readonly #waiting: { grant(connection: Connection): void; refuse(error: unknown): void }[] = [];
  #closed: Promise<void> | undefined;

  /** `open` returns a client of one connection; see {@link opener}. `max`: how many there may be. */
  constructor(open: Open, max: number, limits: Limits = {}) {
    this.max = max;
    this.#open = open;
    this.#limits = limits;
  }

  /** Uses a pool that somebody else has opened, and would leave a lost connection to the driver. */
  static over(sql: Sql): Connections {
    const open: Open = (more) => {
      more.onparameter(); // it is connected
      return sql;
    };
    const connections = new Connections(open, sql.options.max);
    connections.#borrowed = true;
    return connections;
  }

  /**
   * Runs `use` with a connection that nobody else has meanwhile.
   * @throws RagwallError `CONNECTION_LOST`; `CLOSED`; `WAITS_FOR_ITSELF` in a transaction that has the last connection.
   */
  async use<T>(use: (lease: Lease) => Promise<T>): Promise<T> {
    const connection = await this.#lease();
    try {
      return await connection.lease(use);
    } finally {
      this.#giveBack(connection);
    }
  }

  /** Sends one statement, which `query` makes, and settles when it is answered or its connection lost. */
  send<T>(query: (sql: Sql) => PromiseLike<T>): Promise<T> {
    return this.use(({ sql, send }) => send(() => query(sql)));
  }

  /** Runs the callback of a transaction, in which a call that would wait for this transaction's connection is refused. */
  async holding<T>(callback: () => Promise<T>): Promise<T> {
    const transaction = { on: this, over: false };
    try {
      return await transactions.run([...(transactions.getStore() ?? []), transaction], callback);
    } finally {
      transaction.over = true;
    }
  }

  async #lease(): Promise<Connection> {
    if (this.#closed) throw closed();
    for (let one = this.#idle.pop(); one; one = this.#idle.pop()) {
      clearTimeout(one.idle);
      if (!one.lost) return this.#lend(one);
    }
    if (this.#leased.size < this.max) return this.#lend(this.#connect());
    if (transactions.getStore()?.some(({ on, over }) => on === this && !over)) {
      throw new RagwallError(
        'WAITS_FOR_ITSELF',
        `In a transaction, a call outside of it needs another connection, and all ${this.max} are in use. ` +
          'Call the method of the transaction (tx.matchDocuments, …), or make the call before the transaction.',
      );
    }
    return new Promise((grant, refuse) => this.#waiting.push({ grant, refuse }));
  }

  #connect(): Connection {
    const { max_lifetime: lifetime } = this.#limits;
    return new Connection(this.#open, lifetime ?? 1_800 * (1 + Math.random()), this.#borrowed);
  }

  #lend(connection: Connection): Connection {
    this.#leased.add(connection);
    return connection;
  }

  #giveBack(connection: Connection): void {
    this.#leased.delete(connection);
    const usable = !connection.lost && !connection.outOfStep && !this.#closed && performance.now() < connection.expires;
    if (!usable) void connection.close(1);
    const next = this.#waiting.shift();
    if (next) next.grant(this.#lend(usable ? connection : this.#connect()));
    else if (usable) this.#keep(connection);
  }

  #keep(connection: Connection): void {
    this.#idle.push(connection);
    const { idle_timeout: seconds } = this.#limits;
    if (!seconds) return;
    connection.idle = setTimeout(() => {
      this.#idle.splice(this.#idle.indexOf(connection), 1);
      void connection.close(1);
    }, seconds * 1_000);
  }

  /** Closes all connections within a second: what is under way has half of it, what waits is refused. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const { refuse } of this.#waiting.splice(0)) refuse(closed());
    const idle = this.#idle.splice(0).map((one) => one.close(0.5));
    const leased = [...this.#leased];
    const ended = Promise.all([...idle, ...leased.map((one) => one.close(0.5))]);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 900))]);
    for (const one of leased.filter((one) => this.#leased.has(one))) {
      one.lose(gone('CONNECTION_DESTROYED', 'the connection was closed'));
    }
  }
}

const closed = () => new RagwallError('CLOSED', 'The connections have been closed; open others by connect().');
