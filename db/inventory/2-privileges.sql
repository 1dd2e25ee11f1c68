-- Access control lists as they are now, and as they were at first. A privilege that is in both has no row. Of objects
-- that users made ("ours"), only the owner's privileges are compared with those at first: all others have a row.
secured (kind, object, owner, ours, now, initial) as (
  select s.kind, s.object, s.owner, true, coalesce(s.acl, acldefault(s.type, s.owner)), acldefault(s.type, s.owner)
  from (
    select 'database', 'this database', datdba, 'd'::"char", datacl from this
    union all select 'schema', name, nspowner, 'n', nspacl from schema
    union all select kind, name, relowner, case relkind when 'S' then 's'::"char" else 'r' end, relacl from relation
    union all select 'column', name, relowner, 'c', attacl from col where attacl is not null
    union all select kind, name, proowner, 'f', proacl from routine
    union all select kind, name, typowner, 'T', typacl from type
    union all select 'language', name, lanowner, 'l', lanacl from language
    union all select 'foreign-data wrapper', name, fdwowner, 'F', fdwacl from wrapper
    union all select 'foreign server', quote_ident(srvname), srvowner, 'S', srvacl from pg_catalog.pg_foreign_server
    union all select 'parameter', parname, 10, 'p', paracl from pg_catalog.pg_parameter_acl
    union all (
      select distinct 'large objects', 'in this database', lomowner, 'L'::"char", lomacl
      from pg_catalog.pg_largeobject_metadata
    )
  ) as s (kind, object, owner, type, acl)
  union all
  -- Objects of the server and of extensions. The server does not record what information_schema granted at first.
  select s.kind, s.object, s.owner, false, s.acl, coalesce(
    (
      select i.initprivs
      from pg_catalog.pg_init_privs as i
      where (i.classoid, i.objoid, i.objsubid) = (s.class, s.oid, s.sub)
    ),
    acldefault(s.type, s.owner) || case when s.object ~ '^information_schema($|[.])'
      then array[makeaclitem(0::oid, s.owner, case s.kind when 'schema' then 'USAGE' else 'SELECT' end, false)] end
  )
  from (
    select c.tableoid, c.oid, 0, case c.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end,
      c.oid::regclass::text, c.relowner, case c.relkind when 'S' then 's'::"char" else 'r' end, c.relacl
    from pg_catalog.pg_class as c
    union all
    select c.tableoid, c.oid, a.attnum, 'column', c.oid::regclass || '.' || quote_ident(a.attname), c.relowner, 'c',
      a.attacl
    from pg_catalog.pg_attribute as a
    join pg_catalog.pg_class as c on c.oid = a.attrelid
    union all
    select tableoid, oid, 0, 'function', oid::regprocedure::text, proowner, 'f', proacl from pg_catalog.pg_proc
    union all
    select tableoid, oid, 0, 'type', oid::regtype::text, typowner, 'T', typacl from pg_catalog.pg_type
    union all
    select tableoid, oid, 0, 'language', quote_ident(lanname), lanowner, 'l', lanacl from pg_catalog.pg_language
    union all
    select tableoid, oid, 0, 'schema', oid::regnamespace::text, nspowner, 'n', nspacl
    from pg_catalog.pg_namespace
    where nspname <> 'public'
  ) as s (class, oid, sub, kind, object, owner, type, acl)
  where s.acl is not null
    and (s.oid < 16384 or (s.class, s.oid) in (select classid, objid from extension_part))
  union all
  -- Default privileges. Those of one schema are added to those of all schemas.
  select 'default privileges',
    concat_ws(
      ' ',
      case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
        when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end,
      'of', d.defaclrole::regrole, 'in ' || nullif(d.defaclnamespace, 0)::regnamespace
    ),
    d.defaclrole, false, d.defaclacl,
    case d.defaclnamespace when 0
      then acldefault(case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole) end
  from pg_catalog.pg_default_acl as d
),
-- "by default" is a row for what PUBLIC holds from the start, wherever somebody else's share of the same privilege has
-- a row: a comparison has to take into account that PUBLIC has it too.
privilege (kind, object, property, value) as (
  select s.kind, s.object, format('privilege %s for %s', g.privilege, g.grantee),
    max(case when not g.now then 'revoked' when not g.differs then 'by default'
      when g.grantable then 'with grant option'
      else 'granted' end)
  from secured as s
  cross join lateral (
    select d.*, bool_or(d.differs) over (partition by d.privilege) as listed
    from (
      select a.privilege_type,
        case a.grantee when 0 then 'PUBLIC' when s.owner then 'the owner' else a.grantee::regrole::text end,
        bool_or(a.now), bool_or(a.now and a.is_grantable),
        bool_or(a.now) <> bool_or(a.initial)
          or bool_or(a.now and a.is_grantable) <> bool_or(a.initial and a.is_grantable)
      from (
        select *, true, false from aclexplode(s.now)
        union all
        select *, false, true from aclexplode(s.initial) as i where not s.ours or i.grantee = s.owner
      ) as a (grantor, grantee, privilege_type, is_grantable, now, initial)
      group by 1, 2
    ) as d (privilege, grantee, now, grantable, differs)
  ) as g
  where g.differs or (g.listed and g.grantee = 'PUBLIC')
  group by 1, 2, 3
),
