/** A transaction ends with its connection and with its callback: nothing of it reaches another tenant’s. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TransactionSql } from 'postgres';
import { afterEach, beforeEach, describe, expect, inject, it, type TestContext } from 'vitest';
import { needs, openSession, type Session, tenantsOn } from '../../db/tests/engine/session.js';
import { connect, type Ragwall } from './connect.js';
import { type NewDocument, upsertDocuments } from './documents.js';
import { setTenant } from './tenant.js';

const engine = inject('engine');
const needsKills = (context: TestContext) =>
  needs(context, engine, ['docker', 'url'], 'a server with several connections');

/** The handle of a tenant, of whose transactions only the SQL is used. */
function open(ragwall: Ragwall, tenantId: string) {
  const tenant = ragwall.forTenant(tenantId);
  const transaction = <T>(fn: (tx: TransactionSql) => Promise<T>) => tenant.transaction(({ sql }) => fn(sql));
  return { ...tenant, transaction };
}
type SqlTenant = ReturnType<typeof open>;

let session: Session; // the application on one connection
let ragwall: Ragwall; // the same
let acme: SqlTenant;
let globex: SqlTenant;
let folder: string;
let crashes: unknown[]; // what would have ended the process, had nobody listened
const fatal = ['uncaughtException', 'unhandledRejection'] as const;
const listeners = fatal.map((event) => [event, process.rawListeners(event)] as const);

/** Ends up to `most` connections of the application from outside, and returns how many. */
const kill = (most: number) =>
  session.admin(async (sql) => {
    const { count } = await sql`
      select pg_terminate_backend(pid) from (
        select pid from pg_stat_activity
        where datname = current_database() and usename <> session_user
        order by random() limit ${most}
      ) as victim`;
    return count;
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ragwall-'));
  crashes = [];
  for (const event of fatal) {
    process.removeAllListeners(event).on(event, (error) => crashes.push(error));
  }
  session = await openSession(engine, 1);
  ragwall = engine.appUrl ? connect(engine.appUrl, { max: 1 }) : tenantsOn(session.app);
  acme = open(ragwall, 'acme');
  globex = open(ragwall, 'globex');
  await ragwall.dimensions();
  await session.admin((sql) => sql`select tests.seed()`);
});
afterEach(async () => {
  if (engine.kind !== 'embedded') await kill(100); // a test that failed may hold locks
  await session.admin((sql) => sql`delete from ragwall.documents`);
  await Promise.race([Promise.all([ragwall.close(), session.end()]), sleep(5_000)]);
  for (const [event, before] of listeners) {
    process.removeAllListeners(event);
    for (const listener of before) process.on(event, listener as () => void);
  }
  await rm(folder, { recursive: true });
  expect(crashes).toEqual([]);
});

const closed = { name: 'RagwallError', code: 'TRANSACTION_CLOSED' };
const refused = { status: 'rejected', reason: closed };
const lostOrRefused = { ...refused, reason: { code: expect.stringMatching(/^(TRANSACTION_CLOSED|CONNECTION_LOST)$/) } };
const lost = { status: 'rejected', reason: { name: 'RagwallError', code: 'CONNECTION_LOST' } };

/** Settles as `promise` does, or rejects if it hangs. */
async function within<T>(promise: PromiseLike<T>, ms = 5_000): Promise<T> {
  const hung = Symbol('hung');
  const settled = await Promise.race([promise, sleep(ms, hung, { ref: false })]);
  return settled === hung ? expect.fail('hung') : (settled as T);
}

function isLost(error: unknown) {
  const { code, severity } = error as { code?: string; severity?: string };
  return /^(FATAL|CONNECTION_\w+|CONNECT_TIMEOUT|ECONNRESET|EPIPE)$/.test(severity ?? `${code}`);
}

/** What ended a statement under way, the driver tells the next one on the connection as well: again. */
const retried = <T>(run: () => Promise<T>): Promise<T> =>
  run().catch((error) => (isLost(error) ? retried(run) : Promise.reject(error)));

function signal() {
  let fire = () => {};
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fire, fired };
}

