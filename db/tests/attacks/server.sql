-- Attacks E17 to E27: what the server keeps beneath the tables is closed to the application.
begin;
select plan(23);
select tests.seed();

select tests.become('globex');
select unnest(array[
  alike(tests.attack(change, attack), answer, format('%s: %s', vector, label)),
  matches(tests.attack(concat_ws(';', change, breach), attack), seen, format('%s, control: without the wall it does', vector))
])
from (
  values
    ('E17b', 'pg_statistic is closed', '', '42501 permission denied for table pg_statistic',
      'grant select on pg_statistic to app_user', '^[1-9]', 'select count(*) from pg_statistic'),
    ('E17b', 'statistics of tables with policies are not shown',
      'alter table ragwall.documents alter content set statistics 100; analyze ragwall.documents', '0',
      'alter role app_user superuser', '^[1-9]', $$select count(*) from pg_stats where schemaname = 'ragwall'$$),
    ('E22c', 'statistics of tables with policies are not shown to a monitor',
      'alter table ragwall.documents alter content set statistics 100; analyze ragwall.documents;
      alter role app_user inherit; grant pg_monitor to app_user', '0',
      'alter role app_user superuser', '^[1-9]', $$select count(*) from pg_stats where schemaname = 'ragwall'$$),
    ('E19c', 'no program runs', '', '42501 %',
      'alter role app_user inherit; grant pg_execute_server_program to app_user',
      '^42P01 relation "tests.nothing" does not exist', $$copy tests.nothing to program 'true'$$),
    ('E21', 'what is stored out of line is closed', '', '42501 permission denied for schema pg_toast',
      'alter role app_user superuser', '^\d+$',
      (select format('select count(*) from %s', reltoastrelid::regclass) from pg_class
        where oid = 'ragwall.documents_rows'::regclass)),
    ('E22', 'no file of the server is read', '', '42501 permission denied %',
      'alter role app_user inherit; grant pg_read_server_files to app_user; grant execute on function
        pg_read_file(text) to app_user', '^\d+', $$select pg_read_file('PG_VERSION')$$),
    ('E22b', 'to read all data is not to read all rows',
      'alter role app_user inherit; grant pg_read_all_data to app_user', 'globex',
      'alter table ragwall.documents disable row level security', 'acme',
      $$select string_agg(distinct tenant_id, ' ') from ragwall.documents$$),
    ('E23b', 'nobody of ours decodes the log', '', '42501 %',
      'alter role app_user superuser replication', '^(55000|25001) ',
      $$select pg_create_logical_replication_slot('careless', 'pgoutput')$$),
    ('E26', 'nobody of ours adds a function that an administrator might call', '',
      '42501 permission denied for schema public', 'grant create on schema public to app_user', 'evil',
      $$create function public.lower(varchar) returns text language sql return 'evil';
        select public.lower('x'::varchar)$$),
    ('E27b', 'no definition of a function holds a key', '', '0',
      (
        select format('create function tests.careless() returns text language sql return %L', encode(inner_key, 'hex'))
        from ragwall_private.seal_key
      ), '1',
      (
        select format(
          $$select count(*) from pg_proc where concat(prosrc, pg_get_function_sqlbody(oid)) ~* %L$$,
          encode(inner_key, 'hex') || '|' || encode(outer_key, 'hex')
        )
        from ragwall_private.seal_key
      ))
) as e (vector, label, change, answer, breach, seen, attack);

create function tests.strong()
  returns text
  language sql
begin atomic
  with recursive ours as (
    select oid from pg_roles where rolname ~ '^(app|agent)_(user|reader|caller)$|^ragwall_(owner|context)$'
    union
    select m.member from ours join pg_auth_members as m on m.roleid = ours.oid
  )
  select string_agg(r.rolname, ' ')
  from pg_roles as r
  join ours using (oid)
  where not r.rolsuper
    and (
      r.rolreplication
      or exists (select from pg_roles as p where p.rolname ~ '^pg_' and pg_has_role(r.oid, p.oid, 'member'))
    );
end;

select is(tests.strong(), null, 'E22, E23: none of ours may replicate, or is a member of a predefined role');
select isnt(tests.attack(change, 'reset role; select tests.strong()'), 'nothing', label)
from (
  values
    ('alter role app_user replication', 'E23, control: a role that may replicate is found'),
    ('create role careless in role app_user, pg_read_server_files', 'E22, control: a login that is a member of one is found')
) as e (change, label);

select * from finish();
rollback;
