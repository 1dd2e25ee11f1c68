/** What each wall costs: many calls in a loop in the server, and whole statements side by side. */
import type { TransactionSql } from 'postgres';
import { rolledBack } from '../../../db/tests/engine/session.js';
import { checkRows } from '../../../src/client/rows.js';
import { questionText, vectorText } from '../../../src/client/vector.js';
import { median } from '../measure.js';
import { connect } from '../setup.js';
import { compare } from './compare.js';
import { hasIndex, limitTable, type Question, type Server } from './database.js';
import { named } from './designs.js';
import type { Scale } from './scale.js';

const search = (from: string) => `for found in select * from ${from} loop null; end loop;`;
const noPolicies = ['ragwall.documents', 'ragwall.documents_rows', 'ragwall_search.directory', 'ragwall_search.tail']
  .map((table) => `alter table ${table} disable row level security`)
  .join(';');

/** Returns the bodies of the loops. */
function bodies({ tenant }: Question) {
  const clear = `perform set_config('app.tenant_seal', '', true), set_config('app.current_tenant', '', true);`;
  const documents = search('ragwall.search_documents(q, 10, null)');
  return {
    nothing: 'perform 1;',
    check: 'perform ragwall.current_tenant();',
    clear,
    bind: `${clear} perform ragwall.set_tenant('${tenant.name}');`,
    limit: search(`(select id, content, metadata, 1 - (embedding <=> v)
      from ${limitTable(tenant)} order by embedding <=> v limit 10) as s`),
    as: `${clear} ${search(`ragwall.search_as('${tenant.name}', q, 10, null)`)}`,
    documents,
    unguarded: documents,
  };
}

type Body = keyof ReturnType<typeof bodies>;

/**
 * Runs each body in loops of `calls`, the loops of all bodies in turn, as app_user in one transaction. Returns the
 * median microseconds a call. `unguarded` runs with row-level security disabled, which is then rolled back.
 */
async function inLoops({ engine }: Server, question: Question, { walls: { calls, loops } }: Scale, ef: number) {
  const sql = connect(engine.adminUrl);
  const all = Object.entries(bodies(question)) as [Body, string][];
  const times = new Map<Body, number[]>(all.map(([name]) => [name, []]));
  async function run(tx: TransactionSql, name: Body, body: string): Promise<void> {
    await tx`set local role app_user`;
    await tx.unsafe(`
      do $bench$
      declare
        v constant public.halfvec := '${vectorText(question.vector)}';
        q constant public.halfvec := '${questionText(question.vector)}';
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
    await tx.unsafe(`select '[1]'::vector; set local hnsw.ef_search = ${ef || 40}; set local jit = off`);
    await tx`select ragwall.set_tenant(${question.tenant.name})`;
    for (let n = 0; n < loops; n += 1) {
      for (const [name, body] of all) {
        await tx`savepoint guarded`;
        if (name === 'unguarded') await tx.unsafe(noPolicies);
        if (name === 'limit' && hasIndex(question.tenant)) await tx`set local enable_sort = off`;
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

/** Returns the parts of the price, in microseconds a request of this question. */
export async function wallsPrice(server: Server, question: Question, scale: Scale, ef: number) {
  const loops = await inLoops(server, question, scale, ef);
  const options = { rounds: scale.walls.calls, patience: Number.POSITIVE_INFINITY, ef };
  const [limit, ours] = await compare(server, named('limit', 'ragwall'), [question], options);
  const over = 1000 * ((ours?.p50 ?? Number.NaN) - (limit?.p50 ?? Number.NaN));
  const { name } = question.tenant;
  const rows = Array.from({ length: 10 }, () => [name, name]);
  const bind = loops.bind - loops.clear;
  const found = loops.documents - loops.limit;
  const as = loops.as - loops.clear - loops.documents - bind;
  return {
    'set_tenant()': bind,
    'search_documents() over the search of a table of one’s own': found,
    '… of that, the policies': loops.documents - loops.unguarded,
    '… of that, a check of the seal, each': loops.check - loops.nothing,
    'search_as() over these two': as,
    'the client’s check of ten rows': timeOf(() => checkRows(rows, name, true), 20_000),
    'the whole: one statement over the limit’s': over,
    'what of the whole is in none of these: cold caches, the statement itself': over - bind - found - as,
    'to compare: the search of a table of one’s own': loops.limit,
    'to compare: the statement of the limit, as the client sees it': 1000 * (limit?.p50 ?? Number.NaN),
    'to compare: a question as text, in the client': timeOf(() => questionText(question.vector), 200),
  };
}
