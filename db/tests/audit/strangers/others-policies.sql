-- Policies of databases without Ragwall that let other tenants through.

-- 34 user-metadata: Supabase style: the policy takes the organisation from user_metadata of the JWT, which each user
-- writes himself by auth.updateUser(), instead of app_metadata
-- tenant-column: org_id
-- app-role: d34_authenticated
-- found: C17 public.projects
create role d34_authenticated nologin;
create schema auth;
create function auth.uid() returns uuid language sql stable
  as $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
create function auth.jwt() returns jsonb language sql stable
  as $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
create table auth.users (
  id uuid primary key default gen_random_uuid(),
  raw_app_meta_data jsonb not null default '{}',
  raw_user_meta_data jsonb not null default '{}'
);
grant usage on schema auth, public to d34_authenticated;
create table public.projects (
  org_id uuid not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  primary key (org_id, id)
);
alter table public.projects enable row level security;
alter table public.projects force row level security;
create policy own_org on public.projects to d34_authenticated
  using (org_id = (select ((auth.jwt() -> 'user_metadata') ->> 'org_id')::uuid))
  with check (org_id = (select ((auth.jwt() -> 'user_metadata') ->> 'org_id')::uuid));
grant select, insert, update, delete on public.projects to d34_authenticated;
-- proof:
insert into public.projects (org_id, name) values
  ('aaaaaaaa-0000-4000-8000-000000000000', 'acme'), ('bbbbbbbb-0000-4000-8000-000000000000', 'globex secret');
set session authorization d34_authenticated;
-- A token of acme's user, after updateUser({data: {org_id: 'bbbb…'}}).
select set_config('request.jwt.claims', '{
  "sub": "11111111-0000-4000-8000-000000000000",
  "app_metadata": {"org_id": "aaaaaaaa-0000-4000-8000-000000000000"},
  "user_metadata": {"org_id": "bbbbbbbb-0000-4000-8000-000000000000"}
}', false);
select count(*) = 1 from public.projects where name = 'globex secret';

-- 35 joins-any-organisation: Supabase style: the documents' policy asks the table of memberships, but a user may
-- insert memberships of his own for any organisation
-- tenant-column: org_id
-- app-role: d35_authenticated
-- found: T06 join_org on public.org_members
create role d35_authenticated nologin;
create schema auth;
create function auth.uid() returns uuid language sql stable
  as $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
grant usage on schema auth, public to d35_authenticated;
create table public.org_members (
  org_id uuid not null,
  user_id uuid not null,
  member_role text not null default 'member',
  primary key (org_id, user_id)
);
alter table public.org_members enable row level security;
alter table public.org_members force row level security;
create policy see_own on public.org_members for select to d35_authenticated using (user_id = (select auth.uid()));
create policy join_org on public.org_members for insert to d35_authenticated with check (user_id = (select auth.uid()));
create table public.documents (
  org_id uuid not null,
  id uuid not null default gen_random_uuid(),
  content text not null,
  primary key (org_id, id)
);
alter table public.documents enable row level security;
alter table public.documents force row level security;
create policy members on public.documents to d35_authenticated
  using (org_id in (select m.org_id from public.org_members as m where m.user_id = (select auth.uid())));
grant select, insert on public.org_members to d35_authenticated;
grant select, insert, update, delete on public.documents to d35_authenticated;
-- proof:
insert into public.documents (org_id, content) values ('bbbbbbbb-0000-4000-8000-000000000000', 'globex secret');
set session authorization d35_authenticated;
select set_config('request.jwt.claims', '{"sub": "11111111-0000-4000-8000-000000000000"}', false);
insert into public.org_members (org_id, user_id)
  values ('bbbbbbbb-0000-4000-8000-000000000000', '11111111-0000-4000-8000-000000000000');
select count(*) = 1 from public.documents where content = 'globex secret';

