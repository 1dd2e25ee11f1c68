-- Every connection binds the tenant first

-- X01 high: No role or database presets a tenant for its sessions
-- Examines: database
-- Reference: checklist 4
-- Why: A session that forgot to bind a tenant then works as the preset one instead of reading nothing.
-- Remedy: `alter role … reset …`.
select 'X01', null, 'fail', p.setting || ' of ' || p.place, 'every session begins with the tenant ' || p.value,
  format('alter %s reset %s', p.place, p.setting)
from preset as p
where p.for_app and p.setting ~ '\.' and p.setting !~ '^ragwall\.' and p.value <> '' and (
  p.setting ~* '(tenant|org(aniz|anis)?|workspace|jwt\.claim|account)'
  or exists (select from condition as c where strpos(c.expression, 'current_setting(''' || p.setting || '''') > 0)
  or exists (select from context_function as f where strpos(f.body, 'current_setting(''' || p.setting || '''') > 0)
)

-- X02 medium: No role or database presets row_security, role or session_replication_role
-- Examines: database
-- Reference: checklist 4
-- Why: These settings change what policies and triggers do, before the application sends its first statement.
-- Remedy: `alter role … reset …`.
select 'X02', null, 'fail', p.setting || ' of ' || p.place,
  format('every session begins with %s = %s', p.setting, p.value),
  format('alter %s reset %s', p.place, p.setting)
from preset as p
where p.for_app and (
  p.setting = 'row_security' and p.value !~* '^(on|t|tr|tru|true|y|ye|yes|1)$'
  or p.setting in ('role', 'session_replication_role')
)

-- B01 critical: Without a tenant the application reads nothing
-- Reference: checklist 4 | testing 4 | AISVS 5.2.1
-- Why: A request that forgot to bind a tenant must not read the rows of all. The catalog shows how walls are built;
--   only an attempt shows that they hold.
-- Remedy: Have the policies be false for a tenant that is null or empty, on each table and partition.
-- Not in SQL: not tried, nor are B02 to B09; ragwall audit --probe tries, and rolls back

-- B06 critical: A setting that SQL forges opens no other tenant
-- Reference: checklist 4 | testing 3 | LLM01:2026 | AISVS 5.2.2
-- Why: Any SQL can write a setting. Policies that believe a setting believe injected SQL.
-- Remedy: Have the policies read a context that SQL cannot make up: ragwall.current_tenant(), in signed mode.
-- Only by: ragwall audit --probe
