/** Mutants: statements that each break one wall, generated from the catalog. */
import { readdir, readFile } from 'node:fs/promises';
import type { Sql } from 'postgres';
import { bodyMutants } from './bodies.js';

export interface Mutant {
  /** The file beside this one that generates it, without its ending, or `client`. */
  readonly kind: string;
  readonly name: string;
  /** The SQL that breaks the wall. */
  readonly statement: string;
}

export const title = ({ kind, name }: Mutant) => `${kind}: ${name}`;

const folder = new URL('./', import.meta.url);

/**
 * Returns every mutant of the database, by its title: the rows of the queries beside this file, and the rules for bodies
 * of functions.
 */
export async function databaseMutants(sql: Sql): Promise<Mutant[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const mutants: Mutant[] = [];
  for (const file of files) {
    const query = await readFile(new URL(file, folder), 'utf8');
    const rows = await sql.unsafe<{ name: string; statement: string }[]>(query).simple();
    mutants.push(...rows.map((row) => ({ kind: file.replace('.sql', ''), ...row })));
  }
  mutants.push(...(await bodyMutants(sql)));
  // Which assertion notices a mutant first depends on those before it: the catalog's order would be another on each run.
  return mutants.sort((a, b) => (title(a) < title(b) ? -1 : 1));
}
