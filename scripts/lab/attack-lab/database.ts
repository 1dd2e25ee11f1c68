/** Where the lab works: a database beside the engine's, of 64 dimensions, if the engine can have another. */
import postgres from 'postgres';
import type { Engine, RunningEngine } from '../../../db/tests/engine/engine.js';
import { bootstrapSql, migrationsSql } from '../../../db/tests/engine/migrations.js';
import { dimensions } from './vectors.js';

/** Creates the database; on the embedded engine, which has but one, returns it as it is. */
export async function labDatabase(engine: Engine): Promise<RunningEngine> {
  const { adminUrl, appUrl } = engine;
  if (!appUrl) return { ...engine, stop: async () => {} };
  const name = `${new URL(adminUrl).pathname.slice(1)}_lab`;
  const at = (url: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const statements = async (url: string, all: readonly string[]) => {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    for (const statement of all) await sql.unsafe(statement);
    await sql.end();
  };
  const drop = `drop database if exists ${name} with (force)`;
  await statements(adminUrl, [drop, `create database ${name}`]);
  const migrations = await migrationsSql({ ':EMBEDDING_DIMENSIONS': String(dimensions) });
  await statements(at(adminUrl), [await bootstrapSql(), ...migrations]);
  return {
    kind: engine.kind,
    adminUrl: at(adminUrl),
    appUrl: at(appUrl),
    stop: () => statements(adminUrl, [drop]),
  };
}
