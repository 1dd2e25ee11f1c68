--! Previous: sha1:4eb734d4062e7924a9d5a5d926369c730d33a835
--! Hash: sha1:7305351bfcd0a5deb597c02da10dd7dcc587e0ed
--! Message: protection-plan

-- Protecting a table of yours, part 5 of 9: the statements that do it.

do $$ begin perform ragwall.begin_migration(23); end $$;

set local role ragwall_owner;

create function ragwall.protection_plan(
  target regclass,
  tenant_column name default 'tenant_id',
  allow_delete boolean default true,
  keep_statistics boolean default false,
  name_tenant boolean default true,
  writers regrole[] default '{}',
  readers regrole[] default '{}'
)
  returns table (step text, statement text)
  language sql
  stable
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set jit = off
as $$
  with root as (
    select c.relnamespace::regnamespace as schema,
      case when ragwall.is_safe_owner(c.relowner) then c.relowner else 'ragwall_owner'::regrole end::regrole as owner,
      t.of_text, t.bound, format('%I = (select %s)', tenant_column, t.bound) as own,
      format('ragwall.require_tenant()%s', t.type) as standard,
      -- A subscript costs nothing in the planner's eyes, and so comes before a caller's own conditions. One that is no
      -- text would need a cast, which costs as much as these do. JSON_OBJECT makes a text of any key and costs nothing.
      format(
        case
          when t.of_text or current_setting('server_version_num')::integer < 160000
            then '(select jsonb_build_object(coalesce((%1$s)%3$s, ''''), true))[%2$I%3$s] is not null'
          else '(json_object(%2$I : true returning jsonb))[(select (%1$s)%3$s)] is not null'
        end,
        t.bound, tenant_column, case when not t.of_text then '::text' end
      ) as free
    from pg_class as c
    cross join lateral (
      select a.of_text, a.type, concat('ragwall.current_tenant()', a.type)
      from (
        select a.atttypid in ('text'::regtype, 'varchar'::regtype),
          case when a.atttypid not in ('text'::regtype, 'varchar'::regtype) then '::' || a.atttypid::regtype end
        from pg_attribute as a
        where a.attrelid = target and a.attname = tenant_column
      ) as a (of_text, type)
    ) as t (of_text, type, bound)
    where c.oid = target
  ),
  member as (
    select m as name, c.relowner
    from ragwall.with_partitions(target) as m
    join pg_class as c on c.oid = m
  ),
  holder as (
    select s.privilege, string_agg(distinct s.grantee::regrole::text, ', ') as roles
    from root as r
    cross join lateral ragwall.safe_privileges(
      target, tenant_column, r.owner, allow_delete, name_tenant, writers, readers
    ) as s
    where s.relation = target
    group by s.privilege
  )
  select s.step, s.statement
  from (
    select 9 + p.place, 'a safe owner', format(p.statement, r.schema)
    from root as r
    cross join (
      values (0, 'grant create on schema %s to ragwall_owner'), (2, 'revoke create on schema %s from ragwall_owner')
    ) as p (place, statement)
    where not has_schema_privilege(r.owner, r.schema, 'create')
      and exists (select from member as m where m.relowner <> r.owner)
      -- A superuser may give a table to whom it likes.
      and current_setting('is_superuser') = 'off'
    union all
    select 10, 'a safe owner', format('alter table %s owner to %s', m.name, r.owner)
    from root as r, member as m
    where m.relowner <> r.owner
    union all
    select 20, 'a way into the schema',
      format('grant usage on schema %s to %s', r.schema, string_agg(u.role::text, ', ' order by u.role::text))
    from root as r
    cross join lateral (
      select r.owner union select w from unnest(writers) as w union select w from unnest(readers) as w
    ) as u (role)
    where not has_schema_privilege(u.role, r.schema, 'usage')
    group by r.schema
    union all
    select g.place, g.step, g.statement
    from root as r
    cross join lateral ragwall.grant_plan(
      target, tenant_column, r.owner, allow_delete, name_tenant, writers, readers
    ) as g
    union all
    select 40, 'a tenant in every row', format(
      'alter table %s alter column %I set not null, alter column %2$I set default %s%s', target, tenant_column,
      r.standard,
      case
        when not r.of_text then ''
        when exists (
          select
          from pg_constraint as k
          where k.conrelid = target
            and k.conname = 'is_tenant_id'
            and pg_get_constraintdef(k.oid) ~ '^CHECK \(ragwall\.is_tenant_id\('
        ) then ', validate constraint is_tenant_id'
        else format(', add constraint is_tenant_id check (ragwall.is_tenant_id(%I))', tenant_column)
      end
    )
    from root as r
    union all
    select 50, 'row-level security',
      format('alter table %s enable row level security, force row level security', m.name)
    from member as m
    union all
    select 60 + 3 * p.place + s.place, p.step, s.statement
    from root as r
    cross join lateral (
      values
        (0, 'the floor', 'tenant_floor', 'restrictive', 'all', 'public', r.free, r.own,
          'Holds for every role and command, and a permissive policy that is added later cannot widen it.'),
        (1, 'a policy', 'select_own_tenant', 'permissive', 'select', r.owner::text, r.own, null,
          'The tenant that is bound reads its own rows.'),
        (2, 'a policy', 'insert_own_tenant', 'permissive', 'insert', null, null, r.own,
          'A new row belongs to the tenant that is bound.'),
        (3, 'a policy', 'update_own_tenant', 'permissive', 'update', r.owner::text, r.own, r.own,
          'The tenant that is bound changes its own rows, and they stay its own.'),
        (4, 'a policy', 'delete_own_tenant', 'permissive', 'delete', r.owner::text, r.own, null,
          'The tenant that is bound deletes its own rows, or has a function of the owner''s do it.')
    ) as p (place, step, name, kind, command, role, visible, allowed, reason)
    left join holder as h on h.privilege = upper(p.command)
    cross join lateral (
      select 1, format('drop policy %I on %s', p.name, target)
      where exists (select from pg_policy as o where o.polrelid = target and o.polname = p.name)
      union all
      select 2, concat(
        format(
          'create policy %I on %s as %s for %s to %s', p.name, target, p.kind, p.command,
          coalesce(nullif(concat_ws(', ', h.roles, p.role), ''), r.owner::text)
        ),
        ' using (' || p.visible || ')', ' with check (' || p.allowed || ')'
      )
      union all
      select 3, format('comment on policy %I on %s is %L', p.name, target, p.reason)
    ) as s (place, statement)
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

comment on function ragwall.protection_plan(regclass, name, boolean, boolean, boolean, regrole[], regrole[]) is
  'Returns the statements that protect_table() executes with the same arguments, in their order. Executes nothing.';

reset role;
