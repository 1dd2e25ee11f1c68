-- What was released: the objects of a database that was just migrated, one a row, each with its properties.
released (kind, parent, name, properties) as (
  values
:released
),
at_release as materialized (
  select from routine as f
  where f.nspname = 'ragwall' and f.proname = 'migration'
    and (regexp_match(f.body, 'RETURN (\d+)'))[1]::integer = :last_migration
),
-- Without the settings that a server of this version does not have. optional: made by db/audit-install.sql, which not
-- every database has.
expected (kind, parent, name, optional, property, value) as materialized (
  select r.kind, r.parent, r.name, r.kind = 'function' and r.properties !~ '"body"', p.key, p.value
  from released as r
  cross join lateral jsonb_each_text(r.properties::jsonb) as p
  where p.key !~ '^setting \w+$' or substr(p.key, 9) in (select name from pg_catalog.pg_settings)
),
difference as materialized (
  select kind, parent, name, property, e.value as expected, p.value as found,
    (kind, parent, name) in (select kind, parent, name from present) as is_there,
    (kind, parent, name) in (select kind, parent, name from expected) as is_ours
  from expected as e
  full join present as p using (kind, parent, name, property)
  where exists (select from at_release)
    and e.value is distinct from p.value
    -- Fewer privileges than were released are none too many.
    and (kind not in ('privilege', 'role') or p.value is not null and e.value is distinct from 'with grant option')
    and (e.optional is not true or (kind, parent, name) in (select kind, parent, name from present))
),
-- Objects that differ: missing, added or changed. What belongs to a missing or added object is not listed, nor what a
-- partition has from its table.
deviation as materialized (
  select d.kind, n.parent, n.name,
    case when not d.is_ours then 'added' when not d.is_there then 'missing' else 'changed' end as state,
    case d.kind when 'column' then format('%s.%I', n.parent, n.name)
      when 'privilege' then n.parent || ' for ' || n.name
      when 'schema' then 'schema ' || n.name when 'event trigger' then 'event trigger ' || n.name
      when 'row-level security' then n.name
      else concat_ws(' on ', case when n.parent = '' then n.name else quote_ident(n.name) end, nullif(n.parent, ''))
      end as object,
    string_agg(d.property, ', ' order by d.property collate "C") as properties,
    string_agg(format('%s: expected %s, found %s', d.property, coalesce(d.expected, 'none'), coalesce(d.found, 'none')),
      '; ' order by d.property collate "C") as evidence,
    case when count(*) = 1 then min(d.property) end as property, min(d.expected) as expected, min(d.found) as found
  from difference as d
  cross join vector_schema as s
  cross join lateral (
    values (
      replace(replace(d.parent, 'public.', s.name || '.'), 'PUBLIC.', 'public.'),
      replace(replace(d.name, 'public.', s.name || '.'), 'PUBLIC.', 'public.')
    )
  ) as n (parent, name)
  where not exists (
      select from difference as o
      where o.name = d.parent and o.parent = '' and d.parent <> '' and not (o.is_there and o.is_ours)
    )
    and not exists (
      select from own_relation as r
      join difference as o on o.parent = r.root and (o.kind, o.name, o.property) = (d.kind, d.name, d.property)
      where r.name = d.parent
    )
  group by d.kind, n.parent, n.name, d.is_there, d.is_ours
),
