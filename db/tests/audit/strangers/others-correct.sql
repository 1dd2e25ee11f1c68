-- What resembles a defect of a database without Ragwall, and is right.

-- ok09 update-without-check: policies for UPDATE and ALL without WITH CHECK: Postgres checks new rows by USING then
-- tenant-column: company_id
-- app-role: ok09_web
create role ok09_web login;
create table public.orders (
  company_id uuid not null,
  id uuid not null default gen_random_uuid(),
  item text not null,
  primary key (company_id, id)
);
alter table public.orders enable row level security;
alter table public.orders force row level security;
create policy look on public.orders for select to ok09_web
  using (company_id = (select nullif(current_setting('app.company', true), '')::uuid));
create policy add on public.orders for insert to ok09_web
  with check (company_id = (select nullif(current_setting('app.company', true), '')::uuid));
create policy change on public.orders for update to ok09_web
  using (company_id = (select nullif(current_setting('app.company', true), '')::uuid));
grant select, insert, update on public.orders to ok09_web;
-- proof:
set session authorization ok09_web;
set app.company = 'aaaaaaaa-0000-4000-8000-000000000000';
insert into public.orders (company_id, item) values ('aaaaaaaa-0000-4000-8000-000000000000', 'a');
do $$
begin
  update public.orders set company_id = 'bbbbbbbb-0000-4000-8000-000000000000';
exception when insufficient_privilege then
  perform set_config('proof.refused', 'yes', false);
end
$$;
select current_setting('proof.refused', true) = 'yes';

-- ok10 helper-of-memberships: Supabase style with a SECURITY DEFINER helper in a policy: it reads the memberships as
-- their owner, but only those of auth.uid(), with a fixed search_path, and nobody may write memberships
-- tenant-column: org_id
-- app-role: ok10_authenticated
create role ok10_authenticated nologin;
create schema auth;
create schema private;
create function auth.uid() returns uuid language sql stable set search_path = pg_catalog, pg_temp
  as $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
create table private.members (org_id uuid not null, user_id uuid not null, primary key (org_id, user_id));
alter table private.members enable row level security;
create function private.my_orgs() returns setof uuid language sql stable
  security definer set search_path = pg_catalog, pg_temp
  as $$ select m.org_id from private.members as m where m.user_id = auth.uid() $$;
revoke execute on function private.my_orgs() from public;
grant usage on schema auth, private, public to ok10_authenticated;
grant execute on function private.my_orgs() to ok10_authenticated;
create table public.documents (
  org_id uuid not null,
  id uuid not null default gen_random_uuid(),
  content text not null,
  primary key (org_id, id)
);
alter table public.documents enable row level security;
alter table public.documents force row level security;
create policy members on public.documents to ok10_authenticated
  using (org_id in (select private.my_orgs())) with check (org_id in (select private.my_orgs()));
grant select, insert, update, delete on public.documents to ok10_authenticated;
-- proof:
insert into private.members values ('aaaaaaaa-0000-4000-8000-000000000000', '11111111-0000-4000-8000-000000000000');
insert into public.documents (org_id, content) values
  ('aaaaaaaa-0000-4000-8000-000000000000', 'acme'), ('bbbbbbbb-0000-4000-8000-000000000000', 'globex');
set session authorization ok10_authenticated;
select set_config('request.jwt.claims', '{"sub": "11111111-0000-4000-8000-000000000000"}', false);
select count(*) = 1 and bool_and(content = 'acme') from public.documents;

-- ok11 unique-with-tenant: unique indexes on e-mail addresses: the tenant is in each of them, in one as the last
-- column, in one with an expression and a predicate
-- tenant-column: account_id
-- app-role: ok11_web
create role ok11_web login;
create table public.users (
  account_id integer not null,
  id uuid not null default gen_random_uuid(),
  email text not null,
  login text,
  primary key (account_id, id),
  constraint users_email_key unique (email, account_id)
);
create unique index users_login_key on public.users (account_id, lower(login)) where login is not null;
alter table public.users enable row level security;
alter table public.users force row level security;
create policy own_account on public.users to ok11_web
  using (account_id = (select nullif(current_setting('app.account', true), '')::integer));
grant select, insert, update, delete on public.users to ok11_web;
-- proof:
insert into public.users (account_id, email, login) values (2, 'boss@example.com', 'boss');
set session authorization ok11_web;
set app.account = '1';
insert into public.users (account_id, email, login) values (1, 'boss@example.com', 'Boss');
select count(*) = 1 from public.users;

-- ok12 invoker-view: a view of a superuser's over a tenant table, without the tenant's column: it is
-- security_invoker
-- tenant-column: customer_id
-- app-role: ok12_web
create role ok12_web login;
create table public.orders (
  customer_id bigint not null,
  id bigint not null,
  item text not null,
  shipped boolean not null default false,
  primary key (customer_id, id)
);
alter table public.orders enable row level security;
alter table public.orders force row level security;
create policy own_customer on public.orders to ok12_web
  using (customer_id = (select nullif(current_setting('app.customer', true), '')::bigint));
create view public.open_orders with (security_invoker = on, security_barrier = on) as
  select id, item from public.orders where not shipped;
