--! Previous: sha1:602ba2f1157ce327c3088ae2d1f247df9141707c
--! Hash: sha1:54fa8ed47b44c0ab7ca1ce338507c74baa39ae05
--! Message: protection-plan

-- Protecting a table of yours, part 4 of 6: the statements that do it.

set local role ragwall_owner;

create function ragwall.revocations(target regclass, owner oid)
  returns setof text
  language sql
  stable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
  select format(
    'revoke all on %s %s from %s cascade', case c.relkind when 'S' then 'sequence' else 'table' end, c.oid::regclass,
    string_agg(case g.grantee when 0 then 'public' else g.grantee::regrole::text end, ', ' order by g.grantee)
  )
  from pg_class as c
  cross join lateral (
    select a.grantee from aclexplode(c.relacl) as a
    union
    select a.grantee from pg_attribute as t, aclexplode(t.attacl) as a where t.attrelid = c.oid
  ) as g
  where (
      c.oid in (select m from ragwall.with_partitions(target) as m)
      or c.relkind = 'S' and exists (
        select
        from pg_depend as d
        where d.classid = 'pg_class'::regclass
          and d.objid = c.oid
          and d.refobjid in (select m from ragwall.with_partitions(target) as m)
          and d.deptype in ('a', 'i')
      )
    )
    and g.grantee not in (c.relowner, owner)
  group by c.oid
$$;

comment on function ragwall.revocations(regclass, oid) is
  'Returns the statements that revoke what roles have been granted on a table, its columns, partitions and sequences. '
  'Grants to the owner of the table are left, and grants to owner, who may be its next one; 0 is nobody.';

