/** Shows the walls at work: two companies ask questions, then try everything to read each other's documents. */
import { dimensions as usual } from '../db/tests/engine/dimensions.js';
import { startEngine } from '../db/tests/engine/engine.js';
import { openSession, type Session } from '../db/tests/engine/session.js';
import { type Embedder, lexicalEmbedder, openaiEmbedder, semanticEmbedder } from '../src/index.js';
import { showAttackLab } from './demo/attack-lab-show.js';
import { showCompanies } from './demo/companies-show.js';
import { askSquad, squadTable } from './demo/squad.js';
import { labDatabase } from './lab/attack-lab/stores.js';
import { describeMachine, type Machine, sum } from './lab/measure.js';
import { print, writeFigures, writeFiguresHelp, writeFiguresOption } from './lab/report.js';
import { command, withEngine } from './lab/setup.js';

const help = `npm run demo                          two companies, their questions, and attempts to read each other's documents
npm run demo -- --semantic             the same, with an embedder of meaning (English), which needs no network either
npm run demo -- --squad dev-v2.0.json  real text: the articles of SQuAD 2.0 as tenants, by
                                       vector, by words and by both
npm run demo -- --attack-lab           what a tenant can do to others that share a vector index with it, and to
                                       Ragwall: starvation, membership, reconstruction, latency; one to three minutes

--docker        runs in a container; by default an embedded Postgres is started
DATABASE_URL    runs on this server, as a superuser, in a new database that is dropped in the end
OPENAI_API_KEY  embeds with OpenAI (OPENAI_BASE_URL: or with another server of its protocol);
                without it and --semantic, a local embedder, which compares words and not meanings
With --attack-lab: ${writeFiguresHelp}`;

async function chooseEmbedder(semantic: boolean): Promise<Embedder> {
  if (semantic) return semanticEmbedder();
  if (!process.env.OPENAI_API_KEY) return lexicalEmbedder({ dimensions: usual });
  const { default: OpenAI } = await import('openai');
  return openaiEmbedder(new OpenAI());
}

async function showSquad(session: Session, embedder: Embedder, path: string): Promise<number> {
  const result = await askSquad(session, embedder, path);
  print(squadTable(result));
  return sum(result.searches, ({ foreignRows }) => foreignRows);
}

async function attackLab(session: Session, machine: Machine, docker: boolean, writes: boolean) {
  const { table, wrong } = await showAttackLab(session);
  if (writes) {
    const command = `npm run demo -- --attack-lab${docker ? ' --docker' : ''}`;
    await writeFigures({ lab: 'attack-lab', command, machine, tables: [table] });
  }
  return wrong;
}

await command(
  help,
  {
    squad: { type: 'string' },
    'attack-lab': { type: 'boolean', default: false },
    semantic: { type: 'boolean', default: false },
    docker: { type: 'boolean', default: false },
    ...writeFiguresOption,
  },
  async ({ squad, semantic, docker, 'attack-lab': attacks, 'write-figures': writes }) => {
    if (writes && !attacks) throw new Error('--write-figures belongs to --attack-lab');
    const url = process.env.DATABASE_URL;
    const embedder = await chooseEmbedder(semantic);
    const { dimensions = usual } = embedder;
    const kind = docker ? 'docker' : url ? 'url' : 'embedded';
    return withEngine(
      startEngine(kind, () => {}, url, dimensions),
      async (engine) => {
        const machine = await describeMachine(engine);
        console.log(
          `PostgreSQL ${machine.postgres} (${machine.server}), pgvector ${machine.pgvector}` +
            `${attacks ? '' : `, embeddings: ${embedder.model}`}\n`,
        );
        const lab = attacks
          ? await labDatabase(engine)
          : dimensions !== usual
            ? await labDatabase(engine, dimensions)
            : undefined;
        const session = await openSession(lab ?? engine);
        try {
          const wrong = attacks
            ? await attackLab(session, machine, docker, writes)
            : squad
              ? await showSquad(session, embedder, squad)
              : await showCompanies(session, embedder, semantic);
          return wrong === 0 ? 0 : 1;
        } finally {
          await session.end();
          await lab?.stop();
        }
      },
    );
  },
);
