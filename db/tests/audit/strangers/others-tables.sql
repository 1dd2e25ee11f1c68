-- Tables and views without policies, in databases without Ragwall.

-- 33 backup-table: Supabase style: before a migration somebody copied the invoices by CREATE TABLE AS; the copy has
-- no row-level security, and the default privileges of the schema gave it to every signed-in user
-- tenant-column: org_id
-- app-role: d33_authenticated
-- found: T01 public.invoices_backup_20261101
-- found: M02 default privileges of postgres in public on tables for d33_authenticated
create role d33_authenticated nologin;
create schema auth;
create function auth.jwt() returns jsonb language sql stable
  as $$ select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb $$;
grant usage on schema auth, public to d33_authenticated;
alter default privileges in schema public grant select, insert, update, delete on tables to d33_authenticated;
create table public.invoices (
  org_id uuid not null,
  id uuid not null default gen_random_uuid(),
  amount numeric not null,
  primary key (org_id, id)
);
alter table public.invoices enable row level security;
alter table public.invoices force row level security;
create policy own_org on public.invoices to d33_authenticated
  using (org_id = (select (auth.jwt() -> 'app_metadata' ->> 'org_id')::uuid));
insert into public.invoices (org_id, amount) values
  ('aaaaaaaa-0000-4000-8000-000000000000', 1), ('bbbbbbbb-0000-4000-8000-000000000000', 2);
create table public.invoices_backup_20261101 as table public.invoices;
-- proof:
set session authorization d33_authenticated;
select set_config('request.jwt.claims', '{"app_metadata": {"org_id": "aaaaaaaa-0000-4000-8000-000000000000"}}', false);
select (select count(*) from public.invoices) = 1 and (select count(*) from public.invoices_backup_20261101) = 2;

-- 41 schema-per-tenant: one schema and one login a tenant; a script for a shared dashboard granted one tenant's
-- schema to the group that all tenants' logins are in
-- app-role: d41_acme,d41_globex
-- untrusted-role: d41_acme,d41_globex
-- found: nothing: the tenant is a schema and no column, so the audit sees no table of tenants
create role d41_tenants nologin;
create role d41_acme login in role d41_tenants;
create role d41_globex login in role d41_tenants;
create schema tenant_acme;
create schema tenant_globex;
create table tenant_acme.orders (id uuid primary key default gen_random_uuid(), item text not null);
create table tenant_globex.orders (id uuid primary key default gen_random_uuid(), item text not null);
create schema shared;
create table shared.countries (code text primary key, name text not null);
grant usage on schema tenant_acme to d41_acme;
grant usage on schema tenant_globex to d41_globex;
grant select, insert, update, delete on tenant_acme.orders to d41_acme;
grant select, insert, update, delete on tenant_globex.orders to d41_globex;
grant usage on schema shared to d41_tenants;
grant select on shared.countries to d41_tenants;
grant usage on schema tenant_globex to d41_tenants;
grant select on all tables in schema tenant_globex to d41_tenants;
-- proof:
insert into tenant_globex.orders (item) values ('globex secret');
set session authorization d41_acme;
select count(*) = 1 from tenant_globex.orders where item = 'globex secret';

-- 42 view-under-a-view: Rails style: the view that the application uses is security_invoker, but selects from one
-- that is not and belongs to a superuser, so the policies of the table are those of its owner: none
-- tenant-column: account_id
-- app-role: d42_web
-- found: V01 reporting.order_lines
create role d42_web login;
create table public.orders (
  account_id bigint not null,
  id bigint not null,
  item text not null,
  primary key (account_id, id)
);
alter table public.orders enable row level security;
alter table public.orders force row level security;
create policy own_account on public.orders to d42_web
  using (account_id = (select nullif(current_setting('app.account', true), '')::bigint));
create schema reporting;
create view reporting.order_lines as
  select o.account_id as acct, o.id as order_no, upper(o.item) as item from public.orders as o;
create view public.my_orders with (security_invoker = true) as select order_no, item from reporting.order_lines;
grant usage on schema reporting to d42_web;
grant select, insert, update, delete on public.orders to d42_web;
grant select on public.my_orders, reporting.order_lines to d42_web;
-- proof:
insert into public.orders values (1, 1, 'acme'), (2, 1, 'globex secret');
set session authorization d42_web;
set app.account = '1';
select count(*) = 2 from public.my_orders;

-- 43 view-without-barrier: tenants with logins of their own are separated by a view alone, which is no
-- security_barrier: a cheap function of the tenant's sees the rows of all before the condition of the view does
-- tenant-column: company
-- app-role: d43_acme
-- untrusted-role: d43_acme
-- found: V01 shop.my_orders
-- found: T01 shop.orders
create role d43_acme login;
create schema shop;
create table shop.orders (
  company name not null,
  id uuid not null default gen_random_uuid(),
  item text not null,
  primary key (company, id)
);
create view shop.my_orders as select id, item from shop.orders where company = session_user;
create schema home_acme authorization d43_acme;
grant usage on schema shop to d43_acme;
grant select on shop.my_orders to d43_acme;
-- proof:
insert into shop.orders (company, item) values ('d43_acme', 'acme'), ('d43_globex', 'globex secret');
set session authorization d43_acme;
create function home_acme.peek(item text) returns boolean language plpgsql cost 0.0001 as $$
begin
  perform set_config('loot.items', concat_ws(',', current_setting('loot.items', true), item), false);
  return true;
