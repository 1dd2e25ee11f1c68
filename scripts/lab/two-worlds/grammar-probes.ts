/** Statements that ask the server about plans, the catalog, objects and samples, or try to provoke telling errors. */
import type { Choices } from '../data.js';
import { condition, text } from './grammar-rows.js';
import { guesses, idOf, vectorOf } from './rows.js';
import { literals, type Scene } from './scene.js';

const settings: readonly (readonly [string, readonly string[]])[] = [
  ...['seqscan', 'indexscan', 'bitmapscan', 'indexonlyscan', 'sort', 'hashagg', 'nestloop', 'hashjoin'].map(
    (name) => [`enable_${name}`, ['off', 'on']] as const,
  ),
  ['enable_partition_pruning', ['off']],
  ['enable_partitionwise_join', ['on']],
  ['constraint_exclusion', ['on', 'off']],
  ['random_page_cost', ['0', '1', '1000']],
  ['seq_page_cost', ['0', '1000']],
  ['cpu_operator_cost', ['0', '10']],
  ['cpu_tuple_cost', ['0', '10']],
  ['cpu_index_tuple_cost', ['0', '10']],
  ['effective_cache_size', ['8kB', '100GB']],
  ['work_mem', ['64kB', '1GB']],
  ['plan_cache_mode', ['force_generic_plan', 'force_custom_plan']],
  ['cursor_tuple_fraction', ['0', '1']],
  ['from_collapse_limit', ['1']],
  ['row_security', ['off', 'on']],
  ['parallel_setup_cost', ['0']],
  ['min_parallel_table_scan_size', ['0']],
  ['hnsw.ef_search', ['1', '1000']],
  ['hnsw.iterative_scan', ['off', 'strict_order']],
  ['hnsw.max_scan_tuples', ['1']],
  ['search_path', ['ragwall', 'pg_temp, public']],
  ['transaction_read_only', ['on']],
];

/** Returns the statement after some settings that every role may change. */
export const withSettings = (r: Choices, statement: string) =>
  `${r
    .some(settings, 5)
    .map(([name, values]) => `set local ${name} = ${name === 'search_path' ? r.pick(values) : text(r.pick(values))}; `)
    .join('')}${statement}`;

/** Returns an EXPLAIN and its class. The class names its options, because they decide what it may tell. */
export function explain(r: Choices, statement: string): { kind: string; sql: string } {
  const analyze = r.chance(0.5);
  const costs = r.chance(0.5);
  const buffers = analyze && r.chance(0.4);
  const options = [
    `analyze ${analyze}`,
    `costs ${costs}`,
    `buffers ${buffers}`,
    `verbose ${r.chance(0.3)}`,
    `settings ${r.chance(0.3)}`,
    'summary off',
    ...(analyze ? ['timing off', `wal ${r.chance(0.2)}`] : []),
    ...(r.chance(0.2) ? ['format json'] : []),
  ];
  const asked = [analyze && 'analyze', costs && 'costs', buffers && 'buffers'].filter(Boolean).join(', ');
  return {
    kind: `explain${asked && ` (${asked})`}`,
    sql: `explain (${options.join(', ')}) ${statement}`,
  };
}

/** Returns the statement with settings that have the server send the plan to the client as log messages. */
export const planAsMessage = (r: Choices, statement: string) =>
  `set local client_min_messages = ${r.pick(['log', 'debug2', 'debug5'])}; ` +
  `set local ${r.pick(['debug_print_plan', 'debug_print_plan', 'debug_print_rewritten', 'debug_print_parse', 'trace_sort'])} = on; ` +
  `set local debug_pretty_print = ${r.pick(['on', 'off'])}; ${statement}`;

export function catalog(r: Choices, s: Scene): string {
  const from = r.pick(
    r.chance(0.5) ? s.relations : s.relations.filter((name) => /^pg_(class|index|stat|lock|stats|attr)/.test(name)),
  );
  return r.pick([
    `select count(*) from ${from}`,
    `select md5(string_agg(x::text, ',' order by x::text)) from ${from} as x`,
    `select x::text from ${from} as x where x::text like '%documents%' order by 1 limit 5`,
    `select * from ${from} limit 2`,
  ]);
}

export const sample = (r: Choices, s: Scene) =>
  `select ${r.pick(['count(*)', 'min(d.id::text)', 'array_agg(d.position order by d.id)'])} from ragwall.documents as d ` +
  `tablesample ${r.pick(['system', 'bernoulli'])} (${r.pick(['1', '10', '50', '100'])}) repeatable (${r.below(99)}) where ${condition(r, s)}`;

