-- One defect each, one statement away from world.sql: its check, and the object that it names. Who the
-- tenant is, what sessions begin with, and what every deployment changes.
select *
from (
  values
    ('C01', 'shop.orders', 'a setting that SQL can write', $$
      alter policy tenant_floor on shop.orders using (tenant_id = (select nullif(current_setting('app.tenant', true),
        '')));
      alter policy select_own on shop.orders using (tenant_id = (select nullif(current_setting('app.tenant', true),
        '')))$$),
    ('C01', 'shop.orders', 'a claim of a setting', $$
      alter policy tenant_floor on shop.orders using (tenant_id = (select current_setting('request.jwt.claims',
        true)::jsonb -> 'app' ->> 'org'))$$),
    ('C01', 'shop.orders', 'a function that reads a setting', $$
      create function shop.who() returns text stable return nullif(current_setting('app.tenant', true), '');
      alter function shop.who() owner to ragwall_owner;
      alter policy tenant_floor on shop.orders using (tenant_id = (select shop.who()))$$),
    ('C01', 'shop.orders', 'a function that says it verifies', $sql$
      create function shop.who() returns text language plpgsql stable security definer set search_path = pg_catalog,
        pg_temp as $$begin return current_setting('app.tenant', true); /* the seal is verified elsewhere */ end$$;
      alter function shop.who() owner to ragwall_owner;
      revoke execute on function shop.who() from public;
      alter policy tenant_floor on shop.orders using (tenant_id = (select shop.who()))$sql$),
    ('C02', 'shop.who()', 'a function of the application''s says who the tenant is', $$
      create function shop.who() returns text stable return ragwall.current_tenant();
      alter function shop.who() owner to app_user;
      alter policy select_own on shop.orders using (tenant_id = (select shop.who()))$$),
    ('C03', 'shop.hooks', 'a key that is granted', $$
      create table shop.hooks (url text, secret text);
      grant select on shop.hooks to app_user$$),
    ('C03', 'shop.hooks', 'a key that is granted by itself', $$
      create table shop.hooks (url text, signing_key text);
      grant select (signing_key) on shop.hooks to app_reader$$),
    ('C03', 'ragwall_private.seal_key', 'the key of the seals', $$
      grant select on ragwall_private.seal_key to app_user$$),
    ('C03', 'ragwall_private.seal_key', 'the key of the seals without row-level security', $$
      alter table ragwall_private.seal_key disable row level security$$),
    ('C03', 'shop.hasty', 'a copy of the key of the seals', $$
      create table shop.hasty as table ragwall_private.seal_key$$),
    ('C03', 'shop.hasty', 'a child of the signing keys', $$
      create table shop.hasty () inherits (ragwall_private.signing_key)$$),
    ('C03', 'shop.shown', 'a view of the key of the seals', $$
      create view shop.shown as table ragwall_private.seal_key;
      grant select on shop.shown to app_user$$),
    ('C04', 'app.jwt_secret of database ' || quote_ident(current_database()), 'a secret in a setting',
      format('alter database %I set app.jwt_secret = ''x''', current_database())),
    ('C04', 'app.api_key of role all', 'a secret in everybody''s settings', $$alter role all set app.api_key = 'x'$$),
    ('C05', 'shop.sign(text)', 'a secret in a function', $sql$
      create function shop.sign(t text) returns boolean language plpgsql as
        $$begin return hmac(t, 'hardcoded-signing-key', 'sha256') is not null; end$$$sql$),
    ('C05', 'shop.sign(text)', 'a secret in a variable', $sql$
      create function shop.sign(t text) returns text language plpgsql as
        $$declare api_key constant text := 'sk-0123456789'; begin return api_key; end$$$sql$),
    ('C05', 'shop.far()', 'a password in a connection string', $sql$
      create function shop.far() returns text language sql as $$select 'host=h password=hunter2 dbname=d'$$$sql$),
    ('C06', 'shop.log', 'a tenant that may be null', $$
      create table shop.log (tenant_id text collate "C" check (ragwall.is_tenant_id(tenant_id)), line text);
      call tests.protect('shop.log')$$),
    ('C07', 'shop.log', 'tenants that differ in spaces', $$
      create table shop.log (tenant_id char(9) not null check (tenant_id <> ''), line text);
      call tests.protect('shop.log')$$),
    ('C07', 'shop.log', 'tenants that differ in case', $$
      create collation shop.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table shop.log (tenant_id text collate shop.ci not null check (tenant_id <> ''), line text);
      call tests.protect('shop.log')$$),
    ('C07', 'shop.log', 'tenants that differ in spaces, by a domain', $$
      create domain shop.tenant as char(9) check (value <> '');
      create table shop.log (tenant_id shop.tenant not null, line text);
      call tests.protect('shop.log')$$),
    ('C08', 'shop.items', 'the empty text', 'alter table shop.items drop constraint items_tenant_id_check'),
    ('C08', 'shop.items', 'a check that no row was held to', $$
      alter table shop.items drop constraint items_tenant_id_check, add check (tenant_id <> '') not valid$$),
    ('C09', 'shop.orders for app_user', 'the tenant may be updated', $$
      grant update (tenant_id) on shop.orders to app_user$$),
    ('C10', 'shop.enter(text)', 'in signed mode the application names a tenant by another function', $$
      revoke execute on function ragwall.set_tenant(text) from app_user, app_reader;
      create function shop.enter(t text) returns text language sql security definer set search_path = pg_catalog,
        pg_temp as 'select ragwall.set_tenant(t)';
      alter function shop.enter(text) owner to ragwall_context;
      revoke execute on function shop.enter(text) from public;
      grant execute on function shop.enter(text) to app_user$$),
    ('C10', 'ragwall.set_tenant(text)', 'everybody may name a tenant', $$
      grant execute on function ragwall.set_tenant(text) to public$$),

    ('X01', 'app.current_tenant of role app_user', 'a role begins with a tenant', $$
      alter role app_user set app.current_tenant = 'acme'$$),
    ('X01', 'app.current_tenant of database ' || quote_ident(current_database()), 'a database begins with a tenant',
      format('alter database %I set app.current_tenant = ''acme''', current_database())),
    ('X01', 'app.tenant_seal of role all', 'everybody begins with a seal', $$
      alter role all set app.tenant_seal = 'x'$$),
    ('X02', 'row_security of role app_user', 'row_security', 'alter role app_user set row_security = off'),
    ('X02', 'role of role shop_api', 'a login begins as another', $$alter role shop_api set role = 'app_user'$$),
    ('O02', 'shop.enter(text)', 'a function that sets for the session', $sql$
      create function shop.enter(t text) returns text language sql as $$select set_config('app.tenant', t, false)$$
    $sql$),
    ('O02', 'shop.enter()', 'a statement that sets for the session', $sql$
      create function shop.enter() returns void language plpgsql as
        $$begin /* not set local app.tenant = */ set app.tenant = 'acme'; end$$$sql$),
    ('O03', 'database ' || quote_ident(current_database()), 'residue is let in',
      format('alter database %I set ragwall.residue = ''allow''', current_database())),

    ('M01', 'schema ragwall', 'an earlier migration', $$
      create or replace function ragwall.migration() returns integer immutable parallel safe return 3$$),
    ('M01', 'schema ragwall', 'a later migration', $$
      create or replace function ragwall.migration() returns integer immutable parallel safe return 1000$$),
    ('M01', 'schema ragwall', 'an earlier migration, of which nothing is compared', $$
      create or replace function ragwall.migration() returns integer immutable parallel safe return 3;
      alter function ragwall.set_tenant(text) cost 7$$),
    ('M02', 'default privileges of ragwall_owner in shop on tables for app_user', 'tables to an application', $$
      alter default privileges for role ragwall_owner in schema shop grant select on tables to app_user$$),
    ('M02', 'default privileges of ragwall_owner on tables for PUBLIC', 'tables to everybody', $$
      alter default privileges for role ragwall_owner grant select, insert on tables to public$$),
    ('M02', 'default privileges of ragwall_owner on functions for app_user', 'functions to an application', $$
      alter default privileges for role ragwall_owner grant execute on functions to app_user$$),
    ('M02', 'default privileges of ragwall_owner in shop on functions for PUBLIC', 'functions of a schema', $$
      alter default privileges for role ragwall_owner in schema shop grant execute on functions to public$$),
    ('M03', 'ragwall_owner', 'functions of the owner to everybody', $$
      alter default privileges for role ragwall_owner grant execute on functions to public$$),
    ('M04', 'event trigger hasty', 'an event trigger of no superuser''s', $sql$
      create function shop.hasty() returns event_trigger language plpgsql set search_path = pg_catalog, pg_temp as
        $$begin end$$;
      create event trigger hasty on ddl_command_end execute function shop.hasty();
      alter function shop.hasty() owner to app_user$sql$),
    ('M04', 'event trigger hasty', 'an event trigger that looks up names', $sql$
      create function shop.hasty() returns event_trigger language plpgsql as $$begin end$$;
      create event trigger hasty on ddl_command_end execute function shop.hasty()$sql$)
) as v (id, object, name, statement)