const embedding = [1, ...Array<number>(1535).fill(0)];
const passage = (source: string, position: number): NewDocument => ({
  ...{ source, position, content: `${source} ${position}` },
  ...{ embedding, embeddingModel: 'test' },
});
const insert = (tx: TransactionSql, position: number) => upsertDocuments(tx, [passage('new.md', position)]);
const inserted = () =>
  session.admin(async (sql) => {
    const rows = await sql`select position from ragwall.documents where source = 'new.md' order by 1`;
    return rows.map((row) => row.position);
  });
/** The tenant of each row that a transaction can read. */
const tenants = async (tx: TransactionSql): Promise<string[]> =>
  (await tx`select tenant_id from ragwall.documents`).map((row) => row.tenant_id);

type Use = (tx: TransactionSql) => PromiseLike<unknown>;
type Begin = (tenant: SqlTenant, fn: (tx: TransactionSql) => Promise<unknown>) => Promise<unknown>;
const guarded: Begin = (tenant, fn) => tenant.transaction(fn);
const plain: Begin = ({ tenantId }, fn) =>
  session.app.begin(async (tx) => {
    await setTenant(tx, tenantId);
    return fn(tx);
  });

/** What acme’s callback does; `wait` settles when globex has the connection. */
type Body = (tx: TransactionSql, wait: () => Promise<void>) => Promise<unknown>;
const whenLost =
  (use: Use): Body =>
  async (tx, wait) => {
    await wait();
    return use(tx);
  };

/**
 * On one connection: acme’s callback runs `body`, in which it loses the connection; globex begins, and
 * writes a row before and a row after acme’s callback goes on and ends. Returns what became of them.
 */
async function lose(begin: Begin, body: Body, interrupt: () => Promise<unknown> = () => kill(100)) {
  const [waiting, begun, ended] = [signal(), signal(), signal()];
  let outcome: PromiseSettledResult<unknown> | undefined;
  const first = begin(acme, async (tx) => {
    const wait = () => {
      waiting.fire();
      return begun.fired;
    };
    [outcome] = await Promise.allSettled([within(body(tx, wait))]);
    setTimeout(ended.fire, 20); // after its COMMIT or ROLLBACK, if it sends one
    if (outcome?.status === 'rejected') throw outcome.reason;
  });
  const second = retried(() =>
    begin(globex, async (tx) => {
      await tx.savepoint((nested) => insert(nested, 0));
      begun.fire();
      await ended.fired;
      const seen = await tenants(tx);
      await insert(tx, 1);
      return seen;
    }),
  );
  const both = Promise.allSettled([within(first, 9_000), within(second, 9_000)]);
  await waiting.fired;
  await interrupt();
  const [transaction, next] = await both;
  return { outcome, transaction, next };
}

async function expectUnharmed(next: PromiseSettledResult<unknown>) {
  expect(next).toEqual({ status: 'fulfilled', value: Array(4).fill('globex') });
  expect(await inserted()).toEqual([0, 1]);
}

describe('control: plain sql.begin, once its connection is lost,', () => {
  it('reads and ends the next tenant’s transaction; if this fails, the driver is fixed', async (context) => {
    needsKills(context);
    const { outcome, transaction, next } = await lose(plain, whenLost(tenants));
    const code = expect.stringMatching(/^(CONNECTION_CLOSED|ECONNRESET)$/); // as the server closed it
    expect(transaction).toMatchObject({ status: 'rejected', reason: { code } });
    expect(outcome).toEqual({ status: 'fulfilled', value: Array(4).fill('globex') });
    expect(next).toMatchObject({ status: 'rejected', reason: { code: 'RW001' } });
    crashes = [];
  });
});

