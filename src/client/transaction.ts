/** A transaction on a leased connection: `sql.begin` of the driver, which nothing outlives. */
import { readFile } from 'node:fs/promises';
import postgres, { type PendingQuery, type Row, type TransactionSql } from 'postgres';
import { arrayType } from './arrays.js';
import type { Connections, Lease } from './connections.js';
import { RagwallError } from './errors.js';
import { Statement, type Turn } from './statement.js';

/** What a callback returned. Of an array, as in the driver, what each of its statements returns. */
export const each = <R>(result: R) => (Array.isArray(result) ? Promise.all(result) : result) as R;

/** Puts the driver's own statements in the place of ours, in the parameters of a statement and in those of a helper. */
function parts(value: unknown): unknown {
  if (value instanceof Statement) return value.part();
  if (Array.isArray(value)) return value.map(parts);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, parts(one)]));
}

/** One transaction: its statements take turns, and none is sent when it is over. */
class Transaction {
  /** Settles when what was sent is answered. */
  #last: Promise<unknown> = Promise.resolve();
  /** Whether SQL of its own has ended it. */
  #ended = false;
  /** What a statement failed with of which the driver does not know. */
  #failure: { readonly error: unknown } | undefined;

  /** What callbacks have thrown: it is passed on as it is, whatever it says of connections. */
  readonly #thrown = new Set<unknown>();

  constructor(private readonly lease: Lease) {}

  /** Returns the error for a caller. */
  explain = (error: unknown) => (this.#thrown.has(error) ? error : this.lease.explain(error));

  #refusal(): RagwallError {
    return new RagwallError(
      'TRANSACTION_CLOSED',
      this.lease.isLost()
        ? 'The connection of this transaction was lost; run the transaction again.'
        : 'This transaction has ended; await every statement inside its callback, and leave COMMIT to it.',
      { cause: this.lease.cause() },
    );
  }

