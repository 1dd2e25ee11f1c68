-- Attacks D01 to D06: no key, foreign key or row number tells of another tenant's rows.
begin;
select plan(32);
select tests.seed();

insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model)
values ('acme', tests.id(900), 'acme only', tests.vec(0), 'test');

-- The controls are unique keys that lack the tenant: they hold in the partition.
select tests.become('nobody');
select unnest(array[
  is(tests.attack('', attack), answer, format('%s: %s', vector, label)),
  alike(
    tests.attack(format('create unique index on ragwall.documents_rows (%s) where source is null', key), attack), seen,
    format('%s, control: a unique key on %s tells', vector, key)
  )
])
from (
  values
    ('D01', 'an id that acme has can be taken', 'added', 'id', '23505 duplicate key value %',
      $$insert into ragwall.documents (id, content, embedding, embedding_model)
        values (tests.id(900), 'x', tests.vec(0), 'test') returning 'added'$$),
    ('D01b', 'on conflict do nothing finds no conflict', 'added', 'id', 'nothing',
      $$insert into ragwall.documents (id, content, embedding, embedding_model)
        values (tests.id(900), 'x', tests.vec(0), 'test') on conflict do nothing returning 'added'$$),
    ('D01c', 'on conflict do update finds no conflict', 'x', 'id', '23505 duplicate key value %',
      $$insert into ragwall.documents (id, content, embedding, embedding_model)
        values (tests.id(900), 'x', tests.vec(0), 'test')
        on conflict (tenant_id, id) do update set content = 'y' returning content$$),
    ('D01e', 'merge finds no conflict', 'added', 'id', '23505 duplicate key value %',
      $$merge into ragwall.documents as d using (values (tests.id(900))) as v (id) on d.id = v.id
        when not matched then insert (id, content, embedding, embedding_model)
          values (v.id, 'x', tests.vec(0), 'test');
        select 'added'$$),
    ('D02', 'a content that acme has can be stored', 'added', 'md5(content)', '23505 duplicate key value %',
      $$insert into ragwall.documents (content, embedding, embedding_model)
        values ('acme only', tests.vec(0), 'test') returning 'added'$$)
) as d (vector, label, answer, key, seen, attack);

select tests.become('globex');
select is(tests.attack('grant insert (tenant_id) on ragwall.documents to app_user' || change, attack), answer, label)
from
  (
    values
      ('', '42501 new row violates row-level security policy for table "documents"',
        'D01d: an upsert that names acme changes nothing of acme''s'),
      (';alter table ragwall.documents disable row level security', 'overwritten',
        'D01d, control: without the policies it would')
  ) as d (change, answer, label),
  coalesce(
    $$insert into ragwall.documents (tenant_id, id, content, embedding, embedding_model)
      values ('acme', tests.id(900), 'x', tests.vec(0), 'test')
      on conflict (tenant_id, id) do update set content = 'overwritten' returning content$$
  ) as attack;

create function tests.detail()
  returns text
  language plpgsql
as $$
declare
  detail text;
begin
  insert into ragwall.documents (id, content, embedding, embedding_model)
  values (tests.id(0), 'x', tests.vec(0), 'test');
  return 'added';
exception when unique_violation then
  get stacked diagnostics detail = pg_exception_detail;
  return detail;
end
$$;

select tests.become('acme');
select unnest(array[
  is(tests.attack('', 'select tests.detail()'), '', 'D02b: a duplicate key is not printed, even if it is one''s own'),
  alike(
    tests.attack(
      'alter table ragwall.documents_rows disable row level security; grant select on ragwall.documents_rows to app_user',
      'select tests.detail()'
    ),
    'Key (tenant_id, id)=%', 'D02b, control: without policies on the partition it is'
  )
]);

-- A foreign key is checked beneath the policies: it has to hold the tenant, because no unique key lacks it.
select throws_ok(
  format('create table tests.chunks (id uuid references ragwall.documents (id) %s)', rest), '42830', null,
  format('%s: no foreign key can name a document without its tenant%s', vector, label)
)
from (
  values ('D04', '', ''), ('D05', 'on delete restrict', ', to keep it'), ('D05b', 'on delete cascade', ', to follow it')
) as d (vector, rest, label);

create table tests.chunks (
  tenant_id text default ragwall.require_tenant(),
  id uuid,
  foreign key (tenant_id, id) references ragwall.documents on delete cascade
);
grant insert (id) on tests.chunks to app_user;
select concat(
  tests.become(tenant),
  alike(
    tests.attack('', format('insert into tests.chunks (id) values (tests.id(%s)) returning ''attached''', n)), answer,
    format('D04, control: with the tenant in it, %s', label)
  )
)
from (
  values
    ('acme', 900, 'attached', 'one''s own document can be named'),
    ('globex', 900, '23503 insert or update on table "chunks" violates %', 'another''s is missing'),
    ('globex', 901, '23503 insert or update on table "chunks" violates %', 'as one that nobody has')
) as d (tenant, n, answer, label);

select tests.become('globex');
select unnest(array[
  is(tests.attack('', attack), '42501 permission denied for table documents', format('D06b: %s cannot be read', name)),
  unalike(
    tests.attack('grant select on ragwall.documents to app_user', attack), '42501 %',
    format('D06b, control: with a grant on the table %s can', name)
  )
])
from
  unnest(array['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']) as name,
  format('select %s::text from ragwall.documents limit 1', name) as attack;

select * from finish();
rollback;
