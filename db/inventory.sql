-- Returns everything that isolation rests on in this database, one fact a row: (kind, object, property, value). The
-- fingerprint is a hash of these rows.
--
--   PGOPTIONS='-c search_path=pg_catalog,pg_temp -c jit=off' psql "$DATABASE_URL" -f db/inventory.sql
--   select * from ragwall.inventory();            where Ragwall is installed
--
-- Set the search_path as above: the query calls functions by bare names, and a schema in your search_path may hold
-- functions of the same names that others wrote.
--
-- The query reads catalogs only, installs nothing and needs no privilege. It runs on PostgreSQL 15 and later, also on
-- a standby. No row contains an object's number, a time or a statistic. The rows do not depend on the role or the
-- settings of the caller: settings that change how values are printed are pinned by the last condition. A database that
-- was dumped and restored has the same rows.
--
-- A default has no row: a column that may be null, a role that is no superuser. A privilege has a row if somebody else
-- than the owner holds it, or if the owner has lost it. A privilege on an object of the server or of an extension has a
-- row only if it differs from what the server or the extension granted at first. Two things are left out. Settings of
-- the server itself, because no migration changes them. And the search tables of tenants, because they come and go with
-- documents: a table is one if its name in ragwall_search is search_ and 32 hexadecimal digits, it has the columns of a
-- search table, ragwall_owner owns it, and ragwall_search alone may read it.

with recursive
this as materialized (
  select oid, datdba, datacl from pg_catalog.pg_database where datname = current_database()
),
extension_part as materialized (
  select classid, objid from pg_catalog.pg_depend where deptype = 'e'
),
-- Objects that users made have numbers from 16384 on. The schema public is older.
schema as materialized (
  select oid, nspname, nspowner, nspacl, oid::regnamespace::text as name
  from pg_catalog.pg_namespace
  where (oid >= 16384 or nspname = 'public')
    and nspname !~ '^pg_(temp|toast)'
    and (tableoid, oid) not in (select classid, objid from extension_part)
),
relation as materialized (
  select c.*, c.oid::regclass::text as name,
    case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
      when 'f' then 'foreign table' else 'table' end as kind
  from pg_catalog.pg_class as c
  where c.oid >= 16384
    and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    and c.relnamespace::regnamespace::text !~ '^pg_(temp|toast)'
    and (c.tableoid, c.oid) not in (select classid, objid from extension_part)
    and not (
      c.relnamespace::regnamespace::text = 'ragwall_search'
      and c.relname ~ '^search_[0-9a-f]{32}$'
      and c.relkind = 'r'
      and c.relowner::regrole::text = 'ragwall_owner'
      and not (c.relhastriggers or c.relhasrules or c.relispartition or c.relhassubclass)
      and not exists (
        select from aclexplode(c.relacl) as a
        where a.grantee <> c.relowner
          and (a.grantee = 0 or a.grantee::regrole::text <> 'ragwall_search'
            or a.privilege_type <> 'SELECT' or a.is_grantable)
      )
      and not exists (
        select from pg_catalog.pg_attribute as a
        where a.attrelid = c.oid and a.attnum > 0
          and (a.attname not in ('id', 'embedding', 'metadata', 'terms', 'words') or a.attacl is not null)
      )
    )
),
col as materialized (
  select a.*, r.relowner, r.relkind, r.name || '.' || quote_ident(a.attname) as name
  from pg_catalog.pg_attribute as a
  join relation as r on r.oid = a.attrelid
  where a.attnum > 0
    and not a.attisdropped
    and r.relkind <> 'S'
),
routine as materialized (
  select p.*, p.oid::regprocedure::text as name,
    case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end as kind
  from pg_catalog.pg_proc as p
  where p.oid >= 16384
    and p.pronamespace::regnamespace::text !~ '^pg_temp'
    and (p.tableoid, p.oid) not in (select classid, objid from extension_part)
),
-- Without row types and array types, which come with a table or another type.
type as materialized (
  select t.*, t.oid::regtype::text as name, case t.typtype when 'd' then 'domain' else 'type' end as kind
  from pg_catalog.pg_type as t
  where t.oid >= 16384
    and t.typtype in ('b', 'c', 'd', 'e', 'r')
    and (t.typrelid = 0 or (select c.relkind from pg_catalog.pg_class as c where c.oid = t.typrelid) = 'c')
    and not exists (select from pg_catalog.pg_type as e where e.typarray = t.oid)
    and t.typnamespace::regnamespace::text !~ '^pg_temp'
    and (t.tableoid, t.oid) not in (select classid, objid from extension_part)
),
language as materialized (
  select l.*, quote_ident(l.lanname) as name
  from pg_catalog.pg_language as l
  where l.oid >= 16384
    and (l.tableoid, l.oid) not in (select classid, objid from extension_part)
),
wrapper as materialized (
  select w.*, quote_ident(w.fdwname) as name
  from pg_catalog.pg_foreign_data_wrapper as w
  where (w.tableoid, w.oid) not in (select classid, objid from extension_part)
),

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

