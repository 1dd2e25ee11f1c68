/**
 * Runs the hostile statements of hostile/*.sql as app_user, in each mode, with the attacker's own tenant bound and with
 * none. None affects other tenants, except as a comment above the statement says.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { needs, openSession, poolOptions, type Session } from './engine/session.js';
import { type Attack, corpus, fingerprints, guesses, tokens } from './hostile/corpus.js';

const engine = inject('engine');
const naming = 'execute on function ragwall.set_tenant(text)';
const modes = {
  trusting: ['select', 'select'],
  signed: [`revoke ${naming} from app_user, app_reader`, `grant ${naming} to app_user, app_reader`],
  // The control: the same statements without row-level security.
  open: ['disable', 'enable'].map((word) =>
    ['ragwall.documents', 'ragwall_search.directory', 'ragwall_search.tail']
      .map((table) => `alter table ${table} ${word} row level security`)
      .join('; '),
  ),
} as const;
const marker = randomBytes(8).toString('hex');

let session: Session;
let wire: Server;
let attacker: Sql;
let victim: Sql;
let mode: keyof typeof modes;
let heard: Buffer[] = [];
let secrets: string[] = [];
let jwk = '';
const minted: Record<string, string> = {};
let before: Record<string, string> = {};
let lastWritten = '';

const dba = (statements: string) => session.admin((sql) => sql.unsafe(statements));

/** Stores documents of nine tenants. All but the attacker's contain the marker, and acme has one more than the others. */
const seed = () =>
  dba(`
    delete from ragwall.documents;
    select tests.seed();
    insert into ragwall.documents (tenant_id, id, source, position, content, embedding, embedding_model)
    values ('acme', tests.id(1000), 'acme.md', 0, 'acme secret 1000', tests.vec(0), 'test');
    update ragwall.documents
    set created_at = '2026-01-01', content = content || right(' ${marker}', 17 * marked),
      metadata = metadata || jsonb_build_object('marker', right('${marker}', 16 * marked))
    from (select tenant_id as tenant, (tenant_id <> 'globex')::integer as marked from ragwall.documents group by 1) as m
    where tenant_id = tenant;
    delete from ragwall_search.tail;
  `);

/** Returns the statements with which the application begins a transaction of a tenant in this mode. */
const begin = (tenant: 'acme' | 'globex') =>
  mode === 'signed'
    ? `begin; select ragwall.set_tenant_from_token('${minted[tenant === 'acme' ? 'stolen' : 'own']}');`
    : `begin; select ragwall.set_tenant('${tenant}');`;

/** Returns whether a transaction of acme on this connection reads acme's documents and no others. */
async function readsAcme(sql: Sql): Promise<boolean> {
  const results = await sql.unsafe(
    `${begin('acme')} select tenant_id || right(id::text, 4) as row from ragwall.documents order by id; commit`,
  );
  const rows = (results as unknown as { row: string }[][])[2]?.map(({ row }) => row);
  return rows?.join() === 'acme0000,acme0001,acme0002,acme1000';
}

/** Runs the attacker's script in one message, and returns every byte that the server answers. */
async function attack(sql: string, bound: boolean): Promise<string> {
  await attacker.unsafe(bound ? begin('globex') : 'begin');
  heard = [];
  const result: unknown = await attacker
    .unsafe(sql)
    .simple()
    .catch(() => {});
  if (result instanceof Readable) for await (const _ of result);
  await attacker.unsafe('commit').catch(() => {});
  return Buffer.concat(heard).toString('latin1');
}

/** Returns whether the next client of the attacker's session reads its own documents or is refused. */
async function nextReads(): Promise<boolean> {
  const right = mode === 'open' || (await readsAcme(attacker).catch(() => attacker.unsafe('rollback')));
  await attacker.unsafe('discard all').catch(() => {});
  return Boolean(right);
}

/** Returns whether a client on another connection reads its own documents. Its last statement contains the marker. */
async function victimReads(): Promise<boolean> {
  const right = mode === 'open' || (await readsAcme(victim));
  await victim.unsafe(`select 'a client that writes ${marker} into its statement'`);
  return right;
}

const written = async () => (await dba('select pg_snapshot_xmax(pg_current_snapshot())::text as next'))[0]?.next;

/** Returns the same, and tries again if the attacker has ended the session of this client. */
async function victimIsRight(tries = 4): Promise<boolean> {
  try {
    return await victimReads();
  } catch (error) {
    if (tries === 1) throw error;
    await sleep(10); // the driver drops statements that are sent before it notices the lost connection
    return victimIsRight(tries - 1);
  }
}

/** Returns which of documents and catalog have changed, and restores them; undefined if no transaction wrote anything. */
async function changes(): Promise<string[] | undefined> {
  if ((await written()) === lastWritten) return;
  const [after] = await dba(fingerprints);
  const found = ['victims', 'catalog'].filter((what) => after?.[what] !== before[what]);
  if (after?.victims !== before.victims || after?.own !== before.own) await seed();
  if (found.includes('catalog')) {
    const { username, password } = new URL(engine.appUrl as string);
    await dba(`alter role ${username} reset all; alter role ${username} password '${password}'`);
    [before = {}] = await dba(fingerprints); // the new password has another salt
  }
  lastWritten = await written();
  return found;
}

/**
 * Returns the outcome of an attack: 'nothing', or some of: reads (others' documents or keys), writes (others' documents),
 * alters (the catalog), tells (another answer to a right guess than to a wrong one), misleads (a later client).
 */
