--! Previous: sha1:292fcd2526ae2e17811339976d777eaac5ba0bf4
--! Hash: sha1:4eb734d4062e7924a9d5a5d926369c730d33a835
--! Message: protection-grants

-- Protecting a table of yours, part 4 of 9: who keeps which privileges.

do $$ begin perform ragwall.begin_migration(22); end $$;

set local role ragwall_owner;

create function ragwall.held_privileges(relation regclass)
  returns table (grantee oid, privilege text, column_name name, is_grantable boolean, grantor oid)
  language sql
  stable
  parallel safe
begin atomic
  select a.grantee, a.privilege_type, null::name, a.is_grantable, a.grantor
  from pg_class as c
  cross join lateral aclexplode(c.relacl) as a
  where c.oid = relation
    and a.grantee <> c.relowner
  union all
  select a.grantee, a.privilege_type, t.attname, a.is_grantable, a.grantor
  from pg_class as c
  join pg_attribute as t on t.attrelid = c.oid
  cross join lateral aclexplode(t.attacl) as a
  where c.oid = relation
    and a.grantee <> c.relowner
    and not t.attisdropped;
end;

comment on function ragwall.held_privileges(regclass) is
  'Returns the privileges on a table or sequence and on its columns, except those of its owner. grantee: 0 is PUBLIC. '
  'column_name: null for a privilege on the whole.';

create function ragwall.own_sequences(target regclass)
  returns setof regclass
  language sql
  stable
  parallel safe
begin atomic
  select c.oid::regclass
  from pg_depend as d
  join pg_class as c on c.oid = d.objid and c.relkind = 'S'
  where d.classid = 'pg_class'::regclass
    and d.refobjid in (select m from ragwall.with_partitions(target) as m)
    and d.deptype in ('a', 'i');
end;

comment on function ragwall.own_sequences(regclass) is
  'Returns the sequences that belong to columns of a table or of its partitions.';

create function ragwall.safe_privileges(
  target regclass,
  tenant_column name,
  owner oid,
  allow_delete boolean,
  name_tenant boolean,
  writers regrole[],
  readers regrole[]
)
  returns table (relation regclass, grantee oid, privilege text, column_name name)
  language sql
  stable
  parallel safe
  set search_path = pg_catalog, pg_temp
as $$
  with held as (
    select h.grantee, h.privilege, h.column_name
    from ragwall.held_privileges(target) as h
    union
    -- Who owned the table until now could do everything. A superuser, and a member of the new owner, still can.
    select c.relowner, p.privilege, null
    from pg_class as c
    join pg_roles as o on o.oid = c.relowner and not o.rolsuper
    cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE']) as p (privilege)
    where c.oid = target
      and not pg_has_role(c.relowner, safe_privileges.owner, 'usage')
    union
    select r.grantee, p.privilege, null
    from (
      select w, array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE'] from unnest(writers) as w
      union all
      select r, array['SELECT'] from unnest(readers) as r
    ) as r (grantee, privileges)
    cross join unnest(r.privileges) as p (privilege)
  )
  select distinct target, h.grantee, h.privilege, a.attname
  from held as h
  join pg_attribute as a on a.attrelid = target and a.attname = coalesce(h.column_name, a.attname)
  where h.privilege in ('SELECT', 'INSERT', 'UPDATE')
    and h.grantee not in (0, owner)
    and a.attnum > 0
    and not a.attisdropped
    and (h.privilege = 'SELECT' or a.attgenerated = '' and a.attidentity <> 'a')
    and (h.privilege = 'SELECT' or a.attname <> tenant_column or h.privilege = 'INSERT' and name_tenant)
  union all
  select target, h.grantee, h.privilege, null
  from held as h
  where h.privilege = 'DELETE'
    and allow_delete
    and h.grantee not in (0, owner)
  union all
  select distinct s, u.grantee, 'USAGE', null::name
  from ragwall.own_sequences(target) as s
  cross join lateral (
    select g.grantee from ragwall.held_privileges(s) as g where g.privilege = 'USAGE'
    union
    select h.grantee from held as h where h.privilege = 'USAGE'
  ) as u
  where u.grantee not in (0, owner)
