/** `ragwall audit --fingerprint`: one hash over all that isolation rests on, and what has changed since another. */
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Sql, TransactionSql } from 'postgres';
import { type Change, changesToText, diffInventories, effects, type InventoryRow } from './diff.js';
import { plural, visible } from './report.js';

export interface Fingerprint {
  /** `sha256:` and 64 hexadecimal digits, the same as of `ragwall.fingerprint()`. */
  readonly fingerprint: string;
  readonly database: string;
  /** The server's version as it tells it. */
  readonly server: string;
  /** When it was read, by the server's clock: ISO 8601 in UTC, to the second. */
  readonly time: string;
  readonly inventory: readonly InventoryRow[];
}

const inventoryFile = new URL('../../db/inventory.sql', import.meta.url);

/** The rows of the inventory, each with the hash over all, as `ragwall.fingerprint()` makes it. */
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
 * Returns the inventory of the database of `sql`, and its hash; changes nothing there.
 *
 * @param sql a connection, or a pool of one.
 * @throws Error if the server is older than PostgreSQL 15.
 * @see db/inventory.sql
 */
export function readInventory(sql: Sql): Promise<Fingerprint> {
  return sql.begin('read only', readInventoryIn);
}

/** The same within a transaction, whose `search_path` and the like it sets. */
export async function readInventoryIn(tx: TransactionSql): Promise<Fingerprint> {
  const [server] = await tx<(Omit<Fingerprint, 'fingerprint' | 'inventory'> & { number: number })[]>`
    select current_database() as database, current_setting('server_version') as server,
      to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as time,
      current_setting('server_version_num')::integer as number,
      set_config('search_path', 'pg_catalog, pg_temp', true), set_config('jit', 'off', true)`;
  if (!server || server.number < 15_00_00) {
    throw new Error(`PostgreSQL 15 or later is expected; this server is ${server?.server}`);
  }
  const query = hashed(readFileSync(inventoryFile, 'utf8'));
  const rows = await tx.unsafe<Row[]>(query, [], { simple: false } as object);
  return {
    fingerprint: rows[0]?.fingerprint ?? '',
    database: server.database,
    server: server.server,
    time: server.time,
    inventory: rows.map(({ kind, object, property, value }) => [kind, object, property, value]),
  };
}

/** Returns the fingerprint as JSON with one fact a line, so that a change of one is a line in a review. */
export function toLines({ inventory, ...about }: Fingerprint): string {
  const head = JSON.stringify(about, null, 2).replace(/\n}$/, '');
  return `${head},\n  "inventory": [\n    ${inventory.map((row) => JSON.stringify(row)).join(',\n    ')}\n  ]\n}\n`;
}

/**
 * Returns a fingerprint that was saved.
 * @throws Error if the file cannot be read, or is none.
 */
export async function readSaved(file: string): Promise<Fingerprint> {
  const expected = `${file}: a file that \`ragwall audit --fingerprint\` wrote is expected`;
  let saved: Partial<Fingerprint> | null;
  try {
    saved = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is none' : 'it is not JSON';
    throw new Error(`${expected}; ${why}`, { cause: error });
  }
  const { fingerprint, inventory, ...about } = saved ?? {};
  const whole =
    [fingerprint, about.database, about.server, about.time].every((text) => typeof text === 'string') &&
    Array.isArray(inventory) &&
    inventory.every(
      (row) => Array.isArray(row) && row.length === 4 && row.every((text) => typeof text === 'string'),
    );
  if (!whole) throw new Error(`${expected}; something is missing in it`);
  return saved as Fingerprint;
}

function toText(saved: Fingerprint, present: Fingerprint, changes: readonly Change[]): string {
  const since = `since ${saved.time}, database ${saved.database}`;
  if (changes.length === 0) {
    return `Nothing that isolation rests on has changed ${visible(since)}: ${present.fingerprint}\n`;
  }
  const counts = effects.map(
    (effect) => `${changes.filter((change) => change.effect === effect).length} ${effect}`,
  );
  const lines = [`${plural(changes.length, 'change')} ${since}: ${counts.join(', ')}`];
  if (saved.server !== present.server) {
    lines.push(
      `The server was ${saved.server} and is ${present.server}: another version may print the same thing differently.`,
    );
  }
  return `${lines.map(visible).join('\n')}\n${changesToText(changes)}\n`;
}

/**
 * Prints the fingerprint, or what has changed since a saved one, and returns the exit code: 1 if a change
 * loosens a wall or has to be read by a person, else 0.
 *
 * @param sql a connection, or a pool of one.
 * @param values diff: the file with the saved one; output: a file to write instead; format: `json` for the
 *   changes as JSON. A fingerprint is always JSON.
 * @throws Error if the saved one cannot be read, or the database not asked.
 */
export async function fingerprintCommand(
  sql: Sql,
  values: { readonly diff?: string; readonly output?: string; readonly format?: string },
): Promise<number> {
  if (!['table', 'json', undefined].includes(values.format)) {
    throw new Error('with --fingerprint and --diff, --format is expected to be table or json');
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
      `${values.diff}: its hash is not that of its facts, which are those of the database; save it anew`,
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
