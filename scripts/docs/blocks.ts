/**
 * The fenced blocks of code of a page, and how each is run. The language decides: `sql` by psql as a superuser,
 * `sh` by bash, `js` and `ts` by Node; `json` is parsed, and the lines of `ini` stand in db/pgbouncer.ini. A block of
 * `text` is what the block before it prints, where … stands for anything. HTML comments before a block say more:
 *
 *     <!-- not run: why -->       counted by the test
 *     <!-- run by: file -->       another test, which reads this page
 *     <!-- as: app_user -->       SQL, as this role; it logs in by DATABASE_URL or AGENT_URL
 *     <!-- dimensions: 3 -->      in a database whose embeddings have so many
 *     <!-- before: code -->       what is run ahead of the block, in its language
 *     <!-- fails: message -->     the block has to fail, and to say this
 *
 * and one at the top of a page, `<!-- needs docker: why -->`, that it does not run on somebody's server. A line of
 * `sh` that exports the address of a database is left out: the test has its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../../db/tests/engine/migrations.js';

const keys = ['not run', 'run by', 'as', 'dimensions', 'before', 'fails'] as const;

export interface Block {
  /** As `docs/sql.md:12`. */
  readonly place: string;
  readonly language: string;
  readonly code: string;
  readonly comments: Readonly<Partial<Record<(typeof keys)[number], string>>>;
  /** What it prints, where the page shows it. */
  output?: string;
}

/** Returns the fenced blocks of a page in their order. */
export function blocksOf(page: string, text: string): Block[] {
  const blocks: Block[] = [];
  const found = /((?:^<!--[\s\S]*?-->\n+)*)^```(.*)\n([\s\S]*?)^```$/gm;
  for (const { index, 0: all, 1: before = '', 2: language = '', 3: code = '' } of text.matchAll(found)) {
    const place = `${page}:${text.slice(0, index + all.indexOf('```')).split('\n').length}`;
    const last = blocks.at(-1);
    if (language === 'text') {
      if (!last || last.output !== undefined) throw new Error(`${place} is the output of no block`);
      last.output = code;
      continue;
    }
    const comments = Object.fromEntries(
      [...before.matchAll(/<!-- *([\w ]+):\s*([\s\S]*?)\s*-->/g)].map(([, key, value]) => [key, value]),
    );
    const unknown = Object.keys(comments).find((key) => !keys.includes(key as never));
    if (unknown && unknown !== 'needs docker') throw new Error(`${place} has the unknown comment ${unknown}`);
    blocks.push({ place, language, code, comments });
  }
  return blocks;
}

/** Where blocks run: a folder in which `ragwall` is installed, and the addresses of a database. */
export interface Ground {
  readonly folder: string;
  readonly urls: Readonly<Record<'ADMIN_URL' | 'DATABASE_URL' | 'AGENT_URL', string>>;
  /** Of the docker engine. */
  readonly containerId: string | undefined;
}

/** Runs a program, a minute at most, and returns what it printed. */
async function run(ground: Ground, program: string, args: string[], input = ''): Promise<string> {
  const child = spawn(program, args, {
    cwd: ground.folder,
    detached: true, // no terminal, which psql would ask for a password
    env: {
      ...process.env,
      ...ground.urls,
      CONTAINER_ID: ground.containerId,
      PATH: `${join(ground.folder, 'node_modules/.bin')}:${process.env.PATH}`,
      PGOPTIONS: '-c client_min_messages=warning',
      NO_COLOR: '1',
    },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  child.stdin.on('error', () => {}).end(input);
  const late = setTimeout(() => {
    err += 'it took more than a minute';
    process.kill(-(child.pid as number), 'SIGKILL');
  }, 60_000);
  const [code] = await once(child, 'close');
  clearTimeout(late);
  if (code !== 0) throw new Error(`${err}${out}`.trim() || `exit code ${code}`);
  return out;
}

/** Runs JavaScript or TypeScript with what docs/typescript.md says that examples have. */
async function runModule(ground: Ground, { language, code, comments }: Block): Promise<string> {
  const file = join(ground.folder, `block.m${language}`);
  const all = `${comments.before ?? ''}\n${code}`;
  const imports = all.match(/^import [\s\S]*?;\n/gm) ?? [];
  const rest = imports.reduce((text, line) => text.replace(line, ''), all);
  const given = new URL('given.ts', import.meta.url).href;
  await writeFile(
    file,
    `${imports.join('')}import { names } from '${given}';\n` +
      `{ const {${Object.keys((await import('./given.js')).names)}} = names;\n{ ${rest} }\n}\nprocess.exit(0);\n`,
  );
  return run(ground, process.execPath, ['--import', import.meta.resolve('tsx'), file]);
}

function addressOf({ urls }: Ground, role: string | undefined): string {
  if (role === undefined) return urls.ADMIN_URL;
  return role === 'agent_caller' ? urls.AGENT_URL : urls.DATABASE_URL;
}

/**
 * Runs a block, and returns what it printed.
 * @throws Error if it fails.
 */
export async function runBlock(block: Block, ground: Ground): Promise<string> {
  const { language, code, comments } = block;
  const all = `${comments.before ?? ''}\n${code}`;
  if (language === 'sql') {
    const url = addressOf(ground, comments.as);
    return run(ground, 'psql', ['-Xq', '-v', 'ON_ERROR_STOP=1', '-d', url], all);
  }
  if (language === 'sh') {
    const own = all.replace(/^export \w+_URL=(postgres:|\$).*\n/gm, '');
    return run(ground, 'bash', ['-euo', 'pipefail', '-c', own]);
  }
  if (language === 'js' || language === 'ts') return runModule(ground, block);
  if (language === 'json') return JSON.stringify(JSON.parse(code));
  if (language === 'ini') {
    const lines = (await readFile(fileURLToPath(new URL('db/pgbouncer.ini', root)), 'utf8')).split('\n');
    const missing = code.split('\n').find((line) => !lines.includes(line));
    if (missing !== undefined) throw new Error(`not in db/pgbouncer.ini: ${missing}`);
    return '';
  }
  throw new Error(`nothing runs ${language || 'a block without a language'}: say why with <!-- not run: … -->`);
}

/** Whether `printed` is what a page shows, where … stands for anything; the width of columns does not count. */
export function isOutput(shown: string, printed: string): boolean {
  const [pattern, text] = [shown, printed].map((lines) =>
    lines
      .replace(/[ \t]+/g, ' ')
      .replace(/^ | $/gm, '')
      .replace(/-+/g, '-')
      .trim(),
  ) as [string, string];
  const escaped = pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('…', '[\\s\\S]*?');
  return new RegExp(`^${escaped}$`).test(text);
}
