--! Previous: sha1:ea928db15838f26d30727b8cf7021f4e1fde05ef
--! Hash: sha1:e37e3d2d4e8c1e348f4077d90825155e0e2ce103
--! Message: later-partitions

-- Protecting a table of yours, part 9 of 9: partitions that are added later. Then the number of the last migration.

-- An event trigger runs in statements of every role, with that role's rights. So it, and its function, belong to a
-- superuser.
create function ragwall.close_partitions()
  returns event_trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  partition regclass;
  others text;
begin
  for partition, others in
    select t.relid, (
      select string_agg(distinct case a.grantee when 0 then 'public' else a.grantee::regrole::text end, ', ')
      from aclexplode(c.relacl) as a
      where a.grantee <> c.relowner
    )
    from pg_event_trigger_ddl_commands() as d
    join pg_policy as p on p.polrelid = pg_partition_root(d.objid) and p.polname = 'tenant_floor'
    cross join lateral pg_partition_tree(d.objid) as t
    join pg_class as c on c.oid = t.relid and not (c.relrowsecurity and c.relforcerowsecurity)
    where d.classid = 'pg_class'::regclass
      -- Tables created as partitions, and those attached by an ALTER TABLE of the parent. Not a partition that is
      -- itself altered: its owner may disable row-level security on it.
      and c.relispartition
      and (t.relid <> d.objid or d.command_tag like 'CREATE %')
  loop
    execute format('alter table %s enable row level security, force row level security', partition);
    if others is not null then
      execute format('revoke all on table %s from %s cascade', partition, others);
    end if;
  end loop;
end
$$;

comment on function ragwall.close_partitions() is
  'Event trigger: enables and forces row-level security on a partition that is added to a protected table, and revokes '
  'what default privileges granted on it. The partition has no policy: it can only be reached through its table.';

revoke execute on function ragwall.close_partitions() from public;

do $$
begin
  if current_setting('is_superuser') = 'on' then
    create event trigger ragwall_close_partitions
      on ddl_command_end
      when tag in ('CREATE TABLE', 'ALTER TABLE', 'CREATE FOREIGN TABLE')
      execute function ragwall.close_partitions();
  end if;
end
$$;

set local role ragwall_owner;

create function ragwall.migration()
  returns integer
  language sql
  immutable
  parallel safe
  return 21;

comment on function ragwall.migration() is
  'Returns the number of the last migration that was applied. Clients and the audit compare it with the number they '
  'need.';

grant execute on function ragwall.migration() to app_user, app_reader, agent_reader, agent_caller;

reset role;
