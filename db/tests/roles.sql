-- What the roles are, whom they belong to, and what they own.
begin;
select plan(9);

select set_eq(
  $$
    select rolname::text, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
    from pg_roles
    where rolname in (
      'app_user', 'app_reader', 'agent_reader', 'agent_caller', 'ragwall_owner', 'ragwall_context', 'ragwall_search'
    )
  $$,
  $$
    values
      ('agent_caller', false, false, false, false, false),
      ('agent_reader', false, false, false, false, false),
      ('app_reader', false, false, false, false, false),
      ('app_user', false, false, false, false, false),
      ('ragwall_context', false, false, false, false, false),
      ('ragwall_owner', false, false, false, false, false),
      ('ragwall_search', false, false, false, false, false)
  $$,
  'no role of ours is a superuser, bypasses row-level security, or may make others'
);

select is_empty(
  $$select rolname from pg_roles where rolname in ('ragwall_owner', 'ragwall_context', 'ragwall_search') and rolcanlogin$$,
  'the owners cannot log in'
);

select is_empty(
  $$
    select m.member::regrole, m.roleid::regrole
    from pg_auth_members as m
    where m.member in (
      'app_user'::regrole, 'app_reader'::regrole, 'agent_reader'::regrole, 'agent_caller'::regrole,
      'ragwall_owner'::regrole, 'ragwall_context'::regrole, 'ragwall_search'::regrole
    )
  $$,
  'no role of ours is a member of any other'
);

select is_empty(
  $$
    select c.oid::regclass::text
    from pg_class as c
    where c.relowner in (select oid from pg_roles where rolname ~ '^(app|agent)_')
    union all
    select p.oid::regprocedure::text
    from pg_proc as p
    where p.proowner in (select oid from pg_roles where rolname ~ '^(app|agent)_')
    union all
    select n.nspname
    from pg_namespace as n
    where n.nspowner in (select oid from pg_roles where rolname ~ '^(app|agent)_')
  $$,
  'applications and agents own nothing'
);

create view tests.members as
select m.member::regrole, m.roleid::regrole
from pg_auth_members as m
where m.roleid in (select oid from pg_roles where rolname in ('ragwall_owner', 'ragwall_context', 'ragwall_search'));
select is_empty('table tests.members', 'nobody is a member of an owner');

-- Default privileges are no objects.
create view tests.owned as
select pg_describe_object(d.classid, d.objid, d.objsubid)
from pg_shdepend as d
where d.dbid = (select oid from pg_database where datname = current_database())
  and d.refclassid = 'pg_authid'::regclass
  and d.refobjid = (select oid from pg_roles where rolname = 'ragwall_search')
  and d.deptype = 'o'
  and d.classid <> 'pg_default_acl'::regclass;
create view tests.search as
select pg_describe_object('pg_proc'::regclass, f::regprocedure, 0)
from unnest(array[
  'ragwall.search_documents(public.halfvec, integer, jsonb)', 'ragwall.search_words(text, integer, jsonb)',
  'ragwall.match_hybrid(public.halfvec, text, integer, jsonb, double precision)'
]) as f;
select set_eq('table tests.owned', 'table tests.search', 'ragwall_search owns the functions that search, and nothing else');

savepoint walls;
grant ragwall_search to app_user;
select isnt_empty('table tests.members', 'control: a member of ragwall_search is found');
create table tests.mine ();
alter table tests.mine owner to ragwall_search;
select set_ne('table tests.owned', 'table tests.search', 'control: a table of ragwall_search''s is found');
rollback to walls;

select is_empty(
  $$
    select setconfig
    from pg_db_role_setting
    where setdatabase in (0, (select oid from pg_database where datname = current_database()))
      and array_to_string(setconfig, ' ') ~ '(app\.|ragwall\.residue|row_security|search_path|session_authorization|role=)'
  $$,
  'no setting of a role or the database presets a tenant, how names resolve, or that residue is allowed'
);

select * from finish();
rollback;
