/** Shows the walls at work: two companies ask, then try everything to read each other's documents. */
import { parseArgs } from 'node:util';
import { startEngine } from '../db/tests/engine/engine.js';
import { openSession } from '../db/tests/engine/session.js';
import { type Embedder, lexicalEmbedder, openaiEmbedder } from '../src/index.js';
import { showAttackLab } from './demo/attack-lab-show.js';
import { showCompanies } from './demo/companies-show.js';
import { showSquad } from './demo/squad.js';
import { labDatabase } from './lab/attack-lab/database.js';

const help = `npm run demo                          two companies, their questions, and every attempt to cross
npm run demo -- --squad dev-v2.0.json  real text: the articles of SQuAD 2.0 as tenants
npm run demo -- --attack-lab           what other tenants can do where they share a vector index, and what here:
                                       starvation, membership, reconstruction, latency; takes a minute or two

DATABASE_URL    run on this server, as a superuser: in a database of its own, which is dropped again;
                by default an embedded Postgres is started; --docker starts one in a container
OPENAI_API_KEY  embed with OpenAI (OPENAI_BASE_URL: or with whatever speaks its protocol);
                by default a local lexical embedder, which knows words but no meaning`;

async function chooseEmbedder(): Promise<Embedder> {
  if (!process.env.OPENAI_API_KEY) return lexicalEmbedder();
  const { default: OpenAI } = await import('openai');
  return openaiEmbedder(new OpenAI());
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      squad: { type: 'string' },
      'attack-lab': { type: 'boolean' },
      docker: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const url = process.env.DATABASE_URL;
  const embedder = await chooseEmbedder();
  const kind = values.docker ? 'docker' : url ? 'url' : 'embedded';
  const engine = await startEngine(kind, () => {}, url);
  try {
    const lab = values['attack-lab'] ? await labDatabase(engine) : undefined;
    const session = await openSession(lab ?? engine);
    try {
      const [server] = await session.admin(
        (sql) => sql<{ version: string; vector: string }[]>`
          select current_setting('server_version') as version, extversion as vector
          from pg_extension where extname = 'vector'`,
      );
      console.log(
        `PostgreSQL ${server?.version} (${kind === 'url' ? 'DATABASE_URL' : kind}), pgvector ${server?.vector}` +
          `${lab ? '' : `, embeddings: ${embedder.model}`}\n`,
      );
      const wrong = lab
        ? await showAttackLab(session)
        : values.squad
          ? await showSquad(session, embedder, values.squad)
          : await showCompanies(session, embedder);
      return wrong === 0 ? 0 : 1;
    } finally {
      await session.end();
      await lab?.stop();
    }
  } finally {
    await engine.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? `\n${error.message}` : error);
  process.exitCode = 1;
}
