/** The release as files for other tools that migrate: what each of them expects, by its documentation. */
import { createHash } from 'node:crypto';
import type { Release } from './release.js';

/** One file's worth of SQL: the roles, a migration, or the audit. */
export interface Part {
  /** As `schemas`; `audit_22` is the audit after migration 22. No two releases have the same for different migrations. */
  readonly name: string;
  /** Its place in the order, over all releases. */
  readonly place: number;
  /** Without a transaction of its own. */
  readonly sql: string;
}

/** Returns what follows a migration of a number, in its order; from 0 on with the roles and the extension. */
export function partsOf({ bootstrap, migrations, audit }: Release, since: number): Part[] {
  const last = migrations.length;
  return [
    ...(since === 0 ? [{ name: 'roles', place: 0, sql: bootstrap }] : []),
    ...migrations
      .filter(({ number }) => number > since)
      .map(({ name, number, sql }) => ({ name: name.replaceAll('-', '_'), place: number * 10, sql })),
    { name: `audit_${last}`, place: last * 10 + 5, sql: audit.replace(/^(begin|commit);$\n*/gm, '') },
  ];
}

/** What is in a folder already: contents by path, relative to it. */
export type Folder = ReadonlyMap<string, string>;

/** Returns the files to write. `there`: what is in the folder, for tools whose files refer to each other. */
export type Format = (parts: readonly Part[], there: Folder) => Map<string, string>;

/** Stable, and increasing from release to release: the tools sort by it. */
const timeOf = ({ place }: Part) => new Date(Date.UTC(2026, 0, 1) + place * 1_000);
const stampOf = (part: Part) => timeOf(part).toISOString().replace(/\D/g, '').slice(0, 14);

const noWayBack = `do $$ begin raise exception 'the migrations of Ragwall are forward only'; end $$;`;
const asComment = ({ name }: Part) => `-- Ragwall: ${name}. Written by \`ragwall sql\`.`;

const eachAs =
  (file: (part: Part) => string, text: (part: Part) => string): Format =>
  (parts) =>
    new Map(parts.map((part) => [file(part), `${text(part).trimEnd()}\n`]));

/** Continues the chain of hashes of the migrations that are committed in the folder. */
const graphile: Format = (parts, there) => {
  const committed = [...there].filter(([path]) => /^\d{6}(-.*)?\.sql$/.test(path)).sort(([a], [b]) => (a < b ? -1 : 1));
  const [lastPath = '0', lastText = ''] = committed.at(-1) ?? [];
  let number = Number.parseInt(lastPath, 10);
  let previous = /^--! Hash: (\S+)$/m.exec(lastText)?.[1] ?? '';
  const files = new Map<string, string>();
  for (const { name, sql } of parts) {
    const message = `ragwall-${name}`;
    const body = `${sql.trim()}\n`;
    const [path, text] = committed.find(([, text]) => text.includes(`\n--! Message: ${message}\n`)) ?? [];
    if (path !== undefined && text !== undefined) {
      files.set(path, text.endsWith(`\n\n${body}`) ? text : body);
      continue;
    }
    const hash = `sha1:${createHash('sha1')
      .update(`${`${previous}\n${body.trim()}`.trim()}\n`)
      .digest('hex')}`;
    number += 1;
    files.set(
      `${String(number).padStart(6, '0')}-${message}.sql`,
      `--! Previous: ${previous || '-'}\n--! Hash: ${hash}\n--! Message: ${message}\n\n${body}`,
    );
    previous = hash;
  }
  return files;
};

interface Journal {
  readonly version: string;
  readonly dialect: string;
  readonly entries: { idx: number; version: string; when: number; tag: string; breakpoints: boolean }[];
}

const drizzle: Format = (parts, there) => {
  const journalPath = 'meta/_journal.json';
  const journal: Journal = JSON.parse(
    there.get(journalPath) ?? '{ "version": "7", "dialect": "postgresql", "entries": [] }',
  );
  // drizzle-kit skips, without an error, what is older than the last migration that it has applied.
  if (journal.entries.some(({ tag }) => !/^\d{4}_ragwall_/.test(tag))) {
    throw new Error('drizzle: a folder of its own is expected, with a table of its own in the option migrations.table');
  }
  const files = new Map<string, string>();
  for (const part of parts) {
    let entry = journal.entries.find(({ tag }) => tag.slice(5) === `ragwall_${part.name}`);
    if (!entry) {
      const idx = journal.entries.length;
      const tag = `${String(idx).padStart(4, '0')}_ragwall_${part.name}`;
      entry = { idx, version: '7', when: timeOf(part).getTime(), tag, breakpoints: true };
      journal.entries.push(entry);
    }
    files.set(`${entry.tag}.sql`, `${asComment(part)}\n${part.sql.trimEnd()}\n`);
  }
  return files.set(journalPath, `${JSON.stringify(journal, null, 2)}\n`);
};

const sqitch: Format = (parts, there) => {
  const lines = (there.get('sqitch.plan') ?? '%syntax-version=1.0.0\n%project=ragwall\n\n').trimEnd().split('\n');
  if (!lines.includes('%project=ragwall'))
    throw new Error('sqitch: a folder of its own is expected, for the project ragwall');
  if (lines.length === 2) lines.push('');
  const files = new Map<string, string>();
  for (const part of parts) {
    if (!lines.some((line) => line.startsWith(`${part.name} `))) {
      const time = timeOf(part).toISOString().replace(/\.\d+/, '');
      lines.push(`${part.name} ${time} Ragwall <ragwall@localhost> # ${part.name}`);
    }
    files.set(`deploy/${part.name}.sql`, `${asComment(part)}\nbegin;\n${part.sql.trimEnd()}\ncommit;\n`);
    files.set(`revert/${part.name}.sql`, `${noWayBack}\n`);
  }
  // Else sqitch reverts everything where one change fails.
  files.set('sqitch.conf', '[core]\n\tengine = pg\n[deploy]\n\tmode = change\n');
  return files.set('sqitch.plan', `${lines.join('\n')}\n`);
};

/** By the names of the option --format. */
export const formats: Readonly<Record<string, Format>> = {
  graphile,
  supabase: eachAs(
    (part) => `${stampOf(part)}_ragwall_${part.name}.sql`,
    (part) => `${asComment(part)}\n${part.sql}`,
  ),
  dbmate: eachAs(
    (part) => `${stampOf(part)}_ragwall_${part.name}.sql`,
    (part) => `${asComment(part)}\n-- migrate:up\n${part.sql.trimEnd()}\n\n-- migrate:down\n${noWayBack}`,
  ),
  'node-pg-migrate': eachAs(
    (part) => `${timeOf(part).getTime()}_ragwall_${part.name}.sql`,
    (part) => `${asComment(part)}\n-- Up Migration\n${part.sql.trimEnd()}\n\n-- Down Migration\n${noWayBack}`,
  ),
  sqitch,
  drizzle,
  flyway: eachAs(
    (part) => `V${stampOf(part)}__ragwall_${part.name}.sql`,
    (part) => `${asComment(part)}\n${part.sql}`,
  ),
};

/** Files whose contents grow from release to release. */
export const indexes: readonly string[] = ['sqitch.plan', 'meta/_journal.json'];
