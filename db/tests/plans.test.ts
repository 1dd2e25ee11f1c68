/** The plans of app_user's searches, as auto_explain reports them: one key, one check of the tenant, the tenant's own search table. */
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { needs } from './engine/session.js';

const engine = inject('engine');
const tenants = 1_000;
/** How many of them have a search table, tenant-7 among them, and tenant-1 not. */
const enlarged = 50;
const query = `tests.vec(1)`;
interface Node {
  readonly [property: string]: unknown;
  readonly Plans?: readonly Node[];
}
/** Messages of auto_explain since this was last emptied: a plan for each statement inside the function. */
const messages: string[] = [];
let sql: Sql;

beforeAll(async () => {
  if (engine.kind === 'embedded') return;
  sql = postgres(engine.adminUrl, { max: 1, onnotice: ({ message }) => messages.push(message ?? '') });
  await sql`
    insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
    select 'tenant-' || t, 'x', tests.vec(t), 'test' from generate_series(1, ${tenants}) as t`;
  // As if they were large.
  await sql`select tests.enlarge('tenant-' || t), tests.become(null) from generate_series(2, ${enlarged}) as t`;
  await sql.unsafe(`load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_analyze = on;
    set auto_explain.log_nested_statements = on; set auto_explain.log_format = json; set client_min_messages = log`);
});
afterAll(async () => {
  if (engine.kind === 'embedded') return;
  await sql`select tests.clear()`;
  await sql.end();
});
beforeEach((context) => needs(context, engine, ['docker', 'url'], 'auto_explain'));

const nodes = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodes)];

