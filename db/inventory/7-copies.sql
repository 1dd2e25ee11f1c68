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
