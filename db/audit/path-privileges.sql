-- Other ways to the data: privileges

-- P01 high: No application role may TRUNCATE a tenant table
-- Examines: tables
-- Reference: CWE-732
-- Why: TRUNCATE empties the table for all tenants: policies do not apply to it.
-- Remedy: `revoke truncate on … from …`.
select distinct 'P01', null, 'fail', p.name || ' for ' || p.grantee_name,
  'TRUNCATE empties the table for all tenants: policies do not apply to it',
  format('revoke truncate on %s from %s', p.name, p.ident)
from tenant_privilege as p
where p.privilege_type = 'TRUNCATE'

-- P02 high: No application role may create triggers on a tenant table
-- Examines: tables
-- Reference: CWE-732
-- Why: A trigger runs code of the application's choice on the rows of every tenant.
-- Remedy: `revoke trigger on … from …`.
select distinct 'P02', null, 'fail', p.name || ' for ' || p.grantee_name,
  'TRIGGER lets it run code of its own on the rows of every tenant',
  format('revoke trigger on %s from %s', p.name, p.ident)
from tenant_privilege as p
where p.privilege_type = 'TRIGGER'

-- P03 medium: No application role may create foreign keys to a tenant table
-- Examines: tables
-- Reference: CWE-732
-- Why: Foreign keys are checked without policies, and so tell which rows of other tenants exist.
-- Remedy: `revoke references on … from …`.
select distinct 'P03', null, 'fail', p.name || ' for ' || p.grantee_name,
  'REFERENCES lets it find out with a foreign key which rows of other tenants exist',
  format('revoke references on %s from %s', p.name, p.ident)
from tenant_privilege as p
where p.privilege_type = 'REFERENCES'

-- P04 medium: No application role may MAINTAIN a tenant table
-- Examines: tables
-- Reference: CWE-732
-- Why: The privilege includes LOCK TABLE and REINDEX, which stop all tenants.
-- Remedy: `revoke maintain on … from …`.
select distinct 'P04', null, 'fail', p.name || ' for ' || p.grantee_name,
  'MAINTAIN lets it lock the table for all tenants',
  format('revoke maintain on %s from %s', p.name, p.ident)
from tenant_privilege as p
where p.privilege_type = 'MAINTAIN'

-- P05 medium: PUBLIC has no privilege on tenant tables
-- Examines: tables
-- Reference: CWE-732 | AISVS 5.2.1
-- Why: Whatever PUBLIC may do, every login of the database may do.
-- Remedy: `revoke all on … from public`.
select 'P05', null, 'fail', p.name,
  'PUBLIC has ' || string_agg(distinct p.privilege_type, ', ') || ', and so has every login of the database',
  format('revoke all on %s from public', p.name)
from tenant_privilege as p
where p.grantee = 0 and p.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
  and p.relrowsecurity and not p.child
group by p.name

-- P06 low: No application role may lock a tenant table for all tenants
-- Examines: tables
-- Reference: CWE-667
-- Why: UPDATE or DELETE on a whole table includes the right to LOCK TABLE in the strongest mode, which stops all
--   tenants.
-- Remedy: Grant UPDATE on columns, and delete through a function.
select 'P06', null, 'warn', p.name || ' for ' || p.grantee_name,
  string_agg(distinct p.privilege_type, ' and ')
    || ' on the whole table lets it lock the table for all tenants: lock table ... in access exclusive mode',
  'Grant UPDATE on columns, and delete through a function.'
from tenant_privilege as p
where p.attname is null and p.privilege_type in ('UPDATE', 'DELETE') and p.grantee <> 0 and not p.child
group by p.name, p.grantee_name

-- P07 high: No application role may create objects in a schema
-- Examines: schemas
-- Reference: CWE-426
-- Why: An object in a schema on the search path takes the place of another of the same name, and runs with the
--   rights of whoever uses it.
-- Remedy: `revoke create on schema … from …`.
select 'P07', null, 'fail', format('schema %I for %s', s.nspname, g.name),
  'it may create objects in the schema that take the place of others',
  format('revoke create on schema %I from %s', s.nspname, g.ident)
from schema as s
cross join lateral pg_catalog.aclexplode(s.nspacl) as a
join grantee as g on g.oid = a.grantee
where a.privilege_type = 'CREATE' and a.grantee <> s.nspowner

-- P08 medium: No application role may create schemas or temporary objects
-- Examines: database
-- Reference: CWE-426
-- Why: Temporary tables and types come first on the search path, and stay in the session for its next client.
-- Remedy: `revoke temporary, create on database … from …`.
select 'P08', case when bool_or(d.privilege_type = 'CREATE') then 'high' end, 'fail',
  format('database %s for %s', d.database, d.name),
  case when bool_or(d.privilege_type = 'CREATE') then 'it may create schemas'
    else 'it may create temporary objects, which take the place of tables and types for the next client of the session'
    end,
  format('revoke %s on database %s from %s', string_agg(lower(d.privilege_type), ', '), d.database, d.ident)
from database_grant as d
where d.privilege_type in ('TEMPORARY', 'CREATE')
group by d.database, d.name, d.ident

