/** Searches by words, which are off in the test database. It is shared, so whoever enables them disables them again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from './session.js';

/** Enables words, and makes those of all documents that are there, as `ragwall index` does. */
export async function enableWords(session: Session, configuration = 'english'): Promise<void> {
  await session.admin(async (sql) => {
    await sql`select ragwall.enable_words(${configuration})`;
    const end = performance.now() + 30_000;
    for (;;) {
      const plan = await sql<{ due: string }[]>`select ragwall.index_plan() as due`;
      for (const { due } of plan) await sql.unsafe(due);
      const [row] = await sql<{ on: boolean }[]>`select ragwall.words_configuration() is not null as on`;
      if (plan.length === 0 && row?.on) return;
      if (performance.now() > end)
        throw new Error(`words are not filled; due: ${plan.map(({ due }) => due).join('; ')}`);
      // Older transactions of other sessions.
      if (plan.length === 0) await sleep(50);
    }
  });
}

/** Disables words. */
export async function disableWords(session: Session): Promise<void> {
  await session.admin((sql) => sql`select ragwall.disable_words()`);
}
