-- Roles, extension and database privileges. Run it in every database before the first migration, as a superuser, or as
-- a role with CREATEROLE that owns the database and may create extensions.
--
-- It can be repeated. Repeat it after a restore and after cloning a database: CREATE DATABASE … TEMPLATE, and pg_dump
-- without --create, lose the REVOKE on the database.

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

create extension if not exists vector with schema public;

-- Databases that were created before PostgreSQL 15 let every role create objects in the schema public.
do $$
begin
  revoke create on schema public from public;
exception when insufficient_privilege then
  raise notice 'the privileges of the schema public stay as they are: another role owns it';
end
$$;

-- On a pooled session a temporary table or view with the name of one of ours would shadow it for the next client.
do $$
begin
  execute format('revoke temporary on database %I from public', current_database());
  execute format(
    'grant connect on database %I to app_user, app_reader, agent_reader, agent_caller',
    current_database()
  );
end
$$;
