/** The first two lines of each committed migration: the hashes by which graphile-migrate links it to the one before. */
import { readdir, readFile } from 'node:fs/promises';
import { calculateHash } from 'graphile-migrate/dist/hash.js';
import { root } from '../../db/tests/engine/migrations.js';
import type { Generator } from '../generate.js';

const folder = 'db/migrations/committed/';

/** Returns the migrations with their hashes. `npm run check` refuses a change of those that were released. */
export const generate: Generator = async () => {
  const files: Record<string, string> = {};
  let previous: string | undefined;
  const names = (await readdir(new URL(folder, root))).filter((name) => name.endsWith('.sql'));
  for (const name of names.sort()) {
    const text = await readFile(new URL(`${folder}${name}`, root), 'utf8');
    const [header = '', message] = /^(?:--! (?:Previous|Hash): .*\n)*--! Message: (.+)\n\n/.exec(text) ?? [];
    if (!message)
      throw new Error(`${folder}${name} is expected to begin with the line "--! Message: …" and an empty line`);
    const body = text.slice(header.length);
    const hash = calculateHash(body, previous ?? null);
    files[`${folder}${name}`] =
      `--! Previous: ${previous ?? '-'}\n--! Hash: ${hash}\n--! Message: ${message}\n\n${body}`;
    previous = hash;
  }
  return files;
};
