-- Keys, storage and documentation of the tables: nothing that tenants share can be observed.
begin;
select plan(15);

select col_is_pk('ragwall', 'documents', array['tenant_id', 'id'], 'the primary key leads with the tenant');

select is_empty(
  $$
    select i.indexrelid::regclass
    from pg_index as i
    join pg_class as c on c.oid = i.indrelid
    where c.relnamespace = 'ragwall'::regnamespace
      and i.indpred is null
      and (
        select a.attname
        from pg_attribute as a
        where a.attrelid = i.indrelid
          and a.attnum = i.indkey[0]
      ) is distinct from 'tenant_id'
  $$,
  'every index leads with the tenant, or is partial: no unique key and no vector index spans tenants'
);

select is_empty(
  $$select conname from pg_constraint where connamespace = 'ragwall'::regnamespace and contype = 'f'$$,
  'there is no foreign key: its checks would pass beneath row-level security'
);

select is_empty(
  $$
    select c.oid::regclass
    from pg_class as c
    where c.relnamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
      and c.relkind not in ('r', 'p', 'i', 'I', 'c')
  $$,
  'D06: there are no sequences, views or other relations'
);

select is_empty(
  $$
    select tgrelid::regclass from pg_trigger where tgrelid in (
      select oid from pg_class where relnamespace = 'ragwall'::regnamespace
    )
    union all
    select ev_class::regclass from pg_rewrite where ev_class in (
      select oid from pg_class where relnamespace = 'ragwall'::regnamespace
    )
    union all
    select stxrelid::regclass from pg_statistic_ext where stxrelid in (
      select oid from pg_class where relnamespace = 'ragwall'::regnamespace
    )
    union all
    select indexrelid::regclass from pg_index where indexprs is not null and indrelid in (
      select oid from pg_class where relnamespace = 'ragwall'::regnamespace
    )
  $$,
  'E17c: there are no triggers, rules, extended statistics or indexes on expressions'
);

select set_eq(
  $$
    select distinct a.attname || ' ' || a.attstorage::text
    from pg_attribute as a
    join pg_inherits as i on i.inhrelid = a.attrelid
    where i.inhparent = 'ragwall.documents'::regclass
      and a.attnum > 0
  $$,
  array[
    'tenant_id p', 'id p', 'source m', 'position p', 'content x', 'embedding p', 'embedding_model m',
    'metadata m', 'created_at p'
  ],
  'in every partition all but the content is stored in the row'
);

select is_empty(
  $$
    select a.attrelid::regclass, a.attname
    from pg_attribute as a
    left join pg_inherits as i on i.inhrelid = a.attrelid
    where 'ragwall.documents'::regclass in (a.attrelid, i.inhparent)
      and a.attnum > 0
      and a.attstattarget is distinct from 0
  $$,
  'no column of the table or of a partition has statistics, whose estimates would tell of other tenants'
);

select col_type_is(
  'ragwall', 'documents', 'embedding', format('halfvec(%s)', ragwall.embedding_dimensions()),
  'embeddings have the dimensions that embedding_dimensions() tells'
);

select is(
  (
    select format('%s %s %s', a.atttypid::regtype, c.collname, c.collisdeterministic)
    from pg_attribute as a
    join pg_collation as c on c.oid = a.attcollation
    where a.attrelid = 'ragwall.documents'::regclass
      and a.attname = 'tenant_id'
  ),
  'text C t', 'A10b: tenant ids are text, and compared byte by byte'
);