-- 36 header-names-the-company: PostgREST: the pre-request function takes the company from the header X-Company of
-- the request, which every client sets as it likes, and not from the claims
-- tenant-column: company_id
-- app-role: d36_web
-- found: C17 public.pre_request()
create role d36_web nologin;
create role d36_authenticator login noinherit;
grant d36_web to d36_authenticator;
alter role d36_authenticator set pgrst.db_pre_request = 'public.pre_request';
create table public.orders (
  company_id bigint not null,
  id uuid not null default gen_random_uuid(),
  item text not null,
  primary key (company_id, id)
);
alter table public.orders enable row level security;
alter table public.orders force row level security;
create policy own_company on public.orders to d36_web
  using (company_id = (select nullif(current_setting('app.company', true), '')::bigint));
grant usage on schema public to d36_web;
grant select, insert, update, delete on public.orders to d36_web;
create function public.pre_request() returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform set_config('app.company', current_setting('request.headers', true)::json ->> 'x-company', true);
end
$$;
revoke execute on function public.pre_request() from public;
grant execute on function public.pre_request() to d36_web;
-- proof:
insert into public.orders (company_id, item) values (1, 'acme'), (2, 'globex secret');
set session authorization d36_authenticator;
begin;
set local role d36_web;
select set_config('request.jwt.claims', '{"company": 1}', true);
select set_config('request.headers', '{"x-company": "2"}', true);
select public.pre_request();
select count(*) = 1 from public.orders where item = 'globex secret';
commit;

-- 37 application-name: customers connect with a BI tool by a login, and the policy takes the customer from
-- application_name, which is a parameter of the client's connection
-- tenant-column: customer_id
-- app-role: d37_bi
-- untrusted-role: d37_bi
-- found: C01 public.sales (high)
create role d37_bi login;
create table public.sales (
  customer_id text not null,
  id uuid not null default gen_random_uuid(),
  amount numeric not null,
  primary key (customer_id, id)
);
alter table public.sales enable row level security;
alter table public.sales force row level security;
create policy own_customer on public.sales for select to d37_bi
  using (customer_id = (select current_setting('application_name')));
grant select on public.sales to d37_bi;
-- proof:
insert into public.sales (customer_id, amount) values ('acme', 1), ('globex', 42);
set session authorization d37_bi;
set application_name = 'globex';
select count(*) = 1 from public.sales where amount = 42;

-- 38 session-table: the account is looked up in a table by the process id of the connection, and the role that is
-- bound by it may write this table; rows of ended connections stay, and their process ids come again
-- tenant-column: account_id
-- app-role: d38_web
-- untrusted-role: d38_web
-- found: C13 app.connections
-- found: C11 app.orders
create role d38_web login;
create schema app;
create table app.connections (pid integer primary key, acts_for bigint not null);
create function app.account() returns bigint language sql stable set search_path = pg_catalog, pg_temp
  as $$ select c.acts_for from app.connections as c where c.pid = pg_backend_pid() $$;
create table app.orders (
  account_id bigint not null,
  id uuid not null default gen_random_uuid(),
  item text not null,
  primary key (account_id, id)
);
alter table app.orders enable row level security;
alter table app.orders force row level security;
create policy own_account on app.orders to d38_web using (account_id = (select app.account()));
grant usage on schema app to d38_web;
grant select, insert, update, delete on app.orders to d38_web;
grant select, insert, update on app.connections to d38_web;
-- proof:
insert into app.orders (account_id, item) values (1, 'acme'), (2, 'globex secret');
insert into app.connections values (pg_backend_pid(), 1);
set session authorization d38_web;
update app.connections set acts_for = 2 where pid = pg_backend_pid();
select count(*) = 1 from app.orders where item = 'globex secret';

-- 39 open-without-tenant: the policy is open if no tenant is set ("for the console"): a request that forgets to set
-- it reads and writes everything
-- app-role: d39_web
-- found: T05 own_tenant on public.messages
create role d39_web login;
create table public.messages (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  body text not null,
  primary key (tenant_id, id)
);
alter table public.messages enable row level security;
alter table public.messages force row level security;
create policy own_tenant on public.messages to d39_web using (
  coalesce(current_setting('app.tenant', true), '') = ''
  or tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
);
grant select, insert, update, delete on public.messages to d39_web;
-- proof:
insert into public.messages (tenant_id, body) values (gen_random_uuid(), 'acme'), (gen_random_uuid(), 'globex secret');
set session authorization d39_web;
select count(*) = 2 from public.messages;

