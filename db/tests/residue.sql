-- A session with objects that an earlier client may have left binds no tenant, unless the database allows it. See residue.test.ts.
begin;
select plan(8);
select tests.seed();
select from set_config('tests.admin', session_user, true);

create function tests.binds()
  returns text
  language plpgsql
as $$
begin
  return ragwall.set_tenant('acme');
exception when sqlstate 'RW007' then
  return replace(sqlerrm, 'this session has objects that an earlier client may have left: ', '');
end
$$;

-- pgTAP has created temporary tables by now.
select is(tests.binds(), 'acme', 'a superuser may bind on a session with temporary objects');
select from set_config('app.current_tenant', '', true);
set local session authorization app_user;
select is(tests.binds(), 'temporary objects', 'a session with temporary objects is refused');

prepare stolen as select 1;
select is(tests.binds(), 'temporary objects, statements prepared in SQL', 'a session with statements prepared in SQL is refused');
deallocate stolen;
declare stolen cursor with hold for select 1;
select is(tests.binds(), 'temporary objects, holdable cursors', 'a session with holdable cursors is refused');
close stolen;

set local ragwall.residue = 'allow';
select is(tests.binds(), 'temporary objects', 'a client cannot allow them by SET');
select from set_config('session_authorization', current_setting('tests.admin'), true);
do $$
begin
  execute format('alter role app_user in database %I set ragwall.residue = ''allow''', current_database());
end
$$;
alter role all set ragwall.residue = 'allow';
alter database template1 set ragwall.residue = 'allow';
set local session authorization app_user;
select is(tests.binds(), 'temporary objects', 'settings of a role, of all roles or of another database do not allow them');

select from set_config('session_authorization', current_setting('tests.admin'), true);
do $$
begin
  execute format('alter database %I set ragwall.residue = ''allow''', current_database());
end
$$;
set local session authorization app_user;
select is(tests.binds(), 'acme', 'a setting of the database allows them');
select is(
  (select string_agg(distinct tenant_id, ',') from ragwall.documents), 'acme', 'the tenant is bound and reads its rows'
);

select * from finish();
rollback;