function argument(r: Choices, s: Scene, type: string): string {
  if (type === 'oid' || type === 'regclass') return `${r.pick(s.oids)}::${type}`;
  if (type === 'oid[]') return `array[${r.pick(s.oids)}, ${r.pick(s.oids)}]::oid[]`;
  if (type === 'name' || type === 'text') {
    const words = [
      ...s.tenants,
      ...guesses.contents,
      idOf(3),
      'select',
      'content',
      'regclass',
      'select 1',
      'tenant_id',
      'UTF8',
    ];
    return `${text(r.chance(0.5) ? r.pick(s.names) : r.pick(words))}::${type}`;
  }
  return r.pick(literals[type] ?? []);
}

/** Returns a call of a function that the role may execute. */
export function call(r: Choices, s: Scene): string {
  const callable = s.routines.filter(({ arguments: types }) => types.every((type) => type !== 'xml'));
  const { name, arguments: types } = r.pick(callable);
  return `select f::text from ${name}(${types.map((type) => argument(r, s, type)).join(', ')}) as f limit 30`;
}

/** Returns a question about an object, by number or by name: whether it exists, its name, what may be done with it. */
export function object(r: Choices, s: Scene): { kind: string; sql: string } {
  const named = r.chance(0.5);
  const it = named ? r.pick(s.names) : r.pick(s.oids);
  const as = named ? text(it) : it;
  const asked = [
    `select ${as}::regclass`,
    `select ${as}::regclass::text`,
    `select format('%s', ${as}::regclass)`,
    `select has_table_privilege(${named ? as : `${as}::oid`}, 'select')`,
    `select has_any_column_privilege(${named ? as : `${as}::oid`}, 'select')`,
    `select has_column_privilege(${named ? as : `${as}::oid`}, 1::smallint, 'select')`,
    `select count(*) from pg_class where relname like 'search\\_%' and oid = ${named ? `to_regclass(${as})` : as}`,
    `select pg_index_has_property(${as}::regclass, 'clusterable')`,
    `select pg_relation_filenode(${as}::regclass)`,
    `select row_security_active(${named ? as : `${as}::oid`})`,
    `select count(*) from pg_partition_tree(${as}::regclass)`,
    `select pg_get_replica_identity_index(${as}::regclass)`,
    `select currval(${as}::regclass)`,
    `select gin_clean_pending_list(${as}::regclass)`,
    ...(named
      ? [
          ...[`select to_regclass(${as})`, `select pg_input_is_valid(${as}, 'regclass')`],
          ...[`select * from pg_input_error_info(${as}, 'regclass')`, `select * from ${it}`, `drop index ${it}`],
          ...[`alter index ${it} rename to x`, `comment on index ${it} is 'x'`, `reindex index ${it}`],
          ...[`lock table ${it} in access share mode`, `truncate ${it}`, `select ${as}::regtype`],
          ...[`create index on ${it} (id)`, `explain select from ${it}`, `copy ${it} to stdout`],
        ]
      : [
          ...[`select pg_table_is_visible(${as})`, `select pg_relation_is_updatable(${as}, true)`],
          ...[`select obj_description(${as}, 'pg_class')`, `select pg_filenode_relation(0, ${as})`],
          ...[`select regclassout(${as})`, `select pg_relation_is_publishable(${as})`],
          ...[`do $$ begin raise notice '%', ${as}::regclass; end $$`],
        ]),
  ];
  return { kind: named ? 'objects by name' : 'objects by number', sql: r.pick(asked) };
}

/** A range that only one value fits. The planner would evaluate an equation last, after the condition that raises an error. */
const between = (column: string, value: string) => `${column} >= ${text(value)} and ${column} <= ${text(value)}`;

function guessed(r: Choices, s: Scene): string {
  const word = r.pick(guesses.contents);
  return r.pick([
    `d.content >= ${text(word.slice(0, 6))} and d.content < ${text(`${word.slice(0, 6)}~`)}`,
    `d.content = ${text(word)}`,
    `d.content >= any(array[${text(word)}])`,
    `d.tenant_id >= ${text(s.victim)} and d.tenant_id <= ${text(s.victim)}`,
    between('d.id', r.pick(guesses.ids.slice(2))),
    between('d.source', r.pick(guesses.sources)),
    between('d.content', word),
    `d.position >= ${r.pick(guesses.numbers.slice(2))}`,
    `d.created_at >= '2020-03-01'`,
  ]);
}

