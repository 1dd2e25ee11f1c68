-- Privileges that no policy binds, and functions that go round policies, in databases without Ragwall.

-- 45 upsert-takes-over: addresses of pages are unique over all companies on purpose; the function that publishes a
-- page runs with BYPASSRLS and on a conflict overwrites the page, whosever it is
-- tenant-column: company_id
-- app-role: d45_web
-- found: F01 cms.publish(text, text)
-- found: K01 pages_slug_key on cms.pages
create role d45_web login;
create role d45_publisher nologin bypassrls;
create schema cms;
create table cms.pages (
  company_id text not null,
  slug text not null,
  body text not null,
  primary key (company_id, slug)
);
create unique index pages_slug_key on cms.pages (slug);
alter table cms.pages enable row level security;
alter table cms.pages force row level security;
create policy own_company on cms.pages for select to d45_web
  using (company_id = (select current_setting('app.company', true)));
grant usage on schema cms to d45_web, d45_publisher;
grant select on cms.pages to d45_web;
grant select, insert, update on cms.pages to d45_publisher;
create function cms.publish(new_slug text, new_body text) returns void language sql
  security definer set search_path = pg_catalog, pg_temp
as $$
  insert into cms.pages as p (company_id, slug, body) values (current_setting('app.company'), new_slug, new_body)
  on conflict (slug) do update set body = excluded.body
$$;
alter function cms.publish(text, text) owner to d45_publisher;
revoke execute on function cms.publish(text, text) from public;
grant execute on function cms.publish(text, text) to d45_web;
-- proof:
insert into cms.pages values ('globex', 'pricing', 'ours is cheaper');
set session authorization d45_web;
set app.company = 'acme';
select cms.publish('pricing', 'globex is closed');
reset session authorization;
select count(*) = 1 from cms.pages where company_id = 'globex' and body = 'globex is closed';

-- 47 truncate: GRANT ALL gave the application TRUNCATE, which no policy binds: a request of one workspace empties
-- the table for all
-- tenant-column: workspace_id
-- app-role: d47_web
-- found: P01 public.notes for d47_web
create role d47_web login;
create table public.notes (
  workspace_id uuid not null,
  id uuid not null default gen_random_uuid(),
  body text not null,
  primary key (workspace_id, id)
);
alter table public.notes enable row level security;
alter table public.notes force row level security;
create policy own_workspace on public.notes to d47_web
  using (workspace_id = (select nullif(current_setting('app.workspace', true), '')::uuid));
grant select, insert, update, delete, truncate on public.notes to d47_web;
-- proof:
insert into public.notes (workspace_id, body) values (gen_random_uuid(), 'globex');
set session authorization d47_web;
select set_config('app.workspace', gen_random_uuid()::text, false);
truncate public.notes;
reset session authorization;
select count(*) = 0 from public.notes;

-- 48 trigger-of-a-tenant: a login for each customer, who may create triggers on the shared table: a trigger of one
-- customer runs with the rights of the others when they write
-- tenant-column: customer
-- app-role: d48_customers
-- untrusted-role: d48_customers
-- found: P02 public.orders for d48_customers
create role d48_customers nologin;
create role d48_acme login in role d48_customers;
create role d48_globex login in role d48_customers;
create table public.orders (
  customer name not null default current_user,
  id uuid not null default gen_random_uuid(),
  item text not null,
  primary key (customer, id)
);
alter table public.orders enable row level security;
alter table public.orders force row level security;
create policy own_orders on public.orders to d48_customers using (customer = current_user);
grant select, insert, update, delete, trigger on public.orders to d48_customers;
create schema home_acme authorization d48_acme;
create schema home_globex authorization d48_globex;
-- proof:
set session authorization d48_acme;
grant usage on schema home_acme to public;
create table home_acme.loot (item text);
grant insert on home_acme.loot to public;
create function home_acme.steal() returns trigger language plpgsql as $$
begin
  insert into home_acme.loot values (new.item);
  return new;
end
$$;
create trigger steal before insert on public.orders for each row execute function home_acme.steal();
set session authorization d48_globex;
insert into public.orders (item) values ('globex secret');
set session authorization d48_acme;
select count(*) = 1 from home_acme.loot where item = 'globex secret';

-- 49 references-privilege: customers with logins and schemas of their own have REFERENCES on the shared table: a
-- foreign key in a table of theirs is checked beneath the policies, so they ask which orders others have, and keep
-- them from being deleted
-- tenant-column: customer
-- app-role: d49_customers
-- untrusted-role: d49_customers
-- found: P03 public.orders for d49_customers
create role d49_customers nologin;
create role d49_acme login in role d49_customers;
create role d49_globex login in role d49_customers;
create table public.orders (
  customer name not null default current_user,
  number integer not null,
  item text not null,
  primary key (customer, number)
);
alter table public.orders enable row level security;
alter table public.orders force row level security;
create policy own_orders on public.orders to d49_customers using (customer = current_user);
grant select, insert, update, delete, references on public.orders to d49_customers;
create schema home_acme authorization d49_acme;
create schema home_globex authorization d49_globex;
-- proof:
insert into public.orders values ('d49_globex', 17, 'x');
set session authorization d49_acme;
create table home_acme.probe (
  customer name, number integer, foreign key (customer, number) references public.orders (customer, number)
);
insert into home_acme.probe values ('d49_globex', 17);
do $$
begin
  insert into home_acme.probe values ('d49_globex', 18);
