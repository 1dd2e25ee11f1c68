--! Previous: sha1:ed879771aa83071cbaa10a1c7ef1855ed667dddd
--! Hash: sha1:292fcd2526ae2e17811339976d777eaac5ba0bf4
--! Message: protection-findings

-- Protecting a table of yours, part 3 of 9: everything by which a role can get past the policies of the table.

do $$ begin perform ragwall.begin_migration(21); end $$;

set local role ragwall_owner;

-- On PostgreSQL 16 and later a role that created an application role may grant it to others without being able to
-- act as it. Such a role does not count as the application.
create function ragwall.is_safe_owner(owner oid)
  returns boolean
  language sql
  stable
  parallel restricted
begin atomic
  select not (o.rolcanlogin or o.rolsuper or o.rolbypassrls) and not exists (
    select
    from pg_roles as r
    where not r.rolsuper
      and pg_has_role(r.oid, o.oid, 'member')
      and (
        -- Without the setting, app_roles() infers roles from privileges, which protect_table() is about to revoke.
        current_setting('ragwall.app_roles', true) <> '' and r.oid in (select a.role from ragwall.app_roles() as a)
        or exists (
          select
          from unnest(ragwall.application_roles()) as app
          where pg_has_role(
            r.oid, app,
            case when current_setting('server_version_num')::integer < 160000 then 'member' else 'usage, set' end
          )
        )
      )
  )
  from pg_roles as o
  where o.oid = owner;
end;

comment on function ragwall.is_safe_owner(oid) is
  'Returns whether a role may own a protected table. An owner can remove the policies, so it may not log in, be a '
  'superuser or bypass row-level security. None of its members may be a role of the application or the agents, or one '
  'that the setting ragwall.app_roles names. Null if there is no such role. Raises RW504 before db/audit-install.sql '
  'has run.';

