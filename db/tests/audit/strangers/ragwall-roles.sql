-- What roles may do in a database with Ragwall that goes round its walls.

-- 07 login-member-of-owner: the application's login is a member of ragwall_owner "for migrations", so SQL injected
-- into the application may switch the walls off
-- found: R07 d07_api in ragwall_owner
create role d07_api login in role app_user, ragwall_owner;
-- proof:
set session authorization d07_api;
set role ragwall_owner;
alter table ragwall.documents no force row level security;
select count(*) = 2 from ragwall.documents;

-- 08 login-bypasses: the login that a managed service's console made for the application has BYPASSRLS
-- found: R02 d08_neondb_owner
create role d08_neondb_owner login bypassrls in role app_user;
-- proof:
set session authorization d08_neondb_owner;
select count(*) = 2 from ragwall.documents;

-- 12 worker-may-become-search: the login of a background worker may SET ROLE ragwall_search (it does not inherit
-- it): the search tables of all tenants, which have no policies, are open to it
-- from: 16
-- found: R07 d12_worker in ragwall_search
create role d12_worker login in role app_user;
grant ragwall_search to d12_worker with inherit false, set true;
-- proof:
begin; select ragwall.set_tenant('globex'); select ragwall.build_search_table(); commit;
begin; select ragwall.set_tenant('globex'); select ragwall.build_search_table(); commit;
set session authorization d12_worker;
set role ragwall_search;
do $$
declare
  t regclass;
  found_it text;
begin
  select c.oid::regclass into t from pg_class as c
  where c.relnamespace = 'ragwall_search'::regnamespace and c.relkind = 'r' and c.relname ~ '^search_[0-9a-f]{32}$';
  execute format('select metadata ->> ''of'' from %s', t) into found_it;
  perform set_config('proof.of', found_it, false);
end
$$;
select current_setting('proof.of') = 'globex';

-- 15 large-objects: a protected table keeps its files as large objects, which have no row-level security and all
-- belong to app_user: every tenant reads and overwrites the files of all others by number
-- found: P10 database ragwall_strangers
create schema app;
grant usage on schema app to app_user;
create table app.attachments (
  tenant_id text not null,
  id uuid not null default gen_random_uuid(),
  name text not null,
  body oid not null,
  primary key (tenant_id, id)
);
grant select, insert, update, delete on app.attachments to app_user;
select count(*) from ragwall.protect_table('app.attachments');
grant execute on function lo_from_bytea(oid, bytea), lo_get(oid) to app_user;
set role app_user;
select lo_from_bytea(0, 'globex secret') is not null;
reset role;
insert into app.attachments (tenant_id, name, body) select 'globex', 'plan.txt', oid from pg_largeobject_metadata;
-- proof:
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
select bool_or(convert_from(lo_get(oid), 'UTF8') = 'globex secret') from pg_largeobject_metadata;
commit;

-- 16 replication-login: one login serves the application and change data capture and has REPLICATION: it can copy
-- all files of the cluster, and fill the disk by a slot that nobody reads
-- docker: a server of its own, since its slot keeps the log
-- found: R03 d16_sync
create role d16_sync login replication in role app_user;
-- proof:
set session authorization d16_sync;
select slot_name is not null from pg_create_physical_replication_slot('d16_slot', true);
reset session authorization;
select count(*) = 1 from pg_replication_slots where slot_name = 'd16_slot' and restart_lsn is not null;
-- undo:
select count(pg_drop_replication_slot(slot_name)) from pg_replication_slots where slot_name = 'd16_slot';

-- 17 reads-data-files: app_reader may call pg_read_binary_file(), which without any other privilege reads every file
-- of the data directory, those of all tenants' rows among them
-- found: P14 pg_catalog.pg_read_binary_file(text) for app_reader
grant execute on function pg_catalog.pg_read_binary_file(text) to app_reader;
-- proof:
checkpoint;
set session authorization app_reader;
select position('globex secret'::bytea in pg_read_binary_file(pg_relation_filepath('ragwall.documents_rows'))) > 0;

-- 18 runs-programs: the importer's login is a member of app_user and of pg_execute_server_program: by COPY … TO
-- PROGRAM it becomes the server's operating system user, and so a superuser
-- docker: a server that its own user may log in to
-- found: R06 d18_import in pg_execute_server_program
create role d18_import login in role app_user, pg_execute_server_program;
-- proof:
set session authorization d18_import;
copy (select 'alter role d18_import superuser;') to program 'psql -Xq -d postgres';
reset session authorization;
select rolsuper from pg_roles where rolname = 'd18_import';

-- 23 temp-and-residue: app_user may create temporary objects and the database allows residue: a temporary type left
-- on a pooled session runs in the next client's transaction and reads its documents
-- found: O03 database ragwall_strangers
-- found: P08 database ragwall_strangers for app_user
do $$
begin
  execute format('grant temporary on database %I to app_user', current_database());
  execute format('alter database %I set ragwall.residue = allow', current_database());
