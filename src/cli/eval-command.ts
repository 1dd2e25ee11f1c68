/** `ragwall eval`: tells how well the searches by vector, by words and by both find the passages that answer questions. */
import { parseArgs } from 'node:util';
import { visible } from '../audit/report.js';
import type { IsolationCheck } from '../client/assert-isolation.js';
import { connect } from '../client/connect.js';
import { tokenSigner } from '../client/token.js';
import type { Embedder } from '../embedders/embedder.js';
import { lexicalEmbedder } from '../embedders/lexical.js';
import { openaiEmbedder } from '../embedders/openai.js';
import { semanticEmbedder } from '../embedders/semantic.js';
import { explained, open } from './connection.js';
import { readQuestions } from './eval-questions.js';
import { type Evaluation, evaluate } from './eval-run.js';

const evalHelp = `ragwall eval <questions.jsonl> --tenant <tenant>   asks questions whose passages are known, by vector, by
                      words and by both, and tells how often each search finds them

A line of the file is a question with the passages that answer it, each by source and position, by source alone
(any passage of it), by id, or by its whole text:

  {"question": "When does the lease end?", "passages": [{"source": "lease.md", "position": 3}]}

The environment configures it, as ragwall serve:

  DATABASE_URL            the login of the application, app_user or app_reader
  RAGWALL_SIGNING_KEY     what ragwall.add_signing_key() returned; for a database in signed mode
  OPENAI_API_KEY, OPENAI_BASE_URL
  RAGWALL_EMBEDDING_MODEL the model that embeds the questions: that of the documents (default: text-embedding-3-small)

  --tenant <tenant>  whose documents are searched
  --lexical          embed by spelling instead of meaning, without a model
  --semantic         embed English by a small model in this process, without a network
  --k <n>            how many passages are asked for, 1 to 1000 (default 10)
  --weight <w>       of the vector in the search by both, 0 to 1 (default 0.5); may be repeated
  --json             print JSON
  --accept <id>      a check of the start-up guard that may fail, as O01
  --help

It reads, and changes nothing. Times are of SQL alone, without embedding. Exit codes: 0 done; 1 it could not run, or was
interrupted.`;

/** Thrown through a run that a signal ends. */
class Interrupted extends Error {}

/** Returns the embedder that options and environment name. @throws Error that says which variable or package is missing. */
async function embedderOf(
  env: NodeJS.ProcessEnv,
  local: { readonly lexical?: boolean | undefined; readonly semantic?: boolean | undefined },
  dimensions: number,
): Promise<Embedder> {
  if (local.lexical) return lexicalEmbedder({ dimensions });
  if (local.semantic) return semanticEmbedder();
  const { default: OpenAI } = await import('openai').catch(() => {
    throw new Error('the package openai is expected: npm install openai');
  });
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseURL, RAGWALL_EMBEDDING_MODEL } = env;
  const client = new OpenAI({
    ...{ apiKey, baseURL: baseURL || undefined, timeout: 30_000 },
    logLevel: 'off', // it would write answers that it cannot parse
  });
  const model = RAGWALL_EMBEDDING_MODEL || 'text-embedding-3-small';
  return openaiEmbedder(client, { model, ...(/^text-embedding-3-/.test(model) && { dimensions }) });
}

/** Returns the lines of the table, and what has to be said about it. */
export function toText({ tenant, model, documents, embedded, words, questions, k, searches }: Evaluation): string {
  const share = (x: number | undefined) => (x === undefined ? '–' : x.toFixed(3));
  const rows = [
    ['', ...Object.keys(searches[0]?.hit ?? {}).map((n) => `hit@${n}`), 'MRR', `recall@${k}`, 'p50 ms'],
    ...searches.map(({ name, weight, hit, mrr, recall, p50 }) => [
      weight === undefined ? name : `${name} ${weight}`,
      ...[...Object.values(hit), mrr, recall].map(share),
      p50.toFixed(1),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
  const one = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  return [
    `${tenant}: ${one(documents, 'document')}, ${one(questions, 'question')}, embedded by ${model}`,
    ...(embedded < documents
      ? [`of the documents ${embedded} were embedded by this model, the others by another one`]
      : []),
    '',
    ...lines,
    '',
    words === null
      ? "words are not searched. To enable them, a member of ragwall_owner calls ragwall.enable_words('english'), and runs ragwall index"
      : `words are those of the configuration ${words}`,
  ].join('\n');
}

/** Asks the questions, and returns the exit code. */
export async function evalCommand(args: string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      help: { type: 'boolean' },
      tenant: { type: 'string' },
      lexical: { type: 'boolean' },
      semantic: { type: 'boolean' },
      k: { type: 'string', default: '10' },
      weight: { type: 'string', multiple: true, default: ['0.5'] },
      json: { type: 'boolean' },
      accept: { type: 'string', multiple: true, default: [] },
    },
  });
  if (values.help) {
    console.log(evalHelp);
    return 0;
  }
  const [file, ...rest] = positionals;
  const { tenant } = values;
  if (file === undefined || rest.length > 0 || tenant === undefined) {
    throw new Error('expected: ragwall eval <questions.jsonl> --tenant <tenant>; see --help');
  }
  const k = Number(values.k);
  if (!/^\d{1,4}$/.test(values.k) || k < 1 || k > 1000)
    throw new Error('--k is expected to be a whole number, 1 to 1000');
  if (!values.weight.every((weight) => /^(0|1|0?\.\d+|1\.0+)$/.test(weight))) {
    throw new Error('--weight is expected to be a number, 0 to 1');
  }
  if (values.lexical && values.semantic) throw new Error('--lexical and --semantic exclude each other');
  if (!values.lexical && !values.semantic && !env.OPENAI_API_KEY) {
    throw new Error('OPENAI_API_KEY is expected, or --lexical or --semantic to embed without a service');
  }
  const { DATABASE_URL: url, RAGWALL_SIGNING_KEY: key } = env;
  if (!url) throw new Error('DATABASE_URL is expected: the login of the application, app_user');
  const questions = await readQuestions(file);

  const stop = new AbortController();
  const onSignal = () => stop.abort(new Interrupted('interrupted'));
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, onSignal);
  const named = open(url, 'ragwall eval'); // checks the url, and never connects
  const ragwall = connect(url, {
    ...{ max: 1, driver: { connection: { application_name: 'ragwall eval' } } },
    ...(key && { signer: tokenSigner(key) }),
  });
  const show = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\u001b[K${text}`);
  try {
    const handle = ragwall.forTenant(tenant);
    const accept = values.accept as IsolationCheck[];
    const embedder = await embedderOf(env, values, await ragwall.dimensions());
    for (const { check, reason } of await ragwall.assertIsolation({ accept, embedder })) {
      console.error(`undetermined: ${check}: ${visible(reason)}`);
    }
    const evaluation = await evaluate(handle, embedder, questions, {
      ...{ k, weights: values.weight.map(Number), signal: stop.signal },
      onAsked: (count) => show(`${count} of ${questions.length} questions`),
    });
    show('');
    console.log(
      values.json ? JSON.stringify(evaluation, null, 2) : toText(evaluation).split('\n').map(visible).join('\n'),
    );
    return 0;
  } catch (error) {
    show('');
    throw stop.signal.aborted ? stop.signal.reason : explained(error, named);
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeListener(name, onSignal);
    await ragwall.close();
    await named.end();
  }
}
