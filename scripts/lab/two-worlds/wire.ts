/** A connection that sends many statements at once and returns every message of the server, by statement. */
import { connect } from 'node:net';
import postgres from 'postgres';

export interface Wire {
  /** The process id of its backend. */
  readonly pid: string;
  /** Sends each text as one message of the simple protocol; returns what came back, a line a message. */
  exchange(texts: readonly string[]): Promise<string[][]>;
  close(): Promise<void>;
}

const cut = (body: Buffer, at: number) => body.indexOf(0, at);

function columns(body: Buffer): string {
  const names: string[] = [];
  for (let at = 2; at < body.length; ) {
    const end = cut(body, at);
    names.push(`${body.toString('utf8', at, end)}:${body.readUInt32BE(end + 7)}`);
    at = end + 19;
  }
  return names.join('|');
}

function values(body: Buffer): string {
  const found: string[] = [];
  for (let at = 2; at < body.length; ) {
    const length = body.readInt32BE(at);
    at += 4;
    found.push(length < 0 ? 'null' : body.toString('utf8', at, at + length));
    if (length > 0) at += length;
  }
  return found.join('|');
}

function fields(body: Buffer): string {
  return body
    .toString('utf8', 0, body.length - 1)
    .split('\0')
    .filter(Boolean)
    .join(' · ');
}

/** Returns a message as a line, or undefined for one that is not about the statement. */
function line(type: string, body: Buffer): string | undefined {
  if (type === 'D') return `row ${values(body)}`;
  if (type === 'T') return `columns ${columns(body)}`;
  if (type === 'C') return `done ${body.toString('utf8', 0, body.length - 1)}`;
  if (type === 'E') return `error ${fields(body)}`;
  if (type === 'N') return `notice ${fields(body)}`;
  if (type === 'A') return `notification ${fields(body.subarray(4))}`;
  if (type === 'd') return `copied ${body.toString('utf8').trimEnd()}`;
  return type === 'I' ? 'empty' : undefined;
}

const message = (type: string, text: string) => {
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};

/**
 * postgres.js connects and logs in. Then we use its socket ourselves, because a driver returns neither the text as the
 * server sent it nor which notice belongs to which statement.
 */
export async function openWire(url: string): Promise<Wire> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port || 5432), hostname).setNoDelay();
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  // `socket` is an option of postgres.js that its types do not have.
  const options = { socket: async () => socket, max: 1, max_lifetime: null, fetch_types: false };
  const sql = postgres(url, { ...options, onnotice: () => {} } as object);
  const [row] = await sql`select pg_backend_pid()::text as pid`;
  socket.removeAllListeners('data');

  let rest: Buffer = Buffer.alloc(0);
  let waiting: { lines: string[][]; left: number; settle: (error?: Error) => void } | undefined;
  socket.on('close', () => waiting?.settle(new Error('the server closed the connection')));
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    while (rest.length >= at + 5) {
      const end = at + 1 + rest.readInt32BE(at + 1);
      if (rest.length < end) break;
      const type = String.fromCharCode(rest[at] as number);
      if (type === 'G') socket.write(message('f', 'nothing to copy'));
      const said = line(type, rest.subarray(at + 5, end));
      at = end;
      if (!waiting) continue;
      if (said !== undefined) waiting.lines.at(-1)?.push(said);
      if (type !== 'Z') continue;
      waiting.left -= 1;
      if (waiting.left > 0) waiting.lines.push([]);
      else waiting.settle();
    }
    rest = rest.subarray(at);
  });

  return {
    pid: row?.pid,
    exchange: (texts) =>
      new Promise((resolve, reject) => {
        const lines: string[][] = [[]];
        const settle = (error?: Error) => {
          waiting = undefined;
          if (error) reject(error);
          else resolve(lines);
        };
        waiting = { lines, left: texts.length, settle };
        socket.write(Buffer.concat(texts.map((text) => message('Q', text))));
      }),
    async close() {
      socket.destroy();
      await sql.end({ timeout: 0 });
    },
  };
}
