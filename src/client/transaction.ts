/**
 * A transaction that cannot outlive its connection.
 *
 * When a backend dies, postgres.js 3.4 rejects the promise of `sql.begin`, but the callback runs on, and
 * its next statement, or the COMMIT or ROLLBACK behind it, goes to whoever has the connection by then:
 * another tenant (porsager/postgres #1204, #1215, #1189). A transaction that is used after its callback
 * settled, or after SQL of its own ended it, does the same. Here all are refused. To be dropped when a
 * fixed release is required.
 */
import { readFile } from 'node:fs/promises';
import type { Sql, TransactionSql } from 'postgres';
import { RagwallError } from './errors.js';

/** What of a postgres.js query is used here: it calls `handler` with itself when it is to be sent. */
type Query = Promise<unknown> & {
  strings: string[];
  readonly cancelled: unknown;
  handler(query: Query): void;
  reject(error: unknown): void;
};

/** What of a postgres.js connection is used here. */
interface Connection {
  /** A function of the transaction that has the connection; nothing or another's once that is over. */
  readonly reserved: unknown;
  /** Called when the connection has closed, before anybody else can have it. */
  onclose: ((error: Error) => void) | null;
  /** Sends a statement, and returns whether it takes another before the answer. */
  execute(query: Query): unknown;
  /**
   * Rejects what it has taken and not answered; called when it has closed. A reset is told a moment before that, and what the
   * driver takes in between, a ROLLBACK at least, would wait for the answers of whoever has the connection next (#1215).
   */
  terminate(): void;
}

const ignore = () => {};

/** What a callback returned; of an array, as in the driver, what each of its statements returns. */
const each = <R>(result: R) => (Array.isArray(result) ? Promise.all(result) : result) as R;

/** As `sql.begin`; `onBegin` is called when BEGIN is asked for, `onExecute` when a connection sends it. */
function begin<T>(
  sql: Sql,
  fn: (tx: TransactionSql) => Promise<T>,
  onBegin: () => void,
  onExecute: (connection: Connection) => void,
): Promise<T> {
  const { unsafe } = sql;
  // The driver asks by this, before it returns, with an option that is shown the connection.
  sql.unsafe = ((text: string, args: [], { onexecute }: { onexecute(connection: Connection): void }) => {
    onBegin();
    return unsafe(text, args, {
      onexecute(connection: Connection) {
        onExecute(connection);
        return onexecute(connection);
      },
    } as object);
  }) as never;
  try {
    return sql.begin(fn) as Promise<T>;
  } finally {
    sql.unsafe = unsafe;
  }
}

/**
 * Runs `fn` in a transaction and returns what it returns, as `sql.begin` does.
 *
 * @param sql a pool.
 * @param fn gets the transaction. It must not be used after `fn` settled.
 * @throws RagwallError `TRANSACTION_CLOSED` from any use of the transaction after `fn` settled, SQL of its
 *   own ended it, or its connection was lost. If the connection was lost, the promise rejects with the
 *   driver's error, and whether a COMMIT under way took effect is unknown.
 */
