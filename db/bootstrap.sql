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
    if quote_ident(wanted) <> wanted then
      raise exception 'the name of a role is expected to be no reserved word: %', wanted;
    end if;
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
  select string_agg(format('%I (%s)', r.rolname, a.reasons), ', ' order by r.rolname)
  into unbound
  from pg_roles as r
  cross join lateral (
    select concat_ws(', ',
      case when r.rolsuper then 'SUPERUSER' end,
      case when r.rolbypassrls then 'BYPASSRLS' end,
      case when r.rolreplication then 'REPLICATION' end,
      case when r.rolcreaterole then 'CREATEROLE' end,
      (
        select 'member of ' || string_agg(distinct m.roleid::regrole::text, ', ')
        from pg_auth_members as m where m.member = r.oid
      )
    ) as reasons
  ) as a
  where r.rolname in (
      'ragwall_owner', 'ragwall_context', 'ragwall_search', 'app_user', 'app_reader', 'agent_reader', 'agent_caller'
    )
    and a.reasons <> '';
  if unbound is not null then
    raise exception 'these roles can get around row-level security: %', unbound
      using hint = 'Remove SUPERUSER, BYPASSRLS, REPLICATION and CREATEROLE from them, and their memberships in other '
        'roles. Roles of applications can have other names instead: ragwall migrate --role.';
  end if;
end
$$;

-- Another application may have a role of such a name. Ours have a comment, which they get below. A role without it is
-- taken only if it has no members, and if nothing in this database belongs to it or is granted to it.
do $$
declare
  others text;
begin
  if to_regnamespace('ragwall') is not null then
    return;
  end if;
  select string_agg(format('%I %s', r.rolname, a.reasons), '; ' order by r.rolname)
  into others
  from pg_roles as r
  cross join lateral (
    select concat_ws(', ',
      (
        select 'has the members ' || string_agg(distinct m.member::regrole::text, ', ')
        from pg_auth_members as m
        -- Whoever creates a role is a member with ADMIN.
        where m.roleid = r.oid
          and not exists (
            select from pg_auth_members as a where a.roleid = m.roleid and a.member = m.member and a.admin_option
          )
      ),
      (
        select string_agg(d.what || array_to_string(d.objects[:3], ', ') || case
          when cardinality(d.objects) > 3 then format(' and %s more', cardinality(d.objects) - 3) else '' end, ', ')
        from (
          select k.what, array_agg(pg_describe_object(s.classid, s.objid, 0) order by s.classid, s.objid) as objects
          from pg_shdepend as s
          join (values ('o', 'owns '), ('a', 'has privileges on '), ('r', 'is named by ')) as k (type, what)
            on k.type = s.deptype
          where s.refclassid = 'pg_authid'::regclass
            and s.refobjid = r.oid
            and (s.dbid = (select d.oid from pg_database as d where d.datname = current_database())
              or s.dbid = 0 and s.deptype = 'o')
          group by k.what
        ) as d
      )
    ) as reasons
  ) as a
  where r.rolname in ('app_user', 'app_reader', 'agent_reader', 'agent_caller')
    and coalesce(shobj_description(r.oid, 'pg_authid'), '') not like 'Ragwall%'
    and a.reasons <> '';
  if others is not null then
    raise exception 'roles of these names are there already, for something else: %', others
      using hint = 'Choose other names: ragwall migrate --role. If such a role is meant for Ragwall, say so by a '
        'comment on role that begins with Ragwall.';
  end if;
end
$$;

do $$
begin
  comment on role ragwall_owner is 'Ragwall: owns the schema ragwall and its tables. Cannot log in.';
  comment on role ragwall_context is 'Ragwall: owns the functions that bind tenants, and their keys. Cannot log in.';
  comment on role ragwall_search is 'Ragwall: owns the function that searches, and nothing else. Cannot log in.';
  comment on role app_user is 'Ragwall: the application, which reads and writes the documents of the bound tenant.';
  comment on role app_reader is 'Ragwall: the application, which reads the documents of the bound tenant.';
  comment on role agent_reader is
    'Ragwall: runs SQL that others write, read-only: reads the documents of the tenant that a token names.';
  comment on role agent_caller is
    'Ragwall: runs SQL that others write: may only call the search, for the tenant that a token names.';
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
      raise exception 'the role % may not use the schema of the extension vector, and % may not let it',
        role, current_user
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
      -- It takes no lock. Pools such as that of asyncpg call it whenever a connection comes back.
      and p.proname <> 'pg_advisory_unlock_all'
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
