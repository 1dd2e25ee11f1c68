-- Disables row-level security of each table and partition, changes its owner, or adds what shows values of other tenants.
with relation as (
  select c.oid, c.oid::regclass as name, c.relname, c.relispartition,
    row_number() over (order by c.oid) as n
  from pg_class as c
  where c.relnamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
    and c.relkind in ('r', 'p')
),
-- Columns of the parent, and one of each partition: another in each.
sampled as (
  select r.name, r.relispartition, a.*
  from relation as r
  join pg_attribute as a on a.attrelid = r.oid and a.attnum > 0
  where not r.relispartition or a.attnum = 1 + r.n % 9
)
select format('%s: row-level security %s', name, change) as name,
  format('alter table %s %s row level security', name, statement) as statement
from relation as r
join pg_class as c using (oid),
  lateral (
    values (c.relrowsecurity, 'disabled', 'disable'), (c.relforcerowsecurity, 'not forced', 'no force')
  ) as v (applies, change, statement)
where applies
union all
select format('%s belongs to %s', name, owner), format('alter table %s owner to %s', name, owner)
from relation,
  unnest(array['app_user', 'app_reader', 'agent_reader', 'agent_caller']) as owner
where n % 4 = 0 or not relispartition
union all
select format('%s belongs to a superuser', name), format('alter table %s owner to %I', name, current_user)
from relation
union all
select format('the schema %s belongs to %s', nspname, owner), format('alter schema %I owner to %s', nspname, owner)
from pg_namespace, unnest(array['app_user', 'agent_reader']) as owner
where nspname in ('ragwall', 'ragwall_private')
union all
select format('%s without %s', conrelid::regclass, conname),
  format('alter table %s drop constraint %I', conrelid::regclass, conname)
from pg_constraint
where connamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
  and contype in ('c', 'p', 'u')
  and conparentid = 0
  and coninhcount = 0
union all
select format('%s.%s %s', name, attname, change), statement
from sampled,
  lateral (
    values
      (attnotnull and not relispartition and not attname in ('tenant_id', 'id', 'header', 'only_row'), 'may be null',
        format('alter table %s alter column %I drop not null', name, attname)),
      (atthasdef and not relispartition, 'without its default',
        format('alter table %s alter column %I drop default', name, attname)),
      (attstattarget = 0, 'with statistics',
        format('alter table %s alter column %I set statistics -1', name, attname)),
      (attlen = -1 and name::text !~ 'private' and attname not in ('content'), 'stored outside the row',
        format('alter table %s alter column %I set storage external', name, attname))
  ) as v (applies, change, statement)
where applies
union all
select format('%s with a key of %s alone', name, key), format('create unique index on %s (%s)', name, key)
from relation, unnest(array['id', 'source, position', 'md5(content)']) as key
where relispartition and n % 8 = 0
union all
select format('%s with an index of all its vectors', name),
  format('create index on %s using hnsw (embedding public.halfvec_cosine_ops)', name)
from relation
where n % 8 = 0 or relname = 'documents'
union all
select * from (
  values
    ('documents defaults to a tenant', 'alter table ragwall.documents alter column tenant_id set default ''acme'''),
    ('documents defaults to whatever a setting says', 'alter table ragwall.documents alter column tenant_id '
      || 'set default current_setting(''app.current_tenant'', true)'),
    ('documents with statistics of several columns',
      'create statistics ragwall.hasty on source, position from ragwall.documents'),
    ('documents with a number that all tenants share',
      'alter table ragwall.documents add column number bigint generated always as identity'),
    ('documents with a column that is not granted', 'alter table ragwall.documents add column note text'),
    ('documents with a foreign key', 'alter table ragwall.documents add foreign key (tenant_id, id) references ragwall.documents'),
    ('documents with a trigger', 'create trigger hasty before update on ragwall.documents for each row '
      || 'execute function suppress_redundant_updates_trigger()'),
    ('documents with a rule', 'create rule hasty as on insert to ragwall.documents do also notify hasty'),
    ('a tenant may be anything', 'alter table ragwall.documents drop constraint documents_tenant_id_check, '
      || 'add check (tenant_id <> '''')'),
    ('a second seal key', 'alter table ragwall_private.seal_key drop constraint seal_key_only_row_check'),
    ('no seal key', 'delete from ragwall_private.seal_key'),
    ('a seal key of zeros', 'update ragwall_private.seal_key set inner_key = decode(repeat(''00'', 64), ''hex''), '
      || 'outer_key = decode(repeat(''00'', 64), ''hex'')'),
    ('two halves of the seal key that are alike', 'update ragwall_private.seal_key set inner_key = outer_key')
) as v (name, statement);
