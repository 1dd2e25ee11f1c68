/** What each wall costs: many calls in a loop in the server, and whole statements side by side. */
import type { TransactionSql } from 'postgres';
import { rolledBack } from '../../../db/tests/engine/session.js';
import { noPolicy } from '../../../db/tests/engine/walls.js';
import { checkRows } from '../../../src/client/tenant.js';
import { vectorText } from '../../../src/client/vector.js';
import { median } from '../measure.js';
import { connect } from '../setup.js';
import { compare } from './compare.js';
import { limitTable, type Server } from './database.js';
import { named } from './designs.js';
import type { Scale } from './scale.js';
import type { Query } from './world.js';

/** A part of the price, in microseconds a request. */
export type Part = readonly [part: string, micros: number];

const search = (from: string) => `for found in select * from ${from} loop null; end loop;`;

/** Returns the bodies of the loops. */
function bodies({ tenant: { name } }: Query) {
  const clear = `perform set_config('app.tenant_seal', '', true), set_config('app.current_tenant', '', true);`;
  const match = search('ragwall.match_documents(v, 10, null)');
  return {
    nothing: 'perform 1;',
    check: 'perform ragwall.current_tenant();',
    clear,
    bind: `${clear} perform ragwall.set_tenant('${name}');`,
    dedicated: search(`(select id, content, metadata, 1 - (embedding <=> v)
      from ${limitTable(name)} order by embedding <=> v limit 10) as s`),
    match,
    unguarded: match,
  };
}

type Body = keyof ReturnType<typeof bodies>;

/**
 * Runs each body in loops of `calls`, the loops of all bodies in turn, as app_user in one transaction. Returns the
 * median microseconds a call. `unguarded` runs with row-level security disabled, which is then rolled back.
 */
async function inLoops({ engine }: Server, query: Query, { walls: { calls, loops } }: Scale) {
  const sql = connect(engine.adminUrl);
  const all = Object.entries(bodies(query)) as [Body, string][];
  const times = new Map<Body, number[]>(all.map(([name]) => [name, []]));
  async function run(tx: TransactionSql, name: Body, body: string): Promise<void> {
    await tx`set local role app_user`;
    await tx.unsafe(`
      do $bench$
      declare
        v constant public.halfvec := '${vectorText(query.vector)}';
        found record;
        began timestamptz;
      begin
        for n in 1..6 loop ${body} end loop;
        began := clock_timestamp();
        for n in 1..${calls} loop ${body} end loop;
        perform set_config('bench.elapsed',
          (extract(epoch from clock_timestamp() - began) * 1e6 / ${calls})::text, true);
      end $bench$`);
    const [row] = await tx<{ micros: string }[]>`select current_setting('bench.elapsed') as micros`;
    times.get(name)?.push(Number(row?.micros));
    await tx`reset role`;
  }
  await rolledBack(sql, async (tx) => {
    await tx`select ragwall.set_tenant(${query.tenant.name})`;
    for (let n = 0; n < loops; n += 1) {
      for (const [name, body] of all) {
        await tx`savepoint guarded`;
        if (name === 'unguarded') await noPolicy(tx);
        await run(tx, name, body);
        await tx`rollback to guarded`;
      }
    }
  });
  await sql.end();
  return Object.fromEntries([...times].map(([name, own]) => [name, median(own)])) as Record<Body, number>;
}

/** Returns the microseconds that a call takes in this process, as the mean of a loop after another to warm up. */
function timeOf(run: () => unknown, calls: number): number {
  for (let n = 0; n < calls; n += 1) run();
  const began = performance.now();
  for (let n = 0; n < calls; n += 1) run();
  return ((performance.now() - began) * 1000) / calls;
}

/** Measures the parts with a query of a small tenant, whose documents need no index. */
export async function wallsPrice(server: Server, query: Query, scale: Scale): Promise<Part[]> {
  const loops = await inLoops(server, query, scale);
  const whole = named('limit, one statement', 'ragwall, one statement');
  const options = { rounds: scale.walls.calls, patience: Number.POSITIVE_INFINITY, seed: 1 };
  const [limit, ours] = await compare(whole, server.engine.appUrl, [query], options);
  const over = 1000 * ((ours?.p50 ?? Number.NaN) - (limit?.p50 ?? Number.NaN));
  const tenantId = query.tenant.name;
  const rows = Array.from({ length: 10 }, () => ({ bound: tenantId, tenantId, id: '' }));
  const bind = loops.bind - loops.clear;
  const match = loops.match - loops.dedicated;
  return [
    ['set_tenant()', bind],
    ['match_documents() over the search of a table of one’s own', match],
    ['… of that, the policies', loops.match - loops.unguarded],
    ['… of that, a check of the seal, each', loops.check - loops.nothing],
    ['the client’s check of ten rows', timeOf(() => checkRows(rows, tenantId), 20_000)],
    ['the whole: one statement over the limit’s one statement', over],
    ['what of the whole is in none of these: caches that are cold, the statement itself', over - bind - match],
    ['to compare: the search of a table of one’s own', loops.dedicated],
    ['to compare: writing the vector as text, in the client', timeOf(() => vectorText(query.vector), 200)],
  ];
}