describe('a transaction whose connection is lost', () => {
  it.for<[string, Body, object]>([
    ['a statement', whenLost(tenants), refused],
    ['unsafe SQL', whenLost((tx) => tx.unsafe('select 1')), refused],
    ['a savepoint', whenLost((tx) => tx.savepoint(async () => {})), refused],
    ['in a savepoint', (tx, wait) => tx.savepoint((inner) => whenLost(tenants)(inner, wait)), refused],
    ['a statement of a savepoint', inSavepoint, refused],
    ['a file that was being read', fileWhenLost, lostOrRefused],
    ['a statement at that very moment', retryAtOnce, lostOrRefused],
    ['a statement that waits for its turn', twoAtOnce, { value: [lost, refused] }],
    ['a cursor', (tx, wait) => numbers(tx).cursor(wait), lost],
    [
      'a cursor that fails',
      (tx, wait) => numbers(tx).cursor(() => wait().then(() => Promise.reject(new Error('no')))),
      lost,
    ],
    ['a loop over a cursor', loopWhenLost, refused],
    ['COMMIT', whenLost(async () => 1), { status: 'fulfilled' }],
    ['ROLLBACK', whenLost(() => Promise.reject(new Error('no'))), { reason: { message: 'no' } }],
    ['ROLLBACK TO', (tx, wait) => tx.savepoint(() => wait().then(() => Promise.reject())), refused],
  ])('sends nothing to the next: %s', async ([, body, expected], context) => {
    needsKills(context);
    const { outcome, transaction, next } = await lose(guarded, body);
    expect(outcome).toMatchObject(expected);
    expect(transaction).toMatchObject(lost);
    await expectUnharmed(next);
  });

  const numbers = (tx: TransactionSql) => tx`select generate_series(1, 3) as n`;

  /** Settles as the statement does, whatever the savepoint around it does. */
  async function inSavepoint(tx: TransactionSql, wait: () => Promise<void>) {
    const settled = new Promise((resolve, reject) => {
      tx.savepoint((inner) => {
        const statement = whenLost(tenants)(inner, wait);
        statement.then(resolve, reject);
        return statement;
      }).catch(() => {});
    });
    return settled;
  }

  async function loopWhenLost(tx: TransactionSql, wait: () => Promise<void>) {
    for await (const _ of numbers(tx).cursor()) {
      await wait();
      await tx`select 1`;
    }
  }

  async function fileWhenLost(tx: TransactionSql, wait: () => Promise<void>) {
    const pipe = join(folder, 'pipe'); // is read for as long as nobody has written to it
    execFileSync('mkfifo', [pipe]);
    const rows = tx.file(pipe).execute();
    await wait();
    await writeFile(pipe, 'select tenant_id from ragwall.documents');
    return rows;
  }

  async function retryAtOnce(tx: TransactionSql, wait: () => Promise<void>) {
    void wait();
    try {
      for await (const _ of tx`select pg_sleep(60)`.cursor());
    } catch {}
    return tx`select 1`;
  }

  function twoAtOnce(tx: TransactionSql, wait: () => Promise<void>) {
    void wait();
    return Promise.allSettled([tx`select pg_sleep(${60})`, tx`select ${1}::integer`]);
  }
});

describe('a transaction that is over', () => {
  it.for<[string, (tx: TransactionSql, late: PromiseLike<unknown>) => PromiseLike<unknown>]>([
    ['a statement', tenants],
    ['a statement that was written in time', (_, late) => late],
    ['unsafe SQL', (tx) => tx.unsafe('select 1')],
    ['a file', (tx) => tx.file(join(folder, 'one.sql'))],
    ['a savepoint', (tx) => tx.savepoint(async () => {})],
    ['a cursor', (tx) => tx`select 1`.cursor(() => {})],
    ['an iterator', (tx) => tx`select 1`.cursor()[Symbol.asyncIterator]().next()],
    ['forEach', (tx) => tx`select 1`.forEach(() => {})],
    ['describe', (tx) => tx`select 1`.describe()],
  ])('refuses %s, alone and within another tenant’s', async ([, use]) => {
    await writeFile(join(folder, 'one.sql'), 'select 1');
    const { over, late } = await acme.transaction(async (tx) => ({ over: tx, late: tx`select 1` }));
    await expect(within(use(over, late))).rejects.toMatchObject(closed);
    const seen = await globex.transaction(async (tx) => {
      await tx.savepoint((nested) => insert(nested, 0));
      await expect(within(use(over, late))).rejects.toMatchObject(closed);
      await insert(tx, 1);
      return tenants(tx);
    });
    expect(seen).toEqual(Array(5).fill('globex'));
    expect(await inserted()).toEqual([0, 1]);
  });

  it('refuses a statement while its COMMIT is under way', async (context) => {
    needs(context, engine, ['docker', 'url'], 'a COMMIT that takes its time');
    const late = await new Promise((resolve) => {
      void acme.transaction(async (tx) => {
        await tx`select 1`;
        setImmediate(() => tx`select 1`.then(resolve, resolve)); // COMMIT is sent by then, and not answered
      });
    });
    expect(late).toMatchObject(closed);
  });

  it('does not roll back another tenant’s savepoint with one that it left behind', async () => {
    const [entered, left] = [signal(), signal()];
    const { savepoint } = await acme.transaction(async (tx) => {
      const savepoint = tx.savepoint(async (nested) => {
        entered.fire();
        await left.fired;
        return tenants(nested);
      });
      await entered.fired;
      return { savepoint };
    });
    await globex.transaction(async (tx) => {
      await tx.savepoint((nested) => insert(nested, 0));
      left.fire();
      await expect(within(savepoint)).rejects.toMatchObject(closed);
      await insert(tx, 1);
    });
    expect(await inserted()).toEqual([0, 1]);
  });

  it('is over when SQL of its own has ended it', async () => {
    const ended = acme.transaction(async (tx) => {
      await tx`commit`;
      await expect(tx`select 1`).rejects.toMatchObject(closed);
    });
    await expect(within(ended)).rejects.toMatchObject(closed);
    expect(await within(globex.transaction(tenants))).toContain('globex');
  });
});

