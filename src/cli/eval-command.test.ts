/** `ragwall eval` tells the figures that were computed by hand, by each search, and says which line of a file is wrong. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { dimensions } from '../../db/tests/engine/dimensions.js';
import { forTenant, needs } from '../../db/tests/engine/session.js';
import { useSession } from '../../db/tests/engine/use-session.js';
import { disableWords, enableWords } from '../../db/tests/engine/words.js';
import type { Embedder } from '../embedders/embedder.js';
import { evalCommand, toText } from './eval-command.js';
import { parseQuestions, type Question } from './eval-questions.js';
import { evaluate, measuresOf, recallOf } from './eval-run.js';

const engine = inject('engine');
const session = useSession({ clear: true });
const model = 'by-hand';

/** A vector at so many degrees in a plane. */
function at(degrees: number): Float32Array {
  const vector = new Float32Array(dimensions);
  vector[0] = Math.cos((degrees * Math.PI) / 180);
  vector[1] = Math.sin((degrees * Math.PI) / 180);
  return vector;
}

/** Passage n is at 15 n degrees. */
const contents = ['A birch.', 'A walnut and an oak.', 'A maple.', 'A lime.', 'A cedar.', 'A larch.', 'A yew.'];

/** Where the questions are, by the number in their text. */
const degrees: Readonly<Record<string, number>> = { 1: 0, 2: 0, 3: 90, 4: 90 };
const vectorOf = (text: string) => at(degrees[/\d/.exec(text)?.[0] ?? ''] ?? Number.NaN);
const embedder: Embedder = { model, dimensions, embed: async (texts) => texts.map(vectorOf) };

/**
 * By vector their passages have the ranks 1, 3, none of the first five, 3. By words: none, 1, 1, none. By both:
 * 2 (walnut is 0.5 cos 15° + 0.5, birch 0.5), 1, 1 (oak is 0.5 sin 15° + 0.5, yew 0.5), 3 (no word counts).
 */
let lines: string[];
const hand = {
  vector: { hit: { 1: 0.25, 5: 0.75 }, mrr: 5 / 12, recall: 1 },
  words: { hit: { 1: 0.5, 5: 0.5 }, mrr: 0.5 },
  hybrid: { hit: { 1: 0.5, 5: 1 }, mrr: 17 / 24 },
};
const close = (x: number) => expect.closeTo(x, 9);
const expected = (name: keyof typeof hand, more = {}) => ({
  ...{ name, ...more, ...hand[name] },
  mrr: close(hand[name].mrr),
  p50: expect.any(Number),
});

const run = (tenant: string, questions: readonly Question[], weights = [0.5], k = 5) =>
  evaluate(forTenant(session.app, tenant), embedder, questions, { k, weights });

beforeAll(async () => {
  await session.admin((sql) => sql`select tests.clear()`);
  for (const tenant of ['acme', 'globex']) {
    await forTenant(session.app, tenant).upsertDocuments(
      contents.map((content, position) => ({
        ...{ source: 'trees.md', position, content },
        ...{ embedding: at(15 * position), embeddingModel: model },
      })),
    );
  }
  const { id } = await forTenant(session.app, 'acme').transaction(async ({ sql }) => {
    const [row] = await sql<{ id: string }[]>`select id from ragwall.documents where position = 2`;
    return row as { id: string };
  });
  lines = [
    { question: 'A walnut? 1', passages: [{ source: 'trees.md', position: 0 }] },
    { question: 'A maple? 2', passages: [{ id }] },
    { question: 'An oak? 3', passages: [{ content: 'A walnut and an oak.' }] },
    {
      question: 'A fir? 4',
      passages: [
        { source: 'trees.md', position: 3 },
        { source: 'trees.md', position: 4 },
      ],
    },
  ].map((line) => JSON.stringify(line));
});
afterAll(() => session.admin((sql) => sql`select tests.clear()`));

