/**
 * No setting by which a caller can tune the planner changes what our functions do: each of them, at its extremes, gives
 * the same plans. The settings are those that the server lists under Query Tuning, so a new release's are among them.
 */
import postgres, { type Sql } from 'postgres';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { needs } from './engine/session.js';

const engine = inject('engine');
const query = 'tests.vec(1)';
let jwk: string;

interface Node {
  readonly [property: string]: unknown;
  readonly Plans?: readonly Node[];
}

/** What of a plan tells how it works: not what it is expected to cost. */
function shape(node: Node): unknown {
  const told = [
    'Node Type',
    'Relation Name',
    'Index Name',
    'Index Cond',
    'Order By',
    'Join Type',
    'Sort Key',
    'Strategy',
  ];
  return [...told.map((property) => node[property]), ...(node.Plans ?? []).map(shape)];
}

const document = (position: number) =>
  JSON.stringify([
    { source: 'a', position, content: 'c', embedding_model: 'm', embedding: [1, ...Array<number>(1535).fill(0)] },
  ]);

/** Statements that together run every statement of ours that a caller can cause. */
const calls = [
  `select ragwall.set_tenant_from_token(current_setting('tests.token'))`,
  `select * from ragwall.match_documents(${query}, 10)`,
  `select * from ragwall.match_documents(${query}, 10, '{"n": 1}')`,
  `select * from ragwall.search_words('c', 10)`,
  `select * from ragwall.match_hybrid(${query}, 'c', 10, '{"n": {"$lt": 3}}')`,
  `select * from ragwall.upsert_documents('${document(0)}')`,
  `select * from ragwall.upsert_documents('${document(9_000)}')`,
  `select ragwall.delete_documents(array(select id from ragwall.documents where position = 0))`,
  `select ragwall.delete_source('a', 38)`,
  'commit',
  'begin',
  'set local role app_user',
  `select * from ragwall.search_as('large', ${query}, 10, null)`,
  `select * from ragwall.match_documents(${query}, 50)`,
  `select * from ragwall.match_documents(${query}, 10, '{"half": 1}')`,
  `select * from ragwall.match_documents(${query}, 10, '{"n": 1}')`,
  `select * from ragwall.search_words('c', 10, '{"half": 1}')`,
  `select * from ragwall.match_hybrid(${query}, 'c', 10)`,
  `select * from ragwall.upsert_documents('${document(0)}')`,
  `select ragwall.delete_source('a', 397)`,
  `select ragwall.delete_matching('{"n": 7}')`,
  `select * from ragwall.match_documents(${query}, 10)`,
  `select * from ragwall.match_documents(${query}, 10, '{"n": 1}')`,
  `select ragwall.catch_up(5)`,
];