-- P09 medium: Every table with data of tenants has a tenant column
-- Examines: relations
-- Reference: LLM09:2026 | AISVS 5.2.1
-- Why: Without a tenant column no policy can tell whose a row is.
-- Remedy: If the table holds data of tenants, add the column and protect the table. Otherwise accept the finding,
--   or revoke the privilege.
(with recursive candidate as materialized (
  select r.oid, r.name, r.readers
  from relation_grant as r
  where r.readers is not null and r.relkind in ('r', 'p', 'v', 'm')
    and r.oid not in (select oid from tenant_table union select oid from view)
    and (not r.relrowsecurity or exists (
      select from pg_catalog.pg_policy as o
      where o.polrelid = r.oid and o.polpermissive and pg_catalog.pg_get_expr(o.polqual, r.oid) = 'true'
    ))
),
-- Types that hold rows of tenant tables: arrays, domains and composite types of their row types.
made_of as materialized (
  select y.oid, y.typelem as part from pg_catalog.pg_type as y where y.typcategory = 'A'
  union all
  select y.oid, y.typbasetype from pg_catalog.pg_type as y where y.typtype = 'd'
  union all
  select c.reltype, a.atttypid
  from pg_catalog.pg_class as c join pg_catalog.pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
  where c.relkind = 'c'
),
row_type (oid, name) as (
  select c.reltype, t.name from tenant_table as t join pg_catalog.pg_class as c on c.oid = t.oid
  union
  select m.oid, x.name from row_type as x join made_of as m on m.part = x.oid
)
select distinct on (r.oid) 'P09', case k.rank when 3 then 'medium' else 'high' end,
  case k.rank when 3 then 'warn' else 'fail' end, r.name,
  format('%s, no column names the tenant, and %s may read it', k.why, r.readers),
  'If it holds data of tenants, add a tenant column and protect the table; or revoke the privilege.'
from candidate as r
join (
  select 1 as rank, a.attrelid, 'it has vectors' as why
  from pg_catalog.pg_attribute as a
  join pg_catalog.pg_type as y on y.oid = a.atttypid and y.typname in ('vector', 'halfvec', 'sparsevec')
  where a.attrelid in (select oid from candidate) and exists (select from tenant_table)
  union all
  select 2, k.conrelid, 'its rows refer to those of ' || k.confrelid::regclass
  from pg_catalog.pg_constraint as k
  where k.contype = 'f' and k.confrelid in (select oid from tenant_table)
  union all
  select 2, k.conrelid, 'it refers to the list of tenants ' || k.confrelid::regclass
  from pg_catalog.pg_constraint as k
  where k.contype = 'f' and k.confrelid in (select oid from tenant_list)
    and k.conrelid not in (select oid from tenant_list)
  union all
  select 2, a.attrelid, format('its column %I holds rows of %s', a.attname, x.name)
  from row_type as x join pg_catalog.pg_attribute as a on a.atttypid = x.oid and a.attnum > 0 and not a.attisdropped
  where a.attrelid in (select oid from candidate)
  union all
  select 3, a.attrelid, format('the tenant table %s has a column %I, too', c.name, a.attname)
  from (
    select b.attname, b.atttypid, min(t.name) as name
    from tenant_table as t
    join pg_catalog.pg_attribute as b on b.attrelid = t.oid and b.attnum > 0
      and b.atttypid in ('text'::regtype, 'json'::regtype, 'jsonb'::regtype, 'bytea'::regtype)
      and b.attname !~* ('(^|_)(id|key|name|code|slug|type|kind|status|state|title|label|role|locale|email|url|version'
        '|description|metadata|settings|options|config)$')
    group by b.attname, b.atttypid
  ) as c
  join pg_catalog.pg_attribute as a on a.attname = c.attname and a.atttypid = c.atttypid and a.attnum > 0
  where a.attrelid in (select oid from candidate)
) as k on k.attrelid = r.oid
order by r.oid, k.rank, k.why)

-- P10 medium: There are no large objects
-- Examines: database
-- Reference: CWE-732
-- Why: Policies do not apply to large objects.
-- Remedy: Keep what belongs to a tenant in a table, as bytea.
select 'P10', null, 'fail', 'database ' || quote_ident(current_database()),
  format('there are %s large objects, to which policies do not apply', count(*)),
  'Keep what belongs to a tenant in a table: bytea.'
from pg_catalog.pg_largeobject_metadata
having count(*) > 0
union all
select 'P10', 'high', 'fail', 'lo_compat_privileges', 'every role may read and write every large object',
  'Reset lo_compat_privileges where it is set: for the database, for a role, or in postgresql.conf.'
where current_setting('lo_compat_privileges', true) = 'on'

-- P11 high: No application role may use a foreign table
-- Examines: foreign tables
-- Reference: CWE-732
-- Why: Foreign tables have no row-level security.
-- Remedy: `revoke all on … from …`.
select 'P11', null, 'fail', r.name, format('a foreign table has no policies, and %s may use it', r.names),
  format('revoke all on %s from %s', r.name, r.idents)
from relation_grant as r
where r.relkind = 'f'