-- Roles that own an object here or hold a privilege on one; roles that bypass policies; and members of the server's own
-- roles, whose privileges are in no catalog.
named as materialized (
  select s.refobjid as oid
  from pg_catalog.pg_shdepend as s
  cross join this
  where s.refclassid = 'pg_catalog.pg_authid'::regclass
    and (
      s.dbid = this.oid
      or (s.classid = 'pg_catalog.pg_database'::regclass and s.objid = this.oid)
      or s.classid = 'pg_catalog.pg_parameter_acl'::regclass
    )
    -- A temporary table ends with its session.
    and not exists (
      select from pg_catalog.pg_class as c where (c.tableoid, c.oid) = (s.classid, s.objid) and c.relpersistence = 't'
    )
  union
  select oid from pg_catalog.pg_roles where rolsuper or rolbypassrls or rolreplication or rolcreaterole
  union
  select member from pg_catalog.pg_auth_members where roleid < 16384
  union
  select s.setrole from pg_catalog.pg_db_role_setting as s join this on this.oid = s.setdatabase where s.setrole <> 0
),
-- Their members, and the roles that they are members of, directly or not.
below as (
  select oid from named
  union
  select m.member from below as b join pg_catalog.pg_auth_members as m on m.roleid = b.oid
),
above as (
  select oid from named
  union
  select m.roleid from above as a join pg_catalog.pg_auth_members as m on m.member = a.oid
),
role as materialized (
  select r.*, r.oid::regrole::text as name from pg_catalog.pg_roles as r
  where r.oid in (select oid from below union select oid from above)
),
-- Roles, memberships, and settings that sessions begin with.
role_fact (kind, object, property, value) as (
  select 'role', r.name, f.property, f.value
  from role as r
  cross join lateral (
    values
      ('login', r.rolcanlogin::text),
      ('superuser', case when r.rolsuper then 'true' end),
      ('bypassrls', case when r.rolbypassrls then 'true' end),
      ('replication', case when r.rolreplication then 'true' end),
      ('createrole', case when r.rolcreaterole then 'true' end),
      ('createdb', case when r.rolcreatedb then 'true' end),
      ('inherit', case when r.rolinherit then 'true' end),
      ('connection limit', nullif(r.rolconnlimit, -1)::text)
  ) as f (property, value)
  where r.oid >= 16384
    or r.rolsuper
  union all
  -- Before PostgreSQL 16 a membership has no options of its own. "for nothing": no option is set.
  select 'role', r.name, 'member of ' || m.roleid::regrole, coalesce(
    nullif(concat_ws(
      ', ',
      case when bool_or(coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, r.rolinherit)) then 'inherit' end,
      case when bool_or(coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)) then 'set' end,
      case when bool_or(m.admin_option) then 'admin' end
    ), ''),
    'for nothing'
  )
  from pg_catalog.pg_auth_members as m
  join role as r on r.oid = m.member
  where m.roleid in (select oid from role)
    and m.member >= 16384
  group by r.name, m.roleid
  union all
  select 'setting',
    case
      when s.setrole = 0 and s.setdatabase = 0 then 'every role'
      when s.setrole = 0 then 'this database'
      when s.setdatabase = 0 then 'role ' || s.setrole::regrole
      else format('role %s in this database', s.setrole::regrole)
    end,
    split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
  from pg_catalog.pg_db_role_setting as s
  cross join this
  cross join lateral unnest(s.setconfig) as c
  where s.setdatabase in (0, this.oid)
    and (s.setrole = 0 or s.setrole in (select oid from role))
),