/** Runs a statement for a tenant and returns the nodes of the plan of its search, and its milliseconds. */
async function search(tenant: string, statement: string, setting = 'auto') {
  const began = await sql.begin(async (tx) => {
    await tx.unsafe(`set local role app_user; set local plan_cache_mode = ${setting}`);
    await tx`select ragwall.set_tenant(${tenant})`;
    messages.length = 0;
    const start = performance.now();
    await tx.unsafe(statement);
    return start;
  });
  const plans = messages
    .map((message) => /plan:\s*(\{.*)/s.exec(message)?.[1])
    .flatMap((json) => (json ? [JSON.parse(json) as { Plan: Node }] : []))
    .filter((plan) => /documents_rows|search_[0-9a-f]{32}/.test(JSON.stringify(plan)));
  expect(plans.length, messages.join('\n')).toBeGreaterThan(0);
  return { all: plans.flatMap(({ Plan }) => nodes(Plan)), milliseconds: performance.now() - began };
}

const touched = (all: readonly Node[]) =>
  all.filter((node) => node['Relation Name'] ?? node['Index Name']).filter((node) => node['Actual Loops'] !== 0);

describe.each(['auto', 'force_custom_plan', 'force_generic_plan'])('with plan_cache_mode = %s', (mode) => {
  it('a small tenant’s search reads the partition by its key, and checks the tenant once', async () => {
    const { all } = await search('tenant-1', `select * from ragwall.match_documents(${query}, 10)`, mode);
    for (const node of touched(all)) {
      expect(node['Node Type']).toMatch(/^(Index|Bitmap Index|Bitmap Heap) Scan$/);
      expect(node['Index Name'] ?? 'documents_rows_pkey').toMatch(
        /^documents_rows_(pkey|tenant_id_source_position_key)$/,
      );
    }
    expect(all.map((node) => `${node['Index Cond'] ?? ''}`).join()).toMatch(/^,*\(tenant_id = [^,]*\),*$/);
    expect(all.some((node) => node['One-Time Filter'])).toBe(true);
    expect(all.some((node) => /Gather|Seq Scan|Parallel/.test(String(node['Node Type'])))).toBe(false);
    expect(all.filter((node) => node['Relation Name'])).toHaveLength(1);
  });

  it('a large tenant’s search reads its own search table and the documents that it names, and no other', async () => {
    const [entry] = await sql`select relation from ragwall_search.directory where tenant_id = 'tenant-7'`;
    const { all } = await search('tenant-7', `select * from ragwall.match_documents(${query}, 1)`, mode);
    const names = (property: string) => new Set(touched(all).flatMap((node) => node[property] ?? []));
    expect(names('Relation Name')).toEqual(new Set([entry?.relation, 'documents_rows']));
    expect(names('Index Name')).toEqual(new Set([`${entry?.relation}_hnsw`, 'documents_rows_pkey']));
    expect(all.some((node) => node['One-Time Filter'])).toBe(true);
  });
});

it('a statement that names another tenant reads no row', async () => {
  const { all } = await search('tenant-1', `select * from ragwall.documents where tenant_id = 'tenant-7'`);
  expect(all.some((node) => node['Relation Name'])).toBe(true);
  expect(touched(all)).toEqual([]);
});

it('an upsert looks each document up by its key', async () => {
  await sql`
    insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
    select 'tenant-1', 'x', tests.vec(1), 'test' from generate_series(1, 500)`;
  await sql`vacuum analyze ragwall.documents`;
  const documents = JSON.stringify([{ source: 'a', position: 0, content: 'x' }]);
  const { all } = await search('tenant-1', `select ragwall.upsert_documents('${documents}')`);
  const conditions = all.map((node) => String(node['Index Cond']));
  expect(conditions).toContainEqual(expect.stringMatching(/tenant_id = 'tenant-1'.* AND \(id = \w+\.key\)/));
});

it('planning takes less than a millisecond, however many tenants have a search table', async () => {
  const times = await sql.begin(async (tx) => {
    await tx`select ragwall.set_tenant('tenant-7')`;
    await tx.unsafe('set local role app_user');
    const taken: number[] = [];
    for (let n = 0; n < 200; n += 1) {
      const [row] = await tx.unsafe<{ 'QUERY PLAN': [{ 'Planning Time': number }] }[]>(
        `explain (format json, summary) select id, embedding operator(public.<=>) ${query} as distance
         from ragwall.documents where metadata @> '{}' order by distance limit 10`,
      );
      taken.push(row?.['QUERY PLAN'][0]['Planning Time'] ?? Number.NaN);
    }
    return taken.sort((a, b) => a - b);
  });
  expect(times[10]).toBeLessThan(1); // a quick one of several: a busy machine makes planning slower, never faster
});

it.each([
  [1, '60'],
  [10, '60'],
  [25, '200'],
  [50, '200'],
  [100, '200'],
  [400, '800'],
])('at k = %i the HNSW index is searched with the breadth that was measured, which then ends', async (k, ef) => {
  const settings = await sql
    .begin(async (tx) => {
      const [row] = await tx<{ definition: string }[]>`
        select pg_get_functiondef('ragwall_search.search_table'::regproc) as definition`;
      const changed = row?.definition.replace(
        "perform set_config('hnsw.ef_search', ef::text, true), set_config('enable_sort', 'off', true);",
        `$&
         raise notice 'ef % iterative %', current_setting('hnsw.ef_search'), current_setting('hnsw.iterative_scan');`,
      );
      expect(changed).not.toBe(row?.definition);
      await tx.unsafe(changed ?? '');
      await tx`update ragwall_search.directory set ef_10 = 60, ef_100 = 200 where tenant_id = 'tenant-7'`;
      await tx`set local role app_user`;
      await tx`select ragwall.set_tenant('tenant-7')`;
      messages.length = 0;
      await tx.unsafe(`select * from ragwall.match_documents(${query}, ${k})`);
      const during = messages.find((message) => message.startsWith('ef '));
      const [after] = await tx`
        select current_setting('hnsw.ef_search') as ef, current_setting('enable_seqscan') as seqscan`;
      throw { during, after };
    })
    .catch((thrown) => thrown);
  expect(settings).toEqual({ during: `ef ${ef} iterative off`, after: { ef: '40', seqscan: 'on' } });
});
