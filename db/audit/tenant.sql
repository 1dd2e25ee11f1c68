-- Who the tenant is

-- C01 medium: SQL of the application cannot forge the bound tenant
-- Examines: policies
-- Reference: checklist 3 | LLM01:2026 | AISVS 5.2.2
-- Why: Any SQL statement can change a plain setting. Whoever injects SQL can then choose the tenant.
-- Remedy: Bind the tenant with a value that SQL cannot forge: a sealed or signed context, such as
--   `ragwall.current_tenant()` returns.
select 'C01', case when b.of_server then 'high' end, case when b.of_server then 'fail' else 'warn' end, t.name,
  'its policies trust a setting that any SQL of the application can change: ' || b.settings
    || case when b.of_server then '; drivers and poolers set those of the server themselves' else '' end,
  'Bind the tenant with a value that SQL cannot forge: a sealed or signed context, such as ragwall.current_tenant() '
    'returns.'
from tenant_table as t
join (
  select s.polrelid, string_agg(distinct coalesce(n.setting, 'a setting'), ', ') as settings,
    bool_or(n.setting !~ '\.') is true as of_server
  from source as s
  left join lateral (
    select (regexp_matches(s.code, 'current_setting\(\s*''([^'']+)''', 'g'))[1] as setting
  ) as n on true
  where s.code ~ '\mcurrent_setting\s*\('
  group by s.polrelid
) as b on b.polrelid = t.oid
where t.oid not in (select x.polrelid from sealed_table as x)

-- C02 high: No application role can replace a function that policies call
-- Examines: functions in policies
-- Reference: checklist 3
-- Why: The owner of the function that returns the bound tenant can have it return any tenant.
-- Remedy: `alter function … owner to <a role that does not log in>`.
select distinct 'C02', null, 'fail', f.name, format('policies call it, and the application role %s owns it', g.name),
  format('alter function %s owner to <a role that does not log in>', f.name)
from context_function as f
join grantee as g on g.oid = f.proowner

-- C03 critical: No application role can read keys
-- Examines: relations
-- Reference: checklist 3
-- Why: Whoever reads a signing key or seal can make a valid context for any tenant.
-- Remedy: Revoke every privilege on the table, and enable row-level security on it; drop a copy.
select 'C03', case when k.names is null then 'medium' end, 'fail', r.name,
  'it holds keys (' || k.columns || ')' || coalesce(', and SELECT on it is granted to ' || k.names,
    ', and has no row-level security: a member of pg_read_all_data reads them'),
  case when k.names is null then format('alter table %s enable row level security; or drop it, if it is a copy', r.name)
    else format('revoke all on %s from %s', r.name, k.idents) end
from relation as r
join lateral (
  select string_agg(distinct c.attname, ', ') as columns, string_agg(distinct g.name, ', ') as names,
    string_agg(distinct g.ident, ', ') as idents
  from pg_catalog.pg_attribute as c
  left join privilege as p on p.oid = r.oid and p.privilege_type = 'SELECT' and coalesce(p.attname = c.attname, true)
  left join grantee as g on g.oid = p.grantee
  where c.attrelid = r.oid and c.attnum > 0 and not c.attisdropped
    and c.attname ~* ('^(jwt_?|signing_?|private_?|inner_?|outer_?|hmac_?|shared_?|master_?)?'
      '(secret|secret_?key|signing_?key|private_?key|inner_?(key|pad)|outer_?(key|pad)|jwt_?key)$')
) as k on k.columns is not null
where r.relkind in ('r', 'p', 'v', 'm', 'f') and (
  k.names is not null and not (r.relrowsecurity and r.oid in (select oid from tenant_table))
  or k.columns in ('inner_key, outer_key', 'inner_pad, outer_pad') and not r.relrowsecurity and r.relkind <> 'v'
)

-- C04 high: No setting of a role or database holds a secret
-- Examines: database
-- Reference: checklist 3
-- Why: Every role can read the settings of roles and databases.
-- Remedy: `alter role … reset …`, draw a new secret, and keep it in a table that no application reads.
select 'C04', null, 'fail', s.setting || ' of ' || s.place,
  'the setting looks like a secret, and every role can read it',
  format('alter %s reset %s; draw a new one, and keep it in a table that no application reads', s.place, s.setting)
