-- Attacks E01 to E14: partitions, copies, views and functions that a careless migration adds open nothing.
begin;
select plan(22);
select tests.seed();

create function tests.seen(relation text)
  returns text
  language plpgsql
as $$
declare
  seen text;
begin
  execute format('select string_agg(distinct tenant_id, '' '') from %s', relation) into seen;
  return seen;
end
$$;

do $$
begin
  execute (
    select format('alter table %s rename to acmes', tableoid::regclass)
    from ragwall.documents
    where tenant_id = 'acme'
    limit 1
  );
end
$$;

insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
values ('42', 'one''s own', tests.vec(0), 'test');
select tests.become('42');

select unnest(array[
  is(tests.attack(change, attack), answer, format('%s: %s', vector, label)),
  alike(tests.attack(concat_ws(';', change, breach), attack), seen, format('%s, control: without the wall it is open', vector))
])
from
  (
    values
      ('E01', 'a partition without a grant is closed', '',
        '42501 permission denied for table acmes',
        'grant select on ragwall.acmes to app_user; alter table ragwall.acmes disable row level security', '%acme%',
        $$select tests.seen('ragwall.acmes')$$),
      ('E02', 'a partition that is granted shows nothing', 'grant all on all tables in schema ragwall to app_user',
        'nothing', 'alter table ragwall.acmes disable row level security', '%acme%', $$select tests.seen('ragwall.acmes')$$),
      ('E02b', 'a partition that is granted takes no row', 'grant all on all tables in schema ragwall to app_user',
        '42501 new row violates row-level security policy for table "acmes"',
        'alter table ragwall.acmes disable row level security', 'planted',
        $$insert into ragwall.acmes (tenant_id, content, embedding, embedding_model)
          values ('acme', 'planted', tests.vec(0), 'test') returning content$$),
      ('E05', 'a detached partition stays closed',
        'alter table ragwall.documents detach partition ragwall.acmes; grant select on ragwall.acmes to app_user',
        'nothing', 'alter table ragwall.acmes disable row level security', '%acme%', $$select tests.seen('ragwall.acmes')$$),
      ('E06', 'a copy is granted to nobody',
        'set local role ragwall_owner;
        create table ragwall.copy (like ragwall.documents including all);
        reset role;
        insert into ragwall.copy select * from ragwall.documents',
        '42501 permission denied for table copy', 'grant select on ragwall.copy to app_user', '%acme%',
        $$select tests.seen('ragwall.copy')$$),
      ('E07', 'a table that takes the place of documents is closed',
        'alter table ragwall.documents rename to old;
        create table ragwall.documents (like ragwall.old including all);
        insert into ragwall.documents select * from ragwall.old',
        '42501 permission denied for table documents', 'grant select on ragwall.documents to app_user', '%acme%',
        $$select tests.seen('ragwall.documents')$$),
      ('E07', 'a search in a granted table in the place of the partition finds rows of the tenant',
        'create table ragwall.documents_rows (like ragwall.acmes including all);
        insert into ragwall.documents_rows select * from ragwall.acmes;
        grant select on ragwall.documents_rows to ragwall_search',
        '42',
        $$do $do$
          begin
            execute replace(
              pg_get_functiondef('ragwall.search_documents(public.halfvec, integer, jsonb)'::regprocedure),
              'where r.tenant_id = tenant', 'where true'
            );
          end
          $do$ $$,
        '%acme%', $$select tests.seen('ragwall.match_documents(tests.vec(0), 100)')$$),
      ('E08c', 'a view of the owner''s is filtered',
        'set local role ragwall_owner;
        create view ragwall.careless as select * from ragwall.documents;
        grant select on ragwall.careless to app_user;
        reset role',
        '42', 'alter table ragwall.documents no force row level security', '%acme%',
        $$select tests.seen('ragwall.careless')$$),
      ('E10', 'a new function is executable by nobody',
        'set local role ragwall_owner;
        create function ragwall.careless() returns text language sql security definer
        return tests.seen(''ragwall.documents'');
        reset role',
        '42501 permission denied for function careless',
        'alter function ragwall.careless() owner to current_user;
        grant execute on function ragwall.careless() to app_user', '%acme%',
        'select ragwall.careless()'),
      ('E10', 'a function of the owner''s that is granted is filtered',
        'set local role ragwall_owner;
        create function ragwall.careless() returns text language sql security definer
        return tests.seen(''ragwall.documents'');
        grant execute on function ragwall.careless() to app_user;
        reset role',
        '42', 'alter table ragwall.documents no force row level security', '%acme%',
        'select ragwall.careless()'),
      ('E14', 'a policy that casts the column sees no name of another',
        'create policy careless on ragwall.documents to app_user using (tenant_id::integer > 0)',
        '42', 'drop policy tenant_floor on ragwall.documents', '22P02 invalid input syntax for type integer: "%',
        $$select tests.seen('ragwall.documents')$$)
  ) as e (vector, label, change, answer, breach, seen, attack);

select * from finish();
rollback;
