-- What is right, one statement away from world.sql, and not to be found: tables, keys and views.
select *
from (
  values
    -- How the tenant is named.
    ('a uuid', $$
      create table shop.files (tenant_id uuid not null, id uuid not null, path text, primary key (tenant_id, id));
      call tests.protect('shop.files')$$),
    ('a bigint', $$
      create table shop.files (tenant_id bigint not null, path text);
      call tests.protect('shop.files')$$),
    ('an integer in mixed case, in a table with an odd name', $$
      create table public."we""ird %s (Table" ("orgId" integer not null, "a %s" text);
      call tests.protect('public."we""ird %s (Table"', 'orgId')$$),
    ('a varchar', $$
      create table shop.files (tenant_id varchar(40) collate "C" not null check (tenant_id <> ''), path text);
      call tests.protect('shop.files')$$),
    ('a domain', $$
      create domain shop.tenant as text collate "C" not null check (value ~ '^[a-z]+$');
      create table shop.files (tenant_id shop.tenant, path text);
      call tests.protect('shop.files')$$),
    ('a check that it is not null', $$
      create table shop.files (tenant_id uuid check (tenant_id is not null), path text);
      call tests.protect('shop.files')$$),
    ('a name that was told', $$
      set local ragwall.tenant_columns = 'tenant_id, the "account"';
      create table shop.files ("the ""account""" uuid not null, path text);
      call tests.protect('shop.files', 'the "account"')$$),
    ('one of a list of tenants', $$
      create table shop.tenants (id text collate "C" primary key, name text);
      alter table shop.tenants owner to ragwall_owner;
      create table shop.files (tenant_id text collate "C" not null references shop.tenants, path text);
      call tests.protect('shop.files')$$),
    ('a list of tenants that names them', $$
      create table shop.tenants (tenant_id uuid primary key, name text);
      call tests.protect('shop.tenants');
      create table shop.files (tenant_id uuid not null references shop.tenants, path text);
      call tests.protect('shop.files')$$),

    ('a list of tenants with policies', $$
      create table shop.orgs (id text collate "C" primary key, title text, secret_note text);
      alter table shop.orgs owner to ragwall_owner;
      alter table shop.orgs enable row level security;
      create policy own on shop.orgs for select to app_user using (id = (select ragwall.current_tenant()));
      alter table shop.orders add foreign key (tenant_id) references shop.orgs;
      grant select (id, title) on shop.orgs to app_user$$),
    ('a default that is the bound tenant', $$
      alter table shop.orders alter tenant_id set default ragwall.current_tenant()$$),
    ('a child of a parent with policies', $$
      create table shop.things (id uuid not null, label text);
      alter table shop.things enable row level security;
      create table shop.files (tenant_id text collate "C" not null check (tenant_id <> '')) inherits (shop.things);
      call tests.protect('shop.files');
      grant select (id) on shop.things to app_reader$$),
    ('a row of a tenant table in a table with policies', $$
      create table shop.archive (tenant_id text collate "C" not null check (tenant_id <> ''), doc shop.orders);
      call tests.protect('shop.archive')$$),
    ('rows of a tenant table where no application reads', 'create table shop.archive (doc shop.orders)'),

    -- Keys and indexes.
    ('keys of a tenant''s own rows', $$
      alter table shop.items add parent_id uuid, add foreign key (tenant_id, parent_id) references shop.items$$),
    ('a key to what is shared', 'alter table shop.orders add country text references shop.countries'),
    ('a key to people of whom the name of the tenant''s choice is read', $$
      create table shop.people (id uuid primary key, email text, nick text);
      alter table shop.orders add placed_by uuid references shop.people;
      grant select (id, nick) on shop.people to app_user$$),
    ('a generated column', 'alter table shop.orders add shouted text generated always as (upper(note)) stored'),
    ('indexes that lead with the tenant', $$
      create index on shop.orders (tenant_id, placed_at desc);
      create unique index on shop.items (tenant_id, number) where number > 0;
      create index on shop.orders (tenant_id) include (note)$$),
    ('an HNSW index of one tenant', $$
      create index on shop.orders using hnsw (embedding public.halfvec_cosine_ops) where tenant_id = 'o''brien'$$),
    ('an HNSW index of one tenant and of what is new', $$
      create index on shop.orders using hnsw (embedding public.halfvec_cosine_ops) where tenant_id = 'acme' and
        placed_at > '2026-01-01Z'$$),
    ('an HNSW index of one numbered tenant', $$
      create table shop.files (tenant_id bigint not null, v public.halfvec(3));
      call tests.protect('shop.files');
      create index on shop.files using hnsw (v public.halfvec_cosine_ops) where tenant_id = 42$$),
    ('a search table', 'select tests.seed(); select tests.enlarge(''acme'')'),
    ('an index of one tenant', $$
      create index on shop.orders (placed_at) where tenant_id = 'acme';
      create unique index on shop.items (number) where tenant_id = 'acme'$$),
    ('a partition a tenant, each with its HNSW index', $$
      create table shop.files (tenant_id uuid not null, id uuid not null, v public.halfvec(3)) partition by list
        (tenant_id);
      create table shop.files_1 (like shop.files);
      create table shop.files_2 (like shop.files);
      call tests.protect('shop.files');
      call tests.protect('shop.files_1');
      call tests.protect('shop.files_2');
      alter table shop.files attach partition shop.files_1 for values in ('00000000-0000-4000-8000-000000000001');
      alter table shop.files attach partition shop.files_2 for values in ('00000000-0000-4000-8000-000000000002');
      create index on shop.files_1 using hnsw (v public.halfvec_cosine_ops);
      create unique index on shop.files_1 (id)$$),
    ('a partition a tenant, and again by time, and HNSW indexes by the parent', $$
      create table shop.files (tenant_id bigint not null, at date, v public.halfvec(3)) partition by list (tenant_id);
      create table shop.files_1 partition of shop.files for values in (1) partition by range (at);
      create table shop.files_1_2026 partition of shop.files_1 for values from ('2026-01-01') to ('2027-01-01');
      call tests.protect('shop.files');
      call tests.protect('shop.files_1');
      call tests.protect('shop.files_1_2026');
      create index on shop.files using hnsw (v public.halfvec_cosine_ops)$$),
    ('identities where there are no tenants', $$
      create table shop.runs (id bigint generated always as identity primary key);
      grant select, insert on shop.runs to app_user$$),
    ('a publication of one tenant', $$create publication one for table shop.orders where (tenant_id = 'acme')$$),
    ('a publication of what is shared', 'create publication shared for table shop.countries'),

    -- Views and tables.
    ('views of views', $$
      create view shop.latest with (security_invoker = on) as select * from shop.recent;
      grant select on shop.latest to app_user;
      create view shop.last with (security_barrier, security_invoker = 1) as select * from shop.latest limit 1;
      grant select on shop.last to app_user$$),
    ('a view that no application reads', $$
      create view shop.totals as select tenant_id, count(*) from shop.orders group by 1$$),
    ('a materialized view that no application reads', $$
      create materialized view shop.totals as select tenant_id, count(*) from shop.orders group by 1$$),
    ('a view of what is shared', $$
      create view shop.names as select name from shop.countries;
      grant select on shop.names to app_user$$),
    ('tables without tenants', $$
      create schema other;
      grant usage on schema other to public;
      create table other.plans (code text primary key, metadata jsonb, description text);
      grant select on other.plans to public;
      create table other.log (note text, body text)$$),
    ('a temporary table', $$
      create temporary table orders (tenant_id text);
      create temporary view seen as select * from shop.orders$$),
    ('tables that protect_table() took over', $$
      create table public.chats (tenant_id text, id uuid, line text, primary key (tenant_id, id));
      grant all on public.chats to public;
      select ragwall.protect_table('public.chats', writers => '{app_user}', allow_delete => false);
      create table public.talks (customer uuid, id uuid, line text, primary key (customer, id));
      select ragwall.protect_table('public.talks', 'customer', writers => '{app_user}', allow_delete => false);
      create table public.calls (tenant_id bigint, id uuid, line text, primary key (tenant_id, id));
      select ragwall.protect_table('public.calls', writers => '{app_user}', allow_delete => false)$$),
    ('keys of the tenants'' own', $$
      create table shop.hooks (tenant_id uuid not null, secret text);
      call tests.protect('shop.hooks')$$),
    ('members that only a role writes that policies do not bind', $$
      create role shop_loader bypassrls;
      create table shop.members (person text, org text);
      alter table shop.members enable row level security;
      create policy everything on shop.members to shop_loader using (true);
      grant select, insert, update on shop.members to shop_loader;
      create policy own on shop.members for select to app_user using (person = session_user);
      grant select (person, org) on shop.members to app_user;
      create function shop.org() returns text stable security definer begin atomic
        select m.org from shop.members as m where m.person = session_user; end;
      alter function shop.org() owner to ragwall_owner;
      revoke execute on function shop.org() from public;
      alter policy select_own on shop.orders using (tenant_id = (select shop.org()))$$),
    ('a key beside what is granted', $$
      create table shop.hooks (url text, secret text);
      grant select (url) on shop.hooks to app_user$$)
) as v (name, statement)
