-- A session with objects that an earlier client may have left binds no tenant, unless the database allows it. See residue.test.ts.
begin;
select plan(10);
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
select is(
  tests.binds(), 'temporary objects, statements prepared in SQL', 'a session with statements prepared in SQL is refused'
);
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

-- Whoever asks for the prepared statements gets all of the session, so a binding that asked would cost more with each
-- statement that a driver prepares.
select from set_config('session_authorization', current_setting('tests.admin'), true);
create function tests.askers(pattern text)
  returns text[]
  language sql
  return (
    select coalesce(array_agg(p.oid::regproc::text order by p.oid), '{}')
    from pg_proc as p
    where p.pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace, 'ragwall_api'::regnamespace)
      and concat(p.prosrc, pg_get_function_sqlbody(p.oid)) ~ pattern
      and p.proname in ('bind', 'refuse_residue', 'set_tenant', 'set_tenant_from_token', 'current_tenant', 'require_tenant')
  );
comment on function tests.askers(text) is 'The functions that bind, or that each statement calls, whose body fits a pattern.';
select is(
  tests.askers('pg_prepared_statement'), array['ragwall_private.refuse_residue', 'ragwall_private.bind'],
  'C7: two functions ask for the prepared statements, and the second only where a token is presented'
);
select is(
  tests.askers('pg_cursor'), array['ragwall_private.refuse_residue', 'ragwall_private.bind'],
  'C7, control: the bodies are searched: these two ask for the cursors'
);

select * from finish();
rollback;
