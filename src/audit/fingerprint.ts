/** `ragwall audit --fingerprint`: one hash of everything that isolation rests on; with `--diff` what has changed since. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Sql, TransactionSql } from 'postgres';
import { type Change, changesToText, diffInventories, effects, type InventoryRow } from './diff.js';
import { plural, visible } from './report.js';

export interface Fingerprint {
  /** `sha256:` and 64 hexadecimal digits, the same as of `ragwall.fingerprint()`. */
  readonly fingerprint: string;
  readonly database: string;
  /** The setting `server_version`. */
  readonly server: string;
  /** When it was read, by the server's clock: ISO 8601 in UTC, to the second. */
  readonly time: string;
  readonly inventory: readonly InventoryRow[];
}

/** The file with the inventory's query. */
export const inventoryQuery = new URL('../../db/inventory.sql', import.meta.url);

/** Returns a query for the rows of the inventory, each with the hash of all, as `ragwall.fingerprint()` computes it. */
const hashed = (query: string) => `
  with inventory as materialized (
    ${query.trimEnd().replace(/;$/, '')}
  )
  select kind, object, property, value, (
    select 'sha256:' || encode(sha256(convert_to(string_agg(
      json_build_array(i.kind, i.object, i.property, i.value)::text, E'\\n'
      order by i.kind collate "C", i.object collate "C", i.property collate "C", i.value collate "C"
    ), 'UTF8')), 'hex')
    from inventory as i
  ) as fingerprint
  from inventory
  order by kind collate "C", object collate "C", property collate "C", value collate "C"`;

type Row = Record<'kind' | 'object' | 'property' | 'value' | 'fingerprint', string>;

/**
 * Reads the inventory of a database and its hash, in a transaction that can only read.
 *
 * @param sql a connection, or a pool of one.
 * @throws Error if the server is older than PostgreSQL 15.
 * @see db/inventory.sql
 */
export function readInventory(sql: Sql): Promise<Fingerprint> {
  return sql.begin('read only', readInventoryIn);
}

/** Reads the same within a transaction, whose `search_path` and `jit` it sets. */
export async function readInventoryIn(tx: TransactionSql): Promise<Fingerprint> {
  const [server] = await tx<(Omit<Fingerprint, 'fingerprint' | 'inventory'> & { number: number })[]>`
    select current_database() as database, current_setting('server_version') as server,
      to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as time,
      current_setting('server_version_num')::integer as number,
      set_config('search_path', 'pg_catalog, pg_temp', true), set_config('jit', 'off', true)`;
  if (!server || server.number < 15_00_00) {
    throw new Error(`PostgreSQL 15 or later is expected; this server is ${server?.server}`);
  }
  const query = hashed(readFileSync(inventoryQuery, 'utf8'));
  const rows = await tx.unsafe<Row[]>(query, [], { simple: false } as object);
  return {
    fingerprint: rows[0]?.fingerprint ?? '',
    database: server.database,
    server: server.server,
    time: server.time,
    inventory: rows.map(({ kind, object, property, value }) => [kind, object, property, value]),
  };
}

/** Returns the fingerprint as JSON with one row of the inventory a line: a changed row is a changed line in a review. */
export function toLines({ inventory, ...about }: Fingerprint): string {
  const head = JSON.stringify(about, null, 2).replace(/\n}$/, '');
  return `${head},\n  "inventory": [\n    ${inventory.map((row) => JSON.stringify(row)).join(',\n    ')}\n  ]\n}\n`;
}

/**
 * Reads a saved fingerprint.
 * @throws Error if the file cannot be read, or is no fingerprint.
 */
export async function readSaved(file: string): Promise<Fingerprint> {
  const expected = `${file}: expected is a file that \`ragwall audit --fingerprint\` wrote`;
  let saved: Partial<Fingerprint> | null;
  try {
    saved = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'the file does not exist' : 'the file is not JSON';
    throw new Error(`${expected}; ${why}`, { cause: error });
  }
  if (!isFingerprint(saved)) throw new Error(`${expected}; a part of the fingerprint is missing`);
  return saved;
}

/** Whether a value has all parts of a fingerprint. */
export function isFingerprint(value: Partial<Fingerprint> | null | undefined): value is Fingerprint {
  const { fingerprint, inventory, ...about } = value ?? {};
  return (
    [fingerprint, about.database, about.server, about.time].every((text) => typeof text === 'string') &&
    Array.isArray(inventory) &&
    inventory.every((row) => Array.isArray(row) && row.length === 4 && row.every((text) => typeof text === 'string'))
  );
}

/** Returns the hash of the rows of an inventory, in the order in which they were read. The server computes the same. */
export function hashOf(inventory: readonly InventoryRow[]): string {
  const lines = inventory.map((row) => `[${row.map((text) => JSON.stringify(text)).join(', ')}]`);
  return `sha256:${createHash('sha256').update(lines.join('\n')).digest('hex')}`;
}

function toText(saved: Fingerprint, present: Fingerprint, changes: readonly Change[]): string {
  const since = `since ${saved.time}, database ${saved.database}`;
  if (changes.length === 0) {
    return `Nothing that isolation rests on has changed ${visible(since)}: ${present.fingerprint}\n`;
  }
  const counts = effects.map((effect) => `${changes.filter((change) => change.effect === effect).length} ${effect}`);
  const lines = [
    `${plural(changes.length, 'change')} ${since}: ${counts.join(', ')}`,
    'Each line: effect, property, value before → value after. A dash stands for no row: the default.',
  ];
  if (saved.server !== present.server) {
    lines.push(
      `The server was ${saved.server} and is ${present.server}: another version may print the same thing differently.`,
    );
  }
  return `${lines.map(visible).join('\n')}\n${changesToText(changes)}\n`;
}

/**
 * Prints the fingerprint, or what has changed since a saved one.
 *
 * @param sql a connection, or a pool of one.
 * @param values `diff`: the file with the saved fingerprint. `output`: a file to write instead of printing. `format`:
 *   `table` or `json`, for the changes; a fingerprint is always JSON.
 * @returns the exit code: 1 if a change loosens a wall or has to be read by a person, else 0.
 * @throws Error if the saved fingerprint cannot be read, or the query fails.
 */
export async function fingerprintCommand(
  sql: Sql,
  values: { readonly diff?: string; readonly output?: string; readonly format?: string },
): Promise<number> {
  if (!['table', 'json', undefined].includes(values.format)) {
    throw new Error('--format is expected to be table or json with --fingerprint and --diff');
  }
  const saved = values.diff === undefined ? undefined : await readSaved(values.diff);
  const present = await readInventory(sql);
  if (saved === undefined) {
    await show(toLines(present), values.output);
    return 0;
  }
  const same = saved.fingerprint === present.fingerprint;
  const changes = same ? [] : diffInventories(saved.inventory, present.inventory);
  if (!same && changes.length === 0) {
    throw new Error(
      `${values.diff}: the hash in the file is not the hash of the rows in the file; save the fingerprint again`,
    );
  }
  const [before, after] = [saved.fingerprint, present.fingerprint];
  const report =
    values.format === 'json'
      ? `${JSON.stringify({ before, after, changes }, null, 2)}\n`
      : toText(saved, present, changes);
  await show(report, values.output);
  return changes.some(({ effect }) => effect === 'loosens' || effect === 'read') ? 1 : 0;
}

async function show(text: string, output: string | undefined): Promise<void> {
  if (output === undefined) process.stdout.write(text);
  else await writeFile(output, text);
}
