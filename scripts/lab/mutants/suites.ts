/** Runs pgTAP files after a statement that breaks something, and rolls both back. */
import { readFile } from 'node:fs/promises';
import type { Sql } from 'postgres';
import { pgtapFiles, pgtapFolder } from '../../../db/tests/engine/migrations.js';

/** A pgTAP file without its own BEGIN and ROLLBACK. */
export interface Suite {
  readonly name: string;
  readonly text: string;
}

export async function loadSuites(): Promise<Suite[]> {
  return Promise.all(
    (await pgtapFiles()).map(async (name) => {
      const text = await readFile(new URL(name, pgtapFolder), 'utf8');
      const inner = text.replace(/^begin;$/m, '').replace(/^rollback;\s*(?![\s\S])/m, '');
      if (text.length - inner.length < 'begin;rollback;'.length) {
        throw new Error(`${name} is expected to be one transaction: begin; … rollback;`);
      }
      return { name, text: inner };
    }),
  );
}

const inOneLine = (text: string) => text.split('\n')[0]?.replace(/^not ok( \d+)?( - )?/, '') ?? '';

/**
 * Runs `statement` and a suite in one transaction, which is rolled back. Returns the first assertion that fails, or
 * undefined. @throws Error if the statement fails.
 */
export async function firstFailure(sql: Sql, statement: string, { name, text }: Suite): Promise<string | undefined> {
  try {
    await sql.unsafe(`begin; set local statement_timeout = '300s'; ${statement}`).simple();
    try {
      const results: unknown[] = await sql.unsafe(text).simple();
      return failureIn(name, results);
    } catch (error) {
      return `${name}: ends with an error: ${inOneLine((error as Error).message)}`;
    }
  } finally {
    // Prepared statements outlive a transaction.
    await sql.unsafe('rollback; deallocate all').simple();
  }
}

function failureIn(name: string, results: readonly unknown[]): string | undefined {
  const lines = results
    .flat()
    .flatMap((row) => Object.values(row as object))
    .filter((value): value is string => /^(ok|not ok|1\.\.)/.test(value));
  const failed = lines.find((line) => line.startsWith('not ok'));
  if (failed) return `${name}: ${inOneLine(failed)}`;
  const planned = Number(lines.find((line) => line.startsWith('1..'))?.slice(3));
  const made = lines.filter((line) => line.startsWith('ok')).length;
  return made === planned ? undefined : `${name}: makes ${made} assertions instead of ${planned}`;
}
