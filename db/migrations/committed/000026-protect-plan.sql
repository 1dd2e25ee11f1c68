--! Previous: sha1:0b92d785b80b2888bdc1daa8da4b049ead0093e7
--! Hash: sha1:7bd69154af09ccb5a1e621f7419871d1ac12479f
--! Message: protect-plan

-- Protecting a table of yours, part 8 of 9: protect_plan(), for all tables at once.

do $$ begin perform ragwall.begin_migration(26); end $$;

set local role ragwall_owner;

create function ragwall.protected_model(tables jsonb)
  returns table (relation regclass, tenant_column name, type text, depth integer, parent oid)
  language sql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
as $$
  with recursive
  recognised as materialized (
    select t.relation, t.tenant_column from ragwall.tenant_tables() as t
  ),
  given as (
    select r.key::regclass as relation, r.value::name as tenant_column
    from jsonb_each_text(tables) as r
    union all
    select t.relation, t.tenant_column
    from recognised as t
    join pg_class as c on c.oid = t.relation
    where tables is null
      and not c.relispartition
      and c.relnamespace::regnamespace::text not in ('ragwall', 'ragwall_private', 'ragwall_search')
  ),
  -- The table of tenants: what a tenant column alone refers to.
  root as (
    select distinct on (k.confrelid) k.confrelid::regclass as relation, f.attname as tenant_column
    from given as g
    join pg_constraint as k on k.contype = 'f' and k.conrelid = g.relation and cardinality(k.conkey) = 1
    join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1] and a.attname = g.tenant_column
    join pg_attribute as f on f.attrelid = k.confrelid and f.attnum = k.confkey[1]
    where k.confrelid not in (select g.relation from given as g)
    order by k.confrelid, f.attnum
  ),
  -- Then tables that refer to these. Their tenant column is the one that is recognised, or what refers to the table of
  -- tenants, or what has the same name as in the other table, or else a new one.
  model as (
    select m.relation, m.tenant_column, format_type(a.atttypid, a.atttypmod) as type, 0 as depth, null::oid as parent
    from (table given union all table root) as m
    join pg_attribute as a on a.attrelid = m.relation and a.attname = m.tenant_column and not a.attisdropped
    union
    select k.conrelid::regclass, coalesce(o.own, m.tenant_column), m.type, m.depth + 1,
      case when o.own is null then k.oid end
    from model as m
    join pg_constraint as k on k.contype = 'f' and k.confrelid = m.relation and k.conparentid = 0
    left join recognised as t on t.relation = k.conrelid
    left join pg_attribute as n
      on n.attrelid = k.conrelid and n.attname = m.tenant_column and not n.attisdropped and m.relation <> all (
        select r.relation from root as r
      )
    left join pg_attribute as a
      on a.attrelid = k.conrelid and a.attnum = k.conkey[1] and m.depth = 0
        and ragwall.column_names(k.confrelid, k.confkey) = array[quote_ident(m.tenant_column)]
    cross join lateral coalesce(t.tenant_column, a.attname, n.attname) as o (own)
    where k.conrelid not in (select g.relation from given as g union all select r.relation from root as r)
      and m.depth < 8
  )
  select distinct on (m.relation) m.relation, m.tenant_column, m.type, m.depth, m.parent
  from model as m
  order by m.relation, m.depth, m.parent nulls first
$$;

comment on function ragwall.protected_model(jsonb) is
  'Returns the tables of a plan with their tenant columns, and of what type these are. tables: as of protect_plan(). '
  'parent: a foreign key by which a table without a tenant column belongs to a tenant; null if it has the column. '
  'depth: 0, or the number of foreign keys from the table to one that has the column.';