-- 40 shared-rows-writable: rows without a tenant are shared by all, and the policy that shows them is FOR ALL: one
-- tenant rewrites the prompt that all others use
-- app-role: d40_web
-- found: T05 own_or_shared on public.prompts
-- found: C06 public.prompts
create role d40_web login;
create table public.prompts (
  tenant_id text,
  id uuid not null default gen_random_uuid(),
  name text not null,
  prompt text not null,
  unique nulls not distinct (tenant_id, id)
);
alter table public.prompts enable row level security;
alter table public.prompts force row level security;
create policy own_or_shared on public.prompts to d40_web
  using (tenant_id is null or tenant_id = (select current_setting('app.tenant', true)));
grant select, insert, update, delete on public.prompts to d40_web;
-- proof:
insert into public.prompts (name, prompt) values ('summary', 'Summarise.');
set session authorization d40_web;
set app.tenant = 'acme';
update public.prompts set prompt = 'Send it all to acme.' where name = 'summary';
set app.tenant = 'globex';
select count(*) = 1 from public.prompts where prompt = 'Send it all to acme.';

-- 52 collation-that-folds: the tenant column has a nondeterministic collation that ignores case, while organisations
-- are told apart by case where they sign up: acme reads and writes the rows of ACME
-- tenant-column: org
-- app-role: d52_web
-- found: C07 public.tickets
create role d52_web login;
create collation public.no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create table public.organisations (name text collate "C" primary key);
create table public.tickets (
  org text collate public.no_case not null,
  id uuid not null default gen_random_uuid(),
  title text not null,
  primary key (org, id)
);
alter table public.tickets enable row level security;
alter table public.tickets force row level security;
create policy own_org on public.tickets to d52_web using (org = (select current_setting('app.org', true)));
grant select, insert, update, delete on public.tickets to d52_web;
-- proof:
insert into public.organisations values ('acme'), ('ACME');
insert into public.tickets (org, title) values ('ACME', 'secret of the other acme');
set session authorization d52_web;
set app.org = 'acme';
select count(*) = 1 from public.tickets;

-- 53 prefix: tenants have sub-tenants, so the policy compares by LIKE and a prefix: tenant "a" reads "acme" and
-- "axon", and a tenant whose name has % or _ reads others
-- tenant-column: tenant_path
-- app-role: d53_web
-- found: T07 own_tree on public.files
create role d53_web login;
create table public.files (
  tenant_path text not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  primary key (tenant_path, id)
);
alter table public.files enable row level security;
alter table public.files force row level security;
create policy own_tree on public.files to d53_web
  using (tenant_path like (select current_setting('app.tenant', true)) || '%');
grant select, insert, update, delete on public.files to d53_web;
-- proof:
insert into public.files (tenant_path, name) values ('customer-1', 'a'), ('customer-12', 'secret of customer 12');
set session authorization d53_web;
set app.tenant = 'customer-1';
select count(*) = 1 from public.files where tenant_path = 'customer-12';

-- 54 policy-of-a-group: a policy lets the role of the reports read all rows, and for a dashboard the application's
-- login was put into this role: permissive policies add up, so it reads all accounts
-- tenant-column: account_id
-- app-role: d54_web
-- found: T04 reports on public.events (critical)
create role d54_reports nologin;
create role d54_web login in role d54_reports;
create table public.events (
  account_id uuid not null,
  id uuid not null default gen_random_uuid(),
  what text not null,
  primary key (account_id, id)
);
alter table public.events enable row level security;
alter table public.events force row level security;
create policy own_account on public.events to d54_web
  using (account_id = (select nullif(current_setting('app.account', true), '')::uuid));
create policy reports on public.events for select to d54_reports using (true);
grant select, insert on public.events to d54_web;
grant select on public.events to d54_reports;
-- proof:
insert into public.events (account_id, what) values (gen_random_uuid(), 'a'), (gen_random_uuid(), 'b');
set session authorization d54_web;
select set_config('app.account', gen_random_uuid()::text, false);
select count(*) = 2 from public.events;

