/**
 * A connection that is reset tells its error a moment before it closes. What postgres.js 3.4 takes for it in between, it
 * neither sends nor rejects. Here every call is told at once, and nothing else is sent on the connection.
 */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type TransactionSql } from 'postgres';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { breakable, needs, openSession, poolOptions, type Session, tenantsOn } from '../../db/tests/engine/session.js';
import { connect, type Ragwall } from './connect.js';
import type { Tenant } from './handle.js';
import { rowsOf } from './rows.js';

const engine = inject('engine');
const vec = [1, ...Array<number>(1535).fill(0)];
let session: Session;
let ragwall: Ragwall; // on one connection
let driver: object;
let socket: () => Socket;
let acme: Tenant;
let globex: Tenant;

/** Resets the connection, and calls `then` before it closes. */
function reset(then = () => {}): void {
  socket().once('error', then);
  socket().destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
}

/** What became of a call: what it returned, its error's code, or that it hung. */
const settled = (call: Promise<unknown>) =>
  Promise.race([call.catch((error) => error.code), sleep(3_000, 'hung', { ref: false })]);

/** What became of a call that is made while the idle connection is being reset. */
const whileReset = (call: () => Promise<unknown>) => new Promise((resolve) => reset(() => resolve(settled(call()))));

/** What globex gets of three calls, one after another. */
async function answers(): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let n = 0; n < 3; n += 1) {
    found.push(await settled(globex.matchDocuments(vec, { k: 1 }).then(([one]) => one?.content)));
  }
  return found;
}

beforeEach(async (context) => {
  needs(context, engine, ['docker', 'url'], 'a server that takes another connection');
  session = await openSession(engine);
  await session.admin((admin) => admin`select tests.seed()`);
  ({ driver, socket } = breakable(engine.appUrl ?? ''));
  ragwall = connect(engine.appUrl ?? '', { max: 1, driver });
  acme = ragwall.forTenant('acme');
  globex = ragwall.forTenant('globex');
  await acme.matchDocuments(vec);
  await acme.deleteDocuments({ source: 'none.md' });
});
afterEach(async () => {
  if (!session) return;
  await session.admin((admin) => admin`delete from ragwall.documents`);
  await Promise.all([session.end(), ragwall.close()]);
});

const lostCode = expect.stringMatching(/^CONNECTION_/);
const answered = Array(3).fill('globex secret 0');

describe('while an idle connection is being reset', () => {
  const remove = () => acme.deleteDocuments({ source: 'handbook.md' });
  const begin = () => acme.transaction(async (tx) => tx.sql`select 1`);

  it.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
    ['deleteDocuments', remove, remove],
    ['deleteDocuments after a transaction', begin, remove],
    ['transaction', remove, begin],
    ['matchDocuments', remove, () => acme.matchDocuments(vec)],
  ])('%s says that it was lost, and the next calls are answered', async (_, before, call) => {
    await before();
    expect(await whileReset(call)).toEqual(lostCode);
    expect(await answers()).toEqual(answered);
  });
});

it('an answer that was cut off is no answer', async () => {
  const cut = Object.assign([[Buffer.from('acme')]], { command: null });
  await expect(rowsOf({ raw: async () => cut } as never)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
});

describe('a transaction whose connection is reset', () => {
  const forever = async (tx: TransactionSql) => {
    await tx`select 1`; // what comes behind the first statement waits for it, and is not sent by itself
    return tx`select pg_sleep(60)`;
  };

  it.each<[string, (tx: TransactionSql) => Promise<unknown>]>([
    ['fails', forever],
    ['sends another statement at once', (tx) => forever(tx).catch(() => tx`select 1`)],
    ['sends several', (tx) => forever(tx).catch(() => Promise.all([tx`select 1`, tx`select 2`]))],
    ['swallows it', (tx) => forever(tx).catch(() => 1)],
  ])('%s, and the next calls are answered', async (_, body) => {
    const lost = settled(acme.transaction((tx) => body(tx.sql)));
    await sleep(50);
    reset();
    expect(await lost).toEqual(lostCode);
    expect(await answers()).toEqual(answered);
  });

  it('while it begins a savepoint, is over, and the next calls are answered', async () => {
    const lost = acme.transaction(async (tx) => {
      await tx.sql`select 1`;
      socket().write = () => {
        reset(); // instead of sending it
        return true;
      };
      return tx.sql.savepoint(async () => 1);
    });
    expect(await settled(lost)).toEqual(lostCode);
    expect(await answers()).toEqual(answered);
  });

  it('control: of plain sql.begin, one call is answered; if this fails, the driver is fixed', async () => {
    await ragwall.close();
    const sql = postgres(engine.appUrl ?? '', { ...poolOptions, ...driver, max: 1 });
    globex = tenantsOn(sql).forTenant('globex');
    expect(await answers()).toEqual(answered);
    const lost = settled(sql.begin(forever));
    await sleep(50);
    reset();
    expect(await lost).toEqual(lostCode);
    expect(await answers()).toEqual(['globex secret 0', 'hung', 'hung']);
    await sql.end({ timeout: 1 });
  });
});
