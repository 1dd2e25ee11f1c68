/** Each tenant that waits gets one turn, then the next tenant, and a request that was given up gets none. */
import { setMaxListeners } from 'node:events';
import { expect, it } from 'vitest';
import { createTurns, untilAborted } from './turns.js';

const waiting = new AbortController().signal;
setMaxListeners(0, waiting);
const round = () => new Promise(setImmediate);

/** Lets what can begin begin: one turn begins in a round of the event loop. */
async function rounds(count = 10): Promise<void> {
  for (let n = 0; n < count; n += 1) await round();
}

/** A promise, and what settles it. */
function deferred() {
  let [resolve, reject] = [() => {}, (_: Error) => {}];
  const promise = new Promise<void>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

it('runs no more at once than there are turns, and of one tenant in the order in which they came', async () => {
  const turns = createTurns(2);
  const ends = [deferred(), deferred(), deferred()];
  const begun: number[] = [];
  const all = ends.map(({ promise }, n) =>
    turns.take('acme', waiting, () => {
      begun.push(n);
      return promise;
    }),
  );
  await rounds();
  expect(begun).toEqual([0, 1]);
  expect(turns.load).toEqual({ running: 2, waiting: 1 });
  ends[1]?.resolve();
  await all[1];
  await rounds();
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of ends) resolve();
  await Promise.all(all);
  expect(turns.load).toEqual({ running: 0, waiting: 0 });
});

it('goes round the tenants, however many requests one of them has', async () => {
  const turns = createTurns(1);
  const order: string[] = [];
  const ask = (tenant: string) => turns.take(tenant, waiting, async () => void order.push(tenant));
  const asked = Array.from({ length: 300 }, () => ask('acme'));
  asked.push(ask('globex'), ask('initech'), ask('globex'));
  await Promise.all(asked);
  // acme’s first began at once, when nobody else was there.
  expect(order.slice(0, 7)).toEqual(['acme', 'acme', 'globex', 'initech', 'acme', 'globex', 'acme']);
  expect(order).toHaveLength(303);
});

it('leaves to others what is more than one tenant may have', async () => {
  const turns = createTurns(3, 2);
  const end = deferred();
  const begun: string[] = [];
  const ask = (tenant: string) =>
    turns.take(tenant, waiting, () => {
      begun.push(tenant);
      return end.promise;
    });
  const all = [...Array.from({ length: 5 }, () => ask('acme'))];
  await rounds();
  expect(begun).toEqual(['acme', 'acme']);
  all.push(ask('globex'));
  await rounds();
  expect(begun).toEqual(['acme', 'acme', 'globex']);
  end.resolve();
  await Promise.all(all);
});

it('begins one in a round of the event loop', async () => {
  const turns = createTurns(100);
  const begun: number[] = [];
  const all = Array.from({ length: 50 }, (_, n) => turns.take('acme', waiting, async () => void begun.push(n)));
  await Promise.resolve();
  expect(begun).toHaveLength(1);
  await round();
  expect(begun.length).toBeLessThan(4);
  await Promise.all(all);
  expect(begun).toHaveLength(50);
});

it('lets others have the turn of one that waits outside, and runs it on after them', async () => {
  const turns = createTurns(1);
  const embedded = deferred();
  const order: string[] = [];
  const first = turns.take('acme', waiting, async (outside) => {
    await outside(() => embedded.promise);
    order.push('first');
  });
  await turns.take('acme', waiting, async () => void order.push('second'));
  embedded.resolve();
  await first;
  expect(order).toEqual(['second', 'first']);
});

it('runs nothing for a request that was given up before its turn, or outside, and forgets it at once', async () => {
  const turns = createTurns(1);
  const gone = new AbortController();
  const [embedded, end] = [deferred(), deferred()];
  let ran = false;
  const outsideThen = turns.take('acme', gone.signal, async (outside) => {
    await outside(() => embedded.promise);
    ran = true;
  });
  await rounds(); // it is outside by now
  const other = turns.take('globex', waiting, () => end.promise);
  const queued = turns.take('acme', gone.signal, async () => (ran = true));
  expect(turns.load).toEqual({ running: 1, waiting: 1 });
  gone.abort(new Error('gone'));
  expect(turns.load).toEqual({ running: 1, waiting: 0 });
  embedded.resolve();
  for (const one of [outsideThen, queued, turns.take('acme', gone.signal, async () => (ran = true))]) {
    await expect(one).rejects.toThrow('gone');
  }
  expect(ran).toBe(false);
  end.resolve();
  await other;
  expect(turns.load).toEqual({ running: 0, waiting: 0 });
});

it('gives each turn back once, whatever fails', async () => {
  const turns = createTurns(1);
  const failed = new Error('failed');
  await expect(turns.take('acme', waiting, () => Promise.reject(failed))).rejects.toBe(failed);
  const outside = turns.take('acme', waiting, (outside) => outside(() => Promise.reject(failed)));
  await expect(outside).rejects.toBe(failed);
  const end = deferred();
  const begun: number[] = [];
  const first = turns.take('acme', waiting, () => {
    begun.push(1);
    return end.promise;
  });
  const second = turns.take('acme', waiting, async () => void begun.push(2));
  await rounds();
  expect(begun).toEqual([1]);
  end.resolve();
  await Promise.all([first, second]);
});

it('waits no longer than the signal says for what ignores it', async () => {
  const stop = new AbortController();
  const hanging = untilAborted(stop.signal, new Promise(() => {}));
  stop.abort(new Error('gone'));
  await expect(hanging).rejects.toThrow('gone');
  await expect(untilAborted(stop.signal, new Promise(() => {}))).rejects.toThrow('gone');
  await expect(untilAborted(waiting, Promise.resolve(7))).resolves.toBe(7);
});
