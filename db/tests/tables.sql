-- Keys, storage and documentation of the tables: nothing that tenants share can be observed.
begin;
select plan(19);

select col_is_pk('ragwall', 'documents', array['tenant_id', 'id'], 'the primary key leads with the tenant');

select is_empty(
  $$
    select i.indexrelid::regclass
    from pg_index as i
    join pg_class as c on c.oid = i.indrelid
    where c.relnamespace in ('ragwall'::regnamespace, 'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace)
      and (
        select a.attname
        from pg_attribute as a
        where a.attrelid = i.indrelid
          and a.attnum = i.indkey[0]
      ) is distinct from 'tenant_id'
      and c.oid not in (
        'ragwall.tenant_claim'::regclass, 'ragwall_search.filter_fields'::regclass,
        'ragwall_search.word_settings'::regclass
      )
  $$,
  'every index leads with the tenant: no unique key and no vector index spans tenants'
);

select is_empty(
  $$
    select conname from pg_constraint
    where connamespace in (
      'ragwall'::regnamespace, 'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    ) and contype = 'f'
  $$,
  'there is no foreign key: its checks would pass beneath row-level security'
);

select is_empty(
  $$
    select c.oid::regclass
    from pg_class as c
    where c.relnamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
      and c.relkind not in ('r', 'p', 'i', 'I', 'c')
      and c.oid not in (
        'ragwall.search_tables'::regclass, 'ragwall_api.passages'::regclass, 'ragwall_private.retired_at'::regclass
      )
  $$,
  'D06: there are no sequences, views or other relations but two views, and retired_at, which tells of keys alone'
);

select is(
  (select array_to_string(reloptions, ' ') from pg_class where oid = relation::regclass),
  'security_invoker=true', format('%s shows nobody what the policies of its tables do not', relation)
)
from unnest(array['ragwall.search_tables', 'ragwall_api.passages']) as relation;

-- Always: also in a session that applies what another server has replicated.
select set_eq(
  $$
    select format('%s on %s %s', t.tgname, t.tgrelid::regclass, t.tgenabled)
    from pg_trigger as t
    join pg_class as c on c.oid = t.tgrelid
    where c.relnamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
  $$,
  array[
    'keep_words on ragwall.documents A', 'keep_words on ragwall.documents_rows A',
    'note_change on ragwall.documents A', 'note_change on ragwall.documents_rows A',
    'note_stored on ragwall.documents A', 'note_stored on ragwall.documents_rows A',
    'require_tenant on ragwall_api.passages O', 'write_passage on ragwall_api.passages O'
  ],
  'changes of documents, what is stored and its words are noted, always, and no trigger but those of passages is there else'
);

select is_empty(
  $$
    select ev_class::regclass from pg_rewrite where ev_class not in ('ragwall.search_tables'::regclass, 'ragwall_api.passages'::regclass) and ev_class in (
      select oid from pg_class where relnamespace in (
        'ragwall'::regnamespace, 'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
      )
    )
    union all
    select stxrelid::regclass from pg_statistic_ext where stxrelid in (
      select oid from pg_class where relnamespace in (
        'ragwall'::regnamespace, 'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
      )
    )
    union all
    select indexrelid::regclass from pg_index where indexprs is not null and indrelid in (
      select oid from pg_class where relnamespace in (
        'ragwall'::regnamespace, 'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
      )
    )
  $$,
  'E17c: there are no rules, extended statistics or indexes on expressions'
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
  'all but the content is stored in the row'
);

select is_empty(
  $$
    select a.attrelid::regclass, a.attname
    from pg_attribute as a
    join pg_class as c on c.oid = a.attrelid
    where c.relnamespace in ('ragwall'::regnamespace, 'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace)
      and c.relkind in ('r', 'p')
      and c.oid <> 'ragwall.tenant_claim'::regclass
      and a.attnum > 0
      and a.attstattarget is distinct from 0
  $$,
  'no column has statistics, whose estimates would tell of other tenants'
);

select throws_ok(
  format($$
    insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
    values ('acme', 'x', array_fill(1, array[%s])::real[]::public.halfvec, 'test')
  $$, ragwall.embedding_dimensions() + more),
  '23514',
  'new row for relation "documents_rows" violates check constraint "embedding_has_the_dimensions_of_this_database"',
  format('embeddings have the dimensions that embedding_dimensions() tells, not %s', label)
)
from (values (-1, 'one fewer'), (1, 'one more')) as d (more, label);

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
    where connamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
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
    'ragwall.documents: CHECK ((vector_dims(embedding) = ragwall.embedding_dimensions()))',
    'ragwall.tenant_claim: PRIMARY KEY (only_row)',
    'ragwall.tenant_claim: CHECK (only_row)',
    'ragwall.tenant_claim: CHECK (((COALESCE(array_ndims(path), 0) = 1) AND (cardinality(path) <= 5) AND (array_position(path, NULL::text) IS NULL)))',
    'ragwall.tenant_claim: CHECK ((NOT (path && ''{user_metadata,unsafe_metadata}''::text[])))',
    'ragwall_search.directory: PRIMARY KEY (tenant_id)',
    'ragwall_search.directory: CHECK (ragwall.is_tenant_id(tenant_id))',
    'ragwall_search.directory: CHECK (((ef_10 >= 10) AND (ef_10 <= 1000)))',
    'ragwall_search.directory: CHECK (((ef_100 >= 100) AND (ef_100 <= 1000)))',
    'ragwall_search.tail: CHECK (ragwall.is_tenant_id(tenant_id))',
    'ragwall_search.stored: CHECK (ragwall.is_tenant_id(tenant_id))',
    'ragwall_search.words: PRIMARY KEY (tenant_id, id)',
    'ragwall_search.vocabulary: PRIMARY KEY (tenant_id, term)',
    'ragwall_search.vocabulary: CHECK (ragwall.is_tenant_id(tenant_id))',
    'ragwall_search.words: CHECK (ragwall.is_tenant_id(tenant_id))',
    'ragwall_search.word_settings: PRIMARY KEY (only_row)',
    'ragwall_search.word_settings: CHECK (only_row)',
    'ragwall_search.filter_fields: PRIMARY KEY (field)',
    'ragwall_search.filter_fields: CHECK (((octet_length(field) >= 1) AND (octet_length(field) <= 200)))',
    'ragwall_search.filter_fields: CHECK (("left"(field, 1) <> ''$''::text))',
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
    where c.relnamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace, 'ragwall_api'::regnamespace)
      and c.relkind in ('r', 'p')
      and a.attnum > 0
      and not a.attnotnull
      and not c.relispartition
  $$,
  array['ragwall.documents.source', 'ragwall.documents.position'], 'nothing but the source of a document may be null'
);

select set_eq(
  $$
    select distinct regexp_replace(d.adrelid::regclass::text, '_rows$', '') || '.' || a.attname || ': '
      || pg_get_expr(d.adbin, d.adrelid)
    from pg_attrdef as d
    join pg_attribute as a on a.attrelid = d.adrelid and a.attnum = d.adnum
    join pg_class as c on c.oid = d.adrelid
    where c.relnamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
  $$,
  array[
    'ragwall.documents.tenant_id: ragwall.require_tenant()', 'ragwall.documents.id: gen_random_uuid()',
    'ragwall.documents.metadata: ''{}''::jsonb', 'ragwall.documents.created_at: now()',
    'ragwall_search.directory.dimensions: ragwall.embedding_dimensions()', 'ragwall_search.directory.documents: 0',
    'ragwall_search.directory.edges: 16', 'ragwall_search.directory.applied: 0', 'ragwall_search.directory.measured: 0',
    'ragwall_search.directory.pages: 0', 'ragwall_search.directory.bytes: 0',
    'ragwall_search.directory.ranges: ''{}''::text[]',
    'ragwall_search.word_settings.only_row: true', 'ragwall_search.word_settings.version: 0',
    'ragwall_search.word_settings.filled: false',
    'ragwall_search.stored.documents: 1', 'ragwall_search.stored.registered: false',
    'ragwall.tenant_claim.only_row: true', 'ragwall_private.seal_key.only_row: true',
    'ragwall_private.signing_key.created_at: now()'
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
    where n.nspname in ('ragwall', 'ragwall_private', 'ragwall_search', 'ragwall_api')
    group by n.nspname
  $$,
  array[
    'ragwall: ragwall_owner', 'ragwall_private: ragwall_context', 'ragwall_search: ragwall_owner',
    'ragwall_api: ragwall_owner'
  ],
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
    where c.relnamespace in (
      'ragwall'::regnamespace, 'ragwall_private'::regnamespace,
      'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace
    )
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
