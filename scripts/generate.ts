/**
 * Writes the files that are made from others: `npm run generate`. With `--check` it writes nothing, and fails if
 * one of them is not what it would write.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { PGlite } from '@electric-sql/pglite';
import { createEmbedded } from '../db/tests/engine/embedded.js';
import { root } from '../db/tests/engine/migrations.js';

/**
 * What a module of scripts/generate exports: returns texts by their path in the repository.
 *
 * @param database returns a migrated, empty database, the same for all modules.
 */
export type Generator = (database: () => Promise<PGlite>) => Promise<Readonly<Record<string, string>>>;

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const modules = (await readdir(new URL('scripts/generate/', root))).filter((name) => /^[^.]+\.ts$/.test(name));
const stale: string[] = [];
let embedded: Promise<PGlite> | undefined;
const database = () => {
  embedded ??= createEmbedded();
  return embedded;
};
for (const name of modules.sort()) {
  const { generate }: { generate: Generator } = await import(new URL(`scripts/generate/${name}`, root).href);
  for (const [path, text] of Object.entries(await generate(database))) {
    const file = new URL(path, root);
    if ((await readFile(file, 'utf8').catch(() => undefined)) === text) continue;
    stale.push(path);
    if (!values.check) await writeFile(file, text);
  }
}
await (await embedded)?.close();
if (values.check && stale.length > 0) {
  console.error(`not up to date: ${stale.join(', ')}; npm run generate writes them`);
  process.exitCode = 1;
} else for (const path of stale) console.log(`${path} written`);
