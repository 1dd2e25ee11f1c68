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
  ['client/rows', 'rows are not checked', 'if (!rows.every(isOwn) ||', 'if ('],
  ['client/rows', 'one row that fits is enough', '!rows.every(isOwn)', '!rows.some(isOwn)'],
  ['client/rows', 'rows are compared with what the database says', '(tenant ?? bound)', 'bound'],
  [
    'client/rows',
    'foreign rows are dropped in silence',
    'return rows.filter(([, own]) => own !== null);',
    'return rows.filter(([, own]) => own === tenant);',
  ],
  ['client/rows', 'holes of the driver are rows', 'received.filter(() => true)', 'Array.from(received)'],
  [
    'client/rows',
    'foreign rows are swallowed',
    '(rows.length === 0 && !single)) throw foreignRow();',
    '(rows.length === 0 && !single)) void foreignRow();',
  ],
  ['client/rows', 'no answer is an empty one', 'if (!received.command)', 'if (!received)'],
  ['client/rows', 'transforms of the driver reach the rows', 'await query.raw()', 'await query.values()'],
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
    '\n        token === undefined\n',
    "\n        token !== 'never'\n",
  ],
  [
    'client/tenant',
    'the filter of a search on a pool is lost',
    'search_as(${tenant}, ${vector}, ${k}, ${filter}::',
    'search_as(${tenant}, ${vector}, ${k}, ${null}::',
  ],
  [
    'client/tenant',
    'the filter of a signed search is lost',
    'search_with_token(${token}, ${vector}, ${k}, ${filter}::',
    'search_with_token(${token}, ${vector}, ${k}, ${null}::',
  ],
  [
    'client/tenant',
    'the filter of a search in a transaction is lost',
    'ragwall.match_documents(\n          ${vector}, ${k}::integer, ${filter}::',
    'ragwall.match_documents(\n          ${vector}, ${k}::integer, ${null}::',
  ],
  [
    'client/search',
    'found rows are not checked',
    'checkRows(rows, scope.tenant, scope.single).map((row) => ({\n    ...',
    'rows.map((row) => ({\n    ...',
  ],
  [
    'client/search',
    'a search is for any tenant',
    'checkRows(rows, scope.tenant, scope.single).map((row) => ({\n    ...',
    'checkRows(rows, undefined, scope.single).map((row) => ({\n    ...',
  ],
  [
    'client/search',
    'rows found by words are not checked',
    'checkRows(rows, scope.tenant, scope.single).map((row) => ({ ...',
    'rows.map((row) => ({ ...',
  ],
  ['client/search', 'neighbours are of any tenant', 'n.tenant_id = bound.tenant', 'bound.tenant is not null'],
  [
    'client/search',
    'neighbours are not checked',
    'if (rows.some(([tenant]) => tenant !== own)) throw',
    'if (!own) throw',
  ],
  [
    'client/search',
    'neighbours need not fit the filter',
    'const fits = filter === null ? sql`` :',
    'const fits = filter !== undefined ? sql`` :',
  ],
  [
    'client/search',
    'the filter of a search by both is lost',
    'const json = sql`${filter}::',
    'const json = sql`${null}::',
  ],
  [
    'client/documents',
    'stored rows are not checked',
    'return checkRows(rows, scope.tenant, false).map(',
    'return rows.map(',
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
  [
    'client/handle',
    'a call is for another tenant',
    'singleScope(connections, tenant, signer)',
    "singleScope(connections, 'acme', signer)",
  ],
  ['client/handle', 'a transaction binds no tenant', 'await setTenant(tx, tenant, signer);', 'void setTenant;'],
  [
    'client/handle',
    'a transaction is not guarded',
    'begin(connections, async (tx)',
    'connections.use(({ sql }) => sql.begin(async (tx)',
  ],
  [
    'client/handle',
    'a transaction compares rows with what the database says',
    ': transactionScope(tx, tenant)',
    ': transactionScope(tx)',
  ],
  ['client/handle', 'a handle can be changed', 'return Object.freeze<Tenant>({', 'return (<T>(x: T) => x)<Tenant>({'],
  [
    'client/connections',
    'a lost connection is leased again',
    'if (!one.lost) return this.#lend(one);',
    'return this.#lend(one);',
  ],
  ['client/connections', 'a lost connection is given back', 'const usable = !connection.lost &&', 'const usable ='],
  [
    'client/connections',
    'a connection is leased to two',
    'this.#leased.delete(connection);',
    'this.#leased.delete(connection);\n    this.#idle.push(connection);',
  ],
  ['client/connections', 'a lost connection is not told', 'tell(this.explain(error))', 'void tell'],
  ['client/connections', 'there may be any number', 'if (this.#leased.size < this.max)', 'if (this.#leased.size >= 0)'],
  [
    'client/connections',
    'a call waits for itself',
    'if (transactions.getStore()?.some(',
    'if ([{ on: this, over: true }].some(',
  ],
  ['client/connections', 'a connection out of step is leased again', '!connection.outOfStep && ', ''],
  ['client/connections', 'what waits is not told that all are closed', 'refuse(closed());', 'void refuse;'],
  [
    'client/transaction',
    'statements are sent when it is over',
    'if (over()) return Promise.reject(this.#refusal());',
    '',
  ],
  [
    'client/transaction',
    'it is over too late',
    '      over = true;\n      await this.#last;\n      if (this.#ended)',
    '      await this.#last;\n      if (this.#ended)',
  ],
  [
    'client/transaction',
    'statements do not take turns',
    'const sent = this.#last.then(async () => {',
    'const sent = Promise.resolve().then(async () => {',
  ],
  [
    'client/transaction',
    'COMMIT does not wait for statements',
    'over = true;\n      await this.#last;\n      if (above()',
    'over = true;\n      if (above()',
  ],
  ['client/transaction', 'SQL of its own does not end it', 'this.#ended ||= commands', 'commands'],
  [
    'client/transaction',
    'it ends what it never began',
    'if (above() || this.lease.isLost()) {',
    'if (this.lease.isLost()) {',
  ],
  [
    'client/transaction',
    'it goes on without its connection',
    'if (this.#ended || this.lease.isLost()) throw',
    'if (this.#ended) throw',
  ],
  [
    'client/transaction',
    'savepoints are not guarded',
    'return this.run(inner, nested, isOver, reject);',
    'return nested(inner);',
  ],
  [
    'client/transaction',
    'the driver loses count of what it could not send',
    "await this.lease.send(() => driver.unsafe('select 1')).catch(() => {});",
    '',
  ],
  ['client/statement', 'a cursor goes on when it is over', 'said.finally(() => this.#unlessLost())', 'said'],
  ['client/statement', 'what was cancelled is sent', 'if (this.#cancelled) {', 'if (this.#sent === null) {'],
  [
    'client/token',
    'a token serves every tenant',
    'kept.get(tenantId)',
    'kept.values().next().value ?? kept.get(tenantId)',
  ],
  ['client/token', 'a token is used until it expires', 'until: now + lifetime / 2', 'until: now + lifetime'],
  ['client/token', 'a short key will do', 'bytes.length < 32', 'bytes.length < 1'],
  ['client/token', 'a long lifetime will do', 'lifetime, 2, 300', 'lifetime, 2, 3000'],
  ['server/verifier-options', 'any issuer will do', '...(name === undefined && { issuer: issuers }), ', ''],
  ['server/verifier-options', 'any audience will do', '...(!instead && { audience: is })', ''],
  ['server/verifier-options', 'a token may never expire', "requiredClaims: ['exp']", 'requiredClaims: []'],
  [
    'server/verifier-options',
    'any algorithm of the key will do',
    'algorithms: [...algorithms]',
    "algorithms: [...algorithms, 'PS256', 'HS256']",
  ],
  [
    'server/verifier-options',
    'an issuer can name the tenant of another',
    'if (payload.iss !== `${before}${value}${after}`)',
    'if (payload.iss === undefined)',
  ],
  [
    'server/verifier-options',
    'what takes the place of aud may be anything',
    'return is.includes(found as string) ?',
    'return found ?',
  ],
  ['server/verifier-options', 'users can write their tenant', 'if (ofUsers.test(claim)) throw', 'if (!claim) throw'],
  [
    'server/verify',
    'any text is a tenant',
    "if (typeof tenant !== 'string' || !tenantId.test(tenant)) throw",
    "if (typeof tenant !== 'string') throw",
  ],
  ['server/verify', 'a key signs for any issuer', 'if (!mayBeOf(key, payload)) throw', 'if (!payload) throw'],
  [
    'server/verifier-options',
    'a public key may be a secret',
    '(secret ? symmetric : asymmetric).test(name)',
    'name !== undefined',
  ],
  ['server/verifier-options', 'a short secret will do', 'bytes < 32', 'bytes < 1'],
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
  ['server/admission', 'no rate is limited', 'if (rateLimiter) await', 'if (!rateLimiter) await'],
  ['server/health', 'a foreign row is forgotten', 'breached = true;', 'breached = false;'],
  ['server/turns', 'what is given up goes on', 'if (signal.aborted) return reject(signal.reason);', ''],
  [
    'server/turns',
    'a tenant keeps its turn',
    'queues.delete(tenant);\n      if (queue.size > 0)',
    'if (queue.size === 0) queues.delete(tenant);\n      if (queue.size > 0)',
  ],
  ['server/budget', 'a tenant’s requests are not added up', 'tenants.get(tenant) ??', "tenants.get('all') ??"],
  [
    'server/grounding',
    'any number is a citation',
    'named.every((number) => passages[number - 1])',
    'named.every(Boolean)',
  ],
  ['server/grounding', 'any link will do', 'if (!linksAreKnown(text, from)) refuse();', ''],
  ['server/grounding', 'invisible characters are sent', "held = visible(held + (text ?? ''));", "held += text ?? '';"],
  ['server/grounding', 'what was split is not checked', 'check(whole, 0); // again', 'void check; // again'],
  ['server/grounding', 'an answer may cite nothing', 'if (cited.size === 0) throw', 'if (cited.size < 0) throw'],
  ['server/answer', 'a passage can close its marks', ".replaceAll('<', '\\\\u003c')", ''],
  ['server/rerank', 'a reranker gets what is returned', 'structuredClone(passages)', 'passages'],
  ['server/rerank', 'a passage may come twice', 'new Set(order).size === order.length', 'order.length >= 0'],
  ['server/rerank', 'a reranker is waited for', 'await untilAborted(signal, asked)', 'await asked'],
  [
    'server/words',
    'a search by words that were disabled fails',
    "!withWords || Object(error).code !== 'RW110'",
    'error',
  ],
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
