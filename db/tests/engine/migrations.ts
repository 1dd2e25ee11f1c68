/** The committed migrations, and what precedes them, as SQL that any engine can run. */
import { readdir } from 'node:fs/promises';
import { type Choices, defaults, readRelease, readSql } from '../../../src/migrations/release.js';

/** The root of the checkout, as a URL that ends with a slash. */
export const root = new URL('../../../', import.meta.url);

/** db/bootstrap.sql: roles, extension, database privileges. */
export const bootstrapSql = (roles: Choices['roles'] = {}) => readSql('bootstrap.sql', { ...defaults, roles });

const committed = new URL('db/migrations/committed/', root);
const committedFiles = async () => (await readdir(committed)).filter((name) => name.endsWith('.sql')).sort();

/** Returns the number of the last committed migration, from the name of its file. */
export async function lastMigration(): Promise<number> {
  return Number.parseInt((await committedFiles()).at(-1) ?? '0', 10);
}

/** Returns what `graphile-migrate migrate` runs: the committed migrations in their order, then db/audit-install.sql. */
export async function migrationsSql(choices: Partial<Choices> = {}): Promise<string[]> {
  const { migrations, audit } = await readRelease({ ...defaults, ...choices });
  return [...migrations.map(({ sql }) => `begin;\n${sql}\ncommit;`), audit];
}

/** Where the pgTAP files are. */
export const pgtapFolder = new URL('db/tests/', root);

/** Returns the names of the pgTAP files, those in attacks/ too, relative to {@link pgtapFolder}. */
export async function pgtapFiles(): Promise<string[]> {
  const lists = await Promise.all(
    ['', 'attacks/'].map(async (folder) =>
      (await readdir(new URL(folder, pgtapFolder))).map((name) => `${folder}${name}`),
    ),
  );
  return lists
    .flat()
    .filter((name) => name.endsWith('.sql'))
    .sort();
}
