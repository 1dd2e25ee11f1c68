/** What the examples of docs/ in TypeScript have without saying so: docs/typescript.md tells it to the reader. */
import OpenAI from 'openai';
import postgres from 'postgres';
import { dimensions } from '../../db/tests/engine/dimensions.js';
import * as ragwall from '../../src/index.js';

const { connect, lexicalEmbedder } = ragwall;
const url = process.env.DATABASE_URL ?? 'postgres://127.0.0.1:1/none'; // where only the names are asked for
const sql = postgres(url, { onnotice: () => {} });
const database = connect(url);
const embedder = lexicalEmbedder({ dimensions });
const [queryVec] = await embedder.embed(['What are the Q3 targets of Acme?']);

export const names = {
  ...ragwall,
  postgres,
  OpenAI,
  sql,
  embedder,
  queryVec,
  ragwall: database,
  acme: database.forTenant('acme'),
};
