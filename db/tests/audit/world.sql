-- A schema of a user's own, as well protected as Ragwall's: the audit has nothing to say about it, and what is one
-- statement away from it has one defect.

create procedure tests.protect(relation regclass, tenant name default 'tenant_id')
  language plpgsql
as $$
declare
  type constant regtype := (select atttypid from pg_attribute where attrelid = relation and attname = tenant);
  condition constant text := format('%I = (select ragwall.current_tenant()::%s)', tenant, type);
  -- Evaluated before whatever a caller writes, because it costs nothing. There is no such comparison of other types.
  floor constant text := case when format_type(type, null) ~ '^(text|character varying|shop\.tenant)$'
    then format('(select jsonb_build_object(coalesce(ragwall.current_tenant(), ''''), true))[%I] is not null', tenant)
    else condition end;
  columns constant text := (
    select string_agg(quote_ident(attname), ', ')
    from pg_attribute
    where attrelid = relation and attnum > 0 and not attisdropped and attname <> tenant and attgenerated = ''
  );
begin
  execute format('alter table %s owner to ragwall_owner', relation);
  execute format('alter table %s enable row level security', relation);
  execute format('alter table %s force row level security', relation);
  execute format('create policy tenant_floor on %s as restrictive using (%s) with check (%s)', relation, floor, condition);
  execute format('create policy select_own on %s for select to app_user, app_reader using (%s)', relation, condition);
  execute format('create policy insert_own on %s for insert to app_user with check (%s)', relation, condition);
  execute format(
    'create policy update_own on %s for update to app_user using (%s) with check (%2$s)', relation, condition
  );
  execute format('grant select (%s, %I) on %s to app_user, app_reader', columns, tenant, relation);
  execute format('grant insert (%s), update (%1$s) on %s to app_user', columns, relation);
end
$$;

create schema shop authorization ragwall_owner;
grant usage on schema shop to app_user, app_reader;

create table shop.orders (
  tenant_id text collate "C" not null check (ragwall.is_tenant_id(tenant_id)),
  id uuid not null default gen_random_uuid(),
  note text,
  placed_at timestamptz not null default now(),
  embedding public.halfvec(3),
  primary key (tenant_id, id)
);
create table shop.items (
  tenant_id text collate "C" not null check (ragwall.is_tenant_id(tenant_id)),
  id uuid not null default gen_random_uuid(),
  order_id uuid not null,
  number integer not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, order_id) references shop.orders on delete cascade
);
create index on shop.items (tenant_id, order_id);
call tests.protect('shop.orders');
call tests.protect('shop.items');

-- Its partitions are reached through it alone.
create table shop.events (
  tenant_id text collate "C" not null check (ragwall.is_tenant_id(tenant_id)),
  id uuid not null default gen_random_uuid(),
  body text,
  embedding public.halfvec(3),
  primary key (tenant_id, id)
)
partition by hash (tenant_id);
create table shop.events_0 partition of shop.events for values with (modulus 2, remainder 0);
create table shop.events_1 partition of shop.events for values with (modulus 2, remainder 1);
call tests.protect('shop.events');
alter table shop.events_0 owner to ragwall_owner;
alter table shop.events_0 enable row level security;
alter table shop.events_0 force row level security;
alter table shop.events_1 owner to ragwall_owner;
alter table shop.events_1 enable row level security;
alter table shop.events_1 force row level security;

create table shop.countries (code text primary key, name text not null);
alter table shop.countries owner to ragwall_owner;
grant select on shop.countries to app_user, app_reader;

create view shop.recent with (security_invoker = true) as
  select * from shop.orders where placed_at > now() - interval '1 day';
alter view shop.recent owner to ragwall_owner;
grant select on shop.recent to app_user, app_reader;

-- Whose rights functions and views may lend: a role that policies bind.
create function shop.count_orders() returns bigint
  language sql
  stable
  security definer
begin atomic
  select count(*) from shop.orders;
end;
alter function shop.count_orders() owner to ragwall_owner;
revoke execute on function shop.count_orders() from public;
grant execute on function shop.count_orders() to app_user;

create role shop_staff;
create role shop_api login in role app_user;
alter role shop_api set statement_timeout = '5s';
alter role shop_api set idle_in_transaction_session_timeout = '10s';
-- On some engines these log in themselves.
do $$
begin
  execute format('revoke connect on database %I from app_user, app_reader, agent_reader, agent_caller', current_database());
end
$$;
