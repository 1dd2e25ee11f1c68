--! Previous: sha1:54fa8ed47b44c0ab7ca1ce338507c74baa39ae05
--! Hash: sha1:8ca56e7908301c3e78280897a3959864a83cccb3
--! Message: protect-table

-- Protecting a table of yours, part 5 of 6: protect_table() and unprotect_table().

set local role ragwall_owner;

create function ragwall.protect_table(
  target regclass,
  tenant_column name default 'tenant_id',
  allow_delete boolean default true,
  keep_statistics boolean default false
)
  returns table (step text, statement text)
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set row_security = off
as $$
declare
  reason constant text := (
    select case
      when c.relnamespace::regnamespace::text in ('ragwall', 'ragwall_private', 'pg_catalog')
        then 'it belongs to Ragwall or to Postgres'
      when c.relkind not in ('r', 'p') or c.relpersistence = 't' then 'it is not a permanent table'
      when c.relispartition then format('it is a partition of %s: protect that', pg_partition_root(target))
      when exists (select from pg_inherits as i where c.relkind = 'r' and target in (i.inhparent, i.inhrelid))
        then 'it inherits, or is inherited from: use partitions or separate tables instead'
      when not exists (
        select from pg_attribute as a where a.attrelid = target and a.attname = tenant_column and a.attnum > 0
      ) then format('it has no column %I: pass the name of its tenant column', tenant_column)
      else ''
    end
    from pg_class as c
    where c.oid = target
  );
  refusals text[];
  tenantless bigint;
begin
  if reason is distinct from '' then
    raise exception 'the table % cannot be protected: %', target, coalesce(reason, 'it does not exist')
      using errcode = 'RW501';
  end if;
  execute format('lock table %s in access exclusive mode', target);
  refusals := array(
    select format('%s: %s', f.finding, f.remedy)
    from ragwall.protection_findings(target, tenant_column, keep_statistics) as f
    where f.refused
  );
  -- A table with a foreign partition is refused already, and reading it could reach another server.
  if not exists (
    select from pg_class as c where c.oid in (select m from ragwall.with_partitions(target) as m) and c.relkind = 'f'
  ) and not exists (
    select
    from pg_constraint as k
    join pg_attribute as a on a.attrelid = target and a.attname = tenant_column and a.attnotnull
    where k.conrelid = target
      and k.conname = 'is_tenant_id'
      and k.convalidated
  ) then
    execute format('select count(*) from %s where ragwall.is_tenant_id(%I::text) is not true', target, tenant_column)
    into tenantless;
    if tenantless > 0 then
      refusals := refusals || format(
        'rows without a tenant id, or with an ill-formed one: %s. Correct or delete them: '
          'select tableoid::regclass, ctid from %s where ragwall.is_tenant_id(%I::text) is not true',
        tenantless, target, tenant_column
      );
    end if;
  end if;
  if refusals <> '{}' then
    raise exception 'the table % cannot be protected until this is corrected:%',
        target, E'\n- ' || array_to_string(refusals, E'\n- ')
      using errcode = 'RW502', hint = 'Nothing was changed. Each line says what is in the way, and how to correct it.';
  end if;

  for step, statement in
    select p.step, p.statement
    from ragwall.protection_plan(target, tenant_column, allow_delete, keep_statistics) as p
  loop
    execute statement;
    return next;
  end loop;

  return query
  select 'to do: ' || f.finding, f.remedy
  from ragwall.protection_findings(target, tenant_column, keep_statistics) as f
  union all
  select 'to do: app_user may delete, and therefore lock the table for all tenants',
    format(
      'if others write its SQL: select * from ragwall.protect_table(%L, %L, allow_delete => false)',
      target, tenant_column
    )
  where allow_delete
  union all
  select 'to do: statistics that were gathered before are still there', 'repeat protect_table() as a superuser'
  where not keep_statistics
    and current_setting('is_superuser') = 'off';
end
$$;

comment on function ragwall.protect_table(regclass, name, boolean, boolean) is
  'Protects a table and its partitions like ragwall.documents. Returns the statements that it executed, and then what '
  'is left to do (step begins with to do:). It can be repeated, and has to be after columns were added: no role may '
  'use them before. tenant_column: a column of type text or varchar. allow_delete: false gives app_user no DELETE, '
  'which also allows LOCK TABLE; a function of the owner then has to delete. keep_statistics: true keeps the '
  'planner''s statistics, which joins may need, and from which explain tells values of other tenants. The table gets '
  'the owner ragwall_owner unless its owner is safe, and loses the grants of other roles. It is locked until the '
  'transaction ends, and read once unless it has the valid check is_tenant_id: set lock_timeout before. For '
  'superusers, and for members of ragwall_owner who own the table and have CREATE on its schema. Raises RW501 if it is '
  'no table that can be protected, RW502 with a list of what has to be corrected first.';

create function ragwall.unprotect_table(target regclass)
  returns table (step text, statement text)
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := ragwall.tenant_column_of(target, null);
begin
  if target = 'ragwall.documents'::regclass or not exists (
    select from pg_policy as p where p.polrelid = target and p.polname = 'tenant_floor'
  ) then
    raise exception 'the table % was not protected by protect_table()', target
      using errcode = 'RW503';
  end if;
  execute format('lock table %s in access exclusive mode', target);
  for step, statement in
    select s.step, s.statement
    from (
      select 1, 'nobody else', v
      from ragwall.revocations(target, 0) as v
      union all
      select 2, 'policies', format('drop policy %I on %s', p.polname, target)
      from pg_policy as p
      where p.polrelid = target
        and p.polname ~ '^(tenant_floor|(select|insert|update|delete)_own_tenant)$'
      union all
      select 3, 'row-level security',
        format('alter table %s no force row level security, disable row level security', m)
      from ragwall.with_partitions(target) as m
      union all
      select 4, 'the tenant', format('alter table %s alter column %s drop default', target, tenant)
      where tenant is not null
      union all
      select 4, 'the tenant', format('alter table %s drop constraint is_tenant_id', target)
      from pg_constraint as k
      where k.conrelid = target
        and k.conname = 'is_tenant_id'
      union all
      select 5, 'statistics', format(
        'alter table %s %s', a.attrelid::regclass,
        string_agg(format('alter column %I set statistics -1', a.attname), ', ' order by a.attnum)
      )
      from pg_attribute as a
      where a.attrelid in (select m from ragwall.with_partitions(target) as m)
        and a.attnum > 0
        and not a.attisdropped
        and a.attstattarget = 0
      group by a.attrelid
    ) as s (place, step, statement)
    order by s.place, s.statement
  loop
    execute statement;
    return next;
  end loop;
end
$$;

comment on function ragwall.unprotect_table(regclass) is
  'Removes what protect_table() added to a table, and returns the statements that it executed: grants, policies, '
  'row-level security, the default and the check of the tenant column, statistics targets of 0. The owner stays and is '
  'the only role that may use the table: grant privileges again as needed. Raises RW503 if the table is not protected, '
  'and for ragwall.documents.';

reset role;
