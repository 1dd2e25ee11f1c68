/** A statement of a transaction, which becomes one of the driver when it is sent, and not before. */
import type { PendingQuery, Row } from 'postgres';

type Query = PendingQuery<Row[]>;
type OnRows = (rows: unknown) => unknown;

/** What a statement needs of its transaction. */
export interface Turn {
  /** Sends what `make` returns when its turn has come, and rejects if the transaction is over or its connection lost. */
  send<T>(make: () => PromiseLike<T>): Promise<T>;
  /** Rejects when the connection is lost. */
  readonly lost: Promise<never>;
  /** @throws RagwallError `TRANSACTION_CLOSED` if the connection is lost. */
  check(): void;
  /** Has the transaction fail with an error of which the driver does not know. */
  fail(error: unknown): void;
}

const ignore = () => {};

/**
 * A statement as the driver's: a promise that sends it when it is awaited, or a part of another statement. Until then the
 * driver does not know it, so whoever awaits it when its transaction is over sends nothing.
 */
export class Statement implements PromiseLike<unknown> {
  #sent: Promise<unknown> | undefined;
  #query: Query | undefined;
  #cancelled = false;
  readonly #steps: ((query: Query) => unknown)[] = [];

  /** `text` is read before the statement is made of it. */
  constructor(
    private readonly turn: Turn,
    private readonly make: (text: string) => Query,
    private readonly text?: () => Promise<string>,
  ) {}

  /** Returns the statement as a part of another. */
  part(): unknown {
    return this.make('');
  }

  #step(step: (query: Query) => unknown): this {
    this.#steps.push(step);
    return this;
  }
  simple = () => this.#step((query) => query.simple());
  raw = () => this.#step((query) => query.raw());
  values = () => this.#step((query) => query.values());
  describe = () => this.#step((query) => query.describe());
  readable = () => this.#step((query) => query.readable());
  writable = () => this.#step((query) => query.writable());
  forEach = (onRow: (row: Row) => void) => this.#step((query) => query.forEach(onRow as never)).execute();

  cursor(rows: number | OnRows = 1, onRows?: OnRows): this | AsyncIterable<unknown> {
    if (typeof rows === 'function') return this.cursor(1, rows);
    if (onRows) {
      const call = (found: unknown) => {
        const said = onRows(found); // what it throws, the driver catches
        return said instanceof Promise ? said.finally(() => this.#unlessLost()) : said;
      };
      return this.#step((query) => query.cursor(rows, call as never));
    }
    return { [Symbol.asyncIterator]: () => this.#iterate(rows) };
  }

  /** Resolves unless the connection is lost. Then it never settles, or the driver would ask for the next rows. */
  async #unlessLost(): Promise<void> {
    try {
      this.turn.check();
    } catch {
      await new Promise(ignore);
    }
  }

  /** Gives the rows of a cursor. The statement is under way until the loop has ended. */
  async *#iterate(rows: number): AsyncGenerator<unknown> {
    let end = ignore;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const { turn } = this;
    const iterator = await new Promise<AsyncIterator<unknown>>((resolve, reject) => {
      turn
        .send(() => {
          resolve(this.make('').cursor(rows)[Symbol.asyncIterator]());
          return over;
        })
        .catch(reject);
    });
    try {
      for (;;) {
        turn.check();
        const step = await Promise.race([iterator.next(), turn.lost]);
        if (step.done) return;
        yield step.value;
      }
    } finally {
      void this.#unlessLost().then(() => iterator.return?.());
      end();
    }
  }

  execute(): this {
    this.#sent ??= this.turn.send(async () => {
      const text = await this.text?.();
      this.turn.check();
      if (this.#cancelled) {
        const error = Object.assign(new Error('canceling statement due to user request'), { code: '57014' });
        this.turn.fail(error);
        throw error;
      }
      const query = this.make(text ?? '');
      this.#query = query;
      return this.#steps.reduce<unknown>((_, step) => step(query), query);
    });
    this.#sent.catch(ignore);
    return this;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#query?.cancel();
  }

  // biome-ignore lint/suspicious/noThenProperty: it is awaited
  then: Promise<unknown>['then'] = (...on) => (this.execute().#sent as Promise<unknown>).then(...on);
  catch: Promise<unknown>['catch'] = (on) => this.then(undefined, on);
  finally: Promise<unknown>['finally'] = (on) => (this.execute().#sent as Promise<unknown>).finally(on);
}
