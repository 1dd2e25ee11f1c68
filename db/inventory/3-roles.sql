-- Roles that own an object here or hold a privilege on one; roles that bypass policies; and members of the server's own
-- roles, whose privileges are in no catalog.
named as materialized (
  select s.refobjid as oid
  from pg_catalog.pg_shdepend as s
  cross join this
  where s.refclassid = 'pg_catalog.pg_authid'::regclass
    and (
      s.dbid = this.oid
      or (s.classid = 'pg_catalog.pg_database'::regclass and s.objid = this.oid)
      or s.classid = 'pg_catalog.pg_parameter_acl'::regclass
    )
    -- A temporary table ends with its session.
    and not exists (
      select from pg_catalog.pg_class as c where (c.tableoid, c.oid) = (s.classid, s.objid) and c.relpersistence = 't'
    )
  union
  select oid from pg_catalog.pg_roles where rolsuper or rolbypassrls or rolreplication or rolcreaterole
  union
  select member from pg_catalog.pg_auth_members where roleid < 16384
  union
  select s.setrole from pg_catalog.pg_db_role_setting as s join this on this.oid = s.setdatabase where s.setrole <> 0
),
-- Their members, and the roles that they are members of, directly or not.
below as (
  select oid from named
  union
  select m.member from below as b join pg_catalog.pg_auth_members as m on m.roleid = b.oid
),
above as (
  select oid from named
  union
  select m.roleid from above as a join pg_catalog.pg_auth_members as m on m.member = a.oid
),
role as materialized (
  select r.*, r.oid::regrole::text as name from pg_catalog.pg_roles as r
  where r.oid in (select oid from below union select oid from above)
),
-- Roles, memberships, and settings that sessions begin with.
role_fact (kind, object, property, value) as (
  select 'role', r.name, f.property, f.value
  from role as r
  cross join lateral (
    values
      ('login', r.rolcanlogin::text),
      ('superuser', case when r.rolsuper then 'true' end),
      ('bypassrls', case when r.rolbypassrls then 'true' end),
      ('replication', case when r.rolreplication then 'true' end),
      ('createrole', case when r.rolcreaterole then 'true' end),
      ('createdb', case when r.rolcreatedb then 'true' end),
      ('inherit', case when r.rolinherit then 'true' end),
      ('connection limit', nullif(r.rolconnlimit, -1)::text)
  ) as f (property, value)
  where r.oid >= 16384
    or r.rolsuper
  union all
  -- Before PostgreSQL 16 a membership has no options of its own. "for nothing": no option is set.
  select 'role', r.name, 'member of ' || m.roleid::regrole, coalesce(
    nullif(concat_ws(
      ', ',
      case when bool_or(coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, r.rolinherit)) then 'inherit' end,
      case when bool_or(coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)) then 'set' end,
      case when bool_or(m.admin_option) then 'admin' end
    ), ''),
    'for nothing'
  )
  from pg_catalog.pg_auth_members as m
  join role as r on r.oid = m.member
  where m.roleid in (select oid from role)
    and m.member >= 16384
  group by r.name, m.roleid
  union all
  select 'setting',
    case
      when s.setrole = 0 and s.setdatabase = 0 then 'every role'
      when s.setrole = 0 then 'this database'
      when s.setdatabase = 0 then 'role ' || s.setrole::regrole
      else format('role %s in this database', s.setrole::regrole)
    end,
    split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
  from pg_catalog.pg_db_role_setting as s
  cross join this
  cross join lateral unnest(s.setconfig) as c
  where s.setdatabase in (0, this.oid)
    and (s.setrole = 0 or s.setrole in (select oid from role))
),
