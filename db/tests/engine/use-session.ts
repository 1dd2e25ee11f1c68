/** The session that the tests of a file share. */
import { afterAll, beforeAll, inject } from 'vitest';
import { openSession, type Session } from './session.js';

/**
 * Opens a session before the tests of the file, or of the block, and closes it after them. `seed` stores the documents of
 * tests.seed() first; `clear` deletes all documents in the end.
 */
export function useSession(options: { max?: number; seed?: boolean; clear?: boolean } = {}): Session {
  const { max, seed = false, clear = seed } = options;
  let session: Session;
  beforeAll(async () => {
    session = await openSession(inject('engine'), max);
    if (!seed) return;
    await session.admin((sql) => sql`delete from ragwall.documents`); // what a file before this one has left
    await session.admin((sql) => sql`select tests.seed()`);
  });
  afterAll(async () => {
    if (clear) await session.admin((sql) => sql`delete from ragwall.documents`);
    await session.end();
  });
  return {
    get app() {
      return session.app;
    },
    admin: (fn) => session.admin(fn),
    end: () => session.end(),
  };
}
