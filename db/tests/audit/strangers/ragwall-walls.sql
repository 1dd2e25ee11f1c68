-- What was taken from the walls of a database with Ragwall: policies, tables, keys, privileges.

-- 02 support-mode: a support mode was added to the floor and as a permissive policy: whoever sets app.support reads
-- the documents of all tenants
-- found: M07 support_read on ragwall.documents
-- found: M07 tenant_floor on ragwall.documents
alter policy tenant_floor on ragwall.documents using (
  (select jsonb_build_object(coalesce(ragwall.current_tenant(), ''), true))[tenant_id] is not null
  or current_setting('app.support', true) = 'on'
);
create policy support_read on ragwall.documents for select to app_user, app_reader
  using (current_setting('app.support', true) = 'on');
-- proof:
set session authorization app_reader;
set app.support = 'on';
select count(*) = 2 from ragwall.documents;

-- 03 partition-opened: a DBA who looked for slow plans switched row-level security off on the partition and let the
-- reader select from it directly: all tenants' rows are there
-- found: T01 ragwall.documents_rows
-- found: M09 ragwall.documents_rows for app_reader
alter table ragwall.documents_rows disable row level security;
grant select (tenant_id, id, source, content) on ragwall.documents_rows to app_reader;
-- proof:
set session authorization app_reader;
select count(*) = 2 from ragwall.documents_rows where content like '%secret';

-- 06 child-without-walls: app.chats was protected, its child with the messages was not: the messages of all tenants'
-- chats can be read and written by app_user
-- found: P09 app.chat_messages
create schema app;
grant usage on schema app to app_user;
create table app.chats (
  tenant_id text not null,
  id uuid not null default gen_random_uuid(),
  title text not null,
  primary key (tenant_id, id)
);
grant select, insert, update, delete on app.chats to app_user;
select count(*) from ragwall.protect_table('app.chats');
create table app.chat_messages (
  chat_owner text not null,
  chat uuid not null,
  at timestamptz not null default now(),
  body text not null,
  primary key (chat_owner, chat, at),
  foreign key (chat_owner, chat) references app.chats (tenant_id, id) on delete cascade
);
grant select, insert on app.chat_messages to app_user;
-- proof:
insert into app.chats (tenant_id, title) values ('globex', 'x');
insert into app.chat_messages (chat_owner, chat, body) select tenant_id, id, 'globex secret' from app.chats;
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
select count(*) = 1 from app.chat_messages where body = 'globex secret';
commit;

-- 13 unique-email: after protect_table() a unique constraint without the tenant was added: an insert tells whether
-- another tenant has this contact
-- found: K01 contacts_email_key on crm.contacts
create schema crm;
grant usage on schema crm to app_user;
create table crm.contacts (
  tenant_id text not null,
  id uuid not null default gen_random_uuid(),
  email text not null,
  primary key (tenant_id, id)
);
grant select, insert, update, delete on crm.contacts to app_user;
select count(*) from ragwall.protect_table('crm.contacts');
alter table crm.contacts add constraint contacts_email_key unique (email);
-- proof:
insert into crm.contacts (tenant_id, email) values ('globex', 'boss@globex.example');
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
do $$
begin
  insert into crm.contacts (email) values ('boss@globex.example');
exception when unique_violation then
  perform set_config('proof.known', 'yes', false);
end
$$;
commit;
select current_setting('proof.known', true) = 'yes';

-- 14 reference-across-tenants: a foreign key without the tenant was added between two protected tables: a tenant can
-- refer to another one's thread, finds out that it exists, and keeps its owner from deleting it
-- found: K02 pins_thread_fkey on app.pins
-- found: K01 threads_id_key on app.threads
create schema app;
grant usage on schema app to app_user;
create table app.threads (
  tenant_id text not null,
  id uuid not null default gen_random_uuid(),
  title text not null,
  primary key (tenant_id, id)
);
create table app.pins (
  tenant_id text not null,
  thread uuid not null,
  primary key (tenant_id, thread)
);
grant select, insert, update, delete on app.threads to app_user;
select count(*) from ragwall.protect_table('app.threads');
grant select, insert, update, delete on app.pins to app_user;
select count(*) from ragwall.protect_table('app.pins');
create unique index threads_id_key on app.threads (id);
alter table app.pins add constraint pins_thread_fkey foreign key (thread) references app.threads (id);
-- proof:
insert into app.threads (tenant_id, id, title) values ('globex', '11111111-1111-4111-8111-111111111111', 'x');
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
insert into app.pins (thread) values ('11111111-1111-4111-8111-111111111111');
commit;
begin;
select ragwall.set_tenant('globex');
do $$
begin
  delete from app.threads where id = '11111111-1111-4111-8111-111111111111';
