-- Whether tenants are isolated in this database: one row a check that passes, or a row a finding.
--
--   PGOPTIONS='-c jit=off -c search_path=pg_catalog,pg_temp' psql "$DATABASE_URL" -f db/audit.sql
--   select * from ragwall.audit();                where Ragwall is installed
--
-- It reads catalogs and nothing else, installs nothing and needs no privilege, on PostgreSQL 15 and later, with Ragwall or
-- without; where db/agents.sql was run, pg_monitor's. What it cannot know, tell it; each is a list with commas:
--
--   set ragwall.tenant_columns = 'account_id';    how tables name the tenant (else tenant_id, org_id and the like)
--   set ragwall.app_roles = 'api';                what applications log in as (else who has privileges on such tables)
--   set ragwall.untrusted_roles = 'agent_caller'; those of them that run SQL that others write (else agent_*, if they log in)
--
-- A check is the select behind its mark, [T01] say. A finding is known by its check and its object.

with recursive
setting as materialized (
  select
    -- Without regard to case and underscores.
    regexp_split_to_array(lower(replace(coalesce(
      nullif(current_setting('ragwall.tenant_columns', true), ''), 'tenant_id, tenant, tenant_uuid, org_id, organization_id, organisation_id, workspace_id'
    ), '_', '')), ' *, *') as tenant_columns,
    regexp_split_to_array(nullif(current_setting('ragwall.app_roles', true), ''), ' *, *') as app_roles,
    regexp_split_to_array(coalesce(
      nullif(current_setting('ragwall.untrusted_roles', true), ''), 'agent_reader,agent_caller'
    ), ' *, *') as untrusted_roles,
    (select oid from pg_catalog.pg_database where datname = current_database()) as database
),
schema as materialized (
  select oid, nspname, nspowner, nspacl,
    exists (select from pg_catalog.aclexplode(nspacl) as a where a.grantee <> nspowner and a.privilege_type = 'USAGE') as open
  from pg_catalog.pg_namespace
  where nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_(toast|temp)'
),
-- What is the database's own: neither the server's nor an extension's.
relation as materialized (
  select c.oid, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.reloptions,
    s.oid as schema, format('%I.%I', s.nspname, c.relname) as name
  from pg_catalog.pg_class as c
  join schema as s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and not exists (
    select from pg_catalog.pg_depend as d
    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
  )
),
routine as materialized (
  select p.oid, p.proname, p.proowner, p.prosecdef, p.proleakproof, p.provolatile, p.pronargs, p.proacl, p.prolang,
    s.oid as schema, s.nspname, s.open,
    format('%I.%I(%s)', s.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)) as name,
    p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as trigger,
    -- But the audit's own, which names what it looks for.
    case when s.nspname = 'ragwall' and p.proname in ('audit', 'inventory') then ''
      else p.prosrc || coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), '') end as body,
    p.proretset or exists (
      select from pg_catalog.pg_type as y
      where y.oid = p.prorettype and (y.typtype = 'c' or y.typname in ('record', 'json', 'jsonb', 'xml'))
    ) as rows,
    -- Bound when it was written, or else the names in it are looked up where this says.
    p.prosqlbody is not null as bound,
    (select substr(c, 13) from unnest(p.proconfig) as c where c ~ '^search_path=') as path
  from pg_catalog.pg_proc as p
  join schema as s on s.oid = p.pronamespace
  where not exists (
    select from pg_catalog.pg_depend as d
    where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
  )
),
-- What has a column that names the tenant, the first of those that may.
named as materialized (
  select distinct on (r.oid) r.oid, a.attnum, a.attname, a.attnotnull, a.attcollation, a.atttypid
  from relation as r
  join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  cross join setting as s
  where lower(replace(a.attname, '_', '')) = any (s.tenant_columns)
  order by r.oid, array_position(s.tenant_columns, lower(replace(a.attname, '_', '')))
),
-- Tables that hold rows of tenants, partitions and children among them.
tenant_table as materialized (
  select
    r.oid, r.name, r.relname, r.relkind, r.relowner, r.relrowsecurity, r.relforcerowsecurity, r.schema,
    a.attnum, a.attname, a.attnotnull or y.typnotnull as attnotnull, a.attcollation, a.atttypid, coalesce(b.typname, y.typname) as typname, y.typcategory,
    exists (select from pg_catalog.pg_inherits as i where i.inhrelid = r.oid) as child,
    -- The column as it is written in expressions, also with the whole row.
    format('(?<![\w."])((%s\.)?%s(?![\w"(.])|%1$s\.\*)', regexp_replace(quote_ident(r.relname), '([^\w\s"])', '\\\1', 'g'),
      regexp_replace(quote_ident(a.attname), '([^\w\s"])', '\\\1', 'g')) as col
  from relation as r
  join named as a on a.oid = r.oid
  join pg_catalog.pg_type as y on y.oid = a.atttypid
  left join pg_catalog.pg_type as b on b.oid = y.typbasetype
  where r.relkind in ('r', 'p')
),
-- Who may do what to a relation or a column, its owner apart; 0 is PUBLIC.
privilege as materialized (
  select r.oid, r.name, r.relkind, r.relrowsecurity, null::name as attname, a.grantee, a.privilege_type, a.is_grantable
  from relation as r
  cross join lateral pg_catalog.aclexplode(r.relacl) as a
  where a.grantee <> r.relowner
  union all
  select r.oid, r.name, r.relkind, r.relrowsecurity, c.attname, a.grantee, a.privilege_type, a.is_grantable
  from relation as r
  join pg_catalog.pg_attribute as c on c.attrelid = r.oid
  cross join lateral pg_catalog.aclexplode(c.attacl) as a
  where a.grantee <> r.relowner
),
execution as materialized (
  select r.oid, a.grantee
  from routine as r
  cross join lateral pg_catalog.aclexplode(coalesce(r.proacl, pg_catalog.acldefault('f', r.proowner))) as a
  -- What everybody may execute by default, in a schema that nobody else may use, nobody can.
  where a.grantee <> r.proowner and (a.grantee <> 0 or r.open)
),
-- Which functions name which relations.
mention as materialized (
  select distinct f.oid, r.oid as relation, r.name
  from routine as f
  cross join lateral regexp_split_to_table(lower(f.body), '\W+') as w (word)
  join relation as r on lower(r.relname) = w.word
  union
  select f.oid, r.oid, r.name
  from relation as r
  join routine as f on strpos(lower(f.body), lower(r.relname)) > 0
  where r.relname ~ '\W'
),
-- Memberships that give something, direct and indirect. Who may make a role may be given it as an administrator alone.
member as materialized (
  select m.member, m.roleid
  from pg_catalog.pg_auth_members as m
  join pg_catalog.pg_roles as r on r.oid = m.member
  where coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true) or coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
    or m.admin_option and not r.rolcreaterole
),
membership as (
  select member, roleid from member
  union
  select x.member, m.roleid from membership as x join member as m on m.member = x.roleid
),
-- Of indirect ones, whom they end by.
via as materialized (
  select x.member, m.roleid, min(r.rolname) as name
  from membership as x
  join member as m on m.member = x.roleid
  join pg_catalog.pg_roles as r on r.oid = m.member
  where (x.member, m.roleid) not in (select member, roleid from member)
  group by x.member, m.roleid
),
policy as materialized (
  select p.oid, p.polname, p.polpermissive, p.polcmd, p.polroles, p.polrelid, t.name as table_name, t.attname, t.col, t.typname,
    format('%I on %s', p.polname, t.name) as name,
    regexp_replace(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '\s+', ' ', 'g') as using_text,
    regexp_replace(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '\s+', ' ', 'g') as check_text
  from pg_catalog.pg_policy as p
  join tenant_table as t on t.oid = p.polrelid
),
-- What can be written for the tenant: calls, settings, users and constants, in parentheses seven deep; no columns, no conditions.
form as materialized (
  select own, value, format('(%s = %s|%2$s = %1$s)', own, value) as same
  from (
    select '(\{\}|\(\{\}\)::[\w." ]+)' as own,
      replace(replace(replace(replace(replace(replace(replace(v, '@', v), '@', v), '@', v), '@', v), '@', v), '@', v), '@', '') as value
    from (
      values (
        '(?:(?!COALESCE|LEAST|GREATEST)[\w".]*\(@\)|E?''x''|\{e\}|::(?:"?\w+"?\.)?"?\w+"?(?: varying)?| ?SELECT | AS "?\w+"?|, | ?#?->>? ?|-?\d+|(?:true|false|NULL)\M'
          || '|CURRENT_USER|SESSION_USER|CURRENT_ROLE| COLLATE [\w".]+)*'
      )
    ) as v (v)
  ) as f
),
-- Each expression of a policy, the tenant's column in it written {}, texts 'x' and the empty one {e}.
expression as materialized (
  select p.*, e.part, e.expression,
    regexp_replace(
      regexp_replace(regexp_replace(e.expression, p.col, '{}', 'g'), '(?<!'')''''(?!'')', '{e}', 'g'), '''[^'']*''', '''x''', 'g'
    ) as own
  from policy as p
  cross join lateral (values ('using', p.using_text), ('with check', p.check_text)) as e (part, expression)
  where e.expression is not null
),
-- And what it comes to.
verdict as materialized (
  select e.own,
    case
      when e.own ~ '^\(*(true|1 = 1)\)*$' or e.own ~ '( OR true\)|\(true OR )' or e.own ~ '\{\}(\)|::[\w ]+)* = [\w".(]*\{\}'
        or e.own ~ '^\(*\{\}\)?(::\w+)? IS NOT NULL\)*$'
        then 'always true'
      when e.own ~ '\{\}\)?(::[\w ]+)? IS NULL'
        or e.own ~ format('(\(%s\) OR | OR \(%1$s\)|COALESCE\([^{}]*, \(?\{\})', format('(COALESCE\()?%s\)?( IS NULL| = \{e\}(::text)?)', f.value))
        then 'true without a tenant'
      when e.own ~ '^\(+ ?SELECT (pg_catalog\.)?jsonb_build_object\(COALESCE\((ragwall\.)?current_tenant\(\), \{e\}::text\), true\) '
        'AS jsonb_build_object\)\)?\[\(*\{\}\)?(::text)?\] IS NOT NULL\)*$' then 'tenant'
      -- A constant asks nobody.
      when e.own ~ '\{\}(\)|::[\w ]+)* = \(*( ?SELECT \(*)?(''|\{e\}|-?\d|NULL\M)|(?<![\w"])\(+(''x''|\{e\}|-?\d+|NULL)(\)|::[\w ]+)* = \(*\{\}' then 'unknown'
      -- Alone, or the first or last of conditions that must all hold.
      when e.own ~ format('^\(%s\)$|^\(\(%1$s\) AND | AND \(%1$s\)\)$', f.same) then 'tenant'
      when e.own !~ '\{\}' or e.own !~ '(\m[\w.]+"?\(|SELECT|_USER|CURRENT_ROLE)' then 'no tenant'
      when e.own ~ format('^\(%s (<>|[<>]=?|!?~~?\*?) %s\)$|^\(NOT \(%s\)\)$', f.own, f.value, f.same) then 'other tenants'
      else 'unknown'
    end as comes_to
  from (select distinct own from expression) as e
  cross join form as f
),
condition as materialized (
  select e.*, v.comes_to from expression as e join verdict as v on v.own = e.own
),
-- Functions that policies call: what they return is who the tenant is.
context_function as materialized (
  select distinct r.oid, r.name, r.proowner, r.prosecdef, r.provolatile, r.pronargs, r.body, r.schema, p.polrelid
  from policy as p
  join pg_catalog.pg_depend as d on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid
    and d.refclassid = 'pg_catalog.pg_proc'::regclass
  join routine as r on r.oid = d.refobjid
),
-- Views and the like over tenants' rows, also over other views; what is copied from them, no policy holds for.
derived as (
  select r.oid, r.name, r.relkind, r.relowner, r.reloptions, t.oid as source, t.name as source_name, t.far or r.relkind = 'm' as copied
  from (
    select oid, name, false as far from tenant_table
    union all
    select f.oid, f.name, true from relation as f join named as n on n.oid = f.oid where f.relkind = 'f'
  ) as t
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = t.oid
    and d.classid = 'pg_catalog.pg_rewrite'::regclass
  join pg_catalog.pg_rewrite as w on w.oid = d.objid and w.ev_class <> t.oid
  join relation as r on r.oid = w.ev_class and r.relkind in ('v', 'm')
  union
  select r.oid, r.name, r.relkind, r.relowner, r.reloptions, t.oid, t.name, true
  from tenant_table as t
  join mention as n on n.relation = t.oid
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_proc'::regclass and d.refobjid = n.oid
    and d.classid = 'pg_catalog.pg_rewrite'::regclass
  join pg_catalog.pg_rewrite as w on w.oid = d.objid
  join relation as r on r.oid = w.ev_class and r.relkind = 'm'
  union
  select r.oid, r.name, r.relkind, r.relowner, r.reloptions, x.source, x.source_name, x.copied or r.relkind = 'm'
  from derived as x
  join pg_catalog.pg_depend as d on d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = x.oid
    and d.classid = 'pg_catalog.pg_rewrite'::regclass
  join pg_catalog.pg_rewrite as w on w.oid = d.objid and w.ev_class <> x.oid
  join relation as r on r.oid = w.ev_class and r.relkind in ('v', 'm')
),
view as materialized (
  select oid, name, relkind, relowner, min(source_name) as source_name, bool_or(copied) as copied,
    relkind = 'v' and coalesce(array_to_string(reloptions, ',') ~* '\msecurity_invoker=(t|tr|tru|true|on|y|ye|yes|1)\M', false) as invoker
  from derived
  group by oid, name, relkind, relowner, reloptions
),
app_role as materialized (
  select r.*, r.rolname = any (s.untrusted_roles) or exists (
      select from membership as m join pg_catalog.pg_roles as u on u.oid = m.roleid
      where m.member = r.oid and u.rolname = any (s.untrusted_roles)
    ) as untrusted
  from pg_catalog.pg_roles as r
  cross join setting as s
  cross join lateral (
    select array(
      select p.grantee from privilege as p
      where s.app_roles is null and p.oid in (select t.oid from tenant_table as t union select v.oid from view as v)
        and (p.grantee not in (select t.relowner from tenant_table as t) or exists (
          select from pg_catalog.pg_roles as l
          where l.rolcanlogin and not l.rolsuper and (l.oid = p.grantee or exists (select from membership as m where m.member = l.oid and m.roleid = p.grantee))
        ))
      union
      select e.grantee from execution as e join routine as f on f.oid = e.oid
      where s.app_roles is null and f.prosecdef
        and (f.schema in (select t.schema from tenant_table as t)
          or f.oid in (select n.oid from mention as n join tenant_table as t on t.oid = n.relation))
        and e.grantee not in (select t.relowner from tenant_table as t)
        and e.grantee not in (select c.proowner from context_function as c)
      union
      select n.oid from pg_catalog.pg_roles as n where n.rolname = any (s.app_roles)
    ) as oids
  ) as g
  where (r.oid = any (g.oids) or r.oid not in (select relowner from tenant_table)
      and exists (select from membership as m where m.member = r.oid and m.roleid = any (g.oids)))
    and (r.oid <> 10 and r.rolname !~ '^pg_' or r.rolname = any (s.app_roles))
),
-- Roles that are no application's, and that an application's may not be a member of.
strong as materialized (
  select o.oid, o.rolname,
    case when o.rolsuper or o.rolbypassrls then 'policies do not bind'
      when o.rolcreaterole then 'has CREATEROLE'
      when o.rolreplication then 'has REPLICATION'
      when o.oid in (select relowner from tenant_table) then 'owns tables with tenants'
      when o.oid in (select proowner from context_function) then 'owns functions that policies call' end as why
  from pg_catalog.pg_roles as o
  where o.rolname !~ '^pg_' and o.oid not in (select oid from app_role)
),
-- Whose grants an application has: its roles', those of the roles that they are members of, and everybody's.
grantee as materialized (
  select oid, rolname::text as name, quote_ident(rolname) as ident, untrusted from app_role
  union all
  select o.oid, o.rolname, quote_ident(o.rolname), bool_or(a.untrusted)
  from strong as o join membership as m on m.roleid = o.oid join app_role as a on a.oid = m.member
  where o.why is null
  group by o.oid, o.rolname
  union all
  select 0, 'PUBLIC', 'public', false
),
-- Which relations applications have privileges on, and which functions they may call.
granted as materialized (
  select p.oid, p.name, p.relkind, p.relrowsecurity, string_agg(distinct g.name, ', ') as names, string_agg(distinct g.ident, ', ') as idents,
    string_agg(distinct g.name, ', ') filter (where p.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')) as users,
    string_agg(distinct g.name, ', ') filter (where p.privilege_type = 'SELECT') as readers
  from privilege as p
  join grantee as g on g.oid = p.grantee
  group by p.oid, p.name, p.relkind, p.relrowsecurity
),
tenant_privilege as materialized (
  select t.oid, t.name, t.attname as tenant, t.child, t.relrowsecurity, p.privilege_type, p.is_grantable, p.attname,
    g.oid as grantee, g.name as whose, g.ident
  from tenant_table as t
  join privilege as p on p.oid = t.oid
  join grantee as g on g.oid = p.grantee
),
callable as materialized (
  select f.*, c.names, c.idents
  from routine as f
  join (
    select e.oid, string_agg(distinct g.name, ', ') as names, string_agg(distinct g.ident, ', ') as idents
    from execution as e join grantee as g on g.oid = e.grantee
    group by e.oid
  ) as c on c.oid = f.oid
),
-- Roles that row-level security does not bind.
bypassing as materialized (
  select oid, rolname from pg_catalog.pg_roles where rolsuper or rolbypassrls
),
tenant_index as materialized (
  select i.*, c.relname, c.relkind, m.amname, t.name as table_name, t.attnum, t.attname, t.relrowsecurity,
    format('%s on %s', quote_ident(c.relname), t.name) as name,
    (i.indkey::smallint[])[0] = t.attnum as leads,
    t.attnum = any ((i.indkey::smallint[])[0:i.indnkeyatts - 1]) as contains,
    i.indnkeyatts = 1 and exists (
      select from pg_catalog.pg_attrdef as d
      where d.adrelid = i.indrelid and d.adnum = (i.indkey::smallint[])[0] and pg_catalog.pg_get_expr(d.adbin, d.adrelid) ~ 'random_uuid|uuid_generate_v4'
    ) as random,
    exists (select from pg_catalog.pg_inherits as h where h.inhrelid = i.indexrelid) as attached,
    -- Whether it has rows of one tenant alone, by its own condition or that of its partition.
    exists (
      select from unnest(array[
        pg_catalog.pg_get_expr(i.indpred, i.indrelid), case when t.child then pg_catalog.pg_get_partition_constraintdef(i.indrelid) end
      ]) as e
      where regexp_replace(e, t.col, '{}', 'g') ~ replace('^\(@\)$|^\((\(\{\} IS NOT NULL\) AND )?\(@\)( AND |\)$)| AND \(@\)\)$', '@',
        '(\{\}|\(\{\}\)::[\w ]+) = \(*(''[^'']*''|-?\d+)+\)*(::[\w". ]+)?')
    ) as alone,
    exists (
      select from pg_catalog.pg_opclass as o join pg_catalog.pg_amop as a on a.amopfamily = o.opcfamily
      where o.oid = any (i.indclass::oid[]) and a.amoppurpose = 'o'
    ) and m.amname not in ('gist', 'spgist', 'btree') as approximate
  from tenant_table as t
  join pg_catalog.pg_index as i on i.indrelid = t.oid
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_am as m on m.oid = c.relam
),
-- Those that several tenants share, an index of partitions but once.
shared_index as materialized (
  select i.*
  from tenant_index as i
  where not i.attached and not i.alone and (i.relkind = 'i' or exists (
    select from pg_catalog.pg_partition_tree(i.indexrelid) as l
    left join tenant_index as o on o.indexrelid = l.relid
    where l.isleaf and o.alone is not true
  ))
),
-- Settings that a role or a database begins every session with.
preset as materialized (
  select split_part(c, '=', 1) as setting, substr(c, strpos(c, '=') + 1) as value,
    s.setrole = 0 or s.setrole in (select oid from app_role) as for_app,
    coalesce(nullif(concat_ws(' in ', case when s.setrole <> 0 then 'role ' || s.setrole::regrole end,
      case when s.setdatabase <> 0 then 'database ' || quote_ident(d.datname) end), ''), 'role all') as place
  from pg_catalog.pg_db_role_setting as s
  left join pg_catalog.pg_database as d on d.oid = s.setdatabase
  cross join lateral unnest(s.setconfig) as c
  where s.setdatabase in (0, (select database from setting))
),
may_create as materialized (
  select s.nspname, g.name, g.ident
  from schema as s
  cross join lateral pg_catalog.aclexplode(s.nspacl) as a
  join grantee as g on g.oid = a.grantee
  where a.privilege_type = 'CREATE' and a.grantee <> s.nspowner
),
of_database as materialized (
  select g.name, g.ident, a.privilege_type, quote_ident(d.datname) as database
  from pg_catalog.pg_database as d
  cross join lateral pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) as a
  join grantee as g on g.oid = a.grantee
  where d.datname = current_database() and a.grantee <> d.datdba
),
finding (id, severity, status, object, evidence, remedy) as (

  -- 1 Row-level security

  -- [T00]
  select 'T00', case when n.names is not null then 'high' end, case when n.names is null then 'warn' else 'fail' end,
    'database ' || quote_ident(current_database()),
    'nothing was looked at: no table has a column named ' || array_to_string(s.tenant_columns, ', ') || ', with or without underscores'
      || coalesce('; policies compare ' || n.names, ''),
    'Say how tables name the tenant: --tenant-column, or the setting ragwall.tenant_columns.'
  from setting as s
  cross join (
    select string_agg(distinct m.name, ', ') as names
    from pg_catalog.pg_policy as p
    cross join lateral (
      select (regexp_matches(
        concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)),
        '[(. ]("[^"]+"|[a-z_][a-z_0-9]*)\)?(?:::\w+)? = \(*(?: ?SELECT )?[\w".]+\(', 'g'
      ))[1] as name
    ) as m
  ) as n
  where not exists (select from tenant_table)

  -- [T01]
  union all
  select 'T01', case when g.names is null then case when t.child then 'medium' else 'high' end end, 'fail', t.name,
    'row-level security is off' || coalesce('; privileges: ' || g.names, ''),
    format('alter table %s enable row level security', t.name)
  from tenant_table as t
  left join granted as g on g.oid = t.oid
  where not t.relrowsecurity

  -- [T02]
  union all
  select 'T02', case when t.child then 'low' when exists (select from app_role) and not exists (
      select from app_role as a where a.oid = t.relowner or (a.oid, t.relowner) in (select member, roleid from membership)
    ) then 'medium' end, 'fail', t.name, 'its owner ' || t.relowner::regrole || ' is not bound by its policies',
    format('alter table %s force row level security; first see whether functions that run as its owner rely on it', t.name)
  from tenant_table as t
  where t.relrowsecurity and not t.relforcerowsecurity

  -- [T03]
  union all
  select 'T03', null, 'warn', p.name || ' for ' || p.whose,
    string_agg(distinct p.privilege_type, ', ') || ' is granted, and no policy lets a row through',
    'Create a policy for it, or revoke the privilege.'
  from tenant_privilege as p
  join (values ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd')) as v (privilege_type, command)
    on v.privilege_type = p.privilege_type
  where p.relrowsecurity and not p.child and p.grantee <> 0 and (p.oid, p.grantee, v.command) not in (
    select o.polrelid, m.member, c.command
    from policy as o
    join (
      select member, roleid from membership
      union all
      select oid, oid from grantee
      union all
      select oid, 0 from grantee
    ) as m on m.roleid = any (o.polroles)
    join (values ('r'), ('a'), ('w'), ('d')) as c (command) on o.polcmd::text in (c.command, '*')
    where o.polpermissive
  )
  group by p.name, p.whose

  -- [T04]
  union all
  select 'T04', case when not c.polpermissive then 'high' end, 'fail', c.name,
    string_agg(format('%s (%s)', c.part, c.expression), ' and ') || ' is always true',
    format('alter policy %I on %s', c.polname, c.table_name) || string_agg(format(' %s (%I = (select <the tenant>))', c.part, c.attname), '')
  from condition as c
  where c.comes_to = 'always true'
  group by c.name, c.polname, c.table_name, c.polpermissive

  -- [T05]
  union all
  select 'T05', null, 'fail', c.name, string_agg(format('%s (%s)', c.part, c.expression), ' and ') || ' lets rows through where there is no tenant',
    'Compare alone, and keep what all tenants share in a table of its own, which applications only read.'
  from condition as c
  where c.comes_to = 'true without a tenant'
  group by c.name

  -- [T06]
  union all
  select 'T06', null, 'fail', c.name,
    string_agg(format('%s (%s)', c.part, c.expression), ' and ') || format(' does not hold %I to who asks', c.attname),
    format('alter policy %I on %s', c.polname, c.table_name) || string_agg(format(' %s (%I = (select <the tenant>))', c.part, c.attname), '')
  from condition as c
  where c.comes_to = 'other tenants' or c.comes_to = 'no tenant' and c.polpermissive
  group by c.name, c.polname, c.table_name, c.attname

  -- [T07]
  union all
  select 'T07', null, 'warn', c.name, string_agg(format('%s (%s)', c.part, c.expression), ' and ') || ' is not of a form that is known to hold',
    format('Have a person read it, and accept it; or compare alone: %I = (select <the tenant>).', c.attname)
  from condition as c
  where c.comes_to = 'unknown'
  group by c.name, c.attname

  -- [T08]
  union all
  select 'T08', null, 'warn', p.name, 'no with check: rows that are written are held to using alone',
    format('alter policy %I on %s with check (%s)', p.polname, p.table_name, p.using_text)
  from policy as p
  where p.polpermissive and p.polcmd in ('*', 'w') and p.check_text is null and p.using_text is not null

  -- [T09]
  union all
  select 'T09', null, 'warn', p.name, 'it applies to PUBLIC: to every role that is made later',
    format('alter policy %I on %s to <the application''s roles>', p.polname, p.table_name)
  from policy as p
  where p.polpermissive and 0 = any (p.polroles)

  -- [T10]
  union all
  select 'T10', null, 'warn', t.name,
    'no restrictive policy looks at the tenant for every role and command: a permissive one that is added later opens it',
    format('create policy tenant_floor on %s as restrictive using (%I = (select <the tenant>)) with check (%2$I = (select <the tenant>))',
      t.name, t.attname)
  from tenant_table as t
  where t.relrowsecurity and not t.child and t.oid not in (
    select p.polrelid from policy as p
    where not p.polpermissive and p.polcmd = '*' and 0 = any (p.polroles) and p.using_text is not null
      and p.oid not in (select c.oid from condition as c where c.comes_to = 'no tenant')
  )

  -- [T11]
  union all
  select distinct on (f.oid) 'T11', case f.provolatile when 'v' then 'medium' end, 'fail', f.name,
    case f.provolatile when 'v' then 'it is volatile: called for every row, and no index serves the policy'
      else 'it is immutable: a plan that is kept answers the next tenant with the first one''s rows' end,
    format('alter function %s stable', f.name)
  from context_function as f
  where f.provolatile = 'v' or f.provolatile = 'i' and (f.pronargs = 0 or f.body ~* 'current_setting')

  -- [T12]
  union all
  select 'T12', case when c.textual then 'medium' else 'low' end, case when c.textual then 'fail' else 'warn' end, c.name,
    string_agg(c.part, ' and ') || format(' casts %I: ', c.attname) || case when c.textual
      then 'a row of another tenant that cannot be cast raises an error that shows it'
      else 'no index serves it, and callers'' conditions may be evaluated first' end,
    format('Cast the other side: %I = (select <the tenant>::%s).', c.attname, c.typname)
  from (select *, typname in ('text', 'varchar', 'bpchar', 'name', 'citext') as textual from condition) as c
  where c.own ~ ('\{\}\)?::(?!' || case when c.textual then 'text|character|bpchar|varchar|name|citext' else c.typname end || ')\w')
    and c.own !~ '\[\(*\{\}'
  group by c.name, c.attname, c.typname, c.textual

  -- [T13]
  union all
  select 'T13', null, 'fail', p.name || ' for ' || p.whose,
    string_agg(distinct p.privilege_type, ', ') || ' is granted on a partition or child itself, past the policies of its parent',
    format('revoke all on %s from %s', p.name, p.ident)
  from tenant_privilege as p
  where p.child and p.relrowsecurity and p.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    and p.oid not in (select o.polrelid from policy as o)
  group by p.name, p.whose, p.ident

  -- 2 Roles

  -- [R00]
  union all
  select 'R00', null, 'fail', 'database ' || quote_ident(current_database()),
    coalesce('no role named ' || (select string_agg(n, ', ') from unnest(s.app_roles) as n where n not in (select rolname from pg_catalog.pg_roles)),
      'no role but owners and superusers has a privilege on a table with tenants: the application can only be one of these'),
    'Create a role for the application, grant it what it needs, and log in as it. Or name it: --app-role.'
  from setting as s
  where exists (select from tenant_table)
    and (not exists (select from app_role) or exists (select from unnest(s.app_roles) as n where n not in (select rolname from pg_catalog.pg_roles)))

  -- [R01]
  union all
  select 'R01', null, 'fail', a.rolname, 'it is a superuser: no policy holds for it', format('alter role %I nosuperuser', a.rolname)
  from app_role as a
  where a.rolsuper

  -- [R02]
  union all
  select 'R02', null, 'fail', a.rolname, 'it has BYPASSRLS: no policy holds for it', format('alter role %I nobypassrls', a.rolname)
  from app_role as a
  where a.rolbypassrls and not a.rolsuper

  -- [R03]
  union all
  select 'R03', null, 'fail', a.rolname, 'it has REPLICATION: it can copy every table', format('alter role %I noreplication', a.rolname)
  from app_role as a
  where a.rolreplication and not a.rolsuper

  -- [R04]
  union all
  select 'R04', null, 'fail', a.rolname, 'it has CREATEROLE: it can make itself a member of others', format('alter role %I nocreaterole', a.rolname)
  from app_role as a
  where a.rolcreaterole and not a.rolsuper

  -- [R05]
  union all
  select 'R05', null, 'warn', a.rolname, 'it has CREATEDB: a copy of this database has none of its REVOKEs', format('alter role %I nocreatedb', a.rolname)
  from app_role as a
  where a.rolcreatedb and not a.rolsuper

  -- [R06]
  union all
  select 'R06', case when o.rolname in ('pg_monitor', 'pg_read_all_settings', 'pg_read_all_stats', 'pg_stat_scan_tables') then 'medium' end,
    'fail', format('%I in %I', a.rolname, o.rolname), 'it is a member of ' || o.rolname || coalesce(', by ' || quote_ident(v.name), ''),
    format('revoke %I from %I', o.rolname, coalesce(v.name, a.rolname))
  from app_role as a
  join membership as m on m.member = a.oid
  join pg_catalog.pg_roles as o on o.oid = m.roleid
  left join via as v on v.member = a.oid and v.roleid = o.oid
  where o.rolname ~ '^pg_' and not a.rolsuper and not exists (
    select from membership as i join membership as j on j.member = i.roleid
    where i.member = a.oid and j.roleid = o.oid and (i.roleid in (select oid from app_role) or i.roleid in (select oid from pg_catalog.pg_roles where rolname ~ '^pg_'))
  )

  -- [R07]
  union all
  select 'R07', case when a.oid is null then 'medium' end, 'fail', format('%I in %I', r.rolname, o.rolname),
    format('it is a member of %I, which %s', o.rolname, o.why) || coalesce(', by ' || quote_ident(v.name), ''),
    format('revoke %I from %I', o.rolname, coalesce(v.name, r.rolname))
  from strong as o
  join membership as m on m.roleid = o.oid
  join pg_catalog.pg_roles as r on r.oid = m.member
  left join via as v on v.member = r.oid and v.roleid = o.oid
  left join app_role as a on a.oid = r.oid
  where o.why is not null and not r.rolsuper
    and (a.oid is not null or r.rolcanlogin and not r.rolbypassrls and o.why like 'owns tables%')
    and not exists (
      select from membership as i join membership as j on j.member = i.roleid
      where i.member = r.oid and j.roleid = o.oid and i.roleid in (select oid from app_role union select oid from strong where why is not null)
    )

  -- [R08]
  union all
  select 'R08', min(o.severity), 'fail', g.name,
    'it owns ' || string_agg(o.name, ', ' order by o.severity, o.name),
    format('reassign owned by %s to <a role that does not log in>', g.ident)
  from grantee as g
  join (
    select r.relowner as owner, r.name, case when t.oid is null then 'medium' else 'critical' end as severity
    from relation as r left join tenant_table as t on t.oid = r.oid
    union all
    select f.proowner, f.name, 'high' from routine as f where f.oid not in (select c.oid from context_function as c)
      and f.oid not in (select e.evtfoid from pg_catalog.pg_event_trigger as e)
    union all
    select s.nspowner, 'schema ' || quote_ident(s.nspname), case when s.oid in (select schema from tenant_table) then 'high' else 'medium' end from schema as s
    union all
    select d.datdba, 'database ' || quote_ident(d.datname), 'high' from pg_catalog.pg_database as d where d.datname = current_database()
  ) as o on o.owner = g.oid
  where g.oid not in (select oid from pg_catalog.pg_roles where rolsuper)
  group by g.name, g.ident

  -- [R09]
  union all
  select 'R09', null, 'warn', o.rolname,
    concat_ws(' and ', case when o.rolsuper then 'it is a superuser' when o.rolbypassrls then 'it has BYPASSRLS' end,
      case when o.rolcanlogin then 'it can log in' end) || ', and owns ' || count(*) || ' tables with tenants',
    'Give them to a role that is nologin, nosuperuser and nobypassrls: alter table ... owner to <another>'
  from tenant_table as t
  join pg_catalog.pg_roles as o on o.oid = t.relowner
  where (o.rolsuper or o.rolbypassrls or o.rolcanlogin) and o.oid not in (select oid from app_role)
  group by o.rolname, o.rolsuper, o.rolbypassrls, o.rolcanlogin

  -- [R10]
  union all
  select 'R10', null, 'warn', r.rolname,
    'it can log in and has ' || concat_ws(' and ', case when r.rolbypassrls then 'BYPASSRLS' end, case when r.rolreplication then 'REPLICATION' end),
    'Make sure that it is known, a backup say, and that no application uses it.'
  from pg_catalog.pg_roles as r
  where (r.rolbypassrls or r.rolreplication) and r.rolcanlogin and not r.rolsuper and r.oid not in (select oid from app_role)

  -- [R11]
  union all
  select 'R11', null, 'fail', p.name || ' for ' || p.whose, 'it may grant ' || string_agg(distinct p.privilege_type, ', ') || ' to others',
    format('revoke grant option for all on %s from %s', p.name, p.ident)
  from tenant_privilege as p
  where p.is_grantable
  group by p.name, p.whose, p.ident

  -- [R12]
  union all
  select 'R12', null, 'fail', format('parameter %s for %s', s.parname, g.name), string_agg(a.privilege_type, ', ') || ' is granted to it',
    format('revoke all on parameter %s from %s', s.parname, g.ident)
  from pg_catalog.pg_parameter_acl as s
  cross join lateral pg_catalog.aclexplode(s.paracl) as a
  join grantee as g on g.oid = a.grantee
  group by s.parname, g.name, g.ident

  -- 3 Who the tenant is

  -- [C01]
  union all
  select 'C01', null, 'warn', t.name,
    'its policies believe a setting that any SQL of the application''s can write: ' || b.settings,
    'Bind the tenant by a value that SQL cannot make up: a sealed or signed context, as ragwall.current_tenant() is.'
  from tenant_table as t
  join (
    select b.polrelid, string_agg(distinct coalesce(n.setting, 'a setting'), ', ') as settings
    from (
      select c.polrelid, c.expression as body from condition as c
      union all
      select f.polrelid, f.body from context_function as f
      where not (f.prosecdef and regexp_replace(f.body, '--[^\n]*|/\*.*?\*/', '', 'g') ~* '(seal|sha256|sha512|hmac|verif|signature)')
    ) as b
    left join lateral (select (regexp_matches(b.body, 'current_setting\(''([^'']+)''', 'g'))[1] as setting) as n on true
    where b.body ~* '\mcurrent_setting\('
    group by b.polrelid
  ) as b on b.polrelid = t.oid

  -- [C02]
  union all
  select distinct 'C02', null, 'fail', f.name, format('policies call it, and %s, an application''s role, owns it', g.name),
    format('alter function %s owner to <a role that does not log in>', f.name)
  from context_function as f
  join grantee as g on g.oid = f.proowner

  -- [C03]
  union all
  select 'C03', case when k.names is null then 'medium' end, 'fail', r.name,
    'it holds keys (' || k.columns || ')' || coalesce(', and has granted SELECT to ' || k.names, ', and has no row-level security: a role that reads all data reads them'),
    case when k.names is null then format('alter table %s enable row level security; or drop it, if it is a copy', r.name)
      else format('revoke all on %s from %s', r.name, k.idents) end
  from relation as r
  join lateral (
    select string_agg(distinct c.attname, ', ') as columns, string_agg(distinct g.name, ', ') as names, string_agg(distinct g.ident, ', ') as idents
    from pg_catalog.pg_attribute as c
    left join privilege as p on p.oid = r.oid and p.privilege_type = 'SELECT' and coalesce(p.attname = c.attname, true)
    left join grantee as g on g.oid = p.grantee
    where c.attrelid = r.oid and c.attnum > 0 and not c.attisdropped
      and c.attname ~* '^(jwt_?|signing_?|private_?|inner_?|outer_?|hmac_?|shared_?|master_?)?(secret|secret_?key|signing_?key|private_?key|inner_?(key|pad)|outer_?(key|pad)|jwt_?key)$'
  ) as k on k.columns is not null
  where r.relkind in ('r', 'p', 'v', 'm', 'f') and (
    k.names is not null and not (r.relrowsecurity and r.oid in (select oid from tenant_table))
    or k.columns in ('inner_key, outer_key', 'inner_pad, outer_pad') and not r.relrowsecurity and r.relkind <> 'v'
  )

  -- [C04]
  union all
  select 'C04', null, 'fail', s.setting || ' of ' || s.place, 'the setting looks like a secret, and every role can read it',
    format('alter %s reset %s; draw a new one, and keep it in a table that no application reads', s.place, s.setting)
  from preset as s
  where s.value <> '' and s.setting ~ '\.' and s.setting ~* '(secret|passw|api_?key|_key|\.key|token)$' and s.setting !~* 'public_?key$'

  -- [C05]
  union all
  select 'C05', null, 'fail', f.name, 'its body has what looks like a secret, and every role can read bodies',
    'Draw a new one, and keep it in a table that no application reads.'
  from routine as f
  where f.body ~* '\mhmac\s*\([^;]*,\s*''[^'']{8,}'''
    or f.body ~* '''[0-9a-f]{64,}'''
    or f.body ~ '''eyJ[A-Za-z0-9_-]{10,}'
    or f.body ~* '(secret|password|passwd|api_?key|signing_?key)\w*\s*(constant\s+)?(text|bytea|varchar)?\s*(:=|=|default)\s*''[^'']{8,}'''

  -- [C06]
  union all
  select 'C06', case when t.relrowsecurity
      and t.oid not in (select c.polrelid from condition as c where c.comes_to <> 'tenant') then 'medium' end, 'fail', t.name,
    format('%I may be null: such rows are nobody''s, or everybody''s', t.attname),
    format('alter table %s alter column %I set not null', t.name, t.attname)
  from tenant_table as t
  where not t.attnotnull and not t.child and not exists (
    select from pg_catalog.pg_constraint as k
    where k.conrelid = t.oid and k.contype = 'c' and k.convalidated and k.conkey = array[t.attnum]
      and pg_catalog.pg_get_expr(k.conbin, t.oid) ~* '^\(?"?\w+"? IS NOT NULL\)?$'
  )

  -- [C07]
  union all
  select 'C07', null, 'fail', t.name,
    format('%I is %s: tenants whose names differ in case, accents or trailing spaces are one', t.attname,
      case when t.typname in ('bpchar', 'citext') then t.typname else 'of a nondeterministic collation' end),
    format('alter table %s alter column %I type text collate "C", its policies dropped before and created anew after', t.name, t.attname)
  from tenant_table as t
  left join pg_catalog.pg_collation as c on c.oid = t.attcollation
  where not t.child and (t.typname in ('bpchar', 'citext') or not c.collisdeterministic)

  -- [C08]
  union all
  select 'C08', case when n.empty then 'medium' else 'low' end, case when n.empty then 'fail' else 'warn' end, t.name,
    format('%I may be the empty text', t.attname) || case when n.empty then ', which a setting is once its transaction is over: '
      'what is written without a tenant is read without one' else '' end,
    format('alter table %s add check (%I ~ ''^[!-~]{1,128}$'')', t.name, t.attname)
  from tenant_table as t
  cross join lateral (
    select t.oid in (select c.polrelid from condition as c where c.own ~ 'current_setting\(' and c.own !~ 'NULLIF\(') as empty
  ) as n
  where not t.child and t.typcategory = 'S' and (t.oid, t.attnum) not in (
    select k.conrelid, unnest(k.conkey)
    from pg_catalog.pg_constraint as k
    where k.convalidated and (
      k.contype = 'c' and pg_catalog.pg_get_constraintdef(k.oid) !~* '^CHECK \(\(+"?\w+"? IS NOT NULL\)+$'
      -- Or it is one of a list.
      or k.contype = 'f' and cardinality(k.conkey) = 1
    )
  ) and t.atttypid not in (select k.contypid from pg_catalog.pg_constraint as k where k.contype = 'c')

  -- [C09]
  union all
  select 'C09', null, 'warn', p.name || ' for ' || p.whose, format('it may update %I: only policies keep a row from changing hands', p.tenant),
    format('revoke update on %s from %s; grant update (<other columns>) on %1$s to %2$s', p.name, p.ident)
  from tenant_privilege as p
  where p.privilege_type = 'UPDATE' and p.attname = p.tenant and p.grantee <> 0

  -- [C10]
  union all
  select 'C10', null, case when f.wrong is not null then 'fail' when f.names is not null then 'n/a' else 'pass' end, case when f.wrong is null then '' else f.name end,
    case when f.wrong is not null then f.wrong || ' may name any tenant by it'
      when f.names is not null then 'the database cannot tell where the application takes the tenant from: trusting mode, ' || f.names || ' may name any'
      else 'signed mode: a tenant is bound by a token alone' end,
    case when f.wrong is null then '' else format('revoke execute on function %s from %s', f.name, f.idents) end
  from (
    select f.oid, f.name, f.proname, c.names, string_agg(distinct g.name, ', ') as wrong, string_agg(distinct g.ident, ', ') as idents
    from routine as f
    left join callable as c on c.oid = f.oid
    left join execution as e on e.oid = f.oid
    -- Whoever is not trusted, by a group, too.
    left join grantee as g on g.oid = e.grantee and (g.oid = 0 or exists (
      select from app_role as a
      where a.untrusted and a.rolcanlogin and (a.oid = g.oid or exists (select from membership as m where m.member = a.oid and m.roleid = g.oid))
    ))
    where f.nspname = 'ragwall' and f.proname = 'set_tenant'
      or f.prosecdef and f.body ~* '\m(set_tenant|ragwall_private\.bind)\s*\(' and (f.nspname, f.proname) <> ('ragwall', 'set_tenant_from_token')
    group by f.oid, f.name, f.proname, c.names
  ) as f
  where f.proname = 'set_tenant' or f.wrong is not null

  -- 4 Every connection sets the tenant first

  -- [X01]
  union all
  select 'X01', null, 'fail', p.setting || ' of ' || p.place, 'every session begins with a tenant: ' || p.value, format('alter %s reset %s', p.place, p.setting)
  from preset as p
  where p.for_app and p.setting ~ '\.' and p.setting !~ '^ragwall\.' and p.value <> '' and (
    p.setting ~* '(tenant|org(aniz|anis)?|workspace|jwt\.claim|account)'
    or exists (select from condition as c where strpos(c.expression, 'current_setting(''' || p.setting || '''') > 0)
    or exists (select from context_function as f where strpos(f.body, 'current_setting(''' || p.setting || '''') > 0)
  )

  -- [X02]
  union all
  select 'X02', null, 'fail', p.setting || ' of ' || p.place, format('every session begins with %s = %s', p.setting, p.value),
    format('alter %s reset %s', p.place, p.setting)
  from preset as p
  where p.for_app and (p.setting = 'row_security' and p.value !~* '^(on|t|tr|tru|true|y|ye|yes|1)$' or p.setting in ('role', 'session_replication_role'))

  -- 5 Pool

  -- [O02]
  union all
  select 'O02', null, 'fail', f.name, 'it sets a tenant for the session: behind a pool the next client has it',
    'Have it set the value for the transaction: set_config(..., ..., true).'
  from routine as f
  where f.body ~* 'set_config\s*\([^;,]*(tenant|org|workspace|account|claim)[^;,]*,((?!set_config)[^;])*,\s*''?(false|f)''?\s*(::\w+\s*)?\)'
    or f.body ~* '\mset\s+(session\s+)?(?!ragwall\.)[a-z_]+\.[a-z_]*(tenant|org|workspace|account)\w*\s*(=|to)\s'

  -- [O03]
  union all
  select 'O03', null, 'warn', p.place, 'sessions that carry what somebody left on them are not refused', format('alter %s reset ragwall.residue', p.place)
  from preset as p
  where p.setting = 'ragwall.residue' and p.value = 'allow'

  -- 6 Every deployment

  -- [M01]
  union all
  select 'M01', null, 'fail', 'schema ragwall', format('migration %s of %s', coalesce(m.done, 0), 13), 'Apply the migrations: graphile-migrate migrate.'
  from schema as s
  cross join lateral (
    select max((regexp_match(f.body, 'RETURN (\d+)'))[1]::integer) as done from routine as f where f.nspname = 'ragwall' and f.proname = 'migration'
  ) as m
  where s.nspname = 'ragwall' and coalesce(m.done, 0) < 13

  -- [M02]
  union all
  select 'M02', case when k.kind in ('sequences', 'functions') then 'low'
      when g.oid <> 0 and not bool_or(a.privilege_type = 'TRUNCATE') then 'medium' end,
    case when k.kind in ('sequences', 'functions') then 'warn' else 'fail' end,
    format('default privileges of %s%s on %s for %s', d.defaclrole::regrole, coalesce(' in ' || quote_ident(s.nspname), ''), k.kind, g.name),
    format('%s on all that are created later', string_agg(a.privilege_type, ', ')),
    format('alter default privileges for role %s %srevoke all on %s from %s',
      d.defaclrole::regrole, coalesce('in schema ' || quote_ident(s.nspname) || ' ', ''), k.kind, g.ident)
  from pg_catalog.pg_default_acl as d
  join (values ('r', 'tables'), ('S', 'sequences'), ('f', 'functions'), ('n', 'schemas'), ('L', 'large objects')) as k (type, kind)
    on k.type = d.defaclobjtype::text
  left join pg_catalog.pg_namespace as s on s.oid = d.defaclnamespace
  cross join lateral pg_catalog.aclexplode(d.defaclacl) as a
  join grantee as g on g.oid = a.grantee
  -- That functions are everybody's by default is told of the owners it matters for.
  where (d.defaclobjtype, d.defaclnamespace, g.oid) <> ('f', 0, 0) and g.oid <> d.defaclrole
  group by d.defaclrole, s.nspname, k.kind, g.oid, g.name, g.ident

  -- [M03]
  union all
  select 'M03', null, 'warn', o.owner::regrole::text, 'PUBLIC may execute every function that it creates',
    format('alter default privileges for role %s revoke execute on functions from public', o.owner::regrole)
  from (select relowner as owner from tenant_table union select proowner from context_function) as o
  where o.owner not in (select oid from grantee) and not exists (
    select from pg_catalog.pg_default_acl as d
    where d.defaclrole = o.owner and d.defaclobjtype = 'f' and d.defaclnamespace = 0
      and not exists (select from pg_catalog.aclexplode(d.defaclacl) as a where a.grantee = 0)
  )

  -- [M04]
  union all
  select 'M04', case when r.rolsuper then 'low' end, case when r.rolsuper then 'warn' else 'fail' end, 'event trigger ' || quote_ident(e.evtname),
    case when not r.rolsuper then format('%s, no superuser, owns its function %s, which runs as whoever migrates', r.rolname, f.name)
      else format('its function %s looks up names where whoever migrates does', f.name) end,
    case when not r.rolsuper then format('alter function %s owner to <a superuser>', f.name)
      else format('alter function %s set search_path = pg_catalog, pg_temp', f.name) end
  from pg_catalog.pg_event_trigger as e
  join routine as f on f.oid = e.evtfoid
  join pg_catalog.pg_roles as r on r.oid = f.proowner
  where not r.rolsuper or not f.bound and f.path is null

  -- Other ways to the data: privileges

  -- [P01] [P02] [P03] [P04]
  union all
  select distinct v.id, null, 'fail', p.name || ' for ' || p.whose, p.privilege_type || v.evidence,
    format('revoke %s on %s from %s', lower(p.privilege_type), p.name, p.ident)
  from tenant_privilege as p
  join (
    values
      ('P01', 'TRUNCATE', ' empties the table of every tenant: policies do not hold for it'),
      ('P02', 'TRIGGER', ' lets it run code of its own on the rows of every tenant'),
      ('P03', 'REFERENCES', ' lets it ask by a foreign key which rows there are'),
      ('P04', 'MAINTAIN', ' lets it lock the table for every tenant')
  ) as v (id, privilege_type, evidence) on v.privilege_type = p.privilege_type

  -- [P05]
  union all
  select 'P05', null, 'fail', p.name, 'PUBLIC has ' || string_agg(distinct p.privilege_type, ', ') || ': every login of the database',
    format('revoke all on %s from public', p.name)
  from tenant_privilege as p
  where p.grantee = 0 and p.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE') and p.relrowsecurity and not p.child
  group by p.name

  -- [P06]
  union all
  select 'P06', null, 'warn', p.name || ' for ' || p.whose,
    string_agg(distinct p.privilege_type, ' and ') || ' on the whole table lets it lock the table for every tenant: lock table ... in access exclusive mode',
    'Grant UPDATE on columns, and delete through a function.'
  from tenant_privilege as p
  where p.attname is null and p.privilege_type in ('UPDATE', 'DELETE') and p.grantee <> 0 and not p.child
  group by p.name, p.whose

  -- [P07]
  union all
  select 'P07', null, 'fail', format('schema %I for %s', m.nspname, m.name), 'it may create objects there, and so stand in for others',
    format('revoke create on schema %I from %s', m.nspname, m.ident)
  from may_create as m

  -- [P08]
  union all
  select 'P08', case when bool_or(d.privilege_type = 'CREATE') then 'high' end, 'fail', format('database %s for %s', d.database, d.name),
    case when bool_or(d.privilege_type = 'CREATE') then 'it may create schemas'
      else 'it may create temporary objects, which stand in for tables and types on a session that is shared' end,
    format('revoke %s on database %s from %s', string_agg(lower(d.privilege_type), ', '), d.database, d.ident)
  from of_database as d
  where d.privilege_type in ('TEMPORARY', 'CREATE')
  group by d.database, d.name, d.ident

  -- [P09]
  union all
  (with candidate as materialized (
    select r.oid, r.name, r.readers
    from granted as r
    where r.readers is not null and r.relkind in ('r', 'p', 'v', 'm') and r.oid not in (select oid from tenant_table union select oid from view)
      and (not r.relrowsecurity or exists (
        select from pg_catalog.pg_policy as o where o.polrelid = r.oid and o.polpermissive and pg_catalog.pg_get_expr(o.polqual, r.oid) = 'true'
      ))
  )
  select distinct on (r.oid) 'P09', case k.rank when 3 then 'medium' else 'high' end, case k.rank when 3 then 'warn' else 'fail' end, r.name,
    format('%s, no column names the tenant, and %s may read it', k.why, r.readers),
    'If tenants'' data are in it, add the column and protect it; or revoke the privilege.'
  from candidate as r
  join (
    select 1 as rank, a.attrelid, 'it has vectors' as why
    from pg_catalog.pg_attribute as a
    join pg_catalog.pg_type as y on y.oid = a.atttypid and y.typname in ('vector', 'halfvec', 'sparsevec')
    where a.attrelid in (select oid from candidate) and exists (select from tenant_table)
    union all
    select 2, k.conrelid, 'its rows refer to those of ' || k.confrelid::regclass
    from pg_catalog.pg_constraint as k
    where k.contype = 'f' and k.confrelid in (select oid from tenant_table)
    union all
    select 3, a.attrelid, format('%I is a column of %s, too', a.attname, c.name)
    from (
      select b.attname, b.atttypid, min(t.name) as name
      from tenant_table as t
      join pg_catalog.pg_attribute as b on b.attrelid = t.oid and b.attnum > 0
        and b.atttypid in ('text'::regtype, 'json'::regtype, 'jsonb'::regtype, 'bytea'::regtype)
        and b.attname !~* '(^|_)(id|key|name|code|slug|type|kind|status|state|title|label|role|locale|email|url|version|description|metadata|settings|options|config)$'
      group by b.attname, b.atttypid
    ) as c
    join pg_catalog.pg_attribute as a on a.attname = c.attname and a.atttypid = c.atttypid and a.attnum > 0
    where a.attrelid in (select oid from candidate)
  ) as k on k.attrelid = r.oid
  order by r.oid, k.rank, k.why)

  -- [P10]
  union all
  select 'P10', null, 'fail', 'database ' || quote_ident(current_database()),
    format('%s large objects: privileges hold for them, and policies do not', count(*)), 'Keep what belongs to a tenant in a table: bytea.'
  from pg_catalog.pg_largeobject_metadata
  having count(*) > 0

  -- [P11]
  union all
  select 'P11', null, 'fail', r.name, format('a foreign table has no policies, and %s may use it', r.names), format('revoke all on %s from %s', r.name, r.idents)
  from granted as r
  where r.relkind = 'f'

  -- [P12]
  union all
  select 'P12', null, 'fail', a.rolname,
    'where it runs SQL that others write, it may call ' || string_agg(f.name, ', ' order by f.name),
    'Run db/agents.sql as a superuser.'
  from app_role as a
  cross join (
    values ('pg_cancel_backend(int)', 'pg_cancel_backend'), ('pg_advisory_lock(bigint)', 'pg_advisory_lock'), ('pg_notify(text,text)', 'pg_notify'),
      ('lo_create(oid)', 'lo_create'), ('pg_database_size(oid)', 'pg_database_size'), ('pg_get_indexdef(oid)', 'pg_get_indexdef')
  ) as f (signature, name)
  where a.untrusted and a.rolcanlogin and has_function_privilege(a.oid, 'pg_catalog.' || f.signature, 'execute')
  group by a.rolname

  -- [P13]
  union all
  select 'P13', null, 'fail', a.rolname, 'where it runs SQL that others write, it may read ' || string_agg(v.name, ', ' order by v.name),
    'Run db/agents.sql as a superuser.'
  from app_role as a
  cross join (values ('pg_stat_activity'), ('pg_locks'), ('pg_class'), ('pg_index'), ('pg_stats')) as v (name)
  where a.untrusted and a.rolcanlogin and has_table_privilege(a.oid, 'pg_catalog.' || v.name, 'select')
  group by a.rolname

  -- [P14]
  union all
  select 'P14', null, 'fail', format('%s for %s', o.name, g.name), string_agg(a.privilege_type, ', ') || ' is granted, and the server grants it to no one by itself',
    format('revoke %s on %s %s from %s', string_agg(lower(a.privilege_type), ', '), o.kind, o.name, g.ident)
  from (
    select c.oid, c.tableoid, 'table' as kind, 'pg_catalog.' || c.relname as name, c.relacl as acl,
      pg_catalog.acldefault('r', c.relowner) as usual
    from pg_catalog.pg_class as c
    where c.relnamespace = 'pg_catalog'::regnamespace
    union all
    select p.oid, p.tableoid, 'function', format('pg_catalog.%I(%s)', p.proname, pg_catalog.oidvectortypes(p.proargtypes)), p.proacl,
      pg_catalog.acldefault('f', p.proowner)
    from pg_catalog.pg_proc as p
    where p.pronamespace = 'pg_catalog'::regnamespace
  ) as o
  cross join lateral pg_catalog.aclexplode(o.acl) as a
  join grantee as g on g.oid = a.grantee
  left join pg_catalog.pg_init_privs as i on i.classoid = o.tableoid and i.objoid = o.oid and i.objsubid = 0
  where not exists (
    select from pg_catalog.aclexplode(coalesce(i.initprivs, o.usual)) as u
    where u.grantee in (0, g.oid) and u.privilege_type = a.privilege_type
  )
  group by o.kind, o.name, g.name, g.ident

  -- Other ways to the data: views, functions, copies

  -- [V01]
  union all
  select 'V01', case when not v.unbound then 'medium' end, case when v.unbound then 'fail' else 'warn' end, v.name,
    format('a view of %s with the rights of %s%s, which %s may use', v.source_name, v.relowner::regrole,
      case when v.copied then ', over a copy of all tenants' when v.unbound then ', whom policies do not bind' else '' end, g.users),
    format('alter view %s set (security_invoker = true)', v.name)
  from (select *, copied or relowner in (select oid from bypassing) as unbound from view) as v
  join granted as g on g.oid = v.oid and g.users is not null
  where v.relkind = 'v' and not v.invoker

  -- [V02]
  union all
  select 'V02', null, 'fail', r.name, format('a copy of rows of all tenants%s, which %s may read', coalesce(', from ' || v.source_name, ''), r.readers),
    format('revoke all on %s from %s', r.name, r.idents)
  from granted as r
  left join view as v on v.oid = r.oid
  where r.relkind = 'm' and r.readers is not null and (v.oid is not null or r.oid in (select oid from named))

  -- [V03]
  union all
  select 'V03', null, 'fail', format('%I on %s', w.rulename, t.name), 'a rule rewrites statements on the table, with the rights of its owner',
    format('drop rule %I on %s', w.rulename, t.name)
  from tenant_table as t
  join pg_catalog.pg_rewrite as w on w.ev_class = t.oid

  -- [F01]
  union all
  select 'F01', case when not k.open then 'medium' end, case when k.open then 'fail' else 'warn' end, f.name,
    format('it runs as %s%s%s, and %s may call it', f.proowner::regrole, case when b.oid is not null then ', whom policies do not bind' end,
      ', and names ' || n.name, f.names),
    format('alter function %s owner to <a role that policies bind>; or revoke execute on it', f.name)
  from callable as f
  left join bypassing as b on b.oid = f.proowner
  left join lateral (
    -- What is copied, no policy holds for, whoever owns the function.
    select min(m.name) as name, bool_or(m.relation in (select oid from view where copied) or m.name like 'ragwall_private.%') as sure
    from mention as m
    where m.oid = f.oid and (b.oid is not null and m.relation in (select oid from tenant_table) or m.relation in (select oid from view where copied)
      or m.name like 'ragwall_private.%'
        and (f.nspname, f.proname) not in (values ('ragwall', 'current_tenant'), ('ragwall', 'set_tenant'), ('ragwall', 'set_tenant_from_token'), ('ragwall', 'graph_name')))
  ) as n on true
  cross join lateral (
    -- It hands out rows, and neither it nor a policy asks by it who the tenant is.
    select n.sure or n.name is not null and (f.nspname = 'ragwall' or f.rows and f.body !~* '\mcurrent_setting\M' and not exists (
      select from pg_catalog.pg_depend as d
      join routine as q on q.oid = d.refobjid
      where d.classid = 'pg_catalog.pg_policy'::regclass and d.refclassid = 'pg_catalog.pg_proc'::regclass
        and (q.oid = f.oid or f.body ~* ('\m' || regexp_replace(q.proname, '(\W)', '\\\1', 'g') || '\s*\('))
    )) as open
  ) as k
  where f.prosecdef and not f.trigger and (b.oid is not null or n.name is not null)

  -- [F02]
  union all
  select 'F02', null, 'fail', f.name, 'it runs with the rights of ' || f.proowner::regrole || ', and PUBLIC may call it',
    format('revoke execute on function %s from public', f.name)
  from routine as f
  join execution as e on e.oid = f.oid and e.grantee = 0
  where f.prosecdef and not f.trigger and (f.nspname, f.proname) <> ('ragwall', 'set_tenant')

  -- [F03]
  union all
  select 'F03', case when f.path is not null and not n.possible then 'low' end, case when f.path is not null and not n.possible then 'warn' else 'fail' end,
    f.name, 'it runs with the rights of ' || f.proowner::regrole || ', and looks up names '
      || case when f.path is null then 'where its caller says' else 'in temporary schemas first, as pg_temp is not last in its search_path' end,
    format('alter function %s set search_path = %s, pg_temp', f.name, 
      coalesce(
      (select nullif(string_agg(e, ', '), '""') from unnest(string_to_array(f.path, ', ')) as e where e !~ '^"?pg_temp"?$'), '<the schemas that its body names>'
    ))
  from routine as f
  cross join (
    select exists (select from of_database where privilege_type = 'TEMPORARY') as possible
  ) as n
  where f.prosecdef and not f.bound and (f.path is null or f.path !~ '(^|[ ,"])pg_temp"?$' or f.path ~ '(^|[ ,"])pg_temp"?,')

  -- [F04]
  union all
  select 'F04', null, 'fail', f.name, 'it is leakproof: conditions that call it see rows before policies do', format('alter function %s not leakproof', f.name)
  from routine as f
  where f.proleakproof

  -- [F05]
  union all
  select 'F05', case when f.builtin then 'high' else 'medium' end, case when f.builtin then 'fail' else 'warn' end, f.name, f.what, f.remedy
  from (
    select format('operator %I.%s(%s, %s)', s.nspname, o.oprname, o.oprleft::regtype, o.oprright::regtype) as name,
      true as builtin, 'it has the name of an operator of the server''s, and types of its' as what,
      format('drop operator %I.%s(%s, %s)', s.nspname, o.oprname, o.oprleft::regtype, o.oprright::regtype) as remedy
    from pg_catalog.pg_operator as o
    join schema as s on s.oid = o.oprnamespace
    where o.oprleft::integer between 1 and 16383 and o.oprright::integer between 1 and 16383
      and exists (select from pg_catalog.pg_operator as b where b.oprname = o.oprname and b.oprnamespace = 'pg_catalog'::regnamespace)
      and not exists (
        select from pg_catalog.pg_depend as d
        where d.classid = 'pg_catalog.pg_operator'::regclass and d.objid = o.oid and d.deptype = 'e'
      )
    union all
    select 'cast from ' || c.castsource::regtype || ' to ' || c.casttarget::regtype, true, 'it converts between types of the server''s',
      format('drop cast (%s as %s)', c.castsource::regtype, c.casttarget::regtype)
    from pg_catalog.pg_cast as c
    where c.oid >= 16384 and c.castsource < 16384 and c.casttarget < 16384
    union all
    select f.name, false, 'it has the name of a function of the server''s, as many arguments, and may be called in its place', format('drop function %s', f.name)
    from routine as f
    where exists (
      select from pg_catalog.pg_proc as b
      where b.proname = f.proname and b.pronamespace = 'pg_catalog'::regnamespace and b.pronargs = f.pronargs and b.pronargs > 0
    ) and f.nspname in (
      select 'public' union all select btrim(unnest(string_to_array(value, ',')), ' "') from preset where setting = 'search_path' and for_app
    )
      and not f.trigger
  ) as f

  -- [F06]
  union all
  select 'F06', null, 'fail', f.name, format('it is written in %s, which may do what the server may, and %s may call it', l.lanname, f.names),
    format('revoke execute on function %s from %s', f.name, f.idents)
  from callable as f
  join pg_catalog.pg_language as l on l.oid = f.prolang and not l.lanpltrusted
  where f.oid not in (select a.aggfnoid from pg_catalog.pg_aggregate as a)

  -- [F07]
  union all
  select 'F07', null, 'warn', f.name, 'it looks up names where its caller says', format('alter function %s set search_path = %s, pg_temp', f.name, coalesce(nullif(f.path, '""'), '<the schemas that its body names>'))
  from callable as f
  join pg_catalog.pg_language as l on l.oid = f.prolang and l.lanname in ('sql', 'plpgsql')
  where not f.prosecdef and not f.bound and f.path is null and not f.trigger
    and f.oid in (select m.oid from mention as m where m.relation in (select oid from tenant_table))

  -- [F08]
  union all
  select 'F08', null, 'warn', format('%I on %s', g.tgname, r.name),
    format('its function %s runs as %s, whom policies do not bind', f.name, f.proowner::regrole),
    format('alter function %s security invoker; or give it to an owner whom policies bind', f.name)
  from relation as r
  join pg_catalog.pg_trigger as g on g.tgrelid = r.oid and not g.tgisinternal and g.tgparentid = 0
  join routine as f on f.oid = g.tgfoid
  where f.prosecdef and f.proowner in (select oid from bypassing)
    and (r.oid in (select oid from tenant_table) or f.oid in (select m.oid from mention as m where m.relation in (select oid from tenant_table)))

  -- [N01]
  union all
  select 'N01', null, 'fail', format('publication %I', p.pubname), 'it ships rows of all tenants: ' || string_agg(t.name, ', ' order by t.name),
    format('alter publication %I set table <a table> where (%I = <a tenant>)', p.pubname, min(t.attname))
  from pg_catalog.pg_publication as p
  join tenant_table as t on p.puballtables and not t.child
    or exists (
      select from pg_catalog.pg_publication_rel as r
      where r.prpubid = p.oid and r.prrelid = t.oid
        and coalesce(regexp_replace(pg_catalog.pg_get_expr(r.prqual, r.prrelid), t.col, '{}', 'g') !~ '^\({1,2}(\{\}|\(\{\}\)::[\w ]+) = \(*(''[^'']*''|-?\d+)+\)*(::[\w". ]+)?( AND |\)$)', true)
    )
    or exists (select from pg_catalog.pg_publication_namespace as n where n.pnpubid = p.oid and n.pnnspid = t.schema)
  group by p.pubname

  -- [N02]
  union all
  select 'N02', null, 'warn', format('replication slot %I', s.slot_name), 'whoever reads it reads the changes of all tenants',
    'Make sure that it is known; else: select pg_drop_replication_slot(...).'
  from pg_catalog.pg_replication_slots as s
  where s.slot_type = 'logical' and s.database = current_database()

  -- Nothing shared between tenants

  -- [K01]
  union all
  select 'K01', case when i.contains or i.random then 'low' end, case when i.contains or i.random then 'warn' else 'fail' end, i.name,
    case when i.contains then format('unique, and %I does not come first', i.attname)
      when i.random then 'unique across tenants, by a number drawn at random: whoever has one of another tenant''s is told that it is there'
      else 'unique across tenants: whoever writes the key of another tenant''s row is told that it is there' end,
    format('Make it lead with the tenant: (%I, ...).', i.attname)
  from shared_index as i
  where (i.indisunique or i.indisexclusion) and not i.leads

  -- [K02]
  union all
  select 'K02', case when k.confdeltype in ('a', 'r') then 'medium' end, 'fail', format('%I on %s', k.conname, t.name),
    format('a foreign key to %s without the tenant on both sides: it tells which rows there are, and ', r.name)
      || case when k.confdeltype in ('a', 'r') then 'keeps others from deleting theirs' else 'reaches across tenants when one is deleted' end,
    format('foreign key (%I, ...) references %s (%I, ...)', t.attname, r.name, r.attname)
  from pg_catalog.pg_constraint as k
  join tenant_table as t on t.oid = k.conrelid
  join tenant_table as r on r.oid = k.confrelid
  where k.contype = 'f' and k.conparentid = 0 and not exists (
    select from unnest(k.conkey, k.confkey) as c (here, there) where c.here = t.attnum and c.there = r.attnum
  )

  -- [K03]
  union all
  select 'K03', null, 'fail', s.name, 'all tenants draw from it: the gaps tell one how much others write', 'Draw ids at random: uuid default gen_random_uuid().'
  from relation as s
  where s.relkind = 'S' and (
    exists (
      select from pg_catalog.pg_depend as d join tenant_table as t on t.oid = d.refobjid
      where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = s.oid and d.deptype in ('a', 'i')
        and d.refclassid = 'pg_catalog.pg_class'::regclass
    )
    or exists (
      select from pg_catalog.pg_depend as d join pg_catalog.pg_attrdef as x on x.oid = d.objid join tenant_table as t on t.oid = x.adrelid
      where d.classid = 'pg_catalog.pg_attrdef'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = s.oid
    )
  )

  -- [K04]
  union all
  select 'K04', null, 'fail', i.name,
    format('an approximate index (%s) over rows of several tenants: what one stores decides what another finds, and tells of it', i.amname),
    format('drop index %s; search exactly within the tenant, or give each large tenant an index of its own: where %I = <a tenant>', i.indexrelid::regclass, i.attname)
  from shared_index as i
  where i.approximate

  union all
  select 'K04', null, 'fail', format('%s on %s', quote_ident(c.relname), r.name),
    format('an approximate index (%s) over rows that policies tell apart: what one user stores decides what another finds, and tells of it', m.amname),
    format('drop index %s; search exactly beneath the policies', i.indexrelid::regclass)
  from relation as r
  join pg_catalog.pg_index as i on i.indrelid = r.oid
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_am as m on m.oid = c.relam and m.amname not in ('gist', 'spgist', 'btree')
  where r.relrowsecurity and r.oid not in (select oid from tenant_table) and r.oid in (select p.polrelid from pg_catalog.pg_policy as p)
    and exists (
      select from pg_catalog.pg_opclass as o join pg_catalog.pg_amop as a on a.amopfamily = o.opcfamily
      where o.oid = any (i.indclass::oid[]) and a.amoppurpose = 'o'
    )

  -- [K05]
  union all
  select 'K05', null, 'warn', i.name, format('%I does not come first: a search by it reads other tenants'' entries, and explain analyze counts them', i.attname),
    format('Make it lead with the tenant: (%I, ...).', i.attname)
  from shared_index as i
  where i.amname in ('btree', 'hash', 'brin') and not i.indisunique and not i.indisexclusion and not i.leads

  -- [K06]
  union all
  select 'K06', null, 'warn', i.name, format('beneath a policy no search can use it (%s): its operators are not leakproof', i.amname),
    format('drop index %s; search by what is comparable: (%I, column) in a btree', i.indexrelid::regclass, i.attname)
  from tenant_index as i
  where i.relrowsecurity and not i.approximate and not i.attached and not i.indisunique and not i.indisexclusion and not exists (
    select from unnest(i.indclass::oid[]) as c
    join pg_catalog.pg_opclass as o on o.oid = c
    join pg_catalog.pg_amop as a on a.amopfamily = o.opcfamily and a.amoppurpose = 's'
    join pg_catalog.pg_operator as p on p.oid = a.amopopr
    join pg_catalog.pg_proc as f on f.oid = p.oprcode and f.proleakproof
  )

  -- [K07]
  union all
  select 'K07', null, 'warn', format('%I.%I', n.nspname, s.stxname),
    'statistics over the rows of all tenants: the planner''s estimates tell them to whoever may explain', format('drop statistics %I.%I', n.nspname, s.stxname)
  from pg_catalog.pg_statistic_ext as s
  join pg_catalog.pg_namespace as n on n.oid = s.stxnamespace
  join tenant_table as t on t.oid = s.stxrelid

  -- [K08]
  union all
  select 'K08', null, 'warn', i.name, 'it is not valid: a build was interrupted, and searches do without it', format('reindex index concurrently %s', i.indexrelid::regclass)
  from tenant_index as i
  where not i.indisvalid and not exists (select from pg_catalog.pg_inherits as h where h.inhparent = i.indexrelid)

  -- Server

  -- [S01]
  union all
  select 'S01', null, 'fail', 'PostgreSQL ' || current_setting('server_version'),
    'not fixed: ' || string_agg(format('%s (%s)', v.cve, v.what), ', ' order by v.cve),
    format('Update to %s.%s or later.', n.major, max(v.minors[n.major - 14]))
  from (
    select current_setting('server_version_num')::integer / 10000 as major, current_setting('server_version_num')::integer % 10000 as minor
  ) as n
  join (
    values
      -- The first fixed minor versions of 15, 16, 17 and 18; 0 where there was nothing to fix.
      ('CVE-2023-2455', array[3, 0, 0, 0], 'policies of another role after inlining'),
      ('CVE-2023-39418', array[4, 0, 0, 0], 'MERGE past policies'),
      ('CVE-2024-10976', array[9, 5, 1, 0], 'policies of another role in a plan that is used again'),
      ('CVE-2024-10978', array[9, 5, 1, 0], 'SET ROLE resets to another user'),
      ('CVE-2025-8713', array[14, 10, 6, 0], 'statistics show rows that policies hide'),
      ('CVE-2026-14666', array[19, 15, 11, 6], 'policies that are kept when roles change'),
      ('CVE-2026-14680', array[19, 15, 11, 6], 'any user runs code'),
      ('CVE-2026-116311', array[20, 16, 12, 7], 'DROP OWNED opens policies'),
      ('CVE-2026-116327', array[20, 16, 12, 7], 'conditions that leak before policies'),
      ('CVE-2026-120141', array[20, 16, 12, 7], 'any user runs code'),
      ('CVE-2026-120154', array[20, 16, 12, 7], 'ON CONFLICT past policies'),
      ('CVE-2026-16237', array[20, 16, 12, 7], 'ON CONFLICT past views')
  ) as v (cve, minors, what) on n.minor < v.minors[n.major - 14]
  group by n.major

  -- [S02]
  union all
  select 'S02', null, 'fail', 'extension vector ' || e.extversion, 'not fixed: ' || string_agg(v.cve, ', ' order by v.cve),
    format('Update to %s or later, then: alter extension vector update.', max(v.version)) || case when e.version < '{0,8,2}'
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

  -- [S03]
  union all
  select 'S03', null, 'fail', 'extension ' || quote_ident(e.extname),
    format('it reaches past this database''s privileges, and %s may call it', c.names),
    format('drop extension %I; or revoke execute on its functions from %s', e.extname, c.names)
  from pg_catalog.pg_extension as e
  cross join lateral (
    select string_agg(distinct g.name, ', ') as names
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_proc as p on p.oid = d.objid
    cross join lateral pg_catalog.aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) as a
    join grantee as g on g.oid = a.grantee
    where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.refobjid = e.oid
      and d.classid = 'pg_catalog.pg_proc'::regclass and d.deptype = 'e'
      and p.proname !~ '(handler|validator)$'
  ) as c
  where e.extname in ('dblink', 'http', 'pg_background', 'pg_net', 'lo', 'adminpack', 'pg_surgery')
    and c.names is not null

  -- [S04]
  union all
  select 'S04', null, 'warn', 'max_prepared_transactions', 'two-phase commit is on: any session of a login may end another''s prepared transaction',
    'alter system set max_prepared_transactions = 0'
  where current_setting('max_prepared_transactions')::integer > 0
),

-- How much there was to look at. Where there was none, a check does not apply.
examined (kind, number) as (
  select 'tables', count(*) from tenant_table
  union all select 'policies', count(*) from policy
  union all select 'functions in policies', count(distinct oid) from context_function
  union all select 'partitions and children', count(*) from tenant_table where child
  union all select 'roles of applications', count(*) from app_role
  union all select 'roles for SQL that others write', count(*) from app_role where untrusted and rolcanlogin
  union all select 'roles', count(*) from pg_catalog.pg_roles
  union all select 'relations', count(*) from relation
  union all select 'views', count(*) from relation where relkind = 'v'
  union all select 'materialized views', count(*) from relation where relkind = 'm'
  union all select 'foreign tables', count(*) from relation where relkind = 'f'
  union all select 'sequences', count(*) from relation where relkind = 'S'
  union all select 'functions', count(*) from routine
  union all select 'security definer functions', count(*) from routine where prosecdef
  union all select 'schemas', count(*) from schema
  union all select 'indexes', count(*) from tenant_index
  union all select 'vector indexes', count(*) from tenant_index where approximate
  union all select 'foreign keys', count(*) from pg_catalog.pg_constraint as k join tenant_table as t on t.oid = k.conrelid where k.contype = 'f'
  union all select 'publications', count(*) from pg_catalog.pg_publication
  union all select 'event triggers', count(*) from pg_catalog.pg_event_trigger
  union all select 'extensions', count(*) from pg_catalog.pg_extension
  union all select 'pgvector', count(*) from pg_catalog.pg_extension where extname = 'vector'
  union all select 'schema ragwall', count(*) from schema where nspname = 'ragwall'
  union all select 'database', 1
),
item (id, area, severity, kind, expects, reference) as (
  values
    ('T00', 'rls', 'medium', 'database', 'Tables name the tenant in a column', 'checklist 1'),
    ('T01', 'rls', 'critical', 'tables', 'Row-level security is enabled on every table that has a tenant column', 'checklist 1|LLM09:2026|AISVS 5.2.1'),
    ('T02', 'rls', 'high', 'tables', 'It is forced, so that owners are bound, too', 'checklist 1|AISVS 5.2.1'),
    ('T03', 'rls', 'low', 'tables', 'What is granted has a policy', 'checklist 1'),
    ('T04', 'rls', 'critical', 'policies', 'No policy is always true', 'checklist 1|LLM09:2026|AISVS 5.2.1'),
    ('T05', 'rls', 'high', 'policies', 'No policy lets rows through that have no tenant', 'checklist 1|AISVS 8.1.3'),
    ('T06', 'rls', 'high', 'policies', 'Every permissive policy looks at the tenant', 'checklist 1|AISVS 8.1.3'),
    ('T07', 'rls', 'medium', 'policies', 'Every policy has a form that is known to hold', 'checklist 1'),
    ('T08', 'rls', 'low', 'policies', 'Policies for writing say what may be written', 'checklist 1'),
    ('T09', 'rls', 'low', 'policies', 'Permissive policies name the roles they are for', 'checklist 1'),
    ('T10', 'rls', 'low', 'tables', 'A restrictive policy holds whatever permissive ones are added', 'checklist 1|checklist 6'),
    ('T11', 'rls', 'high', 'functions in policies', 'Functions that policies call are stable', 'checklist 1'),
    ('T12', 'rls', 'medium', 'policies', 'Policies compare the bare column', 'checklist 1'),
    ('T13', 'rls', 'medium', 'partitions and children', 'Partitions and children are reached through their parent alone', 'checklist 1'),
    ('R00', 'role', 'high', 'tables', 'There is a role for applications', 'checklist 2'),
    ('R01', 'role', 'critical', 'roles of applications', 'No application''s role is a superuser', 'checklist 2|testing 5'),
    ('R02', 'role', 'critical', 'roles of applications', 'None has BYPASSRLS', 'checklist 2|testing 5'),
    ('R03', 'role', 'high', 'roles of applications', 'None has REPLICATION', 'checklist 2'),
    ('R04', 'role', 'high', 'roles of applications', 'None has CREATEROLE', 'checklist 2'),
    ('R05', 'role', 'low', 'roles of applications', 'None has CREATEDB', 'checklist 2'),
    ('R06', 'role', 'high', 'roles of applications', 'None is a member of a role of the server''s', 'checklist 2'),
    ('R07', 'role', 'critical', 'roles', 'None is a member of an owner, or of a role that policies do not bind', 'checklist 2'),
    ('R08', 'role', 'high', 'roles of applications', 'None owns anything', 'checklist 2'),
    ('R09', 'role', 'low', 'tables', 'Owners of tables do not log in, and policies bind them', 'checklist 2'),
    ('R10', 'role', 'low', 'roles', 'Logins that policies do not bind are known', 'checklist 2'),
    ('R11', 'role', 'medium', 'roles of applications', 'None may grant to others what it has', 'checklist 2'),
    ('R12', 'role', 'medium', 'roles of applications', 'None may set parameters of the server', 'checklist 2'),
    ('C01', 'tenant', 'medium', 'policies', 'SQL cannot make up the tenant', 'checklist 3|LLM01:2026|AISVS 5.2.2'),
    ('C02', 'tenant', 'high', 'functions in policies', 'Nobody who is not trusted can replace what says who the tenant is', 'checklist 3'),
    ('C03', 'tenant', 'critical', 'relations', 'Keys are unreadable', 'checklist 3'),
    ('C04', 'tenant', 'high', 'database', 'No setting of a role or database holds a secret', 'checklist 3'),
    ('C05', 'tenant', 'high', 'functions', 'No function holds a secret', 'checklist 3'),
    ('C06', 'tenant', 'high', 'tables', 'The tenant is never null', 'checklist 3|testing 4'),
    ('C07', 'tenant', 'high', 'tables', 'Tenants are told apart byte by byte', 'checklist 3|AISVS 8.1.1'),
    ('C08', 'tenant', 'low', 'tables', 'The tenant is never the empty text', 'checklist 3|testing 4'),
    ('C09', 'tenant', 'low', 'tables', 'Nobody may write a row''s tenant anew', 'checklist 3|AISVS 8.1.2'),
    ('C10', 'tenant', 'high', 'schema ragwall', 'Only who is trusted may name a tenant; others prove it', 'checklist 3|LLM01:2026'),
    ('X01', 'context', 'high', 'database', 'No role or database begins its sessions with a tenant', 'checklist 4'),
    ('X02', 'context', 'medium', 'database', 'None begins them with other rules', 'checklist 4'),
    ('B01', 'context', 'critical', null, 'Attempts to cross, as the application, fail', 'checklist 4|testing 1, 2'),
    ('O01', 'pool', 'high', null, 'A pooler hands no session on with what was left on it', 'checklist 5|testing 6'),
    ('O02', 'pool', 'high', 'functions', 'No function sets a tenant for longer than a transaction', 'checklist 5'),
    ('O03', 'pool', 'low', 'schema ragwall', 'Sessions that carry what somebody left on them are refused', 'checklist 5'),
    ('M01', 'ci', 'high', 'schema ragwall', 'The migrations are current', 'checklist 6'),
    ('M02', 'ci', 'high', 'database', 'Default privileges grant nothing to applications or PUBLIC', 'checklist 6'),
    ('M03', 'ci', 'low', 'tables', 'Functions that owners create later are not PUBLIC''s', 'checklist 6'),
    ('M04', 'ci', 'high', 'event triggers', 'Event triggers run nothing but what superusers wrote', 'checklist 6'),
    ('M05', 'ci', 'high', null, 'The isolation tests pass on every deployment', 'checklist 6'),
    ('P01', 'path', 'high', 'tables', 'No application may TRUNCATE', 'CWE-732'),
    ('P02', 'path', 'high', 'tables', 'None may create triggers', 'CWE-732'),
    ('P03', 'path', 'medium', 'tables', 'None may refer to tenants'' rows', 'CWE-732'),
    ('P04', 'path', 'medium', 'tables', 'None may maintain tenants'' tables', 'CWE-732'),
    ('P05', 'path', 'medium', 'tables', 'PUBLIC has no privilege on them', 'CWE-732|AISVS 5.2.1'),
    ('P06', 'path', 'low', 'tables', 'No application may lock a table for all tenants', 'CWE-667'),
    ('P07', 'path', 'high', 'schemas', 'No application may create in a schema', 'CWE-426'),
    ('P08', 'path', 'medium', 'database', 'Nor in the database, not even temporary objects', 'CWE-426'),
    ('P09', 'path', 'medium', 'relations', 'What belongs to tenants has a tenant column', 'LLM09:2026|AISVS 5.2.1'),
    ('P10', 'path', 'medium', 'database', 'There are no large objects', 'CWE-732'),
    ('P11', 'path', 'high', 'foreign tables', 'No application may use a foreign table', 'CWE-732'),
    ('P12', 'path', 'medium', 'roles for SQL that others write', 'Where others write SQL, functions that reach others'' sessions are revoked', 'LLM01:2026'),
    ('P13', 'path', 'medium', 'roles for SQL that others write', 'And so is what tells of others', 'LLM01:2026'),
    ('P14', 'path', 'high', 'database', 'Nothing of the server''s own is granted that is its administrators''', 'CWE-732'),
    ('V01', 'path', 'critical', 'views', 'Views have the rights of who reads them', 'AISVS 8.1.3'),
    ('V02', 'path', 'critical', 'materialized views', 'No materialized view shows tenants'' rows', 'AISVS 8.1.3'),
    ('V03', 'path', 'medium', 'tables', 'No rule rewrites statements', 'AISVS 8.1.3'),
    ('F01', 'path', 'critical', 'security definer functions', 'Policies bind the owners of functions that lend their rights', 'CWE-269'),
    ('F02', 'path', 'medium', 'security definer functions', 'PUBLIC may call none of them', 'CWE-269'),
    ('F03', 'path', 'high', 'security definer functions', 'They fix where names are looked up, temporary objects last', 'CVE-2018-1058|CWE-426'),
    ('F04', 'path', 'high', 'functions', 'No function of the database''s own is leakproof', 'CWE-200'),
    ('F05', 'path', 'medium', 'database', 'Nothing stands in for the server''s own functions, operators and casts', 'CVE-2018-1058|CWE-426'),
    ('F06', 'path', 'medium', 'functions', 'No application calls functions in an untrusted language', 'CWE-269'),
    ('F07', 'path', 'low', 'functions', 'Functions over tenants'' tables fix where names are looked up', 'CVE-2018-1058|CWE-426'),
    ('F08', 'path', 'medium', 'tables', 'Policies bind the owners of functions that triggers call', 'CWE-269'),
    ('N01', 'path', 'high', 'publications', 'No publication ships the rows of all tenants', 'AISVS 8.1.3'),
    ('N02', 'path', 'medium', 'database', 'No logical replication slot reads them', 'AISVS 8.1.3'),
    ('K01', 'shared', 'medium', 'indexes', 'Unique keys lead with the tenant', 'AISVS 8.1.1|CWE-203'),
    ('K02', 'shared', 'high', 'foreign keys', 'Foreign keys carry the tenant on both sides', 'AISVS 5.3.1|CWE-203'),
    ('K03', 'shared', 'low', 'sequences', 'No sequence is shared', 'AISVS 5.3.1|CWE-203'),
    ('K04', 'shared', 'high', 'vector indexes', 'No approximate index spans tenants', 'LLM09:2026|AISVS 5.3.1'),
    ('K05', 'shared', 'low', 'indexes', 'Indexes lead with the tenant', 'LLM09:2026|CWE-203'),
    ('K06', 'shared', 'low', 'indexes', 'Indexes are of use beneath policies', ''),
    ('K07', 'shared', 'low', 'tables', 'No statistics object tells of all tenants', 'CVE-2024-4317|CWE-203'),
    ('K08', 'shared', 'low', 'indexes', 'All indexes are valid', ''),
    ('S01', 'server', 'high', 'database', 'The server has the fixes that isolation depends on', 'CVE list of PostgreSQL'),
    ('S02', 'server', 'medium', 'pgvector', 'pgvector has them', 'CVE-2026-3172|CVE-2026-103484'),
    ('S03', 'server', 'medium', 'extensions', 'No application calls an extension that reaches past its privileges', 'CWE-269'),
    ('S04', 'server', 'low', 'database', 'Two-phase commit is off', 'CWE-667')
),
-- What the catalog cannot tell.
elsewhere (id, evidence) as (
  values
    ('B01', 'not tried: ragwall audit --probe does, and rolls back'),
    ('O01', 'not tried: ragwall audit --probe does, with the application''s url'),
    ('M05', 'the database cannot tell: run ragwall audit and the suites in CI')
)
select
  i.id,
  i.area,
  i.expects,
  coalesce(f.severity, i.severity) as severity,
  coalesce(f.status, case when e.id is not null or x.number = 0 then 'n/a' else 'pass' end) as status,
  coalesce(f.object, '') as object,
  coalesce(f.evidence, e.evidence, case when i.kind = 'database' then 'none found' when i.kind = 'schema ragwall' and x.number > 0 then 'so it is'
    when x.number = 0 then 'no ' || i.kind else format('%s %s examined', x.number, i.kind) end) as evidence,
  coalesce(f.remedy, '') as remedy,
  -- Encodings differ in what they can write.
  replace(i.reference, '|', case pg_catalog.getdatabaseencoding() when 'UTF8' then ' ' || chr(183) || ' ' else ', ' end) as reference
from item as i
left join finding as f on f.id = i.id
left join examined as x on x.kind = i.kind
left join elsewhere as e on e.id = i.id
order by array_position(array['rls', 'role', 'tenant', 'context', 'pool', 'ci', 'path', 'shared', 'server'], i.area), i.id, f.object
