-- Undoes db/agents.sql in this database: gives PUBLIC back what PostgreSQL gives it, and takes it from the roles to
-- which db/agents.sql granted it instead. As a superuser. It can be repeated, and changes nothing where db/agents.sql
-- was not run. First revoke the logins of agents: they can observe other tenants from then on.
--
-- db/agents.sql granted all that it revoked from PUBLIC to pg_monitor. So an object is given back if pg_monitor has a
-- privilege that PostgreSQL gives to PUBLIC and not to pg_monitor.

begin;

do $$
declare
  item record;
  holder name;
begin
  if current_setting('is_superuser') = 'off' then
    raise exception 'only a superuser can give the privileges of PUBLIC back';
  end if;
  for item in
    select o.kind, o.name, o.acl
    from (
      select 'execute on function' as kind, p.oid::regprocedure::text as name, p.proacl as acl,
        coalesce(i.initprivs, acldefault('f', p.proowner)) as initial
      from pg_proc as p
      left join pg_init_privs as i on (i.classoid, i.objoid, i.objsubid) = ('pg_proc'::regclass, p.oid, 0)
      where p.pronamespace = 'pg_catalog'::regnamespace
        or p.proname ~ '^pg_stat_statements'
      union all
      -- PostgreSQL keeps no record of what it gave in information_schema: there it is what pg_monitor has.
      select 'select on', c.oid::regclass::text, c.relacl, case c.relnamespace
          when 'information_schema'::regnamespace then array[makeaclitem(0, c.relowner, 'SELECT', false)]
          else coalesce(i.initprivs, acldefault('r', c.relowner)) end
      from pg_class as c
      left join pg_init_privs as i on (i.classoid, i.objoid, i.objsubid) = ('pg_class'::regclass, c.oid, 0)
      where c.relnamespace in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        or c.relname ~ '^pg_stat_statements'
    ) as o
    where exists (select from aclexplode(o.acl) as x where x.grantee = 'pg_monitor'::regrole)
      and exists (select from aclexplode(o.initial) as x where x.grantee = 0)
      and not exists (select from aclexplode(o.initial) as x where x.grantee = 'pg_monitor'::regrole)
  loop
    execute format('grant %s %s to public', item.kind, item.name);
    for holder in
      select r.rolname from pg_roles as r
      where r.oid in (select x.grantee from aclexplode(item.acl) as x)
        and r.rolname in ('pg_monitor', 'app_user', 'app_reader', 'ragwall_owner', 'ragwall_context')
    loop
      execute format('revoke %s %s from %I', item.kind, item.name, holder);
    end loop;
  end loop;
end
$$;

do $$
declare
  holder name;
begin
  if not has_language_privilege('public', 'plpgsql', 'usage') then
    grant usage on language plpgsql to public;
    for holder in
      select r.rolname from pg_roles as r
      where r.rolname in ('app_user', 'app_reader', 'ragwall_owner', 'ragwall_context')
    loop
      execute format('revoke usage on language plpgsql from %I', holder);
    end loop;
  end if;
end
$$;

-- The limits of the roles hold in all databases of the cluster. What db/bootstrap.sql gives them stays.
do $$
declare
  agent name;
  preset record;
begin
  for agent in select r.rolname from pg_roles as r where r.rolname in ('agent_reader', 'agent_caller') loop
    if exists (
      select from pg_shdepend as d
      where (d.refclassid, d.refobjid) = ('pg_authid'::regclass, agent::regrole::oid)
        and d.dbid not in (0, (select oid from pg_database where datname = current_database()))
    ) then
      raise notice 'the limits of % stay, because other databases of the cluster use the role', agent;
      continue;
    end if;
    execute format('alter role %I connection limit -1', agent);
    for preset in
      select split_part(c, '=', 1) as name
      from pg_db_role_setting as s, unnest(s.setconfig) as c
      where s.setrole = agent::regrole and s.setdatabase = 0
        and split_part(c, '=', 1) in (
          'default_transaction_read_only', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout',
          'client_connection_check_interval', 'track_activities', 'temp_file_limit'
        )
    loop
      execute format('alter role %I reset %I', agent, preset.name);
    end loop;
    execute format('alter role %I set statement_timeout = %L', agent, '60s');
    execute format('alter role %I set idle_in_transaction_session_timeout = %L', agent, '60s');
  end loop;
end
$$;

commit;