from preset as s
where s.value <> '' and s.setting ~ '\.' and s.setting ~* '(secret|passw|api_?key|_key|\.key|token)$'
  and s.setting !~* 'public_?key$'

-- C05 high: No function body holds a secret
-- Examines: functions
-- Reference: checklist 3
-- Why: Every role can read the body of every function in pg_proc.
-- Remedy: Draw a new secret, and keep it in a table that no application reads.
select 'C05', null, 'fail', f.name,
  'its body contains what looks like a secret, and every role can read the bodies of functions',
  'Draw a new one, and keep it in a table that no application reads.'
from routine as f
where f.body ~* '\mhmac\s*\([^;]*,\s*''[^'']{8,}'''
  or f.body ~* '''[0-9a-f]{64,}'''
  or f.body ~* '''[^'']*\mpassword\s*=\s*[^\s''%$]{4,}[^'']*'''
  or f.body ~ '''eyJ[A-Za-z0-9_-]{10,}'
  or f.body ~* ('(secret|password|passwd|api_?key|signing_?key)\w*\s*(constant\s+)?(text|bytea|varchar)?\s*'
    '(:=|=|default)\s*''[^'']{8,}''')

-- C06 high: The tenant column is never null
-- Examines: tables
-- Reference: checklist 3 | testing 4
-- Why: A row whose tenant is null belongs to nobody. Policies that treat null as "shared" show it to all tenants.
-- Remedy: `alter table … alter column … set not null`.
select 'C06', case when t.relrowsecurity
    and t.oid not in (select c.polrelid from condition as c where c.meaning <> 'tenant') then 'medium' end, 'fail',
  t.name,
  format('%I may be null: such a row belongs to no tenant, or is shown to all', t.attname),
  format('alter table %s alter column %I set not null', t.name, t.attname)
from tenant_table as t
where not t.attnotnull and not t.child and not exists (
  select from pg_catalog.pg_constraint as k
  where k.conrelid = t.oid and k.contype = 'c' and k.convalidated and k.conkey = array[t.attnum]
    and pg_catalog.pg_get_expr(k.conbin, t.oid) ~* '^\(?"?\w+"? IS NOT NULL\)?$'
)

-- C07 high: Tenants are compared byte by byte
-- Examines: tables
-- Reference: checklist 3 | AISVS 8.1.1
-- Why: With a case-insensitive type or collation, or with blank padding, two tenants whose names differ only in
--   case, accents or trailing spaces are the same tenant to the server.
-- Remedy: Use `text collate "C"` for the column; drop its policies before, and create them again after.
select 'C07', null, 'fail', t.name,
  format('%I %s: names that differ only in case, accents or trailing spaces are the same tenant', t.attname,
    case when t.typname in ('bpchar', 'citext') then 'is of type ' || t.typname
      else 'has a nondeterministic collation' end),
  format('alter table %s alter column %I type text collate "C", its policies dropped before and created again after',
    t.name, t.attname)
from tenant_table as t
left join pg_catalog.pg_collation as c on c.oid = t.attcollation
where not t.child and (t.typname in ('bpchar', 'citext') or not c.collisdeterministic)

-- C08 low: The tenant is never the empty text
-- Examines: tables
-- Reference: checklist 3 | testing 4
-- Why: A transaction-local setting becomes the empty text when its transaction ends. A row whose tenant is the
--   empty text is then visible to sessions that have bound no tenant.
-- Remedy: `alter table … add check (tenant_id ~ '^[!-~]{1,128}$')`.
select 'C08', case when n.empty then 'medium' else 'low' end, case when n.empty then 'fail' else 'warn' end, t.name,
  format('%I may be the empty text', t.attname) || case when n.empty then ', and policies compare it with a setting, '
    'which is the empty text when its transaction is over: a session without a tenant reads such rows' else '' end,
  format('alter table %s add check (%I ~ ''^[!-~]{1,128}$'')', t.name, t.attname)
