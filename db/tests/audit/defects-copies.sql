-- One defect each, one statement away from world.sql: its check, and the object that it names. What carries rows away,
-- what lends more rights than it has to, and the list of tenants.
select *
from (
  values
    ('P09', 'shop.archive', 'rows of a tenant table in a column', $$
      create table shop.archive (doc shop.orders);
      grant select on shop.archive to app_user$$),
    ('P09', 'shop.archive', 'many rows in a value of a type of its own', $$
      create type shop.bundle as (at date, docs shop.orders[]);
      create domain shop.bundles as shop.bundle[];
      create table shop.archive (packed shop.bundles);
      grant select (packed) on shop.archive to app_reader$$),
    ('P09', 'shop.invoices', 'rows of tenants by another name', $$
      create table shop.orgs (id text collate "C" primary key);
      alter table shop.orders add foreign key (tenant_id) references shop.orgs;
      create table shop.invoices (customer text collate "C" references shop.orgs, amount numeric);
      grant select on shop.invoices to app_user$$),
    ('P15', 'shop.history', 'a history that a trigger keeps', $sql$
      create table shop.history (at timestamptz, was jsonb);
      alter table shop.history owner to ragwall_owner;
      grant select on shop.history to app_reader;
      create function shop.remember() returns trigger language plpgsql set search_path = shop, pg_temp as
        $$begin insert into history values (now(), to_jsonb(old)); return new; end$$;
      create trigger remember after update on shop.orders for each row execute function shop.remember()$sql$),
    ('P16', 'tell on shop.orders', 'rows to whoever listens', $sql$
      create function shop.tell() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as
        $$begin perform pg_notify('orders', row_to_json(new)::text); return new; end$$;
      create trigger tell after insert on shop.orders for each row execute function shop.tell()$sql$),
    ('P16', 'tell on shop.orders', 'that there are rows to whoever listens', $sql$
      create function shop.tell() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as
        $$begin perform pg_notify('orders', new.id::text); return new; end$$;
      create trigger tell after insert on shop.orders for each row execute function shop.tell()$sql$),
    ('P17', 'shop.orders', 'a trigger that is disabled', $sql$
      create function shop.touch() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as
        $$begin new.tenant_id := ragwall.current_tenant(); return new; end$$;
      create trigger touch before insert on shop.orders for each row execute function shop.touch();
      alter table shop.orders disable trigger touch$sql$),
    ('P17', 'shop.items', 'foreign keys that are disabled', 'alter table shop.items disable trigger all'),

    ('F09', 'shop.read(text)', 'a statement of the caller''s, by an owner who is bound', $sql$
      create function shop.read(q text) returns setof record language plpgsql security definer set search_path =
        pg_catalog, pg_temp as $$begin return query execute q; end$$;
      alter function shop.read(text) owner to ragwall_owner;
      revoke execute on function shop.read(text) from public;
      grant execute on function shop.read(text) to app_user$sql$),
    ('F09', 'shop.read(text, text)', 'a condition of the caller''s', $sql$
      create function shop.read(name text, condition text) returns bigint language plpgsql security definer set
        search_path = pg_catalog, pg_temp as $$declare n bigint; begin
        execute format('select count(*) from shop.orders where note = %L and ', name) || condition into n; return n;
        end$$;
      alter function shop.read(text, text) owner to ragwall_owner;
      revoke execute on function shop.read(text, text) from public;
      grant execute on function shop.read(text, text) to app_user$sql$),
    ('F09', 'shop.read(regclass)', 'a table of the caller''s choice', $sql$
      create function shop.read(r regclass) returns bigint language plpgsql security definer set search_path =
        pg_catalog, pg_temp as $$declare n bigint; begin execute format('select count(*) from %I', r) into n; return n;
        end$$;
      alter function shop.read(regclass) owner to ragwall_owner;
      revoke execute on function shop.read(regclass) from public;
      grant execute on function shop.read(regclass) to app_user$sql$),
    ('F10', 'shop.enter()', 'row security off', $sql$
      create function shop.enter() returns integer language sql set row_security = off set search_path = pg_catalog,
        pg_temp as $$select 1$$;
      revoke execute on function shop.enter() from public;
      grant execute on function shop.enter() to app_user$sql$),
    ('F10', 'shop.enter()', 'another role', $sql$
      create function shop.enter() returns void language plpgsql set search_path = pg_catalog, pg_temp as
        $$begin set role shop_staff; end$$;
      revoke execute on function shop.enter() from public;
      grant execute on function shop.enter() to app_user$sql$),
    ('F10', 'shop.enter()', 'no triggers', $sql$
      create function shop.enter() returns void language plpgsql set search_path = pg_catalog, pg_temp as
        $$begin perform set_config('session_replication_role', 'replica', true); end$$;
      revoke execute on function shop.enter() from public;
      grant execute on function shop.enter() to app_user$sql$),

    ('K10', 'shop.people', 'people of all tenants', $$
      create table shop.people (id uuid primary key, email text);
      alter table shop.orders add placed_by uuid references shop.people;
      grant select on shop.people to app_user$$),
    ('K09', 'shop.orgs', 'the list of tenants', $$
      create table shop.orgs (id text collate "C" primary key, title text);
      alter table shop.orders add foreign key (tenant_id) references shop.orgs;
      grant select (id, title) on shop.orgs to app_user$$),
    ('K09', 'shop.orgs', 'what is kept about tenants', $$
      create table shop.orgs (id text collate "C" primary key, title text, stripe_customer text);
      alter table shop.orders add foreign key (tenant_id) references shop.orgs;
      alter table shop.orgs enable row level security;
      create policy everything on shop.orgs using (true);
      grant select on shop.orgs to app_user$$),
    ('K09', 'shop.tenants', 'a list of tenants that nothing refers to', $$
      create table shop.tenants (id text collate "C" primary key, title text);
      grant select on shop.tenants to app_reader$$)
) as v (id, object, name, statement)
