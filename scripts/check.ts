/** What `npm run check` holds SQL to that no linter knows: its style, and that released migrations never change. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const migrations = 'db/migrations/committed';

/** Where SQL is written by hand for a DBA to read, and how many lines a file may have. */
const rooms: readonly (readonly [folder: string, lines: number])[] = [
  ['db/', Number.POSITIVE_INFINITY],
  [`${migrations}/`, 250],
  ['db/audit/', 200],
  ['db/audit/facts/', 200],
  ['db/audit/queries/', 200],
  ['db/inventory/', 200],
];
const generated = ['db/audit.sql', 'db/audit-install.sql', 'db/inventory.sql', 'db/schema.sql'];
const width = 120;

/** Returns what is wrong with the style of a file, a line for each fault. */
export function styleFaults(path: string, text: string, longest: number): string[] {
  const lines = text.split('\n');
  const faults = lines.flatMap((line, index) => {
    const place = `${path}:${index + 1}`;
    return [
      ...(line.length > width ? [`${place}: at most ${width} characters are expected`] : []),
      ...(/\t|\r|\s$/.test(line) ? [`${place}: no tab, and no white space at the end`] : []),
    ];
  });
  if (lines.at(-1) !== '') faults.push(`${path}: a line break is expected at the end`);
  if (lines.length - 1 > longest) faults.push(`${path}: at most ${longest} lines are expected`);
  return faults;
}

async function allStyleFaults(root: URL): Promise<string[]> {
  const faults: string[] = [];
  for (const [folder, longest] of rooms) {
    for (const name of await readdir(new URL(folder, root))) {
      const path = `${folder}${name}`;
      if (!name.endsWith('.sql') || generated.includes(path)) continue;
      faults.push(...styleFaults(path, await readFile(new URL(path, root), 'utf8'), longest));
    }
  }
  return faults;
}

/**
 * Returns the committed migrations of the last tag that were changed, renamed or deleted since, a line for each.
 * Databases in the field have run them: what is to change needs a new migration.
 *
 * @param folder a checkout with its tags.
 */
export async function changedMigrations(folder: string): Promise<string[]> {
  const git = async (...args: string[]) => (await run('git', args, { cwd: folder })).stdout.trim();
  const [tag] = (await git('tag', '--sort=-creatordate', '--merged', 'HEAD')).split('\n');
  if (!tag) return [];
  const changed = await git('diff', '--name-only', '--no-renames', '--diff-filter=a', tag, '--', migrations);
  return changed
    .split('\n')
    .filter(Boolean)
    .map((path) => `${path}: it was released with ${tag}, and is expected to stay as it was`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = new URL('../', import.meta.url);
  const faults = [...(await allStyleFaults(root)), ...(await changedMigrations(fileURLToPath(root)))];
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
