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
