-- Nothing is shared between tenants

-- K01 medium: Unique keys begin with the tenant column
-- Examines: indexes
-- Reference: AISVS 8.1.1 | CWE-203
-- Why: A key that is unique across tenants refuses what another tenant already has, and so tells that it exists.
-- Remedy: Make the tenant column the first of the key.
select 'K01', case when i.contains_tenant or i.random_key then 'low' end,
  case when i.contains_tenant or i.random_key then 'warn' else 'fail' end, i.name,
  case when i.contains_tenant then format('it is unique, and %I is not its first column', i.attname)
    else 'it is unique across tenants: an insert of a key that another tenant has fails, and so tells that it exists'
      || case when i.random_key then '; the keys are drawn at random, and have to be known' else '' end end,
  format('Make the tenant the first column: (%I, ...).', i.attname)
from shared_index as i
where (i.indisunique or i.indisexclusion) and not i.leads_with_tenant

-- K02 high: Foreign keys contain the tenant on both sides
-- Examines: foreign keys
-- Reference: AISVS 5.3.1 | CWE-203
-- Why: Foreign keys are checked without policies. One without the tenant lets a row refer to another tenant's row,
--   tells that it exists, and deletes across tenants.
-- Remedy: `foreign key (tenant_id, …) references … (tenant_id, …)`.
select 'K02', case when k.confdeltype in ('a', 'r') then 'medium' end, 'fail', format('%I on %s', k.conname, t.name),
  format('it refers to %s without the tenant on both sides: it tells which rows of other tenants exist, and ', r.name)
    || case when k.confdeltype in ('a', 'r') then 'keeps the other tenant from deleting its row'
      else 'a delete by one tenant changes rows of another' end,
  format('foreign key (%I, ...) references %s (%I, ...)', t.attname, r.name, r.attname)
from pg_catalog.pg_constraint as k
join tenant_table as t on t.oid = k.conrelid
join tenant_table as r on r.oid = k.confrelid
where k.contype = 'f' and k.conparentid = 0 and not exists (
  select from unnest(k.conkey, k.confkey) as c (here, there) where c.here = t.attnum and c.there = r.attnum
)

-- K03 low: No sequence is shared by tenants
-- Examines: sequences
-- Reference: AISVS 5.3.1 | CWE-203
-- Why: The gaps between the numbers that one tenant gets tell how much the others write. With UPDATE on the sequence,
--   which allows setval(), one tenant can also have the others' inserts fail.
-- Remedy: Draw ids at random: `uuid default gen_random_uuid()`. Revoke UPDATE: USAGE is enough to draw numbers.
select 'K03', case when g.names is not null then 'medium' end, 'fail', s.name,
  'all tenants draw numbers from it: the gaps tell each how much the others write'
    || coalesce('; and ' || g.names || ' may set it by setval(), and so have inserts of all tenants fail', ''),
  coalesce(format('revoke update on sequence %s from %s; and draw', s.name, g.idents), 'Draw')
    || ' ids at random: uuid default gen_random_uuid().'
from relation as s
left join (
  select p.oid, string_agg(distinct g.name, ', ') as names, string_agg(distinct g.ident, ', ') as idents
  from privilege as p
  join grantee as g on g.oid = p.grantee
  where p.relkind = 'S' and p.privilege_type = 'UPDATE'
  group by p.oid
) as g on g.oid = s.oid
where s.relkind = 'S' and (
  exists (
    select from pg_catalog.pg_depend as d join tenant_table as t on t.oid = d.refobjid
    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = s.oid and d.deptype in ('a', 'i')
      and d.refclassid = 'pg_catalog.pg_class'::regclass
  )
  or exists (
    select from pg_catalog.pg_depend as d
    join pg_catalog.pg_attrdef as x on x.oid = d.objid
    join tenant_table as t on t.oid = x.adrelid
    where d.classid = 'pg_catalog.pg_attrdef'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
      and d.refobjid = s.oid
  )
)

