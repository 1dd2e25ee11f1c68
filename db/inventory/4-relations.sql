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
