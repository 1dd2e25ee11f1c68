-- What precedes the first migration: the roles, the extension, and what the database grants to everybody.
--
-- Run once per database, as a superuser or as a role with CREATEROLE that owns the database and may
-- create extensions. Safe to repeat, and meant to be repeated after a restore or a database clone:
-- CREATE DATABASE … TEMPLATE and pg_dump without --create lose the REVOKE on the database.

-- Roles belong to the whole cluster: several databases may be bootstrapped at once.
do $$
declare
  wanted text;
begin
  foreach wanted in array array[
    'ragwall_owner', 'ragwall_context', 'app_user', 'app_reader', 'agent_reader', 'agent_caller'
  ] loop
    begin
      execute format('create role %I nologin noinherit', wanted);
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;
end
$$;

-- The walls hold for roles that row-level security binds, and for no others.
do $$
declare
  strong text;
begin
  select string_agg(distinct r.rolname, ', ')
  into strong
  from pg_roles as r
  left join pg_auth_members as m on m.member = r.oid
  where r.rolname in (
      'ragwall_owner', 'ragwall_context', 'app_user', 'app_reader', 'agent_reader', 'agent_caller'
    )
    and (r.rolsuper or r.rolbypassrls or r.rolreplication or r.rolcreaterole or m.roleid is not null);
  if strong is not null then
    raise exception 'these roles have privileges that the walls do not hold: %', strong
      using hint = 'They may have no SUPERUSER, BYPASSRLS, REPLICATION or CREATEROLE, and be members of no role.';
  end if;
end
$$;

do $$
begin
  comment on role ragwall_owner is 'Owns the ragwall schema and its tables. Never logs in.';
  comment on role ragwall_context is 'Owns the tenant context: its functions and their keys. Never logs in.';
  comment on role app_user is 'The application: reads and writes the documents of the tenant that is bound.';
  comment on role app_reader is 'The application, reading only: the documents of the tenant that is bound.';
  comment on role agent_reader is
    'SQL that others write, reading only: the documents of the tenant that a token names.';
  comment on role agent_caller is
    'SQL that others write, calling functions only: searches as the tenant that a token names.';
exception when insufficient_privilege then
  raise notice 'the roles were made by somebody else, and keep their comments';
end
$$;

-- Whoever migrates creates objects as the two owners. A superuser may; anybody else must be a member.
do $$
declare
  owning text;
begin
  if current_setting('is_superuser') = 'off' then
    foreach owning in array array['ragwall_owner', 'ragwall_context'] loop
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

-- Since PostgreSQL 15 nobody else may create objects in public; databases that are older still let them.
do $$
begin
  revoke create on schema public from public;
exception when insufficient_privilege then
  raise notice 'the schema public belongs to somebody else, and keeps its privileges';
end
$$;

-- A temporary table or view named like ours would shadow it for the next client of a pooled session.
do $$
begin
  execute format('revoke temporary on database %I from public', current_database());
  execute format(
    'grant connect on database %I to app_user, app_reader, agent_reader, agent_caller',
    current_database()
  );
end
$$;