/** Whether it is among the large tenants, and what is in their search tables: relations that only the search reads. */
export function searchTables(r: Choices, s: Scene): string {
  const its = text(r.chance(0.5) ? s.tenant : r.pick(s.tenants));
  const one = `${text(idOf(r.below(70)))}::uuid`;
  const relation = r.pick(['directory', 'tail', 'search_0']);
  const vector = text(vectorOf(r.below(97)));
  const word = text(r.pick([...guesses.contents, 'merger plan', 'severance', 'nothing']));
  const filter = r.pick([
    'null',
    `'{"topic": {"$ne": "merger"}}'`,
    `'{"topic": {"$gte": "m"}, "severance": {"$exists": false}}'`,
    `'{"$or": [{"topic": "merger"}, {"$not": {"topic": {"$in": ["plan", null]}}}]}'`,
  ]);
  return r.pick([
    `select tenant_id from ragwall_search.directory order by 1`,
    `select count(*), max(tenant_id) from ragwall_search.directory where tenant_id ${r.pick(['=', '>=', '<>'])} ${its}`,
    `select exists (select from ragwall_search.directory where tenant_id like ${text(`${s.victim.slice(0, 2)}%`)})`,
    `select d.id, s.tenant_id from ragwall.documents as d left join ragwall_search.directory as s on s.tenant_id >= d.tenant_id order by 1, 2 limit 5`,
    `insert into ragwall_search.tail (tenant_id, id) values (${its}, ${one})`,
    `insert into ragwall_search.tail (tenant_id, id) select tenant_id, ${one} from ragwall_search.directory`,
    `insert into ragwall_search.tail (tenant_id, id) values (${text(s.tenant)}, ${one}); select id, similarity from ragwall.match_documents(${vector}, 5)`,
    `insert into ragwall_search.tail (tenant_id, id) values (${its}, ${one}) returning ${r.pick(['id', '1', 'ctid'])}`,
    `insert into ragwall_search.directory (tenant_id) values (${its}) on conflict do nothing`,
    `select ${r.pick(['*', 'count(*)', 'tenant_id', 'relation', 'ctid'])} from ragwall_search.${relation}`,
    `${r.pick(['delete from', 'truncate', 'lock table', 'analyze', 'table'])} ragwall_search.${relation}`,
    `update ragwall_search.${relation} set tenant_id = ${its}`,
    `select tenant_id from ragwall_search.directory where tenant_id = ${its} for ${r.pick(['update', 'share', 'key share'])}`,
    `select ragwall.${r.pick(['build_search_table', 'measure_search_table', 'drop_search_table', 'index_plan'])}()`,
    `select * from ragwall.search_tables`,
    `select * from ragwall_search.measure('search_0', 10)`,
    `select ragwall_search.search_table(null, ${vector}, 5, null, null)`,
    `select * from ragwall.search_documents(${vector}, ${1 + r.below(9)}, null)`,
    `set local transaction_isolation = 'serializable'; select 1`,
    `select * from ragwall.search_as(${its}, ${vector}, 5, null)`,
    `select * from ragwall.search_words(${word}, ${1 + r.below(9)}, ${filter})`,
    `select * from ragwall.match_hybrid(${vector}, ${word}, ${1 + r.below(9)}, ${filter}, 0.${r.below(9)})`,
    `select id, similarity from ragwall.match_documents(${vector}, ${1 + r.below(9)}, ${filter})`,
    `select ${r.pick(['*', 'count(*)', 'id', 'ctid'])} from ragwall_search.${r.pick(['words', 'vocabulary', 'word_settings'])}`,
    `select * from ragwall_search.best_by_words(${its}, ${word}, 5, null)`,
    `select ragwall.${r.pick(["enable_words('simple')", 'fill_words(10)', 'words_due()', "declare_filter('topic')"])}`,
    `select * from ragwall.search_with_token(${text(s.token ?? 'x')}, ${vector}, 5, null)`,
  ]);
}

const noIndex = ['indexscan', 'bitmapscan', 'indexonlyscan', 'partition_pruning']
  .map((name) => `set local enable_${name} = off; `)
  .join('');

