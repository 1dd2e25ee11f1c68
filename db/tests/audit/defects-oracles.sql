-- One defect each, one statement away from world.sql: its check, and the object that it names. What is evaluated before
-- row-level security, and what it does not cover.
select *
from (
  values
    ('T14', 'shop.orders', 'an untrusted role, and a floor that costs a comparison', $$
      alter policy tenant_floor on shop.orders using (tenant_id = (select ragwall.current_tenant()));
      grant select (note) on shop.orders to agent_reader;
      alter policy select_own on shop.orders to agent_reader, app_user, app_reader$$),
    ('T14', 'shop.orders', 'a floor that costs a comparison', $$
      alter policy tenant_floor on shop.orders using (tenant_id = (select ragwall.current_tenant()))$$),
    ('T14', 'shop.files', 'an untrusted role, and no tenant that can be compared at no cost', $$
      create table shop.files (tenant_id uuid not null, path text);
      call tests.protect('shop.files');
      grant select (path) on shop.files to agent_reader;
      alter policy select_own on shop.files to agent_reader, app_user, app_reader$$),
    ('T14', 'shop.orders', 'a floor that costs a call', $$
      alter policy tenant_floor on shop.orders using (ragwall.current_tenant() = tenant_id)$$),
    ('T15', 'shop.orders for app_user', 'a whole table', 'grant select on shop.orders to app_user'),
    ('T15', 'shop.orders for agent_reader', 'a whole table to an untrusted role', $$
      grant select on shop.orders to agent_reader;
      alter policy select_own on shop.orders to agent_reader, app_user, app_reader$$),
    ('T16', 'shop.things', 'a parent without tenants', $$
      create table shop.things (id uuid not null, label text);
      create table shop.files (tenant_id text collate "C" not null check (tenant_id <> '')) inherits (shop.things);
      call tests.protect('shop.files');
      grant select on shop.things to app_reader$$),
    ('T16', 'shop.things', 'a parent whose policy is true', $$
      create table shop.things (id uuid not null, label text);
      create table shop.files (tenant_id text collate "C" not null check (tenant_id <> '')) inherits (shop.things);
      call tests.protect('shop.files');
      alter table shop.things enable row level security;
      create policy everything on shop.things using (true);
      grant select on shop.things to app_reader$$),
    ('T17', 'shop.facts', 'a tenant within a value', $$
      create table shop.facts (id uuid, props jsonb);
      alter table shop.facts enable row level security;
      create policy own on shop.facts for select to app_user using (props ->> 'tenant_id' = (select
        ragwall.current_tenant()));
      grant select on shop.facts to app_user$$),
    ('T17', 'shop.facts', 'a tenant by another name', $$
      create table shop.facts (account uuid, words text);
      alter table shop.facts enable row level security;
      create policy own on shop.facts for select to app_user using (account = current_setting('app.account')::uuid);
      grant select on shop.facts to app_user$$),
    ('T17', 'shop.facts', 'an index on a tenant within a value', $$
      create table shop.facts (id uuid, props jsonb);
      create index on shop.facts ((props ->> 'orgId'));
      grant select on shop.facts to app_user$$)
) as v (id, object, name, statement)