-- K04 high: No approximate index covers several tenants
-- Examines: vector indexes
-- Reference: LLM09:2026 | AISVS 5.3.1
-- Why: An approximate search visits a limited number of neighbours. Rows of other tenants push out a tenant's own,
--   so that results are missing and tell of what others store.
-- Remedy: Drop the index and search exactly within the tenant, or give each large tenant a partial index of its
--   own.
select 'K04', null, 'fail', i.name,
  format('an approximate index (%s) over rows of several tenants: what one tenant stores changes what another finds',
    i.amname),
  format('drop index %s; search exactly within the tenant, or give each large tenant an index of its own: '
    'where %I = <a tenant>', i.indexrelid::regclass, i.attname)
from shared_index as i
where i.approximate
union all
select 'K04', null, 'fail', format('%s on %s', quote_ident(c.relname), r.name),
  format('an approximate index (%s) over rows that policies keep apart: what one user stores changes what another '
    'finds', m.amname),
  format('drop index %s; search exactly among the rows that policies let through', i.indexrelid::regclass)
from relation as r
join pg_catalog.pg_index as i on i.indrelid = r.oid
join pg_catalog.pg_class as c on c.oid = i.indexrelid
join pg_catalog.pg_am as m on m.oid = c.relam and m.amname not in ('gist', 'spgist', 'btree')
where r.relrowsecurity and r.oid not in (select oid from tenant_table)
  and r.oid in (select p.polrelid from pg_catalog.pg_policy as p)
  and exists (
    select from pg_catalog.pg_opclass as o join pg_catalog.pg_amop as a on a.amopfamily = o.opcfamily
    where o.oid = any (i.indclass::oid[]) and a.amoppurpose = 'o'
  )

-- K05 low: Indexes begin with the tenant column
-- Examines: indexes
-- Reference: LLM09:2026 | CWE-203
-- Why: A search by another index reads entries of other tenants, whose number `explain analyze` and the time it
--   takes tell.
-- Remedy: Make the tenant column the first of the index.
select 'K05', null, 'warn', i.name,
  format('%I is not its first column: a search reads entries of other tenants, and explain analyze counts them',
    i.attname),
  format('Make the tenant the first column: (%I, ...).', i.attname)
from shared_index as i
where i.amname in ('btree', 'hash', 'brin') and not i.indisunique and not i.indisexclusion
  and not i.leads_with_tenant

-- K06 low: The planner can use every index together with policies
-- Examines: indexes
-- Why: Conditions whose operators are not leakproof are evaluated after policies, so an index on them is never
--   used.
-- Remedy: Drop the index, or use a btree index that begins with the tenant column.
select 'K06', null, 'warn', i.name,
  format('its operators (%s) are not leakproof: the planner does not use it on a table with policies', i.amname),
  format('drop index %s; use a btree index that begins with the tenant: (%I, ...)', i.indexrelid::regclass, i.attname)
from tenant_index as i
where i.relrowsecurity and not i.approximate and not i.attached and not i.indisunique and not i.indisexclusion
  and not exists (
    select from unnest(i.indclass::oid[]) as c
    join pg_catalog.pg_opclass as o on o.oid = c
    join pg_catalog.pg_amop as a on a.amopfamily = o.opcfamily and a.amoppurpose = 's'
    join pg_catalog.pg_operator as p on p.oid = a.amopopr
    join pg_catalog.pg_proc as f on f.oid = p.oprcode and f.proleakproof
  )

-- K07 low: No extended statistics cover the rows of several tenants
-- Examines: tables
-- Reference: CVE-2024-4317 | CWE-203
-- Why: The planner's estimates contain values and counts of all tenants, and EXPLAIN shows estimates.
-- Remedy: `drop statistics …`.
select 'K07', null, 'warn', format('%I.%I', n.nspname, s.stxname),
  'it is computed from the rows of all tenants: explain shows estimates that are made of their values',
  format('drop statistics %I.%I', n.nspname, s.stxname)
from pg_catalog.pg_statistic_ext as s
join pg_catalog.pg_namespace as n on n.oid = s.stxnamespace
join tenant_table as t on t.oid = s.stxrelid

-- K08 low: All indexes of tenant tables are valid
-- Examines: indexes
-- Why: An interrupted build leaves an index that searches do not use.
-- Remedy: `reindex index concurrently …`.
select 'K08', null, 'warn', i.name, 'it is not valid: its build was interrupted, and searches do not use it',
  format('reindex index concurrently %s', i.indexrelid::regclass)
from tenant_index as i
where not i.indisvalid and not exists (select from pg_catalog.pg_inherits as h where h.inhparent = i.indexrelid)
