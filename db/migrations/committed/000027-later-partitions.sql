--! Previous: sha1:7bd69154af09ccb5a1e621f7419871d1ac12479f
--! Hash: sha1:1ffed302e06c26b503448607065b61e58f3ea039
--! Message: later-partitions

-- Protecting a table of yours, part 9 of 9: partitions that are added later.

do $$ begin perform ragwall.begin_migration(27); end $$;

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
