--! Previous: sha1:44e745f277948729d4c8f8e5028a02dbae39073f
--! Hash: sha1:049f331864e9c4ab5ad0e21304abc555d1caf8a0
--! Message: protect-table

-- What stands in the way of protecting a user's own table: what its tenants would share, and who would pass the walls.

-- With its caller's rights, and only superusers and members of ragwall_owner may execute it, as all that follows.
set local role ragwall_owner;

create function ragwall.with_partitions(target regclass)
  returns setof regclass
  language sql
  stable
  parallel safe
begin atomic
  select target
  union
  select p.relid from pg_partition_tree(target) as p;
end;

comment on function ragwall.with_partitions(regclass) is 'A table, or an index, and its partitions on all levels.';

create function ragwall.column_names(relation regclass, numbers smallint[])
  returns text[]
  language sql
  stable
  parallel safe
begin atomic
  select array_agg(quote_ident(a.attname) order by n.place)
  from unnest(numbers) with ordinality as n (attnum, place)
  left join pg_attribute as a on a.attrelid = relation and a.attnum = n.attnum;
end;

comment on function ragwall.column_names(regclass, smallint[]) is
  'The names of columns, quoted where they have to be; null for an expression, whose number is 0.';

create function ragwall.tenant_column_of(relation regclass, usual name)
  returns text
  language sql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
as $$
  select quote_ident(a.attname)
  from pg_attribute as a
  left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
  cross join lateral (
    select pg_get_expr(d.adbin, d.adrelid) is not distinct from 'ragwall.require_tenant()'
  ) as p (protected)
  where a.attrelid = relation
    and not a.attisdropped
    and (p.protected or a.attname = usual)
  order by p.protected desc
  limit 1
$$;

comment on function ragwall.tenant_column_of(regclass, name) is
  'The column, quoted where it has to be, that says whose a row is: the one that defaults to the tenant that is bound, '
  'or else the one of the usual name. Null for a table that has neither.';

create function ragwall.foreign_key_findings(target regclass, tenant_column name)
  returns table (finding text, remedy text)
  language sql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
as $$
  select
    format('the foreign key %I of %s names a row of %s without its tenant', k.conname, near.relation, far.relation),
    concat_ws(
      '; ',
      format('alter table %s drop constraint %I', near.relation, k.conname),
      case when not exists (
        select
        from pg_index as i
        where i.indrelid = far.relation
          and i.indisunique
          and i.indpred is null
          and ragwall.column_names(far.relation, (i.indkey::smallint[])[0:i.indnkeyatts - 1]) = far.tenant || rest.far
      ) then format('alter table %s add unique (%s)', far.relation, array_to_string(far.tenant || rest.far, ', ')) end,
      format(
        'alter table %s add constraint %I foreign key (%s) references %s (%s)%s',
        near.relation, k.conname, array_to_string(near.tenant || rest.near, ', '),
        far.relation, array_to_string(far.tenant || rest.far, ', '),
        -- What followed the columns; and a row whose parent goes keeps its tenant.
        regexp_replace(
          substr(pg_get_constraintdef(k.oid), 1 + length(format(
            'FOREIGN KEY (%s) REFERENCES %s(%s)',
            array_to_string(near.keys, ', '), far.relation, array_to_string(far.keys, ', ')
          ))),
          'ON DELETE SET (NULL|DEFAULT)(?! \()', 'ON DELETE SET \1 (' || array_to_string(rest.near, ', ') || ')'
        )
      )
    )
  from pg_constraint as k
  cross join lateral (
    select k.conrelid::regclass, ragwall.column_names(k.conrelid, k.conkey),
      ragwall.tenant_column_of(k.conrelid, tenant_column)
  ) as near (relation, keys, tenant)
  cross join lateral (
    select k.confrelid::regclass, ragwall.column_names(k.confrelid, k.confkey),
      ragwall.tenant_column_of(k.confrelid, tenant_column)
  ) as far (relation, keys, tenant)
  cross join lateral (
    select array_agg(u.near order by place), array_agg(u.far order by place)
    from unnest(near.keys, far.keys) with ordinality as u (near, far, place)
    where u.near <> near.tenant
      and u.far <> far.tenant
  ) as rest (near, far)
  where k.contype = 'f'
    and k.conparentid = 0
    and exists (select from ragwall.with_partitions(target) as m where m in (near.relation, far.relation))
    and near.tenant is not null
    and far.tenant is not null
    and not exists (select from unnest(near.keys, far.keys) as u (n, f) where u.n = near.tenant and u.f = far.tenant)
