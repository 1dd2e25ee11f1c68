--! Previous: sha1:9feb270edcf8420f4dfd47d26ab3f5015084d5e5
--! Hash: sha1:859407f2865d4d7981fcef7a298472e7b90548f1
--! Message: protection-indexes

-- Protecting a table of yours, part 2 of 6: indexes by which tenants can observe each other.

set local role ragwall_owner;

create function ragwall.is_pinned(index regclass, tenant_column name)
  returns boolean
  language sql
  stable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
  select coalesce(bool_and(exists (
    select
    from unnest(array[
      pg_get_expr(i.indpred, i.indrelid), pg_get_partition_constraintdef(i.indrelid)
    ]) as condition
    where condition !~ ' OR '
      -- The column is printed in several ways. Each is replaced by a character that no name has.
      and replace(
        replace(condition, format('(%I)::text', tenant_column), chr(1)), quote_ident(tenant_column), chr(1)
      ) ~ '(^|^\(|AND )\(\u0001 = \(?''([^'']|'''')*''::(text|character varying(\(\d+\))?)(\)::text)?\)'
  )), false)
  from pg_index as i
  join pg_class as c on c.oid = i.indexrelid and c.relkind = 'i'
  where i.indexrelid in (select m from ragwall.with_partitions(index) as m)
$$;

comment on function ragwall.is_pinned(regclass, name) is
  'Returns whether an index, or each of its partitions, has rows of one tenant only, because its predicate or the '
  'bound of its table says tenant_column = a constant. False if the index does not exist, and for null.';

create function ragwall.index_findings(target regclass, tenant_column name)
  returns table (refused boolean, finding text, remedy text)
  language sql
  stable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
  select
    s.refused,
    concat(
      'the ', coalesce('key ' || quote_ident(i.conname), 'index ' || i.name),
      case
        when i.approximate then format(
          ' is approximate and has the rows of all tenants: create one for each tenant, where %I = …, or none',
          tenant_column
        )
        when s.refused then ' is unique across tenants, so that errors tell what other tenants have'
        else ' does not begin with the tenant, so that explain counts rows of other tenants in it'
      end
    ),
    case
      when i.conname is not null then format(
        'alter table %s drop constraint %I, add constraint %2$I %3$s', i.relation, i.conname, s.with_tenant
      )
      when s.with_tenant is null then format('drop index %s', i.name)
      else format('drop index %s; %s', i.name, s.with_tenant)
    end
  from (
    select x.indexrelid::regclass as name, x.indrelid::regclass as relation, x.indisunique, x.indisexclusion,
      a.amname, k.conname, k.contype,
      ragwall.column_names(x.indrelid, (x.indkey::smallint[])[0:x.indnkeyatts - 1]) as keys,
      coalesce(pg_get_constraintdef(k.oid), pg_get_indexdef(x.indexrelid)) as definition,
      -- gist and spgist, which are part of the server, return exact results.
      a.amname not in ('gist', 'spgist') and exists (
        select
        from pg_opclass as o
        join pg_amop as p on p.amopfamily = o.opcfamily
        where o.oid = any (x.indclass::oid[])
          and p.amoppurpose = 'o'
      ) as approximate
    from ragwall.with_partitions(target) as m
    join pg_index as x on x.indrelid = m
    join pg_class as c on c.oid = x.indexrelid
    join pg_am as a on a.oid = c.relam
    left join pg_constraint as k on k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x')
    where not c.relispartition
    -- offset 0: the conditions below are evaluated for the indexes of this table only.
    offset 0
  ) as i
  cross join lateral (
    select quote_ident(tenant_column),
      case when i.contype in ('p', 'u') then '(' else format('USING %s (', i.amname) end
  ) as t (tenant, opening)
  cross join lateral (
    select
      i.approximate or i.indisexclusion or i.indisunique and not coalesce(t.tenant = any (i.keys), false),
      case when i.amname = 'btree' or i.indisexclusion then overlay(
        i.definition
        placing concat(t.tenant, case when i.indisexclusion then ' WITH =' end, ', ')
        from strpos(i.definition, t.opening) + length(t.opening)
        for 0
      ) end
  ) as s (refused, with_tenant)
  where (i.approximate or i.indisexclusion or i.amname in ('btree', 'hash', 'brin'))
    and not ragwall.is_pinned(i.name, tenant_column)
    and i.keys[1] is distinct from t.tenant
$$;

comment on function ragwall.index_findings(regclass, name) is
  'Returns the indexes of a table that neither begin with the tenant nor have rows of one tenant only, each with '
  'statements that correct it. refused: true for those that tell of other tenants by errors and answers, which are '
  'unique indexes without the tenant and approximate ones; false for those that only explain shows.';

reset role;