select set_eq(
  $$
    select conrelid::regclass || ': ' || pg_get_constraintdef(oid)
    from pg_constraint
    where connamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
      and contype in ('c', 'p', 'u')
      and conparentid = 0
      and coninhcount = 0
  $$,
  array[
    'ragwall.documents: PRIMARY KEY (tenant_id, id)',
    'ragwall.documents: UNIQUE (tenant_id, source, "position")',
    'ragwall.documents: CHECK (ragwall.is_tenant_id(tenant_id))',
    'ragwall.documents: CHECK (((source IS NULL) = ("position" IS NULL)))',
    'ragwall.documents: CHECK (((octet_length(source) >= 1) AND (octet_length(source) <= 1024)))',
    'ragwall.documents: CHECK (("position" >= 0))',
    'ragwall.documents: CHECK ((l2_norm(embedding) > (0)::double precision))',
    'ragwall.documents: CHECK (((octet_length(embedding_model) >= 1) AND (octet_length(embedding_model) <= 200)))',
    'ragwall.documents: CHECK ((jsonb_typeof(metadata) = ''object''::text))',
    'ragwall_private.seal_key: PRIMARY KEY (only_row)',
    'ragwall_private.seal_key: CHECK (only_row)',
    'ragwall_private.seal_key: CHECK ((octet_length(inner_key) = 64))',
    'ragwall_private.seal_key: CHECK ((octet_length(outer_key) = 64))',
    'ragwall_private.signing_key: PRIMARY KEY (header)',
    'ragwall_private.signing_key: CHECK ((kid ~ ''^[A-Za-z0-9._-]{1,64}$''::text))',
    'ragwall_private.signing_key: CHECK ((audience ~ ''^[!-~]{1,200}$''::text))',
    'ragwall_private.signing_key: CHECK ((octet_length(inner_pad) = 64))',
    'ragwall_private.signing_key: CHECK ((octet_length(outer_pad) = 64))'
  ],
  'these are the keys and checks, and there are no others'
);

select set_eq(
  $$
    select a.attrelid::regclass || '.' || a.attname
    from pg_attribute as a
    join pg_class as c on c.oid = a.attrelid
    where c.relnamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
      and c.relkind in ('r', 'p')
      and a.attnum > 0
      and not a.attnotnull
      and not c.relispartition
  $$,
  array['ragwall.documents.source', 'ragwall.documents.position'], 'nothing but the source of a document may be null'
);

select set_eq(
  $$
    select distinct regexp_replace(d.adrelid::regclass::text, '_\d\d$', '') || '.' || a.attname || ': '
      || pg_get_expr(d.adbin, d.adrelid)
    from pg_attrdef as d
    join pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
    join pg_class as c on c.oid = d.adrelid
    where c.relnamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
  $$,
  array[
    'ragwall.documents.tenant_id: ragwall.require_tenant()', 'ragwall.documents.id: gen_random_uuid()',
    'ragwall.documents.metadata: ''{}''::jsonb', 'ragwall.documents.created_at: now()',
    'ragwall_private.seal_key.only_row: true', 'ragwall_private.signing_key.created_at: now()'
  ],
  'a new document belongs to the tenant that is bound, and no other default tells who it is'
);

select set_eq(
  $$
    select n.nspname || ': ' || string_agg(distinct o.owner::regrole::text, ', ')
    from pg_namespace as n,
      lateral (
        select n.nspowner
        union all
        select relowner from pg_class where relnamespace = n.oid
        union all
        select typowner from pg_type where typnamespace = n.oid
      ) as o (owner)
    where n.nspname in ('ragwall', 'ragwall_private')
    group by n.nspname
  $$,
  array['ragwall: ragwall_owner', 'ragwall_private: ragwall_context'],
  'all that there is belongs to the owner of its schema, and nothing to a superuser'
);

create table tests.known (a integer, b text);
alter table tests.known owner to ragwall_owner;
select ragwall.forget_statistics('tests.known');
select set_eq(
  $$
    select attname::text, attstattarget::integer
    from pg_attribute where attrelid = 'tests.known'::regclass and attnum > 0
  $$,
  $$values ('a', 0), ('b', 0)$$, 'forget_statistics() has none gathered on any column'
);

select is_empty(
  $$
    select c.oid::regclass, a.attname
    from pg_class as c
    left join pg_attribute as a
      on a.attrelid = c.oid and a.attnum > 0 and c.relkind in ('r', 'p') and not c.relispartition
    where c.relnamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace)
      and c.relkind in ('r', 'p')
      and a.attname is distinct from 'only_row'
      and (
        obj_description(c.oid, 'pg_class') is null
        or (a.attnum is not null and col_description(c.oid, a.attnum) is null)
      )
  $$,
  'every table and every column has a comment'
);

select * from finish();
rollback;