$$;

comment on function ragwall.foreign_key_findings(regclass, name) is
  'The foreign keys, from or to a table, by which a row of one tenant can name a row of another: they are checked '
  'beneath row-level security, and so tell what is there, and delete it. One to a table without tenants is none.';

create function ragwall.is_pinned(index regclass, tenant_column name)
  returns boolean
  language sql
  stable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
  select coalesce(bool_and(exists (
    select
    from unnest(array[
      pg_get_expr(i.indpred, i.indrelid), pg_get_partition_constraintdef(i.indrelid)
    ]) as condition
    where condition !~ ' OR '
      -- However the column is printed, a character that is in no name stands for it.
      and replace(
        replace(condition, format('(%I)::text', tenant_column), chr(1)), quote_ident(tenant_column), chr(1)
      ) ~ '(^|^\(|AND )\(\u0001 = \(?''([^'']|'''')*''::(text|character varying(\(\d+\))?)(\)::text)?\)'
  )), false)
  from pg_index as i
  join pg_class as c on c.oid = i.indexrelid and c.relkind = 'i'
  where i.indexrelid in (select m from ragwall.with_partitions(index) as m)
$$;

comment on function ragwall.is_pinned(regclass, name) is
  'Whether an index, or each of its partitions, holds the rows of one tenant, as its predicate or its table''s bound '
  'says.';

create function ragwall.index_findings(target regclass, tenant_column name)
  returns table (refused boolean, finding text, remedy text)
  language sql
  stable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
  select
    s.refused,
    concat(
      'the ', coalesce('key ' || quote_ident(i.conname), 'index ' || i.name),
      case
        when i.approximate then format(
          ' seeks neighbours among all tenants'' rows: one a tenant, where %I = …, or none', tenant_column
        )
        when s.refused then ' is unique over all tenants, and tells what others have'
        else ' does not lead with the tenant, and explain counts in it what others have'
      end
    ),
    case
      when i.conname is not null then format(
        'alter table %s drop constraint %I, add constraint %2$I %3$s', i.relation, i.conname, s.with_tenant
      )
      when s.with_tenant is null then format('drop index %s', i.name)
      else format('drop index %s; %s', i.name, s.with_tenant)
    end
  from (
    select x.indexrelid::regclass as name, x.indrelid::regclass as relation, x.indisunique, x.indisexclusion,
      a.amname, k.conname, k.contype,
      ragwall.column_names(x.indrelid, (x.indkey::smallint[])[0:x.indnkeyatts - 1]) as keys,
      coalesce(pg_get_constraintdef(k.oid), pg_get_indexdef(x.indexrelid)) as definition,
      -- Those of extensions: the server's own are exact.
      a.amname not in ('gist', 'spgist') and exists (
        select
        from pg_opclass as o
        join pg_amop as p on p.amopfamily = o.opcfamily
        where o.oid = any (x.indclass::oid[])
          and p.amoppurpose = 'o'
      ) as approximate
    from ragwall.with_partitions(target) as m
    join pg_index as x on x.indrelid = m
    join pg_class as c on c.oid = x.indexrelid
    join pg_am as a on a.oid = c.relam
    left join pg_constraint as k on k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x')
    where not c.relispartition
    -- Of this table first, and then what is asked of each.
    offset 0
  ) as i
  cross join lateral (
    select quote_ident(tenant_column),
      case when i.contype in ('p', 'u') then '(' else format('USING %s (', i.amname) end
  ) as t (tenant, opening)
  cross join lateral (
    select
      i.approximate or i.indisexclusion or i.indisunique and not coalesce(t.tenant = any (i.keys), false),
      case when i.amname = 'btree' or i.indisexclusion then overlay(
        i.definition
        placing concat(t.tenant, case when i.indisexclusion then ' WITH =' end, ', ')
        from strpos(i.definition, t.opening) + length(t.opening)
        for 0
      ) end
  ) as s (refused, with_tenant)
  where (i.approximate or i.indisexclusion or i.amname in ('btree', 'hash', 'brin'))
    and not ragwall.is_pinned(i.name, tenant_column)
    and i.keys[1] is distinct from t.tenant
$$;

comment on function ragwall.index_findings(regclass, name) is
  'The indexes of a table that neither lead with the tenant nor hold one tenant alone. Refused are those that anybody '
  'observes by answers and errors: unique ones without the tenant, and approximate ones.';

-- Whoever made the roles of the application may grant them, and is not the application for that.
create function ragwall.is_safe_owner(owner oid)
  returns boolean
  language sql
  stable
  parallel restricted
begin atomic
  select not (o.rolcanlogin or o.rolsuper or o.rolbypassrls) and not exists (
    select
    from pg_roles as r
    cross join unnest(array['app_user', 'app_reader', 'agent_reader', 'agent_caller']) as app
    where not r.rolsuper
      and pg_has_role(
        r.oid, app, case when current_setting('server_version_num')::integer < 160000 then 'member' else 'usage, set' end
      )
      and pg_has_role(r.oid, o.oid, 'member')
  )
  from pg_roles as o
  where o.oid = owner;
end;

comment on function ragwall.is_safe_owner(oid) is
  'Whether a role may own a protected table, whose walls it can take down: it cannot log in, row-level security binds '
  'it, and neither the application''s and the agents'' roles nor logins of theirs are members of it.';

create function ragwall.protection_findings(target regclass, tenant_column name, keep_statistics boolean)
  returns table (refused boolean, finding text, remedy text)
  language sql
  stable
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
  with recursive member as (
    select c.oid, c.oid::regclass as name, c.relkind, c.relname, c.relnamespace
    from ragwall.with_partitions(target) as m
    join pg_class as c on c.oid = m
  ),
  -- Views, and views on views: the outermost that is no invoker's lends its rights to those beneath.
  reader as (
    select m.oid from member as m
    union
    select r.ev_class
    from reader as v
    join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = v.oid
    join pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
  )
  -- A uuid would have to be cast: the floor would cost something, and come after a caller's own conditions.
  select true,
    format('the column %I is %s: a tenant is a text or varchar, compared byte by byte', a.attname,
      case when a.attgenerated = '' then format_type(a.atttypid, a.atttypmod) else 'generated' end),
    format(case when a.attgenerated = '' then 'alter table %s alter column %I type text collate "C" using %2$I::text'
      else 'alter table %s alter column %I drop expression' end, target, a.attname)
  from pg_attribute as a
  left join pg_collation as c on c.oid = a.attcollation
  where a.attrelid = target
    and a.attname = tenant_column
    and (a.atttypid not in ('text'::regtype, 'varchar'::regtype) or not c.collisdeterministic or a.attgenerated <> '')
  union all
  select true, 'ragwall_owner logs in, bypasses row-level security, or has a member that is the application',
    'alter role ragwall_owner nologin nosuperuser nobypassrls, and revoke it from its members'
  where not ragwall.is_safe_owner('ragwall_owner'::regrole)
  union all
  select true, f.finding, f.remedy
  from ragwall.foreign_key_findings(target, tenant_column) as f
  union all
  select i.refused, i.finding, i.remedy
  from ragwall.index_findings(target, tenant_column) as i
  union all
  select true, format('the policy %I of %s lets rows through', p.polname, m.name),
    format('drop policy %I on %s', p.polname, m.name)
  from pg_policy as p
  join member as m on m.oid = p.polrelid
  where p.polpermissive
    and not (m.oid = target and p.polname ~ '^(select|insert|update|delete)_own_tenant$')
  union all
  select true, format('the rule %I of %s makes other statements of those that are sent', r.rulename, m.name),
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
  select true, format('by the statistics %I explain tells of other tenants'' values', e.stxname),
    format('drop statistics %s.%I', e.stxnamespace::regnamespace, e.stxname)
  from pg_statistic_ext as e
  join member as m on m.oid = e.stxrelid
  where not keep_statistics
  union all
  select true, format('through %s others see the rows of all tenants', c.oid::regclass),
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
  select false, format('no index of %s leads with the tenant, and statements read the rows of all', target),
    format('create index on %s (%I)', target, tenant_column)
  where not exists (
    select
    from pg_index as i
    where i.indrelid = target
      and (ragwall.column_names(target, i.indkey::smallint[]))[1] = quote_ident(tenant_column)
  )
  union all
  select false,
    format('the sequence %s numbers the rows of all tenants, and tells each how many others add', s.oid::regclass),
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
    format('the trigger %I of %s runs %s with the rights of another', t.tgname, m.name, p.oid::regprocedure),
    format('alter function %s security invoker', p.oid::regprocedure)
  from pg_trigger as t
  join member as m on m.oid = t.tgrelid
  join pg_proc as p on p.oid = t.tgfoid
  where p.prosecdef
    and not t.tgisinternal
    and t.tgparentid = 0
  union all
  select distinct false, format('the publication %I ships the rows of all tenants', p.pubname),
    'publish other tables by name, and this one only to where it is protected, too'
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

comment on function ragwall.protection_findings(regclass, name, boolean) is
  'What protect_table() refuses a table for, and what it would leave to do, each with what mends it. Refused is what '
  'anybody can observe, and what would pass the walls; the rest is told by explain and by numbers, or to subscribers.';

reset role;

-- A user's own table behind the same walls as the documents.

set local role ragwall_owner;

create function ragwall.revocations(target regclass, owner oid)
  returns setof text
  language sql
  stable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
  select format(
    'revoke all on %s %s from %s cascade', case c.relkind when 'S' then 'sequence' else 'table' end, c.oid::regclass,
    string_agg(case g.grantee when 0 then 'public' else g.grantee::regrole::text end, ', ' order by g.grantee)
  )
  from pg_class as c
  cross join lateral (
    select a.grantee from aclexplode(c.relacl) as a
    union
    select a.grantee from pg_attribute as t, aclexplode(t.attacl) as a where t.attrelid = c.oid
  ) as g
  where (
      c.oid in (select m from ragwall.with_partitions(target) as m)
      or c.relkind = 'S' and exists (
        select
        from pg_depend as d
        where d.classid = 'pg_class'::regclass
          and d.objid = c.oid
          and d.refobjid in (select m from ragwall.with_partitions(target) as m)
          and d.deptype in ('a', 'i')
      )
    )
    and g.grantee not in (c.relowner, owner)
  group by c.oid
$$;

comment on function ragwall.revocations(regclass, oid) is
  'The statements that take what anybody but its owner, the one of now or the one to come, holds on a table, its '
  'columns, partitions and sequences.';

create function ragwall.protection_plan(
  target regclass,
  tenant_column name,
  allow_delete boolean,
  keep_statistics boolean
)
  returns table (step text, statement text)
  language sql
  stable
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
  with root as (
    select c.relnamespace::regnamespace as schema,
      case when ragwall.is_safe_owner(c.relowner) then c.relowner else 'ragwall_owner'::regrole end::regrole as owner,
      format('%I = (select ragwall.current_tenant())', tenant_column) as own,
      format(
        '(select jsonb_build_object(coalesce(ragwall.current_tenant(), ''''), true))[%I] is not null', tenant_column
      ) as free
    from pg_class as c
    where c.oid = target
  ),
  member as (
    select m as name, c.relowner
    from ragwall.with_partitions(target) as m
    join pg_class as c on c.oid = m
  ),
  col as (
    select string_agg(quote_ident(attname), ', ' order by attnum) as readable,
      string_agg(quote_ident(attname), ', ' order by attnum)
        filter (where attname <> tenant_column and attgenerated = '' and attidentity <> 'a') as writable
    from pg_attribute
    where attrelid = target
      and attnum > 0
      and not attisdropped
  )
  select s.step, s.statement
  from (
    select 10, 'a safe owner', format('alter table %s owner to %s', m.name, r.owner)
    from root as r, member as m
    where m.relowner <> r.owner
    union all
    select 20, 'a way into the schema',
      format('grant usage on schema %s to %s', r.schema, string_agg(u.oid::regrole::text, ', ' order by u.oid))
    from root as r
    join pg_roles as u on u.rolname in ('app_user', 'app_reader', 'agent_reader') or u.oid = r.owner
    where not has_schema_privilege(u.oid, r.schema, 'usage')
    group by r.schema
    union all
    select 30, 'nobody else', v
    from root as r, ragwall.revocations(target, r.owner) as v
    union all
    select 40, 'a tenant in every row', format(
      'alter table %s alter column %I set not null, alter column %2$I set default ragwall.require_tenant(), %s',
      target, tenant_column,
      case when exists (
        select
        from pg_constraint as k
        where k.conrelid = target
          and k.conname = 'is_tenant_id'
          and pg_get_constraintdef(k.oid) ~ '^CHECK \(ragwall\.is_tenant_id\('
      ) then 'validate constraint is_tenant_id'
      else format('add constraint is_tenant_id check (ragwall.is_tenant_id(%I))', tenant_column) end
    )
    union all
    select 50, 'row-level security',
      format('alter table %s enable row level security, force row level security', m.name)
    from member as m
    union all
    select 60 + 3 * p.place + s.place, p.step, s.statement
    from root as r
    cross join lateral (
      values
        -- The floor costs nothing, and so comes before a caller's own conditions.
        (0, 'the floor', 'tenant_floor', 'restrictive for all to public', r.free, r.own,
          'Holds for every role and command, and a permissive policy that is added later cannot widen it.'),
        (1, 'a policy', 'select_own_tenant',
          concat('permissive for select to app_user, app_reader, agent_reader, ', r.owner),
          r.own, null, 'The tenant that is bound reads its own rows.'),
        (2, 'a policy', 'insert_own_tenant', 'permissive for insert to app_user',
          null, r.own, 'A new row belongs to the tenant that is bound.'),
        (3, 'a policy', 'update_own_tenant', concat('permissive for update to app_user, ', r.owner),
          r.own, r.own, 'The tenant that is bound changes its own rows, and they stay its own.'),
        (4, 'a policy', 'delete_own_tenant',
          concat('permissive for delete to ', case when allow_delete then 'app_user, ' end, r.owner),
          r.own, null, 'The tenant that is bound deletes its own rows, or has a function of the owner''s do it.')
    ) as p (place, step, name, scope, visible, allowed, reason)
    cross join lateral (
      select 1, format('drop policy %I on %s', p.name, target)
      where exists (select from pg_policy as o where o.polrelid = target and o.polname = p.name)
      union all
      select 2, concat(
        format('create policy %I on %s as %s', p.name, target, p.scope),
        ' using (' || p.visible || ')', ' with check (' || p.allowed || ')'
      )
      union all
      select 3, format('comment on policy %I on %s is %L', p.name, target, p.reason)
    ) as s (place, statement)
    union all
    -- Columns, not the table: so ctid, xmin and tableoid, which tell of neighbours, stay unreadable, UPDATE does not
    -- allow LOCK TABLE, and what is added later is closed.
    select 80, 'what they make safe', format('grant %s on %s to %s', g.privilege, target, g.who)
    from col as c
    cross join lateral (
      values
        ('select (' || c.readable || ')', 'app_user, app_reader, agent_reader'),
        ('insert (' || c.writable || '), update (' || c.writable || ')', 'app_user'),
        (case when allow_delete then 'delete' end, 'app_user')
    ) as g (privilege, who)
    where g.privilege is not null
    union all
    select 81, 'what they make safe', format('grant usage on sequence %s to app_user', s.oid::regclass)
    from pg_depend as d
    join pg_class as s on s.oid = d.objid and s.relkind = 'S'
    where d.classid = 'pg_class'::regclass
      and d.refobjid = target
      and d.deptype = 'a'
    union all
    select 90, 'no estimates of guesses', format(
      'alter table %s %s', m.name,
      string_agg(format('alter column %I set statistics 0', a.attname), ', ' order by a.attnum)
    )
    from member as m
    join pg_attribute as a on a.attrelid = m.name and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
    where not keep_statistics
    group by m.name
    union all
    select 91, 'no estimates of guesses',
      format('alter index %s alter column %s set statistics 0', i.indexrelid::regclass, e.place)
    from member as m
    join pg_index as i on i.indrelid = m.name
    cross join unnest(i.indkey::smallint[]) with ordinality as e (attnum, place)
    where not keep_statistics
      and e.attnum = 0
    union all
    -- What was gathered before stays otherwise, and only a superuser may delete it. Before PostgreSQL 17 ANALYZE
    -- gathers that of an index's expressions again.
    select 92, 'no estimates of guesses', format(
      'delete from pg_catalog.pg_statistic where starelid in (%s)',
      string_agg(format('%L::regclass', r.name), ', ' order by r.name::text)
    )
    from (
      select m.name from member as m
      union all
      select i.indexrelid::regclass from member as m join pg_index as i on i.indrelid = m.name
    ) as r (name)
    having not keep_statistics
      and current_setting('is_superuser') = 'on'
  ) as s (place, step, statement)
  order by s.place, s.statement
$$;

comment on function ragwall.protection_plan(regclass, name, boolean, boolean) is
  'The statements that protect_table() executes, in their order. Executes nothing.';

create function ragwall.protect_table(
  target regclass,
  tenant_column name default 'tenant_id',
  allow_delete boolean default true,
  keep_statistics boolean default false
)
  returns table (step text, statement text)
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set row_security = off
as $$
declare
  reason constant text := (
    select case
      when c.relnamespace::regnamespace::text in ('ragwall', 'ragwall_private', 'pg_catalog') then 'it is not yours'
      when c.relkind not in ('r', 'p') or c.relpersistence = 't' then 'it is no permanent table'
      when c.relispartition then format('it is a partition: protect %s', pg_partition_root(target))
      when exists (select from pg_inherits as i where c.relkind = 'r' and target in (i.inhparent, i.inhrelid))
        then 'it inherits, or is inherited from: have partitions, or separate tables'
      when not exists (
        select from pg_attribute as a where a.attrelid = target and a.attname = tenant_column and a.attnum > 0
      ) then format('it has no column %I: name the one that says whose a row is', tenant_column)
      else ''
    end
    from pg_class as c
    where c.oid = target
  );
  refusals text[];
  tenantless bigint;
begin
  if reason is distinct from '' then
    raise exception 'the table % cannot be protected: %', target, coalesce(reason, 'there is none')
      using errcode = 'RW501';
  end if;
  execute format('lock table %s in access exclusive mode', target);
  refusals := array(
    select format('%s: %s', f.finding, f.remedy)
    from ragwall.protection_findings(target, tenant_column, keep_statistics) as f
    where f.refused
  );
  -- What is a foreign table is refused already, and not asked.
  if not exists (
    select from pg_class as c where c.oid in (select m from ragwall.with_partitions(target) as m) and c.relkind = 'f'
  ) and not exists (
    select
    from pg_constraint as k
    join pg_attribute as a on a.attrelid = target and a.attname = tenant_column and a.attnotnull
    where k.conrelid = target
      and k.conname = 'is_tenant_id'
      and k.convalidated
  ) then
    execute format('select count(*) from %s where ragwall.is_tenant_id(%I::text) is not true', target, tenant_column)
    into tenantless;
    if tenantless > 0 then
      refusals := refusals || format(
        'rows without a tenant, or with one that is ill-formed: %s, which are to get one, or to go: '
          'select tableoid::regclass, ctid from %s where ragwall.is_tenant_id(%I::text) is not true',
        tenantless, target, tenant_column
      );
    end if;
  end if;
  if refusals <> '{}' then
    raise exception 'the table % cannot be protected before this is mended:%',
        target, E'\n- ' || array_to_string(refusals, E'\n- ')
      using errcode = 'RW502', hint = 'Nothing was changed. Each line has what is in the way, and what mends it.';
  end if;

  for step, statement in
    select p.step, p.statement
    from ragwall.protection_plan(target, tenant_column, allow_delete, keep_statistics) as p
  loop
    execute statement;
    return next;
  end loop;

  return query
  select 'to do: ' || f.finding, f.remedy
  from ragwall.protection_findings(target, tenant_column, keep_statistics) as f
  union all
  select 'to do: app_user may delete, and so may lock the table against everybody',
    format(
      'where others write its SQL: select * from ragwall.protect_table(%L, %L, allow_delete => false)',
      target, tenant_column
    )
  where allow_delete
  union all
  select 'to do: estimates from the time before are still there', 'repeat protect_table() as a superuser'
  where not keep_statistics
    and current_setting('is_superuser') = 'off';
end
$$;

comment on function ragwall.protect_table(regclass, name, boolean, boolean) is
  'Gives a table and its partitions the walls of ragwall.documents; returns the statements that it executed, and what '
  'is left to do. tenant_column: of type text or varchar. allow_delete: app_user may delete, and so, because DELETE is of '
  'whole tables, may LOCK TABLE; without, a function that runs as the owner has to. keep_statistics: the planner keeps '
  'estimates made of all tenants'' values, which joins may need, and which explain tells. The table goes to '
  'ragwall_owner unless its owner is safe, and what others hold is revoked. A column that is added later is closed until '
  'this is repeated. Locks the table until the transaction ends, and reads it once unless the check is_tenant_id is there '
  'and valid: set lock_timeout. For superusers, and for its owner as a member of ragwall_owner with CREATE on the schema. '
  'Raises RW501 for what is no such table, RW502 with the list of what it cannot mend.';

reset role;

-- Protected tables afterwards: the partitions that they get, and the way back.

set local role ragwall_owner;

create function ragwall.unprotect_table(target regclass)
  returns table (step text, statement text)
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := ragwall.tenant_column_of(target, null);
begin
  if target = 'ragwall.documents'::regclass or not exists (
    select from pg_policy as p where p.polrelid = target and p.polname = 'tenant_floor'
  ) then
    raise exception 'the table % is not one that protect_table() protects', target
      using errcode = 'RW503';
  end if;
  execute format('lock table %s in access exclusive mode', target);
  for step, statement in
    select s.step, s.statement
    from (
      select 1, 'nobody else', v
      from ragwall.revocations(target, 0) as v
      union all
      select 2, 'policies', format('drop policy %I on %s', p.polname, target)
      from pg_policy as p
      where p.polrelid = target
        and p.polname ~ '^(tenant_floor|(select|insert|update|delete)_own_tenant)$'
      union all
      select 3, 'row-level security',
        format('alter table %s no force row level security, disable row level security', m)
      from ragwall.with_partitions(target) as m
      union all
      select 4, 'the tenant', format('alter table %s alter column %s drop default', target, tenant)
      where tenant is not null
      union all
      select 4, 'the tenant', format('alter table %s drop constraint is_tenant_id', target)
      from pg_constraint as k
      where k.conrelid = target
        and k.conname = 'is_tenant_id'
      union all
      select 5, 'statistics', format(
        'alter table %s %s', a.attrelid::regclass,
        string_agg(format('alter column %I set statistics -1', a.attname), ', ' order by a.attnum)
      )
      from pg_attribute as a
      where a.attrelid in (select m from ragwall.with_partitions(target) as m)
        and a.attnum > 0
        and not a.attisdropped
        and a.attstattarget = 0
      group by a.attrelid
    ) as s (place, step, statement)
    order by s.place, s.statement
  loop
    execute statement;
    return next;
  end loop;
end
$$;

comment on function ragwall.unprotect_table(regclass) is
  'Takes down what protect_table() put up, and returns the statements: policies, row-level security, the tenant''s '
  'default and check, the lack of statistics. Nobody but the owner, who stays, may use the table then: privileges are '
  'yours to grant. Raises RW503 for a table that is not protected.';

reset role;

-- It runs in everybody's statements, with their rights, and so belongs to a superuser, as its event trigger does.
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
      -- What is created as a partition, or attached to a parent; not the one whose walls somebody takes down by hand.
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
  'Event trigger: a partition that a protected table gets later has row-level security without a policy, and what default '
  'privileges gave others on it is revoked. It is reached through its table alone.';

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
  return 8;

comment on function ragwall.migration() is
  'The number of the last migration that was applied: what clients and the audit compare with the one they need.';

grant execute on function ragwall.migration() to app_user, app_reader, agent_reader, agent_caller;

reset role;
