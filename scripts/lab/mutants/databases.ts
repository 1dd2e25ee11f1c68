/** Clones of the migrated database, each for one worker or one mutant. */
import { randomBytes } from 'node:crypto';
import type { Sql } from 'postgres';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { bootstrapSql } from '../../../db/tests/engine/migrations.js';
import { connect, withDatabase } from '../setup.js';

/** Runs `use` on a clone of the engine's database and drops the clone. All connections to the engine's database are ended. */
export async function onClone<T>(engine: Engine, use: (clone: Engine, sql: Sql) => Promise<T>): Promise<T> {
  const template = new URL(engine.adminUrl).pathname.slice(1);
  const name = `${template}_${randomBytes(4).toString('hex')}`;
  const server = connect(withDatabase(engine.adminUrl, 'postgres'));
  try {
    await server`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${template}`;
    await server.unsafe(`create database ${name} template ${template}`);
    const clone: Engine = {
      kind: 'url',
      adminUrl: withDatabase(engine.adminUrl, name),
      ...(engine.appUrl && { appUrl: withDatabase(engine.appUrl, name) }),
    };
    const sql = connect(clone.adminUrl);
    try {
      // A clone does not have the privileges on the database itself.
      await sql.unsafe(await bootstrapSql());
      if (engine.appUrl) await sql`select ragwall.grant_login(${new URL(engine.appUrl).username}, 'app_user')`;
      return await use(clone, sql);
    } finally {
      await sql.end();
    }
  } finally {
    await server.unsafe(`drop database if exists ${name} with (force)`);
    await server.end();
  }
}
