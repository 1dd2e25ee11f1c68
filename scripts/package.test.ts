/** What npm installs of this package: three packages, small, that compile strictly and run, with nothing else beside them. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { root } from '../db/tests/engine/migrations.js';

const repository = fileURLToPath(root);
const minute = 60_000;
const run = async (cwd: string, command: string, ...args: string[]) =>
  (await promisify(execFile)(command, args, { cwd, timeout: 3 * minute })).stdout;

let folder: string;
let unreachable: string | undefined;
beforeAll(async () => {
  unreachable = await run(repository, 'npm', 'view', 'postgres', 'version', '--fetch-retries=0').then(
    () => undefined,
    () => 'needs the npm registry: it cannot be reached',
  );
  if (unreachable) return;
  folder = await mkdtemp(join(tmpdir(), 'ragwall-package-'));
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const packed = await run(repository, 'npm', 'pack', '--json', '--pack-destination', folder);
  const [{ filename }] = JSON.parse(packed.slice(packed.lastIndexOf('\n[') + 1));
  await run(folder, 'npm', 'install', `./${filename}`, 'postgres');
}, 5 * minute);
afterAll(() => folder && rm(folder, { recursive: true }));
beforeEach((context) => {
  if (unreachable) context.skip(unreachable);
});

it('is three packages of little more than 2 MB', async () => {
  const lock = JSON.parse(await readFile(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
  expect(Object.keys(lock.packages)).toEqual(['jose', 'postgres', 'ragwall'].map((name) => `node_modules/${name}`));
  const files = await readdir(join(folder, 'node_modules'), { recursive: true });
  const sizes = await Promise.all(files.map((file) => stat(join(folder, 'node_modules', file))));
  const bytes = sizes.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
  expect(bytes).toBeLessThan(2_500_000);
});

/** A program that uses every export of the package. */
const program = `
import postgres from 'postgres';
import {
  assertIsolation, connect, deleteDocuments, lexicalEmbedder, matchDocuments, openaiEmbedder, RagwallError, searchWords, semanticEmbedder, setTenant,
  tokenSigner, upsertDocuments, vectorText,
  type BatchOptions, type ConnectOptions, type Deletion, type DocumentKey, type DocumentPlace, type DriverOptions, type Embedder, type Filter, type HybridMatch, type HybridOptions, type IsolationCheck, type IsolationOptions,
  type JsonObject, type Match, type MatchOptions, type Neighbour, type NewDocument, type OpenAIEmbedderOptions,
  type OpenAIEmbeddings, type Ragwall, type RagwallErrorCode, type RefusedDocument, type StoredDocument, type Tenant, type TenantTransaction,
  type TokenSigner, type Undetermined, type UpsertCounts, type UpsertOptions, type Vector, type WordMatch, type WordOptions,
} from 'ragwall';

const url = 'postgres://nobody@127.0.0.1:1/none';
export const sql = postgres(url);
const isolation: IsolationOptions = { accept: ['O01'] satisfies IsolationCheck[] };
export const undetermined = (): Promise<readonly Undetermined[]> => assertIsolation(sql, isolation);

const signer: TokenSigner = tokenSigner(
  JSON.stringify({ kty: 'oct', alg: 'HS256', kid: 'k', aud: 'ragwall', k: 'A'.repeat(43) }),
);
const driver: DriverOptions = { connection: { application_name: 'program' } };
const options: ConnectOptions = { max: 4, signer, driver };
const ragwall: Ragwall = connect(url, options);
const acme: Tenant = ragwall.forTenant('acme');

const client: OpenAIEmbeddings = {
  embeddings: {
    create: async ({ input }) => ({ data: input.map((_, index) => ({ index, embedding: [1] })) }),
  },
};
const openai: OpenAIEmbedderOptions = { model: 'm', dimensions: 1, batchSize: 2 };
const embedders: Embedder[] = [lexicalEmbedder({ dimensions: 8 }), openaiEmbedder(client, openai)];
const vectors = await Promise.all(embedders.map((embedder) => embedder.embed(['a text'])));
export const [vector = []]: readonly Vector[] = vectors[0] ?? [];

const metadata: JsonObject = { department: 'finance' };
const filter: Filter = { department: 'finance', $or: [{ year: { $gte: 2025 } }, { year: { $exists: false } }] };
const words: WordOptions = { k: 5, filter };
const match: MatchOptions = { ...words, around: 1 };
const hybrid: HybridOptions = { ...match, text: 'a text', weight: 0.5 };
const key: DocumentKey = { source: 'faq.md', position: 0 };
const documents: NewDocument[] = [{ ...key, content: 'a text', metadata }];
const deletion: Deletion = { source: 'faq.md', fromPosition: 1 };
const places: DocumentPlace[] = [];
const batches: BatchOptions = {
  batchSize: 10,
  onBatch: (stored: readonly StoredDocument[], refused: readonly RefusedDocument[]) =>
    void places.push(...stored, ...refused.map(({ document }) => document)),
};
const upsert: UpsertOptions = { ...batches, embedder: lexicalEmbedder({ dimensions: 8 }), onError: 'skip' };

export const semantic = (): Promise<Embedder> => semanticEmbedder();
export const text: string = vectorText([1, 2], 2);
export const changes = (): Promise<number> => acme.catchUp(1_000);
export const placeOf = ({ source, position }: Match): [string | null, number | null] => [source, position];
export const scores = async (): Promise<number[]> =>
  (await acme.matchDocuments(vector, hybrid)).map(({ words, score }: HybridMatch) => words + score);
export const spelled = (): Promise<WordMatch[]> => acme.searchWords('a text', words);
export const beside = ({ before = [], after = [] }: Match): readonly Neighbour[] => [...before, ...after];
export const counts = (): Promise<UpsertCounts> => acme.upsertDocuments(documents, upsert);
export const found = (): Promise<Match[]> =>
  acme.transaction(async (tx: TenantTransaction) => {
    await tx.deleteDocuments(deletion);
    await tx.upsertDocuments(documents, batches);
    await tx.sql\`select 1\`;
    return tx.matchDocuments(vector, match);
  });
export const plain = (): Promise<number> =>
  sql.begin(async (tx) => {
    await setTenant(tx, 'acme', signer);
    await upsertDocuments(tx, documents);
    await matchDocuments(tx, vector, 5, filter);
    await matchDocuments(tx, vector, hybrid);
    await searchWords(tx, 'a text', words);
    return deleteDocuments(tx, deletion);
  });

const refused: unknown = await found().catch((error: unknown) => error);
const code: RagwallErrorCode | undefined = refused instanceof RagwallError ? refused.code : undefined;
console.log(code ?? (refused as { code?: string }).code, vector.length, vectorText([1]));
await ragwall.close();
await sql.end();
`;

