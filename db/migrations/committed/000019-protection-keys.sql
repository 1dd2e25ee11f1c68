--! Previous: sha1:1e2a648206571598852a4abdc313922d9b658d9a
--! Hash: sha1:ed5d28d7180ac44a7d3f7de0a221e8ec502d544e
--! Message: protection-keys

-- Protecting a table of yours, part 1 of 9: foreign keys by which tenants can observe each other.
--
-- The functions of the nine parts run with the rights of their caller. Nobody is granted EXECUTE: they are for
-- superusers and members of ragwall_owner.

do $$ begin perform ragwall.begin_migration(19); end $$;

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
  raise exception 'ragwall.tenant_tables() is not installed'
    using errcode = 'RW504', hint = 'Run db/audit-install.sql.';
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

create function ragwall.tenant_column_of(relation regclass, target regclass, tenant_column name)
  returns text
  language sql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
as $$
  select quote_ident(c.name)
  from (
    select tenant_column_of.tenant_column, 0
    where relation in (select m from ragwall.with_partitions(target) as m)
    union all
    select t.tenant_column, case when t.bound then 1 else 3 end
    from ragwall.tenant_tables() as t
    where t.relation = tenant_column_of.relation
    union all
    -- The key of the table of tenants has a name that means something else in other tables.
    select a.attname, 2
    from pg_attribute as a
    where a.attrelid = tenant_column_of.relation
      and a.attname = tenant_column_of.tenant_column
      and not a.attisdropped
      and not exists (
        select
        from pg_index as i
        where i.indrelid = target
          and i.indisunique
          and ragwall.column_names(target, (i.indkey::smallint[])[0:i.indnkeyatts - 1])
            = array[quote_ident(tenant_column_of.tenant_column)]
      )
    union all
    select a.attname, 4
    from pg_constraint as k
    join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f'
      and k.conrelid = tenant_column_of.relation
      and k.confrelid = target
      and ragwall.column_names(target, k.confkey) = array[quote_ident(tenant_column_of.tenant_column)]
  ) as c (name, place)
  order by c.place, c.name limit 1
$$;

comment on function ragwall.tenant_column_of(regclass, regclass, name) is
  'Returns the name of the tenant column of a table, quoted where necessary. Of target and its partitions it is '
  'tenant_column. Of another table it is the column whose default is ragwall.require_tenant(), or else the one that '
  'is named tenant_column, unless target is the table of tenants, whose key that is, or else the one that '
  'ragwall.tenant_tables() recognises by its name, or else one that refers to tenant_column of target. Null if the '
  'table has none. Raises RW504 before db/audit-install.sql has run.';

create function ragwall.composite_foreign_keys(tenants jsonb)
  returns table (id oid, near regclass, far regclass, removal text, key text, addition text)
  language sql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
as $$
  select
    k.oid, near.relation, far.relation,
    format('alter table %s drop constraint %I', near.relation, k.conname),
    case when rest.far is not null and not exists (
      select
      from pg_index as i
      cross join ragwall.column_names(far.relation, (i.indkey::smallint[])[0:i.indnkeyatts - 1]) as c
      where i.indrelid = far.relation
        and i.indisunique
        and i.indpred is null
        and c @> (far.tenant || rest.far)
        and c <@ (far.tenant || rest.far)
    ) then format('alter table %s add unique (%s)', far.relation, array_to_string(far.tenant || rest.far, ', ')) end,
    case when rest.near is not null then format(
      'alter table %s add constraint %I foreign key (%s) references %s (%s)%s',
      near.relation, k.conname, array_to_string(near.tenant || rest.near, ', '),
      far.relation, array_to_string(far.tenant || rest.far, ', '),
      -- The rest of the definition. ON DELETE SET NULL must not set the tenant to null. MATCH FULL would forbid the
      -- null that is allowed in a single column.
      regexp_replace(
        regexp_replace(
          substr(pg_get_constraintdef(k.oid), 1 + length(format(
            'FOREIGN KEY (%s) REFERENCES %s(%s)',
            array_to_string(near.keys, ', '), far.relation, array_to_string(far.keys, ', ')
          ))),
          'ON DELETE SET (NULL|DEFAULT)(?! \()', 'ON DELETE SET \1 (' || array_to_string(rest.near, ', ') || ')'
        ),
        case when cardinality(near.keys) = 1 then ' MATCH FULL' else '$^' end, ''
      )
    ) end
  from pg_constraint as k
  cross join lateral (
    select k.conrelid::regclass, ragwall.column_names(k.conrelid, k.conkey), tenants ->> k.conrelid::text
  ) as near (relation, keys, tenant)
  cross join lateral (
    select k.confrelid::regclass, ragwall.column_names(k.confrelid, k.confkey), tenants ->> k.confrelid::text
  ) as far (relation, keys, tenant)
  cross join lateral (
    select array_agg(u.near order by place), array_agg(u.far order by place)
    from unnest(near.keys, far.keys) with ordinality as u (near, far, place)
    where u.near <> near.tenant
      and u.far <> far.tenant
  ) as rest (near, far)
  where k.contype = 'f'
    and k.conparentid = 0
    and far.tenant is not null
    and near.tenant is not null
    and not exists (select from unnest(near.keys, far.keys) as u (n, f) where u.n = near.tenant and u.f = far.tenant)
