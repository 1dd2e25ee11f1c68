-- All rows. Postgres prints some expressions differently after a dump and restore, although they mean the same. Here
-- both have one form:
--
--   (((a >= 1) AND (a <= 9)) AND b)                as it is printed first for: a between 1 and 9 and b
--   ((a >= 1) AND (a <= 9) AND b)                  as it is printed after a restore, and here
--   (ARRAY['x'::character varying])::text[]        as it is printed first for: a in ('x')
--   ARRAY[('x'::character varying)::text]          as it is printed after a restore
--   ARRAY['x'::character varying]                  as it is printed here
fact as materialized (
  select row_number() over () as id, f.*
  from (
    select kind, object, property, value from privilege
    union all select kind, object, property, value from role_fact
    union all select kind, object, property, value from relation_fact
    union all select kind, object, property, value from constraint_fact
    union all select kind, object, property, value from routine_fact
    union all select kind, object, property, value from copy_fact
  ) as f
  where f.value is not null
),
expression as materialized (
  select f.id,
    regexp_replace(
      regexp_replace(f.value, $re$\(('(?:[^']|'')*'::character varying)\)::text(?!\[)$re$, '\1', 'g'),
      $re$\(ARRAY\[((?:'(?:[^']|'')*'::character varying(?:, )?)+)\]\)::text\[\]$re$, 'ARRAY[\1]', 'g'
    ) as value
  from fact as f
  where f.property in ('definition', 'using', 'with check', 'default', 'generated', 'SQL body')
    or (f.kind = 'publication' and f.property ~ '^table ')
),
-- The pieces of an expression: literals, quoted names, parentheses, words, and what is between them. The depth of a
-- piece is how many parentheses are open around it; a parenthesis counts itself.
piece as materialized (
  select p.id, p.n, p.text,
    sum(case p.text when '(' then 1 when ')' then -1 else 0 end) over (partition by p.id order by p.n)
      + case p.text when ')' then 1 else 0 end as depth
  from (
    select e.id, m.n, m.match[1] as text
    from expression as e
    cross join lateral regexp_matches(
      e.value, $re$'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]|\w+|[^\w'"()]+$re$, 'g'
    ) with ordinality as m (match, n)
    where e.value ~ '\(\('
  ) as p
),
-- Pairs of parentheses, each with the operator that connects the terms between them: AND, OR or none.
parenthesis as materialized (
  select p.id, p.opens, max(p.n) filter (where p.text = ')') as closes,
    min(p.text) filter (where p.text in ('AND', 'OR')) as operator
  from (
    select id, n, text, max(n) filter (where text = '(') over (partition by id, depth order by n) as opens from piece
  ) as p
  group by p.id, p.opens
  having count(distinct p.text) filter (where p.text in ('AND', 'OR')) = 1
),
-- A pair that begins another pair with the same operator changes nothing: ((a AND b) AND c).
needless as (
  select i.id, n.n
  from parenthesis as i
  join parenthesis as o on o.id = i.id and o.opens = i.opens - 1 and o.operator = i.operator
  cross join lateral (values (i.opens), (i.closes)) as n (n)
),
rejoined as (
  select p.id, string_agg(p.text, '' order by p.n) as value
  from piece as p
  left join needless as n on n.id = p.id and n.n = p.n
  where n.id is null
  group by p.id
),
normal as (
  select f.kind, f.object,
    case f.property when 'SQL body' then 'body' else f.property end as property,
    case
      when f.property = 'SQL body' then encode(sha256(convert_to(coalesce(r.value, e.value), 'UTF8')), 'hex')
      when (f.kind = 'setting' or f.property ~ '^setting ') and f.property ~* 'secret|passw|token|key|credential|jwt'
        then 'hidden, sha256 ' || left(encode(sha256(convert_to(f.value, 'UTF8')), 'hex'), 16)
      else coalesce(r.value, e.value, f.value)
    end as value
  from fact as f
  left join expression as e on e.id = f.id
  left join rejoined as r on r.id = f.id
)
select kind, object, property, value
from normal
where
  -- Evaluated once, before any row is read. The settings last to the end of the transaction. A setting that has this
  -- value already is not touched.
  (
    select count(set_config(s.name, s.value, true))
    from (
      values
        ('search_path', 'pg_catalog, pg_temp'), ('quote_all_identifiers', 'off'), ('standard_conforming_strings', 'on'),
        ('timezone', 'UTC'), ('datestyle', 'ISO, YMD'), ('intervalstyle', 'postgres'), ('extra_float_digits', '1'),
        ('bytea_output', 'hex'), ('lc_monetary', 'C')
    ) as s (name, value)
    where current_setting(s.name) <> s.value
  ) >= 0
order by kind collate "C", object collate "C", property collate "C", value collate "C";