-- The database, schemas, extensions, tables, views, columns, policies and extended statistics.
relation_fact (kind, object, property, value) as (
  select 'database', 'this database', 'owner', datdba::regrole::text from this
  union all
  select 'schema', name, 'owner', nspowner::regrole::text from schema
  union all
  select 'extension', quote_ident(e.extname), f.property, f.value
  from pg_catalog.pg_extension as e
  cross join lateral (
    values ('version', e.extversion), ('schema', e.extnamespace::regnamespace::text)
  ) as f (property, value)

  union all
  select r.kind, r.name, f.property, f.value
  from relation as r
  cross join lateral (
    values
      ('owner', r.relowner::regrole::text),
      ('row security', case when r.relrowsecurity then 'true' end),
      ('forced row security', case when r.relforcerowsecurity then 'true' end),
      ('unlogged', case r.relpersistence when 'u' then 'true' end),
      ('partitions', case r.relkind when 'p' then pg_get_partkeydef(r.oid) end),
      ('partition of', case when r.relispartition then (
        select i.inhparent::regclass || ' ' || pg_get_expr(r.relpartbound, r.oid)
        from pg_catalog.pg_inherits as i where i.inhrelid = r.oid
      ) end),
      ('inherits', case when not r.relispartition then (
        select string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno)
        from pg_catalog.pg_inherits as i where i.inhrelid = r.oid
      ) end),
      ('definition', case when r.relkind in ('v', 'm') then pg_get_viewdef(r.oid) end),
      ('server', (
        select quote_ident(s.srvname)
        from pg_catalog.pg_foreign_table as t join pg_catalog.pg_foreign_server as s on s.oid = t.ftserver
        where t.ftrelid = r.oid
      ))
  ) as f (property, value)
  union all
  -- Of the storage options only those of views decide who reads what.
  select r.kind, r.name, o.option_name, case o.option_name when 'check_option' then o.option_value else 'true' end
  from relation as r
  cross join lateral pg_options_to_table(r.reloptions) as o
  where case when r.relkind <> 'v' then false when o.option_name = 'check_option' then true
    else o.option_value::boolean end
  union all
  select 'column', c.name, f.property, f.value
  from col as c
  left join pg_catalog.pg_attrdef as d on (d.adrelid, d.adnum) = (c.attrelid, c.attnum)
  cross join lateral (
    values
      ('type', format_type(c.atttypid, c.atttypmod)),
      ('not null', case when c.attnotnull then 'true' end),
      ('default', case c.attgenerated when '' then pg_get_expr(d.adbin, d.adrelid) end),
      ('generated', case c.attgenerated when '' then null when 's' then 'stored ' else 'virtual ' end
        || pg_get_expr(d.adbin, d.adrelid)),
      ('identity', case c.attidentity when 'a' then 'always' when 'd' then 'by default' end),
      ('collation', case when c.attcollation <> (
        select t.typcollation from pg_catalog.pg_type as t where t.oid = c.atttypid
      ) then c.attcollation::regcollation::text end),
      ('no statistics', case c.attstattarget when 0 then 'true' end)
  ) as f (property, value)

  union all
  select 'policy', quote_ident(p.polname) || ' on ' || r.name, f.property, f.value
  from pg_catalog.pg_policy as p
  join relation as r on r.oid = p.polrelid
  cross join lateral (
    values
      ('mode', case when p.polpermissive then 'permissive' else 'restrictive' end),
      ('command', case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE'
        when 'd' then 'DELETE' else 'ALL' end),
      ('roles', (
        select string_agg(n.name, ', ' order by n.name collate "C")
        from unnest(p.polroles) as o (oid)
        cross join lateral (select case o.oid when 0 then 'PUBLIC' else o.oid::regrole::text end) as n (name)
      )),
      ('using', pg_get_expr(p.polqual, p.polrelid)),
      ('with check', pg_get_expr(p.polwithcheck, p.polrelid))
  ) as f (property, value)
  union all
  select 'statistics object', format('%s.%I', s.stxnamespace::regnamespace, s.stxname), f.property, f.value
  from pg_catalog.pg_statistic_ext as s
  join relation as r on r.oid = s.stxrelid
  cross join lateral (
    values ('owner', s.stxowner::regrole::text), ('definition', pg_get_statisticsobjdef(s.oid))
  ) as f (property, value)
),

