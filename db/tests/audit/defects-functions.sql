-- One defect each, one statement away from world.sql: its check, and the object that it names. Functions.
select id, object, name, statement
from (
  values
    ('F01', 'shop.hasty()', 'a definer function of a superuser', $$
      create function shop.hasty() returns bigint security definer begin atomic select count(*) from shop.orders; end;
      revoke execute on function shop.hasty() from public;
      grant execute on function shop.hasty() to app_user$$),
    ('F01', 'shop.hasty()', 'one that returns rows', $$
      create function shop.hasty() returns setof shop.orders security definer begin atomic select * from shop.orders;
        end;
      revoke execute on function shop.hasty() from public;
      grant execute on function shop.hasty() to app_user$$),
    ('F01', 'shop.hasty(text)', 'one that assembles its statement', $sql$
      create function shop.hasty(t text) returns void language plpgsql security definer set search_path = pg_catalog,
        pg_temp as $$begin execute t; end$$;
      revoke execute on function shop.hasty(text) from public;
      grant execute on function shop.hasty(text) to app_user$sql$),
    ('F01', 'shop.hasty()', 'a procedure', $sql$
      create procedure shop.hasty() language plpgsql security definer set search_path = pg_catalog, pg_temp as
        $$begin update shop.orders set note = null; end$$;
      revoke execute on procedure shop.hasty() from public;
      grant execute on procedure shop.hasty() to app_user$sql$),
    ('F01', 'other.hasty()', 'one elsewhere, for a role that has nothing else', $$
      create schema other;
      grant usage on schema other to shop_staff;
      create function other.hasty() returns bigint security definer begin atomic select count(*) from shop.orders; end;
      revoke execute on function other.hasty() from public;
      grant execute on function other.hasty() to shop_staff$$),
    ('F01', 'shop.hasty()', 'one of an owner who is bound, over a copy', $$
      create materialized view shop.copied as select note from shop.orders;
      create function shop.hasty() returns setof text security definer begin atomic select note from shop.copied; end;
      alter function shop.hasty() owner to ragwall_owner;
      revoke execute on function shop.hasty() from public;
      grant execute on function shop.hasty() to app_user$$),
    ('F01', 'shop.hasty()', 'one for a group', $$
      create function shop.hasty() returns bigint security definer begin atomic select count(*) from shop.orders; end;
      revoke execute on function shop.hasty() from public;
      grant execute on function shop.hasty() to shop_staff;
      grant shop_staff to app_user$$),
    ('F01', 'shop.hasty()', 'one that reads the key of the seals', $$
      create function shop.hasty() returns bytea security definer begin atomic select inner_key from
        ragwall_private.seal_key; end;
      alter function shop.hasty() owner to ragwall_context;
      revoke execute on function shop.hasty() from public;
      grant execute on function shop.hasty() to app_user$$),
    ('F02', 'shop.count_orders()', 'a definer function for everybody', $$
      grant execute on function shop.count_orders() to public$$),
    ('F02', 'shop.hasty()', 'a definer function that was just created', $$
      create function shop.hasty() returns integer security definer return 1;
      alter function shop.hasty() owner to ragwall_owner$$),
    ('F04', 'shop.loud(text)', 'a function that is called leakproof', $$
      create function shop.loud(t text) returns boolean immutable leakproof return true$$),
    ('F05', 'operator shop.=(text, text)', 'an operator of the server''s name', $$
      create function shop.same(text, text) returns boolean immutable return true;
      create operator shop.= (leftarg = text, rightarg = text, function = shop.same)$$),
    ('F05', 'cast from text to point', 'a cast', $$
      create function shop.pointed(text) returns point immutable return point(0, 0);
      create cast (text as point) with function shop.pointed(text) as implicit$$),
    ('F05', 'public.lower(character varying)', 'a function of the server''s name', $$
      create function public.lower(varchar) returns text immutable return 'x'$$),
    ('F05', 'shop.lower(character varying)', 'a function on the path', $$
      create function shop.lower(varchar) returns text immutable return 'x';
      alter role app_user set search_path = shop, public$$),
    ('F06', 'shop.read(text)', 'a function of the server by another name', $$
      create function shop.read(text) returns text language internal as 'pg_read_file_all'$$),
    ('F07', 'shop.hasty()', 'names that are looked up where the caller says', $$
      create function shop.hasty() returns bigint language sql as 'select count(*) from shop.orders'$$),
    ('F07', 'shop.hasty()', 'names of odd tables', $$
      create table shop."odd (name" (like shop.orders including all);
      call tests.protect('shop."odd (name"');
      create function shop.hasty() returns bigint language sql as 'select count(*) from shop."odd (name"'$$),
    ('F08', 'touch on shop.orders', 'a trigger with the rights of a superuser', $sql$
      create function shop.touch() returns trigger language plpgsql security definer set search_path = pg_catalog,
        pg_temp as $$begin return new; end$$;
      create trigger touch before update on shop.orders for each row execute function shop.touch()$sql$),
    ('F08', 'enter on shop.recent', 'a trigger of a view, which writes with the rights of a superuser', $sql$
      create function shop.enter() returns trigger language plpgsql security definer set search_path = pg_catalog,
        pg_temp as $$begin insert into shop.orders select new.*; return new; end$$;
      create trigger enter instead of insert on shop.recent for each row execute function shop.enter()$sql$)
) as v (id, object, name, statement)
union all
-- Where a definer function looks up names.
select 'F03', 'shop.hasty()', coalesce('search_path ' || path, 'no search_path'), format($$
  create function shop.hasty() returns bigint language sql security definer %s as 'select count(*) from shop.orders';
  alter function shop.hasty() owner to ragwall_owner;
  revoke execute on function shop.hasty() from public
$$, 'set search_path = ' || path)
from unnest(array[
  null, '''''', 'shop', 'pg_temp, shop', 'shop, not_pg_temp', 'pg_temp, shop, pg_temp'
]) as path
