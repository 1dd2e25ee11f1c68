/** `ragwall sql`: prints the SQL of this version, or writes it as files for another tool that migrates. Needs no database. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { choiceHelp, choiceOptions, parseChoices } from '../migrations/choices.js';
import { type Folder, formats, indexes, partsOf } from '../migrations/formats.js';
import { defaults, readRelease, readSql } from '../migrations/release.js';

const names = ['plain', ...Object.keys(formats)];
/** The files of db/ that are printed by their names. */
const files = ['bootstrap', 'agents', 'agents-undo', 'uninstall'];

const sqlHelp = `ragwall sql [${files.join('|')}]   prints the SQL of this version, with the choices of one database in it

Everything: roles and extension, each migration in a transaction, and the audit. Or one file of db/: bootstrap.sql, which
is to be repeated in a restored or cloned database; agents.sql, or what undoes it; uninstall.sql.

  --since <n>               only what comes after migration n: select ragwall.migration()
  --format <format>         ${names.join(', ')}
  --output <folder>         where to write the files of a format; expected for all but plain, which is printed.
                            Files that are there already stay as they are; if one differs, nothing is written.
${choiceHelp.replace('where it is, else public', 'public')}
  --help

For a later version, repeat the command with the same choices and the same folder: it adds the files that are new.`;

async function readFolder(folder: string): Promise<Folder> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(join(folder, '/').length));
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const)),
  );
}

/** Writes the files that are not there, and says how many. */
async function writeFolder(folder: string, wanted: Folder, there: Folder): Promise<void> {
  const differing = [...wanted].filter(
    ([path, text]) => there.has(path) && there.get(path) !== text && !indexes.includes(path),
  );
  if (differing.length > 0) {
    throw new Error(
      `nothing was written: ${differing.map(([path]) => join(folder, path)).join(', ')}: there already, with other ` +
        'contents. The same choices as before are expected, --since <n> or another folder',
    );
  }
  const missing = [...wanted].filter(([path, text]) => there.get(path) !== text);
  for (const [path, text] of missing) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  console.log(`${folder}: ${missing.length} of ${wanted.size} files written; the others were there`);
}

/** Returns whether a text is a whole number from 0. */
const isNumber = (text: string) => /^\d{1,6}$/.test(text);

/** Prints or writes SQL, and returns the exit code. */
export async function sqlCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...choiceOptions,
      help: { type: 'boolean' },
      since: { type: 'string' },
      format: { type: 'string', default: 'plain' },
      output: { type: 'string' },
    },
  });
  if (values.help) {
    console.log(sqlHelp);
    return 0;
  }
  const [file, ...rest] = positionals;
  if (rest.length > 0 || (file !== undefined && !files.includes(file))) {
    throw new Error(`expected: ragwall sql [${files.join('|')}]; see --help`);
  }
  const { since = '0', format, output } = values;
  if (!names.includes(format)) throw new Error(`--format is expected to be one of ${names.join(', ')}`);
  const choices = { ...defaults, ...parseChoices(values) };
  if (file !== undefined) {
    if (values.since !== undefined || format !== 'plain')
      throw new Error(`${file} is expected without --since and --format`);
    process.stdout.write(
      file === 'bootstrap' ? (await readRelease(choices)).bootstrap : await readSql(`${file}.sql`, choices),
    );
    return 0;
  }
  const release = await readRelease(choices);
  const last = release.migrations.length;
  if (!isNumber(since) || Number(since) > last)
    throw new Error(`--since is expected to be a whole number, 0 to ${last}`);
  const parts = partsOf(release, Number(since));
  const write = formats[format];
  if (write === undefined) {
    if (output !== undefined) throw new Error('--output is expected with another --format than plain');
    for (const { name, sql } of parts)
      process.stdout.write(`-- Ragwall: ${name}\nbegin;\n${sql.trimEnd()}\ncommit;\n\n`);
    return 0;
  }
  if (output === undefined) throw new Error(`--output <folder> is expected with --format ${format}`);
  const there = await readFolder(output);
  await writeFolder(output, write(parts, there), there);
  return 0;
}
