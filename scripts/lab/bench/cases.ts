/** What else is asked of ours and of the limit: many clients at once, after a restart, and to store documents. */

import { randomUUID } from 'node:crypto';
import type { Sql } from 'postgres';
import { forTenant } from '../../../db/tests/engine/session.js';
import { vectorText } from '../../../src/client/vector.js';
import { belowOf, random } from '../data.js';
import { median, pairedRatio, quantile, timed } from '../measure.js';
import { ms, ratio, whole } from '../report.js';
import { connect } from '../setup.js';
import { limitTable, type Prepared, type Question, type Server } from './database.js';
import { type Asker, named, open } from './designs.js';
import type { Measured } from './report.js';
import type { Scale } from './scale.js';
import type { Tenant, World } from './world.js';

const [ours, limit] = named('ragwall', 'limit');
const both = [ours, limit] as const;

/** Asks through PgBouncer, in turns of a few seconds: tenants of 1,000 documents, drawn uniformly or by Zipf's law. */
export async function concurrency(server: Server, world: World, scale: Scale, { tenants }: Prepared, ef: number) {
  for (const setting of [`hnsw.ef_search = ${ef}`, 'enable_sort = off', 'jit = off']) {
    await server.admin.unsafe(`alter role app_reader set ${setting}`);
  }
  const questions = tenants
    .filter(({ documents }) => documents === 1_000)
    .map((tenant, i): Question => ({ tenant, vector: world.question(tenant, i % 1_000, 1).vector, truth: [] }));
  const below = belowOf(random(world.seed, 8));
  const draws = {
    uniform: () => questions[below(questions.length)] as Question,
    // The inverse of the distribution function of 1/x, which is close to that of 1/n.
    Zipf: () => questions[Math.floor((questions.length + 1) ** (below(2 ** 31) / 2 ** 31)) - 1] as Question,
  };
  async function turn(asker: Asker, clients: number, draw: () => Question) {
    const until = performance.now() + scale.concurrency.seconds * 1000;
    const latencies: number[] = [];
    const client = async () => {
      while (performance.now() < until) latencies.push(await timed(() => asker.ask(draw())));
    };
    const took = await timed(() => Promise.all(Array.from({ length: clients }, client)));
    return { latencies, qps: (1000 * latencies.length) / took };
  }

  const rows: string[][] = [];
  const crowded: number[] = [];
  for (const clients of [1, 16, 50]) {
    const askers = await Promise.all(both.map((design) => open(design, server.poolerUrl, 10, undefined, clients)));
    for (const asker of askers) await turn(asker, clients, draws.uniform);
    for (const [name, draw] of Object.entries(draws)) {
      const turns: Awaited<ReturnType<typeof turn>>[][] = [[], []];
      for (let n = 0; n < scale.concurrency.turns; n += 1) {
        for (const i of n % 2 ? [0, 1] : [1, 0]) turns[i]?.push(await turn(askers[i] as Asker, clients, draw));
      }
      const qps = turns.map((own) => own.map((one) => one.qps));
      const toLimit = pairedRatio(qps[0] ?? [], qps[1] ?? []);
      if (clients === 50) crowded.push(toLimit);
      for (const [i, { name: design }] of both.entries()) {
        const latencies = turns[i]?.flatMap((one) => one.latencies) ?? [];
        rows.push([
          ...[name, String(clients), design, whole(median(qps[i] ?? [])), ms(median(latencies))],
          ...[ms(quantile(latencies, 0.99)), i === 0 ? ratio(toLimit) : ''],
        ]);
      }
    }
    await Promise.all(askers.map((asker) => asker.close()));
  }
  for (const name of ['hnsw.ef_search', 'enable_sort', 'jit'])
    await server.admin.unsafe(`alter role app_reader reset ${name}`);
  return {
    targets: [{ what: 'queries a second to the limit, 50 clients', least: 0.9, measured: Math.min(...crowded) }],
    table: {
      title: 'Many clients through PgBouncer',
      note: 'Tenants of 1,000 documents; five server connections. One process asks, and takes its share of the processors.',
      head: ['tenants', 'concurrency', 'design', 'QPS', 'p50, ms', 'p99, ms', 'QPS to the limit’s'],
      rows,
    },
  } satisfies Measured;
}

const content = 'A passage that is stored while the benchmark runs. '.repeat(4);

