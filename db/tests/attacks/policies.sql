-- Attacks A01 to A09: careless owners, memberships and policies show and change nothing of another tenant's.
begin;
select plan(27);
select tests.seed();

create function tests.members(roles text)
  returns setof pg_roles
  language sql
begin atomic
  with recursive members as (
    select oid from pg_roles where rolname ~ roles
    union
    select m.member from members join pg_auth_members as m on m.roleid = members.oid
  )
  select r.* from pg_roles as r join members using (oid);
end;

comment on function tests.members(text) is 'The roles whose name fits a pattern, their members, and theirs.';

select tests.become('globex');
savepoint wall;
set local role ragwall_owner;
select is(tests.seen(), 'globex', 'A01: the owner of the table is filtered like everybody');
reset role;
alter table ragwall.documents no force row level security;
set local role ragwall_owner;
select alike(tests.seen(), '%acme%', 'A01, control: without FORCE the owner of the table is not filtered');
rollback to wall;

select alike(tests.seen(), '%acme%', 'A02, control: a superuser is bound by no policy');
select is_empty(
  $$select rolname from tests.members('^(app|agent)_') where rolsuper or rolbypassrls$$,
  'A02: no application, no agent and no login of theirs bypasses the policies'
);

alter role app_user inherit;
grant ragwall_owner to app_user;
set local role app_user;
select ok(pg_has_role('ragwall_owner', 'usage'), 'A03b, control: a member that inherits is the owner');
select is(tests.seen(), 'globex', 'A03b: a member of the owner that inherits is filtered without SET ROLE');
set local role ragwall_owner;
select is(tests.seen(), 'globex', 'A03: a member of the owner is filtered after SET ROLE');
set local role app_user;
select lives_ok(
  'alter table ragwall.documents disable row level security', 'A03c, control: a member of the owner can disable the policies'
);
rollback to wall;
select is_empty(
  $$
    select rolname from tests.members('^(app|agent)_')
    intersect
    select rolname from tests.members('^ragwall_(owner|context)$') where not rolsuper
  $$,
  'A03c: no application, no agent and no login of theirs is a member of an owner'
);

-- The wall before this one is the privilege: nobody can say whose row it is. Here somebody granted it.
grant insert (tenant_id), update (tenant_id, id) on ragwall.documents to app_user;
create table tests.plants as
select *
from (
  values
    ('A05', $$insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
      values ('acme', 'planted', tests.vec(0), 'test')$$),
    ('A05b', $$update ragwall.documents set tenant_id = 'initech' where position = 0 returning id$$),
    ('A05c', $$update ragwall.documents set tenant_id = 'initech'$$)
) as plants (vector, statement);
grant select on tests.plants to public;

savepoint named;
set local role app_user;
select throws_ok(
  p.statement, '42501', 'new row violates row-level security policy for table "documents"',
  format('%s: a row can be %s no other tenant', v.vector, v.label)
)
from (values ('A05', 'A04', 'added to'), ('A05b', 'A04b', 'moved to')) as v (plant, vector, label)
join tests.plants as p on p.vector = v.plant;
rollback to named;

alter policy insert_own_tenant on ragwall.documents with check (true);
alter policy update_own_tenant on ragwall.documents with check (true);
savepoint careless;
set local role app_user;
select throws_ok(
  statement, '42501', 'new row violates row-level security policy "tenant_floor" for table "documents"',
  format('%s: with check (true) lets nobody plant: %s', vector, left(statement, 24))
)
from tests.plants;
rollback to careless;
drop policy tenant_floor on ragwall.documents;
-- Of A05b, which names a column in its condition, the new row must be visible too.
alter policy select_own_tenant on ragwall.documents using (true);
set local role app_user;
select lives_ok(statement, format('%s, control: without the floor it does', vector))
from (select * from tests.plants order by vector) as p;
rollback to wall;

select unnest(array[
  is(
    tests.attack(policy, attack), 'globex',
    format('%s: a permissive policy that is %s does not widen what a tenant reads', vector, label)
  ),
  alike(
    tests.attack('drop policy tenant_floor on ragwall.documents;' || policy, attack), '%public%',
    format('%s, control: without the floor it does', vector)
  )
])
from
  (
    values
      ('A06', 'open to all', 'true'),
      ('A07', 'for shared rows', $$tenant_id = 'public'$$),
      ('A08', 'waived by a setting', $$current_setting('app.waived', true) = 'on'$$),
      ('A09', 'always true in other words', 'tenant_id = tenant_id')
  ) as c (vector, label, expression),
  format('create policy careless on ragwall.documents to app_user using (%s)', expression) as policy,
  coalesce($$select set_config('app.waived', 'on', true); select tests.seen()$$) as attack;

select unnest(array[
  is(
    tests.attack(policy, attack),
    '42501 new row violates row-level security policy "tenant_floor" for table "documents"',
    'A07: a policy for shared rows lets no tenant publish to all'
  ),
  alike(
    tests.attack('drop policy tenant_floor on ragwall.documents;' || policy, attack), 'published',
    'A07, control: without the floor it does'
  )
])
from (
  values (
    $$create policy careless on ragwall.documents to app_user using (tenant_id = 'public');
      grant insert (tenant_id) on ragwall.documents to app_user$$,
    $$insert into ragwall.documents (tenant_id, content, embedding, embedding_model)
      values ('public', 'published', tests.vec(0), 'test') returning content$$
  )
) as c (policy, attack);

select * from finish();
rollback;
