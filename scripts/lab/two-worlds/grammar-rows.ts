/** Statements that read or change documents. */
import type { Choices } from '../data.js';
import { guesses, idOf, topics, vectorOf } from './rows.js';
import type { Scene } from './scene.js';

export const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

const id = (r: Choices) => text(r.chance(0.6) ? idOf(r.below(70)) : r.pick(guesses.ids));
const number = (r: Choices) => String(r.chance(0.6) ? r.below(70) : r.pick(guesses.numbers));
const vector = (r: Choices) => text(vectorOf(r.below(97), r.chance(0.3) ? 0.01 : 0));
const content = (r: Choices) => text(r.chance(0.5) ? `passage ${r.below(70)} about finance` : r.pick(guesses.contents));
const filter = (r: Choices) =>
  text(
    JSON.stringify(
      r.pick([
        {},
        { topic: r.pick([...topics, ...guesses.topics]) },
        { n: r.below(70) },
        { tags: [`t${r.below(3)}`] },
        { topic: 'finance', n: 4 * r.below(15) },
      ]),
    ),
  );
const compare = (r: Choices) => r.pick(['=', '=', '<', '>=', '<>']);

const simple: readonly ((r: Choices, s: Scene) => string)[] = [
  (r) => `d.id ${compare(r)} ${id(r)}`,
  (r) => `d.position ${compare(r)} ${number(r)}`,
  (r) => `d.content ${compare(r)} ${content(r)}`,
  (r) =>
    `d.content ${r.pick(['like', 'ilike', 'not like'])} ${text(`%${r.pick(['merger', 'layoffs', 'about', '1'])}%`)}`,
  (r) => `d.content ~ ${text(r.pick(['^we buy', 'spring$', '[0-9]+ about']))}`,
  (r) => `d.source = ${text(r.pick([...guesses.sources, 'legal/3.md']))}`,
  (r) => `d.source is ${r.chance(0.5) ? 'not ' : ''}null`,
  (r) => `d.id in (${id(r)}, ${id(r)}, ${id(r)})`,
  (r) => `d.position between ${number(r)} and ${number(r)}`,
  (r) => `d.metadata @> ${filter(r)}`,
  (r) => `d.metadata ->> 'topic' ${compare(r)} ${text(r.pick([...topics, ...guesses.topics]))}`,
  (r) => `d.metadata ? ${text(r.pick(['price', 'severance', 'tags']))}`,
  (r) => `d.embedding <=> ${vector(r)} < ${r.pick(['0.1', '0.5', '1'])}`,
  (r) => `d.created_at < '2020-01-0${1 + r.below(9)}'`,
  (r, s) => `d.tenant_id ${compare(r)} ${text(r.pick(s.tenants))}`,
  (r) => `exists (select from ragwall.documents as e where e.position = d.position + ${r.below(3)})`,
  (r) => `d.position > (select avg(e.position) from ragwall.documents as e where e.id <> ${id(r)})`,
];

export function condition(r: Choices, s: Scene, depth = 2): string {
  if (depth > 0 && r.chance(0.35)) {
    return `(${condition(r, s, depth - 1)} ${r.pick(['and', 'and', 'or'])} ${condition(r, s, depth - 1)})`;
  }
  return r.chance(0.1) ? `not (${r.pick(simple)(r, s)})` : r.pick(simple)(r, s);
}

const where = (r: Choices, s: Scene) => {
  const asked = r.chance(0.8) ? condition(r, s) : 'true';
  return r.chance(0.5) ? `d.tenant_id = ${text(s.tenant)} and ${asked}` : asked;
};

const columns = ['d.id', 'd.source', 'd.position', 'd.content', 'd.metadata', 'd.embedding', 'd.tenant_id', 'd.*'];
const computed: readonly ((r: Choices) => string)[] = [
  (r) => `d.embedding <=> ${vector(r)} as distance`,
  () => "d.metadata ->> 'topic' as topic",
  () => 'length(d.content) as long',
  () => 'md5(d.content)',
  (r) => `d.position / nullif(${r.below(3)}, 0)`,
  () => 'd.content collate "C" < \'m\' as early',
];
const projection = (r: Choices) => [...r.some(columns, 3), ...(r.chance(0.4) ? [r.pick(computed)(r)] : [])].join(', ');
const orders = ['d.id', 'd.position desc, d.id', 'd.content, d.id', "d.embedding <=> '[1,2,3,4,5,6,7,8]', d.id"];

export const select = (r: Choices, s: Scene) =>
  `select ${projection(r)} from ragwall.documents as d where ${where(r, s)} order by ${r.pick(orders)}` +
  (r.chance(0.5) ? ` limit ${1 + r.below(9)} offset ${r.below(4)}` : '');

