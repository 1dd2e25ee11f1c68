/** Mutants of the client and the service: each replaces a text in a copy of the sources. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are of sources
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../../../db/tests/engine/engine.js';
import { root } from '../../../db/tests/engine/migrations.js';
import type { Mutant } from './mutant.js';
import { clientTests, firstFailingTest } from './typescript.js';

interface ClientMutant extends Mutant {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const breaks: readonly (readonly [file: string, name: string, find: string, replace: string])[] = [
  ['client/tenant', 'rows are not checked', 'typeof tenantOf(row) ===', "true || '' ==="],
  ['client/tenant', 'one row that fits is enough', '!rows.every((row) => typeof', '!rows.some((row) => typeof'],
  [
    'client/tenant',
    'one found row that fits is enough',
    '!rows.every((row) => row.tenantId',
    '!rows.some((row) => row.tenantId',
  ],
  ['client/tenant', 'rows are compared with what the database says', '(tenant ?? row.bound)', 'row.bound'],
  [
    'client/tenant',
    'foreign rows are dropped in silence',
    'withoutHoles(received);\n  const tenantOf',
    'withoutHoles(received).filter((row) => row.tenantId === (tenant ?? row.bound));\n  const tenantOf',
  ],
  [
    'client/tenant',
    'foreign found rows are dropped in silence',
    'withoutHoles(received);\n  if (tenant',
    'withoutHoles(received).filter((row) => row.tenantId === tenant);\n  if (tenant',
  ],
  ['client/tenant', 'holes of the driver are rows', 'received.filter(() => true)', 'Array.from(received)'],
  ['client/tenant', 'foreign rows are swallowed', 'throw foreignRow();\n  }', 'void foreignRow();\n  }'],
  [
    'client/tenant',
    'foreign found rows are swallowed',
    'throw foreignRow();\n  return',
    'void foreignRow();\n  return',
  ],
  ['client/statement', 'no answer is an empty one', 'if (!rows.command)', 'if (!rows)'],
  ['client/tenant', 'a tenant may have spaces', '/^[!-~]{1,128}$/', '/^[ -~]{1,128}$/'],
  ['client/tenant', 'a tenant may end with a line', '/^[!-~]{1,128}$/.test(tenant)', '/^[!-~]{1,128}$/m.test(tenant)'],
  ['client/tenant', 'a tenant may be empty', '/^[!-~]{1,128}$/', '/^[!-~]{0,128}$/'],
  ['client/tenant', 'a tenant may be no text', "typeof tenant !== 'string' || ", ''],
  ['client/tenant', 'the token is not sent', 'return token === undefined', "return token !== 'never'"],
  ['client/tenant', 'a search is for another tenant', 'search_as(${tenant},', "search_as(${'acme'},"],
  [
    'client/tenant',
    'a search on a pool binds no tenant',
    'ragwall.search_as(${tenant}, ${vector}, ${k},',
    'ragwall.match_documents(${vector}, ${k}::integer,',
  ],
  [
    'client/tenant',
    'the token is not sent with a search',
    '\n      token === undefined\n',
    "\n      token !== 'never'\n",
  ],
  [
    'client/tenant',
    'the filter of a search on a pool is lost',
    'search_as(${tenant}, ${vector}, ${k}, ${filter})',
    'search_as(${tenant}, ${vector}, ${k}, null)',
  ],
  [
    'client/tenant',
    'the filter of a signed search is lost',
    'search_with_token(${token}, ${vector}, ${k}, ${filter})',
    'search_with_token(${token}, ${vector}, ${k}, null)',
  ],
  [
    'client/tenant',
    'the filter of a search in a transaction is lost',
    '${k}::integer, ${filter})',
    '${k}::integer, null)',
  ],
  ['client/tenant', 'the driver keeps its pipeline', 'max_pipeline: 1_000_000,', ''],
  ['client/tenant', 'the driver keeps its time-out', 'connect_timeout: 5,', ''],
  ['client/tenant', 'the first message is short', 'Array<string>(50)', 'Array<string>(1)'],
  ['client/tenant', 'the wait to connect grows', 'Math.min(3 ** failed / 100, 1)', 'Math.min(3 ** failed / 100, 20)'],
  ['client/documents', 'rows that a search on a pool found are not checked', 'checkFound(rows, tenant)', '[...rows]'],
  ['client/documents', 'a search on a pool is for any tenant', 'checkFound(rows, tenant)', 'checkFound(rows)'],
  [
    'client/documents',
    'found rows are not checked',
    'return checkRows(rows, tenant).map(({ bound: _, ...found })',
    'return rows.map(({ bound: _, ...found })',
  ],
  [
    'client/documents',
    'stored rows are not checked',
    'return checkRows(rows, tenant).map(({ id, status })',
    'return rows.map(({ id, status })',
  ],
  [
    'client/documents',
    'what is stored does not wait for the tenant',
    'case when bound.tenant is not null then ${json}',
    'case when true then ${json}',
  ],
  ['client/vector', 'a question outgrows half precision', 'Math.max(0, 29 -', 'Math.max(0, 31 -'],
  [
    'client/vector',
    'each number of a question is scaled by itself',
    '29 - (largest >>> 10)',
    '29 - ((bits[0] as number) >>> 10)',
  ],
  ['client/handle', 'a call is for another tenant', 'poolScope(sql, tenant, signer)', "poolScope(sql, 'acme', signer)"],
  ['client/handle', 'a transaction binds no tenant', 'await setTenant(tx, tenant, signer);', 'void setTenant;'],
  [
    'client/handle',
    'a transaction is not guarded',
    'guardedBegin(sql, async (tx)',
    '((s: Sql, f: (tx: TransactionSql) => Promise<never>) => s.begin(f) as Promise<never>)(sql, async (tx: TransactionSql)',
  ],
  [
    'client/handle',
    'a transaction compares rows with what the database says',
    'transactionScope(tx, tenant)',
    'transactionScope(tx)',
  ],
  ['client/handle', 'a handle can be changed', 'return Object.freeze<Tenant>({', 'return (<T>(x: T) => x)<Tenant>({'],
  [
    'client/transaction',
    'statements are sent when it is over',
    'if (!isOpen()) throw refusal();\n        pending.add(sent);',
    'pending.add(sent);',
  ],
  [
    'client/transaction',
    'savepoints begin when it is over',
    'if (!isOpen()) throw refusal();\n          const nested',
    'const nested',
  ],
  ['client/transaction', 'it is never over', 'settled = true;', 'settled = false;'],
  ['client/transaction', 'another’s connection counts', '!!reserved && connection.reserved === reserved', '!!reserved'],
  ['client/transaction', 'a lost connection is not told', 'for (const query of pending) query.reject(error);', ''],
  [
    'client/transaction',
    'it ends whosever transaction there is',
    'const mayEnd = () => hasConnection();',
    'const mayEnd = () => true;',
  ],
  [
    'client/transaction',
    'a savepoint ends whosever transaction there is',
    'nested(guard(inner)), isOpen, reject',
    'nested(guard(inner)), () => true, reject',
  ],
  [
    'client/transaction',
    'what came while its connection was reset gets the next answers',
    'onclose?.(error);\n        connection.terminate();',
    'onclose?.(error);',
  ],
  [
    'client/transaction',
    'BEGIN goes on when its connection was reset',
    'connection.onclose = () => connection.terminate();',
    'connection.onclose = null;',
  ],
  [
    'client/statement',
    'a statement waits when its connection was reset',
    'connection.onclose ??= () => connection.terminate();\n    return false;',
    'return false;',
  ],
  [
    'client/transaction',
    'statements are sent before the one before is answered',
    'execute(query);\n        return false;',
    'return execute(query);',
  ],
  ['client/transaction', 'a cursor goes on when it is over', 'settle(() => said, hasConnection, ignore)', 'said'],
  ['client/transaction', 'what was cancelled has its turn for good', '(reserved as () => void)();', ''],
  ['client/transaction', 'it waits when SQL of its own has ended it', 'if (!hasConnection()) abandon(refusal());', ''],
  ['client/transaction', 'it ends what it never began', 'hasConnection = () => false; // until', '// until'],
  ['client/transaction', 'savepoints are not guarded', 'nested(guard(inner))', 'nested(inner)'],
  [
    'client/transaction',
    'a file is sent without asking',
    'watch(query, async (sent) => {',
    '((q: unknown, _: unknown) => q)(query, async (sent: Query) => {',
  ],
  [
    'client/token',
    'a token serves every tenant',
    'kept.get(tenantId)',
    'kept.values().next().value ?? kept.get(tenantId)',
  ],
  ['client/token', 'a token is used until it expires', 'until: now + lifetime / 2', 'until: now + lifetime'],
  ['client/token', 'a short key will do', 'bytes.length < 32', 'bytes.length < 1'],
  ['client/token', 'a long lifetime will do', 'lifetime, 2, 300', 'lifetime, 2, 3000'],
  [
    'server/verify',
    'any issuer will do',
    '{ ...expected, algorithms',
    '{ ...expected, issuer: [] as never, algorithms',
  ],
  [
    'server/verify',
    'any audience will do',
    '{ ...expected, algorithms',
    '{ ...expected, audience: undefined as never, algorithms',
  ],
  ['server/verify', 'a token may never expire', "requiredClaims: ['exp']", 'requiredClaims: []'],
  [
    'server/verify',
    'any algorithm of the key will do',
    '[...expected.algorithms]',
    "[...expected.algorithms, 'PS256', 'HS256']",
  ],
  [
    'server/verify',
    'any text is a tenant',
    "if (typeof tenant !== 'string' || !tenantId.test(tenant)) throw unauthenticated('no tenant');\n    return tenant;",
    'return tenant as string;',
  ],
  [
    'server/verify',
    'a public key may be a secret',
    '(secret ? symmetric : asymmetric).test(name)',
    'name !== undefined',
  ],
  ['server/verify', 'a short secret will do', 'bytes < 32', 'bytes < 1'],
  [
    'server/authenticate',
    'a header names the tenant',
    '= await verify(token);',
    "= headers.get('x-tenant-id') ?? (await verify(token));",
  ],
  ['server/authenticate', 'what verifies is believed', 'return handleOf(tenantId);', 'return { tenantId } as Tenant;'],
  [
    'server/rate-limit',
    'a limiter that fails lets pass',
    "if (reason instanceof Error || typeof wait !== 'number') {",
    "if (reason instanceof Error) return;\n    if (typeof wait !== 'number') {",
  ],
  ['server/rate-limit', 'tenants share their rate', 'consume(tenant).catch', "consume('all').catch"],
  ['server/app', 'no rate is limited', 'if (rateLimiter) await', 'if (!rateLimiter) await'],
  ['server/health', 'a foreign row is forgotten', 'breached = true;', 'breached = false;'],
  ['server/turns', 'what is given up goes on', 'signal.throwIfAborted();\n        return result;', 'return result;'],
  ['server/grounding', 'any number is a citation', 'if (!passages[number - 1]) refuse();', ''],
  ['server/grounding', 'any link will do', '.some((link) => !known.has(link))', '.some(() => false)'],
  ['server/grounding', 'an answer may cite nothing', 'if (cited.size === 0) throw', 'if (cited.size < 0) throw'],
  ['server/answer', 'a passage can close its marks', ".replaceAll('<', '\\\\u003c')", ''],
  ['server/answer', 'a model is asked about nothing', 'if (matches.length === 0) return unanswered;', ''],
];

export const clientMutants: readonly ClientMutant[] = breaks.map(([file, name, find, replace]) => ({
  kind: 'client',
  name: `${file}.ts: ${name}`,
  statement: `in src/${file}.ts: ${find} → ${replace}`,
  file: `src/${file}.ts`,
  find,
  replace,
}));

/** Runs `use` with the path of a copy of the sources. */
export async function onCopy<T>(use: (copy: string) => Promise<T>): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), 'ragwall-mutant-'));
  try {
    // tsconfig.json too, because its `paths` lead to the sources beside it.
    for (const name of ['src', 'db', 'scripts', 'tsconfig.json']) {
      await cp(fileURLToPath(new URL(name, root)), join(copy, name), { recursive: true });
    }
    for (const name of ['node_modules', 'package.json', '.gmrc']) {
      await symlink(fileURLToPath(new URL(name, root)), join(copy, name));
    }
    return await use(copy);
  } finally {
    await rm(copy, { recursive: true });
  }
}

const isOf = (file: string, test: string) => test === file.replace('.ts', '.test.ts');

/** Returns the first test that fails on the broken sources. @throws Error if the text is not there exactly once. */
export async function clientKiller(
  engine: Engine,
  copy: string,
  { name, file, find, replace }: ClientMutant,
): Promise<string | undefined> {
  const path = join(copy, file);
  const source = await readFile(path, 'utf8');
  if (source.split(find).length !== 2) {
    throw new Error(`${name}: ${file} is expected to have once: ${find}`);
  }
  await writeFile(
    path,
    source.replace(find, () => replace),
  );
  try {
    const ownFirst = clientTests.toSorted((a, b) => Number(isOf(file, b)) - Number(isOf(file, a)));
    return await firstFailingTest(engine, ownFirst, copy);
  } finally {
    await writeFile(path, source);
  }
}
