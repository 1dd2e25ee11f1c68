/** Writes db/schema.sql: what the migrations produce, for reading and review. Needs Docker. */
import { writeFile } from 'node:fs/promises';
import { startEngine } from '../db/tests/engine/engine.js';
import { root } from '../db/tests/engine/migrations.js';
import { dumpSchema } from '../db/tests/engine/schema.js';

const engine = await startEngine('docker', console.log);
try {
  await writeFile(new URL('db/schema.sql', root), await dumpSchema(engine));
  console.log('db/schema.sql written');
} finally {
  await engine.stop();
}
