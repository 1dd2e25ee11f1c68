-- Other ways to the data: views and copies

-- V01 critical: Views run with the rights of their reader
-- Examines: views
-- Reference: AISVS 8.1.3
-- Why: A view runs with the rights of its owner unless it has security_invoker. Then the policies for the owner
--   apply, not those for the reader; for a superuser none apply.
-- Remedy: `alter view … set (security_invoker = true)`.
select 'V01', case when not v.unbound then 'medium' end, case when v.unbound then 'fail' else 'warn' end, v.name,
  format('it shows %s with the rights of its owner %s%s, and %s may use it', v.source_name, v.relowner::regrole,
    case when v.copied then ', from a copy of the rows of all tenants'
      when v.unbound then ', whom policies do not bind' else '' end, g.users),
  format('alter view %s set (security_invoker = true)', v.name)
from (select *, copied or relowner in (select oid from bypass_role) as unbound from view) as v
join relation_grant as g on g.oid = v.oid and g.users is not null
where v.relkind = 'v' and not v.invoker

-- V02 critical: No application role may read a materialized view of tenants' rows
-- Examines: materialized views
-- Reference: AISVS 8.1.3
-- Why: A materialized view is a copy, and has no row-level security.
-- Remedy: `revoke all on … from …`.
select 'V02', null, 'fail', r.name,
  format('it is a copy of rows of all tenants%s, and %s may read it', coalesce(' from ' || v.source_name, ''),
    r.readers),
  format('revoke all on %s from %s', r.name, r.idents)
from relation_grant as r
left join view as v on v.oid = r.oid
where r.relkind = 'm' and r.readers is not null and (v.oid is not null or r.oid in (select oid from tenant_column))

-- V03 medium: No rule rewrites statements on a tenant table
-- Examines: tables
-- Reference: AISVS 8.1.3
-- Why: The statements that a rule adds run with the rights of the table's owner.
-- Remedy: `drop rule … on …`; use a trigger instead.
select 'V03', null, 'fail', format('%I on %s', w.rulename, t.name),
  'the rule rewrites statements on the table, and what it adds runs with the rights of the owner',
  format('drop rule %I on %s', w.rulename, t.name)
from tenant_table as t
join pg_catalog.pg_rewrite as w on w.ev_class = t.oid

-- N01 high: No publication ships the rows of all tenants
-- Examines: publications
-- Reference: AISVS 8.1.3
-- Why: Logical replication sends rows without applying policies.
-- Remedy: Publish each table with a row filter on the tenant column: `where (tenant_id = …)`.
select 'N01', null, 'fail', format('publication %I', p.pubname),
  'it ships rows of all tenants: ' || string_agg(t.name, ', ' order by t.name),
  format('alter publication %I set table <a table> where (%I = <a tenant>)', p.pubname, min(t.attname))
from pg_catalog.pg_publication as p
join tenant_table as t on p.puballtables and not t.child
  or exists (
    select from pg_catalog.pg_publication_rel as r
    join column_pattern as n on n.oid = r.prrelid
    where r.prpubid = p.oid and r.prrelid = t.oid
      and coalesce(
        regexp_replace(pg_catalog.pg_get_expr(r.prqual, r.prrelid), n.pattern, '{}', 'g')
          !~ '^\({1,2}(\{\}|\(\{\}\)::[\w ]+) = \(*(''[^'']*''|-?\d+)+\)*(::[\w". ]+)?( AND |\)$)',
        true
      )
  )
  or exists (select from pg_catalog.pg_publication_namespace as n where n.pnpubid = p.oid and n.pnnspid = t.schema)
group by p.pubname

-- N02 medium: No logical replication slot reads this database
-- Examines: database
-- Reference: AISVS 8.1.3
-- Why: Whoever reads the slot reads the changes of all tenants.
-- Remedy: Make sure that the slot is known; otherwise `select pg_drop_replication_slot(…)`.
select 'N02', null, 'warn', format('replication slot %I', s.slot_name),
  'whoever reads the slot reads the changes of all tenants',
  'Make sure that its purpose is known; otherwise: select pg_drop_replication_slot(...).'
from pg_catalog.pg_replication_slots as s
where s.slot_type = 'logical' and s.database = current_database()