end
$$;
-- proof:
set session authorization app_user;
create domain pg_temp.jsonb as pg_catalog.jsonb check (set_config(
  'loot.documents', query_to_xml('select content from ragwall.documents', true, false, '')::text, false
) <> '');
begin;
select ragwall.set_tenant('globex');
select '{}'::jsonb;
commit;
select current_setting('loot.documents', true) like '%globex secret%';

-- 26 owned-by-the-login: a protected table was given to the login of the web framework, so that it can migrate it:
-- whoever injects SQL there may take the walls down
-- found: R09 d26_rails
create role d26_rails login in role app_user;
create schema app;
grant usage on schema app to app_user;
create table app.tasks (
  tenant_id text not null,
  id uuid not null default gen_random_uuid(),
  title text not null,
  primary key (tenant_id, id)
);
grant select, insert, update, delete on app.tasks to app_user;
select count(*) from ragwall.protect_table('app.tasks');
alter table app.tasks owner to d26_rails;
-- proof:
insert into app.tasks (tenant_id, title) values ('acme', 'a'), ('globex', 'globex secret');
set session authorization d26_rails;
alter table app.tasks disable row level security;
select count(*) = 2 from app.tasks;

-- 27 may-grant-the-owner: an application login has ragwall_owner with the ADMIN option alone (no INHERIT, no SET),
-- which looks harmless, but it can grant itself the rest
-- from: 16
-- found: R07 d27_ops in ragwall_owner
create role d27_ops login in role app_user;
grant ragwall_owner to d27_ops with admin true, inherit false, set false;
-- proof:
set session authorization d27_ops;
grant ragwall_owner to d27_ops with set true;
set role ragwall_owner;
alter table ragwall.documents no force row level security;
select count(*) = 2 from ragwall.documents;

-- 29 alter-system: an application login may ALTER SYSTEM the libraries that each session loads: it can refuse all
-- logins of the cluster, or run code in them as superuser
-- docker: a server of its own, since it changes postgresql.auto.conf
-- found: R12 parameter session_preload_libraries for d29_ops
create role d29_ops login in role app_user;
grant set, alter system on parameter session_preload_libraries to d29_ops;
-- proof:
set session authorization d29_ops;
alter system set session_preload_libraries = 'd29_there_is_none';
reset session authorization;
select count(*) = 1 from pg_file_settings where name = 'session_preload_libraries' and setting = 'd29_there_is_none';
-- undo:
alter system reset session_preload_libraries;
revoke set, alter system on parameter session_preload_libraries from d29_ops;

-- 30 owns-the-database: the application's login owns the database: it can let nobody connect, give anybody TEMP, and
-- drop the database
-- found: R08 d30_app
create role d30_app login in role app_user;
do $$ begin execute format('alter database %I owner to d30_app', current_database()); end $$;
-- proof:
set session authorization d30_app;
do $$
begin
  execute format('grant temporary on database %I to app_user', current_database());
  execute format('alter database %I connection limit 0', current_database());
end
$$;
reset session authorization;
select datconnlimit = 0 and has_database_privilege('app_user', oid, 'temporary')
from pg_database where datname = current_database();

-- 31 reads-the-log: pg_walinspect is installed and app_reader may call pg_get_wal_block_info(): the write-ahead log
-- has every row that any tenant writes
-- from: 16
-- found: S03 extension pg_walinspect
create extension pg_walinspect schema public;
grant execute on function public.pg_get_wal_block_info(pg_lsn, pg_lsn, boolean) to app_reader;
-- proof:
select set_config('proof.began', pg_current_wal_flush_lsn()::text, false);
insert into ragwall.documents (tenant_id, content, embedding, embedding_model, metadata) values
  ('acme', 'acme secret', array_fill(1::real, array[1536])::public.halfvec, 'm', '{"of": "acme"}'),
  ('globex', 'globex secret', array_fill(1::real, array[1536])::public.halfvec, 'm', '{"of": "globex"}');
select set_config('proof.ended', pg_current_wal_flush_lsn()::text, false);
set session authorization app_reader;
select bool_or(
  position('globex secret'::bytea in coalesce(block_data, '')) > 0
  or position('globex secret'::bytea in coalesce(block_fpi_data, '')) > 0
)
from public.pg_get_wal_block_info(
  current_setting('proof.began')::pg_lsn, current_setting('proof.ended')::pg_lsn, true
);

-- 32 loopback: a foreign table reads the documents through a connection of this server to itself, with a user
-- mapping to a superuser: app_reader reads all tenants, since foreign tables have no row-level security
-- docker: a server that its own user may log in to
-- found: P11 reports.documents
create extension postgres_fdw schema public;
do $$
begin
  execute format(
    'create server loopback foreign data wrapper postgres_fdw options (dbname %L)', current_database()
  );
end
$$;
create user mapping for app_reader server loopback options (user 'postgres', password_required 'false');
create schema reports;
create foreign table reports.documents (tenant_id text, id uuid, content text, created_at timestamptz)
  server loopback options (schema_name 'ragwall', table_name 'documents');
grant usage on schema reports to app_reader;
grant select on reports.documents to app_reader;
-- proof:
set session authorization app_reader;
select count(*) = 2 from reports.documents;
