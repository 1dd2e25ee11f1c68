-- Functions and views that go round the walls of a database with Ragwall.

-- 01 unsealed-tenant: current_tenant() was replaced by a "faster" one that trusts the setting app.current_tenant
-- without the seal; in signed mode any SQL of app_user reads and writes any tenant by set_config()
-- found: M06 ragwall.current_tenant()
revoke execute on function ragwall.set_tenant(text) from app_user, app_reader;  -- signed mode
create or replace function ragwall.current_tenant()
  returns text
  language plpgsql
  stable
  parallel restricted
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  -- The seal costs 20 microseconds a call.
  return nullif(current_setting('app.current_tenant', true), '');
end
$$;
-- proof:
set session authorization app_user;
begin;
select set_config('app.current_tenant', 'globex', true);
select count(*) = 1 from ragwall.documents where content = 'globex secret';
commit;

-- 04 definer-of-superuser: a look-up by source is SECURITY DEFINER and belongs to the superuser who wrote it, so no
-- policy binds it: app_user reads any tenant's documents by source
-- found: F01 ragwall.documents_by_source(text)
create function ragwall.documents_by_source(wanted text)
  returns table (id uuid, content text)
  language sql
  stable
  security definer
  set search_path = pg_catalog, pg_temp
as $$
  select d.id, d.content from ragwall.documents as d where d.source = wanted order by d.position
$$;
revoke execute on function ragwall.documents_by_source(text) from public;
grant execute on function ragwall.documents_by_source(text) to app_user;
-- proof:
update ragwall.documents set source = 'plan.md', position = 0;
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
select count(*) = 2 from ragwall.documents_by_source('plan.md');
commit;

-- 05 trigger-feed: a trigger on the documents copies each new row as JSON into an activity feed without row-level
-- security that app_user may read
-- found: P15 public.activity_feed
create table public.activity_feed (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  payload jsonb not null
);
create function public.feed_activity()
  returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  insert into public.activity_feed (payload) values (to_jsonb(new) - 'embedding');
  return null;
end
$$;
revoke execute on function public.feed_activity() from public;
create trigger feed after insert or update on ragwall.documents for each row execute function public.feed_activity();
grant select on public.activity_feed to app_user;
-- proof:
update ragwall.documents set source = 'plan.md', position = 0;
set session authorization app_user;
begin;
select ragwall.set_tenant('acme');
select count(*) = 1 from public.activity_feed where payload ->> 'content' = 'globex secret';
commit;

-- 09 signed-but-public: signed mode was switched on for app_user and app_reader, but set_tenant() is granted to
-- PUBLIC, so agents and the application still bind any tenant
-- found: C10 ragwall.set_tenant(text)
revoke execute on function ragwall.set_tenant(text) from app_user, app_reader;  -- signed mode
grant execute on function ragwall.set_tenant(text) to public;
-- proof:
set session authorization agent_reader;
begin;
select ragwall.set_tenant('globex');
select count(*) = 1 from ragwall.documents where content = 'globex secret';
commit;

-- 10 signed-but-wrapped: in signed mode a wrapper for the batch jobs runs as ragwall_owner, which may still call
-- set_tenant(), and app_user may call the wrapper: any tenant can be bound without a token
-- found: C10 jobs.run_as(text)
revoke execute on function ragwall.set_tenant(text) from app_user, app_reader;  -- signed mode
create schema jobs authorization ragwall_owner;
create function jobs.run_as(customer text)
  returns text
  language sql
  security definer
  set search_path = pg_catalog, pg_temp
as $$ select ragwall.set_tenant(customer) $$;
alter function jobs.run_as(text) owner to ragwall_owner;
revoke execute on function jobs.run_as(text) from public;
grant usage on schema jobs to app_user;
grant execute on function jobs.run_as(text) to app_user;
-- proof:
set session authorization app_user;
begin;
select jobs.run_as('globex');
select count(*) = 1 from ragwall.documents where content = 'globex secret';
commit;

