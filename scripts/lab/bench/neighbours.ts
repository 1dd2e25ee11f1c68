/** What ever more neighbours do to a tenant: the same statements in two databases in turn, one of which gets neighbours. */
import type { TransactionSql } from 'postgres';
import { rolledBack } from '../../../db/tests/engine/session.js';
import { matchDocuments, setTenant, upsertDocuments } from '../../../src/index.js';
import { random, shuffle } from '../data.js';
import { median, pairedRatio, timed } from '../measure.js';
import { ratio, whole } from '../report.js';
import { connect, withDatabase } from '../setup.js';
import { maintain, pristine, type Server, settle } from './database.js';
import type { Measured } from './report.js';
import type { Scale } from './scale.js';
import type { Tenant, World } from './world.js';

/** Makes other tenants with search tables, of ten documents each, as build_search_table() would. */
const manyLarge = (from: number, to: number) => `
  do $$
  declare
    model constant ragwall_search.directory := (select d from ragwall_search.directory as d where d.ef_10 is not null limit 1);
    own name;
  begin
    for n in ${from + 1}..${to} loop
      own := 'search_' || replace(gen_random_uuid()::text, '-', '');
      insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
        select 'large-' || n, 'a passage', d.embedding, 'bench'
        from (select d.embedding from ragwall.documents as d where d.tenant_id = model.tenant_id limit 10) as d;
      execute format('create table ragwall_search.%I (like ragwall_search.%I including all)', own, model.relation);
      execute format('insert into ragwall_search.%I select d.id, d.embedding, d.metadata from ragwall.documents as d '
        'where d.tenant_id = %L', own, 'large-' || n);
      insert into ragwall_search.directory (tenant_id, relation, documents, ef_10, built_at, measured_at)
        values ('large-' || n, own, 10, 40, now(), now());
    end loop;
  end $$`;

const manyRows = (count: number) => `
  insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
  select 'many-' || n % 1000, 'a passage', d.embedding, 'bench'
  from generate_series(1, ${count / 50}) as n, (select d.embedding from ragwall.documents as d limit 50) as d`;

export async function neighbours(server: Server, world: World, scale: Scale) {
  const next = random(world.seed, 9);
  const victims = [50, 1_000].map(
    (documents, i): Tenant => ({ name: `v${documents}`, number: 910_000 + i, documents }),
  );
  let drawn = 0;
  const documents = (tenant: Tenant, count: number) =>
    Array.from({ length: count }, () => {
      const { id, content, vector } = world.document(tenant, drawn++);
      return { id, content, embedding: vector, embeddingModel: 'bench' };
    });
  const actions: Record<string, (tx: TransactionSql, tenant: Tenant) => PromiseLike<unknown>> = {
    search: (tx, tenant) => matchDocuments(tx, world.question(tenant, drawn++).vector, 10),
    'upsert of 1': (tx, tenant) => upsertDocuments(tx, documents(tenant, 1)),
    'upsert of 100': (tx, tenant) => upsertDocuments(tx, documents(tenant, 100)),
    'count(*)': (tx) => tx`select count(*) from ragwall.documents`,
  };

  const names = ['bench_alone', 'bench_crowd'];
  const urls = names.map((name) => withDatabase(server.engine.adminUrl, name));
  for (const [i, name] of names.entries()) {
    await server.admin.unsafe(`create database ${name} template ${pristine}`);
    await server.admin.unsafe(`grant connect on database ${name} to app_user`);
    const sql = connect(urls[i] as string);
    for (const tenant of victims) {
      await sql.begin(async (tx) => {
        await setTenant(tx, tenant.name);
        drawn = 0;
        await upsertDocuments(tx, documents(tenant, tenant.documents));
      });
    }
    await sql.end();
    await maintain(urls[i] as string);
  }

  const rows = new Map<string, string[]>();
  const ratios = new Map<string, number[]>();
  const heads: string[] = [];
  let unequal = 0;
  async function step(large: number, others: number): Promise<void> {
    heads.push(`${whole(large)} large, ${whole(others)} documents`);
    for (const url of urls) {
      const sql = connect(url);
      await settle(sql);
      await sql.end();
    }
    const sessions = names.map((name) => connect(withDatabase(server.appUrl, name)));
    for (const tenant of victims) {
      for (const [action, act] of Object.entries(actions)) {
        const times: [number[], number[]] = [[], []];
        const locks = [0, 0];
        const samples = action === 'upsert of 100' ? scale.neighbours.samples / 4 : scale.neighbours.samples;
        for (let n = -6; n < samples; n += 1) {
          const from = drawn;
          for (const i of shuffle([0, 1], next) as (0 | 1)[]) {
            drawn = from;
            await rolledBack(sessions[i] as (typeof sessions)[number], async (tx) => {
              await setTenant(tx, tenant.name);
              const took = await timed(() => act(tx, tenant));
              if (n >= 0) times[i].push(took);
              const [held] = await tx<{ n: number }[]>`
                select count(*)::integer as n from pg_locks where pid = pg_backend_pid()`;
              locks[i] = held?.n ?? 0;
            });
          }
        }
        const toNone = pairedRatio(times[1], times[0]);
        if (locks[0] !== locks[1]) unequal += 1;
        const key = `${action}, tenant of ${whole(tenant.documents)}`;
        if (others > 0) ratios.set(key, [...(ratios.get(key) ?? []), toNone]);
        const held = locks[0] === locks[1] ? locks[0] : locks.join(', then ');
        rows.set(key, [...(rows.get(key) ?? [key]), `${ratio(toNone)} (${held})`]);
      }
    }
    await Promise.all(sessions.map((sql) => sql.end()));
  }

  const crowd = connect(urls[1] as string);
  let made = 0;
  for (const large of scale.neighbours.large) {
    for (; made < large; made = Math.min(large, made + 1_000)) {
      await crowd.unsafe(manyLarge(made, Math.min(large, made + 1_000)));
    }
    await step(large, 10 * large);
  }
  await crowd.unsafe(manyRows(scale.neighbours.rows));
  await crowd.end();
  await step(made, 10 * made + scale.neighbours.rows);
  return {
    targets: [
      {
        what: 'time with neighbours to that without, median of the steps',
        most: 1.05,
        measured: Math.max(...[...ratios.values()].map(median)),
      },
      { what: 'statements that hold other locks with neighbours', most: 0, measured: unequal },
    ],
    table: {
      title: 'Neighbours',
      note:
        'Time of the same statement with neighbours to that without, in two databases in turn, and in parentheses the locks ' +
        'that the transaction holds. The first column shows the noise.',
      head: ['', ...heads],
      rows: [...rows.values()],
    },
  } satisfies Measured;
}