create function ragwall.protect_plan(tables jsonb default null)
  returns table (step text, statement text)
  language sql
  stable
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set jit = off
as $$
  with model as materialized (
    select m.*, quote_ident(m.tenant_column) as tenant
    from ragwall.protected_model(tables) as m
  ),
  index as materialized (
    select m.relation, m.tenant, i.finding, i.remedy
    from model as m
    cross join lateral ragwall.index_findings(m.relation, m.tenant_column) as i
  ),
  foreign_key as materialized (
    select f.*, k.conname
    from ragwall.composite_foreign_keys(
      (select jsonb_object_agg(m.relation::oid, m.tenant) from model as m)
    ) as f
    join pg_constraint as k on k.oid = f.id
  )
  select s.step, s.statement
  from (
    select 10, m.depth, 'a tenant column for ' || m.relation,
      format('alter table %s add column %s %s', m.relation, m.tenant, m.type)
    from model as m
    where m.parent is not null
    union all
    select 11, m.depth, format('its tenants from %s', far.relation), format(
      'update %s as near set %s = far.%s from %s as far where (%s) = (%s) and near.%2$s is null',
      m.relation, m.tenant, far.tenant, far.relation,
      (select string_agg('near.' || c, ', ') from unnest(ragwall.column_names(k.conrelid, k.conkey)) as c),
      (select string_agg('far.' || c, ', ') from unnest(ragwall.column_names(k.confrelid, k.confkey)) as c)
    )
    from model as m
    join pg_constraint as k on k.oid = m.parent
    join model as far on far.relation = k.confrelid
    union all
    select 12, m.depth, 'a tenant in every row',
      format('alter table %s alter column %s set not null', m.relation, m.tenant)
    from model as m
    where not exists (
      select from pg_attribute as a where a.attrelid = m.relation and a.attname = m.tenant_column and a.attnotnull
    )
    union all
    select 20, 0, format('the foreign key %I of %s lacks the tenant', f.conname, f.near), f.removal
    from foreign_key as f
    union all
    select 30, 0, i.finding, i.remedy
    from index as i
    union all
    select 35, 0, 'an index that begins with the tenant', format('create index on %s (%s)', m.relation, m.tenant)
    from model as m
    where not exists (
        select from index as i where i.relation = m.relation and strpos(i.remedy, format('(%s, ', m.tenant)) > 0
      )
      and not exists (
        select
        from pg_index as i
        where i.indrelid = m.relation and (ragwall.column_names(m.relation, i.indkey::smallint[]))[1] = m.tenant
      )
    union all
    -- Of the keys that were replaced above, none has to be added. A removal without an addition stays one.
    select 39, 0, format('a key that %I of %s can refer to', f.conname, f.near), f.key
    from foreign_key as f
    where f.addition is not null
      and not exists (
        select
        from index as i
        join pg_constraint as k on k.oid = f.id
        where i.relation = f.far
          and strpos(
            i.remedy, format('(%s, %s)', i.tenant, array_to_string(ragwall.column_names(k.confrelid, k.confkey), ', '))
          ) > 0
      )
    union all
    select 40, 0, format('the foreign key %I of %s with the tenant', f.conname, f.near), f.addition
    from foreign_key as f
    union all
    select 45, 0, f.finding, f.remedy
    from model as m
    cross join lateral ragwall.table_findings(m.relation, m.tenant_column, false) as f
    where f.refused
    union all
    select 50, m.depth, 'the walls of ' || m.relation,
      format('select * from ragwall.protect_table(%L, %L)', m.relation, m.tenant_column)
    from model as m
    where not exists (select from pg_policy as p where p.polrelid = m.relation and p.polname = 'tenant_floor')
  ) as s (place, depth, step, statement)
  where s.statement is not null
  order by s.place, s.depth, s.statement
$$;

comment on function ragwall.protect_plan(jsonb) is
  'Returns the statements that protect several tables together, in an order that can be executed from top to bottom '
  'in one transaction: tenant columns for tables that have none, filled from the tables that they refer to; keys and '
  'indexes that begin with the tenant; foreign keys with the tenant on both sides; protect_table() for each. Executes'
  ' nothing. No row if nothing is left to do. tables: an object that has the tenant column under the name of each '
  'table, like {"app.orgs": "id", "app.users": "org_id"}; null takes the tables of ragwall.tenant_tables(). Tables '
  'that refer to these belong to the plan, and so does the table of tenants, to which tenant columns refer. Read it '
  'before: a key that was unique across tenants becomes unique within each, and approximate indexes are dropped.';

reset role;