/** Returns a query whose order, and with a limit whose rows, are the server's choice. */
export const unordered = (r: Choices, s: Scene) =>
  `select ${projection(r)} from ragwall.documents as d where ${where(r, s)}` +
  (r.chance(0.3) ? ` limit ${1 + r.below(5)}` : '');

const aggregates = [
  ...['count(*)', 'sum(d.position)', 'max(d.content)', 'min(d.id::text)', 'count(distinct d.source)'],
  ...["string_agg(d.content, ',' order by d.id)", 'avg(d.position)::numeric(20, 6)', 'bool_or(d.source is null)'],
  ...['array_agg(d.position order by d.id)', 'stddev(d.position)::numeric(20, 6)', "max(d.metadata ->> 'price')"],
  ...['percentile_disc(0.5) within group (order by d.position)', 'avg(d.embedding)::text', 'max(d.tenant_id)'],
];
const groups = ['d.source', "d.metadata ->> 'topic'", 'd.position % 3', 'd.tenant_id'];

export function aggregate(r: Choices, s: Scene): string {
  const from = `from ragwall.documents as d where ${where(r, s)}`;
  const asked = r.some(aggregates, 3).join(', ');
  const group = r.pick(groups);
  const id2 = id(r);
  return r.pick([
    () => `select ${asked} ${from}`,
    () => `select ${group}, ${asked} ${from} group by 1 having count(*) > ${r.below(3)} order by 1`,
    () => `select ${group}, d.position % 2, count(*) ${from} group by rollup (1, 2) order by 1, 2, 3`,
    () =>
      `select d.id, row_number() over (partition by ${group} order by d.id), lag(d.content) over (order by d.id) ${from} order by 1`,
    () => `select d.id, sum(d.position) over (order by d.id rows 2 preceding) ${from} order by 1`,
    () =>
      `with x as materialized (select d.* ${from}) select count(*), (select count(*) from x where id = ${id2}) from x`,
    () => `select id ${from} union select id from ragwall.documents where id = ${id2} order by 1`,
    () => `select id ${from} except select id from ragwall.documents where position > ${number(r)} order by 1`,
    () =>
      `select d.id, e.content from ragwall.documents as d left join ragwall.documents as e on e.tenant_id = ${text(s.tenant)} and e.position = d.position + 1 where ${where(r, s)} order by 1, 2`,
    () =>
      `with recursive c as (select d.id, d.position ${from} union select e.id, e.position from ragwall.documents as e join c on e.position = c.position + 1 where e.tenant_id = ${text(s.tenant)} and e.position < 9) select count(*), max(position) from c`,
  ])();
}

/** Returns a search, now and then with arguments that are wrong. */
export function search(r: Choices, s: Scene): string {
  const asked = r.pick([
    vector(r),
    vector(r),
    vector(r),
    vector(r),
    vector(r),
    "'[1,2]'",
    "'[0,0,0,0,0,0,0,0]'",
    'null',
  ]);
  const k = r.chance(0.9)
    ? String(1 + r.below(r.chance(0.2) ? 1_000 : 20))
    : r.pick(['0', '-1', '1001', 'null', '2.5']);
  const fit = r.chance(0.9) ? (r.chance(0.4) ? 'null' : filter(r)) : r.pick(["'[]'", "'1'", "'x'"]);
  if (s.role === 'agent_caller') {
    const call = `ragwall.agent_match_documents(${asked}, ${k}, ${fit}${r.pick(['', ', true'])})`;
    return r.pick([
      `select * from ${call}`,
      `select * from ${call}`,
      `select count(*), max(similarity), string_agg(content, ',') from ${call}`,
      `select m.id, row_number() over () from ${call} as m where m.content like '%${r.pick(['merger', '1', 'about'])}%'`,
      `select ${call}`,
      `select (m).* from (select ${call} as m) as s limit ${r.below(4)}`,
    ]);
  }
  const token = s.token && text(s.token);
  const binding = r.pick([
    ...(s.role === 'app_user' && token ? [`ragwall.search_as(${text(s.tenant)}, `] : []),
    ...(token ? [`ragwall.search_with_token(${token}, `] : ['ragwall.match_documents(']),
  ]);
  const call = r.pick([
    `${binding}${asked}, ${k}, ${fit})`,
    `ragwall.match_documents(${asked}, ${k})`,
    `ragwall.match_documents(${asked}, ${k}, ${fit})`,
    ...(/^app_/.test(s.role)
      ? [`ragwall_api.match_passages(query_embedding => ${asked}, match_count => ${k}, filter => ${fit})`]
      : []),
  ]);
  return r.pick([
    `select * from ${call}`,
    `select * from ${call}`,
    `select id, similarity from ${call} where similarity > ${r.pick(['0', '0.9', '-1'])}`,
    `select count(*), max(similarity) from ${call}`,
    `select d.id, m.similarity from ${call} as m join ragwall.documents as d on d.tenant_id = ${text(s.tenant)} and d.id = m.id order by 2 desc, 1`,
    `select d.id, m.id, m.similarity from ragwall.documents as d, lateral ragwall.match_documents(d.embedding, 2) as m where d.tenant_id = ${text(s.tenant)} and d.position < 5 order by 1, 3 desc, 2`,
    `select d.id, d.content from ragwall.documents as d order by d.embedding <=> ${asked}, d.id limit ${1 + r.below(9)}`,
    `select d.id, 1 - (d.embedding <=> ${asked}) as similarity from ragwall.documents as d where d.tenant_id = ${text(s.tenant)} and d.metadata @> ${filter(r)} order by 2 desc, 1 limit 5`,
  ]);
}

