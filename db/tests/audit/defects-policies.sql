-- One defect each, one statement away from world.sql: its check, and the object that it names. Row-level security.
select *
from (
  values
    ('T00', 'database ' || quote_ident(current_database()), 'no table names the tenant as was told', $$
      set local ragwall.tenant_columns = 'account';
      drop schema ragwall cascade;
      set local ragwall.app_roles = 'app_user'$$),

    ('T01', 'shop.orders', 'a table without row-level security', $$
      alter table shop.orders disable row level security$$),
    ('T01', 'shop.later', 'a table that was added later', $$
      create table shop.later (like shop.orders including all);
      alter table shop.later owner to ragwall_owner$$),
    ('T01', 'shop.later', 'a copy by name', $$
      alter table shop.orders rename to before;
      create table shop.later (like shop.before including all);
      alter table shop.later owner to ragwall_owner$$),
    ('T01', 'shop.events_0', 'a partition without row-level security', $$
      alter table shop.events_0 disable row level security$$),
    ('T01', 'shop.old_orders', 'a table that inherits', $$
      create table shop.old_orders () inherits (shop.orders);
      alter table shop.old_orders owner to ragwall_owner$$),
    ('T01', 'public."we""ird %s
Table"', 'a table with an odd name', $$
      create table public."we""ird %s
Table" (like shop.orders including all);
      alter table public."we""ird %s
Table" owner to ragwall_owner$$),
    ('T01', 'shop.camel', 'a tenant column in mixed case', $$
      create table shop.camel ("tenantId" uuid not null);
      alter table shop.camel owner to ragwall_owner$$),
    ('T01', 'shop.accounts', 'a tenant column of another name, which was told', $$
      set local ragwall.tenant_columns = 'tenant_id, account';
      create table shop.accounts (account uuid not null);
      alter table shop.accounts owner to ragwall_owner$$),

    ('T02', 'shop.orders', 'not forced', 'alter table shop.orders no force row level security'),
    ('T02', 'shop.events_1', 'a partition, not forced', 'alter table shop.events_1 no force row level security'),

    ('T03', 'shop.orders for app_reader', 'a privilege without a policy', $$
      grant insert (note) on shop.orders to app_reader$$),
    ('T03', 'shop.orders for app_user', 'a policy that is gone', 'drop policy insert_own on shop.orders'),

    ('T08', 'update_own on shop.orders', 'no with check', $$
      drop policy update_own on shop.orders;
      create policy update_own on shop.orders for update to app_user using (tenant_id = (select
        ragwall.current_tenant()))$$),
    ('T09', 'select_own on shop.orders', 'a policy for everybody', $$
      alter policy select_own on shop.orders to public$$),

    ('T10', 'shop.orders', 'no floor', 'drop policy tenant_floor on shop.orders'),
    ('T10', 'shop.orders', 'a floor for select alone', $$
      drop policy tenant_floor on shop.orders;
      create policy tenant_floor on shop.orders as restrictive for select using (tenant_id = (select
        ragwall.current_tenant()))$$),
    ('T10', 'shop.orders', 'a floor for one role', 'alter policy tenant_floor on shop.orders to app_user'),
    ('T10', 'shop.orders', 'a floor for what is written alone', $$
      drop policy tenant_floor on shop.orders;
      create policy tenant_floor on shop.orders as restrictive with check (tenant_id = (select
        ragwall.current_tenant()))$$),
    ('T10', 'shop.orders', 'a floor that does not look at the tenant', $$
      alter policy tenant_floor on shop.orders using (note <> 'x')$$),
    ('T10', 'shop.events_0', 'a detached partition', 'alter table shop.events detach partition shop.events_0'),

    ('T11', 'shop.who()', 'a volatile function', $$
      create function shop.who() returns text return ragwall.current_tenant();
      alter function shop.who() owner to ragwall_owner;
      alter policy select_own on shop.orders using (tenant_id = (select shop.who()))$$),
    ('T11', 'shop.who()', 'an immutable function', $$
      create function shop.who() returns text immutable return ragwall.current_tenant();
      alter function shop.who() owner to ragwall_owner;
      alter policy select_own on shop.orders using (tenant_id = (select shop.who()))$$),

    ('T11', 'shop.deep()', 'an immutable function that a function of a policy calls', $$
      create function shop.deep() returns text immutable return current_setting('app.tenant', true);
      create function shop.who() returns text stable return coalesce(shop.deep(), ragwall.current_tenant());
      alter function shop.deep() owner to ragwall_owner;
      alter function shop.who() owner to ragwall_owner;
      alter policy select_own on shop.orders using (tenant_id = (select shop.who()))$$),
    ('T12', 'select_own on shop.orders', 'a cast of what others wrote', $$
      alter policy select_own on shop.orders using (tenant_id::uuid = (select ragwall.current_tenant()::uuid))$$),
    ('T12', 'select_own on shop.files', 'a cast that no index serves', $$
      create table shop.files (tenant_id uuid not null, path text);
      call tests.protect('shop.files');
      alter policy select_own on shop.files using (tenant_id::text = (select ragwall.current_tenant()))$$),

    ('T13', 'shop.events_0 for app_user', 'a grant on a partition', 'grant select on shop.events_0 to app_user'),
    ('T13', 'shop.events_1 for app_reader', 'a grant on a column of a partition', $$
      grant select (body) on shop.events_1 to app_reader$$)
) as v (id, object, name, statement)
union all
-- Conditions, in the policy for select.
select id, 'select_own on shop.orders', 'using ' || condition,
  format('alter policy select_own on shop.orders using (%s)', condition)
from (
  values
    ('T04', 'true'),
    ('T04', '1 = 1'),
    ('T04', 'tenant_id = tenant_id'),
    ('T04', 'tenant_id = tenant_id or false'),
    ('T04', 'tenant_id::text = (tenant_id)::varchar'),
    ('T04', 'tenant_id = lower(tenant_id)'),
    ('T04', 'lower(tenant_id) = tenant_id'),
    ('T04', 'tenant_id is not null'),
    ('T04', 'tenant_id = (select ragwall.current_tenant()) or true'),
    ('T04', 'orders.tenant_id = orders.tenant_id'),
    ('T05', 'tenant_id = (select ragwall.current_tenant()) or tenant_id is null'),
    ('T05', 'tenant_id = coalesce((select ragwall.current_tenant()), tenant_id)'),
    ('T05', 'ragwall.current_tenant() is null or tenant_id = ragwall.current_tenant()'),
    ('T05', 'tenant_id = (select ragwall.current_tenant()) or (select ragwall.current_tenant()) is null'),
    ('T05', $$tenant_id = ragwall.current_tenant() or coalesce(ragwall.current_tenant(), '') = ''$$),
    ('T06', $$note = 'public'$$),
    ('T06', $$current_user = 'app_user'$$),
    ('T06', 'tenant_id = note'),
    ('T06', $$tenant_id > '' and note = tenant_id$$),
    ('T06', 'tenant_id <> (select ragwall.current_tenant())'),
    ('T06', 'tenant_id >= ragwall.current_tenant()'),
    ('T06', 'tenant_id like ragwall.current_tenant()'),
    ('T06', 'not (tenant_id = (select ragwall.current_tenant()))'),
    ('T06', 'exists (select from shop.orders as o where o.tenant_id = tenant_id)'),
    ('T06', 'exists (select from shop.items as i where i.tenant_id = ragwall.current_tenant())'),
    ('T07', $$tenant_id = 'acme'$$),
    ('T07', $$tenant_id = (select 'acme')$$),
    ('T07', $$tenant_id = 'acme' and starts_with(note, ragwall.current_tenant())$$),
    ('T07', $$'acme' = tenant_id and note = ragwall.current_tenant()$$),
    ('T07', $$tenant_id = (select ragwall.current_tenant()) or current_user = 'admin'$$),
    ('T07', $$
      tenant_id = (select ragwall.current_tenant()) or note = ' AND (tenant_id = ragwall.current_tenant()))'$$),
    ('T07', $$note = 'x' or (note > '' and tenant_id = ragwall.current_tenant())$$),
    ('T07', $$(note = 'x') is not distinct from (tenant_id = ragwall.current_tenant())$$),
    ('T07', $$tenant_id = any (string_to_array(ragwall.current_tenant(), ','))$$),
    ('T07', $$tenant_id = coalesce((select ragwall.current_tenant()), 'public')$$),
    ('T07', 'tenant_id = lower(note)'),
    ('T07', 'lower(tenant_id) = (select ragwall.current_tenant())'),
    ('T07', 'starts_with(tenant_id, ragwall.current_tenant())'),
    ('T07', $$case when current_user = 'app_user' then tenant_id = ragwall.current_tenant() else true end$$),
    ('T07', 'tenant_id = (select i.tenant_id from shop.items as i limit 1)'),
    ('T07', 'exists (select from shop.items as i where i.tenant_id = orders.tenant_id and i.number = 1)'),
    ('T07', 'tenant_id in (select i.tenant_id from shop.items as i where i.number = 1)')
) as v (id, condition)
union all
select id, object, name, statement
from (
  values
    ('T04', 'update_own on shop.orders', 'with check (true) beside a good using', $$
      alter policy update_own on shop.orders with check (true)$$),
    ('T04', 'insert_own on shop.orders', 'with check (true)', $$
      alter policy insert_own on shop.orders with check (true)$$),
    ('T04', 'tenant_floor on shop.orders', 'a floor that is true', $$
      alter policy tenant_floor on shop.orders using (true)$$),
    ('T04', 'hasty on shop.orders', 'a permissive policy beside a stricter one', $$
      create policy hasty on shop.orders for select to app_user using (true)$$),
    ('T04', 'hasty on shop.orders', 'a policy for the owner', $$
      create policy hasty on shop.orders for select to ragwall_owner using (true)$$),
    ('T04', 'hasty on shop.orders', 'a policy for a role that nobody is in', $$
      create policy hasty on shop.orders for select to shop_staff using (true)$$),
    ('T04', 'hasty on shop.events_0', 'a policy on a partition', $$
      create policy hasty on shop.events_0 for select to app_user using (true)$$),
    ('T07', 'tenant_floor on shop.orders', 'a floor of an unknown form', $$
      alter policy tenant_floor on shop.orders using (tenant_id = any (string_to_array(ragwall.current_tenant(),
        ',')))$$)
) as v (id, object, name, statement)
