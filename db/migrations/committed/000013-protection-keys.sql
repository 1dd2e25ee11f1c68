--! Previous: sha1:1f62358658d3d8990c4e45c4378570906d4a38e8
--! Hash: sha1:9feb270edcf8420f4dfd47d26ab3f5015084d5e5
--! Message: protection-keys

-- Protecting a table of yours, part 1 of 6: foreign keys by which tenants can observe each other.
--
-- The functions of the six parts run with the rights of their caller. Nobody is granted EXECUTE: they are for
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
  'ragwall.require_tenant(), or else the one named usual, or else the one that ragwall.tenant_tables() recognises by '
  'its name. Null if the table has none. Raises RW504 before db/audit-install.sql has run.';

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
  'statements that add the tenant to it. Postgres checks foreign keys beneath row-level security, so they tell which '
  'rows other tenants have, and ON DELETE changes those rows. A foreign key to a table without tenants is not '
  'returned. tenant_column: the name of the tenant column in tables that are not protected.';

reset role;