from tenant_table as t
cross join lateral (
  select t.oid in (
    select c.polrelid from condition as c where c.own ~ 'current_setting\(' and c.own !~ 'NULLIF\('
  ) and t.oid not in (select x.polrelid from sealed_table as x) as empty
) as n
where not t.child and t.typcategory = 'S' and (t.oid, t.attnum) not in (
  select k.conrelid, unnest(k.conkey)
  from pg_catalog.pg_constraint as k
  where k.convalidated and (
    k.contype = 'c' and pg_catalog.pg_get_constraintdef(k.oid) !~* '^CHECK \(\(+"?\w+"? IS NOT NULL\)+$'
    -- Or the tenant is one of those in another table.
    or k.contype = 'f' and cardinality(k.conkey) = 1
  )
) and t.atttypid not in (select k.contypid from pg_catalog.pg_constraint as k where k.contype = 'c')

-- C09 low: No application role may update the tenant column
-- Examines: tables
-- Reference: checklist 3 | AISVS 8.1.2
-- Why: Without the privilege, a row cannot be moved to another tenant even where a policy fails to forbid it.
-- Remedy: Grant UPDATE on the other columns only.
select 'C09', null, 'warn', p.name || ' for ' || p.grantee_name,
  format('it may update %I: only policies keep it from giving a row to another tenant', p.tenant),
  format('revoke update on %s from %s; grant update (<other columns>) on %1$s to %2$s', p.name, p.ident)
from tenant_privilege as p
where p.privilege_type = 'UPDATE' and p.attname = p.tenant and p.grantee <> 0

-- C10 high: Only trusted roles may bind a tenant by its name; untrusted roles present a token
-- Examines: schema ragwall
-- Reference: checklist 3 | LLM01:2026
-- Why: `ragwall.set_tenant()` believes its caller. A role that runs SQL written by others must bind its tenant with
--   a signed token.
-- Remedy: `revoke execute on function ragwall.set_tenant(text) from …`.
select 'C10', null,
  case when f.untrusted is not null or f.wraps then 'fail' when f.names is not null then 'n/a' else 'pass' end,
  case when f.untrusted is not null or f.wraps then f.name else '' end,
  case when f.untrusted is not null then f.untrusted || ' may bind any tenant with it'
    when f.wraps then f.names || ' may bind any tenant with it, although set_tenant() is revoked'
    when f.names is not null then 'trusting mode: ' || f.names || ' may bind any tenant by its name, and the database '
      'cannot tell where the application takes the name from'
    else 'signed mode: only a signed token binds a tenant' end,
  case when f.untrusted is not null or f.wraps
    then format('revoke execute on function %s from %s', f.name, coalesce(f.idents, f.callers)) else '' end
from (
  select f.oid, f.name, f.nspname, c.names, string_agg(distinct g.name, ', ') as untrusted,
    string_agg(distinct g.ident, ', ') as idents, c.idents as callers,
    -- In signed mode: a function of somebody else's that binds by name.
    c.names is not null and f.nspname <> 'ragwall' and not exists (
      select from callable_routine as s where s.nspname = 'ragwall' and s.proname = 'set_tenant'
    ) as wraps
  from routine as f
  left join callable_routine as c on c.oid = f.oid
  left join execution as e on e.oid = f.oid
  -- PUBLIC, an untrusted login, or a group of one.
  left join grantee as g on g.oid = e.grantee and (g.oid = 0 or exists (
    select from app_role as a
    where a.untrusted and a.rolcanlogin
      and (a.oid = g.oid or exists (select from membership as m where m.member = a.oid and m.roleid = g.oid))
  ))
  where f.nspname = 'ragwall' and f.proname = 'set_tenant'
    or f.prosecdef and f.body ~* '\m(set_tenant|ragwall_private\.bind)\s*\('
      and f.nspname not in ('ragwall', 'ragwall_private')
  group by f.oid, f.name, f.nspname, c.names, c.idents
) as f
where f.nspname = 'ragwall' or f.untrusted is not null or f.wraps