create function ragwall.table_findings(target regclass, tenant_column name, keep_statistics boolean)
  returns table (refused boolean, finding text, remedy text)
  language sql
  stable
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set jit = off
as $$
  with recursive member as (
    select c.oid, c.oid::regclass as name, c.relkind, c.relname, c.relnamespace
    from ragwall.with_partitions(target) as m
    join pg_class as c on c.oid = m
  ),
  -- Views of the table, and views of such views. One without security_invoker reads with the rights of its owner.
  reader as (
    select m.oid from member as m
    union
    select r.ev_class
    from reader as v
    join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = v.oid
    join pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
  )
  select true,
    format(
      'the column %I is %s: a tenant column is text or varchar with a deterministic collation, uuid, or an integer',
      a.attname, case when a.attgenerated = '' then format_type(a.atttypid, a.atttypmod) else 'generated' end
    ),
    format(case when a.attgenerated = '' then 'alter table %s alter column %I type text collate "C" using %2$I::text'
      else 'alter table %s alter column %I drop expression' end, target, a.attname)
  from pg_attribute as a
  left join pg_collation as c on c.oid = a.attcollation
  where a.attrelid = target
    and a.attname = tenant_column
    and (
      a.atttypid <> all (array['text', 'varchar', 'uuid', 'bigint', 'integer', 'smallint']::regtype[]::oid[])
      or not c.collisdeterministic
      or a.attgenerated <> ''
    )
  union all
  select true, format('the column %I is an identity, but its default has to be the bound tenant', a.attname),
    format('alter table %s alter column %I drop identity', target, a.attname)
  from pg_attribute as a
  where a.attrelid = target
    and a.attname = tenant_column
    and a.attidentity <> ''
  union all
  select false,
    format(
      'before PostgreSQL 16 a condition of a caller may be evaluated before the policies, because of the cast of %I to '
      'text', a.attname
    ),
    format(
      'if others write SQL: alter table %s alter column %I type text collate "C" using %2$I::text', target, a.attname
    )
  from pg_attribute as a
  where a.attrelid = target
    and a.attname = tenant_column
    and a.atttypid in ('uuid'::regtype, 'bigint'::regtype, 'integer'::regtype, 'smallint'::regtype)
    and current_setting('server_version_num')::integer < 160000
  union all
  select true, 'ragwall_owner can log in, bypasses row-level security, or has a member that is the application',
    'alter role ragwall_owner nologin nosuperuser nobypassrls, and revoke it from its members'
  where not ragwall.is_safe_owner('ragwall_owner'::regrole)
  union all
  select true, format('ragwall_owner may not own tables in the schema %s', c.relnamespace::regnamespace),
    format('grant create on schema %s to ragwall_owner', c.relnamespace::regnamespace)
  from pg_class as c
  where c.oid = target
    and not ragwall.is_safe_owner(c.relowner)
    and not has_schema_privilege('ragwall_owner', c.relnamespace, 'create')
    and not has_schema_privilege(c.relnamespace, 'create with grant option')
  union all
  select true, format('the permissive policy %I of %s lets more rows through', p.polname, m.name),
    format('drop policy %I on %s', p.polname, m.name)
  from pg_policy as p
  join member as m on m.oid = p.polrelid
  where p.polpermissive
    and not (m.oid = target and p.polname ~ '^(select|insert|update|delete)_own_tenant$')
  union all
  select true, format('the rule %I of %s rewrites statements', r.rulename, m.name),
    format('drop rule %I on %s', r.rulename, m.name)
  from pg_rewrite as r
  join member as m on m.oid = r.ev_class
  union all
  select true, format('the partition %s is a foreign table, which has no row-level security', m.name),
    format('alter table %s detach partition %s', i.inhparent::regclass, m.name)
  from member as m
  join pg_inherits as i on i.inhrelid = m.oid
  where m.relkind = 'f'
  union all
  select true, format('from the statistics object %I explain tells values of other tenants', e.stxname),
    format('drop statistics %s.%I', e.stxnamespace::regnamespace, e.stxname)
  from pg_statistic_ext as e
  join member as m on m.oid = e.stxrelid
  where not keep_statistics
  union all
  select true, format('%s shows the rows of all tenants to other roles', c.oid::regclass),
    format(
      case c.relkind when 'm' then 'drop materialized view %s' else 'alter view %s set (security_invoker = true)' end,
      c.oid::regclass
    )
  from reader as v
  join pg_class as c on c.oid = v.oid
  join pg_roles as o on o.oid = c.relowner
  where (
      c.relkind = 'm'
      or c.relkind = 'v'
        and (o.rolsuper or o.rolbypassrls)
        and not coalesce(c.reloptions && '{security_invoker=true,security_invoker=on,security_invoker=1}', false)
    )
    and exists (select from aclexplode(c.relacl) as a where a.grantee <> c.relowner)
  union all
  select false,
    format('no index of %s begins with the tenant, so that statements read the rows of all tenants', target),
    format('create index on %s (%I)', target, tenant_column)
  where not exists (
    select
    from pg_index as i
    where i.indrelid = target
      and (ragwall.column_names(target, i.indkey::smallint[]))[1] = quote_ident(tenant_column)
  )
  union all
  select false,
    format('the sequence %s numbers the rows of all tenants, so that gaps tell how many others add', s.oid::regclass),
    'make the column a uuid with the default gen_random_uuid()'
  from pg_class as s
  where s.relkind = 'S'
    and exists (
      select
      from pg_depend as d
      left join pg_attrdef as a on d.classid = 'pg_attrdef'::regclass and a.oid = d.objid
      where d.objid = s.oid and d.deptype in ('a', 'i') and d.refobjid in (select oid from member)
        or d.refobjid = s.oid and a.adrelid in (select oid from member)
    )
  union all
  select false,
    format('the trigger %I of %s runs %s %s', t.tgname, m.name, p.oid::regprocedure, case when p.prosecdef
      then 'with the rights of its owner'
      else 'with every row that is written, also with one that is refused then' end),
    case when p.prosecdef then format('alter function %s security invoker', p.oid::regprocedure)
      else format('read whether it copies or sends rows: select pg_get_functiondef(%L::regprocedure)',
        p.oid::regprocedure) end
  from pg_trigger as t
  join member as m on m.oid = t.tgrelid
  join pg_proc as p on p.oid = t.tgfoid
  where not t.tgisinternal
    and t.tgparentid = 0
  union all
  select distinct false, format('the publication %I sends the rows of all tenants to its subscribers', p.pubname),
    'publish tables by name, and this one only to databases in which it is protected, too'
  from pg_publication_tables as p
  join member as m on m.relname = p.tablename and m.relnamespace::regnamespace::text = quote_ident(p.schemaname)
  union all
  select false, 'a partition that is added later has no walls until protect_table() is called again',
    case when exists (select from pg_event_trigger as e where e.evtname = 'ragwall_close_partitions')
      then 'alter event trigger ragwall_close_partitions enable'
    else 'alter function ragwall.close_partitions() owner to current_user; '
      'create event trigger ragwall_close_partitions on ddl_command_end '
      'when tag in (''CREATE TABLE'', ''ALTER TABLE'', ''CREATE FOREIGN TABLE'') '
      'execute function ragwall.close_partitions()' end
  where exists (select from pg_class as c where c.oid = target and c.relkind = 'p')
    and not exists (
      select from pg_event_trigger as e where e.evtname = 'ragwall_close_partitions' and e.evtenabled in ('O', 'A')
    )
$$;

comment on function ragwall.table_findings(regclass, name, boolean) is
  'Returns what protection_findings() returns, except foreign keys and indexes.';

create function ragwall.protection_findings(target regclass, tenant_column name, keep_statistics boolean)
  returns table (refused boolean, finding text, remedy text)
  language sql
  stable
  parallel unsafe
begin atomic
  select true, f.finding, f.remedy
  from ragwall.foreign_key_findings(target, tenant_column) as f
  union all
  select i.refused, i.finding, i.remedy
  from ragwall.index_findings(target, tenant_column) as i
  union all
  select t.refused, t.finding, t.remedy
  from ragwall.table_findings(target, tenant_column, keep_statistics) as t;
end;

comment on function ragwall.protection_findings(regclass, name, boolean) is
  'Returns what is in the way of protecting a table, each with statements or advice that mend it. refused: true if '
  'protect_table() refuses the table for it, because any role can observe other tenants by it or pass the policies; '
  'false if protect_table() goes on and leaves it to do, because only explain, sequence numbers or subscribers show '
  'it. tenant_column: the tenant column of the table. keep_statistics: true allows extended statistics.';

reset role;