exception when foreign_key_violation then
  perform set_config('proof.stuck', 'yes', false);
end
$$;
commit;
select current_setting('proof.stuck', true) = 'yes';

-- 19 partition-that-came-later: the event trigger that closes new partitions is disabled, and default privileges let
-- app_user read new tables: a partition added after protect_table() is open for all tenants when it is named
-- found: T01 app.events_2027
-- found: M02 default privileges of postgres in app on tables for app_user
-- found: M12 event trigger ragwall_close_partitions
create schema app;
grant usage on schema app to app_user;
create table app.events (
  tenant_id text not null,
  id uuid not null default gen_random_uuid(),
  at date not null,
  what text not null,
  primary key (tenant_id, at, id)
)
partition by range (at);
create table app.events_2026 partition of app.events for values from ('2026-01-01') to ('2027-01-01');
grant select, insert, update, delete on app.events to app_user;
select count(*) from ragwall.protect_table('app.events');
alter event trigger ragwall_close_partitions disable;
alter default privileges in schema app grant select on tables to app_user;
create table app.events_2027 partition of app.events for values from ('2027-01-01') to ('2028-01-01');
-- proof:
insert into app.events (tenant_id, at, what) values ('globex', '2027-03-01', 'globex secret');
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
select count(*) = 1 from app.events_2027 where what = 'globex secret';
commit;

-- 20 defaults-in-search-schema: default privileges let app_user read whatever ragwall_owner creates in
-- ragwall_search, so each search table that is built is readable by all tenants
-- found: M02 default privileges of ragwall_owner in ragwall_search on tables for app_user
alter default privileges for role ragwall_owner in schema ragwall_search grant select on tables to app_user;
-- proof:
begin; select ragwall.set_tenant('globex'); select ragwall.build_search_table(); commit;
begin; select ragwall.set_tenant('globex'); select ragwall.build_search_table(); commit;
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
do $$
declare
  t regclass;
  found_it text;
begin
  select c.oid::regclass into t from pg_class as c
  where c.relnamespace = 'ragwall_search'::regnamespace and c.relkind = 'r' and c.relname ~ '^search_[0-9a-f]{32}$';
  execute format('select metadata ->> ''of'' from %s', t) into found_it;
  perform set_config('proof.of', found_it, false);
end
$$;
commit;
select current_setting('proof.of') = 'globex';

-- 24 statistics: statistics of the documents' columns are gathered again: explain tells each tenant how often a
-- guessed value occurs among all tenants
-- found: M08 ragwall.documents_rows.embedding_model
alter table ragwall.documents_rows alter column embedding_model set statistics 100;
-- proof:
insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
  select 'globex', 'x', array_fill(1::real, array[1536])::public.halfvec, 'fine-tuned-globex'
  from generate_series(1, 2000);
analyze ragwall.documents_rows;
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
do $$
declare
  guessed json;
  other json;
begin
  execute $e$ explain (format json) select from ragwall.documents where embedding_model = 'fine-tuned-globex' $e$
    into guessed;
  execute $e$ explain (format json) select from ragwall.documents where embedding_model = 'fine-tuned-initech' $e$
    into other;
  perform set_config('proof.more', (
    (guessed -> 0 -> 'Plan' ->> 'Plan Rows')::int > (other -> 0 -> 'Plan' ->> 'Plan Rows')::int
  )::text, false);
end
$$;
commit;
select current_setting('proof.more')::boolean;

-- 25 check-loosened: for an import the checks of a protected table's policies were set to true and its tenant column
-- was granted: every tenant writes rows into any other
-- found: T04 insert_own_tenant on app.tasks
-- found: T04 tenant_floor on app.tasks
create schema app;
grant usage on schema app to app_user;
create table app.tasks (
  tenant_id text not null,
  id uuid not null default gen_random_uuid(),
  title text not null,
  primary key (tenant_id, id)
);
grant select, insert, update, delete on app.tasks to app_user;
select count(*) from ragwall.protect_table('app.tasks');
do $$
declare
  p name;
begin
  for p in select polname from pg_policy
    where polrelid = 'app.tasks'::regclass and (polcmd = 'a' or not polpermissive)
  loop
    execute format('alter policy %I on app.tasks with check (true)', p);
  end loop;
end
$$;
grant insert (tenant_id) on app.tasks to app_user;
-- proof:
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
insert into app.tasks (tenant_id, title) values ('globex', 'pay this invoice');
commit;
begin;
select ragwall.set_tenant('globex');
select count(*) = 1 from app.tasks where title = 'pay this invoice';
commit;
