-- Returns everything that isolation rests on in this database, one fact a row: (kind, object, property, value). The
-- fingerprint is a hash of these rows.
--
--   PGOPTIONS='-c search_path=pg_catalog,pg_temp -c jit=off' psql "$DATABASE_URL" -f db/inventory.sql
--   select * from ragwall.inventory();            where Ragwall is installed
--
-- Set the search_path as above: the query calls functions by bare names, and a schema in your search_path may hold
-- functions of the same names that others wrote.
--
-- The query reads catalogs only, installs nothing and needs no privilege. It runs on PostgreSQL 15 and later, also on
-- a standby. No row contains an object's number, a time or a statistic. The rows do not depend on the role or the
-- settings of the caller: settings that change how values are printed are pinned by the last condition. A database that
-- was dumped and restored has the same rows.
--
-- A default has no row: a column that may be null, a role that is no superuser. A privilege has a row if somebody else
-- than the owner holds it, or if the owner has lost it. A privilege on an object of the server or of an extension has a
-- row only if it differs from what the server or the extension granted at first. Two things are left out. Settings of
-- the server itself, because no migration changes them. And the search tables of tenants, because they come and go with
-- documents: a table is one if its name in ragwall_search is search_ and 32 hexadecimal digits, it has the columns of a
-- search table, ragwall_owner owns it, and ragwall_search alone may read it.

with recursive
this as materialized (
  select oid, datdba, datacl from pg_catalog.pg_database where datname = current_database()
),
extension_part as materialized (
  select classid, objid from pg_catalog.pg_depend where deptype = 'e'
),
-- Objects that users made have numbers from 16384 on. The schema public is older.
schema as materialized (
  select oid, nspname, nspowner, nspacl, oid::regnamespace::text as name
  from pg_catalog.pg_namespace
  where (oid >= 16384 or nspname = 'public')
    and nspname !~ '^pg_(temp|toast)'
    and (tableoid, oid) not in (select classid, objid from extension_part)
),
relation as materialized (
  select c.*, c.oid::regclass::text as name,
    case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
      when 'f' then 'foreign table' else 'table' end as kind
  from pg_catalog.pg_class as c
  where c.oid >= 16384
    and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    and c.relnamespace::regnamespace::text !~ '^pg_(temp|toast)'
    and (c.tableoid, c.oid) not in (select classid, objid from extension_part)
    and not (
      c.relnamespace::regnamespace::text = 'ragwall_search'
      and c.relname ~ '^search_[0-9a-f]{32}$'
      and c.relkind = 'r'
      and c.relowner::regrole::text = 'ragwall_owner'
      and not (c.relhastriggers or c.relhasrules or c.relispartition or c.relhassubclass)
      and not exists (
        select from aclexplode(c.relacl) as a
        where a.grantee <> c.relowner
          and (a.grantee = 0 or a.grantee::regrole::text <> 'ragwall_search'
            or a.privilege_type <> 'SELECT' or a.is_grantable)
      )
      and not exists (
        select from pg_catalog.pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0
          and (a.attname not in ('id', 'embedding', 'metadata', 'terms', 'words') or a.attacl is not null)
      )
    )
),
col as materialized (
  select a.*, r.relowner, r.relkind, r.name || '.' || quote_ident(a.attname) as name
  from pg_catalog.pg_attribute as a
  join relation as r on r.oid = a.attrelid
  where a.attnum > 0
    and not a.attisdropped
    and r.relkind <> 'S'
),
routine as materialized (
  select p.*, p.oid::regprocedure::text as name,
    case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end as kind
  from pg_catalog.pg_proc as p
  where p.oid >= 16384
    and p.pronamespace::regnamespace::text !~ '^pg_temp'
    and (p.tableoid, p.oid) not in (select classid, objid from extension_part)
),
-- Without row types and array types, which come with a table or another type.
type as materialized (
  select t.*, t.oid::regtype::text as name, case t.typtype when 'd' then 'domain' else 'type' end as kind
  from pg_catalog.pg_type as t
  where t.oid >= 16384
    and t.typtype in ('b', 'c', 'd', 'e', 'r')
    and (t.typrelid = 0 or (select c.relkind from pg_catalog.pg_class as c where c.oid = t.typrelid) = 'c')
    and not exists (select from pg_catalog.pg_type as e where e.typarray = t.oid)
    and t.typnamespace::regnamespace::text !~ '^pg_temp'
    and (t.tableoid, t.oid) not in (select classid, objid from extension_part)
),
language as materialized (
  select l.*, quote_ident(l.lanname) as name
  from pg_catalog.pg_language as l
  where l.oid >= 16384
    and (l.tableoid, l.oid) not in (select classid, objid from extension_part)
),
wrapper as materialized (
  select w.*, quote_ident(w.fdwname) as name
  from pg_catalog.pg_foreign_data_wrapper as w
  where (w.tableoid, w.oid) not in (select classid, objid from extension_part)
),
