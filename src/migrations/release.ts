/** The SQL of this release, resolved for one database: with its number of dimensions, and with names of its own. */
import { readdir, readFile } from 'node:fs/promises';

/** What a database may choose when the first migration is applied, and never again. */
export interface Choices {
  /** The number of dimensions of every embedding, 1 to 4000. */
  readonly dimensions: number;
  /** The schema of the extension vector. */
  readonly vectorSchema: string;
  /** The names of the roles of applications, where they are other ones. */
  readonly roles: Readonly<Partial<Record<ApplicationRole, string>>>;
}

/** The roles of applications, in the order of `ragwall.application_roles()`. */
export const applicationRoles = ['app_user', 'app_reader', 'agent_reader', 'agent_caller'] as const;
export type ApplicationRole = (typeof applicationRoles)[number];

/** What .gmrc has. */
export const defaults: Choices = { dimensions: 1536, vectorSchema: 'public', roles: {} };

/** One migration. */
export interface Migration {
  /** From 1. */
  readonly number: number;
  /** As in its file's name, without the number: `schemas`. */
  readonly name: string;
  /** Without the header of graphile-migrate, to be run in one transaction. */
  readonly sql: string;
}

/** Everything that a database is made of, in the order in which it is applied. */
export interface Release {
  /** db/bootstrap.sql: roles, extension, privileges on the database. Can be repeated. */
  readonly bootstrap: string;
  readonly migrations: readonly Migration[];
  /** db/audit-install.sql: the audit, in a transaction of its own. Can be repeated. */
  readonly audit: string;
}

// Of the package, seen from src/migrations as from dist/migrations.
const folder = new URL('../../db/', import.meta.url);

/** Returns a file of db/ for these choices. */
export async function readSql(path: string, choices: Choices): Promise<string> {
  return resolve(await readFile(new URL(path, folder), 'utf8'), choices);
}

/** Replaces the placeholders and the names of the roles in SQL: as names, in literals and in comments. */
export function resolve(sql: string, { dimensions, vectorSchema, roles }: Choices): string {
  return renameRoles(
    sql.replaceAll(':EMBEDDING_DIMENSIONS', String(dimensions)).replaceAll(':VECTOR_SCHEMA', vectorSchema),
    roles,
  );
}

/** Replaces the names of the roles alone. */
export function renameRoles(sql: string, roles: Choices['roles']): string {
  const names = new RegExp(`\\b(${applicationRoles.join('|')})\\b`, 'g');
  return sql.replace(names, (name) => roles[name as ApplicationRole] ?? name);
}

/** Creates the extension where it was asked for. db/bootstrap.sql then finds it. */
const extensionIn = (schema: string) => `do $$
begin
  if not exists (select from pg_extension where extname = 'vector') then
    create schema if not exists ${schema};
    create extension vector with schema ${schema};
  end if;
end
$$;

`;

/** Returns the release for these choices. */
export async function readRelease(choices: Choices): Promise<Release> {
  const committed = 'migrations/committed/';
  const files = (await readdir(new URL(committed, folder))).filter((name) => name.endsWith('.sql')).sort();
  const migrations = files.map(async (file) => {
    const [, number = '', name = ''] = /^(\d+)-(.+)\.sql$/.exec(file) ?? [];
    const sql = await readSql(`${committed}${file}`, choices);
    return { number: Number.parseInt(number, 10), name, sql: sql.replace(/^(--!.*\n)+\n?/, '') };
  });
  return {
    bootstrap:
      (choices.vectorSchema === defaults.vectorSchema ? '' : extensionIn(choices.vectorSchema)) +
      (await readSql('bootstrap.sql', choices)),
    migrations: await Promise.all(migrations),
    audit: await readSql('audit-install.sql', choices),
  };
}
