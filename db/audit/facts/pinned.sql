-- Operators for which only equal bytes are equal: "=" of the server's own types, as its indexes are sorted.
identity as materialized (
  select string_agg(distinct o.amopopr::text, '|') as operators,
    coalesce(
      (select string_agg(c.oid::text, '|') from pg_catalog.pg_collation as c where not c.collisdeterministic), '-'
    ) as vague
  from pg_catalog.pg_amop as o
  where o.amopmethod = 403 and o.amopstrategy = 3 and o.amopopr < 16384
    and 1042 not in (o.amoplefttype, o.amoprighttype)
    and (
      select count(distinct f.amproclefttype) from pg_catalog.pg_amproc as f
      where f.amprocfamily = o.amopfamily and f.amprocnum = 4
        and f.amproclefttype in (o.amoplefttype, o.amoprighttype)
    ) = case when o.amoplefttype = o.amoprighttype then 1 else 2 end
),
-- The predicate of an index as its tree of nodes, reduced from within. A column becomes <V7>, a constant that is not
-- null <C>, "column = constant" <P7>; AND becomes what is in it; every other node X. Names have no braces: escaped
-- characters are masked first.
reduction (indexrelid, tree) as (
  select i.indexrelid, regexp_replace(i.indpred::text, '\\.', '_', 'g')
  from pg_catalog.pg_index as i
  where i.indpred is not null
  union all
  select r.indexrelid,
    case when s.tree <> r.tree then s.tree else regexp_replace(r.tree, '\{[^{}]*\}', 'X', 'g') end
  from reduction as r
  cross join identity as e
  cross join lateral regexp_replace(r.tree, '\{VAR :varno 1 :varattno (\d+) [^{}]*\}', '<V\1>', 'g') as a (tree)
  cross join lateral regexp_replace(a.tree, '\{CONST [^{}]*:constisnull false [^{}]*\}', '<C>', 'g') as b (tree)
  cross join lateral regexp_replace(b.tree, '\{RELABELTYPE :arg (<V\d+>|<C>) [^{}]*\}', '\1', 'g') as c (tree)
  cross join lateral regexp_replace(c.tree, format('\{OPEXPR :opno (?:%s) [^{}]*:inputcollid (?!(?:%s) )\d+ '
    ':args \((?:<V(\d+)> <C>|<C> <V(\d+)>)\)[^{}]*\}', e.operators, e.vague), '<P\1\2>', 'g') as d (tree)
  cross join lateral regexp_replace(d.tree, '\{BOOLEXPR :boolop and :args \(([^{}()]*)\)[^{}]*\}', '\1', 'g')
    as s (tree)
  where r.tree ~ '\{'
),
-- The columns that are the same in all rows of an index that is no parent: by its predicate, or because its table, or
-- what that is a partition of, is a list partition for one value.
pinned_leaf as materialized (
  select r.indexrelid, a.attname
  from reduction as r
  join pg_catalog.pg_index as i on i.indexrelid = r.indexrelid
  cross join lateral regexp_matches(r.tree, '<P(\d+)>', 'g') as p (attnum)
  join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = p.attnum[1]::smallint
  where r.tree !~ '\{'
  union
  select i.indexrelid, a.attname
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as t on t.oid = i.indrelid and t.relispartition
  cross join lateral pg_catalog.pg_partition_ancestors(t.oid) as b (relid)
  join pg_catalog.pg_class as c on c.oid = b.relid
  join pg_catalog.pg_inherits as h on h.inhrelid = c.oid
  join pg_catalog.pg_partitioned_table as k on k.partrelid = h.inhparent and k.partnatts = 1
  join pg_catalog.pg_attribute as a on a.attrelid = k.partrelid and a.attnum = (k.partattrs::smallint[])[0]
  join pg_catalog.pg_opclass as o on o.oid = (k.partclass::oid[])[0] and o.oid < 16384
  where c.relpartbound::text ~ ('^\{PARTITIONBOUNDSPEC :strategy l :is_default false [^{}]*:listdatums '
      '\(\{CONST [^{}]*:constisnull false [^{}]*\}\)')
    and o.opcintype <> 1042
    and exists (
      select from pg_catalog.pg_amproc as f
      where f.amprocfamily = o.opcfamily and f.amproclefttype = o.opcintype and f.amprocnum = 4
    )
    and not exists (
      select from pg_catalog.pg_collation as l where l.oid = (k.partcollation::oid[])[0] and not l.collisdeterministic
    )
),
-- The same of all indexes. A parent's columns are those of all of its leaves.
pinned_column as materialized (
  select c.oid as indexrelid, p.attname
  from pg_catalog.pg_class as c
  join pinned_leaf as p on p.indexrelid = c.oid
  where c.relkind = 'i'
  union all
  select c.oid, p.attname
  from pg_catalog.pg_class as c
  cross join lateral pg_catalog.pg_partition_tree(c.oid) as l
  left join pinned_leaf as p on p.indexrelid = l.relid
  where c.relkind = 'I' and l.isleaf
  group by c.oid, p.attname
  having count(*) = (select count(*) from pg_catalog.pg_partition_tree(c.oid) as e where e.isleaf)
    and p.attname is not null
),
