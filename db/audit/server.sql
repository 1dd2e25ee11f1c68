-- Server and extensions

-- S01 high: The PostgreSQL server has the security fixes that isolation depends on
-- Examines: database
-- Reference: CVE list of PostgreSQL
-- Why: Each of the listed vulnerabilities lets a login pass policies or run code.
-- Remedy: Update to the latest minor version.
select 'S01', null, 'fail', 'PostgreSQL ' || current_setting('server_version'),
  'this version lacks the fixes of ' || string_agg(format('%s (%s)', v.cve, v.what), ', ' order by v.cve),
  format('Update to %s.%s or later.', n.major, max(v.minors[n.major - 14]))
from (
  select current_setting('server_version_num')::integer / 10000 as major,
    current_setting('server_version_num')::integer % 10000 as minor
) as n
join (
  values
    -- The first minor version of 15, 16, 17 and 18 that has the fix; 0 if the vulnerability was never there.
    ('CVE-2023-2455', array[3, 0, 0, 0], 'an inlined function applies the policies of another role'),
    ('CVE-2023-39418', array[4, 0, 0, 0], 'MERGE past policies'),
    ('CVE-2024-10976', array[9, 5, 1, 0], 'a cached plan applies the policies of another role'),
    ('CVE-2024-10978', array[9, 5, 1, 0], 'SET ROLE resets to another user'),
    ('CVE-2025-8713', array[14, 10, 6, 0], 'statistics show values that policies hide'),
    ('CVE-2026-14666', array[19, 15, 11, 6], 'policies stay the same when roles change'),
    ('CVE-2026-14680', array[19, 15, 11, 6], 'any user runs code'),
    ('CVE-2026-116311', array[20, 16, 12, 7], 'DROP OWNED opens policies'),
    ('CVE-2026-116327', array[20, 16, 12, 7], 'conditions that leak before policies'),
    ('CVE-2026-120141', array[20, 16, 12, 7], 'any user runs code'),
    ('CVE-2026-120154', array[20, 16, 12, 7], 'ON CONFLICT past policies'),
    ('CVE-2026-16237', array[20, 16, 12, 7], 'ON CONFLICT past views')
) as v (cve, minors, what) on n.minor < v.minors[n.major - 14]
group by n.major

-- S02 medium: The extension pgvector has the security fixes that isolation depends on
-- Examines: pgvector
-- Reference: CVE-2026-3172 | CVE-2026-103484
-- Why: The listed vulnerabilities copy data of other relations into an index, or write out of bounds.
-- Remedy: Update the extension's files, then `alter extension vector update`.
select 'S02', null, 'fail', 'extension vector ' || e.extversion,
  'this version lacks the fixes of ' || string_agg(v.cve, ', ' order by v.cve),
  format('Update to %s or later, then: alter extension vector update.', max(v.version))
    || case when e.version < '{0,8,2}'
      then ' Until then: set max_parallel_maintenance_workers = 0 before an HNSW index is built.' else '' end
from (
  select extversion, string_to_array(regexp_replace(extversion, '[^\d.].*', ''), '.')::integer[] as version
  from pg_catalog.pg_extension where extname = 'vector'
) as e
join (
  values
    ('0.8.2', 'CVE-2026-3172 (an HNSW index that is built in parallel can hold data of other relations)'),
    ('0.8.7', 'CVE-2026-103484 (building an IVFFlat index writes out of bounds)')
) as v (version, cve) on e.version < string_to_array(v.version, '.')::integer[]
group by e.extversion, e.version

-- S03 medium: No application role may call an extension that reaches past policies
-- Examines: extensions
-- Reference: CWE-269
-- Why: Some extensions open connections, files or processes with other rights than the caller's. Others read pages, the
--   write-ahead log or the statements of other sessions, to which no policy applies.
-- Remedy: Drop the extension, or revoke execute on its functions and select on its views.
select 'S03', case x.kind when 'pages' then 'high' when 'statements' then 'low' end,
  case x.kind when 'statements' then 'warn' else 'fail' end, 'extension ' || quote_ident(e.extname),
  case x.kind when 'pages' then 'it reads pages or the log of the rows of all tenants'
    when 'statements' then 'it shows a login the statements of all tenants'
    else 'its functions reach data with other rights than the caller''s' end
    || format(', and %s may use it', c.names),
  format('drop extension %I; or revoke execute on its functions and select on its views from %s', e.extname, c.names)
from pg_catalog.pg_extension as e
join (
  values ('dblink', 'rights'), ('http', 'rights'), ('pg_background', 'rights'), ('pg_net', 'rights'), ('lo', 'rights'),
    ('adminpack', 'rights'), ('pg_surgery', 'rights'), ('file_fdw', 'rights'), ('orafce', 'rights'),
    ('pg_cron', 'rights'), ('aws_s3', 'rights'), ('aws_lambda', 'rights'), ('azure_storage', 'rights'),
    ('plsh', 'rights'), ('log_fdw', 'rights'), ('pg_tle', 'rights'), ('multicorn', 'rights'), ('wrappers', 'rights'),
    ('pageinspect', 'pages'), ('pg_walinspect', 'pages'), ('pg_buffercache', 'pages'), ('pg_freespacemap', 'pages'),
    ('pgstattuple', 'pages'), ('pg_visibility', 'pages'), ('amcheck', 'pages'), ('pgrowlocks', 'pages'),
    ('pg_logicalinspect', 'pages'), ('pg_dirtyread', 'pages'), ('pg_filedump', 'pages'), ('pg_qualstats', 'pages'),
    ('pg_stat_statements', 'statements'), ('pg_stat_monitor', 'statements'), ('pg_store_plans', 'statements'),
    ('pg_wait_sampling', 'statements'), ('pg_stat_kcache', 'statements'), ('pg_show_plans', 'statements')
) as x (extname, kind) on x.extname = e.extname
cross join lateral (
  select string_agg(distinct g.name, ', ') as names
  from (
    select p.pronamespace as schema, coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)) as acl
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_proc as p on p.oid = d.objid
    where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.refobjid = e.oid
      and d.classid = 'pg_catalog.pg_proc'::regclass and d.deptype = 'e' and p.proname !~ '(handler|validator)$'
    union all
    select r.relnamespace, r.relacl
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_class as r on r.oid = d.objid
    where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.refobjid = e.oid
      and d.classid = 'pg_catalog.pg_class'::regclass and d.deptype = 'e'
  ) as o
  join schema as s on s.oid = o.schema
  cross join lateral pg_catalog.aclexplode(o.acl) as a
  join grantee as g on g.oid = a.grantee
  where a.privilege_type in ('EXECUTE', 'SELECT') and (g.oid <> 0 or s.usable_by_others)
) as c
where c.names is not null

-- S04 low: Two-phase commit is off
-- Examines: database
-- Reference: CWE-667
-- Why: Any session of a login may commit or roll back a transaction that another session of this login has
--   prepared.
-- Remedy: `alter system set max_prepared_transactions = 0`, and restart.
select 'S04', null, 'warn', 'max_prepared_transactions',
  'two-phase commit is on: any session of a login may end the prepared transactions of its other sessions',
  'alter system set max_prepared_transactions = 0'
where current_setting('max_prepared_transactions')::integer > 0