-- 11 keys-in-a-view: a view for the monitoring shows the rows of the signing keys with their pads to app_reader, who
-- can sign a token for any tenant from them
-- found: C03 ops.token_keys
revoke execute on function ragwall.set_tenant(text) from app_user, app_reader;  -- signed mode
create schema ops;
create view ops.token_keys as
  select k.*, now() - k.created_at as age from ragwall_private.signing_key as k;
grant usage on schema ops to app_reader;
grant select on ops.token_keys to app_reader;
-- proof:
select ragwall.add_signing_key('k1') is not null;
set session authorization app_reader;
begin;
with k as (select * from ops.token_keys limit 1),
s as (
  select k.*, header || '.' || translate(encode(convert_to(json_build_object(
    'tenant_id', 'globex', 'aud', audience,
    'iat', floor(extract(epoch from now())), 'exp', floor(extract(epoch from now())) + 60
  )::text, 'UTF8'), 'base64'), E'+/=\n', '-_') as signed
  from k
)
select ragwall.set_tenant_from_token(signed || '.' || translate(
  encode(sha256(outer_pad || sha256(inner_pad || convert_to(signed, 'UTF8'))), 'base64'), E'+/=\n', '-_'
)) from s;
select count(*) = 1 from ragwall.documents where content = 'globex secret';
commit;

-- 21 path-of-a-definer: current_tenant() was given a search_path that begins with public, where app_user may create:
-- a function of app_user's runs as ragwall_context and takes the key of the seals
-- found: M06 ragwall.current_tenant()
-- found: P07 schema public for app_user
revoke execute on function ragwall.set_tenant(text) from app_user, app_reader;  -- signed mode
grant create on schema public to app_user;
alter function ragwall.current_tenant() set search_path = public, pg_catalog;
-- proof:
set session authorization app_user;
create function public.current_setting(name text, missing boolean)
  returns text
  language plpgsql
as $$
begin
  perform pg_catalog.set_config('loot.key', (select encode(inner_key, 'hex') from ragwall_private.seal_key), false);
  return pg_catalog.current_setting(name, missing);
end
$$;
select ragwall.current_tenant();
reset session authorization;
select pg_catalog.current_setting('loot.key', true) = encode(inner_key, 'hex') from ragwall_private.seal_key;

-- 22 overload: app_user may create in the schema ragwall: in signed mode injected SQL adds an overload
-- match_documents(text, integer), which other clients' calls with a literal vector then run in their transactions
-- found: P07 schema ragwall for app_user
revoke execute on function ragwall.set_tenant(text) from app_user, app_reader;  -- signed mode
grant create on schema ragwall to app_user;
-- proof:
set session authorization app_user;
create function ragwall.match_documents(query_vec text, k integer)
  returns text
  language plpgsql
as $$
begin
  perform set_config('loot.documents', (select string_agg(content, ',') from ragwall.documents), false);
  return null;
end
$$;
reset session authorization;
begin;
select ragwall.set_tenant('globex');  -- stands for set_tenant_from_token(), of the victim
set local role app_user;
select ragwall.match_documents('[1,2,3]', 5);
commit;
set session authorization app_user;
select current_setting('loot.documents', true) = 'globex secret';

-- 28 text-to-sql: a function for SQL of a language model executes a text as ragwall_owner; the policies bind this
-- role, but in signed mode it may call set_tenant(), so the text binds any tenant
-- found: F09 ai.run_query(text)
revoke execute on function ragwall.set_tenant(text) from app_user, app_reader;  -- signed mode
create schema ai authorization ragwall_owner;
create function ai.run_query(query text)
  returns setof jsonb
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute format('select to_jsonb(q) from (%s) as q limit 100', query);
end
$$;
alter function ai.run_query(text) owner to ragwall_owner;
revoke execute on function ai.run_query(text) from public;
grant usage on schema ai to app_user, agent_reader;
grant execute on function ai.run_query(text) to app_user, agent_reader;
-- proof:
set session authorization agent_reader;
begin;
select ai.run_query($q$ select ragwall.set_tenant('globex') $q$);
select bool_or(r ->> 'content' = 'globex secret') from ai.run_query('select content from ragwall.documents') as r;
commit;
