--! Previous: sha1:7305351bfcd0a5deb597c02da10dd7dcc587e0ed
--! Hash: sha1:00f537290641ddf54720c0750c5ece0ecdfaa49f
--! Message: unprotection

-- Protecting a table of yours, part 6 of 9: the record of what there was before, and unprotect_table().

do $$ begin perform ragwall.begin_migration(24); end $$;

set local role ragwall_owner;

create table ragwall.unprotection (
  target regclass not null,
  place integer not null,
  step text not null,
  relation regclass not null,
  statement text not null,
  column_name name not null,
  grantee name not null
);

comment on table ragwall.unprotection is
  'The statements that unprotect_table() executes for a protected table. They restore what there was when '
  'protect_table() was called first. Nobody but the owner has privileges on it.';
comment on column ragwall.unprotection.target is 'The protected table.';
comment on column ragwall.unprotection.place is 'Statements of a smaller number are executed first.';
comment on column ragwall.unprotection.step is 'What the statement restores.';
comment on column ragwall.unprotection.relation is
  'The table, partition, index or sequence that the statement changes.';
comment on column ragwall.unprotection.statement is 'For format(), with the name of relation as %s.';
comment on column ragwall.unprotection.column_name is 'The statement needs this column of relation. Empty for none.';
comment on column ragwall.unprotection.grantee is 'The statement needs this role. Empty for none.';

alter table ragwall.unprotection enable row level security;

do $$
begin
  perform ragwall.forget_statistics('ragwall.unprotection');
end
$$;

create function ragwall.restoration(target regclass, tenant_column name)
  returns setof ragwall.unprotection
  language sql
  stable
  parallel restricted
  set search_path = pg_catalog, pg_temp
  set jit = off
as $$
  with member as (
    select c.oid, c.oid::regclass as relation, c.relowner, c.relrowsecurity, c.relforcerowsecurity
    from ragwall.with_partitions(target) as m
    join pg_class as c on c.oid = m
  )
  select target, s.place, s.step, s.relation,
    concat(s.kind, ' %s ', replace(s.ending, '%', '%%')), coalesce(s.column_name, ''), coalesce(s.grantee, '')
  from (
    select 20, 'row-level security', 'alter table', m.relation, concat(
      case when m.relforcerowsecurity then 'force' else 'no force' end, ' row level security, ',
      case when m.relrowsecurity then 'enable' else 'disable' end, ' row level security'
    ), null::name, null::name
    from member as m
    union all
    -- The table before its partitions, which may have defaults of their own.
    select case m.relation when target then 21 else 22 end, 'the tenant', 'alter table', m.relation,
      format('alter column %I ', a.attname)
        || coalesce('set default ' || pg_get_expr(d.adbin, d.adrelid), 'drop default'),
      a.attname, null
    from member as m
    join pg_attribute as a on a.attrelid = m.oid and a.attname = tenant_column
    left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    union all
    select 23, 'the tenant', 'alter table', target, format('alter column %I drop not null', a.attname), a.attname, null
    from pg_attribute as a
    where a.attrelid = target and a.attname = tenant_column and not a.attnotnull
    union all
    select 24, 'the tenant', 'alter table', target, 'drop constraint if exists is_tenant_id', null, null
    where not exists (select from pg_constraint as k where k.conrelid = target and k.conname = 'is_tenant_id')
    union all
    select 25, 'statistics', 'alter table', m.relation,
      format('alter column %I set statistics %s', a.attname, coalesce(a.attstattarget, -1)), a.attname, null
    from member as m
    join pg_attribute as a on a.attrelid = m.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
    union all
    select 25, 'statistics', 'alter index', i.indexrelid,
      format('alter column %s set statistics %s', a.attnum, coalesce(a.attstattarget, -1)), a.attname, null
    from member as m
    join pg_index as i on i.indrelid = m.oid
    join pg_attribute as a on a.attrelid = i.indexrelid and i.indkey[a.attnum - 1] = 0
    union all
    select 30, 'the owner', 'alter table', m.relation, format('owner to %s', m.relowner::regrole), null, r.rolname
    from member as m
    join pg_roles as r on r.oid = m.relowner
    where not ragwall.is_safe_owner(m.relowner)
    union all
    select 40, 'privileges',
      concat(
        'grant ', lower(h.privilege), ' (' || replace(quote_ident(h.column_name), '%', '%%') || ')', ' on ', o.kind
      ),
      o.relation,
      concat(
        'to ', case h.grantee when 0 then 'public' else h.grantee::regrole::text end,
        case when h.is_grantable then ' with grant option' end
      ),
      h.column_name, r.rolname
    from (
      select relation, 'table' from member
      union all
      select q, 'sequence' from ragwall.own_sequences(target) as q
    ) as o (relation, kind)
    cross join lateral ragwall.held_privileges(o.relation) as h
    left join pg_roles as r on r.oid = h.grantee
  ) as s (place, step, kind, relation, ending, column_name, grantee)