  #turn(driver: TransactionSql, over: () => boolean): Turn {
    const check = () => {
      if (this.#ended || this.lease.isLost()) throw this.#refusal();
    };
    return {
      lost: this.lease.lost,
      check,
      fail: (error) => {
        this.#failure ??= { error };
      },
      send: <T>(make: () => PromiseLike<T>) => {
        if (over()) return Promise.reject(this.#refusal());
        const sent = this.#last.then(async () => {
          check();
          try {
            const answer = await this.lease.send(make);
            await this.#noticeEnd(driver, answer);
            return answer;
          } catch (error) {
            // Behind a statement whose values it could not send, the driver would lose count if the next were such a one.
            const unsent = !(error instanceof postgres.PostgresError) && !this.lease.isLost();
            if (unsent) await this.lease.send(() => driver.unsafe('select 1')).catch(() => {});
            throw error;
          }
        });
        this.#last = sent.catch(() => {});
        return sent;
      },
    };
  }

  /** A statement that ended the transaction: what follows would be outside of it. */
  async #noticeEnd(driver: TransactionSql, answer: unknown): Promise<void> {
    const results = (Array.isArray(answer) && !('command' in answer) ? answer : [answer]) as { command?: string }[];
    const commands = results.map((result) => `${Object(result).command}`);
    this.#ended ||= commands.some((command) => /^(COMMIT|BEGIN|START|PREPARE TRANSACTION)/.test(command));
    // ROLLBACK TO has the same name. Outside of a transaction there are no savepoints.
    if (!this.#ended && commands.includes('ROLLBACK')) {
      this.#ended = await this.lease
        .send(() => driver.unsafe('savepoint ragwall; release ragwall'))
        .then(
          () => false,
          () => true,
        );
    }
  }

  /**
   * Runs a callback with the transaction, or with a savepoint in it, and settles as the callback does. If that is too late
   * it never settles: the COMMIT or ROLLBACK that the driver sends next would end what is not ours.
   */
  async run<R>(
    driver: TransactionSql,
    callback: (tx: TransactionSql) => R,
    above = () => false,
    onLate: (error: unknown) => void = () => {},
  ): Promise<Awaited<R>> {
    let over = false;
    const isOver = () => over || above();
    try {
      const result = await this.#call(() => each(callback(this.#view(driver, isOver))));
      over = true;
      await this.#last;
      if (this.#ended) throw this.#refusal();
      if (this.#failure) throw this.#failure.error;
      return result;
    } finally {
      over = true;
      await this.#last;
      if (above() || this.lease.isLost()) {
        onLate(this.#refusal());
        await new Promise(() => {});
      }
    }
  }

  async #call<R>(callback: () => R): Promise<Awaited<R>> {
    try {
      return await callback();
    } catch (error) {
      this.#thrown.add(error);
      throw error;
    }
  }

  #view(driver: TransactionSql, isOver: () => boolean): TransactionSql {
    const turn = this.#turn(driver, isOver);
    const statement = (make: (text: string) => unknown, text?: () => Promise<string>) =>
      new Statement(turn, make as (text: string) => PendingQuery<Row[]>, text);
    const template = (strings: TemplateStringsArray, ...parameters: unknown[]) =>
      statement(() => Reflect.apply(driver, undefined, [strings, ...parameters.map(parameter)]));
    // The driver would declare a list as what its first item is.
    const parameter = (value: unknown) =>
      Array.isArray(value) && arrayType(value) !== 0 ? driver.typed(value as never, arrayType(value)) : parts(value);
    const own: Record<string, unknown> = {
      unsafe: (...args: Parameters<TransactionSql['unsafe']>) => statement(() => driver.unsafe(...args)),
      file: (path: string, args: never[] | object = [], options: object = {}) =>
        Array.isArray(args)
          ? statement(
              (text) => driver.unsafe(text, args, { prepare: true, ...options }),
              () => readFile(path, 'utf8'),
            )
          : (own.file as (...file: unknown[]) => unknown)(path, [], args),
      notify: (channel: string, payload: string) => template`select pg_catalog.pg_notify(${channel}, ${`${payload}`})`,
      array: (items: unknown[], type?: number) => driver.typed(items as never, arrayType(items, type)),
      savepoint: (...args: unknown[]) => {
        const nested = args.pop() as (tx: TransactionSql) => unknown;
        return new Promise((resolve, reject) => {
          // The turn ends when the savepoint is there.
          const begin = () =>
            new Promise<void>((begun, failed) => {
              const run = (inner: TransactionSql) => {
                begun();
                return this.run(inner, nested, isOver, reject);
              };
              Reflect.apply(driver.savepoint, driver, [...args, run]).then(resolve, (error: unknown) => {
                failed(error);
                reject(this.explain(error));
              });
            });
          turn.send(begin).catch(reject);
        });
      },
    };
    return new Proxy(driver, {
      apply: (target, _, [first, ...rest]) =>
        Array.isArray(first?.raw)
          ? template(first, ...rest)
          : Reflect.apply(target, undefined, [parts(first), ...rest.map(parts)]),
      get: (target, name) => (Object.hasOwn(own, name) ? own[name as string] : Reflect.get(target, name)),
    });
  }
}

/**
 * Runs `fn` in a transaction and returns what it returns, as `sql.begin` of the driver does.
 *
 * @param fn gets the transaction. It must not be used after `fn` settled.
 * @throws RagwallError `TRANSACTION_CLOSED` from any use of the transaction after `fn` settled, SQL of its own ended it,
 *   or its connection was lost; `CONNECTION_LOST` if the connection was lost before the answer to COMMIT came: whether the
 *   transaction took effect is then unknown.
 */
export function begin<T>(connections: Connections, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  return connections.use(async (lease) => {
    const transaction = new Transaction(lease);
    const callback = (tx: TransactionSql) => connections.holding(async () => each(fn(tx)));
    try {
      return (await lease.sql.begin((driver) => transaction.run(driver, callback))) as T;
    } catch (error) {
      throw transaction.explain(error);
    }
  });
}
