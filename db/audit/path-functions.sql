-- Other ways to the data: functions

-- F01 critical: Policies bind the owners of security definer functions that applications call
-- Examines: security definer functions
-- Reference: CWE-269
-- Why: A security definer function reads as its owner. Where policies do not bind the owner, the function returns
--   rows of every tenant.
-- Remedy: Give the function to a role that policies bind, or revoke execute on it.
select 'F01', case when not k.returns_tenants then 'medium' end,
  case when k.returns_tenants then 'fail' else 'warn' end, f.name,
  format('it runs as %s%s%s, and %s may call it', f.proowner::regrole,
    case when b.oid is not null then ', whom policies do not bind' end, ', and names ' || n.name, f.names),
  format('alter function %s owner to <a role that policies bind>; or revoke execute on it', f.name)
from callable_routine as f
left join bypass_role as b on b.oid = f.proowner
left join lateral (
  -- No policy applies to copied rows and to Ragwall's private tables, whoever owns the function.
  select min(m.name) as name,
    bool_or(m.relation in (select oid from view where copied) or m.name like 'ragwall_private.%') as names_unprotected
  from mention as m
  where m.oid = f.oid and (
    b.oid is not null and m.relation in (select oid from tenant_table)
    or m.relation in (select oid from view where copied)
    or m.name like 'ragwall_private.%' and (f.nspname, f.proname) not in (
      values ('ragwall', 'current_tenant'), ('ragwall', 'set_tenant'), ('ragwall', 'set_tenant_from_token')
    )
  )
) as n on true
cross join lateral (
  -- The function returns rows, does not determine the bound tenant itself, and is not called by a policy.
  select n.names_unprotected or n.name is not null and (
    f.nspname = 'ragwall' or f.returns_rows and f.body !~* '\mcurrent_setting\M' and not exists (
      select from pg_catalog.pg_depend as d
      join routine as q on q.oid = d.refobjid
      where d.classid = 'pg_catalog.pg_policy'::regclass and d.refclassid = 'pg_catalog.pg_proc'::regclass
        and (q.oid = f.oid or f.body ~* ('\m' || regexp_replace(q.proname, '(\W)', '\\\1', 'g') || '\s*\('))
    )
  ) as returns_tenants
) as k
where f.prosecdef and not f.is_trigger and (b.oid is not null or n.name is not null)

-- F02 medium: PUBLIC may not call a security definer function
-- Examines: security definer functions
-- Reference: CWE-269
-- Why: Every login of the database can then run with the owner's rights.
-- Remedy: `revoke execute on function … from public`.
select 'F02', null, 'fail', f.name, 'it runs with the rights of ' || f.proowner::regrole || ', and PUBLIC may call it',
  format('revoke execute on function %s from public', f.name)
from routine as f
join execution as e on e.oid = f.oid and e.grantee = 0
where f.prosecdef and not f.is_trigger and (f.nspname, f.proname) <> ('ragwall', 'set_tenant')

-- F03 high: Security definer functions have a fixed search_path with pg_temp last
-- Examines: security definer functions
-- Reference: CVE-2018-1058 | CWE-426
-- Why: Otherwise a caller can create an object that the function then uses with its owner's rights.
-- Remedy: `alter function … set search_path = <schemas>, pg_temp`.
select 'F03', case when n.harmless then 'low' end, case when n.harmless then 'warn' else 'fail' end, f.name,
  'it runs with the rights of ' || f.proowner::regrole || ', and ' || case when f.search_path is null
    then 'has no search_path: names are looked up in its caller''s'
    else 'looks up names in temporary schemas first: pg_temp is not last in its search_path' end,
  format('alter function %s set search_path = %s, pg_temp', f.name, coalesce((
    select nullif(string_agg(e, ', '), '""')
    from unnest(string_to_array(f.search_path, ', ')) as e
    where e !~ '^"?pg_temp"?$'
  ), '<the schemas that its body names>'))
from routine as f
cross join lateral (
  -- Only pg_temp is not last, and no application may create temporary objects.
  select f.search_path is not null
    and not exists (select from database_grant where privilege_type = 'TEMPORARY') as harmless
) as n
where f.prosecdef and not f.names_resolved and (
  f.search_path is null or f.search_path !~ '(^|[ ,"])pg_temp"?$' or f.search_path ~ '(^|[ ,"])pg_temp"?,'
)

-- F04 high: No function of this database is leakproof
-- Examines: functions
-- Reference: CWE-200
-- Why: The planner may evaluate a leakproof function before policies, on the rows of other tenants.
-- Remedy: `alter function … not leakproof`.
select 'F04', null, 'fail', f.name,
  'it is leakproof: a condition that calls it may see rows before policies are applied',
  format('alter function %s not leakproof', f.name)