$$;

comment on function ragwall.safe_privileges(regclass, name, oid, boolean, boolean, regrole[], regrole[]) is
  'Returns the privileges that roles have on a protected table, its columns and its sequences. They are those that the '
  'roles have now, as privileges on the columns that are there now; and those of writers and readers, as of '
  'protect_table(). So a column that is added later is closed, and so are ctid and tableoid, which tell of other '
  'tenants'' rows. Nobody keeps TRUNCATE, REFERENCES, TRIGGER or MAINTAIN, the tenant column in an UPDATE, or the '
  'right to grant, and PUBLIC keeps nothing. owner: the owner that the table is to have.';

create function ragwall.grant_plan(
  target regclass,
  tenant_column name,
  owner oid,
  allow_delete boolean,
  name_tenant boolean,
  writers regrole[],
  readers regrole[]
)
  returns table (place integer, step text, statement text)
  language sql
  stable
  parallel safe
  set search_path = pg_catalog, pg_temp
  set jit = off
as $$
  with safe as (
    select s.relation, s.grantee, s.privilege, s.column_name, false as is_grantable, owner as grantor
    from ragwall.safe_privileges(target, tenant_column, owner, allow_delete, name_tenant, writers, readers) as s
  ),
  held as (
    select c.oid::regclass as relation, h.grantee, h.privilege, h.column_name, h.is_grantable,
      case h.grantor when c.relowner then owner else h.grantor end as grantor
    from (
      select m from ragwall.with_partitions(target) as m
      union all
      select s from ragwall.own_sequences(target) as s
    ) as r (relation)
    join pg_class as c on c.oid = r.relation
    cross join lateral ragwall.held_privileges(r.relation) as h
    where h.grantee <> owner
  ),
  changed as (
    select d.relation, d.grantee,
      case d.grantee when 0 then 'public' else d.grantee::regrole::text end as who,
      case c.relkind when 'S' then 'sequence' else 'table' end as kind
    from (
      select relation, grantee from (table held except table safe) as h
      union
      select relation, grantee from (table safe except table held) as s
    ) as d
    join pg_class as c on c.oid = d.relation
  )
  select 30,
    concat_ws(' ', 'privileges of', c.who, '(' || (
      select 'loses ' || lower(string_agg(distinct h.privilege, ', '))
      from held as h
      where (h.relation, h.grantee) = (c.relation, c.grantee)
        and h.privilege not in (
          select s.privilege from safe as s where (s.relation, s.grantee) = (c.relation, c.grantee)
        )
    ) || ')'),
    format('revoke all on %s %s from %s cascade', c.kind, c.relation, c.who)
  from changed as c
  where exists (select from held as h where (h.relation, h.grantee) = (c.relation, c.grantee))
  union all
  select 80, concat('privileges of ', c.who), format(
    'grant %s on %s %s to %s',
    string_agg(p.privilege, ', ' order by p.privilege), c.kind, c.relation, c.who
  )
  from changed as c
  cross join lateral (
    select lower(s.privilege)
      || coalesce(' (' || string_agg(quote_ident(s.column_name), ', ' order by a.attnum) || ')', '')
    from safe as s
    left join pg_attribute as a on a.attrelid = s.relation and a.attname = s.column_name
    where (s.relation, s.grantee) = (c.relation, c.grantee)
    group by s.privilege
  ) as p (privilege)
  group by c.relation, c.grantee, c.who, c.kind
$$;

comment on function ragwall.grant_plan(regclass, name, oid, boolean, boolean, regrole[], regrole[]) is
  'Returns the statements that leave exactly safe_privileges() on a table, its partitions and sequences. Nothing for a '
  'role that has just these. step: whose privileges change, and which kinds the role loses.';

reset role;
