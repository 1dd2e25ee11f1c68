-- Indexes of tenant tables.
tenant_index as materialized (
  select i.*, c.relname, c.relkind, m.amname, t.name as table_name, t.attnum, t.attname, t.relrowsecurity,
    format('%s on %s', quote_ident(c.relname), t.name) as name,
    (i.indkey::smallint[])[0] = t.attnum as leads_with_tenant,
    t.attnum = any ((i.indkey::smallint[])[0:i.indnkeyatts - 1]) as contains_tenant,
    i.indnkeyatts = 1 and exists (
      select from pg_catalog.pg_attrdef as d
      where d.adrelid = i.indrelid and d.adnum = (i.indkey::smallint[])[0]
        and pg_catalog.pg_get_expr(d.adbin, d.adrelid) ~ 'random_uuid|uuid_generate_v4'
    ) as random_key,
    exists (select from pg_catalog.pg_inherits as h where h.inhrelid = i.indexrelid) as attached,
    exists (
      select from pinned_column as p where p.indexrelid = i.indexrelid and p.attname = t.attname
    ) as single_tenant,
    -- Access methods with an operator of the class that orders by distance; the server's own return exact results.
    i.indclass::oid[] && array(
      select o.oid from pg_catalog.pg_opclass as o
      where o.opcfamily in (select a.amopfamily from pg_catalog.pg_amop as a where a.amoppurpose = 'o')
    ) and m.amname not in ('gist', 'spgist', 'btree') as approximate
  from tenant_table as t
  join pg_catalog.pg_index as i on i.indrelid = t.oid
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_am as m on m.oid = c.relam
),
-- Indexes that hold rows of several tenants. Of a partitioned index the parent alone is listed.
shared_index as materialized (
  select i.*
  from tenant_index as i
  where not i.attached and not i.single_tenant
),
