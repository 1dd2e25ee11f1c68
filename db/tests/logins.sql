-- What a login of the application gets: this database, one role and its limits. None gets locks that the cluster shares.
begin;
select plan(26);

create view tests.shared as
select p.oid
from pg_proc as p
where p.pronamespace = 'pg_catalog'::regnamespace
  and p.proname ~ '^(pg_(try_)?advisory_|lo_|lo(read|write)$)'
  and p.proname not in ('lo_import', 'lo_export', 'pg_advisory_unlock_all');
select is_empty(
  $$
    select role, s.oid::regprocedure
    from tests.shared as s,
      unnest(array[
        'public', 'app_user', 'app_reader', 'agent_reader', 'agent_caller', 'ragwall_context', 'ragwall_search'
      ]) as role
    where has_function_privilege(role, s.oid, 'execute')
  $$,
  'nobody may take advisory locks or use large objects'
);
select is_empty(
  $$
    select role, s.oid::regprocedure
    from tests.shared as s, unnest(array['ragwall_owner', 'pg_database_owner']) as role
    where not has_function_privilege(role, s.oid, 'execute')
  $$,
  'except the owners, whose upkeep and migrations hold locks'
);
select is(tests.attack(breach, attack), answer, label)
from (
  values
    ('an application cannot fill the lock table of the cluster', '',
      'select count(pg_advisory_lock(i)) from generate_series(1, 1000000) as i',
      '42501 permission denied for function pg_advisory_lock'),
    ('control: with the privilege it takes locks', 'grant execute on function pg_advisory_lock(bigint) to app_user',
      'select count(pg_advisory_lock(i)) from generate_series(1, 10) as i', '10'),
    ('an application stores no large object', '', $$select lo_from_bytea(0, 'x') > 0$$,
      '42501 permission denied for function lo_from_bytea'),
    ('control: with the privilege it stores one', 'grant execute on function lo_from_bytea(oid, bytea) to app_user',
      $$select lo_from_bytea(0, 'x') > 0$$, 'true')
) as v (label, breach, attack, answer);

select ok(
  not has_database_privilege('public', current_database(), 'connect'), 'a login may not connect because it is one'
);
create view tests.preset as
select coalesce(r.rolname, 'all') as role, d.datname is not null as here, c as setting
from pg_db_role_setting as s
left join pg_roles as r on r.oid = s.setrole
left join pg_database as d on d.oid = s.setdatabase and d.datname = current_database()
cross join unnest(s.setconfig) as c
where s.setdatabase = 0 or d.datname is not null;
select is_empty(
  $$
    select role, name
    from unnest(array['app_user', 'app_reader', 'agent_reader', 'agent_caller']) as role
    cross join unnest(array['statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout']) as name
    where name in (select s.name from pg_settings as s)
      and not exists (select from tests.preset as p where p.role = role and not p.here and p.setting ~ ('^' || name || '=[1-9]'))
  $$,
  'each role has limits in time'
);

select ragwall.grant_login('lg api', 'app_user');
select results_eq(
  $$
    select r.rolcanlogin, r.rolsuper, r.rolcreaterole, r.rolconnlimit, a.rolpassword,
      has_database_privilege(r.oid, current_database(), 'connect'),
      (select array_agg(m.roleid::regrole::text) from pg_auth_members as m where m.member = r.oid)
    from pg_roles as r
    join pg_authid as a on a.oid = r.oid
    where r.rolname = 'lg api'
  $$,
  $$values (true, false, false, -1, null::text, true, array['app_user'])$$,
  'a login is created without a password, connects, and is a member of its role alone'
);
create view tests.limits as
select setting from tests.preset where role = 'lg api' and here;
create view tests.wanted as
select setting from tests.preset where role = 'app_user' and not here and setting ~ '_timeout=';
select set_eq('table tests.limits', 'table tests.wanted', 'it has the limits of the role, in this database');
alter role app_user set statement_timeout = '7s';
do $$ begin execute format('alter role app_user in database %I set lock_timeout = ''3s''', current_database()); end $$;
alter role app_user set application_name = 'x';
alter role app_user set search_path = public;
alter role app_user connection limit 3;
select ragwall.grant_login('lg api', 'app_user');
select ok('statement_timeout=7s' = any (array(table tests.limits)), 'the next call gives it limits that were changed');
select ok('lock_timeout=3s' = any (array(table tests.limits)), '… and those that the role has in this database');
select is((select rolconnlimit from pg_roles where rolname = 'lg api'), 3, '… and the limit of connections');
select is_empty(
  $$select setting from tests.limits where setting ~ '^(application_name|search_path)='$$, 'it gets no other settings of the role'
);
do $$ begin execute format('alter role app_user in database %I set statement_timeout = ''8s''', current_database()); end $$;
select ragwall.grant_login('lg api', 'app_user');
select ok(
  'statement_timeout=8s' = any (array(table tests.limits)), 'a limit of this database replaces one of all databases'
);

create role lg_group;
grant lg_group to "lg api";
select ragwall.grant_login('lg api', 'app_reader');
select set_eq(
  $$select roleid::regrole::text from pg_auth_members where member = to_regrole('"lg api"')$$,
  array['lg_group', 'app_user', 'app_reader'], 'other memberships stay'
);
select ragwall.grant_login('app_reader', 'app_reader');
select ok(rolcanlogin and has_database_privilege('app_reader', current_database(), 'connect'), 'a role may be the login')
from pg_roles
where rolname = 'app_reader';

select throws_ok(
  format('select ragwall.grant_login(%L, %L)', login, role), 'RW010',
  'a login of the application, and one of the roles app_user, app_reader, agent_reader, agent_caller are expected',
  format('refused: %s', label)
)
from (
  values
    ('lg api', 'ragwall_owner', 'an owner as the role'), ('lg api', 'pg_monitor', 'a role of the server''s'),
    ('app_user', 'lg api', 'the two in the other order'), ('app_reader', 'app_user', 'a role of ours as the login'),
    ('ragwall_owner', 'app_user', 'an owner as the login'), (null, 'app_user', 'null as the login'),
    ('lg api', null, 'null as the role')
) as v (login, role, label);
select throws_ok(
  $$select ragwall.grant_login('pg_monitor', 'app_user')$$, '42939', null, 'a role of the server''s cannot be the login'
);
set local role app_user;
select throws_ok(
  $$select ragwall.grant_login('mine', 'app_user')$$, '42501', 'permission denied for function grant_login',
  'an application makes no logins'
);

select * from finish();
rollback;
