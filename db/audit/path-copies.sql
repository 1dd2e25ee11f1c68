-- Other ways to the data: what carries rows away

-- P15 high: Triggers of tenant tables write rows only where policies keep them apart
-- Examines: tables
-- Reference: AISVS 8.1.3
-- Why: A log or history that a trigger keeps holds the rows of every tenant. Policies of the tenant table do not apply
--   to it.
-- Remedy: Give the table a tenant column and protect it, or revoke select on it.
select distinct 'P15', null, 'fail', r.name,
  format('the trigger %I on %s writes into it, no policy keeps its rows apart, and %s may read it', g.tgname, t.name,
    r.readers),
  format('revoke select on %s from %s', r.name, r.idents)
from tenant_table as t
join pg_catalog.pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal and g.tgparentid = 0
join mention as m on m.oid = g.tgfoid and m.written
join relation_grant as r on r.oid = m.relation and r.relkind in ('r', 'p', 'm', 'f')
where r.readers is not null and r.oid not in (select o.oid from tenant_table as o)
  and r.oid in (select o.oid from open_relation as o where o.readable)

-- P16 high: No trigger of a tenant table sends its rows by NOTIFY
-- Examines: tables
-- Reference: AISVS 8.1.3 | CWE-200
-- Why: Channels have no privileges: every login of the database can listen to any of them, and so receives what is sent
--   for every tenant.
-- Remedy: Send nothing, or an id drawn at random that is read under policies.
select 'P16', case when k.whole then null else 'medium' end, case when k.whole then 'fail' else 'warn' end,
  format('%I on %s', g.tgname, t.name),
  format('its function %s notifies a channel%s, to which every login of the database can listen', f.name,
    case when k.whole then ' of rows' else '' end),
  'Send nothing, or an id drawn at random that is read under policies.'
from tenant_table as t
join pg_catalog.pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal and g.tgparentid = 0
join routine as f on f.oid = g.tgfoid
cross join lateral (
  -- The row, or another column of it than an id.
  select f.code ~ ('(row_to_json|to_jsonb?|hstore|jsonb?_build_object|row)\s*\('
    '|\m(new|old)\s*(::|\.(?!"?\w*id\M))') as whole
) as k
where f.code ~ '\mpg_notify\s*\(|\mnotify\s+["\w]'

-- P17 medium: Triggers and foreign keys of tenant tables are enforced
-- Examines: tables
-- Why: A trigger that sets or checks the tenant, or a key that keeps references within a tenant, does nothing while it
--   is disabled.
-- Remedy: `alter table … enable trigger all`, `alter table … validate constraint …`.
select 'P17', null, 'warn', t.name,
  'disabled: ' || string_agg(case when g.tgisinternal then 'a foreign key''s' else quote_ident(g.tgname) end, ', '),
  format('alter table %s enable trigger all', t.name)
from tenant_table as t
join pg_catalog.pg_trigger as g on g.tgrelid = t.oid and g.tgenabled in ('D', 'R')
-- Of Ragwall's own, another check tells.
where t.schema not in (
  select s.oid from schema as s where s.nspname in ('ragwall', 'ragwall_private', 'ragwall_search', 'ragwall_api')
)
group by t.name
