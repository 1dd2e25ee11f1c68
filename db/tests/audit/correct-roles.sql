-- What is right, one statement away from world.sql, and not to be found: functions, roles and policies.
select *
from (
  values
    -- Functions.
    ('a trigger', $sql$
      create function shop.touch() returns trigger language plpgsql as
        $$begin new.placed_at := now(); return new; end$$;
      create trigger touch before update on shop.orders for each row execute function shop.touch()$sql$),
    ('a function that fixes where names are looked up', $$
      create function shop.notes() returns setof text language sql stable set search_path = pg_catalog, pg_temp as
        'select note from shop.orders'$$),
    ('a function that is bound when it is written', $$
      create function shop.notes() returns setof text stable begin atomic select note from shop.orders; end$$),
    ('a definer function of an owner who is bound', $sql$
      create function shop.notes() returns setof text language plpgsql security definer set search_path = shop,
        pg_temp as $$begin return query select note from orders; end$$;
      alter function shop.notes() owner to ragwall_owner;
      revoke execute on function shop.notes() from public;
      grant execute on function shop.notes() to app_user$sql$),
    ('a definer function that no application calls', $$
      create function shop.totals() returns bigint security definer begin atomic select count(*) from shop.orders; end;
      revoke execute on function shop.totals() from public$$),
    ('a definer function in a schema that is closed', $$
      create schema closed;
      create function closed.totals() returns bigint security definer begin atomic select count(*) from shop.orders;
        end$$),
    ('a function that sets for the transaction', $sql$
      create function shop.enter(t text) returns text language plpgsql set search_path = pg_catalog, pg_temp as $$
        begin
          set local app.tenant = 'x';
          update shop.orders set note = t;
          return set_config('app.tenant', t, true) || set_config('a.b', 'c', false);
        end
      $$
    $sql$),
    ('an aggregate', 'create aggregate shop.longest(text) (sfunc = textcat, stype = text)'),
    ('an event trigger of a superuser''s', $sql$
      create function shop.watch() returns event_trigger language plpgsql set search_path = pg_catalog, pg_temp as
        $$begin end$$;
      create event trigger watch on ddl_command_end execute function shop.watch()$sql$),
    ('a function that has words of tables in it', $sql$
      create table shop.t (tenant_id text collate "C" not null check (tenant_id <> ''), v text);
      call tests.protect('shop.t');
      create function shop.notes(t text) returns text language plpgsql as $$
        declare orders integer; /* from shop.orders */
        begin
          select length(t) into orders; -- from shop.items
          if t is distinct from 'f' or t in ('t', 'x') then return t || orders; end if;
          return extract(day from now()) || ' orders, items';
        end
      $$
    $sql$),
    ('a definer function that passes values', $sql$
      create function shop.read(name text, at timestamptz) returns bigint language plpgsql security definer set
        search_path = pg_catalog, pg_temp as $$declare n bigint; begin
        execute 'select count(*) from shop.orders where note = $1 and placed_at > $2' into n using name, at; return n;
        end$$;
      alter function shop.read(text, timestamptz) owner to ragwall_owner;
      revoke execute on function shop.read(text, timestamptz) from public;
      grant execute on function shop.read(text, timestamptz) to app_user$sql$),
    ('a trigger that keeps a history in a table with policies', $sql$
      create table shop.history (tenant_id text collate "C" not null check (tenant_id <> ''), was jsonb);
      call tests.protect('shop.history');
      create table shop.failures (at timestamptz);
      create function shop.remember() returns trigger language plpgsql set search_path = shop, pg_temp as
        $$begin insert into history values (old.tenant_id, to_jsonb(old)); insert into failures values (now());
        return new; end$$;
      create trigger remember after update on shop.orders for each row execute function shop.remember()$sql$),
    ('a notice that is no row''s', $sql$
      create function shop.tell() returns void language sql as $$select pg_notify('jobs', '')$$$sql$),
    ('a function that forgets its role', $sql$
      create function shop.leave() returns void language plpgsql set search_path = pg_catalog, pg_temp as
        $$begin set role none; reset role; update shop.orders set note = 'a role to x'; end$$$sql$),
    ('extensions', $sql$
      do $$
        declare
          one text;
        begin
          for one in
            select name from pg_available_extensions
            where name in ('citext', 'pg_trgm', 'pgcrypto', 'btree_gist', 'hstore') and installed_version is null
          loop
            execute format('create extension %I schema public', one);
          end loop;
        end
      $$
    $sql$),

    -- Roles and what they begin with.
    ('logins that are members', $$
      create role team in role app_user;
      create role one login in role team;
      create role two login in role app_reader, team$$),
    ('an owner that is a member', 'grant app_user to ragwall_owner'),
    ('owners that refer to each other''s tables', $$
      create role billing;
      create table shop.bills (tenant_id uuid not null, total numeric);
      call tests.protect('shop.bills');
      alter table shop.bills owner to billing;
      alter default privileges for role billing revoke execute on functions from public;
      grant references, select on shop.orders to billing;
      grant select on shop.recent to billing$$),
    ('an administrator of a role',
      'create role dba login createrole' || case when current_setting('server_version_num')::integer >= 160000
        then '; grant app_user, ragwall_owner to dba with admin true, inherit false, set false' else '' end),
    ('logins that were let in', format('grant connect on database %I to shop_api; create role mute in role app_user;
      create role elsewhere login in role app_user', current_database())),
    ('a login whose limits are those of the database', format('grant connect on database %I to shop_api;
      alter role shop_api reset all; alter database %1$I set statement_timeout = ''1min'';
      alter database %1$I set idle_in_transaction_session_timeout = ''1min''', current_database())),
    ('a login with a limit of its transactions', case when current_setting('server_version_num')::integer >= 170000
      then format('grant connect on database %I to shop_api; alter role shop_api reset all;
        alter role shop_api set transaction_timeout = ''1min''', current_database()) else '' end),
    ('a group that may connect', format('grant connect on database %I to shop_staff; grant shop_staff to shop_api',
      current_database())),
    ('a role that watches', 'create role watcher login in role pg_monitor'),
    ('a role that has nothing to do with it', $$
      create role other login;
      create table public.theirs (id bigserial primary key, data text);
      alter table public.theirs owner to other$$),
    ('default privileges that are taken back', $$
      alter default privileges for role shop_staff revoke execute on functions from public;
      alter default privileges for role ragwall_owner grant usage on types to app_user$$),
    ('settings', $$
      alter role app_user set search_path = shop, public;
      alter role app_user set statement_timeout = '5s';
      alter role app_user set app.token_lifetime = '60';
      alter role app_user set row_security = on$$),
    ('a preset that there is no tenant',
      format('alter database %I set app.current_tenant = ''''', current_database())),
    ('residue is refused, and search tables are early',
      format('alter database %I set ragwall.residue = ''refuse''; alter database %1$I set ragwall.search_table_from = 10',
        current_database())),
    ('signed mode', $$
      revoke execute on function ragwall.set_tenant(text) from app_user, app_reader;
      select ragwall.add_signing_key('k')$$),
    ('roles that were told', $$set local ragwall.app_roles = 'app_user, app_reader'$$),

    -- Policies.
    ('a setting under a floor that verifies the seal', $$
      alter policy select_own on shop.orders using (tenant_id = (select current_setting('app.current_tenant', true)))$$),
    ('a policy for all commands', $$
      create policy everything on shop.orders to ragwall_owner using (tenant_id = (select ragwall.current_tenant()))
        with check (tenant_id = (select ragwall.current_tenant()))$$),
    ('a restrictive policy for another purpose', $$
      create policy "not % today" on shop.orders as restrictive for select using (note <> 'hidden' or current_user =
        'app_reader')$$),
    ('members that the application reads alone', $sql$
      create table shop.people (person text, org text);
      create function shop.who() returns text stable security definer begin atomic
        select p.org from shop.people as p where p.person = session_user; end;
      alter function shop.who() owner to ragwall_owner;
      revoke execute on function shop.who() from public;
      alter policy select_own on shop.orders using (tenant_id = (select shop.who()))$sql$),
    ('members that the application writes under policies', $sql$
      create table shop.people (tenant_id text collate "C" not null check (tenant_id <> ''), person text);
      call tests.protect('shop.people');
      alter policy select_own on shop.orders using (tenant_id = (select ragwall.current_tenant()) and exists (
        select from shop.people as p where p.person = session_user))$sql$),
    ('a function of the bound tenant''s that fixes where names are looked up', $sql$
      create function shop.who() returns text language sql stable set search_path = pg_catalog, pg_temp as
        $$select coalesce(ragwall.current_tenant(), '')$$;
      alter function shop.who() owner to ragwall_owner;
      alter policy select_own on shop.orders using (tenant_id = (select shop.who()))$sql$),
    ('a policy of users, where there are no tenants', $$
      create table shop.notes (writer name, line text);
      alter table shop.notes enable row level security;
      create policy own on shop.notes to app_user using (writer = current_user);
      grant select (line) on shop.notes to app_user$$),
    ('a function of claims', $$
      create function shop.claims() returns jsonb stable return jsonb_build_object('app', jsonb_build_object('t',
        ragwall.current_tenant()));
      alter function shop.claims() owner to ragwall_owner;
      alter policy select_own on shop.orders using (((select shop.claims()) -> 'app' ->> 't') = tenant_id)$$)
) as v (name, statement)
union all
select 'using ' || condition, format('alter policy select_own on shop.orders using (%s)', condition)
from unnest(array[
  'tenant_id = ragwall.current_tenant()',
  'ragwall.current_tenant() = tenant_id',
  '(select ragwall.current_tenant()) = tenant_id',
  'orders.tenant_id = (select nullif(ragwall.current_tenant(), ''''))',
  'tenant_id = current_user',
  'tenant_id = (select ragwall.current_tenant()) and not (note is null or note = '' OR true)'')',
  'placed_at > ''2026-01-01Z'' and (note = ''a'' or note = ''b'') and tenant_id = (select ragwall.current_tenant())',
  'tenant_id = (select ragwall.current_tenant()) and id in (select order_id from shop.items)'
]) as condition
