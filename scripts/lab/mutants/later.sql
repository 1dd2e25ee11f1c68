-- Objects that a careless later migration could add. `ragwall audit` has to find them.
select *
from (
  values
    ('a view with its owner''s rights', 'create view public.hasty as select * from ragwall.documents; '
      || 'grant select on public.hasty to app_user'),
    ('a view of the schema with its owner''s rights', 'create view ragwall.hasty as select * from ragwall.documents; '
      || 'alter view ragwall.hasty owner to ragwall_owner; grant select on ragwall.hasty to app_user'),
    ('a view that counts', 'create view public.hasty as select count(*) from ragwall.documents; '
      || 'grant select on public.hasty to app_user'),
    ('a materialized view', 'create materialized view public.hasty as select content from ragwall.documents; '
      || 'grant select on public.hasty to app_user'),
    ('a copy', 'create table public.hasty as select * from ragwall.documents; grant select on public.hasty to app_user'),
    ('a copy without the tenant',
      'create table public.hasty as select content from ragwall.documents; grant select on public.hasty to app_user'),
    ('a copy like it', 'create table ragwall.hasty (like ragwall.documents including all); '
      || 'grant select on ragwall.hasty to app_user'),
    ('a copy of the keys', 'create table public.hasty as table ragwall_private.seal_key'),
    ('a detached partition', 'alter table ragwall.documents detach partition ragwall.documents_rows; '
      || 'grant select on ragwall.documents_rows to app_user'),
    ('a child of a partition', 'create table public.hasty () inherits (ragwall_private.signing_key)'),
    ('select on all tables', 'grant select on all tables in schema ragwall to app_user'),
    ('all on all tables', 'grant all on all tables in schema ragwall to app_user'),
    ('execute on all functions', 'grant execute on all functions in schema ragwall to app_user'),
    ('select on all search tables', 'grant select on all tables in schema ragwall_search to app_user'),
    ('a copy of the search tables', 'create table ragwall_search.hasty as select tenant_id, id, embedding '
      || 'from ragwall.documents; grant select on ragwall_search.hasty to app_user'),
    ('a view of the tail', 'create view ragwall_search.hasty as select * from ragwall_search.tail; '
      || 'grant select on ragwall_search.hasty to app_user'),
    ('a definer function of the search', 'grant create on schema ragwall to ragwall_search; '
      || 'create function ragwall.hasty() returns bigint language sql security definer '
      || 'begin atomic select count(*) from ragwall.documents_rows; end; '
      || 'alter function ragwall.hasty() owner to ragwall_search; revoke create on schema ragwall from ragwall_search'),
    ('a policy on the tail', 'create policy hasty on ragwall_search.tail for select to app_user using (true)'),
    ('a publication', 'create publication hasty for table ragwall.documents'),
    ('a publication of everything', 'create publication hasty for all tables'),
    ('a definer function in public', 'create function public.hasty() returns setof text language sql security definer '
      || 'begin atomic select content from ragwall.documents; end'),
    ('a definer function that binds', 'create function public.hasty(t text) returns text language sql security definer '
      || 'as $$select ragwall.set_tenant(t)$$; alter function public.hasty(text) owner to ragwall_context'),
    ('a definer function of the owner in the schema', 'create function ragwall.hasty() returns bigint language sql '
      || 'security definer begin atomic select count(*) from ragwall.documents; end'),
    ('a permissive policy', 'create policy hasty on ragwall.documents using (true)'),
    ('a policy on a partition', 'create policy hasty on ragwall.documents_rows using (true)'),
    ('an event trigger', 'create function public.hasty() returns event_trigger language plpgsql as $$begin end$$; '
      || 'create event trigger hasty on ddl_command_end execute function public.hasty()'),
    ('an operator that stands in front', 'create function public.hasty(public.halfvec, public.halfvec) returns float8 '
      || 'language sql immutable leakproof as $$select 0::float8$$'),
    ('a dictionary of the tenants', 'create table public.hasty as select distinct tenant_id from ragwall.documents; '
      || 'grant select on public.hasty to public'),
    ('an index whose expression calls a function', 'create index on ragwall.documents_rows (tenant_id, lower(content))'),
    ('a foreign key to it', 'create table public.hasty (tenant_id text, id uuid, '
      || 'foreign key (tenant_id, id) references ragwall.documents)'),
    ('members of the owner', 'create role hasty login in role ragwall_owner'),
    ('members who bypass', 'create role hasty login bypassrls in role app_user')
) as v (name, statement);
