-- Memberships by which a role has another's privileges, can become it, or can grant itself either. A role with
-- CREATEROLE is an administrator of the roles that it creates, which gives it nothing of theirs.
direct_membership as materialized (
  select m.member, m.roleid
  from pg_catalog.pg_auth_members as m
  join pg_catalog.pg_roles as r on r.oid = m.member
  where coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
    or coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
    or m.admin_option and not r.rolcreaterole
),
membership as (
  select member, roleid from direct_membership
  union
  select x.member, m.roleid from membership as x join direct_membership as m on m.member = x.roleid
),
-- For an indirect membership: the last role on the way, whose membership would have to be revoked.
last_link as materialized (
  select x.member, m.roleid, min(r.rolname) as name
  from membership as x
  join direct_membership as m on m.member = x.roleid
  join pg_catalog.pg_roles as r on r.oid = m.member
  where (x.member, m.roleid) not in (select member, roleid from direct_membership)
  group by x.member, m.roleid
),
-- Privileges on a relation or one of its columns, those of its owner apart; grantee 0 is PUBLIC.
privilege as materialized (
  select r.oid, r.name, r.relkind, r.relrowsecurity, null::name as attname, a.grantee, a.privilege_type, a.is_grantable
  from relation as r
  cross join lateral pg_catalog.aclexplode(r.relacl) as a
  where a.grantee <> r.relowner
  union all
  select r.oid, r.name, r.relkind, r.relrowsecurity, c.attname, a.grantee, a.privilege_type, a.is_grantable
  from relation as r
  join pg_catalog.pg_attribute as c on c.attrelid = r.oid
  cross join lateral pg_catalog.aclexplode(c.attacl) as a
  where a.grantee <> r.relowner
),
-- The roles that own what Ragwall made. No application is one of them.
owning_role as materialized (
  select oid from pg_catalog.pg_roles where rolname in ('ragwall_owner', 'ragwall_context', 'ragwall_search')
),
-- The roles from which application roles are derived: those that the setting names. Without the setting, the roles
-- with a privilege on a tenant table, on a view of one, or on a security definer function that is in the schema of such
-- a table or names one. An owner of tenant tables, or of security definer functions, counts only for a privilege on
-- another owner's table or view, and if it can log in or a login can become it.
app_role_root as materialized (
  select n.oid from pg_catalog.pg_roles as n cross join setting as s where n.rolname = any (s.app_roles)
  union
  select p.grantee
  from privilege as p
  cross join setting as s
  where s.app_roles is null and p.oid in (select t.oid from tenant_table as t union select v.oid from view as v)
    and p.grantee not in (select oid from owning_role)
    and (p.grantee not in (
      select t.relowner from tenant_table as t union select f.proowner from routine as f where f.prosecdef
    ) or exists (
      select from pg_catalog.pg_roles as l
      where l.rolcanlogin and not l.rolsuper and (
        l.oid = p.grantee or exists (select from membership as m where m.member = l.oid and m.roleid = p.grantee)
      )
    ))
  union
  select e.grantee
  from execution as e
  join routine as f on f.oid = e.oid
  cross join setting as s
  where s.app_roles is null and f.prosecdef
    and (f.schema in (select t.schema from tenant_table as t)
      or f.oid in (select n.oid from mention as n join tenant_table as t on t.oid = n.relation))
    and e.grantee not in (select t.relowner from tenant_table as t)
    and e.grantee not in (
      select c.proowner from context_function as c union select f.proowner from routine as f where f.prosecdef
    )
),
-- Application roles: the roles above, and their members except owners of tenant tables. Those that the setting names as
-- untrusted, and their members, run SQL that others write.
app_role as materialized (
  select r.*, r.rolname = any (s.untrusted_roles) or exists (
      select from membership as m join pg_catalog.pg_roles as u on u.oid = m.roleid
      where m.member = r.oid and u.rolname = any (s.untrusted_roles)
    ) as untrusted
  from pg_catalog.pg_roles as r
  cross join setting as s
  where (
      r.oid in (select oid from app_role_root)
      or r.oid not in (select relowner from tenant_table)
        and exists (select from membership as m where m.member = r.oid and m.roleid in (select oid from app_role_root))
    )
    and (r.oid <> 10 and r.rolname !~ '^pg_' or r.rolname = any (s.app_roles))
),
-- All other roles. danger: why no application role may be a member of it, null if it may.
other_role as materialized (
  select o.oid, o.rolname,
    case when o.rolsuper or o.rolbypassrls then 'policies do not bind'
      when o.rolcreaterole then 'has CREATEROLE'
      when o.rolreplication then 'has REPLICATION'
      when o.oid in (select relowner from tenant_table) then 'owns tenant tables'
      when o.oid in (select proowner from context_function) then 'owns functions that policies call'
      when o.oid in (select oid from owning_role) then 'owns functions of Ragwall' end as danger
  from pg_catalog.pg_roles as o
  where o.rolname !~ '^pg_' and o.oid not in (select oid from app_role)
),
-- The roles whose privileges an application has: its own, those that they are members of, and PUBLIC, which is 0.
grantee as materialized (
  select oid, rolname::text as name, quote_ident(rolname) as ident, untrusted from app_role
  union all
  select o.oid, o.rolname, quote_ident(o.rolname), bool_or(a.untrusted)
  from other_role as o join membership as m on m.roleid = o.oid join app_role as a on a.oid = m.member
  where o.danger is null
  group by o.oid, o.rolname
  union all
  select 0, 'PUBLIC', 'public', false
),
-- Roles that row-level security does not bind.
bypass_role as materialized (
  select oid, rolname from pg_catalog.pg_roles where rolsuper or rolbypassrls
),
