--! Previous: sha1:1ffed302e06c26b503448607065b61e58f3ea039
--! Hash: sha1:9dd2bf651d835d86bde4474d3642d141125a1223
--! Message: logins

-- Logins of the application.

do $$ begin perform ragwall.begin_migration(28); end $$;

set local role ragwall_owner;

-- The caller's rights make the login: a superuser's, or those of a role with CREATEROLE that owns the database.
create function ragwall.grant_login(login name, role name)
  returns void
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
  roles constant name[] := ragwall.application_roles();
  owners constant name[] := '{ragwall_owner,ragwall_context,ragwall_search}';
  connections constant integer := (select r.rolconnlimit from pg_roles as r where r.rolname = role);
  preset record;
begin
  if (role = any (roles) and (login = role or login <> all (roles || owners))) is not true then
    raise exception 'a login of the application, and one of the roles % are expected', array_to_string(roles, ', ')
      using errcode = 'RW010',
        hint = format('The role comes second: select ragwall.grant_login(''api'', %L).', roles[1]);
  end if;
  if not exists (select from pg_roles as r where r.rolname = login) then
    execute format('create role %I', login);
  end if;
  execute format('alter role %I login', login);
  execute format('grant connect on database %I to %I', current_database(), login);
  if login = role then
    return;
  end if;
  execute format('grant %I to %I', role, login);
  for preset in
    -- Those of this database come last and replace those of all databases.
    select split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1) as value
    from pg_db_role_setting as s
    join pg_roles as r on r.oid = s.setrole
    left join pg_database as d on d.oid = s.setdatabase
    cross join unnest(s.setconfig) as c
    where r.rolname = role
      and (s.setdatabase = 0 or d.datname = current_database())
      and c ~ '^(\w+_(timeout|limit|interval)|track_activities|default_transaction_read_only)='
    order by s.setdatabase
  loop
    execute format('alter role %I in database %I set %I = %L', login, current_database(), preset.name, preset.value);
  end loop;
  if connections <> -1 then
    execute format('alter role %I connection limit %s', login, connections);
  end if;
end
$$;

comment on function ragwall.grant_login(name, name) is
  'Makes a login of a role in this database, without a password: creates it if there is none of the name, lets it '
  'connect here, makes it a member of the role, and gives it the limits that the role has, in time and of connections. '
  'Limits are copied: repeat the call after they were changed. What the login may do in other databases stays as it '
  'is. login: may be the role itself, but then its members may connect here, too. role: app_user, app_reader, '
  'agent_reader or agent_caller. Raises RW010 for other arguments. For superusers, and for members of ragwall_owner '
  'with CREATEROLE that own the database.';

reset role;
