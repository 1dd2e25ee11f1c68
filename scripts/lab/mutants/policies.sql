-- Drops each policy, gives it to other roles or commands, or makes its condition true.
with policy as (
  select p.*, format('%I on %I.%I', policyname, schemaname, tablename) as target,
    array_to_string(roles, ', ') as who,
    coalesce(' using (' || qual || ')', '') as using_clause,
    coalesce(' with check (' || with_check || ')', '') as check_clause
  from pg_policies as p
  where schemaname in ('ragwall', 'ragwall_private', 'ragwall_search', 'ragwall_api')
)
select target || ' ' || change as name, statement
from policy,
  lateral (
    select 'dropped' as change, format('drop policy %s', target) as statement
    union all
    select 'for ' || who_else, format('alter policy %s to %s', target, who_else)
    from unnest(array['public', 'app_user, ragwall_owner', 'app_reader', 'ragwall_context', 'ragwall_search']) as who_else
    where who_else <> who
    union all
    select 'not for ' || role, format('alter policy %s to %s', target, array_to_string(array_remove(roles, role), ', '))
    from unnest(roles) as role
    where cardinality(roles) > 1
    union all
    select format('for %s, %s', command, kind),
      format('drop policy %s; create policy %s as %s for %s to %s', target, target, kind, command, who)
      || case when command = 'insert' then '' else coalesce(nullif(using_clause, ''), ' using (' || with_check || ')') end
      || case when command in ('select', 'delete') then '' else check_clause end
    from unnest(array['all', 'select', 'insert', 'update', 'delete']) as command,
      unnest(array['permissive', 'restrictive']) as kind
    where (kind = lower(permissive) and command in ('all', 'select') or command = lower(cmd))
      and (kind, command) <> (lower(permissive), lower(cmd))
    union all
    select format('%s %s', clause, condition), format('alter policy %s %s (%s)', target, clause, condition)
    from (values ('using', qual), ('with check', with_check)) as c (clause, present),
      unnest(array[
        'true',
        'tenant_id is not null',
        'tenant_id = current_setting(''app.current_tenant'', true)',
        'tenant_id = coalesce((select ragwall.current_tenant()), tenant_id)',
        'tenant_id like (select ragwall.current_tenant()) || ''%''',
        'lower(tenant_id) = lower((select ragwall.current_tenant()))',
        'tenant_id = (select ragwall.current_tenant()) or metadata ->> ''public'' = ''true'''
      ]) as condition
    where present is not null
      and (condition !~ 'metadata' or schemaname = 'ragwall')
      -- Without the seal: the floor verifies it.
      and (condition !~ 'current_setting' or present !~ 'current_setting')
    union all
    select 'using the operator that costs', format('alter policy %s using (%s)', target, with_check)
    where qual <> with_check
  ) as broken;