create function ragwall.protection_plan(
  target regclass,
  tenant_column name,
  allow_delete boolean,
  keep_statistics boolean
)
  returns table (step text, statement text)
  language sql
  stable
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
  with root as (
    select c.relnamespace::regnamespace as schema,
      case when ragwall.is_safe_owner(c.relowner) then c.relowner else 'ragwall_owner'::regrole end::regrole as owner,
      format('%I = (select ragwall.current_tenant())', tenant_column) as own,
      format(
        '(select jsonb_build_object(coalesce(ragwall.current_tenant(), ''''), true))[%I] is not null', tenant_column
      ) as free
    from pg_class as c
    where c.oid = target
  ),
  member as (
    select m as name, c.relowner
    from ragwall.with_partitions(target) as m
    join pg_class as c on c.oid = m
  ),
  col as (
    select string_agg(quote_ident(attname), ', ' order by attnum) as readable,
      string_agg(quote_ident(attname), ', ' order by attnum)
        filter (where attname <> tenant_column and attgenerated = '' and attidentity <> 'a') as writable
    from pg_attribute
    where attrelid = target
      and attnum > 0
      and not attisdropped
  )
  select s.step, s.statement
  from (
    select 10, 'a safe owner', format('alter table %s owner to %s', m.name, r.owner)
    from root as r, member as m
    where m.relowner <> r.owner
    union all
    select 20, 'a way into the schema',
      format('grant usage on schema %s to %s', r.schema, string_agg(u.oid::regrole::text, ', ' order by u.oid))
    from root as r
    join pg_roles as u on u.rolname in ('app_user', 'app_reader', 'agent_reader') or u.oid = r.owner
    where not has_schema_privilege(u.oid, r.schema, 'usage')
    group by r.schema
    union all
    select 30, 'nobody else', v
    from root as r, ragwall.revocations(target, r.owner) as v
    union all
    select 40, 'a tenant in every row', format(
      'alter table %s alter column %I set not null, alter column %2$I set default ragwall.require_tenant(), %s',
      target, tenant_column,
      case when exists (
        select
        from pg_constraint as k
        where k.conrelid = target
          and k.conname = 'is_tenant_id'
          and pg_get_constraintdef(k.oid) ~ '^CHECK \(ragwall\.is_tenant_id\('
      ) then 'validate constraint is_tenant_id'
      else format('add constraint is_tenant_id check (ragwall.is_tenant_id(%I))', tenant_column) end
    )
    union all
    select 50, 'row-level security',
      format('alter table %s enable row level security, force row level security', m.name)
    from member as m
    union all
    select 60 + 3 * p.place + s.place, p.step, s.statement
    from root as r
    cross join lateral (
      values
        -- The floor costs nothing, and so comes before a caller's own conditions.
        (0, 'the floor', 'tenant_floor', 'restrictive for all to public', r.free, r.own,
          'Holds for every role and command, and a permissive policy that is added later cannot widen it.'),
        (1, 'a policy', 'select_own_tenant',
          concat('permissive for select to app_user, app_reader, agent_reader, ', r.owner),
          r.own, null, 'The tenant that is bound reads its own rows.'),
        (2, 'a policy', 'insert_own_tenant', 'permissive for insert to app_user',
          null, r.own, 'A new row belongs to the tenant that is bound.'),
        (3, 'a policy', 'update_own_tenant', concat('permissive for update to app_user, ', r.owner),
          r.own, r.own, 'The tenant that is bound changes its own rows, and they stay its own.'),
        (4, 'a policy', 'delete_own_tenant',
          concat('permissive for delete to ', case when allow_delete then 'app_user, ' end, r.owner),
          r.own, null, 'The tenant that is bound deletes its own rows, or has a function of the owner''s do it.')
    ) as p (place, step, name, scope, visible, allowed, reason)
    cross join lateral (
      select 1, format('drop policy %I on %s', p.name, target)
      where exists (select from pg_policy as o where o.polrelid = target and o.polname = p.name)
      union all
      select 2, concat(
        format('create policy %I on %s as %s', p.name, target, p.scope),
        ' using (' || p.visible || ')', ' with check (' || p.allowed || ')'
      )
      union all
      select 3, format('comment on policy %I on %s is %L', p.name, target, p.reason)
    ) as s (place, statement)
    union all
    -- Columns, not the table: so ctid, xmin and tableoid, which tell of neighbours, stay unreadable, UPDATE does not
    -- allow LOCK TABLE, and what is added later is closed.
    select 80, 'what they make safe', format('grant %s on %s to %s', g.privilege, target, g.who)
    from col as c
    cross join lateral (
      values
        ('select (' || c.readable || ')', 'app_user, app_reader, agent_reader'),
        ('insert (' || c.writable || '), update (' || c.writable || ')', 'app_user'),
        (case when allow_delete then 'delete' end, 'app_user')
    ) as g (privilege, who)
    where g.privilege is not null
    union all
    select 81, 'what they make safe', format('grant usage on sequence %s to app_user', s.oid::regclass)
    from pg_depend as d
    join pg_class as s on s.oid = d.objid and s.relkind = 'S'
    where d.classid = 'pg_class'::regclass
      and d.refobjid = target
      and d.deptype = 'a'
    union all
    select 90, 'no estimates of guesses', format(
      'alter table %s %s', m.name,
      string_agg(format('alter column %I set statistics 0', a.attname), ', ' order by a.attnum)
    )
    from member as m
    join pg_attribute as a on a.attrelid = m.name and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
    where not keep_statistics
    group by m.name
    union all
    select 91, 'no estimates of guesses',
      format('alter index %s alter column %s set statistics 0', i.indexrelid::regclass, e.place)
    from member as m
    join pg_index as i on i.indrelid = m.name
    cross join unnest(i.indkey::smallint[]) with ordinality as e (attnum, place)
    where not keep_statistics
      and e.attnum = 0
    union all
    -- What was gathered before stays otherwise, and only a superuser may delete it. Before PostgreSQL 17 ANALYZE
    -- gathers that of an index's expressions again.
    select 92, 'no estimates of guesses', format(
      'delete from pg_catalog.pg_statistic where starelid in (%s)',
      string_agg(format('%L::regclass', r.name), ', ' order by r.name::text)
    )
    from (
      select m.name from member as m
      union all
      select i.indexrelid::regclass from member as m join pg_index as i on i.indrelid = m.name
    ) as r (name)
    having not keep_statistics
      and current_setting('is_superuser') = 'on'
  ) as s (place, step, statement)
  order by s.place, s.statement
$$;

comment on function ragwall.protection_plan(regclass, name, boolean, boolean) is
  'Returns the statements that protect_table() executes with the same arguments, in their order. Executes nothing.';

reset role;