$$;

comment on function ragwall.composite_foreign_keys(jsonb) is
  'Returns the foreign keys between tables by which a row of one tenant can refer to a row of another, and statements '
  'that add the tenant to it: removal, then key if the other table has no such key yet, then addition, which is null '
  'if the foreign key names a tenant and nothing else. tenants: an object that has the tenant column of a table, '
  'quoted where necessary, under the oid of the table; tables without one have no entry, and the columns need not be '
  'there yet. A key from tenant to tenant is not returned.';

create function ragwall.foreign_key_findings(target regclass, tenant_column name)
  returns table (finding text, remedy text)
  language sql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
  set jit = off
as $$
  with neighbour as (
    select r.relation, ragwall.tenant_column_of(r.relation, target, tenant_column) as tenant
    from (
      select k.conrelid::regclass from pg_constraint as k
      where k.confrelid in (select m from ragwall.with_partitions(target) as m)
      union
      select k.confrelid::regclass from pg_constraint as k
      where k.contype = 'f' and k.conrelid in (select m from ragwall.with_partitions(target) as m)
      union
      select m from ragwall.with_partitions(target) as m
    ) as r (relation)
  )
  select
    format(
      case when f.addition is null then 'the foreign key %I of %s names a tenant of %s that need not be its own'
        else 'the foreign key %I of %s names a row of %s without its tenant' end,
      k.conname, f.near, f.far
    ),
    concat_ws('; ', f.removal, f.key, f.addition)
  from ragwall.composite_foreign_keys((
    select jsonb_object_agg(n.relation::oid, n.tenant) from neighbour as n where n.tenant is not null
  )) as f
  join pg_constraint as k on k.oid = f.id
  where exists (select from ragwall.with_partitions(target) as m where m in (f.near, f.far))
  union all
  select
    format('the foreign key %I of %s, where no tenant column is recognised, names rows of %s', k.conname, n.relation,
      k.confrelid::regclass),
    format('alter table %s drop constraint %I', n.relation, k.conname)
  from pg_constraint as k
  join neighbour as n on n.relation = k.conrelid and n.tenant is null
  where k.contype = 'f'
    and k.conparentid = 0
    and k.confrelid in (select m from ragwall.with_partitions(target) as m)
    and not quote_ident(tenant_column) = any (ragwall.column_names(k.confrelid, k.confkey))
$$;

comment on function ragwall.foreign_key_findings(regclass, name) is
  'Returns the foreign keys from and to a table by which a row of one tenant can refer to a row of another, each with '
  'statements that add the tenant to it. Postgres checks foreign keys beneath row-level security, so they tell which '
  'rows other tenants have, and ON DELETE changes those rows. A foreign key to a table without tenants is not '
  'returned. tenant_column: the tenant column of target, and of tables that are not protected.';

reset role;
