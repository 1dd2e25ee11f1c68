-- Roles, extension and database privileges. Run it in every database before the first migration, as a superuser, or as
-- a role with CREATEROLE that owns the database and may create extensions.
--
-- It can be repeated. Repeat it after a restore and after cloning a database: CREATE DATABASE … TEMPLATE, and pg_dump
-- without --create, lose what was granted and revoked on the database.

-- Roles belong to the cluster, so another database may have created them, or be creating them at this moment.
do $$
declare
  wanted text;
begin
  foreach wanted in array array[
    'ragwall_owner', 'ragwall_context', 'ragwall_search', 'app_user', 'app_reader', 'agent_reader', 'agent_caller'
  ] loop
    begin
      execute format('create role %I nologin noinherit', wanted);
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;
end
$$;

-- Row-level security does not bind superusers and roles with BYPASSRLS. REPLICATION can read the files of all tables.
-- CREATEROLE and memberships can give a role the rights of others.
do $$
declare
  unbound text;
begin
  select string_agg(distinct r.rolname, ', ')
  into unbound
  from pg_roles as r
  left join pg_auth_members as m on m.member = r.oid
  where r.rolname in (
      'ragwall_owner', 'ragwall_context', 'ragwall_search', 'app_user', 'app_reader', 'agent_reader', 'agent_caller'
    )
    and (r.rolsuper or r.rolbypassrls or r.rolreplication or r.rolcreaterole or m.roleid is not null);
  if unbound is not null then
    raise exception 'these roles can get around row-level security: %', unbound
      using hint = 'Remove SUPERUSER, BYPASSRLS, REPLICATION and CREATEROLE from them, '
        'and their memberships in other roles.';
  end if;
end
$$;

do $$
begin
  comment on role ragwall_owner is 'Owns the schema ragwall and its tables. Cannot log in.';
  comment on role ragwall_context is 'Owns the functions that bind tenants, and their keys. Cannot log in.';
  comment on role ragwall_search is 'Owns the function that searches, and nothing else. Cannot log in.';
  comment on role app_user is 'The application: reads and writes the documents of the bound tenant.';
  comment on role app_reader is 'The application, read-only: reads the documents of the bound tenant.';
  comment on role agent_reader is
    'Runs SQL that others write, read-only: reads the documents of the tenant that a token names.';
  comment on role agent_caller is
    'Runs SQL that others write: may only call the search, for the tenant that a token names.';
exception when insufficient_privilege then
  raise notice 'the comments of the roles stay as they are: another role created them';
end
$$;

-- The migrations create objects as the three owners. A superuser may do that. Another role has to be a member of all.
do $$
declare
  owning text;
begin
  if current_setting('is_superuser') = 'off' then
    foreach owning in array array['ragwall_owner', 'ragwall_context', 'ragwall_search'] loop
      if not pg_has_role(current_user, owning, 'usage') then
        execute format(
          'grant %I to %I %s',
          owning,
          current_user,
          case when current_setting('server_version_num')::int >= 160000
            then 'with inherit true, set true' else '' end
        );
      end if;
    end loop;
  end if;
end
$$;

-- Create it before in another schema if it is to be there: VECTOR_SCHEMA then names that one.
create extension if not exists vector with schema public;

do $$
declare
  place constant regnamespace := (select e.extnamespace from pg_extension as e where e.extname = 'vector');
  role text;
begin
  foreach role in array array[
    'ragwall_owner', 'ragwall_context', 'ragwall_search', 'app_user', 'app_reader', 'agent_reader', 'agent_caller'
  ] loop
    continue when has_schema_privilege(role, place, 'usage');
    execute format('grant usage on schema %s to %I', place, role);
    if not has_schema_privilege(role, place, 'usage') then
      raise exception 'the role % may not use the schema of the extension vector, and % may not let it', role, current_user
        using hint = format('As the owner of the schema: grant usage on schema %s to %I.', place, role);
    end if;
  end loop;
end
$$;

-- Databases that were created before PostgreSQL 15 let every role create objects in the schema public.
do $$
begin
  revoke create on schema public from public;
exception when insufficient_privilege then
  raise notice 'the privileges of the schema public stay as they are: another role owns it';
end
$$;

-- Limits in time, for a role that has none of this name yet. They hold for a login that is the role itself;
-- ragwall.grant_login() gives them to a login that is a member.
do $$
declare
  missing record;
begin
  for missing in
    select r.rolname, v.name, v.value
    from pg_roles as r
    cross join (values
      ('statement_timeout', '60s'), ('idle_in_transaction_session_timeout', '60s'), ('transaction_timeout', '5min')
    ) as v (name, value)
    join pg_settings as s on s.name = v.name -- transaction_timeout is there from PostgreSQL 17 on
    where r.rolname in ('app_user', 'app_reader', 'agent_reader', 'agent_caller')
      and not exists (
        select from pg_db_role_setting as d, unnest(d.setconfig) as c
        where d.setrole = r.oid and d.setdatabase = 0 and split_part(c, '=', 1) = v.name
      )
  loop
    execute format('alter role %I set %I = %L', missing.rolname, missing.name, missing.value);
  end loop;
exception when insufficient_privilege then
  raise notice 'the roles get no limits in time: another role created them';
end
$$;

-- Any role may take as many advisory locks as the lock table of the whole cluster has room for, in one statement. Large
-- objects have no row-level security.
do $$
declare
  routine regprocedure;
begin
  if current_setting('is_superuser') = 'off' then
    raise notice 'every role may still take advisory locks and use large objects: only a superuser can revoke that';
    return;
  end if;
  for routine in
    select p.oid
    from pg_proc as p
    where p.pronamespace = 'pg_catalog'::regnamespace
      and p.proname ~ '^(pg_(try_)?advisory_|lo_|lo(read|write)$)'
      and has_function_privilege('public', p.oid, 'execute')
  loop
    execute format('revoke execute on function %s from public', routine);
    -- ragwall index holds a lock. So do tools that migrate, which log in as the owner of the database.
    execute format('grant execute on function %s to ragwall_owner, pg_database_owner', routine);
  end loop;
end
$$;

-- On a pooled session a temporary table or view with the name of one of ours would shadow it for the next client.
do $$
begin
  execute format('revoke temporary on database %I from public', current_database());
end
$$;

-- Memberships hold in every database of the cluster, so a login that was made for another one would read here. Who is
-- no member of ours keeps the privilege that PUBLIC loses; ragwall.grant_login() gives it to members.
do $$
declare
  others text;
begin
  if not has_database_privilege('public', current_database(), 'connect') then
    return;
  end if;
  select string_agg(quote_ident(r.rolname), ', ' order by r.rolname)
  into others
  from pg_roles as r
  where r.rolcanlogin
    and not r.rolsuper
    and not exists (
      select from unnest(array['app_user', 'app_reader', 'agent_reader', 'agent_caller']) as ours
      where pg_has_role(r.oid, ours, 'member')
    );
  if others is not null then
    execute format('grant connect on database %I to %s', current_database(), others);
  end if;
  execute format('revoke connect on database %I from public', current_database());
  if has_database_privilege('public', current_database(), 'connect') then
    raise notice 'every login may still connect to this database: only its owner or a superuser can revoke that';
  else
    raise notice 'PUBLIC may no longer connect to this database. These logins still may: %. A login of the application '
      'gets the privilege from ragwall.grant_login(), any other by GRANT', coalesce(others, 'superusers alone');
  end if;
end
$$;
