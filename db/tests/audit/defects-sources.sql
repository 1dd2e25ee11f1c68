-- One defect each, one statement away from world.sql: its check, and the object that it names. Where the tenant is taken
-- from.
select id, object, name, statement
from (
  values
    ('C01', 'shop.orders', 'the name of the application', $$
      alter policy tenant_floor on shop.orders using (tenant_id = (select current_setting('application_name')))$$),
    ('C01', 'shop.orders', 'a function that hashes without a key', $sql$
      create function shop.who() returns text language plpgsql stable security definer set search_path = pg_catalog,
        pg_temp as $$begin perform sha256('x'); return current_setting('app.' || 'tenant', true); end$$;
      alter function shop.who() owner to ragwall_owner;
      revoke execute on function shop.who() from public;
      alter policy tenant_floor on shop.orders using (tenant_id = (select shop.who()))$sql$),
    ('C17', 'shop.orders', 'a claim that users write', $$
      alter policy select_own on shop.orders using (tenant_id = (select current_setting('request.jwt.claims',
        true)::jsonb -> 'user_metadata' ->> 'org'))$$),
    ('C17', 'shop.before_request()', 'a header', $sql$
      create function shop.before_request() returns void language plpgsql set search_path = pg_catalog, pg_temp as
        $$begin perform set_config('app.shop', current_setting('request.headers')::json ->> 'x-shop', true); end$$;
      alter function shop.before_request() owner to ragwall_owner;
      revoke execute on function shop.before_request() from public;
      alter policy select_own on shop.orders using (tenant_id = (select current_setting('app.shop', true)))$sql$),
    ('C12', 'shop.orders', 'a login that becomes several users', $$
      create role tenant_a in role app_reader;
      create role tenant_b in role app_reader;
      create role gateway login noinherit in role tenant_a, tenant_b;
      alter policy select_own on shop.orders using (tenant_id = current_user)$$),
    ('C13', 'shop.sessions', 'sessions that the application writes', $sql$
      create table shop.sessions (token uuid, org text);
      grant insert (token, org) on shop.sessions to app_user;
      create function shop.who() returns text stable security definer begin atomic
        select s.org from shop.sessions as s where s.token = gen_random_uuid(); end;
      alter function shop.who() owner to ragwall_owner;
      revoke execute on function shop.who() from public;
      alter policy select_own on shop.orders using (tenant_id = (select shop.who()))$sql$),
    ('C13', 'shop.members', 'members that the application updates, by a policy that is true', $sql$
      create table shop.members (person text, org text);
      alter table shop.members enable row level security;
      create policy everything on shop.members for update to app_user using (true);
      grant update (org) on shop.members to app_user;
      create function shop.is_mine(t text) returns boolean language plpgsql stable security definer set search_path =
        shop, pg_temp as $$begin return exists (select from members as m where m.org = t and m.person = session_user);
        end$$;
      alter function shop.is_mine(text) owner to ragwall_owner;
      revoke execute on function shop.is_mine(text) from public;
      alter policy select_own on shop.orders using (tenant_id = (select ragwall.current_tenant()) and
        shop.is_mine(tenant_id))$sql$),
    ('C14', 'shop.who()', 'a table that is looked up where the caller says', $sql$
      create table public.people (person text, org text);
      create function shop.who() returns text language sql stable as
        $$select p.org from people as p where p.person = session_user$$;
      alter function shop.who() owner to ragwall_owner;
      alter policy select_own on shop.orders using (tenant_id = (select shop.who()))$sql$),
    ('C15', 'shop.orders', 'rows without a tenant are acme''s', $$
      alter table shop.orders alter tenant_id set default 'acme'$$),
    ('C15', 'shop.orders', 'rows without a tenant are everybody''s', $$
      alter table shop.orders alter tenant_id set default coalesce(ragwall.current_tenant(), 'public')$$),
    ('C15', 'shop.files', 'rows without a tenant are those of a domain''s default', $$
      create domain shop.tenant as text collate "C" default 'acme' not null check (value ~ '^[a-z]+$');
      create table shop.files (tenant_id shop.tenant, path text);
      call tests.protect('shop.files')$$),
    ('C16', 'shop.who()', 'without a tenant it is the first', $sql$
      create function shop.who() returns text language plpgsql stable set search_path = pg_catalog, pg_temp as
        $$declare t text := ragwall.current_tenant(); begin if t is null then return 'acme'; end if; return t; end$$;
      alter function shop.who() owner to ragwall_owner;
      alter policy select_own on shop.orders using (tenant_id = (select shop.who()))$sql$),
    ('C16', 'shop.who()', 'without a tenant it is a default', $sql$
      create function shop.who() returns text stable return coalesce(ragwall.current_tenant(), 'public');
      alter function shop.who() owner to ragwall_owner;
      alter policy select_own on shop.orders using (tenant_id = (select shop.who()))$sql$),
    ('T07', 'select_own on shop.orders', 'a constant by way of a function', $$
      alter policy select_own on shop.orders using (tenant_id = lower('acme'))$$)
) as v (id, object, name, statement)
union all
select 'C11', 'shop.orders', 'the tenant is ' || value,
  format('alter policy select_own on shop.orders using (tenant_id = (select %s))', value)
from unnest(array[
  'inet_client_addr()::text', 'pg_backend_pid()::text', 'current_query()', 'current_schema()::text',
  'array_to_string(current_schemas(false), '','')', 'txid_current()::text', 'convert_from(lo_get(1), ''UTF8'')',
  'pg_my_temp_schema()::text', 'obj_description(1, ''pg_class'')'
]) as value
union all
select 'C11', 'shop.orders', 'a function takes the tenant from ' || source, format($sql$
    create function shop.who() returns text language sql stable security definer set search_path = pg_catalog,
      pg_temp as $$select x.t from (select %s) as x (t)$$;
    alter function shop.who() owner to ragwall_owner;
    revoke execute on function shop.who() from public;
    alter policy select_own on shop.orders using (tenant_id = (select shop.who()))
  $sql$, source)
from unnest(array[
  'application_name from pg_stat_activity where pid = pg_backend_pid()', 'name from pg_prepared_statements limit 1',
  'name from pg_cursors limit 1', 'c from pg_listening_channels() as c', 'objid::text from pg_locks limit 1',
  'setting from pg_settings where name = ''app.tenant'''
]) as source
