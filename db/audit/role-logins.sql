-- Roles: the logins of a database with Ragwall

-- R13 medium: Logins of the application connect by grants of their own
-- Examines: schema ragwall
-- Reference: checklist 2
-- Why: A membership holds in every database of the cluster. Where PUBLIC may connect, or a role that has members, a
--   login that was made for another database reads here what its role may read.
-- Remedy: `revoke connect on database … from …`, and `ragwall.grant_login()` for each login that belongs here.
select 'R13', null, 'fail', 'CONNECT for ' || case g.oid when 0 then 'PUBLIC' else g.oid::regrole::text end,
  'any login that is a member of an application role may connect, whichever database it was made for'
    || coalesce('; there are ' || l.logins, '')
    || coalesce(', which were let into ' || l.databases, ''),
  format('revoke connect on database %I from %s', d.datname,
    case g.oid when 0 then 'public' else g.oid::regrole::text end)
from pg_catalog.pg_database as d
cross join lateral pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) as a
join (select 0::oid as oid union select oid from app_role_root) as g on g.oid = a.grantee
cross join lateral (
  select string_agg(distinct quote_ident(r.rolname), ', ') as logins, string_agg(distinct o.datname, ', ') as databases
  from app_role as r
  left join (
    select o.datname::text, x.grantee
    from pg_catalog.pg_database as o
    cross join lateral pg_catalog.aclexplode(o.datacl) as x
    where o.datname <> current_database() and x.privilege_type = 'CONNECT'
  ) as o on o.grantee = r.oid
  where r.rolcanlogin and not r.rolsuper and exists (
    select from membership as m where m.member = r.oid and (g.oid = 0 or m.roleid = g.oid)
  )
) as l
where d.datname = current_database()
  and a.grantee <> d.datdba
  and a.privilege_type = 'CONNECT'
  and (g.oid = 0 or l.logins is not null)
  and exists (select from schema where nspname = 'ragwall')

-- R14 low: No application role may take advisory locks
-- Examines: schema ragwall
-- Reference: CWE-770
-- Why: One statement can take so many that the lock table of the cluster is full, for every database. Where others
--   write SQL, P12 says the same.
-- Remedy: Run `db/bootstrap.sql` as a superuser, or revoke what was granted to the role.
select 'R14', null, 'warn', 'pg_advisory_lock for ' || g.name, 'EXECUTE is granted to ' || g.name,
  case g.oid when 0 then 'Run db/bootstrap.sql as a superuser.'
    else format('revoke execute on function pg_catalog.pg_advisory_lock(bigint) from %s', g.ident) end
from pg_catalog.pg_proc as p
cross join lateral pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
join grantee as g on g.oid = a.grantee
where p.oid = 'pg_catalog.pg_advisory_lock(bigint)'::regprocedure
  and g.oid <> p.proowner
  and g.oid not in (select relowner from tenant_table)
  and not g.untrusted
  and exists (select from schema where nspname = 'ragwall')

-- R15 low: Logins of the application have limits in time
-- Examines: schema ragwall
-- Reference: CWE-770
-- Why: A statement without end takes a connection and a processor; a transaction without end keeps vacuum and the
--   builds of search tables waiting.
-- Remedy: `select ragwall.grant_login(…)`, which copies the limits of the role.
select 'R15', null, 'warn', l.rolname, 'it has no ' || string_agg(l.name, ' and no ' order by l.name),
  format('Call ragwall.grant_login(%L, …), or set transaction_timeout (from 17 on) or both of the others.', l.rolname)
from (
  select a.rolname, n.name, v.value,
    max(v.value) filter (where n.name = 'transaction_timeout') over (partition by a.oid) as whole
  from app_role as a
  cross join (
    values ('statement_timeout'), ('idle_in_transaction_session_timeout'), ('transaction_timeout')
  ) as n (name)
  -- The most specific setting holds; without any the server's, as far as the session of the audit shows it.
  cross join lateral (
    select coalesce((
      select substr(c, strpos(c, '=') + 1)
      from pg_catalog.pg_db_role_setting as s
      cross join lateral unnest(s.setconfig) as c
      where s.setrole in (0, a.oid)
        and s.setdatabase in (0, (select database from setting))
        and split_part(c, '=', 1) = n.name
      order by s.setrole = 0, s.setdatabase = 0
      limit 1
    ), (select p.reset_val from pg_catalog.pg_settings as p where p.name = n.name), '0') as value
  ) as v
  where a.rolcanlogin and not a.rolsuper and has_database_privilege(a.oid, current_database(), 'connect')
) as l
where l.whole ~ '^0*(\D|$)' and l.value ~ '^0*(\D|$)' and l.name <> 'transaction_timeout'
  and exists (select from schema where nspname = 'ragwall')
group by l.rolname
