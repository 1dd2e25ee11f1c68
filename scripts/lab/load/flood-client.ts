/** Sends so many requests at once, and again when all are answered, a second later if one was refused, as `retry-after` asks. */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the process is sent by its parent, which gets a {@link FloodCount} when the time is up. */
export interface FloodTask {
  readonly url: string;
  /** Those of each tenant; the requests are theirs in turn. */
  readonly headers: readonly Readonly<Record<string, string>>[];
  /** `[<id>]` in it is replaced by another text in each request. */
  readonly body: string;
  readonly atOnce: number;
  readonly seconds: number;
}

export interface FloodCount {
  answered: number;
  /** 429 and 503. */
  refused: number;
  /** No answer, or another one. */
  lost: number;
}

async function flood({ url, headers, body, atOnce, seconds }: FloodTask): Promise<FloodCount> {
  const end = performance.now() + seconds * 1_000;
  const count: FloodCount = { answered: 0, refused: 0, lost: 0 };
  let id = 0;
  const send = (agent: Agent) =>
    new Promise<keyof FloodCount>((resolve) => {
      const bytes = Buffer.from(body.replaceAll('[<id>]', `flood ${id++}`));
      const sending = request(url, {
        method: 'POST',
        agent,
        headers: { ...headers[id % headers.length], 'content-length': bytes.length },
      });
      sending.on('error', () => resolve('lost'));
      sending.on('response', (response) => {
        const { statusCode = 0 } = response;
        response.resume().on('end', () => {
          resolve(statusCode === 200 ? 'answered' : statusCode === 429 || statusCode === 503 ? 'refused' : 'lost');
        });
      });
      sending.end(bytes);
    });
  do {
    const agent = new Agent({ keepAlive: true, maxSockets: atOnce }); // a connection of the last time may just be closed
    const outcomes = await Promise.all(Array.from({ length: atOnce }, () => send(agent)));
    agent.destroy();
    for (const outcome of outcomes) count[outcome] += 1;
    if (outcomes.includes('refused')) await sleep(1_000);
  } while (performance.now() < end);
  return count;
}

process.once('message', async (task: FloodTask) => {
  process.send?.(await flood(task));
  process.disconnect();
});
