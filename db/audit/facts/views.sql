-- Views and materialized views of tenants' rows, also through other views and functions. copied: the rows come from a
-- materialized view or a foreign table, to which no policy applies.
derived as (
  select r.oid, r.name, r.relkind, r.relowner, r.reloptions, t.oid as source, t.name as source_name,
    t.is_foreign or r.relkind = 'm' as copied
  from (
    select oid, name, false as is_foreign from tenant_table
    union all
    select f.oid, f.name, true from relation as f join tenant_column as n on n.oid = f.oid where f.relkind = 'f'
  ) as t
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = t.oid
    and d.classid = 'pg_catalog.pg_rewrite'::regclass
  join pg_catalog.pg_rewrite as w on w.oid = d.objid and w.ev_class <> t.oid
  join relation as r on r.oid = w.ev_class and r.relkind in ('v', 'm')
  union
  select r.oid, r.name, r.relkind, r.relowner, r.reloptions, t.oid, t.name, true
  from tenant_table as t
  join mention as n on n.relation = t.oid
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_proc'::regclass and d.refobjid = n.oid
    and d.classid = 'pg_catalog.pg_rewrite'::regclass
  join pg_catalog.pg_rewrite as w on w.oid = d.objid
  join relation as r on r.oid = w.ev_class and r.relkind = 'm'
  union
  select r.oid, r.name, r.relkind, r.relowner, r.reloptions, x.source, x.source_name, x.copied or r.relkind = 'm'
  from derived as x
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = x.oid
    and d.classid = 'pg_catalog.pg_rewrite'::regclass
  join pg_catalog.pg_rewrite as w on w.oid = d.objid and w.ev_class <> x.oid
  join relation as r on r.oid = w.ev_class and r.relkind in ('v', 'm')
),
view as materialized (
  select oid, name, relkind, relowner, min(source_name) as source_name, bool_or(copied) as copied,
    relkind = 'v' and coalesce(
      array_to_string(reloptions, ',') ~* '\msecurity_invoker=(t|tr|tru|true|on|y|ye|yes|1)\M', false
    ) as invoker
  from derived
  group by oid, name, relkind, relowner, reloptions
),