async function outcomeOf({ sql }: Attack, bound: boolean): Promise<string> {
  const found = new Set<string>();
  const answers = new Set<string>();
  const guessed = Object.keys(guesses).filter((name) => sql.includes(`:'${name}'`));
  for (const right of guessed.length ? [0, 1] : [0]) {
    const text = sql.replace(/:'(\w+)'/g, (_, name) => `'${guesses[name]?.[right] ?? minted[name]}'`);
    const answer = await attack(text, bound);
    if (secrets.some((secret) => answer.includes(secret))) found.add('reads');
    answers.add(guessed.reduce((text, name) => text.replaceAll(guesses[name]?.[right] as string, '?'), answer));
    const changed = await changes();
    if (changed?.includes('victims')) found.add('writes');
    if (changed?.includes('catalog')) found.add('alters');
    if (!(await nextReads())) found.add('misleads');
    if ((changed || /terminate/.test(sql)) && !(await victimIsRight())) found.add('misleads');
  }
  if (answers.size > 1 && !found.has('reads')) found.add('tells');
  return [...found].join(' and ') || 'nothing';
}

function expected({ outcomes }: Attack, bound: boolean): string | undefined {
  const both = mode === 'open' ? undefined : (outcomes.get('both') ?? 'nothing');
  return outcomes.get(`${mode} ${bound ? 'bound' : 'unbound'}`) ?? outcomes.get(mode) ?? both;
}

beforeEach((context) => needs(context, engine, ['docker', 'url'], 'a login that is no superuser'));
beforeAll(async () => {
  if (!engine.appUrl) return;
  session = await openSession(engine, 1);
  victim = session.app;
  const target = new URL(engine.appUrl);
  const { port, hostname } = target;
  wire = createServer((client) => {
    const server = connect(Number(port || 5432), hostname);
    server.on('data', (bytes) => heard.push(bytes));
    for (const socket of [client, server]) socket.on('error', () => {});
    client.pipe(server).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(wire, 'listening');
  target.host = `127.0.0.1:${(wire.address() as AddressInfo).port}`;
  attacker = postgres(target.href, {
    ...poolOptions,
    max: 1,
    connection: { statement_timeout: 2_000 },
  });
  await seed();
  // Every tenant gets a search table, as if it were large.
  await dba('set ragwall.search_table_from = 3; set jit = off');
  for (const { index_plan } of await dba('select ragwall.index_plan()')) await dba(index_plan);
  const [key] = await dba("select ragwall.add_signing_key('hostile') as jwk");
  jwk = key?.jwk;
  const keys = await dba(`
    select inner_key as key from ragwall_private.seal_key union all select outer_key from ragwall_private.seal_key
    union all select inner_pad from ragwall_private.signing_key
    union all select outer_pad from ragwall_private.signing_key
  `);
  const binary = keys.map(({ key }) => key as Buffer).concat(Buffer.from(marker));
  // Keys in hexadecimal, and as the server prints constants in debug output.
  secrets = [marker, ...binary.flatMap((key) => [key.toString('hex'), new Int8Array(key).join(' ')])];
});
afterAll(async () => {
  if (!engine.appUrl) return;
  await dba("select tests.clear(), ragwall.retire_signing_key('hostile')");
  await dba('select lo_unlink(oid) from pg_largeobject_metadata'); // those of the attacker
  await dba('reset all');
  await Promise.all([session.end(), attacker.end()]);
  wire.close();
});

/** Enters a mode: signs its tokens, and takes the fingerprints with which later ones are compared. */
async function enter(name: keyof typeof modes): Promise<void> {
  mode = name;
  await dba(modes[name][0]);
  const now = Math.floor(Date.now() / 1000);
  for (const [token, { header = '{"alg":"HS256","kid":"hostile"}', claims }] of Object.entries(tokens)) {
    const all = { tenant_id: 'acme', aud: JSON.parse(jwk).aud, iat: 0, exp: 290, ...claims };
    const payload = JSON.stringify(all, (claim, value) =>
      ['iat', 'exp', 'nbf'].includes(claim) && typeof value === 'number' ? value + now : (value ?? undefined),
    );
    const [row] = await session.admin(
      (sql) => sql`select tests.sign(${jwk}, ${header}, ${payload}::text::jsonb) as token`,
    );
    minted[token] = row?.token;
  }
  [before = {}] = await dba(fingerprints);
  await victimReads();
}

describe.each(Object.keys(modes) as (keyof typeof modes)[])('%s mode', (name) => {
  beforeAll(() => (engine.appUrl ? enter(name) : undefined));
  afterAll(async () => {
    if (engine.appUrl) await dba(modes[name][1]);
  });

  it.each([...corpus.keys()])('%s has no other outcomes than it declares', async (file) => {
    const surprises: string[] = [];
    const passes = mode === 'open' || /^(objects|roles|server|settings)/.test(file) ? [true] : [true, false];
    for (const bound of passes) {
      for (const attack of corpus.get(file) as Attack[]) {
        const declared = expected(attack, bound);
        if (declared === undefined) continue;
        const found = await outcomeOf(attack, bound);
        if (found !== declared) {
          surprises.push(`${attack.name}, ${bound ? '' : 'un'}bound: ${found}, not ${declared}`);
        }
      }
    }
    expect(surprises).toEqual([]);
  });
});
