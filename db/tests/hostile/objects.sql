-- a policy that opens everything [A06]
create policy open on ragwall.documents using (true); select content from ragwall.documents;
-- a policy changed [A09]
alter policy tenant_floor on ragwall.documents using (true); select content from ragwall.documents;
-- a policy dropped
drop policy tenant_floor on ragwall.documents;
-- row security disabled [A03c]
alter table ragwall.documents disable row level security; select content from ragwall.documents;
-- row security no longer forced [A01]
alter table ragwall.documents no force row level security;
-- row security of a partition disabled
alter table ragwall.documents_rows disable row level security;
-- disable row-level security of the directory and the tail
alter table ragwall_search.directory disable row level security; alter table ragwall_search.tail no force row level security;
-- drop the policies where the search reads
drop policy tenant_floor on ragwall.documents_rows; drop policy tenant_floor on ragwall_search.directory;
-- disable the trigger that notes changes
alter table ragwall.documents disable trigger note_change;
-- a table in the schema of the search tables
create table ragwall_search.search_00000000000000000000000000000000 (id uuid, embedding public.halfvec, metadata jsonb);
-- drop every search table
do $$ declare t regclass; begin for t in select oid from pg_class where relname ~ '^search_' and relkind = 'r' loop begin execute format('drop table %s', t); exception when others then raise notice '%', sqlerrm; end; end loop; end $$;
-- a partition detached [E05]
alter table ragwall.documents detach partition ragwall.documents_rows;
-- a partition added
create table ragwall.documents_99 partition of ragwall.documents default;
-- a child that inherits
create table public.child () inherits (ragwall.documents);
-- a copy of the table [E06]
create table public.copied as select * from ragwall.documents;
-- a copy by SELECT INTO [E06]
select * into public.copied from ragwall.documents;
-- a temporary copy [C02]
create temporary table copied as select * from ragwall.documents;
-- a view for everybody [E08]
create view public.leak as select * from ragwall.documents; grant select on public.leak to public;
-- a temporary view in place of the table [C04]
create temporary view documents as select 'poisoned' as content;
-- a temporary table in place of the table [C05]
create temporary table documents (like ragwall.documents); select content from ragwall.documents;
-- a temporary function in place of the server's [E11c]
create function pg_temp.sha256(bytea) returns bytea language sql as $$ select '\x00'::bytea $$;
-- a temporary domain in place of a type [E11c]
create domain pg_temp.jsonb as text check (value is not null);
-- a temporary type
create type pg_temp.signing_key as (header text);
-- a temporary sequence
create temporary sequence s; select nextval('s');
-- a materialized view [E09]
create materialized view public.leak as select * from ragwall.documents;
-- a schema
create schema hostile; create schema authorization current_user;
-- an object in everybody's schema [E26]
create function public.lower(varchar) returns text language sql as $$ select 'x' $$;
-- an object in ours
create function ragwall.current_tenant(integer) returns text language sql as $$ select 'acme' $$;
-- a function replaced [J09b]
create or replace function ragwall.current_tenant() returns text language sql as $$ select 'acme'::text $$; select content from ragwall.documents;
-- a function with a definer's rights
create function public.f() returns text language sql security definer as $$ select 'x'::text $$;
-- a function marked leakproof [E12d]
create function pg_temp.f(text) returns boolean language plpgsql leakproof cost 0.0001 as $$ begin raise notice '%', $1; return true; end $$;
-- a function changed
alter function ragwall.current_tenant() security invoker; alter function ragwall.set_tenant(text) set search_path = public;
-- a function of the server marked leakproof
alter function pg_catalog.text_lt(text, text) cost 1; alter function pg_catalog.int4div(integer, integer) leakproof;
-- a function dropped
drop function ragwall.require_tenant() cascade;
-- a trigger [D08]
create trigger t before insert on ragwall.documents for each row execute function suppress_redundant_updates_trigger();
-- the triggers disabled
alter table ragwall.documents disable trigger all;
-- a rule
create rule r as on select to ragwall.documents do instead select 1;
-- an event trigger [E25]
create event trigger e on ddl_command_end execute function ragwall.require_tenant();
-- an operator
create operator public.=== (leftarg = text, rightarg = text, function = texteq);
-- an operator class
create operator class public.c for type text using btree as operator 1 <;
-- a cast
create cast (text as uuid) with inout as implicit;
-- an aggregate
create aggregate public.leak (text) (sfunc = textcat, stype = text);
-- a collation
create collation public.c (provider = icu, locale = 'und', deterministic = false);
-- a text search dictionary with a file
create text search dictionary pg_temp.d (template = synonym, synonyms = 'passwd');
-- a language
create language plpython3u;
-- an extension of the server's
create extension dblink; create extension file_fdw;
-- a server and a table elsewhere
create foreign data wrapper w; create server s foreign data wrapper w;
-- an index that compares the values of all tenants [D02]
create unique index on ragwall.documents (tenant_id, content);
-- an index that runs a function
create index on ragwall.documents_rows (ragwall.is_tenant_id(content));
-- an index dropped
drop index ragwall.documents_pkey;
-- an index rebuilt
commit; reindex table ragwall.documents;
-- a foreign key to the table [D04, D09]
create table pg_temp.probe (t text, id uuid, foreign key (t, id) references ragwall.documents);
-- statistics of expressions [E17c]
create statistics public.s on content, metadata from ragwall.documents;
-- statistics gathered
alter table ragwall.documents alter column content set statistics 10000; analyze ragwall.documents;
-- a column added, one dropped
alter table ragwall.documents add column leak text default current_user; alter table ragwall.documents drop column content;
-- a column of another type, by an expression
alter table ragwall.documents alter column content type text using pg_notify('leak', content)::text;
-- a constraint that looks at every row
alter table ragwall.documents add check (1 / (position - position) > 0);
-- the table renamed [E07]
alter table ragwall.documents rename to old; alter schema ragwall rename to other;
-- the schema dropped
drop schema ragwall cascade;
-- the table moved
alter table ragwall.documents set schema public; alter table ragwall.documents set unlogged;
-- a publication [E24]
create publication leak for all tables;
-- a subscription
create subscription leak connection 'dbname=postgres' publication leak with (connect = false);
-- a comment
comment on table ragwall.documents is 'x'; comment on policy tenant_floor on ragwall.documents is 'x';
-- a database of one's own
commit; create database hostile template template0;
-- the database dropped, renamed, given away
do $$ begin execute format('alter database %I owner to app_user', current_database()); end $$;
-- a tablespace
commit; create tablespace hostile location '/tmp';
