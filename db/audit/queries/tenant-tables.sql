-- ragwall.tenant_tables()
with recursive
\ir ../facts/tenant-tables.sql
select oid::regclass, attname, bound from tenant_table order by name