const insert = (sql: Sql, tenant: Tenant, vectors: readonly Float32Array[]) =>
  sql.unsafe(
    `insert into ${limitTable(tenant)} (id, content, embedding, metadata)
    select u.id, $2, u.vector::halfvec, '{}' from unnest($1::text::uuid[], $3::text::text[]) as u (id, vector)`,
    [`{${vectors.map(() => randomUUID()).join()}}`, content, `{${vectors.map((v) => `"${vectorText(v)}"`).join()}}`],
    { prepare: true },
  );
const upsert = (sql: Sql, { name }: Tenant, vectors: readonly Float32Array[]) =>
  forTenant(sql, name).upsertDocuments(
    vectors.map((embedding) => ({ id: randomUUID(), content, embedding, embeddingModel: 'bench' })),
  );

/**
 * Asks the first query after Postgres was restarted, whose files are in the cache of the system. Then stores documents:
 * one, until a search by its vector finds it; then batches of 100, for a small tenant and a large one in turn.
 */
export async function storing(
  server: Server,
  world: World,
  scale: Scale,
  tenants: readonly [Tenant, Tenant],
  ef: number,
) {
  const { appUrl, admin } = server;
  const rows: string[][] = [];
  const pair = (what: string, times: readonly [number[], number[]], show: (x: number) => string = ms) =>
    rows.push([what, show(median(times[0])), show(median(times[1])), ratio(pairedRatio(...times))]);
  for (const tenant of tenants) {
    const question: Question = { tenant, vector: world.question(tenant, 0, 4).vector, truth: [] };
    const times: [number[], number[]] = [[], []];
    for (let n = 0; n < scale.restarts * 2; n += 1) {
      await server.restart();
      const asker = await open(both[(n % 2) as 0 | 1], appUrl, 10, n % 2 ? ef : undefined);
      times[n % 2]?.push(await timed(() => asker.ask(question)));
      await asker.close();
    }
    pair(`first query after a restart, ${tenant.documents} documents, ms`, times);
  }

  const sql = connect(appUrl);
  const lanes = [upsert, insert].map(async (store, i) => ({
    store,
    asker: await open(both[i as 0 | 1], appUrl, 1, ef),
  }));
  let most = 0;
  for (const tenant of tenants) {
    const times: [number[], number[]] = [[], []];
    for (let n = -2; n < scale.inserts; n += 1) {
      const { vector } = world.question(tenant, n + 2, 2);
      for (const [i, { store, asker }] of (await Promise.all(lanes)).entries()) {
        const took = await timed(async () => {
          await store(sql, tenant, [vector]);
          for (let searches = 1; searches <= 1000; searches += 1) {
            most = Math.max(most, searches);
            const [first] = await asker.ask({ tenant, vector, truth: [] });
            if ((first?.similarity ?? 0) > 0.9999) return;
          }
        });
        if (n >= 0) times[i]?.push(took);
      }
    }
    pair(`a document is stored and found, ${tenant.documents} documents, ms`, times);
  }
  for (const { asker } of await Promise.all(lanes)) await asker.close();

  const rates = tenants.map((): [number[], number[]] => [[], []]);
  for (let batch = -1; batch < scale.batches; batch += 1) {
    for (const [i, tenant] of tenants.entries()) {
      const vectors = Array.from({ length: 100 }, (_, n) => world.question(tenant, 100 * (batch + 1) + n, 3).vector);
      for (const [j, store] of [upsert, insert].entries()) {
        const took = await timed(() => store(sql, tenant, vectors));
        if (batch >= 0) rates[i]?.[j]?.push(100_000 / took);
      }
    }
  }
  await sql.end();
  for (const [i, { documents }] of tenants.entries()) {
    pair(`documents a second in batches of 100, ${documents} documents`, rates[i] as [number[], number[]], whole);
  }
  const caughtUp = await timed(() =>
    admin.unsafe(`select ragwall.set_tenant('${tenants[1].name}'); select ragwall.catch_up(100000)`).simple(),
  );
  return {
    targets: [
      {
        what: 'ingest into the largest tenant to into a small one',
        ...{ least: 0.8, measured: pairedRatio(rates[1]?.[0] ?? [], rates[0]?.[0] ?? []) },
      },
    ],
    table: {
      title: 'The first query, and storing',
      note:
        `Until a document is found, ${most} search${most === 1 ? ' is' : 'es are'} needed at most. catch_up() brings ` +
        `${whole((100_000 * (scale.batches + 1)) / caughtUp)} documents a second into the search table. The limit’s insert compares nothing.`,
      head: ['', 'ours', 'limit', 'ours to the limit'],
      rows,
    },
  } satisfies Measured;
}
