--! Previous: sha1:00f537290641ddf54720c0750c5ece0ecdfaa49f
--! Hash: sha1:0b92d785b80b2888bdc1daa8da4b049ead0093e7
--! Message: protect-table

-- Protecting a table of yours, part 7 of 9: protect_table().

do $$ begin perform ragwall.begin_migration(25); end $$;

set local role ragwall_owner;

create function ragwall.protect_table(
  target regclass,
  tenant_column name default 'tenant_id',
  allow_delete boolean default true,
  keep_statistics boolean default false,
  name_tenant boolean default true,
  writers regrole[] default '{}',
  readers regrole[] default '{}'
)
  returns table (step text, statement text)
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set jit = off
  set row_security = off
as $$
declare
  of_text constant boolean := exists (
    select
    from pg_attribute as a
    where a.attrelid = target and a.attname = tenant_column and a.atttypid in ('text'::regtype, 'varchar'::regtype)
  );
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
    execute format(
      case when of_text then 'select count(*) from %s where ragwall.is_tenant_id(%I::text) is not true'
        else 'select count(*) from %s where %I is null' end,
      target, tenant_column
    )
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
      using errcode = 'RW502',
        hint = 'Nothing was changed. Each line says what is in the way, and how to correct it. For '
        'tables that refer to each other ragwall.protect_plan() puts all of it into an order that runs.';
  end if;

  if not exists (select from pg_policy as p where p.polrelid = target and p.polname = 'tenant_floor') then
    -- Of a table that had this oid before.
    delete from ragwall.unprotection as u where u.target = protect_table.target;
    insert into ragwall.unprotection select r.* from ragwall.restoration(target, tenant_column) as r;
  end if;
  for step, statement in
    select p.step, p.statement
    from ragwall.protection_plan(
      target, tenant_column, allow_delete, keep_statistics, name_tenant, writers, readers
    ) as p
  loop
    execute statement;
    if step = 'a way into the schema' then
      insert into ragwall.unprotection
      values (
        target, 50, step, target,
        replace(regexp_replace(statement, '^grant (.*) to (.*)$', 'revoke \1 from \2'), '%', '%%'), '', ''
      );
    end if;
    return next;
  end loop;

  return query
  select 'to do: ' || f.finding, f.remedy
  from ragwall.protection_findings(target, tenant_column, keep_statistics) as f
  union all
  select format('to do: %s may delete, and therefore lock the table for all tenants', string_agg(h.role, ', ')),
    format(
      'if others write its SQL: select * from ragwall.protect_table(%L, %L, allow_delete => false)',
      target, tenant_column
    )
  from (
    select distinct p.grantee::regrole::text from ragwall.held_privileges(target) as p where p.privilege = 'DELETE'
    order by 1
  ) as h (role)
  having count(*) > 0
  union all
  select 'to do: no role but its owner has privileges on the table',
    format('if %1$s is to use it: select * from ragwall.protect_table(%2$L, %3$L, writers => ''{%1$s}'')',
      (ragwall.application_roles())[1], target, tenant_column)
  where not exists (select from ragwall.held_privileges(target))
  union all
  select distinct format('to do: the policies call ragwall.current_tenant(), which %s may not', p.grantee::regrole),
    format('grant %I to %s', (ragwall.application_roles())[1], p.grantee::regrole)
  from ragwall.held_privileges(target) as p
  where not has_function_privilege(p.grantee, 'ragwall.current_tenant()', 'execute')
  union all
  select 'to do: statistics that were gathered before are still there', 'repeat protect_table() as a superuser'
  where not keep_statistics
    and current_setting('is_superuser') = 'off';
end
$$;

comment on function ragwall.protect_table(regclass, name, boolean, boolean, boolean, regrole[], regrole[]) is
  'Protects a table and its partitions like ragwall.documents. Returns the statements that it executed, and then what'
  ' is left to do (step begins with to do:). No role gets more than it has, except writers and readers; repeated, it '
  'widens nothing. Roles keep SELECT, INSERT and UPDATE of the columns that are there, and DELETE; they lose '
  'everything else, the tenant column in an UPDATE, and columns that are added later. The table gets the owner '
  'ragwall_owner unless its owner is safe; a former owner keeps these privileges. tenant_column: of type text, '
  'varchar, uuid, bigint, integer or smallint. allow_delete: false takes DELETE away, which also allows LOCK TABLE; a'
  ' function of the owner then has to delete. keep_statistics: true keeps the planner''s statistics, which joins may '
  'need, and from which explain tells values of other tenants. name_tenant: false takes the tenant column in an '
  'INSERT away; with true a role that may insert it may name the bound tenant and no other. writers: roles that get '
  'all this on all columns. readers: roles that get SELECT. The table is locked until the transaction ends, and read '
  'once unless it has the valid check is_tenant_id: set lock_timeout before. For superusers, and for members of '
  'ragwall_owner who own the table and the schema, or whose schema grants CREATE to ragwall_owner. Raises RW501 if it'
  ' is no table that can be protected, RW502 with a list of what has to be corrected first.';

reset role;
