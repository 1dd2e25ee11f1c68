-- Relations that applications have a privilege on. names: of the roles; idents: quoted for SQL; users: those that may
-- read or write; readers: those that may read; writers: those that may insert or update.
relation_grant as materialized (
  select p.oid, p.name, p.relkind, p.relrowsecurity,
    string_agg(distinct g.name, ', ') as names,
    string_agg(distinct g.ident, ', ') as idents,
    string_agg(distinct g.name, ', ')
      filter (where p.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')) as users,
    string_agg(distinct g.name, ', ') filter (where p.privilege_type = 'SELECT') as readers,
    string_agg(distinct g.name, ', ') filter (where p.privilege_type in ('INSERT', 'UPDATE')) as writers
  from privilege as p
  join grantee as g on g.oid = p.grantee
  group by p.oid, p.name, p.relkind, p.relrowsecurity
),
-- Each privilege of an application on a tenant table, or on its column attname.
tenant_privilege as materialized (
  select t.oid, t.name, t.attname as tenant, t.typname, t.child, t.relrowsecurity,
    p.privilege_type, p.is_grantable, p.attname,
    g.oid as grantee, g.name as grantee_name, g.ident
  from tenant_table as t
  join privilege as p on p.oid = t.oid
  join grantee as g on g.oid = p.grantee
),
-- Functions that applications may call.
callable_routine as materialized (
  select f.*, c.names, c.idents
  from routine as f
  join (
    select e.oid, string_agg(distinct g.name, ', ') as names, string_agg(distinct g.ident, ', ') as idents
    from execution as e join grantee as g on g.oid = e.grantee
    group by e.oid
  ) as c on c.oid = f.oid
),
-- Privileges of applications on this database.
database_grant as materialized (
  select g.name, g.ident, a.privilege_type, quote_ident(d.datname) as database
  from pg_catalog.pg_database as d
  cross join lateral pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) as a
  join grantee as g on g.oid = a.grantee
  where d.datname = current_database() and a.grantee <> d.datdba
),
-- Settings that a role or a database presets for each of its sessions.
preset as materialized (
  select split_part(c, '=', 1) as setting, substr(c, strpos(c, '=') + 1) as value,
    s.setrole = 0 or s.setrole in (select oid from app_role) as for_app,
    coalesce(nullif(concat_ws(' in ', case when s.setrole <> 0 then 'role ' || s.setrole::regrole end,
      case when s.setdatabase <> 0 then 'database ' || quote_ident(d.datname) end), ''), 'role all') as place
  from pg_catalog.pg_db_role_setting as s
  left join pg_catalog.pg_database as d on d.oid = s.setdatabase
  cross join lateral unnest(s.setconfig) as c
  where s.setdatabase in (0, (select database from setting))
),
