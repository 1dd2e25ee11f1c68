/** `ragwall migrate`: applies the migrations that a database does not have yet, and installs the audit. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { visible } from '../audit/report.js';
import {
  choiceHelp,
  choiceOptions,
  type Given,
  parseChoices,
  readState,
  type State,
  settle,
} from '../migrations/choices.js';
import { type Migration, type Release, readRelease } from '../migrations/release.js';
import { AtWork, openSession, type Session, takeLock } from './session.js';

const migrateHelp = `ragwall migrate [url]   applies the migrations of this version that the database does not have yet

The url, or DATABASE_URL, is a superuser's, or that of the owner of the database, who has CREATEROLE; direct
and not through a pooler. Prefer the variable: a command line can be read by others on the machine.

The first run makes the roles and the extension vector (db/bootstrap.sql). Each migration is a transaction of
its own. What other tools have applied is recognised: the database itself has the number of its last migration.
Two runs at once are safe: the second waits for the first, 10 minutes at most.

  --check                   changes nothing; exits with 1 if something is to be applied
${choiceHelp}
  --help

The last three are for the first run: afterwards the database has them, and others are an error.

Exit codes: 0 done, or up to date; 1 failed, or with --check: the database is behind. After a failure the
database has all migrations before the one that failed. Run it again to continue there.`;

const words = (count: number) => (count === 1 ? '1 migration' : `${count} migrations`);

/** Returns the number of the last migration that a database has, 0 without one. */
function appliedIn({ there, migration }: State, last: number): number {
  if (!there) return 0;
  if (migration === null || Number.isNaN(migration)) {
    throw new Error(
      'the schema ragwall is there without the function ragwall.migration(): it was not made by the migrations of a release',
    );
  }
  if (migration > last) {
    throw new Error(
      `the database is ahead: it has ${words(migration)}, and this release has ${last}; use the release that was applied`,
    );
  }
  return migration;
}

/** Returns whether the functions of the audit are those of this release. */
async function hasAudit(session: Session, { audit }: Release): Promise<boolean> {
  const bodies = [
    ...audit.matchAll(/^create or replace function ragwall\.(\w+)\(\)[^;]*?\nas (\$\w+\$)([\s\S]*?)\2;/gm),
  ];
  const rows = await session.run(
    (sql) => sql<{ name: string; body: string }[]>`
      select p.proname::text as name, p.prosrc as body
      from pg_catalog.pg_proc as p
      join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      where n.nspname = 'ragwall'`,
  );
  return bodies.every(([, name, , body]) => rows.some((row) => row.name === name && row.body === body));
}

/** Waits until no other run is at work. */
async function takeTurn(session: Session): Promise<void> {
  const end = performance.now() + 600_000;
  for (let waiting = false; ; waiting = true) {
    try {
      await takeLock(session, 'migrate');
      return;
    } catch (error) {
      if ((error as { code?: string }).code === '42501') {
        throw new Error('a superuser is expected, or the owner of the database: this login may take no advisory locks');
      }
      if (!(error instanceof AtWork) || performance.now() > end) throw error;
      if (!waiting) console.log(`waiting: ${visible(error.message)}`);
    }
    await sleep(500);
  }
}

/** Runs a step in one transaction, and prints its name, its time and the notices of its statements. */
async function step(session: Session, name: string, sql: string, notices: string[]): Promise<void> {
  const began = performance.now();
  notices.length = 0;
  try {
    await session.run((db) => db.unsafe(`begin;\n${sql}\ncommit;`));
  } catch (error) {
    await session.run((db) => db.unsafe('rollback')).catch(() => {});
    const { message, hint } = error as Error & { hint?: string };
    throw new Error(`${name} failed: ${message}${hint ? `\nhint: ${hint}` : ''}`, { cause: error });
  }
  console.log(
    `${name.padEnd(40)} ${Math.round(performance.now() - began)
      .toString()
      .padStart(6)} ms`,
  );
  for (const notice of notices) console.log(`  notice: ${visible(notice)}`);
}

const nameOf = ({ number, name }: Migration) => `migration ${number} ${name}`;

/** Applies what is due. */
async function migrate(session: Session, given: Given, notices: string[]): Promise<void> {
  await takeTurn(session);
  const state = await session.run(readState);
  const choices = await session.run((sql) => settle(sql, given, state));
  const release = await readRelease(choices);
  const last = release.migrations.length;
  const applied = appliedIn(state, last);
  const due = release.migrations.slice(applied);
  if (due.length === 0 && (await hasAudit(session, release))) {
    console.log(`up to date: the database has ${words(applied)}`);
    return;
  }
  if (!state.there) {
    const { vectorSchema } = state.choices;
    if (vectorSchema && vectorSchema !== 'public' && !given.vectorSchema) {
      console.log(`the extension vector is in the schema ${vectorSchema}, and stays there`);
    }
    await step(session, 'roles and extension', release.bootstrap, notices);
  }
  let done = applied;
  try {
    for (const migration of due) {
      await step(session, nameOf(migration), migration.sql, notices);
      done = migration.number;
    }
    await step(session, 'audit', release.audit.replace(/^(begin|commit);$/gm, ''), notices);
  } catch (error) {
    throw new Error(
      `${(error as Error).message}\nthe database has ${words(done)} of ${last}; run it again to continue`,
      {
        cause: error,
      },
    );
  }
  console.log(`done: the database has ${words(last)}`);
}

/** Says whether something is due, and returns the exit code. */
async function check(session: Session, given: Given): Promise<number> {
  const state = await session.run(readState);
  const release = await readRelease(await session.run((sql) => settle(sql, given, state)));
  const last = release.migrations.length;
  const applied = appliedIn(state, last);
  if (applied < last) console.log(`behind: the database has ${words(applied)}, and this release has ${last}`);
  else if (!(await hasAudit(session, release))) console.log('behind: the audit in the database is of another release');
  else {
    console.log(`up to date: the database has ${words(applied)}`);
    return 0;
  }
  return 1;
}

/** Applies the migrations that are due, or says whether some are, and returns the exit code. */
export async function migrateCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...choiceOptions, help: { type: 'boolean' }, check: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(migrateHelp);
    return 0;
  }
  const [url = process.env.DATABASE_URL, ...rest] = positionals;
  if (rest.length > 0) throw new Error('expected: ragwall migrate [url]; see --help');
  const given = parseChoices(values);
  if (!url) throw new Error('a connection string is expected, in DATABASE_URL or as an argument');
  const notices: string[] = [];
  const session = await openSession(url, 'migrate', (notice) => notices.push(notice));
  try {
    if (values.check) return await check(session, given);
    await migrate(session, given, notices);
    return 0;
  } finally {
    await session.end();
  }
}
