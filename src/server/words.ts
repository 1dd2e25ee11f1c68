/** Whether the database finds documents by their words: asked once a minute, and not for each request. */
import type { Ragwall } from 'ragwall';

const validSeconds = 60;

/** See {@link createWords}. */
export interface Words {
  /** Runs a search, with words where they are enabled. */
  search<T>(search: (withWords: boolean) => Promise<T>): Promise<T>;
}

/** Returns what decides whether the searches of a service use words. */
export function createWords(ragwall: Ragwall): Words {
  let expires = 0;
  let asked: Promise<boolean> = Promise.resolve(false);
  function enabled(): Promise<boolean> {
    if (performance.now() < expires) return asked;
    expires = performance.now() + validSeconds * 1_000;
    asked = ragwall.wordsConfiguration().then((configuration) => configuration !== null);
    asked.catch(() => {
      expires = 0; // the next search asks again
    });
    return asked;
  }
  return {
    async search(search) {
      const withWords = await enabled();
      try {
        return await search(withWords);
      } catch (error) {
        // Disabled since, or enabled anew.
        if (!withWords || Object(error).code !== 'RW110') throw error;
        asked = Promise.resolve(false);
        return search(false);
      }
    },
  };
}