end
$$;
set enable_indexscan = off;
set enable_bitmapscan = off;
select count(*) from shop.my_orders where home_acme.peek(item);
select current_setting('loot.items') like '%globex secret%';

-- 44 partitions-by-name: Django style: GRANT … ON ALL TABLES gave the application the partitions too, and row-level
-- security is on their parent only: named directly they show all owners' rows
-- tenant-column: device_owner
-- app-role: d44_web
-- found: T01 public.readings_2026_11 (critical)
-- found: T01 public.readings_2026_12 (critical)
create role d44_web login;
create table public.readings (
  device_owner integer not null,
  id uuid not null default gen_random_uuid(),
  at date not null,
  value double precision not null,
  primary key (device_owner, at, id)
)
partition by range (at);
create table public.readings_2026_11 partition of public.readings for values from ('2026-11-01') to ('2026-12-01');
create table public.readings_2026_12 partition of public.readings for values from ('2026-12-01') to ('2027-01-01');
alter table public.readings enable row level security;
alter table public.readings force row level security;
create policy own_devices on public.readings to d44_web
  using (device_owner = (select nullif(current_setting('app.owner', true), '')::integer));
grant select, insert on all tables in schema public to d44_web;
-- proof:
insert into public.readings (device_owner, at, value) values (1, '2026-11-02', 1), (2, '2026-11-03', 2);
set session authorization d44_web;
set app.owner = '1';
select (select count(*) from public.readings) = 1 and (select count(*) from public.readings_2026_11) = 2;

-- 46 foreign-file: the nightly export of the accounting system is a foreign table over a file with all customers'
-- invoices; foreign tables have no row-level security, and the portal may select from it
-- tenant-column: customer_no
-- app-role: d46_portal
-- docker: a server of its own, since it leaves a file
-- found: P11 import.invoices
create role d46_portal login;
create extension file_fdw schema public;
create schema import;
create server files foreign data wrapper file_fdw;
copy (values ('1', 'acme', 10), ('2', 'globex secret', 20)) to '/tmp/d46_invoices.csv' csv;
create foreign table import.invoices (customer_no integer, title text, amount numeric)
  server files options (filename '/tmp/d46_invoices.csv', format 'csv');
create table public.payments (
  customer_no integer not null,
  id uuid not null default gen_random_uuid(),
  amount numeric not null,
  primary key (customer_no, id)
);
alter table public.payments enable row level security;
alter table public.payments force row level security;
create policy own_payments on public.payments for select to d46_portal
  using (customer_no = (select nullif(current_setting('app.customer', true), '')::integer));
grant select on public.payments to d46_portal;
grant usage on schema import to d46_portal;
grant select on import.invoices to d46_portal;
-- proof:
set session authorization d46_portal;
set app.customer = '1';
select count(*) = 1 from import.invoices where title = 'globex secret';

-- 59 owner-not-forced: Django style: the login that migrates and serves owns the tables; row-level security is
-- enabled but not forced, so it binds nobody who uses it
-- tenant-column: organization_id
-- app-role: d59_django
-- found: R08 d59_django
-- found: T02 public.core_invoice
create role d59_django login;
create table public.core_invoice (
  organization_id bigint not null,
  id bigint not null,
  total numeric not null,
  primary key (organization_id, id)
);
alter table public.core_invoice owner to d59_django;
alter table public.core_invoice enable row level security;
create policy tenant on public.core_invoice
  using (organization_id = (select nullif(current_setting('app.organization', true), '')::bigint));
-- proof:
insert into public.core_invoice values (1, 1, 1), (2, 1, 2);
set session authorization d59_django;
set app.organization = '1';
select count(*) = 2 from public.core_invoice;

-- 61 index-of-all-vectors: one HNSW index has the embeddings of all customers: the nearest of others use up what a
-- search considers, so a customer finds nothing of his own, and what others store changes his answers
-- tenant-column: customer_id
-- app-role: d61_web
-- found: K04 chunks_embedding_idx on public.chunks
create extension vector schema public;
create role d61_web login;
create table public.chunks (
  customer_id integer not null,
  id integer not null,
  embedding public.vector(3) not null,
  primary key (customer_id, id)
);
create index chunks_embedding_idx on public.chunks using hnsw (embedding public.vector_cosine_ops);
alter table public.chunks enable row level security;
alter table public.chunks force row level security;
create policy own_customer on public.chunks to d61_web
  using (customer_id = (select nullif(current_setting('app.customer', true), '')::integer));
grant select, insert, update, delete on public.chunks to d61_web;
-- proof:
insert into public.chunks select 1, n, '[0,1,0]' from generate_series(1, 5) as n;
insert into public.chunks select 2, n, array[1, n / 1e5, 0]::real[]::public.vector from generate_series(1, 1000) as n;
analyze public.chunks;
set session authorization d61_web;
set app.customer = '1';
set enable_seqscan = off;
set enable_sort = off;
select (select count(*) from public.chunks) = 5
  and (select count(*) from (select id from public.chunks order by embedding <=> '[1,0,0]' limit 5) as found) = 0;