describe('where words are not enabled', () => {
  it('measures the search by vector, and says how words are enabled', async () => {
    const evaluation = await run('acme', parseQuestions(lines.join('\n')));
    expect(evaluation).toEqual({
      ...{ tenant: 'acme', model, documents: 7, embedded: 7, words: null, questions: 4, k: 5 },
      searches: [expected('vector')],
    });
    expect(toText(evaluation)).toMatch(
      /^acme: 7 documents, 4 questions, embedded by by-hand\n\n +hit@1 +hit@5 +MRR +recall@5 +p50 ms\nvector +0\.250 +0\.750 +0\.417 +1\.000 +[\d.]+\n\nwords are not searched\..*enable_words/,
    );
  });

  it('tells how many documents another model has embedded', async () => {
    const globex = forTenant(session.app, 'globex');
    const other = { source: 'other.md', position: 0, content: 'A fig.', embedding: at(200), embeddingModel: 'other' };
    await globex.upsertDocuments([other]);
    const [question] = parseQuestions(
      '{"question": "A birch? 1", "passages": [{"source": "trees.md", "position": 0}]}',
    );
    const evaluation = await run('globex', [question as Question]);
    expect(evaluation).toMatchObject({ documents: 8, embedded: 7 });
    expect(toText(evaluation)).toContain(
      '\nof the documents 7 were embedded by this model, the others by another one\n',
    );
    await globex.deleteDocuments({ source: 'other.md' });
  });

  it('takes any passage of a source', async () => {
    const [question] = parseQuestions('{"question": "An oak? 3", "passages": [{"source": "trees.md"}]}');
    expect((await run('acme', [question as Question])).searches).toMatchObject([{ hit: { 1: 1 }, mrr: 1 }]);
  });

  it('names the lines whose passages are not there: those of other tenants are not', async () => {
    const questions = parseQuestions(`${lines.join('\n')}\n{"question": "1", "passages": [{"source": "none.md"}]}`);
    await expect(run('globex', questions)).rejects.toThrow(
      /^line 2: globex has no passage 1\nline 5: globex has no passage 1$/,
    );
  });

  it('refuses a model that has embedded no document, and a tenant that has none', async () => {
    const questions = parseQuestions(lines.join('\n'));
    const other = evaluate(forTenant(session.app, 'acme'), { ...embedder, model: 'other' }, questions, {
      k: 5,
      weights: [],
    });
    await expect(other).rejects.toThrow('were embedded by by-hand, and the questions would be by other');
    await expect(run('nobody', questions)).rejects.toThrow('the tenant nobody has no documents');
  });

  it('names the line of a question that cannot be embedded, and ends at a signal', async () => {
    const questions = parseQuestions(`\n\n${lines.join('\n')}`);
    const { lexicalEmbedder } = await import('../embedders/lexical.js');
    const blank = [questions[0], { ...questions[1], text: '?!' }] as Question[];
    const lexical = { ...lexicalEmbedder({ dimensions }), model };
    const acme = forTenant(session.app, 'acme');
    await expect(evaluate(acme, lexical, blank, { k: 5, weights: [] })).rejects.toThrow(
      /^line 4: Text 1 is expected to/,
    );
    const stop = new AbortController();
    const onAsked = () => stop.abort(new Error('enough'));
    await expect(
      evaluate(acme, embedder, questions, { k: 5, weights: [], signal: stop.signal, onAsked }),
    ).rejects.toThrow('enough');
  });

  it('passes nothing on if a row is of another tenant than the handle', async () => {
    const crossed = { ...forTenant(session.app, 'acme'), tenantId: 'globex' };
    const questions = parseQuestions(lines.join('\n'));
    await expect(evaluate(crossed, embedder, questions, { k: 5, weights: [] })).rejects.toMatchObject({
      code: 'FOREIGN_ROW',
    });
  });

  it('counts what a search table leaves out against the exact search', async () => {
    const rows = Array.from({ length: 20 }, (_, position) => ({
      position,
      source: 'more.md',
      content: `Passage ${position}.`,
    }));
    const large = forTenant(session.app, 'large');
    await large.upsertDocuments(rows.map((row) => ({ ...row, embedding: at(row.position), embeddingModel: model })));
    const [question] = parseQuestions('{"question": "1", "passages": [{"source": "more.md", "position": 3}]}');
    await session.admin(async (sql) => {
      await sql`select tests.enlarge('large')`;
      await sql`update ragwall_search.directory set ef_10 = 40, ef_100 = 100`; // so few would be searched exactly
    });
    expect((await run('large', [question as Question])).searches).toMatchObject([{ recall: 1, mrr: 1 / 4 }]);
    // Without 0 and 1 the first five are 2 to 6, of which 2, 3 and 4 are among the five nearest.
    await session.admin(async (sql) => {
      const [{ relation } = {}] = await sql`select relation from ragwall_search.directory where tenant_id = 'large'`;
      await sql`
        delete from ${sql(`ragwall_search.${relation}`)}
        where id in (select d.id from ragwall.documents as d where d.tenant_id = 'large' and d.position < 2)`;
    });
    expect((await run('large', [question as Question])).searches).toMatchObject([{ recall: 0.6, mrr: 1 / 2 }]);
  });
});

