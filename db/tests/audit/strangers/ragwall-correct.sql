-- What resembles a defect of a database with Ragwall, and is right.

-- ok01 view-of-the-bound-owner: a view that is not security_invoker: its owner is ragwall_owner, whom the forced
-- policies bind, and its columns are those that the reader may select anyway
create view ragwall.titles as select d.id, d.source, left(d.content, 80) as title from ragwall.documents as d;
alter view ragwall.titles owner to ragwall_owner;
grant select on ragwall.titles to app_reader;
-- proof:
set session authorization app_reader;
begin;
select ragwall.set_tenant('acme');
select count(*) = 1 and bool_and(title = 'acme secret') from ragwall.titles;
commit;

-- ok02 table-without-tenants: a table without row-level security that the application reads: it is the same list of
-- countries for all, and read-only
create schema app;
create table app.countries (code text primary key, name text not null);
grant usage on schema app to app_user, app_reader;
grant select on app.countries to app_user, app_reader;
-- proof:
set session authorization app_user;
select count(*) = 0
  and not has_table_privilege('app.countries', 'insert, update, delete, truncate, references, trigger')
from app.countries;

-- ok03 definer-of-the-bound-owner: a SECURITY DEFINER function on the documents: its owner is ragwall_owner, whom
-- the forced policies bind, its search_path is fixed, and PUBLIC may not call it
set role ragwall_owner;
create function ragwall.count_documents() returns bigint language sql stable
  security definer set search_path = pg_catalog, pg_temp
as $$ select count(*) from ragwall.documents where tenant_id = ragwall.require_tenant() $$;
revoke execute on function ragwall.count_documents() from public;
grant execute on function ragwall.count_documents() to app_user;
reset role;
-- proof:
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
select ragwall.count_documents() = 1;
commit;

-- ok04 signed-mode: signed mode; set_tenant() is still granted to ragwall_owner, as documented, and a login for the
-- application is a plain member of app_user
revoke execute on function ragwall.set_tenant(text) from app_user, app_reader;  -- signed mode
select ragwall.add_signing_key('k1') is not null;
create role ok04_api login in role app_user;
-- proof:
set session authorization ok04_api;
do $$
begin
  perform ragwall.set_tenant('globex');
exception when insufficient_privilege then
  perform set_config('proof.refused', 'yes', false);
end
$$;
select current_setting('proof.refused', true) = 'yes' and (select count(*) from ragwall.documents) = 0;

-- ok05 later-partition: a protected, partitioned table of the application's with a tenant column of another name,
-- and a partition that came later: the event trigger closed it
create schema app;
grant usage on schema app to app_user;
create table app.events (
  customer text not null,
  id uuid not null default gen_random_uuid(),
  at date not null,
  what text not null,
  primary key (customer, at, id)
)
partition by range (at);
create table app.events_2026 partition of app.events for values from ('2026-01-01') to ('2027-01-01');
grant select, insert, update, delete on app.events to app_user;
select count(*) from ragwall.protect_table('app.events', 'customer');
create table app.events_2027 partition of app.events for values from ('2027-01-01') to ('2028-01-01');
-- proof:
insert into app.events (customer, at, what) values ('globex', '2027-03-01', 'globex secret');
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
select count(*) = 0 and not has_table_privilege('app.events_2027', 'select') from app.events;
commit;

-- ok06 private-matview: a materialized view over all tenants' documents, for billing, which nobody but its owner and
-- a role of the billing may read; this role is no role of the application
-- known: V02 billing.usage: the catalogs do not say that its reader is no role of the application
create role ok06_billing nologin;
create schema billing;
create materialized view billing.usage as
  select d.tenant_id, count(*) as documents from ragwall.documents as d group by d.tenant_id;
grant usage on schema billing to ok06_billing;
grant select on billing.usage to ok06_billing;
-- proof:
select not has_schema_privilege(r, 'billing', 'usage') and not has_table_privilege(r, 'billing.usage', 'select')
from unnest(array['app_user']) as r;

-- ok07 backup-login: a login with BYPASSRLS that reads everything: it is for pg_dump, no member of a role of the
-- application, and no role of the application is a member of it
create role ok07_backup login bypassrls connection limit 2;
grant pg_read_all_data to ok07_backup;
-- proof:
select not pg_has_role('app_user', 'ok07_backup', 'member') and not pg_has_role('ok07_backup', 'app_user', 'member');

-- ok08 reference-with-tenant: a foreign key with ON DELETE CASCADE from a protected table to the documents: it has
-- the tenant on both sides
create schema app;
grant usage on schema app to app_user;
create table app.bookmarks (
  tenant_id text not null,
  document uuid not null,
  note text,
  primary key (tenant_id, document),
  constraint bookmarks_document_fkey foreign key (tenant_id, document)
    references ragwall.documents (tenant_id, id) on delete cascade
);
grant select, insert, update, delete on app.bookmarks to app_user;
select count(*) from ragwall.protect_table('app.bookmarks');
-- proof:
select set_config('proof.id', id::text, false) from ragwall.documents where tenant_id = 'globex';
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
do $$
begin
  insert into app.bookmarks (document) values (current_setting('proof.id')::uuid);
exception when foreign_key_violation then
  perform set_config('proof.refused', 'yes', false);
end
$$;
commit;
select current_setting('proof.refused', true) = 'yes';
