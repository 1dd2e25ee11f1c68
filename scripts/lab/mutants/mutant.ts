/** A break of one wall, and what the catalog tells that can be broken. */
import { readdir, readFile } from 'node:fs/promises';
import type { Sql } from 'postgres';
import { bodyMutants } from './bodies.js';

export interface Mutant {
  /** Where it comes from: one of the files beside this one. */
  readonly kind: string;
  readonly name: string;
  /** The SQL that breaks the wall. */
  readonly statement: string;
}

export const title = ({ kind, name }: Mutant) => `${kind}: ${name}`;

const folder = new URL('./', import.meta.url);

/** Returns every mutant of the database: a row of a query beside this file, or a rule on the body of a function. */
export async function databaseMutants(sql: Sql): Promise<Mutant[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const mutants: Mutant[] = [];
  for (const file of files) {
    const query = await readFile(new URL(file, folder), 'utf8');
    const rows = await sql.unsafe<{ name: string; statement: string }[]>(query).simple();
    mutants.push(...rows.map((row) => ({ kind: file.replace('.sql', ''), ...row })));
  }
  mutants.push(...(await bodyMutants(sql)));
  return mutants;
}