from routine as f
where f.proleakproof

-- F05 medium: Nothing takes the place of the server's own functions, operators and casts
-- Examines: database
-- Reference: CVE-2018-1058 | CWE-426
-- Why: A function or operator that matches more closely is chosen instead of the server's, in every statement that
--   finds it on the search path.
-- Remedy: Drop it.
select 'F05', case when f.certain then 'high' else 'medium' end, case when f.certain then 'fail' else 'warn' end,
  f.name, f.evidence, f.remedy
from (
  select format('operator %I.%s(%s, %s)', s.nspname, o.oprname, o.oprleft::regtype, o.oprright::regtype) as name,
    true as certain, 'it has the name of a built-in operator, and takes built-in types' as evidence,
    format('drop operator %I.%s(%s, %s)', s.nspname, o.oprname, o.oprleft::regtype, o.oprright::regtype) as remedy
  from pg_catalog.pg_operator as o
  join schema as s on s.oid = o.oprnamespace
  where o.oprleft::integer between 1 and 16383 and o.oprright::integer between 1 and 16383
    and exists (
      select from pg_catalog.pg_operator as b
      where b.oprname = o.oprname and b.oprnamespace = 'pg_catalog'::regnamespace
    )
    and not exists (
      select from pg_catalog.pg_depend as d
      where d.classid = 'pg_catalog.pg_operator'::regclass and d.objid = o.oid and d.deptype = 'e'
    )
  union all
  select 'cast from ' || c.castsource::regtype || ' to ' || c.casttarget::regtype, true,
    'it converts between built-in types',
    format('drop cast (%s as %s)', c.castsource::regtype, c.casttarget::regtype)
  from pg_catalog.pg_cast as c
  where c.oid >= 16384 and c.castsource < 16384 and c.casttarget < 16384
  union all
  select f.name, false,
    'it has the name and the number of arguments of a built-in function, and may be called in its place',
    format('drop function %s', f.name)
  from routine as f
  where exists (
    select from pg_catalog.pg_proc as b
    where b.proname = f.proname and b.pronamespace = 'pg_catalog'::regnamespace
      and b.pronargs = f.pronargs and b.pronargs > 0
  ) and f.nspname in (
    select 'public'
    union all
    select btrim(unnest(string_to_array(value, ',')), ' "') from preset where setting = 'search_path' and for_app
  ) and not f.is_trigger
) as f

-- F06 medium: No application role may call a function in an untrusted language
-- Examines: functions
-- Reference: CWE-269
-- Why: Such a function can do whatever the server process can: read its files, and start programs.
-- Remedy: `revoke execute on function … from …`.
select 'F06', null, 'fail', f.name,
  format('it is written in %s, which can do whatever the server process can, and %s may call it', l.lanname, f.names),
  format('revoke execute on function %s from %s', f.name, f.idents)
from callable_routine as f
join pg_catalog.pg_language as l on l.oid = f.prolang and not l.lanpltrusted
where f.oid not in (select a.aggfnoid from pg_catalog.pg_aggregate as a)

-- F07 low: Functions that read tenant tables have a fixed search_path
-- Examines: functions
-- Reference: CVE-2018-1058 | CWE-426
-- Why: A caller can otherwise decide which tables and operators the function uses.
-- Remedy: `alter function … set search_path = <schemas>, pg_temp`.
select 'F07', null, 'warn', f.name, 'it has no search_path: names are looked up in its caller''s',
  format('alter function %s set search_path = <the schemas that its body names>, pg_temp', f.name)
from callable_routine as f
join pg_catalog.pg_language as l on l.oid = f.prolang and l.lanname in ('sql', 'plpgsql')
where not f.prosecdef and not f.names_resolved and f.search_path is null and not f.is_trigger
  and f.oid in (select m.oid from mention as m where m.relation in (select oid from tenant_table))

-- F08 medium: Policies bind the owners of security definer functions that triggers call
-- Examines: tables
-- Reference: CWE-269
-- Why: The trigger fires for every tenant, and its function reads and writes the rows of all.
-- Remedy: `alter function … security invoker`, or give it to an owner whom policies bind.
select 'F08', null, 'warn', format('%I on %s', g.tgname, r.name),
  format('its function %s runs as %s, whom policies do not bind', f.name, f.proowner::regrole),
  format('alter function %s security invoker; or give it to an owner whom policies bind', f.name)
from relation as r
join pg_catalog.pg_trigger as g on g.tgrelid = r.oid and not g.tgisinternal and g.tgparentid = 0
join routine as f on f.oid = g.tgfoid
where f.prosecdef and f.proowner in (select oid from bypass_role)
  and (
    r.oid in (select oid from tenant_table)
    or f.oid in (select m.oid from mention as m where m.relation in (select oid from tenant_table))
  )
