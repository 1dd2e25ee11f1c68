--! Previous: sha1:ed5d28d7180ac44a7d3f7de0a221e8ec502d544e
--! Hash: sha1:ed879771aa83071cbaa10a1c7ef1855ed667dddd
--! Message: protection-indexes

-- Protecting a table of yours, part 2 of 9: indexes by which tenants can observe each other.

do $$ begin perform ragwall.begin_migration(20); end $$;

set local role ragwall_owner;

-- db/audit-install.sql replaces this by a query of the audit, so that both recognise the same indexes.
create function ragwall.pinned_columns()
  returns table (index regclass, column_name name)
  language plpgsql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'ragwall.pinned_columns() is not installed'
    using errcode = 'RW504', hint = 'Run db/audit-install.sql.';
end
$$;

create function ragwall.index_findings(target regclass, tenant_column name)
  returns table (refused boolean, finding text, remedy text)
  language sql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
  set jit = off
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
        when s.refused and t.tenant = any (i.keys) then ' compares rows of tenants with those of others'
        when s.refused then ' is unique across tenants, so that errors tell what other tenants have'
        else ' does not begin with the tenant, so that explain counts rows of other tenants in it'
      end
    ),
    case
      when i.conname is not null then format(
        'alter table %s drop constraint %I%s', i.relation, i.conname,
        case when s.with_tenant is not null then format(', add constraint %I %s', i.conname, s.with_tenant) end
      )
      when s.with_tenant is null then format('drop index %s', i.name)
      else format('drop index %s; %s', i.name, s.with_tenant)
    end
  from (
    select x.indexrelid::regclass as name, x.indrelid::regclass as relation, x.indisunique, x.indisexclusion,
      a.amname, k.conname, k.contype,
      ragwall.column_names(x.indrelid, (x.indkey::smallint[])[0:x.indnkeyatts - 1]) as keys, k.conexclop as operators,
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
      -- Exclusions by another operator than "=" compare tenants with each other.
      i.approximate
        or i.indisunique and not coalesce(t.tenant = any (i.keys), false)
        or i.indisexclusion and not exists (
          select
          from unnest(i.keys, i.operators) as e (key, operator)
          join pg_amop as o on o.amopopr = e.operator and o.amopmethod = 403 and o.amopstrategy = 3
          where e.key = t.tenant
        ),
      case
        when t.tenant = any (i.keys) then nullif(
          replace(
            i.definition, format('(%s)', array_to_string(i.keys, ', ')),
            format('(%s)', array_to_string(t.tenant || array_remove(i.keys, t.tenant), ', '))
          ),
          i.definition
        )
        when i.amname = 'btree' or i.indisexclusion then overlay(
          i.definition
          placing concat(t.tenant, case when i.indisexclusion then ' WITH =' end, ', ')
          from strpos(i.definition, t.opening) + length(t.opening)
          for 0
        )
      end
  ) as s (refused, with_tenant)
  where (i.approximate or i.indisexclusion or i.amname in ('btree', 'hash', 'brin'))
    and not exists (
      select from ragwall.pinned_columns() as p where p.index = i.name and p.column_name = tenant_column
    )
    and (i.keys[1] is distinct from t.tenant or i.indisexclusion and s.refused)
$$;

comment on function ragwall.index_findings(regclass, name) is
  'Returns the indexes of a table that neither begin with the tenant nor have rows of one tenant only, each with '
  'statements that correct it. refused: true for those that tell of other tenants by errors and answers, which are '
  'unique indexes without the tenant, exclusions that compare tenants, and approximate ones; '
  'false for those that only explain shows.';

reset role;
