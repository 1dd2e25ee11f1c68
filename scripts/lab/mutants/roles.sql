-- Gives each role of ours another attribute, membership or setting. Roles belong to the cluster, so these run one at a time.
with role as (
  select * from unnest(array[
    'app_user', 'app_reader', 'agent_reader', 'agent_caller', 'ragwall_owner', 'ragwall_context', 'ragwall_search'
  ]) as role
)
select format('%s %s', role, attribute) as name, format('alter role %s %s', role, attribute) as statement
from role,
  unnest(array['superuser', 'bypassrls', 'createrole', 'createdb', 'replication']) as attribute
union all
select format('%s logs in', role), format('alter role %s login', role)
from role
where role like 'ragwall%'
union all
select format('%s is a member of %s', role, other), format('grant %s to %s', other, role)
from role,
  unnest(array[
    'ragwall_owner', 'ragwall_context', 'ragwall_search', 'app_user', 'agent_caller', 'pg_read_all_data', 'pg_write_all_data',
    'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files', 'pg_signal_backend', 'pg_monitor'
  ]) as other
where other <> role
union all
select format('%s starts with %s', role, setting), format('alter role %s set %s', role, setting)
from role,
  unnest(array[
    'app.current_tenant = ''acme''', 'app.tenant_seal = ''x''', 'row_security = off', 'search_path = public',
    'role = ''ragwall_owner'''
  ]) as setting
union all
select 'the database starts with ' || setting, format(
    'do $do$ begin execute format(''alter database %%I set %%s'', current_database(), %L); end $do$', setting
  )
from unnest(array[
  'app.current_tenant = ''acme''', 'app.tenant_seal = ''x''', 'row_security = off', 'search_path = public',
  'ragwall.residue = ''allow'''
]) as setting
union all
select 'everybody starts with ' || setting, 'alter role all set ' || setting
from unnest(array['app.current_tenant = ''acme''', 'search_path = public']) as setting;