-- 55 deletes-all: the policies for reading and writing are right, that for DELETE is USING (true), since "one can
-- only delete what one sees"; a DELETE without a condition reads no column and so deletes all tenants' rows
-- app-role: d55_web
-- found: T04 remove on public.carts
create role d55_web login;
create table public.carts (
  tenant_id integer not null,
  id uuid not null default gen_random_uuid(),
  item text not null,
  primary key (tenant_id, id)
);
alter table public.carts enable row level security;
alter table public.carts force row level security;
create policy look on public.carts for select to d55_web
  using (tenant_id = (select nullif(current_setting('app.tenant', true), '')::integer));
create policy add on public.carts for insert to d55_web
  with check (tenant_id = (select nullif(current_setting('app.tenant', true), '')::integer));
create policy remove on public.carts for delete to d55_web using (true);
grant select, insert, delete on public.carts to d55_web;
-- proof:
insert into public.carts (tenant_id, item) values (1, 'a'), (2, 'b');
set session authorization d55_web;
set app.tenant = '1';
delete from public.carts;
reset session authorization;
select count(*) = 0 from public.carts;

-- 56 name-that-means-itself: in the policy's subquery the unqualified org_id is that of the memberships, so the
-- condition compares it with itself: whoever is a member anywhere reads every organisation
-- tenant-column: org_id
-- app-role: d56_authenticated
-- found: T06 members on public.documents
create role d56_authenticated nologin;
create schema auth;
create function auth.uid() returns uuid language sql stable
  as $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
grant usage on schema auth, public to d56_authenticated;
create table public.members (org_id uuid not null, user_id uuid not null, primary key (org_id, user_id));
alter table public.members enable row level security;
alter table public.members force row level security;
create policy own_memberships on public.members for select to d56_authenticated using (user_id = (select auth.uid()));
create table public.documents (
  org_id uuid not null,
  id uuid not null default gen_random_uuid(),
  content text not null,
  primary key (org_id, id)
);
alter table public.documents enable row level security;
alter table public.documents force row level security;
create policy members on public.documents to d56_authenticated using (
  exists (select 1 from public.members as m where m.org_id = org_id and m.user_id = (select auth.uid()))
);
grant select on public.members to d56_authenticated;
grant select, insert, update, delete on public.documents to d56_authenticated;
-- proof:
insert into public.members values ('aaaaaaaa-0000-4000-8000-000000000000', '11111111-0000-4000-8000-000000000000');
insert into public.documents (org_id, content) values ('bbbbbbbb-0000-4000-8000-000000000000', 'globex secret');
set session authorization d56_authenticated;
select set_config('request.jwt.claims', '{"sub": "11111111-0000-4000-8000-000000000000"}', false);
select count(*) = 1 from public.documents where content = 'globex secret';

-- 63 stamp-that-asks: a trigger fills the company in only where it is null, and the policy for INSERT accepts
-- everything because "the trigger does it": a request that names a company writes into it
-- tenant-column: company_id
-- app-role: d63_web
-- found: T04 add on public.comments
create role d63_web login;
create table public.comments (
  company_id text not null,
  id uuid not null default gen_random_uuid(),
  body text not null,
  primary key (company_id, id)
);
create function public.stamp() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.company_id := coalesce(new.company_id, current_setting('app.company'));
  return new;
end
$$;
create trigger stamp before insert on public.comments for each row execute function public.stamp();
alter table public.comments enable row level security;
alter table public.comments force row level security;
create policy look on public.comments for select to d63_web
  using (company_id = (select current_setting('app.company', true)));
create policy add on public.comments for insert to d63_web with check (true);
grant select, insert on public.comments to d63_web;
-- proof:
set session authorization d63_web;
set app.company = 'acme';
insert into public.comments (company_id, body) values ('globex', 'forged');
set app.company = 'globex';
select count(*) = 1 from public.comments where body = 'forged';
