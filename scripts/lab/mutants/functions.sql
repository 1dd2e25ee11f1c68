-- Gives each function another owner or other rights, or removes a setting that it pins.
with routine as (
  select p.*, p.oid::regprocedure as name
  from pg_proc as p
  where p.pronamespace in (
    'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
    'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
  )
)
select format('%s %s', name, change) as name, format('alter function %s %s', name, statement) as statement
from routine,
  lateral (
    select 'belongs to ' || owner as change, 'owner to ' || owner as statement
    from unnest(array['app_user', 'ragwall_owner', 'ragwall_context', 'ragwall_search', quote_ident(current_user)]) as owner
    where owner <> proowner::regrole::text
    union all
    select case when prosecdef then 'invoker' else 'definer' end,
      case when prosecdef then 'security invoker' else 'security definer' end
    union all
    select 'without ' || setting, 'reset ' || split_part(setting, '=', 1)
    from unnest(proconfig) as setting
    union all
    select 'searches ' || path, 'set search_path = ' || path
    from unnest(array['public, pg_catalog', 'pg_catalog', '"$user", public']) as path
    where prosqlbody is null
    union all
    select 'immutable', 'immutable' where provolatile <> 'i'
    union all
    select 'leakproof', 'leakproof'
    union all
    select 'parallel safe', 'parallel safe' where proparallel <> 's'
    union all
    select 'strict', 'strict' where not proisstrict
    union all
    select 'called on null', 'called on null input' where proisstrict
    union all
    select 'sees all rows', 'set row_security = off' where proconfig is null or not 'row_security=off' = any (proconfig)
    union all
    select 'presets a tenant', 'set app.current_tenant = ''acme'''
  ) as broken;
