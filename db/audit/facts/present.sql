-- The other facts of Ragwall's schemas: functions, types, event triggers, roles and privileges.
own_acl (parent, owner, acl, attname, search_table) as materialized (
  select 'schema ' || nspname, nspowner, nspacl, null::name, false from own_schema
  union all
  select name, relowner, relacl, null, search_table from own_relation
  union all
  select r.name, r.relowner, a.attacl, a.attname, false
  from own_relation as r
  join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attacl is not null
  union all
  select name, proowner, coalesce(proacl, pg_catalog.acldefault('f', proowner)), null, false from own_routine
  union all
  select 'type ' || t.oid::regtype, t.typowner, t.typacl, null, false
  from pg_catalog.pg_type as t
  where t.typnamespace in (select oid from own_schema) and t.typacl is not null
  union all
  select concat_ws(' ', 'default privileges of', d.defaclrole::regrole,
      'in ' || nullif(d.defaclnamespace, 0)::regnamespace, 'on', case d.defaclobjtype when 'r' then 'tables'
        when 'S' then 'sequences' when 'f' then 'functions' else 'schemas' end),
    d.defaclrole, d.defaclacl, null, false
  from pg_catalog.pg_default_acl as d
  where d.defaclobjtype <> 'T'
    and (d.defaclrole in (select oid from own_role) or d.defaclnamespace in (select oid from own_schema))
),
own_other_fact (kind, parent, name, property, value) as materialized (
  select 'function', null, p.name, f.property, f.value
  from own_routine as p
  cross join lateral (
    values
      -- The function of an event trigger belongs to who applied the migrations: M04.
      ('owner', case when p.prorettype <> 'event_trigger'::regtype or p.proowner in (select oid from own_role)
        then p.proowner::regrole::text else 'who applied the migrations' end),
      ('result', pg_get_function_result(p.oid)),
      ('arguments', pg_get_function_arguments(p.oid)),
      ('attributes', concat_ws(', ', case when not p.replaced then 'language ' || p.lanname end,
        'kind ' || nullif(p.prokind::text, 'f'),
        case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
        case p.proparallel when 's' then 'parallel safe' when 'r' then 'parallel restricted' end,
        case when p.proisstrict then 'strict' end, case when p.prosecdef then 'security definer' end,
        case when p.proleakproof then 'leakproof' end,
        'cost ' || nullif(p.procost, case when p.lanname in ('c', 'internal') then 1 else 100 end),
        'support ' || nullif(p.prosupport, 0)::regproc)),
      -- Dimensions and names of roles are chosen when the migrations are applied.
      ('body', case when not p.replaced then regexp_replace(
        coalesce(pg_get_function_sqlbody(p.oid), concat_ws(' ', p.prosrc, p.probin)),
        case p.proname when 'embedding_dimensions' then '^RETURN \d+$'
          when 'application_roles' then '^RETURN ''{(\w+,){3}\w+}''::name\[\]$' else '^$' end, 'RETURN …'
      ) end)
  ) as f (property, value)
  union all
  select 'function', null, p.name, 'setting ' || split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
  from own_routine as p
  cross join lateral unnest(p.proconfig) as c
  where not p.replaced or c ~ '^search_path='
  union all
  -- Types, operators and whatever else a schema can have.
  select 'object', null, concat_ws(' ', i.type, i.identity), 'existence', 'present'
  from pg_catalog.pg_depend as d
  cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) as i
  where d.refclassid = 'pg_catalog.pg_namespace'::regclass and d.refobjid in (select oid from own_schema)
    and d.classid not in (
      'pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_default_acl'::regclass
    )
    and not exists (select from pg_catalog.pg_type as y where y.oid = d.objid and y.typrelid <> 0)
  union all
  select 'event trigger', null, e.evtname, f.property, f.value
  from pg_catalog.pg_event_trigger as e
  join own_routine as p on p.oid = e.evtfoid
  cross join lateral (
    values ('definition', concat_ws(' ', e.evtevent, array_to_string(e.evttags, ', '), 'execute', p.name)),
      ('fires', case e.evtenabled when 'O' then 'outside of replicas' when 'A' then 'always'
        when 'R' then 'on replicas' else 'never' end)
  ) as f (property, value)
  union all
  select 'role', null, r.rolname, f.property, 'yes'
  from own_role as r
  cross join lateral (
    values ('superuser', r.rolsuper), ('bypassrls', r.rolbypassrls), ('replication', r.rolreplication),
      ('createrole', r.rolcreaterole), ('createdb', r.rolcreatedb), ('login', r.rolcanlogin)
  ) as f (property, value)
  where f.value
  union all
  select 'role', null, r.rolname, 'member of ' || m.roleid::regrole, 'yes'
  from own_role as r
  join pg_catalog.pg_auth_members as m on m.member = r.oid
    and m.roleid::regrole::text not in ('app_user', 'app_reader', 'agent_reader', 'agent_caller')
  union all
  select 'privilege', a.parent, g.name, concat(x.privilege_type, ' (' || quote_ident(a.attname) || ')'),
    case when x.is_grantable then 'with grant option' else 'granted' end
  from own_acl as a
  cross join lateral pg_catalog.aclexplode(a.acl) as x
  cross join lateral (select case x.grantee when 0 then 'PUBLIC' else x.grantee::regrole::text end) as g (name)
  where x.grantee <> a.owner
    and not (a.search_table and g.name = 'ragwall_search' and x.privilege_type = 'SELECT' and not x.is_grantable)
),
-- The extension vector may be in any schema. Here its objects are in public, and those of public are in PUBLIC.
vector_schema (name) as materialized (
  select coalesce((
    select e.extnamespace::regnamespace::text from pg_catalog.pg_extension as e where e.extname = 'vector'
  ), 'public')
),
-- Of a body, of arguments and of a long value the md5.
present (kind, parent, name, property, value) as materialized (
  select distinct f.kind, coalesce(v.parent, ''), v.name, f.property,
    case when length(v.value) > 120 or f.property in ('body', 'arguments') then 'md5 ' || md5(v.value) else v.value end
  from (select * from own_relation_fact union all select * from own_other_fact) as f
  cross join vector_schema as s
  cross join lateral (
    select f.parent, f.name, f.value where s.name = 'public'
    union all
    select
      regexp_replace(regexp_replace(f.parent, '\mpublic\.', 'PUBLIC.', 'g'), p.own, 'public.', 'g'),
      regexp_replace(regexp_replace(f.name, '\mpublic\.', 'PUBLIC.', 'g'), p.own, 'public.', 'g'),
      regexp_replace(regexp_replace(f.value, '\mpublic\.', 'PUBLIC.', 'g'), p.own, 'public.', 'g')
    from (values ('\m' || s.name || '\.')) as p (own)
    where s.name <> 'public'
  ) as v (parent, name, value)
  where f.value <> ''
),
