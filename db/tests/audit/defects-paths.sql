-- One defect each, one statement away from world.sql: its check, and the object that it names. Other ways to the data.
select *
from (
  values
    ('P01', 'shop.orders for app_user', 'truncate', 'grant truncate on shop.orders to app_user'),
    ('P01', 'shop.orders for PUBLIC', 'truncate for everybody', 'grant truncate on shop.orders to public'),
    ('P01', 'shop.events_0 for app_user', 'truncate of a partition', 'grant truncate on shop.events_0 to app_user'),
    ('P01', 'shop.orders for shop_staff', 'truncate by a group', $$
      grant truncate on shop.orders to shop_staff;
      grant shop_staff to app_user$$),
    ('P02', 'shop.orders for app_user', 'triggers', 'grant trigger on shop.orders to app_user'),
    ('P03', 'shop.orders for app_user', 'references to columns', $$
      grant references (tenant_id, id) on shop.orders to app_user$$),
    ('P04', 'shop.orders for app_user', 'maintenance',
      case when current_setting('server_version_num')::integer >= 170000 then
        'grant maintain on shop.orders to app_user' end),
    ('P05', 'shop.orders', 'everybody reads a table', 'grant select on shop.orders to public'),
    ('P05', 'shop.orders', 'everybody reads a column', 'grant select (note) on shop.orders to public'),
    ('P05', 'shop.orders', 'everybody writes the tenant', 'grant update (tenant_id) on shop.orders to public'),
    ('P06', 'shop.orders for app_user', 'update on the whole table', 'grant update on shop.orders to app_user'),
    ('P06', 'public.chats for app_user', 'delete, as protect_table() leaves it', $$
      create table public.chats (tenant_id text, id uuid, line text, primary key (tenant_id, id));
      select ragwall.protect_table('public.chats', writers => '{app_user}')$$),
    ('P07', 'schema shop for app_user', 'an application creates', 'grant create on schema shop to app_user'),
    ('P07', 'schema public for PUBLIC', 'everybody creates', 'grant create on schema public to public'),
    ('P07', 'schema public for shop_staff', 'a group creates', $$
      grant create on schema public to shop_staff;
      grant shop_staff to app_user$$),
    ('P07', 'schema "a(b %s" for app_user', 'a schema with an odd name on the path', $$
      create schema "a(b %s";
      grant create on schema "a(b %s" to app_user;
      alter role app_user set search_path = "a(b %s", public$$),
    ('P08', format('database %I for PUBLIC', current_database()), 'temporary objects',
      format('grant temporary on database %I to public', current_database())),
    ('P08', format('database %I for app_user', current_database()), 'schemas',
      format('grant create on database %I to app_user', current_database())),
    ('P09', 'shop.lines', 'rows that refer to tenants''', $$
      create table shop.lines (owner text collate "C", order_id uuid, foreign key (owner, order_id) references
        shop.orders);
      grant select on shop.lines to app_user$$),
    ('P09', 'public.vectors', 'vectors elsewhere', $$
      create table public.vectors (id integer, v public.halfvec(3));
      grant select on public.vectors to app_reader$$),
    ('P09', 'public.hasty', 'a copy without the tenant', $$
      create table public.hasty as select note from shop.orders;
      grant select on public.hasty to app_user$$),
    ('P09', 'public.hasty', 'a copy that everybody reads by a column', $$
      create table public.hasty as select id, note from shop.orders;
      grant select (note) on public.hasty to public$$),
    ('P09', 'public.hasty', 'a copy with a policy that is true', $$
      create table public.hasty as select note from shop.orders;
      alter table public.hasty enable row level security;
      create policy everything on public.hasty using (true);
      grant select on public.hasty to app_user$$),
    ('P09', 'public.shown', 'a view of a copy', $$
      create table public.hasty as select note from shop.orders;
      create view public.shown as table public.hasty;
      grant select on public.shown to app_user$$),
    ('P10', 'database ' || quote_ident(current_database()), 'a large object', 'select lo_create(0)'),
    ('P10', 'lo_compat_privileges', 'large objects without privileges', 'set local lo_compat_privileges = on'),
    ('P11', 'shop.far', 'a foreign table', $$
      create foreign data wrapper nothing;
      create server nowhere foreign data wrapper nothing;
      create foreign table shop.far (tenant_id text, note text) server nowhere;
      grant select on shop.far to app_user$$),

    ('P14', 'pg_catalog.pg_statistic for app_user', 'a catalog of values', $$
      grant select on pg_catalog.pg_statistic to app_user$$),
    ('P14', 'pg_catalog.pg_read_file(text) for app_reader', 'files of the server', $$
      grant execute on function pg_catalog.pg_read_file(text) to app_reader$$),
    ('P14', 'pg_catalog.pg_ls_dir(text) for PUBLIC', 'files of the server for everybody', $$
      grant execute on function pg_catalog.pg_ls_dir(text) to public$$),

    ('V01', 'public.hasty', 'a view with a superuser''s rights', $$
      create view public.hasty as select * from shop.orders;
      grant select on public.hasty to app_user$$),
    ('V01', 'public.hasty', 'a view that counts', $$
      create view public.hasty as select count(*) from shop.orders;
      grant select on public.hasty to app_user$$),
    ('V01', 'public.hasty', 'a column of a view', $$
      create view public.hasty as select * from shop.orders;
      grant select (note) on public.hasty to app_user$$),
    ('V01', 'public.hasty', 'a view to insert by', $$
      create view public.hasty as select * from shop.orders;
      grant insert on public.hasty to app_user$$),
    ('V01', 'public.hasty', 'a view for a role that has nothing else', $$
      create view public.hasty as select * from shop.orders;
      grant select on public.hasty to shop_staff$$),
    ('V01', 'public.hasty', 'a view for everybody', $$
      create view public.hasty as select * from shop.orders;
      grant select on public.hasty to public$$),
    ('V01', 'public.hasty', 'a view over a view that is right', $$
      create view public.hasty as select * from shop.recent;
      grant select on public.hasty to app_user$$),
    ('V01', 'public."inner"', 'a view that is right over one that is not', $$
      create view public."inner" as select * from shop.orders;
      grant select on public."inner" to app_user;
      create view public.hasty with (security_invoker) as select * from public."inner";
      grant select on public.hasty to app_user$$),
    ('V01', 'public.hasty', 'the rights of somebody who bypasses', $$
      create role boss bypassrls;
      grant select on shop.orders to boss;
      set local ragwall.app_roles = 'app_user, app_reader';
      create view public.hasty as select * from shop.orders;
      alter view public.hasty owner to boss;
      grant select on public.hasty to app_user$$),
    ('V01', 'public.hasty', 'the rights of an owner who is bound', $$
      create view public.hasty as select * from shop.orders;
      alter view public.hasty owner to ragwall_owner;
      grant select on public.hasty to app_user$$),
    ('V01', 'shop.recent', 'a view that was replaced', $$
      create or replace view shop.recent as select * from shop.orders$$),
    ('V01', 'shop.recent', 'security_invoker off', 'alter view shop.recent set (security_invoker = off)'),
    ('V01', 'public.hasty', 'a bound owner''s view of a copy', $$
      create materialized view shop.copied as select * from shop.orders;
      alter materialized view shop.copied owner to ragwall_owner;
      create view public.hasty as select * from shop.copied;
      alter view public.hasty owner to ragwall_owner;
      grant select on public.hasty to app_user$$),
    ('V01', 'public.hasty', 'a bound owner''s view of a foreign table', $$
      create foreign data wrapper nothing;
      create server nowhere foreign data wrapper nothing;
      create foreign table shop.far (tenant_id text, "text" text) server nowhere;
      create view public.hasty as select * from shop.far;
      alter view public.hasty owner to ragwall_owner;
      grant select on public.hasty to app_user$$),
    ('V02', 'shop.copied', 'a materialized view', $$
      create materialized view shop.copied as select note from shop.orders;
      grant select on shop.copied to app_user$$),
    ('V02', 'shop.copied', 'a materialized view of a view', $$
      create materialized view shop.copied as select note from shop.recent;
      grant select on shop.copied to public$$),
    ('V02', 'shop.copied', 'a materialized view of a function', $sql$
      create function shop.notes() returns setof text language sql set search_path = pg_catalog, pg_temp as
        $$select note from shop.orders$$;
      create materialized view shop.copied as select * from shop.notes() as n (n);
      grant select on shop.copied to app_user$sql$),
    ('V02', 'shop.copied', 'a materialized view of what names the tenant', $$
      create materialized view shop.copied as select 'acme' as tenant_id;
      grant select on shop.copied to app_user$$),
    ('V03', 'hasty on shop.orders', 'a rule', 'create rule hasty as on insert to shop.orders do also select 1'),

    ('N01', 'publication hasty', 'a publication of a table', 'create publication hasty for table shop.orders'),
    ('N01', 'publication hasty', 'a publication of everything', 'create publication hasty for all tables'),
    ('N01', 'publication hasty', 'a publication of a schema', 'create publication hasty for tables in schema shop'),
    ('N01', 'publication hasty', 'a publication of rows of any tenant', $$
      create publication hasty for table shop.orders where (tenant_id is not null)$$),
    ('N01', 'publication hasty', 'a publication of rows of one tenant and others', $$
      create publication hasty for table shop.orders where (tenant_id = 'acme' or tenant_id > 'b')$$)
) as v (id, object, name, statement)
where statement is not null