$$;

comment on function ragwall.restoration(regclass, name) is
  'Returns the statements that restore what protect_table() changes on a table, as it is now: owners, privileges, '
  'row-level security, the default, the check and NOT NULL of the tenant column, and statistics targets.';

create function ragwall.unprotect_table(target regclass)
  returns table (step text, statement text)
  language plpgsql
  volatile
  parallel unsafe
  set search_path = pg_catalog, pg_temp
  set jit = off
as $$
begin
  if not exists (select from pg_policy as p where p.polrelid = target and p.polname = 'tenant_floor')
    or not exists (select from ragwall.unprotection as u where u.target = unprotect_table.target)
  then
    raise exception 'the table % was not protected by protect_table()', target
      using errcode = 'RW503';
  end if;
  execute format('lock table %s in access exclusive mode', target);
  for step, statement in
    select s.step, s.statement
    from (
      select distinct 1, 'privileges', format(
        'revoke all on %s %s from %s cascade', o.kind, o.relation,
        case h.grantee when 0 then 'public' else h.grantee::regrole::text end
      )
      from (
        select m, 'table' from ragwall.with_partitions(target) as m
        union all
        select q, 'sequence' from ragwall.own_sequences(target) as q
      ) as o (relation, kind)
      cross join lateral ragwall.held_privileges(o.relation) as h
      union all
      select 2, 'policies', format('drop policy %I on %s', p.polname, target)
      from pg_policy as p
      where p.polrelid = target
        and p.polname ~ '^(tenant_floor|(select|insert|update|delete)_own_tenant)$'
      union all
      select u.place, u.step, format(u.statement, u.relation)
      from ragwall.unprotection as u
      where u.target = unprotect_table.target
        and exists (select from pg_class as c where c.oid = u.relation)
        and (u.grantee = '' or exists (select from pg_roles as r where r.rolname = u.grantee))
        and (u.column_name = '' or exists (
          select from pg_attribute as a where a.attrelid = u.relation and a.attname = u.column_name
        ))
        -- Another protected table may need the way into the schema.
        and (u.place <> 50 or not exists (
          select
          from ragwall.unprotection as o
          join pg_class as c on c.oid = o.target
          join pg_class as t on t.oid = u.target and t.relnamespace = c.relnamespace
          where o.target <> u.target
        ))
    ) as s (place, step, statement)
    order by s.place, s.statement
  loop
    execute statement;
    return next;
  end loop;
  delete from ragwall.unprotection as u where u.target = unprotect_table.target;
  return query select 'to do: the planner has no statistics', format('analyze %s', target);
end
$$;

comment on function ragwall.unprotect_table(regclass) is
  'Removes the policies of a protected table and restores what there was before protect_table(): owners, privileges, '
  'row-level security, default, check and NOT NULL of the tenant column, statistics targets. Returns the statements '
  'that it executed, and then what is left to do. Privileges that were granted since are revoked. Raises RW503 if the '
  'table is not protected by protect_table().';

reset role;