describe('where words are enabled', () => {
  beforeAll(() => enableWords(session));
  afterAll(() => disableWords(session));

  it('measures the searches by vector, by words, and by both with each weight', async () => {
    const evaluation = await run('acme', parseQuestions(lines.join('\r\n')), [0.5, 1]);
    expect(evaluation).toEqual({
      ...{ tenant: 'acme', model, documents: 7, embedded: 7, words: 'english', questions: 4, k: 5 },
      searches: [
        expected('vector'),
        expected('words'),
        expected('hybrid', { weight: 0.5 }),
        { ...expected('vector'), name: 'hybrid', weight: 1, recall: undefined },
      ],
    });
    expect(toText(evaluation)).toMatch(
      /\nwords +0\.500 +0\.500 +0\.500 +– +[\d.]+\nhybrid 0\.5 +0\.500 +1\.000 +0\.708 +– +[\d.]+\nhybrid 1 +0\.250 .*\n\nwords are those of the configuration english$/,
    );
  });

  describe('on the command line', () => {
    let folder: string;
    let file: string;
    let child: ChildProcessWithoutNullStreams | undefined;
    const models = createServer(async (request, response) => {
      const { input } = (await json(request)) as { input: string[] };
      const data = input.map((text, index) => ({ index, embedding: [...vectorOf(text)] }));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ data }));
    });
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ragwall-eval-'));
      file = join(folder, 'questions.jsonl');
      await writeFile(file, lines.join('\n'));
      await new Promise<void>((resolve) => models.listen(0, '127.0.0.1', resolve));
    });
    afterAll(async () => {
      child?.kill('SIGKILL');
      models.close();
      await rm(folder, { recursive: true });
    });
    beforeEach((context) => needs(context, engine, ['docker', 'url'], 'a login'));

    /** What the command is told, besides its arguments. */
    const variables = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
      DATABASE_URL: engine.appUrl,
      OPENAI_API_KEY: 'none',
      OPENAI_BASE_URL: `http://127.0.0.1:${(models.address() as AddressInfo).port}/v1`,
      RAGWALL_EMBEDDING_MODEL: model,
      ...more,
    });

    /** Runs the command, and returns what it printed. */
    async function printed(args: string[], env = variables()): Promise<string> {
      const [log, error] = (['log', 'error'] as const).map((name) =>
        vi.spyOn(console, name).mockImplementation(() => {}),
      );
      try {
        expect(await evalCommand(args, env)).toBe(0);
        expect(error?.mock.calls).toEqual([]);
        return (log?.mock.calls ?? []).join('\n');
      } finally {
        vi.restoreAllMocks();
      }
    }

    it('asks a service of the protocol of OpenAI for vectors, and prints JSON', async () => {
      expect(JSON.parse(await printed([file, '--tenant', 'acme', '--k', '5', '--json']))).toMatchObject({
        ...{ tenant: 'acme', model, words: 'english', questions: 4, k: 5 },
        searches: [expected('vector'), expected('words'), expected('hybrid', { weight: 0.5 })],
      });
    });

    it('binds the tenant by a token where there is a key', async () => {
      const [row] = await session.admin((sql) => sql<{ key: string }[]>`select ragwall.add_signing_key('eval') as key`);
      const env = variables({ RAGWALL_SIGNING_KEY: row?.key });
      try {
        expect(await printed([file, '--tenant', 'acme'], env)).toMatch(/^hybrid 0.5 .*0.708/m);
      } finally {
        await session.admin((sql) => sql`select ragwall.retire_signing_key('eval')`);
      }
      await expect(evalCommand([file, '--tenant', 'acme'], env)).rejects.toThrow('key');
    });

    it('refuses a login that the policies do not bind', async () => {
      const run = evalCommand([file, '--tenant', 'acme'], variables({ DATABASE_URL: engine.adminUrl }));
      await expect(run).rejects.toMatchObject({ code: 'NOT_ISOLATED' });
    });

    it('says where no server answers, without the password', async () => {
      const url = 'postgres://app_user:password-of-the-test@127.0.0.1:1/app';
      const error = await evalCommand([file, '--tenant', 'acme'], variables({ DATABASE_URL: url })).catch((e) => e);
      expect(error.message).toBe('no server answers at 127.0.0.1:1: check that it runs, and the port');
    });

    it('ends at a signal, and says so', async () => {
      const many = join(folder, 'many.jsonl');
      await writeFile(many, Array.from({ length: 20_000 }, (_, n) => lines[n % 4]).join('\n'));
      child = spawn(
        process.execPath,
        ['--import', 'tsx', fileURLToPath(new URL('../cli.ts', import.meta.url)), 'eval', many, '--tenant', 'acme'],
        { env: { ...process.env, ...variables() }, timeout: 50_000 },
      );
      const ended = once(child, 'close');
      const [out, err] = [text(child.stdout), text(child.stderr)];
      const begun = () =>
        session.admin((sql) => sql`select from pg_stat_activity where application_name = 'ragwall eval'`);
      await expect.poll(begun, { timeout: 30_000 }).toHaveLength(1);
      child.kill('SIGINT');
      expect([(await ended)[0], await out, await err]).toEqual([1, '', 'ragwall: interrupted\n']);
    });
  });
});

