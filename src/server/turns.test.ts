/** As many requests as there are connections have a turn, and one that was given up gets none. */
import { expect, it } from 'vitest';
import { createTurns } from './turns.js';

const waiting = new AbortController().signal;

/** A promise, and what settles it. */
function deferred() {
  let [resolve, reject] = [() => {}, (_: Error) => {}];
  const promise = new Promise<void>((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

it('runs no more at once than there are connections, in the order in which they came', async () => {
  const turns = createTurns(2);
  const ends = [deferred(), deferred(), deferred()];
  const begun: number[] = [];
  const all = ends.map(({ promise }, n) =>
    turns.take(waiting, () => {
      begun.push(n);
      return promise;
    }),
  );
  await new Promise(setImmediate);
  expect(begun).toEqual([0, 1]);
  ends[1]?.resolve();
  await all[1];
  await new Promise(setImmediate);
  expect(begun).toEqual([0, 1, 2]);
});

it('lets others have the turn of one that waits outside, and runs it on after them', async () => {
  const turns = createTurns(1);
  const embedded = deferred();
  const order: string[] = [];
  const first = turns.take(waiting, async (outside) => {
    await outside(() => embedded.promise);
    order.push('first');
  });
  await turns.take(waiting, async () => void order.push('second'));
  embedded.resolve();
  await first;
  expect(order).toEqual(['second', 'first']);
});

it('runs nothing for a request that was given up before its turn, or outside', async () => {
  const turns = createTurns(1);
  const gone = new AbortController();
  const embedded = deferred();
  let ran = false;
  const outsideThen = turns.take(gone.signal, async (outside) => {
    await outside(() => embedded.promise);
    ran = true;
  });
  await new Promise(setImmediate); // it is outside by now
  gone.abort(new Error('gone'));
  embedded.resolve();
  await expect(outsideThen).rejects.toThrow('gone');
  await expect(turns.take(gone.signal, async () => (ran = true))).rejects.toThrow('gone');
  expect(ran).toBe(false);
});

it('gives each turn back once, whatever fails', async () => {
  const turns = createTurns(1);
  const failed = new Error('failed');
  await expect(turns.take(waiting, () => Promise.reject(failed))).rejects.toBe(failed);
  const outside = turns.take(waiting, (outside) => outside(() => Promise.reject(failed)));
  await expect(outside).rejects.toBe(failed);
  const end = deferred();
  const begun: number[] = [];
  void turns.take(waiting, () => {
    begun.push(1);
    return end.promise;
  });
  void turns.take(waiting, async () => void begun.push(2));
  await new Promise(setImmediate);
  expect(begun).toEqual([1]);
  end.resolve();
});
