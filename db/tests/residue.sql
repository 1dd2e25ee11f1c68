-- What is left on a session is refused by its name, and nobody but the database may allow it: see residue.test.ts.
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

-- What pgTAP itself needs are temporary objects.
select is(tests.binds(), 'acme', 'a superuser knows what there is');
select from set_config('app.current_tenant', '', true);
set local session authorization app_user;
select is(tests.binds(), 'temporary objects', 'temporary objects are refused');

prepare stolen as select 1;
select is(tests.binds(), 'temporary objects, statements prepared in SQL', 'so are statements');
deallocate stolen;
declare stolen cursor with hold for select 1;
select is(tests.binds(), 'temporary objects, holdable cursors', 'and cursors');
close stolen;

set local ragwall.residue = 'allow';
select is(tests.binds(), 'temporary objects', 'a client cannot allow it');
select from set_config('session_authorization', current_setting('tests.admin'), true);
do $$
begin
  execute format('alter role app_user in database %I set ragwall.residue = ''allow''', current_database());
end
$$;
alter role all set ragwall.residue = 'allow';
alter database template1 set ragwall.residue = 'allow';
set local session authorization app_user;
select is(tests.binds(), 'temporary objects', 'nor can a role, or another database');

select from set_config('session_authorization', current_setting('tests.admin'), true);
do $$
begin
  execute format('alter database %I set ragwall.residue = ''allow''', current_database());
end
$$;
set local session authorization app_user;
select is(tests.binds(), 'acme', 'the database can');
select is(
  (select string_agg(distinct tenant_id, ',') from ragwall.documents), 'acme', 'and the tenant is bound then'
);

select * from finish();
rollback;
