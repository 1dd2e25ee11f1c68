-- One defect each where SQL that others write runs: db/agents.sql was run, and agent_caller logs in.
select *
from (
  values
    ('C10', 'ragwall.set_tenant(text)', 'an agent may name a tenant', $$
      grant execute on function ragwall.set_tenant(text) to agent_caller$$),
    ('C10', 'ragwall.set_tenant(text)', 'an agent may, by a group', $$
      grant execute on function ragwall.set_tenant(text) to shop_staff;
      grant shop_staff to agent_caller$$),
    ('C10', 'ragwall.set_tenant(text)', 'an agent may, as the application', 'grant app_user to agent_caller'),
    ('C10', 'shop.enter(text)', 'an agent may, by another function', $$
      create function shop.enter(t text) returns text language sql security definer set search_path = pg_catalog,
        pg_temp as 'select ragwall.set_tenant(t)';
      alter function shop.enter(text) owner to ragwall_context;
      revoke execute on function shop.enter(text) from public;
      grant execute on function shop.enter(text) to agent_caller$$),
    ('T14', 'shop.orders', 'an agent reads by a group what has a floor that costs a comparison', $$
      alter policy tenant_floor on shop.orders using (tenant_id = (select ragwall.current_tenant()));
      grant select (note) on shop.orders to shop_staff;
      alter policy select_own on shop.orders to app_user, app_reader, shop_staff;
      grant shop_staff to agent_caller$$),
    ('T15', 'shop.orders for shop_staff', 'an agent reads a whole table by a group', $$
      grant select on shop.orders to shop_staff;
      alter policy select_own on shop.orders to app_user, app_reader, shop_staff;
      grant shop_staff to agent_caller$$),
    ('P12', 'agent_caller', 'messages', 'grant execute on function pg_catalog.pg_notify(text, text) to agent_caller'),
    ('P12', 'agent_caller', 'locks', 'grant execute on function pg_catalog.pg_advisory_lock(bigint) to agent_caller'),
    ('P12', 'agent_caller', 'messages, for everybody', $$
      grant execute on function pg_catalog.pg_notify(text, text) to public$$),
    ('P13', 'agent_caller', 'the activity of others', 'grant select on pg_catalog.pg_stat_activity to agent_caller'),
    ('P13', 'agent_caller', 'what there is, for everybody', 'grant select on pg_catalog.pg_class to public')
) as v (id, object, name, statement)
