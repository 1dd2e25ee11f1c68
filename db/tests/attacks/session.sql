-- Attacks B12, C, J12, J13 and K03: no plan keeps a tenant, and nothing can be put before the table.
begin;
select plan(17);
select tests.seed();

savepoint plans;
set local plan_cache_mode = force_generic_plan;
set local role app_user;
prepare seen as select distinct tenant_id collate "default" from ragwall.documents;
select tests.become('acme');
select results_eq('seen', array['acme'], 'B12, control: the plan is made for acme');
select tests.become('globex');
select results_eq('seen', array['globex'], 'B12, J12b: a plan that is kept keeps no tenant');
reset role;
alter function ragwall.current_tenant() immutable;
set local role app_user;
select tests.become('acme');
select results_eq('seen', array['acme'], 'B12, control: if current_tenant() were immutable, the plan would be made for acme');
select tests.become('globex');
select results_eq('seen', array['acme'], 'B12, control: if current_tenant() were immutable, a kept plan would keep the tenant');
rollback to plans;
deallocate seen;

create table tests.rows as select generate_series(1, 3) as n;
grant select on tests.rows to app_user;
select tests.become('globex');
select is(tests.attack('', attack), 'globex', 'J13.2: the tenant is the same in a parallel plan')
from
  format(
    'set local %s = on; select string_agg(distinct ragwall.current_tenant(), '' '') from tests.rows',
    (select name from pg_settings where name in ('debug_parallel_query', 'force_parallel_mode'))
  ) as attack;
select is_empty(
  $$
    select oid::regprocedure
    from pg_proc
    where pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace, 'ragwall_api'::regnamespace)
      and proparallel = 's'
      and concat(prosrc, pg_get_function_sqlbody(oid)) ~ '(current_setting|backend_pid|_tenant\()'
  $$,
  'J13.2: no function that reads the context runs in a worker process'
);

-- What stands before the table.
select tests.become('globex');
select unnest(array[
  alike(tests.attack('', attack), '42501 permission denied %', format('%s: %s', vector, label)),
  is(
    tests.attack(format('grant temporary on database %I to app_user', current_database()), attack), 'shadow',
    format('%s, control: whoever may create it shadows the table', vector)
  )
])
from (
  values
    ('C04', 'no temporary view answers for the table',
      $$create temporary view documents as select 'shadow' as content; select content from documents$$),
    ('C05', 'no temporary table takes what is uploaded',
      $$create temporary table documents (content text); insert into documents values ('shadow');
        select content from pg_temp.documents$$),
    ('C06', 'no temporary view copies what is read',
      $$create temporary view documents as
        select set_config('app.copied', 'shadow', false) as content from ragwall.documents limit 1;
        select content from documents; select current_setting('app.copied')$$)
) as c (vector, label, attack);

create temporary table documents as select 'shadow' as tenant_id;
grant select on documents to public;
create function tests.unpinned()
  returns text
  language plpgsql
as $$
begin
  return (select string_agg(tenant_id, ' ') from documents);
end
$$;
select is(
  tests.attack('set local search_path = pg_temp, ragwall, public', format('select %s', attack)), seen, label
)
from (
  values
    ($$(select string_agg(distinct tenant_id, ' ') from ragwall.match_documents(tests.vec(0), 10))$$, 'globex',
      'C07: a search finds the table behind its shadow'),
    ('tests.unpinned()', 'shadow', 'C07, control: a function that pins no names does not')
) as c (attack, seen, label);

select is_empty(
  $$select oid::regprocedure from pg_proc
    where pronamespace in ('ragwall'::regnamespace, 'ragwall_private'::regnamespace, 'ragwall_api'::regnamespace)
      and oid <> 'ragwall.audit()'::regprocedure -- names it, to ask who may call it
      and pg_get_functiondef(oid) ~* '\m(pg_)?notify\M'$$,
  'C11: nothing of ours is told to whoever listens'
);

-- set_config() may be taken from everybody: the context needs it for its owner alone.
select tests.become(null);
select is(tests.attack(change, attack), answer, label)
from (
  values
    ('revoke execute on function set_config(text, text, boolean) from public',
      $$select set_config('app.current_tenant', 'acme', true)$$, '42501 permission denied for function set_config',
      'K03: no expression can write the settings'),
    ('revoke execute on function set_config(text, text, boolean) from public;'
      'grant execute on function set_config(text, text, boolean) to ragwall_context',
      $$select ragwall.set_tenant('acme'); select distinct tenant_id from ragwall.documents$$, 'acme',
      'K03b: a tenant can be bound if its owner alone may execute set_config()')
) as k (change, attack, answer, label);

select * from finish();
rollback;
