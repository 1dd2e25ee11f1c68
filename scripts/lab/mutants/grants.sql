-- Revokes each privilege that is held, grants it with grant option, and grants each that is not held.
with grantee as (
  select *
  from unnest(array['app_user', 'app_reader', 'agent_reader', 'agent_caller', 'ragwall_search', 'public']) as role
),
object as (
  select 'schema ' || quote_ident(nspname) as target, '' as columns, nspacl as acl, nspowner as owner,
    array['usage', 'create'] as privileges, 0 as n
  from pg_namespace
  where nspname in ('ragwall', 'ragwall_private', 'ragwall_search', 'ragwall_api')
  union all
  select 'table ' || c.oid::regclass, '', c.relacl, c.relowner,
    array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']
    || case when current_setting('server_version_num')::integer >= 170000 then array['maintain'] else '{}' end, 0
  from pg_class as c
  where c.relnamespace in (
    'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
    'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
  )
    and c.relkind in ('r', 'p', 'v')
  union all
  select 'table ' || c.oid::regclass, format(' (%I)', a.attname), a.attacl, c.relowner,
    array['select', 'insert', 'update', 'references'],
    case when c.oid = 'ragwall.documents'::regclass then 0 else a.attnum end
  from pg_class as c
  join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
  where c.relnamespace in (
    'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
    'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
  )
    and c.relkind in ('r', 'p')
  union all
  select 'function ' || p.oid::regprocedure, '', coalesce(p.proacl, acldefault('f', p.proowner)), p.proowner,
    array['execute'], 0
  from pg_proc as p
  where p.pronamespace in (
    'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
    'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
  )
),
held as (
  select o.target, o.columns, lower(a.privilege_type) as privilege,
    case a.grantee when 0 then 'public' else a.grantee::regrole::text end as role
  from object as o, aclexplode(o.acl) as a
  where a.grantee <> o.owner
)
select format('%s: no %s%s on %s', role, privilege, columns, target) as name,
  format('revoke %s%s on %s from %s', privilege, columns, target, role) as statement
from held
union all
select format('%s: %s%s on %s with grant option', role, privilege, columns, target),
  format('grant %s%s on %s to %s with grant option', privilege, columns, target, role)
from held
union all
select format('%s: %s%s on %s', role, privilege, columns, target),
  format('grant %s%s on %s to %s', privilege, columns, target, role)
from object as o,
  unnest(array['app_user', 'app_reader', 'agent_reader', 'agent_caller', 'ragwall_search', 'public'])
    with ordinality as g (role, r),
  unnest(o.privileges) with ordinality as p (privilege, n)
where o.owner is distinct from to_regrole(g.role)::oid
  and not exists (
    select from held as h
    where (h.target, h.columns, h.privilege, h.role) = (o.target, o.columns, p.privilege, g.role)
  )
  -- Of what can be granted on columns of other tables, a quarter on each: another quarter of each.
  and (o.n = 0 or (o.n + g.r + p.n) % 4 = 0)
union all
select format('%s: %s on the database', role, privilege),
  format(
    'do $do$ begin execute format(''grant %s on database %%I to %s'', current_database()); end $do$', privilege, role
  )
from grantee, unnest(array['temporary', 'create']) as privilege
union all
select format('%s: create on the schema %s', role, name), format('grant create on schema %s to %s', name, role)
from grantee, unnest(array['public', 'pg_catalog']) as name
union all
select format('what %s creates later: %s to %s', owner, privilege, role),
  format('alter default privileges for role %s grant %s to %s', owner, privilege, role)
from grantee,
  unnest(array['ragwall_owner', 'ragwall_context', 'ragwall_search']) as owner,
  unnest(array['execute on functions', 'select on tables', 'usage on schemas']) as privilege
where role <> owner;