describe('a transaction', () => {
  it.for<[string, Use]>([
    ['COMMIT', async (tx) => void tx`commit`.execute()],
    ['ROLLBACK', (tx) => tx`rollback`],
    ['COMMIT AND CHAIN', (tx) => tx`commit and chain`],
    ['COMMIT in a text of several statements', (tx) => tx.unsafe('select 1; commit; begin')],
    ['COMMIT and more', (tx) => Promise.all([tx`commit`, tx`select 1`])],
  ])('is refused that ends by a %s of its own', async ([, use]) => {
    const ended = acme.transaction(async (tx) => use(tx));
    await expect(within(ended)).rejects.toMatchObject(closed);
    expect(await within(globex.transaction(tenants))).toContain('globex');
  });

  it('takes fragments, identifiers, helpers, JSON and arrays as the driver’s does', async () => {
    const row = { source: 'new.md', position: 0, content: 'x', embedding_model: 'test' };
    const returned = await acme.transaction((tx) => {
      const values = { ...row, embedding: `[${embedding}]`, metadata: tx.json({ deep: [1] }) };
      return tx`
        insert into ${tx('ragwall.documents')} ${tx(values)}
        returning metadata, ${tx`${1}::integer`} as one, position = any(${tx.array([0], 23)}) as listed`;
    });
    expect([...returned]).toEqual([{ metadata: { deep: [1] }, one: 1, listed: true }]);
    expect(returned.count).toBe(1);
  });

  it('takes cursors, forEach, values, unsafe SQL and files as the driver’s does', async () => {
    const file = join(folder, 'two.sql');
    await writeFile(file, 'select $1::integer as n');
    const seen = await acme.transaction(async (tx) => {
      const found: unknown[] = [];
      const numbers = () => tx`select generate_series(1, 2) as n`;
      for await (const [row] of numbers().cursor()) found.push(row?.n);
      await numbers().cursor(2, (rows) => void found.push(rows.length));
      await numbers().forEach((row) => void found.push(row.n));
      found.push(await numbers().values(), await tx.unsafe('select $1::integer as n', [5]));
      return [...found, await tx.file(file, [6])];
    });
    expect(seen).toEqual([1, 2, 2, 1, 2, [[1], [2]], [{ n: 5 }], [{ n: 6 }]]);
  });

  it('keeps savepoints, also nested or of an array, and rolls back those alone that fail', async () => {
    const error = new Error('changed my mind');
    const fail = () => Promise.reject(error);
    const results = await acme.transaction(async (tx) => [
      await tx.savepoint('named', (nested) => insert(nested, 0)),
      await tx.savepoint((nested) => [nested`select 1 as n`, nested`select ${2}::integer as n`]),
      await tx.savepoint((nested) => insert(nested, 1).then(fail)).catch((e) => e),
      await tx.savepoint((nested) => nested`select 1 / 0`.catch(() => 0)).catch((e) => e.code),
      await tx.savepoint((outer) => outer.savepoint((inner) => insert(inner, 2))),
    ]);
    const stored = [expect.objectContaining({ id: expect.any(String), status: 'inserted' })];
    expect(results).toEqual([stored, [[{ n: 1 }], [{ n: 2 }]], error, '22012', stored]);
    expect(await inserted()).toEqual([0, 2]);
  });

  it('rejects with what a cursor’s callback throws, at whichever rows', async () => {
    for (const at of [2, 1]) {
      const throwing = acme.transaction((tx) =>
        tx`select generate_series(1, 3)`.cursor(2, (rows) => {
          if (rows.length === at) throw new Error('no');
        }),
      );
      await expect(within(throwing)).rejects.toThrow(/^no$/);
    }
    expect(await within(globex.transaction(tenants))).toContain('globex');
  });

  it.for<[string, Use]>([
    ['alone', (tx) => missing(tx)],
    ['behind another statement', (tx) => Promise.all([tx`select pg_sleep(0.01)`, missing(tx)])],
    ['twice', (tx) => Promise.all([missing(tx), missing(tx)])],
    ['twice, the first being caught', (tx) => missing(tx).catch(() => missing(tx))],
    ['behind a savepoint', (tx) => Promise.all([tx.savepoint(async () => {}), missing(tx)])],
  ])('rejects with a value that cannot be sent, and goes on: %s', async ([, use]) => {
    const unsent = acme.transaction(async (tx) => use(tx));
    await expect(within(unsent)).rejects.toMatchObject({ code: 'UNDEFINED_VALUE' });
    for (const tenant of [acme, globex]) {
      expect(await within(tenant.transaction(tenants))).toContain(tenant.tenantId);
    }
  });

  const missing = (tx: TransactionSql) => tx`select ${undefined as never}::integer`;

  it('goes on after a statement that is cancelled while it waits, and rejects with it', async () => {
    const seen: unknown[] = [];
    const cancelled = acme.transaction(async (tx) => {
      const first = tx`select pg_sleep(0.05)`.execute();
      const second = tx`select 2`.execute();
      const third = tx`select 3 as n`.execute();
      await sleep(10);
      second.cancel();
      await second.catch(({ code }) => seen.push(code));
      await first;
      seen.push(...(await third));
    });
    await expect(within(cancelled)).rejects.toMatchObject({ code: '57014' });
    expect(seen).toEqual(['57014', { n: 3 }]);
    expect(await within(globex.transaction(tenants))).toContain('globex');
  });

  it('passes on what its callback throws as it is, even if it looks like the loss of a connection', async () => {
    const reset = Object.assign(new Error('a request elsewhere failed'), { code: 'ECONNRESET', severity: 'FATAL' });
    const fail = () => Promise.reject(reset);
    await expect(within(acme.transaction(fail))).rejects.toBe(reset);
    const seen = await within(
      acme.transaction(async (tx) => {
        await expect(tx.savepoint(fail)).rejects.toBe(reset);
        await expect(tx.savepoint((inner) => inner.file(join(folder, 'none.sql')))).rejects.toMatchObject({
          code: 'ENOENT',
        });
        return tenants(tx);
      }),
    );
    expect(seen).toContain('acme');
  });

  it('awaits the statements of an array', async () => {
    const both = (tx: TransactionSql) => [insert(tx, 0), tx`select 1 as n`];
    const [, rows] = (await within(acme.transaction(both as never))) as [unknown, object[]];
    expect([...rows]).toEqual([{ n: 1 }]);
    expect(await inserted()).toEqual([0]);
  });

  it('returns what its callback returns, and rolls back and rejects with what that throws', async () => {
    for (const value of [new Error('changed my mind'), { deep: [1] }, [1, [2]], 0, null, undefined]) {
      expect(await acme.transaction(async () => value)).toBe(value);
      const failing = acme.transaction((tx) => insert(tx, 0).then(() => Promise.reject(value)));
      const returned = Symbol();
      expect(
        await failing.then(
          () => returned,
          (reason) => reason,
        ),
      ).toBe(value);
    }
    expect(await inserted()).toEqual([]);
  });

  it('rolls back after an SQL error that its callback swallows, and rejects with it', async () => {
    const swallowing = acme.transaction(async (tx) => {
      await insert(tx, 0);
      await tx`select 1 / 0`.catch(() => 'swallowed');
    });
    await expect(swallowing).rejects.toMatchObject({ code: '22012' });
    expect(await inserted()).toEqual([]);
  });
});