grant select, insert on public.orders to ok12_web;
grant select on public.open_orders to ok12_web;
-- proof:
insert into public.orders values (1, 1, 'acme'), (2, 1, 'globex');
set session authorization ok12_web;
set app.customer = '1';
select count(*) = 1 and bool_and(item = 'acme') from public.open_orders;

-- ok13 partition-of-each-tenant: partitions, one for each tenant, without row-level security: nobody has a privilege
-- on them, and their parent has policies
-- app-role: ok13_web
create role ok13_web login;
create table public.logs (
  tenant_id text not null,
  id uuid not null default gen_random_uuid(),
  line text not null,
  primary key (tenant_id, id)
)
partition by list (tenant_id);
create table public.logs_acme partition of public.logs for values in ('acme');
create table public.logs_globex partition of public.logs for values in ('globex');
alter table public.logs enable row level security;
alter table public.logs force row level security;
create policy own_tenant on public.logs to ok13_web using (tenant_id = (select current_setting('app.tenant', true)));
grant select, insert on public.logs to ok13_web;
-- proof:
insert into public.logs (tenant_id, line) values ('acme', 'a'), ('globex', 'b');
set session authorization ok13_web;
set app.tenant = 'acme';
select count(*) = 1 and not has_table_privilege('public.logs_globex', 'select') from public.logs;

-- ok14 audit-log-of-a-trigger: a SECURITY DEFINER trigger copies each row of a tenant table into a table without
-- policies: no role of the application may read or write that table, and PUBLIC may not call the function
-- tenant-column: org_id
-- app-role: ok14_web
create role ok14_web login;
create table public.orders (
  org_id text not null,
  id uuid not null default gen_random_uuid(),
  item text not null,
  primary key (org_id, id)
);
alter table public.orders enable row level security;
alter table public.orders force row level security;
create policy own_org on public.orders to ok14_web using (org_id = (select current_setting('app.org', true)));
grant select, insert, update, delete on public.orders to ok14_web;
create schema history;
create table history.changes (at timestamptz not null default clock_timestamp(), by name not null, what jsonb not null);
create function history.note()
  returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  insert into history.changes (by, what) values (session_user, to_jsonb(new));
  return null;
end
$$;
revoke execute on function history.note() from public;
create trigger note after insert or update on public.orders for each row execute function history.note();
-- proof:
set session authorization ok14_web;
set app.org = 'acme';
insert into public.orders (org_id, item) values ('acme', 'a');
reset session authorization;
select (select count(*) from history.changes) = 1 and not has_schema_privilege('ok14_web', 'history', 'usage')
  and not has_table_privilege('ok14_web', 'history.changes', 'select')
  and not has_function_privilege('ok14_web', 'history.note()', 'execute');

-- ok15 service-role: Supabase style: a policy USING (true) for a service role that no login of the application is a
-- member of
-- tenant-column: org_id
-- app-role: ok15_authenticated
create role ok15_authenticated nologin;
create role ok15_service_role nologin;
create schema auth;
create function auth.jwt() returns jsonb language sql stable set search_path = pg_catalog, pg_temp
  as $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
grant usage on schema auth, public to ok15_authenticated, ok15_service_role;
create table public.jobs (
  org_id uuid not null,
  id uuid not null default gen_random_uuid(),
  what text not null,
  primary key (org_id, id)
);
alter table public.jobs enable row level security;
alter table public.jobs force row level security;
create policy own_org on public.jobs to ok15_authenticated
  using (org_id = (select (auth.jwt() -> 'app_metadata' ->> 'org_id')::uuid))
  with check (org_id = (select (auth.jwt() -> 'app_metadata' ->> 'org_id')::uuid));
create policy service on public.jobs to ok15_service_role using (true) with check (true);
grant select, insert, update, delete on public.jobs to ok15_authenticated, ok15_service_role;
-- proof:
insert into public.jobs (org_id, what) values
  ('aaaaaaaa-0000-4000-8000-000000000000', 'acme'), ('bbbbbbbb-0000-4000-8000-000000000000', 'globex');
set session authorization ok15_authenticated;
select set_config('request.jwt.claims', '{"app_metadata": {"org_id": "aaaaaaaa-0000-4000-8000-000000000000"}}', false);
select count(*) = 1 and bool_and(what = 'acme') from public.jobs;

-- ok16 open-under-a-restriction: a permissive policy USING (true): a restrictive one for PUBLIC and all commands
-- compares the tenant
-- tenant-column: shop_id
-- app-role: ok16_web
create role ok16_web login;
create table public.products (
  shop_id integer not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  primary key (shop_id, id)
);
alter table public.products enable row level security;
alter table public.products force row level security;
create policy everything on public.products to ok16_web using (true) with check (true);
create policy own_shop on public.products as restrictive to public
  using (shop_id = (select nullif(current_setting('app.shop', true), '')::integer))
  with check (shop_id = (select nullif(current_setting('app.shop', true), '')::integer));
grant select, insert, update, delete on public.products to ok16_web;
-- proof:
insert into public.products (shop_id, name) values (1, 'a'), (2, 'b');
set session authorization ok16_web;
set app.shop = '1';
select count(*) = 1 and bool_and(name = 'a') from public.products;