-- Constraints, indexes, triggers and rules.
constraint_fact (kind, object, property, value) as (
  select case c.contype when 'c' then 'check constraint' when 'p' then 'primary key' when 'u' then 'unique constraint'
      when 'f' then 'foreign key' when 'x' then 'exclusion constraint' else 'not-null constraint' end,
    quote_ident(c.conname) || ' on ' || coalesce(r.name, t.name), f.property, f.value
  from pg_catalog.pg_constraint as c
  left join relation as r on r.oid = c.conrelid
  left join type as t on t.oid = c.contypid
  cross join lateral (select c.conparentid = 0 and (c.conislocal or c.coninhcount = 0)) as i (own)
  cross join lateral (
    values
      -- A partition cannot lose a constraint that it inherits.
      ('definition', case when i.own then regexp_replace(pg_get_constraintdef(c.oid), ' NOT VALID$', '') end),
      ('not validated', case when i.own and not c.convalidated then 'true' end),
      ('not checked', case when exists (
        select from pg_catalog.pg_trigger as g
        where g.tgconstraint = c.oid and g.tgisinternal and g.tgenabled in ('D', 'R')
      ) then 'true' end)
  ) as f (property, value)
  where coalesce(r.name, t.name) is not null
    and case c.contype when 't' then false when 'n' then not c.convalidated else true end
  union all
  -- An index of a constraint, or of a partitioned index, has no definition here: the constraint or that index has it.
  select case when i.indisunique then 'unique index'
      when a.amname in ('btree', 'hash', 'gist', 'gin', 'spgist', 'brin') then 'index' else 'approximate index' end,
    quote_ident(c.relname) || ' on ' || r.name, f.property, f.value
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_am as a on a.oid = c.relam
  join relation as r on r.oid = i.indrelid
  cross join lateral (
    values
      ('definition', case when not c.relispartition and not exists (
        select from pg_catalog.pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x')
      ) then pg_get_indexdef(i.indexrelid) end),
      ('invalid', case when not i.indisvalid then 'true' end)
  ) as f (property, value)
  union all
  select 'trigger', quote_ident(g.tgname) || ' on ' || r.name, f.property, f.value
  from pg_catalog.pg_trigger as g
  join relation as r on r.oid = g.tgrelid
  cross join lateral (
    values
      ('definition', pg_get_triggerdef(g.oid)),
      ('fires', case g.tgenabled when 'D' then 'never' when 'R' then 'on a replica' when 'A' then 'always' end)
  ) as f (property, value)
  where not g.tgisinternal
  union all
  select 'rule', quote_ident(w.rulename) || ' on ' || r.name, f.property, f.value
  from pg_catalog.pg_rewrite as w
  join relation as r on r.oid = w.ev_class
  cross join lateral (
    values
      ('definition', pg_get_ruledef(w.oid)),
      ('fires', case w.ev_enabled when 'D' then 'never' when 'R' then 'on a replica' when 'A' then 'always' end)
  ) as f (property, value)
  where w.rulename <> '_RETURN'
  union all
  select 'event trigger', quote_ident(e.evtname), f.property, f.value
  from pg_catalog.pg_event_trigger as e
  cross join lateral (
    values
      ('owner', e.evtowner::regrole::text),
      ('definition', concat_ws(' ', e.evtevent, array_to_string(e.evttags, ', '), 'execute', e.evtfoid::regprocedure)),
      ('fires', case e.evtenabled when 'D' then 'never' when 'R' then 'on a replica' when 'A' then 'always' end)
  ) as f (property, value)
  where (e.tableoid, e.oid) not in (select classid, objid from extension_part)
),