const returning = (r: Choices) => (r.chance(0.6) ? ' returning id, source, position, content, metadata' : '');

export function write(r: Choices, s: Scene): string {
  const its = `tenant_id = ${text(s.tenant)}`;
  const row = `(${id(r)}, ${text(r.pick([...guesses.sources, 'legal/3.md', 'new.md']))}, ${number(r)}, ${content(r)}, ${vector(r)}, 'test', ${filter(r)})`;
  const into =
    'insert into ragwall.documents as d (id, source, position, content, embedding, embedding_model, metadata) values ';
  const document = JSON.stringify({
    ...(r.chance(0.5) ? { id: idOf(r.below(75)) } : { source: r.pick(guesses.sources), position: r.below(70) }),
    content: r.pick(guesses.contents),
    ...(r.chance(0.8) && { embedding: vectorOf(r.below(97)), embedding_model: 'test' }),
  });
  return r.pick([
    () => `${into}${row}${returning(r)}`,
    () => `${into}${row} on conflict do nothing${returning(r)}`,
    () =>
      `${into}${row} on conflict (tenant_id, id) do update set content = excluded.content, metadata = d.metadata || '{"again": true}'${returning(r)}`,
    () =>
      `${into}${row} on conflict (tenant_id, source, position) do update set content = excluded.content where d.content <> 'x'${returning(r)}`,
    () =>
      `insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model) values (${text(r.pick(s.tenants))}, ${id(r)}, 'x', ${vector(r)}, 'test')`,
    () => `update ragwall.documents as d set content = ${content(r)} where ${where(r, s)}`,
    () =>
      `update ragwall.documents as d set metadata = d.metadata || ${filter(r)}, embedding = ${vector(r)} where d.${its} and d.id = ${id(r)}${returning(r)}`,
    () => `update ragwall.documents set ${r.pick(['tenant_id', 'id', 'source'])} = default where ${its}`,
    () => `delete from ragwall.documents as d where ${where(r, s)}`,
    () =>
      `merge into ragwall.documents as d using (values (${id(r)}::uuid, ${content(r)})) as v (id, content) on d.${its} and d.id = v.id when matched then update set content = v.content when not matched then insert (id, content, embedding, embedding_model) values (v.id, v.content, ${vector(r)}, 'test')`,
    () => `select * from ragwall.upsert_documents(${text(`[${document}]`)})`,
    () => `select ragwall.delete_documents(array[${id(r)}, ${id(r)}]::uuid[])`,
    () => `select ragwall.delete_matching(${filter(r)})`,
    () => `select ragwall.delete_source(${text(r.pick([...guesses.sources, 'legal/3.md']))}, ${r.below(40)})`,
    () => `select ragwall.catch_up(${r.pick(['1', '3', '1000', '0', 'null'])}); ${search(r, s)}`,
    () =>
      `select d.id from ragwall.documents as d where ${where(r, s)} order by d.id limit 4 for ${r.pick(['update', 'share', 'no key update'])}${r.pick(['', ' nowait', ' skip locked'])}`,
  ])();
}

/** Returns a statement whose change of one of few documents is kept for later statements. */
export function keep(r: Choices): string {
  const key = text(idOf(r.below(75)));
  const document = JSON.stringify({
    id: idOf(r.below(75)),
    content: `kept ${r.below(99)}`,
    embedding: vectorOf(r.below(97)),
    embedding_model: 'test',
  });
  return r.pick([
    `select * from ragwall.upsert_documents(${text(`[${document}]`)})`,
    `select * from ragwall.upsert_documents(${text(`[${document}]`)})`,
    `insert into ragwall.documents (id, content, embedding, embedding_model) values (${key}, 'kept', ${vector(r)}, 'test') on conflict do nothing`,
    `update ragwall.documents set content = 'kept ${r.below(99)}' where id = ${key}`,
    `select ragwall.delete_documents(array[${key}]::uuid[])`,
    `select ragwall.catch_up(${1 + r.below(9)})`,
  ]);
}