/** Returns the plans of all statements of ours in a new session, with a setting of the caller's. */
async function plans(setting?: readonly [string, string]): Promise<string[]> {
  // What is rolled back leaves rows behind, and their number changes plans.
  await admin`vacuum ragwall.documents_rows, ragwall_search.words, ragwall_search.tail`;
  const messages: string[] = [];
  const sql = postgres(engine.adminUrl, { max: 1, onnotice: ({ message }) => messages.push(message ?? '') });
  try {
    await sql.unsafe(`load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
      set auto_explain.log_format = json; set client_min_messages = log`);
    await sql`select set_config('tests.token', tests.token(${jwk}, '{"tenant_id": "small"}'), false)`;
    if (setting) await sql`select set_config(${setting[0]}, ${setting[1]}, false)`;
    await sql.unsafe('begin; set local role app_user');
    messages.length = 0;
    for (const call of calls) await sql.unsafe(call);
    await sql.unsafe('rollback');
  } finally {
    await sql.end({ timeout: 1 });
  }
  const told = messages.flatMap((message) => {
    const json = /plan:\s*(\{.*)/s.exec(message)?.[1];
    if (!json) return [];
    const plan = JSON.parse(json.replace(/: -?(Infinity|NaN),/g, ': 0,')) as {
      'Query Text': string;
      Plan: Node;
      JIT?: unknown;
    };
    // The callers' own statements, and those of the tests, are theirs to spoil.
    if (calls.includes(plan['Query Text']) || /tests\./.test(plan['Query Text'])) return [];
    // The keys are few rows, and nobody's: how they are read tells nothing.
    if (/ragwall_private\.(seal|signing)_key/.test(plan['Query Text'])) return [];
    // What reads no table can be compiled, at the caller's own cost.
    const compiled = plan.JIT !== undefined && JSON.stringify(plan).includes('"Relation Name"');
    return [
      `${plan['Query Text'].trim().slice(0, 300)}\n${JSON.stringify([shape(plan.Plan), compiled]).replace(/'[^']*'/g, '…')}`,
    ];
  });
  // How often a policy is tried while a plan is made differs from session to session.
  return [...new Set(told)].sort();
}

const tables = ['documents_rows', 'tail', 'directory', 'words'].map(
  (name) => `ragwall${name === 'documents_rows' ? '' : '_search'}.${name}`,
);
let admin: Sql;
beforeAll(async () => {
  if (engine.kind === 'embedded') return;
  admin = postgres(engine.adminUrl, { max: 1, onnotice: () => {} });
  const insert = (tenant: string, count: number) => admin`
    insert into ragwall.documents (tenant_id, source, position, content, embedding, embedding_model, metadata)
    select ${tenant}, 'a', n, 'c', tests.vec(n::double precision), 'm', jsonb_build_object('n', n % 40, 'half', n % 2)
    from generate_series(0, ${count - 1}::integer) as n`;
  // Nothing is there yet that could be without words.
  await admin`select ragwall.enable_words('simple')`;
  await admin`update ragwall_search.word_settings set filled = true`;
  await insert('small', 40);
  await insert('large', 400);
  await insert('neighbour', 4_000);
  await admin`insert into ragwall_search.directory (tenant_id, built_at) values ('large', now())`;
  await admin.unsafe(`select ragwall.set_tenant('large'); select ragwall.build_search_table()`);
  // What a vacuum finds out changes plans, too.
  for (const table of tables) {
    await admin.unsafe(`alter table ${table} set (autovacuum_enabled = off); analyze ${table}`);
  }
  await admin`vacuum analyze ragwall.documents_rows, ragwall_search.words, ragwall_search.tail`;
  const [row] = await admin<{ jwk: string }[]>`select ragwall.add_signing_key('settings') as jwk`;
  jwk = row?.jwk ?? '';
}, 60_000);
afterAll(async () => {
  if (engine.kind === 'embedded') return;
  await admin`select ragwall.retire_signing_key('settings')`;
  for (const table of tables) {
    await admin.unsafe(`alter table ${table} reset (autovacuum_enabled)`);
  }
  await admin`delete from ragwall.documents`;
  await admin`select ragwall.disable_words()`;
  await admin.unsafe(`select ragwall.set_tenant('large'); select ragwall.drop_search_table()`);
  await admin.unsafe(`select ragwall.set_tenant('large'); select ragwall.drop_search_table()`);
  await admin.end();
});
beforeEach((context) => needs(context, engine, ['docker', 'url'], 'auto_explain'));

it('every setting of Query Tuning leaves every plan as it is', async () => {
  const settings = await admin<
    { name: string; type: string; min: string; max: string; values: string[] | null; was: string }[]
  >`
    select name, vartype as type, min_val as min, max_val as max, enumvals as values, setting as was
    from pg_settings
    where category like 'Query Tuning%' and context in ('user', 'superuser')
    order by name`;
  expect(settings.length).toBeGreaterThan(40);
  const usual = await plans();
  expect(usual.length).toBeGreaterThan(20);
  expect(await plans()).toEqual(usual);
  const spoiled: Record<string, string[]> = {};
  for (const { name, type, min, max, values, was } of settings) {
    const extremes = type === 'bool' ? [was === 'on' ? 'off' : 'on'] : (values ?? [min, max]);
    for (const value of extremes.filter((one) => one !== was)) {
      const got = await plans([name, value]);
      const changed = got.filter((plan) => !usual.includes(plan));
      if (changed.length > 0) spoiled[`${name} = ${value}`] = changed;
    }
  }
  expect(spoiled).toEqual({});
}, 280_000);