describe('a file', () => {
  it.each([
    ['{"question": "a", "passages": [{"source": "a", "position": 0}]', 'JSON is expected'],
    ['["a"]', 'a line is expected to be an object'],
    ['{"query": "a", "passages": [{"source": "a"}]}', 'query is no member of a line; expected: question, passages'],
    ['{"question": " ", "passages": [{"source": "a"}]}', 'question is expected to be a text of 1 to 10000 characters'],
    ['{"question": "a\\u0000", "passages": [{"source": "a"}]}', 'question is expected to be a text'],
    ['{"question": "a"}', 'passages is expected to be a list of 1 to 1000 passages'],
    ['{"question": "a", "passages": []}', 'passages is expected to be a list of 1 to 1000 passages'],
    ['{"question": "a", "passages": ["a.md"]}', 'passage 1 is expected to be an object'],
    [
      '{"question": "a", "passages": [{"source": "a"}, {}]}',
      'passage 2 is expected to have one of id, source and content',
    ],
    ['{"question": "a", "passages": [{"source": "a", "content": "b"}]}', 'passage 1 is expected to have one of'],
    [
      '{"question": "a", "passages": [{"source": "a", "page": 1}]}',
      'page is no member of passage 1; expected: id, source',
    ],
    ['{"question": "a", "passages": [{"content": "a", "position": 1}]}', 'passage 1 is expected to have a source'],
    [
      '{"question": "a", "passages": [{"source": "a", "position": -1}]}',
      'position of passage 1 is expected to be a whole',
    ],
    [
      '{"question": "a", "passages": [{"source": ""}]}',
      'source of passage 1 is expected to be a text of 1 to 1024 bytes',
    ],
    ['{"question": "a", "passages": [{"content": ""}]}', 'content of passage 1 is expected to be a text'],
    ['{"question": "a", "passages": [{"id": "7"}]}', 'id of passage 1 is expected to be a UUID'],
  ])('with %s is refused', (line, fault) => {
    const good = '{"question": "a", "passages": [{"source": "a"}]}';
    expect(() => parseQuestions(`${good}\n\n${line}\n${good}`)).toThrow(`line 3: ${fault}`);
  });

  it('with many faults has the first ten told', () => {
    expect(() => parseQuestions('{}\n'.repeat(12))).toThrow(/^line 1: .*\n(line .*\n){8}line 10: .*\nand 2 more$/);
  });

  it('without a question is refused', () => {
    expect(() => parseQuestions('\n\n')).toThrow('a question is expected, in the first line');
  });
});

