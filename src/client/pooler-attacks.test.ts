/**
 * What a client leaves on a pooled session acts in the transactions of the next, signed mode or not, unless
 * PgBouncer resets the session: each attack is seen to work where it does not.
 */
import { readFileSync } from 'node:fs';
import postgres, { type Sql } from 'postgres';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Outcome, orCode, type Poisoning, poisonings, search, values } from '../../db/tests/engine/poisonings.js';
import { forTenant, needs, openSession, poolOptions, type Session } from '../../db/tests/engine/session.js';
import { type TokenSigner, tokenSigner } from './token.js';

const engine = inject('engine');
const titled = poisonings.map((poisoning) => [poisoning.title, poisoning] as const);
const { poolerUrl = '', resettingPoolerUrl = '' } = engine;
let session: Session;
let signer: TokenSigner;
let opened: Sql[] = [];

function open(url: string): Sql {
  const sql = postgres(url, { ...poolOptions, max: 1, onnotice: () => {} });
  opened.push(sql);
  return sql;
}
function onConsole(url: string, statement: string) {
  const login = new URL(engine.adminUrl);
  login.port = new URL(url).port;
  login.pathname = '/pgbouncer';
  return open(login.href).unsafe(statement);
}
beforeAll(async () => {
  if (!engine.poolerUrl) return;
  session = await openSession(engine);
  await session.admin(async (sql) => {
    await sql`select tests.seed()`;
    const [key] = await sql`select ragwall.add_signing_key('pooler-attacks') as jwk`;
    signer = tokenSigner(key?.jwk);
    await sql`revoke execute on function ragwall.set_tenant(text) from app_user`;
  });
});
afterAll(async () => {
  if (!engine.poolerUrl) return;
  await session.admin(async (sql) => {
    await sql`grant execute on function ragwall.set_tenant(text) to app_user`;
    await sql`select ragwall.retire_signing_key('pooler-attacks')`;
    await sql`delete from ragwall.documents`;
  });
  await session.end();
});
beforeEach((context) => needs(context, engine, ['docker'], 'PgBouncer'));
afterEach(async () => {
  if (!engine.poolerUrl) return;
  await onConsole(poolerUrl, 'reconnect'); // nobody gets these sessions after us
  await Promise.all(opened.map((sql) => sql.end()));
  opened = [];
  await session.admin(async (sql) => {
    await sql`revoke temporary on database ragwall from app_user`;
    await sql`alter database ragwall reset ragwall.residue`;
  });
});

/** Poisons the session that both share, and returns what came of it. */
async function strike(url: string, { poison, got }: Poisoning): Promise<Outcome> {
  // Of the pool's five server connections four are busy: whoever comes gets the fifth.
  await Promise.all([1, 2, 3, 4].map(() => open(url).unsafe('begin')));
  const mallory = open(url);
  const victim = open(url);
  const clients = { mallory, acme: forTenant(victim, 'acme', { signer }), apart: session };
  const share = async () => {
    const [one, other] = [mallory, victim].map((sql) => values(sql, 'select pg_backend_pid()'));
    expect(await one).toEqual(await other);
  };
  // Twice: PgBouncer may close a session that is due for it when the first is over.
  for (let turn = 0; turn < 2; turn += 1) expect(await search(clients.acme)).toHaveLength(3);
  await share();
  await poison(clients);
  const answer = await orCode(search(clients.acme));
  const outcome = { answer, got: await got(clients) };
  await share();
  return outcome;
}

const withoutCheck = () => session.admin((sql) => sql`alter database ragwall set ragwall.residue = 'allow'`);

describe('through PgBouncer with its defaults', () => {
  it.each(titled)('%s', async (_, poisoning) => {
    await withoutCheck();
    expect(await strike(poolerUrl, poisoning)).toEqual(poisoning.works);
  });

  it.each(titled)('unless the session is checked: %s', async (_, poisoning) => {
    const { works, checked = works } = poisoning;
    expect(await strike(poolerUrl, poisoning)).toEqual(checked);
  });
});

describe('through PgBouncer that resets, without that check, not:', () => {
  it.each(titled)('%s', async (_, poisoning) => {
    await withoutCheck();
    expect(await strike(resettingPoolerUrl, poisoning)).toEqual(poisoning.closed);
  });
});

it('nobody may make temporary objects', async () => {
  await expect(session.app`create domain pg_temp.jsonb as pg_catalog.jsonb`).rejects.toMatchObject({
    code: '42501',
    message: 'permission denied to create temporary tables in database "ragwall"',
  });
});

it('db/pgbouncer.ini has the settings of the one that resets', async () => {
  const ini = readFileSync(new URL('../../db/pgbouncer.ini', import.meta.url), 'utf8');
  const shipped = Object.fromEntries([...ini.matchAll(/^(\w+) = (.*)$/gm)].map(([, key, value]) => [key, value]));
  const running = await onConsole(resettingPoolerUrl, 'show config');
  const keys = ['pool_mode', 'server_reset_query', 'server_reset_query_always', 'auth_type'];
  for (const key of keys) {
    expect(shipped).toHaveProperty(key, running.find((row) => row.key === key)?.value);
  }
});