-- Functions, types and languages.
routine_fact (kind, object, property, value) as (
  select r.kind, r.name, f.property, f.value
  from routine as r
  cross join lateral (
    values
      ('owner', r.proowner::regrole::text),
      ('language', (select quote_ident(l.lanname) from pg_catalog.pg_language as l where l.oid = r.prolang)),
      ('arguments', nullif(pg_get_function_arguments(r.oid), '')),
      ('result', pg_get_function_result(r.oid)),
      ('volatility', case r.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end),
      ('parallel', case r.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end),
      ('security definer', case when r.prosecdef then 'true' end),
      ('leakproof', case when r.proleakproof then 'true' end),
      ('strict', case when r.proisstrict then 'true' end),
      -- The planner evaluates a cheap function first, also before a policy.
      ('cost', nullif(r.procost, case when r.prolang in (12, 13) then 1 else 100 end)::text),
      ('support', nullif(r.prosupport, 0)::regproc::text),
      -- Deparsed: normalised and hashed in the last file.
      ('SQL body', pg_get_function_sqlbody(r.oid)),
      ('body', case when r.prosqlbody is null then encode(sha256(convert_to(
        concat_ws(E'\n', r.prosrc, r.probin, (
          select concat_ws(E'\n', a.aggtransfn::regprocedure, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.agginitval)
          from pg_catalog.pg_aggregate as a where a.aggfnoid = r.oid
        )), 'UTF8'
      )), 'hex') end)
  ) as f (property, value)
  union all
  select r.kind, r.name, 'setting ' || split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
  from routine as r
  cross join lateral unnest(r.proconfig) as c
  union all
  select t.kind, t.name, f.property, f.value
  from type as t
  cross join lateral (
    values
      ('owner', t.typowner::regrole::text),
      ('definition', case t.typtype
        when 'e' then (
          select 'enum ' || string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
          from pg_catalog.pg_enum as e where e.enumtypid = t.oid
        )
        when 'c' then (
          select string_agg(
            quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum
          )
          from pg_catalog.pg_attribute as a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
        )
        when 'd' then concat_ws(
          ' ', format_type(t.typbasetype, t.typtypmod), nullif(t.typcollation, 0)::regcollation,
          case when t.typnotnull then 'not null' end, 'default ' || pg_get_expr(t.typdefaultbin, 0)
        )
        when 'r' then (
          select concat_ws(' ', 'range of', g.rngsubtype::regtype, g.rngsubdiff)
          from pg_catalog.pg_range as g where g.rngtypid = t.oid
        )
        else concat_ws(' ', 'input', t.typinput, 'output', t.typoutput)
      end)
  ) as f (property, value)
  union all
  select 'collation', c.oid::regcollation::text, 'definition', concat_ws(
    ' ', c.collprovider, c.collcollate, c.collctype, j.c ->> 'colliculocale', j.c ->> 'colllocale',
    j.c ->> 'collicurules', case when not c.collisdeterministic then 'nondeterministic' end
  )
  from pg_catalog.pg_collation as c
  cross join lateral (select to_jsonb(c)) as j (c)
  where c.oid >= 16384
    and (c.tableoid, c.oid) not in (select classid, objid from extension_part)
  union all
  select 'cast', format('%s as %s', c.castsource::regtype, c.casttarget::regtype), 'definition', concat_ws(
    ' ', case c.castcontext when 'i' then 'implicit' when 'a' then 'in assignments' else 'explicit' end,
    case c.castmethod when 'b' then 'without a function' when 'i' then 'by text' else c.castfunc::regprocedure::text end
  )
  from pg_catalog.pg_cast as c
  where c.oid >= 16384
    and (c.tableoid, c.oid) not in (select classid, objid from extension_part)
  union all
  select 'operator', o.oid::regoperator::text, f.property, f.value
  from pg_catalog.pg_operator as o
  cross join lateral (
    values
      ('owner', o.oprowner::regrole::text),
      ('definition', concat_ws(
        ' ', o.oprcode::regprocedure, 'restrict ' || nullif(o.oprrest, 0)::regproc,
        'join ' || nullif(o.oprjoin, 0)::regproc
      ))
  ) as f (property, value)
  where o.oid >= 16384
    and (o.tableoid, o.oid) not in (select classid, objid from extension_part)
  union all
  select 'language', l.name, f.property, f.value
  from language as l
  cross join lateral (
    values ('owner', l.lanowner::regrole::text), ('trusted', case when l.lanpltrusted then 'true' end)
  ) as f (property, value)
),