exception when foreign_key_violation then
  perform set_config('proof.told', 'yes', false);
end
$$;
select (select count(*) from public.orders) = 0 and (select count(*) from home_acme.probe) = 1
  and current_setting('proof.told', true) = 'yes';

-- 50 sequence-of-all: GRANT ALL ON ALL SEQUENCES lets the application set the one sequence that numbers all
-- companies' invoices back: the next inserts of every company fail
-- tenant-column: company_id
-- app-role: d50_web
-- found: K03 public.invoices_number_seq (medium)
create role d50_web login;
create table public.invoices (
  company_id text not null default current_setting('app.company'),
  number bigint not null generated by default as identity,
  amount numeric not null,
  primary key (company_id, number)
);
alter table public.invoices enable row level security;
alter table public.invoices force row level security;
create policy own_company on public.invoices to d50_web
  using (company_id = (select current_setting('app.company', true)));
grant select, insert, update, delete on public.invoices to d50_web;
grant all on all sequences in schema public to d50_web;
-- proof:
set session authorization d50_web;
set app.company = 'globex';
insert into public.invoices (amount) values (1), (2), (3);
set app.company = 'acme';
select setval('public.invoices_number_seq', 1, false);
set app.company = 'globex';
do $$
begin
  insert into public.invoices (amount) values (4);
exception when unique_violation then
  perform set_config('proof.failed', 'yes', false);
end
$$;
select current_setting('proof.failed', true) = 'yes';

-- 51 leakproof-by-word: a function was declared LEAKPROOF and cheap so that the planner uses it early, but its error
-- message has its argument: in a condition it runs on other companies' rows before the policy
-- tenant-column: company_id
-- app-role: d51_web
-- untrusted-role: d51_web
-- found: F04 public.to_cents(text)
create role d51_web login;
create table public.payments (
  company_id text not null,
  id uuid not null default gen_random_uuid(),
  amount text not null,
  primary key (company_id, id)
);
alter table public.payments enable row level security;
alter table public.payments force row level security;
create policy own_company on public.payments to d51_web using (company_id = current_setting('app.company', true));
grant select, insert, update, delete on public.payments to d51_web;
create function public.to_cents(amount text) returns bigint language plpgsql immutable leakproof cost 0.1
  set search_path = pg_catalog, pg_temp
as $$ begin return (amount::numeric * 100)::bigint; end $$;
-- proof:
insert into public.payments (company_id, amount) values ('globex', '123 from secret partner');
set session authorization d51_web;
set app.company = 'acme';
set enable_indexscan = off;
set enable_bitmapscan = off;
do $$
begin
  perform from public.payments where public.to_cents(amount) > 0;
exception when invalid_text_representation then
  perform set_config('proof.said', sqlerrm, false);
end
$$;
select current_setting('proof.said', true) like '%secret partner%';

-- 57 immutable-tenant: the function that tells the tenant is marked IMMUTABLE for speed: it becomes a constant in
-- cached plans, and a prepared statement on a pooled connection answers the next tenant with the previous one's rows
-- tenant-column: shop_id
-- app-role: d57_web
-- found: T11 app.shop()
create role d57_web login;
create schema app;
create function app.shop() returns bigint language plpgsql immutable set search_path = pg_catalog, pg_temp
  as $$ begin return nullif(current_setting('app.shop', true), '')::bigint; end $$;
create table app.baskets (
  shop_id bigint not null,
  id uuid not null default gen_random_uuid(),
  item text not null,
  primary key (shop_id, id)
);
alter table app.baskets enable row level security;
alter table app.baskets force row level security;
create policy own_shop on app.baskets to d57_web using (shop_id = app.shop()) with check (shop_id = app.shop());
grant usage on schema app to d57_web;
grant select, insert, update, delete on app.baskets to d57_web;
-- proof:
insert into app.baskets (shop_id, item) values (1, 'secret of shop 1'), (2, 'b');
set session authorization d57_web;
set app.shop = '1';
prepare baskets as select bool_or(item = 'secret of shop 1') from app.baskets;
execute baskets;
set app.shop = '2';
execute baskets;