it('compiles under tsc --strict, libraries checked, with the types of postgres and node alone', async () => {
  const declared = await readFile(join(folder, 'node_modules/ragwall/dist/index.d.ts'), 'utf8');
  const names = declared.replace(/\/\*.*?\*\//gs, '').match(/(?<=[{,] (?:type )?)\w+(?=,? )/g);
  expect(names?.length).toBeGreaterThan(30);
  expect(names?.filter((name) => !new RegExp(`\\b${name}\\b`).test(program))).toEqual([]);

  await writeFile(join(folder, 'program.ts'), program);
  await mkdir(join(folder, 'node_modules/@types'));
  await symlink(fileURLToPath(new URL('node_modules/@types/node', root)), join(folder, 'node_modules/@types/node'));
  const options = '--strict --target es2023 --module nodenext --types node';
  for (const more of [[], ['--exactOptionalPropertyTypes']]) {
    await run(folder, join(repository, 'node_modules/.bin/tsc'), ...options.split(' '), ...more, 'program.ts').catch(
      ({ stdout }) => expect.fail(stdout),
    );
  }
  expect(await run(folder, process.execPath, 'program.js')).toBe('ECONNREFUSED 8 [1]\n');
});

it('npx ragwall --version prints the version', async () => {
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
  expect(await run(folder, 'npx', 'ragwall', '--version')).toBe(`${version}\n`);
});