export function guardedBegin<T>(sql: Sql, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  let hasConnection = () => true;
  let settled = false;
  let cause: Error | undefined;
  /** What is under way, and would never settle if it waits for its turn when the connection is lost. */
  const pending = new Set<{ reject(error: unknown): void }>();

  /** Rejects what waits, and the transaction. */
  let abandon: (error: Error) => void = ignore;

  const isOpen = () => !settled && hasConnection();
  const refusal = () =>
    new RagwallError(
      'TRANSACTION_CLOSED',
      cause
        ? 'The connection of this transaction was lost; run the transaction again.'
        : 'This transaction has ended; await every statement inside its callback, and leave COMMIT to it.',
      { cause },
    );

  function watch<Q>(query: Q, prepare?: (query: Query) => Promise<void>): Q {
    if (!(query instanceof Promise)) return query; // an identifier or a helper: part of a statement
    const watched = query as unknown as Query;
    const send = watched.handler;
    let onRows: ((rows: unknown) => unknown) | undefined;
    // A cursor's callback, or the body of its loop, that outlives the connection would go on in another's.
    Object.defineProperty(watched, 'cursorFn', {
      get: () => onRows,
      set(fn: (rows: unknown) => unknown) {
        onRows = (rows) => {
          const said = fn(rows); // what it throws, the driver catches; it does not wait after the last rows
          return said instanceof Promise ? settle(() => said, hasConnection, ignore) : said;
        };
      },
    });
    watched.handler = async (sent) => {
      try {
        if (prepare && isOpen()) await prepare(sent);
        if (!isOpen()) throw refusal();
        pending.add(sent);
        const done = () => {
          pending.delete(sent);
          if (!hasConnection()) abandon(refusal());
        };
        sent.then(done, done);
        send(sent);
      } catch (error) {
        sent.reject(error);
      }
    };
    return query;
  }

  /** Settles as `run` does while `may` holds, else never: what the driver sends next would not be ours. */
  async function settle<R>(run: () => R, may: () => boolean, reject: (error: Error) => void) {
    try {
      return await each(run());
    } finally {
      if (!may()) {
        reject(refusal());
        await new Promise(() => {});
      }
    }
  }

  function guard(tx: TransactionSql): TransactionSql {
    const guarded = {
      unsafe: (...args: Parameters<TransactionSql['unsafe']>) => watch(tx.unsafe(...args)),
      // Not the driver's: it would send the text without asking again once it is read.
      file(path: string, args: never[] = [], options: object = {}) {
        const query = Array.isArray(args)
          ? tx.unsafe('', args, { prepare: true, ...options })
          : tx.unsafe('', [], { prepare: true, ...(args as object) });
        return watch(query, async (sent) => {
          sent.strings = [await readFile(path, 'utf8')];
        });
      },
      savepoint: (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          if (!isOpen()) throw refusal();
          const nested = args.pop() as (tx: TransactionSql) => unknown;
          const begun = { reject };
          pending.add(begun);
          const run = (inner: TransactionSql) => {
            pending.delete(begun);
            return settle(() => nested(guard(inner)), isOpen, reject);
          };
          Reflect.apply(tx.savepoint, tx, [...args, run]).then(resolve, reject);
        }),
    };
    return new Proxy(tx, {
      apply: (target, self, args) => watch(Reflect.apply(target, self, args)),
      get: (target, property) => Reflect.get(Object.hasOwn(guarded, property) ? guarded : target, property),
    });
  }

  return new Promise((resolve, reject) => {
    let begunOn: Connection | undefined;
    let release = ignore;
    abandon = (error) => {
      release();
      for (const query of pending) query.reject(error);
      reject(error);
    };
    async function run(tx: TransactionSql): Promise<T> {
      await undefined; // until the driver has set its own `onclose`
      const connection = begunOn;
      if (!connection) throw new Error('This release of postgres.js, or what wraps it, is not supported.');
      const { reserved, onclose, execute } = connection;
      hasConnection = () => !!reserved && connection.reserved === reserved;
      // One statement at a time, the driver's own too: behind one whose values cannot be sent, the next would hang.
      connection.execute = (query) => {
        if (query.cancelled && hasConnection()) {
          (reserved as () => void)(); // what was cancelled while it waited has no answer: it is the next one's turn
          return true;
        }
        execute(query);
        return false;
      };
      release = () => {
        connection.execute = execute;
        release = ignore;
      };
      connection.onclose = (error) => {
        if (!settled) cause = error;
        abandon(error);
        onclose?.(error);
        connection.terminate();
      };
      try {
        return await each(fn(guard(tx)));
      } finally {
        settled = true;
      }
    }
    const mayEnd = () => hasConnection();
    const onBegin = () => {
      hasConnection = () => false; // until a connection is known
    };
    const onExecute = (connection: Connection) => {
      begunOn = connection;
      connection.onclose = () => connection.terminate();
    };
    begin(sql, (tx) => settle(() => run(tx), mayEnd, abandon), onBegin, onExecute).then((result) => {
      release();
      resolve(result);
    }, abandon);
  });
}
