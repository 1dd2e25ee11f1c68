-- Attacks D07 to D15: no privilege reaches beneath the policies.
begin;
select plan(21);
select tests.seed();

select tests.become('globex');
select unnest(array[
  is(tests.attack(change, attack), '42501 permission denied for table documents', format('%s: %s', vector, label)),
  alike(tests.attack(breach, attack), 'done', format('%s, control: with the privilege it would', vector))
])
from (
  values
    ('D07', 'nobody can truncate', '', 'grant all on all tables in schema ragwall to app_user',
      $$truncate ragwall.documents; select 'done'$$),
    ('D08', 'nobody can put a trigger on the table', '', 'grant trigger on all tables in schema ragwall to app_user',
      $$create trigger t before insert on ragwall.documents for each row
          execute function suppress_redundant_updates_trigger();
        select 'done'$$),
    ('D09', 'nobody can refer to the table', 'grant create on schema tests to app_user',
      'grant create on schema tests to app_user; grant references on ragwall.documents to app_user',
      $$create table tests.probe (
          tenant_id text, id uuid, foreign key (tenant_id, id) references ragwall.documents
        );
        insert into tests.probe values ('acme', tests.id(0));
        select 'done'$$),
    ('D10', 'nobody can lock the table against readers', '', 'grant update on ragwall.documents to app_user',
      $$lock table ragwall.documents in access exclusive mode; select 'done'$$),
    ('D10b', 'nobody can lock the table against writers', '', 'grant delete on ragwall.documents to app_user',
      $$lock table ragwall.documents in share mode; select 'done'$$),
    ('D10e', 'nobody can move a row', 'alter table ragwall.documents disable row level security',
      'alter table ragwall.documents disable row level security;
      grant update (tenant_id) on ragwall.documents to app_user',
      $$update ragwall.documents set tenant_id = 'initech' where tenant_id = 'globex'; select 'done'$$)
) as d (vector, label, change, breach, attack);

select is(tests.attack('', attack), 'globex', format('%s: %s', vector, label))
from (
  values
    ('D10c', 'a row can be edited',
      $$update ragwall.documents set content = 'edited' where position = 0 returning tenant_id$$),
    ('D10d', 'a row can be locked', $$select tenant_id from ragwall.documents where position = 0 for update$$)
) as d (vector, label, attack);

-- A role may change its own defaults and its own password; no grant prevents it. It can preset no tenant.
select is(tests.attack('', attack), answer, format('%s: %s', vector, label))
from (
  values
    ('D11', 'open: a role can preset what breaks its sessions', 'done',
      $$alter role app_user set row_security = off; select 'done'$$),
    ('D11b', 'open: a role can preset when its statements time out', 'done',
      $$alter role app_user set statement_timeout = '1ms'; select 'done'$$),
    ('D11c', 'a role can preset no tenant', '42501 permission denied to set parameter "app.current_tenant"',
      $$alter role app_user set app.current_tenant = 'acme'; select 'done'$$),
    ('D12', 'open: a role can change its own password', 'done', $$alter role app_user password 'x'; select 'done'$$),
    ('K06', 'open: a role can preset where its names are looked up', 'done',
      $$alter role app_user set search_path = pg_temp; select 'done'$$),
    ('K06', 'a search does not depend on where names are looked up', 'globex',
      $$set local search_path = pg_temp;
        select string_agg(distinct tenant_id, ' ') from ragwall.match_documents(tests.vec(0), 10)$$)
) as d (vector, label, answer, attack);

select is_empty(
  $$select extname from pg_extension
    where extname in ('pg_stat_statements', 'pg_stat_monitor', 'dblink', 'postgres_fdw', 'file_fdw', 'pageinspect')$$,
  'D15: no extension that shows the statements of others is installed here'
);

select * from finish();
rollback;
