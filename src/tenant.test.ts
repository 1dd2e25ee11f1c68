/** A pool that is opened with `poolOptions` settles where the driver, left to its defaults, hangs. */
import net, { type Socket } from 'node:net';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { poolOptions } from './tenant.js';

/** Answers whatever it is sent with what a server says that is ready. */
const server = net.createServer((socket) => {
  const ready = Buffer.from('Z\0\0\0\x05I', 'latin1');
  socket.on('data', () => socket.write(ready)).on('error', () => {});
});
beforeAll(() => new Promise<void>((done) => server.listen(0, '127.0.0.1', done)));
afterAll(() => new Promise((done) => server.close(done)));

it('is told of a connection that never sends again; if this fails, the driver is fixed: drop connect_timeout', async () => {
  const sockets: Socket[] = [];
  const { port } = server.address() as net.AddressInfo;
  const sql = postgres({
    ...poolOptions,
    max: 1,
    connect_timeout: 0.2,
    socket: () =>
      new Promise<Socket>((connected) => {
        const socket = net.connect(port, '127.0.0.1', () => connected(socket));
        sockets.push(socket);
      }),
  } as object);
  await sql`select 1`;
  const written = sql`select 2`.catch(({ code }) => code);
  await Promise.resolve(); // written, and to be flushed in the next turn
  sockets[0]?.emit('close', false);
  expect(await written).toBe('CONNECTION_CLOSED');
  expect(await sql`select 3`.catch(({ code }) => code)).toBe('CONNECT_TIMEOUT');
  for (const socket of sockets) socket.destroy();
  await sql.end({ timeout: 0 });
});