describe('while backends are killed', () => {
  let app: Ragwall;
  beforeEach(() => {
    app = connect(engine.appUrl ?? 'postgres://none', { max: 4 });
  });
  afterEach(() => app.close());

  /** Runs `act`, which writes two rows, over and over in 16 callers, and kills a backend every 40 ms or more. */
  async function stress(seconds: number, act: (tenant: SqlTenant, source: string) => Promise<string[]>) {
    const began = performance.now();
    const acknowledged: string[] = [];
    const wrong: unknown[] = [];
    let kills = 0;
    /** On a slow machine it takes longer to have happened often enough, but half a minute at most. */
    const goesOn = () => {
      const passed = (performance.now() - began) / 1_000;
      return passed < seconds || (passed < 30 && (kills < 50 || acknowledged.length < 100));
    };
    const killer = async () => {
      for (; goesOn(); await sleep(40)) {
        kills += await kill(1);
        // Where a connection takes longer to open than it lives, nothing would ever be written: wait for one write.
        const [before, killed] = [acknowledged.length, performance.now()];
        while (acknowledged.length === before && performance.now() - killed < 400) await sleep(10);
      }
    };
    const caller = async (_: unknown, n: number) => {
      const tenant = open(app, n % 2 ? 'acme' : 'globex');
      for (let turn = 0; goesOn(); turn += 1) {
        const source = `${tenant.tenantId}/${n}/${turn}`;
        try {
          const seen = await within(act(tenant, source), 15_000);
          acknowledged.push(source);
          if (!seen.every((one) => one === tenant.tenantId)) wrong.push(seen);
        } catch (error) {
          if (!isLost(error)) wrong.push(error);
        }
      }
    };
    await Promise.all([killer(), ...Array.from({ length: 16 }, caller)]);
    expect(wrong).toEqual([]);
    const rows = await session.admin(
      (sql) => sql<{ tenant: string; source: string; count: number }[]>`
        select tenant_id as tenant, source, count(*)::integer from ragwall.documents
        where source <> 'shared.md' group by 1, 2`,
    );
    const stored = new Set(rows.map((row) => row.source));
    expect(rows.filter((row) => row.count !== 2)).toEqual([]);
    expect(rows.filter((row) => row.tenant !== row.source.split('/')[0])).toEqual([]);
    expect(acknowledged.filter((source) => !stored.has(source))).toEqual([]);
    const { transaction } = open(app, 'acme');
    const sleeping = () => transaction((tx) => tx`select pg_backend_pid() as pid, pg_sleep(0.1)`);
    const slept = await within(Promise.all(Array.from({ length: 8 }, () => retried(sleeping))), 30_000);
    expect(new Set(slept.map(([row]) => row?.pid)).size).toBe(4); // no connection was given up
    expect(kills).toBeGreaterThanOrEqual(50);
    expect(acknowledged.length).toBeGreaterThanOrEqual(100);
  }

  it('a transaction is whole or absent, settles, and sees nobody else’s rows', async (context) => {
    needsKills(context);
    await stress(8, (tenant, source) =>
      tenant.transaction(async (tx) => {
        await upsertDocuments(tx, [passage(source, 0)]);
        await sleep(Math.random() * 20);
        await upsertDocuments(tx, [passage(source, 1)]);
        return tenants(tx);
      }),
    );
  });

  it('so is a statement of its own', async (context) => {
    needsKills(context);
    await stress(4, async (tenant, source) => {
      await tenant.upsertDocuments([passage(source, 0), passage(source, 1)]);
      return (await tenant.matchDocuments(embedding, { k: 100 })).map((row) => row.tenantId);
    });
  });
});
