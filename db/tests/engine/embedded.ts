/** Postgres in this process: PGlite with pgvector and pgTAP, migrated, behind a socket for one client. */
import { createServer } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { pgtap } from '@electric-sql/pglite-pgtap';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { type Choices, defaults } from '../../../src/migrations/release.js';
import { bootstrapSql, migrationsSql } from './migrations.js';

/** A running embedded server. */
export interface EmbeddedServer {
  /** For one client with one connection at a time: clients would share one session. Always superuser. */
  readonly url: string;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
}

/** Returns an empty database with the committed migrations. */
export async function createEmbedded(choices: Partial<Choices> = {}): Promise<PGlite> {
  const db = await PGlite.create({ extensions: { vector, pgtap } });
  const { vectorSchema: schema, roles } = { ...defaults, ...choices };
  await db.exec(`create schema if not exists ${schema}; create extension vector with schema ${schema}`);
  await db.exec(await bootstrapSql(roles));
  for (const sql of await migrationsSql(choices)) await db.exec(sql);
  return db;
}

/** Starts an empty server that listens on 127.0.0.1. */
export async function startEmbedded(choices: Partial<Choices> = {}): Promise<EmbeddedServer> {
  const db = await createEmbedded(choices);
  const port = await freePort();
  const server = new PGLiteSocketServer({ db, port, host: '127.0.0.1', maxConnections: 1 });
  await server.start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`,
    async stop() {
      await server.stop();
      await db.close();
    },
  };
}
