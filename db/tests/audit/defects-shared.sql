-- One defect each, one statement away from world.sql: its check, and the object that it names. What tenants share.
select *
from (
  values
    ('K01', 'items_number_key on shop.items', 'a unique key of all tenants', $$
      alter table shop.items add unique (number)$$),
    ('K01', 'items_id_key on shop.items', 'a unique key that is drawn at random', $$
      alter table shop.items add unique (id)$$),
    ('K01', 'hasty on shop.items', 'a unique key of an expression with the tenant', $$
      create unique index hasty on shop.items (lower(tenant_id), number)$$),
    ('K01', 'hasty on shop.items', 'a unique key that has the tenant beside it', $$
      create unique index hasty on shop.items (number) include (tenant_id)$$),
    ('K01', 'hasty on shop.items', 'a unique key that the tenant does not lead', $$
      create unique index hasty on shop.items (number, tenant_id)$$),
    ('K01', 'hasty on shop.events_0', 'a unique key of a partition', $$
      create unique index hasty on shop.events_0 (id)$$),
    ('K01', 'hasty on shop.items', 'an exclusion', $$
      alter table shop.items add constraint hasty exclude using btree (number with =)$$),
    ('K02', 'hasty on shop.items', 'a foreign key on another column than the tenant', $$
      alter table shop.items add column other text collate "C", add constraint hasty foreign key (other, order_id)
        references shop.orders$$),
    ('K02', 'hasty on shop.items', 'a foreign key to the tenant by another column', $$
      create unique index on shop.orders (tenant_id, note);
      alter table shop.items add column other text collate "C", add constraint hasty foreign key (other, tenant_id)
        references shop.orders (tenant_id, note)$$),
    ('K03', 'shop.items_n_seq', 'an identity', 'alter table shop.items add n bigint generated always as identity'),
    ('K03', 'shop.items_n_seq', 'a serial', $$
      alter table shop.items add n serial;
      alter sequence shop.items_n_seq owned by none$$),
    ('K03', 'shop.numbers', 'a default', $$
      create sequence shop.numbers;
      alter table shop.items alter number set default nextval('shop.numbers')$$),
    ('K03', 'shop.numbers', 'a default that an application sets', $$
      create sequence shop.numbers;
      alter table shop.items alter number set default nextval('shop.numbers');
      grant usage, update on sequence shop.numbers to app_user$$),
    ('K04', 'hasty on shop.orders', 'an HNSW index', $$
      create index hasty on shop.orders using hnsw (embedding public.halfvec_cosine_ops)$$),
    ('K04', 'hasty on shop.orders', 'lists', $$
      create index hasty on shop.orders using ivfflat (embedding public.halfvec_cosine_ops)$$),
    ('K04', 'hasty on shop.events', 'HNSW indexes of hash partitions', $$
      create index hasty on shop.events using hnsw (embedding public.halfvec_cosine_ops)$$),
    ('K04', 'hasty on shop.events_0', 'an HNSW index of one hash partition', $$
      create index hasty on shop.events_0 using hnsw (embedding public.halfvec_cosine_ops)$$),
    ('K04', 'hasty on shop.orders', 'an HNSW index of some tenants', $$
      create index hasty on shop.orders using hnsw (embedding public.halfvec_cosine_ops) where tenant_id in ('acme',
        'globex')$$),
    ('K04', 'hasty on shop.orders', 'an HNSW index of one tenant and others', $$
      create index hasty on shop.orders using hnsw (embedding public.halfvec_cosine_ops) where tenant_id = 'acme' and
        note = 'x' or note = 'y'$$),
    ('K04', 'hasty on shop.orders', 'an HNSW index of all tenants but one', $$
      create index hasty on shop.orders using hnsw (embedding public.halfvec_cosine_ops)
        where (tenant_id = 'acme') is not true$$),
    ('K04', 'hasty on shop.notes', 'an HNSW index over rows of users', $$
      create table shop.notes (writer name, v public.halfvec(3));
      alter table shop.notes enable row level security;
      create policy own on shop.notes using (writer = current_user);
      create index hasty on shop.notes using hnsw (v public.halfvec_cosine_ops)$$),
    ('K05', 'hasty on shop.orders', 'an index', 'create index hasty on shop.orders (placed_at)'),
    ('K05', 'hasty on shop.orders', 'an index of blocks', 'create index hasty on shop.orders using brin (placed_at)'),
    ('K05', 'hasty on shop.orders', 'a hash index', 'create index hasty on shop.orders using hash (note)'),
    ('K05', 'hasty on shop.events', 'an index of partitions', 'create index hasty on shop.events (body)'),
    ('K06', 'hasty on shop.orders', 'a full-text index', $$
      create index hasty on shop.orders using gin (to_tsvector('simple', note))$$),
    ('K07', 'shop.hasty', 'a statistics object', 'create statistics shop.hasty on note, placed_at from shop.orders'),
    ('K08', 'hasty on shop.orders', 'an index that is not valid', $$
      create index hasty on shop.orders (tenant_id, placed_at);
      update pg_index set indisvalid = false where indexrelid = 'shop.hasty'::regclass$$)
) as v (id, object, name, statement)
