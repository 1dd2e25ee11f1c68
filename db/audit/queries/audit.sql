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
\ir ../facts/sources.sql
\ir ../facts/indexes.sql
\ir ../facts/present-relations.sql
\ir ../facts/present.sql
\ir ../facts/released.sql
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
  union all select 'objects of this release', count(*) from expected where exists (select from at_release)
  union all select 'database', 1
),
-- untried: why a query of the catalog cannot make the check.
checks (id, area, severity, kind, expects, reference, untried) as (
  values
:checks
),
-- M06 to M12 compare with the release. One of them and another check may have found the same.
found (id, severity, status, object, evidence, remedy) as (

:selects

),
ranked as materialized (
  select f.*, min(f.rank) filter (where f.compared) over o as rank_compared,
    min(f.rank) filter (where not f.compared) over o as rank_of_others
  from (
    select f.id, coalesce(f.severity, c.severity) as severity, f.status, f.object, f.evidence, f.remedy,
      f.id between 'M06' and 'M12' as compared,
      case when f.status in ('fail', 'warn')
        then array_position(array['critical', 'high', 'medium', 'low'], coalesce(f.severity, c.severity)) end as rank
    from found as f
    join checks as c on c.id = f.id
  ) as f
  window o as (partition by f.object)
),
-- Of two findings on the same object the more severe one; of two alike the other check's, which is more specific. C03
-- and C10 name the table or function where M07 and M09 name what is wrong with its policies or privileges.
finding as (
  select f.*
  from ranked as f
  where f.rank is null or f.id in ('C03', 'C10') or not case
    when f.compared then coalesce(f.rank_of_others <= f.rank, false) or split_part(f.object, ' for ', 1) in (
      select o.object from ranked as o where o.id in ('C03', 'C10') and o.rank is not null
    )
    else coalesce(f.rank_compared < f.rank, false) end
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
where
  -- Evaluated once, before any row is read: how names and expressions are printed. Holds to the end of the transaction.
  (
    select count(set_config(s.name, s.value, true))
    from (
      values ('search_path', 'pg_catalog, pg_temp'), ('quote_all_identifiers', 'off')
    ) as s (name, value)
    where current_setting(s.name) <> s.value
  ) >= 0
order by array_position(:areas, i.area), i.id, f.object
