-- What is in the schemas of Ragwall, and what its roles are: one fact a row. What was released, in released.sql, was
-- read by the same queries. parent: the relation of a column, policy and the like, or the object of a privilege, of
-- which name is the holder. Left out are search tables of tenants as they are built: they come and go with documents.
own_schema as materialized (
  select oid, nspname, nspowner, nspacl from pg_catalog.pg_namespace
  where nspname in ('ragwall', 'ragwall_private', 'ragwall_search', 'ragwall_api')
),
own_relation as materialized (
  select c.*, format('%I.%I', s.nspname, c.relname) as name,
    case when c.relispartition then (
      select i.inhparent::regclass::text from pg_catalog.pg_inherits as i where i.inhrelid = c.oid
    ) end as root,
    s.nspname = 'ragwall_search' and c.relname ~ '^search_[0-9a-f]{32}$' and c.relkind = 'r' and c.relpersistence = 'p'
      and c.relowner = s.nspowner and not c.relispartition as search_table
  from pg_catalog.pg_class as c
  join own_schema as s on s.oid = c.relnamespace
  where c.relkind not in ('i', 'I', 't')
),
-- replaced: db/audit-install.sql makes it, or puts it in the place of one that only raises an error.
own_routine as materialized (
  select p.*, l.lanname, format('%s.%I(%s)', s.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)) as name,
    s.nspname = 'ragwall'
      and p.proname in ('audit', 'inventory', 'fingerprint', 'tenant_tables', 'app_roles', 'pinned_columns') as replaced
  from pg_catalog.pg_proc as p
  join own_schema as s on s.oid = p.pronamespace
  join pg_catalog.pg_language as l on l.oid = p.prolang
),
-- The roles that own objects. Those of the application are left to the checks of roles.
own_role as materialized (
  select * from pg_catalog.pg_roles where rolname in ('ragwall_owner', 'ragwall_context', 'ragwall_search')
),
own_relation_fact (kind, parent, name, property, value) as materialized (
  select 'schema', null, nspname::text, 'owner', nspowner::regrole::text from own_schema
  union all
  select k.kind, null, r.name, f.property, f.value
  from own_relation as r
  cross join lateral (
    select case r.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
      when 'f' then 'foreign table' when 'c' then 'type' else 'table' end
  ) as k (kind)
  cross join lateral (
    values
      ('owner', r.relowner::regrole::text),
      ('persistence', case r.relpersistence when 'p' then 'logged' else 'unlogged' end),
      ('partitions', pg_get_partkeydef(r.oid)),
      ('parents', (
        select string_agg(concat_ws(' ', i.inhparent::regclass, pg_get_expr(r.relpartbound, r.oid)), ', ')
        from pg_catalog.pg_inherits as i where i.inhrelid = r.oid
      )),
      -- Before PostgreSQL 16 the columns of a view of one table have the table's alias in front.
      ('query', case when r.relkind in ('v', 'm') then
        concat_ws(' ', r.reloptions::text, regexp_replace(pg_get_viewdef(r.oid), '\md\.', '', 'g')) end)
  ) as f (property, value)
  where not r.search_table
  union all
  select 'row-level security', name, name, 'state', concat_ws(' and ',
    case when relrowsecurity then 'enabled' else 'disabled' end, case when relforcerowsecurity then 'forced' end)
  from own_relation
  where relkind in ('r', 'p') and not search_table
  union all
  select 'column', r.name, a.attname, f.property, f.value
  from own_relation as r
  join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  left join pg_catalog.pg_attrdef as d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
  -- Which model is the default of passages, its owner decides.
  cross join lateral (
    select case when concat_ws('.', r.name, a.attname) <> 'ragwall_api.passages.embedding_model'
      or e.text !~ '^''([^'']|'''')*''::text$' then e.text end as text
    from (values (pg_get_expr(d.adbin, d.adrelid))) as e (text)
  ) as x
  cross join lateral (
    values
      ('type', concat_ws(' ', format_type(a.atttypid, null), case when a.attcollation not in (0, 100)
        then 'collate ' || a.attcollation::regcollation end, case when a.attnotnull then 'not null' end)),
      ('default', concat_ws(' ', case when a.attgenerated <> '' then 'generated' end,
        case when a.attidentity <> '' then 'identity' end, x.text)),
      ('statistics', nullif(coalesce(a.attstattarget, -1), -1)::text)
  ) as f (property, value)
  where r.relkind <> 'S' and not (r.search_table and a.attname in ('id', 'embedding', 'metadata', 'terms', 'words'))
  union all
  -- A partition cannot lose a constraint that it inherits.
  select 'constraint', r.name, k.conname, 'definition', concat(pg_get_constraintdef(k.oid), (
      select ', not checked' from pg_catalog.pg_trigger as g
      where g.tgconstraint = k.oid and g.tgenabled in ('D', 'R') limit 1
    ))
  from own_relation as r
  join pg_catalog.pg_constraint as k on k.conrelid = r.oid and k.contype in ('c', 'f', 'p', 'u', 'x')
  where not r.search_table and k.conparentid = 0 and (k.conislocal or k.coninhcount = 0)
  union all
  -- Without the indexes of constraints.
  select 'index', r.name, c.relname, 'definition', pg_get_indexdef(c.oid)
  from own_relation as r
  join pg_catalog.pg_index as i on i.indrelid = r.oid
  join pg_catalog.pg_class as c on c.oid = i.indexrelid and not c.relispartition
  where not r.search_table and not exists (
    select from pg_catalog.pg_constraint as k where k.conindid = c.oid and k.contype in ('p', 'u', 'x')
  )
  union all
  select 'trigger', r.name, g.tgname, f.property, f.value
  from own_relation as r
  join pg_catalog.pg_trigger as g on g.tgrelid = r.oid and not g.tgisinternal
  cross join lateral (
    values ('definition', pg_get_triggerdef(g.oid)), ('fires', case g.tgenabled when 'O' then 'outside of replicas'
      when 'A' then 'always' when 'R' then 'on replicas' else 'never' end)
  ) as f (property, value)
  union all
  select 'rule', r.name, w.rulename, 'definition', pg_get_ruledef(w.oid)
  from own_relation as r
  join pg_catalog.pg_rewrite as w on w.ev_class = r.oid and w.rulename <> '_RETURN'
  union all
  select 'policy', r.name, p.polname, f.property, f.value
  from own_relation as r
  join pg_catalog.pg_policy as p on p.polrelid = r.oid
  cross join lateral (
    values
      ('mode', case when p.polpermissive then 'permissive' else 'restrictive' end),
      ('command', case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
        when 'd' then 'delete' else 'all' end),
      ('roles', (
        -- In an order that does not change with the names that were chosen.
        select string_agg(n.name, ', ' order by
          array_position(array['app_user', 'app_reader', 'agent_reader', 'agent_caller'], n.name), n.name collate "C")
        from unnest(p.polroles) as o (oid)
        cross join lateral (select case o.oid when 0 then 'PUBLIC' else o.oid::regrole::text end) as n (name)
      )),
      ('using', pg_get_expr(p.polqual, p.polrelid)),
      ('with check', pg_get_expr(p.polwithcheck, p.polrelid))
  ) as f (property, value)
),
