-- Attacks E03 to E27 on what else a database has: nothing of it holds, copies or shows rows, or keys.
begin;
select plan(20);
select tests.seed();
select from tests.enlarge('acme');

create function tests.found(query text, change text)
  returns text
  language plpgsql
as $$
declare
  found text;
begin
  execute change;
  execute format('select string_agg(f::text, '' '') from (%s) as f', query) into found;
  raise exception using errcode = 'XX999', message = coalesce(found, 'nothing');
exception when sqlstate 'XX999' then
  return sqlerrm;
end
$$;

comment on function tests.found(text, text) is
  'What a query of the catalog finds after a change, which is undone.';

select unnest(array[
  is(tests.found(query, ''), 'nothing', format('%s: %s', vector, label)),
  isnt(tests.found(query, change), 'nothing', format('%s, control: a careless change is found', vector))
])
from
  (select $$select distinct ev_class::regclass from pg_rewrite as w
        join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
        where d.refobjid in (select oid from pg_class where relnamespace = 'ragwall'::regnamespace)
          and ev_class <> d.refobjid
          and not exists (
            select from pg_class as v where v.oid = ev_class and v.oid = 'ragwall_api.passages'::regclass
              and v.reloptions = '{security_invoker=true}'
          )$$) as v (views),
  lateral (
  values
    ('E03', 'there is no partition but the one of all rows',
      $$select inhrelid::regclass from pg_inherits join pg_class as c on c.oid = inhrelid
        where inhparent = 'ragwall.documents'::regclass
          and pg_get_expr(c.relpartbound, c.oid) <> 'FOR VALUES WITH (modulus 1, remainder 0)'$$,
      -- Past the event trigger, which closes what a protected table gets.
      'alter event trigger ragwall_close_partitions disable;
      alter table ragwall.documents detach partition ragwall.documents_rows;
      create table ragwall.new partition of ragwall.documents for values with (modulus 64, remainder 0)'),
    ('E04', 'no name or bound of a relation names a tenant',
      $$select c.oid::regclass from pg_class as c, (select distinct tenant_id from ragwall.documents
          where length(tenant_id) > 3) as t
        where c.relnamespace in ('ragwall'::regnamespace, 'ragwall_search'::regnamespace, 'ragwall_api'::regnamespace)
          and (strpos(c.relname, tenant_id) > 0 or strpos(pg_get_expr(c.relpartbound, c.oid), tenant_id) > 0)
          and tenant_id not in ('null', 'public')$$,
      'alter table ragwall.documents_rows rename to documents_acme'),
    ('E08', 'no view but passages reads the documents', v.views, 'create view tests.careless as select * from ragwall.documents'),
    ('E08d', 'no view has lost security_invoker', v.views,
      'create view tests.careless with (security_invoker = true) as select * from ragwall.documents;
      create or replace view tests.careless as select * from ragwall.documents'),
    ('E08d', 'passages has not lost security_invoker', v.views,
      'alter view ragwall_api.passages reset (security_invoker)'),
    ('E09', 'no materialized view holds the documents', v.views,
      'create materialized view tests.careless as select * from ragwall.documents'),
    ('E13', 'no view that filters stands for the policies', v.views,
      'create view tests.careless as select * from ragwall.documents where tenant_id = ragwall.current_tenant()'),
    ('E24', 'no publication sends the documents',
      $$select pubname from pg_publication where puballtables
        union all select pubname from pg_publication_tables where schemaname like 'ragwall%'$$,
      'create publication careless for table ragwall.documents'),
    ('E25', 'no event trigger runs what another than a superuser owns',
      $$select evtname from pg_event_trigger
        join pg_proc as p on p.oid = evtfoid
        join pg_roles as r on r.oid = p.proowner
        where not r.rolsuper$$,
      'create function tests.careless() returns event_trigger language plpgsql as ''begin end'';
      alter function tests.careless() owner to app_user;
      create event trigger careless on ddl_command_end execute function tests.careless()'),
    ('E27', 'no setting holds a key',
      $$select unnest(setconfig) from pg_db_role_setting where setconfig::text ~* '(jwt|secret|key|token)'$$,
      'alter role app_user set app.jwt_secret = ''super-secret''')
) as e (vector, label, query, change);

select * from finish();
rollback;
