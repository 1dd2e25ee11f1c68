-- Functions whose result SQL cannot forge: they compare a seal or signature by a key that no application can read, or
-- call a function that does, and read no setting themselves.
seal_function as materialized (
  select f.oid
  from routine as f
  where f.prosecdef and f.code ~ '\m\w*(seal|sha(224|256|384|512)|hmac|digest|verif|signature)\w*"?\s*\('
    and exists (
      select from mention as m
      where m.oid = f.oid and (
        -- Whether an application can read ours, another check tells.
        m.name like 'ragwall_private.%'
        or m.relation not in (select g.oid from relation_grant as g where g.readers is not null)
      )
    )
),
sealed_function as materialized (
  select oid from seal_function
  union all
  select f.oid
  from routine as f
  where f.oid not in (select oid from seal_function) and f.code !~ '\mcurrent_setting\s*\('
    and exists (select from call as c join seal_function as s on s.oid = c.callee where c.oid = f.oid)
),
-- Tables of which a policy for all roles and commands requires the tenant that a sealed function returns. Whatever
-- their other policies trust, it has to hold as well.
sealed_table as materialized (
  select c.polrelid
  from condition as c
  where not c.polpermissive and c.polcmd = '*' and 0 = any (c.polroles) and c.part = 'using' and c.meaning = 'tenant'
    and c.expression !~* '\mcurrent_setting\('
    and (
      select bool_and(r.oid in (select oid from sealed_function))
      from pg_catalog.pg_depend as d
      join routine as r on r.oid = d.refobjid
      where d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = c.oid
        and d.refclassid = 'pg_catalog.pg_proc'::regclass
    )
),
-- The texts that decide which tenant is bound: conditions of policies, and functions that they call, without sealed
-- functions and what these call.
source_function (oid, polrelid) as (
  select p.oid, p.polrelid from policy_function as p
  where p.direct and p.oid not in (select s.oid from sealed_function as s)
  union
  select c.callee, x.polrelid
  from source_function as x
  join call as c on c.oid = x.oid
  where c.callee not in (select s.oid from sealed_function as s)
),
source as materialized (
  select c.polrelid, 'its policies' as name, lower(c.expression) as code from condition as c
  union all
  select s.polrelid, f.name, f.code from source_function as s join routine as f on f.oid = s.oid
),
-- Relations in which no policy keeps rows apart: without row-level security, or with a policy that is true for an
-- application role that policies bind.
open_relation as materialized (
  select r.oid,
    not r.relrowsecurity or coalesce(bool_or(
      o.polcmd in ('*', 'r') and pg_catalog.pg_get_expr(o.polqual, r.oid) = 'true'
    ), false) as readable,
    not r.relrowsecurity or coalesce(bool_or(
      o.polcmd in ('*', 'a', 'w')
        and coalesce(pg_catalog.pg_get_expr(o.polwithcheck, r.oid), pg_catalog.pg_get_expr(o.polqual, r.oid)) = 'true'
    ), false) as writable
  from relation as r
  left join pg_catalog.pg_policy as o on o.polrelid = r.oid and o.polpermissive and o.polroles && array(
    select 0::oid union all select a.oid from app_role as a where not (a.rolsuper or a.rolbypassrls)
  )
  group by r.oid, r.relrowsecurity
),
-- Tables that have a row for each tenant, and no tenant column: a tenant column refers to their key, or is named like
-- one of theirs: org_id, and orgs (id).
tenant_list as materialized (
  select k.confrelid as oid, a.attname as key, t.name as child
  from pg_catalog.pg_constraint as k
  join tenant_table as t on t.oid = k.conrelid and k.conkey = array[t.attnum]
  join pg_catalog.pg_attribute as a on a.attrelid = k.confrelid and a.attnum = k.confkey[1]
  where k.contype = 'f' and k.confrelid not in (select oid from tenant_table)
  union
  select r.oid, a.attname, t.name
  from tenant_table as t
  join relation as r on regexp_replace(lower(r.relname), 's$', '') = regexp_replace(lower(t.attname), '_?id$', '')
  join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attname in ('id', t.attname) and a.atttypid = t.atttypid
  where t.attname ~* 'id$' and r.oid not in (select oid from tenant_table)
),
-- Roles whose privileges those have who run SQL that others write: they themselves, their groups, and PUBLIC.
untrusted_grantee as materialized (
  select oid from app_role where untrusted
  union
  select m.roleid from app_role as a join membership as m on m.member = a.oid where a.untrusted
  union
  select 0 from app_role where untrusted and rolcanlogin
),