/** Returns a guess and, after it, a sub-select that raises an error if it is evaluated: if the guess is right for any row. */
export const oracle = (r: Choices, s: Scene) =>
  noIndex +
  r.pick([
    `select count(*) from ragwall.documents as d where ${guessed(r, s)} and ` +
      r.pick([
        'd.position >= (select 1 / (pg_backend_pid() * 0))',
        'd.position >= any(array[(select 1 / (pg_backend_pid() * 0))])',
        'd.metadata is not null and d.position >= (select 1 / (pg_backend_pid() * 0))',
      ]),
    `select count(*) from ragwall_search.directory as d where ${between('d.tenant_id', s.victim)} and ` +
      'd.tenant_id >= (select (1 / (pg_backend_pid() * 0))::text)',
  ]);

/** Returns a statement that raises an error for rows that must not be read, or that pretends to be another tenant or role. */
export function hostile(r: Choices, s: Scene): string {
  const from = 'from ragwall.documents as d';
  const word = r.pick(guesses.contents);
  const guess = guessed(r, s);
  const raising = r.pick([
    'd.position >= (select 1 / (pg_backend_pid() * 0))',
    '1 / (d.position - d.position) > 0',
    'd.content::integer > 0',
    '(select 1 / (pg_backend_pid() * 0)) > 0',
    `case when d.content like '${word.slice(0, 4)}%' then 1 / 0 > 0 else true end`,
    `((${text(`[${r.pick(guesses.numbers)}:${r.pick(guesses.numbers)}]={t}`)})::boolean[])[d.position]`,
    "case when d.metadata['severance'] is not null then (array[true])[d.position] end",
    `(d.metadata ->> 'topic')::integer = 1`,
    `cast(d.content as uuid) = d.id`,
  ]);
  const plain = r.chance(0.5) ? '' : noIndex;
  const search = s.role === 'agent_caller' ? 'agent_match_documents' : 'match_documents';
  const asked = text(vectorOf(r.below(97), 0.01));
  return r.pick([
    () => `${plain}select count(*) ${from} where ${guess} and ${raising}`,
    () => `${plain}select count(*) ${from} where ${guess} and ${raising}`,
    () => `${plain}select d.id ${from} where ${raising} and ${guess} order by 1`,
    () => `select count(*) ${from} where tenant_id = ${text(r.pick(s.tenants))} and ${raising}`,
    () => `select set_config('app.current_tenant', ${text(s.victim)}, true), (select count(*) ${from})`,
    () => `set local app.current_tenant = ${text(s.victim)}; select content from ragwall.${search}(${asked}, 5, null)`,
    () => `select ragwall.set_tenant(${text(s.victim)})`,
    () => `select ragwall.set_tenant_from_token(${text(s.victim)})`,
    () =>
      `do $$ declare why text; begin perform 1 ${from} where ${guess} and ${raising}; raise notice 'fine'; exception when others then get stacked diagnostics why = pg_exception_context; raise notice '% %', sqlstate, why; end $$`,
    () =>
      `declare c scroll cursor for select d.content ${from} where ${condition(r, s)} order by d.id; fetch 3 from c; move last in c; fetch backward 2 from c; close c`,
    () =>
      `prepare p (text) as select d.id ${from} where d.content >= $1 and d.tenant_id = ${text(s.tenant)} order by 1; execute p(${text(word)}); deallocate p`,
    () => `copy (select d.id, d.content ${from} where ${condition(r, s)} order by 1) to stdout`,
    () =>
      `create ${r.pick(['temp table x', 'table ragwall.x', 'view public.x', 'materialized view public.x'])} as select * ${from}`,
    () =>
      `create function public.peek(text) returns boolean language plpgsql cost 0.0001 as $$ begin raise notice '%', $1; return true; end $$; select count(*) ${from} where public.peek(d.content)`,
    () => `set local role ${r.pick(['ragwall_owner', 'app_user', 'pg_monitor', 'postgres'])}; select count(*) ${from}`,
    () =>
      `lock table ragwall.documents in ${r.pick(['access share', 'row exclusive', 'access exclusive'])} mode nowait`,
    () => `select ctid, xmin, tableoid ${from} order by id limit 1`,
    () => `select id ${from} where (d.*)::text like '%${word.slice(0, 4)}%' order by 1`,
    () => `select query_to_xml('select count(*) ${from} where ' || ${text(guess)}, true, false, '')`,
    () => `select content from ragwall.${search}(${asked}, 20, null) where similarity > 0.999`,
    () => `set local default_transaction_isolation = serializable; select count(*) ${from} where ${guess}`,
    () => `notify docs, ${text(word)}`,
    () => 'vacuum ragwall.documents',
    () => `alter table ragwall.documents disable row level security`,
  ])();
}
