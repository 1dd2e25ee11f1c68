-- Attacks M01 to M07 on ragwall_api.passages: by no statement does a tenant reach another one's documents.
begin;
select plan(55);
select tests.seed();
insert into ragwall.documents (tenant_id, id, source, position, content, embedding, embedding_model)
values ('acme', tests.id(50), 'acme.md', 50, 'acme secret 50', tests.vec(50), 'test');

create table tests.others as
select tenant_id, id, content, metadata, embedding from ragwall.documents where tenant_id <> 'globex';

create function tests.leak(value text)
  returns boolean
  language plpgsql
  cost 0.0000001
as $$
begin
  if value not like 'globex %' and value <> 'planted' then
    raise exception 'leaked %', value;
  end if;
  return true;
end
$$;

create function tests.tried(statement text, breach text default '', caller name default 'app_user')
  returns text
  language plpgsql
as $$
declare
  one record;
  answer text := '';
  lost text;
begin
  execute breach;
  execute format('set local role %I', caller);
  if statement ~ '^(select|with)|returning' then
    for one in execute statement loop
      answer := answer || one::text;
    end loop;
  else
    execute statement;
  end if;
  reset role;
  select string_agg(distinct tenant_id, ' ' order by tenant_id)
  into lost
  from (
    (select o.* from tests.others as o except
      select d.tenant_id, d.id, d.content, d.metadata, d.embedding from ragwall.documents as d)
    union all
    (select d.tenant_id, d.id, d.content, d.metadata, d.embedding from ragwall.documents as d
      where d.tenant_id <> 'globex' except select o.* from tests.others as o)
  ) as o;
  raise exception using errcode = 'XX999', message = answer || coalesce(' changed ' || lost, '');
exception when others then
  return case sqlstate when 'XX999' then sqlerrm else sqlstate || ' ' || sqlerrm end;
end
$$;

comment on function tests.tried(text, text, name) is
  'The rows that a statement returns after a change that takes a wall down, and which other tenants it changed, or its '
  'error. All is undone.';

select tests.become('globex');

-- What names the ids that all tenants have reaches one's own rows alone.
select is(tests.tried(statement), answer, format('%s: %s', vector, statement))
from (
  values
    ('M01', 'select content from ragwall_api.passages order by id', '("globex secret 0")("globex secret 1")("globex secret 2")'),
    ('M01', 'select content from ragwall_api.match_passages(tests.vec(0)) order by id',
      '("globex secret 0")("globex secret 1")("globex secret 2")'),
    ('M01', 'select p::text ~ ''acme'' from ragwall_api.passages as p', '(f)(f)(f)'),
    ('M01', 'select count(*) from ragwall_api.passages as p join ragwall_api.passages as q on p.id = q.id', '(3)'),
    ('M02', 'insert into ragwall_api.passages (id, content, embedding, embedding_model) '
      'values (tests.id(0), ''planted'', tests.vec(0), ''m'') returning content, metadata', '(planted,{})'),
    ('M02', 'update ragwall_api.passages set content = ''planted'' returning content', '(planted)(planted)(planted)'),
    ('M02', 'update ragwall_api.passages as p set content = ''planted'' from ragwall_api.passages as q '
      'where p.id = q.id and q.content ~ ''secret 0'' returning q.content', '("globex secret 0")'),
    ('M02', 'delete from ragwall_api.passages returning content', '("globex secret 0")("globex secret 1")("globex secret 2")'),
    ('M02', 'with d as (delete from ragwall_api.passages where content ~ ''acme'' returning content) select * from d', '')
) as a (vector, statement, answer);

-- Merge on views came with PostgreSQL 17.
select case when current_setting('server_version_num')::integer >= 170000 then is(
  tests.tried('merge into ragwall_api.passages as p using (values (tests.id(0)), (tests.id(50))) as v (id) on p.id = v.id '
    'when matched then delete when not matched then insert (id, content, embedding, embedding_model) '
    'values (v.id, ''planted'', tests.vec(0), ''m'') returning merge_action()'),
  '(DELETE)(INSERT)', 'M02: merge'
) else skip('M02: merge') end;

-- An id that another tenant has, and one that nobody has.
select is(tests.tried(format(statement, 50)), tests.tried(format(statement, 51)), format('M03: %s', statement))
from unnest(array[
  'insert into ragwall_api.passages (id, content, embedding, embedding_model) '
    'values (tests.id(%s), ''planted'', tests.vec(0), ''m'') returning content, source',
  'insert into ragwall_api.passages (source, position, content, embedding, embedding_model) '
    'values (''acme.md'', %s, ''planted'', tests.vec(0), ''m'') returning content',
  'update ragwall_api.passages set metadata = ''{}'' where id = tests.id(%s) returning id',
  'delete from ragwall_api.passages where id = tests.id(%s) returning id',
  'select id from ragwall_api.passages where id = tests.id(%s) for update'
]) as statement;

