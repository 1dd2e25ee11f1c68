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

-- B01 critical: The application does not reach another tenant when it tries
-- Reference: checklist 4 | testing 1, 2
-- Why: The catalog shows how walls are built; only an attempt shows that they hold.
-- Remedy: Run `ragwall audit --probe`, which tries as each application role and rolls back.
-- Not in SQL: not tried; ragwall audit --probe tries, and rolls back
