/** Runs every pgTAP file of this folder and of attacks/, as superuser, and makes each of its assertions a test. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { pgtapFiles, pgtapFolder } from './engine/migrations.js';
import { openSession } from './engine/session.js';

const engine = inject('engine');

/** Returns what a file prints. After an SQL error it is the error. */
async function runFile(file: string): Promise<string[]> {
  const session = await openSession(engine);
  const text = await readFile(new URL(file, pgtapFolder), 'utf8');
  try {
    const results = await session.admin(async (sql): Promise<unknown[]> => {
      try {
        return await sql.unsafe(text).simple();
      } catch (error) {
        await sql.unsafe('rollback');
        throw error;
      }
    });
    return results
      .flat()
      .flatMap((row) => Object.values(row as object))
      .filter((value) => value !== null && value !== '')
      .map(String);
  } catch (error) {
    return [`not ok - ${file} runs to its end\n${error}\n${(error as { where?: string }).where ?? ''}`];
  } finally {
    await session.end();
  }
}

for (const file of await pgtapFiles()) {
  const lines = await Promise.race([runFile(file), delay(240_000, null, { ref: false })]);
  if (!lines) throw new Error(`${file} did not end within four minutes`);
  const assertions = lines.filter((line) => /^(not )?ok/.test(line));
  const planned = lines.find((line) => line.startsWith('1..'))?.slice(3);
  describe(file, () => {
    it('makes as many assertions as it plans', () => {
      expect(String(assertions.length), lines.join('\n')).toBe(planned);
    });
    it('prints TAP alone, so that pg_prove counts all of it', () => {
      expect(lines.filter((line) => !/^(ok|not ok|1\.\.|#)/.test(line))).toEqual([]);
    });
    for (const assertion of assertions) {
      it(assertion.split('\n')[0]?.replace(/^(not )?ok( \d+)? - /, '') ?? file, () => {
        expect(assertion).toMatch(/^ok/);
      });
    }
  });
}