-- Ways by which rows or connections leave the database: publications, subscriptions, foreign servers, large objects.
copy_fact (kind, object, property, value) as (
  select 'publication', quote_ident(p.pubname), f.property, f.value
  from pg_catalog.pg_publication as p
  cross join lateral (
    values
      ('owner', p.pubowner::regrole::text),
      ('all tables', case when p.puballtables then 'true' end),
      ('publishes', concat_ws(
        ', ', case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
        case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end,
        case when p.pubviaroot then 'as the root table' end
      ))
  ) as f (property, value)
  union all
  select 'publication', quote_ident(p.pubname), 'table ' || t.prrelid::regclass, concat_ws(
    ' ',
    coalesce(
      (
        select 'columns ' || string_agg(quote_ident(a.attname), ', ' order by a.attnum)
        from pg_catalog.pg_attribute as a where a.attrelid = t.prrelid and a.attnum = any (t.prattrs::smallint[])
      ),
      'all columns'
    ),
    coalesce('where ' || pg_get_expr(t.prqual, t.prrelid), 'of all rows')
  )
  from pg_catalog.pg_publication_rel as t
  join pg_catalog.pg_publication as p on p.oid = t.prpubid
  union all
  select 'publication', quote_ident(p.pubname), 'schema ' || n.pnnspid::regnamespace, 'all tables'
  from pg_catalog.pg_publication_namespace as n
  join pg_catalog.pg_publication as p on p.oid = n.pnpubid
  union all
  select 'subscription', quote_ident(s.subname), 'owner', s.subowner::regrole::text
  from pg_catalog.pg_subscription as s
  join this on this.oid = s.subdbid
  union all
  select 'foreign-data wrapper', name, 'owner', fdwowner::regrole::text from wrapper
  union all
  select 'foreign server', quote_ident(s.srvname), f.property, f.value
  from pg_catalog.pg_foreign_server as s
  cross join lateral (
    values
      ('owner', s.srvowner::regrole::text),
      ('wrapper', (
        select quote_ident(w.fdwname) from pg_catalog.pg_foreign_data_wrapper as w where w.oid = s.srvfdw
      ))
  ) as f (property, value)
  union all
  select 'user mapping',
    format('%s on %I', case m.umuser when 0 then 'PUBLIC' else m.umuser::regrole::text end, m.srvname),
    'server', quote_ident(m.srvname)
  from pg_catalog.pg_user_mappings as m
  union all
  select distinct 'large objects', 'in this database', 'owned by ' || lomowner::regrole, 'true'
  from pg_catalog.pg_largeobject_metadata
),

