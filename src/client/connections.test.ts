/** Connections are leased to one user at a time, are thrown away when lost, and close in time. */
import { once } from 'node:events';
import { type AddressInfo, connect as connectSocket, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import postgres, { type TransactionSql } from 'postgres';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { needs, poolOptions } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { type ConnectOptions, connect, type Ragwall } from './connect.js';
import { matchDocuments } from './search.js';
import { setTenant } from './tenant.js';
import { tokenSigner } from './token.js';

const engine = inject('engine');
const session = useSession({ seed: true });
const vec = [1, ...Array<number>(1535).fill(0)];
const secrets = ['acme secret 0', 'acme secret 1', 'acme secret 2'];
let opened: Ragwall[] = [];
let servers: Server[] = [];
const resets: (() => void)[] = [];

function open(options: ConnectOptions = {}, url = engine.appUrl ?? ''): Ragwall {
  const ragwall = connect(url, options);
  opened.push(ragwall);
  return ragwall;
}

/** Returns the URL of a server that handles sockets so. */
async function serve(onSocket: (socket: import('node:net').Socket) => void): Promise<string> {
  const server = createServer(onSocket).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const url = new URL(engine.appUrl ?? '');
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return url.href;
}

beforeEach((context) => needs(context, engine, ['docker', 'url'], 'a server that takes another connection'));
afterEach(async () => {
  await Promise.all(opened.map((one) => one.close()));
  for (const server of servers) server.close();
  opened = [];
  servers = [];
});

const contents = async (ragwall: Ragwall) =>
  (await ragwall.forTenant('acme').matchDocuments(vec)).map(({ content }) => content);
const backends = () =>
  session.admin(async (sql) => {
    const rows = await sql`
      select pid from pg_stat_activity where application_name = 'leased' and datname = current_database()`;
    return rows.map(({ pid }) => pid);
  });
const kill = () =>
  session.admin((sql) => sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'leased'`);
const leased = (more: ConnectOptions = {}, driver: object = {}) =>
  open({ ...more, driver: { ...driver, connection: { application_name: 'leased' } } });

describe('connections', () => {
  it('are as many as are used at once, and no more than max', async () => {
    const ragwall = leased({ max: 3 });
    await contents(ragwall);
    expect(await backends()).toHaveLength(1);
    await Promise.all(Array.from({ length: 20 }, () => contents(ragwall)));
    expect(await backends()).toHaveLength(3);
  });

  it('are replaced when they are lost, and the next call is answered', async () => {
    const ragwall = leased({ max: 2 });
    const slow = () => ragwall.forTenant('acme').transaction((tx) => tx.sql`select pg_sleep(5)`);
    await contents(ragwall);
    const lost = Promise.allSettled([slow(), slow()]);
    await sleep(300);
    await kill();
    const refused = { status: 'rejected', reason: { name: 'RagwallError', code: 'CONNECTION_LOST' } };
    expect(await lost).toMatchObject([refused, refused]);
    expect(await Promise.all([contents(ragwall), contents(ragwall), contents(ragwall)])).toEqual(
      Array(3).fill(secrets),
    );
  });

  it.each<[string, (tx: TransactionSql) => Promise<unknown>]>([
    ['a statement', (tx) => tx`select pg_sleep(9)`],
    ['a cursor', (tx) => tx`select pg_sleep(9)`.cursor(() => {})],
    ['a savepoint', (tx) => tx.savepoint((inner) => inner`select pg_sleep(9)`)],
    ['COMMIT', (tx) => tx`set constraints all deferred`.then(() => resets.splice(0).map((reset) => reset()))],
  ])('that the network resets are lost: %s', async (_, use) => {
    const { hostname, port } = new URL(engine.appUrl ?? '');
    const url = await serve((socket) => {
      const server = connectSocket(Number(port || 5432), hostname);
      for (const end of [socket, server]) end.on('error', () => {});
      socket.pipe(server).pipe(socket);
      resets.push(() => socket.resetAndDestroy());
    });
    const ended = open({ max: 1 }, url)
      .forTenant('acme')
      .transaction(({ sql }) => {
        setTimeout(() => resets.splice(0).map((reset) => reset()), 300);
        return use(sql);
      });
    await expect(ended).rejects.toMatchObject({ name: 'RagwallError', code: 'CONNECTION_LOST' });
  });

  it('that nobody uses are closed after idle_timeout, others after max_lifetime', async () => {
    const idle = leased({}, { idle_timeout: 0.2 });
    await contents(idle);
    expect(await backends()).toHaveLength(1);
    await sleep(600);
    expect(await backends()).toHaveLength(0);
    expect(await contents(idle)).toEqual(secrets);
    await idle.close();
    const short = leased({ max: 1 }, { max_lifetime: 0.2 });
    await contents(short);
    const first = await backends();
    await sleep(300);
    await contents(short);
    await contents(short);
    expect(first).toHaveLength(1);
    expect(await backends()).not.toEqual(first);
  });

  it.each(['idle', 'busy', 'in a transaction', 'killed'])('close within a second, %s', async (state) => {
    const ragwall = leased({ max: 4 });
    await contents(ragwall);
    const waits = state === 'busy' ? 30 : 0;
    const calls = Array.from({ length: 12 }, () => contents(ragwall).catch(({ code }) => code));
    const long = ragwall
      .forTenant('acme')
      .transaction<unknown>(async (tx) =>
        waits ? tx.sql`select pg_sleep(${waits})` : sleep(state === 'idle' ? 0 : 1_500),
      );
    const ended = long.then(
      () => 'ended',
      ({ code }) => code,
    );
    await sleep(100);
    if (state === 'killed') await kill();
    const began = performance.now();
    await ragwall.close();
    expect(performance.now() - began).toBeLessThan(1_000);
    await Promise.all(calls);
    expect(await ended).toBe(state === 'idle' ? 'ended' : 'CONNECTION_LOST');
    await expect(contents(ragwall)).rejects.toMatchObject({ code: 'CLOSED' });
    if (state === 'busy') await kill(); // the server does not look whether anybody waits for a statement
    for (let n = 0; n < 20 && (await backends()).length > 0; n += 1) await sleep(50);
    expect(await backends()).toEqual([]);
  });

  it('are checked at start-up over others, or over the only one that there may be', async () => {
    const named = { driver: { connection: { application_name: 'leased' } } };
    const login = new URL(engine.appUrl ?? '').username;
    for (const max of [1, 4]) {
      const ragwall = leased({ max });
      await contents(ragwall);
      await session.admin((sql) => sql`alter role ${sql(login)} connection limit 1`);
      const checked = ragwall.assertIsolation().then(
        () => 'checked',
        ({ code }) => code,
      );
      const outcome = await checked.finally(() =>
        session.admin((sql) => sql`alter role ${sql(login)} connection limit -1`),
      );
      expect(outcome).toBe(max === 1 ? 'checked' : '53300');
      await ragwall.close();
    }
    expect(await open({ max: 4, ...named }).assertIsolation()).toEqual([]);
    expect(await backends()).toEqual([]);
  });

  it('pass on why none can be opened', async () => {
    const refused = open({}, 'postgres://app_user@127.0.0.1:1/none');
    await expect(contents(refused)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const unknown = new URL(engine.appUrl ?? '');
    unknown.username = 'nobody_of_ours';
    await expect(contents(open({}, unknown.href))).rejects.toMatchObject({ severity: 'FATAL' });
  });

  it('do not wait for ever for a server that takes connections and says nothing, or hangs up', async () => {
    for (const say of [() => {}, (socket: import('node:net').Socket) => void socket.end()]) {
      const silent = open({ driver: { connect_timeout: 0.5 } }, await serve(say));
      const began = performance.now();
      await expect(contents(silent)).rejects.toMatchObject({ code: 'CONNECT_TIMEOUT' });
      expect(performance.now() - began).toBeLessThan(2_000);
    }
  });

  it('begin with a message that a pooler of Supabase takes: at most 1,024 bytes', async () => {
    const target = new URL(engine.appUrl ?? '');
    const lengths: number[] = [];
    const url = await serve((client) => {
      client.once('data', (first) => {
        lengths.push(first.length);
        const server = connectSocket(Number(target.port || 5432), target.hostname, () => {
          server.write(first);
          client.pipe(server).pipe(client);
        });
        for (const socket of [client, server]) socket.on('error', () => {});
      });
    });
    expect(await contents(open({}, url))).toEqual(secrets);
    expect(Math.max(...lengths)).toBeLessThan(1_024);
  });
});

describe('in a transaction', () => {
  it('a call outside of it is refused where it would wait for it, and answered where it need not', async () => {
    const [one, two] = [open({ max: 1 }), open({ max: 2 })];
    const nested = (ragwall: Ragwall) =>
      ragwall.forTenant('acme').transaction(async () => (await contents(ragwall)).length);
    await expect(nested(one)).rejects.toMatchObject({
      code: 'WAITS_FOR_ITSELF',
      message: expect.stringContaining('tx.matchDocuments'),
    });
    expect(await nested(two)).toBe(3);
    expect(await contents(one)).toEqual(secrets); // and nothing is left of it
    const many = await Promise.allSettled(Array.from({ length: 10 }, () => nested(two)));
    const reasons = many.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
    expect(new Set(reasons)).toEqual(new Set(['WAITS_FOR_ITSELF']));
  });

  it('a call that it leaves behind waits its turn when it is over', async () => {
    const ragwall = open({ max: 1 });
    let left: Promise<string[]> | undefined;
    await ragwall.forTenant('acme').transaction(async () => {
      left = sleep(100).then(() => contents(ragwall));
    });
    const busy = ragwall.forTenant('acme').transaction(() => sleep(300));
    expect(await left).toEqual(secrets);
    await busy;
  });

  it('arrays of the built-in types arrive as they were sent, and as the server wrote them', async () => {
    const acme = open().forTenant('acme');
    const lists: [string, fc.Arbitrary<unknown>][] = [
      ['text', fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''))],
      ['integer', fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })],
      ['double precision', fc.double({ noNaN: true })],
      ['boolean', fc.boolean()],
      ['uuid', fc.uuid()],
      ['timestamptz', fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })],
      ['jsonb', fc.dictionary(fc.stringMatching(/^[a-z"\\{},]*$/), fc.integer())],
    ];
    await acme.transaction(async ({ sql }) => {
      for (const [type, item] of lists) {
        for (const list of fc.sample(fc.array(fc.option(item)), { numRuns: 20, seed: 1 })) {
          const [row] = await sql`
            select ${list as never}::${sql.unsafe(type)}[] as list,
              coalesce((select jsonb_agg(o order by n) from unnest(${list as never}::${sql.unsafe(type)}[]) with ordinality as u (o, n)), '[]') as read`;
          expect(row?.list, type).toEqual(list);
          expect(row?.read, type).toHaveLength(list.length);
        }
      }
      const [row] = await sql`select '{{1,2},{3,null}}'::integer[] as two, '[0:1]={a,b}'::text[] as from_0,
        ${['a', 'b']}::text[] && array['b'] as overlap, 'x' = any(${sql.array(['x', 'y'])}) as typed`;
      expect(row).toEqual({
        two: [
          [1, 2],
          [3, null],
        ],
        from_0: ['a', 'b'],
        overlap: true,
        typed: true,
      });
    });
  });
});

it('transforms and types of the driver do not reach our statements', async () => {
  const { transform } = { transform: { ...postgres.camel, value: (value: unknown) => `${value}!` } };
  const plain = await open().forTenant('acme').matchDocuments(vec);
  const types = { text: { to: 25, from: [25, 3802, 701], parse: () => 'mine', serialize: String } };
  expect(await open({ driver: { transform, types } }).forTenant('acme').matchDocuments(vec)).toEqual(plain);
  const sql = postgres(engine.appUrl ?? '', { ...poolOptions, transform: postgres.pascal, max: 1 });
  const found = await sql.begin(async (tx) => {
    await setTenant(tx, 'acme');
    return matchDocuments(tx, vec, 10);
  });
  await sql.end();
  expect(found).toEqual(plain);
});

it.each<Record<string, unknown>>([
  ...[
    { url: 5 },
    { url: '' },
    { max: 0 },
    { max: 1.5 },
    { pool: 5 },
    { signer: null },
    { driver: { max: 2 } },
    { driver: { idle_timout: 5 } },
    { driver: 5 },
  ],
])('%o is refused', ({ url = 'postgres://127.0.0.1', ...options }) => {
  expect(() => connect(url as string, options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
});

describe('with a login that is an agent_caller', () => {
  const url = new URL(engine.appUrl ?? 'postgres://none');
  beforeEach(async () => {
    Object.assign(url, { username: 'agent_of_ours', password: 'agent' });
    await session.admin((sql) =>
      sql.unsafe(`
      create role agent_of_ours login password 'agent';
      select ragwall.grant_login('agent_of_ours', 'agent_caller')`),
    );
  });
  afterEach(() =>
    session.admin((sql) =>
      sql.unsafe(`
      select ragwall.retire_signing_key('agents');
      drop owned by agent_of_ours; drop role agent_of_ours`),
    ),
  );

  it('a handle searches, alone and in a transaction', async () => {
    const [row] = await session.admin((sql) => sql`select ragwall.add_signing_key('agents') as key`);
    const ragwall = open({ signer: tokenSigner(row?.key) }, url.href);
    expect(await contents(ragwall)).toEqual(secrets);
    const acme = ragwall.forTenant('acme');
    const found = await acme.transaction((tx) => tx.matchDocuments(vec, { k: 1, filter: { tenant: 'acme' } }));
    expect(found.map(({ content }) => content)).toEqual(['acme secret 0']);
    await expect(acme.upsertDocuments([{ source: 's', position: 0, content: 'x' }])).rejects.toMatchObject({
      code: '42501',
    });
  });
});