-- Each wall alone, and none.
select is(tests.tried(statement, breach), answer, format('%s: %s', vector, label))
from (
  values
    ('M01', 'a view with the rights of its owner shows no more: FORCE binds it',
      'alter view ragwall_api.passages reset (security_invoker)',
      'select count(*) from ragwall_api.passages', '(3)'),
    ('M01', 'a view with the rights of its caller shows no more, though FORCE is gone',
      'alter table ragwall.documents no force row level security', 'select count(*) from ragwall_api.passages', '(3)'),
    ('M01', 'control: without both it shows all',
      'alter view ragwall_api.passages reset (security_invoker); alter table ragwall.documents no force row level security',
      'select count(*) from ragwall_api.passages', '(28)'),
    ('M01', 'who may not read the table does not read the view', 'revoke select (content) on ragwall.documents from app_user',
      'select content from ragwall_api.passages', '42501 permission denied for table documents'),
    ('M01', 'control: with the rights of its owner the view shows it',
      'revoke select (content) on ragwall.documents from app_user; alter view ragwall_api.passages reset (security_invoker)',
      'select content from ragwall_api.passages where id = tests.id(0)', '("globex secret 0")'),
    ('M02', 'without policies an update names the tenant: it finds another row of the id, or none',
      'alter table ragwall.documents disable row level security',
      'update ragwall_api.passages set content = ''planted'' where content like ''acme secret 0''',
      '40001 the passage was changed while it was being updated'),
    ('M02', 'control: without its tenant, too, it writes',
      'alter table ragwall.documents disable row level security;'
        || tests.altered('ragwall.write_passage()', 'where d.tenant_id = tenant', 'where true'),
      'update ragwall_api.passages set content = ''planted'' where content like ''acme secret 0''', ' changed acme'),
    ('M02', 'without policies a deletion names the tenant', 'alter table ragwall.documents disable row level security',
      'delete from ragwall_api.passages where content like ''acme secret %''', ''),
    ('M02', 'control: without its tenant, too, it deletes',
      'alter table ragwall.documents disable row level security;'
        || tests.altered('ragwall.delete_documents(uuid[])', 'where d.tenant_id = tenant', 'where true'),
      'delete from ragwall_api.passages where content like ''acme secret 50''', ' changed acme'),
    ('M04', 'a condition that tells runs on one''s own rows', '',
      'select count(*) from ragwall_api.passages where tests.leak(content)', '(3)'),
    ('M04', 'a condition of an update', '',
      'update ragwall_api.passages set content = ''planted'' where tests.leak(content) returning content',
      '(planted)(planted)(planted)'),
    ('M04', 'a condition of a deletion', '',
      'with d as (delete from ragwall_api.passages where tests.leak(content) returning id) select count(*) from d', '(3)'),
    ('M06', 'control: without its trigger a deletion that is refused says nothing',
      'select tests.become(null); drop trigger require_tenant on ragwall_api.passages',
      'delete from ragwall_api.passages', '')
) as w (vector, label, breach, statement, answer);
select alike(tests.tried(statement, 'alter table ragwall.documents disable row level security'), 'P0001 leaked %',
  format('M04, control: without policies it tells, in %s', statement))
from unnest(array[
  'select count(*) from ragwall_api.passages where tests.leak(content)',
  'update ragwall_api.passages set content = ''planted'' where tests.leak(content)',
  'delete from ragwall_api.passages where tests.leak(content)'
]) as statement;

-- Who may not write, and what is no statement on rows.
select is(tests.tried(statement, '', role), format('42501 permission denied for %s', object), format('M05: %s: %s', role, statement))
from (
  values
    ('app_reader', 'insert into ragwall_api.passages (content) values (''x'')', 'view passages'),
    ('app_reader', 'update ragwall_api.passages set content = ''x''', 'view passages'),
    ('app_reader', 'delete from ragwall_api.passages', 'view passages'),
    ('app_user', 'lock table ragwall_api.passages in access exclusive mode', 'table documents'),
    ('app_user', 'insert into ragwall_api.passages (content) select content from ragwall.documents_rows', 'table documents_rows'),
    ('app_user', 'delete from ragwall.documents', 'table documents'),
    ('app_user', 'create trigger t instead of insert on ragwall_api.passages for each row '
      'execute function ragwall.write_passage()', 'view passages'),
    ('agent_reader', 'select * from ragwall_api.passages', 'schema ragwall_api'),
    ('agent_caller', 'select * from ragwall_api.passages', 'schema ragwall_api'),
    ('agent_reader', 'select * from ragwall_api.match_passages(tests.vec(0))', 'schema ragwall_api'),
    ('agent_caller', 'select * from ragwall_api.match_passages(tests.vec(0))', 'schema ragwall_api')
) as r (role, statement, object);
select alike(tests.tried(statement), answer, format('M07: %s', statement))
from (
  values
    ('select ctid from ragwall_api.passages', '42703 column "ctid" does not exist%'),
    ('select tenant_id from ragwall_api.passages', '42703 column "tenant_id" does not exist%'),
    ('truncate ragwall_api.passages', '42809 "passages" is not a table'),
    ('create rule r as on insert to ragwall_api.passages do instead nothing', '42501 must be owner of %'),
    ('alter view ragwall_api.passages alter column embedding_model set default ''x''', '42501 must be owner of %'),
    ('alter view ragwall_api.passages reset (security_invoker)', '42501 must be owner of %'),
    ('insert into ragwall_api.passages (id) values (tests.id(0)) on conflict (id) do nothing', '42P10 %')
) as r (statement, answer);

-- Without a tenant.
select is(tests.tried(statement, 'select tests.become(null)'), answer, format('M06: %s', statement))
from (
  values
    ('select * from ragwall_api.passages', ''),
    ('insert into ragwall_api.passages (content, embedding, embedding_model) values (''x'', tests.vec(0), ''m'')',
      'RW001 no tenant is bound to this transaction'),
    ('update ragwall_api.passages set content = ''x''', 'RW001 no tenant is bound to this transaction'),
    ('delete from ragwall_api.passages where id = tests.id(0)', 'RW001 no tenant is bound to this transaction'),
    ('insert into ragwall_api.passages (content) select ''x'' where false', 'RW001 no tenant is bound to this transaction'),
    ('select * from ragwall_api.match_passages(tests.vec(0))', 'RW001 no tenant is bound to this transaction')
) as n (statement, answer);

select * from finish();
rollback;
