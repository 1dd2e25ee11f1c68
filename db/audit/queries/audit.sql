-- Whether tenants are isolated in this database: one row for each check that passes, and one for each finding.
--
--   PGOPTIONS='-c jit=off -c search_path=pg_catalog,pg_temp' psql "$DATABASE_URL" -f db/audit.sql
--   select * from ragwall.audit();                where Ragwall and db/audit-install.sql are installed
--
-- It only reads catalogs. It installs nothing and needs no privilege, with Ragwall or without, on PostgreSQL 15 and
-- later. Where db/agents.sql was run, it needs the privileges of pg_monitor. Three settings supply what is not in the
-- catalogs, each a list of names separated by commas:
--
--   ragwall.tenant_columns    names of tenant columns; default: tenant_id, org_id and the like
--   ragwall.app_roles         roles of the application; default: the roles with privileges on tenant tables
--   ragwall.untrusted_roles   those of them that run SQL written by others; default: agent_reader, agent_caller
--
-- A finding is identified by the id of its check and its object. docs/checks.md explains each check.

with recursive
\ir ../facts/tenant-tables.sql
\ir ../facts/functions.sql
\ir ../facts/policies.sql
\ir ../facts/views.sql
\ir ../facts/roles.sql
\ir ../facts/privileges.sql
\ir ../facts/pinned.sql
\ir ../facts/indexes.sql
-- How many objects of each kind were examined. Where there are none, the checks of this kind do not apply.
examined (kind, number) as (
  select 'tables', count(*) from tenant_table
  union all select 'policies', count(*) from policy
  union all select 'functions in policies', count(distinct oid) from context_function
  union all select 'partitions and children', count(*) from tenant_table where child
  union all select 'application roles', count(*) from app_role
  union all select 'untrusted roles that log in', count(*) from app_role where untrusted and rolcanlogin
  union all select 'roles', count(*) from pg_catalog.pg_roles
  union all select 'relations', count(*) from relation
  union all select 'views', count(*) from relation where relkind = 'v'
  union all select 'materialized views', count(*) from relation where relkind = 'm'
  union all select 'foreign tables', count(*) from relation where relkind = 'f'
  union all select 'sequences', count(*) from relation where relkind = 'S'
  union all select 'functions', count(*) from routine
  union all select 'security definer functions', count(*) from routine where prosecdef
  union all select 'schemas', count(*) from schema
  union all select 'indexes', count(*) from tenant_index
  union all select 'vector indexes', count(*) from tenant_index where approximate
  union all select 'foreign keys', count(*)
    from pg_catalog.pg_constraint as k join tenant_table as t on t.oid = k.conrelid where k.contype = 'f'
  union all select 'publications', count(*) from pg_catalog.pg_publication
  union all select 'event triggers', count(*) from pg_catalog.pg_event_trigger
  union all select 'extensions', count(*) from pg_catalog.pg_extension
  union all select 'pgvector', count(*) from pg_catalog.pg_extension where extname = 'vector'
  union all select 'schema ragwall', count(*) from schema where nspname = 'ragwall'
  union all select 'database', 1
),
-- untried: why a query of the catalog cannot make the check.
checks (id, area, severity, kind, expects, reference, untried) as (
  values
:checks
),
finding (id, severity, status, object, evidence, remedy) as (

:selects

)
select
  i.id,
  i.area,
  i.expects,
  coalesce(f.severity, i.severity) as severity,
  coalesce(f.status, case when i.untried is not null or x.number = 0 then 'n/a' else 'pass' end) as status,
  coalesce(f.object, '') as object,
  coalesce(f.evidence, i.untried, case
    when x.number = 0 then 'no ' || i.kind
    when i.kind in ('database', 'schema ragwall', 'pgvector') then 'nothing found'
    else format('%s %s examined', x.number, i.kind)
  end) as evidence,
  coalesce(f.remedy, '') as remedy,
  -- The middle dot is not in every encoding.
  replace(i.reference, ' | ',
    case pg_catalog.getdatabaseencoding() when 'UTF8' then ' ' || chr(183) || ' ' else ', ' end) as reference
from checks as i
left join finding as f on f.id = i.id
left join examined as x on x.kind = i.kind
order by array_position(:areas, i.area), i.id, f.object
