--! Previous: sha1:88d55ff0dbb9445586a24486a10d7d245845637c
--! Hash: sha1:dad353b75cb0d42e631ee8510dee20f7e9dfdd90
--! Message: protection-keys

-- Protecting a table of yours, part 1 of 5: foreign keys and indexes by which tenants can observe each other.
--
-- The functions of the five parts run with the rights of their caller. Nobody is granted EXECUTE: they are for
-- superusers and members of ragwall_owner.

set local role ragwall_owner;

create function ragwall.with_partitions(target regclass)
  returns setof regclass
  language sql
  stable
  parallel safe
begin atomic
  select target
  union
  select p.relid from pg_partition_tree(target) as p;
end;

comment on function ragwall.with_partitions(regclass) is
  'Returns a table, or an index, and its partitions on all levels. A row that is null for null.';

create function ragwall.column_names(relation regclass, numbers smallint[])
  returns text[]
  language sql
  stable
  parallel safe
begin atomic
  select array_agg(quote_ident(a.attname) order by n.place)
  from unnest(numbers) with ordinality as n (attnum, place)
  left join pg_attribute as a on a.attrelid = relation and a.attnum = n.attnum;
end;

comment on function ragwall.column_names(regclass, smallint[]) is
  'Returns the names of columns by their numbers, quoted where necessary, in the given order. Null in place of an '
  'expression (number 0) and of a column that does not exist. Null if numbers is null or empty.';

-- db/audit-install.sql replaces these two by queries of the audit, so that both recognise the same tables and roles.
create function ragwall.tenant_tables()
  returns table (relation regclass, tenant_column name, bound boolean)
  language plpgsql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'ragwall.tenant_tables() is not installed' using errcode = 'RW504', hint = 'Run db/audit-install.sql.';
end
$$;

create function ragwall.app_roles()
  returns table (role regrole, untrusted boolean)
  language plpgsql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'ragwall.app_roles() is not installed' using errcode = 'RW504', hint = 'Run db/audit-install.sql.';
end
$$;

create function ragwall.tenant_column_of(relation regclass, usual name)
  returns text
  language sql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
as $$
  select quote_ident(c.name)
  from (
    select t.tenant_column, case when t.bound then 1 else 3 end
    from ragwall.tenant_tables() as t
    where t.relation = tenant_column_of.relation
    union all
    select a.attname, 2
    from pg_attribute as a
    where a.attrelid = tenant_column_of.relation and a.attname = usual and not a.attisdropped
  ) as c (name, place)
  order by c.place limit 1
$$;

comment on function ragwall.tenant_column_of(regclass, name) is
  'Returns the name of the tenant column of a table, quoted where necessary: the column whose default is '
  'ragwall.require_tenant(), or else the one named usual, or else the one that ragwall.tenant_tables() recognises by its '
  'name. Null if the table has none. Raises RW504 before db/audit-install.sql has run.';

create function ragwall.foreign_key_findings(target regclass, tenant_column name)
  returns table (finding text, remedy text)
  language sql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
as $$
  select
    format('the foreign key %I of %s names a row of %s without its tenant', k.conname, near.relation, far.relation),
    concat_ws(
      '; ',
      format('alter table %s drop constraint %I', near.relation, k.conname),
      case when not exists (
        select
        from pg_index as i
        where i.indrelid = far.relation
          and i.indisunique
          and i.indpred is null
          and ragwall.column_names(far.relation, (i.indkey::smallint[])[0:i.indnkeyatts - 1]) = far.tenant || rest.far
      ) then format('alter table %s add unique (%s)', far.relation, array_to_string(far.tenant || rest.far, ', ')) end,
      format(
        'alter table %s add constraint %I foreign key (%s) references %s (%s)%s',
        near.relation, k.conname, array_to_string(near.tenant || rest.near, ', '),
        far.relation, array_to_string(far.tenant || rest.far, ', '),
        -- The rest of the definition. ON DELETE SET NULL must not set the tenant to null.
        regexp_replace(
          substr(pg_get_constraintdef(k.oid), 1 + length(format(
            'FOREIGN KEY (%s) REFERENCES %s(%s)',
            array_to_string(near.keys, ', '), far.relation, array_to_string(far.keys, ', ')
          ))),
          'ON DELETE SET (NULL|DEFAULT)(?! \()', 'ON DELETE SET \1 (' || array_to_string(rest.near, ', ') || ')'
        )
      )
    )
  from pg_constraint as k
  cross join lateral (
    select k.conrelid::regclass, ragwall.column_names(k.conrelid, k.conkey),
      ragwall.tenant_column_of(k.conrelid, tenant_column)
  ) as near (relation, keys, tenant)
  cross join lateral (
    select k.confrelid::regclass, ragwall.column_names(k.confrelid, k.confkey),
      ragwall.tenant_column_of(k.confrelid, tenant_column)
  ) as far (relation, keys, tenant)
  cross join lateral (
    select array_agg(u.near order by place), array_agg(u.far order by place)
    from unnest(near.keys, far.keys) with ordinality as u (near, far, place)
    where u.near <> near.tenant
      and u.far <> far.tenant
  ) as rest (near, far)
  where k.contype = 'f'
    and k.conparentid = 0
    and exists (select from ragwall.with_partitions(target) as m where m in (near.relation, far.relation))
    and near.tenant is not null
    and far.tenant is not null
    and not exists (select from unnest(near.keys, far.keys) as u (n, f) where u.n = near.tenant and u.f = far.tenant)
$$;

comment on function ragwall.foreign_key_findings(regclass, name) is
  'Returns the foreign keys from and to a table by which a row of one tenant can refer to a row of another, each with '
  'statements that add the tenant to it. Postgres checks foreign keys beneath row-level security, so they tell which rows '
  'other tenants have, and ON DELETE changes those rows. A foreign key to a table without tenants is not returned. '
  'tenant_column: the name of the tenant column in tables that are not protected.';

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
  'Returns whether an index, or each of its partitions, has rows of one tenant only, because its predicate or the bound '
  'of its table says tenant_column = a constant. False if the index does not exist, and for null.';

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
          ' is approximate and has the rows of all tenants: create one for each tenant, where %I = …, or none', tenant_column
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
      -- Those of the server itself, gist and spgist, are exact.
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
  'statements that correct it. refused: true for those that tell of other tenants by errors and answers, which are unique '
  'indexes without the tenant and approximate ones; false for those that only explain shows.';

reset role;