-- All rows. Postgres prints some expressions differently after a dump and restore, although they mean the same. Here
-- both have one form:
--
--   (((a >= 1) AND (a <= 9)) AND b)                as it is printed first for: a between 1 and 9 and b
--   ((a >= 1) AND (a <= 9) AND b)                  as it is printed after a restore, and here
--   (ARRAY['x'::character varying])::text[]        as it is printed first for: a in ('x')
--   ARRAY[('x'::character varying)::text]          as it is printed after a restore
--   ARRAY['x'::character varying]                  as it is printed here
fact as materialized (
  select row_number() over () as id, f.*
  from (
    select kind, object, property, value from privilege
    union all select kind, object, property, value from role_fact
    union all select kind, object, property, value from relation_fact
    union all select kind, object, property, value from constraint_fact
    union all select kind, object, property, value from routine_fact
    union all select kind, object, property, value from copy_fact
  ) as f
  where f.value is not null
),
expression as materialized (
  select f.id,
    regexp_replace(
      regexp_replace(f.value, $re$\(('(?:[^']|'')*'::character varying)\)::text(?!\[)$re$, '\1', 'g'),
      $re$\(ARRAY\[((?:'(?:[^']|'')*'::character varying(?:, )?)+)\]\)::text\[\]$re$, 'ARRAY[\1]', 'g'
    ) as value
  from fact as f
  where f.property in ('definition', 'using', 'with check', 'default', 'generated', 'SQL body')
    or (f.kind = 'publication' and f.property ~ '^table ')
),
-- The pieces of an expression: literals, quoted names, parentheses, words, and what is between them. The depth of a
-- piece is how many parentheses are open around it; a parenthesis counts itself.
piece as materialized (
  select p.id, p.n, p.text,
    sum(case p.text when '(' then 1 when ')' then -1 else 0 end) over (partition by p.id order by p.n)
      + case p.text when ')' then 1 else 0 end as depth
  from (
    select e.id, m.n, m.match[1] as text
    from expression as e
    cross join lateral regexp_matches(
      e.value, $re$'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]|\w+|[^\w'"()]+$re$, 'g'
    ) with ordinality as m (match, n)
    where e.value ~ '\(\('
  ) as p
),
-- Pairs of parentheses, each with the operator that connects the terms between them: AND, OR or none.
parenthesis as materialized (
  select p.id, p.opens, max(p.n) filter (where p.text = ')') as closes,
    min(p.text) filter (where p.text in ('AND', 'OR')) as operator
  from (
    select id, n, text, max(n) filter (where text = '(') over (partition by id, depth order by n) as opens from piece
  ) as p
  group by p.id, p.opens
  having count(distinct p.text) filter (where p.text in ('AND', 'OR')) = 1
),
-- A pair that begins another pair with the same operator changes nothing: ((a AND b) AND c).
needless as (
  select i.id, n.n
  from parenthesis as i
  join parenthesis as o on o.id = i.id and o.opens = i.opens - 1 and o.operator = i.operator
  cross join lateral (values (i.opens), (i.closes)) as n (n)
),
rejoined as (
  select p.id, string_agg(p.text, '' order by p.n) as value
  from piece as p
  left join needless as n on n.id = p.id and n.n = p.n
  where n.id is null
  group by p.id
),
normal as (
  select f.kind, f.object,
    case f.property when 'SQL body' then 'body' else f.property end as property,
    case
      when f.property = 'SQL body' then encode(sha256(convert_to(coalesce(r.value, e.value), 'UTF8')), 'hex')
      when (f.kind = 'setting' or f.property ~ '^setting ') and f.property ~* 'secret|passw|token|key|credential|jwt'
        then 'hidden, sha256 ' || left(encode(sha256(convert_to(f.value, 'UTF8')), 'hex'), 16)
      else coalesce(r.value, e.value, f.value)
    end as value
  from fact as f
  left join expression as e on e.id = f.id
  left join rejoined as r on r.id = f.id
)
select kind, object, property, value
from normal
where
  -- Evaluated once, before any row is read. The settings last to the end of the transaction. A setting that has this
  -- value already is not touched.
  (
    select count(set_config(s.name, s.value, true))
    from (
      values
        ('search_path', 'pg_catalog, pg_temp'), ('quote_all_identifiers', 'off'), ('standard_conforming_strings', 'on'),
        ('timezone', 'UTC'), ('datestyle', 'ISO, YMD'), ('intervalstyle', 'postgres'), ('extra_float_digits', '1'),
        ('bytea_output', 'hex'), ('lc_monetary', 'C')
    ) as s (name, value)
    where current_setting(s.name) <> s.value
  ) >= 0
order by kind collate "C", object collate "C", property collate "C", value collate "C";