describe('before it connects, it says what is expected', () => {
  const env = { DATABASE_URL: 'postgres://app_user:password-of-the-test@127.0.0.1:1/app' };
  const given = ['questions.jsonl', '--tenant', 'acme', '--lexical'];
  it.each<[string, string[], NodeJS.ProcessEnv, RegExp]>([
    ['no file', ['--tenant', 'acme', '--lexical'], env, /^expected: ragwall eval <questions\.jsonl> --tenant/],
    ['two files', ['other.jsonl', ...given], env, /^expected: ragwall eval/],
    ['no tenant', ['questions.jsonl', '--lexical'], env, /^expected: ragwall eval/],
    ['no database', given, {}, /^DATABASE_URL is expected/],
    ['no embedder', given.slice(0, 3), env, /^OPENAI_API_KEY is expected, or --lexical or --semantic/],
    ['two embedders', [...given, '--semantic'], env, /exclude each other/],
    ['a k that is none', [...given, '--k', '0'], env, /^--k is expected to be a whole number, 1 to 1000$/],
    ['a weight beyond 1', [...given, '--weight', '1.5'], env, /^--weight is expected to be a number, 0 to 1$/],
    ['a file that is not there', given, env, /^questions\.jsonl: there is no such file$/],
    ['an unknown option', [...given, '--top', '3'], env, /Unknown option '--top'/],
  ])('%s', async (_, args, variables, message) => {
    const error = await evalCommand(args, variables).catch((reason) => reason);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('password-of-the-test');
  });

  it('tells how it is used', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    expect(await evalCommand(['--help'])).toBe(0);
    expect(log).toHaveBeenCalledWith(expect.stringContaining('"passages": [{"source": "lease.md", "position": 3}]'));
    log.mockRestore();
  });
});

it('the measures are the means over questions, and the median of times', () => {
  const answers = [
    { rank: 1, recall: 1, ms: 4 },
    { rank: 4, recall: 0.5, ms: 1 },
    { rank: 10, recall: 0.9, ms: 3 },
    { rank: Number.POSITIVE_INFINITY, recall: 0, ms: 100 },
  ];
  expect(measuresOf(answers, 10)).toEqual({
    ...{ hit: { 1: 0.25, 5: 0.5, 10: 0.75 }, mrr: close(1.35 / 4), recall: close(0.6), p50: 3.5 },
  });
  expect(measuresOf(answers.slice(0, 3), 3)).toMatchObject({ hit: { 1: 1 / 3, 3: 1 / 3 }, p50: 3 });
  const near = (...similarities: number[]) => similarities.map((similarity, id) => ({ id: `${id}`, similarity }));
  expect(recallOf(near(0.9, 0.8, 0.5), near(0.9, 0.5, 0.4))).toBeCloseTo(2 / 3);
  expect(recallOf(near(0.9, 0.8, 0.5), near(0.9))).toBeCloseTo(1 / 3);
  expect(recallOf([], [])).toBe(1);
});
