-- Removes Ragwall from a database, and its roles from the cluster where no other database uses them. As a superuser, or
-- as the role that ran db/bootstrap.sql and the migrations. It refuses, and changes nothing, where something of yours
-- would be lost. One transaction.
--
--   psql "$ADMIN_URL" -v ON_ERROR_STOP=1 -c "set ragwall.uninstall = 'documents, public'" -f db/uninstall.sql
--
-- documents: drops all documents. Without the word it refuses where there are any.
-- public: gives PUBLIC what PostgreSQL gives it and db/bootstrap.sql took: CONNECT and TEMPORARY on the database, and
-- for a superuser advisory locks and large objects. Without the word that stays with those who have it now, because
-- nobody can tell whether PUBLIC had it before.
--
-- It leaves: the extension vector; the history of the tool that migrated; your logins, and CONNECT where one has it by
-- name; on the schema public, that PUBLIC may create nothing.

begin;

do $$
declare
  chosen constant text[] :=
    string_to_array(replace(coalesce(current_setting('ragwall.uninstall', true), ''), ' ', ''), ',');
  ours constant name[] := '{ragwall,ragwall_private,ragwall_search,ragwall_api}';
  used text;
begin
  if not chosen <@ '{documents,public,""}' then
    raise exception 'ragwall.uninstall is expected to have the words documents and public, separated by a comma';
  end if;
  if not has_table_privilege('public', 'pg_catalog.pg_class', 'select') then
    raise exception 'db/agents.sql has revoked the catalogs from PUBLIC' using hint = 'Run db/agents-undo.sql first.';
  end if;
  -- By its size, because the policies hide the rows from whoever is no superuser.
  if 'documents' <> all (chosen) and pg_relation_size(to_regclass('ragwall.documents_rows')) > 0 then
    raise exception 'ragwall.documents has documents, or had some since it was last vacuumed'
      using hint = 'To drop them: set ragwall.uninstall = ''documents''.';
  end if;
  with mine as (
    select 'pg_proc'::regclass as classid, oid as objid from pg_proc where pronamespace::regnamespace::name = any (ours)
    union all
    select 'pg_class'::regclass, oid from pg_class where relnamespace::regnamespace::name = any (ours)
    union all
    select 'pg_type'::regclass, oid from pg_type where typnamespace::regnamespace::name = any (ours)
  ),
  others as (
    select distinct coalesce(p.polrelid, a.adrelid, r.ev_class, t.conrelid, g.tgrelid, c.oid) as relation
    from pg_depend as d
    join mine on (d.refclassid, d.refobjid) = (mine.classid, mine.objid)
    left join pg_policy as p on (d.classid, d.objid) = ('pg_policy'::regclass, p.oid)
    left join pg_attrdef as a on (d.classid, d.objid) = ('pg_attrdef'::regclass, a.oid)
    left join pg_rewrite as r on (d.classid, d.objid) = ('pg_rewrite'::regclass, r.oid)
    left join pg_constraint as t on (d.classid, d.objid) = ('pg_constraint'::regclass, t.oid)
    left join pg_trigger as g on (d.classid, d.objid) = ('pg_trigger'::regclass, g.oid)
    left join pg_class as c on (d.classid, d.objid) = ('pg_class'::regclass, c.oid)
  )
  select string_agg(c.oid::regclass::text, ', ' order by c.oid::regclass::text)
  into used
  from others as o
  join pg_class as c on c.oid = o.relation
  where c.relnamespace::regnamespace::name <> all (ours || name 'pg_toast');
  if used is not null then
    raise exception 'tables and views of yours use what would be dropped: %', used
      using hint = 'Take tables back by ragwall.unprotect_table(), and drop views, first.';
  end if;
end
$$;

drop event trigger if exists ragwall_close_partitions;
drop schema if exists ragwall, ragwall_private, ragwall_search, ragwall_api cascade;

-- What the roles own and may do in this database, then the roles. DROP OWNED would also take their privileges on other
-- databases.
do $$
declare
  ours constant name[] :=
    '{ragwall_owner,ragwall_context,ragwall_search,app_user,app_reader,agent_reader,agent_caller}';
  kept constant jsonb := (
    select jsonb_agg(jsonb_build_object('datname', d.datname, 'role', r.rolname, 'privilege', x.privilege_type))
    from pg_database as d, aclexplode(d.datacl) as x
    join pg_roles as r on r.oid = x.grantee
    where r.rolname = any (ours) and d.datname <> current_database()
  );
  item name;
  elsewhere record;
begin
  foreach item in array ours loop
    continue when not exists (select from pg_roles as r where r.rolname = item);
    begin
      if not pg_has_role(item, 'usage') then
        execute format('grant %I to %I %s', item, current_user,
          case when current_setting('server_version_num')::int >= 160000 then 'with inherit true' end);
      end if;
      execute format('drop owned by %I', item);
      begin
        execute format('drop role %I', item);
      exception when dependent_objects_still_exist then
        raise notice 'the role % stays, because other databases of the cluster use it', item;
      end;
    exception when insufficient_privilege then
      raise notice 'the role % and its privileges stay: another role created it', item;
    end;
  end loop;
  for elsewhere in
    select k.datname, k.role, k.privilege
    from jsonb_to_recordset(kept) as k (datname name, role name, privilege text)
    join pg_roles as r on r.rolname = k.role
    where not has_database_privilege(r.oid, k.datname, k.privilege)
  loop
    execute format('grant %s on database %I to %I', elsewhere.privilege, elsewhere.datname, elsewhere.role);
  end loop;
end
$$;

do $$
declare
  routine regprocedure;
begin
  if coalesce(current_setting('ragwall.uninstall', true), '') !~ '\mpublic\M' then
    raise notice 'PUBLIC gets nothing back: set ragwall.uninstall = ''public'' for CONNECT and TEMPORARY';
    return;
  end if;
  execute format('grant connect, temporary on database %I to public', current_database());
  if current_setting('is_superuser') = 'off' then
    return;
  end if;
  for routine in
    select p.oid
    from pg_proc as p
    left join pg_init_privs as i on (i.classoid, i.objoid, i.objsubid) = ('pg_proc'::regclass, p.oid, 0)
    where p.pronamespace = 'pg_catalog'::regnamespace
      and p.proname ~ '^(pg_(try_)?advisory_|lo_|lo(read|write)$)'
      and not has_function_privilege('public', p.oid, 'execute')
      -- Some of them PostgreSQL itself gives to nobody.
      and exists (
        select from aclexplode(coalesce(i.initprivs, acldefault('f', p.proowner))) as x where x.grantee = 0
      )
  loop
    execute format('grant execute on function %s to public', routine);
    execute format('revoke execute on function %s from pg_database_owner', routine);
  end loop;
end
$$;

commit;