-- 58 path-of-a-helper: the policies' helper is SECURITY DEFINER without a search_path of its own, and users may
-- create temporary tables: a temporary table named memberships makes them members of any company
-- tenant-column: company_id
-- app-role: d58_alice
-- untrusted-role: d58_alice
-- found: F03 app.my_companies()
-- found: P08 database ragwall_strangers for PUBLIC
do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$;
create role d58_alice login;
create schema app;
create table public.memberships (login name not null, company_id uuid not null, primary key (login, company_id));
create function app.my_companies() returns setof uuid language sql stable security definer
  as $$ select company_id from memberships where login = session_user $$;
create table app.orders (
  company_id uuid not null,
  id uuid not null default gen_random_uuid(),
  item text not null,
  primary key (company_id, id)
);
alter table app.orders enable row level security;
alter table app.orders force row level security;
create policy own_companies on app.orders to d58_alice using (company_id in (select app.my_companies()));
grant usage on schema app to d58_alice;
grant select, insert, update, delete on app.orders to d58_alice;
-- proof:
insert into app.orders (company_id, item) values ('bbbbbbbb-0000-4000-8000-000000000000', 'globex secret');
set session authorization d58_alice;
create temporary table memberships as
  select session_user as login, 'bbbbbbbb-0000-4000-8000-000000000000'::uuid as company_id;
select count(*) = 1 from app.orders where item = 'globex secret';

-- 60 maintains-all: the application's login is a member of pg_maintain so that it can refresh a view: by LOCK TABLE,
-- VACUUM FULL and REINDEX it stops every tenant, on all tables
-- app-role: d60_web
-- from: 17
-- found: R06 d60_web in pg_maintain
create role d60_web login in role pg_maintain;
create table public.orders (
  tenant_id text not null,
  id uuid not null default gen_random_uuid(),
  item text not null,
  primary key (tenant_id, id)
);
alter table public.orders enable row level security;
alter table public.orders force row level security;
create policy own_tenant on public.orders to d60_web using (tenant_id = (select current_setting('app.tenant', true)));
grant select, insert on public.orders to d60_web;
-- proof:
set session authorization d60_web;
begin;
lock table public.orders in access exclusive mode;
select count(*) = 1 from pg_locks
where pid = pg_backend_pid() and relation = 'public.orders'::regclass and mode = 'AccessExclusiveLock' and granted;
commit;

-- 62 large-objects-for-all: a login for each customer, whose files are large objects that only their owner may read;
-- since an upgrade the database has lo_compat_privileges = on, which lets everybody read and write every large
-- object
-- tenant-column: customer
-- app-role: d62_customers
-- untrusted-role: d62_customers
-- found: P10 lo_compat_privileges
create role d62_customers nologin;
create role d62_acme login in role d62_customers;
create role d62_globex login in role d62_customers;
create table public.files (
  customer name not null default current_user,
  name text not null,
  body oid not null,
  primary key (customer, name)
);
alter table public.files enable row level security;
alter table public.files force row level security;
create policy own_files on public.files to d62_customers using (customer = current_user);
grant select, insert, update, delete on public.files to d62_customers;
do $$ begin execute format('alter database %I set lo_compat_privileges = on', current_database()); end $$;
-- proof:
set session authorization d62_globex;
insert into public.files (name, body) values ('plan.txt', lo_from_bytea(0, 'globex secret'));
set session authorization d62_acme;
select count(*) = 0 from public.files;
select bool_or(convert_from(lo_get(oid), 'UTF8') = 'globex secret') from pg_largeobject_metadata;

-- 64 tenant-as-argument: a report is SECURITY DEFINER of the tables' owner, whom row-level security does not bind
-- because it is not forced, and takes the account as an argument: who calls it names any account
-- tenant-column: account_id
-- app-role: d64_web
-- found: T02 app.sales
create role d64_web login;
create role d64_owner nologin;
create schema app authorization d64_owner;
create table app.sales (
  account_id bigint not null,
  id uuid not null default gen_random_uuid(),
  at date not null,
  amount numeric not null,
  primary key (account_id, id)
);
alter table app.sales owner to d64_owner;
alter table app.sales enable row level security;
create policy own_account on app.sales to d64_web
  using (account_id = (select nullif(current_setting('app.account', true), '')::bigint));
create function app.monthly_report(account bigint, month date)
  returns table (day date, total numeric)
  language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
  select s.at, sum(s.amount) from app.sales as s
  where s.account_id = account and date_trunc('month', s.at) = date_trunc('month', month)
  group by s.at
$$;
alter function app.monthly_report(bigint, date) owner to d64_owner;
revoke execute on function app.monthly_report(bigint, date) from public;
grant usage on schema app to d64_web;
grant select, insert on app.sales to d64_web;
grant execute on function app.monthly_report(bigint, date) to d64_web;
-- proof:
insert into app.sales (account_id, at, amount) values (2, '2026-11-03', 4711);
set session authorization d64_web;
set app.account = '1';
select bool_or(total = 4711) from app.monthly_report(2, '2026-11-01');
