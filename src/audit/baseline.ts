/** The baseline: a file with the findings that a person has accepted, each with a reason. */
import { readFile, writeFile } from 'node:fs/promises';
import { type AuditRow, isFinding } from './run.js';

/** A finding that is accepted. */
export interface Acceptance {
  readonly id: string;
  /** The object of the finding. With `*` at the end: all objects that begin so. With `\*` at the end: a star itself. */
  readonly object: string;
  readonly reason: string;
}

/** Whether an entry accepts this row. */
function covers({ id, object }: Acceptance, row: AuditRow): boolean {
  if (id !== row.id || !isFinding(row)) return false;
  if (object.endsWith('\\*')) return row.object === `${object.slice(0, -2)}*`;
  if (object.endsWith('*')) return row.object.startsWith(object.slice(0, -1));
  return row.object === object;
}

/** Returns the rows, accepted ones with the reason; and as `stale` the entries that accept none of them. */
export function applyBaseline(
  rows: readonly AuditRow[],
  baseline: readonly Acceptance[],
): { rows: (AuditRow & { accepted?: string })[]; stale: Acceptance[] } {
  return {
    rows: rows.map((row) => {
      const entry = baseline.find((one) => covers(one, row));
      return entry ? { ...row, accepted: entry.reason } : row;
    }),
    stale: baseline.filter((entry) => !rows.some((row) => covers(entry, row))),
  };
}

/**
 * Reads the entries of a baseline.
 * @throws Error if the file cannot be read, is no baseline, or has an entry without a reason.
 */
export async function readBaseline(file: string): Promise<readonly Acceptance[]> {
  const { accepted } = await readFileOf(file);
  const unexplained = accepted.filter(({ reason }) => reason.trim() === '');
  if (unexplained.length > 0) {
    const names = unexplained.map(({ id, object }) => `${id} ${object}`.trim()).join('; ');
    throw new Error(`${file}: a reason is expected for each accepted finding; there is none for: ${names}`);
  }
  return accepted;
}

/**
 * Adds all findings that are not accepted yet to a baseline, each with an empty reason for a person to fill in. Entries
 * that are there stay, except those without a reason and without a finding.
 *
 * @returns how many entries wait for a reason.
 * @throws Error if the file exists and is no baseline. It is left as it is.
 */
export async function writeBaseline(file: string, rows: readonly AuditRow[]): Promise<number> {
  const before = await readFileOf(file).catch((error) => {
    if (error.cause?.code === 'ENOENT') return { accepted: [] };
    throw error;
  });
  const kept = before.accepted.filter((entry) => entry.reason.trim() !== '' || rows.some((row) => covers(entry, row)));
  const added = rows
    .filter((row) => isFinding(row) && !kept.some((entry) => covers(entry, row)))
    .map(({ id, object }) => ({ id, object: object.replace(/\*$/, '\\*'), reason: '' }));
  const accepted = [...kept, ...added];
  await writeFile(file, `${JSON.stringify({ ...before, accepted }, null, 2)}\n`);
  return accepted.filter(({ reason }) => reason.trim() === '').length;
}

async function readFileOf(file: string): Promise<{ accepted: Acceptance[] }> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file}: the baseline cannot be read (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
  const baseline = parsed(file, text);
  const entries: unknown = baseline?.accepted;
  if (!Array.isArray(entries)) throw new Error(`${file}: { "accepted": [ … ] } is expected`);
  entries.forEach((entry, at) => {
    for (const key of ['id', 'object', 'reason']) {
      if (typeof entry?.[key] !== 'string') {
        const name = [entry?.id, entry?.object].filter((part) => typeof part === 'string').join(' ');
        throw new Error(`${file}: entry ${at + 1} (${name}) is expected to have a text "${key}"`);
      }
    }
  });
  return { ...baseline, accepted: entries };
}

function parsed(file: string, text: string): { accepted?: unknown } | null {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${file}: JSON is expected`, { cause });
  }
}
