-- Disables row-level security of each table, changes its owner, or adds what shows values of other tenants.
with relation as (
  select c.oid, c.oid::regclass as name, c.relname, c.relispartition
  from pg_class as c
  where c.relnamespace in (
    'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
    'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
  )
    and c.relkind in ('r', 'p')
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
  unnest(array['app_user', 'app_reader', 'agent_reader', 'agent_caller', 'ragwall_search']) as owner
union all
select format('%s belongs to a superuser', name), format('alter table %s owner to %I', name, current_user)
from relation
union all
select format('the schema %s belongs to %s', nspname, owner), format('alter schema %I owner to %s', nspname, owner)
from pg_namespace, unnest(array['app_user', 'agent_reader', 'ragwall_search']) as owner
where nspname in ('ragwall', 'ragwall_private', 'ragwall_search', 'ragwall_api')
union all
select format('%s without %s', conrelid::regclass, conname),
  format('alter table %s drop constraint %I', conrelid::regclass, conname)
from pg_constraint
where connamespace in (
  'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
  'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
)
  and contype in ('c', 'p', 'u')
  and conparentid = 0
  and coninhcount = 0
union all
select format('%s.%s %s', name, attname, change), statement
from relation as r
join pg_attribute as a on a.attrelid = r.oid and a.attnum > 0,
  lateral (
    values
      (attnotnull and not relispartition and not exists (
          select from pg_index as i where i.indrelid = r.oid and i.indisprimary and a.attnum = any (i.indkey)
        ), 'may be null',
        format('alter table %s alter column %I drop not null', name, attname)),
      (atthasdef and not relispartition, 'without its default',
        format('alter table %s alter column %I drop default', name, attname)),
      (attstattarget = 0, 'with statistics',
        format('alter table %s alter column %I set statistics -1', name, attname)),
      (attlen = -1 and attstorage in ('p', 'm'), 'stored outside the row',
        format('alter table %s alter column %I set storage external', name, attname))
  ) as v (applies, change, statement)
where applies
union all
select format('%s with a key of %s alone', name, key), format('create unique index on %s (%s)', name, key)
from relation, unnest(array['id', 'source, position', 'md5(content)']) as key
where relispartition
union all
select format('%s with an index of all its vectors', name),
  format('create index on %s using hnsw ((embedding::public.halfvec(%s)) public.halfvec_cosine_ops)', name,
    ragwall.embedding_dimensions())
from relation
where relname in ('documents', 'documents_rows')
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
    ('documents without the trigger that notes changes', 'drop trigger note_change on ragwall.documents'),
    ('documents with the trigger that notes changes disabled',
      'alter table ragwall.documents disable trigger note_change'),
    ('documents_rows with the trigger that notes changes disabled',
      'alter table ragwall.documents_rows disable trigger note_change'),
    ('documents with a trigger that replication does not run',
      'alter table ragwall.documents enable trigger note_change'),
    ('documents with a trigger that only replication runs',
      'alter table ragwall.documents enable replica trigger note_change'),
    ('documents with a trigger that notes insertions alone', 'create or replace trigger note_change '
      || 'after insert on ragwall.documents for each row execute function ragwall_search.note_change(); '
      || 'alter table ragwall.documents enable always trigger note_change'),
    ('a tail that a crash empties', 'alter table ragwall_search.tail set unlogged'),
    ('a directory that a crash empties', 'alter table ragwall_search.directory set unlogged'),
    ('a tail without its index', 'drop index ragwall_search.tail_by_tenant'),
    ('search_tables with its owner''s rights', 'alter view ragwall.search_tables reset (security_invoker)'),
    ('another partition for the rows', 'alter table ragwall.documents detach partition ragwall.documents_rows; '
      || 'create table ragwall.documents_more partition of ragwall.documents '
      || 'for values with (modulus 1, remainder 0); grant select on ragwall.documents_rows to app_user'),
    ('a tenant may be anything', 'alter table ragwall.documents drop constraint documents_tenant_id_check, '
      || 'add check (tenant_id <> '''')'),
    ('a second seal key', 'alter table ragwall_private.seal_key drop constraint seal_key_only_row_check'),
    ('no seal key', 'delete from ragwall_private.seal_key'),
    ('a seal key of zeros', 'update ragwall_private.seal_key set inner_key = decode(repeat(''00'', 64), ''hex''), '
      || 'outer_key = decode(repeat(''00'', 64), ''hex'')'),
    ('two halves of the seal key that are alike', 'update ragwall_private.seal_key set inner_key = outer_key')
) as v (name, statement);
