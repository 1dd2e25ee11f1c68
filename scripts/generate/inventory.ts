/** db/inventory.sql is the files of db/inventory/, one after the other. */
import { readdir, readFile } from 'node:fs/promises';
import { root } from '../../db/tests/engine/migrations.js';
import type { Generator } from '../generate.js';

export const generate: Generator = async () => {
  const folder = new URL('db/inventory/', root);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const parts = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
  return { 'db/inventory.sql': parts.join('\n') };
};
